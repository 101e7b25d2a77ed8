"""Saving openpyxl workbooks, with rows that nobody touched written natively.

Everything but the rows of a :class:`~ade_engine.io.lazy_sheet.LazyWorksheet` is openpyxl's own doing: this module lets
it write each sheet around an empty ``sheetData`` and puts the rows in between. Whatever was done to a sheet, rows and
cells are written once and in order, at the places that the sheet has them.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl.cell._writer import write_cell
from openpyxl.cell.cell import Cell
from openpyxl.comments.comment_sheet import CommentRecord
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import WINDOWS_EPOCH, to_excel
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.writer.excel import ExcelWriter
from openpyxl.xml.functions import tostring

from ade_engine import _native
from ade_engine.io.lazy_cells import LazyCells
from ade_engine.io.lazy_rows import Band, BlankRows, FrameRows
from ade_engine.io.lazy_sheet import LazyWorksheet

#: Packing harder than this takes longer than everything else.
_LEVEL = 2
_ROWS_AT_A_TIME = 4096
_LAST_ROW = 1_048_576
_LAST_COLUMN = 16_384
_EMPTY_SHEET_DATA = re.compile(rb"<sheetData\s*(?:/>|>\s*</sheetData>)")
_MOMENTS = (dt.datetime(2000, 1, 1), dt.date(2000, 1, 1), dt.time(1), dt.timedelta(1))


def save_workbook(workbook: Any, path: Any) -> None:
    """What openpyxl's function of this name does for a workbook of lazy worksheets; ``path`` may be an open file."""
    archive = ZipFile(path, "w", ZIP_DEFLATED, allowZip64=True, compresslevel=_LEVEL)
    workbook.properties.modified = dt.datetime.now(tz=dt.timezone.utc).replace(tzinfo=None)
    try:
        _Writer(workbook, archive).save()
    finally:
        archive.close()


class _Writer(ExcelWriter):
    """openpyxl's writer with another way for lazy worksheets."""

    def write_worksheet(self, worksheet: Any) -> None:
        if not isinstance(worksheet, LazyWorksheet) or not isinstance(worksheet._cells, LazyCells):
            super().write_worksheet(worksheet)
            return
        from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing

        worksheet._drawing = SpreadsheetDrawing()
        worksheet._drawing.charts = worksheet._charts
        worksheet._drawing.images = worksheet._images
        writer = _SheetWriter(worksheet)
        try:
            writer.write()
            with open(writer.out, "rb") as file:
                xml = file.read()
            place = _EMPTY_SHEET_DATA.search(xml)
            assert place is not None, "openpyxl writes sheetData"
            with self._archive.open(worksheet.path[1:], "w", force_zip64=writer.may_be_large) as target:
                target.write(xml[: place.start()] + b"<sheetData>")
                for piece in writer.pieces():
                    target.write(piece)
                target.write(b"</sheetData>" + xml[place.end() :])
        finally:
            writer.cleanup()
        worksheet._rels = writer._rels
        self.manifest.append(worksheet)


class _SheetWriter(WorksheetWriter):
    """Writes everything around the rows, and then the rows."""

    def __init__(self, worksheet: LazyWorksheet):
        super().__init__(worksheet)
        workbook = worksheet.parent
        #: Native numbers count from 1900; dates of workbooks that count otherwise are left to openpyxl.
        self._is_plain = workbook.epoch == WINDOWS_EPOCH and not workbook.iso_dates
        self._escape_formulas = workbook._ade_escape_formulas
        self._numbers: dict[bytes, int] = {}
        self._letters: dict[int, str] = {}
        cells: LazyCells = worksheet._cells
        cells.release()
        self._cells = cells
        #: The places of cell objects, in order.
        self._made = sorted(
            key for key in dict.keys(cells) if 1 <= key[0] <= _LAST_ROW and 1 <= key[1] <= _LAST_COLUMN
        )
        #: Rows that have a height or the like, in order.
        self._described = sorted(row for row in worksheet.row_dimensions if 1 <= row <= _LAST_ROW)
        count = sum((band.last_row - band.first_row + 1) * len(part.columns) for band in cells.bands for part in band.parts)
        #: Whether the sheet may take more than 4 GiB unpacked.
        self.may_be_large = (count + len(self._made)) * 100 > 1 << 31

    def write_rows(self) -> None:
        # What follows the rows in the file tells of comments and links, so these come first.
        for key in self._made:
            cell = dict.__getitem__(self._cells, key)
            if cell._comment is not None:
                self.ws._comments.append(CommentRecord.from_cell(cell))
            if cell.hyperlink:
                self.ws._hyperlinks.append(cell.hyperlink)
        stream = self.xf.send(True)
        with stream.element("sheetData"):
            pass
        self.xf.send(None)

    def write_tables(self) -> None:
        # openpyxl would look at all rows of a table for the names in its first one.
        for table in self.ws.tables.values():
            if table.tableColumns:
                continue
            table._initialise_columns()
            if table.headerRowCount:
                from openpyxl.utils import range_boundaries

                min_col, min_row, max_col, _ = range_boundaries(table.ref)
                row = next(self.ws.iter_rows(min_row, min_row, min_col, max_col))
                for cell, column in zip(row, table.tableColumns):
                    column.name = str(cell.value)
        super().write_tables()

    # Rows -----------------------------------------------------------------------------------------------------------

    def pieces(self) -> Iterator[bytes]:
        """The XML of all rows, in order."""
        worksheet = self.ws
        links = len(worksheet._hyperlinks)
        self._moments = tuple(Cell(worksheet, 1, 1, moment).style_id for moment in _MOMENTS)
        table = worksheet.parent._ade_styles
        self._styles = [
            0 if style is None else worksheet.parent._cell_styles.add(style) for style in table.styles
        ]
        for first_row, last_row, band in self._stretches():
            yield self._stretch(first_row, last_row, band)
        # Writing a cell notes its link, which write_rows did already.
        del worksheet._hyperlinks[links:]

    def _stretches(self) -> Iterator[tuple[int, int, Band | None]]:
        """Rows that are written at once: bands or parts of them, and what lies between bands."""
        next_row = 1
        for band in [*self._cells.bands, None]:
            first_row = _LAST_ROW + 1 if band is None else band.first_row
            yield from ((first, last, None) for first, last in self._loose_rows(next_row, first_row - 1))
            if band is not None:
                for row in range(band.first_row, min(band.last_row, _LAST_ROW) + 1, _ROWS_AT_A_TIME):
                    yield row, min(row + _ROWS_AT_A_TIME - 1, band.last_row, _LAST_ROW), band
                next_row = band.last_row + 1

    def _loose_rows(self, first_row: int, last_row: int) -> Iterator[tuple[int, int]]:
        """Stretches outside bands in which there is something to write."""
        row = first_row
        while row <= last_row:
            made, described = bisect_left(self._made, (row, 0)), bisect_left(self._described, row)
            following = [key[0] for key in self._made[made : made + 1]] + self._described[described : described + 1]
            if not following or min(following) > last_row:
                return
            row = min(following)
            last = min(last_row, row + _ROWS_AT_A_TIME - 1)
            yield row, last
            row = last + 1

    def _stretch(self, first_row: int, last_row: int, band: Band | None) -> bytes:
        own: dict[tuple[int, int], str] = {}
        parts = []
        for part in () if band is None else band.parts:
            rows = part.rows
            first = part.first + first_row - band.first_row
            stop = first + last_row - first_row + 1
            by_openpyxl = self._columns_for_openpyxl(rows)
            native = None if rows.native is None else rows.native
            columns = []
            for column, own_column in part.columns.items():
                if column > _LAST_COLUMN:
                    continue
                styles = rows.styles.get(own_column)
                columns.append((column - 1, own_column, None if styles is None else _little_endian(styles[first:stop])))
                changes = rows.changes.get(own_column, {})
                if by_openpyxl is None or own_column in by_openpyxl:
                    changed = range(first, stop)
                elif len(changes) < stop - first:
                    changed = [row for row in changes if first <= row < stop]
                else:
                    changed = [row for row in range(first, stop) if row in changes]
                for row in changed:
                    place = (first_row + row - first, column)
                    if not dict.__contains__(self._cells, place):
                        own[place] = self._cell(rows.make(self.ws, *place, row, own_column), *place)
            for row, own_column in rows.holes:
                if first <= row < stop:
                    for column, its_own in part.columns.items():
                        if its_own == own_column:
                            own[first_row + row - first, column] = ""
            parts.append((native, first if native is not None else 0, columns))
        start = bisect_left(self._made, (first_row, 0))
        for key in self._made[start : bisect_left(self._made, (last_row + 1, 0))]:
            own[key] = self._cell(dict.__getitem__(self._cells, key), *key)
        described = self._described[bisect_left(self._described, first_row) : bisect_left(self._described, last_row + 1)]
        return _native.render_rows(
            parts,
            last_row - first_row + 1,
            first_row,
            self._moments,
            self._styles,
            self._escape_formulas,
            [(row - first_row, column - 1, own[row, column]) for row, column in sorted(own)],
            [(row - first_row, self._attributes(row)) for row in described],
            band is not None,
        )

    def _columns_for_openpyxl(self, rows: Any) -> set[int] | None:
        """Columns whose values the native writer cannot write; ``None`` for all of them."""
        if isinstance(rows, BlankRows):
            return set()
        if rows.native is None:
            return None
        if self._is_plain or not isinstance(rows, FrameRows):
            return set()
        return {column for column in range(rows.width) if rows.is_temporal(column)}

    def _attributes(self, row: int) -> str:
        described = dict(self.ws.row_dimensions[row])
        described.pop("r", None)
        return "".join(f' {name}="{_escape(str(value))}"' for name, value in described.items())

    # Cells ----------------------------------------------------------------------------------------------------------

    def _cell(self, cell: Any, row: int, column: int) -> str:
        """A cell as XML, as openpyxl would write it; nothing where there is nothing to write."""
        value = cell._value
        style = cell._style
        if style is not None and any(style):
            key = style.tobytes()
            number = self._numbers.get(key)
            if number is None:
                number = self._numbers[key] = cell.style_id
            styled = f' s="{number}"'
        elif value is None and not cell._comment:
            return ""
        else:
            styled = ""
        kind = cell.data_type
        letters = self._letters.get(column)
        if letters is None:
            letters = self._letters[column] = get_column_letter(column)
        start = f'<c r="{letters}{row}"{styled}'
        if value is None or value == "":
            return f"{start}/>"
        value_type = type(value)
        if kind == "s" and value_type is str:
            keep = ' xml:space="preserve"' if value != value.strip() else ""
            return f'{start} t="inlineStr"><is><t{keep}>{_escape(value)}</t></is></c>'
        if kind == "n" and (value_type is int or value_type is float and value - value == 0.0):
            return f"{start}><v>{_number(value)}</v></c>"
        if kind == "d" and self._is_plain and getattr(value, "tzinfo", None) is None:
            return f"{start}><v>{_number(to_excel(value))}</v></c>"
        if kind == "b":
            return f'{start} t="b"><v>{"1" if value else "0"}</v></c>'
        return self._by_openpyxl(cell, bool(styled))

    def _by_openpyxl(self, cell: Any, is_styled: bool) -> str:
        """A cell of a kind that is not frequent."""
        caught = _Caught()
        write_cell(caught, self.ws, cell, is_styled)
        return "".join(caught.texts)


class _Caught:
    """Takes the elements that openpyxl writes, whichever library it writes with."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def write(self, content: Any) -> None:
        if isinstance(content, str):
            self.texts.append(_escape(content))
        else:
            self.texts.append(tostring(content, encoding="unicode"))

    def element(self, name: str, attributes: dict[str, Any] | None = None) -> Any:
        from contextlib import contextmanager

        @contextmanager
        def opened() -> Iterator[None]:
            described = "".join(f' {key}="{_escape(str(value))}"' for key, value in (attributes or {}).items())
            self.texts.append(f"<{name}{described}>")
            yield
            self.texts.append(f"</{name}>")

        return opened()


def _number(value: float) -> str:
    """A number as the native writer spells it: exactly, and whole ones without a point."""
    if type(value) is float and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def _little_endian(numbers: Any) -> bytes:
    import sys

    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _escape(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text.replace("\r", "&#13;") if "\r" in text else text
