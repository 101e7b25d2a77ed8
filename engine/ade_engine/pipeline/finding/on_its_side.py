"""Tables that lie on their side: the names of columns stand below each other, and each record is a column. Rows and columns count
from 0 here. The native module finds them (``sheet/on_its_side.rs``).
"""

from __future__ import annotations

from ade_engine import _native
from ade_engine.io.scan.sheet_scan import SheetScan
from ade_engine.models.notices import INFO, WARNING
from ade_engine.models.table import column_letters
from ade_engine.pipeline.finding.header_rows import RowSpan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.pipeline.shared.context import RunContext


class Side:
    """A table that lies on its side: its rows without a blank one, and the column of its names."""

    __slots__ = ("start", "stop", "names", "words", "is_sure")

    def __init__(self, start: int, stop: int, names: int, words: int, *, is_sure: bool):
        self.start = start
        self.stop = stop
        self.names = names
        #: Of how many fields the names are words.
        self.words = words
        self.is_sure = is_sure

    @property
    def span(self) -> RowSpan:
        """All of its rows as they are, none of them a header."""
        return RowSpan(self.start, 0, self.stop)


def find_side(scan: SheetScan, words: _native.HeaderWords) -> Side | None:
    """The table of a sheet, if it lies on its side."""
    found = _native.find_side(scan.as_native(), words)
    if found is None:
        return None
    *places, is_sure = found
    # What a turned sheet cannot say of its cells: numbers that are shown with zeros, and formulas without a value.
    is_plain = not scan.formulas_without_value[0] and not any(
        scan.has_zeros(column, 0, scan.rows_emitted) for column in range(scan.width)
    )
    return Side(*places, is_sure=is_sure and is_plain)


def turned(scan: SheetScan, side: Side) -> SheetScan:
    """The table on its feet: each row of it is a column of the sheet, and has its number."""
    rows = [row + [None] * (scan.width - len(row)) for row in scan.rows(side.start, side.stop)]
    columns = [[] if column < side.names else [row[column] for row in rows] for column in range(scan.width)]
    return SheetScan(_native.scan_of_rows("turned", columns, None, None, 0, []))


def tell_turned(context: RunContext, side: Side) -> None:
    """Say that a table was turned."""
    context.notice(
        "table_on_its_side",
        f"the names of {side.words} fields stand below one another, in rows {side.start + 1} to {side.stop}: each column is a record, "
        f"so rows and columns were swapped (`turn_tables = true`). `Source column` says which column a record was: 2 is column "
        f"{column_letters(2)}",
        level=INFO,
        rows=[[side.start + 1, side.stop]],
    )


def tell_left(context: RunContext, side: Side) -> None:
    """Say that a table seems to lie on its side, and was left as it is."""
    why = f"the names of {side.words} fields stand" if side.words > 1 else "names seem to stand"
    context.notice(
        "table_on_its_side",
        f"{why} below one another, in rows {side.start + 1} to {side.stop}: each column seems to be a record. All rows were kept "
        "as they are, and no row is the header",
        level=WARNING,
        rows=[[side.start + 1, side.stop]],
    )
