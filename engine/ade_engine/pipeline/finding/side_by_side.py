"""Separates tables that lie beside one another. Rows and columns count from 0 here."""

from __future__ import annotations

import polars as pl

from ade_engine.fields.readers import profile
from ade_engine.models.table import is_blank
from ade_engine.pipeline.finding.header_rows import RowSpan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.io.scan.sheet_scan import SheetScan
#: A longer text is no name of a column.
_LONGEST_NAME = 40


def split_side_by_side(table: RowSpan, scan: SheetScan, width: int) -> list[RowSpan]:
    """Separate tables that lie beside one another, with at least one column between them that is empty throughout.

    A block without any header text is not a table of its own: it stays with the block at its left, gap included. A table of
    which a user has said where it lies stays whole.
    """
    if table.stop_column is not None:
        return [table]
    filled, _ = scan.cell_counts(table.start, table.stop, width)
    header_filled, _ = scan.cell_counts(table.start, table.data_start, width)
    blocks: list[list[int]] = []
    for column, count in enumerate(filled):
        if not count:
            continue
        follows = bool(blocks) and blocks[-1][1] == column
        if follows:
            blocks[-1][1] = column + 1
        else:
            blocks.append([column, column + 1])
    tables: list[list[int]] = []
    for first, stop in blocks:
        if tables and not any(header_filled[first:stop]):
            tables[-1][1] = stop
        else:
            tables.append([first, stop])
    if len(tables) < 2:
        return [table]
    found = []
    for first, stop in tables:
        span = RowSpan(table.start, table.header_rows, last_filled_row(table, scan, first, stop))
        span.first_column, span.stop_column = first, stop
        found.append(span)
    return found


def last_filled_row(table: RowSpan, scan: SheetScan, first: int, stop: int) -> int:
    """Where a block ends: below its last row with a value, for blank rows there belong to its longer neighbour."""
    low, high = table.data_start, table.stop
    while low < high:
        middle = (low + high) // 2
        filled, _ = scan.cell_counts(middle, table.stop, stop)
        if any(filled[first:stop]):
            low = middle + 1
        else:
            high = middle
    return low


def is_small_table(rows: list[list[Any]]) -> bool:
    """Whether a row of names stands above values in the same columns."""
    names = {column: cell for column, cell in enumerate(rows[0]) if not is_blank(cell)}
    if len(names) < 2 or not all(isinstance(cell, str) and len(cell) <= _LONGEST_NAME for cell in names.values()):
        return False
    values = {column: [] for column in names}
    for row in rows[1:]:
        for column, cell in enumerate(row):
            if not is_blank(cell):
                if column not in values:
                    return False
                values[column].append(str(cell))
    if not all(map(len, values.values())):
        return False
    # Lines of a name and a value each are no table: the first of them has a value, too.
    looks = [(profile(pl.Series([names[column]])), profile(pl.Series(cells))) for column, cells in values.items()]
    has_values = [below["patterns"]["number"] + below["patterns"]["date"] == below["filled"] for _, below in looks]
    is_named = not any(above["patterns"][what] for above, _ in looks for what in ("number", "date", "email", "phone"))
    return is_named and any(has_values)
