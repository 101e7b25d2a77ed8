"""What the definition of a field asks for is checked, and stands in the list of issues."""

import pytest
from conftest import declared, plugin

PACKAGE = declared("""
    Field("no", headers=["no"], read=text, key=True, unique=True),
    Field("name", headers=["name"], read=text, required=True),
    Field("pay", headers=["pay"], read=number, required="warning"),
""")


@pytest.fixture
def issues(succeed, template):
    """The list of issues of some sheets."""
    (template / "src/ade_config/columns/fields.py").write_text(PACKAGE)
    return lambda sheets: succeed(template, sheets, settings={"issue_list": True}).issues


def test_values_that_are_asked_for(issues):
    found = issues({"A": [["No", "Name", "Pay"], ["7", "Ann", 10], ["8", None, None], ["7", "Cy", 12], ["9", "Di", 3]]})
    assert [(one["cell"], one["severity"], one["rule"], one["key"], one["value"]) for one in found] == [
        ("A2", "error", "no.unique", "7", "7"), ("B3", "error", "name.required", "8", ""),
        ("C3", "warning", "pay.required", "8", ""), ("A4", "error", "no.unique", "7", "7"),
    ]


def test_a_repeated_value_names_the_other_cell(issues):
    rows = [["No", "Name", "Pay"], ["7", "Ann", 10], ["8", "Bo", 1], ["7", "Cy", 12], ["7", "Di", 3]]
    found = issues({"A": rows, "B": [*rows[:3], *[[None] * 3] * 2, ["No", "Name", "Pay"], ["9", "Ed", 3], ["8", "Fy", 3]]})
    assert [(one["sheet"], one["cell"], one["message"]) for one in found] == [
        ("A", "A2", "occurs more than once, also in A4"),
        ("A", "A4", "occurs more than once, also in A2"),
        ("A", "A5", "occurs more than once, also in A2"),
        ("B", "A3", "occurs more than once, also in A8"),
        ("B", "A8", "occurs more than once, also in A3"),
    ]


def test_fields_that_are_asked_for(issues):
    found, *others = issues({"A": [["No", "Name"], ["7", "Ann"], ["8", "Bo"]]})
    assert not others, others
    assert (found["sheet"], found["cell"], found["rule"], found["severity"]) == ("A", None, "pay.required", "warning")
    assert found["message"] == "no column was found for this" and found["row"] is None


def test_unique_values_are_so_over_the_tables_of_a_sheet(issues):
    two = [["No", "Name", "Pay"], ["7", "Ann", 10], ["8", "Bo", 3], [None] * 3, [None] * 3, ["No", "Name", "Pay"], ["7", "Cy", 1], ["9", "Di", 2]]
    found = issues({"A": two, "B": [["No", "Name", "Pay"], ["8", "Ed", 3], ["6", "Fy", 3]]})
    assert [(one["sheet"], one["cell"], one["rule"], one["value"], one["table"]) for one in found] == [
        ("A", "A2", "no.unique", "7", 1),
        ("A", "A7", "no.unique", "7", 2),
    ]


def test_what_a_hook_says_in_the_same_words_is_left_as_it_is(issues, template):
    says = template / "src/ade_config/hooks/says.py"
    says.write_text(plugin("on_table_validated", "report('occurs more than once', rows=[0, 1])", "*, report, **_"))
    found = issues({"A": [["No", "Name", "Pay"], ["7", "Ann", 10], ["8", "Bo", 1]]})
    assert [(one["row"], one["message"]) for one in found] == [(2, "occurs more than once"), (3, "occurs more than once")]
