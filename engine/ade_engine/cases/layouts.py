"""Changes of a sender's layout that must not change what comes out: the same table, written by somebody else's hand.

Each takes a book that it may change, where its table stands, a size from 1 (the least) and a source of randomness; it returns the change in
words, or ``None`` where the book has nothing that could be changed so.
"""

from __future__ import annotations

import re
from random import Random

from ade_engine.cases.grids import Book, Sheet, as_text
from ade_engine.models.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_TITLES = ("Monthly report", "Export for the office", "Extract of our records")
_NOTES = ("Source: own records. Figures are preliminary.", "End of the report")
#: Words of columns that configurations rarely have.
_EXTRA = ("Internal mark", "Batch ref.", "Print flag", "Handled by us")
_NUMBER = re.compile(r"-?\d{1,15}(\.\d+)?")
#: A number with a part that no grouping mark leaves: evidence of the decimal mark.
_TELLING = re.compile(r"-?\d+\.\d{1,2}")


class Place(Record):
    """Where the only table of a sheet stands: rows and columns from 0, the last ones included."""

    sheet: int
    header: int
    first: int
    last: int
    left: int
    right: int

    def rows_of(self, book: Book) -> list[list[Any]]:
        """Its rows, headers and data, each as wide as the table."""
        rows = book.sheets[self.sheet].rows[self.header : self.last + 1]
        for row in rows:
            row += [None] * (self.right + 1 - len(row))
        return rows

    def headers_of(self, book: Book) -> list[list[Any]]:
        """Its rows of headers."""
        return self.rows_of(book)[: self.first - self.header]


def _insert_rows(sheet: Sheet, at: int, rows: list[list[Any]]) -> None:
    sheet.rows[at:at] = rows
    below = lambda row: row + len(rows) if row > at else row  # noqa: E731
    sheet.merged = [(below(top), below(bottom), left, right) for top, bottom, left, right in sheet.merged]


def _blank_rows(book: Book, place: Place, size: int, random: Random) -> str | None:
    _insert_rows(book.sheets[place.sheet], 0, [[] for _ in range(size)])
    return f"{_many(size, 'blank row')} above"


def _moved_right(book: Book, place: Place, size: int, random: Random) -> str | None:
    sheet = book.sheets[place.sheet]
    sheet.rows = [[None] * size + row if row else row for row in sheet.rows]
    sheet.merged = [(top, bottom, left + size, right + size) for top, bottom, left, right in sheet.merged]
    return f"moved right by {_many(size, 'column')}"


def _title(book: Book, place: Place, size: int, random: Random) -> str | None:
    title = random.choice(_TITLES)
    _insert_rows(book.sheets[place.sheet], 0, [[None] * place.left + [title], *([] for _ in range(size))])
    return f"a title, {title!r}, and {_many(size, 'blank row')} above"


def _merged_title(book: Book, place: Place, size: int, random: Random) -> str | None:
    if book.format != "xlsx" or place.right == place.left:
        return None
    title = random.choice(_TITLES)
    sheet = book.sheets[place.sheet]
    _insert_rows(sheet, 0, [[None] * place.left + [title], *([] for _ in range(size))])
    sheet.merged.append((1, 1, place.left + 1, place.right + 1))
    return f"a title, {title!r}, merged over the table's width"


def _columns(book: Book, place: Place, size: int, random: Random) -> str | None:
    if place.right == place.left or _has_merged_columns(book, place):
        return None
    order = list(range(place.left, place.right + 1))
    if size == 1:
        at = random.randrange(len(order) - 1)
        order[at], order[at + 1] = order[at + 1], order[at]
    while order == sorted(order):
        random.shuffle(order)
    for row in place.rows_of(book):
        row[place.left : place.right + 1] = [row[column] for column in order]
    return "two columns have changed places" if size == 1 else "columns in another order"


def _header_case(book: Book, place: Place, size: int, random: Random) -> str | None:
    change = random.choice((str.upper, str.lower, str.title))
    return f"headers in {change.__name__} case" if _each_header(book, place, change) else None


def _header_blanks(book: Book, place: Place, size: int, random: Random) -> str | None:
    name, change = random.choice(
        (
            ("blanks around headers", lambda text: f" {text}  "),
            ("two blanks between the words of headers", lambda text: text.replace(" ", "  ")),
            ("no-break spaces in headers", lambda text: text.replace(" ", "\u00a0")),
        )
    )
    return name if _each_header(book, place, change) else None


def _each_header(book: Book, place: Place, change: Callable[[str], str]) -> bool:
    is_any = False
    for row in place.headers_of(book):
        for column in range(place.left, place.right + 1):
            if isinstance(row[column], str):
                changed = change(row[column])
                is_any |= changed != row[column]
                row[column] = changed
    return is_any


def _total(book: Book, place: Place, size: int, random: Random) -> str | None:
    """A row of sums below the data, where nothing stands yet."""
    sheet = book.sheets[place.sheet]
    if any(value is not None for row in sheet.rows[place.last + 1 :] for value in row):
        return None
    data = place.rows_of(book)[place.first - place.header :]
    sums: list[Any] = [None] * (place.right + 1)
    for column in range(place.left + 1, place.right + 1):
        values = [row[column] for row in data if row[column] is not None]
        # A column of whole numbers may be one of codes, which nobody adds up.
        numbers = [value if isinstance(value, float) else float(value) for value in values if _is_amount(value)]
        if values and len(numbers) == len(values) and any(not number.is_integer() for number in numbers):
            total = round(sum(numbers), 2)
            sums[column] = total if book.format == "xlsx" else f"{total:.2f}"
    if not any(value is not None for value in sums):
        return None
    sums[place.left] = "Total"
    del sheet.rows[place.last + 1 :]
    sheet.rows += [*([] for _ in range(size - 1)), sums]
    return "a row of totals below"


def _note(book: Book, place: Place, size: int, random: Random) -> str | None:
    note = random.choice(_NOTES)
    book.sheets[place.sheet].rows += [*([] for _ in range(size)), [None] * place.left + [note]]
    return f"a note, {note!r}, below"


def _extra_column(book: Book, place: Place, size: int, random: Random) -> str | None:
    if _has_merged_columns(book, place):
        return None
    known = " ".join(as_text(value).lower() for row in place.headers_of(book) for value in row)
    names = [name for name in _EXTRA if not any(word in known for word in name.lower().split())]
    if not names:
        return None
    name = random.choice(names)
    at = place.right + 1 if size == 1 else random.randint(place.left, place.right + 1)
    headers = place.first - place.header
    for number, row in enumerate(place.rows_of(book)):
        row.insert(at, name if number == headers - 1 else ("x" if number >= headers and number % 3 == 0 else None))
    return f"another column, {name!r}, {'at the end' if at == place.right + 1 else 'among the others'}"


def _to_csv(book: Book, place: Place, size: int, random: Random) -> str | None:
    if book.format != "xlsx" or len(book.sheets) > 1 or book.sheets[0].merged:
        return None
    book.format = "csv"
    book.delimiter = "," if size == 1 else random.choice(",;\t")
    return f"a CSV file with {_named(book.delimiter)} in place of the workbook"


def _delimiter(book: Book, place: Place, size: int, random: Random) -> str | None:
    if book.format != "csv":
        return None
    book.delimiter = random.choice([mark for mark in ",;\t" if mark != book.delimiter])
    return f"{_named(book.delimiter)} between the cells"


def _mark(book: Book, place: Place, size: int, random: Random) -> str | None:
    if book.format != "csv":
        return None
    book.mark = True
    return "a byte order mark at the beginning"


def _decimal_comma(book: Book, place: Place, size: int, random: Random) -> str | None:
    """Columns of amounts with a point get a comma, if an amount in each shows which of both it is."""
    if book.format != "csv":
        return None
    data = place.rows_of(book)[place.first - place.header :]
    is_any = False
    for column in range(place.left, place.right + 1):
        texts = [row[column] for row in data if row[column] is not None]
        if not all(isinstance(text, str) and _NUMBER.fullmatch(text) for text in texts):
            continue
        if not any(_TELLING.fullmatch(text) for text in texts):
            continue
        is_any = True
        for row in data:
            if row[column] is not None:
                row[column] = row[column].replace(".", ",")
    if is_any:
        book.delimiter = ";"
    return "commas in place of decimal points" if is_any else None


def _is_amount(value: Any) -> bool:
    return isinstance(value, float) or isinstance(value, str) and _NUMBER.fullmatch(value) is not None


def _has_merged_columns(book: Book, place: Place) -> bool:
    ranges = book.sheets[place.sheet].merged
    return any(top <= place.last + 1 and bottom > place.header for top, bottom, _, _ in ranges)


def _many(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"


def _named(delimiter: str) -> str:
    return {",": "commas", ";": "semicolons", "\t": "tabs"}[delimiter]


#: All changes, by kind.
LAYOUTS: dict[str, Callable[[Book, Place, int, Random], str | None]] = {
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
    "byte-order-mark": _mark,
    "decimal-comma": _decimal_comma,
}
