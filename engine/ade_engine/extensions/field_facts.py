"""Checks a field's definition, when a package registers it and when its run begins."""

from __future__ import annotations

from ade_engine.models.errors import ConfigError, nearest
from ade_engine.models.issues import SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ade_engine.models.fields import FieldDef

#: The maximum width of a column, and the maximum length of a number format, in spreadsheet programs.
_MAX_WIDTH_CHARS = _MAX_FORMAT_CHARS = 255


def at_field(field: FieldDef, message: str) -> ConfigError:
    """Returns an error at the line that created a field."""
    error = ConfigError(message)
    place = getattr(field, "ade_place", None)
    if place is not None:
        error.ade_place = dict(zip(("file", "line", "function"), place))
    return error


def check_demands(field: FieldDef) -> None:
    """Refuses invalid demands on a field's values, as soon as it is registered."""
    for name in ("required", "unique"):
        demand = getattr(field, name)
        if name == "unique" and isinstance(demand, (tuple, list)) and len({*demand, field.name}) > 1 and all(isinstance(other, str) for other in demand):
            continue
        if not isinstance(demand, bool) and demand not in SEVERITIES:
            others = ", or the names of several fields" if name == "unique" else ""
            raise at_field(field, f"field {field.name!r} has {name}={demand!r}; it should be True, False, 'error', 'warning' or 'info'{others}")
    if not isinstance(field.key, bool):
        raise at_field(field, f"field {field.name!r} has key={field.key!r}; it should be True or False")
    if field.description is not None and not isinstance(field.description, str):
        raise at_field(field, f"field {field.name!r} has a description of type {type(field.description).__name__}; it should be text")


def key_of(field: FieldDef) -> tuple[str, ...]:
    """Returns the fields that are unique together by a field's definition: itself, alone or with others; none by default."""
    if isinstance(field.unique, (tuple, list)):
        return tuple(dict.fromkeys((*field.unique, field.name)))
    return (field.name,) if field.unique else ()


def check_keys(fields: Mapping[str, FieldDef]) -> None:
    """Refuses keys with unknown fields."""
    for field in fields.values():
        for name in key_of(field):
            if name not in fields:
                raise at_field(field, f"field {field.name!r} has unique={field.unique!r}, but there is no field {name!r}{nearest(name, fields)}")


def check_looks(fields: Iterable[FieldDef]) -> None:
    """Refuses widths and number formats that no spreadsheet program takes: the whole file would count as damaged."""
    for field in fields:
        width, number_format = field.width, field.format
        if width is not None and (
            isinstance(width, bool) or not isinstance(width, (int, float)) or not 0 < width <= _MAX_WIDTH_CHARS
        ):
            raise at_field(
                field, f"field {field.name!r} has the width {width!r}; it should be a number up to {_MAX_WIDTH_CHARS}"
            )
        if number_format is not None and not (
            isinstance(number_format, str) and 0 < len(number_format) <= _MAX_FORMAT_CHARS and min(number_format) >= " "
        ):
            raise at_field(
                field,
                f"field {field.name!r} has the format {number_format!r}; it should be a number format such as '0.00', "
                "or 'money' or 'percent'",
            )
