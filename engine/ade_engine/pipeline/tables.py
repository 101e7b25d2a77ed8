"""Finding the tables of a sheet in the kinds of its rows. Rows count from 0 here."""

from __future__ import annotations

from ade_engine.pipeline.rows import DATA, HEADER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ade_engine.io.source import SheetScan
    from ade_engine.pipeline.rows import RowKinds


class RowSpan:
    """The rows of a table: a header block, and everything below it up to ``stop``."""

    __slots__ = ("start", "header_rows", "stop", "first_column", "stop_column")

    def __init__(self, start: int, header_rows: int, stop: int):
        self.start = start
        self.header_rows = header_rows
        self.stop = stop
        #: Where the table lies when tables beside one another were told apart; the whole width otherwise.
        self.first_column = 0
        self.stop_column: int | None = None

    @property
    def data_start(self) -> int:
        return self.start + self.header_rows

    def __repr__(self) -> str:
        return f"RowSpan(start={self.start}, header_rows={self.header_rows}, stop={self.stop})"


def find_tables(
    verdict: RowKinds, is_empty_row: Callable[[int], bool], *, merge_stacked_headers: bool
) -> list[RowSpan]:
    """The tables of a sheet, top to bottom. A sheet with any value has at least one."""
    kinds = verdict.kinds
    count = len(kinds)
    tables: list[RowSpan] = []
    current: RowSpan | None = None
    inferred = False
    row = 0
    next_header = kinds.find(HEADER)
    while row < count:
        if next_header != -1 and next_header < row:
            next_header = kinds.find(HEADER, row)
        # Data matters only until the open table has seen some.
        next_data = kinds.find(DATA, row, next_header if next_header != -1 else count)
        if next_data != -1:
            if current is None:
                # A data row without a header takes the row above for one, or itself where there is nothing above.
                # In the sheet's first row there is nothing to take, so nothing opens.
                if next_data > 0:
                    start = next_data if is_empty_row(next_data - 1) else next_data - 1
                    current = RowSpan(start, 1, count)
                    inferred = True
                row = next_data + 1
                if current is None:
                    continue
            data_seen = True
        else:
            data_seen = False
        if next_header == -1:
            break
        row = next_header
        if current is None or inferred:
            # A real header beats a guess: what was guessed is dropped altogether.
            current = RowSpan(row, 1, count)
            inferred = False
        elif merge_stacked_headers and not data_seen and row == current.data_start:
            current.header_rows += 1
        else:
            current.stop = row
            tables.append(current)
            current = RowSpan(row, 1, count)
        row += 1
    if current is not None:
        tables.append(current)
    if not tables:
        start = verdict.best_header_row
        if start is None:
            start = next((row for row in range(count) if not is_empty_row(row)), None)
        if start is not None:
            tables.append(RowSpan(start, 1, count))
    return tables


def split_side_by_side(table: RowSpan, scan: SheetScan, width: int) -> list[RowSpan]:
    """Tell apart tables that lie beside one another, with at least one column between them that is empty throughout.

    A block without any header text is no table of its own: it stays with the block at its left, gap included.
    """
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
        span = RowSpan(table.start, table.header_rows, _last_filled_row(table, scan, first, stop))
        span.first_column, span.stop_column = first, stop
        found.append(span)
    return found


def _last_filled_row(table: RowSpan, scan: SheetScan, first: int, stop: int) -> int:
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
