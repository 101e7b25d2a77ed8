"""Creates openpyxl cells with values, as an assignment would, but faster."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy

from openpyxl.cell.cell import ERROR_CODES, Cell
from openpyxl.worksheet.worksheet import Worksheet

from ade_engine.io.limits import MAX_TEXT_CHARS
from ade_engine.models import polars as pl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_new_cell = Cell.__new__


def fresh_cell(worksheet: Worksheet, row: int, column: int) -> Cell:
    """Equals ``Cell(worksheet, row, column)``, but is faster."""
    cell = _new_cell(Cell)
    cell.parent = worksheet
    cell._style = cell._value = cell._hyperlink = cell._comment = None
    cell.row = row
    cell.column = column
    cell.data_type = "n"
    return cell


def needs_conversion(series: pl.Series) -> bool:
    """Returns whether cells hold other values than those of a column: too long text, and unusual values."""
    dtype = series.dtype
    if dtype == pl.String:
        return (series.str.len_bytes().max() or 0) > MAX_TEXT_CHARS
    return not (dtype.is_numeric() or dtype.is_temporal() or dtype in (pl.Boolean, pl.Categorical, pl.Enum, pl.Null))


def value_in_cell(value: Any) -> Any:
    """Returns the content of a cell after a value was assigned to it."""
    if isinstance(value, str):
        return value[:MAX_TEXT_CHARS]
    return str(value, "utf-8") if isinstance(value, bytes) else value


def binder_of(dtype: Any, escape_formulas: bool) -> Callable[[Cell, Any], None]:
    """Returns a function that puts a value of a column's type into a fresh cell, as an assignment would."""
    if dtype.is_numeric() and not dtype.is_decimal():
        return _bind_number
    if dtype == pl.Boolean:
        return _bind_boolean
    if dtype.is_temporal():
        return TemporalBinder()
    if dtype == pl.String:
        return _bind_escaped_text if escape_formulas else _bind_text
    return _bind_escaped if escape_formulas else _bind_any


def _bind_number(cell: Cell, value: Any) -> None:
    # A fresh cell is of the numeric type already.
    cell._value = value


def _bind_boolean(cell: Cell, value: Any) -> None:
    cell._value = value
    cell.data_type = "b"


def kind_of_text(text: str) -> str:
    """Returns the data type that openpyxl gives a text: formula, error code or string."""
    first = text[:1]
    if first == "=" and len(text) > 1:
        return "f"
    return "e" if first == "#" and text in ERROR_CODES else "s"


def _bind_text(cell: Cell, value: str) -> None:
    # Control characters were checked when the frame was appended, and long text was cut.
    cell._value = value
    cell.data_type = kind_of_text(value)


def _bind_escaped_text(cell: Cell, value: str) -> None:
    _bind_text(cell, value)
    keep_text(cell)


def _bind_any(cell: Cell, value: Any) -> None:
    cell.value = value


def _bind_escaped(cell: Cell, value: Any) -> None:
    cell.value = value
    keep_text(cell)


def keep_text(cell: Cell) -> None:
    """Turns a formula back into text."""
    if cell.data_type == "f" and isinstance(cell._value, str):
        cell.data_type = "s"


class TemporalBinder:
    """Binds dates, times and durations; the number format is looked up once for the column."""

    __slots__ = ("style",)

    def __init__(self) -> None:
        self.style: Any = None

    def __call__(self, cell: Cell, value: Any) -> None:
        if self.style is None:
            cell.value = value
            self.style = copy(cell._style)
        else:
            cell._value = value
            cell.data_type = "d"
            cell._style = copy(self.style)
