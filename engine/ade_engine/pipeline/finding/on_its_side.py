"""Tables that lie on their side: the names of columns stand below each other, and each record is a column. Rows and columns count
from 0 here.

Words of fields in the first column say it, or rows of one kind of values each, of several kinds. Only a table that is alone on its
sheet, but for titles and notes of one cell, is judged.
"""

from __future__ import annotations

import datetime

import polars as pl

from ade_engine import _native
from ade_engine.fields.headers import simplify
from ade_engine.fields.readers import profile
from ade_engine.io.scan.sheet_scan import SheetScan
from ade_engine.models.notices import INFO, WARNING
from ade_engine.models.table import column_letters, is_blank
from ade_engine.pipeline.finding.header_rows import RowSpan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.pipeline.shared.context import RunContext

#: A table with more rows or columns does not lie on its side.
_MOST_ROWS, _MOST_COLUMNS = 60, 250
#: Words of so many fields below each other are enough to turn a table.
_LEAST_WORDS = 3
#: A longer text is no name of a column.
_LONGEST_NAME = 40
#: What is counted within a year, and the years that a header names.
_PERIODS = frozenset(("q", "h", "w", "kw", "fy", "week", "quarter", "period", "month", "day"))
_YEARS = (1900, 2100)


class Side:
    """A table that lies on its side: its rows without a blank one, and the column of its names."""

    __slots__ = ("start", "stop", "names", "words", "is_sure")

    def __init__(self, start: int, stop: int, names: int, words: int, *, is_sure: bool):
        self.start = start
        self.stop = stop
        self.names = names
        #: Of how many fields the names are words.
        self.words = words
        self.is_sure = is_sure

    @property
    def span(self) -> RowSpan:
        """All of its rows as they are, none of them a header."""
        return RowSpan(self.start, 0, self.stop)


def find_side(scan: SheetScan, words: dict[str, str]) -> Side | None:
    """The table of a sheet, if it lies on its side."""
    if scan.rows_emitted > 2 * _MOST_ROWS or scan.width > _MOST_COLUMNS:
        return None
    rows = scan.rows(0, scan.rows_emitted)
    top = next((row for row in rows if len(row) - sum(map(is_blank, row)) > 1), [])
    if names_columns(top, words):
        return None
    filled = [[column for column, cell in enumerate(row) if not is_blank(cell)] for row in rows]
    lines = [number for number, columns in enumerate(filled) if len(columns) > 1]
    if not 1 < len(lines) <= _MOST_ROWS or lines[-1] - lines[0] >= len(lines):
        return None
    first = min(filled[line][0] for line in lines)
    names = [rows[line][first] for line in lines]
    if not all(isinstance(name, str) and name.strip() and len(name) <= _LONGEST_NAME and not name.strip()[0].isdigit() for name in names):
        return None
    known = [bool(fields_of([name], words)) for name in names]
    count = len(fields_of(names, words))
    beside = max(len(fields_of(rows[line], words)) for line in lines)
    kinds = [{_kind(rows[line][column]) for column in filled[line][1:]} for line in lines]
    is_named = known[0] and count > 1 and sum(known) * 2 >= len(names) and beside < 2
    is_uniform = all(len(one) == 1 for one in kinds)
    if not is_named and not (is_uniform and _has_kinds([rows[line] for line in lines], first, kinds)):
        return None
    # Of a single record some value says that it is one: a list of names and their meanings has none.
    has_values = max(len(filled[line]) for line in lines) > 2 or any(one != {"text"} for one in kinds)
    is_sure = is_named and is_uniform and has_values and count >= min(_LEAST_WORDS, len(names)) and len({*names}) == len(names)
    # What a turned sheet cannot say of its cells: numbers that are shown with zeros, and formulas without a value.
    is_plain = not scan.formulas_without_value[0] and not any(
        scan.has_zeros(column, 0, scan.rows_emitted) for column in range(scan.width)
    )
    return Side(lines[0], lines[-1] + 1, first, count, is_sure=is_sure and is_plain)


def turned(scan: SheetScan, side: Side) -> SheetScan:
    """The table on its feet: each row of it is a column of the sheet, and has its number."""
    rows = [row + [None] * (scan.width - len(row)) for row in scan.rows(side.start, side.stop)]
    columns = [[] if column < side.names else [row[column] for row in rows] for column in range(scan.width)]
    return SheetScan(_native.scan_of_rows("turned", columns, None, None, 0, []))


def tell_turned(context: RunContext, side: Side) -> None:
    """Say that a table was turned."""
    context.notice(
        "table_on_its_side",
        f"the names of {side.words} fields stand below one another, in rows {side.start + 1} to {side.stop}: each column is a record, "
        f"so rows and columns were swapped (`turn_tables = true`). `Source column` says which column a record was: 2 is column "
        f"{column_letters(2)}",
        level=INFO,
        rows=[[side.start + 1, side.stop]],
    )


def tell_left(context: RunContext, side: Side) -> None:
    """Say that a table seems to lie on its side, and was left as it is."""
    why = f"the names of {side.words} fields stand" if side.words > 1 else "names seem to stand"
    context.notice(
        "table_on_its_side",
        f"{why} below one another, in rows {side.start + 1} to {side.stop}: each column seems to be a record. All rows were kept "
        "as they are, and no row is the header",
        level=WARNING,
        rows=[[side.start + 1, side.stop]],
    )


def _has_kinds(rows: list[list[Any]], first: int, kinds: list[set[str]]) -> bool:
    """Whether rows have values of several kinds, so that no column has one kind: texts in two of them below the first, and values.

    A row of signs that stand for missing values is no row of texts.
    """
    below = list(zip(rows, kinds))[1:]
    texts = [row for row, kind in below if kind == {"text"} and len({*map(str, row[first + 1 :])} - {"None"}) > 1]
    values = [row for row, kind in below if kind != {"text"}]
    return len(texts) > 1 and bool(values) and all(len(row) > first + 2 and not any(map(is_blank, row[first:])) for row in rows)


def fields_of(cells: list[Any], words: dict[str, str]) -> set[str]:
    """The fields that words in some cells name: several words of one field are one."""
    simple = (simplify(cell.partition("(")[0].partition("[")[0]) for cell in cells if isinstance(cell, str))
    return {words[word] for word in simple if word in words}


def names_columns(cells: list[Any], words: dict[str, str]) -> bool:
    """Whether a row names columns: by words of two fields, or by periods beside its first cell."""
    filled = [cell for cell in cells if not is_blank(cell)]
    beside = filled[1:]
    is_counted = [str(cell).strip() for cell in beside] == [str(number) for number in range(1, len(beside) + 1)]
    return len(fields_of(filled, words)) > 1 or len(beside) > 1 and (is_counted or all(map(is_period, beside)))


def is_period(cell: Any) -> bool:
    """Whether a cell is a year, a month, or a part of a year that is counted."""
    text = str(cell).strip().lower()
    letters = "".join(filter(str.isalpha, text))
    digits = "".join(filter(str.isdigit, text))
    if not letters:
        return len(digits) == 4 and _YEARS[0] <= int(digits) <= _YEARS[1]
    if not isinstance(cell, str) or len(digits) > 4:
        return False
    return bool(digits) and letters in _PERIODS or profile(pl.Series([f"1 {letters} 2024"]))["patterns"]["date"] > 0


def _kind(cell: Any) -> str:
    if isinstance(cell, (datetime.date, datetime.time, datetime.timedelta)):
        return "date"
    if isinstance(cell, (int, float)):
        return "number"
    # As .csv files write numbers and days: digits without letters.
    return "number" if any(map(str.isdigit, cell)) and not any(map(str.isalpha, cell)) else "text"
