"""The notices about the rows and columns of a sheet. The native module finds them (``sheet``); this module has the words.

Rows and columns count from 0 here.
"""

from __future__ import annotations

from ade_engine.fields.headers import simplify
from ade_engine.models.notices import INFO, WARNING, some_of
from ade_engine.models.table import TableRegion, column_letters
from ade_engine.pipeline.finding.header_rows import DATA, GROUP, HEADER, KIND_NAMES
from ade_engine.pipeline.finding.row_detectors import known_words
from ade_engine.pipeline.shared import not_written
from ade_engine.pipeline.shared.row_numbers import rows_in_words, stretches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ade_engine import _native
    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.pipeline.finding.header_rows import RowKinds, RowSpan
    from ade_engine.pipeline.shared.context import RunContext

#: The kinds of rows for messages.
_TAKEN_FOR = ("something else", "a header", "a record", "a total", "a section head", "a note", "a title")
#: The maximum number of reasons in a notice.
_MAX_REASONS = 3
#: The reasons for which a header row is doubtful, other than its looks.
_DOUBTS = {
    "address": "it has an e-mail address or a phone number",
    "nothing below": "no row follows it",
    "texts below names": "it has only texts, and the row above looks like headers",
}


def tell(context: RunContext, scan: SheetScan, told: list[tuple[Any, ...]]) -> None:
    """Sends the notices about findings, each by its name and its facts."""
    for name, *facts in told:
        _NOTICES[name](context, scan, *facts)


def notice_cards(context: RunContext, cards: _native.FoundCards) -> None:
    """Sends the notice that records are in lines, and where."""
    count, labels = len(cards.first_rows), cards.labels
    region = TableRegion(*cards.region)
    context.notice(
        "records_in_lines",
        f"{count} records are blocks of lines, each with a label and its value ({', '.join(map(repr, labels[:4]))}"
        f"{', …' if len(labels) > 4 else ''}), in {region.a1}{' (`line_records = true`)' if context.settings.line_records else ''}; each block became a row",
        level=INFO,
        count=count,
        rows=[[region.min_row, region.max_row]],
    )


def _notice_further_headers(context: RunContext, _: SheetScan, rows: list[int]) -> None:
    numbers, named = _named(rows)
    context.notice(
        "doubtful_header_row",
        f"{named}, below a blank row, used as the header of another table, because a text in it is the header of "
        "a field or has values below it. If this is a record, set the header rows of the sheet: `header_rows`",
        rows=numbers,
    )


def _notice_side(context: RunContext, _: SheetScan, words: int, start: int, stop: int, is_turned: bool) -> None:
    why = f"the headers of {words} fields are" if is_turned or words > 1 else "headers seem to be"
    done = (
        "each column is a record, so rows and columns were swapped. `Source column` gives the column of each record: "
        f"2 is column {column_letters(2)}"
        if is_turned
        else "each column seems to be a record. All rows were kept as they are, and no row is the header"
    )
    context.notice(
        "table_on_its_side",
        f"{why} below one another, in rows {start + 1} to {stop}: {done}",
        level=INFO if is_turned else WARNING,
        rows=[[start + 1, stop]],
    )


def _named(rows: list[int]) -> tuple[list[list[int]], str]:
    """Returns ranges of rows counted from 1, and these in words."""
    numbers = stretches([row + 1 for row in rows])
    return numbers, rows_in_words(numbers)


def _notice_no_header(context: RunContext, scan: SheetScan, row: int, is_above: bool) -> None:
    looks = scan.layouts()[row]
    why = f" ({'; '.join(looks.reasons[:_MAX_REASONS])})" if looks.state == "data" else ""
    above = "there are records above the header row:" if is_above else "no header row was found;"
    context.notice(
        "no_header_row",
        f"{above} row {row + 1} looks like a record{why}. So columns were recognised by their values. If row {row + 1} is the header, "
        f"set `header_rows = [{row + 1}]`",
        rows=stretches([row + 1]),
    )


def _notice_doubt(context: RunContext, scan: SheetScan, rows: list[int], why: str) -> None:
    numbers, named = _named(rows)
    context.notice(
        "doubtful_header_row",
        f"{named} used as the header, but that is not certain ({_DOUBTS.get(why) or _by_looks(scan, rows)}). If it is wrong, "
        "set `header_rows` for this sheet, to the right rows or to `[]` if it has none",
        rows=numbers,
    )


def _by_looks(scan: SheetScan, rows: list[int]) -> str:
    """Returns the doubt about the looks of the likeliest of some header rows."""
    looks = scan.layouts()[max(rows, key=lambda row: scan.layouts()[row]["header"])]
    if looks.state == "header":
        return f"it looks only {round(looks['header'] * 100)}% like a header"
    what = dict(zip(KIND_NAMES, _TAKEN_FOR)).get(looks.state, looks.state)
    return f"it looks more like {what}: {'; '.join(looks.reasons[:_MAX_REASONS])}"


def _notice_kept(context: RunContext, scan: SheetScan, rows: list[int], why: str) -> None:
    numbers, named = _named(rows)
    is_one = len(rows) == 1
    may_be = {
        "part of the header": f"{named} looks like a part of the header, but has values",
        "other header": f"{named} may be the header of another table",
        "name alone": f"{named} between records {'has' if is_one else 'have'} only a name, and may be {'a section head or a note' if is_one else 'section heads or notes'}",
        "note": f"{named} may be notes",
    }[why]
    context.notice(
        "doubtful_rows",
        f"{may_be}; kept as {'a record' if is_one else 'records'}",
        level=INFO if why == "note" else WARNING,
        count=len(rows),
        rows=numbers,
    )


def _notice_below(context: RunContext, _: SheetScan, rows: list[int], likely: float, kind: int) -> None:
    numbers, named = _named(rows)
    context.notice(
        "doubtful_header_row",
        f"{named}, right below the header row, may belong to it (looks {round(likely * 100)}% like a header); read as "
        f"{_TAKEN_FOR[kind]}. If it belongs to the header, set `header_rows` for this sheet",
        # A section head is not lost: it is beside its rows.
        level=INFO if kind == GROUP else WARNING,
        rows=numbers,
    )


def notice_left_out(context: RunContext, noun: str, what: str, rows: list[int], reason: str, level: str = INFO, more: str = "") -> None:
    """Sends a notice about rows that were left out. ``noun``: the name of one; ``what``: further words; ``reason``: a word of
    the row map.
    """
    numbers, count = stretches([row + 1 for row in rows]), len(rows)
    context.notice(
        "rows_left_out",
        f"{count} {noun if count == 1 else f'{noun}s'}{what} left out ({context.rows_in_words(numbers)}){more}",
        level=level,
        count=count,
        **context.rows_told(numbers),
        reason=reason,
    )


def _left_out(what: str, reason: str = not_written.OUTSIDE, level: str = INFO) -> Callable[..., None]:
    """Returns a function that reports rows that were left out, as a warning if there are unusually many."""

    def notice_rows(context: RunContext, _: SheetScan, rows: list[int], are_more: bool = False) -> None:
        notice_left_out(context, "row", what, rows, reason, WARNING if are_more else level)

    return notice_rows


def _notice_deductions(context: RunContext, _: SheetScan, row: int) -> None:
    context.notice(
        "deductions",
        f"row {row + 1} says that the amounts below it are deductions, but they were read like all others. If they are not negative, sums add them instead of subtracting them",
        rows=[[row + 1, row + 1]],
    )


def _notice_notes_beside(context: RunContext, _: SheetScan, places: list[tuple[int, int]]) -> None:
    cells = sorted(f"{column_letters(column + 1)}{row + 1}" for row, column in places)
    said = "1 text" if len(cells) == 1 else f"{len(cells)} texts"
    context.notice(
        "notes_beside_table", f"{said} beside the table left out ({', '.join(cells)})", level=INFO, count=len(cells), cells=cells
    )


def _notice_doubt_beside(context: RunContext, _: SheetScan, first: int, stop: int, ends_above: bool) -> None:
    context.notice(
        "tables_side_by_side",
        f"{'column' if stop - first == 1 else 'columns'} {_letters(first, stop)} after a blank column may "
        + ("not belong to the table, which ends further down" if ends_above else "be another table")
        + "; read as part of it",
        level=WARNING if ends_above else INFO,
    )


def _notice_tables_beside(context: RunContext, _: SheetScan, tables: list[tuple[int, int]]) -> None:
    named = [_letters(first, stop) for first, stop in tables]
    context.notice(
        "tables_side_by_side",
        f"{len(named)} tables beside one another, in columns {', '.join(named[:-1])} and {named[-1]}",
        level=INFO,
        count=len(named),
    )


def _letters(first: int, stop: int) -> str:
    one, other = column_letters(first + 1), column_letters(stop)
    return one if one == other else f"{one} to {other}"


def notice_no_table(context: RunContext, verdict: RowKinds | None, spans: list[RowSpan]) -> None:
    """Sends a notice about a sheet without a value (then ``verdict`` is ``None``), or without a header row by any detector."""
    if verdict is None:
        context.notices.add("no_table", f"sheet {context.sheet_name!r} is empty", level=INFO, sheet=context.sheet_name)
        return
    # Whether there is no header row, and no data row that could follow one.
    is_guessed = HEADER not in verdict.kinds and verdict.kinds.find(DATA, 1) == -1
    if not spans or not spans[0].header_rows or not is_guessed:
        return
    row = spans[0].start + 1
    if max(verdict.header_scores, default=0.0) <= 0.0:
        taken = "the first filled row was used as one"
    else:
        taken = f"row {row} was used, which looks most like one"
    context.notice(
        "no_table", f"no header row was recognised, so {taken}", rows=[[row, row]]
    )


def fill_values_above(context: RunContext, scan: SheetScan, span: RowSpan, changed: dict[int, list[Any]]) -> None:
    """Sends notices about the cells of a table that stand for the value above them, and puts rows with the values for signs
    into ``changed``.
    """
    signs, (columns, blank) = span.signs, span.filled_once
    filled = _columns_filled_down(context, scan, span) if signs or columns else set()
    for row, column, above in signs:
        if above is not None:
            changed.setdefault(row, scan.row(row))[column] = scan.cell(above, column)
    for found, said, level in (
        ([(row, column) for row, column, above in signs if above is not None], "were replaced by the value above them", INFO),
        ([(row, column) for row, column, above in signs if above is None], "were left as they are: there is no value above them, or they may be names. Ask the sender for the values", WARNING),
    ):
        cells = [f"{column_letters(column + 1)}{row + 1}" for row, column in found]
        if cells:
            context.notice("ditto_marks", f"ditto marks, which mean the same as above, {said} ({some_of(cells)})", level=level, count=len(cells), cells=cells[:100])
    columns = [column for column in columns if column - span.first_column not in filled]
    if columns:
        found = stretches([row + 1 for row in blank])
        letters = ", ".join(column_letters(column + 1) for column in columns)
        what = f"column {letters} has a value" if len(columns) == 1 else f"columns {letters} have values"
        said = f"{what} in the first of several records and {'is' if len(columns) == 1 else 'are'} blank below it ({rows_in_words(found)}); the blank cells stay empty"
        context.notice("filled_once", f"{said}. If the value applies to them, too, set fill_down=True in the field: Field(…, fill_down=True)", count=len(blank), rows=found)


def _columns_filled_down(context: RunContext, scan: SheetScan, span: RowSpan) -> set[int]:
    """Returns the columns of a table, from 0, whose headers belong to fields that are filled from above."""
    fields = context.registry.reshapes.filled
    if not fields or not span.header_rows:
        return set()
    words = known_words(context.registry)
    cells = scan.row(span.data_start - 1)[span.first_column : span.stop_column]
    return {at for at, cell in enumerate(cells) if isinstance(cell, str) and words.get(simplify(cell)) in fields}


_NOTICES = {
    "no header": _notice_no_header,
    "doubt": _notice_doubt,
    "kept": _notice_kept,
    "below": _notice_below,
    "left out above": _left_out(" above the header row"),
    "tables above": _left_out(" above the table, below headers that no field has,", level=WARNING),
    "left out below": _left_out(" below the table"),
    "deductions": _notice_deductions,
    "page titles": _left_out(" of page titles", not_written.TITLE),
    "further headers": _notice_further_headers,
    "on its side": _notice_side,
    "notes beside": _notice_notes_beside,
    "doubt beside": _notice_doubt_beside,
    "tables beside": _notice_tables_beside,
}
