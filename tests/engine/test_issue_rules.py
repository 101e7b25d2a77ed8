"""What the engine finds in cells by itself: the rule, the severity and the message of each in the list of issues."""

import pytest
from conftest import declared

PACKAGE = declared("""
    Field("no", headers=["no"], read=text),
    Field("item", headers=["item"], read=code),
    Field("line", headers=["line"], read=phone),
    Field("day", headers=["day"], read=date),
    Field("pay", headers=["pay"], read=number),
""")
SHEET = [
    ["No", "Item", "Line", "Day", "Pay"],
    ["1", "A-100", "+1 312 345 9875", "2024-05-06", 3],
    ["2", "4.11E+13", "+1 312 345 9876", "2024-05-07", 4],
    ["3", "A-101", "1.23E+11", 'so: "on"', 5],
    ["4", "A-102", "call me", "2024-05-09", "=1+1"],
    ["5", "A-103", "+1 312 345 9879", "2024-05-10", 7],
]
WITH_TOTAL = [
    SHEET[0],
    ["1", "A-100", "+1 312 345 9875", "2024-05-06", 10.25],
    ["2", "A-101", "+1 312 345 9876", "2024-05-07", 20.5],
    ["3", "A-102", "+1 312 345 9877", "2024-05-08", 30.35],
    ["Total", None, None, None, 99.95],
]
FOUND = [
    ("B3", "item.digits_lost", "error", "a program has cut off the last digits of this code; ask for it as text", "4.11E+13"),
    ("C4", "line.digits_lost", "error", "not a phone number", "1.23E+11"),
    ("D4", "day.value_lost", "error", "not a date", 'so: "on"'),
    ("C5", "line.value_lost", "error", "not a phone number", "call me"),
    ("E5", "pay.formula_without_value", "error", "a formula that was saved without its result; open the file in a spreadsheet program and save it", ""),
]


@pytest.fixture
def listed(succeed, template):
    """The list of issues of a sheet, with one of the fields as some test has it."""

    def call(rows, pay=None):
        text = PACKAGE if pay is None else PACKAGE.replace('Field("pay", headers=["pay"], read=number', f'Field("pay", {pay}')
        (template / "src/ade_config/columns/fields.py").write_text(text)
        call.outcome = succeed(template, {"A": rows}, settings={"issue_list": True})
        return [tuple(line[key] for key in ("cell", "rule", "severity", "message", "value")) for line in call.outcome.issues]

    return call


def test_each_finding_has_its_rule_and_stands_beside_its_value(listed):
    assert listed(SHEET) == FOUND
    # The workbook quotes what could not be read.
    (row,) = [record for record in listed.outcome.records("A")[0] if record["Source row"] == 4]
    assert row["Issues"] == 'line: not a phone number: "1.23E+11"; day: not a date: "so: "on""'


def test_a_total_that_differs_has_its_rule(listed):
    assert [line[:3] for line in listed(WITH_TOTAL)] == [("E5", "pay.total_differs", "warning")]
    lines = listed([*WITH_TOTAL, ["Grand total", None, None, None, 199.95]])
    assert [(cell, said[:18], value) for cell, _, _, said, value in lines] == [("E5", "the total in E5 is", "99.95"), ("E6", "the total in E6 is", "199.95")]


def test_two_checks_of_one_name_are_two_rules(listed):
    pay = 'headers=["pay"], read=number, checks=[lambda name: range(name, most=4), (lambda name: range(name, most=6), "error")]'
    rows = [SHEET[0], *(row for row in SHEET[1:] if row[0] in "125")]
    assert [line[:4] for line in listed(rows, pay) if line[0] > "E"] == [
        ("E4", "pay.check", "warning", "more than 4"),
        ("E4", "pay.check_2", "error", "more than 6"),
    ]


def test_what_is_listed_is_not_told_again(succeed, template):
    (template / "src/ade_config/columns/fields.py").write_text(PACKAGE)
    sheet = [row[:] for row in SHEET]

    def told(**settings):
        notices = succeed(template, {"A": sheet}, settings=settings).noticed["notices"]
        return [(one["code"], one["count"]) for one in notices if one["code"] in ("formulas_without_value", "lost_digits")]

    without = {"issue_list": False, "issues_sheet": False}
    assert told() == [] and told(**without) == [("formulas_without_value", 1)] + [("lost_digits", 1)] * 2
    # Of a column that no field has there is no issue.
    for row, more in zip(sheet, ["Bonus", "=2+2", 3, 4, 5, 6]):
        row.append(more)
    assert told() == [("formulas_without_value", 1)]
    assert told(**without) == [("formulas_without_value", 2)] + [("lost_digits", 1)] * 2


def test_the_issues_of_a_field_are_those_of_the_column_that_has_it(listed):
    # The raw header of the column that lost is the field's name.
    rows = [["pay", "wages", "Item"], [200, 31, "A-1"], [None, 32, "A-2"], [20, 33, "A-3"]]
    pay = 'headers=["pay", "wages"], read=number, checks=[lambda name: range(name, most=32)]'
    assert [line[:4] for line in listed(rows, pay) if line[1] == "pay.check"] == [("B4", "pay.check", "warning", "more than 32")]
    header, *written = listed.outcome.rows("A")
    columns = [[row[at] for row in written] for at, name in enumerate(header) if name.lower() in ("pay", "pay__2")]
    assert [31, 32, 33] in columns and [200, None, 20] in columns, (header, written)
