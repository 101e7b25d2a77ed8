"""Types of fields, with the setting ``typed_fields``: of columns without values, and of what is written for text."""

from __future__ import annotations

import re

import polars as pl

from ade_engine.models.errors import ConfigError, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ade_engine.models.fields import FieldDef

_TYPES = {
    **dict.fromkeys(("bool", "boolean"), pl.Boolean()),
    **dict.fromkeys(("int", "integer"), pl.Int64()),
    **dict.fromkeys(("float", "number", "decimal", "money"), pl.Float64()),
    "date": pl.Date(),
    "datetime": pl.Datetime("us"),
    "time": pl.Time(),
    "duration": pl.Duration("us"),
    **dict.fromkeys(("text", "string", "str"), pl.String()),
}
#: Other words for a date with a time that looks of columns go by.
_TYPES.update(dict.fromkeys(("timestamp", "date and time"), _TYPES["datetime"]))
#: How polars says that an expression needs text; some of these messages name the column.
_NEEDS_TEXT = re.compile(
    r"expected `?String`?( type)?, got|cannot compare string with numeric type|arithmetic on string and numeric not allowed"
)
_NAMED = re.compile(r"for series with name `([^`]*)`")


def field_type(field: FieldDef | None) -> pl.DataType:
    """The type of a field's column that has no value to tell: the ``dtype`` of its definition, else text."""
    declared = declared_type(getattr(field, "dtype", None))
    return pl.String() if declared is None else declared


def declared_type(declared: object) -> pl.DataType | None:
    """The type that a declared one such as ``money`` is; ``None``: none that is known."""
    return _TYPES.get(declared.strip().lower()) if isinstance(declared, str) else None


def check_types(fields: Iterable[FieldDef]) -> None:
    """Refuse types that nobody knows: with ``enforce_types`` they would be no types at all."""
    for field in fields:
        if field.dtype is not None and declared_type(field.dtype) is None:
            known = "bool, int, float, date, datetime, time, duration or text"
            raise ConfigError(f"field {field.name!r} has the dtype {field.dtype!r}; it should be {known}{nearest(field.dtype, _TYPES)}")


def column_wanted_as_text(error: BaseException, table: pl.DataFrame, field: str) -> str | None:
    """The column that an expression wanted as text and that is none; ``None`` if the error says something else."""
    message = str(error)
    if not isinstance(error, pl.exceptions.PolarsError) or _NEEDS_TEXT.search(message) is None:
        return None
    named = _NAMED.search(message)
    # A message that names no column, or one that the expression has made, is most likely about the field's own.
    for name in (named and named[1], field):
        if name in table.columns and table.schema[name] != pl.String:
            return name
    return None
