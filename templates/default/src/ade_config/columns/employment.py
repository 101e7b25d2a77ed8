"""Fields ``member_id``, ``employer`` and ``start_date``."""

from ade_config.headers import header_score
from ade_config.unread import note_filled, unread
from ade_config.values import as_date, as_text
from ade_engine.models import FieldDef


def by_header(column_header_original, field_name):
    return {field_name: header_score(column_header_original, field_name)}


def clean_text(field_name, table):
    return as_text(table, field_name)


def to_date(field_name, table, table_index, state):
    """Cells that are dates stay dates; text is read as ``values.DATES`` says."""
    note_filled(state, table, table_index, field_name)
    return as_date(table, field_name)


def is_date(field_name, table, table_index, state):
    return unread(state, table, table_index, field_name, "date from 1900 to 9999")


def register(registry):
    for name, label in (("member_id", "Member ID"), ("employer", "Employer"), ("start_date", "Start date")):
        registry.register_field(FieldDef(name=name, label=label))
        registry.register_column_detector(by_header, field=name, priority=20)
    registry.register_column_transform(clean_text, field="member_id", priority=10)
    registry.register_column_transform(clean_text, field="employer", priority=10)
    registry.register_column_transform(to_date, field="start_date", priority=10)
    registry.register_column_validator(is_date, field="start_date", priority=10)
