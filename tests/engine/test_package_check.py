"""The check of packages finds each kind of fault: every rule has a file that breaks it, and no other."""

import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table

from package_check import check_package
from raw_workbooks import RawWorkbook
from test_sheets import tomllib

SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """The parts of a workbook that has something of everything."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Data"
    for row in (["Name", "Count", "Town"], ["Ann", 1, "Oslo"], ["Bob", 2.5, "#N/A"], ["Eve", True, "=1+1"]):
        sheet.append(row)
    sheet["A2"].font = Font(bold=True)
    sheet["A1"].comment = Comment("look", "me")
    sheet["B2"].comment = Comment("here", "me")
    sheet["C2"].hyperlink = "https://example.org/"
    sheet["C3"].hyperlink = "https://example.org/more"
    sheet.merge_cells("E1:F2")
    sheet.merge_cells("E4:F5")
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = "H1:I9"
    sheet.auto_filter.add_filter_column(0, ["a"])
    sheet.auto_filter.add_sort_condition("I2:I9")
    sheet.column_dimensions["A"].width = 20
    sheet.column_dimensions["C"].width = 20
    sheet.row_dimensions[3].height = 20
    sheet.add_table(Table(displayName="People", ref="A1:C4"))
    sheet.add_table(Table(displayName="Others", ref="K1:K2"))
    sheet["K1"], sheet["K2"] = "Only", 1
    validation = DataValidation("list", formula1='"a,b"')
    validation.add("B2:B9")
    sheet.add_data_validation(validation)
    rule = CellIsRule("greaterThan", ["5"], fill=PatternFill("solid", bgColor="00FF0000"))
    sheet.conditional_formatting.add("B2:B40", rule)
    sheet.row_breaks.append(openpyxl.worksheet.pagebreak.Break(id=3))
    sheet.oddHeader.center.text = "The header"
    sheet.print_area = "A1:C4"
    sheet.print_title_rows = "1:1"
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=4))
    sheet.add_chart(chart, "M2")
    book.create_sheet("Other")["A1"] = "other"
    book.create_sheet("Hidden").sheet_state = "hidden"
    book.defined_names["total"] = DefinedName("total", attr_text="'Data'!$B$2")
    sheet.defined_names["local"] = DefinedName("local", attr_text="Data!$B$2+Other!$A$1")
    path = tmp_path_factory.mktemp("good") / "book.xlsx"
    book.save(path)
    assert check_package(path) == []
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def save(path, parts, twice=()):
    with zipfile.ZipFile(path, "w") as archive:
        for name in (*parts, *twice):
            archive.writestr(name, parts[name])
    return path


TABLE = tomllib.loads((Path(__file__).parent / "broken_packages.toml").read_text("utf-8"))
BROKEN = [line.split(" ¦ ") for line in TABLE["broken"]["rows"].strip("\n").split("\n")]


def written_out(text: str) -> str:
    return re.sub(r"\{([^{}]+)\*(\d+)\}", lambda place: place[1] * int(place[2]), text).replace("{FFFF}", "\uffff")


@pytest.mark.parametrize("name, pattern, replacement, faults", BROKEN, ids=[row[3][:60] for row in BROKEN])
def test_a_broken_part_is_found(parts, tmp_path, name, pattern, replacement, faults):
    part, broken = TABLE["parts"][name], dict(parts)
    if pattern == "(none)":
        del broken[part]
    else:
        broken[part] = re.sub(written_out(pattern), written_out(replacement), parts[part], flags=re.DOTALL)
        assert broken[part] != parts[part], parts[part]
    found = check_package(save(tmp_path / "book.xlsx", broken))
    for fault in faults.split(" & "):
        assert any(written_out(fault) in text for text in found), found
    # One fault does not produce a long list of messages.
    assert len(found) <= 13, found


def test_a_part_that_is_there_twice(parts, tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        save(tmp_path / "book.xlsx", parts, twice=[SHEET])
    assert any("sheet1.xml: is 2 times in the archive" in fault for fault in check_package(tmp_path / "book.xlsx"))


def test_what_is_no_archive(tmp_path):
    (tmp_path / "book.xlsx").write_text("text")
    assert "cannot be unpacked" in check_package(tmp_path / "book.xlsx")[0]


def test_shared_texts(tmp_path):
    body = '<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>{}</v></c></row></sheetData>'
    book = RawWorkbook({"Data": body.format(1)}, strings=["<si><t>a</t></si>", f"<si><r><t>{'b' * 40_000}</t></r></si>"])
    book.set("xl/styles.xml", RawWorkbook.styles(("0",)).replace("<fills>", "<fills><fill><patternFill/></fill>"))
    book.save(tmp_path / "book.xlsx")
    assert check_package(tmp_path / "book.xlsx") == [
        "xl/sharedStrings.xml: text 1: has a text of 40000 characters",
        "xl/worksheets/sheet1.xml: B1: has a text of 40000 characters",
    ]
