"""Tables that are not one record a row: columns of months, names that are said once, sections, several values in a cell, and facts
that stand beside a table. Each value is known by its cell.
"""

import datetime as dt
import json

import pytest
from conftest import declared, plugin

from ade_engine.fields import Field, Stack, file_name, label, sum_of, title

MONTHS = ["Jan", "Feb", "Mar"]


def module(text: str) -> str:
    """What stands in front of the first field, and the fields."""
    at = text.index("Field(")
    return declared(text[at:], text[:at])


@pytest.fixture
def read(succeed):
    """Runs fields on sheets: the records of all tables, the issues by cell, and notices by code."""

    def call(fields: str, sheets, toml: str = "", **options):
        files = {"columns/fields.py": module(fields), "/settings.toml": f'edition = "2026"\n{toml}', **options.pop("files", {})}
        outcome = succeed(files, {"S": sheets} if isinstance(sheets, list) else sheets, rows=None, **options)
        records = [record for title in outcome.book.sheetnames if title != "Issues" for table in outcome.records(title) for record in table]
        own = ("Severity", "Issues")
        outcome.found = [{key: value.date() if isinstance(value, dt.datetime) else value for key, value in one.items() if key not in own} for one in records]
        outcome.at = [(one["cell"], one["rule"], one["value"]) for one in outcome.issues]
        return outcome

    return call


def values(outcome, *names):
    return [tuple(record.get(name) for name in names) for record in outcome.found]


CROSSTAB = """
MONTHS = Stack("months")
    Field("site", "Site", read=text, unique=True, required=True),
    Field("month", "Month", read=month, part_of=MONTHS.header),
    Field("amount", "Amount", read=money, part_of=MONTHS.value, checks=[(lambda name: range(name, least=0), "error")]),
"""


def day(month, year=2025):
    return dt.date(year, month, 1)


def test_months_become_rows_and_each_value_knows_its_cell(read):
    rows = [["Budget 2025"], ["Site", *MONTHS, "Total"], ["North", 10, 20, 30, 60], ["South", 40, None, "x5", 40], ["East", 70, -8, 9, 72], ["Total", 120, 12, 39, 172]]
    outcome = read(CROSSTAB, rows)
    assert values(outcome, "Site", "Month", "Amount", "Source row") == [
        *(("North", day(n), 10 * n, 3) for n in (1, 2, 3)),
        *(("South", day(1), 40, 4), ("South", day(3), None, 4)),
        *(("East", day(1), 70, 5), ("East", day(2), -8, 5), ("East", day(3), 9, 5)),
    ]
    assert sorted(outcome.at) == [("C5", "amount.check", "-8"), ("D4", "amount.value_lost", "x5"), ("E5", "amount.total_differs", "72")]
    (told,) = outcome.notices("stacked")
    assert told["level"] == "warning" and "3 rows became 8; 1 empty cell makes no row; E (Total) left out as a total" in told["message"]
    assert "the year 2025 is from the lines above the table" in told["message"]
    assert outcome.completed["counts"]["columns"] == {"total": 5, "empty": 0, "mapped": 4, "unmapped": 1}
    (table,) = json.loads(outcome.output.with_name("input_rows.json").read_text("utf-8"))["tables"]
    assert table["rows"] == [[3, 3], [3, 3], [3, 4], [4, 5], [5, 5], [5, 5]]
    assert table["cells"] == [
        {"field": "month", "rows": 2, "columns": [[2, 4], [2, 2], [4, 4], [2, 4]]},
        {"field": "amount", "columns": [[2, 4], [2, 2], [4, 4], [2, 4]]},
    ]


def test_a_table_with_columns_of_its_own_stays_as_it_is(read):
    rows = [["Site", "Month", "Amount"], ["North", "2025-01", 10], ["South", "2025-02", 20]]
    outcome = read(CROSSTAB, rows)
    assert values(outcome, "Site", "Month", "Amount") == [("North", day(1), 10), ("South", day(2), 20)] and not outcome.notices("stacked")


def test_cells_of_several_types_are_read_as_they_stand(read):
    rows = [["Site", "Jan 2025", "Feb 2025"], ["North", 1.234, "1.234,50"], ["South", "2.500,00", 4.5], ["East", 7, "soon"]]
    outcome = read(CROSSTAB, rows)
    # A typed 1.234 is no thousand, though texts beside it have a decimal comma.
    assert [amount for (amount,) in values(outcome, "Amount")] == [1.234, 1234.5, 2500, 4.5, 7, None]
    assert outcome.at == [("C4", "amount.value_lost", "soon")]


def test_what_is_wrong_with_a_cell_is_one_issue(read):
    rows = [["Site", "Jan 2025", "Feb 2025"], ["North", 1, 2], ["North", 3, 4], [None, 5, 6]]
    outcome = read(CROSSTAB, rows)
    assert sorted(outcome.at) == [("A2", "site.unique", "North"), ("A3", "site.unique", "North"), ("A4", "site.required", "")]
    (first,) = (one for one in outcome.issues if one["cell"] == "A2")
    assert first["message"] == "occurs more than once, also in A3"


def test_months_without_a_year_are_texts_and_one_issue(read):
    rows = [["Site", *MONTHS], ["North", 1, 2, 3], ["South", 4, 5, 6]]
    outcome = read(CROSSTAB, rows)
    assert [month for (month,) in values(outcome, "Month")] == MONTHS * 2 and outcome.at == [("B1", "month.no_year", "Jan")]
    outcome = read(CROSSTAB.replace('"months"', '"months", year=2024'), rows)
    assert values(outcome, "Month")[:2] == [(day(1, 2024),), (day(2, 2024),)] and not outcome.at


@pytest.mark.parametrize("first, second", [("KW 12", "KW 13"), ("W12", "W13"), ("KW 12 2024", "KW 13 2024")])
def test_weeks_have_the_year_above_the_table(first, second, read):
    weeks = CROSSTAB.replace('"months"', '"weeks"').replace("read=month", "read=week").replace("month,", "month, week,", 1)
    outcome = read(weeks, [["Hours 2024"], ["Site", first, second], ["North", 1, 2], ["South", 3, 4]])
    assert values(outcome, "Month", "Amount")[:2] == [(dt.date(2024, 3, 18), 1), (dt.date(2024, 3, 25), 2)] and not outcome.at


def test_hooks_drop_and_sort_rows_that_were_stacked(read):
    body = "return table.sort('amount', descending=True, nulls_last=True).filter(pl.col('site') != 'East')"
    files = {"hooks/sorting.py": plugin("on_table_mapped", body, "*, table, **_")}
    rows = [["Site", "Jan 2025", "Feb 2025"], ["North", 10, -20], ["South", 30, 40.5], ["East", 50, 60]]
    outcome = read(CROSSTAB, rows, files=files)
    assert values(outcome, "Site", "Amount", "Source row") == [("South", 40.5, 3), ("South", 30, 3), ("North", 10, 2), ("North", -20, 2)]
    assert ("C2", "amount.check", "-20") in outcome.at
    (dropped,) = outcome.notices("rows_dropped")
    assert dropped["count"] == 2 and dropped["rows"] == [[4, 4]]


def test_quarters_among_months_are_checked_and_left_out(read):
    header = ["Site", "Jan 2025", "Feb 2025", "Q1", "Apr 2025", "May 2025", "Q2", "Year", "Note"]
    outcome = read(CROSSTAB, [header, ["North", 1, 2, 3, 4, 5, 9, 12, "a"], ["South", 1, 1, 2, 2, 2, 4, 6, None], ["East", 1, 1, 3, 2, 2, 4, 6, "b"]])
    assert [*outcome.found[0]] == ["Site", "Month", "Amount", "Note", "Source row"] and len(outcome.found) == 12
    assert outcome.at == [("D4", "amount.total_differs", "3")]


def test_what_only_looks_like_a_series_is_not_stacked(read):
    questions = CROSSTAB.replace('"months"', '"quarters"').replace("read=month", "read=text")
    outcome = read(questions, [["Site", *(f"Q{n}" for n in range(1, 9))], ["North", *range(8)], ["South", *range(8)]])
    assert len(outcome.found) == 2 and outcome.at == [(None, "amount.not_found", None)]
    outcome = read(CROSSTAB, [["Site", "Marketing", "Mayor", "Total"], ["North", 1, 2, 3], ["South", 4, 5, 9]])
    assert len(outcome.found) == 2 and not outcome.notices("stacked")


PLAN = """
PLAN = Stack("months", values={"plan": ["plan", "budget"], "actual": ["actual", "ist"]})
    Field("site", "Site", read=text),
    Field("month", "Month", read=month, part_of=PLAN.header),
    Field("plan", "Planned", headers=["plan"], read=money, part_of=PLAN["plan"]),
    Field("actual", "Spent", read=money, part_of=PLAN["actual"]),
"""
UPPER = ["Site", "Jan 2025", None, "Feb 2025", None]


@pytest.mark.parametrize(
    "header",
    [
        [UPPER, [None, "Plan", "Ist", "Plan", "Ist"]],
        [["Site", "Jan 2025 Plan", "Jan 2025 actual", "Feb 2025 Budget", "Feb 2025 Ist"]],
        [["Site", "Plan Jan 2025", "Actual Jan 2025", "Plan Feb 2025", "Actual Feb 2025"]],
        [[None, "Plan", "Ist", "Plan", "Ist"], ["Site", "Jan 2025", "Jan 2025", "Feb 2025", "Feb 2025"]],
    ],
    ids=["two rows", "behind", "before", "above"],
)
def test_plan_and_actual_of_a_month_stand_in_one_row(read, header):
    rows = [*header, ["North", 10, 11, 20, "?2"], ["South", None, None, 40, None]]
    outcome = read(PLAN, rows)
    assert values(outcome, "Site", "Month", "Planned", "Spent") == [("North", day(1), 10, 11), ("North", day(2), 20, None), ("South", day(2), 40, None)]
    assert outcome.at == [(f"E{len(header) + 1}", "actual.value_lost", "?2")]


def test_a_month_may_lack_its_plan(read):
    rows = [["Site", "Plan Jan 2025", "Ist Jan 2025", "Ist Feb 2025"], ["North", "1,5", 2.25, "x"], ["South", 1.5, None, 3]]
    outcome = read(PLAN, rows)
    assert values(outcome, "Month", "Planned", "Spent") == [(day(1), 1.5, 2.25), (day(2), None, None), (day(1), 1.5, None), (day(2), None, 3)]
    assert outcome.at == [("D2", "actual.value_lost", "x")]


def test_a_year_above_months_is_theirs(read):
    rows = [["Site", "2024", None, "2025", None], [None, "Nov", "Dec", "Jan", "Sites"], ["North", 1, 2, 3, "a"], ["South", 4, 5, 6, "b"]]
    outcome = read(CROSSTAB, rows)
    assert values(outcome, "Month", "Amount") == [
        *((day(11, 2024), 1), (day(12, 2024), 2), (day(1), 3)),
        *((day(11, 2024), 4), (day(12, 2024), 5), (day(1), 6)),
    ]


PRICES = """
PRICES = Stack("others")
    Field("article", "Article", read=code, required=True),
    Field("customer", "Customer", read=text, part_of=PRICES.header),
    Field("price", "Price", read=money, part_of=PRICES.value),
"""


def test_a_price_list_by_customer(read):
    rows = [["Article", "Acme", "Birch Ltd", "Average"], ["A-1", 9.5, 9.25, 9.375], ["A-2", 4, "n/a", 4], ["A-3", 7, None, 7]]
    outcome = read(PRICES, rows)
    found = values(outcome, "Article", "Customer", "Price")
    assert found == [("A-1", "Acme", 9.5), ("A-1", "Birch Ltd", 9.25), ("A-2", "Acme", 4), ("A-2", "Birch Ltd", None), ("A-3", "Acme", 7)]


HOURS = """
DAYS = Stack("weekdays", leave=["week"])
    Field("name", "Name", read=text),
    Field("day", "Day", read=text, part_of=DAYS.header),
    Field("hours", "Hours", read=number, part_of=DAYS.value, checks=[(lambda name: range(name, most=12), "error")]),
"""


def test_a_time_sheet_by_weekday_in_two_languages(read):
    rows = [["Name", "Mo", "Di", "Mi", "Do", "Fr", "Week"], ["Ann", 8, 8, 8, 8, 6, 38], ["Bo", 8, None, 18, 8, 6, 40]]
    outcome = read(HOURS, rows)
    assert [record["Day"] for record in outcome.found] == ["Mo", "Di", "Mi", "Do", "Fr", "Mo", "Mi", "Do", "Fr"]
    assert outcome.at == [("D3", "hours.check", "18")] and "G (Week) left out" in outcome.notices("stacked")[0]["message"]


SITES = """
    Field("region", "Region", read=text, fill_down=True),
    Field("site", "Site", read=text, fill_down=True, checks=[lambda name: one_of(name, ["Bern", "Lyon"])]),
    Field("team", "Team", read=text),
    Field("hours", "Hours", read=number),
"""


def test_a_site_that_is_named_once_is_that_of_the_rows_below(read):
    rows = [["Region", "Site", "Team", "Hours"], ["South", "Bern", "A", 1], [None, None, "B", 2], [None, "Oslo", "C", 3], [None, None, "D", 4], ["North", None, "E", 5], [None, None, "F", 6]]
    outcome = read(SITES, rows)
    assert values(outcome, "Region", "Site", "Team") == [
        *(("South", "Bern", "A"), ("South", "Bern", "B"), ("South", "Oslo", "C"), ("South", "Oslo", "D")),
        # The site of another region is none of this one.
        *(("North", None, "E"), ("North", None, "F")),
    ]
    # One cell is one issue, however many rows it was filled into.
    assert outcome.at == [("B4", "site.check", "Oslo")]


STAFF = """
    Field("department", "Department", read=text, beside=section, checks=[(lambda name: one_of(name, ["Sales", "Stores"]), "error")]),
    Field("name", "Name", read=text, required=True),
    Field("pay", "Pay", read=money),
"""


def test_a_department_in_a_line_of_its_own_is_a_field(read):
    rows = [["Name", "Pay", "Since"], ["Sales"], ["Ann", 100.5, 2019], ["Bo", 200.25, 2020], ["Storse"], ["Cy", 300.75, 2021], ["Di", 400.5, 2018]]
    outcome = read(STAFF, rows)
    assert values(outcome, "Department", "Name") == [("Sales", "Ann"), ("Sales", "Bo"), ("Storse", "Cy"), ("Storse", "Di")]
    assert outcome.at == [("A5", "department.check", "Storse")]


SKILLS = """
    Field("name", "Name", read=text),
    Field("skill", "Skill", headers=["skill", "skills"], read=text, split=[",", ";"], checks=[lambda name: one_of(name, ["Excel", "SQL", "Rust"])]),
    Field("pay", "Pay", read=money),
"""


def test_three_skills_in_a_cell_are_three_rows(read):
    rows = [["Name", "Skills", "Pay"], ["Ann", "Excel, SQL; Rust", 10], ["Bo", None, 20], ["Cy", "Rust,", 30], ["Di", "Java, SQL, Cobol", "x"]]
    outcome = read(SKILLS, rows)
    assert values(outcome, "Name", "Skill", "Pay", "Source row") == [
        *(("Ann", "Excel", 10, 2), ("Ann", "SQL", 10, 2), ("Ann", "Rust", 10, 2), ("Bo", None, 20, 3), ("Cy", "Rust", 30, 4)),
        *(("Di", "Java", None, 5), ("Di", "SQL", None, 5), ("Di", "Cobol", None, 5)),
    ]
    # What is wrong with one cell is one issue, which names its values.
    assert outcome.at == [("B5", "skill.check", "Java, SQL, Cobol"), ("C5", "pay.value_lost", "x")]
    assert outcome.issues[0]["message"].endswith("(value 1, 3 of 3)")
    (table,) = json.loads(outcome.output.with_name("input_rows.json").read_text("utf-8"))["tables"]
    assert table["cells"] == [{"field": "skill", "parts": [[1, 3], [0, 0], [0, 0], [1, 3]]}]


FORM = """
    Field("customer", "Customer", read=text, beside=label("Customer", "Kunde")),
    Field("ordered", "Ordered", read=date, beside=label("Date of order")),
    Field("period", "Period", read=month, beside=title(r"orders of (.+)")),
    Field("article", "Article", read=code, required=True),
    Field("quantity", "Quantity", read=number),
"""


def form(customer, ordered, *articles):
    return [["Orders of March 2025"], ["Kunde:", customer, None, "Date of order", ordered], [], ["Article", "Quantity"], *articles]


def test_a_form_above_a_table_is_of_all_its_records(read):
    outcome = read(FORM, form("Acme", "soon", ["A-1", 5], ["A-2", 7]))
    assert values(outcome, "Customer", "Ordered", "Period", "Article", "Quantity") == [("Acme", None, day(3), "A-1", 5), ("Acme", None, day(3), "A-2", 7)]
    assert outcome.at == [("E2", "ordered.value_lost", "soon")]


def test_each_of_two_tables_has_the_form_above_it(read):
    rows = [*form("Acme", "2025-03-01", ["A-1", 5], ["A-2", 7]), [], *form("Birch", "2025-03-02", ["A-3", 9], ["A-4", 1])]
    outcome = read(FORM, rows)
    assert values(outcome, "Customer", "Ordered", "Article", "Quantity") == [
        *(("Acme", dt.date(2025, 3, 1), "A-1", 5), ("Acme", dt.date(2025, 3, 1), "A-2", 7)),
        *(("Birch", dt.date(2025, 3, 2), "A-3", 9), ("Birch", dt.date(2025, 3, 2), "A-4", 1)),
    ]
    assert not outcome.at


def test_what_stands_nowhere_is_an_issue(read):
    outcome = read(FORM, [["Article", "Quantity"], ["A-1", 5], ["A-2", 7]])
    assert [(one["rule"], one["message"]) for one in outcome.issues] == [
        ("customer.not_found", "not found: no cell beside or below 'Customer', 'Kunde' above the table"),
        ("ordered.not_found", "not found: no cell beside or below 'Date of order' above the table"),
        ("period.not_found", "not found: no line above the table like orders of (.+)"),
    ]


SHEETS = """
    Field("site", "Site", read=text, beside=sheet_name(r"Site (.+)"), checks=[(lambda name: one_of(name, ["Bern", "Lyon"]), "error")]),
    Field("number", "File", read=number, beside=file_name(r"([0-9]+)")),
    Field("name", "Name", read=text),
    Field("pay", "Pay", read=money),
    Field("currency", "Currency", read=text),
"""


def test_a_sheet_for_each_site_and_what_only_the_analyst_knows(read):
    table = [["Name", "Pay"], ["Ann", 10], ["Bo", 20]]
    text = 'values = {currency = "EUR"}\n[files."in*".values]\ncurrency = "USD"\n'
    outcome = read(SHEETS, {"Site Bern": table, "Site Oslo": [*table, ["Cy", 30]]}, text, settings={"input_name": "input.xlsx"})
    assert values(outcome, "Site", "Currency", "Name")[::2] == [("Bern", "USD", "Ann"), ("Oslo", "USD", "Ann"), ("Oslo", "USD", "Cy")]
    # What stands in no cell is told once.
    assert sorted((one["sheet"], one["cell"], one["rule"]) for one in outcome.issues) == [
        ("Site Bern", None, "number.not_found"),
        ("Site Oslo", None, "number.not_found"),
        ("Site Oslo", None, "site.check"),
    ]
    # A sender that has none of it is not asked for it.
    has_none = read(SHEETS, {"Site Bern": table, "Site Oslo": table}, text.replace("USD", ""), settings={"input_name": "input.xlsx"})
    assert values(has_none, "Currency") == [(None,)] * 4
    assert not any(one["field"] == "currency" for one in has_none.issues)
    assert next(one for one in has_none.completed["fields"] if one["field"] == "currency")["detected"]


UNDECLARED = 'Field("site", "Site", read=text), Field("pay", "Pay", read=money)'


def test_columns_that_look_like_one_field_are_told_and_left(read):
    rows = [["Site", *MONTHS, "Pay"], ["North", 1, 2, 3, 4], ["South", 5, 6, 7, 8]]
    outcome = read(UNDECLARED, rows)
    (told,) = outcome.notices("columns_of_one_field")
    assert '3 columns, B to D (Jan to Mar), look like one field. Write MONTHS = Stack("months")' in told["message"]
    assert values(outcome, "Site", *MONTHS, "Pay") == [("North", 1, 2, 3, 4), ("South", 5, 6, 7, 8)]
    for header in (["Site", "Marketing", "Mayor", "Decor", "Pay"], ["Site", "Q1", "Q2", "Note", "Pay"], ["Site", "2023", "Cost", "2024", "Pay"]):
        assert not read(UNDECLARED, [header, *rows[1:]]).notices("columns_of_one_field")


MEMBERS = """
    Field("list", "List", read=text, beside=title("List of (.+)")),
    Field("name", "Name", read=text, required=True),
    Field("phone", "Phone", read=text),
    Field("born", "Born", read=date),
"""


def test_blocks_of_labels_and_values_are_records(read):
    first = [["List of members"], [], ["Name:", "Ann"], ["Phone:", "030 1"], ["Born:", dt.datetime(1990, 1, 2)], ["City:", "Bern"], []]
    rows = [*first, ["Name: Bo"], ["Born:", None, "soon"], ["A line that says nothing"], [], ["Name:", None], ["Phone:", "5", "Born:", "31/12/1999"]]
    outcome = read(MEMBERS, rows, "line_records = true\n")
    assert values(outcome, "List", "Name", "Phone", "Born", "City", "Source row") == [
        ("members", "Ann", "030 1", dt.date(1990, 1, 2), "Bern", 3),
        ("members", "Bo", None, None, None, 8),
        ("members", None, "5", dt.date(1999, 12, 31), None, 12),
    ]
    assert sorted(outcome.at) == [("B12", "name.required", ""), ("C9", "born.value_lost", "soon")]
    # A table with a header stays one.
    outcome = read(MEMBERS, [["Name", "Phone"], ["Ann", "5"], ["Bo", "6"]], "line_records = true\n")
    assert values(outcome, "Name", "Phone") == [("Ann", "5"), ("Bo", "6")]


METERS = """
    Field("meter", "Meter", read=code),
    Field("previous", "Previous", read=number),
    Field("current", "Current", read=number),
    Field("use", "Consumption", read=number, checks=[(difference_of("current", "previous"), "error")]),
"""


def test_a_field_is_the_difference_of_others(read):
    rows = [["Meter", "Previous", "Current", "Consumption"], ["M-1", 100, 120.5, 20.5], ["M-2", 50, 80, 35], ["M-3", None, 80, 35]]
    outcome = read(METERS, rows)
    assert outcome.at == [("D3", "use.difference_of", "35")] and outcome.issues[0]["message"] == "not current − previous, which is 30.0"
    assert not read(METERS, [["Meter", "Consumption"], ["M-1", 20], ["M-2", 35]]).at


OPEN = """
    Field("net", "Net", read=number),
    Field("vat", "Tax", read=number),
    Field("gross", "Gross", read=number%s),
"""
SUMS = [["5,123", "877", "6,000"], ["2,200", "418", "2,618"], ["1,001", "12", "1,013"], ["3,300", "300", "3,600"]]


@pytest.mark.parametrize(
    "check, rows, last, why",
    [
        (", checks=[sum_of('net', 'vat')]", SUMS, (3300, 300, 3600), "read so, gross is net + vat"),
        ("", SUMS, (3300, 300, 3600), "read so, Gross is Net + Tax"),
        ("", [*([a, b, "7"] for a, b, _ in SUMS), ["Total", "1,607", None]], (3.3, 300, 7), None),
        ("", [["900", "1", "2,050"], ["70", "2", "3,050"], ["8", "3", "900"], ["Total", None, "6,000"]], (8, 3, 900), "read so, the rows add up to the total below them"),
        ("", [[a, "7", c] for a, _, c in SUMS], (3.3, 7, 3.6), None),
    ],
    ids=["declared", "found", "no total of it", "total", "nothing"],
)
def test_sums_decide_what_a_mark_means_before_the_setting_does(read, check, rows, last, why):
    outcome = read(OPEN % check, [["Net", "Tax", "Gross"], *rows], "decimal_mark = ','")
    assert values(outcome, "Net", "Tax", "Gross")[-1] == last
    told = [one["message"] for one in outcome.noticed["readings"] if one["field"] == "gross" and "read so" in one["message"]]
    assert [why in one for one in told] == ([True] if why else [])


@pytest.mark.parametrize("setting", ["", "decimal_mark = '.'"])
def test_a_total_decides_against_the_setting_that_would_make_it_none(setting, read):
    rows = [["Net", "Tax", "Gross"], ["900", "1", "2,050"], ["70", "2", "3"], ["8", "3", "1,900"], ["Total", None, "6,950"]]
    outcome = read(OPEN % "", rows, setting)
    assert values(outcome, "Gross") == [(2.05,), (3,), (1.9,)] and not outcome.notices("doubtful_rows")
    told = [one["message"] for one in outcome.noticed["readings"] if one["field"] == "gross"]
    assert len(told) == 1 and "read so, the rows add up to the total below them" in told[0]


@pytest.mark.parametrize("mark", ["auto", ".", ","])
@pytest.mark.parametrize("total, amount", [("3,250", 1.25), ("1,252", 1250)])
def test_totals_beside_months_decide_what_a_mark_means(mark, total, amount, read):
    rows = [["Site", "Jan 2025", "Feb 2025", "Total"], ["North", "1,250", "2", total], ["South", "1,250", "2", total], ["East", "1,250", "2", total]]
    outcome = read(CROSSTAB, rows, f"decimal_mark = '{mark}'")
    assert values(outcome, "Amount")[:2] == [(amount,), (2,)] and not outcome.at
    (told,) = outcome.notices("stacked")
    assert told["level"] == "info" and "D (Total) left out as a total, it was checked" in told["message"]


@pytest.mark.parametrize("make, said", [
    (lambda: Stack("month"), "did you mean 'months'?"),
    (lambda: Stack(), "takes a series such as"),
    (lambda: Stack("months", year=25), "should be a year such as 2025"),
    (lambda: Stack(pattern="("), "should be a regular expression"),
    (lambda: Stack("months", values={"plan": "plan"}), "should be lists of words by name"),
    (lambda: Stack("months", values={"plan": ["plan"]}).value, "write ['plan'] in place of .value"),
    (lambda: Stack("months", values={"plan": ["plan"]})["paln"], "did you mean 'plan'?"),
    (lambda: Field("a", part_of=Stack("months")), "such as MONTHS.header or MONTHS.value"),
    (lambda: Field("a", beside="Customer"), "should be sheet_name, file_name, section"),
    (lambda: Field("a", split=[""]), "should be what parts values"),
    (lambda: label(), "takes the words of the label"),
    (lambda: title("["), "takes a regular expression"),
    (lambda: file_name(3), "takes a regular expression"),
    (lambda: sum_of("net"), "takes the names of two fields or more"),
])
def test_what_cannot_be_declared_is_refused(make, said):
    with pytest.raises(TypeError) as refused:
        make()
    assert said in str(refused.value)


@pytest.mark.parametrize("fields, toml, said", [
    ('M = Stack("months")\nField("a", part_of=M.header)', "", "no field has its cells"),
    ('M = Stack("months")\nField("a", part_of=M.value), Field("b", part_of=M.value)', "", "fields 'a' and 'b' are both Stack('months').value"),
    ('Field("currency")', 'values = {curency = "USD"}', "did you mean 'currency'?"),
])
def test_what_does_not_fit_together_is_refused_before_a_run(run, fields, toml, said):
    outcome = run({"columns/fields.py": module(fields), "/settings.toml": f'edition = "2026"\n{toml}\n'}, [["a"], ["b"]], rows=None)
    assert outcome.result.error.code == "config_error" and said in outcome.result.error.message
