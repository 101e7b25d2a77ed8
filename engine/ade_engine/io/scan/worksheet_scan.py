"""Scanning an openpyxl worksheet, for sheets that hooks have added or changed."""

from __future__ import annotations

import datetime as dt
from itertools import chain

from ade_engine import _native
from ade_engine.io.scan.sheet_scan import ChangedScan, SheetScan, in_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TYPES_OF_FILES = frozenset((type(None), str, bool, int, float, dt.datetime, dt.date, dt.time, dt.timedelta))


def scan_of_worksheet(
    worksheet: Any, max_empty_rows_run: int | None, max_empty_cols_run: int | None, fill_merged: int = 0
) -> SheetScan:
    """Returns a scan of the rows of an openpyxl worksheet."""
    rows = [list(row) for row in worksheet.iter_rows(values_only=True)]
    merged = merged_ranges_of(worksheet)
    scan = SheetScan(
        _native.scan_of_rows(worksheet.title, rows, max_empty_rows_run, max_empty_cols_run, fill_merged, merged)
    )
    # The native module has text in place of values that no file can hold.
    if all(type(value) in _TYPES_OF_FILES for value in chain.from_iterable(rows)):
        return scan
    origin = _first_cells(merged, scan) if fill_merged else {}
    others = {}
    for number in range(scan.rows_emitted):
        row = []
        for column, known in enumerate(scan.row(number)):
            # An amount that is not filled has no value here either.
            first_row, first_column = origin.get((number, column), (number, column))
            row.append(rows[first_row][first_column] if known is not None and first_row < len(rows) else None)
        if any(type(value) not in _TYPES_OF_FILES for value in row):
            others[number] = row
    return ChangedScan(scan, others) if others else scan


def merged_ranges_of(worksheet: Any) -> list[tuple[int, int, int, int]]:
    """Returns the merged ranges of an openpyxl worksheet in the form of a scan: first row, last row, first column, last column.
    """
    ranges = getattr(getattr(worksheet, "merged_cells", None), "ranges", ())
    return in_order((area.min_row, area.max_row, area.min_col, area.max_col) for area in ranges)


def _first_cells(merged: list[tuple[int, int, int, int]], scan: SheetScan) -> dict[tuple[int, int], tuple[int, int]]:
    """Returns the first cell for each other cell of a merged range within a scan; rows and columns count from 0."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for first_row, last_row, first_column, last_column in merged:
        for row in range(first_row - 1, min(last_row, scan.rows_emitted)):
            for column in range(first_column - 1, min(last_column, scan.width)):
                found.setdefault((row, column), (first_row - 1, first_column - 1))
    return found
