"""Separates tables that lie beside one another. Rows and columns count from 0 here."""

from __future__ import annotations

from ade_engine import _native
from ade_engine.pipeline.finding.header_rows import RowSpan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.io.scan.sheet_scan import SheetScan


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
        span = RowSpan(table.start, table.header_rows, _native.last_filled_row(scan.as_native(), table.as_native(), first, stop))
        span.first_column, span.stop_column = first, stop
        found.append(span)
    return found
