"""Tables without a header row: with ``headerless_tables`` their first record stays a record. Rows count from 0 here.

Where no detector has found a header row, :mod:`ade_engine.pipeline.finding.header_rows` guesses one, and a guessed row may be the
first record. Whether it is one is said by its looks, by the words of the package's fields, and by values that no header has,
such as an e-mail address. What is uncertain is told in a notice: no row is lost without a word.
"""

from __future__ import annotations

from ade_engine.fields.units import is_unit
from ade_engine.models.notices import INFO, WARNING
from ade_engine.models.table import is_blank
from ade_engine.pipeline.finding.header_rows import DATA, GROUP, HEADER, KIND_NAMES, NOTE, TITLE, TOTAL, RowSpan
from ade_engine.pipeline.finding.on_its_side import fields_of, is_period, names_columns
from ade_engine.pipeline.finding.row_detectors import known_words
from ade_engine.pipeline.kept_rows.rows_in_context import MOST_COMPARED, begins_block, kind_of_value, likeness_to_rows_below, names_of
from ade_engine.pipeline.shared.not_written import OUTSIDE
from ade_engine.pipeline.shared.row_numbers import rows_in_words, stretches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.pipeline.shared.context import RunContext

#: A header row that is less likely one than this is told of.
_SURE = 0.75
#: A row among records that is likelier one than this is told of.
_LEAST_OF_HEADER = 0.2
#: A row right below the header that is likelier a part of it than this is told of.
_LEAST_OF_LAST = 0.25
#: A row above the header has to fill so many cells to be a record; lines of a name and a value fill two.
_LEAST_OF_RECORD = 3
#: So many rows above the header row are looked at.
_MOST_ABOVE = 100
#: Values that no header has.
_ADDRESSES = frozenset(("email", "phone"))
#: What a row is, in words.
_TAKEN_FOR = ("something else", "a header", "a record", "a total", "a section head", "a note", "a title")
#: So many reasons are told.
_MOST_REASONS = 3


def keep_records(
    context: RunContext, spans: list[RowSpan], kinds: bytearray, scan: SheetScan, first: int = 0
) -> list[RowSpan]:
    """The tables of a sheet, with the records that were taken for its header row and those above the first header row.

    ``first``: where the user's range begins.
    """
    if not spans:
        return spans
    sheet = _Sheet(context, kinds, scan)
    if spans[0].is_guessed:
        sheet.judge_guess(spans[0], first)
    spans = sheet.above(spans[0], first) + spans
    found = []
    while spans:
        span, *spans = spans
        found.append(span)
        if sheet.is_on_its_side(span):
            # What was taken for the header is the first line of names and values.
            span.header_rows = 0
        elif span.header_rows and not span.is_guessed:
            freed = sheet.free_first_records(span)
            spans[:0] = sheet.doubt(span)
            sheet.tell_row_below(span, freed)
        sheet.tell_other_headers(span)
    return found


def mark_repeated_headers(kinds: bytearray, scan: SheetScan) -> dict[int, str]:
    """Make header rows of those that repeat one: word for word, as on each printed page, or below a blank row all but its first
    name, as tables of one form do. Returns these rows, each with what it is in words.

    Among texts a repeated header looks like a record.
    """
    found: dict[int, str] = {}
    known: set[tuple] = set()
    tails: set[tuple] = set()
    #: The second names of these headers: most rows have another text there, and are not looked at further.
    seconds: set[str] = set()
    for row, _ in scan.layouts().looked_at:
        if kinds[row] != HEADER and not known:
            continue
        cells = scan.row(row)
        if kinds[row] != HEADER and ("" if len(cells) < 2 or cells[1] is None else str(cells[1]).strip()) not in seconds:
            continue
        said = _texts(cells)
        if kinds[row] == HEADER:
            # A line drawn with signs is no header by itself.
            if sum(any(map(str.isalpha, text)) for text in {*said}) > 1:
                known.add(said)
                tails.add(said[1:])
                seconds.update(said[1:2])
        elif said in known:
            kinds[row] = HEADER
            found[row] = "repeats one word for word"
        elif said[1:] in tails and _is_other_table(said) and scan.is_empty_row(row - 1):
            kinds[row] = HEADER
            found[row] = "repeats one but for its first name"
    return found


def _texts(cells: list[Any]) -> tuple[str, ...]:
    return tuple(["" if cell is None else str(cell).strip() for cell in cells])


def _is_other_table(said: tuple[str, ...]) -> bool:
    """Whether a row that repeats the names of a header has two of these at least, and a name for its first column."""
    return len({*said[1:]} - {""}) > 1 and any(map(str.isalpha, said[0]))


class _Sheet:
    """The rows of a sheet, and what is known of each."""

    def __init__(self, context: RunContext, kinds: bytearray, scan: SheetScan):
        self.notice = context.notice
        self.kinds = kinds
        self.scan = scan
        self.layouts = scan.layouts()
        self.words = known_words(context.registry)
        self.by_context = bool(context.settings.rows_by_context)
        self._fields: dict[int, set[str]] = {}

    def cells(self, row: int) -> list[Any]:
        """The filled cells of a row. A merged range that was filled says the same in each of its cells."""
        found = {text: cell for cell in self.scan.row(row) if cell is not None and (text := str(cell).strip())}
        return list(found.values())

    def fields(self, row: int) -> set[str]:
        """The fields that the cells of a row name, and words that headers have."""
        if row not in self._fields:
            self._fields[row] = fields_of(self.cells(row), self.words)
        return self._fields[row]

    def has_known_word(self, row: int) -> bool:
        """Whether a cell is the header of a field, or a word that headers have."""
        return bool(self.fields(row))

    def is_word(self, cell: Any) -> bool:
        """Whether a cell is the header of a field, or a word that headers have."""
        return bool(fields_of([cell], self.words))

    def has_values(self, row: int) -> bool:
        """Whether a row has what no header has: an address, a number that is no year, a day."""
        return any(kind_of_value(cell) for cell in self.cells(row))

    def is_record(self, row: int) -> bool:
        """Whether a row that was guessed to be the header is a record."""
        looks = self.layouts[row].state
        if looks == "header" or self.has_known_word(row) or likeness_to_rows_below(self.kinds, self.scan, row) < 0:
            return False
        return self.kinds[row] in (DATA, TOTAL) and looks in ("data", "total") or self.has_values(row)

    def judge_guess(self, span: RowSpan, first: int, what: str = "") -> None:
        """Let a table whose header row was guessed begin with its first record, or say what is doubtful."""
        row = span.start
        is_followed = row + 1 < span.stop and self.kinds[row + 1] == DATA
        is_thin = is_followed and len(self.cells(row)) * 2 <= len(self.cells(row + 1))
        if self.is_record(row):
            span.header_rows = 0
        elif is_thin and not self.has_known_word(row) and likeness_to_rows_below(self.kinds, self.scan, row + 1) < 0:
            # A title stands above names over values.
            span.start += 1
            self.tell_doubt([span.start])
            return
        elif is_thin and not self.has_known_word(row):
            # A title or a section head stands above the first record.
            span.header_rows = 0
            if self.kinds[row] != GROUP:
                span.start += 1
        elif not is_followed and (record := self.lone_record(first, span)) is not None:
            span.start, span.header_rows = record, 0
        elif is_followed:
            self.tell_doubt([row])
            return
        else:
            # That no table was found is told by another notice. Rows as full above the one that was taken are not lost.
            width = len(self.cells(row))
            span.start = next((one for one in range(first, row) if len(self.cells(one)) >= max(2, width)), row)
            return
        record = next((one for one in range(span.start, span.stop) if self.kinds[one] != GROUP), span.start)
        self.tell_no_header(record, what)

    def lone_record(self, first: int, span: RowSpan) -> int | None:
        """The only record of a sheet of a title and a record, say: a full row with values."""
        if len(self.cells(span.start)) >= _LEAST_OF_RECORD:
            return None
        for row in range(first, min(span.stop, len(self.kinds))):
            if len(self.cells(row)) >= _LEAST_OF_RECORD:
                return row if self.is_record(row) else None
        return None

    def above(self, span: RowSpan, first: int) -> list[RowSpan]:
        """Tables of the records above the first header row. Lines of names and values there, and what else is lost, are told."""
        names = len(self.cells(max(span.start, span.data_start - 1)))
        tables: list[RowSpan] = []
        left_out: list[int] = []
        for start, stop in self.blocks(first, span.start):
            some = range(start, stop)
            if stop - start > 2 * _MOST_ABOVE:
                some = [*range(start, start + _MOST_ABOVE), *range(stop - _MOST_ABOVE, stop)]
            widths = {row: len(self.cells(row)) for row in some}
            records = [row for row in some if self.kinds[row] == DATA and widths[row] > 1 or self.is_like(row, span.data_start)]
            widest = max((widths[row] for row in records), default=0)
            # Two lines of two cells are names and values; and a line of these, twice beside each other, is no record either.
            is_wide = widest >= _LEAST_OF_RECORD and widest * 2 > names
            is_table = len(records) * 2 > len(widths) and (is_wide or len(records) >= _LEAST_OF_RECORD)
            if not is_table:
                # A title is one cell in a row of its own.
                is_more = any(widths[row] > 1 or self.kinds[row] == DATA for row in some)
                left_out += some if is_more else ()
            elif tables and not left_out:
                # Blank rows lie within a table.
                tables[-1].stop = stop
            else:
                begin = records[0]
                while begin > start and (self.kinds[begin - 1] == GROUP or begin == records[0]):
                    begin -= 1
                tables.append(RowSpan(begin, 1, stop, is_guessed=True))
        for table in tables:
            self.judge_guess(table, table.start, "above the header row stand records: ")
        if left_out:
            numbers = stretches([row + 1 for row in left_out])
            plural = "row" if len(left_out) == 1 else "rows"
            self.notice(
                "rows_left_out",
                f"{len(left_out)} {plural} above the header row left out ({rows_in_words(numbers)})",
                level=INFO,
                count=len(left_out),
                rows=numbers,
                reason=OUTSIDE,
            )
        return tables

    def blocks(self, start: int, stop: int) -> list[tuple[int, int]]:
        """The stretches of rows without a blank one between them."""
        found: list[tuple[int, int]] = []
        for row in range(start, stop):
            if not self.scan.is_empty_row(row):
                if found and found[-1][1] == row:
                    found[-1] = found[-1][0], row + 1
                else:
                    found.append((row, row + 1))
        return found

    def is_like(self, row: int, other: int) -> bool:
        """Whether two rows have the same kinds of cells in their columns, values among them."""
        if other >= len(self.kinds):
            return False
        pairs = [
            (kind_of_value(cell), kind_of_value(below))
            for cell, below in zip(self.scan.row(row), self.scan.row(other))
            if not is_blank(cell) and not is_blank(below)
        ]
        same = sum(one == below for one, below in pairs)
        return same >= _LEAST_OF_RECORD and same * 5 >= len(pairs) * 4

    def doubt(self, span: RowSpan) -> list[RowSpan]:
        """Keep the records of a header block that was taken for one by its looks, and say so where it is doubtful.

        Returns the table whose header was a part of the block, below such a record.
        """
        rows = [
            row
            for row in range(span.start, span.data_start)
            if self.kinds[row] == HEADER and not self.scan.is_empty_row(row)
        ]
        looks = [self.layouts[row] for row in rows]
        if not rows or any(one.state != "header" for one in looks):
            # A detector that knows more than the looks took it for the header.
            return []
        unknown = [row for row in rows if not self.has_known_word(row) and likeness_to_rows_below(self.kinds, self.scan, row) >= 0]
        for row in unknown:
            kinds = {kind_of_value(cell) for cell in self.cells(row)} - {""}
            is_doubtful = bool(kinds) and self.layouts[row]["header"] < _SURE
            if row > span.start and (kinds & _ADDRESSES or len(kinds) > 1 or is_doubtful):
                self.tell_kept([row], "looks like a part of the header, and has values")
                stop = span.data_start
                span.header_rows = row - span.start
                below = next((one for one in rows if one > row and self.scan.is_empty_row(one - 1)), None)
                if below is None:
                    return []
                other = RowSpan(below, stop - below, span.stop)
                span.stop = below
                return [other]
            if row == span.start and len(kinds) > 1 and (span.header_rows == 1 or is_doubtful):
                # A lone record below a title looks like a header more than like anything else.
                span.header_rows = 0
                self.tell_no_header(row)
                return []
        addressed = next((row for row in rows if _ADDRESSES.intersection(map(kind_of_value, self.cells(row)))), None)
        last = rows[-1]
        is_apart = span.data_start < span.stop and self.scan.is_empty_row(span.data_start)
        weak = [row for row in rows if self.layouts[row]["header"] < _SURE and not self.has_known_word(row)]
        if addressed is not None:
            self.tell_doubt([addressed], "it has an e-mail address or a phone number")
        elif weak == rows and (rows == unknown or is_apart):
            self.tell_doubt(rows)
        elif last in weak and last in unknown:
            self.tell_doubt([row for row in rows if row in weak and row in unknown])
        elif rows[0] in weak:
            self.tell_doubt(rows[:1])
        elif rows == unknown and len(self.cells(last)) > 1 and all(map(self.scan.is_empty_row, range(span.data_start, span.stop))):
            self.tell_doubt(rows, "no row stands below it")
        return []

    def free_first_records(self, span: RowSpan) -> int:
        """Let the rows of a header block below names of fields be records, where no word, unit or gap says otherwise. Returns how many.

        Below one known name they are records where they are as full as it is. Else, and below unknown names, they are told.
        """
        first, *others = (self.scan.row(row) for row in range(span.start, span.data_start))
        names = {column: str(cell).strip() for column, cell in enumerate(first) if not is_blank(cell)} if others else {}
        if len({*names.values()}) < max(2, len(names)):
            return 0
        known = len(self.fields(span.start))
        below = self.scan.row(span.data_start) if span.data_start < span.stop else []
        key = min(names)
        is_lower = key < len(below) and str(below[key])[:1].islower()
        is_full, has_units = True, False
        for cells in others:
            filled = {column: cell for column, cell in enumerate(cells) if not is_blank(cell)}
            if key not in filled or len(filled) < 2 or not names.keys() >= filled.keys() or any(map(self.is_word, cells)):
                return 0
            units = sum(map(_is_below_names, [*filled.values()][1:]))
            if str(filled[key])[:1].islower() and not is_lower or units * 2 >= len(filled):
                return 0
            is_full &= len(filled) == len(names)
            has_units |= units > 0
        if has_units or known < 2 and not (known and is_full):
            if known or is_full:
                self.tell_doubt([*range(span.start + 1, span.data_start)], "below a row of names, with texts alone")
            return 0
        span.header_rows = 1
        self.kinds[span.data_start : span.data_start + len(others)] = bytes((DATA,)) * len(others)
        return len(others)

    def tell_row_below(self, span: RowSpan, freed: int = 0) -> None:
        """Name the first row below a header that may be a part of it, or those that were freed of it."""
        row = next((row for row in range(span.data_start, span.stop) if not self.scan.is_empty_row(row)), None)
        if not span.header_rows or row is None or self.kinds[row] == HEADER:
            return
        likely = self.layouts[row]["header"]
        if freed or likely >= _LEAST_OF_LAST:
            numbers = [[row + 1, row + max(1, freed)]]
            self.notice(
                "doubtful_header_row",
                f"{rows_in_words(numbers)}, right below the header, may belong to it (looks {round(likely * 100)}% like a header); taken for "
                f"{_TAKEN_FOR[self.kinds[row]]}. If it belongs to the header, set `header_rows`",
                # A section head is not lost: it stands beside its rows.
                level=INFO if self.kinds[row] == GROUP else WARNING,
                rows=numbers,
            )

    def tell_other_headers(self, span: RowSpan) -> None:
        """Name the rows of a table that look somewhat like the header of another one, and were kept as records."""
        found = [
            number
            for number, looks in self.layouts.between(span.data_start + 1, span.stop - 1)
            if self.kinds[number] == DATA
            and (looks["header"] >= _LEAST_OF_HEADER or self.scan.is_empty_row(number - 1))
            and len(self.cells(number)) > 1
            and not self.has_values(number)
            and likeness_to_rows_below(self.kinds, self.scan, number) < 0
            or self.by_context
            and self.kinds[number] in (DATA, NOTE, TITLE)
            and self.is_other_header(span, number)
        ]
        if found:
            self.tell_kept(found, "may be the header of another table")

    def is_other_header(self, span: RowSpan, row: int) -> bool:
        """Whether a row of names below a blank row stands above texts alone, or above texts in a column of values: nothing tells such a
        header from a record.
        """
        if not begins_block(self.scan, row) or not names_of(self.scan.row(row)) or self.kinds[row + 1] == HEADER:
            return False
        ((_, stop), *_) = self.blocks(row, min(row + MOST_COMPARED, len(self.kinds)))
        above = [self.scan.row(one) for one in range(max(span.data_start, row - MOST_COMPARED), row) if not self.scan.is_empty_row(one)]
        below = [self.scan.row(one) for one in range(row + 1, stop)]
        cells = self.scan.row(row)
        named = [column for column, cell in enumerate(cells) if not is_blank(cell)]
        columns = [(cells[column], _column(above, column), _column(below, column)) for column in named]
        others = [one for one in above + below if one != cells]
        if any(cells[column] in _column(others, column) for column in named) or any(_is_in_shape(*one) for one in columns):
            # A text that recurs in its column, or has the shape of the names there, is a record's.
            return False
        if not any(map(self.has_values, range(row + 1, stop))):
            is_left_out = self.kinds[row] != DATA and len(named) * 2 <= len(self.cells(span.start))
            return not is_left_out
        return any(_are_values(over) and under and not any(map(kind_of_value, under)) for _, over, under in columns)

    def is_on_its_side(self, span: RowSpan) -> bool:
        """Whether, which is told, the names of fields stand below each other, in the first column, instead of beside each other."""
        header = range(span.start, span.data_start)
        if any(len(self.fields(row)) > 1 or names_columns(self.scan.row(row), self.words) for row in header):
            return False
        rows = range(span.start, min(span.stop, span.start + MOST_COMPARED))
        first = [cell for row in rows if (cell := next((cell for cell in self.scan.row(row) if not is_blank(cell)), None)) is not None]
        below = len(fields_of(first, self.words))
        if below < 2 or not self.is_word(first[0]) or sum(map(self.is_word, first)) * 2 < len(first):
            return False
        self.notice(
            "table_on_its_side",
            f"the names of {below} fields stand below one another, in rows {span.start + 1} to {rows.stop}: each "
            "column seems to be a record. All rows were kept as they are, and no row is the header",
            rows=[[span.start + 1, rows.stop]],
        )
        return True

    def tell_kept(self, found: list[int], what: str) -> None:
        rows = stretches([row + 1 for row in found])
        self.notice(
            "doubtful_rows",
            f"{rows_in_words(rows)} {what}; kept as {'a record' if len(found) == 1 else 'records'}",
            count=len(found),
            rows=rows,
        )

    def tell_no_header(self, row: int, what: str = "") -> None:
        looks = self.layouts[row]
        why = f" ({'; '.join(looks.reasons[:_MOST_REASONS])})" if looks.state == "data" else ""
        self.notice(
            "no_header_row",
            f"{what or 'no header row was found; '}row {row + 1} looks like a record{why}. So columns were "
            f"recognised by their values. If row {row + 1} is the header, set `header_rows = [{row + 1}]`",
            rows=[[row + 1, row + 1]],
        )

    def tell_doubt(self, rows: list[int], reason: str | None = None) -> None:
        if reason is None:
            looks = self.layouts[max(rows, key=lambda row: self.layouts[row]["header"])]
            if looks.state == "header":
                reason = f"it looks only {round(looks['header'] * 100)}% like a header"
            else:
                what = dict(zip(KIND_NAMES, _TAKEN_FOR)).get(looks.state, looks.state)
                reason = f"it looks more like {what}: {'; '.join(looks.reasons[:_MOST_REASONS])}"
        numbers = stretches([row + 1 for row in rows])
        self.notice(
            "doubtful_header_row",
            f"{rows_in_words(numbers)} taken for the header, but that is not certain ({reason}). If a record is among "
            "them, say which rows are the header: `header_rows = [1]`, or `[]` where the sheet has none",
            rows=numbers,
        )


def _is_below_names(cell: Any) -> bool:
    """Whether a cell says more of the name above it: a unit, a remark in brackets, a period."""
    text = str(cell).strip()
    return text[:1] in ("(", "[") or text[:1] != "-" and is_unit(f"({text})") or is_period(cell)


def _column(rows: list[list[Any]], column: int) -> list[Any]:
    """The filled cells of a column."""
    return [cells[column] for cells in rows if column < len(cells) and not is_blank(cells[column])]


def _is_in_shape(name: str, above: list[Any], below: list[Any]) -> bool:
    """Whether a text of several words is written as all cells above and below it are: a small or a large letter first in each word."""

    def shape(cell: Any) -> list[bool]:
        return [word[:1].isupper() for word in str(cell).split()]

    written = shape(name)
    return len(written) > 1 and bool(above) and bool(below) and all(shape(cell) == written for cell in above + below)


def _are_values(cells: list[Any]) -> bool:
    """Whether some cells are values, nine in ten of them at least."""
    return len(cells) > 1 and sum(bool(kind_of_value(cell)) for cell in cells) * 10 >= len(cells) * 9
