"""How columns of fields were read, and which cells could not be read, for notices, validators and the list of issues."""

from __future__ import annotations

from ade_engine import _native
from ade_engine.fields.readers import emptied_cells, filled_rows, readable
from ade_engine.fields.surroundings import ROW, told_as, unread_by_all
from ade_engine.models import polars as pl
from ade_engine.models.issues import WARNING
from ade_engine.models.notices import INFO
from ade_engine.models.polars import frame_of, series_of
from ade_engine.models.table import column_letters
from ade_engine.pipeline.shared.collected import said_at
from ade_engine.pipeline.shared.table_columns import DOUBT_PREFIX, RESERVED_PREFIX, UNREAD_PREFIX, as_text, with_series

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.fields.surroundings import ColumnSurroundings
    from ade_engine.pipeline.shared.context import RunContext

#: The minimum number of dates without a time of day, and the minimum share of a column's cells that are times.
_MIN_DAYS_ALONE, _CLEAR_SHARE = 3, 0.9
NO_SAVED_VALUE = "formula without a saved value"


def note_readings(context: RunContext, around: ColumnSurroundings) -> None:
    """Records how columns were read, and which codes have lost their digits."""
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
        said = told or "the field does not convert this unit, so the values are unchanged"
        context.notice(
            "header_unit",
            f"the header of column {source.letters}, field {field!r}, says {measure.text!r}: {said}",
            level=INFO if measure.said and not measure.doubt else WARNING,
            field=field,
            count=1,
        )
    for field, (kind, values) in around.read_as.items():
        source = around.sources.get(field)
        if source is None:
            continue
        cells = source.padded_cells() if kind == "number" else None
        if cells is not None and cells[0].shows_zeros(cells[1]):
            context.notice(
                "sign_of_format",
                f"field {field!r}: column {source.letters} shows its numbers with leading zeros, and they were read without. If these are ids, read the field with `code`",
                field=field,
                count=1,
            )
        if kind == "date_time" and values is not None:
            _notice_times_beside(context, around, field, source.letters, values.drop_nulls())
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


def _notice_times_beside(context: RunContext, around: ColumnSurroundings, field: str, letters: str, days: pl.Series) -> None:
    """Sends a notice about a field of dates with times whose column has dates alone, beside a column of times without a field.
    ``days``: what was read.
    """
    if len(days) < _MIN_DAYS_ALONE or (days.dt.hour() + days.dt.minute() + days.dt.second()).sum():
        return
    for name, source in around.sources.of_no_field.items():
        if name not in around.table.columns:
            continue
        found = _native.read_column(readable(around.table.get_column(name)), "time", None, is_strict=True)
        times = series_of(found.column).drop_nulls()
        if 2 * len(times) < len(days):
            continue
        filled = filled_rows(around.table, [name]).sum()
        if filled * _CLEAR_SHARE <= len(times):
            context.notice(
                "values_of_another",
                f"column {letters}, field {field!r}, has dates alone, and column {source.letters}, {source.header!r}, has times that no field has. "
                f"`date({around.header(field)!r}).dt.combine(time({source.header!r}))` reads both",
                field=field,
                count=1,
            )
            return


def keep_unread(
    context: RunContext, table: pl.DataFrame, around: ColumnSurroundings
) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """Returns messages about cells that came out empty or are doubtful, for the validators.

    If rows are known by their numbers, the messages are kept apart, so that hooks see the author's columns alone. Otherwise
    they are reserved columns of the table.
    """
    if not context.settings.is_2026:
        return table, None
    added, names = [], table.columns
    for field in names:
        if field.startswith(RESERVED_PREFIX) or field not in context.registry.fields:
            continue
        unread = _with_formulas(around, field, _unread(context, around, table, field))
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


def list_totals(context: RunContext, table: pl.DataFrame, around: ColumnSurroundings) -> None:
    """Lists the totals of fields that are not the sums of the records, each at its own cell, which is outside of the table."""
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


def _doubts_of_field(around: ColumnSurroundings, field: str, height: int) -> list[pl.Series]:
    """Returns the doubts about the cells of each ambiguous column that was read for a field, its own column first.

    If the own column was read, another one counts for its cells that are blank or could not be read.
    """
    readings = {name: reading for (of, name), reading in around.readings.items() if of == field and reading["ambiguous"]}
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
    # Polars reads columns in any order.
    for name in sorted(readings):
        said = _doubts(around, readings[name], height)
        if stands_in is not None:
            first = said.is_not_null().arg_max()
            used = pl.select(pl.when(stands_in).then(said)).to_series()
            if readings[name]["open"] is None and used.null_count() == height and first is not None:
                # The doubt about the column is at the first of its cells that count.
                filled = stands_in & filled_rows(around.table, [name])
                used = used.scatter(filled.arg_max(), said[first]) if filled.any() else used
            said = used
        doubts.append(said)
    return doubts


def messages_of(around: ColumnSurroundings) -> dict[str, tuple[str, str | None]]:
    """Returns the list's text and the rule, by messages of cells that came out empty or are doubtful."""
    found = {message: said for say in around.said for message, said in say().items()}
    for message, (_, rule) in found.items():
        if rule == "date_out_of_range":
            found[message] = ("before 1900", rule)
    return found


def _doubts(around: ColumnSurroundings, reading: dict[str, Any], height: int) -> pl.Series:
    """Returns the doubts about the cells of an ambiguous column: about each one that only a setting decided, else about the
    first one.
    """
    if reading["open"] is not None:
        by = "the reader's argument" if reading["by"] == "argument" else reading["by"]
        said = f"ambiguous: read as {reading['read_as']} because of {by}"
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


def _with_formulas(around: ColumnSurroundings, field: str, unread: pl.Series | None) -> pl.Series | None:
    """Returns the messages for unread cells, with those for formulas that were saved without a value."""
    found = around.without_value(field)
    if found is None:
        return unread
    around.said.append(lambda: {NO_SAVED_VALUE: (NO_SAVED_VALUE, "formula_without_value")})
    said = said_at(found, NO_SAVED_VALUE)
    return said if unread is None else _first_said([unread, said])


def _first_said(columns: list[pl.Series]) -> pl.Series:
    """Returns the first message of each row."""
    return series_of(_native.joined_texts(columns, None))


def _unread(context: RunContext, around: ColumnSurroundings, table: pl.DataFrame, field: str) -> pl.Series | None:
    """Returns messages for the cells of a field that were filled before its transforms, and that no reader could read or that
    are empty now; for a field made of columns without a field, messages for the cells of these that no reader could read.
    """
    if (field, field) in around.exact:
        return around.exact[field, field]
    after = table.get_column(field)
    before = around.as_written(field)
    if before is None:
        read = {name: found for (of, name), found in around.unread.items() if of == field and name not in context.registry.fields}
        lost = {name: unread_by_all(found) for name, found in read.items() if all(said is not None and len(said) == len(after) for said in found)}
        for name, said in lost.items():
            around.note_lost(field, name, said)
        return _first_said([*lost.values()]) if lost else None
    emptied = _emptied(around, field, before, after)
    hidden = around.hidden.get(field)
    if hidden is None or len(hidden) != len(after):
        return emptied
    # A value that replaces an unreadable cell does not make the cell readable.
    return hidden if emptied is None else _first_said([emptied, hidden])


def _emptied(around: ColumnSurroundings, field: str, before: pl.Series, after: pl.Series) -> pl.Series | None:
    """Returns messages for the cells of a field that were filled before its transforms and are empty now."""
    if before is after or len(before) != len(after) or not after.null_count():
        return None
    emptied = emptied_cells(around, before, after)
    if emptied is None:
        return None
    for messages in (said for (of, _), found in around.unread.items() if of == field for said in found):
        if messages is not None and len(messages) == len(emptied):
            # The message of the reader is more precise than "left empty".
            there = series_of(_native.filled_rows([emptied], len(emptied), 1))
            emptied = _first_said([messages, emptied]).zip_with(there, emptied)
    return emptied
