"""Sheets of ``.csv`` and ``.xls`` files as ordinary openpyxl worksheets, which openpyxl itself cannot read.

As long as hooks leave such a worksheet unchanged, the file itself is scanned instead of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openpyxl.cell.cell import MergedCell

from ade_engine.io.scan.merged import in_order
from ade_engine.io.scan.sheet_scan import SheetScan
from ade_engine.io.scan.worksheet_scan import merged_ranges_of
from ade_engine.io.worksheets.filled import append_rows, is_same, value_in_cell


class Origin:
    """Fills a worksheet with the cells of a scan, and tells whether they are still there."""

    def __init__(self, worksheet: Any, scan: SheetScan, merged_ranges: list[tuple[int, int, int, int]], state: str):
        worksheet.sheet_state = state
        self._scan = scan
        # Rows begin with the first that has a value and end with the last; columns begin with A.
        first, stop = 0, scan.rows_emitted
        while first < stop and scan.is_empty_row(first):
            first += 1
        while first < stop and scan.is_empty_row(stop - 1):
            stop -= 1
        self._first, self._stop = first, stop
        worksheet._current_row = first
        append_rows(worksheet, self._rows(), keep_illegal=True)
        worksheet._current_row = scan.rows_emitted
        for first_row, last_row, first_column, last_column in merged_ranges:
            worksheet.merge_cells(start_row=first_row, end_row=last_row, start_column=first_column, end_column=last_column)
        self._merged = in_order(merged_ranges)
        self._last_row = worksheet.max_row

    def _rows(self) -> Iterator[list[Any]]:
        """The rows of the scan, each as long as the longest."""
        width = self._scan.width
        for number in range(self._first, self._stop):
            row = self._scan.row(number)
            yield row + [None] * (width - len(row))

    def is_unchanged(self, worksheet: Any) -> bool:
        """Whether the worksheet still holds the values that the file holds. Styles do not count."""
        # Cells without a value count only where they make the sheet longer.
        if worksheet.max_row != self._last_row or merged_ranges_of(worksheet) != self._merged:
            return False
        there = {key: cell._value for key, cell in worksheet._cells.items() if cell._value is not None}
        for number, row in enumerate(self._rows(), self._first + 1):
            for column, value in enumerate(row, 1):
                if not is_same(there.pop((number, column), None), value_in_cell(value)):
                    # Merging takes all values but the first.
                    if type(worksheet._cells.get((number, column))) is not MergedCell:
                        return False
        return not there
