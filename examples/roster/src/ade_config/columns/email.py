"""Field ``email``: recognised by its header and by its values, cleaned, and checked."""

import polars as pl
from ade_config.headers import header_score
from ade_config.values import as_text
from ade_engine.models import FieldDef


def by_header(column_header_original):
    """See ``headers.header_score``. Scores of all detectors add up; the field with the highest total gets the column."""
    return {"email": header_score(column_header_original, "email")}


def by_values(column_sample_non_empty_values):
    """Up to 0.5 more for values that look like addresses, so that a column is found although its header says "Contact"."""
    sample = column_sample_non_empty_values
    if not sample:
        return None
    share = sum("@" in value for value in sample) / len(sample)
    return {"email": round(0.5 * share, 2)}


def clean(field_name, table):
    """A transform returns a polars expression. It runs on the whole column at once."""
    return as_text(table, field_name).str.to_lowercase()


def check(field_name):
    """A validator returns an expression too: null where all is well, a message where it is not."""
    address = pl.col(field_name)
    return pl.when(~address.str.contains(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")).then(pl.lit("not an e-mail address"))


def register(registry):
    registry.register_field(FieldDef(name="email", label="E-mail"))
    registry.register_column_detector(by_header, field="email", priority=20)
    registry.register_column_detector(by_values, field="email", priority=10)
    registry.register_column_transform(clean, field="email", priority=10)
    registry.register_column_validator(check, field="email", priority=10)
