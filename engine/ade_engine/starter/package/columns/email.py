"""Addresses: found by their header or by their looks, written in lower case, checked for an @."""

import polars as pl
from ade_engine.models import FieldDef

HEADERS = {"email", "e-mail", "mail", "email address"}


def by_header(*, column_header_original, field_name, **_):
    if column_header_original.casefold() in HEADERS:
        return {field_name: 1.0}
    return None


def by_values(*, column_sample, field_name, **_):
    if not column_sample:
        return None
    with_at = sum("@" in text for text in column_sample)
    return {field_name: 0.6 * with_at / len(column_sample)}


def lower_case(*, field_name, **_):
    text = pl.col(field_name).cast(pl.String).str.strip_chars().str.to_lowercase()
    return pl.when(text != "").then(text)


def has_at(*, field_name, **_):
    address = pl.col(field_name)
    return pl.when(address.is_not_null() & ~address.str.contains("@", literal=True)).then(
        pl.concat_str(pl.lit("not an address: "), address)
    )


def register(registry):
    registry.register_field(FieldDef(name="email", label="Email", dtype="string"))
    registry.register_column_detector(by_header, field="email", priority=20)
    registry.register_column_detector(by_values, field="email", priority=10)
    registry.register_column_transform(lower_case, field="email", priority=10)
    registry.register_column_validator(has_at, field="email", priority=10)
