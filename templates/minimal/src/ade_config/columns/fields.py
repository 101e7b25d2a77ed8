"""One field, to start from: the column below one of these headers, without white space around its texts."""

from ade_engine.fields import Field, text

FIELDS = [
    Field("name", "Name", headers=["name", "full name", "employee name"], read=text),
]


def register(registry):
    for field in FIELDS:
        field.register(registry)
