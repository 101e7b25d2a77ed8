"""Fields ``hours`` and ``pay``: numbers, also where they were typed as text with signs and separators."""

import polars as pl
from ade_config.headers import header_score
from ade_config.unread import note_filled, unread
from ade_engine.models import FieldDef

LABELS = {"hours": "Hours", "pay": "Gross pay"}
MOST_HOURS = 80


def by_header(column_header_original, field_name):
    return {field_name: header_score(column_header_original, field_name)}


def to_number(field_name, table, table_index, state):
    """``"$1,309.50"``, ``"1.309,50"``, ``"1309,5"`` and ``"(1309.50)"`` are read as the numbers that they mean."""
    note_filled(state, table, table_index, field_name)
    if table.schema[field_name].is_numeric():
        return pl.col(field_name).cast(pl.Float64)
    text = pl.col(field_name).cast(pl.String).str.replace_all(r"[$€£\s]", "")
    text = text.str.replace(r"^\((.+)\)$", "-${1}")
    comma_is_decimal = text.str.contains(r"^[+-]?(\d{1,3}(\.\d{3})+|\d+),\d{1,2}$")
    as_decimal = text.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    as_thousands = text.str.replace_all(",", "", literal=True)
    return pl.when(comma_is_decimal).then(as_decimal).otherwise(as_thousands).cast(pl.Float64, strict=False)


def is_number(field_name, table, table_index, state):
    return unread(state, table, table_index, field_name, "number")


def not_negative(field_name):
    return pl.when(pl.col(field_name) < 0).then(pl.lit("negative"))


def plausible_hours(field_name):
    return pl.when(pl.col(field_name) > MOST_HOURS).then(pl.lit(f"more than {MOST_HOURS} hours"))


def register(registry):
    for name, label in LABELS.items():
        registry.register_field(FieldDef(name=name, label=label))
        registry.register_column_detector(by_header, field=name, priority=20)
        registry.register_column_transform(to_number, field=name, priority=10)
        registry.register_column_validator(is_number, field=name, priority=30)
        registry.register_column_validator(not_negative, field=name, priority=20)
    registry.register_column_validator(plausible_hours, field="hours", priority=10)
