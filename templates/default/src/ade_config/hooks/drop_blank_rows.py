"""Drops the rows of a table in which no field has a value: blank rows, and notes beside the columns that we want.

The run says which rows a hook has dropped.
"""

from ade_config.columns.people import FIELDS
from ade_engine.fields import filled_rows


def drop_blank_rows(table):
    fields = [field.name for field in FIELDS if field.name in table.columns]
    if not fields:
        return None
    filled = filled_rows(table, fields)
    return None if filled.all() else table.filter(filled)


def register(registry):
    registry.register_hook(drop_blank_rows, hook="on_table_mapped", priority=10)
