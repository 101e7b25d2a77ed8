"""The sheet that lists all issues of a run, and how sheets are printed."""


import openpyxl
import polars as pl
import pytest
from conftest import declared
from package_check import check_package

from ade_engine._native import IssueList
from ade_engine.io.output.own_list import OwnList
from ade_engine.io.output.workbook import Output
from ade_engine.models.issues import KEYS, Issue

PACKAGE = declared("""
    Field("no", headers=["no"], read=text, key=True, unique=True),
    Field("name", headers=["name"], read=text, required=True),
    Field("pay", headers=["pay"], read=number, required="warning"),
    Field("tag", headers=["tag"], read=text, unique="info"),
""")

TOUCH = """
def touch(*, output_workbook, **_):
    seen = [sheet.title for sheet in output_workbook.worksheets]
    output_workbook.worksheets[0]["A1"].value
    assert seen[-1].startswith("Issues"), seen

def register(registry):
    registry.register_hook(touch, hook="on_workbook_before_save", priority=1)
"""

SHEETS = {
    "Bob's": [["No", "Name", "Pay", "Tag"], ["7", "Ann", 10, "aa"], ["8", None, None, "aa"], ["7", "Cy", 12, "bb"], ["9", "Di", 3, "bb"]],
    "Issues": [["No", "Name", "Pay", "Tag"], ["1", "Ed", 10, "x"]],
}
ON = {"issue_list": True, "issues_sheet": True, "print_setup": True, "output_style": "table", "escape_formulas": True}
WRITTEN_OR_TOUCHED = pytest.mark.parametrize("touched", [False, True], ids=["written", "touched"])


def run_it(run, template, *, touched=False, sheets=SHEETS, **settings):
    (template / "src/ade_config/columns/fields.py").write_text(PACKAGE)
    if touched:
        (template / "src/ade_config/columns/touch.py").write_text(TOUCH)
    outcome = run(template, sheets, settings=ON | settings)
    assert outcome.result.error is None, outcome.result.error
    assert check_package(outcome.output) == []
    return outcome.output, openpyxl.load_workbook(outcome.output), outcome.issues


@WRITTEN_OR_TOUCHED
def test_each_issue_is_a_line_with_a_link_to_its_cell(run, template, touched):
    _, book, lines = run_it(run, template, touched=touched)
    assert book.sheetnames == ["Bob's", "Issues", "Issues 2"]
    sheet = book["Issues 2"]
    names = ["Sheet", "Cell", "Severity", "Field", "Value as it stood", "Written", "What is wrong", "Whose row", "Rule"]
    assert [cell.value for cell in sheet[4]] == names and sheet["A1"].value.startswith("8 issues in ")
    assert sheet["A2"].value == "3 errors, 1 warning, 4 info. Click the name of a cell to go to it."
    assert len(lines) == sheet.max_row - 4 == 8
    for row, line in enumerate(lines, 5):
        keys = ("output_sheet", "output", "severity", "label", "value", "written", "message", "key", "rule")
        texts = [line[key] if (key, line[key]) != ("written", "") else "left empty" for key in keys]
        assert [cell.value or "" for cell in sheet[row]] == texts
        assert all(cell.number_format == "@" and cell.data_type in "sn" for cell in sheet[row]), row
        link = sheet.cell(row, 2).hyperlink
        assert link.location == f"'Bob''s'!{line['output']}"
        assert str(book["Bob's"][line["output"]].value or "") == line["written"]
    fills = {sheet.cell(row, 3).value: sheet.cell(row, 3).fill.fgColor.rgb for row in range(5, 13)}
    assert fills == {"error": "FFF9CCC6", "warning": "FFFCE4AE", "info": "FFDCE4F5"}
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A5", "A4:I12")
    assert sheet.sheet_properties.tabColor.rgb[2:] == "B42318" and not sheet.sheet_view.showGridLines
    assert sheet["B5"].font.u == "single" and sheet["A1"].font.sz == 14 and sheet["E5"].alignment.wrap_text
    assert sheet["A5"].border.bottom.style == "thin" and sheet["A5"].alignment.vertical == "top"
    assert 8 <= sheet.column_dimensions["G"].width <= 36


@WRITTEN_OR_TOUCHED
def test_sheets_are_set_up_for_printing(run, template, touched):
    both = [["No", "Name"], ["1", "Ann"], [None, None], ["No", "Name"], ["2", "Bo"]]
    _, book, _ = run_it(run, template, touched=touched, sheets=SHEETS | {"Two": both})
    found = {sheet.title: (sheet.page_setup.orientation, sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.page_setup.fitToHeight, sheet.print_title_rows) for sheet in book}
    one_wide = ("landscape", True, 0)
    assert found["Bob's"] == (*one_wide, "$1:$1") and found["Issues 2"] == (*one_wide, "$4:$4")
    assert found["Two"][:3] == one_wide


@WRITTEN_OR_TOUCHED
def test_without_issues_or_the_settings_there_is_nothing(run, template, touched):
    clean = {"A": [["No", "Name", "Pay", "Tag"], ["1", "Ed", 10, "x"]]}
    if not touched:
        assert run_it(run, template, sheets=clean)[1].sheetnames == ["A"]
    _, book, _ = run_it(run, template, issues_sheet=False, print_setup=False)
    assert book.sheetnames == ["Bob's", "Issues"]
    assert book["Bob's"].page_setup.orientation is None and book["Bob's"].print_title_rows is None


@WRITTEN_OR_TOUCHED
def test_it_opens_in_libreoffice(run, template, libreoffice, tmp_path, touched):
    path, _, lines = run_it(run, template, touched=touched)
    sheet = openpyxl.load_workbook(libreoffice(path) / path.name)["Issues 2"]
    assert [sheet.cell(row, 7).value for row in range(5, 13)] == [line["message"] for line in lines]
    assert sheet["B5"].hyperlink.location.replace("$", "").endswith(lines[0]["output"])


def test_a_line_has_the_keys_of_an_issue():
    (line,) = IssueList([([Issue("said", "a.b", "error", row=3, value="x")], True, None)]).records()
    assert tuple(line) == KEYS
    assert {key: value for key, value in line.items() if value is not None} == {"severity": "error", "rule": "a.b", "message": "said", "value": "x", "row": 3}
    with pytest.raises(TypeError):
        IssueList([([Issue(5, "a.b", "error")], True, None)])


@WRITTEN_OR_TOUCHED
def test_what_looks_like_a_formula_or_an_error_is_text(tmp_path, touched):
    texts = ["=1+1", "#N/A", "#DIV/0!", "a\x01b", "<&>\"'", "x" * 40_000, "  "]
    output = Output()
    output.append_table(output.add_sheet("Q & 'A'"), pl.DataFrame({"a": texts[4:5]}), gap=False)
    if touched:
        output.open()
    issues = [Issue("said", "a.b", "error", value=text) for text in texts]
    issues[0].output, issues[0].output_sheet = "A2", "Q & 'A'"
    output.add_list("List", OwnList(IssueList([(issues, True, None)]).sheet("=a", "#N/A", 100), color="B42318"))
    output.save(str(tmp_path / "out.xlsx"))
    assert check_package(tmp_path / "out.xlsx") == []
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["List"]
    assert [sheet.cell(row, 1).value for row in (1, 2)] == ["=a", "#N/A"]
    assert [sheet.cell(row, 5).value for row in range(5, 12)] == [*texts[:3], "a\ufffdb", texts[4], "x" * 32_767, "  "]
    assert {cell.data_type for row in sheet for cell in row if cell.value} == {"s"}
    assert sheet["B5"].hyperlink.location == "'Q & ''A'''!A2"
