"""Tables without a header row: with ``headerless_tables`` their first record stays a record. Rows count from 0 here.

Where no detector has found a header row, :mod:`ade_engine.pipeline.header_rows` guesses one, and a guessed row may be the
first record. Whether it is one is said by its looks, by the words of the package's fields, and by values that no header has,
such as an e-mail address. What is uncertain is told in a notice: no row is lost without a word.
"""

from __future__ import annotations

import datetime

import polars as pl

from ade_engine.fields.headers import FieldHeaders, HeaderRows, simplify
from ade_engine.fields.readers import profile
from ade_engine.models.notices import INFO
from ade_engine.models.row_layout import RowLayout, SheetRows
from ade_engine.models.table import is_blank
from ade_engine.pipeline.header_rows import DATA, GROUP, HEADER, NOTE, TITLE, TOTAL, RowSpan
from ade_engine.pipeline.provenance import rows_in_words, stretches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.pipeline.context import RunContext

#: A header row that is less likely one than this is told of.
_SURE = 0.8
#: A row above the header has to fill so many cells to be a record; lines of a name and a value fill two.
_LEAST_OF_RECORD = 3
#: Numbers in this range may be the years that a header names.
_YEARS = (1900, 2100)
#: So many reasons are told.
_MOST_REASONS = 3


def keep_records(
    context: RunContext, sheet_name: str, spans: list[RowSpan], kinds: bytearray, scan: SheetScan, first: int = 0
) -> list[RowSpan]:
    """The tables of a sheet, with the records that were taken for its header row and those above the first header row.

    ``first``: where the user's range begins.
    """
    if not spans:
        return spans
    sheet = _Sheet(context, sheet_name, kinds, scan)
    if spans[0].is_guessed:
        sheet.judge_guess(spans[0], first)
    else:
        spans = sheet.above(spans[0], first) + spans
    for span in spans:
        if span.header_rows and not span.is_guessed:
            sheet.doubt(span)
    return spans


class _Sheet:
    """The rows of a sheet, and what is known of each."""

    def __init__(self, context: RunContext, title: str, kinds: bytearray, scan: SheetScan):
        self.notices = context.notices
        self.title = title
        self.kinds = kinds
        self.scan = scan
        self.layouts = SheetRows(scan.layout())
        detectors = context.registry.row_detectors + context.registry.column_detectors
        self.words: set[str] = set()
        for fn in (entry.fn for entry in detectors):
            if isinstance(fn, HeaderRows):
                self.words |= fn.words
            elif isinstance(fn, FieldHeaders):
                self.words.update(map(simplify, fn.headers))

    def cells(self, row: int) -> list[Any]:
        """The filled cells of a row. A merged range that was filled says the same in each of its cells."""
        found = {str(cell).strip(): cell for cell in self.scan.row(row) if not is_blank(cell)}
        return list(found.values())

    def has_known_word(self, row: int) -> bool:
        """Whether a cell is the header of a field, or a word that headers have."""
        texts = (cell.partition("(")[0].partition("[")[0] for cell in self.cells(row) if isinstance(cell, str))
        return any(simplify(text) in self.words for text in texts)

    def has_values(self, row: int) -> bool:
        """Whether a row has what no header has: an address, a number that is no year, a day."""
        return any(map(_is_value, self.cells(row)))

    def is_record(self, row: int) -> bool:
        """Whether a row that was guessed to be the header is a record."""
        looks = self.layouts[row].state
        if looks == "header" or self.has_known_word(row):
            return False
        return self.kinds[row] in (DATA, TOTAL) and looks in ("data", "total") or self.has_values(row)

    def judge_guess(self, span: RowSpan, first: int) -> None:
        """Let a table whose header row was guessed begin with its first record, or say what is doubtful."""
        row = span.start
        is_followed = row + 1 < span.stop and self.kinds[row + 1] == DATA
        is_thin = is_followed and len(self.cells(row)) * 2 <= len(self.cells(row + 1))
        if self.is_record(row):
            span.header_rows = 0
        elif is_thin and not self.has_known_word(row):
            # A title or a section head stands above the first record.
            span.header_rows = 0
            if self.kinds[row] != GROUP:
                span.start += 1
        elif not is_followed and (record := self.lone_record(first, span)) is not None:
            span.start, span.header_rows = record, 0
        elif is_followed:
            self.tell_doubt(row, self.layouts[row])
            return
        else:
            # That no table was found is told by another notice.
            return
        record = next((one for one in range(span.start, span.stop) if self.kinds[one] != GROUP), span.start)
        self.tell_no_header(record)

    def lone_record(self, first: int, span: RowSpan) -> int | None:
        """The only record of a sheet of a title and a record, say: a full row with values."""
        if len(self.cells(span.start)) >= _LEAST_OF_RECORD:
            return None
        for row in range(first, min(span.stop, len(self.kinds))):
            if len(self.cells(row)) >= _LEAST_OF_RECORD:
                return row if self.is_record(row) else None
        return None

    def above(self, span: RowSpan, first: int) -> list[RowSpan]:
        """A table of the records above the first header row; other rows there that have values are told."""
        found = [row for row in range(first, span.start) if self.kinds[row] == DATA]
        if not found:
            return []
        names = len(self.cells(span.start + span.header_rows - 1))
        records = [
            row for row in found if len(self.cells(row)) >= _LEAST_OF_RECORD and len(self.cells(row)) * 2 > names
        ]
        if len(records) * 2 > len(found):
            start = records[0]
            while start > first and self.kinds[start - 1] == GROUP:
                start -= 1
            self.tell_no_header(records[0])
            return [RowSpan(start, 0, span.start)]
        numbers = stretches([row + 1 for row in found])
        plural = "row" if len(found) == 1 else "rows"
        self.notices.add(
            "rows_left_out",
            f"sheet {self.title!r}: {len(found)} {plural} above the header row left out ({rows_in_words(numbers)})",
            level=INFO,
            sheet=self.title,
            count=len(found),
            rows=numbers,
        )
        return []

    def doubt(self, span: RowSpan) -> None:
        """Say so where a row was taken for the header by its looks, and does not look much like one."""
        rows = range(span.start, span.data_start)
        looks = [self.layouts[row] for row in rows if self.kinds[row] == HEADER]
        if not looks or any(one.state != "header" or one["header"] >= _SURE for one in looks):
            return
        if not any(map(self.has_known_word, rows)):
            self.tell_doubt(span.start, looks[0])

    def tell_no_header(self, row: int) -> None:
        looks = self.layouts[row]
        why = f" ({'; '.join(looks.reasons[:_MOST_REASONS])})" if looks.state == "data" else ""
        self.notices.add(
            "no_header_row",
            f"sheet {self.title!r}: no header row was found; row {row + 1} is a record by its looks{why}. Columns were "
            f"recognised by their values. If row {row + 1} is the header, say so with `header_rows = [{row + 1}]`",
            sheet=self.title,
            rows=[[row + 1, row + 1]],
        )

    def tell_doubt(self, row: int, looks: RowLayout) -> None:
        likely = f"{round(looks['header'] * 100)}%"
        why = f" ({'; '.join(looks.reasons[:_MOST_REASONS])})" if looks.state != "header" else ""
        by_looks = f"a header by its looks with {likely} only" if looks.state == "header" else f"by its looks {looks.state}{why}"
        self.notices.add(
            "doubtful_header_row",
            f"sheet {self.title!r}: row {row + 1} was taken for the header row; it is {by_looks}. If it is a record, say so with "
            "`header_rows = []`",
            sheet=self.title,
            rows=[[row + 1, row + 1]],
        )


def _is_value(cell: Any) -> bool:
    if isinstance(cell, bool) or not isinstance(cell, (str, int, float)):
        return isinstance(cell, (bool, datetime.date, datetime.time, datetime.timedelta))
    if isinstance(cell, (int, float)):
        return not (cell == int(cell) and _YEARS[0] <= cell <= _YEARS[1]) if cell == cell and abs(cell) < 1e15 else True
    found = profile(pl.Series([cell]))["patterns"]
    if found["number"]:
        digits = cell.strip()
        return not (digits.isdigit() and _YEARS[0] <= int(digits) <= _YEARS[1])
    return bool(found["email"] or found["phone"] or found["date"])
