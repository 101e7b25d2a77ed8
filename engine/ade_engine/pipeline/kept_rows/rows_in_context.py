"""Rows that only their neighbours explain, with ``rows_by_context``: the second lines of records, the titles of printed
pages, the headers of further tables of text, and lone texts between records. Rows count from 0 here.

A section head stands above its records, so a table begins with one and never ends with one. A second line stands below its record.
Where neither is clear, a lone text belongs to nothing, and is told.
"""

from __future__ import annotations

import datetime
import re

import polars as pl

from ade_engine.fields.headers import simplify
from ade_engine.fields.readers import profile
from ade_engine.models.notices import INFO
from ade_engine.models.table import is_blank
from ade_engine.pipeline.finding.header_rows import DATA, GROUP, HEADER, LINE, LONE, NOTE, TITLE, TOTAL
from ade_engine.pipeline.shared import not_written
from ade_engine.pipeline.shared.row_numbers import rows_in_words, stretches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.pipeline.finding.header_rows import RowSpan
    from ade_engine.pipeline.shared.context import RunContext

#: So many rows of a table say whether its records may have second lines.
_MOST_LOOKED_AT = 60
#: So many records make a pattern, and so many lines a record may have below its first one.
_LEAST_RECORDS, _MOST_LINES = 3, 4
#: The words of an item.
_MOST_OF_ITEM = 2
#: The words of a name, and so many rows of a table may have nothing else.
_MOST_OF_NAME, _MOST_NAMED = 3, 2
#: A longer text is no name of a column.
_LONGEST_NAME = 40
#: Names that stand above values in so many columns are a header.
_ABOVE_VALUES = -2
#: So many rows below a row that may be a header are looked at.
MOST_COMPARED = 40
#: Numbers in this range may be the years that a header names.
_YEARS = (1900, 2100)
#: A longer text is no value.
_LONGEST_VALUE = 120
_DIGITS = re.compile(r"\d+")


def mark_page_titles(kinds: bytearray, scan: SheetScan) -> set[int]:
    """Make titles of the rows above a header that repeats, as on each printed page. Returns these rows."""
    blocks: dict[tuple, list[tuple[int, int]]] = {}
    for first, stop in _blocks_of_headers(kinds):
        said = _texts_of(scan.row(stop - 1))
        if len(said) > 1:
            blocks.setdefault(said, []).append((first, stop))
    found: set[int] = set()
    for said, pages in blocks.items():
        if len(pages) < 2:
            continue
        upper = [[_texts_of(scan.row(row)) for row in range(first, stop - 1)] for first, stop in pages]
        alike = len({tuple(one) for one in upper}) == 1
        for (first, _), texts in zip(pages, upper):
            # The labels above a header repeat with it, or begin above its values. A title is one text, or counts the pages.
            found.update(
                first + at
                for at, text in enumerate(texts)
                if len(text) == 1 or not alike
                if 0 < len(text) < len(said) and text[0][0] <= said[0][0]
            )
        above = [first - 1 for first, _ in pages if first > 0 and kinds[first - 1] != TOTAL]
        masked = [_without_numbers(scan.row(row)) for row in above]
        found.update(
            row
            for row, text in zip(above, masked)
            if 0 < len(text) < len(said) and any(map(str.isalpha, text[0])) and masked.count(text) > 1
        )
    last = scan.rows_emitted - 1
    if _without_numbers(scan.row(last)) in {_without_numbers(scan.row(row)) for row in found}:
        found.add(last)
    for row in found:
        kinds[row] = TITLE
    return found


def end_above_titles(context: RunContext, spans: list[RowSpan], titles: set[int]) -> None:
    """Let tables end above the title of the next page, and say which rows are such titles."""
    for span in spans:
        while span.stop > span.data_start and span.stop - 1 in titles:
            span.stop -= 1
    # A title above the first table is none of its rows anyway.
    among = [row + 1 for row in sorted(titles) if spans and row > spans[0].start]
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


def mark_lone_headers(kinds: bytearray, scan: SheetScan, words: dict[str, str]) -> None:
    """Make notes of header rows among records that are one text, and no word that headers have."""
    first = kinds.find(DATA)
    for start, stop in _blocks_of_headers(kinds):
        if stop - start > 1 or not 0 <= first < start:
            continue
        said = _texts_of(scan.row(start))
        below = next((row for row in range(stop, scan.rows_emitted) if not scan.is_empty_row(row)), None)
        if len(said) == 1 and below is not None and kinds[below] == DATA and simplify(said[0][1]) not in words:
            if len(_texts_of(scan.row(below))) >= _LEAST_RECORDS:
                kinds[start] = NOTE


def likeness_to_rows_below(kinds: bytearray, scan: SheetScan, row: int) -> int:
    """The columns in which a row has a value as the rows below have, less those in which it has a text above values."""
    cells = scan.row(row)
    below: list[list[Any]] = []
    for one in range(row + 1, min(len(kinds), row + 1 + MOST_COMPARED)):
        if not scan.is_empty_row(one):
            below.append(scan.row(one))
        elif below:
            # What follows may be another table.
            break
    likeness = 0
    for column, cell in enumerate(cells):
        below_it = {kind_of_value(one[column]) for one in below if column < len(one) and not is_blank(one[column])}
        if not is_blank(cell) and len(below_it) == 1 and below_it != {""}:
            likeness += 1 if kind_of_value(cell) in below_it else -1
    return likeness


def kind_of_value(cell: Any) -> str:
    """What a value is that no header is: ``email``, ``phone``, ``date``, ``number``; nothing for texts and years."""
    if isinstance(cell, (bool, datetime.date, datetime.time, datetime.timedelta)):
        return "number" if isinstance(cell, bool) else "date"
    text = str(cell).strip()
    # Most texts are words.
    if text.replace(" ", "").isalpha():
        return ""
    if text.removesuffix(".0").isdigit() and _YEARS[0] <= int(text.removesuffix(".0")) <= _YEARS[1]:
        return ""
    if isinstance(cell, (int, float)):
        return "number"
    # Without a digit or an @ a text is none of these.
    if not isinstance(cell, str) or len(text) > _LONGEST_VALUE or not ("@" in text or any(map(str.isdigit, text))):
        return ""
    found = profile(pl.Series([text]))["patterns"]
    return next((kind for kind in ("email", "phone", "date", "number") if found[kind]), "")


def mark_further_headers(context: RunContext, kinds: bytearray, scan: SheetScan, words: dict[str, str]) -> None:
    """Make headers of rows of texts, below a blank row, in which a word is the header of a field and no other cell of its column; or, in
    edition 2026, above values in several columns: no column reads the names of the table below.
    """
    found = []
    is_new = context.settings.edition == "2026"
    first = kinds.find(HEADER)
    for row, _ in scan.layouts().looked_at:
        if kinds[row] == DATA and 0 <= first < row and begins_block(scan, row) and names_of(scan.row(row)):
            named = [(column, name) for column, name in _texts_of(scan.row(row)) if simplify(name) in words]
            is_known = any(scan.values(column, 0, scan.rows_emitted).count(name) == 1 for column, name in named)
            if is_known or is_new and likeness_to_rows_below(kinds, scan, row) <= _ABOVE_VALUES:
                kinds[row] = HEADER
                found.append(row)
    if found:
        numbers = stretches([row + 1 for row in found])
        context.notice(
            "doubtful_header_row",
            f"{rows_in_words(numbers)} below a blank row taken for the header of another table, for one of the words is the header of "
            "a field, or they stand above values. If that is a record, name the header rows of the sheet: `header_rows`",
            rows=numbers,
        )


def begins_block(scan: SheetScan, row: int) -> bool:
    """Whether a row begins a stretch of rows below a blank one, or stands there below a lone title."""
    if row not in scan.below_blank() or row < 2 or row + 1 >= scan.rows_emitted or scan.is_empty_row(row + 1):
        return False
    if scan.is_empty_row(row - 1):
        return True
    return row > 2 and scan.is_empty_row(row - 2) and len(_texts_of(scan.row(row - 1))) == 1


def names_of(cells: list[Any]) -> list[str]:
    """The texts of a row that may be the names of columns: short, each another one, and without digits. Otherwise nothing."""
    filled = [cell for cell in cells if not is_blank(cell)]
    names = [cell.strip() for cell in filled if isinstance(cell, str) and len(cell) <= _LONGEST_NAME and not _DIGITS.search(cell)]
    return names if 1 < len(names) == len(filled) == len({*names}) else []


def free_first_heads(spans: list[RowSpan], kinds: bytearray, scan: SheetScan) -> None:
    """Take the first section head of a table for one where it was taken for a part of the header."""
    for span in spans:
        if span.header_rows > 1:
            _Table(span, kinds, scan).free_first_head()


def find_lines(
    context: RunContext, spans: list[RowSpan], kinds: bytearray, scan: SheetScan, words: dict[str, str]
) -> None:
    """Mark the second lines of records (``LINE``), and lone texts of which nothing says what they are (``LONE``).

    A record of which nothing but its name is filled stays one, which is told.
    """
    kept = []
    for span in spans:
        if not span.header_rows or span.is_guessed:
            continue
        some = range(span.data_start, min(span.stop, span.data_start + _MOST_LOOKED_AT))
        table = _Table(span, kinds, scan)
        if kinds.find(GROUP, span.data_start, span.stop) >= 0 or any(map(table.is_line, some)):
            named = table.named_records(words)
            if named:
                for row in named:
                    kinds[row] = DATA
                kept += named
            else:
                table.judge()
    if kept:
        numbers = stretches([row + 1 for row in kept])
        context.notice(
            "doubtful_rows",
            f"{rows_in_words(numbers)} between records may be {'a section head or a note' if len(kept) == 1 else 'section heads or notes'}, "
            f"with nothing but a name; kept as {'a record' if len(kept) == 1 else 'records'}",
            count=len(kept),
            rows=numbers,
        )


class _Table:
    """The rows of a table: records, which have a value, and lines of texts between them."""

    def __init__(self, span: RowSpan, kinds: bytearray, scan: SheetScan):
        self.span = span
        self.kinds = kinds
        self.scan = scan
        self.names = {column for row in range(span.start, span.data_start) for column, _ in _texts_of(self.cells(row))}

    def cells(self, row: int) -> list[Any]:
        return self.scan.row(row)[self.span.first_column : self.span.stop_column]

    def columns(self, row: int) -> tuple[int, ...]:
        """The columns of a row's texts; nothing where it has a value. A merged text that was filled counts once."""
        cells = self.cells(row)
        filled = []
        for column, cell in enumerate(cells):
            if is_blank(cell):
                continue
            if _is_value(cell):
                return ()
            filled.append(column)
        is_merged = len({cells[column] for column in filled}) == 1
        return tuple(filled[:1] if is_merged else filled)

    def judge(self) -> None:
        kinds = self.kinds
        head, records, lines = self.parts()
        heads = {self.columns(row) for row in (lines if head is None else [head]) if kinds[row] == GROUP}
        for row in lines:
            # What stands alone where a head does is one.
            columns = self.columns(row)
            if kinds[row] == DATA and len(columns) == 1 and columns in heads and (head is not None or min(self.names) in columns):
                kinds[row] = GROUP
        if head is not None or not lines or len(records) < _LEAST_RECORDS:
            return
        if self.are_items(records):
            for row in lines:
                if min(self.names) not in self.columns(row):
                    kinds[row] = DATA
            return
        if self.are_lines(records, lines):
            for _, below in records:
                for row in below:
                    kinds[row] = LINE
            return
        last = max((row for row, _ in records if kinds[row] == DATA), default=0)
        # Below a blank row, and directly above its records, stands a section head.
        between = [row for row in lines if row < last and not self.scan.is_empty_row(row - 1)]
        alone = [row for row in between if kinds[row] in (GROUP, NOTE, TITLE) or self.is_remark(row, records)]
        if len(alone) == 1 or len(alone) * _LEAST_RECORDS > len(records):
            for row in alone:
                kinds[row] = LONE

    def named_records(self, words: dict[str, str]) -> list[int]:
        """The rows, two at most, that have nothing but a name in the first column, as the records above and below have.

        Section heads begin a table, or stand below a blank row, or have some records each.
        """
        head, records, lines = self.parts()
        if head is not None or not lines or len(lines) > _MOST_NAMED or len(records) < _MOST_NAMED or not records[-1][0] > lines[-1]:
            return []
        first = min(self.names)
        header = [
            simplify(text)
            for row in range(self.span.start, self.span.data_start)
            for at, text in _texts_of(self.cells(row))
            if at == first
        ]
        if not any(text in words for text in header) or any(self.columns(row) != (first,) for row in lines):
            return []
        keys = [cells[first] for cells in (self.cells(row) for row, _ in records) if first < len(cells)]
        own = [str(cell) for cell in keys if not is_blank(cell)]
        names = [str(self.cells(row)[first]).strip() for row in lines]
        has_digits = sum(bool(_DIGITS.search(text)) for text in own) * 2 > len(own)
        if sum(map(_is_name, own)) * 2 <= len(own) or not all(_is_name(name) and bool(_DIGITS.search(name)) == has_digits for name in names):
            return []
        apart = any(self.scan.is_empty_row(row - 1) for row in lines)
        below = [sum(lines[at] < row < ([*lines, self.span.stop])[at + 1] for row, _ in records) for at in range(len(lines))]
        are_heads = len(lines) > 1 and min(below) > 1
        return [] if apart or are_heads or {*names}.intersection(own) else lines

    def parts(self) -> tuple[int | None, list[tuple[int, list[int]]], list[int]]:
        """The row above the first record that is none, if there is one; each record, and the lines directly below it; all lines."""
        records: list[tuple[int, list[int]]] = []
        lines: list[int] = []
        head: int | None = None
        is_apart = False
        for row in range(self.span.data_start, self.span.stop):
            if self.scan.is_empty_row(row):
                is_apart = True
                continue
            if self.kinds[row] == TOTAL or not self.is_line(row):
                records.append((row, []))
            elif not records:
                head = row
            elif not is_apart:
                records[-1][1].append(row)
                lines.append(row)
            elif self.kinds[row] == GROUP:
                lines.append(row)
            is_apart = False
        return head, records, lines

    def is_remark(self, row: int, records: list[tuple[int, list[int]]]) -> bool:
        """Whether a lone text stands among keys with digits, and has none."""
        columns, first = self.columns(row), min(self.names)

        def has_digit(row: int) -> bool:
            cells = self.cells(row)
            return first < len(cells) and bool(_DIGITS.search(str(cells[first])))

        return columns == (first,) and not has_digit(row) and all(has_digit(record) for record, _ in records[:_MOST_LOOKED_AT])

    def is_line(self, row: int) -> bool:
        """Whether a row is no record: texts alone, in half of the named columns at most, or where the second row of the header names."""
        columns = self.columns(row)
        if not columns or not self.names.issuperset(columns):
            return False
        return len(columns) * 2 <= len(self.names) or row + 1 > self.span.data_start and columns == self.second_names()

    def second_names(self) -> tuple[int, ...]:
        """The columns of the second row of a header of two, where it names fewer than the first."""
        span = self.span
        if span.header_rows != 2:
            return ()
        above, below = (tuple(column for column, _ in _texts_of(self.cells(row))) for row in (span.start, span.start + 1))
        return below if len(below) < len(above) and {*above}.issuperset(below) else ()

    def are_lines(self, records: list[tuple[int, list[int]]], lines: list[int]) -> bool:
        """Whether the lines belong to the records above them."""
        while (last := records[-1][1]) and not self.is_alike(last[-1], lines):
            # A note closes the table.
            lines.remove(last.pop())
        counts = [len(below) for _, below in records]
        if max(counts) > _MOST_LINES or sum(counts) < 2 or len(lines) != sum(counts):
            return False
        columns = {self.columns(row) for row in lines}
        usual = counts[0]
        has_blank_key = all(min(self.names) not in one for one in columns)
        if usual and all(count == usual for count in counts[:-1]) and (counts[-1] >= usual or has_blank_key):
            # Below each record as many.
            if len(columns) <= usual or has_blank_key:
                self.cut_header(columns)
                del records[-1][1][usual:]
                return True
            return False
        if sum(map(bool, counts[:-1])) < 2 or any(one == self.second_names() != () for one in columns):
            return False
        if has_blank_key and sum(self.kinds[row] == GROUP for row in lines) * 2 < len(lines):
            # The key is blank, and the texts stand below the record's own.
            return True
        # A table does not end with a section head, and a section has records.
        return counts[-1] > 0 and {*map(len, columns)} == {1} and len(lines) * _LEAST_RECORDS > len(records)

    def are_items(self, records: list[tuple[int, list[int]]]) -> bool:
        """Whether the lines below records are items as the records' own: a word or two each, below blank keys."""
        first = min(self.names)
        pairs = [(row, line) for row, lines in records for line in lines if first not in self.columns(line)]
        if any(self.columns(line) == self.second_names() != () for _, line in pairs):
            return False
        alike = 0
        for row, line in pairs:
            own = self.cells(row)
            alike += all(column < len(own) and _is_item(own[column]) and _is_item(text) for column, text in _texts_of(self.cells(line)))
        return len(pairs) > 1 and alike * 2 > len(pairs)

    def is_alike(self, row: int, lines: list[int]) -> bool:
        """Whether the last line of a table may be one as the others are, by its length: notes are longer."""
        longest = max((self.length(one) for one in lines if one != row), default=0)
        return self.length(row) * 2 <= longest * 3

    def length(self, row: int) -> int:
        return max((len(text) for _, text in _texts_of(self.cells(row))), default=0)

    def cut_header(self, columns: set[tuple[int, ...]]) -> None:
        """Let the second row of a header be the names of the second lines."""
        if columns == {self.second_names()}:
            self.span.header_rows -= 1
            self.kinds[self.span.data_start] = LINE

    def free_first_head(self) -> None:
        """The first section head was taken for a part of the header where others stand in its column below."""
        span = self.span
        row = span.data_start - 1
        if span.header_rows < 2:
            return
        column, above = self.columns(row), {column for column, _ in _texts_of(self.cells(row - 1))}
        if len(column) != 1 or len(above) < _LEAST_RECORDS or column[0] not in above:
            return
        below = (one for one in range(span.data_start + 1, span.stop) if self.columns(one) == column)
        if next(below, None) is not None and self.columns(span.data_start) != column:
            span.header_rows -= 1
            self.kinds[row] = GROUP


def _blocks_of_headers(kinds: bytearray) -> list[tuple[int, int]]:
    """The stretches of header rows: the first row of each, and the one behind its last."""
    found: list[tuple[int, int]] = []
    row = kinds.find(HEADER)
    while row >= 0:
        stop = row + 1
        while stop < len(kinds) and kinds[stop] == HEADER:
            stop += 1
        found.append((row, stop))
        row = kinds.find(HEADER, stop)
    return found


def _texts_of(cells: list[Any]) -> tuple[tuple[int, str], ...]:
    """The filled cells of a row with their columns. A merged text that was filled counts once."""
    said: dict[str, int] = {}
    for column, cell in enumerate(cells):
        if cell is not None and (text := str(cell).strip()):
            said.setdefault(text, column)
    return tuple(zip(said.values(), said))


def _without_numbers(cells: list[Any]) -> tuple[str, ...]:
    """The texts of a row, alike on each page where they count these."""
    return tuple(_DIGITS.sub("0", text) for _, text in _texts_of(cells))


def _is_item(cell: Any) -> bool:
    """Whether a cell is a word or two, without digits and signs."""
    words = str(cell).replace("-", " ").split()
    return 0 < len(words) <= _MOST_OF_ITEM and all(word.isalpha() for word in words)


def _is_name(text: str) -> bool:
    """Whether a text may be the name of a person or a thing: a few words that begin with a capital letter or a digit."""
    text = text.strip()
    return 0 < len(text.split()) <= _MOST_OF_NAME and (text[0].isupper() or text[0].isdigit()) and text[-1] not in ".:"


def _is_value(cell: Any) -> bool:
    """Whether a cell is a number or a day, also as .csv files write it: digits without letters."""
    return not isinstance(cell, str) or any(map(str.isdigit, cell)) and not any(map(str.isalpha, cell))
