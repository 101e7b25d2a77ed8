"""A field built from functions, for what a line in ``fields.py`` cannot say."""

import polars as pl
from ade_engine.fields import number
from ade_engine.models import FieldDef


def is_overtime(column_header_original, column_sample):
    """A detector scores columns: every header with "overtime" or "OT" in it, if there are digits below it."""
    words = column_header_original.casefold().replace(".", "").split()
    if "overtime" not in words and "ot" not in words:
        return None
    return {"overtime": 1.0 if any(text[:1].isdigit() for text in column_sample) else 0.2}


def none_is_zero(field_name):
    """A transform returns the field's column. An empty cell means no overtime: 0 hours."""
    return number(field_name, units=["h", "hrs", "hours"]).fill_null(0)


def less_than_hours(field_name):
    """A validator may also use other fields."""
    return pl.when(pl.col(field_name) > pl.col("hours")).then(pl.lit("more than the regular hours"))


def register(registry):
    registry.register_field(FieldDef(name="overtime", label="Overtime"))
    registry.register_column_detector(is_overtime, field="overtime", priority=5)
    registry.register_column_transform(none_is_zero, field="overtime", priority=10)
    registry.register_column_validator(less_than_hours, field="overtime", priority=10)
