"""A marked copy that comes back: its list of issues is no data."""

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.workbook.defined_name import DefinedName

ROWS = [["region", "name"], ["North", "Ann"], ["South", "Bo"]]


@pytest.fixture
def of_copy(run_by_ade, tmp_path):
    """Runs a workbook as `ade annotate` leaves it: a list in front, whose hidden name says what it is; marks on cells."""

    def call(*, area="'Issues'!$A$4:$I$5", titles=("Issues", "Crew"), listed=0, hidden=None, **request):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title in titles:
            for row in ROWS if title == "Crew" else [["Sheet", "Cell"], ["Crew", "B2"]]:
                (book[title] if title in book.sheetnames else book.create_sheet(title)).append(row)
        cell = book["Crew"]["B2"]
        cell.fill, cell.comment = PatternFill("solid", "FFD6D6"), Comment("Error: no such name", "ADE")
        if hidden:
            book[hidden].sheet_state = "hidden"
        book.worksheets[listed].defined_names.add(DefinedName("_ade_issues", hidden=True, attr_text=area))
        book.save(tmp_path / "crew_annotated.xlsx")
        outcome = run_by_ade({}, tmp_path / "crew_annotated.xlsx", fields=["region", "name"], **request)
        told = [f"{notice['level']} {notice['sheets']} {notice['message']}" for notice in outcome.notices("issue_list_skipped")]
        return (outcome.result.error.message, told) if outcome.result.error else (outcome.book.sheetnames, told)

    return call


TOLD = "the file is a marked copy; its list of issues was not read"


def test_the_list_of_a_marked_copy_is_passed_over_and_that_is_told(of_copy):
    assert of_copy() == (["Crew"], [f"info ['Issues'] {TOLD}: 'Issues'"])
    # If a person has moved the list, or given it another title, the defined name goes with it.
    moved = of_copy(titles=("Crew", "It's done"), listed=1, area="'It''s done'!$A$4:$I$5")
    assert moved == (["Crew"], [f'info ["It\'s done"] {TOLD}: "It\'s done"'])
    # Some programs remove the list and leave the name with the old number of the sheet.
    assert of_copy(titles=("Crew",)) == (["Crew"], [])


def test_a_call_may_name_the_list_and_may_not_mean_it_by_being_in_front_or_alone(of_copy):
    assert of_copy(input_sheets=["Issues"]) == (["Issues"], [])
    assert "list of issues of a marked copy" in of_copy(active_sheet_only=True)[0]
    assert "unhide the sheet to read" in of_copy(hidden="Crew")[0]
