"""Cells that are written as in the sender's sheet, each with its own type.

Polars has one type for a column. It turns cells of several types into texts, counts or nulls; authors see these. The written
values are the cells themselves, unless somebody has changed polars' values.
"""

from __future__ import annotations

from ade_engine import _native
from ade_engine.models import polars as pl
from ade_engine.models.polars import series_of
from ade_engine.models.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from ade_engine.io.scan.sheet_scan import SheetScan

#: The number of bits for the row in the native module's cell numbers; above them is the position of the column among the
#: origins.
_ROW_BITS = 32


class TypedCells(Record):
    """For columns of a table, by their names, the number of each row's cell; null if it has none.

    ``origins``: scans, and columns in them, from 0.
    """

    origins: list[tuple[SheetScan, int]] = []
    cells: dict[str, pl.Series] = {}

    def add(self, name: str, scan: SheetScan, column: int, rows: pl.Series) -> None:
        """Adds the cells of a column: ``rows`` are those of the scan, from 1, and null for rows without a cell."""
        self.cells[name] = series_of(_native.cell_numbers(rows, len(self.origins)))
        self.origins.append((scan, column))

    def part(self, rows: pl.Series) -> TypedCells:
        """Returns the cells of the rows at some positions."""
        return TypedCells(self.origins, {name: cells.gather(rows) for name, cells in self.cells.items()})

    def renamed(self, names: Iterable[tuple[str | None, str]]) -> TypedCells:
        """Returns the cells under other column names; those without a name are left out."""
        return TypedCells(self.origins, {new: self.cells[old] for old, new in names if old in self.cells})

    def of_native(self, names: Sequence[str]) -> tuple[list[tuple[int, pl.Series]], list[tuple[SheetScan, int]]]:
        """Returns the arguments ``typed`` and ``origins`` of the native frame of columns with these names."""
        return [(place, self.cells[name]) for place, name in enumerate(names) if name in self.cells], self.origins

    def has_all(self, column: pl.Series) -> bool:
        """Returns whether each value of a column of objects that is no text comes from a cell."""
        cells = self.cells.get(column.name)
        return cells is not None and not any(cell is None and value is not None and not isinstance(value, str) for value, cell in zip(column, cells))

    def put_into(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Returns the frame with the values of these cells as Python objects, in columns of objects."""
        changed = [self._objects(frame.get_column(name), cells) for name, cells in self.cells.items() if name in frame.columns]
        return frame.with_columns(changed) if changed else frame

    def _objects(self, column: pl.Series, cells: pl.Series) -> pl.Series:
        values = column.to_list()
        columns: dict[int, list[Any]] = {}
        for at, cell in enumerate(cells):
            if cell is None:
                continue
            origin, row = cell >> _ROW_BITS, (cell & ((1 << _ROW_BITS) - 1)) - 1
            if origin not in columns:
                scan, number = self.origins[origin]
                columns[origin] = scan.values(number, 0, scan.rows_emitted)
            # Text is in the column as it is written.
            if columns[origin][row] is not None and not isinstance(columns[origin][row], str):
                values[at] = columns[origin][row]
        return pl.Series(column.name, values, dtype=pl.Object)


def stacked(parts: Sequence[tuple[TypedCells, int]]) -> TypedCells:
    """Returns the cells of several tables, one below the other, each with its height."""
    whole = TypedCells()
    above = 0
    height = sum(rows for _, rows in parts)
    for part, rows in parts:
        for name, cells in part.cells.items():
            known = whole.cells.get(name)
            if known is None:
                known = pl.constant(None, height, pl.UInt64)
            moved = series_of(_native.cell_numbers(cells, len(whole.origins)))
            whole.cells[name] = pl.concat([known.slice(0, above), moved, known.slice(above + rows)])
        whole.origins += part.origins
        above += rows
    return whole
