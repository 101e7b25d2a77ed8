"""One field, to start from."""

import polars as pl
from ade_engine.models import FieldDef


def by_header(column_header_original):
    """1.0 for a column called "name"; a column without a score keeps its own header."""
    return {"name": 1.0} if column_header_original.casefold() == "name" else None


def clean(field_name):
    return pl.col(field_name).cast(pl.String).str.strip_chars()


def register(registry):
    registry.register_field(FieldDef(name="name", label="Name"))
    registry.register_column_detector(by_header, field="name", priority=10)
    registry.register_column_transform(clean, field="name", priority=10)
