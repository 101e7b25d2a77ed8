"""Blank columns: spacers of one table, gaps between tables beside one another, notes beside a table."""

import datetime as dt

import pytest

CLIENTS = ["Alder & Co", "Birch Ltd", "Cedar plc", "Dogwood AG", "Elm GmbH", "Fir SA", "Gorse BV", "Hazel Inc"]
PLACES = ["Bern", "Lyon", "Graz", "Oslo", "Turku", "Gent", "Porto", "Brno"]
LEFT = [["Ticket", "Client", "Fee"], *([f"T-{1001 + 7 * n}", CLIENTS[n], 120.5 + 33.25 * n] for n in range(8))]
SAME = [["Ticket", "Client", "Fee"], *([f"Q-{n}", f"{PLACES[n]} Ltd", 11.5 + n] for n in range(8))]
OTHER = [["Product", "Stock"], *([f"Bolt {PLACES[n]}", 7 * n + 3] for n in range(8))]


def beside(*tables, gap=1):
    """Tables beside one another, with blank columns between."""
    rows = [[] for _ in range(max(map(len, tables)))]
    for table in tables:
        for number, row in enumerate(rows):
            row += [None] * (gap if row or table is not tables[0] else 0)
            row += table[number] if number < len(table) else [None] * len(table[0])
    return rows


@pytest.fixture
def normalize(normalized):
    """Runs the template as `ade` runs it: region and rows of each table, and notices by code."""

    def call(rows, **settings):
        outcome = normalized(rows, **settings)
        regions = [table["structure"]["region"]["a1"] for table in outcome.tables]
        return regions, outcome.records(), outcome.notices_by_code

    return call


def numbers(table):
    return [row["Source row"] for row in table]


@pytest.mark.parametrize("gap", [1, 3])
@pytest.mark.parametrize(("left", "right"), [(8, 8), (8, 5), (5, 8), (3, 8)])
def test_a_key_that_is_named_twice_makes_two_tables(normalize, left, right, gap):
    _, tables, notices = normalize(beside(LEFT[: left + 1], SAME[: right + 1], gap=gap))
    assert [numbers(table) for table in tables] == [[*range(2, left + 2)], [*range(2, right + 2)]]
    (told,) = notices["tables_side_by_side"]
    assert (told["level"], told["count"]) == ("info", 2) and "in columns A to C and" in told["message"]


def test_without_the_settings_they_are_one_table(normalize):
    regions, _, _ = normalize(beside(LEFT, SAME), split_side_by_side_tables=False)
    assert regions == ["A1:G9"]


def test_tables_of_any_lengths_beside_and_below_one_another(normalize):
    regions, tables, _ = normalize(beside(LEFT[:5], OTHER))
    assert regions == ["A1:C5", "E1:F9"] and [row["Stock"] for row in tables[1]] == [row[1] for row in OTHER[1:]]
    # One with known words ends above the other.
    known = [["Member ID", "Pay"], *([f"M-{n}", 1000.5 + n] for n in range(8))]
    other = [["Employer", "Phone"], *([CLIENTS[n], f"+41 44 668 18 0{n}"] for n in range(5))]
    regions, tables, _ = normalize(beside(known, other))
    assert regions == ["A1:B9", "D1:E6"] and [row["Employer"] for row in tables[1]] == CLIENTS[:5]
    assert normalize(beside(LEFT[:4], SAME[:6], OTHER))[0] == ["A1:C4", "E1:G6", "I1:J9"]
    regions, _, _ = normalize([*beside(LEFT, SAME[:6]), [], [], *beside(OTHER[:6], OTHER[:4])])
    assert regions == ["A1:C9", "E1:G6", "A12:B17", "D12:E15"]
    # One begins lower.
    regions, tables, _ = normalize(beside(LEFT[:6], [[None, None]] * 3 + OTHER[:4]))
    assert regions == ["A1:C6", "E4:F7"] and [row["Product"] for row in tables[1]] == [row[0] for row in OTHER[1:4]]


def test_each_table_has_its_title_and_its_totals(normalize):
    left = [["January", None, None], *LEFT[:6], ["Total", None, sum(row[2] for row in LEFT[1:6])]]
    right = [["February", None, None], *SAME]
    regions, tables, notices = normalize(beside(left, right))
    # The record beside the total stays.
    assert [numbers(table) for table in tables] == [[3, 4, 5, 6, 7], [*range(3, 11)]]
    assert [row["Client"] for row in tables[1]] == [row[1] for row in SAME[1:]]
    assert [8, 8] in notices["rows_left_out"][0]["rows"]


SPACERS = {
    "one": [["Ticket", "Client", None, "Place", "Fee"], *([f"T-{n}", CLIENTS[n], None, PLACES[n], 9.5 + n] for n in range(8))],
    "two": [["Ticket", None, "Client", "Place", None, "Fee"], *([f"T-{n}", None, CLIENTS[n], "Bern", None, 9.5 + n] for n in range(8))],
    "total": [
        ["Ticket", "Client", None, "Hours", "Fee"],
        *([f"T-{n}", CLIENTS[n], None, n + 2.5, 9.5 + n] for n in range(8)),
        ["Total", None, None, 48.0, 104.0],
    ],
    "labels": [
        [None, "2023", None, None, "2024"],
        ["Region", "Net", "Gross", None, "Net", "Gross"],
        *([place, n + 1.5, n + 2.5, None, n + 3.5, n + 5.5] for n, place in enumerate(PLACES)),
    ],
    "a name on both sides": [
        ["Name", "Place", None, "Name", "Phone"],
        *([f"{place}er, Ann", place, None, client, f"+41 44 668 18 0{n}"] for n, (place, client) in enumerate(zip(PLACES, CLIENTS))),
    ],
    "the key again": [
        ["Region", "Net", "Gross", None, "Region", "Tax"],
        *([place, n + 1.5, n + 2.5, None, place, n + 3.5] for n, place in enumerate(PLACES)),
    ],
}  # fmt: skip


@pytest.mark.parametrize("case", SPACERS)
def test_a_spacer_parts_no_table(normalize, case):
    regions, tables, notices = normalize(SPACERS[case])
    assert len(regions) == 1 and len(tables[0]) == 8
    assert all(one["level"] == "info" for one in notices.get("tables_side_by_side", ()))


@pytest.mark.parametrize(
    "right",
    [
        OTHER[:6],
        [["Paid on", "Receipt"], *([dt.date(2024, 3, 4 + n), 7001 + n] for n in range(4))],
        [["Legend"], ["A = open"], ["B = closed"], ["C = void"]],
        # Without names.
        [[], ["A", "open"], ["B", "closed"], ["C", "void"]],
    ],
)
def test_what_ends_above_the_table_is_told(normalize, right):
    regions, tables, notices = normalize(beside(LEFT, right))
    assert len(regions) == 1 and len(tables[0]) == 8
    (told,) = notices["tables_side_by_side"]
    assert told["level"] == "warning" and "ends further down; read as part of it" in told["message"]


def with_texts(texts):
    """The table with texts beside some of its rows."""
    return [[*cells, None, texts[row]] if row in texts else cells for row, cells in enumerate(LEFT)]


@pytest.mark.parametrize(("row", "cell", "text"), [(0, "E1", "please check by Friday"), (4, "E5", "please check by Friday"), (4, "E5", "ask Bo soon")])
def test_a_note_beside_a_table_is_no_column(normalize, row, cell, text):
    regions, tables, notices = normalize(with_texts({row: text}))
    assert regions == ["A1:C9"] and len(tables[0]) == 8
    (told,) = notices["notes_beside_table"]
    assert told["cells"] == [cell] and told["level"] == "info"


def test_what_ends_a_row_above_the_table_is_for_information(normalize):
    _, _, notices = normalize(beside(LEFT, [["Key", "Means"], *([f"K{n}", f"kind {n}"] for n in range(7))]))
    (told,) = notices["tables_side_by_side"]
    assert told["level"] == "info" and "may be another table" in told["message"]


@pytest.mark.parametrize(
    "texts",
    [
        {4: "ok"}, {4: "ann@example.org"}, {4: "X-12"}, {4: 17}, {2: "to be paid", 5: "to be paid"}, {2: "please call them back", 5: "yes"},
        # Fewer than three words make no note, and a column with a name may be the only one of a field.
        {4: "ask Bo"}, {0: "E-mail", 4: "ann@example.org"}, {0: "Remark", 4: "paid late"},
    ],
)  # fmt: skip
def test_values_below_no_name_are_a_column(normalize, texts):
    regions, tables, notices = normalize(with_texts(texts), drop_blank_rows=False)
    assert regions == ["A1:E9"] and "notes_beside_table" not in notices
    name = texts.pop(0, None)
    assert name is None or tables[0][3][name] == texts[4]
    assert all(text in tables[0][row - 1].values() for row, text in texts.items())
