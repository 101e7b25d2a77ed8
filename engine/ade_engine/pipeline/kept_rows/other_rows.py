"""What settings make of rows that are neither header nor data: notes, totals, section heads, blank rows.

Their kinds come from row detectors. Without these settings such rows belong to the table they follow, as data. Each row
that is left out is named in a notice. Rows count from 0 here.
"""

from __future__ import annotations


import polars as pl

from ade_engine import _native
from ade_engine.fields.readers import filled_rows, without_blank_rows
from ade_engine.fields.surroundings import Surroundings
from ade_engine.io.limits import CONTROL_CHARACTER
from ade_engine.models.notices import INFO, WARNING
from ade_engine.models.table import amount_of, is_blank
from ade_engine.pipeline.columns.frame import header_text
from ade_engine.pipeline.finding.header_rows import BALANCE, DATA, GROUP, LINE, LONE, NOTE, TITLE, TOTAL, RowSpan
from ade_engine.pipeline.kept_rows.pivots import find_pivot
from ade_engine.pipeline.kept_rows.provenance import note_dropped
from ade_engine.pipeline.kept_rows.totals import find_totals, tell_balances
from ade_engine.pipeline.shared import not_written
from ade_engine.pipeline.shared.row_numbers import rows_in_words, stretches
from ade_engine.pipeline.shared.table_columns import with_series

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ade_engine.fields.surroundings import Sources
    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.pipeline.columns.frame import SourceTable
    from ade_engine.pipeline.shared.context import RunContext

#: The header of the column that `group_rows = "column"` adds.
SECTION = "Section"
#: A row of so many cells is no remark.
_LEAST_OF_RECORD = 2
#: So many rows say how wide a table without a header row is.
_FIRST_RECORDS = 20
#: A section head may be a year.
_YEARS = (1900, 2100)
#: The mark of a footnote in a cell of its own is at most so long, its text at least so.
_LONGEST_MARK, _LEAST_OF_REMARK = 2, 12
#: Why rows have none in the output, by their kinds.
_REASONS = {NOTE: not_written.NOTE, TOTAL: not_written.TOTAL, BALANCE: not_written.TOTAL, GROUP: not_written.TITLE, LINE: not_written.LINE}
#: What remarks begin with.
_MARKS = ("*", "†", "‡", "§")


def end_tables(context: RunContext, spans: list[RowSpan], kinds: bytearray, scan: SheetScan) -> None:
    """Let tables end above their notes, and at blank rows, where the settings say so."""
    notes, blank_rows = context.settings.end_tables_at_notes, context.settings.stop_at_blank_rows
    if not notes and not blank_rows:
        return
    left_out: list[int] = []
    if notes:
        _join_strays(spans, kinds, scan)
    for span in list(spans):
        before = span.stop
        if blank_rows:
            span.stop = _first_gap(span, scan.is_empty_row, blank_rows)
        rows = {*range(span.stop, before)}
        if notes:
            end, span.stop = span.stop, _above_notes(span, kinds, scan)
            kept = _below_records(scan, span, end)
            if kept > span.stop:
                _tell_kept(context, range(span.stop, kept))
                span.stop = kept
            rows.update(range(span.stop, end))
            at = spans.index(span) + 1
            spans[at:at] = small = _small_tables(span.stop, end, scan)
            rows.difference_update(row for one in small for row in range(one.start, one.stop))
        left_out += (row for row in sorted(rows) if not scan.is_empty_row(row))
    if left_out:
        kept = sum(not scan.is_empty_row(row) for span in spans for row in range(span.data_start, span.stop))
        _notice(context, "row", " below the table", left_out, not_written.OUTSIDE, level=WARNING if len(left_out) > kept else INFO)


def _join_strays(spans: list[RowSpan], kinds: bytearray, scan: SheetScan) -> None:
    """Give a later table of one name with one record at most back to the table above: a remark beside its notes."""
    for span in spans[1:]:
        records = [row for row in range(span.data_start, span.stop) if not scan.is_empty_row(row)]
        if span.header_rows and len(records) <= 1 and all(_texts(scan, span, range(row, row + 1)) == 1 for row in (span.start, *records)):
            above = spans[spans.index(span) - 1]
            kinds[span.start : span.stop] = bytes((NOTE,)) * (span.stop - span.start)
            above.stop = span.stop
            spans.remove(span)


def _first_gap(span: RowSpan, is_empty_row: Callable[[int], bool], blank_rows: int) -> int:
    """Where a table has so many blank rows below a filled one; its end otherwise."""
    run, has_data = 0, False
    for row in range(span.data_start, span.stop):
        if not is_empty_row(row):
            run, has_data = 0, True
        elif has_data:
            run += 1
            if run == blank_rows:
                return row + 1 - run
    return span.stop


def _above_notes(span: RowSpan, kinds: bytearray, scan: SheetScan) -> int:
    """Below the table's last row that is no note; its end where it has no notes there."""
    stop, has_notes = span.stop, False
    names = _names(scan, span)
    while stop > span.data_start:
        row = stop - 1
        if not scan.is_empty_row(row):
            if kinds[row] not in (NOTE, TITLE, GROUP) or not _is_thin(scan, span, row, names):
                break
            has_notes |= kinds[row] != GROUP
        stop = row
    return stop if has_notes else span.stop


def _below_records(scan: SheetScan, span: RowSpan, end: int) -> int:
    """Below the last of the rows under a table that look like notes, and are records of text.

    They follow the table without a blank row. Notes begin in the first column, most of them; records begin under a name further
    right as well. Where no record would stay, all of these rows do.
    """
    if span.stop == end:
        return end
    header = [scan.row(row)[span.first_column : span.stop_column] for row in range(span.start, span.data_start)]
    named = {span.first_column + at for cells in header for at, cell in enumerate(cells) if not is_blank(cell)}
    found, row = span.stop, span.stop
    while row < end and not scan.is_empty_row(row):
        cells = scan.row(row)
        columns = [column for column, cell in enumerate(cells) if column >= span.first_column and not is_blank(cell)]
        if not columns or str(cells[columns[0]]).strip().endswith(":"):
            # "Sources:" and what is indented below it.
            break
        is_named = named.issuperset(columns)
        row += 1
        # Below such a record, a row of several cells under names is one, too.
        if is_named and (columns[0] > min(named) or found > span.stop and len(columns) > 1 and not _is_marked(cells)):
            found = row
    return row if found == span.data_start < row else found


def _tell_kept(context: RunContext, rows: range) -> None:
    """Name records that look like notes."""
    numbers = stretches([row + 1 for row in rows])
    context.notice(
        "doubtful_rows",
        f"{rows_in_words(numbers)} may be notes; kept as {'a record' if len(rows) == 1 else 'records'}",
        level=INFO,
        count=len(rows),
        rows=numbers,
    )


def _small_tables(start: int, stop: int, scan: SheetScan) -> list[RowSpan]:
    """The tables of a few cells among the notes below a table: between blank rows, names above values in the same columns."""
    tables = []
    row = start
    while row < stop:
        if scan.is_empty_row(row):
            row += 1
            continue
        first = row
        while row < stop and not scan.is_empty_row(row):
            row += 1
        # What follows the table directly belongs to its notes.
        if row - first > 1 and first > start and _native.is_small_table(scan.as_native(), first, row):
            tables.append(RowSpan(first, 1, row))
    return tables


def _texts(scan: SheetScan, span: RowSpan, rows: range) -> int:
    """Different values in some rows of a table. A merged range that was filled says the same in each of its cells."""
    cells = (cell for row in rows for cell in scan.row(row)[span.first_column : span.stop_column])
    return len({str(cell).strip() for cell in cells if not is_blank(cell)})


def _names(scan: SheetScan, span: RowSpan) -> int:
    """How many columns a table's header names; without a header row, how many its fullest record fills."""
    if span.header_rows:
        return _texts(scan, span, range(span.start, span.data_start))
    first = range(span.start, min(span.stop, span.start + _FIRST_RECORDS))
    return max((_texts(scan, span, range(row, row + 1)) for row in first), default=0)


def _is_named(cells: list[Any]) -> bool:
    """Whether a row has texts alone, or a year: a section head is no number and no day."""
    filled = [cell for cell in cells if not is_blank(cell)]
    amounts = [amount_of(cell) for cell in filled]
    return all(
        isinstance(cell, str) if amount is None else _YEARS[0] <= amount <= _YEARS[1] for cell, amount in zip(filled, amounts)
    )


def _is_thin(scan: SheetScan, span: RowSpan, row: int, names: int) -> bool:
    """Whether a row has few values beside the table's header: a full row is never left out for its looks."""
    is_remark = names > 2 and _is_marked(scan.row(row)[span.first_column : span.stop_column])
    return is_remark or _texts(scan, span, range(row, row + 1)) * 2 <= names


def _is_marked(cells: list[Any]) -> bool:
    """Whether a row is a footnote with its mark in a cell of its own."""
    filled = [str(cell).strip() for cell in cells if not is_blank(cell)]
    return len(filled) == 2 and len(filled[0]) <= _LONGEST_MARK and len(filled[1]) >= _LEAST_OF_REMARK


#: The kinds of rows that may be left out, what one is called, and what is said behind it.
_UNWANTED = ((NOTE, "note", " between records"), (TOTAL, "row", " of totals"), (BALANCE, "row", " of balances"), (GROUP, "section head", ""))


def leave_out_rows(
    context: RunContext, table: pl.DataFrame, span: RowSpan, kinds: bytearray, scan: SheetScan, source: SourceTable
) -> pl.DataFrame:
    """The table without the rows that settings leave out, and with a column for its section heads if they say so.

    The table has to have a row for each row of the span below its header.
    """
    settings = context.settings
    # A field that is the section head asks for it.
    group_rows = "column" if context.registry.reshapes.has_section() else settings.group_rows
    inside = kinds[span.data_start : span.stop]
    if span.section is not None and table.height:
        table = with_series(table, [pl.Series(_free_name(table), [span.section]).new_from_index(0, table.height)])
    if group_rows != "keep" and GROUP in inside:
        names = _names(scan, span)
        for at, kind in enumerate(inside):
            row = span.data_start + at
            if kind == GROUP and not (_is_thin(scan, span, row, names) and _is_named(scan.row(row)[span.first_column : span.stop_column])):
                inside[at] = DATA
    if settings.edition != "1.9" and GROUP in inside:
        _keep_lone_names(context, span, inside, scan)
    may_be_pivot = settings.edition != "1.9" and group_rows == "column" and settings.skip_total_rows
    names_of_groups = find_pivot(span, inside, scan) if may_be_pivot else None
    if settings.skip_total_rows and names_of_groups is None:
        find_totals(context, span, inside, scan)
    if settings.end_tables_at_notes:
        _find_remarks(span, inside, scan)
    wanted_gone = {NOTE: settings.end_tables_at_notes, TOTAL: settings.skip_total_rows, BALANCE: True, GROUP: group_rows != "keep"}
    unwanted = [(kind, noun, what) for kind, noun, what in _UNWANTED if wanted_gone[kind] and kind in inside]
    gone = {kind for kind, *_ in unwanted}.union(kind for kind in (LINE, LONE) if kind in inside)
    if not gone or table.height != len(inside):
        return table
    for kind in gone:
        rows = [span.data_start + at + 1 for at, one in enumerate(inside) if one == kind]
        context.not_written.add(stretches(rows), _REASONS.get(kind, not_written.OTHER))
    names = len(inside) - len(inside.lstrip(bytes((LINE,))))
    if names:
        # Lines above all records name the columns of the lines below.
        context.not_written.add([[span.data_start + 1, span.data_start + names]], not_written.HEADER)
    if group_rows == "column" and GROUP in inside:
        sections, controlled = _sections(table, span, inside, scan, names_of_groups or {})
        context.notice_controls("section head in", "section heads in", [context.cell_of(*cell) for cell in controlled])
        if any(head is not None for head, kind in zip(sections, inside) if kind != GROUP):
            table = with_series(table, [sections])
            if context.registry.reshapes.has_section():
                span.heads = _heads(span, inside, scan)
    if LINE in inside:
        table = with_series(table, _lines(table, span, inside, scan, source))
    _tell_lines(context, span, inside)
    for kind, noun, what in unwanted:
        rows = [span.data_start + at for at, one in enumerate(inside) if one == kind]
        if kind == BALANCE:
            tell_balances(context, span, rows, scan)
        else:
            has_records = any(one not in gone and not scan.is_empty_row(row) for row, one in enumerate(inside, span.data_start))
            said = "" if has_records else ", and the table has no record"
            _notice(context, noun, what, rows, _REASONS.get(kind, not_written.OTHER), INFO if has_records else WARNING, said)
    return table.filter(pl.Series([one not in gone for one in inside], dtype=pl.Boolean))


def _tell_lines(context: RunContext, span: RowSpan, inside: bytearray) -> None:
    """Say which rows are further lines of records, and which may be."""

    def rows_of(wanted: int) -> list[list[int]]:
        return stretches([span.data_start + at + 1 for at, kind in enumerate(inside) if kind == wanted])

    if LINE in inside:
        count, numbers = inside.count(LINE), rows_of(LINE)
        context.notice(
            "lines_of_records",
            f"{count} {'row is' if count == 1 else 'rows are'} further lines of the records above "
            f"({rows_in_words(numbers)}); their texts are in columns of their own",
            level=INFO,
            count=count,
            rows=numbers,
        )
    if LONE in inside:
        numbers = rows_of(LONE)
        context.notice(
            "doubtful_rows",
            f"{rows_in_words(numbers)} between records may be a section head, a note, or a line of the record above; left out",
            count=inside.count(LONE),
            rows=numbers,
        )


def drop_blank_rows(context: RunContext, table: pl.DataFrame, sources: Sources) -> pl.DataFrame:
    """The table without the rows in which no field has a value: blank rows, and notes beside the columns that are wanted.

    A row of formulas that were saved without values is not blank where these are issues. In a table of which most columns have no field,
    and are written, a row of several cells is a record: the fields that were found may be those that are seldom filled.
    """
    # What stands beside the table is no value of a row.
    fields = {name: field for name, field in context.registry.fields.items() if name not in context.facts} if context.facts else context.registry.fields
    lost = []
    if context.settings.report_unread_cells and sources.may_lack_values:
        found = map(Surroundings(context.settings, table, sources).without_value, (*sources, *sources.of_parts))
        lost += [cells for cells in found if cells is not None]
    names = table.columns
    others = [name for name in names if name not in fields and name not in context.facts and not name.startswith(("__", SECTION))]
    known = sum([name in fields for name in names])
    if 0 < known < len(others) and not context.settings.remove_unmapped_columns:
        lost.append(_rows_of_several_cells(table, others))
    if lost:
        kept = table.filter(pl.any_horizontal(filled_rows(table, fields), *lost))
    else:
        kept = without_blank_rows(table, fields)
    if kept is not table:
        is_empty = not others and not lost or without_blank_rows(table, [*fields, *others]).height == kept.height
        note_dropped(context, None, table, kept, is_empty=is_empty)
    return kept


def _rows_of_several_cells(table: pl.DataFrame, columns: list[str]) -> pl.Series:
    """Which rows have something in several of these columns."""
    # A frame makes its schema anew for each who asks: in a sheet of 16,384 columns that took minutes.
    schema = table.schema
    cells = [pl.col(name).str.strip_chars() != "" if schema[name] == pl.String else pl.col(name).is_not_null() for name in columns]
    return table.select(pl.sum_horizontal(*cells) >= _LEAST_OF_RECORD).to_series()


def _find_remarks(span: RowSpan, inside: bytearray, scan: SheetScan) -> None:
    """Let notes and titles be those that stand between blank rows and fill a part of the columns; the others are records."""
    if NOTE not in inside and TITLE not in inside:
        return
    names = _names(scan, span)

    def is_thin(at: int) -> bool:
        return inside[at] in (NOTE, TITLE) and _is_thin(scan, span, span.data_start + at, names)

    def is_blank_row(at: int) -> bool:
        return not 0 <= at < len(inside) or scan.is_empty_row(span.data_start + at)

    at, stop = 0, inside.rfind(DATA)
    for one in range(stop + 1, len(inside)):
        # Below the last record, tables end where they are said to end.
        inside[one] = DATA if inside[one] in (NOTE, TITLE) else inside[one]
    while at < stop:
        end = at
        while end < len(inside) and is_thin(end):
            end += 1
        if end == at:
            inside[at] = DATA if inside[at] in (NOTE, TITLE) else inside[at]
            at += 1
            continue
        is_apart = is_blank_row(at - 1) and is_blank_row(end)
        for one in range(at, end):
            inside[one] = NOTE if is_apart else DATA
        at = end


def _keep_lone_names(context: RunContext, span: RowSpan, inside: bytearray, scan: SheetScan) -> None:
    """Let names alone in the first rows be records where they stand above values of the same column: nobody knows which they are."""
    heads = [at for at, kind in enumerate(inside) if kind == GROUP]
    stop = len(heads)
    if heads != [*range(stop)] or stop == len(inside) or scan.is_empty_row(span.data_start + stop):
        return
    columns = {next((number for number, cell in enumerate(scan.row(span.data_start + at)) if not is_blank(cell)), None) for at in heads}
    column = columns.pop()
    below = [span.data_start + at for at in range(stop, len(inside)) if inside[at] == DATA and not scan.is_empty_row(span.data_start + at)]
    if columns or column is None or any(is_blank(scan.cell(row, column)) for row in below):
        return
    inside[:stop] = bytes((DATA,)) * stop
    numbers = [[span.data_start + 1, span.data_start + stop]]
    said = f"{rows_in_words(numbers)}: only a name, without values: a section head or an empty record; kept as a record"
    context.notice("doubtful_rows", said, count=stop, **context.rows_told(numbers))


def _sections(
    table: pl.DataFrame, span: RowSpan, inside: bytearray, scan: SheetScan, names: dict[int, str]
) -> tuple[pl.Series, list[tuple[int, int]]]:
    """For each row the section head above it, and the cells of heads, by row and column from 1, that hold what no cell of a workbook can;
    ``names``: those of heads that have more than a name.
    """
    heads: list[str | None] = []
    head: str | None = None
    controlled: list[tuple[int, int]] = []
    for at, kind in enumerate(inside):
        if at in names:
            head = names[at]
        elif kind == GROUP:
            cells = scan.row(span.data_start + at)[span.first_column : span.stop_column]
            # A merged head that was filled says the same in each of its cells.
            texts = dict.fromkeys(str(cell).strip() for cell in cells if not is_blank(cell))
            text = " ".join(texts)
            if CONTROL_CHARACTER.search(text):
                column = next(column for column, cell in enumerate(cells, span.first_column + 1) if CONTROL_CHARACTER.search(str(cell)))
                controlled.append((span.data_start + at + 1, column))
                text = CONTROL_CHARACTER.sub("", text)
            # A remark between two rows looks like a section head, and names nothing.
            head = head if text.startswith(_MARKS) else text or None
        heads.append(head)
    return pl.Series(_free_name(table), heads, dtype=pl.String), controlled


def _heads(span: RowSpan, inside: bytearray, scan: SheetScan) -> dict[int, tuple[int, int]]:
    """The cell of the section head above each row."""
    found: dict[int, tuple[int, int]] = {}
    head: tuple[int, int] | None = None
    for at, kind in enumerate(inside):
        row = span.data_start + at
        if kind == GROUP:
            cells = scan.row(row)[span.first_column : span.stop_column]
            column, cell = next((column, cell) for column, cell in enumerate(cells, span.first_column + 1) if not is_blank(cell))
            head = head if str(cell).strip().startswith(_MARKS) else (row + 1, column)
        elif head is not None:
            found[row + 1] = head
    return found


def _free_name(table: pl.DataFrame) -> str:
    """A name for a column of section heads."""
    name, number = SECTION, 1
    while name in table.columns:
        number += 1
        name = f"{SECTION}__{number}"
    return name


def _lines(table: pl.DataFrame, span: RowSpan, inside: bytearray, scan: SheetScan, source: SourceTable) -> list[pl.Series]:
    """The texts of the lines below records, as columns of the records."""
    found: dict[tuple[int, int], dict[int, str]] = {}
    names: dict[int, str] = {}
    record, number = None, 1
    for at, kind in enumerate(inside):
        row = span.data_start + at
        if kind != LINE:
            record, number = at, 1
            continue
        number += 1
        for column, cell in enumerate(scan.row(row)[span.first_column : span.stop_column]):
            if is_blank(cell):
                continue
            if record is None:
                names[column] = CONTROL_CHARACTER.sub("", str(cell)).strip()
            else:
                found.setdefault((number, column), {})[record] = str(cell)
    series, taken = [], {*table.columns}
    for (number, column), texts in sorted(found.items()):
        header = header_text(source.columns[column].header) or f"col_{column + 1}"
        wanted = name = names.get(column) or f"{header} line {number}"
        repeats = 1
        while name in taken:
            repeats += 1
            name = f"{wanted}__{repeats}"
        taken.add(name)
        series.append(pl.Series(name, [texts.get(at) for at in range(len(inside))], dtype=pl.String))
    return series


def _notice(context: RunContext, noun: str, what: str, rows: list[int], reason: str, level: str = INFO, more: str = "") -> None:
    """Name rows that were left out: ``noun`` is one of them, ``what`` says more; ``reason``: a word of the row map."""
    if not rows:
        return
    numbers = stretches([row + 1 for row in rows])
    count = len(rows)
    context.notice(
        "rows_left_out",
        f"{count} {noun if count == 1 else f'{noun}s'}{what} left out ({context.rows_in_words(numbers)}){more}",
        level=level,
        count=count,
        **context.rows_told(numbers),
        reason=reason,
    )
