"""The default template's transforms against values as people type them: each is read as what it means, or is an issue.

Values are made from a seed together with their meaning, in every form that people write them in.
"""

from __future__ import annotations

import random
import shutil
from datetime import date, datetime, time, timedelta
from pathlib import Path

import openpyxl
import pytest

TEMPLATE = Path(__file__).resolve().parents[2] / "templates" / "default"
SEEDS = range(4)
SPACES = ["", " ", "  ", "\u00a0", "\t"]


@pytest.fixture
def read(run, tmp_path):
    """What the template makes of a column of values, and its issue for each: ``read("pay", [...])``."""
    config = tmp_path / "template"
    shutil.copytree(TEMPLATE, config)
    headers = {
        "start_date": "Hire date", "pay": "Gross pay", "hours": "Hours", "phone": "Phone", "email": "Email",
        "member_id": "Member ID", "employer": "Employer", "first_name": "First name", "last_name": "Last name",
        "full_name": "Full name",
    }  # fmt: skip

    def call(field: str, values: list, *fields: str) -> list[tuple]:
        wanted = fields or (field,)
        # Two more columns, so that rows with a blank value still look like data and like people.
        frame = [["Record", headers[field], "Company", "Surname"] if "name" not in field else ["Record", headers[field], "Company", "Phone"]]
        fillers = ["Acme", "Lee"] if "name" not in field else ["Acme", "555-123-4567"]
        if field == "employer":
            frame = [["Record", headers[field], "Badge number", "Surname"]]
            fillers = ["b1", "Lee"]
        frame += [[f"r{number}", value, *fillers] for number, value in enumerate(values)]
        outcome = run(config, {"S": frame}, settings={"write_diagnostics_columns": True})
        assert outcome.result.error is None, outcome.result.error
        header, *rows = outcome.rows()
        assert len(rows) == len(values)
        found = []
        for row in rows:
            named = dict(zip(header, row))
            found.append((*(named.get(name) for name in wanted), named.get(f"__ade_issue__{wanted[0]}")))
        return found

    return call


def around(chance: random.Random, text: str) -> str:
    return chance.choice(SPACES) + text + chance.choice(SPACES)


def a_date(chance: random.Random) -> tuple[str, date]:
    """A date in one of the forms that people write, and what it means."""
    day = date(1900, 1, 1) + timedelta(days=chance.randrange(0, 8100 * 365))
    if chance.random() < 0.7:
        day = date(1930, 1, 1) + timedelta(days=chance.randrange(0, 100 * 365))
    y, m, d = day.year, day.month, day.day
    forms = [
        f"{y:04}-{m:02}-{d:02}", f"{y:04}/{m}/{d}", f"{y:04}{m:02}{d:02}", f"{d:02}.{m:02}.{y:04}", f"{d}. {m}. {y:04}",
        f"{m}/{d}/{y:04}", f"{m:02}/{d:02}/{y:04}", f"{day:%B} {d}, {y:04}", f"{day:%b} {d} {y:04}", f"{day:%b}. {d}, {y:04}",
        f"{d} {day:%B} {y:04}", f"{d}-{day:%b}-{y:04}", f"{d}. {day:%B} {y:04}", f"{d}th {day:%B} {y:04}",
        f"{y:04}-{m:02}-{d:02} 13:45:00", f"{y:04}-{m:02}-{d:02}T13:45:00", f"{y:04}-{m:02}-{d:02} 13:45:00.123",
        f"{m}/{d}/{y:04} 1:45 PM",
    ]  # fmt: skip
    if 1930 <= y <= 2029:
        forms += [f"{m}/{d}/{y % 100:02}", f"{m:02}/{d:02}/{y % 100:02}", f"{d}.{m}.{y % 100:02}", f"{d}-{day:%b}-{y % 100:02}"] * 3
    text = chance.choice(forms)
    return around(chance, chance.choice([text, text.upper()]) if "T" not in text else text), day


@pytest.mark.parametrize("seed", SEEDS)
def test_dates_mean_what_people_mean(read, seed):
    chance = random.Random(seed)
    made = [a_date(chance) for _ in range(800)]
    for (text, meaning), (found, issue) in zip(made, read("start_date", [text for text, _ in made])):
        assert (found, issue) == (datetime(meaning.year, meaning.month, meaning.day), None), text


@pytest.mark.parametrize("text, meaning", [
    ("1/31/25", (2025, 1, 31)), ("1/31/29", (2029, 1, 31)), ("1/31/30", (1930, 1, 31)), ("1/31/99", (1999, 1, 31)),
    ("31.01.00", (2000, 1, 31)), ("2/29/24", (2024, 2, 29)), ("1/1/1900", (1900, 1, 1)), ("12/31/9999", (9999, 12, 31)),
])  # fmt: skip
def test_the_window_of_short_years(read, text, meaning):
    assert read("start_date", [text]) == [(datetime(*meaning), None)]


NO_DATES = [
    "1/31/025", "1/31/0025", "0025-01-31", "1/31/1899", "31.12.1899", "1850-06-01", "13/13/2020", "2/30/2020", "2/29/23",
    "2020-13-01", "00.01.2020", "17/01/2014", "25-01-31", "1/31", "January", "2020", "41656", "1/31/20255", "10000-01-01",
    "99991231.5", "n/a", "-", "?", "TBD", "next Monday", "1/31/25 or 2/1/25", "1/31/25x", "-1/31/25", "38:30", "1,309.50", "0",
]  # fmt: skip


def test_what_is_no_date_from_1900_to_9999_is_an_issue_and_never_another_date(read):
    for text, (found, issue) in zip(NO_DATES, read("start_date", NO_DATES)):
        assert (found, issue) == (None, "is not a date from 1900 to 9999"), text


def test_cells_that_are_dates_stay_dates_and_others_are_issues(read):
    days = [datetime(2014, 1, 17), date(2019, 2, 3), datetime(1900, 3, 1), datetime(9999, 12, 31), None]
    assert read("start_date", days) == [
        (None if day is None else datetime(day.year, day.month, day.day), None) for day in days
    ]
    mixed = [datetime(2014, 1, 17, 8, 30), "1/31/25", "n/a", None]
    assert [found for found, _ in read("start_date", mixed)] == [datetime(2014, 1, 17), datetime(2025, 1, 31), None, None]
    assert [found for found, _ in read("start_date", [20140117, 20190203])] == [datetime(2014, 1, 17), datetime(2019, 2, 3)]
    for no_dates in ([time(8, 30)], [timedelta(hours=30)], [41656, 41657], [41656.5], [True], [-3]):
        for found, issue in read("start_date", no_dates):
            assert (found, issue) == (None, "is not a date from 1900 to 9999"), no_dates


def a_number(chance: random.Random) -> tuple[str, float]:
    """An amount as people write it, and what it means."""
    whole, cents = chance.choice([0, 7, 38, 999, 1000, 1309, 54321, 1234567, chance.randrange(10**9)]), chance.randrange(100)
    with_point, grouped = f"{whole}.{cents:02}", f"{whole:,}"
    forms = [(with_point, True), (str(whole), False), (f"{whole},{cents:02}", True), (f"{whole},{cents // 10}", None)]
    forms += [(f"{grouped}.{cents:02}", True), (f"{grouped}.{cents:02}".translate(str.maketrans(",.", ".,")), True)]
    forms += [(grouped, False), (f"{grouped}.{cents:02}".replace(",", " "), True), (f"{grouped}.{cents:02}".replace(",", "\u202f"), True)]
    forms += [(f"{grouped},{cents:02}".replace(",", "'", grouped.count(",")), True)]
    if whole >= 10**6:
        forms.append((grouped.replace(",", "."), False))
    text, with_cents = chance.choice(forms)
    value = whole + (cents // 10 / 10 if with_cents is None else cents / 100 if with_cents else 0)
    money = chance.choice(["{}", "{}", "${}", "$ {}", "€{}", "{} €", "{}€", "£{}", "USD {}", "{} EUR", "{} usd", "US${}", "CHF {}"])
    sign, factor = chance.choice([("{}", 1), ("{}", 1), ("+{}", 1), ("-{}", -1), ("\u2212{}", -1), ("- {}", -1), ("({})", -1), ("{}-", -1)])
    text = chance.choice([sign.format(money.format(text)), money.format(sign.format(text))])
    return around(chance, text), factor * value


@pytest.mark.parametrize("seed", SEEDS)
def test_numbers_mean_what_people_mean(read, seed):
    chance = random.Random(seed)
    made = [a_number(chance) for _ in range(1200)]
    for (text, meaning), (found, issue) in zip(made, read("pay", [text for text, _ in made])):
        assert found == pytest.approx(meaning, rel=1e-12), text
        assert issue == ("negative" if meaning < 0 else None), text


@pytest.mark.parametrize("text, meaning", [
    ("0,125", 0.125), ("1,309", 1309), ("1309,5", 1309.5), ("12,5", 12.5), ("1.309", 1.309), (".5", 0.5), (",5", 0.5), ("5.", 5),
    ("1234,567", 1234.567), ("12,34,567.50", 1234567.5), ("1.5E+3", 1500), ("1e-3", 0.001), ("1,5000", 1.5), ("0", 0),
])  # fmt: skip
def test_separators(read, text, meaning):
    assert read("pay", [text]) == [(pytest.approx(meaning), None)]


NO_NUMBERS = [
    "n/a", "nan", "NaN", "inf", "-inf", "Infinity", "1e999", "1,2,3", "12 5", "1 2 3", "1.2.3", "1,23,4", "0,123,456", "--5", "(-5)", "((5))",
    "5%", "12.5 %", "five", "5 hours", "38:30", "1/2", "5-6", "-", "$", "()", "1_000", "0x10", "1'2", "1,309,50", "TRUE", "1.309,50,00", "٣",
]  # fmt: skip


@pytest.mark.parametrize("field", ["pay", "hours"])
def test_what_is_no_number_is_an_issue_and_never_another_number(read, field):
    for text, (found, issue) in zip(NO_NUMBERS, read(field, NO_NUMBERS)):
        assert (found, issue) == (None, "is not a number"), text


def test_cells_that_are_numbers_stay_numbers_and_others_are_issues(read):
    assert read("hours", [38, 12.5, None]) == [(38, None), (12.5, None), (None, None)]
    assert read("hours", [38, "12,5", 96.5, ""]) == [(38, None), (12.5, None), (96.5, "more than 80 hours"), (None, None)]
    for no_numbers in ([True], [datetime(2014, 1, 17)], [time(8, 30)], [timedelta(hours=38, minutes=30)]):
        assert read("hours", no_numbers) == [(None, "is not a number")], no_numbers


@pytest.mark.parametrize("field", ["start_date", "pay", "hours", "phone", "email", "member_id", "employer", "first_name", "last_name"])
def test_blanks_are_blank_and_no_issue(read, field):
    blanks = [None, "", " ", "\u00a0", "\t", "\n"]
    assert read(field, [*blanks, "x@example.org"])[: len(blanks)] == [(None, None)] * len(blanks)


@pytest.mark.parametrize("seed", SEEDS)
def test_phone_numbers_keep_their_digits(read, seed):
    chance = random.Random(seed)
    made = []
    for _ in range(400):
        area, local = chance.randrange(200, 1000), f"{chance.randrange(10**7):07}"
        forms = ["({a}) {b}-{c}", "{a}-{b}-{c}", "{a}.{b}.{c}", "{a}{b}{c}", "{a} {b} {c}", "+1 {a} {b} {c}", "1-{a}-{b}-{c}", "+1({a}){b}-{c}"]
        text = chance.choice(forms).format(a=area, b=local[:3], c=local[3:])
        meaning = f"{area}-{local[:3]}-{local[3:]}"
        if chance.random() < 0.3:
            text += chance.choice([" ext. {}", " x{}", " ext {}", "x{}", " Ext.{}", " #{}"]).format(extension := chance.randrange(1, 9999))
            meaning += f" x{extension}"
        if chance.random() < 0.2:
            digits = f"{chance.choice([44, 49, 33, 81])}{chance.randrange(10**7, 10**10)}"
            text, meaning = chance.choice(["+", "00", "+ "]) + f"{digits[:2]} {digits[2:6]} {digits[6:]}", f"+{digits}"
        made.append((around(chance, text), meaning))
    for (text, meaning), found in zip(made, read("phone", [text for text, _ in made])):
        assert found == (meaning, None), text


def test_phone_numbers_that_are_numbers_do_not_grow(read):
    assert read("phone", [5551234567, 5559876543]) == [("555-123-4567", None), ("555-987-6543", None)]
    assert [found for found, _ in read("phone", [5551234567.5, 5559876543.0])][1] == "555-987-6543"
    assert read("phone", ["5551234567.0", "x", 5559876543])[::2] == [("555-123-4567", None), ("555-987-6543", None)]


def test_what_is_no_phone_number_is_an_issue(read):
    cases = {
        "n/a": (None, "is not a phone number"), "none": (None, "is not a phone number"), "12345": ("12345", "too short for a phone number"),
        "555-123-4567 / 555-987-6543": ("55512345675559876543", "too long for a phone number"),
        "+49 30 1234567 89012345": ("+49301234567890123" + "45", "too long for a phone number"), "1-800-FLOWERS": ("1800", "too short for a phone number"),
    }  # fmt: skip
    assert dict(zip(cases, read("phone", list(cases)))) == cases


def test_texts_are_tidied_and_nothing_of_them_is_lost(read):
    assert read("member_id", [4711.0, 12.5, 2.0**60]) == [("4711", None), ("12.5", None), ("1.152921504606847e18", None)]
    assert read("member_id", [4711, "A-1", " 007 "]) == [("4711", None), ("A-1", None), ("007", None)]
    assert read("employer", [" Acme  Inc. ", 3, True])[0] == ("Acme  Inc.", None)
    assert read("first_name", [" Mary \u00a0 Ann\n", "Zoë"]) == [("Mary Ann", None), ("Zoë", None)]
    assert read("email", [" ANN@Example.ORG ", "ann(at)example.org", "Ann <ann@x.org>"]) == [
        ("ann@example.org", None), ("ann(at)example.org", "not an e-mail address"), ("ann <ann@x.org>", "not an e-mail address"),
    ]  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_full_names_are_split_without_losing_a_word(read, seed):
    chance = random.Random(seed)
    words = ["Avery", "Smith", "van", "der", "Berg", "O'Connor", "Jr.", "Mary-Ann", "Zoë", "李", "de la Cruz"]
    names, meanings = [], []
    for _ in range(300):
        parts = [chance.choice(words) for _ in range(chance.randrange(1, 5))]
        space = chance.choice([" ", "  ", "\u00a0", "\n", " \t"])
        if chance.random() < 0.4 and len(parts) > 1:
            names.append(around(chance, f"{parts[0]}{chance.choice([',', ', ', ' , '])}{space.join(parts[1:])}"))
            meanings.append((parts[1:], parts[:1]))
        else:
            names.append(around(chance, space.join(parts)))
            parts = " ".join(parts).split()
            meanings.append((parts[:1], parts[1:]))
    found = read("full_name", names, "first_name", "last_name")
    for name, (first, last), row in zip(names, meanings, found):
        assert row[:2] == (" ".join(" ".join(first).split()) or None, " ".join(" ".join(last).split()) or None), repr(name)
