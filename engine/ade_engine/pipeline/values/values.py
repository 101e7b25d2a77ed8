"""Transforms and validators: the expressions that authors return, applied field by field."""

from __future__ import annotations

from functools import partial

from ade_engine import _native
from ade_engine.extensions.invoke import RAISED, WrongResult
from ade_engine.fields import surroundings
from ade_engine.fields.checks import Check
from ade_engine.fields.readers import Reader, count_issues, emptied_cells, filled_rows
from ade_engine.fields.surroundings import ROW, Surroundings, told_as
from ade_engine.infrastructure.caller import show_values
from ade_engine.infrastructure.observability.wording import told
from ade_engine.models import polars as pl
from ade_engine.models.errors import ExtensionError, PipelineError
from ade_engine.models.issues import ERROR
from ade_engine.models.notices import INFO, WARNING
from ade_engine.models.polars import frame_of, series_of
from ade_engine.models.table import column_letters
from ade_engine.pipeline.shared.collected import as_texts, rules_of, said_at
from ade_engine.pipeline.shared.table_columns import (
    DOUBT_PREFIX,
    HAS_ISSUES,
    ISSUE_COUNT,
    ISSUE_PREFIX,
    RESERVED_PREFIX,
    UNREAD_PREFIX,
    as_text,
    ids_of,
    with_series,
)
from ade_engine.pipeline.values.expressions import Expressions, Unusable, applied, demand_text, filled_columns, for_text, offered_values, subject_of, with_column
from ade_engine.pipeline.values.own_checks import is_demand
from ade_engine.pipeline.values.types import with_types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.extensions.registry import RegisteredFn
    from ade_engine.fields.surroundings import ColumnSource
    from ade_engine.pipeline.shared.collected import Collected
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
        """Apply every field's expressions in turn, each to the result of the one before.

        ``sources``: where the columns of fields came from; ``headers``: the header texts of the columns that were found, and
        the units below these, by their names in the table. Returns the table, and what the validators are to say of cells that were not read.
        """
        table = self._in_one_piece(table)
        around = Surroundings(context.settings, table, {} if sources is None else sources)
        surroundings.enter(around)
        try:
            table = self._apply(context, table, around, headers or {})
        finally:
            surroundings.enter(None)
        note_readings(context, around)
        list_totals(context, table, around)
        table, kept = keep_unread(context, table, around)
        if context.collected is not None:
            context.collected.said |= _said(around)
        if context.collected is not None:
            table = with_types(context, table, around.read_own)
        return table, kept

    def _apply(
        self,
        context: RunContext,
        table: pl.DataFrame,
        around: Surroundings,
        headers: dict[str, tuple[str, str]],
    ) -> pl.DataFrame:
        there = filled_columns(table, context.settings.is_2026)
        _note_parts(table, around)
        #: Columns that were read, until somebody looks at the table: a frame for each of them costs more than a small column.
        read: list[pl.Series] = []
        for field in self._fields_in_order(table, context.registry.fields):
            around.field = field
            context.at_field(field)
            if field not in there:
                table = with_column(context, table, field)
            is_first, is_only_read = True, False
            for entry, call in self._callers[field] if field not in context.unread else ():
                expression = self._own.get(id(entry))
                if expression is None:
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
                    try:
                        if is_reader:
                            column = expression.read_from(table)
                            read.append(column if column.name == field else column.alias(field))
                        else:
                            table = applied(context, table, expression.alias(field), field)
                        if not reads_own or context.debug:
                            table, read = with_series(table, read), []
                    except RAISED as error:
                        context.fail(entry, self.role, subject_of(context, field), Unusable(error, entry, context), ExtensionError)
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


def _note_parts(table: pl.DataFrame, around: Surroundings) -> None:
    """Keep what is said of names that were parted, at the rows that hooks have left."""
    for field, reader in getattr(around.sources, "doubtful_parts", {}).items():
        if field in table.columns and reader.column in table.columns:
            around.field = field
            reader.read_from(table)
            reading = around.readings.pop((field, reader.column), None)
            if reading is not None:
                around.readings[field, field] = reading
    around.field = None


def note_readings(context: RunContext, around: Surroundings) -> None:
    """Keep how columns were read, and which codes have lost their digits."""
    for (field, name), reading in around.readings.items():
        source = around.sources.get(name)
        facts = {key: value for key, value in reading.items() if key not in ("why", "first_open", "open", "doubts", "by")}
        context.notices.read(
            sheet=context.sheet_name,
            table=context.table_index,
            field=field,
            column=None if source is None else source.letters,
            header=around.header(name),
            **facts,
        )
    for (field, name), measure in around.measures.items():
        source = around.sources.get(name)
        if source is None:
            continue
        told = "; ".join(filter(None, (measure.said, measure.doubt)))
        said = told or "the field does not convert this unit, so the values are as they stand"
        context.notice(
            "header_unit",
            f"the header of column {source.letters}, field {field!r}, says {measure.text!r}: {said}",
            level=INFO if measure.said and not measure.doubt else WARNING,
            field=field,
            count=1,
        )
    for (field, _), count in around.missing.items():
        cells = "1 cell says" if count == 1 else f"{count} cells say"
        context.notice("no_value", f"field {field!r}: {cells} in words that there is no value (n/a, none, -), and {'is' if count == 1 else 'are'} left empty", level=INFO, field=field, count=count)
    for (field, _), count in around.lost_digits.items():
        cells = "1 cell has lost its digits" if count == 1 else f"{count} cells have lost their digits"
        context.notices.add(
            "lost_digits",
            f"sheet {context.sheet_name!r}, field {field!r}: {cells} (the file has a number such as 1.23E+11 for a code or a phone number); "
            f"{'it is' if count == 1 else 'they are'} left empty. Ask for the file with this column as text",
            sheet=context.sheet_name,
            table=context.table_index,
            field=field,
            count=count,
        )


def keep_unread(
    context: RunContext, table: pl.DataFrame, around: Surroundings
) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """Messages about cells that came out empty or are doubtful, for the validators.

    Where rows are known by their numbers the messages stay apart, so that hooks see the author's columns alone. Else they
    are reserved columns of the table.
    """
    if not context.settings.is_2026:
        return table, None
    added, names = [], table.columns
    for field in names:
        if field.startswith(RESERVED_PREFIX) or field not in context.registry.fields:
            continue
        unread = _with_formulas(around, field, _unread(around, table, field))
        if unread is not None:
            added.append(unread.alias(f"{UNREAD_PREFIX}{field}"))
    for field in dict.fromkeys(field for field, _ in around.readings if field in names):
        doubts = _doubts_of_field(around, field, table.height)
        if doubts:
            said = doubts[0] if len(doubts) == 1 else _first_said(doubts)
            added.append(said.alias(f"{DOUBT_PREFIX}{field}"))
    if ROW not in names:
        return (with_series(table, added), None) if added else (table, None)
    if not added:
        return table, None
    return table, frame_of([table.get_column(ROW), *added])


def list_totals(context: RunContext, table: pl.DataFrame, around: Surroundings) -> None:
    """List the totals of fields that are not the sums of the records, each at its own cell, which is none of the table's."""
    if context.collected is None or not context.total_issues:
        return
    fields = {source.letters: field for field, source in around.sources.items() if field in table.columns}
    if context.cells is not None:
        fields |= {letters: field for letters, field in context.cells.letters.items() if field in table.columns}
    for row, column, said, value in context.total_issues:
        field = fields.get(column_letters(column))
        if field is not None:
            known = context.registry.fields.get(field)
            line = {"rule": f"{field}.total_differs", "severity": WARNING, "field": field, "label": known and known.label or field, "message": said}
            context.remarks.append(line | {"value": as_text(pl.Series([value])).to_list()[0]} | context.place_of(row, column))


def _doubts_of_field(around: Surroundings, field: str, height: int) -> list[pl.Series]:
    """What is said of the cells of each ambiguous column that was read for a field, its own column first.

    Where the own column was read, too, another one stands in for its cells that are blank or could not be read.
    """
    readings = {name: one for (of, name), one in around.readings.items() if of == field and one["ambiguous"]}
    own, doubts = readings.pop(field, None), []
    if own is not None:
        doubts.append(_doubts(around, own, height))
    if not readings:
        return doubts
    stands_in = None
    if field in around.read_own:
        stands_in = ~filled_rows(around.table, [field])
        if len(around.hidden.get(field, ())) == height:
            stands_in |= around.hidden[field].is_not_null()
    # Polars asks for columns in any order.
    for name in sorted(readings):
        said = _doubts(around, readings[name], height)
        if stands_in is not None:
            first = said.is_not_null().arg_max()
            used = pl.select(pl.when(stands_in).then(said)).to_series()
            if readings[name]["open"] is None and used.null_count() == height and first is not None:
                # What is said of the column stands at the first of its cells that count.
                filled = stands_in & filled_rows(around.table, [name])
                used = used.scatter(filled.arg_max(), said[first]) if filled.any() else used
            said = used
        doubts.append(said)
    return doubts


def _said(around: Surroundings) -> dict[str, tuple[str, str | None]]:
    """By messages of cells that came out empty or are doubtful, what the list says of them, and the rule."""
    found = {message: said for say in around.said for message, said in say().items()}
    for message, (_, rule) in found.items():
        if rule == "date_out_of_range":
            found[message] = ("before 1900", rule)
    return found


def _doubts(around: Surroundings, reading: dict[str, Any], height: int) -> pl.Series:
    """What is said of the cells of an ambiguous column: of each one that only a setting decided, else of the first one."""
    if reading["open"] is not None:
        by = "the reader's argument" if reading["by"] == "argument" else reading["by"]
        said = f"ambiguous: {reading['read_as']} by {by} alone"
        around.said.append(lambda: {said: (f"can be read in two ways; it was read as {reading['read_as']} because of {by}", None)})
        return said_at(series_of(reading["open"]), said)
    if reading.get("doubts") is not None:
        return series_of(reading["doubts"])
    doubts: list[str | None] = [None] * height
    if reading["first_open"] is not None:
        message = told_as(reading["message"])
        said = f"ambiguous column, {message}"
        around.said.append(lambda: {said: (f"this column can be read in two ways; it was {message}", None)})
        doubts[reading["first_open"]] = said
    return pl.Series("", doubts, dtype=pl.String)


def _with_formulas(around: Surroundings, field: str, unread: pl.Series | None) -> pl.Series | None:
    """The messages for cells that were not read, with those for formulas that were saved without a value."""
    found = around.without_value(field)
    if found is None:
        return unread
    around.said.append(lambda: {_NO_SAVED_VALUE: (_NO_SAVED_VALUE, "formula_without_value")})
    said = said_at(found, _NO_SAVED_VALUE)
    return said if unread is None else _first_said([unread, said])


def _first_said(columns: list[pl.Series]) -> pl.Series:
    """For each row the first message."""
    return series_of(_native.joined_texts(columns, None))


#: The rules of what the engine says of cells, and their severities, in the order in which a cell's messages stand.
_RULES = {
    UNREAD_PREFIX: ("value_lost", ERROR),
    DOUBT_PREFIX: ("ambiguous", WARNING),
}
_NO_SAVED_VALUE = "formula without a saved value"
#: The list of issues is read by people who have never heard of readers and settings: what it says in place of the words that
#: stand in issue columns.
_PLAIN = {
    "left empty": "this value could not be read",
    _NO_SAVED_VALUE: "a formula that was saved without its result; open the file in a spreadsheet program and save it",
    "a code that has lost its digits": "a program has cut off the last digits of this code; ask for it as text",
}
#: The column of one message by itself.
_ALONE = "__ade_message"
_NO_TEXT = pl.Series([None], dtype=pl.String)
_NO_ISSUES = pl.Series(HAS_ISSUES, [False], dtype=pl.Boolean), pl.Series(ISSUE_COUNT, [0], dtype=pl.Int32)


def _nothing(name: str, height: int) -> pl.Series:
    """A column of text without a value."""
    return _NO_TEXT.new_from_index(0, height).alias(name)


def _with_unread(context: RunContext, table: pl.DataFrame, kept: pl.DataFrame | None) -> pl.DataFrame:
    """The table with the messages that were kept, at the rows that hooks have left."""
    if kept is None:
        return table
    if ROW in table.columns and _are_each_one(table.get_column(ROW), kept.get_column(ROW)):
        return with_series(table, kept.get_columns()[1:])
    kept = kept.filter(pl.any_horizontal(pl.all().exclude(ROW).is_not_null()))
    # A hook may have made several rows of one: what is said of its cells is said of each.
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
    """Whether the rows of a table are those that it had before, and no two are the same."""
    return rows.equals(before) and not rows.null_count() and rows.n_unique() == len(rows)


def _unread(around: Surroundings, table: pl.DataFrame, field: str) -> pl.Series | None:
    """Messages for the cells of a field that were filled before its transforms, and that no reader could read or that are
    empty now.
    """
    if (field, field) in around.exact:
        return around.exact[field, field]
    after = table.get_column(field)
    emptied = _emptied(around, table, field)
    hidden = around.hidden.get(field)
    if hidden is None or len(hidden) != len(after):
        return emptied
    # A value that was put in place of a cell that nobody could read does not make the cell read.
    return hidden if emptied is None else _first_said([emptied, hidden])


def _emptied(around: Surroundings, table: pl.DataFrame, field: str) -> pl.Series | None:
    """Messages for the cells of a field that were filled before its transforms and are empty now."""
    after = table.get_column(field)
    if field not in around.table.columns or len(around.table) != len(after) or not after.null_count():
        return None
    before = around.table.get_column(field)
    if before is after or before.null_count() == len(before):
        return None
    emptied = emptied_cells(around, before, after)
    if emptied is None:
        return None
    for messages in around.unread.get(field, ()):
        if len(messages) == len(emptied):
            # What the reader says is nearer to the point than "left empty".
            there = series_of(_native.filled_rows([emptied], len(emptied), 1))
            emptied = _first_said([messages, emptied]).zip_with(there, emptied)
    return emptied


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
        """Add an issue column for each field with messages, and the two columns that sum them up.

        Issue columns that a hook has set before stay as they are and are not summed up.
        """
        headers = headers or {}
        table = self._in_one_piece(_with_unread(context, table, kept))
        made: list[str] = []
        prefixes = tuple(_RULES) if context.settings.is_2026 else ()
        there = frozenset(names := table.columns)
        filled = filled_columns(table, context.settings.is_2026)
        noted = [name.removeprefix(prefix) for name in names if name.startswith(RESERVED_PREFIX) for prefix in prefixes if name.startswith(prefix)]
        # A field that a hook has taken out of the table has no cells to speak of.
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
        """The messages of a field's validators, whose each is, and whether some check has passed.

        ``own``: the columns of what the engine says of cells that were not read.
        """
        messages: list[pl.Series | pl.Expr] = []
        speakers: list[RegisteredFn] = []
        has_passed = False
        for entry, call in self._callers.get(field, ()):
            if not is_there and is_demand(entry):
                # That the whole column is missing is one issue of the sheet.
                continue
            expression = self._own.get(id(entry))
            if expression is None:
                expression = self._ask(context, entry, call, offered_values(context, table, field, header))
            is_known, said = False, None
            if isinstance(expression, Check):
                # A cell that could not be read was not empty.
                others = [table.get_column(one) for one in own] if expression.is_about_emptiness else []
                is_known, said = expression.messages(table, others)
            if is_known and said is None:
                has_passed = True
            elif isinstance(expression, Check) and expression.is_about_repeats and _is_one_cell_in_rows(context, expression.column, table):
                # What a cell of the sheet says once stands in several rows of a table that was reshaped.
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
        """Fail where a result is neither text nor null: a column of ``true`` would make every row an issue."""
        try:
            dtype, _ = for_text(table, field, lambda seen: seen.lazy().select(expression).collect_schema().dtypes()[0])
        except RAISED as error:
            context.fail(entry, self.role, subject_of(context, field), Unusable(error, entry, context), ExtensionError)
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
            # Find out whose expression failed, for the error message.
            for entry, message in zip(speakers, messages[-len(speakers) :] if speakers else ()):
                try:
                    table.select(message)
                except RAISED as own:
                    context.fail(entry, self.role, subject_of(context, field), Unusable(own, entry, context), ExtensionError)
            if not speakers:
                raise
            context.fail(speakers[-1], self.role, subject_of(context, field), Unusable(error, speakers[-1], context), ExtensionError)

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
    """Whether several rows of a table have the same cell in this column."""
    cells = context.cells
    return cells is not None and cells.is_multiplied and not cells.varies(column) and ROW in table.columns


def _has_value(table: pl.DataFrame, field: str) -> bool:
    return table.get_column(field).null_count() < table.height


def _summed_up(table: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """The table with the two columns that say which rows have issues, and how many."""
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
    collected: Collected,
    table: pl.DataFrame,
    field: str,
    own: list[str],
    rules: list[tuple[str, str]],
    parts: list[pl.Series],
) -> None:
    """Keep the messages of a field apart: what the engine says of its cells, by its rules, then what validators say, with theirs."""
    texts = table.get_column(f"{ISSUE_PREFIX}{field}")
    if texts.null_count() == len(texts):
        return
    keep = partial(collected.issues.keep, field, ids_of(table), as_texts(texts))
    for prefix, messages in zip((name.removesuffix(field) for name in own), parts):
        keep(as_texts(messages), tell=partial(_told, collected, field, prefix))
    for (rule, severity), messages in zip(rules, parts[len(own) :]):
        keep(as_texts(messages), rule, severity)


def _told(collected: Collected, field: str, prefix: str, message: str) -> tuple[str, str, str]:
    """What the engine says of a cell, without the cell's value, which stands beside it, and with the rule and the severity."""
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
