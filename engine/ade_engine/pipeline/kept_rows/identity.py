"""Deciding whether the rows that a hook has returned are surely those whose numbers they carry.

Beside each row's number is a second one that is computed from it. An operation that moves rows moves both; one that computes
with one of them, as ``pl.all().sum()`` and ``cs.numeric() * 2`` do, or sorts each column by itself, breaks the pair. One broken
pair is enough: then the origin of the table's rows is unknown, because a pair may fit by chance.
"""

from __future__ import annotations

from ade_engine.fields.surroundings import ROW, ROW_CHECK
from ade_engine.models import polars as pl
from ade_engine.pipeline.kept_rows.provenance import note_dropped
from ade_engine.pipeline.shared.table_columns import RESERVED_PREFIX, with_series

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.extensions.registry import RegisteredFn
    from ade_engine.pipeline.shared.astray import AstrayCells
    from ade_engine.pipeline.shared.context import RunContext

#: Keeps 52 bits of a hash, which pass unchanged through floats and through the whole numbers of other libraries.
_BITS_LOST = 1 << 12
#: The name in messages if a hook has changed a table in place.
_SOME_HOOK = "a hook"


def checks_of(rows: pl.Series, table: int) -> pl.Series:
    """Returns the second numbers of rows; ``table``: a number for the sheet and the table."""
    return (rows.hash(seed=table) // _BITS_LOST).alias(ROW_CHECK)


def with_checks(table: pl.DataFrame, number: int) -> pl.DataFrame:
    """Returns the table with the second numbers, if it has the first ones."""
    return with_series(table, [checks_of(table.get_column(ROW), number)]) if ROW in table.columns else table


def after_hook(
    context: RunContext, number: int, entry: RegisteredFn, before: pl.DataFrame, after: pl.DataFrame
) -> pl.DataFrame:
    """Returns the table that a hook has returned, with the numbers of its rows if they are surely its own, and without them
    otherwise.
    """
    if after is before or ROW_CHECK not in before.columns:
        if ROW in before.columns and context.rows_unknown is None and not _have_their_values(before, after):
            context.rows_unknown = entry.name
        note_dropped(context, entry, before, after)
        return after
    if ROW in after.columns and ROW_CHECK in after.columns:
        if _are_pairs(after.get_column(ROW), after.get_column(ROW_CHECK), number):
            if context.collected is None or _follow(context.collected.astray, before, after):
                note_dropped(context, entry, before, after)
                return after
    elif has_not_moved(before, after):
        known = with_series(after, [before.get_column(ROW), before.get_column(ROW_CHECK)])
        if context.collected is None or _follow(context.collected.astray, before, known):
            return known
    context.rows_unknown = entry.name
    context.notice(
        "rows_unknown",
        f"the hook {entry.name} replaced the rows, so their rows in the file are no longer known, and issues name no cells. "
        f"Keep the columns {ROW} and {ROW_CHECK} as they are",
        table=context.table_index,
        hook=entry.name,
        count=after.height,
    )
    return after.drop(ROW, ROW_CHECK, strict=False)


def unknown_from(context: RunContext, number: int, table: pl.DataFrame) -> str | None:
    """Returns the hook that made the rows unknown; ``None`` if they are known. ``table``: the last one."""
    if context.rows_unknown is not None:
        return context.rows_unknown
    # A hook may also change a table in place.
    if not {ROW, ROW_CHECK} <= {*table.columns}:
        return _SOME_HOOK
    return None if _are_pairs(table.get_column(ROW), table.get_column(ROW_CHECK), number) else _SOME_HOOK


def _have_their_values(before: pl.DataFrame, after: pl.DataFrame) -> bool:
    """Returns whether each row of a table without second numbers has the values of its number; rows that a hook added have
    none.
    """
    if after is before:
        return True
    if ROW not in after.columns or not after.schema[ROW].is_integer():
        return False
    if after.get_column(ROW).equals(before.get_column(ROW)):
        return has_not_moved(before, after)
    after = after.filter(pl.col(ROW).is_not_null())
    places = before.select(pl.col(ROW).cast(pl.Int64)).with_row_index("place").unique(ROW, keep="first")
    at = after.select(pl.col(ROW).cast(pl.Int64)).join(places, on=ROW, how="left", maintain_order="left").get_column("place")
    common = [name for name in before.columns if name in after.columns and name != ROW]
    # A row that stands for several may have its key, and other values.
    return bool(common) and not at.null_count() and before[at].select(common).equals(after.select(common))


def _are_pairs(rows: pl.Series, checks: pl.Series, number: int) -> bool:
    """Returns whether each number is beside its own second one; rows that a hook has added have neither."""
    if not rows.dtype.is_numeric() or not checks.dtype.is_numeric():
        return False
    whole = rows.cast(pl.UInt32, strict=False)
    expected = checks_of(whole, number)
    # The hash of null is a number, too.
    pairs = pl.DataFrame({"row": rows, "whole": whole, "check": checks, "expected": expected}).select(
        pl.when(pl.col("row").is_null() | pl.col("check").is_null())
        .then(pl.col("row").is_null() & pl.col("check").is_null())
        .otherwise((pl.col("row") == pl.col("whole")).fill_null(False) & (pl.col("check") == pl.col("expected")).fill_null(False))
    )
    return bool(pairs.to_series().all())


def _follow(astray: AstrayCells, before: pl.DataFrame, after: pl.DataFrame) -> bool:
    """Notes which cells have values from elsewhere, and returns whether the rows are known: not if most columns moved without
    them.
    """
    rows, former = after.get_column(ROW).cast(pl.UInt32), before.get_column(ROW).cast(pl.UInt32)
    aligned, has_moved = before, False
    if not rows.equals(former):
        # Rows that a hook has added are not checked.
        after, rows = after.filter(rows.is_not_null()), rows.drop_nulls()
        places = pl.DataFrame({"row": former}).with_row_index("place").drop_nulls("row").unique("row", keep="first")
        at = pl.DataFrame({"row": rows}).join(places, on="row", how="left", maintain_order="left").get_column("place")
        if at.null_count():
            return False
        aligned, has_moved = before[at], not rows.equals(former.drop_nulls())
    astray.follow(aligned, after, rows, has_moved=has_moved)
    if not astray.moved:
        return True
    columns = [name for name in before.columns if not name.startswith(RESERVED_PREFIX) and before.get_column(name).n_unique() > 1]
    return sum(name in astray.moved for name in columns) * 2 <= len(columns)


def has_not_moved(before: pl.DataFrame, after: pl.DataFrame) -> bool:
    """Returns whether a table without numbers has its rows in their former positions: columns that tell them apart are
    unchanged.
    """
    if before.height != after.height:
        return False
    common = [name for name in after.columns if name in before.columns and name not in (ROW, ROW_CHECK)]
    same = [name for name in common if after.get_column(name).equals(before.get_column(name), check_dtypes=True)]
    if not same:
        return False
    return len(same) == len(common) or not bool(after.select(same).is_duplicated().any())
