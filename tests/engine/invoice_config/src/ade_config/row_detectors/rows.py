"""Which rows are headers, and which are data, totals, notes.

A detector is called with the cells of each row (``row_values``), and gives scores: ``{"header": 1.0}``. The scores of all
detectors add up, and the highest total decides what a row is. These two detectors are the engine's own, which is fast: one knows
the words of headers, the other judges rows by their looks. Add a function of your own if they decide wrongly.
"""

from ade_config.columns.invoices import FIELDS
from ade_engine.fields import HeaderRows, LayoutRows


def register(registry):
    words = {word for field in FIELDS for word in field.words}
    registry.register_row_detector(HeaderRows(words), row_kind="header", priority=20)
    registry.register_row_detector(LayoutRows(), row_kind="header", priority=10)
