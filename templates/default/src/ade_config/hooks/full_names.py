"""Splits a column of full names where first and last name have no columns of their own."""

import polars as pl
from ade_config.headers import header_score
from ade_config.values import as_text


def split_full_names(table, state):
    """A hook on ``on_table_mapped`` sees each table once its columns have their fields' names, and may replace it."""
    if "first_name" in table.columns or "last_name" in table.columns:
        return None
    source = next((name for name in table.columns if header_score(name, "full_name") == 1.0), None)
    if source is None:
        return None
    name = as_text(table, source)
    turned = name.str.contains(",")  # "Smith, Avery"
    first = pl.when(turned).then(name.str.extract(r"(?s),\s*(.+)$")).otherwise(name.str.extract(r"^(\S+)"))
    last = pl.when(turned).then(name.str.extract(r"^([^,]+)")).otherwise(name.str.extract(r"(?s)\s(.+)$"))
    # So that reports count the fields as found, and say in which column.
    derived = state.setdefault("ade_engine", {}).setdefault("derived_mappings", [])
    derived.extend({"field_name": field, "source_header": source, "score": 0.9} for field in ("first_name", "last_name"))
    return table.with_columns(first.alias("first_name"), last.alias("last_name"))


def register(registry):
    registry.register_hook(split_full_names, hook="on_table_mapped", priority=20)
