"""Changes of a layout: as files they are what they say, and what comes out of them is compared by field."""

from __future__ import annotations

from datetime import date, datetime
from random import Random

import pytest

from ade_engine import Settings
from ade_engine.cases.grids import Book, Sheet, read_book, write_book
from ade_engine.cases.layouts import LAYOUTS, Place
from ade_engine.fields.measures import _glued

PLACE = Place(sheet=0, header=0, first=1, last=3, left=0, right=2)


def book(format="csv"):
    rows = [["item code", "Net", "Note"], ["a b", "1.50", None], ["c", "20.25", "x"], ["d", "3.00", None]]
    return Book(format, [Sheet("Data", rows, [])])


def test_a_written_book_is_read_as_it_was(tmp_path):
    rows = [["Item", " x\n<&"], [1, 2.5], [True, date(2025, 3, 1)], [None, datetime(2025, 3, 1, 12, 30)]]
    path = write_book(Book("xlsx", [Sheet("A & B", rows, [(1, 1, 1, 2)])]), tmp_path / "input.csv")
    again = read_book(path, Settings())
    found = again.sheets[0]
    assert (path.name, found.title, found.merged) == ("input.xlsx", "A & B", [(1, 1, 1, 2)])
    assert [[str(value).removesuffix(" 00:00:00") for value in row] for row in found.rows] == [[str(value) for value in row] for row in rows]


@pytest.mark.parametrize("kind", LAYOUTS)
def test_a_change_is_made_again_by_its_seed_and_keeps_each_value(kind):
    made = []
    for _ in range(2):
        changed = book("xlsx" if kind in ("merged-title", "to-csv") else "csv")
        assert LAYOUTS[kind](changed, PLACE, 2, Random(5)) is not None
        made.append(changed)
    assert made[0] == made[1]
    assert made[0] != book(made[0].format)
    values = {str(value).strip().lower().replace(",", ".") for row in made[0].sheets[0].rows for value in row}
    assert {"a b", "1.50", "c", "20.25", "3.00"} <= values


def test_decimal_commas_need_an_amount_that_shows_what_they_are():
    changed = book()
    changed.sheets[0].rows[1][1], changed.sheets[0].rows[2][1], changed.sheets[0].rows[3][1] = "1.500", "2.250", "3.000"
    assert LAYOUTS["decimal-comma"](changed, PLACE, 1, Random(1)) is None


def test_german_vat_in_capitals_is_no_million():
    assert _glued("MWST") == (0, None)
    assert _glued("MEUR") == (6, "EUR")
