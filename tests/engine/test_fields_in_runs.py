"""The readers within a run: what reaches the output, which issues stand where, and what is said of columns and cells.

What single cells become is tested in `test_fields.py`; here it is about all that a run adds: types of cells that a mixed
column has lost, other columns and headers, settings, hooks that filter and sort, notices and events.
"""

import datetime as dt
import json
import random

import polars as pl
import pytest
from conftest import declared, plugin

from ade_engine import fields
from ade_engine.fields.readers import gone
from ade_engine.pipeline.shared.row_numbers import stretches

NEW = {
    "date_order": "dmy", "decimal_mark": ".", "row_provenance": True, "report_unread_cells": True,
    "strict_validators": True, "write_diagnostics_columns": True,
}


def columns(*lines: str, functions: str = "") -> dict[str, str]:
    """A package with these fields, each a call of ``Field``, and with functions for them."""
    return {"columns/fields.py": declared(",\n".join(lines), f"from ade_engine import fields\n{functions}")}


def hook(stage: str, body: str) -> str:
    return plugin(stage, body, "table, **_")


@pytest.fixture
def normalize(succeed):
    """Run as `ade` does; the rows of the output as dictionaries, with the outcome beside."""

    def call(config, cells, settings=None, **options):
        call.outcome = succeed(config, cells, settings={**NEW, **(settings or {})}, **options)
        names, *found = call.outcome.rows()
        return [dict(zip(names, row)) for row in found]

    return call


def issues(rows: list[dict], field: str) -> list[str | None]:
    return [row.get(f"__ade_issue__{field}") for row in rows]


# ---------------------------------------------------------------- cells that have their type


def test_cells_of_a_workbook_keep_their_types_in_columns_of_their_own(normalize):
    config = columns(*[f'Field("{name}", read=fields.{name})' for name in ("date", "date_time", "number", "boolean", "time", "duration")])
    rows = normalize(config, [
        ["Date", "Date time", "Number", "Boolean", "Time", "Duration"],
        [dt.date(2025, 1, 31), dt.datetime(2025, 1, 31, 14, 30), 1.234, True, dt.time(14, 30), dt.timedelta(hours=38)],
        [None] * 6,
        [dt.date(2025, 2, 1), dt.datetime(2025, 2, 1, 6), -7, False, dt.time(0, 5), dt.timedelta(minutes=5)],
    ])  # fmt: skip
    assert [row["date"] for row in rows] == [dt.datetime(2025, 1, 31), None, dt.datetime(2025, 2, 1)]
    assert [row["date_time"] for row in rows] == [dt.datetime(2025, 1, 31, 14, 30), None, dt.datetime(2025, 2, 1, 6)]
    assert [row["number"] for row in rows] == [1.234, None, -7]
    assert [row["boolean"] for row in rows] == [True, None, False]
    assert [row["time"] for row in rows] == [dt.time(14, 30), None, dt.time(0, 5)]
    assert [row["duration"] for row in rows] == [dt.timedelta(hours=38), None, dt.timedelta(minutes=5)]
    assert all(row["__ade_issue_count"] == 0 for row in rows)


def test_typed_cells_among_text_keep_their_types_where_rows_are_known(normalize):
    config = columns('Field("net", read=money)', 'Field("day", read=date)', 'Field("no", read=code)', 'Field("ok", read=fields.boolean)')
    rows = [
        ["Net", "Day", "No", "OK"], ["1.309,50", "01.02.2025", "00123", "ja"],
        [1.234, dt.date(2025, 3, 4), 4711, True], ["99,25", "31.01.2025", 4711.5, "nein"],
        [85, dt.datetime(2025, 4, 5, 12), "A", False],
    ]
    known = normalize(config, rows)
    assert [row["net"] for row in known] == [1309.5, 1.234, 99.25, 85]
    assert [row["day"] for row in known] == [dt.datetime(2025, m, d) for m, d in ((2, 1), (3, 4), (1, 31), (4, 5))]
    assert [row["no"] for row in known] == ["00123", "4711", "4711.5", "A"]
    assert [row["ok"] for row in known] == [True, True, False, False]
    assert all(row["__ade_issue_count"] == 0 for row in known)
    # Without them a typed 1.234 is text like any other, and follows its column.
    unknown = normalize(config, rows, settings={"row_provenance": False})
    assert unknown[1]["net"] == 1234


@pytest.mark.parametrize("cells, days", [
    ([20250131, dt.datetime(2025, 2, 3), "17/01/2025", True], [dt.datetime(2025, 1, 31), dt.datetime(2025, 2, 3), dt.datetime(2025, 1, 17), None]),
    # A number of days is none, and what stands in front of dates leaves them as they are.
    ([41656, dt.datetime(2025, 2, 3), dt.datetime(2025, 2, 4)], [None, dt.datetime(2025, 2, 3), dt.datetime(2025, 2, 4)]),
])  # fmt: skip
def test_days_of_several_types_keep_theirs(normalize, cells, days):
    rows = normalize(columns('Field("day", read=date)'), [["Day"], *([cell] for cell in cells)])
    assert [row["day"] for row in rows] == days


def test_typed_cells_are_found_again_after_hooks_have_filtered_and_sorted(normalize):
    config = columns('Field("net", read=money)', 'Field("keep", read=text)')
    config["hooks/h.py"] = hook("on_table_mapped", 'return table.filter(pl.col("keep") != "no").sort("keep", descending=True)')
    rows = normalize(config, [["Net", "Keep"], ["1.309,50", "b"], [7, "no"], [1.234, "c"], ["99,25", "no"], ["99,25", "d"], [2.5, "a"]])
    assert [(row["keep"], row["net"]) for row in rows] == [("d", 99.25), ("c", 1.234), ("b", 1309.5), ("a", 2.5)]


def test_a_cell_that_a_hook_has_changed_is_read_as_the_hook_left_it(normalize):
    config = columns('Field("net", read=money)')
    config["hooks/h.py"] = hook("on_table_mapped", 'return table.with_columns(pl.col("net").str.replace("1.234", "2.345", literal=True))')
    rows = normalize(config, [["Net"], ["1.309,50"], [1.234], [9]])
    assert [row["net"] for row in rows] == [1309.5, 2345, 9]


def test_a_file_that_a_program_of_another_country_has_opened_is_flagged(normalize):
    """An American file: its days up to the 12th became typed dates with day and month swapped, all others stayed text."""
    for seed in range(5):
        chance = random.Random(seed)
        days = [dt.date(2020, 1, 1) + dt.timedelta(chance.randrange(2000)) for _ in range(40)]
        cells = [dt.date(day.year, day.day, day.month) if day.day <= 12 else day.strftime("%m/%d/%Y") for day in days]
        rows = normalize(columns('Field("day", read=date)'), [["Day"], *([cell] for cell in cells)])
        wrong = [row["day"].date() != day for row, day in zip(rows, days) if row["day"]]
        assert sum(wrong) <= sum(day.day <= 12 for day in days)
        (message,) = [message for message in issues(rows, "day") if message]
        assert message.startswith("ambiguous column, ") and "a program of another country may have swapped" in message


# ---------------------------------------------------------------- what decides


def test_other_columns_and_headers_decide_before_the_settings(normalize):
    config = columns('Field("start", read=date)', 'Field("end", read=date)', 'Field("due", headers=["Due (MM/DD/YYYY)"], read=date)')
    rows = normalize(config, [
        ["Start", "End", "Due (MM/DD/YYYY)"],
        ["01/02/2025", "31/01/2025", "03/04/2025"],
        ["02/03/2025", "01/04/2025", "05/06/2025"],
    ], settings={"date_order": "mdy"})  # fmt: skip
    assert [row["start"] for row in rows] == [dt.datetime(2025, 2, 1), dt.datetime(2025, 3, 2)]
    assert [row["end"] for row in rows] == [dt.datetime(2025, 1, 31), dt.datetime(2025, 4, 1)]
    assert [row["due"] for row in rows] == [dt.datetime(2025, 3, 4), dt.datetime(2025, 5, 6)]
    assert all(row["__ade_issue_count"] == 0 for row in rows)


def test_a_column_of_no_field_decides_too(normalize):
    rows = [["Start", "Printed"], ["01/02/2025", "31/01/2025"], ["02/03/2025", "30/01/2025"]]
    (row, _) = normalize(columns('Field("start", read=date)'), rows, settings={"date_order": "mdy"})
    assert row["start"] == dt.datetime(2025, 2, 1) and row["Printed"] == "31/01/2025"


WAGES, TAX = 'Field("wages", read=money)', 'Field("tax", read=money)'


@pytest.mark.parametrize("header, beside, wanted", [
    ("Betrag", ["1.309,50", "99,00"], 1200), ("Betrag", ["1309,50 €", "99,00 €"], 1200), ("Amount", ["1,309.50", "99.00"], 1.2),
    # Chapters, versions, places, months and hours show no mark of amounts.
    ("No", ["1,1", "1,2"], 1.2), ("Version", ["1.10", "2.11"], 1200), ("Place", ["52,5200", "13,4050"], 1.2),
    ("Month", ["2025.01", "2025.02"], 1200), ("Time", ["8.30", "17.45"], 1200),
])  # fmt: skip
def test_a_column_of_money_of_no_field_shows_the_decimal_mark(normalize, header, beside, wanted):
    # The setting says the contrary of what is wanted where the other column is to decide.
    decides = header in ("Betrag", "Amount")
    mark = "." if (wanted == 1200) == decides else ","
    row, _ = normalize(columns(WAGES), [["Wages", header], ["1.200", beside[0]], ["7.450", beside[1]]], settings={"decimal_mark": mark})
    assert row["wages"] == wanted and row["__ade_issue_count"] == (0 if decides else 1)
    # A field is the better witness.
    rows = [["Wages", header, "Tax"], ["1.200", beside[0], "0,5"], ["7.450", beside[1], "12,5"]]
    row, _ = normalize(columns(WAGES, TAX), rows, settings={"decimal_mark": mark})
    assert row["wages"] == 1200 and row["__ade_issue_count"] == 0


@pytest.mark.parametrize("fields, rows, wanted", [
    # Numbers that were typed as such among its text show nothing.
    ([WAGES], [["Wages", "Betrag"], ["1.200", 1200.55], ["1.200", 99.25], ["1.200", "n/a"]], {"wages": 1200, "__ade_issue_count": 1}),
    ([WAGES, TAX], [["Wages", "Tax"], ["1.200", 1200.55], ["1.200", 99.25], ["1.200", "n/a"]], {"wages": 1200}),
    # 1.000 beside 1,000 is to be looked at, whatever the others show.
    ([WAGES, TAX], [["Wages", "Tax"], ["1.200", "0.5"], ["1,000", "12.5"]], {"__ade_issue_count": 1}),
])  # fmt: skip
def test_other_columns_do_not_show_the_decimal_mark(normalize, fields, rows, wanted):
    row, *_ = normalize(columns(*fields), rows, settings={"decimal_mark": ","})
    assert {**row, **wanted} == row


@pytest.mark.parametrize("setting, argument, wanted", [
    ("auto", "", (2, 1)), ("dmy", "", (2, 1)), ("mdy", "", (1, 2)), ("dmy", ', order="mdy"', (1, 2)), ("mdy", ', order="dmy"', (2, 1)),
])  # fmt: skip
def test_an_open_column_follows_its_argument_then_the_setting_and_each_cell_says_so(normalize, setting, argument, wanted):
    config = columns(f'Field("day", read=lambda name: date(name{argument}))')
    rows = normalize(config, [["Day"], [None], ["01/02/2025"], ["01/02/2025"]], settings={"date_order": setting})
    assert [row["day"] for row in rows] == [None, *[dt.datetime(2025, *wanted)] * 2]
    way = "day-first" if wanted == (2, 1) else "month-first"
    decided = "the reader's argument order" if argument else "date_order"
    by = "the reader's argument" if argument else "date_order"
    assert issues(rows, "day") == [None, *[f"ambiguous: {way} by {by} alone"] * 2]
    # The summary says it once.
    (reading,) = normalize.outcome.noticed["readings"]
    assert reading["ambiguous"] and f"so {decided} decided" in reading["message"] and "open" not in reading


OPEN, TYPED = "01/02/2025", dt.date(2025, 2, 1)
BY_ORDER = "ambiguous: day-first by date_order alone"


@pytest.mark.parametrize("days, posted, wanted", [
    (["2025-02-01"] * 3, [OPEN] * 3, [None] * 3),
    ([TYPED] * 3, [OPEN] * 3, [None] * 3),
    ([TYPED, None, " "], [OPEN] * 3, [None, BY_ORDER, BY_ORDER]),
    ([OPEN, OPEN, None, None], [None, None, OPEN, OPEN], [BY_ORDER] * 4),
    ([OPEN, OPEN, None, None], [None, OPEN, "2025-02-01", OPEN], [BY_ORDER, BY_ORDER, None, BY_ORDER]),
    ([None] * 2, [OPEN] * 2, [BY_ORDER] * 2),
    (["soon", "2025-02-01"], [OPEN] * 2, [f'not a date: "soon"; {BY_ORDER}', None]),
])  # fmt: skip
@pytest.mark.parametrize("read", ['pl.coalesce(date(f), date("Posted"))', 'date(f).fill_null(date("Posted"))'])
def test_doubts_stand_at_the_cells_that_a_field_of_two_columns_has_its_value_from(normalize, days, posted, wanted, read):
    config = columns('Field("key")', f'Field("day", read=lambda f: {read})')
    cells = [["Key", "Day", "Posted"], *([f"k{number}", *both] for number, both in enumerate(zip(days, posted)))]
    assert issues(normalize(config, cells), "day") == wanted


@pytest.mark.parametrize("own_until, wanted", [(0, True), (20, True), (40, False)])
def test_what_is_said_of_a_whole_column_stands_at_a_cell_that_counts_or_nowhere(normalize, own_until, wanted):
    chance = random.Random(1)
    days = [dt.date(2020, 1, 1) + dt.timedelta(chance.randrange(2000)) for _ in range(40)]
    posted = [dt.date(day.year, day.day, day.month) if day.day <= 12 else day.strftime("%m/%d/%Y") for day in days]
    cells = [[f"k{row}", "2025-02-01" if row < own_until else None, cell] for row, cell in enumerate(posted)]
    config = columns('Field("key")', 'Field("posted")', 'Field("day", read=lambda f: pl.coalesce(date(f), date("posted")))')
    said = issues(normalize(config, [["Key", "Day", "Posted"], *cells]), "day")
    found = [row for row, message in enumerate(said) if message]
    assert len(found) == wanted and all(row >= own_until and said[row].startswith("ambiguous column, ") for row in found)


def test_a_field_that_is_read_from_another_column_alone_has_all_its_doubts(normalize):
    rows = normalize(columns('Field("day", read=lambda f: date("Posted"))'), [["Day", "Posted"], ["x", OPEN], ["y", OPEN]])
    assert issues(rows, "day") == [BY_ORDER] * 2


@pytest.mark.parametrize("others", [0, 1])
@pytest.mark.parametrize("header", ["Full name", "Name"])
def test_formulas_without_values_in_a_column_that_parts_are_split_from_are_issues(normalize, others, header):
    parts = [f'Field("{name}", headers=["{name} name"], read=fields.person_name, part_of=FULL_NAME.{name})' for name in ("first", "last")]
    # With a field of its own and without one, where no column is of a field.
    whole = 'Field("whole", headers=["full name"])' if others else 'Field("hours")'
    functions = 'FULL_NAME = fields.FullName(["full name", "name", "whole"])'
    cells = [[header, "Remarks"], ["Avery Smith"], ["=A2", "x"], [None, "only a remark"], ["Bo Lee"], ["=A3"]]
    rows = normalize(columns(*parts, whole, functions=functions), cells, settings={"drop_blank_rows": True})
    assert [(row["first"], row["last"]) for row in rows] == [("Avery", "Smith"), (None, None), ("Bo", "Lee"), (None, None)]
    assert issues(rows, "first") == issues(rows, "last") == [None, LOST, None, LOST]


def test_a_cell_that_every_way_reads_alike_is_no_issue(normalize):
    config = columns('Field("day", read=date)', 'Field("net", read=number)')
    rows = normalize(config, [["Day", "Net"], ["01/02/2025", "1.234"], ["11/11/2025", "5"], ["soon", "n/a"], ["03/04/2025", "2.345"]])
    by_setting = "ambiguous: day-first by date_order alone"
    assert issues(rows, "day") == [by_setting, None, 'not a date: "soon"', by_setting]
    assert issues(rows, "net") == [by_mark := "ambiguous: decimal point by decimal_mark alone", None, 'not a number: "n/a"', by_mark]
    assert normalize.outcome.completed["validation"]["issues_total"] == 6


LOST = "formula without a saved value"
PAY = columns('Field("key", read=code)', 'Field("net", read=number, checks=[required])')


@pytest.mark.parametrize("order", ["as it is", "sorted by a hook"])
def test_formulas_without_a_saved_value_are_issues(normalize, order):
    cells = [["Key", "Net", "Other"], ["c", "=1+1", "=1+2"], ["b", 7, "x"], ["a", "=A3", "y"], ["d", None, "z"], ["e", "n/a", "u"]]
    hooks = {} if order == "as it is" else {"hooks/h.py": hook("on_table_transformed", 'return table.sort("key")')}
    rows = normalize({**PAY, **hooks}, cells)
    found = dict(zip((row["key"] for row in rows), issues(rows, "net")))
    # Of a cell that is empty, the check speaks; of a column that no field claims, nobody.
    assert found == {"a": LOST, "b": None, "c": LOST, "d": found["d"], "e": 'not a number: "n/a"'}
    assert "required" in found["d"] or "missing" in found["d"] or "empty" in found["d"]
    assert normalize.outcome.completed["validation"]["issues_total"] == 4


def test_a_row_of_formulas_without_saved_values_is_no_blank_row(normalize):
    cells = [["Key", "Net"], ["a", 1], ["=A2", "=B2"], [None, None], ["b", 2]]
    settings = {"drop_blank_rows": True}
    rows = normalize(PAY, cells, settings=settings)
    assert [row["key"] for row in rows] == ["a", None, "b"]
    assert issues(rows, "key") == issues(rows, "net") == [None, LOST, None]
    # Packages that do not ask for unread cells have no issues of formulas.
    rows = normalize(PAY, cells, settings={**settings, "report_unread_cells": False})
    assert [(row["key"], row["__ade_issue_count"]) for row in rows] == [("a", 0), ("b", 0)]


# ---------------------------------------------------------------- issues


UNREAD = [["Day", "Net"], ["31.02.2025", "n/a"], ["31.01.2025", "5"], [" ", None], ["soon", "x"]]


def test_unread_cells_are_issues_with_what_stood_there(normalize):
    rows = normalize(columns('Field("day", read=date)', 'Field("net", read=number, checks=[required])'), UNREAD)
    assert issues(rows, "day") == ['not a date: "31.02.2025"', None, None, 'not a date: "soon"']
    assert issues(rows, "net") == ['not a number: "n/a"', None, "empty", 'not a number: "x"']
    assert [row["__ade_issue_count"] for row in rows] == [2, 0, 1, 2]
    assert normalize.outcome.completed["validation"]["issues_total"] == 5
    # Not so without the setting.
    rows = normalize(columns('Field("day", read=date)', 'Field("net", read=number)'), UNREAD, settings={"report_unread_cells": False})
    assert [row["__ade_issue_count"] for row in rows] == [0] * 4 and rows[0]["day"] is None


def test_what_any_transform_leaves_empty_is_an_issue(normalize):
    rows = normalize(columns('Field("net", read=lambda name: pl.col(name).cast(pl.Float64, strict=False))'), [["Net"], ["5"], ["x"], [None]])
    assert issues(rows, "net") == [None, 'left empty: "x"', None]


HIDING = {"in the reader's expression": "number(field_name).fill_null(0)", "in an expression of its own": "number(field_name)"}


@pytest.mark.parametrize("how", HIDING)
def test_a_value_in_place_of_a_cell_that_could_not_be_read_hides_no_issue(normalize, how):
    config = columns(f'Field("net", read=lambda field_name: {HIDING[how]})')
    if how == "in an expression of its own":
        config["columns/fields.py"] += "    registry.register_column_transform(lambda: pl.col('net').fill_null(0), field='net', priority=-1)\n"
    rows = normalize(config, [["Key", "Net"], ["A", "5"], ["B", "n/a"], ["C", None], ["D", "7"]])
    assert [row["net"] for row in rows] == [5, 0, 0, 7]
    assert issues(rows, "net") == [None, 'not a number: "n/a"', None, None]


def test_what_another_reader_of_the_same_expression_can_read_is_no_issue(normalize):
    both = 'Field("day", read=lambda name: pl.coalesce(date(name), date(name, serials=True)))'
    rows = normalize(columns(both), [["Key", "Day"], ["A", "31.01.2025"], ["B", 45_000], ["C", "soon"]])
    assert [row["day"] is not None for row in rows] == [True, True, False]
    assert issues(rows, "day") == [None, None, 'not a date: "soon"']


def test_a_column_of_the_sender_that_is_called_like_the_engines_own_keeps_its_cells(normalize):
    rows = normalize(columns('Field("key", read=code)'), [["Key", "__ade_row"], ["A", "one"], ["B", "two"]])
    assert [row["ade_row"] for row in rows] == ["one", "two"] and "__ade_row" not in rows[0]


@pytest.mark.parametrize("stage", ["on_table_transformed", "on_table_mapped"])
def test_issues_stay_with_their_rows_through_hooks_that_filter_and_sort(normalize, stage):
    config = columns('Field("key", read=code)', 'Field("day", read=date)')
    config["hooks/h.py"] = hook(stage, 'return table.filter(pl.col("key") != "C").sort("key", descending=True)')
    cells = {"A": "31.01.2025", "B": "soon", "C": "never", "D": "30.01.2025", "E": "later"}
    rows = normalize(config, [["Key", "Day"], *map(list, cells.items())])
    assert [row["key"] for row in rows] == ["E", "D", "B", "A"]
    assert issues(rows, "day") == ['not a date: "later"', None, 'not a date: "soon"', None]
    (notice,) = normalize.outcome.notices("rows_dropped")
    assert (notice["count"], notice["rows"], notice["level"]) == (1, [[4, 4]], "info")
    assert notice["message"] == "sheet 'Sheet': the hook fn of ade_config.hooks.h dropped 1 row (row 4)"


def test_the_issues_of_an_ambiguous_column_stay_with_their_rows(normalize):
    config = columns('Field("key", read=code)', 'Field("day", read=date)')
    config["hooks/h.py"] = hook("on_table_transformed", 'return table.sort("key")')
    rows = normalize(config, [["Key", "Day"], ["C", "01/02/2025"], ["A", "03/04/2025"], ["B", "05/05/2025"]])
    assert [bool(message) for message in issues(rows, "day")] == [True, False, True]


def test_reserved_columns_are_never_written(normalize):
    config = columns('Field("day", read=date)', 'Field("net", read=number)')
    rows = [["Day", "Net"], ["01/02/2025", "n/a"], ["soon", "7"]]
    for settings in ({}, {"write_diagnostics_columns": False}, {"remove_unmapped_columns": True}, {"output_style": "table"}):
        normalize(config, rows, settings=settings)
        for sheet in normalize.outcome.book.worksheets:
            text = json.dumps([[str(value) for value in row] for row in sheet.iter_rows(values_only=True)])
            assert "__ade_row" not in text and "__ade_unread" not in text and "__ade_doubt" not in text


@pytest.mark.parametrize("seed", range(20))
def test_stretches_of_rows_that_are_gone(seed):
    chance = random.Random(seed)
    before = [chance.choice([None, chance.randrange(2, 30)]) for _ in range(chance.randrange(25))]
    after = chance.sample(before, chance.randrange(len(before) + 1)) + [99]
    wanted = sorted({*before} - {*after, None})
    series = [pl.Series(rows, dtype=dtype) for rows, dtype in ((before, pl.UInt32), (after, pl.Int64))]
    assert gone(*series) == (len(wanted), stretches(wanted))


def test_a_hook_that_makes_a_new_frame_leaves_counts_only(normalize):
    config = columns('Field("n", read=number)')
    config["hooks/h.py"] = hook("on_table_mapped", 'return table.select("n").head(2)')
    rows = normalize(config, [["N"], ["1"], ["x"], ["3"]])
    assert [row["n"] for row in rows] == [1, None] and issues(rows, "n") == [None, 'not a number: "x"']
    (notice,) = normalize.outcome.notices("rows_dropped")
    assert notice["count"] == 1 and "rows" not in notice


def test_a_validator_whose_result_is_no_text_fails_and_is_named(run):
    config = columns('Field("n", read=number, checks=[lambda name: pl.col(name) > 5])')
    outcome = run(config, [["N"], ["7"]], settings=NEW)
    message = outcome.result.error.message
    assert "Field('n').check 1 returned an expression of type Boolean; it should give text" in message
    assert run(config, [["N"], ["7"]], settings={**NEW, "strict_validators": False}).result.error is None


def test_a_minimum_score_leaves_weak_columns_alone(normalize):
    config = columns('Field("hours", read=number)')
    rows = [["Overtime hours"], ["1,5"]]
    assert normalize(config, rows, settings={"minimum_mapping_score": 0.4})[0]["hours"] == 1.5
    assert normalize(config, rows, settings={"minimum_mapping_score": 0.5})[0]["Overtime hours"] == "1,5"


# ---------------------------------------------------------------- composed, missing, several tables


def test_composed_expressions_and_columns_that_are_not_there(normalize):
    config = columns(
        'Field("net", read=money)',
        'Field("cur", headers=["Currency"], read=lambda name: currency("net"))',
        'Field("day", headers=["Paid"], read=lambda name: pl.coalesce(date("day"), date("Posted")))',
        'Field("gone", headers=["Nothing"], read=lambda name: date("no such column"))',
        'Field("never", headers=["Not there"], read=money)',
    )
    rows = normalize(config, [
        ["Net", "Currency", "Paid", "Posted", "Nothing"],
        ["1.309,50 €", None, "31.01.2025", "15.03.2025", "x"],
        ["$ 7,00", None, None, "16.03.2025", None],
        ["5", None, "soon", None, None],
    ])  # fmt: skip
    assert [row["net"] for row in rows] == [1309.5, 7, 5] and [row["cur"] for row in rows] == ["EUR", "$", None]
    assert [row["day"] for row in rows] == [dt.datetime(2025, 1, 31), dt.datetime(2025, 3, 16), None]
    assert issues(rows, "day") == [None, None, 'not a date: "soon"']
    assert [row["gone"] for row in rows] == [None] * 3 and issues(rows, "gone") == ['left empty: "x"', None, None]
    assert [row["never"] for row in rows] == [None] * 3


def test_a_reader_of_a_column_that_is_not_there_is_empty_within_any_expression(normalize):
    config = columns(
        'Field("day", headers=["Paid"], read=lambda name: pl.coalesce(date("day"), date("Posted")))',
        'Field("early", read=lambda name: date("Posted") < date("day"))',
        'Field("year", read=lambda name: pl.coalesce(POSTED.dt.year(), pl.lit(1)))',
        'Field("cur", read=lambda name: pl.when(currency("Amount").is_null()).then(number("Fee") + 1).otherwise(2))',
        'Field("note", checks=[lambda name: pl.when(date("Posted").is_null()).then(pl.lit("no day"))])',
        functions="POSTED = date('Posted')",
    )
    (row,) = normalize(config, [["Paid"], ["31.01.2025"]])
    assert row["day"] == dt.datetime(2025, 1, 31) and (row["early"], row["year"], row["cur"]) == (None, 1, None)
    assert issues([row], "note") == ["no day"]
    # The same reader, made when the module was loaded, finds the column where there is one.
    (row,) = normalize(config, [["Paid", "Posted"], [None, "15.03.2025"]])
    assert (row["day"], row["year"]) == (dt.datetime(2025, 3, 15), 2025)


def test_each_table_decides_for_itself(normalize):
    config = columns('Field("day", read=date)', 'Field("n", read=number)')
    rows = [["Day", "N"], ["31/01/2025", "1,5"], ["01/02/2025", "1.234"], ["Day", "N"], ["01/31/2025", "1.5"], ["01/02/2025", "1,234"]]
    header = plugin("row", 'return {"header" if row_values[:1] == ["Day"] else "data": 1.0}', "*, row_values, **_")
    normalize(config, rows, rows=header)
    found = [row[:2] for row in normalize.outcome.rows() if isinstance(row[0], dt.datetime)]
    days = [dt.datetime(2025, 1, 31), dt.datetime(2025, 2, 1), dt.datetime(2025, 1, 31), dt.datetime(2025, 1, 2)]
    assert found == [[day, number] for day, number in zip(days, [1.5, 1234, 1.5, 1234])]


def test_a_table_without_rows_and_one_of_blanks(normalize):
    config = columns('Field("day", read=date, checks=[required])', 'Field("net", read=number)')
    assert normalize(config, [["Day", "Net"]]) == []
    rows = normalize(config, [["Day", "Net"], [" ", "\u00a0"], [None, "7"]])
    assert [(row["day"], row["net"]) for row in rows] == [(None, None), (None, 7)]
    assert issues(rows, "day") == ["empty"] * 2


def test_control_characters_do_not_fail_a_run(normalize, tmp_path):
    source = tmp_path / "in.csv"
    source.write_bytes(b"Note,No\na\x0bb\x00c,00\x011\n\x1b,7\n")
    rows = normalize(columns('Field("note", read=text)', 'Field("no", read=code)'), source)
    assert [(row["note"], row["no"]) for row in rows] == [("a b c", "00 1"), (None, "7")]


@pytest.mark.parametrize("seed", range(8))
def test_row_detectors_of_the_engine_find_the_same_tables_natively_and_row_by_row(run, seed):
    chance = random.Random(seed)
    cells = ["Net", "NET (EUR)", "First  name", "première", "x", "", " ", None, 7, 1.5, True, dt.date(2025, 1, 31), "Net [€]", "("]
    rows = [["start"], *([chance.choice(cells) for _ in range(chance.randrange(1, 6))] for _ in range(60))]
    made = 'header, data = HeaderRows(["net", "First name", "Premiere"], least=%d), DataRows(least=%d)' % (1 + seed % 3, 1 + seed % 4)
    detectors = """
        from ade_engine.fields import DataRows, HeaderRows
        %s
        def register(registry):
            registry.register_row_detector(%s, row_kind="header", priority=2)
            registry.register_row_detector(data, row_kind="data", priority=1)
    """
    natively = run({}, rows, rows=detectors % (made, "header"))
    row_by_row = run({}, rows, rows=detectors % (made, "lambda row_values: header(row_values)"))
    assert natively.result.error is None and natively.tables == row_by_row.tables
    assert natively.rows() == row_by_row.rows()


# ---------------------------------------------------------------- records


def test_readings_say_how_each_column_was_read(normalize):
    config = columns('Field("day", headers=["Invoice date"], read=date)', 'Field("net", headers=["Net amount"], read=money)', 'Field("t", read=text)')
    normalize(config, [
        ["T", "Invoice date", "Net amount"],
        ["a", "31/01/2025", "1.309,50"], ["b", "01/02/2025", "1.200"], ["c", "01/26/2025", "950"], *[["d", "30/01/2025", "7,5"]] * 5,
    ])  # fmt: skip
    day, net = normalize.outcome.noticed["readings"]
    assert {key: day[key] for key in ("sheet", "table", "field", "column", "header", "kind", "read_as", "decided_by")} == {
        "sheet": "Sheet", "table": 0, "field": "day", "column": "B", "header": "Invoice date", "kind": "date",
        "read_as": "day-first", "decided_by": "evidence",
    }  # fmt: skip
    assert (day["cells"], day["certain"], day["contradict"], day["ambiguous"]) == (8, 6, 1, False)
    assert day["message"] == "dates day-first: 6 of 8 cells can be read in this way only, 1 contradicts"
    assert (net["field"], net["column"], net["read_as"], net["cells"]) == ("net", "C", "decimal comma", 8)
    assert net["message"].startswith("numbers with decimal comma: ")


def test_text_beside_typed_cells_is_not_all_that_is_said_of_a_column(normalize):
    config = columns('Field("net", read=number)', 'Field("day", read=date)')
    rows = normalize(config, [["Net", "Day"], [12, dt.date(2025, 1, 31)], [15.5, dt.date(2025, 2, 1)], ["n/a", "soon"]])
    assert [row["net"] for row in rows] == [12, 15.5, None]
    assert [reading["message"] for reading in normalize.outcome.noticed["readings"]] == [
        "typed numbers; its texts were not read: none of them is a number", "typed dates; its texts were not read: none of them is a date",
    ]  # fmt: skip


def test_lost_digits_are_a_notice(normalize):
    rows = normalize(columns('Field("no", read=code)'), [["No"], ["1.23E+11"], ["00123"], ["9.78E+12"]])
    assert [row["no"] for row in rows] == [None, "00123", None]
    (notice,) = normalize.outcome.notices("lost_digits")
    assert (notice["field"], notice["count"], notice["table"]) == ("no", 2, 0) and notice["level"] == "warning"


@pytest.mark.parametrize("level", [10, 20])
def test_no_event_holds_a_cell(normalize, level):
    """Each cell is a word of its own, of every kind of trouble; all events are searched for all of them."""
    config = columns(
        'Field("day", read=date, checks=[required])', 'Field("net", read=money, checks=[lambda name: range(name, least=1e9)])',
        'Field("no", read=code)', 'Field("mail", read=fields.email)', 'Field("tel", read=fields.phone)', 'Field("cur", read=currency)',
    )  # fmt: skip
    config["hooks/h.py"] = hook("on_table_transformed", 'return table.filter(pl.col("no").fill_null("") != "K-7741")')
    rows = [
        ["Day", "Net", "No", "Mail", "Tel", "Cur"],
        ["03/04/2019", "8.134,77", "K-7741", "wilma(at)x.yz", "4-4831", "Taler"],
        ["05/06/2018", "6,123.45", "6.02E+23", "fred@stone.example", "555-1987654", "€"],
        ["Sankt Nimmerlein", "siebzehn", "K-7742", "barney", "555-1987655 / 555-1987656", "£"],
    ]
    normalize(config, rows, level=level)
    said = json.dumps(normalize.outcome.events, ensure_ascii=False)
    for row in rows[1:]:
        for cell in row:
            if cell not in ("€", "£"):
                assert cell not in said, cell
    assert normalize.outcome.noticed["readings"] and issues(normalize(config, rows), "day")


def test_without_ade_and_without_settings_nothing_new_is_said(run):
    """A package of before that returns expressions of its own sees none of this."""
    config = {"columns/z.py": plugin("transform", "return pl.col(field_name).cast(pl.Float64, strict=False)", "field_name")}
    outcome = run(config, [["a"], ["x"], ["7"]], fields=["a"], settings={"write_diagnostics_columns": True})
    assert outcome.rows() == [["a", "__ade_has_issues", "__ade_issue_count"], [None, False, 0], [7, False, 0]]
    assert not outcome.named("run.noticed")
