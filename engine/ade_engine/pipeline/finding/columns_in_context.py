"""Tables beside one another, and notes beside a table, with ``columns_by_context``. Rows and columns count from 0 here. The native module
finds them (``sheet/columns.rs``).
"""

from __future__ import annotations

from ade_engine import _native
from ade_engine.io.scan.sheet_scan import SheetScan
from ade_engine.models.notices import INFO, WARNING
from ade_engine.models.table import column_letters
from ade_engine.pipeline.finding.row_detectors import native_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.pipeline.finding.header_rows import RowSpan
    from ade_engine.pipeline.shared.context import RunContext


def areas_of(context: RunContext, span: RowSpan, scan: SheetScan) -> list[tuple[int, int]]:
    """The columns of each table that lies in a stretch of rows, from left to right. Notes beside the tables are told, and are in none."""
    found, notes, doubts = _native.areas_of(scan.as_native(), span.as_native(), native_words(context.registry))
    if notes:
        cells = sorted(f"{column_letters(column + 1)}{row + 1}" for row, column in notes)
        said = "1 text" if len(cells) == 1 else f"{len(cells)} texts"
        context.notice(
            "notes_beside_table",
            f"{said} beside the table left out ({', '.join(cells)})",
            level=INFO,
            count=len(cells),
            cells=cells,
        )
    for first, stop, ends_above in doubts:
        context.notice(
            "tables_side_by_side",
            f"{'column' if stop - first == 1 else 'columns'} {_letters(first, stop)} behind a blank column may "
            + ("not belong to the table, which ends further down" if ends_above else "be another table")
            + "; read as part of it",
            level=WARNING if ends_above else INFO,
        )
    if len(found) > 1:
        named = [_letters(first, stop) for first, stop in found]
        context.notice(
            "tables_side_by_side",
            f"{len(found)} tables beside one another, in columns {', '.join(named[:-1])} and {named[-1]}",
            level=INFO,
            count=len(found),
        )
    return found


def part_of(scan: SheetScan, rows: tuple[int, int], columns: tuple[int, int]) -> SheetScan:
    """The cells of an area at their places, without all others: tables in it are found as if it were a sheet of its own."""
    cells = [
        [None] * columns[0] + row[columns[0] : columns[1]] if rows[0] <= number < rows[1] else []
        for number, row in enumerate(scan.rows(0, rows[1]))
    ]
    return SheetScan(_native.scan_of_rows("area", cells, None, None, 0, []))


def _letters(first: int, stop: int) -> str:
    one, other = column_letters(first + 1), column_letters(stop)
    return one if one == other else f"{one} to {other}"
