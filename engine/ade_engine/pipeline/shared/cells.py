"""The cell of the sender's sheet for each value of a reshaped table: for a stacked value its own column, for a value from a
header the header's cell, for a filled one the cell above.

A stacked or split table has several rows for a row of the sheet. Until its issues are listed they carry numbers of their own in
the reserved column ``__ade_row``, so that hooks may drop and sort them; then they get those of the sheet.
"""

from __future__ import annotations

from ade_engine.fields.surroundings import ROW
from ade_engine.models import polars as pl
from ade_engine.pipeline.shared.row_numbers import stretches
from ade_engine.pipeline.shared.table_columns import CELL_COLUMN_PREFIX, CELL_PART_PREFIX, CELL_ROW_PREFIX, with_series

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.io.scan.sheet_scan import SheetScan

#: The row or the column of each value: a column, a short column and the positions in it, or one number for all; ``None`` if it
#: is the row's own, or the column's.
Numbers = pl.Series | tuple[pl.Series, pl.Series] | int | None


class ReshapedCells:
    """The cells of one table, during its reshaping and after it (:meth:`settle`)."""

    def __init__(self, table: pl.DataFrame):
        self._rows = table.get_column(ROW).cast(pl.UInt32)
        self.is_multiplied = False
        #: Fields whose values are in one cell for all rows.
        self.facts: set[str] = set()
        #: Fields whose cells are known by the numbers of the reshaped rows.
        self.own: set[str] = set()
        #: The fields of stacked columns, by the letters of these.
        self.letters: dict[str, str] = {}
        #: The sheet of records in lines, because the table was made from its cells.
        self.sheet: SheetScan | None = None
        #: For fields whose cells were split: the number of each value in its cell, the number of values, and the number of
        #: steps before.
        self._parts: dict[str, tuple[pl.Series, pl.Series, int]] = {}
        #: The rows and columns by field, and the number of steps before.
        self._at: dict[str, tuple[Numbers, Numbers, int]] = {}
        self._ids = self._rows
        #: The history of the rows, step by step: the positions of each table's rows in the former one. Applied on demand.
        self._steps: list[pl.Series] = []
        #: The rows of the table as it was read, if these are not those of the sheet.
        self._read: pl.Series | None = None

    def gathered(self, table: pl.DataFrame, lines: Any, sheet: SheetScan) -> None:
        """Records the cells of a table that was made of records in lines, each of which had a cell of the sheet in its
        position.
        """
        self._read, self.sheet = self._rows, sheet
        self._rows = pl.Series(lines.first_rows, dtype=pl.UInt32)
        self.is_multiplied = True
        for name, places in zip(table.columns, lines.cells):
            self.put(name, *(pl.Series([place[at] for place in places], dtype=pl.UInt32) for at in (0, 1)))

    @property
    def rows(self) -> pl.Series:
        """Returns the row of the sheet of each row of the current table."""
        return self._now(self._rows)

    @property
    def rows_read_from(self) -> pl.Series:
        """Returns the same for the cells that the table was read from: those of the sheet, except for records in lines."""
        return self._now(self._rows if self._read is None else self._read)

    def _now(self, rows: pl.Series) -> pl.Series:
        at = None
        for step in reversed(self._steps):
            at = step if at is None else step.gather(at)
        return rows if at is None else rows.gather(at)

    def end_to_end(self, names: list[str | None], height: int) -> list[pl.Series]:
        """Returns the rows and the columns in which records in lines have the values of some columns, one column below the
        other.
        """
        at = self._back(pl.int_range(height, dtype=pl.UInt32, eager=True), 0)
        nowhere = pl.zeros(height, pl.UInt32, eager=True)
        return [pl.concat([nowhere if name is None else self._at[name][which].gather(at) for name in names]) for which in (0, 1)]

    def put(self, field: str, rows: Numbers, columns: Numbers) -> None:
        """Records the positions of a field's values."""
        self._at[field] = rows, columns, len(self._steps)

    def put_parts(self, field: str, numbers: pl.Series, counts: pl.Series) -> None:
        """Records the number of each value of a field within its cell, from 1, and the number of values there."""
        self._parts[field] = numbers, counts, len(self._steps)

    def parts_of(self, field: str, ids: list[int | None]) -> list[list[int | None]]:
        """Returns the number of each value in its cell, and the number of values there, for some rows; empty if no cell of the
        field was split.
        """
        if field not in self._parts:
            return [[], []]
        *both, steps = self._parts[field]
        return [self._taken(one, pl.Series(ids, dtype=pl.UInt32), steps).to_list() for one in both]

    def gather(self, at: pl.Series) -> None:
        """Follows the rows of the table, which are now those at these positions."""
        self._steps.append(at)

    def _back(self, places: pl.Series, steps: int) -> pl.Series:
        """Returns the positions of rows in the table before the last steps."""
        for step in reversed(self._steps[steps:]):
            places = step.gather(places)
        return places

    def settle(self, table: pl.DataFrame) -> pl.DataFrame:
        """Returns the finished table with a unique number for each row."""
        if not self.is_multiplied:
            self._ids = self._rows
            return table
        self._ids = pl.int_range(1, table.height + 1, dtype=pl.UInt32, eager=True).alias(ROW)
        return with_series(table, [self._ids])

    def __contains__(self, field: str) -> bool:
        return field in self._at

    def places(self, ids: pl.Series) -> pl.Series:
        """Returns the positions of rows by their numbers; null if a row has none."""
        ids = ids.cast(pl.UInt32, strict=False)
        at = ids.cast(pl.Int64) - 1 if self.is_multiplied else self._ids.search_sorted(ids.fill_null(0)).cast(pl.Int64)
        is_there = (at >= 0) & (at < len(self._ids)) & ids.is_not_null()
        return pl.select(pl.when(is_there).then(at)).to_series()

    def rows_of(self, field: str | None, ids: pl.Series) -> pl.Series:
        """Returns the rows of the sheet with the values of a field, for some rows of the table."""
        rows, _, steps = self._at.get(field, (None, None, 0))
        return self._taken(self._rows, ids, 0) if rows is None else self._taken(rows, ids, steps)

    def columns_of(self, field: str, ids: pl.Series, otherwise: int | None) -> pl.Series:
        """Returns the columns of the sheet with these values, from 1."""
        _, columns, steps = self._at.get(field, (None, None, 0))
        return self._taken(otherwise if columns is None else columns, ids, steps)

    def read_rows(self, field: str, ids: pl.Series) -> pl.Series:
        """Returns the rows of the cells that a field is read from: those of the sheet, or of separate cells."""
        if field in self.own:
            return ids
        if self._read is not None:
            return self._taken(self._read, ids, 0)
        return self.rows_of(field, ids) if self.is_multiplied or field in self._at else ids

    def _taken(self, numbers: Numbers, ids: pl.Series, steps: int) -> pl.Series:
        places = self.places(ids)
        if isinstance(numbers, int) or numbers is None:
            return pl.select(pl.when(pl.lit(places).is_not_null()).then(pl.lit(numbers, dtype=pl.UInt32))).to_series()
        places = self._back(places, steps)
        if isinstance(numbers, tuple):
            numbers, at = numbers
            places = at.gather(places)
        return numbers.gather(places).cast(pl.UInt32)

    def varies(self, field: str) -> bool:
        """Returns whether the values of a field are in a different cell for each row of the reshaped table."""
        return field in self._at and isinstance(self._at[field][1], (pl.Series, tuple)) and self._at[field][0] is None

    def several(self, values: pl.Series, ids: pl.Series) -> pl.Series:
        """Returns which values also occur in other rows of the sheet."""
        frame = pl.DataFrame({"value": values, "row": self.rows_of(None, ids)})
        return frame.select(pl.col("row").n_unique().over("value") > 1).to_series()

    def source_rows(self, found: list[list[int]]) -> list[list[int]]:
        """Converts ranges of numbers of the reshaped rows into those of the sheet."""
        if not self.is_multiplied:
            return found
        ids = pl.Series([number for first, last in found for number in range(first, last + 1)], dtype=pl.UInt32)
        return stretches(sorted({*self.rows_of(None, ids).drop_nulls().to_list()}))

    def with_source_rows(self, table: pl.DataFrame) -> pl.DataFrame:
        """Returns a table with the sheet's row numbers, and with the positions of values outside of their row and column."""
        if ROW not in table.columns or not table.schema[ROW].is_integer():
            return table
        ids = table.get_column(ROW)
        made = [self.rows_of(None, ids).alias(ROW)] if self.is_multiplied else []
        for field, (rows, columns, _) in self._at.items():
            if field not in table.columns:
                continue
            if rows is not None:
                made.append(self.rows_of(field, ids).alias(f"{CELL_ROW_PREFIX}{field}"))
            if columns is not None:
                made.append(self.columns_of(field, ids, None).alias(f"{CELL_COLUMN_PREFIX}{field}"))
        for field in self._parts:
            if field in table.columns:
                parts = [part if (count or 0) > 1 else 0 for part, count in zip(*self.parts_of(field, ids.to_list()))]
                made.append(pl.Series(f"{CELL_PART_PREFIX}{field}", parts, dtype=pl.UInt32))
        return with_series(table, made) if made else table
