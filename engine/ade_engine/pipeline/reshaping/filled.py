"""Fills blank cells from above, and splits cells that hold several values into rows."""

from __future__ import annotations

import re

from ade_engine.fields.surroundings import ColumnSource, ColumnSources
from ade_engine.models import polars as pl
from ade_engine.models.notices import INFO
from ade_engine.models.table import DITTO
from ade_engine.pipeline.shared.table_columns import RESERVED_PREFIX, with_series

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.pipeline.shared.cells import ReshapedCells
    from ade_engine.pipeline.shared.context import RunContext


def _is_filled(column: pl.Series) -> pl.Series:
    """Returns which cells have a value of their own: a sign for "as above" is none."""
    if column.dtype != pl.String:
        return column.is_not_null()
    return ~column.str.strip_chars().is_in(["", *DITTO]).fill_null(True)


def fill_down(context: RunContext, table: pl.DataFrame, cells: ReshapedCells | None) -> pl.DataFrame:
    """Returns the table in which blank cells of fields with ``fill_down`` have the value of the cell above.

    Blank rows stay blank. A new value in a filled field stops the filling in the filled fields to its right.
    """
    wanted = [name for name in table.columns if name in context.registry.reshapes.filled]
    if not wanted or not table.height:
        return table
    # A row of blank cells is no record, and filling would make it one.
    others = [name for name in table.columns if name not in wanted and not name.startswith(RESERVED_PREFIX)]
    is_record = table.select(pl.any_horizontal([pl.lit(_is_filled(table.get_column(name))) for name in others])).to_series() if others else None
    begins = None
    made, counts = [], []
    for name in wanted:
        column = table.get_column(name)
        is_own = _is_filled(column)
        if begins is not None:
            is_own |= begins
        # A blank cell at the start of a new filling stays blank.
        begins = is_own
        at = pl.select(pl.when(is_own).then(pl.int_range(len(column), dtype=pl.UInt32)).forward_fill()).to_series()
        taken = at.is_not_null() & ~is_own
        if is_record is not None:
            taken &= is_record
        if not taken.any():
            continue
        at = pl.select(pl.when(taken).then(at).otherwise(pl.int_range(len(column), dtype=pl.UInt32))).to_series()
        filled = column.gather(at).alias(name)
        count = int((taken & _is_filled(filled)).sum())
        if not count:
            continue
        made.append(filled)
        counts.append(f"{count} of {name!r}")
        if cells is not None:
            cells.put(name, cells.rows.gather(at), None)
    if counts:
        context.notice("filled_down", f"blank cells were filled with the value above: {', '.join(counts)}", level=INFO, table=context.table_index)
    return with_series(table, made) if made else table


def split_cells(context: RunContext, table: pl.DataFrame, cells: ReshapedCells | None, sources: ColumnSources) -> tuple[pl.DataFrame, pl.Series | None]:
    """Returns the table with a row for each value of cells that hold several, and the positions of its rows in the former
    table.
    """
    positions: pl.Series | None = None
    for name, marks in context.registry.reshapes.split.items():
        if name not in table.columns or table.schema[name] != pl.String:
            continue
        column = table.get_column(name)
        pattern = "|".join(re.escape(mark) for mark in sorted(marks, key=len, reverse=True))
        mark = "\x1f"
        lists = column.str.replace_all(pattern, mark).str.split(mark)
        frame = pl.DataFrame({"at": pl.int_range(len(column), dtype=pl.UInt32, eager=True), "value": lists}).explode("value")
        frame = frame.with_columns(pl.col("value").str.strip_chars().replace("", None).alias("part"))
        # A cell without a value keeps its row.
        frame = frame.filter(pl.col("part").is_not_null() | pl.col("part").is_null().all().over("at") & pl.col("at").is_first_distinct())
        if frame.height == table.height:
            continue
        at = frame.get_column("at")
        before, table = table.height, with_series(table.select(pl.all().gather(at)), [frame.get_column("part").alias(name)])
        positions = at if positions is None else positions.gather(at)
        if cells is not None:
            cells.gather(at)
            cells.is_multiplied = True
            cells.put_parts(name, *frame.select(pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("at").alias("part"), pl.len().over("at").alias("parts")).get_columns())
        if name in sources:
            # Its values are parts of its cells.
            known = sources[name]
            sources[name] = ColumnSource(known.header, known.unit, known.number, known.shown_by_sheet, known.from_1904)
        context.notice("cells_split", f"cells of {name!r} that hold several values became rows: {before} rows became {table.height}", level=INFO, count=table.height - before, table=context.table_index)
    return table, positions
