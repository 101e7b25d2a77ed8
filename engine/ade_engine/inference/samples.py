"""The tables of sample files as a run finds them without fields, what their columns hold, and samples cut to some rows.

Nothing is asked of a sample but what a run does: its tables are those that the looks of the sheets give.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ade_engine.cases.grids import Book, read_book, write_book
from ade_engine.cases.runner import FoundTable, tables_in
from ade_engine.fields.headers import simplify
from ade_engine.inference.kinds import Kind, is_count, kind_of
from ade_engine.inference.pairs import Side, pairs
from ade_engine.models.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import polars as pl

    from ade_engine.infrastructure.settings import Settings

#: A table of a sample belongs to the same list as its largest one, if so many of their columns are the same.
_SAME_LIST = 0.5
#: A case has so many records of each table.
CASE_ROWS = 20


class SampleError(Exception):
    """A sample that nothing can be learnt from: a ``code`` and a message that names the file."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


@dataclass(eq=False)
class Column:
    """A column of a sample. ``header``: as it is written, on one line, ``""`` where there is none; ``place``: from 0."""

    sample: str
    header: str
    place: int
    kind: Kind
    rows: int
    #: Filled cells, those that cannot be read among them.
    filled: int
    #: Whether an earlier column of the table has the same header.
    is_repeated: bool = False

    @cached_property
    def texts(self) -> list[str]:
        """What stands in the filled cells, as the column's kind has it."""
        return [str(value) for value in self.kind.values if value is not None and value != ""]

    @cached_property
    def shown(self) -> Counter[str]:
        """How often each value occurs; case and accents do not count."""
        return Counter(simplify(text) or text for text in self.texts)


@dataclass(eq=False)
class Table:
    """A table of a sample."""

    sample: str
    title: str
    columns: list[Column]
    rows: int

    @property
    def headers(self) -> set[str]:
        return {simplify(column.header) for column in self.columns} - {""}


@dataclass(eq=False)
class Sample:
    """A sample file: ``name`` as people know it, the tables of its list, and the titles of sheets that hold other tables."""

    name: str
    path: Path
    tables: list[Table]
    others: list[str]
    found: list[FoundTable]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


def read_sample(name: str, path: Path, settings: Settings, package: Path, scratch: Path) -> Sample:
    """The tables of a sample. Raises :class:`SampleError` where there is nothing to learn from."""
    error, found = tables_in(path, settings, package, scratch)
    if error is not None:
        raise SampleError(error["code"], error["message"] if name in error["message"] else f"{name}: {error['message']}")
    tables = [_table(name, one) for one in found]
    if not any(table.headers and len(table.columns) > 1 for table in tables):
        raise SampleError("input_error", f"{name}: no table with a row of headers was found")
    full = [table for table in tables if table.rows and table.headers]
    if not full:
        raise SampleError("input_error", f"{name}: there are no rows below its headers, and only values say what a column holds")
    largest = max(full, key=lambda table: table.rows)
    same = [table for table in full if _common(table, largest) >= _SAME_LIST * max(len(table.headers), len(largest.headers))]
    others = [table.title for table in full if table not in same]
    return Sample(name, path, same, others, found)


def _common(one: Table, other: Table) -> int:
    """So many columns of two tables are the same by their words, or for another reason that can be said."""
    sides = [[Side((column.header,), column.kind.name, column.kind.values) for column in table.columns if column.header] for table in (one, other)]
    return max(len(one.headers & other.headers), sum(pair.reason is not None for pair in pairs(*sides)))


def _table(sample: str, found: FoundTable) -> Table:
    frame = _without_blank_rows(found.frame)
    columns: list[Column] = []
    headers: set[str] = set()
    for place, (name, written) in enumerate(zip(frame.columns, found.headers)):
        header = " ".join(str(written or "").split())
        series = frame.get_column(name)
        kind = kind_of(header, series)
        filled = sum(value is not None and str(value).strip() != "" for value in series.to_list())
        simple = simplify(header)
        columns.append(Column(sample, header, place, kind, frame.height, filled, bool(simple) and simple in headers))
        headers.add(simple)
    return Table(sample, found.title, columns, frame.height)


def _without_blank_rows(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    if not frame.width:
        return frame
    return frame.filter(pl.any_horizontal(pl.all().is_not_null() & (pl.all().cast(pl.String, strict=False).fill_null("") != "")))


def left_out(columns: list[Column]) -> str | None:
    """Why the columns of one header in all samples are no field, if they are none."""
    filled, rows = sum(column.filled for column in columns), sum(column.rows for column in columns)
    shown: Counter[str] = sum((column.shown for column in columns), Counter())
    if not filled:
        return "empty"
    if not simplify(columns[0].header) and not columns[0].header.strip():
        return "without a header"
    if columns[0].is_repeated:
        return "an earlier column has the same header"
    if all(is_count(column.kind.values) for column in columns):
        return "counts the rows"
    # What has not been true yet may be so some other month.
    if len(shown) == 1 and rows >= 5 and filled == rows and columns[0].kind.name != "boolean":
        return "the same in each row"
    if filled < 0.15 * rows and columns[0].kind.name == "text":
        return "in few rows"
    return None


def cut(sample: Sample, settings: Settings, folder: Path, stem: str) -> tuple[Path, int]:
    """Write a sample with the first records of each of its tables, as ``folder/stem`` with the ending of its format; returns where, and
    how many records were left out.

    What stands below a table that was cut goes with the other records: a total would be none of those that stay.
    """
    try:
        book = read_book(sample.path, settings)
    except InputError as error:
        raise SampleError("input_error", str(error)) from error
    missing = 0
    for number, sheet in enumerate(book.sheets):
        places = sorted((one for one in sample.found if one.sheet == number), key=lambda one: one.first, reverse=True)
        below = len(sheet.rows)
        for place in places:
            gone = place.last + 1 - place.first - CASE_ROWS
            # Few rows more are no reason to cut.
            if gone > CASE_ROWS // 4:
                start = place.first + CASE_ROWS
                stop = below if place is places[0] else place.last + 1
                missing += gone
                del sheet.rows[start:stop]
                sheet.merged = [merged for merged in sheet.merged if merged[1] <= start or merged[0] > stop]
            below = place.first
    return write_book(_without_hidden(book), folder / stem), missing


def _without_hidden(book: Book) -> Book:
    """The book with the sheets that are seen: a case holds no more of a sender than it needs."""
    seen = [sheet for sheet in book.sheets if sheet.state == "visible"]
    return book.__replace__(sheets=seen or book.sheets)


def case_name(name: str, taken: set[str]) -> str:
    """The name of a sample's case: letters and digits of its file's name."""
    stem = re.sub(r"[^a-z0-9]+", "-", simplify(Path(name).stem).lower()).strip("-") or "sample"
    found, number = stem, 1
    while found in taken:
        number += 1
        found = f"{stem}-{number}"
    taken.add(found)
    return found
