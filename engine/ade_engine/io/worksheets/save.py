"""Saves openpyxl workbooks, with unchanged rows written by the native module.

openpyxl itself writes everything but the rows of a :class:`~ade_engine.io.worksheets.worksheet.LazyWorksheet`: this module lets
it write each sheet around an empty ``sheetData`` and puts the rows in between. Whatever happened to a sheet, rows and cells are
written once and in order, at their positions in the sheet.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left
from collections.abc import Collection, Iterator
from decimal import Decimal
from types import SimpleNamespace
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

from ade_engine import _native
from ade_engine.io.limits import LAST_COLUMN, LAST_ROW
from ade_engine.io.worksheets.cells import LazyCells, WorksheetBlock
from ade_engine.io.worksheets.rows import FrameRows
from ade_engine.io.worksheets.valid import (
    ValidArchive,
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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: The compression level; a higher one takes longer than everything else.
_LEVEL = 2
_ROWS_AT_A_TIME = 4096
_EMPTY_SHEET_DATA = re.compile(rb"<sheetData\s*(?:/>|>\s*</sheetData>)")
_MOMENTS = {
    "date_time": dt.datetime(2000, 1, 1),
    "date": dt.date(2000, 1, 1),
    "time": dt.time(1),
    "duration": dt.timedelta(1),
}


def save_workbook(workbook: Any, path: Any) -> None:
    """Equals openpyxl's function of this name for a workbook of lazy worksheets; ``path`` may be an open file."""
    archive = ValidArchive(path, "w", ZIP_DEFLATED, allowZip64=True, compresslevel=_LEVEL)
    workbook.properties.modified = dt.datetime.now(tz=dt.timezone.utc).replace(tzinfo=None)
    try:
        _Writer(workbook, archive).save()
    finally:
        archive.close()


class _Writer(ExcelWriter):
    """openpyxl's writer with another method for lazy worksheets, and with parts that agree with each other."""

    def write_data(self) -> None:
        workbook, archive = self.workbook, self._archive
        for worksheet in workbook.worksheets:
            # Set by an earlier save; the comments may have been removed since.
            if workbook.vba_archive is None:
                worksheet.legacy_drawing = None
        for style in workbook._named_styles:
            # Built-in styles are shared by all workbooks, and have the numbers of the one that used them last.
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
        if not isinstance(worksheet._cells, LazyCells):
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
                xml = clean_xml(file.read())
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

    def __init__(self, worksheet: Worksheet):
        super().__init__(worksheet)
        workbook = worksheet.parent
        #: Native numbers count from 1900; openpyxl writes dates of workbooks that count otherwise.
        self._is_plain = workbook.epoch == WINDOWS_EPOCH and not workbook.iso_dates
        self._escape_formulas = workbook._ade_escape_formulas
        self._numbers: dict[bytes, int] = {}
        self._letters: dict[int, str] = {}
        cells: LazyCells = worksheet._cells
        cells.release()
        self._cells = cells
        #: The positions of cell objects and of texts, in order.
        self._made: list[tuple[int, int]] = []
        #: Texts that are written in place of cells' values.
        self._texts: dict[tuple[int, int], str] = {}
        #: Rows that have a height or the like, in order.
        self._described = sorted(row for row in worksheet.row_dimensions if 1 <= row <= LAST_ROW)
        count = sum((block.last_row - block.first_row + 1) * len(block.columns) for block in cells.blocks)
        #: Whether the sheet may take more than 4 GiB uncompressed.
        self.may_be_large = (count + dict.__len__(cells)) * 100 > 1 << 31

    # The parts around the rows --------------------------------------------------------------------------------------

    def write_dimensions(self) -> None:
        extent = self._cells.extent() or (1, 1, 1, 1)
        first_row, last_row = (min(max(row, 1), LAST_ROW) for row in extent[:2])
        first_column, last_column = (get_column_letter(min(max(column, 1), LAST_COLUMN)) for column in extent[2:])
        self.xf.send(SheetDimension(f"{first_column}{first_row}:{last_column}{last_row}").to_tree())

    def write_views(self) -> None:
        self.xf.send(fit_views(self.ws.views.to_tree()))

    def write_cols(self) -> None:
        tree = self.ws.column_dimensions.to_tree()
        self.xf.send(None if tree is None else fit_columns(tree))

    def write_rows(self) -> None:
        # The parts behind the rows refer to tables, comments and links, so these come first.
        leave_out_overlapping_tables(self.ws.tables)
        for table in self.ws.tables.values():
            self._texts.update(fit_table(table, self._header))
        self._made = sorted(
            (row, column)
            for row, column in {*dict.keys(self._cells), *self._texts}
            if 1 <= row <= LAST_ROW and 1 <= column <= LAST_COLUMN
        )
        links = []
        for key in self._made:
            cell = dict.get(self._cells, key)
            if cell is None:
                continue
            place = f"{get_column_letter(key[1])}{key[0]}"
            if cell._comment is not None:
                comment = CommentRecord.from_cell(cell)
                comment.ref = place
                self.ws._comments.append(comment)
            # openpyxl does not write the link of a cell that has nothing else.
            link = cell.hyperlink
            if link and (link.target or link.location) and (cell._value is not None or cell.has_style or cell._comment is not None):
                links.append((place, link))
        self.ws._hyperlinks.extend(fit_links(links))
        stream = self.xf.send(True)
        with stream.element("sheetData"):
            pass
        self.xf.send(None)

    def _header(self, row: int, column: int) -> tuple[str | None, bool]:
        """Returns the text of a table's header cell, and whether the cell holds just that."""
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

    def pieces(self) -> Iterator[bytes]:
        """Yields the XML of all rows, in order."""
        worksheet = self.ws
        links = len(worksheet._hyperlinks)
        styles = {kind: Cell(worksheet, 1, 1, moment).style_id for kind, moment in _MOMENTS.items()}
        self._moments = _native.MomentStyles(**styles)
        table = worksheet.parent._ade_styles
        self._styles = [
            0 if style is None else worksheet.parent._cell_styles.add(style) for style in table.styles
        ]
        for first_row, last_row, block in self._stretches():
            yield self._stretch(first_row, last_row, block)
        # Writing a cell notes its link, which write_rows did already.
        del worksheet._hyperlinks[links:]

    def _stretches(self) -> Iterator[tuple[int, int, WorksheetBlock | None]]:
        """Yields rows that are written at once: blocks or parts of them, and the rows between blocks."""
        next_row = 1
        for block in [*self._cells.blocks, None]:
            first_row = LAST_ROW + 1 if block is None else block.first_row
            yield from ((first, last, None) for first, last in self._loose_rows(next_row, first_row - 1))
            if block is not None:
                for row in range(block.first_row, min(block.last_row, LAST_ROW) + 1, _ROWS_AT_A_TIME):
                    yield row, min(row + _ROWS_AT_A_TIME - 1, block.last_row, LAST_ROW), block
                next_row = block.last_row + 1

    def _loose_rows(self, first_row: int, last_row: int) -> Iterator[tuple[int, int]]:
        """Yields ranges outside blocks that have something to write."""
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

    def _stretch(self, first_row: int, last_row: int, block: WorksheetBlock | None) -> bytes:
        own: dict[tuple[int, int], str] = {}
        parts = []
        if block is not None:
            rows = block.rows
            first = block.start + first_row - block.first_row
            stop = first + last_row - first_row + 1
            by_openpyxl = self._columns_for_openpyxl(rows)
            columns = []
            for column, own_column in enumerate(block.columns[:LAST_COLUMN], 1):
                if own_column is None:
                    continue
                styles = rows.styles.get(own_column)
                columns.append((column - 1, own_column, None if styles is None else _little_endian(styles[first:stop])))
                changes = rows.changes.get(own_column, {})
                if own_column in by_openpyxl:
                    changed = range(first, stop)
                elif len(changes) < stop - first:
                    changed = [row for row in changes if first <= row < stop]
                else:
                    changed = [row for row in range(first, stop) if row in changes]
                for row in changed:
                    place = (first_row + row - first, column)
                    if not dict.__contains__(self._cells, place):
                        own[place] = self._cell(rows.make(self.ws, *place, row, own_column), *place)
            parts.append((rows.native, first, columns))
        start = bisect_left(self._made, (first_row, 0))
        for key in self._made[start : bisect_left(self._made, (last_row + 1, 0))]:
            cell = dict.get(self._cells, key)
            if key in self._texts:
                cell = self._with_text(cell, key)
            own[key] = self._cell(cell, *key)
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
            block is not None,
        )

    def _columns_for_openpyxl(self, rows: FrameRows) -> Collection[int]:
        """Returns columns whose values the native writer cannot write."""
        if rows.native is None:
            return range(rows.width)
        return () if self._is_plain else {column for column in range(rows.width) if rows.is_temporal(column)}

    def _with_text(self, cell: Any, key: tuple[int, int]) -> Cell:
        """Returns a cell with the text to write, in the style of the existing cell."""
        written = Cell(self.ws, *key)
        written._value, written.data_type = self._texts[key], "s"
        written._style = getattr(cell, "_style", None)
        return written

    def _attributes(self, row: int) -> str:
        described = dict(self.ws.row_dimensions[row])
        described.pop("r", None)
        return "".join(f' {name}="{_escape(str(value))}"' for name, value in described.items())

    # Cells ----------------------------------------------------------------------------------------------------------

    def _cell(self, cell: Any, row: int, column: int) -> str:
        """Returns a cell as XML, as openpyxl would write it; empty if it has nothing to write."""
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
        kind = _kind_that_fits(value, cell.data_type)
        letters = self._letters.get(column)
        if letters is None:
            letters = self._letters[column] = get_column_letter(column)
        start = f'<c r="{letters}{row}"{styled}'
        value_type = type(value)
        # Numbers that are not finite cannot be written.
        if value is None or value == "" or value_type is float and value - value != 0.0:
            return f"{start}/>"
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
        """Returns a cell of an infrequent kind."""
        value = cell._value
        written = Cell(self.ws, row, column)
        written._value = array_formula_at(value, row, column) if isinstance(value, ArrayFormula) else value
        written.data_type, written._style = kind, cell._style
        caught = _ElementSink()
        write_cell(caught, self.ws, written, is_styled)
        return "".join(caught.texts)


class _ElementSink:
    """Takes the elements that openpyxl writes, with either of its libraries."""

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
    """Returns the data type of a cell, or another one if it does not fit the value: an assignment that a cell refuses changes
    only the type.
    """
    if isinstance(value, CellRichText):
        return "s"
    if isinstance(value, str):
        return kind if kind in ("s", "f") or kind == "e" and value in ERROR_CODES else "s"
    if isinstance(value, (bool, int, float, Decimal)):
        return kind if kind in ("n", "b") else "b" if isinstance(value, bool) else "n"
    return "d" if isinstance(value, (dt.date, dt.time, dt.timedelta)) else kind


def _number(value: float) -> str:
    """Returns a number in the native writer's spelling: exactly, and whole ones without a point."""
    if type(value) is float and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def _little_endian(numbers: Any) -> bytes:
    import sys

    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


_ILLEGAL = str.maketrans({"\ufffe": "\ufffd", "\uffff": "\ufffd"})


def _escape(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    if "\ufffe" in text or "\uffff" in text:
        text = text.translate(_ILLEGAL)
    return text.replace("\r", "&#13;") if "\r" in text else text
