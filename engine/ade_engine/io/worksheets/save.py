"""Saves openpyxl workbooks as valid files, and faster than openpyxl.

Everything but the rows of a worksheet is written by openpyxl itself: this module lets it write each sheet around an empty ``sheetData``
and puts the rows in between. Whatever was done to a sheet, rows and cells are written once and in order, at the places that the sheet
has them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain
from types import SimpleNamespace
from typing import Any
from zipfile import ZIP_DEFLATED

from openpyxl.cell._writer import write_cell
from openpyxl.cell.cell import ERROR_CODES, Cell
from openpyxl.cell.rich_text import CellRichText
from openpyxl.comments.comment_sheet import CommentRecord
from openpyxl.packaging.extended import ExtendedProperties
from openpyxl.packaging.relationship import Relationship
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.stylesheet import write_stylesheet
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import WINDOWS_EPOCH, to_excel
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.dimensions import SheetDimension
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.merge import MergeCell, MergeCells
from openpyxl.worksheet.related import Related
from openpyxl.worksheet.table import TablePartList
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter
from openpyxl.writer.theme import theme_xml
from openpyxl.xml.constants import (
    ARC_APP,
    ARC_CORE,
    ARC_CUSTOM,
    ARC_ROOT_RELS,
    ARC_STYLE,
    ARC_THEME,
    ARC_WORKBOOK,
    ARC_WORKBOOK_RELS,
    CPROPS_TYPE,
)
from openpyxl.xml.functions import tostring

from ade_engine.io.limits import LAST_COLUMN, LAST_ROW
from ade_engine.io.worksheets.valid import (
    Archive,
    ValidWorkbookWriter,
    array_formula_at,
    clean_xml,
    fit_columns,
    fit_filter,
    fit_links,
    fit_merged,
    fit_table,
    fit_validations,
    fit_views,
    is_filtered,
    leave_out_overlapping_tables,
)

#: Packing harder than this takes longer than everything else.
_LEVEL = 2
_TEXTS_AT_A_TIME = 100_000
_EMPTY_SHEET_DATA = re.compile(rb"<sheetData\s*(?:/>|>\s*</sheetData>)")
#: What XML spells otherwise.
_SPELT_OTHERWISE = re.compile("[&<>\"\r\ufffe\uffff]")


def save_workbook(workbook: Any, path: Any) -> None:
    """What openpyxl's function of this name does; ``path`` may be an open file."""
    archive = Archive(path, "w", ZIP_DEFLATED, allowZip64=True, compresslevel=_LEVEL)
    workbook.properties.modified = dt.datetime.now(tz=dt.timezone.utc).replace(tzinfo=None)
    try:
        _Writer(workbook, archive).save()
    finally:
        archive.close()


class _Writer(ExcelWriter):
    """openpyxl's writer with another way for worksheets, and with parts that agree with each other."""

    def write_data(self) -> None:
        workbook, archive = self.workbook, self._archive
        for worksheet in workbook.worksheets:
            # Named by an earlier saving; there may be no comments any more.
            if workbook.vba_archive is None:
                worksheet.legacy_drawing = None
        for style in workbook._named_styles:
            # Built-in styles are shared by all workbooks, and know the numbers of the one that took them last.
            style.bind(workbook)
        archive.writestr(ARC_APP, tostring(ExtendedProperties().to_tree()))
        archive.writestr(ARC_CORE, tostring(workbook.properties.to_tree()))
        archive.writestr(ARC_THEME, workbook.loaded_theme or theme_xml)
        if len(workbook.custom_doc_props):
            archive.writestr(ARC_CUSTOM, tostring(workbook.custom_doc_props.to_tree()))
            self.manifest.append(SimpleNamespace(path=f"/{ARC_CUSTOM}", mime_type=CPROPS_TYPE))
        self._write_worksheets()
        self._write_chartsheets()
        self._write_images()
        self._write_charts()
        self._write_external_links()
        archive.writestr(ARC_STYLE, tostring(write_stylesheet(workbook)))
        writer = ValidWorkbookWriter(workbook)
        archive.writestr(ARC_ROOT_RELS, writer.write_root_rels())
        archive.writestr(ARC_WORKBOOK, writer.write())
        archive.writestr(ARC_WORKBOOK_RELS, writer.write_rels())
        self._merge_vba()
        self.manifest._write(archive, workbook)

    def write_worksheet(self, worksheet: Any) -> None:
        from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing

        worksheet._drawing = SpreadsheetDrawing()
        worksheet._drawing.charts = worksheet._charts
        worksheet._drawing.images = worksheet._images
        writer = _SheetWriter(worksheet)
        try:
            writer.write()
            with open(writer.out, "rb") as file:
                xml = clean_xml(file.read())
            place = _EMPTY_SHEET_DATA.search(xml)
            assert place is not None, "openpyxl writes sheetData"
            size = sum(map(len, writer.pieces))
            with self._archive.open(worksheet.path[1:], "w", force_zip64=size > 1 << 31) as target:
                target.write(xml[: place.start()] + b"<sheetData>")
                for piece in writer.pieces:
                    target.write(piece)
                target.write(b"</sheetData>" + xml[place.end() :])
        finally:
            writer.cleanup()
        worksheet._rels = writer._rels
        self.manifest.append(worksheet)


class _SheetWriter(WorksheetWriter):
    """Writes everything around the rows, and then the rows."""

    def __init__(self, worksheet: Worksheet):
        super().__init__(worksheet)
        workbook = worksheet.parent
        #: Dates of workbooks that count them otherwise are left to openpyxl.
        self._is_plain = workbook.epoch == WINDOWS_EPOCH and not workbook.iso_dates
        self._cells: dict[tuple[int, int], Any] = worksheet._cells
        #: How the attribute of a style is spelt.
        self._styles: dict[bytes, str] = {}
        self._letters: dict[int, str] = {}
        #: The columns of each row that have cells, where the sheet has them.
        self._columns: dict[int, list[int]] = defaultdict(list)
        for row, column in self._cells:
            if 1 <= row <= LAST_ROW and 1 <= column <= LAST_COLUMN:
                self._columns[row].append(column)
        #: Texts that are written in place of what cells hold.
        self._texts: dict[tuple[int, int], str] = {}
        #: The XML of all rows, in order.
        self.pieces: list[bytes] = []

    # What stands around the rows ------------------------------------------------------------------------------------

    def write_dimensions(self) -> None:
        rows, columns = self._columns.keys() or (1,), set(chain.from_iterable(self._columns.values())) or (1,)
        first, last = get_column_letter(min(columns)), get_column_letter(max(columns))
        self.xf.send(SheetDimension(f"{first}{min(rows)}:{last}{max(rows)}").to_tree())

    def write_views(self) -> None:
        self.xf.send(fit_views(self.ws.views.to_tree()))

    def write_cols(self) -> None:
        tree = self.ws.column_dimensions.to_tree()
        self.xf.send(None if tree is None else fit_columns(tree))

    def write_rows(self) -> None:
        # What follows the rows in the file names tables, comments and links, so these come first.
        leave_out_overlapping_tables(self.ws.tables)
        for table in self.ws.tables.values():
            self._texts.update(fit_table(table, self._header))
        for row, column in self._texts.keys() - self._cells.keys():
            self._columns[row].append(column)
        links: list[tuple[str, Any]] = []
        already = len(self.ws._hyperlinks)
        self._render(links)
        # Writing a cell notes its link, which this does where cells are now.
        self.ws._hyperlinks[already:] = fit_links(links)
        stream = self.xf.send(True)
        with stream.element("sheetData"):
            pass
        self.xf.send(None)

    def _header(self, row: int, column: int) -> tuple[str | None, bool]:
        """The text of a table's header cell, and whether the cell holds just that."""
        cell = self._cells.get((row, column))
        value = None if cell is None else cell._value
        if isinstance(value, ArrayFormula):
            value = value.text
        return None if value is None else str(value), type(value) is str and cell.data_type == "s"

    def write_filter(self) -> None:
        if is_filtered(self.ws):
            self.xf.send(fit_filter(self.ws.auto_filter.to_tree(), self.ws.max_row))

    def write_merged_cells(self) -> None:
        kept = fit_merged(self.ws.merged_cells, self.ws.tables.values())
        if kept:
            self.xf.send(MergeCells(mergeCell=[MergeCell(merged) for merged in kept]).to_tree())

    def write_formatting(self) -> None:
        plain = DifferentialStyle()
        for formatting in self.ws.conditional_formatting:
            if not formatting.sqref:
                continue
            for rule in formatting.rules:
                if rule.dxf and rule.dxf != plain:
                    rule.dxfId = self.ws.parent._differential_styles.add(rule.dxf)
            self.xf.send(formatting.to_tree())

    def write_validations(self) -> None:
        if self.ws.data_validations:
            self.xf.send(fit_validations(self.ws.data_validations.to_tree()))

    def write_tables(self) -> None:
        tables = TablePartList()
        for table in self.ws.tables.values():
            relationship = Relationship(Type=table._rel_type, Target="")
            self._rels.append(relationship)
            table._rel_id = relationship.Id
            tables.append(Related(id=relationship.Id))
        if tables:
            self.xf.send(tables.to_tree())

    # Rows -----------------------------------------------------------------------------------------------------------

    def _render(self, links: list[tuple[str, Any]]) -> None:
        """Make the XML of all rows, and list the links of their cells."""
        dimensions = self.ws.row_dimensions
        texts: list[str] = []
        for row in sorted({*self._columns, *(row for row in dimensions if 1 <= row <= LAST_ROW)}):
            described = dict(dimensions[row]) if row in dimensions else {}
            attributes = "".join(f' {name}="{_escape(str(value))}"' for name, value in described.items() if name != "r")
            texts.append(f'<row r="{row}"{attributes}>')
            for column in sorted(self._columns.get(row, ())):
                cell = self._cells.get((row, column))
                if cell is not None and (cell._comment is not None or cell.hyperlink):
                    self._note(cell, f"{get_column_letter(column)}{row}", links)
                if (row, column) in self._texts:
                    cell = self._with_text(cell, row, column)
                texts.append(self._cell(cell, row, column))
            texts.append("</row>")
            if len(texts) > _TEXTS_AT_A_TIME:
                self.pieces.append("".join(texts).encode())
                texts.clear()
        self.pieces.append("".join(texts).encode())

    def _note(self, cell: Any, place: str, links: list[tuple[str, Any]]) -> None:
        """Note a cell's comment and its link: what follows the rows in the file names them."""
        if cell._comment is not None:
            comment = CommentRecord.from_cell(cell)
            comment.ref = place
            self.ws._comments.append(comment)
        # openpyxl does not write the link of a cell that has nothing else.
        link = cell.hyperlink
        if link and (link.target or link.location) and (cell._value is not None or cell.has_style or cell._comment is not None):
            links.append((place, link))

    def _with_text(self, cell: Any, row: int, column: int) -> Cell:
        """A cell with the text that is to be written, in the style of the cell that is there."""
        written = Cell(self.ws, row, column)
        written._value, written.data_type = self._texts[row, column], "s"
        written._style = getattr(cell, "_style", None)
        return written

    # Cells ----------------------------------------------------------------------------------------------------------

    def _cell(self, cell: Any, row: int, column: int) -> str:
        """A cell as XML, as openpyxl would write it; nothing where there is nothing to write."""
        value, style, styled = cell._value, cell._style, ""
        if style is not None:
            key = style.tobytes()
            if key not in self._styles:
                self._styles[key] = f' s="{cell.style_id}"' if any(style) else ""
            styled = self._styles[key]
        if value is None and not styled and not cell._comment:
            return ""
        letters = self._letters.get(column)
        if letters is None:
            letters = self._letters[column] = get_column_letter(column)
        start = f'<c r="{letters}{row}"{styled}'
        value_type = type(value)
        # Numbers that are not finite cannot be written.
        if value is None or value == "" or value_type is float and value - value != 0.0:
            return f"{start}/>"
        kind = _kind_that_fits(value, cell.data_type)
        if kind == "s" and value_type is str:
            keep = ' xml:space="preserve"' if value != value.strip() else ""
            return f'{start} t="inlineStr"><is><t{keep}>{_escape(value)}</t></is></c>'
        if kind == "n" and (value_type is int or value_type is float):
            return f"{start}><v>{_number(value)}</v></c>"
        if kind == "d" and self._is_plain and getattr(value, "tzinfo", None) is None:
            return f"{start}><v>{_number(to_excel(value))}</v></c>"
        if kind == "b":
            return f'{start} t="b"><v>{"1" if value else "0"}</v></c>'
        return self._by_openpyxl(cell, kind, bool(styled), row, column)

    def _by_openpyxl(self, cell: Any, kind: str, is_styled: bool, row: int, column: int) -> str:
        """A cell of a kind that is not frequent."""
        value = cell._value
        written = Cell(self.ws, row, column)
        written._value = array_formula_at(value, row, column) if isinstance(value, ArrayFormula) else value
        written.data_type, written._style = kind, cell._style
        caught = _Caught()
        write_cell(caught, self.ws, written, is_styled)
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


def _kind_that_fits(value: Any, kind: str) -> str:
    """The data type of a cell, or another one where that does not fit its value: an assignment that a cell refuses
    changes the type alone.
    """
    value_type = type(value)
    if value_type is str and kind == "s" or (value_type is float or value_type is int) and kind == "n":
        return kind
    if isinstance(value, CellRichText):
        return "s"
    if isinstance(value, str):
        return kind if kind in ("s", "f") or kind == "e" and value in ERROR_CODES else "s"
    if isinstance(value, (bool, int, float, Decimal)):
        return kind if kind in ("n", "b") else "b" if isinstance(value, bool) else "n"
    return "d" if isinstance(value, (dt.date, dt.time, dt.timedelta)) else kind


def _number(value: float) -> str:
    """A number as the native writer spells it: exactly, and whole ones without a point."""
    if type(value) is float and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


_ILLEGAL = str.maketrans({"\ufffe": "\ufffd", "\uffff": "\ufffd"})


def _escape(text: str) -> str:
    if not _SPELT_OTHERWISE.search(text):
        return text
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text.translate(_ILLEGAL).replace("\r", "&#13;")
