"""openpyxl workbooks and worksheets that hold whole tables without an object for each cell.

Hooks that style the output mostly touch a header row, widths, panes and filters; yet an ordinary openpyxl worksheet needs an
object for each of its cells, which is nearly all of its cost in time and memory. :class:`LazyWorksheet` is an openpyxl
worksheet in every respect, but rows that are appended to it whole stay whole: a cell of them is created when it is accessed,
and inserting and deleting rows and columns moves them without creating cells. Untouched rows are written natively by
:mod:`ade_engine.io.worksheets.save`.
"""

from __future__ import annotations

from collections.abc import Iterator

from openpyxl.utils import get_column_letter
from openpyxl.utils.indexed_list import IndexedList
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from ade_engine import _native
from ade_engine.io.stand_in import named_like
from ade_engine.io.worksheets.cells import LazyCells
from ade_engine.io.worksheets.fresh_cells import keep_text
from ade_engine.io.worksheets.rows import StyleTable, WorksheetRows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@named_like(IndexedList)
class _StyleList(IndexedList):
    """openpyxl's list of style objects, which recognizes objects of equal content without openpyxl's slow comparison."""

    def __init__(self, styles: IndexedList):
        super().__init__(styles)
        self.clean = True
        self._known: dict[bytes, int] = {}

    def add(self, value: Any) -> int:
        key = _native.style_key(value)
        if key is None:
            return super().add(value)
        number = self._known.get(key)
        if number is not None:
            known = self[number]
            # A style object may be changed after it was assigned.
            if known is value or _native.style_key(known) == key:
                return number
        number = self._known[key] = super().add(value)
        return number


@named_like(Workbook)
class LazyWorkbook(Workbook):
    """An openpyxl workbook whose worksheets are lazy ones. It starts without a sheet."""

    def __init__(self, *, escape_formulas: bool = False) -> None:
        self._ade_styles = StyleTable()
        self._ade_escape_formulas = escape_formulas
        super().__init__()
        self._sheets.clear()

    def _setup_styles(self) -> None:
        super()._setup_styles()
        for name in ("_fonts", "_fills", "_borders", "_alignments", "_protections"):
            setattr(self, name, _StyleList(getattr(self, name)))

    def create_sheet(self, title: Any = None, index: Any = None) -> Any:
        worksheet = LazyWorksheet(self, title)
        self._add_sheet(worksheet, index)
        return worksheet

    def save(self, filename: Any) -> None:
        from ade_engine.io.worksheets.save import save_workbook

        save_workbook(self, filename)


def _lazy_cells(worksheet: Any) -> LazyCells | None:
    """Returns the lazy cells of a worksheet, unless it is of another class or they were replaced."""
    cells = getattr(worksheet, "_cells", None)
    return cells if type(cells) is LazyCells else None


@named_like(Worksheet)
class LazyWorksheet(Worksheet):
    """An openpyxl worksheet to which whole rows can be appended at no cost."""

    def _setup(self) -> None:
        super()._setup()
        self._cells = LazyCells(self)

    # Appending ------------------------------------------------------------------------------------------------------

    def _ade_append_table(
        self, names: list[str], rows: WorksheetRows, *, gap: bool, escape_formulas: bool, at_once: bool
    ) -> None:
        """Appends a header row and rows below it, after a blank row if there is a gap.

        ``at_once`` creates all cells now, so that values which no cell can hold fail now.
        """
        if gap:
            self.append([])
        self.append(names)
        if escape_formulas:
            for column in range(1, len(names) + 1):
                keep_text(self._cells[self._current_row, column])
        if rows.height and rows.width:
            rows.learn_styles(self)
            self._ade_append_rows(rows, at_once=at_once)

    def _ade_append_rows(self, rows: WorksheetRows, *, at_once: bool = False) -> None:
        """Appends rows below the sheet's current row."""
        cells = _lazy_cells(self)
        first_row = self._current_row + 1
        last_row = self._current_row + rows.height
        # Existing cells give way to these as to any appended row.
        if at_once or cells is None or cells.last_row() >= first_row:
            for row in range(first_row, last_row + 1):
                for column in range(1, rows.width + 1):
                    self._cells[row, column] = rows.make(self, row, column, row - first_row, column - 1)
        else:
            cells.append_rows(first_row, rows)
        self._current_row = last_row

    # Access to cells ------------------------------------------------------------------------------------------------

    def _get_cell(self, row: int, column: int) -> Any:
        # Every access to a cell goes through here, so the usual case comes first.
        cells = self._cells
        if type(cells) is LazyCells:
            key = (row, column)
            cell = dict.get(cells, key)
            if cell is None:
                place = cells.find(row, column)
                if place is None:
                    return super()._get_cell(row, column)
                cell = cells.make(key, place)
            return cell
        return super()._get_cell(row, column)

    def _cells_by_row(
        self, min_col: int, min_row: int, max_col: int, max_row: int, values_only: bool = False
    ) -> Iterator[tuple[Any, ...]]:
        cells = _lazy_cells(self)
        if cells is None or min_row < 1 or min_col < 1:
            yield from super()._cells_by_row(min_col, min_row, max_col, max_row, values_only)
            return
        for row in range(min_row, max_row + 1):
            if values_only:
                yield tuple([self._value(cells, row, column) for column in range(min_col, max_col + 1)])
                continue
            found = cells.row_cells(row, min_col, max_col)
            if found is None:
                found = tuple([self._get_cell(row, column) for column in range(min_col, max_col + 1)])
            yield found

    def _cells_by_col(
        self, min_col: int, min_row: int, max_col: int, max_row: int, values_only: bool = False
    ) -> Iterator[tuple[Any, ...]]:
        cells = _lazy_cells(self)
        if cells is None or not values_only or min_row < 1 or min_col < 1:
            yield from super()._cells_by_col(min_col, min_row, max_col, max_row, values_only)
            return
        for column in range(min_col, max_col + 1):
            yield tuple([self._value(cells, row, column) for row in range(min_row, max_row + 1)])

    def _value(self, cells: LazyCells, row: int, column: int) -> Any:
        """Returns a value, without a cell if rows have it."""
        cell = dict.get(cells, (row, column))
        if cell is None:
            place = cells.find(row, column)
            if place is not None:
                rows, own_row, own_column = place
                return rows.value(own_row, own_column)
            # Accessing a position without a cell creates one there, as in any worksheet.
            cell = self.cell(row, column)
        return cell.value

    # Facts that openpyxl finds by visiting every cell ---------------------------------------------------------------

    def _extent(self) -> tuple[int, int, int, int] | None:
        """Returns the first and last row, and the first and last column; ``None`` if openpyxl must find them itself."""
        cells = _lazy_cells(self)
        return None if cells is None else cells.extent()

    @property
    def min_row(self) -> int:
        extent = self._extent()
        return super().min_row if extent is None else extent[0]

    @property
    def max_row(self) -> int:
        cells = _lazy_cells(self)
        return super().max_row if cells is None else cells.last_row() or 1

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

    @property
    def array_formulae(self) -> dict[str, str]:
        cells = _lazy_cells(self)
        if cells is None:
            return super().array_formulae
        # Array formulas are objects, and values of that kind always have a cell.
        from openpyxl.worksheet.formula import ArrayFormula

        return {
            cell.coordinate: cell.value.ref
            for _, cell in sorted(cells.made())
            if cell.data_type == "f" and isinstance(cell.value, ArrayFormula)
        }

    # Inserting and deleting rows and columns ------------------------------------------------------------------------
    #
    # openpyxl creates a cell at every position from the first row (or column) that moves to the end of the sheet, and then
    # moves one after the other. This code has the same effect in one step; unusual numbers are left to openpyxl.

    def insert_rows(self, idx: int, amount: int = 1) -> None:
        cells = self._cells_to_move(idx, amount)
        if cells is None:
            return super().insert_rows(idx, amount)
        self._fill_to_end(cells, idx, 1)
        cells.shift_rows(idx, amount)
        self._current_row = self.max_row

    def delete_rows(self, idx: int, amount: int = 1) -> None:
        cells = self._cells_to_move(idx, amount)
        if cells is None:
            return super().delete_rows(idx, amount)
        self._fill_to_end(cells, idx + amount, 1)
        cells.shift_rows(idx, -amount, amount)
        self._current_row = self.max_row if cells else 0

    def insert_cols(self, idx: int, amount: int = 1) -> None:
        cells = self._cells_to_move(idx, amount)
        if cells is None:
            return super().insert_cols(idx, amount)
        self._fill_to_end(cells, 1, idx)
        cells.shift_columns(idx, amount)

    def delete_cols(self, idx: int, amount: int = 1) -> None:
        cells = self._cells_to_move(idx, amount)
        if cells is None:
            return super().delete_cols(idx, amount)
        self._fill_to_end(cells, 1, idx + amount)
        cells.shift_columns(idx, -amount, amount)

    def _cells_to_move(self, idx: Any, amount: Any) -> LazyCells | None:
        """Returns the lazy cells, if their rows and columns can be moved at once."""
        cells = _lazy_cells(self)
        if cells is None or type(idx) is not int or type(amount) is not int or idx < 1 or amount < 1:
            return None
        cells.release()
        return cells

    def _fill_to_end(self, cells: LazyCells, first_row: int, first_column: int) -> None:
        """Creates a cell at every position from a row and column to the end of the sheet."""
        max_row, max_column = self.max_row, self.max_column
        row = first_row
        while row <= max_row:
            block = cells.at(row)
            whole = 0 if block is None or None in block.columns else len(block.columns)
            if block is not None and whole >= max_column:
                row = block.last_row + 1
                continue
            for column in range(max(first_column, whole + 1), max_column + 1):
                self._get_cell(row, column)
            row += 1
