"""The places in a sheet of the rows that it holds without cell objects.

:class:`Bands` records which :class:`~ade_engine.io.worksheets.rows.Rows` are in which rows and columns of a sheet, so
that rows and columns can be inserted, removed and moved at a cost that does not depend on how many cells they have.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator

from ade_engine.io.worksheets.rows import BlankRows, Rows


class Columns(dict):
    """Column of the sheet, from 1, to column of some rows, from 0. Shared by bands, and never changed."""

    __slots__ = ("first", "last")

    def __init__(self, columns: dict[int, int]):
        super().__init__(columns)
        self.first = min(self, default=0)
        self.last = max(self, default=0)


class BandPart:
    """Rows in a band: which of them is the band's first, and which of their columns stand where in the sheet."""

    __slots__ = ("rows", "first", "columns")

    def __init__(self, rows: Rows, first: int, columns: Columns):
        self.rows = rows
        self.first = first
        self.columns = columns


class Band:
    """Rows of a sheet, from 1 and inclusive, in which the same parts stand."""

    __slots__ = ("first_row", "last_row", "parts", "filled")

    def __init__(self, first_row: int, last_row: int, parts: list[BandPart]):
        self.first_row = first_row
        self.last_row = last_row
        self.parts = parts
        #: The column up to which all places are known to have cells, 0 where nothing is known.
        self.filled = 0

    def holes(self) -> Iterator[tuple[BandPart, int, int]]:
        """The places without cells: part, row and column of its rows."""
        last = self.last_row - self.first_row
        for part in self.parts:
            if part.rows.holes:
                columns = set(part.columns.values())
                for row, column in part.rows.holes:
                    if part.first <= row <= part.first + last and column in columns:
                        yield part, row, column

    def extent(self) -> tuple[int, int, int, int] | None:
        """First and last row, first and last column with a cell; ``None`` where there is no cell."""
        if not any(part.rows.holes for part in self.parts):
            first = min(part.columns.first for part in self.parts)
            return self.first_row, self.last_row, first, max(part.columns.last for part in self.parts)
        # Holes are counted, so that only rows and columns at the edges are looked at.
        in_rows: dict[int, int] = {}
        in_columns: dict[tuple[int, int], int] = {}
        for part, row, column in self.holes():
            in_rows[self.first_row + row - part.first] = in_rows.get(self.first_row + row - part.first, 0) + 1
            in_columns[id(part), column] = in_columns.get((id(part), column), 0) + 1
        width, height = sum(len(part.columns) for part in self.parts), self.last_row - self.first_row + 1
        rows = range(self.first_row, self.last_row + 1)
        first_row = next((row for row in rows if in_rows.get(row, 0) < width), None)
        if first_row is None:
            return None
        last_row = next(row for row in reversed(rows) if in_rows.get(row, 0) < width)
        columns = [
            column
            for part in self.parts
            for column, own in part.columns.items()
            if in_columns.get((id(part), own), 0) < height
        ]
        return first_row, last_row, min(columns), max(columns)


class Bands:
    """Where rows stand in a sheet. Bands are in order and do not overlap."""

    __slots__ = ("_bands", "_first_rows")

    def __init__(self) -> None:
        self._bands: list[Band] = []
        self._first_rows: list[int] = []

    def __iter__(self) -> Iterator[Band]:
        return iter(self._bands)

    def __bool__(self) -> bool:
        return bool(self._bands)

    def at(self, row: int) -> Band | None:
        """The band that a row of the sheet is in."""
        index = bisect_right(self._first_rows, row) - 1
        if index >= 0:
            band = self._bands[index]
            if row <= band.last_row:
                return band
        return None

    def last_row(self) -> int:
        """The last row with a cell, 0 where there is none."""
        for band in reversed(self._bands):
            extent = band.extent()
            if extent is not None:
                return extent[1]
        return 0

    def find(self, row: int, column: int) -> tuple[Rows, int, int] | None:
        """The rows that a place of the sheet is in, with its row and column there; ``None`` if it has no cell."""
        band = self.at(row)
        if band is not None:
            for part in band.parts:
                own_column = part.columns.get(column)
                if own_column is not None:
                    own_row = part.first + row - band.first_row
                    if part.rows.holes and (own_row, own_column) in part.rows.holes:
                        return None
                    return part.rows, own_row, own_column
        return None

    def punch(self, row: int, column: int) -> None:
        """Take the cell of a place away, if there is one."""
        found = self.find(row, column)
        if found is not None:
            rows, own_row, own_column = found
            rows.holes.add((own_row, own_column))
            if own_column in rows.changes:
                rows.changes[own_column].pop(own_row, None)
            self.at(row).filled = 0  # type: ignore[union-attr]

    def append(self, first_row: int, rows: Rows, columns: Columns | None = None) -> None:
        """Put rows where there are none below, with their columns at these places, or from the first column on."""
        if columns is None:
            columns = Columns({column + 1: column for column in range(rows.width)})
        self._insert(len(self._bands), Band(first_row, first_row + rows.height - 1, [BandPart(rows, 0, columns)]))

    def _insert(self, index: int, band: Band) -> None:
        self._bands.insert(index, band)
        self._first_rows.insert(index, band.first_row)

    def _remove(self, start: int, stop: int) -> None:
        del self._bands[start:stop]
        del self._first_rows[start:stop]

    def _split(self, row: int) -> int:
        """Let a band begin at a row that is in one; the position of the first band from that row on."""
        index = bisect_right(self._first_rows, row) - 1
        if index < 0:
            return 0
        band = self._bands[index]
        if band.first_row == row:
            return index
        if row <= band.last_row:
            above = row - band.first_row
            parts = [BandPart(part.rows, part.first + above, part.columns) for part in band.parts]
            below = Band(row, band.last_row, parts)
            below.filled = band.filled
            band.last_row = row - 1
            self._insert(index + 1, below)
        return index + 1

    # Rows -----------------------------------------------------------------------------------------------------------

    def shift_rows(self, first_row: int, offset: int) -> None:
        """Move all rows from one on. There must be no rows at the target."""
        start = self._split(first_row)
        for index in range(start, len(self._bands)):
            band = self._bands[index]
            band.first_row += offset
            band.last_row += offset
            self._first_rows[index] += offset

    def remove_rows(self, first_row: int, last_row: int) -> None:
        """Take rows away and leave their place empty."""
        start = self._split(first_row)
        self._remove(start, self._split(last_row + 1))

    # Columns --------------------------------------------------------------------------------------------------------

    def _replace_columns(self, start: int, stop: int, change: Callable[[dict[int, int]], dict[int, int]]) -> None:
        """Change the columns of all parts in some bands."""
        changed: dict[int, tuple[Columns, Columns]] = {}
        kept = []
        for band in self._bands[start:stop]:
            for part in band.parts:
                known = changed.get(id(part.columns))
                if known is None:
                    known = changed[id(part.columns)] = (part.columns, Columns(change(part.columns)))
                part.columns = known[1]
            band.parts = [part for part in band.parts if part.columns]
            band.filled = 0
            if band.parts:
                kept.append(band)
        self._bands[start:stop] = kept
        self._first_rows[start:stop] = [band.first_row for band in kept]

    def shift_columns(self, first_column: int, offset: int) -> None:
        """Move all columns from one on. There must be no columns at the target."""
        self._replace_columns(
            0,
            len(self._bands),
            lambda columns: {column + offset if column >= first_column else column: own for column, own in columns.items()},
        )

    def clear(self, first_row: int, last_row: int, first_column: int, last_column: int) -> None:
        """Take the cells of a range away."""
        start = self._split(first_row)
        self._replace_columns(
            start,
            self._split(last_row + 1),
            lambda columns: {
                column: own for column, own in columns.items() if not first_column <= column <= last_column
            },
        )

    # Ranges ---------------------------------------------------------------------------------------------------------

    def _fill_rows(self, first_row: int, last_row: int) -> tuple[int, int]:
        """Split and add bands so that some rows are in bands of their own. Returns the positions of these bands."""
        start = self._split(first_row)
        stop = self._split(last_row + 1)
        next_row, index = first_row, start
        while next_row <= last_row:
            band_row = self._bands[index].first_row if index < stop else last_row + 1
            if band_row > next_row:
                self._insert(index, Band(next_row, band_row - 1, []))
                stop += 1
            next_row = self._bands[index].last_row + 1
            index += 1
        return start, stop

    def fill(
        self, first_row: int, last_row: int, first_column: int, last_column: int
    ) -> list[tuple[int, int, list[int]]]:
        """Let every place of a range have a cell.

        Returns where there was none, from top to bottom: first row, last row, columns.
        """
        filled = []

        def blank(columns: list[int], height: int) -> BandPart:
            return BandPart(BlankRows(height, len(columns)), 0, Columns({column: own for own, column in enumerate(columns)}))

        everything = list(range(first_column, last_column + 1))
        start, stop = self._fill_rows(first_row, last_row)
        for band in self._bands[start:stop]:
            if first_column == 1 and band.filled >= last_column:
                continue
            there = {column for part in band.parts for column in part.columns}
            missing = [column for column in everything if column not in there]
            if missing:
                band.parts.append(blank(missing, band.last_row - band.first_row + 1))
                filled.append((band.first_row, band.last_row, missing))
            for part, row, column in list(band.holes()):
                sheet_column = next(key for key, own in part.columns.items() if own == column)
                if first_column <= sheet_column <= last_column:
                    part.rows.holes.discard((row, column))
                    own_row = band.first_row + row - part.first
                    filled.append((own_row, own_row, [sheet_column]))
                    part.rows.changes.setdefault(column, {})[row] = (None, "n")
                    if column in part.rows.styles:
                        part.rows.styles[column][row] = 0
            if first_column == 1:
                band.filled = last_column
        return filled

    def move(self, range_: tuple[int, int, int, int], rows: int, columns: int) -> None:
        """Move the cells of a range (first and last row, first and last column) over whatever is there."""
        first_row, last_row, first_column, last_column = range_
        start = self._split(first_row)
        stop = self._split(last_row + 1)
        moved = []
        for band in self._bands[start:stop]:
            for part in band.parts:
                taken = {
                    column + columns: own for column, own in part.columns.items() if first_column <= column <= last_column
                }
                if taken:
                    place = (band.first_row + rows, band.last_row + rows)
                    moved.append((*place, BandPart(part.rows, part.first, Columns(taken))))
        self.clear(*range_)
        self.clear(first_row + rows, last_row + rows, first_column + columns, last_column + columns)
        for first, last, part in moved:
            start, stop = self._fill_rows(first, last)
            for band in self._bands[start:stop]:
                band.parts.append(BandPart(part.rows, part.first + band.first_row - first, part.columns))
                band.filled = 0

    def copy(self) -> Bands:
        """The same rows at the same places, to be changed apart from these."""
        twins: dict[int, Rows] = {}
        copied = Bands()
        for band in self._bands:
            parts = []
            for part in band.parts:
                rows = twins.get(id(part.rows))
                if rows is None:
                    rows = twins[id(part.rows)] = part.rows.copy()
                parts.append(BandPart(rows, part.first, part.columns))
            twin = Band(band.first_row, band.last_row, parts)
            twin.filled = band.filled
            copied._insert(len(copied._bands), twin)
        return copied
