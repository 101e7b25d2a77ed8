"""openpyxl's read-only worksheet over natively read cells.

Hooks look at ``source_sheet`` for a title above a table or a date in a corner. openpyxl would open the workbook for that (all
shared strings included), and parse the sheet anew for every cell. Here the same class reads the first rows natively, and the
rest of the sheet when a hook reads beyond them. The cells are openpyxl's own: they have their number in the workbook's list of
styles, and the first access to a style opens the workbook with openpyxl.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from openpyxl.cell.read_only import EMPTY_CELL, ReadOnlyCell
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from ade_engine.io.stand_in import named_like

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.io.scan.sheet_scan import SheetScan

#: The number of rows that the first access reads.
_FIRST_ROWS = 64
_ROWS_AT_A_TIME = 512
#: Marks a row that is in the file without a cell.
_NO_CELLS = [-2]
#: Data types by the native module's numbers.
_DATA_TYPES = ("n", "s", "b", "d", "e", "str", "inlineStr", "n")
_new_cell = ReadOnlyCell.__new__


@named_like(ReadOnlyWorksheet)
class NativeReadOnlyWorksheet(ReadOnlyWorksheet):
    """A read-only worksheet whose cells were read natively."""

    def __init__(
        self,
        *,
        parent: Any,
        title: str,
        state: str,
        peek: Callable[[int | None], SheetScan],
        openpyxl_sheet: Callable[[], Any],
    ):
        """``peek`` reads a number of rows, or all; ``openpyxl_sheet`` returns the worksheet as openpyxl itself reads it."""
        # The base class would open the archive; its attributes are set here, or by __getattr__.
        self._ade_peek = peek
        self._ade_openpyxl_sheet = openpyxl_sheet
        self._ade_scan: SheetScan = peek(_FIRST_ROWS)
        self._ade_rows: int | None = _FIRST_ROWS
        self.parent = parent
        self.title = title
        self.sheet_state = state
        self._current_row = None
        declared = self._ade_scan.declared
        if declared is not None:
            self._min_column, self._min_row = declared.first_column, declared.first_row
            self._max_column, self._max_row = declared.last_column, declared.last_row

    def __getattr__(self, name: str) -> Any:
        # Other attributes come from openpyxl's own object: defined names and the like.
        if name.startswith("_ade") or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._ade_openpyxl_sheet(), name)

    @property
    def defined_names(self) -> Any:
        return self._ade_openpyxl_sheet().defined_names

    @defined_names.setter
    def defined_names(self, names: Any) -> None:
        self._ade_openpyxl_sheet().defined_names = names

    def _ade_reach(self, row: int | None) -> SheetScan:
        """Returns a scan with all rows up to a row; with all rows for ``None``."""
        if self._ade_rows is not None and (row is None or row > self._ade_rows):
            scan = self._ade_scan = self._ade_peek(None)
            self._ade_rows = None
            return scan
        return self._ade_scan

    def _cells_by_row(
        self, min_col: int, min_row: int, max_col: int | None, max_row: int | None, values_only: bool = False
    ) -> Iterator[tuple[Any, ...] | list[Any]]:
        max_col = max_col or self.max_column
        max_row = max_row or self.max_row
        scan = self._ade_reach(max_row)
        last = scan.rows_emitted if max_row is None else min(max_row, scan.rows_emitted)
        for start in range(max(min_row, 1), last + 1, _ROWS_AT_A_TIME):
            stop = min(start + _ROWS_AT_A_TIME - 1, last)
            values = scan.rows(start - 1, stop)
            # If the sheet does not state its width, a row is as wide as its cells in the file.
            details = scan.details(start - 1, stop) if max_col is None or not values_only else None
            for number in range(start, stop + 1):
                row = values[number - start]
                detail = None if details is None else details[number - start]
                if max_col is not None:
                    row_end = max_col
                else:
                    row_end = 0 if detail == _NO_CELLS else len(detail)  # type: ignore[arg-type]
                if values_only:
                    found = row[min_col - 1 : row_end]
                    found += [None] * (row_end + 1 - min_col - len(found))
                else:
                    found = self._ade_cells(number, row, detail, min_col, row_end)  # type: ignore[arg-type]
                yield found if max_col is None and not detail else tuple(found)

    def _ade_cells(self, row: int, values: list[Any], details: list[int], first: int, last: int) -> list[Any]:
        """Returns the cells of a row from one column to another; a position without a cell in the file gets the empty cell."""
        cells = []
        width = len(values)
        for column in range(first, min(last, len(details)) + 1):
            detail = details[column - 1]
            if detail < 0:
                cells.append(EMPTY_CELL)
                continue
            # Equals `ReadOnlyCell(self, row, column, …)`, but is faster.
            cell = _new_cell(ReadOnlyCell)
            cell.parent = self
            cell.row = row
            cell.column = column
            cell._value = values[column - 1] if column <= width else None
            cell.data_type = _DATA_TYPES[detail & 7]
            cell._style_id = detail >> 3
            cells.append(cell)
        cells += [EMPTY_CELL] * (last + 1 - first - len(cells))
        return cells


def open_package(path: str) -> Any:
    """Returns a workbook of the ``.xlsx`` family as openpyxl reads it."""
    from openpyxl import load_workbook
    from openpyxl.reader.excel import SUPPORTED_FORMATS

    # openpyxl checks the names of files, but not of open files.
    is_known = path.lower().endswith(SUPPORTED_FORMATS)
    try:
        return load_workbook(path if is_known else open(path, "rb"), read_only=True, data_only=True)
    except ValueError:
        repaired = _repair_font_families(path)
        if repaired is None:
            raise
        return load_workbook(repaired, read_only=True, data_only=True)


def _repair_font_families(path: str) -> Any:
    """Returns a copy of the workbook in memory whose fonts have families that openpyxl accepts, at most 14.

    ``None`` if the workbook has another fault.
    """
    import io
    import re
    import zipfile

    def clamp(match: re.Match[bytes]) -> bytes:
        return match[0] if int(match[2]) <= 14 else match[1] + b"2" + match[3]

    copy = io.BytesIO()
    with zipfile.ZipFile(path) as original, zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as target:
        if "xl/styles.xml" not in original.namelist():
            return None
        styles = original.read("xl/styles.xml")
        repaired = re.sub(rb"""(<(?:\w+:)?family\s[^>]*?\bval\s*=\s*["'])(\d+)(["'])""", clamp, styles)
        if repaired == styles:
            return None
        for item in original.infolist():
            target.writestr(item.filename, repaired if item.filename == "xl/styles.xml" else original.read(item))
    copy.seek(0)
    return copy
