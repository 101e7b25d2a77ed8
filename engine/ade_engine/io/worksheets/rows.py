"""Rows that a worksheet holds without a cell object for each of their values.

:class:`WorksheetRows` are the rows of one table as they were appended, with changes of single cells since. They create a cell
when it is accessed, and take it back when no reference to it is left. :mod:`ade_engine.io.worksheets.cells` records their
position in a sheet.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from copy import copy

from openpyxl.cell.cell import Cell
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils.exceptions import IllegalCharacterError
from openpyxl.worksheet.worksheet import Worksheet

from ade_engine.io.worksheets.fresh_cells import (
    TemporalBinder,
    binder_of,
    fresh_cell,
    kind_of_text,
    needs_conversion,
    value_in_cell,
)
from ade_engine.models import polars as pl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.io.scan.sheet_scan import SheetScan

#: The number of rows that are taken from a table at a time.
_STRETCH = 512
#: The maximum number of such ranges of rows that are kept at a time.
_STRETCHES_KEPT = 8
_NO_STYLE = StyleArray().tobytes()


class StyleTable:
    """The styles of single cells, by number. 0 is the default style for a value of its kind, 1 none."""

    def __init__(self) -> None:
        self.styles: list[StyleArray | None] = [None, None]
        self._numbers: dict[bytes, int] = {_NO_STYLE: 1}

    def number(self, content: bytes) -> int:
        """Returns the number of a style, given as the bytes of its array."""
        number = self._numbers.get(content)
        if number is None:
            number = self._numbers[content] = len(self.styles)
            style = StyleArray()
            del style[:]
            style.frombytes(content)
            self.styles.append(style)
        return number


class WorksheetRows:
    """Rows of values that came together, each column counted from 0, and the changes of single cells since."""

    __slots__ = ("height", "width", "styles", "changes", "_values", "_kept", "_missed")

    #: The same rows in the form that the native writer reads; ``None`` if only openpyxl can write them.
    native: Any = None

    def __init__(self, height: int, width: int):
        self.height = height
        self.width = width
        #: For each column whose cells got styles, a number of the style table for each row.
        self.styles: dict[int, array] = {}
        #: For each column, the rows whose cells got another value or data type, and these.
        self.changes: dict[int, dict[int, tuple[Any, str]]] = {}
        self._values: dict[tuple[int, int], list[Any]] = {}
        # Cells are visited along rows or along columns; either way this many ranges are kept.
        self._kept = _STRETCHES_KEPT * width
        #: For each column, the range that was last requested but not kept.
        self._missed: dict[int, int] = {}

    def fetch(self, column: int, start: int, stop: int) -> list[Any]:
        """Returns original values of a column."""
        raise NotImplementedError

    def bind(self, cell: Cell, column: int, value: Any) -> None:
        """Puts an original value other than ``None`` into a fresh cell, as assigning it would."""
        raise NotImplementedError

    def style_of_kind(self, column: int) -> bytes:
        """Returns the style that a cell of the column has because of its value's kind; no bytes if it is unknown."""
        return _NO_STYLE

    def learn_styles(self, worksheet: Worksheet) -> None:
        """Registers the number formats of these values with the workbook, in the order in which openpyxl would."""

    def original(self, row: int, column: int) -> Any:
        """Returns the original value of a position."""
        stretch, offset = divmod(row, _STRETCH)
        key = (stretch, column)
        values = self._values.get(key)
        if values is None:
            if self._missed.get(column) != stretch:
                # A single access reads one value; a second one nearby reads a whole range.
                self._missed[column] = stretch
                return self.fetch(column, row, row + 1)[0]
            if len(self._values) >= self._kept:
                self._values.pop(next(iter(self._values)), None)
            start = stretch * _STRETCH
            values = self._values[key] = self.fetch(column, start, min(start + _STRETCH, self.height))
        return values[offset]

    def original_row(self, row: int) -> Any:
        """Returns all original values of a row."""
        return [self.original(row, column) for column in range(self.width)]

    def value(self, row: int, column: int) -> Any:
        """Returns the current value of a position."""
        changes = self.changes.get(column)
        if changes is not None and row in changes:
            return changes[row][0]
        return self.original(row, column)

    def make(self, worksheet: Worksheet, sheet_row: int, sheet_column: int, row: int, column: int) -> Cell:
        """Returns a new cell for a position in these rows, as if it had always existed."""
        cell = fresh_cell(worksheet, sheet_row, sheet_column)
        changes = self.changes.get(column)
        if changes is not None and row in changes:
            cell._value, cell.data_type = changes[row]
        else:
            value = self.original(row, column)
            if value is not None:
                self.bind(cell, column, value)
        styles = self.styles.get(column)
        if styles is not None:
            number = styles[row]
            if number:
                cell._style = copy(worksheet.parent._ade_styles.styles[number])
        return cell

    def make_row(
        self, worksheet: Worksheet, sheet_row: int, columns: Iterator[tuple[int, int]], row: int
    ) -> list[tuple[int, Cell]]:
        """Returns cells for some positions of a row, given as column of the sheet and column here; each with its column of the
        sheet.
        """
        made = []
        values = self.original_row(row)
        known = worksheet.parent._ade_styles.styles
        for sheet_column, column in columns:
            if column in self.changes:
                made.append((sheet_column, self.make(worksheet, sheet_row, sheet_column, row, column)))
                continue
            cell = fresh_cell(worksheet, sheet_row, sheet_column)
            value = values[column]
            if value is not None:
                self.bind(cell, column, value)
            styles = self.styles.get(column)
            if styles is not None and styles[row]:
                cell._style = known[styles[row]].__copy__()
            made.append((sheet_column, cell))
        return made

    def take_back(self, cell: Cell, row: int, column: int, table: StyleTable) -> bool:
        """Notes the changes of a cell from :meth:`make`, so that the object can be dropped. ``False`` if it cannot."""
        value, style = cell._value, cell._style
        if value is self.original(row, column) and style is None and cell.data_type == "n" and column not in self.styles:
            # Read but not changed, if nothing was noted before.
            if column not in self.changes and (value is None or type(value) in _NUMBERS):
                return True
        if type(value) not in _PLAIN_TYPES:
            return False
        content = _NO_STYLE if style is None else style.tobytes()
        if self.is_original(value, cell.data_type, row, column):
            usual = _NO_STYLE if value is None else self.style_of_kind(column)
            number = 0 if content == usual else table.number(content)
            if column in self.changes:
                self.changes[column].pop(row, None)
        else:
            number = table.number(content)
            self.changes.setdefault(column, {})[row] = (value, cell.data_type)
        styles = self.styles.get(column)
        if styles is not None:
            styles[row] = number
        elif number:
            styles = self.styles[column] = array("I", bytes(4 * self.height))
            styles[row] = number
        return True

    def is_original(self, value: Any, kind: str, row: int, column: int) -> bool:
        """Returns whether value and data type are the original ones of the position. May return ``False`` although they are."""
        original = self.original(row, column)
        if value is None or original is None:
            return value is original and kind == "n"
        value_type = type(value)
        if value_type is str:
            if value is not original and value != original:
                return False
            return kind == self.kind_of_text(value)
        if value_type is not type(original) or value != original and (value == value or original == original):
            return False
        if value_type is bool:
            return kind == "b"
        return kind == ("n" if value_type is int or value_type is float else "d")

    def kind_of_text(self, text: str) -> str:
        """Returns the data type of text in these rows."""
        return kind_of_text(text)


class FrameRows(WorksheetRows):
    """The rows of a frame. With ``escape_formulas``, text that starts with ``=`` is text."""

    __slots__ = ("frame", "native", "_binders", "_objects", "_converted", "_escape_formulas", "_stretches")

    def __init__(self, frame: pl.DataFrame, native: Any, escape_formulas: bool):
        super().__init__(frame.height, frame.width)
        # Beside openpyxl polars costs little, and stand-ins lack methods that are needed here.
        self.frame = frame = pl.as_polars(frame)
        self.native = native
        self._escape_formulas = escape_formulas
        self._binders = [binder_of(dtype, escape_formulas) for dtype in frame.dtypes]
        self._objects = {number for number, dtype in enumerate(frame.dtypes) if dtype == pl.Object}
        #: Columns whose values a cell holds in another form.
        self._converted = [number for number, series in enumerate(frame.get_columns()) if needs_conversion(series)]
        #: The ranges of rows for visits along rows.
        self._stretches: dict[int, list[tuple[Any, ...]]] = {}

    def fetch(self, column: int, start: int, stop: int) -> list[Any]:
        values = self.frame.to_series(column).slice(start, stop - start).to_list()
        return list(map(value_in_cell, values)) if column in self._converted else values

    def original_row(self, row: int) -> Any:
        stretch, offset = divmod(row, _STRETCH)
        rows = self._stretches.get(stretch)
        if rows is None:
            if len(self._stretches) >= _STRETCHES_KEPT:
                self._stretches.pop(next(iter(self._stretches)), None)
            rows = self.frame.slice(stretch * _STRETCH, _STRETCH).rows()
            if self._converted:
                rows = [
                    tuple(
                        value_in_cell(value) if column in self._converted else value
                        for column, value in enumerate(values)
                    )
                    for values in rows
                ]
            self._stretches[stretch] = rows
        return rows[offset]

    def original(self, row: int, column: int) -> Any:
        rows = self._stretches.get(row // _STRETCH)
        return super().original(row, column) if rows is None else rows[row % _STRETCH][column]

    def bind(self, cell: Cell, column: int, value: Any) -> None:
        self._binders[column](cell, value)

    def style_of_kind(self, column: int) -> bytes:
        if not self.is_temporal(column):
            return _NO_STYLE
        # Kinds may be mixed in a column of objects.
        style = getattr(self._binders[column], "style", None)
        return b"" if style is None else style.tobytes()

    def kind_of_text(self, text: str) -> str:
        kind = kind_of_text(text)
        return "s" if kind == "f" and self._escape_formulas else kind

    def learn_styles(self, worksheet: Worksheet) -> None:
        first_rows = []
        for column in filter(self.is_temporal, range(self.width)):
            there = self.frame.to_series(column).is_not_null()
            if there.any():
                first_rows.append((there.arg_max(), column))
        for row, column in sorted(first_rows):
            self.make(worksheet, 1, 1, row, column)

    def is_temporal(self, column: int) -> bool:
        """Returns whether the column may hold dates or times."""
        return isinstance(self._binders[column], TemporalBinder) or column in self._objects


class ScanRows(WorksheetRows):
    """The rows of an input sheet: of a text file, or of an old workbook."""

    __slots__ = ("_scan", "_start")

    def __init__(self, scan: SheetScan, start: int, stop: int):
        super().__init__(stop - start, scan.width)
        self._scan = scan
        self._start = start

    def fetch(self, column: int, start: int, stop: int) -> list[Any]:
        return list(map(value_in_cell, self._scan.values(column, self._start + start, self._start + stop)))

    def bind(self, cell: Cell, column: int, value: Any) -> None:
        try:
            cell.value = value
        except IllegalCharacterError:
            # Text that could not be written can still be read.
            cell._value, cell.data_type = value, "s"

    def style_of_kind(self, column: int) -> bytes:
        # Kinds are mixed in a column.
        return b""


def _plain_types() -> frozenset[type]:
    import datetime as dt

    return frozenset((type(None), str, int, float, bool, dt.datetime, dt.date, dt.time, dt.timedelta))


_NUMBERS = frozenset((int, float))
#: Types of values that can be noted apart from their cell, because they are immutable.
_PLAIN_TYPES = _plain_types()
