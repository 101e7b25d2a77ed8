"""The cells of a worksheet by (row, column), of which most need not exist as objects.

:class:`LazyCells` takes the place of the dictionary that an openpyxl worksheet keeps its cells in. A cell that belongs
to rows (:mod:`ade_engine.io.worksheets.rows`) is made when it is accessed. When no other reference to it exists,
its content is noted in the rows and the object is dropped, so that a hook that visits a million cells needs memory for
a few thousand of them at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, KeysView
from sys import getrefcount

from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from ade_engine.io.worksheets.bands import Bands
from ade_engine.io.worksheets.rows import Rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: After this many new cell objects, those without another reference are dropped.
_ROUND = 1 << 12


class LazyCells(dict):
    """The cells of a worksheet: those that exist as objects, and those that rows would make.

    The dictionary itself holds the objects. At a place that has one, the rows below it do not count.
    """

    __slots__ = ("worksheet", "bands", "_loose", "_last_loose_row", "_next_round")

    def __init__(self, worksheet: Worksheet):
        super().__init__()
        self.worksheet = worksheet
        self.bands = Bands()
        #: The places of cells that were added: among them all outside the bands.
        self._loose: set[tuple[int, int]] = set()
        #: The last row of these; ``None`` where it has to be looked for.
        self._last_loose_row: int | None = 0
        self._next_round = _ROUND

    # Making cells and letting them go ------------------------------------------------------------------------------

    def make(self, key: tuple[int, int], place: tuple[Rows, int, int]) -> Cell:
        """Make the cell of a place in rows."""
        rows, own_row, own_column = place
        cell = rows.make(self.worksheet, key[0], key[1], own_row, own_column)
        dict.__setitem__(self, key, cell)
        if dict.__len__(self) > self._next_round:
            self.release()
        return cell

    def row_cells(self, row: int, first_column: int, last_column: int) -> tuple[Any, ...] | None:
        """The cells of a row, where each of them exists or can be made; else ``None``."""
        band = self.bands.at(row)
        if band is None or len(band.parts) != 1 or band.parts[0].rows.holes:
            return None
        part = band.parts[0]
        columns = part.columns
        known = dict.get
        cells = [known(self, (row, column)) for column in range(first_column, last_column + 1)]
        if None in cells:
            wanted = [(column, columns.get(column)) for column, cell in enumerate(cells, first_column) if cell is None]
            if any(own_column is None for _, own_column in wanted):
                return None
            own_row = part.first + row - band.first_row
            keep = dict.__setitem__
            for column, cell in part.rows.make_row(self.worksheet, row, wanted, own_row):
                cells[column - first_column] = cell
                keep(self, (row, column), cell)
            if dict.__len__(self) > self._next_round:
                self.release()
        return tuple(cells)

    def release(self) -> None:
        """Drop the cell objects without another reference, noting their content in their rows."""
        at = self.bands.at
        table = self.worksheet.parent._ade_styles
        band = None
        for key in list(dict.keys(self)):
            row, column = key
            if band is None or not band.first_row <= row <= band.last_row:
                band = at(row)
                if band is None:
                    continue
            cell = dict.__getitem__(self, key)
            if getrefcount(cell) > _HELD_BY_NOBODY_ELSE or type(cell) is not Cell:
                continue
            if cell._comment is not None or cell._hyperlink is not None or cell.row != row or cell.column != column:
                continue
            for part in band.parts:
                own_column = part.columns.get(column)
                if own_column is not None:
                    own_row = part.first + row - band.first_row
                    # A cell at a place without one in the rows was added by a hook: it stays.
                    if (own_row, own_column) not in part.rows.holes and part.rows.take_back(
                        cell, own_row, own_column, table
                    ):
                        dict.__delitem__(self, key)
                        self._leave(key)
                    break
        self._next_round = 2 * dict.__len__(self) + _ROUND

    def made(self) -> Iterator[tuple[tuple[int, int], Any]]:
        """The cells that exist as objects."""
        return iter(dict.items(self))

    def last_row(self) -> int:
        """The last row with a cell, 0 where there is none."""
        if self._last_loose_row is None:
            self._last_loose_row = max((row for row, _ in self._loose), default=0)
        return max(self._last_loose_row, self.bands.last_row())

    def extent(self) -> tuple[int, int, int, int] | None:
        """First and last row, first and last column with a cell; ``None`` where there is no cell."""
        extents = [extent for band in self.bands if (extent := band.extent()) is not None]
        if self._loose:
            rows = [row for row, _ in self._loose]
            columns = [column for _, column in self._loose]
            extents.append((min(rows), max(rows), min(columns), max(columns)))
        if not extents:
            return None
        first_rows, last_rows, first_columns, last_columns = zip(*extents)
        return min(first_rows), max(last_rows), min(first_columns), max(last_columns)

    def rekey(self, place: Callable[[int, int], tuple[int, int] | None]) -> None:
        """Give the cell objects other places; those that get none are dropped. A cell that moves replaces one that
        stays."""
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

    # The methods of a dictionary with these keys --------------------------------------------------------------------

    def _leave(self, key: tuple[int, int]) -> None:
        """Note that a place has no cell object of its own any more."""
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
        place = self.bands.find(*key)
        if place is None:
            raise KeyError(key)
        return self.make(key, place)

    def __contains__(self, key: Any) -> bool:
        return dict.__contains__(self, key) or self.bands.find(*key) is not None

    def get(self, key: Any, default: Any = None) -> Any:
        return self[key] if key in self else default

    def __delitem__(self, key: Any) -> None:
        if key not in self:
            raise KeyError(key)
        dict.pop(self, key, None)
        self._leave(key)
        self.bands.punch(*key)

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
        self.bands = Bands()

    def __iter__(self) -> Iterator[tuple[int, int]]:
        made = dict.fromkeys(dict.keys(self))
        yield from made
        for band in list(self.bands):
            first_row, last_row = band.first_row, band.last_row
            places = [(part, list(part.columns.items()), part.first - first_row) for part in band.parts]
            for row in range(first_row, last_row + 1):
                for part, columns, offset in places:
                    holes = part.rows.holes
                    for column, own_column in columns:
                        if (row, column) not in made and not (holes and (row + offset, own_column) in holes):
                            yield row, column

    def __len__(self) -> int:
        return sum(1 for _ in self) if self.bands else dict.__len__(self)

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
    """What ``getrefcount`` says, in a loop like that of ``release``, of an object that a dictionary alone holds."""
    dictionary = {0: object()}
    for key in list(dict.keys(dictionary)):
        value = dict.__getitem__(dictionary, key)
        return getrefcount(value)
    raise AssertionError("the dictionary has a key")


_HELD_BY_NOBODY_ELSE = _count_of_a_value_in_a_dictionary()
