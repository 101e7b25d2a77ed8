"""Names of people: found by their header, trimmed, and required."""

import polars as pl
from ade_engine.models import FieldDef

HEADERS = {"name", "full name", "customer", "contact"}


def by_header(*, column_header_original, field_name, **_):
    if column_header_original.casefold() in HEADERS:
        return {field_name: 1.0}
    return None


def trimmed(*, field_name, **_):
    text = pl.col(field_name).cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text)


def required(*, field_name, **_):
    return pl.when(pl.col(field_name).is_null()).then(pl.lit("name is missing"))


def register(registry):
    registry.register_field(FieldDef(name="full_name", label="Full name", dtype="string"))
    registry.register_column_detector(by_header, field="full_name", priority=10)
    registry.register_column_transform(trimmed, field="full_name", priority=10)
    registry.register_column_validator(required, field="full_name", priority=10)
