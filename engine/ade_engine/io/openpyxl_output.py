"""openpyxl worksheets whose table cells become objects only when somebody touches them.

Hooks that style the output mostly touch a header row, widths, panes and filters; yet an ordinary openpyxl worksheet
needs an object for each of its cells, which is nearly all of its cost in time and memory. :class:`TableWorksheet` is
an openpyxl worksheet in every respect, but a frame that is appended to it stays a frame: a cell of it is made, once,
when it is asked for. What stayed untouched is written natively by :mod:`ade_engine.io.openpyxl_save`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from typing import Any

import polars as pl
from openpyxl.cell.cell import ERROR_CODES, Cell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

#: Values are taken from a frame this many rows at a time.
_STRETCH = 512
#: The longest text of a cell, in characters.
_LONGEST_TEXT = 32_767
_new_cell = Cell.__new__


class Block:
    """A frame's rows in a worksheet: where they are, and how a cell of each column is filled."""

    __slots__ = ("first_row", "last_row", "width", "frame", "native", "binders", "_values", "_kept")

    def __init__(self, first_row: int, frame: pl.DataFrame, native: Any, binders: list[Callable[[Cell, Any], None]]):
        self.first_row = first_row
        self.last_row = first_row + frame.height - 1
        self.width = frame.width
        self.frame = frame
        #: The same rows as the native writer reads them; ``None`` where only openpyxl can write them.
        self.native = native
        self.binders = binders
        self._values: dict[tuple[int, int], list[Any]] = {}
        # Walks go along rows or along columns; either way so many stretches serve one another.
        self._kept = 2 * frame.width

    def __contains__(self, key: tuple[int, int]) -> bool:
        row, column = key
        return self.first_row <= row <= self.last_row and 1 <= column <= self.width

    def value(self, row: int, column: int) -> Any:
        """The value at a place within the block."""
        stretch, offset = divmod(row - self.first_row, _STRETCH)
        key = (stretch, column)
        values = self._values.get(key)
        if values is None:
            if len(self._values) >= self._kept:
                del self._values[next(iter(self._values))]
            series = self.frame.to_series(column - 1).slice(stretch * _STRETCH, _STRETCH)
            values = self._values[key] = series.to_list()
        return values[offset]

    def cell(self, worksheet: Worksheet, row: int, column: int) -> Cell:
        """A new cell for a place within the block."""
        # What `Cell(worksheet, row, column)` does, without its detours.
        cell = _new_cell(Cell)
        cell.parent = worksheet
        cell._style = cell._value = cell._hyperlink = cell._comment = None
        cell.row = row
        cell.column = column
        cell.data_type = "n"
        value = self.value(row, column)
        if value is not None:
            self.binders[column - 1](cell, value)
        return cell

    def is_as_made(self, cell: Any, row: int, column: int) -> bool:
        """Whether a cell that this block made was only looked at. May say no where it is."""
        if type(cell) is not Cell or cell._hyperlink is not None or cell._comment is not None:
            return False
        value, kind = cell._value, cell.data_type
        original = self.value(row, column)
        if value is None or original is None:
            return value is original and cell._style is None and kind == "n"
        if kind == "s":
            # Formulas and error codes that were made text again are not what they were.
            return value == original and cell._style is None and value[:1] not in ("=", "#", "")
        if type(value) is not type(original) or value != original:
            return False
        if kind == "d":
            return cell._style == self.binders[column - 1].style  # type: ignore[attr-defined]
        return cell._style is None and (kind == "b" if type(value) is bool else kind == "n")


class LazyCells(dict):
    """The cells of a worksheet by (row, column): those that were made, and those that blocks would make."""

    __slots__ = ("worksheet", "blocks", "gone")

    def __init__(self, worksheet: Worksheet):
        super().__init__()
        self.worksheet = worksheet
        self.blocks: list[Block] = []
        #: Places within blocks whose cells were taken away.
        self.gone: set[tuple[int, int]] = set()

    def block_of(self, key: Any) -> Block | None:
        """The block that would make this cell, if there is one."""
        row, column = key
        for block in self.blocks:
            if block.first_row <= row <= block.last_row and 1 <= column <= block.width:
                return None if self.gone and key in self.gone else block
        return None

    def made(self) -> Iterator[tuple[tuple[int, int], Any]]:
        """The cells that were made."""
        return iter(dict.items(self))

    # A dictionary whose keys are these, for whoever uses it as one -------------------------------------------------

    def __missing__(self, key: Any) -> Any:
        block = self.block_of(key)
        if block is None:
            raise KeyError(key)
        cell = block.cell(self.worksheet, *key)
        dict.__setitem__(self, key, cell)
        return cell

    def __contains__(self, key: Any) -> bool:
        return dict.__contains__(self, key) or self.block_of(key) is not None

    def get(self, key: Any, default: Any = None) -> Any:
        return self[key] if key in self else default

    def __delitem__(self, key: Any) -> None:
        if key not in self:
            raise KeyError(key)
        dict.pop(self, key, None)
        if any(key in block for block in self.blocks):
            self.gone.add(key)

    def pop(self, key: Any, *default: Any) -> Any:
        if key not in self:
            if default:
                return default[0]
            raise KeyError(key)
        cell = self[key]
        del self[key]
        return cell

    def popitem(self) -> Any:
        for key in self:
            return key, self.pop(key)
        raise KeyError("there are no cells")

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def clear(self) -> None:
        dict.clear(self)
        self.blocks.clear()
        self.gone.clear()

    def __iter__(self) -> Iterator[tuple[int, int]]:
        made = list(dict.keys(self))
        yield from made
        made_set = set(made)
        for block in list(self.blocks):
            for row in range(block.first_row, block.last_row + 1):
                for column in range(1, block.width + 1):
                    key = (row, column)
                    if key not in made_set and key not in self.gone:
                        yield key

    def __len__(self) -> int:
        return sum(1 for _ in self) if self.blocks else dict.__len__(self)

    def __bool__(self) -> bool:
        return next(iter(self), None) is not None

    def keys(self) -> Any:
        return list(self)

    def values(self) -> Any:
        return [self[key] for key in self]

    def items(self) -> Any:
        return [(key, self[key]) for key in self]

    def copy(self) -> dict:
        return dict(self.items())

    def __eq__(self, other: Any) -> bool:
        return self is other

    def __ne__(self, other: Any) -> bool:
        return self is not other

    __hash__ = None  # type: ignore[assignment]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return dict, (self.items(),)


class TableWorksheet(Worksheet):
    """An ordinary worksheet to which frames can be appended at no cost."""

    def _setup(self) -> None:
        super()._setup()
        self._cells = LazyCells(self)

    @property
    def _lazy(self) -> LazyCells | None:
        """The lazy cells, unless somebody replaced them."""
        return self._cells if isinstance(self._cells, LazyCells) else None

    def append_frame(
        self, frame: pl.DataFrame, native: Any, *, gap: bool, escape_formulas: bool, at_once: bool = False
    ) -> None:
        """Append a header row and the frame's rows, after a blank row where there is a gap.

        ``at_once`` makes all cells now, so that values which no cell can hold fail now.
        """
        if gap:
            self.append([])
        self.append(list(frame.columns))
        if escape_formulas:
            for column in range(1, frame.width + 1):
                keep_text(self._cells[self._current_row, column])
        if frame.height == 0 or frame.width == 0:
            return
        block = Block(
            self._current_row + 1, frame, native, [_binder(dtype, escape_formulas) for dtype in frame.dtypes]
        )
        cells = self._lazy
        # Where cells exist already, these give way as they would to any appended row.
        is_taken = cells is None or bool(cells.gone) or any(row >= block.first_row for (row, _), _ in cells.made())
        if at_once or is_taken:
            for row in range(block.first_row, block.last_row + 1):
                for column in range(1, block.width + 1):
                    self._cells[row, column] = block.cell(self, row, column)
        else:
            cells.blocks.append(block)
        self._current_row = block.last_row

    def _get_cell(self, row: int, column: int) -> Any:
        # The way of every access to a cell, straightened.
        cells = self._cells
        if type(cells) is LazyCells:
            key = (row, column)
            cell = dict.get(cells, key)
            if cell is None:
                block = cells.block_of(key)
                if block is None:
                    return super()._get_cell(row, column)
                cell = block.cell(self, row, column)
                dict.__setitem__(cells, key, cell)
            return cell
        return super()._get_cell(row, column)

    # What openpyxl finds out by looking at every cell ---------------------------------------------------------------

    def _extent(self) -> tuple[int, int, int, int] | None:
        """First and last row, first and last column; ``None`` where only looking at all cells tells."""
        cells = self._lazy
        if cells is None or cells.gone or not cells.blocks:
            return None
        rows = [row for (row, _), _ in cells.made()]
        columns = [column for (_, column), _ in cells.made()]
        return (
            min([*rows, *(block.first_row for block in cells.blocks)]),
            max([*rows, *(block.last_row for block in cells.blocks)]),
            min([*columns, 1]),
            max([*columns, *(block.width for block in cells.blocks)]),
        )

    @property
    def min_row(self) -> int:
        extent = self._extent()
        return super().min_row if extent is None else extent[0]

    @property
    def max_row(self) -> int:
        extent = self._extent()
        return super().max_row if extent is None else extent[1]

    @property
    def min_column(self) -> int:
        extent = self._extent()
        return super().min_column if extent is None else extent[2]

    @property
    def max_column(self) -> int:
        extent = self._extent()
        return super().max_column if extent is None else extent[3]

    def calculate_dimension(self) -> str:
        extent = self._extent()
        if extent is None:
            return super().calculate_dimension()
        min_row, max_row, min_column, max_column = extent
        return f"{get_column_letter(min_column)}{min_row}:{get_column_letter(max_column)}{max_row}"

    # Values alone need no cells -------------------------------------------------------------------------------------

    def _value(self, cells: LazyCells, row: int, column: int) -> Any:
        cell = dict.get(cells, (row, column))
        if cell is None:
            block = cells.block_of((row, column))
            if block is not None:
                return block.value(row, column)
            # Looking at a place without a cell makes one there, as it always has.
            cell = self.cell(row, column)
        return cell.value

    def _cells_by_row(
        self, min_col: int, min_row: int, max_col: int, max_row: int, values_only: bool = False
    ) -> Iterator[tuple[Any, ...]]:
        cells = self._lazy
        if cells is None or not values_only:
            yield from super()._cells_by_row(min_col, min_row, max_col, max_row, values_only)
            return
        for row in range(min_row, max_row + 1):
            yield tuple(self._value(cells, row, column) for column in range(min_col, max_col + 1))

    def _cells_by_col(
        self, min_col: int, min_row: int, max_col: int, max_row: int, values_only: bool = False
    ) -> Iterator[tuple[Any, ...]]:
        cells = self._lazy
        if cells is None or not values_only:
            yield from super()._cells_by_col(min_col, min_row, max_col, max_row, values_only)
            return
        for column in range(min_col, max_col + 1):
            yield tuple(self._value(cells, row, column) for row in range(min_row, max_row + 1))


def _binder(dtype: Any, escape_formulas: bool) -> Callable[[Cell, Any], None]:
    """What puts a value of a column's type into a fresh cell, as assigning it would."""
    if dtype.is_numeric() and not dtype.is_decimal():
        return _bind_number
    if dtype == pl.Boolean:
        return _bind_boolean
    if dtype.is_temporal():
        return _TemporalBinder()
    if dtype == pl.String:
        return _bind_escaped_text if escape_formulas else _bind_text
    return _bind_escaped if escape_formulas else _bind_any


def _bind_number(cell: Cell, value: Any) -> None:
    # A fresh cell is of the numeric type already.
    cell._value = value


def _bind_boolean(cell: Cell, value: Any) -> None:
    cell._value = value
    cell.data_type = "b"


def _bind_text(cell: Cell, value: str) -> None:
    # Control characters were looked for when the frame was appended.
    cell._value = value = value[:_LONGEST_TEXT]
    if value[:1] == "=" and len(value) > 1:
        cell.data_type = "f"
    else:
        cell.data_type = "e" if value[:1] == "#" and value in ERROR_CODES else "s"


def _bind_escaped_text(cell: Cell, value: str) -> None:
    _bind_text(cell, value)
    keep_text(cell)


def _bind_any(cell: Cell, value: Any) -> None:
    cell.value = value


def _bind_escaped(cell: Cell, value: Any) -> None:
    cell.value = value
    keep_text(cell)


def keep_text(cell: Cell) -> None:
    """Make a formula text again."""
    if cell.data_type == "f" and isinstance(cell._value, str):
        cell.data_type = "s"


class _TemporalBinder:
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
