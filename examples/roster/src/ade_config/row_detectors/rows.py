"""Which rows are headers, and which are data, totals, notes.

A detector is called with what it names of each row, its cells (`row_values`) for example, and gives scores: `{"header": 1.0}`.
The scores of all detectors add up, and the highest total decides what a row is. These two are the engine's own, which is
fast: rows of known words, and what rows are by their looks. Add a function of yours where they are wrong.
"""

from ade_config.columns.people import FIELDS
from ade_config.hooks.full_names import FULL_NAME
from ade_engine.fields import HeaderRows, LayoutRows


def register(registry):
    words = {word for field in FIELDS for word in field.words}
    registry.register_row_detector(HeaderRows({*words, *FULL_NAME}), row_kind="header", priority=20)
    registry.register_row_detector(LayoutRows(), row_kind="header", priority=10)
