"""Splits a column of full names if first and last name have no columns of their own."""

from ade_engine.fields import person_name
from ade_engine.fields.headers import score

FULL_NAME = ("full name", "name", "employee name", "member name")


def split_full_names(table, state):
    """A hook on ``on_table_mapped`` sees each table as soon as its columns have the names of fields, and may replace the table."""
    if "first_name" in table.columns or "last_name" in table.columns:
        return None
    source = next((name for name in table.columns if score(name, FULL_NAME) == 1.0), None)
    if source is None:
        return None
    # So that reports count the fields as found, and say in which column.
    derived = state.setdefault("ade_engine", {}).setdefault("derived_mappings", [])
    derived.extend({"field_name": field, "source_header": source, "score": 0.9} for field in ("first_name", "last_name"))
    return table.with_columns(
        person_name(source, part="first").alias("first_name"), person_name(source, part="last").alias("last_name")
    )


def register(registry):
    registry.register_hook(split_full_names, hook="on_table_mapped", priority=20)
