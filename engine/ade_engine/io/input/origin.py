"""Finds out whether hooks changed a sheet of a ``.csv`` or ``.xls`` file.

openpyxl cannot read these files, so a sheet of them is an ordinary openpyxl worksheet over the cells that the native
module read. As long as it is unchanged, the file itself is scanned instead of the worksheet.
"""

from __future__ import annotations

from openpyxl.cell.cell import MergedCell

from ade_engine.io.scan.sheet_scan import SheetScan
from ade_engine.io.worksheets.cells import LazyCells
from ade_engine.io.worksheets.rows import ScanRows
from ade_engine.io.worksheets.worksheet import LazyWorksheet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class WorksheetOrigin:
    """Fills a worksheet with the cells of a scan, and remembers its content."""

    def __init__(
        self, worksheet: LazyWorksheet, scan: SheetScan, merged_ranges: list[tuple[int, int, int, int]], state: str
    ):
        worksheet.sheet_state = state
        # Rows begin with the first that has a value and end with the last; columns begin with A.
        first, stop = 0, scan.rows_emitted
        while first < stop and scan.is_empty_row(first):
            first += 1
        while first < stop and scan.is_empty_row(stop - 1):
            stop -= 1
        self._rows = ScanRows(scan, first, stop)
        self._first_row = first + 1
        if first < stop:
            worksheet._cells.append_rows(self._first_row, self._rows)
        worksheet._current_row = scan.rows_emitted
        for first_row, last_row, first_column, last_column in merged_ranges:
            worksheet.merge_cells(
                start_row=first_row, end_row=last_row, start_column=first_column, end_column=last_column
            )
        self._merged = {key for key, cell in worksheet._cells.made() if type(cell) is MergedCell}
        self._last_row = worksheet.max_row

    def is_unchanged(self, worksheet: LazyWorksheet) -> bool:
        """Returns whether the worksheet still holds the values of the file. Styles do not count."""
        cells = worksheet._cells
        # Cells without a value count only if they make the sheet longer.
        if type(cells) is not LazyCells or worksheet.max_row != self._last_row:
            return False
        rows = self._rows
        if any(rows.changes.values()) or cells.is_scattered:
            return False
        if any(block.start != block.first_row - self._first_row or block.columns != tuple(range(rows.width)) for block in cells.blocks):
            return False
        merged = 0
        for (row, column), cell in cells.made():
            if type(cell) is MergedCell:
                merged += 1
                if (row, column) not in self._merged:
                    return False
            elif (row, column) in self._merged or not self._has_value(row, column, cell._value):
                return False
        return merged == len(self._merged)

    def _has_value(self, row: int, column: int, value: Any) -> bool:
        """Returns whether this is the original value of a position."""
        own_row = row - self._first_row
        if not 0 <= own_row < self._rows.height or column > self._rows.width:
            return value is None
        original = self._rows.original(own_row, column - 1)
        return type(value) is type(original) and value == original
