"""The common part of transforms and validators: a callable returns an expression, and the expression is applied."""

from __future__ import annotations

from ade_engine import _native
from ade_engine.extensions.invoke import COMMON_NAMES, RAISED, Caller, MissingParameter, WrongResult, source_of
from ade_engine.fields.checks import Check
from ade_engine.fields.readers import Reader
from ade_engine.infrastructure.observability.wording import kind_of, missing_column, stands_in_code, told
from ade_engine.models import polars as pl
from ade_engine.models.errors import AdeEngineError, ConfigError, ExtensionError, HookError, InputError, PipelineError, nearest
from ade_engine.pipeline.shared.table_columns import as_text, with_series
from ade_engine.pipeline.values.types import column_wanted_as_text, field_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from ade_engine.extensions.registry import RegisteredFn
    from ade_engine.pipeline.shared.context import RunContext

#: The names of the values that these callables may take.
OFFERED = (*COMMON_NAMES, "field_name", "table", "table_region", "table_index", "column_header", "column_unit")
_OWN_ERRORS = (ConfigError, InputError, HookError, PipelineError)


class Expressions:
    """Callables of one kind that return an expression for their field."""

    role = ""

    def __init__(self, entries_by_field: dict[str, list[RegisteredFn]]):
        self._callers = {
            field: [(entry, Caller(entry.fn, OFFERED)) for entry in entries]
            for field, entries in entries_by_field.items()
        }
        #: The results of the engine's own functions, which are the same for each table.
        self._own = {id(entry): made for field, callers in self._callers.items() for entry, _ in callers if (made := _made_by_name(entry.fn, field)) is not None}
        #: Whether some of them are an author's functions, which may use other fields.
        self.has_authors = any(id(entry) not in self._own for callers in self._callers.values() for entry, _ in callers)
        self._see_table = {id(entry) for callers in self._callers.values() for entry, call in callers if "table" in call.plan.names()}

    def _in_one_piece(self, table: pl.DataFrame) -> pl.DataFrame:
        """Returns the table with columns in one chunk, if somebody looks at it: see :func:`applied`."""
        return table.rechunk() if self._see_table else table

    def _fields_in_order(self, table: pl.DataFrame, registered: Iterable[str]) -> list[str]:
        """Returns the fields with callables: those of the table in column order, then the others in the order of registration.
        """
        present = [name for name in table.columns if name in self._callers]
        return present + [name for name in registered if name in self._callers and name not in present]

    def _ask(
        self,
        context: RunContext,
        entry: RegisteredFn,
        call: Caller,
        values: dict[str, Any],
    ) -> pl.Expr | None:
        try:
            result = call(values)
            demand_expression(result)
            return result
        except RAISED as error:
            error_class = _class_of(error)
            # A HookError that a transform raises on purpose contains the stage that the run reports.
            stage = {"stage": error.stage} if isinstance(error, HookError) else {}
            context.fail(entry, self.role, subject_of(context, values["field_name"]), error, error_class, **stage)


def _made_by_name(function: Callable[..., Any], field: str) -> Reader | Check | None:
    """Returns the engine's result for a field's name alone, as with ``read=date``; ``None`` for an author's function."""
    wraps = getattr(function, "ade_wraps", None)
    if getattr(wraps, "__module__", None) not in (Reader.__module__, Check.__module__):
        return None
    try:
        made = wraps(field)
    except Exception:
        # The run reports the error and its position.
        return None
    return made if isinstance(made, (Reader, Check)) else None


def demand_expression(result: Any) -> None:
    """Refuses a callable's result unless it is an expression or ``None``."""
    if result is not None and not isinstance(result, pl.Expr):
        raise WrongResult(f"returned {type(result).__name__}; it should return pl.Expr or None")


def demand_text(dtype: pl.DataType) -> None:
    """Refuses the type of a validator's expression unless it is text or null."""
    if dtype not in (pl.String, pl.Null, pl.Categorical, pl.Enum):
        raise WrongResult(
            f"returned an expression of type {dtype.base_type()}; it should give text: a message where a value is wrong, else null. "
            'Write pl.when(is_wrong).then(pl.lit("what is wrong"))'
        )


def filled_columns(table: pl.DataFrame, typed: bool) -> frozenset[str]:
    """Returns the columns that need not be made: in edition 2026 a column without any value still needs its field's type."""
    if not typed:
        return frozenset(table.columns)
    return frozenset(name for name, dtype in zip(table.columns, table.dtypes) if dtype != pl.Null)


def with_column(context: RunContext, table: pl.DataFrame, field: str) -> pl.DataFrame:
    """Returns the table, with a column of nulls for a field that it lacks; in edition 2026 these nulls have the field's type.
    """
    typed = context.settings.is_2026
    if field in table.columns and not (typed and table.schema[field] == pl.Null):
        return table
    dtype = field_type(context.registry.fields.get(field)) if typed else pl.Null
    if not table.width:
        return table.with_columns(pl.lit(None, dtype=dtype).alias(field))
    return with_series(table, [pl.constant(None, table.height, dtype, field)])


def with_wanted(context: RunContext, table: pl.DataFrame) -> pl.DataFrame:
    """Returns the table with all fields, so that expressions may use a field whose column a file lacks."""
    added = [pl.constant(None, table.height, field_type(field), name) for name, field in context.registry.fields.items() if name not in table.columns]
    return with_series(table, added)


def offered_values(context: RunContext, table: pl.DataFrame, field: str, header: tuple[str, str]) -> dict[str, Any]:
    """Returns the values of ``OFFERED`` for a callable."""
    return {
        **context.values(),
        "field_name": field,
        "table": table,
        "table_region": context.region,
        "table_index": context.table_index,
        "column_header": header[0],
        "column_unit": header[1] or _native.header_unit(header[0]),
    }


def subject_of(context: RunContext, field: str) -> str:
    """Returns the subject of a call for messages about it."""
    return f"sheet {context.sheet_name!r}, table {context.table_index + 1}, field {field!r}"


def _class_of(error: BaseException) -> type[AdeEngineError]:
    """Returns the class of an error: a misused stage or a ``TypeError`` is a pipeline error; any other error of a callable is
    its own.
    """
    if isinstance(error, (TypeError, MissingParameter, WrongResult)):
        return PipelineError
    # Not the error's own class: a class of the package that is derived from an engine's may want other arguments.
    return next((known for known in _OWN_ERRORS if isinstance(error, known)), ExtensionError)


def applied(context: RunContext, table: pl.DataFrame, expression: pl.Expr, field: str) -> pl.DataFrame:
    """Returns the table with the expression's column. In edition 2026 an expression that is written for text sees text."""
    # Polars counts failed conversions by the chunk ("7 out of 7 values" of 12 rows).
    table = table.rechunk()
    if not context.settings.is_2026:
        return table.with_columns(expression)
    made, seen = for_text(table, field, lambda seen: seen.with_columns(expression))
    return made if seen is table else with_series(table, [made.get_column(expression.meta.output_name())])


def for_text(table: pl.DataFrame, field: str, use: Callable[[pl.DataFrame], Any]) -> tuple[Any, pl.DataFrame]:
    """Uses a table, with columns as text if polars refuses an expression that is written for text. Returns the result, and the
    table that was used.
    """
    seen = table
    # Each turn makes text of one more column, so there are no more turns than columns.
    for _ in range(table.width):
        try:
            return use(seen), seen
        except RAISED as error:
            column = column_wanted_as_text(error, seen, field)
            if column is None:
                raise
            seen = with_series(seen, [as_text(seen.get_column(column))])
    return use(seen), seen


class UnusableExpression(WrongResult):
    """An expression that polars refuses to apply."""

    def __init__(self, error: BaseException, entry: RegisteredFn, context: RunContext):
        said, name = told(error), missing_column(error)
        source = source_of(entry.fn)
        # A name that is not in the code may be a cell's value.
        if name is not None and (context.policy.quotes_values or stands_in_code(name, source and source[0])):
            meant = nearest(name, context.registry.fields)
            advice = f"; if only some files have it, a reader (fields.text({name!r})) is empty in the others"
            said = f"{kind_of(error)}: the table has no column {name!r}{meant or advice}"
        super().__init__(f"returned an expression that cannot be applied: {said}")
        self.__cause__ = error
