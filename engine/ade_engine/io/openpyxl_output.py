"""Appending frames to openpyxl worksheets, for hooks that touch the output.

The cells are exactly those that ``worksheet.append`` would make of ``frame.iter_rows()``, but types are looked at once
for each column instead of once for each value.
"""

from __future__ import annotations

from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    import polars as pl

_ROWS_AT_A_TIME = 4096


def append_frame(worksheet: Any, frame: pl.DataFrame, *, gap: bool, escape_formulas: bool) -> None:
    """Append a header row and the frame's rows at the worksheet's end, after a blank row where there is a gap."""
    from openpyxl.cell.cell import Cell

    if gap:
        worksheet.append([])
    worksheet.append(list(frame.columns))
    if escape_formulas:
        for column in range(1, frame.width + 1):
            _keep_text(worksheet.cell(worksheet._current_row, column))
    binders = [_binder(worksheet, dtype, escape_formulas) for dtype in frame.dtypes]
    cells = worksheet._cells
    row_number = worksheet._current_row
    for start in range(0, frame.height, _ROWS_AT_A_TIME):
        part = frame.slice(start, _ROWS_AT_A_TIME)
        for row in part.iter_rows():
            row_number += 1
            for column, value in enumerate(row, 1):
                cell = Cell(worksheet, row_number, column)
                if value is not None:
                    binders[column - 1](cell, value)
                cells[row_number, column] = cell
    worksheet._current_row = row_number


def _binder(worksheet: Any, dtype: Any, escape_formulas: bool) -> Any:
    """What puts a value of this type into a fresh cell."""
    import polars as pl

    if dtype.is_numeric() and not dtype.is_decimal():
        return _bind_number
    if dtype == pl.Boolean:
        return _bind_boolean
    if dtype.is_temporal():
        return _temporal_binder(worksheet)
    if escape_formulas:
        return _bind_escaped
    return _bind_any


def _bind_number(cell: Any, value: Any) -> None:
    # A fresh cell is of the numeric type already.
    cell._value = value


def _bind_boolean(cell: Any, value: Any) -> None:
    cell._value = value
    cell.data_type = "b"


def _bind_any(cell: Any, value: Any) -> None:
    cell.value = value


def _bind_escaped(cell: Any, value: Any) -> None:
    cell.value = value
    _keep_text(cell)


def _keep_text(cell: Any) -> None:
    if cell.data_type == "f" and isinstance(cell._value, str):
        cell.data_type = "s"


def _temporal_binder(worksheet: Any) -> Any:
    """Binds dates, times and durations; the number format is looked up once for the column."""
    from copy import copy

    style: Any = None

    def bind(cell: Any, value: Any) -> None:
        nonlocal style
        if style is None:
            cell.value = value
            style = cell._style
        else:
            cell._value = value
            cell.data_type = "d"
            cell._style = copy(style)

    return bind
