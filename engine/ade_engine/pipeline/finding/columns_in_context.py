"""What blank columns within a table are, with ``columns_by_context``: a spacer, or the gap between two tables, or what parts a
note from the table. Rows and columns count from 0 here.

Tables beside one another name their keys twice, or the right one goes on below the left. A table with a spacer has one key, and its
rows have values on both sides. What ends above the rest may be a table, a legend, or what only the first records have: it stays in
the table, and is told.
"""

from __future__ import annotations

from ade_engine import _native
from ade_engine.fields.headers import simplify
from ade_engine.io.scan.sheet_scan import SheetScan
from ade_engine.models.notices import INFO, WARNING
from ade_engine.models.table import amount_of, column_letters, is_blank
from ade_engine.pipeline.finding.side_by_side import is_small_table, last_filled_row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.pipeline.finding.header_rows import RowSpan
    from ade_engine.pipeline.shared.context import RunContext

#: In these first rows of a table gaps are looked for.
_FIRST_ROWS = 200
#: Tables beside one another end so many rows apart, and fill so much of their cells.
_LEAST_UNEVEN, _LEAST_FULL = 2, 0.8
#: A note beside a table has so many texts at most.
_MOST_NOTES = 2
#: And each of them has so many words.
_LEAST_WORDS = 3
#: So many cells of a column say whether it is a key.
_MOST_OF_KEY = 1000


class Block:
    """Columns of a table without a blank one between them."""

    __slots__ = ("first", "stop", "end", "names", "key", "filled", "_scan", "_span")

    def __init__(self, scan: SheetScan, span: RowSpan, first: int, stop: int, filled: int):
        self.first = first
        self.stop = stop
        self._scan = scan
        self._span = span
        #: Below its last row with a value.
        self.end = last_filled_row(span, scan, first, stop)
        cells = scan.row(span.data_start - 1)[first:stop] if span.header_rows else []
        #: What the last row of the header says of its columns.
        self.names = [simplify(str(cell)) for cell in cells if not is_blank(cell)]
        #: What it says of the first of them.
        self.key = self.names[0] if self.names and not is_blank(cells[0]) else ""
        #: Cells with a value below the header.
        self.filled = filled

    @property
    def rows(self) -> int:
        return self.end - self._span.data_start

    def values(self, column: int) -> list[Any]:
        start = self._span.data_start
        found = self._scan.values(column, start, min(self.end, start + _MOST_OF_KEY))
        return [value for value in found if not is_blank(value)]

    def has_key(self) -> bool:
        """Whether its first column has another text, or a day, in each row."""
        values = self.values(self.first)
        is_text = all(amount_of(value) is None for value in values)
        return is_text and len(values) == min(self.rows, _MOST_OF_KEY) > 1 and len({*map(str, values)}) == len(values)

    def is_full(self) -> bool:
        return self.filled >= _LEAST_FULL * self.rows * (self.stop - self.first)

    def starts_lower(self) -> bool:
        """Whether names stand above values here, in rows of the table at the left."""
        start = self._span.data_start
        rows = [row[self.first : self.stop] for row in self._scan.rows(start, min(self.end, start + _FIRST_ROWS))]
        filled = [any(not is_blank(cell) for cell in row) for row in rows]
        if True not in filled:
            return False
        rows = rows[filled.index(True) :]
        return len(rows) > 1 and not any(all(map(is_blank, row)) for row in rows) and is_small_table(rows)

    def texts(self) -> list[Any]:
        return [value for column in range(self.first, self.stop) for value in self.values(column)]


def areas_of(context: RunContext, span: RowSpan, scan: SheetScan, words: dict[str, str]) -> list[tuple[int, int]]:
    """The columns of each table that lies in a stretch of rows, from left to right. Notes beside the tables are told, and are in none."""
    blocks = _blocks(span, scan)
    if len(blocks) < 2:
        return []
    notes = []
    while len(blocks) > 1 and _is_note(blocks[-1], words):
        notes.append(blocks.pop())
    _tell_notes(context, notes, scan, span)
    areas = [[blocks[0]]]
    for block in blocks[1:]:
        if _are_tables(areas[-1], block, words):
            areas.append([block])
        else:
            _tell_doubt(context, areas[-1], block)
            areas[-1].append(block)
    found = [(area[0].first, area[-1].stop) for area in areas]
    if len(found) > 1:
        named = [_letters(first, stop) for first, stop in found]
        context.notice(
            "tables_side_by_side",
            f"{len(found)} tables beside one another, in columns {', '.join(named[:-1])} and {named[-1]}",
            level=INFO,
            count=len(found),
        )
    return found if len(found) > 1 or notes else []


def part_of(scan: SheetScan, rows: tuple[int, int], columns: tuple[int, int]) -> SheetScan:
    """The cells of an area at their places, without all others: tables in it are found as if it were a sheet of its own."""
    cells = [
        [None] * columns[0] + row[columns[0] : columns[1]] if rows[0] <= number < rows[1] else []
        for number, row in enumerate(scan.rows(0, rows[1]))
    ]
    return SheetScan(_native.scan_of_rows("area", cells, None, None, 0, []))


def _blocks(span: RowSpan, scan: SheetScan) -> list[Block]:
    width = scan.width
    some, _ = scan.cell_counts(span.start, min(span.stop, span.start + _FIRST_ROWS), width)
    first = next((column for column, count in enumerate(some) if count), width)
    if span.stop_column is not None or not span.header_rows or all(some[first:]):
        return []
    whole, _ = scan.cell_counts(span.start, span.stop, width)
    below, _ = scan.cell_counts(span.data_start, span.stop, width)
    stretches: list[list[int]] = []
    for column, count in enumerate(whole):
        if count and stretches and stretches[-1][1] == column:
            stretches[-1][1] += 1
        elif count:
            stretches.append([column, column + 1])
    return [Block(scan, span, first, stop, sum(below[first:stop])) for first, stop in stretches]


def _is_note(block: Block, words: dict[str, str]) -> bool:
    """Whether a block beside a table is a text or two of some words: beside the header alone, or without a name.

    What is shorter is a value, and so are addresses and what stands there twice.
    """
    if any(name in words for name in block.names):
        return False
    texts = block.texts()
    is_small = not texts if block.names else len(texts) <= _MOST_NOTES
    said = block.names or texts
    are_texts = all(isinstance(text, str) and "@" not in text and len(text.split()) >= _LEAST_WORDS for text in said)
    return is_small and block.stop - block.first == 1 and are_texts and len({*said}) == len(said)


def _are_tables(left: list[Block], block: Block, words: dict[str, str]) -> bool:
    """Whether a block is a table beside the one that the blocks at its left make."""
    if not block.names:
        return block.starts_lower()
    names = [name for one in left for name in one.names]
    if len(block.names) < 2 or len(names) < 2:
        return False
    if block.key and block.key == left[0].key:
        # A list of the same columns goes on beside itself, or each table has rows of its own. A key that is printed twice, for
        # people who read wide tables, is that of one.
        goes_on = block.names == names or block.end != max(one.end for one in left)
        return goes_on and block.values(block.first) != left[0].values(left[0].first)
    if not all(one.is_full() for one in (*left, block)) or not left[0].has_key() or not block.has_key():
        return False
    further = block.end - max(one.end for one in left)
    # Of a table that ends above, nothing but its words says that it is one: what is still to be paid has no day of payment.
    is_named = left[0].key in words and block.key in words and all(isinstance(value, str) for value in block.values(block.first))
    return further >= _LEAST_UNEVEN or is_named and further <= -_LEAST_UNEVEN


def _tell_doubt(context: RunContext, left: list[Block], block: Block) -> None:
    """Name a block that may be no part of its table: it has a key of its own."""
    if not left[0].has_key() or not block.has_key() or not block.is_full():
        return
    ends_above = max(one.end for one in left) - block.end >= _LEAST_UNEVEN
    # What has no names is a legend where it has two columns.
    is_legend = ends_above and (bool(block.names) or block.stop - block.first > 1)
    if not is_legend and (len(left[0].names) < 2 or len(block.names) < 2):
        return
    columns = _letters(block.first, block.stop)
    context.notice(
        "tables_side_by_side",
        f"{'column' if block.stop - block.first == 1 else 'columns'} {columns} behind a blank column may "
        + ("not belong to the table, which ends further down" if ends_above else "be another table")
        + "; read as part of it",
        level=WARNING if ends_above else INFO,
    )


def _tell_notes(context: RunContext, notes: list[Block], scan: SheetScan, span: RowSpan) -> None:
    cells = [
        f"{column_letters(column + 1)}{row + 1}"
        for note in notes
        for column in range(note.first, note.stop)
        for row, value in enumerate(scan.values(column, span.start, span.stop), span.start)
        if not is_blank(value)
    ]
    if cells:
        said = "1 text" if len(cells) == 1 else f"{len(cells)} texts"
        context.notice(
            "notes_beside_table",
            f"{said} beside the table left out ({', '.join(sorted(cells))})",
            level=INFO,
            count=len(cells),
            cells=sorted(cells),
        )


def _letters(first: int, stop: int) -> str:
    one, other = column_letters(first + 1), column_letters(stop)
    return one if one == other else f"{one} to {other}"
