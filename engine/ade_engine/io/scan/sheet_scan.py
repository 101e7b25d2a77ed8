"""The cells of a sheet as the native module holds them."""

from __future__ import annotations

from typing import Any

from ade_engine import _native
from ade_engine.io.scan.series import series_of_values
from ade_engine.models.row_layout import SheetRows
from ade_engine.models.table import is_blank


class SheetScan:
    """The cells of a sheet.

    Row numbers count from 0 and include empty rows. Rows end with their last value; cells are plain Python values:
    ``int`` or ``float`` as the file has it, ``str`` (errors too), ``bool``, ``datetime``, ``date``, ``time``,
    ``timedelta`` or ``None``.
    """

    __slots__ = ("_native", "_shown", "_layout", "_layouts", "rows_emitted", "stopped_early", "truncated_rows", "width")

    def __init__(self, native: Any):
        self._native = native
        self._shown: dict[int, tuple[str | None, str | None]] = {}
        self._layout: Any = None
        self._layouts: SheetRows | None = None
        #: Rows up to the last one, or up to where scanning stopped.
        self.rows_emitted: int
        #: Whether a long run of empty rows ended the scan.
        self.stopped_early: bool
        #: Declared rows that were left out by that.
        self.truncated_rows: int
        #: Cells of the widest row.
        self.width: int
        self.rows_emitted, self.stopped_early, self.truncated_rows, self.width = native.facts()

    def rows(self, start: int, stop: int) -> list[list[Any]]:
        """Rows from ``start`` to before ``stop``; an empty row is an empty list."""
        return self._native.rows(start, stop)

    def row(self, number: int) -> list[Any]:
        """One row."""
        return self._native.row(number)

    def details(self, start: int, stop: int) -> list[list[int]]:
        """What a peek at a workbook of the ``.xlsx`` family knows of each cell of some rows beside its value.

        -1 where the file has no cell, else eight times its number in the list of styles plus its data type: 0 to 6
        for ``n``, ``s``, ``b``, ``d``, ``e``, ``str``, ``inlineStr``. Rows end with their last cell; one that the file
        has without a cell is ``[-2]``.
        """
        return self._native.details(start, stop)

    def is_empty_row(self, number: int) -> bool:
        """Whether a row has no value."""
        return self._native.is_empty_row(number)

    def widest(self, start: int, stop: int) -> int:
        """Cells of the widest row from ``start`` to before ``stop``."""
        return self._native.widest(start, stop)

    def values(self, column: int, start: int, stop: int) -> list[Any]:
        """The raw cells of a column."""
        return self._native.values(column, start, stop)

    def series(self, name: str, column: int, start: int, stop: int) -> Any:
        """A column as a polars ``Series``.

        Type and values are those of ``polars.Series(name, values, strict=False)``; where polars refuses the mixture
        every value becomes text, date-times in ISO form and others by ``str``. Floats among text look as polars 1.36
        prints them (``1e20``), whatever version is installed.
        """
        import polars as pl

        from ade_engine.models.series import series_of

        all_null, built = self._native.column(name, column, start, stop)
        if built is not None:
            series = series_of(built)
            # The name travels with the column, but a null byte in it does not.
            return series if series.name == name else series.rename(name)
        if all_null:
            length = max(0, stop - start)
            return pl.Series(name, [None], dtype=pl.Null).new_from_index(0, length) if length else pl.Series(name, [])
        return series_of_values(name, self.values(column, start, stop))

    def mixed(self, column: int, start: int, stop: int) -> tuple[Any, int] | None:
        """The native scan and the column, where :meth:`series` makes text of cells that are not all text."""
        return (self._native, column) if self._native.is_mixed(column, start, stop) else None

    def padded(self, column: int, start: int, stop: int) -> tuple[Any, int] | None:
        """The native scan and the column, where the sheet shows some of its numbers with leading zeros."""
        return (self._native, column) if self._native.has_zeros(column, start, stop) else None

    def shown_by(self, column: int) -> tuple[str | None, str | None]:
        """The order of dates and the decimal mark that the text of a whole column shows, in whichever tables it stands."""
        if column not in self._shown:
            self._shown[column] = _native.shown_by_sheet(self._native, column)
        return self._shown[column]

    def layout(self) -> Any:
        """What the rows of the sheet are by their looks, as the native module found it: titles, headers, data."""
        if self._layout is None:
            self._layout = _native.SheetLayout(self._native)
        return self._layout

    def layouts(self) -> SheetRows:
        """The same, row by row."""
        if self._layouts is None:
            self._layouts = SheetRows(self.layout())
        return self._layouts

    def classify_rows(self, rules: list[tuple[str, set[str] | None, int, float]]) -> tuple[bytearray, int | None]:
        """The kinds of all rows by native detectors, and the row with the highest header score."""
        layout = self.layout() if any(rule[0] == "layout" for rule in rules) else None
        return _native.classify_rows(self._native, rules, layout)

    def cell_counts(self, start: int, stop: int, width: int) -> tuple[list[int], int]:
        """Cells that are not blank for each of the first ``width`` columns, and rows in which all of these are."""
        return self._native.cell_counts(start, stop, width)

    @property
    def formulas_without_value(self) -> tuple[int, tuple[int, int] | None]:
        """How many formulas were saved without a value, and row and column of the first one, from 1."""
        return self._native.formulas_without_value()

    @property
    def merged_ranges(self) -> list[tuple[int, int, int, int]] | None:
        """The merged ranges in order of their first cells: first row, last row, first column, last column, from 1.

        ``None`` where the scan ended before it came to them.
        """
        return self._native.merged_ranges()

    def hiding_ranges(self, blocks: list[tuple[int, int]]) -> tuple[int, tuple[int, int, int, int] | None]:
        """How many merged ranges hide values in some blocks of rows, and the first of them.

        A block is its first row, counted from 0, and the row behind its last. A range hides values where its first cell
        has one: the others are read as empty.
        """
        return self._native.hiding_ranges(blocks)

    @property
    def filled_ranges(self) -> tuple[int, tuple[int, int, int, int] | None, int]:
        """How many merged ranges were filled, the first of them, and how many were left although they should have been."""
        return self._native.filled_ranges()

    @property
    def filled_numbers(self) -> tuple[int, tuple[int, int, int, int] | None]:
        """How many of the filled ranges give a number to several rows, and the first of these."""
        return self._native.filled_numbers()

    @property
    def declared(self) -> tuple[int, int, int, int] | None:
        """The extent that a workbook says the sheet has: first column and row, last column and row, from 1."""
        return self._native.declared()

    def free(self) -> None:
        """Free the memory. Nothing can be read afterwards; series that were made stay valid."""
        self._native.free()


class ChangedScan(SheetScan):
    """A scan with rows that were changed since: the same cells, looks and ranges, with the rows as they are now.

    Row detectors may change the list that they are given, and hooks may put values into a source sheet that no file can
    hold. Both are rare and happen with small sheets, so this code is not optimized. What only native cells can say of
    a column, nobody says of a column of these rows.
    """

    __slots__ = ("_rows",)

    def __init__(self, scan: SheetScan, changed: dict[int, list[Any]]):
        super().__init__(scan._native)
        # What rows look like does not hang on values that no file can hold.
        self._layout, self._layouts = scan._layout, scan._layouts
        self._rows = scan.rows(0, scan.rows_emitted)
        for number, row in changed.items():
            self._rows[number] = row
        self.width = self.widest(0, self.rows_emitted)

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

    def series(self, name: str, column: int, start: int, stop: int) -> Any:
        return series_of_values(name, self.values(column, start, stop))

    def mixed(self, column: int, start: int, stop: int) -> None:
        return None

    padded = mixed

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
