"""A wrong value in a merged range that was filled is one issue, at the cell that the sender sees."""

import openpyxl
import pytest
from conftest import plugin, write_workbook

ROWS = [
    ["Member ID", "First name", "E-mail", "Pay", "Last name"],
    ["M-1", "Ann", "nobody", 10.25, "Hall"],
    ["M-2", "Bo", None, 20.5, "Kim"],
    ["M-3", "Cy", None, 30.75, "Lee"],
    ["M-4", "Di", "nowhere", 40.25, "Nash"],
    ["M-5", "Ed", "ed@example.org", 40.25, "Ott"],
]


@pytest.fixture
def issues(succeed, template, tmp_path):
    """The issues of a sheet with merged cells, and the texts of the rows' issues in the output."""

    def call(area, rows=ROWS, **settings):
        path = write_workbook(tmp_path / "crew.xlsx", {"Sheet": rows})
        book = openpyxl.load_workbook(path)
        book.active.merge_cells(area)
        book.save(path)
        outcome = succeed(template, path, settings={"issue_list": True, **settings})
        return outcome.issues, outcome

    return call


def told(found):
    return [(one["cell"], one["rule"], one["value"], one["message"]) for one in found]


def test_a_merged_range_is_one_issue_and_each_row_has_it(issues):
    found, outcome = issues("C2:C4")
    message = next(one["message"] for one in found if one["cell"] == "C5")
    assert told(found) == [("C2", "email.value_lost", "nobody", f"{message} (3 rows share this cell)"), ("C5", "email.value_lost", "nowhere", message)]
    texts = [record.get("Issues") for record in outcome.records("Sheet")[0]]
    assert [bool(text) for text in texts] == [True, True, True, True, False] and texts[0] == texts[1] == texts[2]
    assert outcome.completed["validation"]["issues_total"] == 2


def test_without_filling_each_cell_speaks_for_itself(issues):
    found, _ = issues("C2:C4", fill_merged=False)
    assert told(found)[0][0] == "C2" and "share" not in found[0]["message"]


def test_rows_of_a_table_on_its_side_share_a_cell_too(issues):
    turned = [list(row) for row in zip(*ROWS)]
    found, _ = issues("B3:D3", rows=turned)
    assert [(one["cell"], one["message"].partition(" (")[2]) for one in found if one["rule"] == "email.value_lost"] == [
        ("B3", "3 rows share this cell)"),
        ("E3", ""),
    ]


def test_where_the_first_row_is_gone_the_others_stay(issues, template):
    hooks = template / "src/ade_config/hooks"
    some = plugin("on_table_validated", "return table.filter(pl.col('first_name') != 'Ann')", "*, table, **_")
    (hooks / "some.py").write_text(some)
    found, _ = issues("C2:C4")
    assert [one["cell"] for one in found if one["rule"] == "email.value_lost"] == ["C3", "C4", "C5"]
