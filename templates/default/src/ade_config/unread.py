"""Values that a transform could not read.

A transform that finds no date in "n/a" leaves the cell empty. So that no value is lost unnoticed, the
transform notes here which cells were filled, and a validator says which of them are empty now.
"""

import polars as pl
from ade_config.values import as_text


def note_filled(state, table, table_index, field_name):
    """``state`` is one dict for the whole run: what a transform puts there, a validator finds there."""
    filled = table.select(as_text(table, field_name).is_not_null()).to_series()
    state.setdefault("filled", {})[table_index, field_name] = filled


def unread(state, table, table_index, field_name, what):
    """A message for each cell that was filled and is empty now. No rows may come or go between the two."""
    filled = state.get("filled", {}).get((table_index, field_name))
    if filled is None or len(filled) != table.height:
        return None
    return pl.when(pl.col(field_name).is_null() & pl.lit(filled)).then(pl.lit(f"is not a {what}"))
