"""Drops the rows of a table in which no field has a value: blank rows, and notes beside the columns that we want.

The run says which rows a hook has dropped.
"""

from ade_config.columns.invoices import FIELDS
from ade_engine.fields import without_blank_rows


def drop_blank_rows(table):
    return without_blank_rows(table, [field.name for field in FIELDS])


def register(registry):
    registry.register_hook(drop_blank_rows, hook="on_table_mapped", priority=10)
