"""From the rows of a table to a polars frame: header texts, column names, values."""

from __future__ import annotations

from ade_engine import _native
from ade_engine.fields.surroundings import ROW
from ade_engine.models.polars import frame_of
from ade_engine.models.table import SourceColumn, is_blank, region_of
from ade_engine.pipeline.shared.table_columns import unique_header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.pipeline.finding.header_rows import RowSpan


class SourceTable:
    """A table as it was read: its position, its columns, and the frame under its own headers.

    ``names[i]`` is the frame column of source column ``i``. Two source columns can share a frame column, when a name made
    unique (``Note__2``) equals another header.
    """

    def __init__(self, scan: SheetScan, span: RowSpan, *, is_2026: bool = False, is_name: Callable[[str], bool] = lambda text: False):
        found = _native.header_of_table(
            scan.as_native(), (span.start, span.data_start), (span.first_column, span.stop_column), span.unnamed, is_2026, is_name
        )
        #: The cells of the header with characters that no cell of a workbook can hold: row and column of the sheet, from 1.
        self.controlled = [(span.start + row + 1, span.first_column + column + 1) for row, column in found.controlled]
        #: The stacked columns, which are not mapped to fields.
        self.apart: frozenset[int] = frozenset()
        #: The part of a header in two languages that names the column, by column.
        self.sides: dict[int, str] = {}
        #: The texts of each header row, without marks and units.
        self._header_rows = rows = found.rows
        headers: list[Any] = [name or None for name in found.names]
        if len(rows) == 1:
            # A single cell is the header unchanged.
            raw = scan.row(span.start)[span.first_column : span.stop_column]
            headers = [value if name and not isinstance(value, str) else text or None for value, name, text in zip(raw, headers, rows[0])]
        width = max(len(headers), _width(scan, span))
        headers += [None] * (width - len(headers))
        first = span.first_column
        self._header = found
        self._scan = scan
        self._span = span
        self._hidden = scan.hidden_columns if span.turned is None else []
        self._stop_column = first + width
        self.region = region_of(
            min_row=span.start + 1,
            min_col=first + 1,
            max_row=span.stop,
            max_col=first + max(1, width),
            header_row_count=span.header_rows,
        )
        self.columns = [
            SourceColumn(index, header, self._values_of(first + index)) for index, header in enumerate(headers)
        ]
        for index, footnote, unit, written in found.said:
            column = self.columns[index]
            column.footnote, column.unit = footnote or column.footnote, unit or column.unit
            if written is not None:
                column.header_as_written = written
        #: The header text of each column; empty if it has none.
        self.headers = [header_text(header) for header in headers]
        self.names = unique_names([_frame_name(text) for text in self.headers] if is_2026 else self.headers)
        # A dictionary keeps the position of the first column of a name and the values of the last.
        made = scan.all_series(self.names, first, span.data_start, span.stop)
        series = dict(zip(self.names, made))
        self.frame = frame_of([column for column, _ in series.values()])
        #: The columns of the frame with cells of several types, as polars made them.
        self.mixed = {name: column for name, (column, is_mixed) in series.items() if is_mixed}
        self._are_mixed = [is_mixed for _, is_mixed in made]

    @property
    def from_1904(self) -> bool:
        """Returns whether the workbook counts days from 1904."""
        return self._scan.from_1904

    def rename_apart(self, name: str) -> str:
        """Renames the frame column of a name, for example to ``email__2``, and returns the new name."""
        other = unique_header(name, self.frame.columns)
        self.frame = self.frame.rename({name: other})
        if name in self.mixed:
            self.mixed[other] = self.mixed.pop(name)
        self.names = [other if one == name else one for one in self.names]
        return other

    def header_parts(self, index: int) -> list[str]:
        """Returns the texts of a column in each row of the header, top to bottom, without blank ones."""
        if len(self._header_rows) == 1:
            header = self.headers[index]
            if not self.sides:
                return [header] if header else []
            parts = [header, self.sides.get(index, "")]
        else:
            parts = [row[index].strip() for row in self._header_rows if index < len(row)]
        return [part for part in parts if part]

    def header_rows(self, index: int) -> list[int]:
        """Returns the rows of the sheet, from 1, that hold a column's header."""
        first = self.region.min_row
        return [first + at for at, row in enumerate(self._header_rows) if index < len(row) and row[index].strip()]

    def header_cells(self, index: int) -> list[tuple[int, int, Any]]:
        """Returns the cells of a column's header, top to bottom, without blank ones: row and column of the sheet, from 1, and
        value. A label over several columns is in the first one's cell.
        """
        region, found, cells = self.region, [], self._header.cells
        for row, column in cells[index] if index < len(cells) else ():
            value = self._scan.cell(region.min_row + row - 1, region.min_col + column - 1)
            text = self._header_rows[row][column]
            found.append((region.min_row + row, region.min_col + column, text if isinstance(value, str) else value))
        return found

    def cell(self, row: int, column: int) -> Any:
        """Returns a cell of the sheet, also beside the table; both numbers count from 1."""
        return self._scan.cell(row - 1, column - 1) if 0 < row <= self._scan.rows_emitted and column > 0 else None

    def _values_of(self, column: int):
        scan, start, stop = self._scan, self._span.data_start, self._span.stop
        return lambda: scan.values(column, start, stop)

    def first_values(self, index: int, count: int) -> list[Any]:
        """Returns the first cells of a source column."""
        start = self._span.data_start
        return self._scan.values(self._span.first_column + index, start, min(self._span.stop, start + count))

    def mixed_cells(self, index: int) -> tuple[Any, int] | None:
        """Returns the scan's native cells and the column in them, if polars has changed cells of a source column with several
        types.
        """
        return (self._scan, self._span.first_column + index) if self._are_mixed[index] else None

    def has_days_and_texts(self, index: int) -> bool:
        """Returns whether a source column holds both days and texts."""
        return self._are_mixed[index] and self._scan.has_days_and_texts(self._span.first_column + index, self._span.data_start, self._span.stop)

    def padded_cells(self, index: int) -> tuple[Any, int] | None:
        """Returns the scan's native cells and the column in them, if the sheet shows numbers with leading zeros."""
        return self._scan.padded(self._span.first_column + index, self._span.data_start, self._span.stop)

    def is_hidden(self, index: int) -> bool:
        """Returns whether spreadsheet programs hide a source column."""
        column = self._span.first_column + index + 1
        return any(first <= column <= last for first, last in self._hidden)

    @property
    def may_lack_values(self) -> bool:
        """Returns whether the sheet has formulas that were saved without a value."""
        return self._scan.formulas_without_value[0] > 0

    def rows_without_value(self, index: int) -> list[int]:
        """Returns the sheet's rows in which a source column has a formula that was saved without a value."""
        return self._scan.rows_without_value(self._span.first_column + index)

    def shown_by_sheet(self, index: int) -> tuple[str | None, str | None]:
        """Returns the order of dates and the decimal mark that the sheet's whole column shows."""
        return self._scan.shown_by(self._span.first_column + index)

    def cell_counts(self) -> tuple[list[int], int]:
        """Returns the number of non-blank cells of each source column, and of data rows whose cells are all blank."""
        scan, span = self._scan, self._span
        if span.first_column == 0:
            filled, blank_rows = scan.cell_counts(span.data_start, span.stop, self._stop_column)
            return list(filled), blank_rows
        filled, _ = scan.cell_counts(span.data_start, span.stop, self._stop_column)
        blank_rows = sum(
            all(map(is_blank, row))
            for row in (cells[span.first_column : self._stop_column] for cells in scan.rows(span.data_start, span.stop))
        )
        return list(filled[span.first_column :]), blank_rows


def header_text(header: Any) -> str:
    """Returns a header cell as trimmed text; empty if it has none."""
    return "" if header is None else str(header).strip()


def _frame_name(header: str) -> str:
    """Returns the header, or a similar name if the engine reserves it or polars takes it for a pattern."""
    if header == ROW:
        return ROW.strip("_")
    return f"{header} " if header == "*" or header[:1] == "^" and header[-1:] == "$" else header


def unique_names(headers: list[str]) -> list[str]:
    """Returns the frame's column names: the header, ``col_<n>`` without a header, and ``__2``, ``__3`` … for repeats."""
    seen: dict[str, int] = {}
    names = []
    for number, header in enumerate(headers, 1):
        name = header or f"col_{number}"
        seen[name] = count = seen.get(name, 0) + 1
        names.append(name if count == 1 else f"{name}__{count}")
    return names


def _width(scan: SheetScan, span: RowSpan) -> int:
    """Returns the number of columns of the widest data row, counted from the table's first column."""
    widest = scan.widest(span.data_start, span.stop)
    if span.stop_column is not None:
        widest = min(widest, span.stop_column)
    return max(0, widest - span.first_column)
