"""Columns as they are read within the surroundings that a run gives them, and how the cells of many come out."""

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable

import polars as pl

from ade_engine import Settings, fields
from ade_engine.fields import surroundings

SEEDS = 60
ROWS = 40


class Column:
    """A column as it is read within the surroundings that a run gives it."""

    def __init__(self, cells, reader: Callable[[str], pl.Expr] = fields.date, header: str = "x", **settings):
        others = settings.pop("beside", {})
        table = pl.DataFrame({header: cells, **others})
        around = surroundings.Surroundings(Settings.model_construct(**settings), table, {})
        surroundings.enter(around)
        try:
            self.series = reader(header).read_from(table)
        finally:
            surroundings.enter(None)
        self.values = self.series.to_list()
        self.reading = around.readings.get((header, header), {})
        self.why = self.reading.get("message", "")
        messages = around.unread.get(header)
        self.unread = messages[0].to_list() if messages else [None] * len(self.values)

    @property
    def is_flagged(self) -> bool:
        return bool(self.reading["ambiguous"] or self.reading["contradict"])


class Tally:
    """How the cells of many columns came out, as means for a column."""

    def __init__(self, make: Callable[[random.Random], tuple[list, list]], reader=fields.date, seeds=SEEDS, **settings):
        counts: Counter[str] = Counter()
        self.columns = []
        for seed in range(seeds):
            cells, meant = make(random.Random(seed))
            column = Column(cells, reader, **settings)
            column.wrong = sum(got is not None and got != want for got, want in zip(column.values, meant))
            counts["empty"] += column.values.count(None)
            counts["wrong"] += column.wrong
            counts["silent"] += 0 if column.is_flagged else column.wrong
            counts["flagged"] += column.is_flagged
            self.columns.append(column)
        self.rows = len(cells)
        self.empty, self.wrong, self.silent, self.flagged = (counts[name] / seeds for name in ("empty", "wrong", "silent", "flagged"))
        self.right = self.rows - self.empty - self.wrong


def some_days(chance: random.Random, count: int, latest_day: int = 31) -> list[dt.date]:
    found: list[dt.date] = []
    while len(found) < count:
        day = dt.date(2015, 1, 1) + dt.timedelta(chance.randrange(4000))
        if day.day <= latest_day:
            found.append(day)
    return found


def day_first(day: dt.date) -> str:
    return day.strftime("%d/%m/%Y")


def month_first(day: dt.date) -> str:
    return day.strftime("%m/%d/%Y")


def in_threes(number: float, group: str, decimal: str, places: int = 2) -> str:
    return f"{number:,.{places}f}".translate({ord(","): group, ord("."): decimal})
