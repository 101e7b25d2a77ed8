"""Tables without a header row: what stays a record, what is told, and what older packages see, which is what they saw."""

import datetime as dt

import pytest

HEADERS = ["Badge number", "First name", "Last name", "E-mail", "Hire date", "Gross pay"]
FIRST = ["Avery", "Jordan", "Casey", "Morgan", "Riley"]
LAST = ["Smith", "Lee", "Diaz", "Kim", "Hall", "Moore", "King"]


def people(count: int, start: int = 0) -> list[list]:
    return [
        [
            f"M-{2019 + n % 5}-{1000 + n}", FIRST[n % 5], LAST[n % 7], f"{FIRST[n % 5].lower()}.{n}@example.org",
            dt.date(2012, 3, 5) + dt.timedelta(11 * n), 1080 + 47.25 * n,
        ]
        for n in range(start, start + count)
    ]  # fmt: skip


@pytest.fixture
def normalize(normalized, template):
    """Runs the template as `ade` runs it: tables as (region, header rows, fields), source rows that were kept, and notices."""
    settings_file = template / "settings.toml"
    written = settings_file.read_text()

    def call(rows: list[list], sheet_settings: str = "", **settings):
        settings_file.write_text(written + sheet_settings)
        outcome = normalized(rows, **settings)
        structures = [table["structure"] for table in outcome.tables]
        fields = [[column["mapping"]["field"] for column in structure["columns"]] for structure in structures]
        tables = [(one["region"]["a1"], one["header"]["row_count"], names) for one, names in zip(structures, fields)]
        return tables, outcome.source_rows(), outcome.notices_by_code

    return call


FIELDS = ["member_id", None, None, "email", "start_date", "pay"]


def test_the_first_record_stays_a_record(normalize):
    tables, kept, notices = normalize(people(12))
    assert tables == [("A1:F12", 0, FIELDS)] and kept == [*range(1, 13)]
    (told,) = notices["no_header_row"]
    assert told["level"] == "warning" and told["rows"] == [[1, 1]] and "no_table" not in notices
    assert "no header row was found; row 1 looks like a record (values; same kinds as the columns below" in told["message"]
    assert all("it has no header" in one["message"] for one in notices["found_by_values"])

    # As it was.
    tables, kept, notices = normalize(people(12), headerless_tables=False)
    assert tables == [("A1:F12", 1, FIELDS)] and kept == [*range(2, 13)] and "no_header_row" not in notices


def test_columns_without_a_header_have_their_places_for_names(run, template):
    outcome = run(template, {"S": people(5)})
    names = outcome.rows("S")[0]
    assert names[:6] == ["Member ID", "col_2", "col_3", "E-mail", "Start date", "Gross pay"]
    columns = outcome.tables[0]["structure"]["columns"]
    assert [column["header"]["raw"] for column in columns] == [None] * 6


@pytest.mark.parametrize(
    "rows, kept",
    [
        # A title, a section head, a total, a note: what they are with a header they are without one.
        ([["Roster 2024"], ["Site: Oslo"], [], *people(5), [], ["Note: preliminary"]], [4, 5, 6, 7, 8]),
        ([["Wholesale"], ["North", 12, 13.5], ["South", 3, 4.5], ["Retail"], ["West", 7, 8.25], ["East", 5, 6.0]], [2, 3, 5, 6]),
        ([["North", 12, 13.5], ["South", 3, 4.5], ["West", 7, 8.25], ["Total", 22, 26.25]], [1, 2, 3]),
        ([[1, "Ann", 12.5], [2, "Bob", 13.5], [3, "Cid", 14.5]], [1, 2, 3]),
        ([[None, None, "a@x.org", "Lee", 12.5], [None, None, "b@x.org", "Ray", 14.5]], [1, 2]),
        # Texts alone.
        ([["Zug", "North", "open"], ["Bern", "West", "closed"], ["Basel", "South", "open"], ["Genf", "East", "open"]], [1, 2, 3, 4]),
        # A single record.
        (people(1), [1]),
        ([["Orders of March"], [], *people(1)], [3]),
        ([[5, 2], [1, 2]], [1, 2]),
    ],
)  # fmt: skip
def test_nothing_is_lost_where_there_is_no_header(normalize, rows, kept):
    tables, found, notices = normalize(rows)
    assert found == kept and tables[0][1] == 0 and notices["no_header_row"][0]["rows"] == [[kept[0], kept[0]]]


@pytest.mark.parametrize("header, rows", [
    (HEADERS, people(1)),
    (["Item", "Qty", "Price"], [["Nut", 5, 1.5], ["Bolt", 3, 2.5]]),
    (["Item", 2022, 2023], [["a", 1, 2], ["b", 3, 4]]),
    (["City", "State", "Status"], [["Zug", "North", "open"], ["Bern", "West", "closed"], ["Basel", "South", "open"]]),
    (["E-mail"], [["a@x.org"], ["b@x.org"], ["c@x.org"]]),
])
def test_a_header_stays_one_without_a_word(normalize, header, rows):
    tables, kept, notices = normalize([header, *rows])
    assert tables[0][1] == 1 and kept == [*range(2, 2 + len(rows))]
    assert not {"no_header_row", "doubtful_header_row", "doubtful_rows"}.intersection(notices)


@pytest.mark.parametrize("header", ["Contact", "Names"])
def test_a_doubtful_header_is_named_with_what_makes_it_doubtful(normalize, header):
    values = [f"{name.lower()}@example.org" for name in FIRST] if header == "Contact" else FIRST
    tables, kept, notices = normalize([[header], *([value] for value in values)])
    # Although a lone column of addresses looks like a list from its first row on.
    assert tables == [("A1:A6", 1, ["email" if header == "Contact" else None])] and kept == [2, 3, 4, 5, 6]
    (told,) = notices["doubtful_header_row"]
    assert told["rows"] == [[1, 1]] and told["message"].startswith("sheet 'S': row 1 taken for the header, but that is not certain (")
    assert "`header_rows = [1]`" in told["message"]


@pytest.mark.parametrize("count", [1, 3])
def test_records_above_the_header_row_are_a_table(normalize, count):
    tables, kept, notices = normalize([*people(count), HEADERS, *people(4, count)])
    assert [(region, header) for region, header, _ in tables] == [(f"A1:F{count}", 0), (f"A{count + 1}:F{count + 5}", 1)]
    assert kept == [*range(1, count + 1), *range(count + 2, count + 6)]
    assert "above the header row stand records" in notices["no_header_row"][0]["message"]
    # As it was.
    tables, kept, notices = normalize([*people(count), HEADERS, *people(4, count)], headerless_tables=False)
    assert len(tables) == 1 and kept == [*range(count + 2, count + 6)] and "no_header_row" not in notices


@pytest.mark.parametrize("above, told", [
    ([["Supplier:", "ACME"], ["Date:", dt.date(2024, 3, 1)], ["Order:", 4711], []], [[1, 3]]),
    ([["Staff list"], [], ["Site:", "Oslo", None, "Date:", dt.date(2024, 3, 1)], ["No.:", 7], []], [[3, 4]]),
    ([["Staff list"], ["Oslo"], []], None),
])
def test_lines_of_names_and_values_above_are_no_records(normalize, above, told):
    tables, kept, notices = normalize([*above, HEADERS, *people(6)])
    first = len(above) + 2
    assert len(tables) == 1 and tables[0][1] == 1 and kept == [*range(first, first + 6)]
    found = [one["rows"] for one in notices.get("rows_left_out", ()) if "above the header row" in one["message"]]
    assert found == ([told] if told else [])


def test_a_row_that_may_be_another_header_is_told(normalize):
    rows = [["Region", "Units", "Net"], ["North", 12, 13.5], ["South", 3, 4.5], ["West", 7, 8.25]]
    tables, kept, notices = normalize([*rows, ["Product", "Price", "Stock"], ["Nut", 1.5, 100], ["Bolt", 2.5, 200]])
    assert len(tables) == 1 and kept == [2, 3, 4, 5, 6, 7] and notices["doubtful_rows"][0]["rows"] == [[5, 5]]


def test_the_user_has_the_last_word(normalize):
    rows = [["Report"], [], *people(4)]
    tables, kept, notices = normalize([["City", "State", "Status"], ["Zug", "North", "open"]], "\n[sheets.S]\nheader_rows = []\n")
    assert tables[0][1] == 0 and kept == [1, 2] and "no_header_row" not in notices
    tables, kept, notices = normalize(rows, "\n[sheets.S]\nheader_rows = [3]\n")
    assert tables[0][:2] == ("A3:F6", 1) and kept == [4, 5, 6] and "no_header_row" not in notices
    tables, kept, _ = normalize(rows, "\n[sheets.S]\nheader_rows = []\n")
    assert tables[0][:2] == ("A3:F6", 0) and kept == [3, 4, 5, 6]
    tables, kept, _ = normalize([*people(2), *rows], '\n[sheets.S]\nrange = "A4:F8"\n')
    assert tables[0][:2] == ("A5:F8", 0) and kept == [5, 6, 7, 8]


#: Of each: a header of three columns and records in rows 2, 3, ...
@pytest.mark.parametrize(
    "rows, kept",
    [
        # What adds up is a total, also with another word beside it, and without any.
        ([["Wholesale"], ["North", 12, 13.5], ["South", 3, 4.5], ["Subtotal", 15, 18.0], ["Retail"], ["West", 1, 2.5],
          ["East", 2, 2.5], ["Subtotal", 3, 5.0], ["Grand total", 18, 23.0]], [3, 4, 7, 8]),
        ([["North", 12, 13.5], ["South", 3, 4.5], ["West", 1, 2.5], [None, 16, 20.5]], [2, 3, 4]),
        ([["North", "12", "1,300.50"], ["South", "3", "4.50"], ["West", "1", "2.50"], [None, "16", "1,307.50"]], [2, 3, 4]),
        # What does not, among records, is one.
        ([["Total station theodolite", 1, 5400.0], ["Tripod", 2, 180.0], ["Gauge", 1, 20.5], ["Prism", 3, 60.25]], [2, 3, 4, 5]),
        ([["North", 12, 13.5], ["South", 3, 4.5], ["West", 1, 2.5], [None, 17, 20.5]], [2, 3, 4, 5]),
    ],
)  # fmt: skip
def test_sums_tell_totals_from_records(normalize, rows, kept):
    assert normalize([["Region", "Units", "Net"], *rows], drop_blank_rows=False)[1] == kept


def test_a_header_that_repeats_is_no_record(normalize):
    """Among texts alone nothing but its words tells it from the records around it."""
    header = ["Artikel", "Ort", "Zustand", "Bemerkung"]

    def records(first: int) -> list[list]:
        return [[f"{what} {first + n}", "Zug", "offen", None] for n, what in enumerate(["Pumpe", "Ventil", "Motor", "Kabel", "Filter"])]

    tables, kept, _ = normalize([header, *records(0), header, *records(5)])
    assert [region for region, _, _ in tables] == ["A1:D6", "A7:D12"] and kept == [2, 3, 4, 5, 6, 8, 9, 10, 11, 12]
    tables, kept, _ = normalize([header, *records(0), header, *records(5)], headerless_tables=False)
    assert len(tables) == 1 and 7 in kept


def test_notes_and_titles_between_records_are_left_out_and_named(normalize):
    rows = [*people(8), [], ["Inventory"], ["Printed 2024-03-01"], [], *people(8, 8)]
    _, kept, notices = normalize(rows)
    assert kept == [*range(1, 9), *range(13, 21)] and [one["rows"] for one in notices["rows_left_out"]] == [[[10, 11]]]


def test_a_record_below_a_header_is_no_part_of_it(normalize):
    """A lone record looks like a second row of the header."""
    record = ["Avery", "A-3031", "open", None, "drew@example.org"]
    tables, kept, _ = normalize([["Given name", "Artikelnr", "State", "Remarks", "Mail"], record, [], ["* estimated"]])
    assert tables[0][:2] == ("A1:E2", 1) and kept == [2]


def test_a_section_head_is_no_number(normalize):
    header = ["Hours", "First name", "Item", "Net", "Last name"]
    rows = [[n * 7, FIRST[n % 5], "Valve", 1.5 * n, LAST[n % 7]] for n in range(1, 9)]
    _, kept, _ = normalize([header, *rows, [162, None, None, None, None], *rows])
    assert kept == [*range(2, 19)]


def test_a_last_section_head_without_rows_makes_no_column(normalize):
    _, kept, notices = normalize([HEADERS, *people(4), ["Page 2"], HEADERS, *people(4, 4)])
    assert kept == [2, 3, 4, 5, 8, 9, 10, 11] and notices["rows_left_out"][0]["rows"] == [[6, 6]]
