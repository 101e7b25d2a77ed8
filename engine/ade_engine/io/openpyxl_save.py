"""Saving openpyxl workbooks, with rows that nobody touched written natively.

Everything but the rows of :class:`~ade_engine.io.openpyxl_output.TableWorksheet` is openpyxl's own doing: this module
lets it write each sheet around an empty ``sheetData`` and puts the rows in between.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from operator import itemgetter
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl.cell._writer import write_cell
from openpyxl.cell.cell import Cell
from openpyxl.comments.comment_sheet import CommentRecord
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import WINDOWS_EPOCH
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
    """Writes everything around the rows, and renders those rows that somebody touched."""

    def __init__(self, worksheet: TableWorksheet):
        super().__init__(worksheet)
        self._styles: dict[bytes, int] = {}
        self._letters: dict[int, str] = {}
        self._touched: dict[int, bytes] = {}
        self._blocks: list[Block] = list(worksheet._lazy.blocks)
        cells = sum((block.last_row - block.first_row + 1) * block.width for block in self._blocks)
        #: Whether the sheet may take more than 4 GiB unpacked.
        self.may_be_large = cells * 100 > 1 << 31

    def write_rows(self) -> None:
        # Touched rows come first, for what they say about comments, links and styles.
        worksheet = self.ws
        touched: dict[int, list[tuple[int, Any]]] = {}
        for (row, column), cell in worksheet._lazy.made():
            touched.setdefault(row, []).append((column, cell))
        for row, _ in worksheet._lazy.gone:
            touched.setdefault(row, [])
        for row in worksheet.row_dimensions.keys():
            touched.setdefault(row, [])
        for row in sorted(touched):
            self._touched[row] = self._row(row, touched[row])
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

    def pieces(self, escape_formulas: bool) -> Iterator[bytes]:
        """The XML of all rows in order: touched ones as they were rendered, stretches of others natively."""
        workbook = self.ws.parent
        # Native numbers count from 1900; sheets that count otherwise are left to openpyxl.
        is_plain = workbook.epoch == WINDOWS_EPOCH and not workbook.iso_dates
        styles = tuple(Cell(self.ws, 1, 1, moment).style_id for moment in _MOMENTS)
        blocks = sorted(self._blocks, key=lambda block: block.first_row)
        touched = sorted(self._touched)
        done = 0
        for block in blocks:
            next_row = block.first_row
            while next_row <= block.last_row:
                while done < len(touched) and touched[done] < next_row:
                    yield self._touched.pop(touched[done])
                    done += 1
                is_touched = done < len(touched) and touched[done] == next_row
                if is_touched:
                    yield self._touched.pop(touched[done])
                    done += 1
                    next_row += 1
                    continue
                stop = min(
                    block.last_row + 1,
                    next_row + _ROWS_AT_A_TIME,
                    touched[done] if done < len(touched) else block.last_row + 1,
                )
                if is_plain and block.native is not None:
                    start = next_row - block.first_row
                    yield _native.render_rows(
                        block.native, start, start + stop - next_row, next_row, styles, escape_formulas
                    )
                else:
                    yield b"".join(self._row(row, []) for row in range(next_row, stop))
                next_row = stop
        for row in touched[done:]:
            yield self._touched.pop(row)

    def _row(self, row: int, made: list[tuple[int, Any]]) -> bytes:
        """A row as XML: the cells that were made, and those that blocks would make."""
        lazy = self.ws._lazy
        known = {column for column, _ in made}
        cells = list(made)
        for block in self._blocks:
            if block.first_row <= row <= block.last_row:
                cells += [
                    (column, block.cell(self.ws, row, column))
                    for column in range(1, block.width + 1)
                    if column not in known and (row, column) not in lazy.gone
                ]
        cells.sort(key=itemgetter(0))
        attributes = {"r": f"{row}", **dict(self.ws.row_dimensions.get(row, {}))}
        opening = " ".join(f'{name}="{_escape(str(value))}"' for name, value in attributes.items())
        return f"<row {opening}>{''.join(map(self._cell, map(itemgetter(1), cells)))}</row>".encode()

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
