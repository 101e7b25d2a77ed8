"""Rows that only their neighbours explain: lines of records, section heads, page titles, further headers, lone texts."""

import pytest

HEADERS = ["Ticket", "Client", "Place", "Fee"]
CLIENTS = ["Alder & Co", "Birch Ltd", "Cedar plc", "Dogwood AG", "Elm GmbH", "Fir SA", "Gorse BV", "Hazel Inc"]
PLACES = ["Bern", "Lyon", "Graz", "Oslo", "Turku", "Gent", "Porto", "Brno"]
TICKETS = [[f"T-{1001 + 7 * n}", CLIENTS[n], PLACES[n], 120.5 + 33.25 * n] for n in range(8)]


@pytest.fixture
def normalize(normalized):
    """The records of each table, and notices by code."""

    def call(rows, **settings):
        outcome = normalized(rows, **settings)
        return outcome.records("S"), outcome.notices_by_code

    return call


def numbers(table):
    return [row["Source row"] for row in table]


def with_lines(line):
    rows = [HEADERS]
    for n, ticket in enumerate(TICKETS):
        rows += [ticket, *line(n)]
    return rows


LINES = {
    "below each": (lambda n: [[None, f"{n + 3} High Street"]], {"Client line 2": "3 High Street"}),
    "below some": (lambda n: [[None, f"c/o {PLACES[n]}"]] if n % 3 == 0 else [], {"Client line 2": "c/o Bern"}),
    "below all but the last": (lambda n: [[None, f"{n + 3} High Street"]] if n < 7 else [], {"Client line 2": "3 High Street"}),
    "two texts": (lambda n: [[None, f"{n + 3} High Street", f"Box {n}"]], {"Client line 2": "3 High Street", "Place line 2": "Box 0"}),
    "two lines": (lambda n: [[None, f"{n + 3} High Street"], [None, f"Yard {n}"]], {"Client line 2": "3 High Street", "Client line 3": "Yard 0"}),
    "in the first column": (lambda n: [[f"attn. Ms {PLACES[n]}er"]] if n % 2 else [], {"Ticket line 2": None}),
}  # fmt: skip


@pytest.mark.parametrize("case", LINES)
def test_the_lines_of_a_record_are_columns_of_it(normalize, case):
    line, first = LINES[case]
    (table,), notices = normalize(with_lines(line))
    assert [row["Client"] for row in table] == CLIENTS and "Section" not in table[0]
    assert {name: table[0][name] for name in first} == first
    (told,) = notices["lines_of_records"]
    assert told["level"] == "info" and told["count"] == sum(len(line(n)) for n in range(8))
    assert "rows_left_out" not in notices


def test_without_the_setting_they_are_what_they_were(normalize):
    (table,), notices = normalize(with_lines(LINES["below each"][0]), rows_by_context=False)
    assert not any("line" in name for name in table[0]) and "lines_of_records" not in notices


def test_a_header_of_two_rows_names_both_lines(normalize):
    rows = [["Client", "Street", "Fee"], ["Branch", "Town", None]]
    for n in range(6):
        rows += [[CLIENTS[n], f"{n} Mill Lane", 100.25 + 7 * n], ["Sales", PLACES[n], None]]
    (table,), _ = normalize(rows)
    assert numbers(table) == [3, 5, 7, 9, 11, 13]
    assert [table[1][name] for name in ("Client", "Street", "Branch", "Town")] == ["Birch Ltd", "1 Mill Lane", "Sales", "Lyon"]


def test_a_note_below_the_last_record_is_no_line_of_it(normalize):
    rows = with_lines(lambda n: [["Age of the users"]] if n in (2, 5) else [])
    rows.append(["The figures of this table come from a survey that was done in the spring of last year."])
    (table,), notices = normalize(rows)
    assert len(table) == 8 and "lines_of_records" not in notices


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("records", [1, 2, 4])
def test_a_table_that_begins_with_a_section_head_has_sections(normalize, place, records):
    rows, sections = [HEADERS], []
    for n, ticket in enumerate(TICKETS):
        if n % records == 0:
            rows.append([None] * place + [f"{PLACES[n]} branch"])
        sections.append(f"{PLACES[n - n % records]} branch")
        rows.append(ticket)
    (table,), notices = normalize(rows)
    # Not a part of the header, either.
    assert [row["Section"] for row in table] == sections and "Ticket" in table[0] and "Client" in table[0]
    assert not {"lines_of_records", "doubtful_rows"} & notices.keys()
    assert {one["level"] for one in notices.get("doubtful_header_row", [])} <= {"info"}


@pytest.mark.parametrize("rows", [
    [["Order", "Customer", "Article"], [1001, "Blom Ltd", "Hammer"], [None, None, "Nails"], [None, None, "Saw"],
     [1002, "Cohen & Co", "Screws"], [None, None, "Glue"], [1003, "Dahl AG", "Drill"]],
    [["Team", "Member"], ["North", "Ada"], [None, "Bo"], [None, "Cy"], ["South", "Di"], [None, "Eli"], ["West", "Flo"]],
    [["Course", "Dish"], ["Starter", "Soup"], [None, "Salad"], ["Main", "Fish"], [None, "Pasta"], ["Dessert", "Cake"]],
])  # fmt: skip
def test_items_below_a_key_that_is_written_once_are_records(normalize, rows):
    (table,), notices = normalize(rows)
    assert numbers(table) == [*range(2, len(rows) + 1)] and [row[rows[0][-1]] for row in table] == [row[-1] for row in rows[1:]]
    assert not {"lines_of_records", "rows_left_out"} & notices.keys()


@pytest.mark.parametrize("text", [["customer called, will pay later"], [None, "see the contract of 2019"]])
def test_a_lone_text_between_records_is_told(normalize, text):
    (table,), notices = normalize([HEADERS, *TICKETS[:4], text, *TICKETS[4:]])
    assert [row["Client"] for row in table] == CLIENTS and "Section" not in table[0]
    (told,) = notices["doubtful_rows"]
    assert told["rows"] == [[6, 6]] and told["level"] == "warning" and "left out" in told["message"]


def test_a_lone_text_below_a_blank_row_is_a_section_head(normalize):
    (table,), notices = normalize([HEADERS, *TICKETS[:4], [], ["Branches abroad"], *TICKETS[4:]])
    table = [row for row in table if row["Ticket"]]
    assert [row["Section"] for row in table] == [None] * 4 + ["Branches abroad"] * 4 and "doubtful_rows" not in notices


def test_a_lone_text_between_blank_rows_is_no_header(normalize):
    (table,), notices = normalize([HEADERS, *TICKETS[:4], [], ["prices with tax from here"], [], *TICKETS[4:]])
    assert [row["Client"] for row in table if row["Ticket"]] == CLIENTS
    assert [one["rows"] for one in notices["rows_left_out"]] == [[[7, 7]]]


def people(start, stop):
    return [[n, f"{PLACES[n % 8]}er, {CLIENTS[n % 8].split()[0]}", 100.5 + n * 3] for n in range(start, stop)]


PAGES = ["No", "Name", "Pay"]


@pytest.mark.parametrize("title", [["Report 2024"], ["Report 2024", None, "Page %"], ["Page %"]])
def test_the_title_of_a_page_is_no_part_of_its_header(normalize, title):
    rows, kept = [], []
    for page in range(3):
        rows.append([cell and cell.replace("%", str(page + 1)) for cell in title])
        rows.append(PAGES)
        kept.append([*range(len(rows) + 1, len(rows) + 9)])
        rows += people(page * 8 + 1, page * 8 + 9)
    tables, notices = normalize(rows)
    assert [numbers(table) for table in tables] == kept
    assert all({"No", "Gross pay", "Last name"} <= table[0].keys() for table in tables)
    assert any([11, 11] in one["rows"] for one in notices["rows_left_out"])


def test_the_foot_of_a_page_is_no_record(normalize):
    rows = []
    for page in range(3):
        rows += [PAGES, *people(page * 8 + 1, page * 8 + 9), ["printed 3 May", None, f"Page {page + 1}"]]
    tables, _ = normalize(rows)
    assert [len(table) for table in tables] == [8, 8, 8]


@pytest.mark.parametrize("labels", [("2023", "2024"), ("Amounts", "Amounts")])
def test_the_label_above_a_header_stays(normalize, labels):
    rows = []
    for label in labels:
        rows += [[None, label], ["Region", "Net", "Gross"], *([place, n + 1.5, n + 2.5] for n, place in enumerate(PLACES)), []]
    tables, _ = normalize(rows)
    assert [[*table[0]][:3] for table in tables] == [["Region", f"{label} Net", f"{label} Gross"] for label in labels]


TOWNS = [["Company", "Town", "Country"], ["Ann", "Bern", "Switzerland"], ["Bo", "Lyon", "France"], ["Cy", "Graz", "Austria"]]
GOODS = [["Chair", "red", "Alder"], ["Table", "green", "Birch"], ["Lamp", "white", "Cedar"]]


def test_a_word_of_a_field_makes_the_header_of_a_further_table_of_texts(normalize):
    tables, notices = normalize([*TOWNS, [], ["Product", "Contractor", "Maker"], *GOODS])
    assert [one["rows"] for one in notices["doubtful_header_row"]] == [[[6, 6]]]
    assert [numbers(table) for table in tables] == [[2, 3, 4], [7, 8, 9]]
    assert [row["Employer"] for row in tables[1]] == ["red", "green", "white"]


def test_a_word_that_recurs_in_its_column_makes_no_header(normalize):
    people = [["Company", "Town", "Way"], ["Alder", "Bern", "Mail"], [], ["Birch", "Lyon", "Phone"], ["Cedar", "Graz", "Phone"]]
    (table,), _ = normalize(people)
    assert numbers(table) == [2, 4, 5]


@pytest.mark.parametrize("above", [[[]], [[], ["Goods"]], [[], []]])
def test_a_row_that_may_be_the_header_of_a_further_table_of_texts_is_told(normalize, above):
    (table,), notices = normalize([*TOWNS, *above, ["Product", "Colour", "Maker"], *GOODS])
    row = 5 + len(above)
    assert numbers(table) == [2, 3, 4, *range(row, row + 4)]
    (told,) = notices["doubtful_rows"]
    assert "may be the header of another table" in told["message"] and told["rows"] == [[row, row]]


STAFF = [["Ada Blom", 38, 1200.5], ["Bo Cohen", 36, 1100.5], ["Cy Dahl", 40, 1300.75], ["Di Eng", 39, 1250.25], ["Eli Falk", 37, 1150.75]]


@pytest.mark.parametrize("at", [[1], [3], [1, 2], [1, 3]])
def test_a_record_of_a_name_alone_stays_and_is_told(normalize, at):
    rows = [[name] if n in at else [name, *values] for n, (name, *values) in enumerate(STAFF)]
    (table,), notices = normalize([["Name", "Hours", "Pay"], *rows])
    assert [row["Name"] for row in table] == [row[0] for row in STAFF] and "Section" not in table[0]
    (told,) = [one for one in notices["doubtful_rows"] if "with nothing but a name" in one["message"]]
    assert told["level"] == "warning" and told["count"] == len(at) and "rows_left_out" not in notices


@pytest.mark.parametrize("text", ["delivered late, see mail", "See the letter of the bank", "Still open:"])
def test_a_note_between_names_is_left_out_and_told(normalize, text):
    (table,), notices = normalize([["Name", "Hours", "Pay"], *STAFF[:2], [text], *STAFF[2:]])
    assert [row["Name"] for row in table] == [row[0] for row in STAFF] and "Section" not in table[0]
    assert [one["rows"] for one in notices["doubtful_rows"]] == [[[4, 4]]]


@pytest.mark.parametrize("rows", [[["North"], *STAFF[:3], ["South"], *STAFF[3:]], [*STAFF[:3], [], ["South"], *STAFF[3:]]])
def test_a_section_head_among_names_is_one(normalize, rows):
    (table,), notices = normalize([["Name", "Hours", "Pay"], *rows])
    assert [row["Name"] for row in table if row["Name"]] == [row[0] for row in STAFF]
    assert table[-1]["Section"] == "South" and "doubtful_rows" not in notices
