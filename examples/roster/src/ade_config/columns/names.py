"""Fields ``first_name`` and ``last_name``. A sheet with full names is handled by ``hooks/full_names.py``."""

from ade_config.headers import header_score
from ade_config.values import as_text
from ade_engine.models import FieldDef

LABELS = {"first_name": "First name", "last_name": "Last name"}


def by_header(column_header_original, field_name):
    """``field_name`` is the field that a detector was registered for, so one function can serve several."""
    return {field_name: header_score(column_header_original, field_name)}


def clean(field_name, table):
    return as_text(table, field_name).str.replace_all(r"\s+", " ")


def register(registry):
    for name, label in LABELS.items():
        registry.register_field(FieldDef(name=name, label=label))
        registry.register_column_detector(by_header, field=name, priority=20)
        registry.register_column_transform(clean, field=name, priority=10)
