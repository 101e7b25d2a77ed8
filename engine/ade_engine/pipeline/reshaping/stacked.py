"""Stacks the columns of a table: each of their cells becomes a row, with the header of its column as a value beside it.

The rows follow the order of the sheet: all months of the first record, then all of the second. Empty cells make no row.
"""

from __future__ import annotations

import datetime as dt
from functools import cache

from ade_engine import _native
from ade_engine.fields.header_series import as_text as text_of
from ade_engine.fields.made_of import month, quarter, week
from ade_engine.fields.readers import date
from ade_engine.fields.surroundings import ROW, ROW_CHECK, ColumnSource
from ade_engine.io.scan.sheet_scan import SheetScan
from ade_engine.models import polars as pl
from ade_engine.models.issues import ERROR, WARNING
from ade_engine.models.notices import INFO, some_of
from ade_engine.models.notices import WARNING as DOUBTFUL
from ade_engine.models.record import Record
from ade_engine.models.table import column_letters
from ade_engine.pipeline.columns.frame import header_text
from ade_engine.pipeline.reshaping.columns import StackedColumns, Total, is_off
from ade_engine.pipeline.shared.table_columns import as_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.fields.surroundings import ColumnSources
    from ade_engine.pipeline.columns.frame import SourceTable
    from ade_engine.pipeline.shared.cells import ReshapedCells
    from ade_engine.pipeline.shared.context import RunContext

#: The maximum number of mismatched totals of a column that become issues.
_MAX_TOTAL_ISSUES = 100


class StackedTable(Record):
    """A stacked table: the table, the positions of its rows in the former one, and the fields with their columns."""

    table: pl.DataFrame
    at: pl.Series
    fields: dict[str, list[int]]


def stack(
    context: RunContext, table: pl.DataFrame, source: SourceTable, found: StackedColumns, totals: list[Total], cells: ReshapedCells | None, sources: ColumnSources
) -> StackedTable:
    """Stacks the columns that were found, and leaves out their totals after checking them."""
    stacked = {part.name: field for field, part in context.registry.reshapes.stacked.items() if part.stack is found.stack}
    differing = _check_totals(context, table, source, found, totals, stacked, cells)
    height, count = table.height, len(found.keys)
    values = {}
    for name, columns in found.columns.items():
        values[name] = _end_to_end([None if index is None else table.get_column(source.names[index]) for index in columns], height)
    filled = [_filled(values[name][0], found.columns[name], source, cells, height) for name in found.columns if name in stacked]
    # Position n is the n-th cell in the order of rows.
    order = pl.int_range(height * count, dtype=pl.UInt32, eager=True)
    rows, keys = order // count, order % count
    del order
    flat = keys * height + rows
    is_filled = pl.select(pl.any_horizontal(filled)).to_series() if len(filled) > 1 else filled[0]
    empty = len(is_filled) - int(is_filled.sum())
    if empty:
        is_kept = is_filled.gather(flat)
        rows, keys, flat = rows.filter(is_kept), keys.filter(is_kept), flat.filter(is_kept)

    gone = {source.names[index] for index in (*found.indices, *found.others, *(total.index for total in totals))}
    fields = [*stacked.values()]
    # Rows get numbers of their own.
    numbers = (ROW, ROW_CHECK) if cells is not None else ()
    kept = [name for name in table.columns if name not in gone and name not in fields and name not in numbers]
    columns = table.select(kept).select(pl.all().gather(rows)).get_columns() if kept else []
    made = []
    for name, field in stacked.items():
        if name is None:
            made.append(_keys(found).gather(keys).alias(field))
        else:
            made.append(values[name][0].gather(flat).alias(field))
    # The new fields take the positions of the columns.
    places = {name: place for place, name in enumerate(table.columns)}
    first = min(places[source.names[index]] for index in found.indices)
    behind = sum(places[name] < first for name in kept)
    result = pl.DataFrame([*columns[:behind], *made, *columns[behind:]])
    stands = {}
    if cells is not None:
        if cells.sheet is not None:
            for name, columns in found.columns.items():
                stands[name] = cells.end_to_end([None if index is None else source.names[index] for index in columns], height)
        cells.gather(rows)
        cells.is_multiplied = True
    of_fields: dict[str, list[int]] = {}
    for name, field in stacked.items():
        indices = found.indices if name is None else [index for index in found.columns[name] if index is not None]
        if not indices:
            continue
        of_fields[field] = indices
        sources[field] = _source(source, indices, field)
        sources[field].mark_of_totals = found.mark
        if cells is None:
            continue
        if stands:
            # Records in lines have their values anywhere, each beside its own label.
            cells.put(field, *(numbers.gather(flat) for numbers in stands.get(name) or next(iter(stands.values()))))
        elif name is None:
            lines = {key.row for key in found.keys}
            line = lines.pop() if len(lines) == 1 else (_series([key.row for key in found.keys]), keys)
            cells.put(field, line, (_series([key.column for key in found.keys]), keys))
        if name is None:
            continue
        number = _series([0 if index is None else source.region.min_col + index for index in found.columns[name]])
        if not stands:
            cells.put(field, None, (number, keys))
        cells.own.add(field)
        _read_from_cells(sources[field], source, cells, number, keys, is_mixed=values[name][1])
        cells.letters.update({column_letters(source.region.min_col + index): field for index in indices})
    if found.lacks_year and None in stacked:
        _notice_no_year(context, found, stacked[None], cells)
    _tell(context, source, found, totals, height, result.height, empty, differing)
    return StackedTable(result, rows, of_fields)


def _series(numbers: list[int]) -> pl.Series:
    return pl.Series(numbers, dtype=pl.UInt32)


def _keys(found: StackedColumns) -> pl.Series:
    """Returns the headers as a column: days if all are days, else text."""
    values = [key.value for key in found.keys]
    if all(isinstance(value, dt.datetime) for value in values) or all(isinstance(value, dt.date) and not isinstance(value, dt.datetime) for value in values):
        return pl.Series(values)
    return pl.Series([value.date().isoformat() if isinstance(value, dt.datetime) else text_of(value) for value in values], dtype=pl.String)


def _end_to_end(columns: list[pl.Series | None], height: int) -> tuple[pl.Series, bool]:
    """Returns columns one below the other with a common type, and whether this is text for lack of another."""
    there = [column for column in columns if column is not None and column.dtype != pl.Null]
    dtypes = {column.dtype for column in there}
    is_mixed = False
    if not dtypes:
        wanted: Any = pl.Null()
    elif len(dtypes) == 1:
        wanted = dtypes.pop()
    elif all(dtype.is_numeric() for dtype in dtypes):
        wanted = pl.Float64() if any(dtype.is_float() for dtype in dtypes) else pl.Int64()
    elif all(dtype.base_type() in (pl.Date, pl.Datetime) for dtype in dtypes):
        wanted = pl.Datetime("us")
    else:
        wanted, is_mixed = pl.String(), True
    none = pl.constant(None, height, wanted)
    made = []
    for column in columns:
        if column is None or column.dtype == pl.Null:
            made.append(none)
        elif column.dtype == wanted:
            made.append(column.alias(""))
        else:
            made.append((as_text(column) if is_mixed else column.cast(wanted)).alias(""))
    # In one chunk, because polars takes values from several four times as slowly.
    return pl.concat(made, rechunk=True) if len(made) > 1 else made[0], is_mixed


def _filled(
    series: pl.Series, columns: list[int | None], source: SourceTable, cells: ReshapedCells | None, height: int
) -> pl.Series:
    """Returns which cells hold something; a formula that was saved without its value counts."""
    filled = series.is_not_null()
    if series.dtype == pl.String:
        filled &= (series.str.strip_chars() != "").fill_null(False)
    if cells is not None:
        for number, index in enumerate(columns):
            rows = [] if index is None else source.rows_without_value(index)
            if rows:
                at = cells.rows_read_from.is_in(rows).arg_true()
                filled = filled.scatter(at + number * height, True)
    return filled


def _source(source: SourceTable, indices: list[int], field: str) -> ColumnSource:
    """Returns the source of a field's column: the first of several."""
    first, last = (header_text(source.columns[index].header) for index in (indices[0], indices[-1]))
    header = first if len(indices) == 1 else f"{first} … {last}"
    return ColumnSource(header, source.columns[indices[0]].unit or None, source.region.min_col + indices[0], lambda: source.shown_by_sheet(indices[0]), source.from_1904)


def _read_from_cells(of_field: ColumnSource, source: SourceTable, cells: ReshapedCells, numbers: pl.Series, keys: pl.Series, *, is_mixed: bool) -> None:
    """Lets readers see the cells themselves if the columns are text for lack of another type, and formulas without a value.

    ``numbers``: the column of the sheet of each key, 0 if a key has none; ``keys``: the key of each row.
    """
    first = source.region.data_first_row
    by_column = {number: number - source.region.min_col for number in numbers.to_list() if number}
    lost = {number: rows for number, index in by_column.items() if (rows := source.rows_without_value(index))}

    @cache
    def scan() -> tuple[SheetScan, int]:
        values = {number: source.columns[index].values for number, index in by_column.items()}
        columns = numbers.gather(keys).to_list()
        made = [[values[number][row - first] if number else None] for row, number in zip(cells.rows_read_from.to_list(), columns)]
        return SheetScan(_native.scan_of_rows("stacked", made, None, None, 0, [])), 0

    @cache
    def without_value() -> list[int]:
        rows, columns = cells.rows_read_from, numbers.gather(keys)
        found = (at for number, of_column in lost.items() for at in ((columns == number) & rows.is_in(of_column)).arg_true().to_list())
        return [at + 1 for at in sorted(found)]

    if is_mixed or any(source.mixed_cells(index) is not None for index in by_column.values()):
        of_field.mixed_cells = scan
    if lost:
        of_field.rows_without_value = without_value


def _check_totals(
    context: RunContext, table: pl.DataFrame, source: SourceTable, found: StackedColumns, totals: list[Total], fields: dict[str | None, str], cells: ReshapedCells | None
) -> int:
    """Adds issues for rows whose total is not the sum, and returns the number of cells."""
    count = 0
    for total in totals if context.settings.is_2026 else ():
        added, said = total.added, total.said
        if added is None or said is None:
            continue
        off = is_off(added, said).arg_true().to_list()
        count += len(off)
        if cells is None or context.collected is None:
            continue
        field = fields.get(total.name)
        column, shown = source.region.min_col + total.index, as_text(table.get_column(source.names[total.index]))
        for at in off[:_MAX_TOTAL_ISSUES]:
            row = cells.rows[at]
            message = f"the total is not the sum of the columns beside it: these add up to {_plain(added[at])}, the difference is {_plain(said[at] - added[at])}"
            line = {"rule": f"{field or found.stack.names[0]}.total_differs", "severity": WARNING, "message": message, "field": field, "value": shown[at]}
            known = context.registry.fields.get(field)
            line["label"] = known.label or field if known is not None else None
            context.remarks.append(line | context.place_of(row, column))
    return count


#: Readers of times that need a year.
_OF_YEARS = (month, quarter, week, date)


def _notice_no_year(context: RunContext, found: StackedColumns, field: str, cells: ReshapedCells | None) -> None:
    """Keeps months without a year as texts if they were to be read as times, and reports it once."""
    entries = context.registry.column_transforms_by_field.get(field, ())
    if not any(getattr(entry.fn, "ade_wraps", None) in _OF_YEARS for entry in entries):
        return
    context.unread = context.unread | {field}
    if cells is None or context.collected is None:
        return
    first, known = found.keys[0], context.registry.fields[field]
    message = f"the {found.way} have no year, and there is none above the table, so they are kept as texts"
    line = {"rule": f"{field}.no_year", "severity": ERROR, "field": field, "label": known.label or field, "message": message, "value": text_of(first.value)}
    context.remarks.append(line | context.place_of(first.row, first.column))


def _plain(number: float) -> str:
    return f"{round(number, 6):.6f}".rstrip("0").rstrip(".")


def _tell(
    context: RunContext, source: SourceTable, found: StackedColumns, totals: list[Total], before: int, after: int, empty: int, differing: int
) -> None:
    """Sends one notice about the stacked columns."""
    indices = found.indices
    first, last = (column_letters(source.region.min_col + index) for index in (indices[0], indices[-1]))
    headers = [text_of(source.columns[index].header) for index in (indices[0], indices[-1])]
    columns = f"{len(indices)} columns ({first} to {last}, {headers[0]} to {headers[1]})" if len(indices) > 1 else f"1 column ({first}, {headers[0]})"
    said = f"{columns} stacked: {before} {'row' if before == 1 else 'rows'} became {after}"
    if empty:
        said += f"; {empty} empty {'cell makes' if empty == 1 else 'cells make'} no row"
    for total in totals:
        letters = column_letters(source.region.min_col + total.index)
        name = header_text(source.columns[total.index].header)
        how = "after checking it" if total.is_checked else "although its numbers are not sums"
        said += f"; {letters} ({name}) left out as a total, {how}" if name else f"; {letters} left out as a total, {how}"
    left = [index for index in found.others if all(total.index != index for total in totals)]
    if left:
        names = [f"{column_letters(source.region.min_col + index)} ({header_text(source.columns[index].header)})" for index in left]
        said += f"; left out: {some_of(names, 4)}, whose headers contain none of {', '.join(found.stack.names)}"
    if differing:
        said += f"; {differing} {'total is' if differing == 1 else 'totals are'} not the sum"
    if found.year:
        said += f"; the year {found.year[0]} is from {found.year[1]}"
    is_odd = any(not total.is_checked for total in totals)
    context.notice("stacked", said, level=DOUBTFUL if differing or left or is_odd else INFO, count=len(indices), table=context.table_index)
