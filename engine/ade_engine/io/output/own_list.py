"""A sheet of the output that is no table of the input: a list of what is told, with links to cells.

The native module writes it; where a hook has touched the workbook, openpyxl gets the same cells.
"""

from __future__ import annotations

from array import array
from copy import copy
from typing import Any

from ade_engine import _native
from ade_engine.models.table import column_letters

TYPE_CHECKING = False
if TYPE_CHECKING:
    import polars as pl

    from ade_engine.io.worksheets.openpyxl_looks import Looks

#: What a column holds, as the native module numbers it.
TEXT, WRAPPED, LINK, SEVERITY, WRITTEN, QUIET = range(6)
#: The row of the header; lines follow.
HEADER_ROW = 4
#: A worksheet has no more links (Excel: specifications and limits).
MOST_LINKS = 65_530
_NARROWEST, _WIDEST = 8, 36
#: Widths are measured on so many lines.
_MEASURED = 10_000
_TITLE_HEIGHT, _HEADER_HEIGHT = 22, 20
#: What no cell can hold.
CONTROL_CHARACTERS = "[\x00-\x08\x0b\x0c\x0e-\x1f]"


class OwnList:
    """A list: a title, a line of counts, a header, and lines of text.

    ``roles`` says what each column of ``lines`` holds; ``places`` where the cells of the column ``Cell`` lead to, such as
    ``'Orders'!D5``: as many as there are lines, null where nowhere; nothing for a list without links. ``color`` is that of the sheet's tab.
    """

    __slots__ = ("frame", "title", "counts", "color", "native", "links", "widths")

    def __init__(self, lines: pl.DataFrame, roles: dict[str, int], places: pl.Series | None, *, title: str, counts: str, color: str):
        import polars as pl

        # A message may quote what no cell can hold.
        self.frame = lines.select(pl.col(name).fill_null("").str.replace_all(CONTROL_CHARACTERS, "\ufffd") for name in roles)
        self.title, self.counts = (pl.Series([text]).str.replace_all(CONTROL_CHARACTERS, "\ufffd")[0] for text in (title, counts))
        self.color = color
        self.native = _native.ListFrame(_native.Frame(self.frame), self.title, self.counts, list(roles.values()))
        self.links: list[tuple[str, str]] = []
        if places is not None:
            letter = column_letters(list(roles.values()).index(LINK) + 1)
            there = pl.DataFrame({"place": places}).with_row_index("line").drop_nulls().head(MOST_LINKS)
            self.links = [(f"{letter}{HEADER_ROW + 1 + line}", place) for line, place in there.rows()]
        self.widths = [_width(column) for column in self.frame.head(_MEASURED).get_columns()]

    def __len__(self) -> int:
        """The rows that it takes, those above its header included."""
        return HEADER_ROW + self.frame.height

    @property
    def area(self) -> str:
        """Header and lines."""
        return f"A{HEADER_ROW}:{column_letters(self.frame.width)}{len(self)}"

    def write(self, writer: Any, title: str) -> None:
        """Write it as a sheet of this title."""
        columns = [(width, False) for width in self.widths]
        extent = (len(self), self.frame.width)
        writer.start_sheet(title, extent, columns, HEADER_ROW, self.area, HEADER_ROW, self.color)
        writer.append_list(self.native, self.links)

    def append_to(self, worksheet: Any, looks: Looks) -> None:
        """Make it the content of an openpyxl worksheet."""
        from openpyxl.worksheet.hyperlink import Hyperlink

        from ade_engine.io.worksheets.openpyxl_looks import set_up_print
        from ade_engine.io.worksheets.rows import FrameRows

        rows = FrameRows(self.frame, _native.Frame(self.frame), True)
        plain, *others = (looks.style(worksheet, look) for look in self.native.looks)
        numbers = [0, *(worksheet.parent._ade_styles.number(style.tobytes()) for style in others)]
        for column in range(rows.width):
            rows.styles[column] = styles = array("I")
            styles.frombytes(self.native.cell_styles(column, numbers))
        for number, series in enumerate(self.frame.get_columns()):
            # Text that is an error's code stays text.
            codes = series.to_frame().with_row_index("row").filter(series.str.starts_with("#")).rows()
            rows.changes.update({number: {row: (text, "s") for row, text in codes}} if codes else {})
        title, counts, header = self.native.own_looks
        styles = [plain, *others]
        for row, text, look in ((1, self.title, title), (2, self.counts, counts)):
            cell = worksheet.cell(row, 1, text)
            cell.data_type, cell._style = "s", copy(styles[look])
        worksheet._current_row = 2
        worksheet._ade_append_table(list(self.frame.columns), rows, gap=True, escape_formulas=True, at_once=False)
        for column, width in enumerate(self.widths, 1):
            worksheet.cell(HEADER_ROW, column)._style = copy(styles[header])
            worksheet.column_dimensions[column_letters(column)].width = width
        worksheet.row_dimensions[1].height, worksheet.row_dimensions[HEADER_ROW].height = _TITLE_HEIGHT, _HEADER_HEIGHT
        for cell, place in self.links:
            worksheet[cell].hyperlink = Hyperlink(ref=cell, location=place)
        worksheet.sheet_properties.tabColor, worksheet.sheet_view.showGridLines = self.color, False
        worksheet.freeze_panes, worksheet.auto_filter.ref = f"A{HEADER_ROW + 1}", self.area
        set_up_print(worksheet, HEADER_ROW)


def _width(column: pl.Series) -> float:
    """The larger of the header with room for the filter's arrow, and what 95 of 100 texts need; at most 36."""
    usual = column.str.len_chars().quantile(0.95, "lower") or 0
    return float(max(_NARROWEST, min(_WIDEST, max(len(column.name) + 4, usual + 2))))
