"""Gives tables in openpyxl the looks that the native writer gives to others."""

from __future__ import annotations

from array import array
from copy import copy

from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from ade_engine import _native
from ade_engine.io.output.look import SheetLook, TableLook
from ade_engine.io.worksheets.rows import WorksheetRows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HEADER_HEIGHT = 20
_LINE = "FF88837A"
_PALE_LINE = "FFE8E5DE"


class OpenpyxlStyles:
    """The looks of one workbook, each as openpyxl's style."""

    def __init__(self) -> None:
        self._styles: dict[_native.CellLook, StyleArray] = {}

    def style(self, worksheet: Any, look: _native.CellLook) -> StyleArray:
        """Returns the style for a look of the native module."""
        style = self._styles.get(look)
        if style is None:
            cell = Cell(worksheet, 1, 1)
            line = Side("medium", _LINE)
            if look.bold or look.italic or look.ink or look.underlined or look.size != 11:
                color = look.ink and f"FF{look.ink}"
                cell.font = Font(
                    name="Calibri",
                    family=2,
                    scheme="minor",
                    sz=look.size,
                    b=look.bold,
                    i=look.italic,
                    u="single" if look.underlined else None,
                    color=color,
                )
            if look.fill:
                cell.fill = PatternFill("solid", fgColor=f"FF{look.fill}")
            if look.thin_below:
                cell.border = Border(bottom=Side("thin", _PALE_LINE))
            elif look.line_left or look.line_below:
                cell.border = Border(
                    left=line if look.line_left else Side(), bottom=line if look.line_below else Side()
                )
            if look.horizontal or look.is_centered or look.is_top or look.wraps:
                vertical = "center" if look.is_centered else "top" if look.is_top else None
                cell.alignment = Alignment(look.horizontal, vertical, indent=look.indent, wrap_text=look.wraps or None)
            if look.format != "General":
                cell.number_format = look.format
            style = self._styles[look] = cell._style or StyleArray()
        return style

    def style_rows(self, worksheet: Any, rows: WorksheetRows, styled: Any) -> None:
        """Gives the rows of a table their looks, before they are appended."""
        table = worksheet.parent._ade_styles
        plain, *others = styled.looks
        # The first look is that of a cell without one.
        numbers = [0, *(table.number(self.style(worksheet, look).tobytes()) for look in others)]
        for column in range(rows.width):
            content = styled.cell_styles(column, numbers)
            if content is not None:
                rows.styles[column] = styles = array("I")
                styles.frombytes(content)

    def style_header(self, worksheet: Any, row: int, styled: Any) -> None:
        """Gives the header of an appended table its look."""
        looks = styled.looks
        for column, number in enumerate(styled.header_looks, 1):
            worksheet.cell(row, column)._style = copy(self.style(worksheet, looks[number]))
        worksheet.row_dimensions[row].height = _HEADER_HEIGHT


def set_up_print(worksheet: Any, header_row: int, *, is_first: bool = True) -> None:
    """Sets up a sheet for printing, landscape and one page wide, with the header row on each page unless it is 0.

    ``is_first``: the sheet has no setup yet; otherwise only the row on each page changes.
    """
    if is_first:
        worksheet.page_setup.orientation, worksheet.page_setup.fitToHeight = "landscape", 0
        worksheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    if header_row:
        worksheet.print_title_rows = f"{header_row}:{header_row}"
    else:
        # Openpyxl's own attribute takes rows alone.
        worksheet._print_rows = None


def style_sheet(
    worksheet: Any, known: SheetLook, look: TableLook, widths: list[float], row: int, last_row: int
) -> None:
    """Gives the sheet the look that a table with its header in this row wants, together with the tables before it. Later
    changes are kept unless this table wants something else.
    """
    before = list(zip(known.widths, known.is_closed))
    is_first = known.frozen_rows is None
    known.add(look, widths, row, last_row)
    for number in range(len(known.widths)):
        width, is_closed = known.widths[number], known.is_closed[number]
        if number < len(before) and before[number] == (width, is_closed):
            continue
        dimension = worksheet.column_dimensions[get_column_letter(number + 1)]
        if number >= len(before) or before[number][0] != width:
            dimension.width = width
        if is_closed:
            dimension.hidden, dimension.outlineLevel = True, 1
        elif number < len(before) and before[number][1]:
            dimension.hidden, dimension.outlineLevel = False, 0
    opened_before = _behind_groups([is_closed for _, is_closed in before])
    opened = _behind_groups(known.is_closed)
    for number in opened_before ^ opened:
        worksheet.column_dimensions[get_column_letter(number + 1)].collapsed = number in opened
    if is_first:
        worksheet.freeze_panes = f"A{row + 1}"
        if known.filter is not None:
            worksheet.auto_filter.ref = known.filter


def _behind_groups(is_closed: list[bool]) -> set[int]:
    """Returns the columns behind closed groups: a reader opens the groups there."""
    followers = [*is_closed[1:], False]
    return {number for number, (closed, next_is) in enumerate(zip(is_closed, followers), 1) if closed and not next_is}
