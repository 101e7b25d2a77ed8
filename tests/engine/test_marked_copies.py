"""A marked copy that comes back: its list of issues is no data."""

import openpyxl
import pytest
from conftest import FIELDS_BY_NAME
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.workbook.defined_name import DefinedName

CONFIG = {"columns/fields.py": FIELDS_BY_NAME % (["region", "name"],)}
ROWS = [["region", "name"], ["North", "Ann"], ["South", "Bo"]]


@pytest.fixture
def copy(tmp_path):
    """Writes a workbook as `ade annotate` leaves it: a list in front, whose hidden name says what it is; marks on cells."""

    def write(*, area="'Issues'!$A$4:$I$5", titles=("Issues", "Crew"), listed=0):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title in titles:
            for row in ROWS if title == "Crew" else [["Sheet", "Cell"], ["Crew", "B2"]]:
                (book[title] if title in book.sheetnames else book.create_sheet(title)).append(row)
        cell = book["Crew"]["B2"]
        cell.fill, cell.comment = PatternFill("solid", "FFD6D6"), Comment("Error: no such name", "ADE")
        sheet = book.worksheets[listed]
        sheet.defined_names.add(DefinedName("_ade_issues", hidden=True, attr_text=area))
        path = tmp_path / "crew_annotated.xlsx"
        book.save(path)
        return path

    return write


def test_the_list_of_a_marked_copy_is_passed_over_and_that_is_told(run_by_ade, copy):
    outcome = run_by_ade(CONFIG, copy())
    assert outcome.book.sheetnames == ["Crew"] and outcome.rows() == ROWS
    assert outcome.notices("issue_list_skipped") == [{
        "code": "issue_list_skipped", "level": "info", "count": 1, "sheets": ["Issues"],
        "message": "the file is a copy that ade has marked; its list of issues was not read: 'Issues'",
    }]  # fmt: skip
    # Where somebody has moved it, or given it another title, the name goes with it.
    outcome = run_by_ade(CONFIG, copy(titles=("Crew", "It's done"), listed=1, area="'It''s done'!$A$4:$I$5"))
    assert outcome.book.sheetnames == ["Crew"] and outcome.notices("issue_list_skipped")


def test_a_name_that_means_another_sheet_hides_none(run_by_ade, copy):
    # As programs leave it that take the list away, and do not count sheets anew.
    outcome = run_by_ade(CONFIG, copy(titles=("Crew",)))
    assert outcome.rows() == ROWS and not outcome.notices("issue_list_skipped")


def test_a_call_may_name_the_list_and_may_not_mean_it_by_being_in_front(run, copy):
    outcome = run(CONFIG, copy(), input_sheets=["Issues"])
    assert outcome.book.sheetnames == ["Issues"]
    outcome = run(CONFIG, copy(), active_sheet_only=True)
    assert outcome.result.error.code == "input_error" and "list of issues that ade has put" in outcome.result.error.message


def test_a_list_alone_is_no_input(run, copy):
    path = copy()
    book = openpyxl.load_workbook(path)
    book["Crew"].sheet_state = "hidden"
    book.save(path)
    error = run(CONFIG, path).result.error
    assert error.code == "input_error" and "unhide the sheet that is meant" in error.message
