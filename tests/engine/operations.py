"""Random operations on a workbook that is being written, for hooks' sake done to two workbooks alike.

An operation is a line of Python as a hook would write it, so that a sequence that shows a difference can be read, and
run again. It finds these names: ``wb``, the output workbook; ``ws``, the sheet that the operation is for;
``append(k, frame, gap)`` and ``add_sheet(title)``, the engine's own steps; ``early``, a path to save at; and what
openpyxl exports. What it assigns to ``seen`` is compared.
"""

import datetime as dt
import decimal
import random
import tempfile
import warnings
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule, ColorScaleRule, DataBarRule, FormulaRule
from openpyxl.packaging.custom import StringProperty
from openpyxl.styles import Alignment, Border, Color, Font, GradientFill, NamedStyle, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.scenario import InputCells, Scenario
from openpyxl.worksheet.table import Table, TableStyleInfo

from ade_engine.io.output.workbook import Output
from describing import described, differences, facts, links_of, open_cells, plain, shown
from package_check import check_package

TEXTS = (
    *("Oslo", " a & <b> ", "=1+1", "#N/A", "#DIV/0!", "", "line\nbreak", 'say "hi"', "=", "'quoted", "é漢😀", "12", "\ttab"),
    *("_x0041_", "carriage\rreturn", "both\r\nof them", "]]>", " ", "TRUE", "=SUM(A1:A2)", "#N/A!", "x" * 300),
)


def frame(rows: int, seed: int, *columns: str) -> pl.DataFrame:
    """A frame with columns of these kinds; the same for the same arguments."""
    rnd = random.Random(f"{rows} {seed}")
    kinds: dict[str, tuple[Any, Callable[[], Any]]] = {
        "text": (pl.String, lambda: rnd.choice(TEXTS)),
        "number": (pl.Float64, lambda: rnd.choice((round(rnd.uniform(-1000, 1000), 3), 5.0, 1e20, 1e-7, -0.0, 0.1 + 0.2))),
        "small": (pl.Float32, lambda: rnd.choice((0.5, -2.25, 100.0))),
        "whole": (pl.Int64, lambda: rnd.choice((rnd.randrange(-100, 100), 2**52, 0))),
        "byte": (pl.UInt8, lambda: rnd.randrange(256)),
        "flag": (pl.Boolean, lambda: rnd.random() < 0.5),
        "day": (pl.Date, lambda: dt.date(1899, 12, 25) + dt.timedelta(days=rnd.choice((0, 10, 66, 70, 45_000 + rnd.randrange(900))))),
        "moment": (pl.Datetime("us"), lambda: dt.datetime(2024, 1, 1) + dt.timedelta(seconds=rnd.randrange(90_000_000))),
        "nanos": (pl.Datetime("ns"), lambda: dt.datetime(2024, 1, 1) + dt.timedelta(minutes=rnd.randrange(900_000))),
        "clock": (pl.Time, lambda: dt.time(rnd.randrange(24), rnd.randrange(60), rnd.randrange(60))),
        "span": (pl.Duration("us"), lambda: dt.timedelta(minutes=rnd.randrange(-10, 9000))),
        "price": (pl.Decimal(12, 2), lambda: decimal.Decimal(rnd.randrange(-10_000, 10_000)) / 100),
        "category": (pl.Categorical, lambda: rnd.choice(("red", "green", "=1+2", "#REF!"))),
        "choice": (pl.Enum(["a", "b"]), lambda: rnd.choice("ab")),
        "bytes": (pl.Binary, lambda: rnd.choice((b"abc", "é".encode()))),
        "nothing": (pl.Null, lambda: None),
        "list": (pl.List(pl.Int64), lambda: None),
    }
    data = {}
    for column in columns:
        dtype, value = kinds[column.rstrip("0123456789")]
        data[column] = pl.Series(column, [None if rnd.random() < 0.2 else value() for _ in range(rows)], dtype=dtype)
    return pl.DataFrame(data)


KINDS = ("text number small whole byte flag day moment nanos clock span price category choice bytes nothing list").split()


class Written:
    """A workbook that is being written: openpyxl's own, as if that were the engine's output."""

    def __init__(self, folder: Path, label: str, *, escape_formulas: bool = False):
        self.folder = folder
        self.label = label
        self.escape_formulas = escape_formulas
        self.sheets: list[Any] = []
        self.workbook = self.start()
        self.names = {
            **NAMES,
            **{"wb": self.workbook, "append": self.append, "add_sheet": self.add_sheet, "early": self.folder / f"early-{self.label}.xlsx"},
        }

    def start(self) -> Any:
        book = openpyxl.Workbook()
        book.remove(book.active)
        return book

    def add_sheet(self, title: str) -> None:
        self.sheets.append(self.workbook.create_sheet(title))

    def append(self, number: int, table: pl.DataFrame, gap: bool) -> None:
        sheet = self.sheets[number % len(self.sheets)]
        if gap:
            sheet.append([])
        for row in (table.columns, *table.iter_rows()):
            sheet.append(row)
            for column in range(1, len(row) + 1) if self.escape_formulas else ():
                cell = sheet.cell(sheet._current_row, column)
                if cell.data_type == "f":
                    cell.data_type = "s"

    def save(self) -> Path:
        path = self.folder / f"{self.label}.xlsx"
        self.workbook.save(path)
        return path

    def do(self, step: tuple[int, str]) -> tuple[str, Any]:
        """Do a step; returns its result: a value, or the exception's type."""
        number, code = step
        try:
            sheets = self.workbook.worksheets
            names = {**self.names, "ws": sheets[number % len(sheets)] if sheets else None, "seen": None}
            exec(code, names)  # noqa: S102
            return "seen", names["seen"]
        except Exception as error:
            return "raised", type(error)


class EngineWritten(Written):
    """A workbook that is being written: the engine's output."""

    def start(self) -> Any:
        self.output = Output(escape_formulas=self.escape_formulas)
        return self.output.workbook

    def add_sheet(self, title: str) -> None:
        self.sheets.append(self.output.add_sheet(title))

    def append(self, number: int, table: pl.DataFrame, gap: bool) -> None:
        self.output.append_table(self.sheets[number % len(self.sheets)], table, gap=gap)

    def save(self) -> Path:
        path = self.folder / f"{self.label}.xlsx"
        self.output.save(str(path))
        return path


def values_of(cells: Any) -> Any:
    """The values of a cell, a row or an area of cells."""
    if isinstance(cells, (tuple, list)) or hasattr(cells, "__next__"):
        return [values_of(cell) for cell in cells]
    return plain(cells.value) if hasattr(cells, "data_type") else plain(cells)


def image() -> Any:
    """A picture of one pixel; needs a library that openpyxl does without."""
    import io

    from openpyxl.drawing.image import Image
    from PIL import Image as Picture

    file = io.BytesIO()
    Picture.new("RGB", (1, 1)).save(file, "png")
    file.seek(0)
    return Image(file)


def scattered(sheet: Any, count: int) -> list[Any]:
    """Some of the values of a sheet, by walks that are given up early."""
    found = []
    for row in sheet.iter_rows():
        found.append(plain(row[0].value) if row else None)
        if len(found) >= count:
            break
    for column in sheet.iter_cols(min_col=2, max_col=3):
        found.append(plain(column[-1].value))
        break
    return found


#: What operations find by name: everything here that is not about doing them.
NAMES = {name: value for name, value in globals().items() if not name.startswith("_") and name not in ("Written", "EngineWritten", "TEXTS", "KINDS")}


# What hooks do ------------------------------------------------------------------------------------------------------


class Generator:
    """Makes steps. Random, but sane: nothing that a spreadsheet program would not let its user do."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.counter = 0
        self.sheet_count = 0

    def sequence(self, *, risky: bool = False) -> list[tuple[int, str]]:
        rnd = self.random
        steps = []
        for _ in range(rnd.randrange(1, 4)):
            steps.append((0, self.add_sheet()))
            for table in range(rnd.choice((1, 1, 2, 3))):
                steps.append((0, self.append(gap=table > 0, number=self.sheet_count - 1)))
                for _ in range(rnd.choice((0, 0, 1, 3, 6))):
                    steps.append((rnd.randrange(6), self.operation(risky)))
        for _ in range(rnd.randrange(12)):
            steps.append((rnd.randrange(6), self.operation(risky)))
        return steps

    def operation(self, risky: bool) -> str:
        groups = (*OPERATIONS, *(RISKY if risky else ()))
        group = self.random.choices(groups, [weight for weight, _ in groups])[0][1]
        return self.random.choice(group)(self)

    # The parts of which operations consist ----------------------------------------------------------------------

    def add_sheet(self) -> str:
        self.sheet_count += 1
        return f"add_sheet({'Data' + str(self.sheet_count)!r})"

    def append(self, *, gap: bool | None = None, number: int | None = None) -> str:
        rnd = self.random
        width = rnd.choice((1, 2, 4, 8))
        columns = ", ".join(repr(f"{rnd.choice(KINDS)}{index}") for index in range(width))
        rows = rnd.choice((0, 1, 3, 8, 20))
        gap = rnd.random() < 0.7 if gap is None else gap
        number = rnd.randrange(self.sheet_count) if number is None else number
        return f"append({number}, frame({rows}, {rnd.randrange(1000)}, {columns}), {gap})"

    def unique(self, word: str) -> str:
        self.counter += 1
        return f"{word}{self.counter}"

    @property
    def row(self) -> int:
        return self.random.choice((1, 2, 3, 4, 5, 8, 9, 10, 14, 20, 22, 25, 31, 40))

    @property
    def column(self) -> int:
        return self.random.choice((1, 1, 2, 2, 3, 4, 5, 7, 8, 9, 12))

    @property
    def amount(self) -> int:
        return self.random.choice((1, 1, 2, 3, 7))

    @property
    def letter(self) -> str:
        return get_column_letter(self.column)

    @property
    def cell(self) -> str:
        return f"{self.letter}{self.row}"

    @property
    def area(self) -> str:
        row, column = self.row, self.column
        last = get_column_letter(column + self.random.choice((0, 1, 2, 5)))
        return f"{get_column_letter(column)}{row}:{last}{row + self.random.choice((0, 1, 3, 9))}"

    @property
    def block(self) -> str:
        """One of areas that never overlap, so that merging two of them makes sense."""
        row, column = 1 + 3 * self.random.randrange(9), 1 + 2 * self.random.randrange(5)
        return f"{get_column_letter(column)}{row}:{get_column_letter(column + 1)}{row + 1}"

    @property
    def value(self) -> str:
        return self.random.choice(VALUES)

    @property
    def font(self) -> str:
        return self.random.choice(('Font(bold=True)', 'Font(name="Arial", size=9, italic=True)', 'Font(color="00FF0000", underline="single")', "Font()"))

    @property
    def fill(self) -> str:
        return self.random.choice(('PatternFill("solid", fgColor="00FFFF00")', 'PatternFill("lightGray")', 'GradientFill(stop=("000000", "FFFFFF"))'))

    @property
    def border(self) -> str:
        return self.random.choice(('Border(bottom=Side("thin"))', 'Border(left=Side("thick", color="00FF0000"), top=Side("hair"))'))

    @property
    def style(self) -> str:
        """An assignment to one of a cell's (or a row's, or a column's) style attributes, without the cell."""
        return self.random.choice((
            f"font = {self.font}",
            f"fill = {self.fill}",
            f"border = {self.border}",
            'alignment = Alignment(horizontal="right", wrap_text=True)',
            'alignment = Alignment(vertical="top", indent=1, text_rotation=45)',
            "protection = Protection(locked=False)",
            f"number_format = {self.random.choice(('0.00', 'yyyy-mm-dd', '#,##0.00 [$€-407]', '@', 'General', '0%'))!r}",
            f"style = {self.random.choice(('Good', 'Bad', 'Comma', 'Normal', 'Hyperlink', 'nobody knows'))!r}",
            "quotePrefix = True",
        ))


VALUES = (
    *("None", "1", "-2.5", "True", "False", "''", "'text'", "'=A1+1'", "'=SUM(A1:B2)'", "'#N/A'", "'=\"a\"&\"b\"'", "' spaced '"),
    *("dt.date(2024, 2, 29)", "dt.datetime(2024, 2, 29, 12, 30)", "dt.time(8, 15)", "dt.timedelta(hours=30)"),
    *("decimal.Decimal('1.25')", "b'bytes'", "'x' * 40000", "1e300", "2 ** 40"),
    *("CellRichText('a ', TextBlock(InlineFont(b=True), 'bold'), ' text')", "'line\\nbreak'", "object()", "[1]", "'a\\x01b'"),
)

Maker = Callable[[Generator], str]

STRUCTURE: tuple[Maker, ...] = (
    lambda g: f"ws.insert_rows({g.row}, {g.amount})",
    lambda g: "ws.insert_rows(1)",
    lambda g: f"ws.insert_cols({g.column}, {g.amount})",
    lambda g: f"ws.delete_rows({g.row}, {g.amount})",
    lambda g: f"ws.delete_rows({g.row}, {g.random.choice((15, 100))})",
    lambda g: "ws.delete_rows(1, ws.max_row)",
    lambda g: "ws.delete_rows(ws.max_row)",
    lambda g: f"ws.delete_cols({g.column}, {g.amount})",
    lambda g: f"ws.delete_cols({g.column}, 50)",
    lambda g: f"ws.move_range({g.area!r}, rows={g.random.choice((1, 2, 5, 30))}, cols={g.random.choice((0, 1, 4))}, translate={g.random.random() < 0.5})",
    lambda g: f"ws.move_range('C4:E9', rows={g.random.choice((-3, -1, 0, 1))}, cols={g.random.choice((-2, -1, 0, 1))}, translate={g.random.random() < 0.5})",
    lambda g: f"ws.move_range(ws.dimensions, cols={g.amount})",
    lambda g: f"ws.merge_cells({g.block!r})",
    lambda g: f"ws.merge_cells({g.block!r})",
    lambda g: f"ws.unmerge_cells({g.block!r})",
    lambda g: "[ws.unmerge_cells(str(area)) for area in sorted(ws.merged_cells.ranges, key=str)]",
    lambda g: "ws.merge_cells(start_row=1, start_column=1, end_row=1, end_column=2)" if g.random.random() < 0.2 else "ws.merge_cells('A1:B2')",
)

CELLS: tuple[Maker, ...] = (
    lambda g: f"ws[{g.cell!r}] = {g.value}",
    lambda g: f"ws[{g.cell!r}].value = {g.value}",
    lambda g: f"ws.cell({g.row}, {g.column}, {g.value})",
    lambda g: f"ws.cell(row={g.row}, column={g.column}).value = {g.value}",
    lambda g: f"del ws[{g.cell!r}]",
    lambda g: f"del ws['A2']; ws['A2'] = {g.value}",
    lambda g: "del ws['A2'], ws['B2']; ws.append(['after', 1])",
    lambda g: f"c = ws[{g.cell!r}]; del ws[c.coordinate]; c.value = 1",
    lambda g: f"ws._cells.pop(({g.row}, {g.column}), None)",
    lambda g: f"ws.append([{g.value}, 1, None, 'x'])",
    lambda g: f"ws.append({{'B': {g.value}, 4: 2}})",
    lambda g: "ws.append(value for value in (1, 2, 3))",
    lambda g: "ws.append(range(4))",
    lambda g: "ws.append([])",
    lambda g: (lambda c: f"ws[{c!r}] = ArrayFormula({c + ':' + c!r}, '=SUM(A1:A3*2)')")(g.cell),
    lambda g: f"ws[{g.cell!r}] = DataTableFormula('P1:P3', dt2D=False, r1='A1')",
    lambda g: "c = openpyxl.cell.WriteOnlyCell(ws, 'made'); c.font = Font(bold=True); ws.append([c, 2])",
    lambda g: f"c = ws[{g.cell!r}]; c.data_type = 's' if isinstance(c.value, str) else c.data_type",
    lambda g: f"c = ws[{g.cell!r}]; c.value = c.value",
    lambda g: f"c = ws[{g.cell!r}]; seen = c.offset(1, 1).coordinate; c.offset(row=2).value = {g.value}",
    lambda g: f"for row in ws.iter_rows(min_row=2, max_row={g.row}):\n    for cell in row:\n        if isinstance(cell.value, str): cell.value = cell.value.upper()",
    lambda g: "for row in ws.iter_rows():\n    row[0].value = 'first'\n    if row[0].row > 3: break",
    lambda g: "for number, row in enumerate(ws.iter_rows(max_col=2)):\n    ws.cell(30 + number, 6, number)\n    if number > 4: break",
    lambda g: "for row in ws.iter_rows(min_row=1, max_row=6, values_only=True):\n    ws['B4'] = 'during'",
    lambda g: "for cell in ws['B']:\n    cell.value = 1",
    lambda g: f"for row in ws[{g.area!r}]:\n    for cell in row if isinstance(row, tuple) else (row,):\n        cell.value = None",
)

STYLES: tuple[Maker, ...] = (
    lambda g: f"ws[{g.cell!r}].{g.style}",
    lambda g: f"for cell in ws[1]: cell.{g.style}",
    lambda g: f"for cell in ws[{g.letter!r}]: cell.{g.style}",
    lambda g: f"for row in ws.iter_rows():\n    for cell in row: cell.{g.style}",
    lambda g: f"for row in ws.iter_rows(min_row={g.row}):\n    for cell in row:\n        if cell.value is not None: cell.{g.style}",
    lambda g: f"for row in ws[{g.area!r}]:\n    for cell in row if isinstance(row, tuple) else (row,): cell.{g.style}",
    lambda g: f"ws[{g.cell!r}].font = copy(ws[{g.cell!r}].font)",
    lambda g: f"ws[{g.cell!r}]._style = copy(ws[{g.cell!r}]._style)",
    lambda g: f"a, b = ws[{g.cell!r}], ws[{g.cell!r}]; a.font, a.fill, a.number_format = copy(b.font), copy(b.fill), b.number_format",
    lambda g: f"a, b = ws[{g.cell!r}], ws[{g.cell!r}]; a.value, a.style = b.value, b.style",
    lambda g: f"ws[{g.cell!r}].font += Font(italic=True)",
    lambda g: "wb.add_named_style(NamedStyle(name='mine', font=Font(bold=True), number_format='0.0'))",
    lambda g: f"ws[{g.cell!r}].style = 'mine'",
    lambda g: f"ws[{g.cell!r}].comment = Comment({g.unique('note ')!r}, 'me', 80, 200)",
    lambda g: f"ws[{g.cell!r}].comment = Comment('line\\nbreak', {g.random.choice(('me', 'you'))!r})",
    lambda g: f"ws[{g.cell!r}].comment = None",
    lambda g: f"ws[{g.cell!r}].comment = ws[{g.cell!r}].comment",
    lambda g: f"ws[{g.cell!r}].hyperlink = {'https://example.org/' + g.unique('page')!r}",
    lambda g: f"ws[{g.cell!r}].hyperlink = Hyperlink(ref='', location=\"'Data1'!A1\", tooltip='go')",
    lambda g: f"ws[{g.cell!r}].hyperlink = 'mailto:somebody@example.org?subject=a&b'",
    lambda g: f"ws[{g.cell!r}].hyperlink = None",
)

LOOKS: tuple[Maker, ...] = (
    lambda g: "seen = facts(ws)",
    lambda g: "seen = [facts(sheet) for sheet in wb]",
    lambda g: "seen = values_of(ws.values)",
    lambda g: f"seen = values_of(ws.iter_rows(min_row={g.row}, max_col={g.column}, values_only=True))",
    lambda g: f"seen = values_of(ws.iter_cols(min_col={g.column}, values_only=True))",
    lambda g: f"seen = values_of(ws[{g.area!r}])",
    lambda g: "seen = values_of(ws['A:C'])",
    lambda g: "seen = values_of(ws[2:4])",
    lambda g: f"seen = values_of(ws[{g.row}])",
    lambda g: f"seen = values_of(ws[{g.letter!r}])",
    lambda g: "seen = values_of(ws.rows), values_of(ws.columns)",
    lambda g: f"seen = scattered(ws, {g.row})",
    lambda g: "seen = sorted(ws._cells)",
    lambda g: "seen = open_cells(ws)",
    lambda g: f"c = ws[{g.cell!r}]; seen = (plain(c.value), c.data_type, c.number_format, c.is_date, c.font.b, c.has_style, c.style)",
    lambda g: f"seen = ({g.row}, {g.column}) in ws._cells, plain(getattr(ws._cells.get(({g.row}, {g.column})), 'value', None))",
    lambda g: "seen = ws.array_formulae, ws.column_groups, ws.active_cell, ws.print_titles, ws.print_area",
    lambda g: "seen = wb.sheetnames, wb.active.title, [wb.index(sheet) for sheet in wb.worksheets], len(wb.worksheets)",
    lambda g: "wb.save(early); seen = described(early), check_package(early)",
)

SHEET: tuple[Maker, ...] = (
    lambda g: f"ws.row_dimensions[{g.row}].height = {g.random.choice((9, 33.5))}",
    lambda g: f"ws.row_dimensions[{g.row}].hidden = True",
    lambda g: f"ws.row_dimensions[{g.row}].{g.style}",
    lambda g: f"ws.row_dimensions.group({g.row}, 42, outline_level=2, hidden={g.random.random() < 0.5})",
    lambda g: f"ws.column_dimensions[{g.letter!r}].width = {g.random.choice((5, 12.7, 80))}",
    lambda g: f"ws.column_dimensions[{g.letter!r}].hidden = True",
    lambda g: f"ws.column_dimensions[{g.letter!r}].{g.style}",
    lambda g: "ws.column_dimensions.group('N', 'P', hidden=True)",
    lambda g: "for column in ws.columns: ws.column_dimensions[column[0].column_letter].width = 3 + max(len(str(c.value)[:50]) for c in column)",
    lambda g: f"ws.freeze_panes = {g.random.choice(('A2', 'B1', 'C3', 'A1'))!r}",
    lambda g: f"ws.freeze_panes = ws[{g.cell!r}]",
    lambda g: "ws.freeze_panes = None",
    lambda g: "ws.sheet_view.showGridLines = False; ws.sheet_view.zoomScale = 80; seen = ws.show_gridlines",
    lambda g: f"ws.sheet_view.selection[0].activeCell = ws.sheet_view.selection[0].sqref = {g.cell!r}",
    lambda g: "ws.auto_filter.ref = ws.dimensions",
    lambda g: "ws.auto_filter.ref = 'A1:C9'; ws.auto_filter.add_filter_column(1, ['Oslo'], blank=True); ws.auto_filter.add_sort_condition('B2:B9', True)",
    lambda g: "ws.auto_filter.ref = None",
    lambda g: f"ws.print_title_rows = '1:2'; ws.print_area = {g.area!r}",
    lambda g: "ws.print_title_cols = 'A:B'; ws.print_area = ['A1:B2', 'D4:E5']",
    lambda g: "ws.page_setup.orientation = 'landscape'; ws.page_setup.fitToHeight = 0; ws.sheet_properties.pageSetUpPr.fitToPage = True",
    lambda g: "ws.set_printer_settings(ws.PAPERSIZE_A4, ws.ORIENTATION_PORTRAIT); ws.print_options.horizontalCentered = True",
    lambda g: "ws.page_margins.left = 0.3; ws.page_margins.header = 0",
    lambda g: "ws.oddHeader.center.text = 'Page &P'; ws.oddFooter.left.text = 'a & b'; ws.evenHeader.right.text = 'even'",
    lambda g: f"ws.row_breaks.append(Break(id={g.row})); ws.col_breaks.append(Break(id={g.column}))",
    lambda g: "ws.protection.sheet = True; ws.protection.password = 'secret'; ws.protection.sort = False",
    lambda g: "ws.protection.enable(); ws.protection.disable()",
    lambda g: f"ws.conditional_formatting.add({g.area!r}, CellIsRule('greaterThan', ['5'], font=Font(bold=True), fill=PatternFill(bgColor='00FF0000')))",
    lambda g: f"ws.conditional_formatting.add({g.area!r}, ColorScaleRule('min', None, 'FFAA0000', 'max', None, 'FF00AA00'))",
    lambda g: f"ws.conditional_formatting.add({g.area!r}, DataBarRule('min', None, 'max', None, 'FF638EC6'))",
    lambda g: f"ws.conditional_formatting.add({g.area!r}, FormulaRule(formula=['ISBLANK(A1)'], stopIfTrue=True, border={g.border}))",
    lambda g: f"v = DataValidation('list', formula1='\"a,b\"', allow_blank=True); v.add({g.area!r}); ws.add_data_validation(v)",
    lambda g: f"v = DataValidation('whole', operator='between', formula1='1', formula2='9', showErrorMessage=True, error='no'); v.add(ws[{g.cell!r}]); v.add({g.area!r}); ws.add_data_validation(v)",
    lambda g: "chart = BarChart(); chart.add_data(Reference(ws, min_col=2, min_row=1, max_row=9), titles_from_data=True); ws.add_chart(chart, 'N2')",
    lambda g: "chart = LineChart(); chart.add_data(Reference(ws, range_string=\"'%s'!$B$1:$C$5\" % ws.title)); chart.anchor = 'N20'; ws.add_chart(chart)",
    lambda g: "ws.add_image(image(), 'N30')",
    lambda g: "ws.sheet_properties.tabColor = '00FF0000'; ws.sheet_format.defaultRowHeight = 18; ws.sheet_format.baseColWidth = 12",
    lambda g: "ws.sheet_properties.outlinePr.summaryBelow = False; ws.sheet_properties.filterMode = True",
    lambda g: f"ws.scenarios.append(Scenario(name='best', inputCells=[InputCells(r={g.cell!r}, val='1')]))",
)

BOOK: tuple[Maker, ...] = (
    lambda g: g.add_sheet(),
    lambda g: g.append(),
    lambda g: g.append(gap=True),
    lambda g: f"wb.create_sheet({g.unique('New')!r})['B2'] = 'new'",
    lambda g: f"wb.create_sheet({g.unique('New')!r}, {g.random.randrange(3)}).append([1, 'two'])",
    lambda g: "wb.create_sheet()",
    lambda g: "copied = wb.copy_worksheet(ws); seen = copied.title, values_of(copied.values)",
    lambda g: f"wb.copy_worksheet(ws).title = {g.unique('Copy ')!r}",
    lambda g: "if len([s for s in wb.worksheets if s.sheet_state == 'visible' and s.title != ws.title]) > 0 and len(wb.worksheets) > 2: wb.remove(ws)",
    lambda g: "if len(wb.worksheets) > 2 and wb.worksheets[0].sheet_state == 'visible': del wb[wb.sheetnames[-1]]",
    lambda g: f"wb.move_sheet(ws, {g.random.choice((-2, -1, 1, 2))})",
    lambda g: f"wb.move_sheet(ws.title, offset={g.random.choice((-1, 1))})",
    lambda g: "wb.active = ws",
    lambda g: "wb.active = 0; seen = wb.active.title",
    lambda g: f"ws.title = {g.unique('It' + chr(39) + 's ')!r}",
    lambda g: f"ws.title = {g.random.choice(('Data1', 'data1', 'a/b', '', 'Twice'))!r}; seen = ws.title",
    lambda g: f"if ws.title != wb.active.title and wb.worksheets[0].title != ws.title: ws.sheet_state = {g.random.choice(('hidden', 'veryHidden'))!r}",
    lambda g: "ws.sheet_state = 'visible'",
    lambda g: f"n = {g.unique('name')!r}; wb.defined_names[n] = DefinedName(n, attr_text=\"'%s'!$A$1:$B$2\" % ws.title.replace(\"'\", \"''\"))",
    lambda g: f"ws.defined_names.add(DefinedName({g.unique('local')!r}, attr_text='3.5', comment='why'))",
    lambda g: "wb.properties.title = 'The title'; wb.properties.creator = 'somebody'; wb.properties.keywords = 'a, b'",
    lambda g: "wb.custom_doc_props.append(StringProperty(name='team', value='blue'))",
    lambda g: "wb.calculation.fullCalcOnLoad = False; wb.calculation.calcMode = 'manual'",
    lambda g: "wb.security.lockStructure = True",
    lambda g: "wb.views[0].tabRatio = 300",
    lambda g: "wb.epoch = CALENDAR_MAC_1904" if g.random.random() < 0.3 else "wb.code_name = 'ThisWorkbook'",
    lambda g: "wb.iso_dates = True" if g.random.random() < 0.3 else "seen = wb.named_styles, wb.style_names",
)

OPERATIONS: tuple[tuple[int, tuple[Maker, ...]], ...] = ((10, STRUCTURE), (12, CELLS), (9, STYLES), (7, LOOKS), (9, SHEET), (6, BOOK))

DELICATE: tuple[Maker, ...] = (
    lambda g: f"if not ws.tables: ws.add_table(Table(displayName={g.unique('Table')!r}, ref=ws.dimensions, tableStyleInfo=TableStyleInfo(name='TableStyleLight1', showRowStripes=True)))",
    lambda g: f"r = ws.max_row + 2; [ws.cell(r, c, 'head %d' % c) for c in (1, 2)]; ws.cell(r + 1, 1, 1); ws.add_table(Table(displayName={g.unique('Table')!r}, ref='A%d:B%d' % (r, r + 1)))",
    lambda g: "del ws.tables[list(ws.tables)[0]]",
    lambda g: "for table in ws.tables.values(): table.ref = ws.dimensions; seen = [t.name for t in ws.tables.values()]",
    lambda g: "for cell in [c for row in ws.iter_rows() for c in row if c.comment]: cell.comment = None",
    lambda g: "ws.column_dimensions.group('A', 'D'); ws.column_dimensions['B'].width = 20",
    lambda g: "if len(wb.worksheets) > 1: wb.active = len(wb.sheetnames) - 1; wb.worksheets[-1].sheet_state = 'hidden'; wb.worksheets[0].sheet_state = 'visible'",
    lambda g: "ws.append([1, ws['A1']])",
    lambda g: "ws.add_data_validation(DataValidation('date'))",
    lambda g: f"ws[{g.cell!r}] = float({g.random.choice(('nan', 'inf'))!r})",
    lambda g: "chart = BarChart(); chart.add_data(Reference(ws, min_col=1, min_row=1, max_row=3)); c = wb.create_chartsheet(); c.add_chart(chart); wb.move_sheet(wb.worksheets[-1].title, 1)",
    lambda g: f"wb.copy_worksheet(ws); ws[{g.cell!r}].hyperlink = 'https://example.org/'; wb.copy_worksheet(ws)",
)

#: Sane as well, yet after some of these (with those above) openpyxl itself writes files that are not.
RISKY: tuple[tuple[int, tuple[Maker, ...]], ...] = ((8, DELICATE),)


# Doing a sequence to both ---------------------------------------------------------------------------------------------


class Outcome:
    """The result of a sequence of steps on both sides."""

    def __init__(self) -> None:
        #: Where the engine's workbook differs from openpyxl's, in words; the first steps' first.
        self.differences: list[str] = []
        self.faults: list[str] = []
        self.faults_of_openpyxl: list[str] = []
        self.paths: tuple[Path, Path] | None = None

    @property
    def new_faults(self) -> list[str]:
        """Faults of kinds that openpyxl's file does not have."""
        known = set(map(kind_of, self.faults_of_openpyxl))
        return [fault for fault in self.faults if kind_of(fault) not in known]


#: Kinds of faults that openpyxl writes itself: words of the fault, and the parts of a description that cannot be compared then.
KINDS_OF_FAULTS = {
    "links": (("hyperlink:",), ("links of",)),
    "tables": (
        ("xl/tables/", "tables have the", "among them", " is a defined name", ".xml: Table"),
        ("tables of", "cells of", "dimension of", "merged of", "filter of", "names"),
    ),
    "merged": (("mergeCells:",), ("merged of", "cells of")),
    "columns": (("cols ",), ("columns of",)),
    "active": (("activeTab",), ("active", "views")),
    "loading": (("openpyxl cannot load it",), ()),
    "names": (("refers to the sheet", "but refers to", "belongs to sheet", "is defined twice", "is not a name"), ("names", "print of")),
    "numbers": (("is not a value of type n",), ("cells of",)),
    "comments": (("vml", "legacyDrawing"), ("cells of",)),
    "formulas": (("has a formula for",), ("cells of",)),
    "rows": ((": row ",), ("rows of",)),
    "filter": (("autoFilter:",), ("filter of", "names")),
    "texts": (("has a text of",), ("cells of",)),
    "validations": (("dataValidation",), ("validations of",)),
    "views": (("selection:",), ("views of",)),
    "chart sheets": (("xl/chartsheets/",), ()),
    "cells": (("is in row", "comes after column"), ("cells of", "links of", "dimension of")),
}


def kind_of(fault: str) -> str:
    """What a fault concerns; the fault itself where nothing is known of its kind."""
    return next((kind for kind, (words, _) in KINDS_OF_FAULTS.items() if any(word in fault for word in words)), fault)


def run(steps: list[tuple[int, str]], folder: Path, sides: tuple[type[Written], type[Written]], *, escape_formulas: bool = False) -> Outcome:
    """Do the steps to both sides and compare them: the result of each step, and what was saved."""
    outcome = Outcome()
    # openpyxl leaves the archive open when saving fails, and ends it whenever: no name is used twice.
    folder = Path(tempfile.mkdtemp(dir=folder))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results, saved = [], []
        # One after the other: openpyxl's built-in styles belong to the workbook that used them last.
        for side, label in zip(sides, ("found", "expected")):
            written = side(folder, label, escape_formulas=escape_formulas)
            results.append([written.do(step) for step in steps])
            # openpyxl forgets to move a link along with its cell: it may be written in either place.
            moved = {f"links of {sheet.title}": links_of(sheet) for sheet in written.workbook.worksheets} if side is Written else {}
            try:
                saved.append(written.save())
            except Exception as error:
                saved.append(error)
        for step, found, expected in zip(steps, *results):
            if "check_package" in step[1] and found[0] == expected[0] == "seen":
                lines = compared(found[1][0], expected[1][0], expected[1][1])
                outcome.differences = [f"after {step[1]!r}: {line}" for line in lines]
            elif found != expected:
                outcome.differences = in_words(step, found, expected)
            if outcome.differences:
                return outcome
        if any(isinstance(path, Exception) for path in saved):
            if type(saved[0]) is not type(saved[1]):
                outcome.differences = [f"saving: {saved[0]!r} instead of {saved[1]!r}"]
            return outcome
        outcome.paths = saved[0], saved[1]
        outcome.faults, outcome.faults_of_openpyxl = map(check_package, saved)
        descriptions = []
        for path, faults in zip(saved, (outcome.faults, outcome.faults_of_openpyxl)):
            try:
                descriptions.append(described(path))
            except Exception as error:
                faults.append(f"openpyxl cannot load it: {error!r}")
        if len(descriptions) == 2:
            for name, links in moved.items():
                if descriptions[0].get(name) == links:
                    descriptions[1][name] = links
            outcome.differences = compared(*descriptions, outcome.faults_of_openpyxl)
    return outcome


def compared(found: dict, expected: dict, faults_of_openpyxl: list[str]) -> list[str]:
    """The differences of two descriptions, except in parts that faults of openpyxl's file affect."""
    moot = tuple(words for fault in faults_of_openpyxl for words in KINDS_OF_FAULTS.get(kind_of(fault), ((), ()))[1])
    return [line for line in differences(found, expected) if not line.startswith(moot)]


def in_words(step: tuple[int, str], found: tuple[str, Any], expected: tuple[str, Any]) -> list[str]:
    if found[0] == expected[0] == "seen" and isinstance(found[1], dict) and isinstance(expected[1], dict):
        detail = "; ".join(differences(found[1], expected[1])[:3])
    elif found[0] == expected[0] == "seen" and isinstance(found[1], list) and isinstance(expected[1], list):
        pairs = [pair for pair in zip(found[1], expected[1]) if pair[0] != pair[1]]
        detail = shown(*pairs[0]) if pairs else f"{len(found[1])} instead of {len(expected[1])}"
    else:
        detail = shown(found[1], expected[1])
    return [f"after {step[1]!r} for sheet {step[0]}: {detail}"]


def program(steps: list[tuple[int, str]]) -> str:
    """Steps as text that can be put into a test."""
    return "[\n" + "".join(f"    {step!r},\n" for step in steps) + "]"
