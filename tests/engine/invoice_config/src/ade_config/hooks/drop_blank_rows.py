"""Drops the rows inside a table in which no field has a value: blank lines, and titles beside the columns that we want.

The run says which rows a hook has dropped.
"""

import polars as pl
from ade_config.columns.invoices import FIELDS


def drop_blank_rows(table):
    fields = [field.name for field in FIELDS if field.name in table.columns]
    if not fields:
        return None
    has_value = pl.any_horizontal(pl.col(fields).cast(pl.String).str.strip_chars().fill_null("") != "")
    kept = table.filter(has_value)
    return kept if kept.height < table.height else None


def register(registry):
    registry.register_hook(drop_blank_rows, hook="on_table_mapped", priority=10)
