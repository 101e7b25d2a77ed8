"""Reading cells costs as much as there are cells: nothing is parsed again for each of them, and nothing is kept.

Work is counted, not timed: the calls that Python makes, its own and those into libraries, and how often the input is
read natively or parsed by openpyxl. Four times the rows may cost four times as much.
"""

import datetime as dt
import gc
import sys
import tracemalloc
from typing import Any

import openpyxl
import polars as pl
import pytest
from conftest import everything
from every_format import FORMATS, Sheet
from openpyxl.worksheet._reader import WorkSheetParser

from ade_engine import _native
from ade_engine.io.input.source import open_source
from ade_engine.io.output.workbook import WorkbookOutput

COLUMNS = 6
FEW, MANY = 24, 96
#: The allowed growth beyond proportional work, for work that happens once.
SLACK = 1.3
#: The maximum number of reads of a sheet, however much a hook asks of it.
READS = 12


class TooMuch(Exception):
    """More work than is allowed."""


class Work:
    """Counts calls while it is entered; fails beyond a limit."""

    def __init__(self, limit: float = float("inf")):
        self.limit = limit
        self.calls = 0

    def _count(self, frame: Any, event: str, argument: Any) -> None:
        if event in ("call", "c_call"):
            self.calls += 1
            if self.calls > self.limit:
                sys.setprofile(None)
                raise TooMuch(f"more than {self.limit:.0f} calls")

    def __enter__(self) -> "Work":
        sys.setprofile(self._count)
        return self

    def __exit__(self, *_: Any) -> None:
        sys.setprofile(None)


def row_of(number: int) -> list[Any]:
    return [f"name {number}", number, number + 0.5, number % 2 == 0, dt.datetime(2024, 1, 1) + dt.timedelta(days=number), "#N/A"]


def open_sheet(kind: str, rows: int, folder: Any) -> Any:
    """A sheet with as many rows, as hooks get it."""
    values = [row_of(number) for number in range(rows)]
    if kind == "output":
        output = WorkbookOutput()
        sheet = output.add_sheet("Data")
        output.append_table(sheet, pl.DataFrame(values[1:], schema=[f"column {number}" for number in range(COLUMNS)], orient="row"), gap=False)
        return sheet
    path = folder / f"book{rows}.{kind}"
    FORMATS[kind][1](path, [Sheet("Data", values)])
    return open_source(str(path)).sheets[0].worksheet


#: Ways along the cells of a sheet.
WALKS = {name: code for name, code in map(lambda line: line.split(": ", 1), """
by_rows: (cell for row in sheet.iter_rows() for cell in row)
by_numbers: (sheet.cell(row, column) for row in range(1, rows + 1) for column in range(1, COLUMNS + 1))
by_numbers_backwards: (sheet.cell(row=row, column=column) for column in range(COLUMNS, 0, -1) for row in range(rows, 0, -1))
by_names: (sheet[f"{letter}{row}"] for row in range(1, rows + 1) for letter in "ABCDEF")
by_lines: (cell for row in range(1, rows + 1) for cell in sheet[row])
by_areas: (cell for row in range(1, rows, 2) for line in sheet[f"A{row}:F{row + 1}"] for cell in line)
by_values: (value for _ in range(3) for row in sheet.values for value in row)
by_columns: (cell for column in sheet.iter_cols() for cell in column)
by_offsets: (sheet["A1"].offset(row, column) for row in range(rows) for column in range(COLUMNS))
""".strip().splitlines())}  # fmt: skip
#: Walks that a kind of sheet does not have, or that are not linear in openpyxl: a full sheet finds its extent for a line
#: by looking at every cell.
WITHOUT = {"xlsx": ("by_columns", "by_offsets"), "csv": ("by_lines",), "xls": ("by_lines",), "output": ()}
KINDS = ("xlsx", "csv", "xls", "output")
NAMES = "value data_type is_date number_format font fill border alignment protection has_style coordinate column_letter internal_value".split()
CASES = [(kind, walk) for kind in KINDS for walk in WALKS if walk not in WITHOUT[kind]]


def read(sheet: Any, rows: int, walk: str, names: Any) -> int:
    """Reads these attributes of every cell; returns the number of cells."""
    count = 0
    for cell in eval(WALKS[walk], {"sheet": sheet, "rows": rows, "COLUMNS": COLUMNS}):
        count += 1
        for name in names:
            getattr(cell, name, None)
    return count


def work_of(kind: str, walk: str, rows: int, folder: Any, names: Any, limit: float = float("inf")) -> int:
    sheet = open_sheet(kind, rows, folder)
    # The cost of opening and of imports is not measured here.
    sheet.cell(1, 1).font
    with Work(limit) as work:
        count = read(sheet, rows, walk, names)
    assert count >= rows * COLUMNS
    return work.calls


#: One name at a time along rows and by numbers, and all of them along every walk. By default each name along one of the two.
COSTS = [(kind, walk, [name]) for kind in KINDS for walk in ("by_rows", "by_numbers") for name in NAMES]
COSTS = COSTS if everything() else COSTS[::2]
COSTS += [(kind, walk, NAMES) for kind, walk in CASES]


@pytest.mark.parametrize("kind, walk, names", COSTS, ids=[f"{kind} {walk} {names[0] if len(names) == 1 else 'all'}" for kind, walk, names in COSTS])
def test_four_times_the_cells_cost_four_times_as_much(tmp_path, kind, walk, names):
    few = work_of(kind, walk, FEW, tmp_path, names)
    work_of(kind, walk, MANY, tmp_path, names, limit=few * (MANY / FEW) * SLACK + 2000)


class Counted:
    """A native object whose calls are counted by name."""

    def __init__(self, inner: Any, counts: dict[str, int]):
        self.__dict__.update(inner=inner, counts=counts)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self.counts[name] = self.counts.get(name, 0) + 1
            return found(*arguments, **named)

        return call


@pytest.mark.parametrize("kind, walk", CASES, ids=[f"{kind} {walk}" for kind, walk in CASES])
def test_the_input_is_read_a_few_times_however_much_is_asked(tmp_path, monkeypatch, kind, walk):
    counts: dict[str, int] = {}
    native, parse, load = _native.Source, WorkSheetParser.parse, openpyxl.load_workbook

    def parse_counted(self):
        counts["parse"] = counts.get("parse", 0) + 1
        if counts["parse"] > READS:
            raise TooMuch("openpyxl parses the sheet again and again")
        return parse(self)

    def load_counted(*arguments, **named):
        counts["load_workbook"] = counts.get("load_workbook", 0) + 1
        return load(*arguments, **named)

    monkeypatch.setattr(_native, "Source", lambda *arguments, **named: Counted(native(*arguments, **named), counts))
    monkeypatch.setattr(WorkSheetParser, "parse", parse_counted)
    monkeypatch.setattr(openpyxl, "load_workbook", load_counted)
    sheet = open_sheet(kind, MANY, tmp_path)
    for _ in range(2):
        read(sheet, MANY, walk, NAMES)
    assert sum(counts.get(name, 0) for name in ("peek", "scan", "parse", "load_workbook")) <= READS, counts
    # The engine makes no other calls of the native module for each cell either.
    assert sum(counts.values()) <= 4 * READS, counts


@pytest.mark.parametrize("kind", KINDS)
def test_looking_at_all_cells_costs_about_what_it_costs_openpyxl(tmp_path, kind):
    sheet = open_sheet(kind, MANY, tmp_path)
    if kind == "xlsx":
        expected = openpyxl.load_workbook(tmp_path / f"book{MANY}.xlsx", read_only=True, data_only=True).active
    else:
        expected = openpyxl.Workbook().active
        for row in sheet.iter_rows(values_only=True):
            expected.append(row)
    calls = []
    for one in (expected, sheet):
        read(one, MANY, "by_rows", ["font"])
        with Work() as work:
            read(one, MANY, "by_rows", NAMES)
        calls.append(work.calls)
    assert calls[1] <= 1.5 * calls[0] + 2000


@pytest.mark.parametrize("kind, walk", CASES, ids=[f"{kind} {walk}" for kind, walk in CASES])
def test_reading_again_keeps_nothing_more(tmp_path, kind, walk):
    sheet = open_sheet(kind, MANY, tmp_path)
    # Without the correction the styles of all cells would be read again for each: values suffice here.
    names = ("value", "coordinate")

    def kept() -> int:
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    for _ in range(2):
        read(sheet, MANY, walk, names)
    # Collecting garbage removes earlier reads and their reference cycles, so that they are not counted.
    gc.collect()
    tracemalloc.start()
    try:
        read(sheet, MANY, walk, names)
        before = kept()
        for _ in range(4):
            read(sheet, MANY, walk, names)
        # An object for each cell read would be a hundred bytes each time.
        assert kept() - before < MANY * COLUMNS * 10
    finally:
        tracemalloc.stop()
