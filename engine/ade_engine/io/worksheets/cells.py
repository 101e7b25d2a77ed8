"""The cells of a worksheet by (row, column), of which most need not exist as objects.

:class:`LazyCells` replaces the dictionary of cells in an openpyxl worksheet. Rows that were appended whole
(:mod:`ade_engine.io.worksheets.rows`) are its blocks: a cell of them is created when it is accessed. When no other reference to
it exists, its content is noted in the rows and the object is dropped, so that a hook that visits a million cells needs memory
for a few thousand of them at a time. Rows and columns can be inserted and deleted without creating cells. Before anything else
moves or removes cells, all of them are created.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, KeysView
from sys import getrefcount

from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from ade_engine.io.worksheets.rows import WorksheetRows
from ade_engine.models.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: The number of new cell objects after which those without another reference are dropped.
_ROUND = 1 << 12


class WorksheetBlock(Record):
    """Rows of a sheet, from 1 and inclusive, that hold some rows from the one with the number ``start`` on."""

    first_row: int
    last_row: int
    rows: WorksheetRows
    start: int
    #: For each column of the sheet the column of the rows; ``None`` for a column without cells.
    columns: tuple[int | None, ...]

    def column(self, column: int) -> int | None:
        """Returns the column of the rows at a column of the sheet."""
        return self.columns[column - 1] if 0 < column <= len(self.columns) else None


class LazyCells(dict):
    """The cells of a worksheet: those that exist as objects, and those that blocks would create.

    The dictionary itself holds the objects. At a position with an object, the block below it does not count.
    """

    __slots__ = ("worksheet", "blocks", "is_scattered", "_last_block", "_loose", "_last_loose_row", "_next_round")

    def __init__(self, worksheet: Worksheet):
        super().__init__()
        self.worksheet = worksheet
        #: The blocks from top to bottom.
        self.blocks: list[WorksheetBlock] = []
        #: Whether all cells were created, so that rows are no longer known.
        self.is_scattered = False
        self._last_block: WorksheetBlock | None = None
        #: The positions of cells that were added: among them all outside the blocks.
        self._loose: set[tuple[int, int]] = set()
        #: The last row of these; ``None`` if it must be searched.
        self._last_loose_row: int | None = 0
        self._next_round = _ROUND

    # Blocks ---------------------------------------------------------------------------------------------------------

    def at(self, row: int) -> WorksheetBlock | None:
        """Returns the block that contains a row of the sheet."""
        block = self._last_block
        if block is not None and block.first_row <= row <= block.last_row:
            return block
        for block in self.blocks:
            if block.first_row <= row <= block.last_row:
                self._last_block = block
                return block
        return None

    def find(self, row: int, column: int) -> tuple[WorksheetRows, int, int] | None:
        """Returns the rows that contain a position of the sheet, with its row and column there."""
        block = self.at(row)
        own = None if block is None else block.column(column)
        return None if own is None else (block.rows, block.start + row - block.first_row, own)

    def append_rows(self, first_row: int, rows: WorksheetRows) -> None:
        """Appends rows where nothing is below."""
        self.blocks.append(WorksheetBlock(first_row, first_row + rows.height - 1, rows, 0, tuple(range(rows.width))))

    def shift_rows(self, first_row: int, offset: int, removed: int = 0) -> None:
        """Moves all rows from ``first_row`` on, after removing ``removed`` rows there."""
        blocks, stop = [], first_row + removed
        for block in self.blocks:
            for first, last in ((block.first_row, min(block.last_row, first_row - 1)), (max(block.first_row, stop), block.last_row)):
                if first <= last:
                    moved = offset if first >= stop else 0
                    blocks.append(WorksheetBlock(first + moved, last + moved, block.rows, block.start + first - block.first_row, block.columns))
        self.blocks, self._last_block = blocks, None
        self._rekey(lambda row, column: None if first_row <= row < stop else (row + offset, column) if row >= stop else (row, column))

    def shift_columns(self, first_column: int, offset: int, removed: int = 0) -> None:
        """Moves all columns from ``first_column`` on, after removing ``removed`` columns there."""
        stop = first_column + removed
        for block in self.blocks:
            if len(block.columns) >= first_column:
                block.columns = block.columns[: first_column - 1] + (None,) * (offset + removed) + block.columns[stop - 1 :]
        self.blocks = [block for block in self.blocks if set(block.columns) - {None}]
        self._last_block = None
        self._rekey(lambda row, column: None if first_column <= column < stop else (row, column + offset) if column >= stop else (row, column))

    def _rekey(self, place: Callable[[int, int], tuple[int, int] | None]) -> None:
        """Gives the cell objects other positions; those that get none are dropped."""
        moved = []
        self._last_loose_row = None
        for key in list(dict.keys(self)):
            other = place(*key)
            if other != key:
                moved.append((other, dict.pop(self, key), key in self._loose))
                self._loose.discard(key)
        for other, cell, is_loose in moved:
            if other is not None:
                cell.row, cell.column = other
                dict.__setitem__(self, other, cell)
                if is_loose:
                    self._loose.add(other)

    def scatter(self) -> None:
        """Creates all cells, so that the sheet is like any other of openpyxl."""
        if self.blocks:
            cells = dict(self.items())
            self.blocks, self.is_scattered = [], True
            self._last_block = None
            self.update(cells)

    # Creating and releasing cells -------------------------------------------------------------------------------------

    def make(self, key: tuple[int, int], place: tuple[WorksheetRows, int, int]) -> Cell:
        """Creates the cell of a position in rows."""
        rows, own_row, own_column = place
        cell = rows.make(self.worksheet, key[0], key[1], own_row, own_column)
        dict.__setitem__(self, key, cell)
        if dict.__len__(self) > self._next_round:
            self.release()
        return cell

    def row_cells(self, row: int, first_column: int, last_column: int) -> tuple[Any, ...] | None:
        """Returns the cells of a row if each of them exists or can be created; else ``None``."""
        block = self.at(row)
        if block is None:
            return None
        known = dict.get
        cells = [known(self, (row, column)) for column in range(first_column, last_column + 1)]
        if None in cells:
            wanted = [(column, block.column(column)) for column, cell in enumerate(cells, first_column) if cell is None]
            if any(own_column is None for _, own_column in wanted):
                return None
            own_row = block.start + row - block.first_row
            keep = dict.__setitem__
            for column, cell in block.rows.make_row(self.worksheet, row, wanted, own_row):
                cells[column - first_column] = cell
                keep(self, (row, column), cell)
            if dict.__len__(self) > self._next_round:
                self.release()
        return tuple(cells)

    def release(self) -> None:
        """Drops the cell objects without another reference, noting their content in their rows."""
        table = self.worksheet.parent._ade_styles
        for key in list(dict.keys(self)):
            place = self.find(*key)
            if place is None:
                continue
            cell = dict.__getitem__(self, key)
            if getrefcount(cell) > _HELD_BY_NOBODY_ELSE or type(cell) is not Cell:
                continue
            if cell._comment is not None or cell._hyperlink is not None or (cell.row, cell.column) != key:
                continue
            rows, own_row, own_column = place
            if rows.take_back(cell, own_row, own_column, table):
                dict.__delitem__(self, key)
                self._leave(key)
        self._next_round = 2 * dict.__len__(self) + _ROUND

    def made(self) -> Iterator[tuple[tuple[int, int], Any]]:
        """Yields the cells that exist as objects."""
        return iter(dict.items(self))

    def last_row(self) -> int:
        """Returns the last row with a cell, 0 if there is none."""
        if self._last_loose_row is None:
            self._last_loose_row = max((row for row, _ in self._loose), default=0)
        return max(self._last_loose_row, max((block.last_row for block in self.blocks), default=0))

    def extent(self) -> tuple[int, int, int, int] | None:
        """Returns the first and last row, and the first and last column with a cell; ``None`` if there is no cell."""
        rows = [row for row, _ in self._loose]
        columns = [column for _, column in self._loose]
        for block in self.blocks:
            rows += block.first_row, block.last_row
            columns += (column for column, own in enumerate(block.columns, 1) if own is not None)
        return (min(rows), max(rows), min(columns), max(columns)) if rows else None

    # The methods of a dictionary with these keys --------------------------------------------------------------------

    def _leave(self, key: tuple[int, int]) -> None:
        """Notes that a position no longer has a cell object of its own."""
        if key in self._loose:
            self._loose.discard(key)
            if key[0] == self._last_loose_row:
                self._last_loose_row = None

    def __setitem__(self, key: Any, cell: Any) -> None:
        dict.__setitem__(self, key, cell)
        self._loose.add(key)
        if self._last_loose_row is not None and key[0] > self._last_loose_row:
            self._last_loose_row = key[0]

    def __missing__(self, key: Any) -> Any:
        place = self.find(*key)
        if place is None:
            raise KeyError(key)
        return self.make(key, place)

    def __contains__(self, key: Any) -> bool:
        return dict.__contains__(self, key) or self.find(*key) is not None

    def get(self, key: Any, default: Any = None) -> Any:
        return self[key] if key in self else default

    def __delitem__(self, key: Any) -> None:
        if key not in self:
            raise KeyError(key)
        if self.find(*key) is not None:
            self.scatter()
        dict.pop(self, key, None)
        self._leave(key)

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
        self._loose.clear()
        self._last_loose_row = 0
        self.blocks, self.is_scattered = [], True
        self._last_block = None

    def __iter__(self) -> Iterator[tuple[int, int]]:
        made = dict.fromkeys(dict.keys(self))
        yield from made
        for block in list(self.blocks):
            columns = [column for column, own in enumerate(block.columns, 1) if own is not None]
            for row in range(block.first_row, block.last_row + 1):
                yield from ((row, column) for column in columns if (row, column) not in made)

    def __len__(self) -> int:
        return sum(1 for _ in self) if self.blocks else dict.__len__(self)

    def __bool__(self) -> bool:
        return dict.__len__(self) > 0 or next(iter(self), None) is not None

    def keys(self) -> Any:
        return KeysView(self)

    def values(self) -> Any:
        return [self[key] for key in self]

    def items(self) -> Any:
        return [(key, self[key]) for key in self]

    def copy(self) -> dict:
        return dict(self.items())

    def update(self, *others: Any, **named: Any) -> None:
        for key, cell in dict(*others, **named).items():
            self[key] = cell

    def __eq__(self, other: Any) -> bool:
        return self is other

    def __ne__(self, other: Any) -> bool:
        return self is not other

    __hash__ = None  # type: ignore[assignment]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return dict, (self.items(),)


def _count_of_a_value_in_a_dictionary() -> int:
    """Returns ``getrefcount``, in a loop like that of ``release``, for an object that only a dictionary holds."""
    dictionary = {0: object()}
    for key in list(dict.keys(dictionary)):
        value = dict.__getitem__(dictionary, key)
        return getrefcount(value)
    raise AssertionError("the dictionary has a key")


_HELD_BY_NOBODY_ELSE = _count_of_a_value_in_a_dictionary()
