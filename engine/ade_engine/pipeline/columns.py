"""Columns put into frames as they are.

``with_columns`` builds and runs a query, which costs a small table more than its values do. A column that is there already
needs none.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl


def with_series(table: pl.DataFrame, columns: Sequence[pl.Series]) -> pl.DataFrame:
    """The table with these columns, in place of those of the same names or behind the others.

    What ``table.with_columns(columns)`` gives; the table itself stays as it is.
    """
    if any(len(column) != table.height for column in columns) or not table.width:
        # Polars knows what becomes of columns of another length.
        return table.with_columns(*columns)
    changed = table.clone()
    for column in columns:
        if column.name in changed.columns:
            changed.replace_column(changed.get_column_index(column.name), column)
        else:
            changed.insert_column(changed.width, column)
    return changed
