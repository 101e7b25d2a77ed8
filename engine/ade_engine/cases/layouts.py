"""Changes of a sender's layout that must not change the result: the same table, written by somebody else.

Each takes a book that it may change, the position of its table, a size from 1 (the smallest) and a source of randomness; it
returns the change in words, or ``None`` if it does not apply to the book. A change is fair: a person who sees the changed file
alone reads the same from it. So numbers get another decimal mark only if a cell of their column shows which mark it is, and
dates another order only if a day above 12 does.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from random import Random

from ade_engine.cases.grids import GridBook, Sheet, as_text
from ade_engine.models.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_TITLES = ("Monthly report", "Export for the office", "Extract of our records")
#: Lines below a title: a text, or a word and its value.
_LINES = (["Printed on", "28.03.2025"], ["For internal use only"], ["Period:", "Q1 2025"])
_NOTES = ("Source: own records. Figures are preliminary.", "End of the report", "Page 1 of 1", "Printed on 28.03.2025 by ms")
_TOTALS = ("Total", "Grand total", "Sum", "TOTAL:")
#: Headers that configurations rarely have, and the content of their cells, by number.
_EXTRA: dict[str, Callable[[int], Any]] = {
    "Internal mark": lambda number: "x" if number % 3 == 0 else None,
    "Batch ref.": lambda number: f"B{number // 10 + 1:03}",
    "Print flag": lambda number: None,
    "Handled by us": lambda number: ("kb", "ms", "jt")[number * 7 % 3],
    "Line counter": lambda number: number + 1,
    "Exported when": lambda number: datetime(2025, 3, 31),
}
#: A pattern of a text that is a number with this mark, and its thousands separator; around it a sign, a currency or brackets.
_AROUND = r"[-+(]?\s?(?:[^\W\d]{0,3}|[$€£])\s?[-+]?%s\s?(?:[^\W\d]{0,3}|[$€£%%])\s?[-)]?"
_WITH = {
    mark: re.compile(_AROUND % rf"(?:\d{{1,3}}(?:[{other} '\u00a0\u202f]\d{{3}})+|\d{{1,15}})(?:{re.escape(mark)}(\d+))?")
    for mark, other in ((".", ","), (",", "."))
}
_OTHER_MARK = str.maketrans(".,", ",.")
#: The conventions of CSV files in some countries: delimiter, decimal mark, dates.
_WRITTEN = ((",", ".", "%Y-%m-%d"), (";", ",", "%d.%m.%Y"), (",", ".", "%d/%m/%Y"), (",", ".", "%m/%d/%Y"), ("\t", ".", "%d-%b-%Y"))


#: The maximum size of a change.
MAX_SIZE = 3


class TablePosition(Record):
    """The position of the only table of a sheet: rows and columns from 0, the last ones included."""

    sheet: int
    header: int
    first: int
    last: int
    left: int
    right: int
    #: The columns without a field, and those whose fields came out as numbers: only these may change with another decimal mark.
    unclaimed: list
    numbers: list
    #: The rows that were left out as totals, some of which may be among those of the data.
    totals: list

    def rows_of(self, book: GridBook) -> list[list[Any]]:
        """Returns its rows, headers and data, each as wide as the table."""
        rows = book.sheets[self.sheet].rows[self.header : self.last + 1]
        for row in rows:
            row += [None] * (self.right + 1 - len(row))
        return rows

    def headers_of(self, book: GridBook) -> list[list[Any]]:
        """Returns its header rows."""
        return self.rows_of(book)[: self.first - self.header]


def _insert_rows(sheet: Sheet, at: int, rows: list[list[Any]]) -> None:
    sheet.rows[at:at] = rows
    below = lambda row: row + len(rows) if row > at else row  # noqa: E731
    sheet.merged = [(below(top), below(bottom), left, right) for top, bottom, left, right in sheet.merged]


def _blank_rows(book: GridBook, place: TablePosition, size: int, random: Random) -> str | None:
    _insert_rows(book.sheets[place.sheet], 0, [[] for _ in range(size)])
    return f"{_many(size, 'blank row')} above"


def _moved_right(book: GridBook, place: TablePosition, size: int, random: Random) -> str | None:
    sheet = book.sheets[place.sheet]
    sheet.rows = [[None] * size + row if row else row for row in sheet.rows]
    sheet.merged = [(top, bottom, left + size, right + size) for top, bottom, left, right in sheet.merged]
    return f"moved right by {_many(size, 'column')}"


def _title(book: GridBook, place: TablePosition, size: int, random: Random) -> str | None:
    """Adds a title and a blank row, then with further lines, then directly above the headers."""
    title = random.choice(_TITLES)
    lines = random.sample(_LINES, size - 1)
    rows = [[None] * place.left + line for line in ([title], *lines)]
    is_direct = size == MAX_SIZE
    _insert_rows(book.sheets[place.sheet], place.header if is_direct else 0, rows if is_direct else [*rows, []])
    more = f" with {_many(size - 1, 'line')} below it" if lines else ""
    return f"a title, {title!r}{more}, {'directly above the headers' if is_direct else 'above'}"


def _merged_title(book: GridBook, place: TablePosition, size: int, random: Random) -> str | None:
    if book.format != "xlsx" or place.right == place.left:
        return None
    title = random.choice(_TITLES)
    sheet = book.sheets[place.sheet]
    blank = MAX_SIZE - size
    at = 0 if blank else place.header
    _insert_rows(sheet, at, [[None] * place.left + [title], *([] for _ in range(blank))])
    sheet.merged.append((at + 1, at + 1, place.left + 1, place.right + 1))
    return f"a title, {title!r}, merged over the table's width, {'above' if blank else 'directly above the headers'}"


def _columns(book: GridBook, place: TablePosition, size: int, random: Random) -> str | None:
    if place.right == place.left or not _is_of_columns(book, place):
        return None
    order = list(range(place.left, place.right + 1))
    words = "columns in another order"
    if size == 1:
        at = random.randrange(len(order) - 1)
        order[at], order[at + 1] = order[at + 1], order[at]
        header = place.headers_of(book)[-1]
        words = " and ".join(repr(as_text(header[column])) for column in order[at : at + 2]) + " have changed places"
    while order == sorted(order):
        random.shuffle(order)
    for number, row in enumerate(place.rows_of(book), place.header):
        cells = [row[column] for column in order]
        if number in place.totals and isinstance(row[place.left], str) and not _is_amount(row[place.left]) and cells[0] is None:
            # The word for a total is on the left, whatever is below it.
            cells[order.index(place.left)], cells[0] = None, row[place.left]
        row[place.left : place.right + 1] = cells
    return words


def _header_case(book: GridBook, place: TablePosition, size: int, random: Random) -> str | None:
    change = random.choice((str.upper, str.lower, str.title))
    return f"headers in {change.__name__} case" if _each_header(book, place, change) else None


def _header_blanks(book: GridBook, place: TablePosition, size: int, random: Random) -> str | None:
    name, change = random.choice(
        (
            ("blanks around headers", lambda text: f" {text}  "),
            ("two blanks between the words of headers", lambda text: text.replace(" ", "  ")),
            ("no-break spaces in headers", lambda text: text.replace(" ", "\u00a0")),
            ("line breaks between the words of headers", lambda text: text.replace(" ", "\n")),
        )
    )
    return name if _each_header(book, place, change) else None


def _each_header(book: GridBook, place: TablePosition, change: Callable[[str], str]) -> bool:
    is_any = False
    for row in place.headers_of(book):
        for column in range(place.left, place.right + 1):
            if isinstance(row[column], str):
                changed = change(row[column])
                is_any |= changed != row[column]
                row[column] = changed
    return is_any


def _total(book: GridBook, place: TablePosition, size: int, random: Random) -> str | None:
    """Adds a row of sums below the data, if no amounts are below them yet."""
    sheet = book.sheets[place.sheet]
    data = place.rows_of(book)[place.first - place.header :]
    if place.totals or any(_is_amount(value) for row in sheet.rows[place.last + 1 :] for value in row):
        return None
    sums: list[Any] = [None] * (place.right + 1)
    for column in range(place.left + 1, place.right + 1):
        values = [row[column] for row in data if row[column] is not None]
        # Whole numbers may be codes, which nobody adds up.
        numbers = [value if isinstance(value, float) else float(value) for value in values if _is_amount(value)]
        if values and len(numbers) == len(values) and any(not number.is_integer() for number in numbers):
            total = round(sum(numbers), 2)
            sums[column] = total if book.format == "xlsx" else f"{total:.2f}"
    if not any(value is not None for value in sums):
        return None
    word = random.choice(_TOTALS)
    sums[place.left] = word
    _insert_rows(sheet, place.last + 1, [*([] for _ in range(size - 1)), sums])
    return f"a row of totals, {word!r}, below"


def _note(book: GridBook, place: TablePosition, size: int, random: Random) -> str | None:
    note = random.choice(_NOTES)
    blank = MAX_SIZE - size
    book.sheets[place.sheet].rows += [*([] for _ in range(blank)), [None] * place.left + [note]]
    return f"a note, {note!r}, below{'' if blank else ', without a blank row'}"


def _extra_column(book: GridBook, place: TablePosition, size: int, random: Random) -> str | None:
    if not _is_of_columns(book, place):
        return None
    known = " ".join(as_text(value).lower() for row in place.headers_of(book) for value in row)
    names = [name for name in _EXTRA if not any(word in known for word in name.lower().split())]
    if not names:
        return None
    name = random.choice(names)
    at = place.right + 1 if size == 1 else random.randint(place.left, place.right + 1)
    headers = place.first - place.header
    for number, row in enumerate(place.rows_of(book), -headers):
        is_record = number >= 0 and place.first + number not in place.totals
        value = name if number == -1 else _EXTRA[name](number) if is_record else None
        row.insert(at, as_text(value) or None if book.format == "csv" else value)
    return f"another column, {name!r}, {'at the end' if at == place.right + 1 else 'among the others'}"


def _to_csv(book: GridBook, place: TablePosition, size: int, random: Random) -> str | None:
    """Saves a sheet as a spreadsheet program does: cells as they are shown, by the conventions of some country."""
    if book.format != "xlsx" or len(book.sheets) > 1 or book.sheets[0].merged:
        return None
    ways = [way for way in _WRITTEN if way[0] in book.delimiters and _shows_what_it_means(book, place, way)]
    if not ways:
        return None
    delimiter, mark, form = ways[0] if size == 1 else random.choice(ways)
    for row in book.sheets[0].rows:
        row[:] = [_written(value, mark, form) for value in row]
    book.format, book.delimiter = "csv", delimiter
    return f"a CSV file with {_named(delimiter)}, decimal {'points' if mark == '.' else 'commas'} and dates as {_sample(form)}"


def _shows_what_it_means(book: GridBook, place: TablePosition, way: tuple[str, str, str]) -> bool:
    """Returns whether each column of numbers and dates in these conventions shows how to read it."""
    _, mark, form = way
    for column in zip(*(row[place.left : place.right + 1] for row in place.rows_of(book)[place.first - place.header :])):
        days = [value.day for value in column if isinstance(value, date)]
        if days and "/" in form and max(days) <= 12:
            return False
        texts = [as_text(value) for value in column if isinstance(value, float)]
        if mark == "," and any("." in text for text in texts) and not any(_tells(text, ".") for text in texts):
            return False
    return True


def _written(value: Any, mark: str, form: str) -> str | None:
    if isinstance(value, datetime) and value.time() != time():
        return value.strftime(f"{form} %H:%M:%S")
    if isinstance(value, date):
        return value.strftime(form)
    text = as_text(value)
    return (text.replace(".", mark) if isinstance(value, float) else text) or None


def _delimiter(book: GridBook, place: TablePosition, size: int, random: Random) -> str | None:
    others = [mark for mark in book.delimiters if mark != book.delimiter]
    if book.format != "csv" or not others:
        return None
    book.delimiter = random.choice(others)
    return f"{_named(book.delimiter)} between the cells"


def _encoding(book: GridBook, place: TablePosition, size: int, random: Random) -> str | None:
    if book.format != "csv" or not book.encodings:
        return None
    book.encoding = book.encodings[0] if size == 1 else random.choice(book.encodings)
    return {"utf-8-sig": "a byte order mark at the beginning", "utf-16": "UTF-16 in place of UTF-8"}[book.encoding]


def _decimal_mark(book: GridBook, place: TablePosition, size: int, random: Random) -> str | None:
    """Swaps decimal points and commas; numbers of a workbook become text."""
    data = place.rows_of(book)[place.first - place.header :]
    marks, changed = set(), []
    for column in (column for column in range(place.left, place.right + 1) if column in place.numbers or column in place.unclaimed):
        values = [row[column] for row in data if row[column] is not None]
        texts = [value if isinstance(value, str) else as_text(value) for value in values]
        if not all(isinstance(value, (str, float)) for value in values) or not any("." in text or "," in text for text in texts):
            continue
        fitting = [mark for mark in _WITH if all(_WITH[mark].fullmatch(text) for text in texts) and any(_tells(text, mark) for text in texts)]
        if fitting:
            marks.add(fitting[0])
            changed.append(column)
        elif column in place.numbers:
            # It may be read by the mark of the others.
            return None
    if len(marks) != 1:
        return None
    for row in data:
        for column in changed:
            value = row[column]
            if value is not None:
                row[column] = (value if isinstance(value, str) else as_text(value)).translate(_OTHER_MARK)
    if marks == {"."} and book.format == "csv" and ";" in book.delimiters:
        book.delimiter = ";"
    return "decimal commas in place of points" if marks == {"."} else "decimal points in place of commas"


def _tells(text: str, mark: str) -> bool:
    """Returns whether a number has a part that is not possible behind a thousands separator."""
    found = _WITH[mark].fullmatch(text)
    return found is not None and found[1] is not None and len(found[1]) != 3


def _is_amount(value: Any) -> bool:
    return isinstance(value, float) or isinstance(value, str) and re.fullmatch(r"-?\d{1,15}(\.\d+)?", value) is not None


def _is_of_columns(book: GridBook, place: TablePosition) -> bool:
    """Returns whether columns can be moved: no cell is merged over several, and no label applies to several columns."""
    *upper, lowest = place.headers_of(book)
    labelled = [row[place.left : place.right + 1] for row in upper]
    is_shared = any(above is None and below is not None for row in labelled for above, below in zip(row, lowest[place.left :]))
    ranges = book.sheets[place.sheet].merged
    return not is_shared and not any(top <= place.last + 1 and bottom > place.header for top, bottom, _, _ in ranges)


def _sample(form: str) -> str:
    return datetime(2025, 3, 31).strftime(form)


def _many(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"


def _named(delimiter: str) -> str:
    return {",": "commas", ";": "semicolons", "\t": "tabs"}[delimiter]


#: All changes by kind.
LAYOUTS: dict[str, Callable[[GridBook, TablePosition, int, Random], str | None]] = {
    "blank-rows": _blank_rows,
    "moved-right": _moved_right,
    "title": _title,
    "merged-title": _merged_title,
    "column-order": _columns,
    "header-case": _header_case,
    "header-blanks": _header_blanks,
    "total": _total,
    "note": _note,
    "extra-column": _extra_column,
    "to-csv": _to_csv,
    "delimiter": _delimiter,
    "encoding": _encoding,
    "decimal-mark": _decimal_mark,
}
