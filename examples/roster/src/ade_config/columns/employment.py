"""Fields ``member_id``, ``employer`` and ``start_date``."""

import polars as pl
from ade_config.headers import header_score
from ade_config.unread import note_filled, unread
from ade_engine.models import FieldDef

# A column of dates and text arrives as text; its dates then look like one of the first three.
DATE_FORMATS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y", "%m/%d/%Y", "%B %d, %Y")


def by_header(column_header_original, field_name):
    return {field_name: header_score(column_header_original, field_name)}


def clean_text(field_name):
    return pl.col(field_name).cast(pl.String).str.strip_chars()


def to_date(field_name, table, table_index, state):
    """Cells that are dates stay dates; text is tried with each format."""
    note_filled(state, table, table_index, field_name)
    if table.schema[field_name].is_temporal():
        return pl.col(field_name).cast(pl.Date)
    text = pl.col(field_name).cast(pl.String).str.strip_chars()
    return pl.coalesce(text.str.to_datetime(pattern, strict=False).cast(pl.Date) for pattern in DATE_FORMATS)


def is_date(field_name, table, table_index, state):
    return unread(state, table, table_index, field_name, "date")


def register(registry):
    for name, label in (("member_id", "Member ID"), ("employer", "Employer"), ("start_date", "Start date")):
        registry.register_field(FieldDef(name=name, label=label))
        registry.register_column_detector(by_header, field=name, priority=20)
    registry.register_column_transform(clean_text, field="member_id", priority=10)
    registry.register_column_transform(clean_text, field="employer", priority=10)
    registry.register_column_transform(to_date, field="start_date", priority=10)
    registry.register_column_validator(is_date, field="start_date", priority=10)
