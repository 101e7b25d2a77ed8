#!/usr/bin/env python3
"""Write the workbooks that the engine's speed is measured on: always the same ones.

    generate.py OUTPUT_FOLDER [ROWS ...]

Each is one sheet of ROWS rows and 20 columns of mixed types with 15 % gaps, under a title line and a header row, as a
user's export would be. Needs XlsxWriter.
"""

from __future__ import annotations

import random
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path

import xlsxwriter

SEED = 20_240_229
COLUMNS = (
    *("Order no", "Customer", "E-mail", "City", "Country", "Ordered on", "Shipped at", "Quantity", "Unit price"),
    *("Discount", "Total", "Currency", "Paid", "Status", "Phone", "Postcode", "Delivery time", "Handling", "Note", "Reference"),
)
GAP = 0.15
FIRST_NAMES = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Tony", "Niklaus", "Frances", "Ken")
LAST_NAMES = ("Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Knuth", "Hoare", "Wirth", "Allen", "Thompson")
CITIES = ("Oslo", "Łódź", "São Paulo", "München", "Kyōto", "Reykjavík", "Montréal", "Bergen", "Graz", "Aarhus")
COUNTRIES = ("NO", "PL", "BR", "DE", "JP", "IS", "CA", "AT", "DK")
STATUSES = ("open", "shipped", "returned", "on hold", "cancelled")
WORDS = "please leave with the neighbour call before delivery fragile gift wrap second floor back door".split()


def row_values(random_: random.Random, number: int) -> list[object]:
    """One order."""
    first, last = random_.choice(FIRST_NAMES), random_.choice(LAST_NAMES)
    ordered = date(2020, 1, 1) + timedelta(days=random_.randrange(1800))
    quantity = random_.randrange(1, 500)
    price = round(random_.uniform(0.5, 2000), 2)
    values: list[object] = [
        f"A-{number:07d}",
        f"{first} {last}",
        f"{first}.{last}{random_.randrange(1000)}@example.org".lower(),
        random_.choice(CITIES),
        random_.choice(COUNTRIES),
        ordered,
        datetime(ordered.year, ordered.month, ordered.day, 6) + timedelta(minutes=random_.randrange(10_000)),
        quantity,
        price,
        round(random_.random() * 0.3, 3),
        round(quantity * price, 2),
        random_.choice(("EUR", "USD", "NOK")),
        random_.random() < 0.7,
        random_.choice(STATUSES),
        f"+{random_.randrange(10**10, 10**11)}",
        random_.randrange(10_000, 99_999) if random_.random() < 0.9 else f"{random_.randrange(1000, 9999)} AB",
        time(random_.randrange(24), random_.randrange(60)),
        timedelta(minutes=random_.randrange(6000)),
        " ".join(random_.choices(WORDS, k=random_.randrange(3, 12))),
        random_.random() * 10 ** random_.randrange(-3, 9),
    ]
    return [None if column and random_.random() < GAP else value for column, value in enumerate(values)]


def write_workbook(path: Path, rows: int) -> None:
    """Write one workbook."""
    random_ = random.Random(SEED)
    workbook = xlsxwriter.Workbook(str(path), {"constant_memory": False, "default_date_format": "yyyy-mm-dd"})
    clock = workbook.add_format({"num_format": "hh:mm"})
    moment = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    span = workbook.add_format({"num_format": "[h]:mm:ss"})
    sheet = workbook.add_worksheet("Orders")
    sheet.write(0, 0, "Order export")
    sheet.write_row(2, 0, COLUMNS)
    for number in range(rows):
        for column, value in enumerate(row_values(random_, number)):
            if value is None:
                continue
            at = (number + 3, column)
            if isinstance(value, datetime):
                sheet.write_datetime(*at, value, moment)
            elif isinstance(value, timedelta):
                sheet.write_datetime(*at, value, span)
            elif isinstance(value, time):
                sheet.write_datetime(*at, value, clock)
            elif isinstance(value, date):
                sheet.write_datetime(*at, datetime(value.year, value.month, value.day))
            elif isinstance(value, str):
                sheet.write_string(*at, value)
            else:
                sheet.write(*at, value)
    workbook.close()


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for rows in [int(argument) for argument in sys.argv[2:]] or [12, 5_000, 50_000, 200_000]:
        write_workbook(folder / f"orders-{rows}.xlsx", rows)
        print(folder / f"orders-{rows}.xlsx")


if __name__ == "__main__":
    main()
