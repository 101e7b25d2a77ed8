"""Saving openpyxl workbooks, with rows that nobody touched written natively.

Everything but the rows of :class:`~ade_engine.io.openpyxl_output.TableWorksheet` is openpyxl's own doing: this module
lets it write each sheet around an empty ``sheetData`` and puts the rows in between.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from operator import attrgetter
from tempfile import SpooledTemporaryFile
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
from ade_engine.io.openpyxl_output import Block, TableWorksheet

#: Packing harder than this takes longer than everything else.
_LEVEL = 2
_ROWS_AT_A_TIME = 4096
_EMPTY_SHEET_DATA = re.compile(rb"<sheetData\s*(?:/>|>\s*</sheetData>)")
_MOMENTS = (dt.datetime(2000, 1, 1), dt.date(2000, 1, 1), dt.time(1), dt.timedelta(1))


def save_workbook(workbook: Any, path: str, *, escape_formulas: bool) -> None:
    """What ``workbook.save(path)`` does, but faster."""
    archive = ZipFile(path, "w", ZIP_DEFLATED, allowZip64=True, compresslevel=_LEVEL)
    workbook.properties.modified = dt.datetime.now(tz=dt.timezone.utc).replace(tzinfo=None)
    try:
        _Writer(workbook, archive, escape_formulas).save()
    finally:
        archive.close()


class _Writer(ExcelWriter):
    """openpyxl's writer with another way for sheets of tables."""

    def __init__(self, workbook: Any, archive: ZipFile, escape_formulas: bool):
        super().__init__(workbook, archive)
        self._escape_formulas = escape_formulas

    def write_worksheet(self, worksheet: Any) -> None:
        if not isinstance(worksheet, TableWorksheet) or worksheet._lazy is None:
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
                for piece in writer.pieces(self._escape_formulas):
                    target.write(piece)
                target.write(b"</sheetData>" + xml[place.end() :])
        finally:
            writer.cleanup()
        worksheet._rels = writer._rels
        self.manifest.append(worksheet)


class _SheetWriter(WorksheetWriter):
    """Writes everything around the rows, and renders those rows that somebody changed."""

    def __init__(self, worksheet: TableWorksheet):
        super().__init__(worksheet)
        #: Native numbers count from 1900; workbooks that count otherwise are left to openpyxl.
        self._is_plain = worksheet.parent.epoch == WINDOWS_EPOCH and not worksheet.parent.iso_dates
        self._styles: dict[bytes, int] = {}
        self._letters: dict[int, str] = {}
        self._blocks: list[Block] = sorted(worksheet._lazy.blocks, key=lambda block: block.first_row)
        #: Cells outside blocks: row to columns.
        self._others: dict[int, list[int]] = {}
        #: The XML of changed rows, one behind the other, and the length of each.
        self._changed = SpooledTemporaryFile(max_size=1 << 24)
        self._lengths: dict[int, int] = {}
        cells = sum((block.last_row - block.first_row + 1) * block.width for block in self._blocks)
        #: Whether the sheet may take more than 4 GiB unpacked.
        self.may_be_large = cells * 100 > 1 << 31

    def write_rows(self) -> None:
        # Changed rows come first, for what they say about comments, links and styles.
        for row in self._changed_rows():
            self._lengths[row] = self._changed.write(self._row(row))
        self._changed.seek(0)
        stream = self.xf.send(True)
        with stream.element("sheetData"):
            pass
        self.xf.send(None)

    def _changed_rows(self) -> list[int]:
        """The numbers of rows that cannot be written natively, in order."""
        worksheet, lazy = self.ws, self.ws._lazy
        rows = {*worksheet.row_dimensions.keys(), *(row for row, _ in lazy.gone)}
        looked_at: set[int] = set()
        for key in dict.keys(lazy):
            row, column = key
            if lazy.block_of(key) is None:
                self._others.setdefault(row, []).append(column)
                rows.add(row)
            else:
                looked_at.add(row)
        for row in looked_at - rows:
            block = next(block for block in self._blocks if block.first_row <= row <= block.last_row)
            for column in range(1, block.width + 1):
                cell = dict.get(lazy, (row, column))
                if cell is not None and not block.is_as_made(cell, row, column):
                    rows.add(row)
                    break
        return sorted(rows)

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

    def pieces(self, escape_formulas: bool) -> Iterator[bytes]:
        """The XML of all rows in order: changed ones as they were rendered, stretches of others natively."""
        styles = tuple(Cell(self.ws, 1, 1, moment).style_id for moment in _MOMENTS)
        changed = iter(self._lengths.items())
        row, length = next(changed, (None, 0))
        for block in self._blocks:
            next_row = block.first_row
            while next_row <= block.last_row:
                if row is not None and row <= next_row:
                    yield self._changed.read(length)
                    next_row += row == next_row
                    row, length = next(changed, (None, 0))
                    continue
                stop = min(block.last_row + 1, next_row + _ROWS_AT_A_TIME)
                if row is not None:
                    stop = min(stop, row)
                if self._is_plain and block.native is not None:
                    start = next_row - block.first_row
                    yield _native.render_rows(
                        block.native, start, start + stop - next_row, next_row, styles, escape_formulas
                    )
                else:
                    yield b"".join(self._row(number) for number in range(next_row, stop))
                next_row = stop
        yield self._changed.read()
        self._changed.close()

    def _row(self, row: int) -> bytes:
        """A row as XML: the cells that were made, and those that blocks would make."""
        worksheet, lazy = self.ws, self.ws._lazy
        cells = [dict.__getitem__(lazy, (row, column)) for column in self._others.get(row, ())]
        for block in self._blocks:
            if block.first_row <= row <= block.last_row:
                for column in range(1, block.width + 1):
                    cell = dict.get(lazy, (row, column))
                    if cell is not None:
                        cells.append(cell)
                    elif (row, column) not in lazy.gone:
                        cells.append(block.cell(worksheet, row, column))
        if row in self._others:
            cells.sort(key=attrgetter("column"))
        attributes = f' r="{row}"'
        if row in worksheet.row_dimensions:
            described = {"r": f"{row}", **dict(worksheet.row_dimensions[row])}
            attributes = "".join(f' {name}="{_escape(str(value))}"' for name, value in described.items())
        return f"<row{attributes}>{''.join(map(self._cell, cells))}</row>".encode()

    def _cell(self, cell: Any) -> str:
        """A cell as XML, as openpyxl would write it."""
        if cell._comment is not None:
            self.ws._comments.append(CommentRecord.from_cell(cell))
        value = cell._value
        style = cell._style
        if style is not None and any(style):
            key = style.tobytes()
            number = self._styles.get(key)
            if number is None:
                number = self._styles[key] = cell.style_id
            styled = f' s="{number}"'
        elif value is None and not cell._comment:
            return ""
        else:
            styled = ""
        kind = cell.data_type
        letters = self._letters.get(cell.column)
        if letters is None:
            letters = self._letters[cell.column] = get_column_letter(cell.column)
        if cell.hyperlink is None:
            start = f'<c r="{letters}{cell.row}"{styled}'
            if value is None or value == "":
                return f"{start}/>"
            value_type = type(value)
            if kind == "s" and value_type is str:
                keep = ' xml:space="preserve"' if value != value.strip() else ""
                return f'{start} t="inlineStr"><is><t{keep}>{_escape(value)}</t></is></c>'
            if kind == "n" and (value_type is int or value_type is float and value - value == 0.0):
                return f"{start}><v>{value!r}</v></c>"
            if kind == "d" and self._is_plain and getattr(value, "tzinfo", None) is None:
                return f"{start}><v>{to_excel(value)!r}</v></c>"
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


def _escape(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text.replace("\r", "&#13;") if "\r" in text else text
