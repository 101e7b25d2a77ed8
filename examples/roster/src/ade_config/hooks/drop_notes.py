"""Drops the rows inside a table that describe no person: notes, section titles, blank lines."""

import polars as pl
from ade_config.headers import ALIASES
from ade_config.values import as_text

LEAST_FILLED = 2


def drop_notes(table):
    """A person fills at least two of the fields; a note or a title fills one cell, and a blank line none."""
    fields = [name for name in table.columns if name in ALIASES]
    if len(fields) < LEAST_FILLED:
        return None
    filled = pl.sum_horizontal(as_text(table, name).is_not_null() for name in fields)
    return table.filter(filled >= LEAST_FILLED)


def register(registry):
    registry.register_hook(drop_notes, hook="on_table_mapped", priority=10)
