"""The notices of rows that only their neighbours explain, with ``rows_by_context``. Rows count from 0 here.

The native module finds them: headers (``sheet/headers.rs``), further lines of records and lone texts (``sheet/lines.rs``).
"""

from __future__ import annotations

from ade_engine import _native
from ade_engine.models.notices import INFO
from ade_engine.pipeline.finding.row_detectors import native_words
from ade_engine.pipeline.shared import not_written
from ade_engine.pipeline.shared.row_numbers import rows_in_words, stretches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.pipeline.finding.header_rows import RowSpan
    from ade_engine.pipeline.shared.context import RunContext


def tell_further_headers(context: RunContext, rows: list[int]) -> None:
    """Name the rows that were taken for headers of other tables."""
    if rows:
        numbers = stretches([row + 1 for row in rows])
        context.notice(
            "doubtful_header_row",
            f"{rows_in_words(numbers)} below a blank row taken for the header of another table, for one of the words is the header of "
            "a field, or they stand above values. If that is a record, name the header rows of the sheet: `header_rows`",
            rows=numbers,
        )


def end_above_titles(context: RunContext, spans: list[RowSpan], titles: list[int]) -> None:
    """Let tables end above the title of the next page, and say which rows are such titles."""
    known = {*titles}
    for span in spans:
        while span.stop > span.data_start and span.stop - 1 in known:
            span.stop -= 1
    # A title above the first table is none of its rows anyway.
    among = [row + 1 for row in titles if spans and row > spans[0].start]
    if among:
        numbers = stretches(among)
        plural = "row" if len(among) == 1 else "rows"
        context.notice(
            "rows_left_out",
            f"{len(among)} {plural} of page titles left out ({rows_in_words(numbers)})",
            level=INFO,
            count=len(among),
            rows=numbers,
            reason=not_written.TITLE,
        )


def free_first_heads(spans: list[RowSpan], kinds: bytearray, scan: SheetScan) -> None:
    """Take the first section head of a table for one where it was taken for a part of the header."""
    kinds[:], header_rows = _native.free_first_heads(scan.as_native(), kinds, [span.as_native() for span in spans])
    _put(spans, header_rows)


def find_lines(context: RunContext, spans: list[RowSpan], kinds: bytearray, scan: SheetScan) -> None:
    """Mark the further lines of records (``LINE``), and lone texts of which nothing says what they are (``LONE``).

    A record of which nothing but its name is filled stays one, which is told.
    """
    words = native_words(context.registry)
    kinds[:], header_rows, kept = _native.find_lines(scan.as_native(), kinds, [span.as_native() for span in spans], words)
    _put(spans, header_rows)
    if kept:
        numbers = stretches([row + 1 for row in kept])
        context.notice(
            "doubtful_rows",
            f"{rows_in_words(numbers)} between records may be {'a section head or a note' if len(kept) == 1 else 'section heads or notes'}, "
            f"with nothing but a name; kept as {'a record' if len(kept) == 1 else 'records'}",
            count=len(kept),
            rows=numbers,
        )


def _put(spans: list[RowSpan], header_rows: list[int]) -> None:
    for span, count in zip(spans, header_rows):
        span.header_rows = count
