"""Field ``phone``: digits in one shape, whatever separated them."""

import polars as pl
from ade_config.headers import header_score
from ade_config.unread import note_filled, unread
from ade_config.values import as_text
from ade_engine.models import FieldDef

EXTENSION = r"(?i)\s*(?:ext(?:ension)?\.?|x|#)\s*(\d{1,6})$"
# Of a number that begins with its country; others have ten digits, or eleven with the trunk prefix.
MOST_DIGITS, MOST_DIGITS_AT_HOME = 15, 11


def by_header(column_header_original):
    return {"phone": header_score(column_header_original, "phone")}


def clean(field_name, table, table_index, state):
    """``"(555) 123-4567 ext. 8"`` becomes ``"555-123-4567 x8"``, ``"+44 20 7946 0958"`` ``"+442079460958"``."""
    note_filled(state, table, table_index, field_name)
    text = as_text(table, field_name).str.replace(r"^(\d+)\.0+$", "${1}")
    number = text.str.replace(EXTENSION, "")
    digits = number.str.replace_all(r"[^0-9]", "")
    abroad = number.str.contains(r"^\s*(?:\+|00)") & ~number.str.contains(r"^\s*(?:\+|00)\s*1\D*(?:\d\D*){10}$")
    at_home = digits.str.replace(r"^(?:00)?1?([2-9]\d{2})(\d{3})(\d{4})$", "${1}-${2}-${3}")
    shaped = pl.when(abroad).then("+" + digits.str.replace(r"^00", "")).otherwise(at_home)
    extension = text.str.extract(EXTENSION)
    shaped = pl.when(extension.is_null()).then(shaped).otherwise(shaped + " x" + extension)
    return pl.when(digits != "").then(shaped)


def is_phone(field_name, table, table_index, state):
    return unread(state, table, table_index, field_name, "phone number")


def check(field_name):
    digits = pl.col(field_name).str.replace(EXTENSION, "").str.count_matches(r"[0-9]")
    most = pl.when(pl.col(field_name).str.starts_with("+")).then(MOST_DIGITS).otherwise(MOST_DIGITS_AT_HOME)
    too_long = pl.when(digits > most).then(pl.lit("too long for a phone number"))
    return pl.when(digits < 7).then(pl.lit("too short for a phone number")).otherwise(too_long)


def register(registry):
    registry.register_field(FieldDef(name="phone", label="Phone"))
    registry.register_column_detector(by_header, field="phone", priority=20)
    registry.register_column_transform(clean, field="phone", priority=10)
    registry.register_column_validator(is_phone, field="phone", priority=20)
    registry.register_column_validator(check, field="phone", priority=10)
