"""Fields ``member_id``, ``employer`` and ``start_date``."""

import polars as pl
from ade_config.headers import header_score
from ade_engine.models import FieldDef

DATE_FORMATS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y", "%m/%d/%Y", "%B %d, %Y")


def by_header(column_header_original, field_name):
    return {field_name: header_score(column_header_original, field_name)}


def clean_text(field_name):
    return pl.col(field_name).cast(pl.String).str.strip_chars()


def to_date(field_name, table):
    """Cells that are dates stay dates; text is tried with each format, and becomes empty where none fits."""
    if table.schema[field_name].is_temporal():
        return pl.col(field_name).cast(pl.Date)
    text = pl.col(field_name).cast(pl.String).str.strip_chars()
    return pl.coalesce(text.str.to_date(pattern, strict=False) for pattern in DATE_FORMATS)


def register(registry):
    for name, label in (("member_id", "Member ID"), ("employer", "Employer"), ("start_date", "Start date")):
        registry.register_field(FieldDef(name=name, label=label))
        registry.register_column_detector(by_header, field=name, priority=20)
    registry.register_column_transform(clean_text, field="member_id", priority=10)
    registry.register_column_transform(clean_text, field="employer", priority=10)
    registry.register_column_transform(to_date, field="start_date", priority=10)
