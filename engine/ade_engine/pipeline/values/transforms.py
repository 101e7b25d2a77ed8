"""Transforms: the expressions that authors return for the values of fields, applied field by field."""

from __future__ import annotations

from ade_engine.extensions.invoke import RAISED
from ade_engine.fields import surroundings
from ade_engine.fields.readers import Reader, readers_made
from ade_engine.fields.surroundings import ColumnSurroundings
from ade_engine.infrastructure.policy import show_values
from ade_engine.models import polars as pl
from ade_engine.models.errors import ConfigError, ExtensionError
from ade_engine.pipeline.shared.table_columns import with_series
from ade_engine.pipeline.values.expressions import Expressions, UnusableExpression, applied, filled_columns, offered_values, subject_of, with_column
from ade_engine.pipeline.values.order import ReadingCircle, columns_used, in_order_of_use, takes_table
from ade_engine.pipeline.values.readings import keep_unread, list_totals, messages_of, note_readings
from ade_engine.pipeline.values.types import with_types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.extensions.registry import RegisteredFn
    from ade_engine.fields.surroundings import ColumnSource
    from ade_engine.pipeline.shared.context import RunContext

_SAMPLE_ROWS = 5


class Transforms(Expressions):
    """The column transforms of a run."""

    role = "transform"

    def apply(
        self,
        context: RunContext,
        table: pl.DataFrame,
        sources: dict[str, ColumnSource] | None = None,
        headers: dict[str, tuple[str, str]] | None = None,
    ) -> tuple[pl.DataFrame, pl.DataFrame | None]:
        """Applies every field's expressions in turn, each to the result of the one before.

        ``sources``: the sources of the fields' columns; ``headers``: the header texts of the found columns, and the units below
        these, by their names in the table. Returns the table, and the messages about unread cells for the validators.
        """
        table = self._in_one_piece(table)
        around = ColumnSurroundings(context.settings, table, {} if sources is None else sources)
        surroundings.enter(around)
        try:
            table = self._apply(context, table, around, headers or {})
        finally:
            surroundings.enter(None)
        note_readings(context, around)
        list_totals(context, table, around)
        table, kept = keep_unread(context, table, around)
        if context.collected is not None:
            context.collected.said |= messages_of(around)
        if context.collected is not None:
            table = with_types(context, table, around.read_own)
        return table, kept

    def _apply(
        self,
        context: RunContext,
        table: pl.DataFrame,
        around: ColumnSurroundings,
        headers: dict[str, tuple[str, str]],
    ) -> pl.DataFrame:
        there = filled_columns(table, context.settings.is_2026)
        _note_parts(table, around)
        fields, asked = self._fields_in_order(table, context.registry.fields), {}
        if context.settings.is_2026 and self.has_authors:
            fields, asked = self._planned(context, table, around, headers, fields)
        #: Columns that were read, until somebody looks at the table: a frame for each of them costs more than a small column.
        read: list[pl.Series] = []
        for field in fields:
            around.field = field
            context.at_field(field)
            if field not in there:
                table = with_column(context, table, field)
            is_first, is_only_read = True, False
            for entry, call in self._callers[field] if field not in context.unread else ():
                if (field, id(entry)) in asked:
                    expression = asked[field, id(entry)]
                elif (expression := self._own.get(id(entry))) is None:
                    if id(entry) in self._see_table or context.debug:
                        table, read = with_series(table, read), []
                    values = offered_values(context, table, field, headers.get(field, ("", "")))
                    expression = self._ask(context, entry, call, values)
                reads_own = is_first and isinstance(expression, Reader) and expression.column == field
                if not reads_own:
                    table, read = with_series(table, read), []
                before = table
                if expression is not None:
                    is_reader = isinstance(expression, Reader)
                    is_only_read = reads_own and expression.reads_as_it_stands
                    is_first = False
                    around.begin_transform()
                    try:
                        if is_reader:
                            column = expression.read_from(table)
                            read.append(column if column.name == field else column.alias(field))
                        else:
                            table = applied(context, table, expression.alias(field), field)
                        if not reads_own or context.debug:
                            table, read = with_series(table, read), []
                    except RAISED as error:
                        context.fail(entry, self.role, subject_of(context, field), UnusableExpression(error, entry, context), ExtensionError)
                    around.end_transform(field)
                    if context.collected is not None:
                        reads = expression.column if is_reader else None
                        context.collected.astray.follow_column(before, table, field, reads=reads)
                if context.debug:
                    self._report(context, entry, field, before, table, expression is not None)
            if not is_only_read:
                around.exact.pop((field, field), None)
        context.at_field(None)
        return with_series(table, read)

    def _planned(
        self, context: RunContext, table: pl.DataFrame, around: ColumnSurroundings, headers: dict[str, tuple[str, str]], fields: list[str]
    ) -> tuple[list[str], dict[tuple[str, int], pl.Expr | None]]:
        """Returns the fields in the order that their transforms ask for, and the expressions of functions that do not take the
        table. Those that take it come last, in the order of registration, because the file's columns come in any order.
        """
        asked: dict[tuple[str, int], pl.Expr | None] = {}
        used: dict[str, dict[str, RegisteredFn | None]] = {}
        at_end = set()
        for field in fields:
            around.field = field
            context.at_field(field)
            for entry, call in self._callers[field] if field not in context.unread else ():
                if id(entry) in self._own:
                    continue
                if takes_table(entry):
                    at_end.add(field)
                    continue
                values = offered_values(context, table, field, headers.get(field, ("", "")))
                expression, readers = readers_made(lambda: self._ask(context, entry, call, values))
                asked[field, id(entry)] = expression
                by_name = used.setdefault(field, {})
                by_name.update((name, entry) for name in columns_used(expression))
                for reader in readers:
                    if around.as_written(reader.column) is None:
                        by_name.setdefault(reader.column, None)
        ordered = [field for field in fields if field not in at_end]
        ordered += [field for field in context.registry.fields if field in at_end]
        try:
            return in_order_of_use(ordered, used), asked
        except ReadingCircle as error:
            context.fail(error.entry, self.role, subject_of(context, error.field), error, ConfigError)

    @staticmethod
    def _report(
        context: RunContext,
        entry: RegisteredFn,
        field: str,
        before: pl.DataFrame,
        after: pl.DataFrame,
        emitted: bool,
    ) -> None:
        samples: list[Any] = [frame.get_column(field).head(_SAMPLE_ROWS).to_list() for frame in (before, after)]
        if not context.policy.quotes_values:
            show_values(f"{entry.name} on {field!r}, the first values: {samples[0]} became {samples[1]}")
            samples = [None, None]
        context.logger.event(
            "transform.result",
            level=10,
            message=f"{entry.name} on {field!r}",
            data={
                "transform": entry.qualname,
                "field": field,
                "table_index": context.table_index,
                "table_region": context.region.a1,
                "row_count": after.height,
                "sample_before": samples[0],
                "sample_after": samples[1],
                "emitted_column": field if emitted else None,
            },
        )


def _note_parts(table: pl.DataFrame, around: ColumnSurroundings) -> None:
    """Keeps the doubts about split names, at the rows that hooks have left."""
    for field, reader in getattr(around.sources, "doubtful_parts", {}).items():
        if field in table.columns and reader.column in table.columns:
            around.field = field
            reader.read_from(table)
            around.settle()
            reading = around.readings.pop((field, reader.column), None)
            if reading is not None:
                around.readings[field, field] = reading
    around.field = None
