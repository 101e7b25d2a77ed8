"""The readers, outside of a run: what becomes of cells as people type them, and what is said where nobody can know.

The misleading columns are those that a careful person finds hard: each is made with seeds, and counted as right, empty and
wrong. A wrong value has to be flagged: by a column that is ambiguous, or by cells that contradict.
"""

import datetime as dt
import random
import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from read_columns import Column, Tally, ROWS, day_first, in_threes, month_first, some_days

from ade_engine import fields


# ---------------------------------------------------------------- misleading columns: dates


@pytest.mark.parametrize("write, order", [(day_first, "dmy"), (month_first, "mdy")])
def test_days_up_to_12_are_open_and_always_flagged(write, order):
    def column(chance):
        days = some_days(chance, ROWS, latest_day=12)
        return [write(day) for day in days], days

    wanted = Tally(column, date_order=order)
    assert (wanted.right, wanted.flagged) == (ROWS, 1)
    other = Tally(column, date_order="mdy" if order == "dmy" else "dmy")
    assert other.empty == other.silent == 0 and other.flagged == 1


@pytest.mark.parametrize("write", [day_first, month_first])
def test_days_up_to_12_are_clear_where_the_rows_are_in_order(write):
    def column(chance):
        days = sorted(some_days(chance, ROWS, latest_day=12))
        return [write(day) for day in days], days

    tally = Tally(column)
    assert (tally.right, tally.flagged) == (ROWS, 0)


def two_writers(others: int):
    def column(chance):
        days = some_days(chance, ROWS)
        writers = [month_first] * others + [day_first] * (ROWS - others)
        chance.shuffle(writers)
        return [write(day) for write, day in zip(writers, days)], days

    return column


def test_of_two_writers_only_what_reads_one_way_is_read():
    tally = Tally(two_writers(20))
    assert tally.wrong == 0 and tally.right >= 25 and tally.flagged == 1
    # What is said to contradict is what stayed empty.
    assert all(column.reading["contradict"] == column.values.count(None) for column in tally.columns)
    certain = Column(["31/01/2025", "01/31/2025"] * 3)
    assert certain.values == [dt.date(2025, 1, 31)] * 6 and "each cell can be read in one way only" in certain.why


@pytest.mark.parametrize("others, right, wrong", [(4, 26.5, 0.5), (2, 33, 0.9), (1, 38.5, 0.5)])
def test_a_few_cells_of_another_writer_are_wrong_only_where_nobody_can_see_them(others, right, wrong):
    tally = Tally(two_writers(others), seeds=200)
    assert tally.right >= right and tally.wrong <= wrong
    for column in tally.columns:
        # Dates of the other writer with a day above 12 contradict; without one, there is nothing to see.
        assert column.wrong == 0 or column.is_flagged or column.wrong <= others


def test_contradicting_cells_are_named_with_what_stood_there():
    days = ["31/01/2025", "30/01/2025", "29/01/2025", "28/01/2025", "27/01/2025", "01/26/2025"]
    column = Column(days)
    assert column.values[-1] is None and column.unread[-1] == 'not day-first as its column: "01/26/2025"'
    assert column.reading["contradict"] == 1 and column.unread[:-1] == [None] * 5


@pytest.mark.parametrize("rows, right", [(40, 39), (5, 1.8)])
def test_short_years_in_front_are_seen_in_long_columns_and_flagged_in_short_ones(rows, right):
    def column(chance):
        days = some_days(chance, rows)
        return [day.strftime("%y-%m-%d") for day in days], days

    tally = Tally(column, seeds=200)
    assert tally.right >= right and tally.empty <= 0.2 and tally.silent == 0


NO_DATES = {
    "years": lambda chance: str(chance.randrange(1950, 2030)),
    "serials": lambda chance: str(chance.randrange(40_000, 46_000)),
    "Buddhist years": lambda chance: f"{chance.randrange(1, 29):02}/{chance.randrange(1, 13):02}/{chance.randrange(2540, 2568)}",
    "month and year": lambda chance: f"{chance.randrange(1, 13):02}/{chance.randrange(2015, 2026)}",
    "day and month": lambda chance: f"{chance.randrange(1, 29)}.{chance.randrange(1, 13)}.",
    "ranges": lambda chance: f"01.{chance.randrange(1, 13):02}.25 - 05.{chance.randrange(1, 13):02}.25",
    "versions": lambda chance: f"{chance.randrange(1, 5)}.{chance.randrange(40)}.{chance.randrange(60)}",
    "8-digit ids": lambda chance: str(chance.randrange(10**7, 10**8)),
    "codes": lambda chance: f"{chance.choice('ABCD')}-{chance.randrange(1000, 10_000)}",
    "18 digits": lambda chance: str(chance.randrange(10**17, 10**18)),
    "phones with a country": lambda chance: f"+49 30 {chance.randrange(10**5, 10**6)}",
    "phones without blanks": lambda chance: f"06{chance.randrange(10**7, 10**8)}",
    "short phones": lambda chance: f"555-{chance.randrange(1000, 10_000)}",
}
NO_NUMBERS = set(NO_DATES) - {"years", "serials", "8-digit ids"}


@pytest.mark.parametrize("what", NO_DATES)
def test_what_is_no_date_stays_empty(what):
    tally = Tally(lambda chance: ([NO_DATES[what](chance) for _ in range(ROWS)], [None] * ROWS))
    assert tally.empty == ROWS
    reasons = ("not a date: ", "in a column that is not read as dates: ")
    assert all(message.startswith(reasons) for column in tally.columns for message in column.unread)
    assert all(column.reading["decided_by"] == "refused" for column in tally.columns)


@pytest.mark.parametrize("what", sorted(NO_NUMBERS))
def test_what_is_no_number_stays_empty(what):
    tally = Tally(lambda chance: ([NO_DATES[what](chance) for _ in range(ROWS)], [None] * ROWS), fields.number)
    assert tally.empty == ROWS


# ---------------------------------------------------------------- misleading columns: numbers


@pytest.mark.parametrize("places", [0, 3])
@pytest.mark.parametrize("decimal", [".", ","])
def test_three_digits_behind_the_only_mark_are_open_and_always_flagged(places, decimal):
    group = "," if decimal == "." else "."

    def column(chance):
        numbers = [float(chance.randrange(1000, 999_999)) / 10**places for _ in range(ROWS)]
        numbers = [max(number, 1.0) for number in numbers]
        return [in_threes(number, group, decimal, places) for number in numbers], numbers

    if places == 3:
        numbers = Tally(column, fields.number, decimal_mark=decimal)
        assert numbers.right == ROWS and numbers.silent == 0
    else:
        assert Tally(column, fields.number, decimal_mark=decimal).right == ROWS
        other = Tally(column, fields.number, decimal_mark=group)
        assert other.empty == other.silent == 0 and other.flagged == 1


@pytest.mark.parametrize("write", [lambda n: in_threes(n, " ", ","), lambda n: f"{n:.1f}".replace(".", ",")])
def test_a_mark_without_a_role_in_its_column_leaves_its_cell_empty(write):
    def column(chance):
        numbers = [chance.randrange(10_000, 9_999_999) * 10 + 0.5 for _ in range(ROWS)]
        cells = [write(number) for number in numbers]
        place = chance.randrange(ROWS)
        cells[place] = "85.234"
        return cells, numbers

    tally = Tally(column, fields.number)
    assert (tally.right, tally.empty) == (ROWS - 1, 1)
    assert all(column.unread[column.values.index(None)] is not None for column in tally.columns)


def mixed_marks(commas: int, whole: float):
    def column(chance):
        numbers = [chance.randrange(100_000, 999_999) / 100 for _ in range(ROWS)]
        numbers = [float(int(number)) if chance.random() < whole else number for number in numbers]
        marks = [",."] * (ROWS - commas) + [".,"] * commas
        chance.shuffle(marks)
        pairs = zip(numbers, marks)
        return [in_threes(number, *mark, 0 if number == int(number) else 2) for number, mark in pairs], numbers

    return column


def test_half_commas_and_half_points_leave_what_is_open_empty():
    tally = Tally(mixed_marks(20, 0.5), fields.number)
    assert tally.wrong == 0 and tally.right >= 18 and tally.flagged == 1


def test_two_commas_among_points_are_flagged_where_one_contradicts():
    tally = Tally(mixed_marks(2, 0.1), fields.number, seeds=200)
    assert tally.right >= 36 and tally.wrong <= 0.3
    for column in tally.columns:
        assert column.wrong <= 2 and (column.is_flagged or column.wrong == 0 or column.reading["contradict"] == 0)


@pytest.mark.parametrize("what", ["8-digit ids", "nine digits in threes"])
def test_numbers_of_one_length_may_be_codes_and_are_flagged(what):
    def one(chance):
        return " ".join(str(chance.randrange(100, 1000)) for _ in range(3))

    make = NO_DATES.get(what, one)
    tally = Tally(lambda chance: ([make(chance) for _ in range(ROWS)], [None] * ROWS), fields.number)
    assert (tally.wrong, tally.silent) == (ROWS, 0)


# ---------------------------------------------------------------- slow and obvious: dates

GERMAN = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
FRENCH = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
SPANISH = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()
ENGLISH = "January February March April May June July August September October November December".split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTE = "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag".split()


def ordinal(day: int) -> str:
    return f"{day}{'th' if 10 < day < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


#: Ways to write a date; each column is written in one of them throughout.
DATES: dict[str, Callable[[dt.date], str]] = {
    "31/01/2025": day_first,
    "1/31/2025": lambda d: f"{d.month}/{d.day}/{d.year}",
    "31.1.2025": lambda d: f"{d.day}.{d.month}.{d.year}",
    "31. 1. 2025": lambda d: f"{d.day}. {d.month}. {d.year}",
    "31-01-2025": lambda d: d.strftime("%d-%m-%Y"),
    "01-31-2025": lambda d: d.strftime("%m-%d-%Y"),
    "31.01.25": lambda d: d.strftime("%d.%m.%y"),
    "31/01/25": lambda d: d.strftime("%d/%m/%y"),
    "1/31/25": lambda d: f"{d.month}/{d.day}/{d.year % 100:02}",
    "2025-01-31": lambda d: d.isoformat(),
    "2025/1/31": lambda d: f"{d.year}/{d.month}/{d.day}",
    "2025.01.31": lambda d: d.strftime("%Y.%m.%d"),
    "20250131": lambda d: d.strftime("%Y%m%d"),
    "2025年1月31日": lambda d: f"{d.year}年{d.month}月{d.day}日",
    "31 Jan 2025": lambda d: f"{d.day} {ENGLISH[d.month - 1][:3]} {d.year}",
    "31-Jan-25": lambda d: f"{d.day:02}-{ENGLISH[d.month - 1][:3]}-{d.year % 100:02}",
    "Jan 31, 2025": lambda d: f"{ENGLISH[d.month - 1][:3]} {d.day}, {d.year}",
    "JANUARY 31, 2025": lambda d: f"{ENGLISH[d.month - 1].upper()} {d.day}, {d.year}",
    "31st January 2025": lambda d: f"{ordinal(d.day)} {ENGLISH[d.month - 1]} {d.year}",
    "Friday, January 31, 2025": lambda d: f"{WEEKDAYS[d.weekday()]}, {ENGLISH[d.month - 1]} {d.day}, {d.year}",
    "Fri 31/01/2025": lambda d: f"{WEEKDAYS[d.weekday()][:3]} {day_first(d)}",
    "31. Januar 2025": lambda d: f"{d.day}. {GERMAN[d.month - 1]} {d.year}",
    "Freitag, 31. Januar 2025": lambda d: f"{MONTE[d.weekday()]}, {d.day}. {GERMAN[d.month - 1]} {d.year}",
    "31 janvier 2025": lambda d: f"{d.day} {FRENCH[d.month - 1]} {d.year}",
    "31 de enero de 2025": lambda d: f"{d.day} de {SPANISH[d.month - 1]} de {d.year}",
    "31/01/2025 with Arabic digits": lambda d: day_first(d).translate({48 + n: 0x660 + n for n in range(10)}),
    "full width": lambda d: "".join(chr(ord(c) + 0xFEE0) for c in day_first(d)),
}


def noisy(chance: random.Random, text: str) -> str:
    """The text with what nobody sees around it."""
    return chance.choice(["", " ", "\u00a0", "\u200e", "\ufeff", "\t"]) + text + chance.choice(["", " ", "\u200f", "\n"])


def with_blanks(chance: random.Random, cells: list, values: list) -> tuple[list, list]:
    """The column with empty and blank cells in between, which come out empty."""
    pairs = []
    for pair in zip(cells, values):
        while chance.random() < 0.15:
            pairs.append((chance.choice([None, "", " ", "\u200b", "\u00a0\t"]), None))
        pairs.append(pair)
    return [cell for cell, _ in pairs], [value for _, value in pairs]


@pytest.mark.parametrize("form", DATES)
def test_dates_of_one_form_come_out_as_meant(form):
    for seed in range(25):
        chance = random.Random(f"{form} {seed}")
        days = some_days(chance, chance.randrange(1, 40))
        # One cell that can be read in one way only.
        days.insert(chance.randrange(len(days) + 1), dt.date(2025, 1, 31))
        cells, meant = with_blanks(chance, [noisy(chance, DATES[form](day)) for day in days], days)
        column = Column(cells, date_order=chance.choice(["dmy", "mdy", "auto"]))
        assert column.values == meant, (cells, column.why)
        assert not column.is_flagged and not any(column.unread), column.why


@pytest.mark.parametrize("order, form", [("dmy", "%d/%m/%Y"), ("mdy", "%m/%d/%Y")])
def test_dates_of_one_order_are_those_of_pythons_strptime_or_empty(order, form):
    """Every day of every month, those that do not exist too."""
    cells = [f"{first:02}/{second:02}/2024" for first in range(1, 33) for second in range(1, 33)]
    # Enough cells of one order that the others are slips.
    certain = ["31/12/2024" if order == "dmy" else "12/31/2024"] * 40_000
    column = Column(cells + certain)
    for cell, value in zip(cells, column.values):
        try:
            wanted = dt.datetime.strptime(cell, form).date()
        except ValueError:
            wanted = None
        assert value == wanted, cell


@pytest.mark.parametrize("clock, text", [
    (dt.time(14, 30), "14:30"), (dt.time(14, 30), "2:30 pm"), (dt.time(14, 30, 5), "14:30:05"), (dt.time(0, 5), "12:05 AM"),
    (dt.time(14, 30), "14:30Z"), (dt.time(14, 30), "14:30 Uhr"),
])  # fmt: skip
@pytest.mark.parametrize("form", ["31/01/2025", "1/31/2025", "2025-01-31", "31 Jan 2025", "31.1.2025"])
def test_dates_with_times(form, clock, text):
    chance = random.Random(f"{form} {text}")
    days = [dt.date(2025, 1, 31), *some_days(chance, 20)]
    cells = [f"{DATES[form](day)} {text}" for day in days]
    assert Column(cells, fields.date_time).values == [dt.datetime.combine(day, clock) for day in days]
    assert Column(cells, fields.date).values == days
    assert Column([cell.replace(" ", "T", 1) for cell in cells], fields.date_time).values == [
        dt.datetime.combine(day, clock) for day in days
    ] or form != "2025-01-31"


def test_short_years_and_the_edges_of_what_a_workbook_holds():
    years = Column([f"31.01.{year:02}" for year in range(100)]).values
    assert [day.year for day in years] == [2000 + year if year <= 46 else 1900 + year for year in range(100)]
    edges = Column(["1899-12-31", "1900-01-01", "2199-12-31", "2200-01-01", "2024-02-29", "2025-02-29"])
    assert edges.values == [None, dt.date(1900, 1, 1), dt.date(2199, 12, 31), None, dt.date(2024, 2, 29), None]


def test_serials_are_read_where_they_are_asked_for():
    def serials(name):
        return fields.date(name, serials=True)

    epoch = dt.date(1899, 12, 30)
    for cells in ([45_688, 61, 60], [45_688.75, 61.0, None], ["45688", "61", "60"]):
        found = Column(cells, serials).values
        assert found == [epoch + dt.timedelta(45_688), epoch + dt.timedelta(61), None]
    assert Column([45_688, 61], fields.date).values == [None, None]
    assert Column([45_688.75], lambda name: fields.date_time(name, serials=True)).values == [dt.datetime(2025, 1, 31, 18)]
    assert Column([0.75, 1.5], lambda name: fields.time(name, serials=True)).values == [dt.time(18), None]


# ---------------------------------------------------------------- slow and obvious: numbers


def indian(number: Decimal) -> str:
    whole, _, fraction = f"{number:.2f}".partition(".")
    head, tail = whole[:-3], whole[-3:]
    pairs = []
    while head:
        pairs.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([*pairs, tail]) + "." + fraction


NUMBERS: dict[str, Callable[[Decimal], str]] = {
    "1,309.50": lambda n: in_threes(n, ",", "."),
    "1.309,50": lambda n: in_threes(n, ".", ","),
    "1 309,50": lambda n: in_threes(n, " ", ","),
    "1 309.50": lambda n: in_threes(n, " ", "."),
    "1'309.50": lambda n: in_threes(n, "'", "."),
    "1’309,50": lambda n: in_threes(n, "’", ","),
    "narrow blanks": lambda n: in_threes(n, "\u202f", ","),
    "hard blanks": lambda n: in_threes(n, "\u00a0", "."),
    "1309.50": lambda n: f"{n:.2f}",
    "1309,50": lambda n: f"{n:.2f}".replace(".", ","),
    "12,34,567.50": indian,
    "€ 1,309.50": lambda n: "€ " + in_threes(n, ",", "."),
    "1.309,50 €": lambda n: in_threes(n, ".", ",") + " €",
    "$1,309.50": lambda n: "$" + in_threes(n, ",", "."),
    "CHF 1'309.50": lambda n: "CHF " + in_threes(n, "'", "."),
    "1.309,50 EUR": lambda n: in_threes(n, ".", ",") + " EUR",
    "Arabic": lambda n: in_threes(n, "٬", "٫").translate({48 + d: 0x660 + d for d in range(10)}),
}
SIGNS: dict[str, Callable[[str], str]] = {
    "-1": lambda text: "-" + text, "−1": lambda text: "−" + text, "1-": lambda text: text + "-",
    "(1)": lambda text: f"({text})",
}


@pytest.mark.parametrize("form", NUMBERS)
def test_numbers_of_one_form_come_out_as_meant(form):
    for seed in range(25):
        chance = random.Random(f"{form} {seed}")
        numbers = [Decimal(chance.randrange(10 ** chance.randrange(2, 12))).scaleb(-2) for _ in range(chance.randrange(1, 40))]
        sign = chance.choice(list(SIGNS))
        cells, meant = [], []
        for number in [*numbers, Decimal("99.25")]:
            text, value = NUMBERS[form](number), float(str(number))
            if chance.random() < 0.3:
                text, value = SIGNS[sign](text), -value
            cells.append(noisy(chance, text))
            meant.append(value)
        cells, meant = with_blanks(chance, cells, meant)
        column = Column(cells, fields.number, decimal_mark=chance.choice([".", ",", "auto"]))
        assert column.values == meant, (cells, column.why)
        assert not any(column.unread) and not column.is_flagged, column.why


@pytest.mark.parametrize("group, decimal", [(",", "."), (".", ","), (" ", ","), ("'", ".")])
def test_whole_numbers_in_threes_are_clear_beside_one_that_is(group, decimal):
    for seed in range(25):
        chance = random.Random(seed)
        numbers = [chance.randrange(1_000_000) for _ in range(20)]
        cells = [in_threes(number, group, decimal, 0) for number in numbers]
        cells.insert(chance.randrange(20), "1" + group + "234" + group + "567" + decimal + "5")
        found = Column(cells, fields.number, decimal_mark=chance.choice(".,"))
        assert sorted(found.values) == sorted([*map(float, numbers), 1_234_567.5])


def test_plain_numbers_are_those_of_python():
    chance = random.Random(5)
    for _ in range(200):
        number = chance.choice([chance.uniform(-1e6, 1e6), chance.randrange(10**9), chance.uniform(0, 1)])
        text = chance.choice([f"{number:.3f}", f"{number:.1f}", f"{number:.6f}", f"{number:.4e}"])
        if re.fullmatch(r"-?\d{1,3}\.\d{3}", text) and not text.lstrip("-").startswith("0."):
            continue  # 1.234 alone is open.
        assert Column([text], fields.number).values == [float(text)], text


def test_percentages_are_fractions_where_the_column_has_them():
    assert Column(["19%", "7 %", "0,5%"], fields.number).values == [0.19, 0.07, 0.005]
    assert Column(["19", "7", "5%"], fields.number).values == [19, 7, None]
    assert Column(["19%", "7%", "5"], fields.number).unread == [None, None, 'not a percentage as its column: "5"']
    assert Column(["19", "7", "5%"], fields.number).unread[2] == 'not a number without a percent sign as its column: "5%"'
    assert Column(["19%", "7,5%", "0"], fields.number).values == [0.19, 0.075, 0]


def test_an_amount_of_a_country_that_writes_otherwise_is_none_of_its_column():
    column = Column(["4.250,00", "99,50", "¥5,000", "£1,250", "£1.250"], fields.number)
    assert column.values == [4250, 99.5, None, None, 1250]
    assert column.unread[2] == 'not a number with a decimal comma as its column: "¥5,000"'
    # The euro has countries of both kinds, and fuel has three decimals.
    assert Column(["4.250,00", "€ 1,459", "$ 1,459"], fields.number).values == [4250, 1.459, 1.459]


@pytest.mark.parametrize("cells, wanted", [
    (["€ 5", "5 EUR", "5€-", "eur 5"], ["EUR"] * 4),
    (["$5", "US$ 5", "5 kr", "CHF 1'234.50"], ["$", "USD", "kr", "CHF"]),
    (["£", "Euro", "USD", "zł"], ["GBP", "EUR", "USD", "PLN"]),
    (["5", "", None, "\x07"], [None] * 4),
])  # fmt: skip
def test_currencies(cells, wanted):
    column = Column(cells, fields.currency)
    assert column.values == wanted and not any(column.unread)


# ---------------------------------------------------------------- slow and obvious: all else


@pytest.mark.parametrize("seed", range(20))
def test_phones_keep_their_digits(seed):
    chance = random.Random(seed)
    cells, meant = [], []
    for _ in range(50):
        digits = "".join(chance.choice("0123456789") for _ in range(chance.randrange(3, 19)))
        # Two zeros stand for a plus, and numbers of invoices begin with their year.
        if digits.startswith(("00", "19", "20")):
            digits = "3" + digits[1:]
        plus = chance.random() < 0.3
        cut = sorted(chance.sample(range(1, len(digits)), min(len(digits) - 1, chance.randrange(4))))
        parts = [digits[start:stop] for start, stop in zip([0, *cut], [*cut, len(digits)])]
        mark = chance.choice([" ", "-", "", "  "])
        cells.append(noisy(chance, ("+" if plus else "") + mark.join(parts)))
        several = mark in (" ", "  ") and sum(len(part) >= 7 for part in parts) > 1
        most = 15 if plus or digits.startswith("0") else 13
        meant.append(digits if 7 <= len(digits) <= most and not several else None)
    column = Column(cells, fields.phone)
    for cell, wanted, found, message in zip(cells, meant, column.values, column.unread):
        if wanted is None:
            assert found is None and ("for a phone number" in message or "more than one phone number" in message), cell
            continue
        kept = re.sub(r"\D", "", found)
        assert kept == wanted or len(wanted) == 11 and wanted == "1" + kept, (cell, found)
        assert message is None and re.fullmatch(r"\+?\d{7,15}|\d{3}-\d{3}-\d{4}", found), found


def test_dates_are_no_phones():
    for cells in (["2025-01-31", "31.01.2025", "01/31/2025"], [dt.date(2025, 1, 31)], [dt.datetime(2025, 1, 31, 14, 30)], [True]):
        column = Column(cells, fields.phone)
        assert not any(column.values) and all(message.startswith("not a phone") for message in column.unread)
    for cells in ([5551234567], [5551234567.0], ["5551234567.0"]):
        assert Column(cells, fields.phone).values == ["5551234567"]


@pytest.mark.parametrize("cells, wanted, says", [
    # German numbers that were typed as numbers: no area of North America has a 9 in the middle.
    ([4930555000.0, 4930555001.0], ["4930555000", "4930555001"], "2 numbers of ten digits without a country stay as they are, for no"),
    ([4930555000, "+49 30 5550"], ["4930555000", "+49305550"], "1 number of ten digits without a country stays as it is, for no"),
    # Indian numbers, some of which could be North American.
    (["9876543210", "98765 43210", "9123456780"], ["9876543210", "9876543210", "9123456780"], "3 numbers"),
    (["333 123 4567", "06 1234567"], ["3331234567", "061234567"], "stays as it is"),
    # Of Chicago, or of Italy.
    (["312 345 9875", "3123459876"], ["3123459875", "3123459876"], "2 numbers of ten digits without a country stay as they are, for nothing says"),
    (["(212) 555-0123", "2125550199"], ["212-555-0123", "212-555-0199"], "1 number of ten digits without a country is read as North"),
    (["(212) 555-0123", 2125550199, "+44 20 7946 0958"], ["212-555-0123", "2125550199", "+442079460958"], "not North American"),
    (["(212) 555-0123", "212-555-0188", 2125550199, "+44 20 7946 0958"], ["212-555-0123", "212-555-0188", "212-555-0199", "+442079460958"], "is read as North"),
    # No exchange begins with 0 or 1. In examples the area is 555.
    (["347-123-4567", "(347) 023-4567", "347.123.4567"], ["3471234567", "3470234567", "3471234567"], "3 numbers of ten digits without a country stay as they are, for no number of North America"),
    (["555-123-4567", "+1 347 123 4567", "347-234-4567"], ["555-123-4567", "347-123-4567", "347-234-4567"], ""),
])  # fmt: skip
def test_ten_digits_are_north_american_only_where_others_of_the_column_are(cells, wanted, says):
    column = Column(cells if len({type(cell) for cell in cells}) == 1 else [str(cell) for cell in cells], fields.phone)
    assert column.values == wanted and not any(column.unread) and says in column.why
    # What is left open among numbers of North America and others is to be looked at.
    assert column.reading.get("ambiguous", False) == (says == "not North American")


def test_a_number_that_is_none_of_north_america_among_others_is_doubtful():
    column = Column(["(212) 555-0123", "347-123-4567", "212-555-0188"], fields.phone)
    assert column.values == ["212-555-0123", "3471234567", "212-555-0188"]
    assert column.reading["ambiguous"] and column.reading["first_open"] == 1


def test_codes_keep_every_character():
    chance = random.Random(3)
    for _ in range(300):
        text = "".join(chance.choice("00123456789ABeE-./ äß#") for _ in range(chance.randrange(1, 20)))
        (found,) = Column([text], fields.code).values
        stripped = text.strip() or None
        if re.fullmatch(r"\d[.,]?\d*[eE]\+?\d{1,2}", stripped or ""):
            continue
        assert found == stripped, text


def test_codes_that_have_lost_digits_are_empty_and_said():
    column = Column(["1.23E+11", "9,78E+12", "00123", "12E4X"], fields.code)
    assert column.values == [None, None, "00123", "12E4X"]
    assert column.unread[:2] == ['a code that has lost its digits: "1.23E+11"', 'a code that has lost its digits: "9,78E+12"']
    typed = Column([4711.0, 1e15, 123456.0, float("inf"), None], fields.code)
    assert typed.values == ["4711", None, "123456", None, None]
    assert [message is not None for message in typed.unread] == [False, True, False, False, False]


@pytest.mark.parametrize("cells, wanted", [
    (["4711.0", "12.0", "A-1.0", "7"], ["4711", "12", "A-1.0", "7"]),
    # Chapters and versions, decimals that mean something, zeros that no program would write.
    (["1.0", "2.0", "10.0"], ["1.0", "2.0", "10.0"]), (["4711.0", "4711.5"], ["4711.0", "4711.5"]), (["4711.0", "0815.0"], ["4711.0", "0815.0"]),
])  # fmt: skip
def test_codes_that_a_program_has_written_as_floats(cells, wanted):
    assert Column(cells, fields.code).values == wanted


def test_booleans():
    yes = ["yes", "Y", "TRUE", "x", "1", "ja", "Oui", "sí", "✓", "да", "Ja.", " ON "]
    no = ["no", "N", "false", "0", "nein", "non", "não", "✗", "нет", "Off"]
    assert Column(yes + no, fields.boolean).values == [True] * len(yes) + [False] * len(no)
    strange = Column(["maybe", "-", "2", "10"], fields.boolean)
    assert strange.values == [None] * 4 and strange.unread[0] == 'not yes or no: "maybe"'
    assert Column([1, 0, 2], fields.boolean).values == [True, False, None]
    own = Column(["Aktiv", "RUHT", "yes", "x"], lambda name: fields.boolean(name, yes=["aktiv"], no=["ruht", "X"]))
    assert own.values == [True, False, True, False]


TIMES = ["%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p", "%Hh%M", "%H.%M Uhr", "%H.%M", "%H:%M Uhr"]


@pytest.mark.parametrize("form", TIMES)
def test_times_of_one_form_come_out_as_meant(form):
    times = [dt.time(hour, minute) for hour in range(24) for minute in range(0, 60, 7)]
    assert Column([time.strftime(form) for time in times], fields.time).values == times


def test_what_is_no_time():
    column = Column(["24:00", "25:00", "13 pm", "14:5", "7", "noon", "14:60", "2025-01-31 14:30"], fields.time)
    assert column.values == [None] * 8 and column.unread[0] == 'not a time of day: "24:00"'


def test_durations_come_out_as_meant():
    chance = random.Random(9)
    for _ in range(100):
        hours, minutes, seconds = chance.randrange(200), chance.randrange(60), chance.randrange(60)
        short, long = dt.timedelta(hours=hours, minutes=minutes), dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)
        cells = {
            f"{hours}:{minutes:02}": short,
            f"-{hours}:{minutes:02}": -short,
            f"{hours}h {minutes}m": short,
            f"{hours} hours {minutes} minutes": short,
            f"{hours} Std {minutes} Min.": short,
            f"{hours}:{minutes:02}:{seconds:02}": long,
            f"{hours}h{minutes}min{seconds}s": long,
            f"{minutes} min": dt.timedelta(minutes=minutes),
            f"{hours},5 h": dt.timedelta(hours=hours + 0.5),
            f"{minutes} days": dt.timedelta(days=minutes),
        }
        assert Column(list(cells), fields.duration).values == list(cells.values())
    assert Column(["5", "abc", "1:75", "30 min 2 h", "5 kg"], fields.duration).values == [None] * 5
    for unit, one in (("hours", dt.timedelta(hours=1)), ("days", dt.timedelta(days=1)), ("minutes", dt.timedelta(minutes=1))):
        cells = Column(["1.5", "2", "0:15"], lambda name, unit=unit: fields.duration(name, unit=unit))
        assert cells.values == [1.5 * one, 2 * one, dt.timedelta(minutes=15)]
        assert Column([1.5, 2.0], lambda name, unit=unit: fields.duration(name, unit=unit)).values == [1.5 * one, 2 * one]


@pytest.mark.parametrize("seed", range(10))
def test_names_keep_every_word(seed):
    chance = random.Random(seed)
    firsts, lasts = ["Avery", "Mary Ann", "Zoë", "J. R.", "Jean-Luc"], ["Smith", "van der Berg", "O'Connor", "de la Cruz", "李"]
    cells, parts = [], []
    for _ in range(50):
        first, last = chance.choice(firsts), chance.choice(lasts)
        blank = chance.choice([" ", "  ", "\u00a0", "\t", "\n"])
        text = f"{last},{blank}{first}" if chance.random() < 0.4 else f"{first}{blank}{last}"
        cells.append(noisy(chance, text.replace(" ", blank)))
        parts.append((first, last))
    for part, wanted in (
        ("full", [f"{first} {last}" for first, last in parts]),
        ("first", [first for first, _ in parts]),
        ("last", [last for _, last in parts]),
    ):
        assert Column(cells, lambda name, part=part: fields.person_name(name, part=part)).values == wanted


def test_addresses():
    good = {
        " A.Smith@Example.COM ": "a.smith@example.com",
        "Avery <mailto:a@b.co>": "a@b.co",
        "MAILTO:a@b.co": "a@b.co",
        "a@münchen.example": "a@münchen.example",
        "\u200ba@b.co": "a@b.co",
    }
    assert Column(list(good), fields.email).values == list(good.values())
    bad = ["a b@c.de", "a@b.co, c@d.co", "a@localhost", "n/a", "a@b.co (home)", "@b.co", "a@b.12"]
    column = Column(bad, fields.email)
    assert column.values == [None] * len(bad) and column.unread == [f'not an e-mail address: "{text}"' for text in bad]
