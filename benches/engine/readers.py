#!/usr/bin/env python3
"""Measures how fast `ade_engine.fields` reads a million cells, compared to polars with clean ones.

    readers.py

Prints a line for each kind of value: its name, the seconds for a million cells, polars' seconds for a million clean ones,
and the seconds of the first use in a process. Where the engine has no such reader, it prints the name alone.
"""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import date, timedelta
from statistics import median
from time import perf_counter

import polars as pl
import rosters

CELLS = 1_000_000
ROUNDS = 5
CLEAN = {
    "date": lambda column: column.str.to_date("%Y-%m-%d"),
    "number": lambda column: column.cast(pl.Float64),
    "phone": lambda column: column.str.replace_all(r"[^0-9]", ""),
}


def reader(kind: str):
    """Returns the engine's reader, or None."""
    try:
        from ade_engine import fields
    except ImportError:
        return None
    return getattr(fields, kind, None)


def cells(kind: str) -> tuple[list[str], list[str]]:
    """Returns values as people type them, and the same values in clean form."""
    random_ = random.Random(rosters.SEED)
    if kind == "phone":
        typed = [rosters.typed_phone(random_) for _ in range(CELLS)]
        return typed, typed
    if kind == "date":
        days = [date(1995, 1, 1) + timedelta(days=random_.randrange(11_000)) for _ in range(CELLS)]
        return [rosters.typed_date(random_, day) for day in days], [day.isoformat() for day in days]
    amounts = [round(random_.uniform(80, 90_000), 2) for _ in range(CELLS)]
    return [rosters.typed_amount(random_, amount) for amount in amounts], [f"{amount:.2f}" for amount in amounts]


def seconds(frame: pl.DataFrame, expression: pl.Expr) -> float:
    started = perf_counter()
    frame.with_columns(expression)
    return perf_counter() - started


def first_use(kind: str) -> float:
    """Measures a process that has loaded a config package (so that the engine, polars and the readers' module are imported)
    and has used polars, but no reader."""
    import ade_engine  # noqa: F401

    reader(kind)

    frame = pl.DataFrame({"d": ["1"]})
    seconds(frame, pl.col("d").str.strip_chars())
    started = perf_counter()
    frame.with_columns(reader(kind)("d"))
    return perf_counter() - started


def main() -> None:
    for kind, clean in CLEAN.items():
        read = reader(kind)
        if read is None:
            print(kind)
            continue
        typed, plain = (pl.DataFrame({"d": values}) for values in cells(kind))
        ours, theirs, first = [], [], []
        for _ in range(ROUNDS):
            ours.append(seconds(typed, read("d")))
            theirs.append(seconds(plain, clean(pl.col("d"))))
            printed = subprocess.run([sys.executable, __file__, kind], check=True, capture_output=True, text=True).stdout
            first.append(float(printed))
        print(kind, median(ours), median(theirs), median(first))


if __name__ == "__main__":
    if sys.argv[1:]:
        print(first_use(sys.argv[1]))
    else:
        main()
