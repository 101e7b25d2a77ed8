"""Field ``phone``: digits in one shape, whatever separated them."""

import polars as pl
from ade_config.headers import header_score
from ade_engine.models import FieldDef


def by_header(column_header_original):
    return {"phone": header_score(column_header_original, "phone")}


def clean(field_name):
    digits = pl.col(field_name).cast(pl.String).str.replace_all(r"\D", "")
    shaped = digits.str.replace(r"^1?(\d{3})(\d{3})(\d{4})$", "${1}-${2}-${3}")
    return pl.when(digits != "").then(shaped)


def check(field_name):
    return pl.when(pl.col(field_name).str.replace_all("-", "").str.len_chars() < 7).then(pl.lit("too short for a phone number"))


def register(registry):
    registry.register_field(FieldDef(name="phone", label="Phone"))
    registry.register_column_detector(by_header, field="phone", priority=20)
    registry.register_column_transform(clean, field="phone", priority=10)
    registry.register_column_validator(check, field="phone", priority=10)
