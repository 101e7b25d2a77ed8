"""Scanning an openpyxl worksheet, for sheets that hooks have added or changed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ade_engine import _native
from ade_engine.io.scan.changed_scan import ChangedScan
from ade_engine.io.scan.sheet_scan import SheetScan

_TYPES_OF_FILES = frozenset((type(None), str, bool, int, float, dt.datetime, dt.date, dt.time, dt.timedelta))


def scan_of_worksheet(
    worksheet: Any, max_empty_rows_run: int | None, max_empty_cols_run: int | None
) -> SheetScan | ChangedScan:
    """A scan of the rows of an openpyxl worksheet."""
    rows = [list(row) for row in worksheet.iter_rows(values_only=True)]
    scan = SheetScan(_native.scan_of_rows(worksheet.title, rows, max_empty_rows_run, max_empty_cols_run))
    # The native module has text in place of values that no file can hold.
    others = {
        number: row[: len(scan.row(number))]
        for number, row in enumerate(rows[: scan.rows_emitted])
        if any(type(value) not in _TYPES_OF_FILES for value in row)
    }
    if not others:
        return scan
    return ChangedScan(scan, others)
