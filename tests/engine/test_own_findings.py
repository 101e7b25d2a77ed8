"""What the engine finds by itself, each with a setting of its own."""

import datetime as dt

import pytest
from conftest import declared, plugin

PACKAGE = declared("""
    Field("no", headers=["no"], read=text),
    Field("born", headers=["born"], read=date, dtype="date"),
    Field("count", headers=["count"], dtype="int"),
    Field("price", headers=["price"], dtype="float"),
    Field("plain", headers=["plain"]),
""")
KEYS = ("cell", "severity", "rule", "field", "message", "value", "written")


@pytest.fixture
def made(succeed, template):
    (template / "src/ade_config/columns/fields.py").write_text(PACKAGE)

    def call(rows, hook=None, **settings):
        if hook is not None:
            own = template / "src/ade_config/hooks/own.py"
            own.parent.mkdir(exist_ok=True)
            own.write_text(plugin("on_table_mapped", f"return {hook}", "*, table, **_"))
        outcome = succeed(template, {"A": rows}, settings=settings)
        outcome.found = [tuple(line[key] for key in KEYS) for line in outcome.issues]
        return outcome

    return call


def test_days_that_spreadsheets_do_not_show_alike(made):
    rows = [["No", "Born"], ["1", "1900-01-15"], ["2", "1900-02-28"], ["3", "1900-03-01"], ["4", dt.date(2024, 5, 6)]]
    rows += [["5", "1850-05-06"], ["6", "31.12.1899"], ["7", "18.13.2024"]]
    said = ("born.date_out_of_range", "born", "before 1900-03-01")
    assert made(rows).found == [
        ("B2", "warning", *said, "1900-01-15", "1900-01-15"),
        ("B3", "warning", *said, "1900-02-28", "1900-02-28"),
        ("B6", "error", "born.date_out_of_range", "born", "before 1900", "1850-05-06", ""),
        ("B7", "error", "born.date_out_of_range", "born", "before 1900", "31.12.1899", ""),
        ("B8", "error", "born.value_lost", "born", "not a date", "18.13.2024", ""),
    ]
    without = made(rows, check_dates=False).found
    assert [line[:3] for line in without] == [(f"B{n}", "error", "born.value_lost") for n in (6, 7, 8)]


NUMBERS = [["No", "Kg", "Plain"], *([str(n), n * 1.5, "x"] for n in range(1, 41))]


def test_the_text_that_makes_text_of_a_column(made):
    rows = [row[:] for row in NUMBERS]
    rows[7][1], rows[9][2] = "n/a", 5
    outcome = made(rows)
    said = "text among numbers or dates"
    # Of a column that no field has; one that is text but for a few numbers is what it is.
    assert outcome.found == [("B8", "warning", "column_is_text", None, said, "n/a", "n/a")]
    assert [(line["label"], line["column"], line["output"]) for line in outcome.issues] == [("Kg", "B", "B8")]
    header, *written = outcome.rows("A")
    assert written[6][header.index("Issues")] == f"Kg: {said}" and made(rows, report_text_columns=False).found == []
    assert made(rows, remove_unmapped_columns=True).found == []
    # Without the numbers of rows nothing has moved all the same.
    assert made(rows, row_provenance=False).issues[0]["row"] is None


def test_more_texts_are_no_slip(made):
    rows = [row[:] for row in NUMBERS]
    for at in (3, 7, 11):
        rows[at][1] = "n/a"
    assert made(rows).found == []


def test_a_field_that_no_reader_reads(made):
    rows = [["No", "Plain"], *([str(n), n * 1.5] for n in range(1, 41))]
    rows[20][1] = "none"
    assert [line[:4] for line in made(rows).found] == [("B21", "warning", "plain.column_is_text", "plain")]


def test_columns_have_the_types_of_their_fields(made):
    rows = [["No", "Count", "Price"], ["1", 3, "4.50"], ["2", "4", "soon"], ["3", 2.5, 7], ["4", "four", None], ["5", None, "1e3"]]
    outcome = made(rows)
    assert outcome.found == [
        ("C3", "error", "price.wrong_type", "price", "not a number", "soon", ""),
        ("B4", "error", "count.wrong_type", "count", "not a whole number", "2.5", ""),
        ("B5", "error", "count.wrong_type", "count", "not a whole number", "four", ""),
    ]
    written = [tuple(row[1:3]) for row in outcome.rows("A")[1:]]
    assert written == [(3, 4.5), (4, None), (None, 7), (None, None), (None, 1000)]
    assert made(rows, enforce_types=False).found == []


def test_types_that_nobody_knows(run, template):
    (template / "src/ade_config/columns/fields.py").write_text(PACKAGE.replace('"int"', '"floot"'))
    error = run(template, {"A": NUMBERS}).result.error
    assert error.code.value == "config_error"
    known = "it should be bool, int, float, date, datetime, time, duration or text"
    assert error.message.startswith(f"field 'count' has the dtype 'floot'; {known}; did you mean 'float'? (")
    assert "fields.py, line 9" in error.message
    assert run(template, {"A": NUMBERS}, settings={"enforce_types": False}).result.error is None


def test_rows_that_hooks_drop(made):
    rows = [["No", "Kg"], *([str(n), n] for n in range(1, 8))]
    outcome = made(rows, 'table.filter(~pl.col("no").cast(pl.String).is_in(["2", "3", "6"]))')
    (line,) = outcome.issues
    assert (line["sheet"], line["cell"], line["row"], line["table"]) == ("A", None, None, None)
    assert (line["rule"], line["severity"]) == ("rows_dropped", "info")
    assert line["message"] == "3 rows were left out (rows 3 to 4 and 7), by a step of the configuration: fn"
    assert outcome.completed["validation"]["issues_by_severity"] == {"info": 1}
    # What is for information alone is no finding.
    assert "validation_warnings_present" not in [one["code"] for one in outcome.completed["evaluation"]["findings"]]
    assert made(rows, 'table.filter(pl.col("Kg") > 3)', report_dropped_rows=False).issues == []


def test_records_with_more_or_fewer_cells_than_the_header(succeed, template):
    (template / "src/ade_config/columns/fields.py").write_text(PACKAGE)

    def found(text):
        path = template.parent / "list.csv"
        path.write_text(text)
        outcome = succeed(template, path)
        return [(line["row"], line["severity"], line["message"]) for line in outcome.issues if line["rule"] == "cells_in_row"]

    rows = "No,Born,Price,Plain\n1,2024-01-02,950,x\n2,2024-01-03,800,y\n"
    more = "the row has 5 cells, the header 4: "
    assert found(rows) == []
    assert found(rows + "3,2024-01-04,1,250,z\n") == [(4, "error", f"{more}an amount was split at its comma and was joined again; please check it")]
    assert found(rows + "3,2024-01-04,12,z, or\n") == [(4, "error", f"{more}values may stand in wrong columns")]
    assert found(rows + "3,12,z\n") == [(4, "warning", "the row has 3 cells, the header 4: values may stand in wrong columns")]
    assert found(rows + "3,2024-01-04,12,z,,\n") == []


def test_required_fields_of_each_table_of_a_sheet(succeed, template):
    (template / "src/ade_config/columns/fields.py").write_text(PACKAGE.replace('headers=["no"]', 'headers=["no"], required=True'))
    rows = [["No", "Born"], ["1", "2024-01-15"], ["2", "2024-02-28"], [], ["North"], [], ["Depot", "Serial"], ["Y", "7"], ["Z", "8"]]

    def told(rows):
        outcome = succeed(template, {"A": rows})
        missing = [(line["cell"], line["table"]) for line in outcome.issues if line["rule"] == "no.required"]
        return missing, [notice["rows"] for notice in outcome.notices("table_without_fields")]

    assert told(rows) == ([("A7", 2)], [[[7, 9]]])
    # Alone on a sheet it is told, too.
    assert told(rows[6:]) == ([(None, None)], [[[1, 3]]])
    assert told([*rows[:6], ["Serial", "Count"], ["7", 5], ["8", 6]]) == ([("A7", 2)], [])
    assert told([*rows[:6], ["No", "Count"], ["7", 5], ["8", 6]]) == ([], [])


def test_a_column_of_dates_that_a_program_has_half_converted(made):
    days = [dt.date(2026, month, 1) for month in (3, 6, 9, 12)]

    def found(*born):
        return [(line[1], line[4]) for line in made([["No", "Born"], *([str(at), value] for at, value in enumerate(born))]).found if line[2] == "born.half_converted"]

    said = "4 typed days and 3 texts (day first) in one column"
    ((severity, message),) = found(*days, "15/01/2026", "18/01/2026", "21/01/2026")
    assert severity == "error" and message.startswith(said)
    # A day above 12 was typed; a text that could be read both ways was left; too few to say.
    assert found(*days, dt.date(2026, 1, 31), "15/01/2026", "18/01/2026") == []
    assert found(*days, "15/01/2026", "01/02/2026") == [] and found(*days[:2], "15/01/2026", "18/01/2026") == []
