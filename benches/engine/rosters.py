#!/usr/bin/env python3
"""Write the rosters for the benches of the default configuration; they are always the same.

    rosters.py OUTPUT_FOLDER NAME ...

Their headers are those that the template's configuration knows; their values are what people type. A name is one of
`12-rows.xlsx`, `150-tables.xlsx`, `40-sheets.xlsx` and `300000-rows.csv`, `ROWS-rows.xlsx`, one wide table, or `ROWS-wrong.csv`, a table in which
every date and every number of hours is wrong. Needs XlsxWriter.
"""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import xlsxwriter

SEED = 20_250_131
HEADERS = ("Member ID", "First Name", "Last Name", "E-mail", "Phone", "Employer", "Hire Date", "Hours", "Gross Wages")
OTHERS = ("Local", "Shift", "Union Code", "Rate Class", "Overtime", "Deduction", "Site", "Foreman", "Checked", "Remark")
FIRST_NAMES = ("Avery", "Jordan", "Casey", "Morgan", "Riley", "Łukasz", "José", "Zoë", "Quinn", "Rowan", "Sam", "Noor")
LAST_NAMES = ("Smith", "O'Connor", "Martin", "Nguyễn", "García", "Müller", "Kowalski", "Brown", "de la Cruz", "Patel")
EMPLOYERS = ("Acme Builders", "Harbor Electric LLC", "Stone & Sons", "Northside Plumbing", "Lakeview Concrete Inc.")
TABLE_ROWS = 12


def typed_date(random_: random.Random, day: date) -> str:
    """Returns a date as text: mostly in one format per column, sometimes in another."""
    chance = random_.random()
    if chance < 0.85:
        return f"{day.month:02d}/{day.day:02d}/{day.year}"
    if chance < 0.95:
        return day.isoformat()
    return f"{day.day}-{day:%b}-{day:%y}"


def typed_amount(random_: random.Random, amount: float) -> str:
    """Returns an amount as text."""
    chance = random_.random()
    if chance < 0.6:
        return f"${amount:,.2f}"
    if chance < 0.95:
        return f"{amount:.2f}"
    return f"({amount:,.2f})"


def typed_phone(random_: random.Random) -> str:
    """Returns a phone number as text."""
    area, exchange, line = random_.randrange(201, 990), random_.randrange(200, 1000), random_.randrange(10_000)
    chance = random_.random()
    if chance < 0.4:
        return f"({area}) {exchange}-{line:04d}"
    if chance < 0.7:
        return f"{area}-{exchange}-{line:04d}"
    if chance < 0.85:
        return f"{area}.{exchange}.{line:04d}"
    if chance < 0.95:
        return f"+44 20 {random_.randrange(7000, 8000)} {line:04d}"
    return f"1{area}{exchange}{line:04d} ext. {random_.randrange(10, 100)}"


def person(random_: random.Random, number: int, *, typed: bool) -> list[object]:
    """Returns a row for HEADERS. In a spreadsheet, most cells are dates and numbers; in a text file, all are text."""
    first, last = random_.choice(FIRST_NAMES), random_.choice(LAST_NAMES)
    day = date(1995, 1, 1) + timedelta(days=random_.randrange(11_000))
    hours = random_.randrange(0, 321) / 4
    pay = round(random_.uniform(80, 9_000), 2)
    keep = typed and random_.random() < 0.9
    row: list[object] = [
        f"{number:06d}",
        first,
        last,
        f"{first}.{number}@Example.org",
        typed_phone(random_),
        random_.choice(EMPLOYERS),
        datetime(day.year, day.month, day.day) if keep else typed_date(random_, day),
        hours if keep else f"{hours:g}",
        pay if keep else typed_amount(random_, pay),
    ]
    return [None if column and random_.random() < 0.03 else value for column, value in enumerate(row)]


def others(random_: random.Random) -> list[object]:
    """Returns a row for OTHERS: columns without a field."""
    return [
        random_.randrange(1, 60),
        random_.choice(("day", "night", "swing")),
        f"U-{random_.randrange(100):02d}",
        random_.choice("ABCD"),
        random_.randrange(0, 40) / 2,
        round(random_.uniform(0, 200), 2),
        random_.choice(("Pier 4", "North gate", "Depot", "Bridge works")),
        random_.choice(LAST_NAMES),
        random_.random() < 0.5,
        "see attached sheet" if random_.random() < 0.1 else None,
    ]


class Sheet:
    """A worksheet that is written row by row."""

    def __init__(self, book: xlsxwriter.Workbook, name: str):
        self.sheet = book.add_worksheet(name)
        self.next_row = 0

    def add(self, *values: object) -> None:
        for column, value in enumerate(values):
            if isinstance(value, datetime):
                self.sheet.write_datetime(self.next_row, column, value)
            elif isinstance(value, str):
                self.sheet.write_string(self.next_row, column, value)
            elif value is not None:
                self.sheet.write(self.next_row, column, value)
        self.next_row += 1

    def add_table(self, random_: random.Random, rows: int) -> None:
        self.add(*HEADERS)
        for number in range(rows):
            self.add(*person(random_, number + 1, typed=True))


def write_workbook(path: Path, *, sheets: int = 1, tables: int = 1) -> None:
    """Writes sheets with small tables below each other, each with its header row and two blank rows after it."""
    random_ = random.Random(SEED)
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as book:
        for number in range(sheets):
            sheet = Sheet(book, f"Site {number + 1}")
            sheet.add("Weekly roster")
            sheet.add()
            for _ in range(tables):
                sheet.add_table(random_, TABLE_ROWS)
                sheet.add()
                sheet.add()


def write_wide_workbook(path: Path, rows: int) -> None:
    """Writes ten columns that are recognised (the tenth has full names), and ten that are not."""
    random_ = random.Random(SEED)
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as book:
        sheet = Sheet(book, "Roster")
        sheet.add("Roster export")
        sheet.add()
        sheet.add(*HEADERS, "Full Name", *OTHERS)
        for number in range(rows):
            row = person(random_, number + 1, typed=True)
            sheet.add(*row, f"{row[1] or ''} {row[2] or ''}".strip() or None, *others(random_))


def wrong(row: list[object], number: int) -> list[object]:
    """Returns the row of a person with a word instead of a date, and more hours than a check allows."""
    return [*row[:6], "soon", f"{100 + number % 500 / 10:g}", *row[8:]]


def write_text(path: Path, rows: int, change: Callable[[list[object], int], list[object]] = lambda row, _: row) -> None:
    """Writes a table of text."""
    random_ = random.Random(SEED)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        writer.writerows(change(person(random_, number + 1, typed=False), number) for number in range(rows))


WRITERS = {
    "12-rows.xlsx": lambda path: write_workbook(path),
    "150-tables.xlsx": lambda path: write_workbook(path, tables=150),
    "40-sheets.xlsx": lambda path: write_workbook(path, sheets=40),
    "300000-rows.csv": lambda path: write_text(path, 300_000),
}


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:]:
        rows, _, kind = name.partition("-")
        if name in WRITERS:
            WRITERS[name](folder / name)
        elif kind == "wrong.csv":
            write_text(folder / name, int(rows), wrong)
        else:
            write_wide_workbook(folder / name, int(rows))


if __name__ == "__main__":
    main()
