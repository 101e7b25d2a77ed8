"""Tables whose names stand below each other: turned where that is sure, told otherwise, and never lost."""

import datetime as dt

import pytest
from conftest import plugin

CREW = [
    ["Member ID", "M-101", "M-102", "M-103", "M-104"],
    ["First name", "Ann", "Bo", "Cy", "Di"],
    ["Last name", "Hall", "Kim", "Lee", "Moore"],
    ["E-mail", "ann@example.org", None, "cy@example.org", "di@example.org"],
    ["Hire date", dt.date(2021, 5, 3), dt.date(2022, 5, 3), dt.date(2020, 1, 7), dt.date(2019, 9, 9)],
    ["Pay", 1000.5, 1033.25, 990, 1500],
    ["Locker", 12, 14, 15, 11],
]
STRANGE = [
    ["Ticket", "T-1", "T-2", "T-3"],
    ["Client", "Alder & Co", "Birch Ltd", "Cedar plc"],
    ["Place", "Bern", "Lyon", "Graz"],
    ["Fee", 120.5, 153.75, 187],
    ["Due", dt.date(2024, 3, 4), dt.date(2024, 3, 5), dt.date(2024, 3, 6)],
]


@pytest.fixture
def normalize(normalized):
    """The records of the one table, the number of its header rows, and notices by code."""

    def call(rows, **settings):
        outcome = normalized(rows, **settings)
        (table,) = outcome.tables
        names, *found = outcome.rows("S")
        return [dict(zip(names, row)) for row in found], table["structure"]["header"]["row_count"], outcome.notices_by_code

    return call


@pytest.mark.parametrize("above", [[], [["Crew of the north"], []]])
@pytest.mark.parametrize("left", [0, 1])
def test_a_table_on_its_side_is_turned(normalize, above, left):
    table, header_rows, notices = normalize([*above, *([None] * left + row for row in CREW)])
    # Numbers of columns are no numbers of rows.
    assert header_rows == 1 and [row["Source column"] for row in table] == [*range(2 + left, 6 + left)]
    assert not any("Source row" in row for row in table)
    assert [row["Member ID"] for row in table] == CREW[0][1:] and [row["Gross pay"] for row in table] == CREW[5][1:]
    assert [row["E-mail"] for row in table] == CREW[3][1:] and [row["Locker"] for row in table] == CREW[6][1:]
    assert table[1]["Start date"] == dt.datetime(2022, 5, 3)
    (told,) = notices["table_on_its_side"]
    assert told["level"] == "info" and "was turned" in told["message"] and told["rows"] == [[1 + len(above), 7 + len(above)]]
    assert not {"rows_left_out", "no_header_row", "doubtful_header_row"} & notices.keys()


def test_a_single_record_is_turned(normalize):
    table, _, _ = normalize([row[:2] for row in CREW])
    assert [row["Last name"] for row in table] == ["Hall"] and table[0]["Gross pay"] == 1000.5


@pytest.mark.parametrize(
    ("rows", "settings"),
    [
        (CREW, {"turn_tables": False}),
        # Two words of fields are too few, and so is none.
        ([["Member ID", "M-101", "M-102"], ["Pay", 1000.5, 1033.25], ["Locker", 12, 14]], {}),
        (STRANGE, {}),
        # A list of names and their meanings.
        ([["First name", "text"], ["Last name", "text"], ["E-mail", "text"]], {}),
    ],
)
def test_a_table_that_is_not_turned_is_told_and_keeps_its_rows(normalize, rows, settings):
    table, header_rows, notices = normalize(rows, **settings)
    assert header_rows == 0 and [row["Source row"] for row in table] == [*range(1, len(rows) + 1)]
    assert [row["col_1"] for row in table] == [row[0] for row in rows]
    (told,) = notices["table_on_its_side"]
    assert told["level"] == "warning" and told["rows"] == [[1, len(rows)]] and "rows_left_out" not in notices


@pytest.mark.parametrize("rows", [
    [["Year", "2021", "2022", "2023"], ["Revenue", 100.5, 200.5, 300.5], ["Costs", 50.5, 60.5, 70.5], ["Margin", 50, 140, 230]],
    [["Region", "Net", "Gross"], ["North", 12.5, 14.5], ["South", 13.5, 15.5], ["East", "n/a", "n/a"], ["West", "n/a", "n/a"]],
    [[*row] for row in zip(*STRANGE)],
    [[*row] for row in zip(*CREW)],
])
def test_a_table_on_its_feet_stays(normalize, rows):
    table, header_rows, notices = normalize(rows)
    assert header_rows == 1 and len(table) == len(rows) - 1 and "table_on_its_side" not in notices


@pytest.mark.parametrize(
    "rows",
    [
        # Three words of one field are one, and months stand beside the first.
        [["Employer", "Jan", "Feb", "Mar"], ["Wages", 100.5, 120.5, 130.5], ["Pay", 60.5, 61.5, 62.5], ["Gross pay", 20.5, 22.5, 25.5]],
        [["Category", "Jan", "Feb", "Mar"], ["Wages", 100.5, 120.5, 130.5], ["Hours", 38, 40, 37], ["Mobile", 20.5, 22.5, 25.5]],
        [["Employer", "2023", "2024"], ["Wages", 100.5, 120.5], ["Hours", 38, 40], ["Mobile", 20.5, 22.5]],
        # Words of two fields stand in the first row.
        [["Employer", "Hours"], ["Phone", 3], ["Mobile", 2], ["Pay", 4]],
    ],
)
def test_a_header_of_columns_is_no_line_of_a_record(normalize, rows):
    table, header_rows, notices = normalize(rows, drop_blank_rows=False)
    assert "table_on_its_side" not in notices and header_rows == 1 and len(table) == len(rows) - 1


def test_a_record_that_a_hook_drops_is_a_column_of_the_sheet(normalized, template):
    body = "return table.filter(~pl.nth(0).is_in(['M-102', 'M-103'][:settings.detector_column_sample_size]))"
    hook = template / "src/ade_config/hooks/some.py"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(plugin("on_table_validated", body, "*, table, settings, **_"))

    def told(dropped):
        outcome = normalized([["Crew of the north"], [], *CREW], issue_list=True, detector_column_sample_size=dropped)
        (notice,) = outcome.notices("rows_dropped")
        (issue,) = [one for one in outcome.issues if one["rule"] == "rows_dropped"]
        assert "rows" not in notice and issue["row"] is issue["cell"] is None
        return notice["message"], notice["cells"], issue["column"], issue["message"]

    assert told(1) == (
        "sheet 'S': the hook fn of ade_config.hooks.some dropped 1 row (column C)",
        ["C3"],
        "C",
        "1 row was left out (column C), by a step of the configuration: fn",
    )
    assert told(2) == (
        "sheet 'S': the hook fn of ade_config.hooks.some dropped 2 rows (columns C to D)",
        ["C3", "D3"],
        None,
        "2 rows were left out (columns C to D), by a step of the configuration: fn",
    )


def test_a_total_that_is_left_out_is_a_column_of_the_sheet(normalize):
    totals = ["Total", None, None, None, None, 9999.25, 52]
    table, _, notices = normalize([["Crew of the north"], [], *(row + [total] for row, total in zip(CREW, totals))])
    assert [row["Source column"] for row in table] == [2, 3, 4, 5]
    (left_out,), (differs,) = notices["rows_left_out"], notices["total_differs"]
    assert left_out["message"].endswith("1 row of totals left out (column F)") and left_out["cells"] == ["F3"] and "rows" not in left_out
    assert "the total in F8 is not the sum of what was kept (columns B to E)" in differs["message"] and differs["cells"] == ["F8"]


def test_what_fails_at_a_field_of_a_turned_table_names_no_column_of_the_sheet(run, template):
    late = plugin("transform", "raise ValueError('no')").replace("field='a', priority=1", "field='email', priority=0")
    (template / "src/ade_config/columns/late.py").write_text(late)
    upright = [list(row) for row in zip(*CREW)]
    for rows, column in ((upright, "D"), (CREW, None)):
        data = run(template, {"S": rows}).named("log")[-1]["data"]
        assert data["callable"].endswith("late.fn") and data["sheet"] == "S" and data.get("column") == column
