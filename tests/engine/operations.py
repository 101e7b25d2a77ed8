"""Operations of hooks on a workbook that is being written, done to two workbooks alike.

An operation is a line of Python as a hook would write it; `openpyxl.toml` has them. It finds these names: ``wb``, the output workbook;
``ws``, the sheet that the operation is for; ``append(k, frame, gap)`` and ``add_sheet(title)``, the engine's own steps; ``early``, a path to
save at; and the names that openpyxl exports. The value that it assigns to ``seen`` is compared.
"""

import datetime as dt
import decimal
import io
import random
import re
import tempfile
import warnings
from copy import copy
from importlib import import_module
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl

from ade_engine.io.output.workbook import WorkbookOutput
from describing import described, differences, facts, links_of, open_cells, plain
from package_check import check_package
from test_sheets import tomllib

TABLES = tomllib.loads((Path(__file__).parent / "openpyxl.toml").read_text("utf-8"))


def lines(text: str) -> list[str]:
    """The steps of an entry."""
    return [line.replace(" ⏎", "\n") for line in text.strip("\n").split("\n")]


#: The names that operations use, with the tables below.
NAMES = {name: value for module in TABLES["names"]["modules"].split() for name, value in vars(import_module(module)).items()}
NAMES |= dict(dt=dt, decimal=decimal, copy=copy, openpyxl=openpyxl, pl=pl, described=described, facts=facts, open_cells=open_cells, plain=plain, check_package=check_package)
KINDS = {kind: [eval(text, NAMES) for text in entry] for kind, entry in TABLES["kinds"].items()}


def frame(rows: int, seed: int, *columns: str) -> pl.DataFrame:
    """A frame with columns of these kinds; the same for the same arguments."""
    rnd = random.Random(f"{rows} {seed}")
    kinds = [(column, *KINDS[column.rstrip("0123456789")]) for column in columns]
    return pl.DataFrame([pl.Series(name, [None if rnd.random() < 0.2 else rnd.choice(values) for _ in range(rows)], dtype) for name, dtype, values in kinds])


class Written:
    """A workbook that is being written: openpyxl's own, as if that were the engine's output."""

    def __init__(self, folder: Path, label: str, *, escape_formulas: bool = False):
        self.folder = folder
        self.label = label
        self.escape_formulas = escape_formulas
        self.sheets: list[Any] = []
        self.workbook = self.start()
        self.names = {
            **NAMES,
            **{"wb": self.workbook, "append": self.append, "add_sheet": self.add_sheet, "early": self.folder / f"early-{self.label}.xlsx"},
        }

    def start(self) -> Any:
        book = openpyxl.Workbook()
        book.remove(book.active)
        return book

    def add_sheet(self, title: str) -> None:
        self.sheets.append(self.workbook.create_sheet(title))

    def append(self, number: int, table: pl.DataFrame, gap: bool) -> None:
        sheet = self.sheets[number % len(self.sheets)]
        if gap:
            sheet.append([])
        for row in (table.columns, *table.iter_rows()):
            sheet.append(row)
            for column in range(1, len(row) + 1) if self.escape_formulas else ():
                cell = sheet.cell(sheet._current_row, column)
                if cell.data_type == "f":
                    cell.data_type = "s"

    def save(self) -> Path:
        path = self.folder / f"{self.label}.xlsx"
        self.workbook.save(path)
        return path

    def do(self, step: tuple[int, str]) -> tuple[str, Any]:
        """Do a step; returns its result: a value, or the exception's type."""
        number, code = step
        try:
            sheets = self.workbook.worksheets
            names = {**self.names, "ws": sheets[number % len(sheets)] if sheets else None, "seen": None}
            exec(code, names)  # noqa: S102
            return "seen", names["seen"]
        except Exception as error:
            if type(error) is NameError:
                # A slip in the table.
                raise
            return "raised", type(error)


class EngineWritten(Written):
    """A workbook that is being written: the engine's output."""

    def start(self) -> Any:
        self.output = WorkbookOutput(escape_formulas=self.escape_formulas)
        return self.output.workbook

    def add_sheet(self, title: str) -> None:
        self.sheets.append(self.output.add_sheet(title))

    def append(self, number: int, table: pl.DataFrame, gap: bool) -> None:
        self.output.append_table(self.sheets[number % len(self.sheets)], table, gap=gap)

    def save(self) -> Path:
        path = self.folder / f"{self.label}.xlsx"
        self.output.save(str(path))
        return path


def values_of(cells: Any) -> Any:
    """The values of a cell, a row or an area of cells."""
    if isinstance(cells, (tuple, list)) or hasattr(cells, "__next__"):
        return [values_of(cell) for cell in cells]
    return plain(cells.value) if hasattr(cells, "data_type") else plain(cells)


def image() -> Any:
    """Returns a picture of one pixel; needs a library that openpyxl does not require."""
    from openpyxl.drawing.image import Image
    from PIL import Image as Picture

    Picture.new("RGB", (1, 1)).save(file := io.BytesIO(), "png")
    file.seek(0)
    return Image(file)


NAMES |= dict(frame=frame, values_of=values_of, image=image)


class Generator:
    """Makes steps. Random, but sane: nothing that a spreadsheet program would not let its user do."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.counter = 0

    def sequence(self, *, risky: bool = False) -> list[tuple[int, str]]:
        rnd = self.random
        steps = []
        for sheet in range(rnd.randrange(1, 4)):
            steps.append((0, self.filled("add_sheet('<new Data>')")))
            for table in range(rnd.choice((1, 1, 2, 3))):
                steps.append((0, self.filled(f"append({sheet}, frame(<rows>, <seed>, <kinds>), {table > 0})")))
                steps += self.some(rnd.choice((0, 0, 1, 3, 6)), risky)
        return steps + self.some(rnd.randrange(12), risky)

    def some(self, count: int, risky: bool) -> list[tuple[int, str]]:
        groups = {group: weight for group, weight in TABLES["weights"].items() if risky or group != "delicate"}
        found = self.random.choices(list(groups), groups.values(), k=count)
        return [(self.random.randrange(6), self.filled(self.random.choice(lines(TABLES["operations"][group])))) for group in found]

    def filled(self, text: str) -> str:
        """A line whose places are filled."""
        while "<" in text and (done := re.sub("<([^<>]+)>", self.one, text)) != text:
            text = done
        return text

    def one(self, place: re.Match) -> str:
        word, _, rest = place[1].partition(" ")
        if word == "new":
            self.counter += 1
            return f"{rest}{self.counter}"
        return self.random.choice(re.split(" [/|] ", rest) if word == "of" else TABLES["choices"][word].split(" / "))


# Doing a sequence to both ---------------------------------------------------------------------------------------------


class Outcome:
    """The result of a sequence of steps on both sides."""

    def __init__(self) -> None:
        #: The differences between the engine's workbook and openpyxl's, in words; those of the first steps first.
        self.differences: list[str] = []
        self.faults: list[str] = []
        self.faults_of_openpyxl: list[str] = []
        self.paths: tuple[Path, Path] | None = None

    @property
    def new_faults(self) -> list[str]:
        """Faults of kinds that openpyxl's file does not have."""
        known = set(map(kind_of, self.faults_of_openpyxl))
        return [fault for fault in self.faults if kind_of(fault) not in known]


def kind_of(fault: str) -> str:
    """Returns the kind of a fault; the fault itself if its kind is not known."""
    return next((kind for kind, (words, _) in TABLES["faults"].items() if any(word in fault for word in words)), fault)


def run(steps: list[tuple[int, str]], folder: Path, sides: tuple[type[Written], type[Written]], *, escape_formulas: bool = False) -> Outcome:
    """Do the steps to both sides and compare them: the result of each step, and what was saved."""
    outcome = Outcome()
    # openpyxl leaves the archive open when saving fails, and closes it at any later time, so that no name is used twice.
    folder = Path(tempfile.mkdtemp(dir=folder))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results, saved = [], []
        # One after the other: openpyxl's built-in styles belong to the workbook that used them last.
        for side, label in zip(sides, ("found", "expected")):
            written = side(folder, label, escape_formulas=escape_formulas)
            results.append([written.do(step) for step in steps])
            # openpyxl forgets to move a link along with its cell: it may be written in either place.
            moved = {f"links of {sheet.title}": links_of(sheet) for sheet in written.workbook.worksheets} if side is Written else {}
            try:
                saved.append(written.save())
            except Exception as error:
                saved.append(error)
        for step, found, expected in zip(steps, *results):
            if "check_package" in step[1] and found[0] == expected[0] == "seen":
                lines = compared(found[1][0], expected[1][0], expected[1][1])
                outcome.differences = [f"after {step[1]!r}: {line}" for line in lines]
            elif "wb.save(early)" in step[1] and found[0] == "seen" != expected[0]:
                # The engine saves some workbooks that openpyxl refuses to save.
                return outcome
            elif found != expected:
                outcome.differences = in_words(step, found, expected)
            if outcome.differences:
                return outcome
        if isinstance(saved[1], Exception) and not isinstance(saved[0], Exception):
            outcome.faults = check_package(saved[0])
            return outcome
        if any(isinstance(path, Exception) for path in saved):
            if type(saved[0]) is not type(saved[1]):
                outcome.differences = [f"saving: {saved[0]!r} instead of {saved[1]!r}"]
            return outcome
        outcome.paths = saved[0], saved[1]
        outcome.faults, outcome.faults_of_openpyxl = map(check_package, saved)
        descriptions = []
        for path, faults in zip(saved, (outcome.faults, outcome.faults_of_openpyxl)):
            try:
                descriptions.append(described(path))
            except Exception as error:
                faults.append(f"openpyxl cannot load it: {error!r}")
        if len(descriptions) == 2:
            for name, links in moved.items():
                if descriptions[0].get(name) == links:
                    descriptions[1][name] = links
            outcome.differences = compared(*descriptions, outcome.faults_of_openpyxl)
    return outcome


def compared(found: dict, expected: dict, faults_of_openpyxl: list[str]) -> list[str]:
    """The differences of two descriptions, except in parts that faults of openpyxl's file affect."""
    moot = tuple(words for fault in faults_of_openpyxl for words in TABLES["faults"].get(kind_of(fault), ((), ()))[1])
    return [line for line in differences(found, expected) if not line.startswith(moot)]


def in_words(step: tuple[int, str], found: tuple[str, Any], expected: tuple[str, Any]) -> list[str]:
    sides = ({"": side} if not isinstance(side, (dict, list)) else dict(side if isinstance(side, dict) else enumerate(side)) for side in (found[1], expected[1]))
    return [f"after {step[1]!r} for sheet {step[0]}: {'; '.join(differences(*sides)[:3])}"]


def program(steps: list[tuple[int, str]]) -> str:
    """Steps as text that can be put into a test."""
    return "[\n" + "".join(f"    {step!r},\n" for step in steps) + "]"
