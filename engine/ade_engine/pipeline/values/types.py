"""Types of fields: for columns without values and for expressions that are written for text, and for all columns."""

from __future__ import annotations

import re

from ade_engine.fields.readers import Reader
from ade_engine.extensions.field_facts import at_field
from ade_engine.models import polars as pl
from ade_engine.models.errors import nearest
from ade_engine.models.issues import ERROR
from ade_engine.pipeline.shared.table_columns import as_text, with_series

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from ade_engine.models.fields import FieldDef
    from ade_engine.pipeline.shared.context import RunContext

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
#: Other words for a date with a time, by which column looks are chosen.
_TYPES.update(dict.fromkeys(("timestamp", "date and time"), _TYPES["datetime"]))
#: Polars' messages for an expression that needs text; some of them name the column.
_NEEDS_TEXT = (
    r"expected `?String`?( type)?, got|cannot compare string with numeric type|arithmetic on string and numeric not allowed"
)
_NAMED = r"for series with name `([^`]*)`"


def field_type(field: FieldDef | None) -> pl.DataType:
    """Returns the type of a field's column without values: the ``dtype`` of its definition, else text."""
    declared = declared_type(getattr(field, "dtype", None))
    return pl.String() if declared is None else declared


def declared_type(declared: object) -> pl.DataType | None:
    """Returns the type for a declared name such as ``money``; ``None`` for an unknown one."""
    return _TYPES.get(declared.strip().lower()) if isinstance(declared, str) else None


def check_types(fields: Iterable[FieldDef]) -> None:
    """Refuses unknown types: in edition 2026 they would have no effect."""
    for field in fields:
        if field.dtype is not None and declared_type(field.dtype) is None:
            known = "bool, int, float, date, datetime, time, duration or text"
            raise at_field(field, f"field {field.name!r} has the dtype {field.dtype!r}; it should be {known}{nearest(field.dtype, _TYPES)}")


def column_wanted_as_text(error: BaseException, table: pl.DataFrame, field: str) -> str | None:
    """Returns the column that an expression wanted as text and that is none; ``None`` for any other error."""
    message = str(error)
    if not isinstance(error, pl.exceptions.PolarsError) or re.search(_NEEDS_TEXT, message) is None:
        return None
    named = re.search(_NAMED, message)
    # A message without a column's name, or with one that the expression has made, is most likely about the field's own.
    for name in (named and named[1], field):
        if name in table.columns and table.schema[name] != pl.String:
            return name
    return None


#: The reader for each type, and the message for a cell that does not fit.
_READ_AS = {
    "Boolean": ("boolean", "not true or false"),
    "Int64": ("number", "not a whole number"),
    "Float64": ("number", "not a number"),
    "Date": ("date", "not a date"),
    "Datetime": ("date_time", "not a date with a time"),
    "Time": ("time", "not a time"),
    "Duration": ("duration", "not a duration"),
}


def with_types(context: RunContext, table: pl.DataFrame, read: Collection[str]) -> pl.DataFrame:
    """Returns the table with the columns of fields in their declared types; cells that do not fit are empty.

    ``read``: the fields whose columns a reader has read, whose types stay.
    """
    changed = []
    for name, field in context.registry.fields.items():
        wanted = declared_type(field.dtype)
        if wanted is None or name in read or name not in table.columns:
            continue
        before = table.get_column(name)
        if _is_one(before.dtype, wanted) or before.null_count() == len(before):
            continue
        if wanted == pl.String:
            changed.append(as_text(before))
            continue
        kind, said = _READ_AS[str(wanted.base_type())]
        settings = context.settings
        after = Reader(name, kind, order=settings.date_order, decimal=settings.decimal_mark).read(before)
        values = after.to_list()
        if wanted == pl.Int64:
            values = [int(value) if value is not None and value.is_integer() and abs(value) < 2**63 else None for value in values]
            after = pl.Series(name, values, dtype=pl.Int64)
        messages = [said if text is not None and value is None else None for text, value in zip(as_text(before).to_list(), values)]
        context.collected.say(name, f"{name}.wrong_type", ERROR, pl.Series(messages, dtype=pl.String))
        changed.append(after.cast(wanted).alias(name))
    return with_series(table, changed) if changed else table


def _is_one(dtype: pl.DataType, wanted: pl.DataType) -> bool:
    """Returns whether values of a type need no conversion to another."""
    return dtype.base_type() is wanted.base_type() or wanted == pl.Int64 and dtype.is_integer() or wanted == pl.Float64 and dtype.is_float()
