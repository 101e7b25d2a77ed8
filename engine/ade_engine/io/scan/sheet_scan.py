"""The cells of a sheet in the native module, also with rows that were changed since."""

from __future__ import annotations

from ade_engine import _native
from ade_engine.models import polars as pl
from ade_engine.models.row_layout import SheetRows
from ade_engine.models.table import is_blank

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class SheetScan(_native.Scan):
    """The cells of a sheet: those in the native module, as columns for polars, and the looks of rows.

    Rows, columns and merged ranges are read by the native class. Row numbers count from 0 and include empty rows. Rows end with
    their last value; cells are plain Python values: ``int`` or ``float`` as in the file, ``str`` (errors too), ``bool``,
    ``datetime``, ``date``, ``time``, ``timedelta`` or ``None``.
    """

    __slots__ = ("_shown", "_layouts")

    def __init__(self, scan: _native.Scan):
        self._shown: dict[int, tuple[str | None, str | None]] = {}
        self._layouts: SheetRows | None = None

    def all_series(self, names: list[str], first: int, start: int, stop: int) -> list[tuple[Any, bool]]:
        """Returns the columns from ``first`` on as polars ``Series``, each with whether its cells are of several types, so that
        some have lost theirs.

        Type and values are those of ``polars.Series(name, values, strict=False)``; if polars refuses the mixture, every value
        becomes text, date-times in ISO form and others by ``str``. Floats among text look as polars 1.36 prints them
        (``1e20``), whatever version is installed.
        """
        length, made = max(0, stop - start), []
        for column, (name, (all_null, is_mixed, built)) in enumerate(zip(names, self.columns(names, first, start, stop)), first):
            if built is not None:
                made.append((pl.series_of(built, name), is_mixed))
            elif all_null:
                made.append((pl.constant(None, length, pl.Null, name) if length else pl.Series(name, []), False))
            else:
                made.append((series_of_values(name, self.values(column, start, stop)), is_mixed))
        return made

    def cell(self, row: int, column: int) -> Any:
        """Returns a cell, both numbers from 0; ``None`` also behind the end of its row."""
        cells = self.row(row)
        return cells[column] if column < len(cells) else None

    def padded(self, column: int, start: int, stop: int) -> tuple[SheetScan, int] | None:
        """Returns the scan and the column, if the sheet shows some of its numbers with leading zeros."""
        return (self, column) if self.has_zeros(column, start, stop) else None

    def shown_by(self, column: int) -> tuple[str | None, str | None]:
        """Returns the order of dates and the decimal mark in the text of a whole column, in all of its tables."""
        if column not in self._shown:
            self._shown[column] = _native.shown_by_sheet(self, column)
        return self._shown[column]

    def layouts(self) -> SheetRows:
        """Returns the layouts of the rows: titles, headers, data, by their looks."""
        if self._layouts is None:
            self._layouts = SheetRows(self)
        return self._layouts

    def as_native(self) -> _native.Scan:
        """Returns the current cells for the native module."""
        return self


class ChangedScan(SheetScan):
    """A scan with rows that were changed since: the same cells, looks and ranges, with the current rows.

    Row detectors may change the list that they receive, and hooks may put values into a source sheet that no file can hold.
    Both are rare and happen with small sheets, so this code is not optimized. Facts that only native cells have are unknown for
    a column of these rows.
    """

    __slots__ = ("_rows", "_native", "width")

    def __new__(cls, scan: SheetScan, changed: dict[int, list[Any]]) -> ChangedScan:
        return super().__new__(cls, scan)

    def __init__(self, scan: SheetScan, changed: dict[int, list[Any]]):
        super().__init__(scan)
        # The looks of rows do not depend on values that no file can hold.
        self._layouts = scan._layouts
        self._rows = scan.rows(0, scan.rows_emitted)
        for number, row in changed.items():
            self._rows[number] = row
        self.width = self.widest(0, self.rows_emitted)
        self._native: _native.Scan | None = None

    def as_native(self) -> _native.Scan:
        # Values that no file can hold become texts there.
        if self._native is None:
            self._native = _native.scan_of_rows("changed", self._rows, None, None, 0, [], self)
        return self._native

    def rows(self, start: int, stop: int) -> list[list[Any]]:
        return [row[:] for row in self._rows[start:stop]]

    def row(self, number: int) -> list[Any]:
        return self._rows[number][:]

    def is_empty_row(self, number: int) -> bool:
        return all(value is None or value == "" for value in self._rows[number])

    def widest(self, start: int, stop: int) -> int:
        return max(map(len, self._rows[start:stop]), default=0)

    def values(self, column: int, start: int, stop: int) -> list[Any]:
        return [row[column] if column < len(row) else None for row in self._rows[start:stop]]

    def all_series(self, names: list[str], first: int, start: int, stop: int) -> list[tuple[Any, bool]]:
        return [(series_of_values(name, self.values(column, start, stop)), False) for column, name in enumerate(names, first)]

    def padded(self, column: int, start: int, stop: int) -> None:
        return None

    def shown_by(self, column: int) -> tuple[None, None]:
        return None, None

    def cell_counts(self, start: int, stop: int, width: int) -> tuple[list[int], int]:
        filled = [0] * width
        blank_rows = 0
        for row in self._rows[start:stop]:
            columns = [at for at, value in enumerate(row[:width]) if not is_blank(value)]
            blank_rows += not columns
            for at in columns:
                filled[at] += 1
        return filled, blank_rows


def series_of_values(name: str, values: list[Any]) -> Any:
    """Returns the series of a column of Python values; mixtures that polars refuses become text."""
    try:
        return pl.Series(name, values, strict=False)
    except Exception:
        # Polars has no type for this mixture, and raises different exceptions for it.
        return pl.Series(name, [None if value is None else _as_text(value) for value in values], dtype=pl.String)


def _as_text(value: Any) -> str:
    from datetime import datetime

    return value.isoformat() if isinstance(value, datetime) else str(value)


def in_order(ranges: Iterable[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Returns ranges (first row, last row, first column, last column) by their first cells, each once, without single cells."""
    several = {area for area in ranges if area[0] != area[1] or area[2] != area[3]}
    return sorted(several, key=lambda area: (area[0], area[2], area[1], area[3]))
