"""Tables that are not one record a row: columns of months, names that are said once, sections, several values in a cell, and facts
that stand beside a table. Each value is known by its cell.
"""

from __future__ import annotations

import datetime as dt

import pytest

from ade_engine.fields import Field, Stack, difference_of, label, sheet_name, title

MONTHS = ["Jan", "Feb", "Mar"]


@pytest.fixture
def read(succeed):
    """Runs fields on sheets: the records of all tables, the issues by cell, and notices by code."""

    def call(fields: str, sheets, settings: str = "", name: str | None = None, **options):
        module = (
            "from ade_engine.fields import *\nimport re\n"
            f"{fields}\n\n\ndef register(registry):\n    for field in FIELDS:\n        field.register(registry)\n"
        )
        files = {"columns/fields.py": module, "/settings.toml": f'edition = "2026"\n{settings}'}
        outcome = succeed(files, {"S": sheets} if isinstance(sheets, list) else sheets, rows=None, **options)
        records = [record for title in outcome.book.sheetnames if title != "Issues" for table in outcome.records(title) for record in table]
        own = ("Severity", "Issues")
        outcome.found = [{key: value.date() if isinstance(value, dt.datetime) else value for key, value in one.items() if key not in own} for one in records]
        outcome.at = [(one["cell"], one["rule"], one["value"]) for one in outcome.issues]
        return outcome

    return call


def values(outcome, *names):
    return [tuple(record.get(name) for name in names) for record in outcome.found]


CROSSTAB = """
MONTHS = Stack("months")
FIELDS = [
    Field("site", "Site", read=text, unique=True, required=True),
    Field("month", "Month", read=month, part_of=MONTHS.header),
    Field("amount", "Amount", read=money, part_of=MONTHS.value, checks=[(lambda name: range(name, least=0), "error")]),
]
"""


def day(month, year=2025):
    return dt.date(year, month, 1)


def test_months_become_rows_and_each_value_knows_its_cell(read):
    rows = [["Budget 2025"], ["Site", *MONTHS, "Total"], ["North", 10, 20, 30, 60], ["South", 40, None, "x5", 40], ["East", 70, -8, 9, 72], ["Total", 120, 12, 39, 172]]
    outcome = read(CROSSTAB, rows)
    assert values(outcome, "Site", "Month", "Amount", "Source row") == [
        *(("North", day(n), 10 * n, 3) for n in (1, 2, 3)),
        *(("South", day(1), 40, 4), ("South", day(3), None, 4)),
        *(("East", day(1), 70, 5), ("East", day(2), -8, 5), ("East", day(3), 9, 5)),
    ]
    assert outcome.at == [("E5", "amount.total_differs", "72"), ("D4", "amount.value_lost", "x5"), ("C5", "amount.range", "-8")] or sorted(outcome.at) == sorted(
        [("D4", "amount.value_lost", "x5"), ("C5", "amount.check", "-8"), ("E5", "amount.total_differs", "72")]
    )
    (told,) = outcome.notices("stacked")
    assert told["level"] == "warning" and "3 rows became 8; 1 empty cell makes no row; E (Total) left out as a total" in told["message"]
    assert "the year 2025 is from the lines above the table" in told["message"]


def test_a_table_with_columns_of_its_own_stays_as_it_is(read):
    rows = [["Site", "Month", "Amount"], ["North", "2025-01", 10], ["South", "2025-02", 20]]
    outcome = read(CROSSTAB, rows)
    assert values(outcome, "Site", "Month", "Amount") == [("North", day(1), 10), ("South", day(2), 20)] and not outcome.notices("stacked")
