"""One field to start from: the column with one of these headers, with white space around its texts removed."""

from ade_engine.fields import Field, text

FIELDS = [
    Field("name", "Name", headers=["name", "full name", "employee name"], read=text),
]


def register(registry):
    for field in FIELDS:
        field.register(registry)
