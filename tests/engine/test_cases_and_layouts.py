"""Changes of a layout: their files have the described changes, and their outputs are compared by field."""

from datetime import date, datetime
from random import Random

import openpyxl
import pytest

from ade_engine import Settings
from ade_engine.cases.grids import GridBook, Sheet, read_book, write_book
from ade_engine.cases.layouts import LAYOUTS, TablePosition

PLACE = TablePosition(sheet=0, header=0, first=1, last=3, left=0, right=2, unclaimed=[2], numbers=[1], totals=[])


def book(format="csv"):
    rows = [["item code", "Net", "Note"], ["a b", "1.50", None], ["c", "20.25", "x"], ["d", "3.00", None]]
    return GridBook(format, [Sheet("Data", rows, [])])


def test_a_written_book_is_read_as_it_was(tmp_path):
    rows = [["Item", " x\n<&"], [1, 2.5], [True, date(2025, 3, 1)], [None, datetime(2025, 3, 1, 12, 30)]]
    path = write_book(GridBook("xlsx", [Sheet("A & B", rows, [(1, 1, 1, 2)])]), tmp_path / "input.csv")
    again = read_book(path, Settings())
    found = again.sheets[0]
    assert (path.name, found.title, found.merged) == ("input.xlsx", "A & B", [(1, 1, 1, 2)])
    assert [[str(value).removesuffix(" 00:00:00") for value in row] for row in found.rows] == [[str(value) for value in row] for row in rows]


def test_the_zeros_that_a_format_shows_are_written_again(tmp_path):
    given = openpyxl.Workbook()
    for row, (number, shown) in enumerate([(7, "00000"), (1234567, "000-00-0000"), (42, '"D-"00000'), (5, "General")], 1):
        given.active.cell(row, 1, number).number_format = shown
    given.save(tmp_path / "given.xlsx")
    again = openpyxl.load_workbook(write_book(read_book(tmp_path / "given.xlsx", Settings()), tmp_path / "again.xlsx")).active
    assert [(cell.value, cell.number_format) for cell in again["A"]] == [(7, "00000"), (1234567, "000-00-0000"), (42, '"D"-00000'), (5, "General")]


@pytest.mark.parametrize("kind", LAYOUTS)
def test_a_change_is_made_again_by_its_seed_and_keeps_each_value(kind):
    made = []
    for _ in range(2):
        changed = book("xlsx" if kind in ("merged-title", "to-csv") else "csv")
        assert LAYOUTS[kind](changed, PLACE, 2, Random(5)) is not None
        made.append(changed)
    assert made[0] == made[1] and made[0] != book(made[0].format)
    values = {str(value).strip().lower().replace(",", ".") for row in made[0].sheets[0].rows for value in row}
    assert {"a b", "1.50", "c", "20.25", "3.00"} <= values


def with_amounts(*amounts, format="csv"):
    changed = book(format)
    for row, amount in zip(changed.sheets[0].rows[1:], amounts):
        row[1] = amount
    return changed


def amounts_of(changed):
    return [row[1] for row in changed.sheets[0].rows[1:]]


def test_another_decimal_mark_needs_an_amount_that_shows_which_it_is():
    assert LAYOUTS["decimal-mark"](with_amounts("1.500", "2.250", "3.000"), PLACE, 1, Random(1)) is None
    for changed, expected in [
        (with_amounts("£1,500.25", "(2.50)", "3.000"), ["£1.500,25", "(2,50)", "3,000"]),
        (with_amounts("1.500,25 €", "-2,50", "3"), ["1,500.25 €", "-2.50", "3"]),
        (with_amounts(1500.25, 2.5, 3.0, format="xlsx"), ["1500,25", "2,5", "3"]),
    ]:
        assert LAYOUTS["decimal-mark"](changed, PLACE, 1, Random(1)) is not None and amounts_of(changed) == expected


def test_a_field_that_is_no_number_keeps_its_points():
    place = PLACE.__replace__(numbers=[])
    assert LAYOUTS["decimal-mark"](book(), place, 1, Random(1)) is None


def test_dates_are_written_in_an_order_that_they_show():
    forms = set()
    for days, seen in [((3, 4, 5), forms), ((3, 4, 25), set())]:
        for seed in range(40):
            changed = with_amounts(*(datetime(2025, 3, day) for day in days), format="xlsx")
            assert LAYOUTS["to-csv"](changed, PLACE, 3, Random(seed)) is not None
            seen.add(amounts_of(changed)[0])
    assert forms == {"2025-03-03", "03.03.2025", "03-Mar-2025"} and "03/03/2025" in seen


def test_a_row_of_totals_keeps_its_word_on_the_left_and_gets_nothing_in_another_column():
    place = PLACE.__replace__(last=4, totals=[4])
    for kind in ("column-order", "extra-column"):
        for seed in range(20):
            changed = book()
            changed.sheets[0].rows.append(["Total", "24.75", None])
            assert LAYOUTS[kind](changed, place, 2, Random(seed)) is not None
            filled = [value for value in changed.sheets[0].rows[4] if value is not None]
            assert sorted(filled) == ["24.75", "Total"]
            if kind == "column-order" and changed.sheets[0].rows[4][0] != "24.75":
                assert changed.sheets[0].rows[4][0] == "Total"
    assert LAYOUTS["total"](changed, place, 1, Random(1)) is None


def test_what_a_setting_fixes_is_not_changed(tmp_path):
    path = tmp_path / "input.csv"
    path.write_text("Straße;Netto\nA;1,50\n", encoding="cp1252")
    found = read_book(path, Settings(csv_encoding="cp1252", csv_delimiter=";"))
    for kind in ("delimiter", "encoding"):
        assert LAYOUTS[kind](found.copy(), PLACE, 1, Random(1)) is None
    assert write_book(found, tmp_path / "again.csv").read_bytes().startswith("Straße;Netto".encode("cp1252"))


def test_columns_below_a_label_that_they_share_stay_in_their_order():
    changed = book()
    changed.sheets[0].rows.insert(0, ["Item", "Amounts", None])
    place = PLACE.__replace__(first=2, last=4)
    assert LAYOUTS["column-order"](changed, place, 2, Random(1)) is None
    assert LAYOUTS["extra-column"](changed, place, 2, Random(1)) is None
