"""The columns of a table that are stacked, and the totals beside them that are left out."""

from __future__ import annotations

import re

from ade_engine import _native
from ade_engine.fields.header_series import COARSER, WITHOUT_YEAR, as_text, belongs, has_year, series_among, years_in
from ade_engine.fields.headers import simplify
from ade_engine.fields.stacks import OTHERS
from ade_engine.models import polars as pl
from ade_engine.models.polars import series_of
from ade_engine.models.record import Record
from ade_engine.models.table import column_letters, is_blank
from ade_engine.pipeline.columns.frame import header_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ade_engine.fields.beside import TableSurroundings
    from ade_engine.fields.stacks import Stack, StackKey
    from ade_engine.pipeline.columns.frame import SourceTable
    from ade_engine.pipeline.columns.mapping import ColumnMapper, Mapping
    from ade_engine.pipeline.shared.context import RunContext

#: Headers of totals and averages, simplified, in the languages of most senders. Others are recognized by their numbers.
_TOTALS = (
    r"\b(?:(?:sub|grand )?totals?|sum|summe|gesamt\w*|insgesamt|ytd|overall|somme|totale|totaal|totalt|celkem|razem|suma|soma|osszesen|итого|всего|разом"
    r"|average|avg|mean|durchschnitt|mittelwert|moyenne|promedio|gemiddelde|srednia|среднее)\b|合計|合计|总计|總計|计$|합계"
)
#: The minimum shares of rows that must add up for a column to be a total: by its numbers alone, and with a header of a total.
_MIN_SHARE_BY_NUMBERS, _MIN_SHARE_BY_HEADER = 0.9, 0.5
_CENT = 0.01


class StackedColumns(Record):
    """Columns of a table that are stacked. Columns count from 0 here."""

    stack: Stack
    #: The series of the stack.
    way: Any
    keys: list[StackKey]
    #: The column of each key, for the values of each name.
    columns: dict[str, list[int | None]]
    #: Columns of the same series with values of no known name.
    others: list[int]
    #: The year that was added to the keys, and its source in words.
    year: tuple[int, str] | None = None
    #: Whether they are times of an unknown year.
    lacks_year: bool = False
    #: The decimal mark under which the totals beside them are sums, if only one fits.
    mark: str | None = None

    @property
    def indices(self) -> list[int]:
        """Returns all of its columns, in order."""
        return sorted(index for columns in self.columns.values() for index in columns if index is not None)


class Total(Record):
    """A column beside stacked ones that holds their total. ``added``: their sum in each row, and ``said``: the column's own
    value; ``None`` if its numbers are no sums.
    """

    index: int
    name: str
    added: pl.Series | None = None
    said: pl.Series | None = None

    @property
    def is_checked(self) -> bool:
        """Returns whether its parts are known."""
        return self.added is not None


def find_columns(context: RunContext, source: SourceTable, mapper: ColumnMapper) -> StackedColumns | None:
    """Returns the columns of the first stack of the configuration that finds any."""
    for stack in context.registry.reshapes.stacks:
        # "Plan" below a month is the name of its values.
        own = {field for field, part in context.registry.reshapes.stacked.items() if part.stack is stack and part.name in stack.groups}
        for way in stack.ways:
            if way != OTHERS:
                named = {column.index for column in source.columns if mapper.names_field(source, column.index, own)}
                found = _columns_of(source, stack, way, named)
                if found is not None:
                    return found
    return None


def find_others(context: RunContext, source: SourceTable, mapping: Mapping) -> StackedColumns | None:
    """Returns the columns without a field, if a stack takes these."""
    taken = {column.source_index for column in mapping.columns}
    for stack in context.registry.reshapes.stacks:
        if OTHERS in stack.ways and taken:
            totals = {column.index for column in source.columns if _says_total(stack, source, column.index)}
            return _columns_of(source, stack, OTHERS, taken | totals)
    return None


def _columns_of(source: SourceTable, stack: Stack, way: Any, taken: set[int]) -> StackedColumns | None:
    keys: list[StackKey] = []
    numbers: dict[tuple[str, int], int] = {}
    columns: dict[str, dict[int, int]] = {name: {} for name in stack.names}
    counts: dict[tuple[str, str], int] = {}
    others = []
    for column in source.columns:
        found = None if column.index in taken else stack.key_of(way, source.header_cells(column.index))
        if found is None:
            continue
        key, name = found
        if name is None:
            others.append(column.index)
            continue
        # The same key may come again: each time it is a different one.
        text = as_text(key.value)
        counts[text, name] = count = counts.get((text, name), 0) + 1
        number = numbers.get((text, count))
        if number is None:
            number = numbers[text, count] = len(keys)
            keys.append(key)
        columns[name][number] = column.index
    if way == "quarters" and any(_is_question(column.header) for column in source.columns):
        return None
    least = 2 if way in ("numbers", "dates", "years") else 1
    if len(keys) < least:
        return None
    return StackedColumns(stack, way, keys, {name: [there.get(number) for number in range(len(keys))] for name, there in columns.items()}, others)


def _is_question(header: Any) -> bool:
    """Returns whether a header is a question of a list, and no quarter: Q5."""
    text = as_text(header)
    return text[:1] in ("Q", "q") and text[1:].isdigit() and int(text[1:]) > 4


def notice_series(context: RunContext, source: SourceTable, mapping: Mapping) -> None:
    """Sends a notice about adjacent columns that look like one field by their names: months, quarters or years without a field.
    """
    taken = {column.source_index for column in mapping.columns}
    if len(source.columns) - len(taken) < _MIN_SERIES_COLUMNS:
        return
    cells = [None if column.index in taken else source.header_cells(column.index) for column in source.columns]
    # In a header of two rows either the lower or the upper one names the values.
    for at in (-1, 0) if source.region.header_row_count > 1 else (-1,):
        if any(_is_question(there[at][2]) for there in cells if there):
            return
        series = series_among([there[at][2] if there else None for there in cells], _MIN_SERIES_COLUMNS)
        run = max(_runs(series), key=len, default=range(0))
        if len(run) < _MIN_SERIES_COLUMNS or len({as_text(cells[index][at][2]) for index in run}) < _MIN_SERIES_COLUMNS:
            continue
        name = series[run[0]]
        first, last = (as_text(cells[index][at][2]) for index in (run[0], run[-1]))
        letters = [column_letters(source.region.min_col + index) for index in (run[0], run[-1])]
        constant = name.upper()
        context.notice(
            "columns_of_one_field",
            f"{len(run)} columns, {letters[0]} to {letters[1]} ({first} to {last}), look like one field. To make each cell a row, write {constant} = Stack(\"{name}\"), a field with "
            f"part_of={constant}.header and one with part_of={constant}.value. `ade fix` writes this for you",
            count=len(run),
            table=context.table_index,
        )
        return


def _runs(series: list[str | None]) -> Iterator[range]:
    """Yields adjacent columns of one series."""
    start = 0
    for at in range(1, len(series) + 1):
        if at == len(series) or series[at] != series[start]:
            if series[start] is not None:
                yield range(start, at)
            start = at


#: The minimum number of columns that are reported.
_MIN_SERIES_COLUMNS = 3


def add_year(found: StackedColumns, around: TableSurroundings) -> None:
    """Gives months, quarters and weeks without a year the year above the table, or the stack's own."""
    stack = found.stack
    if not isinstance(found.way, str) or found.way not in WITHOUT_YEAR or any(has_year(found.way, key.value) for key in found.keys):
        return
    year, where = None, ""
    if isinstance(stack.year, int):
        year, where = stack.year, "the configuration"
    elif stack.year is not None:
        said = stack.year.find(around)
        years = set() if said is None else set(years_in(as_text(said[0])))
        year, where = (years.pop(), repr(stack.year)) if len(years) == 1 else (None, "")
    else:
        lines = {year for _, cells in around.above[:_LINES] for cell in cells if not is_blank(cell) for year in _years_of(cell)}
        for years, where in ((lines, "the lines above the table"), (set(years_in(around.sheet)), "the title of the sheet")):
            if len(years) == 1:
                year = years.pop()
                break
    if year is not None:
        found.year = year, where
        for key in found.keys:
            key.value = f"{as_text(key.value)} {year}"
    found.lacks_year = year is None


#: The maximum distance of a title in lines.
_LINES = 12


def _years_of(cell: object) -> list[int]:
    return [cell.year] if hasattr(cell, "year") else years_in(as_text(cell))


def _says_total(stack: Stack, source: SourceTable, index: int) -> bool:
    header = simplify(header_text(source.columns[index].header))
    return header in stack.leave or bool(re.search(_TOTALS, header))


def find_totals(
    context: RunContext, table: pl.DataFrame, source: SourceTable, found: StackedColumns, taken: set[int]
) -> list[Total]:
    """Returns the totals beside the stacked columns, and among them, by their headers or because their numbers are the sums.
    For texts with an ambiguous decimal mark, the mark under which more of them are sums counts.
    """
    # Ambiguous numbers are read with a point, unless the setting names the comma.
    mark, other = (",", ".") if context.settings.decimal_mark == "," else (".", ",")
    totals = _totals_under(mark, table, source, found, taken)
    if not totals or all(table.schema[source.names[index]] != pl.String for index in found.indices):
        return totals
    others = _totals_under(other, table, source, found, taken)
    sums, others_sums = (sum(total.is_checked for total in one) for one in (totals, others))
    if sums != others_sums:
        found.mark = mark if sums > others_sums else other
    return others if others_sums > sums else totals


def _totals_under(mark: str, table: pl.DataFrame, source: SourceTable, found: StackedColumns, taken: set[int]) -> list[Total]:
    indices = found.indices
    totals = []
    amounts: dict[int, pl.Series] = {}

    def amounts_of(index: int) -> pl.Series:
        if index not in amounts:
            amounts[index] = _amounts(mark, table.get_column(source.names[index]))
        return amounts[index]

    def is_open(index: int) -> bool:
        return index not in taken and index not in indices and index not in found.others and source.names[index] in table.columns

    inside = [index for index in range(indices[0], indices[-1]) if is_open(index)]
    before = _next_to(range(indices[0] - 1, -1, -1), is_open)
    behind = _next_to(range(indices[-1] + 1, len(source.columns)), is_open)
    since: dict[str, list[int]] = {name: [] for name in found.columns}
    at_hand = {*inside, *before, *behind}
    for index in range(len(source.columns)):
        for name, columns in found.columns.items():
            if index in columns:
                since[name].append(index)
        if index not in at_hand:
            continue
        is_coarser = _is_coarser(found, source.columns[index].header)
        is_word = _says_total(found.stack, source, index)
        says = is_word or is_coarser
        best: tuple[float, str, list[int]] | None = None
        for name, columns in found.columns.items():
            own = [column for column in columns if column is not None]
            running = [column for column in own if column < index]
            for parts in (own, since[name], running):
                if len(parts) > 1 or len(parts) == 1 and says:
                    # A single row may add up by chance.
                    share = _share_of_sums([amounts_of(part) for part in parts], amounts_of(index), 1 if says else 2)
                    if share is not None and (best is None or share > best[0]):
                        best = share, name, [*parts]
        is_sum = best is not None and best[0] >= (_MIN_SHARE_BY_HEADER if says else _MIN_SHARE_BY_NUMBERS)
        if is_sum:
            _, name, parts = best
            totals.append(Total(index, name, _sum_of([amounts_of(part) for part in parts]), amounts_of(index)))
            since[name] = []
        elif is_word:
            totals.append(Total(index, next(iter(found.columns))))
    return totals


def _is_coarser(found: StackedColumns, header: Any) -> bool:
    """Returns whether a header is a coarser period than the columns: a quarter beside months."""
    coarser = COARSER.get(found.way, ()) if isinstance(found.way, str) else ()
    return any(belongs(series, header) for series in coarser)


def _next_to(indices: range, is_open) -> list[int]:
    """Returns the leading columns without a field."""
    near = []
    for index in indices:
        if not is_open(index):
            break
        near.append(index)
    return near


def _share_of_sums(parts: list[pl.Series], total: pl.Series, least: int) -> float | None:
    """Returns the share of rows with numbers in which the total is the sum; ``None`` if too few rows have any."""
    added = _sum_of(parts)
    total = total.fill_nan(None)
    judged = (added.is_not_null() & total.is_not_null() & (total != 0)).fill_null(False)
    count = judged.sum()
    if count < least:
        return None
    fits = ((added - total).abs() <= _TOLERANCE) & judged
    return fits.sum() / count


#: Sums of floats end in digits that nobody wrote.
_TOLERANCE = _CENT * (1 + 1e-9)


def _sum_of(parts: list[pl.Series]) -> pl.Series:
    """Returns the sums of rows; null if a row has no number, or a cell that is none."""
    frame = pl.DataFrame([part.fill_nan(None).alias(str(number)) for number, part in enumerate(parts)])
    is_odd = pl.any_horizontal([pl.lit(part.is_nan()) for part in parts]).fill_null(False)
    return frame.select(pl.when(pl.any_horizontal(pl.all().is_not_null()) & ~is_odd).then(pl.sum_horizontal(pl.all()))).to_series()


def is_off(added: pl.Series, total: pl.Series) -> pl.Series:
    """Returns the rows in which a total is not the sum."""
    return ((added - total.fill_nan(None)).abs() > _TOLERANCE).fill_null(False)


def _amounts(mark: str, column: pl.Series) -> pl.Series:
    """Returns the numbers of a column; NaN for anything else."""
    if column.dtype.is_numeric():
        return column.cast(pl.Float64)
    if column.dtype != pl.String:
        return pl.constant(None, len(column), pl.Float64)
    read = _native.read_column(column, "number", None, is_strict=True, decimal=mark)
    numbers = series_of(read.column).cast(pl.Float64)
    return numbers if read.unread is None else pl.select(pl.when(series_of(read.unread.column).is_not_null()).then(float("nan")).otherwise(numbers)).to_series()
