"""Validators: the expressions that authors return for wrong values of fields, and the issues that they make."""

from __future__ import annotations

from functools import partial

from ade_engine import _native
from ade_engine.extensions.invoke import RAISED, WrongResult
from ade_engine.fields.checks import Check
from ade_engine.fields.readers import count_issues
from ade_engine.fields.surroundings import ROW
from ade_engine.models import polars as pl
from ade_engine.models.errors import ExtensionError, PipelineError
from ade_engine.models.issues import ERROR, WARNING
from ade_engine.models.polars import series_of
from ade_engine.pipeline.shared.collected import as_texts, rules_of
from ade_engine.pipeline.shared.table_columns import DOUBT_PREFIX, HAS_ISSUES, ISSUE_COUNT, ISSUE_PREFIX, RESERVED_PREFIX, UNREAD_PREFIX, ids_of, with_series
from ade_engine.pipeline.values.expressions import Expressions, UnusableExpression, applied, demand_text, filled_columns, for_text, offered_values, subject_of, with_column
from ade_engine.pipeline.values.own_checks import is_demand
from ade_engine.pipeline.values.readings import NO_SAVED_VALUE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.extensions.registry import RegisteredFn
    from ade_engine.pipeline.shared.collected import TableMessages
    from ade_engine.pipeline.shared.context import RunContext

#: The rules of the engine's messages about cells, and their severities, in the order of a cell's messages.
_RULES = {
    UNREAD_PREFIX: ("value_lost", ERROR),
    DOUBT_PREFIX: ("ambiguous", WARNING),
}
#: Words for the list of issues, in place of those in issue columns: its readers have never heard of readers and settings.
_PLAIN = {
    "left empty": "this value could not be read",
    NO_SAVED_VALUE: "a formula that was saved without its result; open the file in a spreadsheet program and save it",
    "a code that has lost its digits": "a program has cut off the last digits of this code; ask for it as text",
}
#: The column of a single message.
_ALONE = "__ade_message"
_NO_TEXT = pl.Series([None], dtype=pl.String)
_NO_ISSUES = pl.Series(HAS_ISSUES, [False], dtype=pl.Boolean), pl.Series(ISSUE_COUNT, [0], dtype=pl.Int32)


class Validators(Expressions):
    """The column validators of a run."""

    role = "validator"

    def __init__(self, entries_by_field: dict[str, list[RegisteredFn]]):
        super().__init__(entries_by_field)
        self._rules = {id(entry): rule for entries in entries_by_field.values() for entry, rule in zip(entries, rules_of(entries))}

    def apply(
        self,
        context: RunContext,
        table: pl.DataFrame,
        headers: dict[str, tuple[str, str]] | None = None,
        kept: pl.DataFrame | None = None,
    ) -> pl.DataFrame:
        """Adds an issue column for each field with messages, and the two columns that sum them up.

        Issue columns that a hook has set before stay unchanged and are not summed up.
        """
        headers = headers or {}
        table = self._in_one_piece(_with_unread(context, table, kept))
        made: list[str] = []
        prefixes = tuple(_RULES) if context.settings.is_2026 else ()
        there = frozenset(names := table.columns)
        filled = filled_columns(table, context.settings.is_2026)
        noted = [name.removeprefix(prefix) for name in names if name.startswith(RESERVED_PREFIX) for prefix in prefixes if name.startswith(prefix)]
        # A field that a hook has removed from the table has no cells.
        noted = [field for field in noted if field in there]
        for field in dict.fromkeys((*self._fields_in_order(table, context.registry.fields), *noted)):
            if field not in filled:
                table = with_column(context, table, field)
            context.at_field(field)
            own = [prefix + field for prefix in prefixes if prefix + field in there]
            parts: list[pl.Series] = []
            header = headers.get(field)
            messages, speakers, has_passed = self._messages(context, table, field, own, header or ("", ""), is_there=header is not None or _has_value(table, field))
            name = f"{ISSUE_PREFIX}{field}"
            if all(isinstance(message, pl.Series) for message in messages) and (messages or own):
                parts = [table.get_column(part) for part in own] + messages
                whole = parts[0] if len(parts) == 1 else series_of(_native.joined_texts(parts, "; "))
                table = with_series(table, [whole.alias(name)])
            elif messages:
                messages = [*map(pl.col, own), *(pl.lit(message) if isinstance(message, pl.Series) else message for message in messages)]
                table = self._add_issues(context, table, field, messages, speakers)
                if context.collected is not None and table.get_column(name).null_count() < table.height:
                    parts = [table.get_column(prefix) for prefix in own]
                    if len(messages) > 1:
                        parts += [_applied_alone(context, table, message, field) for message in messages[len(own) :]]
            elif has_passed:
                table = with_series(table, [_nothing(name, table.height)])
            else:
                continue
            made.append(name)
            if context.collected is not None:
                rules = [(self._rules[id(entry)], entry.severity) for entry in speakers]
                _collect(context.collected, table, field, own, rules, parts or [table.get_column(name)])
        context.at_field(None)
        table = _summed_up(table, made)
        if context.debug:
            self._report(context, table, made)
        return table

    def _messages(
        self, context: RunContext, table: pl.DataFrame, field: str, own: list[str], header: tuple[str, str], *, is_there: bool
    ) -> tuple[list[pl.Series | pl.Expr], list[RegisteredFn], bool]:
        """Returns the messages of a field's validators, the validator of each, and whether some check has passed.

        ``own``: the columns of the engine's messages about unread cells.
        """
        messages: list[pl.Series | pl.Expr] = []
        speakers: list[RegisteredFn] = []
        has_passed = False
        for entry, call in self._callers.get(field, ()):
            if not is_there and is_demand(entry):
                # The missing column is one issue of the sheet.
                continue
            expression = self._own.get(id(entry))
            if expression is None:
                expression = self._ask(context, entry, call, offered_values(context, table, field, header))
            is_known, said = False, None
            if isinstance(expression, Check):
                # A cell that could not be read was not empty.
                others = [table.get_column(column) for column in own] if expression.is_about_emptiness else []
                is_known, said = expression.messages(table, others)
            if is_known and said is None:
                has_passed = True
            elif isinstance(expression, Check) and expression.is_about_repeats and _is_one_cell_in_rows(context, expression.column, table):
                # In a reshaped table a cell of the sheet is in several rows.
                several = context.cells.several(table.get_column(expression.column), table.get_column(ROW))
                messages.append(pl.when(pl.lit(several)).then(expression.cast(pl.String)))
                speakers.append(entry)
            elif is_known:
                messages.append(said)
                speakers.append(entry)
            elif expression is not None:
                if not isinstance(expression, Check):
                    if context.settings.is_2026:
                        self._demand_text(context, table, expression, entry, field)
                elif expression.is_about_emptiness and own:
                    # A cell that could not be read was not empty.
                    expression = pl.when(pl.all_horizontal(pl.col(own).is_null())).then(expression)
                messages.append(expression.cast(pl.String))
                speakers.append(entry)
        return messages, speakers, has_passed

    def _demand_text(
        self, context: RunContext, table: pl.DataFrame, expression: pl.Expr, entry: RegisteredFn, field: str
    ) -> None:
        """Fails if a result is neither text nor null: a column of ``true`` would make every row an issue."""
        try:
            dtype, _ = for_text(table, field, lambda seen: seen.lazy().select(expression).collect_schema().dtypes()[0])
        except RAISED as error:
            context.fail(
                entry, self.role, subject_of(context, field), UnusableExpression(error, entry, context), ExtensionError
            )
        try:
            demand_text(dtype)
        except WrongResult as wrong:
            context.fail(entry, self.role, subject_of(context, field), wrong, PipelineError)

    def _add_issues(
        self,
        context: RunContext,
        table: pl.DataFrame,
        field: str,
        messages: list[pl.Expr],
        speakers: list[RegisteredFn],
    ) -> pl.DataFrame:
        try:
            return applied(context, table, _joined(messages).alias(f"{ISSUE_PREFIX}{field}"), field)
        except RAISED as error:
            # The error message names the validator whose expression failed.
            for entry, message in zip(speakers, messages[-len(speakers) :] if speakers else ()):
                try:
                    table.select(message)
                except RAISED as own:
                    context.fail(
                        entry, self.role, subject_of(context, field), UnusableExpression(own, entry, context), ExtensionError
                    )
            if not speakers:
                raise
            context.fail(speakers[-1], self.role, subject_of(context, field), UnusableExpression(error, speakers[-1], context), ExtensionError)

    @staticmethod
    def _report(context: RunContext, table: pl.DataFrame, columns: list[str]) -> None:
        issues = sum(table.height - table.get_column(name).null_count() for name in columns)
        context.logger.event(
            "validation.summary",
            level=10,
            message=f"{issues} issues",
            data={
                "issue_columns": columns,
                "table_index": context.table_index,
                "table_region": context.region.a1,
                "rows": table.height,
            },
        )


def _is_one_cell_in_rows(context: RunContext, column: str, table: pl.DataFrame) -> bool:
    """Returns whether several rows of a table have the same cell in this column."""
    cells = context.cells
    return cells is not None and cells.is_multiplied and not cells.varies(column) and ROW in table.columns


def _has_value(table: pl.DataFrame, field: str) -> bool:
    return table.get_column(field).null_count() < table.height


def _summed_up(table: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Returns the table with the two columns that show which rows have issues, and how many."""
    # Columns without any message add nothing.
    height = table.height
    issues = [column for name in names if (column := table.get_column(name)).null_count() < height]
    if issues:
        some, count = count_issues(issues)
        return with_series(table, [some.alias(HAS_ISSUES), count.alias(ISSUE_COUNT)])
    if not table.width:
        return table.with_columns(pl.lit(False).alias(HAS_ISSUES), pl.lit(0, dtype=pl.Int32).alias(ISSUE_COUNT))
    return with_series(table, [column.new_from_index(0, height) for column in _NO_ISSUES])


def _collect(
    collected: TableMessages,
    table: pl.DataFrame,
    field: str,
    own: list[str],
    rules: list[tuple[str, str]],
    parts: list[pl.Series],
) -> None:
    """Keeps the messages of a field apart: the engine's by its rules, then the validators' with theirs."""
    texts = table.get_column(f"{ISSUE_PREFIX}{field}")
    if texts.null_count() == len(texts):
        return
    keep = partial(collected.issues.keep, field, ids_of(table), as_texts(texts))
    for prefix, messages in zip((name.removesuffix(field) for name in own), parts):
        keep(as_texts(messages), tell=partial(_told, collected, field, prefix))
    for (rule, severity), messages in zip(rules, parts[len(own) :]):
        keep(as_texts(messages), rule, severity)


def _told(collected: TableMessages, field: str, prefix: str, message: str) -> tuple[str, str, str]:
    """Returns the engine's message about a cell, without the cell's value, which is beside it, and with the rule and the
    severity.
    """
    rule, severity = _RULES[prefix]
    said, own = collected.said.get(message, (message, None))
    return _PLAIN.get(said, said), f"{field}.{own or rule}", severity


def _applied_alone(context: RunContext, table: pl.DataFrame, expression: pl.Expr, field: str) -> pl.Series:
    return applied(context, table, expression.alias(_ALONE), field).get_column(_ALONE)


def _joined(messages: list[pl.Expr]) -> pl.Expr:
    if len(messages) == 1:
        return messages[0]
    some = pl.any_horizontal([message.is_not_null() for message in messages])
    return pl.when(some).then(pl.concat_str(messages, separator="; ", ignore_nulls=True))


def _nothing(name: str, height: int) -> pl.Series:
    """Returns a column of text without a value."""
    return _NO_TEXT.new_from_index(0, height).alias(name)


def _with_unread(context: RunContext, table: pl.DataFrame, kept: pl.DataFrame | None) -> pl.DataFrame:
    """Returns the table with the kept messages, at the rows that hooks have left."""
    if kept is None:
        return table
    if ROW in table.columns and _are_each_one(table.get_column(ROW), kept.get_column(ROW)):
        return with_series(table, kept.get_columns()[1:])
    kept = kept.filter(pl.any_horizontal(pl.all().exclude(ROW).is_not_null()))
    # A hook may have made several rows from one: messages about its cells apply to each.
    kept = kept.unique(subset=ROW, keep="first", maintain_order=True)
    if ROW in table.columns and table.schema[ROW].is_integer():
        places = table.select(pl.col(ROW).cast(pl.UInt32, strict=False))
        joined = places.join(kept, on=ROW, how="left", maintain_order="left").drop(ROW)
        return with_series(table, joined.get_columns())
    context.notice(
        "issues_without_rows",
        f"{kept.height} rows have cells that could not be read, but a hook has replaced the table, so "
        "that it is not known which rows these are now. Keep the column __ade_row in the table that the hook returns",
        table=context.table_index,
        count=kept.height,
    )
    return table


def _are_each_one(rows: pl.Series, before: pl.Series) -> bool:
    """Returns whether the rows of a table are among its former ones, each at most once."""
    return rows.equals(before) and not rows.null_count() and rows.n_unique() == len(rows)
