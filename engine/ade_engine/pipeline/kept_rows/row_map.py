"""The row map: the sender's line of each output row, and the lines that have no row, with the reason.

It is written beside the workbook in edition 2026, as docs/reference/rows.schema.json describes it, for grids that show input
and output side by side. It holds no values. Unknown rows and positions are marked as such.
"""

from __future__ import annotations

from ade_engine import _native
from ade_engine.fields.readers import gone
from ade_engine.fields.surroundings import ROW
from ade_engine.models import polars as pl
from ade_engine.pipeline.finding import header_rows
from ade_engine.pipeline.shared.table_columns import CELL_COLUMN_PREFIX, CELL_PART_PREFIX, CELL_ROW_PREFIX, RESERVED_PREFIX
from ade_engine.pipeline.shared.not_written import BLANK, HEADER, NOTE, OTHER, OUTSIDE, QUARANTINED, REPEATED_HEADER, TITLE, TOTAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ade_engine.io.output.appended_table import AppendedTable
    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.pipeline.finding.header_rows import RowSpan
    from ade_engine.pipeline.shared.context import RunContext

    #: First and last line, the reason, and the hook that dropped them.
    LineRange = tuple[int, int, str, str | None]

#: The reasons for lines by their looks, by number; 0: no reason.
_BY_LOOKS = ("", HEADER, REPEATED_HEADER, BLANK, TOTAL, NOTE, TITLE, OUTSIDE, OTHER)
_OF_KINDS = {
    header_rows.HEADER: HEADER,
    header_rows.TOTAL: TOTAL,
    header_rows.BALANCE: TOTAL,
    header_rows.NOTE: NOTE,
    header_rows.TITLE: TITLE,
}


def _numbers_of_kinds(reason: str) -> bytes:
    """Returns the number of the reason of each kind of row; ``reason``: that of all others."""
    return bytes(_BY_LOOKS.index(_OF_KINDS.get(kind, reason)) for kind in range(256))


_AROUND, _WITHIN = _numbers_of_kinds(OUTSIDE), _numbers_of_kinds(OTHER)


class TableSourceRows:
    """The lines of a table's rows: their numbers, in table order, and null for rows that a hook has added.

    ``unknown``: the hook that made them unknown; then there are no numbers. ``is_turned``: the numbers are those of columns.
    """

    def __init__(self, table: pl.DataFrame, unknown: str | None, *, is_turned: bool):
        self.unknown = unknown
        self.is_turned = is_turned
        names = table.columns if unknown is None else ()
        known = ROW in names
        self.numbers = table.get_column(ROW).cast(pl.UInt32) if known else pl.Series(ROW, [], dtype=pl.UInt32)
        #: In a reshaped table: the rows and the columns of a field's values, if these are not its own, and which of several
        #: values in its cell each is.
        self.cells: dict[str, dict[str, pl.Series]] = {}
        for name in [name for name in names if name.startswith(RESERVED_PREFIX)] if known else ():
            for key, prefix in (("rows", CELL_ROW_PREFIX), ("columns", CELL_COLUMN_PREFIX), ("parts", CELL_PART_PREFIX)):
                if name.startswith(prefix):
                    self.cells.setdefault(name.removeprefix(prefix), {})[key] = table.get_column(name)


class RowMap:
    """The row map of a run."""

    def __init__(self) -> None:
        self._tables: list[tuple[str, int, TableSourceRows, AppendedTable]] = []
        self._quarantined: list[tuple[str, TableSourceRows, int, AppendedTable, str | None]] = []
        self._lines: list[tuple[str, list[LineRange]]] = []

    def add_table(self, sheet: str, number: int, rows: TableSourceRows, appended: AppendedTable) -> None:
        """Adds a table that was written; ``number``: its number on the sheet, from 1."""
        self._tables.append((sheet, number, rows, appended))

    def add_lines(self, sheet: str, lines: list[LineRange]) -> None:
        """Adds the lines of a sheet that have no row."""
        self._lines.append((sheet, lines))

    def add_quarantined(self, sheet: str, rows: TableSourceRows, above: int, appended: AppendedTable, file: str | None) -> None:
        """Adds the rows of a table that are quarantined; ``above``: the number of others above them, ``file``: the workbook
        that has them if it is not the output.
        """
        self._quarantined.append((sheet, rows, above, appended, file))

    def write(self, path: str, stands: Callable[[AppendedTable], bool]) -> None:
        """Writes the map. ``stands``: returns whether the rows of a table are where they were put."""
        content = _native.RowsFile()
        for sheet, number, rows, appended in self._tables:
            content.add_table(sheet, number, rows, _place(appended, stands(appended)))
        for sheet, rows, above, appended, file in self._quarantined:
            # Hooks do not see the other workbook.
            content.add_quarantined(sheet, rows, _place(appended, file is not None or stands(appended), above), file)
        for sheet, lines in self._lines:
            content.add_lines(sheet, lines)
        content.write(path)


def _place(appended: AppendedTable, is_there: bool, above: int = 0) -> tuple[str, int | None]:
    """Returns the sheet with the rows, and the first of their rows there."""
    return (appended.sheet.title, appended.header_row + 1 + above) if is_there else (appended.title, None)


def lines_without_row(
    context: RunContext, scan: SheetScan, spans: list[RowSpan], kinds: bytearray, tables: list[TableSourceRows]
) -> list[LineRange]:
    """Returns the lines of a sheet that have no row in its tables, as ranges with the reason. ``tables``: in the order of the
    spans.
    """
    reasons: list[tuple[str, str | None]] = [(reason, None) for reason in _BY_LOOKS]
    numbers = bytearray(b"\0" + kinds[: scan.rows_emitted].translate(_AROUND))
    _mark_spans(context, numbers, scan, spans, tables)
    of_looks = len(reasons)
    if not any(table.is_turned for table in tables):
        # The rows of a table on its side are columns of the sheet.
        for first, last, reason, hook in context.not_written:
            if (reason, hook) not in reasons[of_looks:]:
                reasons.append((reason, hook))
            _mark(numbers, first, last, of_looks + reasons[of_looks:].index((reason, hook)))
        for table in tables:
            for first, last in _stretches(table.numbers):
                _mark(numbers, first, last, 0)
    blank, header = _BY_LOOKS.index(BLANK), _BY_LOOKS.index(REPEATED_HEADER)
    for start, stop, number in _native.runs(numbers):
        if header < number < of_looks:
            for row in range(start, stop):
                if scan.is_empty_row(row - 1):
                    numbers[row] = blank
    return [(start, stop - 1, *reasons[number]) for start, stop, number in _native.runs(numbers)]


def quarantined_lines(before: list[TableSourceRows], after: list[TableSourceRows]) -> list[LineRange]:
    """Returns the lines whose rows were removed from the tables of a sheet by the quarantine."""
    rows, kept = (pl.concat([table.numbers for table in tables]) for tables in (before, after))
    return [(first, last, QUARANTINED, None) for first, last in _stretches(rows, kept)]


def _stretches(rows: pl.Series, others: pl.Series | None = None) -> list[list[int]]:
    """Returns the first and last of each range of numbers, without those that ``others`` has."""
    found = gone(rows, rows.slice(0, 0) if others is None else others)
    return found[1] if found is not None else []


def _mark_spans(context: RunContext, numbers: bytearray, scan: SheetScan, spans: list[RowSpan], tables: list[TableSourceRows]) -> None:
    """Marks the role of each line for the tables: their headers, their records, lines around them."""
    headers: set[tuple[str, ...]] = set()
    for span, table in zip(spans, tables):
        if span.turned is not None:
            # Each of its lines is a field.
            _mark(numbers, span.turned_from + 1, span.turned_from + span.turned.width, 0)
            continue
        if span.gathered is not None:
            # Each of its lines is a part of a record.
            top, _, last, _ = span.gathered.region
            _mark(numbers, top, last, 0)
            continue
        within = span.verdict.kinds[span.data_start : span.stop].translate(_WITHIN)
        # If the rows are unknown, so are their lines.
        numbers[span.data_start + 1 : span.data_start + 1 + len(within)] = bytes(len(within)) if table.unknown else within
        words = tuple(str(cell).strip() for row in range(span.start, span.data_start) for cell in scan.row(row)[span.first_column : span.stop_column])
        # The header is in the output where its table is written.
        is_repeated = words in headers and context.settings.merge_tables_in_sheet
        _mark(numbers, span.start + 1, span.data_start, _BY_LOOKS.index(REPEATED_HEADER if is_repeated else HEADER))
        headers.add(words)


def _mark(numbers: bytearray, first: int, last: int, number: int) -> None:
    last = min(last, len(numbers) - 1)
    if 0 < first <= last:
        numbers[first : last + 1] = bytes((min(number, 255),)) * (last + 1 - first)
