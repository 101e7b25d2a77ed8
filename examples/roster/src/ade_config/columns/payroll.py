"""Fields ``hours`` and ``pay``: numbers, also where they were typed as text with signs and separators."""

import polars as pl
from ade_config.headers import header_score
from ade_config.unread import note_filled, unread
from ade_config.values import as_number
from ade_engine.models import FieldDef

LABELS = {"hours": "Hours", "pay": "Gross pay"}
MOST_HOURS = 80


def by_header(column_header_original, field_name):
    return {field_name: header_score(column_header_original, field_name)}


def to_number(field_name, table, table_index, state):
    """Text is read as ``values.as_number`` says."""
    note_filled(state, table, table_index, field_name)
    return as_number(table, field_name)


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
