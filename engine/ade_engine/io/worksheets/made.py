"""Makes openpyxl's own workbooks and worksheets of stand-ins, ready to be filled.

They are openpyxl's in every respect; two things that openpyxl does for each cell, and slowly, are done at once.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from openpyxl.utils.indexed_list import IndexedList
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from ade_engine import _native
from ade_engine.io.stand_in import become


def make_workbook(stand_in: Any) -> None:
    """Make a stand-in a workbook without a sheet. To be called within :func:`~ade_engine.io.stand_in.opening`."""
    become(stand_in, Workbook)
    Workbook.__init__(stand_in)
    stand_in._sheets.clear()
    for name in ("_fonts", "_fills", "_borders", "_alignments", "_protections"):
        setattr(stand_in, name, StyleList(getattr(stand_in, name)))


def make_worksheet(stand_in: Any, workbook: Any, title: str) -> None:
    """Make a stand-in a worksheet."""
    become(stand_in, TableSheet)
    # The workbook of a source has the sheet already, and asks it for its title.
    stand_in._WorkbookChild__title = title
    TableSheet.__init__(stand_in, workbook, title)


class StyleList(IndexedList):
    """openpyxl's list of style objects, which knows objects of equal content without openpyxl's slow comparison."""

    def __init__(self, styles: IndexedList):
        super().__init__(styles)
        self.clean = True
        self._known: dict[bytes, int] = {}

    def add(self, value: Any) -> int:
        key = _native.style_key(value)
        if key is None:
            return super().add(value)
        number = self._known.get(key)
        # A style object may be changed after it was assigned.
        if number is None or self[number] is not value and _native.style_key(self[number]) != key:
            number = self._known[key] = super().add(value)
        return number


class TableSheet(Worksheet):
    """A worksheet that moves rows and columns at once."""

    def _move_cells(self, min_row: Any = None, min_col: Any = None, offset: Any = 0, row_or_col: str = "row") -> None:
        cells, (first, way) = self._cells, (min_row, 0) if row_or_col == "row" else (min_col, 1)
        if type(first) is not int or type(offset) is not int or first < 1 or first + min(offset, 0) < 1:
            return super()._move_cells(min_row, min_col, offset, row_or_col)
        # As openpyxl does it, each place from there on has a cell.
        rows, columns = range(1 if way else first, self.max_row + 1), range(first if way else 1, self.max_column + 1)
        for place in product(rows, columns):
            if place not in cells:
                self._get_cell(*place)
        moving = [place for place in cells if place[way] >= first]
        moved = [cells.pop(place) for place in moving]
        for (row, column), cell in zip(moving, moved):
            cell.row, cell.column = place = (row, column + offset) if way else (row + offset, column)
            cells[place] = cell
        return None


# As hooks see it, and its printed form says; pickle goes by the qualified name.
TableSheet.__name__ = Worksheet.__name__
