"""Deciding by sums how numbers are written: "4,123" is 4.123 or 4123, whichever fits the other columns or the total below.

Used only for columns that can be read in two ways. Columns whose cells are all ambiguous stay so, because each sum then holds
in both ways.
"""

from __future__ import annotations

from itertools import combinations
from math import prod
from operator import mul

from ade_engine import _native
from ade_engine.models import polars as pl
from ade_engine.models.polars import series_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ade_engine.fields.surroundings import ColumnSurroundings

#: The maximum numbers of rows and columns that are added up, and the minimum number of rows that must decide.
_MAX_ROWS, _MAX_COLUMNS, _MIN_ROWS = 200, 10, 4
#: The minimum shares of rows in which a relation holds: undeclared relations, and declared ones or the other reading.
_HOLDS, _SOME = 0.9, 0.5
#: The rounding of amounts, as a tolerance.
_CENT = 0.01 * (1 + 1e-9)
_MARKS = (".", ",")

_Numbers = list["float | None"]


def mark_by_arithmetic(around: ColumnSurroundings, name: str, series: pl.Series) -> tuple[str, str] | None:
    """Returns the decimal mark under which a column fits its table, and the reason; ``None`` if nothing decides."""
    other = {".": ",", ",": "."}
    for share, relations in ((_SOME, _declared), (_HOLDS, _found)):
        for said, holds in relations(around, name, series):
            for mark in _MARKS:
                if holds[mark] >= share and holds[other[mark]] < min(_SOME, holds[mark] / 2):
                    return mark, said
    return _by_total(around, name, series)


def _read(around: ColumnSurroundings, name: str, series: pl.Series, mark: str) -> _Numbers:
    """Reads the first numbers of a column with a decimal mark for the ambiguous ones."""
    if series.dtype.is_numeric():
        return series.cast(float).to_list()
    return series_of(_native.read_column(series, "number", None, header=around.header(name), hints=(None, mark), is_strict=True).column).to_list()


def _declared(around: ColumnSurroundings, name: str, series: pl.Series) -> Iterator[tuple[str, dict[str, float]]]:
    """Yields the sums that the configuration's checks declare, and the share of rows in which each holds."""
    for field, parts, factors in getattr(around.sources, "relations", ()):
        members = (field, *parts)
        if name in members and all(member in around.table.columns for member in members):
            columns = {mark: [_read(around, member, around.table.get_column(member).head(_MAX_ROWS), mark) for member in members] for mark in _MARKS}
            signs = " + " if min(factors) > 0 else " − "
            yield f"read this way, {field} is {signs.join(parts)}", {mark: _share(columns[mark][0], columns[mark][1:], factors, 1) for mark in _MARKS}


def _found(around: ColumnSurroundings, name: str, series: pl.Series) -> Iterator[tuple[str, dict[str, float]]]:
    """Yields the possible sums and products of this column and two others."""
    table = around.table
    names = [column for column in table.columns if column != name and not column.startswith("__") and (table.schema[column].is_numeric() or str(table.schema[column]) == "String")]
    columns: dict[str, dict[str, _Numbers]] = {}
    for one in names:
        read = {mark: _read(around, one, table.get_column(one).head(_MAX_ROWS), mark) for mark in _MARKS}
        if sum(value is not None for value in read["."]) >= _MIN_ROWS:
            columns[one] = read
        if len(columns) == _MAX_COLUMNS:
            break
    own = {mark: _read(around, name, series.head(_MAX_ROWS), mark) for mark in _MARKS}
    for one, two in combinations(columns, 2):
        ways = [(own, (columns[one], columns[two]), "{0} + {1}"), (columns[one], (own, columns[two]), "{2} + {1}"), (columns[two], (own, columns[one]), "{2} + {0}")]
        for whole, parts, said in ways:
            label = around.header(name if whole is own else one if whole is columns[one] else two)
            for words, factors in ((said, (1, 1)), (said.replace("+", "×"), ())):
                holds = {mark: _share(whole[mark], [part[mark] for part in parts], factors, _MIN_ROWS) for mark in _MARKS}
                yield f"read this way, {label} is {words.format(around.header(one), around.header(two), around.header(name))}", holds


def _share(whole: _Numbers, parts: list[_Numbers], factors: tuple[int, ...], least: int) -> float:
    """Returns the share of decisive rows in which a sum holds. Without factors it is a product, for which a row with 1 decides
    nothing.
    """
    rows = [row for row in zip(whole, *parts) if all(row) and (factors or 1 not in row[1:])]
    fits = sum(abs(row[0] - (sum(map(mul, row[1:], factors)) if factors else prod(row[1:]))) <= _CENT for row in rows)
    return fits / len(rows) if len(rows) >= least else 0.0


def _by_total(around: ColumnSurroundings, name: str, series: pl.Series) -> tuple[str, str] | None:
    """Returns the mark under which the rows add up to the total printed below them, or stacked columns to the one beside them.
    """
    source, totals = around.sources.get(name), getattr(around.sources, "totals", None)
    if source is not None and source.mark_of_totals is not None:
        return source.mark_of_totals, "read this way, the columns add up to the total beside them"
    cells = totals(source.number) if source is not None and totals is not None and around.sources.cells is None else []
    if not cells or len(series) != len(around.table):
        return None
    fits = []
    for mark in _MARKS:
        numbers = _read(around, name, pl.concat([series.cast(pl.String), pl.Series([str(cell) for cell in cells], dtype=pl.String)]), mark)
        added, told = sum(number or 0 for number in numbers[: len(series)]), numbers[len(series) :]
        fits.append(told[-1] is not None and added != 0 and abs(added - told[-1]) <= _CENT)
    if fits[0] == fits[1]:
        return None
    return _MARKS[fits.index(True)], "read this way, the rows add up to the total below them"
