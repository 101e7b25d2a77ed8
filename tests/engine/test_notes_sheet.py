"""The sheet that says what was left out, turned and guessed."""


import openpyxl
import pytest
from conftest import plugin
from package_check import check_package

NAMES = ["Member ID", "First Name", "E-mail", "Hire Date", "Hours"]
PEOPLE = [[f"M-{number:03}", "Ann", f"a{number}@example.org", f"{number + 10}/02/2024", 7] for number in range(9)]
ROWS = [["Hours of the yard"], [], NAMES, *PEOPLE, ["Total", None, None, None, 63], [], ["Hours are those of the shop only, and not yet approved."]]
TIDY = plugin("on_table_validated", 'return table.filter(table["email"] != "a3@example.org")', "*, table, **_")


@pytest.fixture
def noted(succeed, template):
    def call(touched=False, sheets=None, **settings):
        hooks = template / "src/ade_config/hooks"
        (hooks / "own.py").write_text(TIDY)
        touch = 'output_workbook.worksheets[-1]["A1"].value' if touched else "pass"
        (hooks / "touch.py").write_text(plugin("on_workbook_before_save", touch, "*, output_workbook, **_"))
        outcome = succeed(template, sheets or {"North": ROWS}, settings={"notes_sheet": True, "issues_sheet": False, **settings})
        assert check_package(outcome.output) == []
        return outcome

    return call


@pytest.mark.parametrize("touched", [False, True], ids=["written", "touched"])
def test_each_notice_and_each_column_that_was_read_is_a_line(noted, touched):
    outcome = noted(touched)
    assert outcome.book.sheetnames == ["North", "Notes"]
    sheet = outcome.book["Notes"]
    assert [cell.value for cell in sheet[4]] == ["What", "Sheet", "Where", "How many", "What was done"]
    lines = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5)]
    told = [notice for notice in outcome.noticed["notices"] if notice["code"] != "configuration"]
    assert len(lines) == len(told) + len(outcome.noticed["readings"]) and sheet["A1"].value == f"{len(lines)} notes on input.xlsx"
    assert ["Rows left out: total", "North", "row 13", "1 row"] in [line[:4] for line in lines]
    (dropped,) = [line for line in lines if line[0] == "Rows dropped"]
    assert dropped[1:] == ["North", "row 7", "1 row", "The hook fn of ade_config.hooks.own dropped 1 row (row 7)"]
    (read,) = [line for line in lines if line[0] == "Column read" and "Hire Date" in line[2]]
    assert read[1:4] == ["North", "column D (Hire Date)", "9 cells"] and read[4].startswith("Read as dates")
    assert not any(str(person[2]) in str(line) for person in PEOPLE for line in lines)
    assert sheet.freeze_panes == "A5" and sheet.sheet_properties.tabColor.rgb[2:] == "6B675F"


def test_it_stands_behind_the_issues(noted):
    rows = [NAMES, *PEOPLE[:3], ["M-9", "Bo", "no address", "23/02/2024", 7]]
    assert noted(sheets={"Notes": rows}, issues_sheet=True).book.sheetnames == ["Notes", "Issues", "Notes 2"]


def test_without_the_setting_or_a_note_there_is_none(noted):
    assert noted(notes_sheet=False).book.sheetnames == ["North"]
    plain = [["Member ID", "First Name", "E-mail"], *[person[:3] for person in PEOPLE[:3]]]
    assert noted(sheets={"North": plain}).book.sheetnames == ["North"]


@pytest.mark.parametrize("touched", [False, True], ids=["written", "touched"])
def test_it_opens_in_libreoffice(noted, libreoffice, touched):
    path = noted(touched).output
    here, there = (openpyxl.load_workbook(file)["Notes"] for file in (path, libreoffice(path) / path.name))
    assert [[cell.value for cell in row] for row in here] == [[cell.value for cell in row] for row in there]
