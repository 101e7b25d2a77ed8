"""Sheets of the output that are no tables of the input: lists of the run's results, with links to cells.

The native module makes and writes them; if a hook has touched the workbook, openpyxl gets the same cells.
"""

from __future__ import annotations

from array import array
from copy import copy

from ade_engine._native import ListSheet
from ade_engine.models.table import column_letters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ade_engine.io.worksheets.openpyxl_looks import OpenpyxlStyles

#: The row of the header, above the lines.
HEADER_ROW = 4
_TITLE_HEIGHT, _HEADER_HEIGHT = 22, 20


class OwnList:
    """A list: a title, a line of counts, a header, and lines of text. ``color`` is the color of the sheet's tab."""

    def __init__(self, native: ListSheet, *, color: str):
        self.native, self.widths, self.color = native, native.widths, color

    @classmethod
    def from_columns(
        cls, columns: Sequence[tuple[str, bool, Sequence[str | None]]], *, title: str, counts: str, color: str
    ) -> OwnList:
        """Returns a list without links; ``columns``: their names, whether their texts may be long, and the texts, equally many
        of each.
        """
        return cls(ListSheet(title, counts, columns), color=color)

    def __len__(self) -> int:
        """Returns the number of rows that it takes, those above its header included."""
        return HEADER_ROW + len(self.native)

    @property
    def area(self) -> str:
        """Returns the range of header and lines."""
        return f"A{HEADER_ROW}:{column_letters(len(self.widths))}{len(self)}"

    def write(self, writer: Any, title: str) -> None:
        """Writes it as a sheet with this title."""
        columns = [(width, False) for width in self.widths]
        extent = (len(self), len(self.widths))
        writer.start_sheet(title, extent, columns, HEADER_ROW, self.area, HEADER_ROW, self.color)
        writer.append_list(self.native)

    def append_to(self, worksheet: Any, looks: OpenpyxlStyles) -> None:
        """Writes it into an openpyxl worksheet."""
        from openpyxl.worksheet.hyperlink import Hyperlink

        from ade_engine import _native
        from ade_engine.io.worksheets.openpyxl_looks import set_up_print
        from ade_engine.io.worksheets.rows import FrameRows
        from ade_engine.models.polars import frame_of, series_of

        frame = frame_of([series_of(column) for column in self.native.columns()])
        rows = FrameRows(frame, _native.Frame(frame), True)
        plain, *others = (looks.style(worksheet, look) for look in self.native.looks)
        numbers = [0, *(worksheet.parent._ade_styles.number(style.tobytes()) for style in others)]
        for column in range(rows.width):
            rows.styles[column] = styles = array("I")
            styles.frombytes(self.native.cell_styles(column, numbers))
        for number, series in enumerate(frame.get_columns()):
            # An error code or a formula in a text stays text, regardless of the setting for the tables of the workbook.
            texts = series.to_frame().with_row_index("row").filter(series.str.contains("^[#=]")).rows()
            rows.changes.update({number: {row: (text, "s") for row, text in texts}} if texts else {})
        (above, below), (title, counts, header) = self.native.above, self.native.own_looks
        styles = [plain, *others]
        for row, text, look in ((1, above, title), (2, below, counts)):
            cell = worksheet.cell(row, 1, text)
            cell.data_type, cell._style = "s", copy(styles[look])
        worksheet._current_row = 2
        worksheet._ade_append_table(list(frame.columns), rows, gap=True, escape_formulas=True, at_once=False)
        for column, width in enumerate(self.widths, 1):
            worksheet.cell(HEADER_ROW, column)._style = copy(styles[header])
            worksheet.column_dimensions[column_letters(column)].width = width
        worksheet.row_dimensions[1].height, worksheet.row_dimensions[HEADER_ROW].height = _TITLE_HEIGHT, _HEADER_HEIGHT
        for cell, place in self.native.links:
            worksheet[cell].hyperlink = Hyperlink(ref=cell, location=place)
        worksheet.sheet_properties.tabColor, worksheet.sheet_view.showGridLines = self.color, False
        worksheet.freeze_panes, worksheet.auto_filter.ref = f"A{HEADER_ROW + 1}", self.area
        set_up_print(worksheet, HEADER_ROW)
