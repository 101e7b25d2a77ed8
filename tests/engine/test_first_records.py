"""First records without a value of their column's kind: they stay below the header."""

import datetime as dt

import pytest


@pytest.fixture
def find(normalized):
    """Runs the template as `ade` runs it: the rows of the header, those of the records, and what is said of the first of them."""

    def call(rows):
        outcome = normalized(rows, drop_blank_rows=False)
        (table,) = outcome.tables
        told = [(one["rows"], one["level"]) for one in outcome.notices("doubtful_header_row")]
        return table["structure"]["header"]["row_count"], outcome.source_rows(), told

    return call


@pytest.mark.parametrize(("rows", "doubtful"), [
    ([["Name", "Hours"], ["Ada Blom", "on leave"], ["Bo Cohen", 35], ["Cy Dahl", 40]], [2, 2]),
    ([["Employer", "Pay"], ["Pen", "on request"], ["Pad", "45.00"]], [2, 2]),
    ([["Employer", "Hours", "Pay"], ["Pen", "-", "-"], ["Pad", 3, 45.5]], [2, 2]),
    ([["Name", "Pay", "Hire date"], ["Pen", "on request", "open"], ["Ink", "on request", "open"], ["Pad", "45.00", "01.02.2025"]], [2, 3]),
])
def test_a_first_record_of_texts_is_no_part_of_the_header(find, rows, doubtful):
    header_rows, found, told = find(rows)
    assert header_rows == 1 and found == [*range(2, len(rows) + 1)] and told == [([doubtful], "warning")]


@pytest.mark.parametrize("below", [["", "(net)", "(gross)"], ["", "h", "EUR"], ["(full)", "h", "EUR"], ["as in the contract", "per week", "per month"]])
def test_units_and_remarks_below_names_are_no_record(find, below):
    header_rows, found, _ = find([["Name", "Hours", "Pay"], below, ["Bo Cohen", 35, 1200.5], ["Cy Dahl", 40, 1300.5], ["Di Eng", 38, 1250.5]])
    assert header_rows == 2 and found == [3, 4, 5]


NUMBERS = [["Bo Cohen", 12, 4], ["Cy Dahl", 14, 5], ["Di Eng", 11, 8]]


def test_a_first_record_below_one_known_name_stays_one(find):
    header_rows, found, told = find([["Name", "Blorb", "Zzz?"], ["Ada Blom", "wup", "red"], *NUMBERS])
    assert header_rows == 1 and found == [2, 3, 4, 5] and told == [([[2, 2]], "warning")]


@pytest.mark.parametrize(
    "rows",
    [
        # No name is known; one cell may be a unit.
        [["Wer", "Blorb", "Zzz?"], ["Ada Blom", "wup", "red"], *NUMBERS],
        [["Name", "Blorb", "Zzz?"], ["Ada Blom", "wup", "kg"], *NUMBERS],
    ],
)
def test_a_full_row_of_texts_in_the_header_is_told(find, rows):
    header_rows, found, told = find(rows)
    assert header_rows == 2 and found == [3, 4, 5] and told == [([[2, 2]], "warning")]


@pytest.mark.parametrize("rows", [
    [["Name", "Blorb", "Zzz?"], ["", "(net)", "(gross)"], *NUMBERS],
    [["Name", "Blorb", "Zzz?"], ["(full)", "kg", "EUR"], *NUMBERS],
    [["Name", "Blorb", "Blorb"], ["Whose", "inland", "abroad"], *NUMBERS],
])
def test_second_rows_of_a_header_are_not_doubted(find, rows):
    header_rows, found, told = find(rows)
    assert header_rows == 2 and found == [3, 4, 5] and told == []


HEADER = ["Member ID", "Last name", "Start date", "Hours", "Pay"]


def of_people(*numbers):
    return [[f"M-{n:03}", f"King{n}", dt.date(2024, 1, 1 + n), 30 + n, 1000.5 + n] for n in numbers]


@pytest.mark.parametrize(("above", "below", "sections"), [
    ("Smith, Anna", "Brown, Bert", ["Smith, Anna", "Brown, Bert"]),
    ("Smith, Anna", "Smith, Anna (continued)", ["Smith, Anna", "Smith, Anna"]),
    ("Week 37", "Week 38", ["Week 37", "Week 38"]),
    # Pages and notes are none.
    ("Page 1 of 2", "Page 2 of 2", [None, None]),
    ("Responsible:", "Checked:", [None, None]),
])  # fmt: skip
def test_a_line_alone_above_each_of_several_headers_is_its_section(run_by_ade, template, above, below, sections):
    rows = [[above], HEADER, *of_people(1, 2, 3), [], [below], HEADER, *of_people(4, 5, 6)]
    outcome = run_by_ade(template, {"S": rows})
    found = [{record.get("Section") for record in records} for records in outcome.records("S")]
    assert found == [{section} for section in sections]


def test_the_title_of_a_single_table_is_no_section(run_by_ade, template):
    outcome = run_by_ade(template, {"S": [["Smith, Anna"], HEADER, *of_people(1, 2, 3)]})
    assert "Section" not in outcome.rows("S")[0]


@pytest.mark.parametrize("value", ["Week 38", "KW 38/2025", dt.date(2025, 6, 30), "30.06.2025", "Period:"])
def test_a_value_alone_above_a_header_is_no_part_of_it(run_by_ade, template, value):
    outcome = run_by_ade(template, {"S": [[None, None, value], HEADER, *of_people(1, 2, 3, 4)]})
    assert len(outcome.records("S")[0]) == 4 and not [name for name in outcome.rows("S")[0] if str(value) in str(name)]


@pytest.mark.parametrize(("sites", "code"), [
    (["North", '"', '"', "South", '"', '"'], "ditto_marks"),
    (["North", None, None, "South", None, None], "filled_once"),
    ([dt.date(2025, 3, 13), None, None, dt.date(2025, 3, 14), None, None], "filled_once"),
    (["North", "wie oben", "wie oben", "South", "s.o.", "s.o."], "ditto_marks"),
    # Seldom filled, or as names that come again.
    (["North", None, "South", "East", None, "West"], None),
    (["x", None, None, "x", None, None], None),
])  # fmt: skip
def test_cells_that_stand_for_the_value_above_are_told(run_by_ade, template, sites, code):
    rows = [["Site", *HEADER], *([site, *record] for site, record in zip(sites, of_people(1, 2, 3, 4, 5, 6)))]
    outcome = run_by_ade(template, {"S": rows})
    told = [notice["code"] for notice in outcome.noticed["notices"] if notice["code"] in ("ditto_marks", "filled_once")]
    assert told == ([code] if code else [])


@pytest.mark.parametrize(("above", "below", "sections"), [
    ([["Employee:", "Ann Lee"]], [["Employee:", "Bob Ray"]], ["Ann Lee", "Bob Ray"]),
    ([["Ann Lee", "Welder"]], [["Bob Ray", "Painter"]], ["Ann Lee / Welder", "Bob Ray / Painter"]),
    ([["Ann Lee"], ["Week 38"]], [["Bob Ray"], ["Week 38"]], ["Ann Lee", "Bob Ray"]),
    # As many cells as a record has, and a title that both tables have.
    ([["M-009", "King", "x", "y", "z"]], [["M-008", "King", "x", "y", "z"]], [None, None]),
    ([["Time sheet"]], [["Time sheet"]], [None, None]),
])  # fmt: skip
def test_what_differs_in_the_lines_above_equal_headers_is_their_section(run_by_ade, template, above, below, sections):
    outcome = run_by_ade(template, {"S": [*above, HEADER, *of_people(1, 2, 3), [], *below, HEADER, *of_people(4, 5, 6)]})
    found = [{record.get("Section") for record in records} for records in outcome.records("S")]
    assert found == [{section} for section in sections]


PIVOT = [["North", 300], ["Pumps", 100], ["Valves", 200], ["South", 450], ["Pumps", 150], ["Valves", 300]]


@pytest.mark.parametrize(("rows", "records"), [
    ([*PIVOT, ["Grand Total", 750]], [("Pumps", "North"), ("Valves", "North"), ("Pumps", "South"), ("Valves", "South")]),
    ([["2024", 300], *PIVOT[:3], ["2025", 450], *PIVOT[3:], ["Grand Total", 750]], [("Pumps", "2024 / North"), ("Valves", "2024 / North"), ("Pumps", "2025 / South"), ("Valves", "2025 / South")]),
    # The last row says something else, and without one nothing says what the first of three is.
    ([*PIVOT, ["Grand Total", 751]], None),
    (PIVOT, None),
])  # fmt: skip
def test_a_compact_pivot_keeps_the_names_of_its_groups_and_counts_nothing_twice(run_by_ade, template, rows, records):
    outcome = run_by_ade(template, {"S": [["Last name", "Pay"], *rows]})
    found = [(record["Last name"], record.get("Section")) for record in outcome.records("S")[0]]
    if records is None:
        assert len([name for name, _ in found if name in ("North", "South")]) == 2
    else:
        assert found == records


def test_a_name_alone_in_the_first_row_is_a_record_and_told(run_by_ade, template):
    rows = [["Last name", "Hours", "Pay"], ["Lee", None, None], ["Ray", 30, 1000.5], ["Orr", 31, 900.25]]
    outcome = run_by_ade(template, {"S": rows})
    assert [record["Last name"] for record in outcome.records("S")[0]] == ["Lee", "Ray", "Orr"]
    assert "doubtful_rows" in [notice["code"] for notice in outcome.noticed["notices"]]


@pytest.mark.parametrize("starts", [[dt.date(2025, 1, 13), dt.date(2025, 1, 14), dt.date(2025, 1, 15)], ["A1", "A2", "A3"], ["13.01.2025", "14.01.2025", "15.01.2025"]])
def test_day_and_amount_alone_are_a_record_whatever_they_add_up_to(run_by_ade, template, starts):
    rows = [["Start date", "Last name", "Pay"], [starts[0], "Rent", 1000.5], [starts[1], "Food", 2500.25], [starts[2], None, 3500.75]]
    assert len(run_by_ade(template, {"S": rows}).records("S")[0]) == 3
    rows[-1][0] = None
    assert len(run_by_ade(template, {"S": rows}).records("S")[0]) == 2
