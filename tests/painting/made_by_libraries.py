"""Makes workbooks with openpyxl and XlsxWriter, and opens painted copies with openpyxl.

    python made_by_libraries.py make FOLDER    writes workbooks, and beside each the cells to be marked
    python made_by_libraries.py open FOLDER    opens each `*_annotated.*`; says what is not as it should be, a line each
    python made_by_libraries.py load FOLDER    the same of workbooks that are none of these: they open, with the list first
"""

from __future__ import annotations

import datetime
import sys
from pathlib import Path


def rows(sheet, count: int = 30) -> None:
    for row in range(1, count + 1):
        sheet.append([row, f"name {row}", row * 1.5, datetime.date(2024, 1, 1 + row % 28), row % 2 == 0])


def made_by_openpyxl(folder: Path) -> None:
    import openpyxl
    from openpyxl.chart import BarChart, Reference
    from openpyxl.comments import Comment
    from openpyxl.formatting.rule import ColorScaleRule
    from openpyxl.styles import Font, PatternFill
    from openpyxl.workbook.defined_name import DefinedName
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.table import Table, TableStyleInfo

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Data"
    rows(sheet)
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=1, min_row=1, max_row=10))
    sheet.add_chart(chart, "H2")
    book.create_chartsheet("Only a chart").add_chart(BarChart())
    book.save(folder / "openpyxl_charts.xlsx")

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Data"
    rows(sheet)
    sheet["A2"].comment = Comment("look here", "Bo")
    sheet["B9"].comment = Comment("and here", "Cy")
    sheet.merge_cells("A5:C6")
    sheet.conditional_formatting.add("A1:A30", ColorScaleRule())
    validation = DataValidation(type="list", formula1='"a,b"')
    validation.add("B2:B30")
    sheet.add_data_validation(validation)
    sheet.print_area = "A1:C10"
    sheet.auto_filter.ref = "A1:E30"
    sheet.freeze_panes = "A2"
    sheet.protection.sheet = True
    for cell in sheet[3]:
        cell.font, cell.fill = Font(color="FFFFFF", bold=True), PatternFill("solid", fgColor="000000")
    other = book.create_sheet("Hidden & <quoted> 'one'")
    other.sheet_state = "hidden"
    other["B2"] = "=SUM(Data!A1:A3)"
    book.defined_names["all"] = DefinedName("all", attr_text="Data!$A$1:$A$30")
    book.save(folder / "openpyxl_everything.xlsx")

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Data")
    rows(sheet, 2000)
    book.save(folder / "openpyxl_write_only.xlsx")

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Data"
    sheet.append(["n", "name", "x", "day", "flag"])
    rows(sheet)
    table = Table(displayName="People", ref="A1:E31")
    table.tableStyleInfo = TableStyleInfo(name="TableStyleDark3", showRowStripes=True)
    sheet.add_table(table)
    book.save(folder / "openpyxl_table.xlsx")


def made_by_xlsxwriter(folder: Path) -> None:
    import struct
    import xlsxwriter
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    image = folder / "dot.png"
    image.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"")
    )

    def book(name: str, **options):
        made = xlsxwriter.Workbook(str(folder / name), options)
        sheet = made.add_worksheet("Data")
        for row in range(30):
            sheet.write_row(row, 0, [row, f"name {row}", row * 1.5])
        return made, sheet

    made, sheet = book("xlsxwriter_images.xlsx")
    sheet.insert_image("E2", str(image))
    sheet.set_header("&C&G", {"image_center": str(image)})
    sheet.set_background(str(image))
    sheet.insert_textbox("E9", "a box")
    made.close()

    made, sheet = book("xlsxwriter_buttons_and_comments.xlsx")
    sheet.insert_button("E2", {"macro": "go", "caption": "Go"})
    sheet.write_comment("A2", "look here", {"author": "Bo"})
    sheet.write_comment("C9", "and here", {"visible": True})
    made.close()

    made, sheet = book("xlsxwriter_rich.xlsx", default_date_format="yyyy-mm-dd")
    bold, red = made.add_format({"bold": True}), made.add_format({"font_color": "red", "num_format": "[Red]0.00"})
    sheet.write_rich_string("B2", "some ", bold, "bold", " text")
    sheet.write_datetime("D2", datetime.datetime(2024, 2, 29, 8, 5))
    sheet.write_number("E2", 0.5, red)
    sheet.write_array_formula("F1:F3", "{=A1:A3*2}")
    sheet.write_dynamic_array_formula("G1", "=SORT(A1:A9)")
    sheet.add_sparkline("H1", {"range": "Data!A1:A9"})
    sheet.data_validation("B2:B9", {"validate": "list", "source": ["a", "b"]})
    sheet.conditional_format("A1:A9", {"type": "data_bar", "data_bar_2010": True})
    sheet.set_column("C:C", 20, red)
    sheet.set_row(4, 40, bold)
    sheet.outline_settings(True)
    sheet.add_table("J1:K5")
    made.close()

    made, sheet = book("xlsxwriter_1904.xlsx", date_1904=True, constant_memory=True)
    made.close()

    made, sheet = book("xlsxwriter_names.xlsx")
    second = made.add_worksheet("Second")
    second.activate()
    second.set_first_sheet()
    second.print_area("A1:B9")
    second.repeat_rows(0, 1)
    second.autofilter("A1:B9")
    made.define_name("Second!own", "=Second!$A$1")
    chart = made.add_chart({"type": "line"})
    chart.add_series({"values": "=Data!$A$1:$A$9"})
    made.add_chartsheet("Chart").set_chart(chart)
    made.close()

    made, sheet = book("xlsxwriter_macros.xlsm")
    project = folder / "vbaProject.bin"
    project.write_bytes(bytes(range(256)) * 20)
    made.add_vba_project(str(project))
    made.close()


CELLS = "Data!A2, Data!B2, Data!C9, Data!A5, Data!B6, Data!A3, Data!D2, Data!Z99, Data!C9"


def opened(path: Path) -> list[str]:
    import openpyxl

    said = []
    book = openpyxl.load_workbook(path, keep_vba=path.suffix == ".xlsm")
    if book.active.title != "Issues" or book.sheetnames[0] != "Issues":
        said.append(f"opens with {book.active.title}")
    if sum(sheet.sheet_view.tabSelected or False for sheet in book.worksheets) != 1:
        said.append("not one sheet is selected")
    sheet = book["Data"] if "Data" in book.sheetnames else book.worksheets[1]
    fills = {"error": "FFF9CCC6", "warning": "FFFCE4AE", "info": "FFDCE4F5"}
    merged = {cell: area.coord.split(":")[0] for area in sheet.merged_cells.ranges for row in area.cells for cell in [row]}
    for line in book["Issues"].iter_rows(min_row=5):
        name = line[1].value
        row, column = sheet[name].row, sheet[name].column
        name = merged.get((row, column), name)
        cell = sheet[name]
        if cell.fill.fgColor.rgb not in fills.values():
            said.append(f"{name} has the fill {cell.fill.fgColor.rgb}")
        if not cell.comment or "should be" not in cell.comment.text:
            said.append(f"{name} has the comment {cell.comment}")
        if not line[1].hyperlink or name.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "":
            said.append(f"{name} has no link")
    return [f"{path.name}: {words}" for words in said]


def loaded(path: Path) -> list[str]:
    import openpyxl

    book = openpyxl.load_workbook(path)
    first = book.sheetnames[0]
    is_right = first.startswith("Issues") and book.active.title == first and book.active["A4"].value == "Sheet"
    return [] if is_right else [f"{path.name}: opens with {book.active.title}"]


if __name__ == "__main__":
    work, place = sys.argv[1], Path(sys.argv[2])
    if work == "make":
        made_by_openpyxl(place)
        made_by_xlsxwriter(place)
        for path in [*place.glob("*.xlsx"), *place.glob("*.xlsm")]:
            path.with_suffix(".cells").write_text(CELLS)
    else:
        for path in sorted(place.glob("*_annotated.*")):
            print(*(opened if work == "open" else loaded)(path), sep="\n")
