"""The default template, end to end: what becomes of rows and names, and which cells are issues.

How values are read is tested in `test_fields.py`; here the template's own code and settings are.
"""

from datetime import datetime

import pytest

HEADERS = ["Badge number", "Given name", "Surname", "E-mail", "Hire date", "Gross wages", "Regular hours"]


@pytest.fixture
def normalize(normalized):
    """The rows that the template makes of rows under ``HEADERS``, as dictionaries by the fields' names."""

    def call(rows: list[list], headers: list[str] | None = None) -> list[dict]:
        outcome = normalized([headers or HEADERS, *rows], output_style="plain", write_diagnostics_columns=True)
        names, *found = outcome.rows()
        return [dict(zip(names, row)) for row in found]

    return call


def test_the_columns_own_cells_decide(normalize):
    rows = normalize([
        ["007", "Avery", "Smith", "A.Smith@Example.org", "05/01/2025", "1.200", "38"],
        ["008", "Jordan", "Lee", "j@example.org", "15/01/2025", "1.309,50", "12,5"],
        ["009", "Casey", "Diaz", "c@example.org", "06/02/2025", "950", "7"],
    ])  # fmt: skip
    assert [row["start_date"] for row in rows] == [datetime(2025, 1, 5), datetime(2025, 1, 15), datetime(2025, 2, 6)]
    assert [row["pay"] for row in rows] == [1200, 1309.5, 950] and [row["hours"] for row in rows] == [38, 12.5, 7]
    assert [row["member_id"] for row in rows] == ["007", "008", "009"]
    assert all(row["__ade_issue_count"] == 0 for row in rows)


def test_each_cell_that_only_a_setting_decides_is_an_issue(normalize):
    rows = normalize([[f"{n}", "Ann", "Lee", None, f"0{n}/0{n + 1}/2025", n, n] for n in range(1, 5)])
    assert [row["start_date"] for row in rows] == [datetime(2025, n + 1, n) for n in range(1, 5)]
    messages = [row["__ade_issue__start_date"] for row in rows]
    assert messages == ["ambiguous: day-first by date_order alone"] * 4


def test_what_cannot_be_read_is_empty_and_an_issue_with_what_stood_there(normalize):
    rows = normalize([
        ["1.23E+11", "Avery", "Smith", "smith(at)example.org", "31.02.2025", "soon", "96"],
        ["A-17", "Jordan", "Lee", "j@example.org", "15.01.2025", "-5", "x"],
    ])  # fmt: skip
    first, second = rows
    for field in ("member_id", "email", "start_date", "pay"):
        assert first[field] is None
    assert first["__ade_issue__member_id"] == 'a code that has lost its digits: "1.23E+11"'
    assert first["__ade_issue__email"] == 'not an e-mail address: "smith(at)example.org"'
    assert first["__ade_issue__start_date"] == 'not a date: "31.02.2025"'
    assert first["__ade_issue__pay"] == 'not a number: "soon"' and first["__ade_issue__hours"] == "more than 80"
    assert (second["pay"], second["__ade_issue__pay"]) == (-5, "less than 0")
    assert (second["hours"], second["__ade_issue__hours"]) == (None, 'not a number: "x"')
    assert not any(name.startswith(("__ade_unread__", "__ade_doubt__", "__ade_row")) for name in first)


def test_only_rows_without_any_value_of_a_field_are_dropped(normalize):
    rows = normalize([
        ["1", "Avery", "Smith", "a@example.org", "2025-01-05", 1, 1],
        [None] * 7,
        [None, "Jordan", None, None, None, None, None],
        [" ", "\u00a0", None, None, None, None, None],
        ["2", "Casey", "Diaz", "c@example.org", "2025-01-06", 1, 1],
    ])  # fmt: skip
    assert [row["first_name"] for row in rows] == ["Avery", "Jordan", "Casey"]
    assert rows[1]["__ade_issue__last_name"] == "empty"


def test_full_names_are_split_and_columns_found_by_their_values(normalize):
    rows = normalize([["1", "van der Berg,\u00a0Mary Ann", "a@b.org"], ["2", "Zoë O'Connor", "c@d.org"]], ["Record ID", "Full name", "Contact"])
    assert [(row["first_name"], row["last_name"]) for row in rows] == [("Mary Ann", "van der Berg"), ("Zoë", "O'Connor")]
    assert [row["email"] for row in rows] == ["a@b.org", "c@d.org"]


def test_the_template_survives_a_new_field(template, normalized):
    fields = template / "src" / "ade_config" / "columns" / "fields.py"
    text = fields.read_text()
    fields.write_text(text.replace("FIELDS = [", 'FIELDS = [\n    Field("remarks", "Remarks", read=text),'))
    normalized([[*HEADERS, "Remarks"], ["1", "Ann", "Lee", "a@b.org", "2025-01-05", 1, 1, " new "]])
