"""Reserved columns of tables, and adding columns to frames unchanged."""

from __future__ import annotations

from ade_engine.fields.readers import Reader
from ade_engine.fields.surroundings import ROW, ROW_CHECK
from ade_engine.models import polars as pl
from ade_engine.models.polars import taken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


RESERVED_PREFIX = "__ade_"
ISSUE_PREFIX = "__ade_issue__"
HAS_ISSUES = "__ade_has_issues"
ISSUE_COUNT = "__ade_issue_count"
#: In edition 2026: why a filled cell came out empty, and the doubts about a cell that was read. They pass from the transforms
#: through hooks to the validators.
UNREAD_PREFIX = "__ade_unread__"
DOUBT_PREFIX = "__ade_doubt__"
#: The row and the column of the sheet with a field's values, if they are not the row's and the column's own, and the number of
#: each value in a cell with several.
CELL_ROW_PREFIX, CELL_COLUMN_PREFIX, CELL_PART_PREFIX = "__ade_cell_row__", "__ade_cell_column__", "__ade_cell_part__"
#: The severity of the issues of a field's cells, in tables that are about to be written: no hook sees these.
SEVERITY_PREFIX = "__ade_severity__"


def is_provenance(name: str) -> bool:
    """Returns whether a column is about the rows and cells of the source; such columns are never written."""
    return name in (ROW, ROW_CHECK) or name.startswith((UNREAD_PREFIX, DOUBT_PREFIX, CELL_ROW_PREFIX, CELL_COLUMN_PREFIX, CELL_PART_PREFIX))


def with_series(table: pl.DataFrame, columns: Sequence[pl.Series]) -> pl.DataFrame:
    """Returns the table with these columns, in the positions of the same names or behind the others.

    Equals ``table.with_columns(columns)``, without the query that it builds and runs: for a small table that takes longer than
    handling its values. The table itself does not change.
    """
    if not columns:
        return table
    if isinstance(table, pl.StandInFrame):
        return table.with_columns(*columns)
    height, names = table.height, table.columns
    for column in columns:
        if len(column) != height or not names:
            # Polars handles columns of another length.
            return table.with_columns(*columns)
    changed = table.clone()
    for column in columns:
        name = column.name
        if name in names:
            changed.replace_column(names.index(name), column)
        else:
            changed.insert_column(len(names), column)
            names.append(name)
    return changed


def unique_header(wanted: str, taken: Collection[str]) -> str:
    """Returns the wanted header, with a number if it is taken."""
    unique, count = wanted, 1
    while unique in taken:
        count += 1
        unique = f"{wanted}__{count}"
    return unique


def as_text(column: pl.Series) -> pl.Series:
    """Returns the displayed texts of a column: whole numbers without decimals, dates as ``2025-01-31``."""
    return Reader(column.name, "text").read(column).alias(column.name)


def column_of_texts(column: pl.Series, places: list[int]) -> pl.Series:
    """Returns the displayed texts of a column at some positions."""
    return Reader(column.name, "text").read(taken(column, places))


def texts_at(column: pl.Series, places: list[int]) -> list[str | None]:
    """Like :func:`column_of_texts`, as a list."""
    return column_of_texts(column, places).to_list()


def ids_of(table: pl.DataFrame) -> pl.Series:
    """Returns the numbers of the rows in their sheet; nulls if they are unknown."""
    if ROW in table.columns and (rows := table.get_column(ROW)).dtype.is_integer():
        return rows.cast(pl.UInt32, strict=False).alias("id")
    return pl.constant(None, table.height, pl.UInt32, "id")
