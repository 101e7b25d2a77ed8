"""openpyxl's read-only worksheet over natively read cells.

Hooks look at ``source_sheet`` for a title above a table or a date in a corner. openpyxl would open the workbook for
that (all shared strings included), and parse the sheet anew for every cell. Here the same class reads the first rows
natively, and the rest of the sheet once somebody asks beyond them. Whatever concerns styles is still openpyxl's: the
first such question opens the workbook with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openpyxl.cell.cell import ERROR_CODES, get_type
from openpyxl.cell.read_only import EMPTY_CELL, ReadOnlyCell
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.io.source import SheetScan, Source, SourceSheet

#: Rows that are read for a first look.
_FIRST_ROWS = 64


class NativeReadOnlyWorksheet(ReadOnlyWorksheet):
    """A read-only worksheet whose cells were read natively."""

    def __init__(self, source: Source, sheet: SourceSheet):
        # The base class would open the archive; everything that it sets is set here.
        self._ade_source = source
        self._ade_sheet = sheet
        self._ade_scan: SheetScan = source.peek(sheet, _FIRST_ROWS)
        self._ade_rows: int | None = _FIRST_ROWS
        self.title = sheet.title
        self.sheet_state = sheet.state
        self._current_row = None
        if self._ade_scan.declared is not None:
            self._min_column, self._min_row, self._max_column, self._max_row = self._ade_scan.declared

    @property
    def parent(self) -> Any:
        return self._ade_source.workbook

    def _ade_openpyxl(self) -> Any:
        """The same sheet as openpyxl itself reads it."""
        return self._ade_source.workbook._ade_open().worksheets[self._ade_sheet.index]

    def __getattr__(self, name: str) -> Any:
        # Whatever else openpyxl's own object has: defined names and the like.
        if name.startswith("_ade"):
            raise AttributeError(name)
        return getattr(self._ade_openpyxl(), name)

    def _ade_reach(self, row: int | None) -> SheetScan:
        """A scan that holds all rows up to a row; all rows there are for ``None``."""
        if self._ade_rows is not None and (row is None or row > self._ade_rows):
            self._ade_scan.free()
            self._ade_scan = self._ade_source.peek(self._ade_sheet, None)
            self._ade_rows = None
        return self._ade_scan

    def _cells_by_row(
        self, min_col: int, min_row: int, max_col: int | None, max_row: int | None, values_only: bool = False
    ) -> Iterator[tuple[Any, ...]]:
        max_col = max_col or self.max_column
        max_row = max_row or self.max_row
        scan = self._ade_reach(max_row)
        last = scan.rows_emitted if max_row is None else min(max_row, scan.rows_emitted)
        for start in range(min_row, last + 1, 512):
            for number, row in enumerate(scan.rows(start - 1, min(start + 511, last)), start):
                values = row[min_col - 1 : max_col]
                if max_col is not None:
                    values += [None] * (max_col + 1 - min_col - len(values))
                if values_only:
                    yield tuple(values)
                else:
                    yield tuple(NativeReadOnlyCell(self, number, column, value) for column, value in enumerate(values, min_col))

    def _get_cell(self, row: int, column: int) -> Any:
        for cells in self._cells_by_row(column, row, column, row):
            if cells:
                return cells[0]
        return EMPTY_CELL


class NativeReadOnlyCell(ReadOnlyCell):
    """A read-only cell that knows its value, and asks openpyxl for its style."""

    __slots__ = ("_ade_cell",)

    def __init__(self, sheet: NativeReadOnlyWorksheet, row: int, column: int, value: Any):
        self.parent = sheet
        self.row = row
        self.column = column
        self._value = value
        self._ade_cell = None

    def _ade_openpyxl(self) -> Any:
        """The same cell as openpyxl itself reads it."""
        if self._ade_cell is None:
            self._ade_cell = self.parent._ade_openpyxl()._get_cell(self.row, self.column)
        return self._ade_cell

    @property
    def _style_id(self) -> int:
        return getattr(self._ade_openpyxl(), "_style_id", 0)

    @property
    def data_type(self) -> str:
        value = self._value
        if isinstance(value, bool):
            return "b"
        if value in ERROR_CODES:
            # Error or text that looks like one: only the file knows.
            return self._ade_openpyxl().data_type
        return "n" if value is None else get_type(type(value), value)

    @property
    def style_array(self) -> Any:
        return self.parent.parent._cell_styles[self._style_id]
