"""Columns that can be read in two ways, one of which is a wrong amount, a wrong time or a wrong century: said, or read rightly."""

import datetime as dt

import openpyxl
import pytest
from conftest import declared
from openpyxl.utils.datetime import CALENDAR_MAC_1904

CONFIG = declared("""
    Field("weight", headers=["weight", "net"], read=number),
    Field("clock", headers=["clock"], read=time),
    Field("born", headers=["birth date", "dob", "d.o.b.", "né le", "nata il", "geburtsdatum", "due", "due (dd/mm/yyyy)"], read=date),
    Field("at", headers=["at"], read=date_time),
    Field("card", headers=["card"], read=code),
    Field("day", headers=["day"], read=serial_day),
""", functions="""
def serial_day(field_name):
    return date(field_name, serials=True)
""")


@pytest.fixture
def column(succeed, monkeypatch):
    """The values and the issues of a column below a header, row by row, and what is said of how it was read."""
    monkeypatch.setenv("ADE_ENGINE_DAY", "2026-03-31")

    def call(header, cells):
        settings = {"report_unread_cells": True, "issue_columns": True, "row_provenance": True, "output_style": "table"}
        outcome = succeed({"columns/a.py": CONFIG}, [[header], *([cell] for cell in cells)], settings=settings)
        names, *rows = outcome.rows()
        field = names.index(next(name for name in names if name in ("weight", "clock", "born", "at", "card", "day")))
        issues = [row[names.index("Issues")] for row in rows] if "Issues" in names else [None] * len(rows)
        return [row[field] for row in rows], issues, [reading["message"] for reading in outcome.noticed["readings"]]

    return call


@pytest.mark.parametrize("cells", [["1.250", "2", "3.500", "12"], ["1,250", "2", "3,500", "12"], ["1.255", "2", "3.501"]])
def test_three_decimals_beside_whole_numbers_are_no_thousands_without_an_issue(column, cells):
    values, issues, _ = column("Weight (kg)", cells)
    assert issues[0].startswith("weight: ambiguous") and issues[1] is None and values[1] == 2


def test_beside_a_currency_the_mark_parts_thousands(column):
    for header, cells in [("Net (EUR)", ["1.250", "200", "3.500"]), ("Net", ["1.250 €", "200 €", "3.500 €"])]:
        values, issues, _ = column(header, cells)
        assert values == [1250, 200, 3500] and not any(issues)


def test_hours_in_decimals_are_no_times(column):
    values, issues, _ = column("Clock", ["7.25", "7.50", "7.75", "8.00", "14:30"])
    assert values == [None] * 4 + [dt.time(14, 30)] and [bool(issue) for issue in issues] == [True] * 4 + [False]
    values, issues, _ = column("Clock", ["7.25", "8.50", "9.00"])
    assert values[0] == dt.time(7, 25) and issues[0].startswith("clock: ambiguous column, read as times: they may be hours")
    values, issues, _ = column("Clock", ["7.25", "7.50", "8.5"])
    assert values == [None] * 3 and all(issues)
    values, issues, _ = column("Clock", ["7.15", "7.50", "8.00"])
    assert values == [dt.time(7, 15), dt.time(7, 50), dt.time(8, 0)] and not any(issues)


@pytest.mark.parametrize("header", ["Birth date", "DOB", "D.O.B.", "Né le", "Nata il", "Geburtsdatum"])
def test_people_are_born_in_the_past(column, header):
    cells = ["12/05/46", "30/11/85", "01/02/39", "31/03/26", "01/04/26", "5-Jun-31"]
    values, issues, said = column(header, cells)
    assert [value.year for value in values] == [1946, 1985, 1939, 2026, 1926, 1931] and not any(issues)
    assert said[0].endswith("dates of birth lie in the past, so do years of two digits")


@pytest.mark.parametrize("cells", [["12/05/2046", "30/11/1985"], [dt.date(2046, 5, 12), dt.date(1985, 11, 30)]])
def test_nobody_is_born_in_the_future(column, cells):
    values, issues, _ = column("DOB", cells)
    assert values[0] is None and "lies in the future" in issues[0]
    assert values[1].year == 1985 and issues[1] is None
    values, issues, _ = column("Due", cells)
    assert values[0].year == 2046 and not any(issues)


def test_the_order_that_the_header_names_holds_for_cells_that_it_explains(column):
    header = "Due (DD/MM/YYYY)"
    values, issues, _ = column(header, ["01/14/2025", "03/04/2025"])
    assert values == [None, dt.datetime(2025, 4, 3)] and "not day-first" in issues[0] and issues[1] is None
    values, issues, said = column(header, ["01/14/2025", "02/17/2025", "03/04/2025"])
    assert values[2] == dt.datetime(2025, 3, 4) and "most cells contradict the order that the header names" in said[0]
    assert issues[0].startswith("born: ambiguous")
    values, issues, _ = column(header, ["14/01/2025", "03/04/2025"])
    assert values == [dt.datetime(2025, 1, 14), dt.datetime(2025, 4, 3)] and not any(issues)


def test_the_day_of_the_record_decides_what_the_past_is(column, monkeypatch):
    assert [value.year for value in column("Due", ["12/05/46", "30/11/31"])[0]] == [2046, 2031]
    monkeypatch.setenv("ADE_ENGINE_DAY", "2031-06-01")
    assert [value.year for value in column("DOB", ["12/05/31", "30/11/31"])[0]] == [2031, 1931]


def test_years_of_two_digits_in_front_are_doubtful(column):
    for cells in (["19. 4. 30."], ["19. 4. 30.", "20. 1. 15.", "21. 12. 23."]):
        _, issues, _ = column("Due", cells)
        assert issues[0].startswith("born: ambiguous column")
    values, issues, _ = column("Due", ["19. 4. 30.", "19. 5. 2.", "22. 8. 9."])
    assert values[0].date() == dt.date(2019, 4, 30) and not any(issues)


def test_integers_of_sixteen_digits_have_lost_some(column):
    values, issues, _ = column("Card", [1234567890123456, 123456789012345])
    assert values == [None, "123456789012345"] and "has lost its digits" in issues[0] and issues[1] is None
    values, issues, _ = column("Card", ["1234567890123456", "123"])
    assert values == ["1234567890123456", "123"] and not any(issues)


@pytest.mark.parametrize("from_1904, first", [(False, dt.date(2020, 6, 18)), (True, dt.date(2024, 6, 19))])
def test_serial_days_count_from_the_day_of_their_workbook(run, tmp_path, from_1904, first):
    book = openpyxl.Workbook()
    if from_1904:
        book.epoch = CALENDAR_MAC_1904
    for row in (["Day"], [44000], [44001.5]):
        book.active.append(row)
    book.save(tmp_path / "days.xlsx")
    outcome = run({"columns/a.py": CONFIG}, tmp_path / "days.xlsx")
    assert [row[0].date() for row in outcome.rows()[1:]] == [first, first + dt.timedelta(1)]


@pytest.mark.parametrize("header, before", [("At", "2025-01-31T"), ("Clock", "")])
def test_zones_that_differ_are_an_issue(column, header, before):
    cells = [before + time for time in ("14:30:00Z", "14:30:00+00:00", "14:30:00", "15:30:00+01:00", "16:30:00-05:00")]
    values, issues, _ = column(header, cells)
    assert all(values) and [bool(issue) for issue in issues] == [False, False, False, True, False]
    assert "the zones behind the times differ" in issues[3]
    _, issues, _ = column(header, cells[:3])
    assert not any(issues)
