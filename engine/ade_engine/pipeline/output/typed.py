"""The cells of a table that are written unchanged, each with its own type: those of unread columns."""

from __future__ import annotations

import datetime

from ade_engine.fields.surroundings import ROW
from ade_engine.io.output.typed_cells import TypedCells
from ade_engine.models import polars as pl
from ade_engine.models.table import column_letters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.pipeline.columns.frame import SourceTable
    from ade_engine.pipeline.shared.cells import ReshapedCells
    from ade_engine.pipeline.shared.context import RunContext

_MOMENTS = (datetime.date, datetime.time, datetime.timedelta)


def typed_cells(context: RunContext, source: SourceTable, unread: dict[str, int], table: pl.DataFrame, cells: ReshapedCells | None) -> TypedCells | None:
    """Returns the cells of some columns of a table, with their positions in the source, if the table still has the values that
    polars made of them.

    A column in which polars' values count, and whose cells are no longer known, gets a notice.
    """
    found, counts = TypedCells(), []
    is_known = context.settings.is_2026 and ROW in table.columns and table.schema[ROW].is_integer() and context.rows_unknown is None
    ids = table.get_column(ROW) if is_known else None
    for name, index in unread.items():
        made, origin = source.mixed[source.names[index]], source.mixed_cells(index)
        if name not in table.columns or origin is None:
            continue
        now = table.get_column(name)
        if ids is not None and now.dtype == made.dtype:
            rows = ids if cells is None else cells.read_rows(name, ids)
            found.add(name, *origin, _unchanged(now, made, rows, source.region.data_first_row))
        elif now.dtype.is_numeric() and any(isinstance(value, _MOMENTS) for value in source.columns[index].values):
            counts.append(column_letters(source.region.min_col + index))
    if counts:
        columns = f"column {counts[0]} has" if len(counts) == 1 else f"columns {', '.join(counts)} have"
        context.notice(
            "times_among_numbers",
            f"{columns} dates or times among numbers, and no field that reads them, so dates are written as large numbers. Give the column a field with read=date or read=number",
            count=len(counts),
        )
    return found if found.cells else None


def _unchanged(now: pl.Series, made: pl.Series, rows: pl.Series, first: int) -> pl.Series:
    """Returns the rows of the scan in which a column still has polars' value of the cell; null elsewhere."""
    numbers, is_object = rows.to_list(), made.dtype == pl.Object
    is_there = [row is not None and 0 <= row - first < len(made) for row in numbers]
    if not is_object and all(is_there) and now.equals(pl.taken(made, [row - first for row in numbers])):
        return rows.cast(pl.UInt32)
    before = made.to_list()

    def is_same(row: int, value: Any) -> bool:
        former = before[row - first]
        # NaN does not equal itself.
        return former is value or not is_object and (former == value or former != former and value != value)

    kept = [row if known and is_same(row, value) else None for row, known, value in zip(numbers, is_there, now.to_list())]
    return pl.Series(kept, dtype=pl.UInt32)
