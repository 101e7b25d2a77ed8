"""Readers: polars expressions that turn a column of cells into a column of one type.

The work is native (``engine/native/src/fields``); this module has the names, the arguments, and the way into polars. A reader's
result is null if the cell is empty or cannot be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count

from ade_engine import _native
from ade_engine.fields.measures import Measure, colons_below_minutes, has_plain_numbers, measure_of, shows_currency
from ade_engine.fields.surroundings import current, is_strict
from ade_engine.models import polars as pl
from ade_engine.models.errors import nearest, saying
from ade_engine.models.polars import series_of, taken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: The result types of readers, by kind.
TYPES = {
    "text": pl.String,
    "code": pl.String,
    "person_name": pl.String,
    "email": pl.String,
    "iban": pl.String,
    "phone": pl.String,
    "currency": pl.String,
    "boolean": pl.Boolean,
    "number": pl.Float64,
    "date": pl.Date,
    "date_time": pl.Datetime("us"),
    "time": pl.Time,
    "duration": pl.Duration("us"),
    "percent": pl.Float64,
    "quantity": pl.Float64,
    "unit": pl.String,
    "month": pl.Date,
    "quarter": pl.Date,
    "week": pl.Date,
    "year": pl.Int64,
    "choice": pl.String,
    # The number of a typed result keeps its type.
    "part": pl.String,
}


#: The kinds of values that are recognizable, by the kind of reader.
_VALUES = {"code": "code", "date": "date", "date_time": "date", "email": "email", "phone": "phone", "iban": "iban"}

class Reader(pl.Expr):
    """An expression that reads one column. The engine applies it without polars; within other expressions polars does.

    ``column``: the name of the column that it reads; ``kind``: the kind of value that it reads.
    """

    def __init__(
        self,
        column: str,
        kind: str,
        option: Any = None,
        order: str | None = None,
        decimal: str | None = None,
        original: bool = False,
    ):
        if not isinstance(column, str):
            raise TypeError(f"a reader takes the name of a column, not {type(column).__name__}")
        _one_of("order", order, ("dmy", "mdy", "ymd", "auto"))
        _one_of("decimal_mark", decimal, (".", ",", "auto"))
        self.column = column
        self.kind = kind
        self._option = option
        self._order = order
        self._decimal = decimal
        self._original = original
        #: The kind of its values if they are recognizable: see ``by_values`` of a field.
        self.values = _VALUES.get(kind)
        if _made is not None:
            _made.append(self)
        # Polars may call the reader in another thread.
        self._around = current()
        self._is_strict = is_strict()
        #: Readers are numbered in the order in which they are created.
        self._number = next(_numbers)

    @property
    def _pyexpr(self) -> Any:
        # Created when polars asks for it, because most readers are applied without polars.
        made = self.__dict__.get("_made")
        if made is None:
            if self.column:
                # A missing column becomes nulls; `pl.col` would refuse the whole expression.
                cells = pl.coalesce(pl.selectors.by_name(self.column, require_all=False), pl.repeat(None, pl.len(), dtype=pl.Null))
            else:
                # Polars' name for the current input: the cells of a list, or the field's column.
                cells = pl.col("")
            expression = cells.map_batches(self._read_as_written, return_dtype=TYPES[self.kind]).alias(self.column)
            made = self.__dict__["_made"] = expression._pyexpr
        return made

    @property
    def reads_as_it_stands(self) -> bool:
        """Returns whether it reads the table's own column, and not the one that this was made of."""
        return not self._original

    def read_from(self, table: pl.DataFrame) -> pl.Series:
        """Reads the column of a table; nulls if the table has no such column."""
        if self.column not in table.columns:
            return pl.constant(None, table.height, TYPES[self.kind], self.column)
        return self._read_as_written(table.get_column(self.column))

    def _read_as_written(self, series: pl.Series) -> pl.Series:
        """Reads the column of another field as the file has it, because that field may have been transformed."""
        around = current() or self._around
        if around is not None and (self._original or around.is_of_other_field(self.column)):
            written = around.as_written(self.column)
            series = written if written is not None and len(written) == len(series) else series
        return self.read(series)

    def read(self, series: pl.Series) -> pl.Series:
        """Reads the column within its surroundings."""
        around, series = current() or self._around, readable(series)
        measure, option, origin = None, self._option, None
        if around is None:
            arguments = {"order": self._order, "decimal": self._decimal, "is_strict": self._is_strict}
        else:
            header, unit, origin, from_1904 = around.said_of(self.column, series, self.kind)
            if around.settings.is_2026:
                measure = self._measured(header, unit, around.arguments["is_strict"])
            if measure is not None:
                unit = measure.currency if measure.shift else unit
                option = measure.time or option
            arguments = {**around.arguments, "header": header, "unit": unit, "origin": origin, "from_1904": from_1904}
            # The author's argument overrides a setting.
            if self._order:
                arguments["order"] = self._order
            if self._decimal:
                arguments["decimal"] = self._decimal
            if measure is not None:
                arguments["minutes_first"] = measure.minutes_first
        is_argument = bool(self._order or self._decimal)
        found = _native.read_column(series, self.kind, option, is_argument=is_argument, **arguments)
        added = None
        if around is not None and found.reading is not None and found.reading["ambiguous"]:
            hints = around.hints(self.column)
            if self.kind == "number" and not is_argument and arguments["is_strict"]:
                from ade_engine.fields.arithmetic import mark_by_arithmetic

                added = mark_by_arithmetic(around, self.column, series)
                hints = hints if added is None else (hints[0], added[0])
            if hints != (None, None):
                arguments["hints"] = hints
                found = _native.read_column(series, self.kind, option, is_argument=is_argument, **arguments)
        reading, values = found.reading, series_of(found.column, series.name)
        if added is not None and reading["decided_by"] == "hint":
            reading = {**reading, "decided_by": "evidence", "why": [added[1]]}
        counts: Measure | None = None
        if around is not None and measure is not None and self.kind != "currency":
            if measure.shift:
                is_shown = measure.shift < 0 and shows_currency(series, origin)
                measure = measure.doubted(series, values, shows_currency=is_shown)
            if measure.shift:
                found = _native.read_column(series, self.kind, option, is_argument=is_argument, shift=measure.shift, **arguments)
                reading, values = found.reading, series_of(found.column, series.name)
            counts = measure if measure.time is None or has_plain_numbers(series) else None
            if measure.time == "minutes" and reading is None:
                reading = colons_below_minutes(series, values)
        if around is not None:
            messages = _messages(around, found.unread)
            is_own = not self._original and len(series) == around.height
            around.note(self._number, self.column, self.kind, reading, messages, is_own, found.is_exact, found.lost_digits, found.missing, counts, values)
        return values

    def _measured(self, header: str, unit: str | None, is_strict: bool) -> Measure | None:
        """Returns the measure in the header. The author's argument to the reader overrides it."""
        measure = measure_of(header, unit, "money" if self.values == "money" else self.kind, is_strict)
        if measure is None or self.kind == "duration" and self._option is not None and measure.time is not None:
            return None
        return measure


_numbers = count()
#: Collects the new readers while :func:`readers_made` runs.
_made: list[Reader] | None = None


def readers_made(call: Callable[[], Any]) -> tuple[Any, list[Reader]]:
    """Returns the result of a call, and the readers that are created during it."""
    global _made
    before, _made = _made, []
    try:
        return call(), _made
    finally:
        _made = before


def readable(series: pl.Series) -> pl.Series:
    """Returns the series in a type that the native half reads: exact numbers, times with zones and categories are converted."""
    dtype = series.dtype
    if pl.is_native(dtype):
        return series
    if isinstance(dtype, (pl.Categorical, pl.Enum)):
        return series.cast(pl.String)
    if dtype == pl.Object:
        # Polars has no type for the mixture. If the cells are known, each gets its own type back.
        return pl.Series([None if value is None else str(value) for value in series], dtype=pl.String)
    if isinstance(dtype, pl.Decimal) or dtype == pl.Int128:
        return series.cast(pl.Float64)
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
        # The local time as written.
        return series.dt.replace_time_zone(None)
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object):
        raise saying(TypeError(f"a reader reads text, numbers, dates and booleans, not a column of type {dtype.base_type()}"))
    return series


#: The approximate number of rows in the outline of a long column.
_ROWS_OF_OUTLINE = 1000


def profile(series: pl.Series) -> dict[str, Any]:
    """Returns the statistics of a column; see :class:`ade_engine.models.column_profile.ColumnProfile`."""
    return _native.column_profile(_readable_or_text(series))


def outlined(series: pl.Series) -> pl.Series:
    """Returns the values of a column for its outline: an even sample of a long column, small enough to cost nearly no time."""
    if len(series) >= 2 * _ROWS_OF_OUTLINE:
        series = taken(series, [*range(0, len(series), len(series) // _ROWS_OF_OUTLINE)])
    return _readable_or_text(series)


def likeness(series: pl.Series, known: list[str]) -> tuple[int, int]:
    """Returns how many of the filled cells in a profile are one of the known values, and how many it examines."""
    return _native.likeness(_readable_or_text(series), known)


def _readable_or_text(series: pl.Series) -> pl.Series:
    try:
        return readable(series)
    except TypeError:
        # Lists and similar values from a hook are compared by their text.
        return pl.Series([None if value is None else str(value) for value in series], dtype=pl.String)


def _one_of(name: str, value: Any, known: tuple[str, ...]) -> None:
    """Refuses an argument where it is written, and not when its column is read."""
    if value is not None and value not in known:
        *first, last = map(repr, known)
        raise ValueError(f"{name} should be {', '.join(first)} or {last}, not {value!r}{nearest(value, known)}")


def _words(name: str, value: Any) -> list[str]:
    if isinstance(value, str) or not all(isinstance(word, str) for word in value):
        raise TypeError(f"{name} takes a list of words")
    return list(value)


def emptied_cells(around: ColumnSurroundings, before: pl.Series, after: pl.Series) -> pl.Series | None:
    """Returns a message with the original text for each cell that is filled in ``before`` and empty in ``after``."""
    try:
        return _messages(around, _native.emptied(readable(before), readable(after)))
    except TypeError:
        # Lists and similar values never come from cells, so the author's transform made them.
        lost = before.is_not_null() & after.is_null()
        return pl.select(pl.when(lost).then(pl.lit("left empty"))).to_series() if lost.any() else None


def _messages(around: ColumnSurroundings, cells: _native.UnreadCells | None) -> pl.Series | None:
    """Returns the messages for cells that came out empty, and keeps their reasons in the surroundings."""
    if cells is None:
        return None
    around.said.append(cells.said)
    return series_of(cells.column)


def count_issues(columns: list[pl.Series]) -> tuple[pl.Series, pl.Series]:
    """Returns for each row whether any of these columns has a value, and how many of them have."""
    some, count = _native.count_issues(columns)
    return series_of(some), series_of(count)


def count_filled(columns: list[pl.Series]) -> list[int]:
    """Returns the number of non-blank cells of each column; text is blank by Python's white space, as in reports."""
    return _native.filled_cells(columns)


def filled_rows(table: pl.DataFrame, columns: Iterable[str], least: int = 1) -> pl.Series:
    """Returns for each row of a table whether at least ``least`` of these columns have a value: for hooks that drop empty rows.

    Blank text counts as no value; columns that the table lacks count as empty.
    """
    there = table.columns
    present = [table.get_column(name) for name in columns if name in there]
    return series_of(_native.filled_rows([_readable_or_text(column) for column in present], table.height, least))


def without_blank_rows(table: pl.DataFrame, columns: Iterable[str]) -> pl.DataFrame:
    """Returns the table without the rows in which none of these columns has a value: for hooks.

    Values are those that :func:`filled_rows` counts. A table that has none of the columns is returned unchanged.
    """
    there = table.columns
    present = [readable(table.get_column(name)) for name in columns if name in there]
    if not present:
        return table
    first, stop, flags = _native.filled_stretch(present, table.height)
    if flags is not None:
        return table.filter(series_of(flags))
    # Mostly these are the blank lines behind a table, and then no cell needs to be copied.
    return table if stop - first == table.height else table.slice(first, stop - first)


def gone(before: pl.Series, after: pl.Series) -> tuple[int, list[list[int]]] | None:
    """Returns how many numbers of one series the other lacks, and the first and last of each gapless range of them.

    ``None`` if one of them has a number that is no row's.
    """
    return _native.gone(before, after)


def text(column: str) -> pl.Expr:
    """Reads text without white space and invisible characters at its ends; null if nothing is left. Control characters within
    become blanks.

    A whole number that arrives as a float is written without decimals, a date as ``2025-01-31``; a number that its workbook
    shows with leading zeros has them.
    """
    return Reader(column, "text")


def code(column: str) -> pl.Expr:
    """Reads a code unchanged: an id, an account, a postcode; leading zeros are kept, the number 4711 is ``"4711"``.

    A number that its workbook shows by a format of zeros (``00000``, ``000-00-0000``) is read as shown: ``"04711"``. A code
    that a spreadsheet program has cut down to few digits (``1.23E+11``, or a number of 16 digits and more, whole or not) is
    lost: it comes out empty and gets an issue. ``"4711.0"`` is ``"4711"`` if a program has written the numbers of the column as
    floats: no cell has other decimals or a leading zero, and some cell has three digits or more. ``1.0, 1.1, 2.0`` stay as they
    are.
    """
    return Reader(column, "code")


def person_name(column: str, part: str = "full") -> pl.Expr:
    """Reads a person's name with single blanks; ``"Smith, Avery"`` is ``"Avery Smith"``.

    ``part``: ``"full"``, ``"first"`` or ``"last"``. The last word is the last name, with the small words before it (``"van der
    Berg"``); a single word is ambiguous and counts as the last name.
    """
    _one_of("part", part, ("full", "first", "last"))
    return Reader(column, "person_name", part)


def email(column: str) -> pl.Expr:
    """Reads an e-mail address in lower case: ``"Avery <mailto:A.Smith@Example.com>"`` gives ``a.smith@example.com``.

    A cell with no address, or with several, comes out empty and gets an issue.
    """
    return Reader(column, "email")


def iban(column: str) -> pl.Expr:
    """Reads the number of a bank account as one word: ``"DE89 3704 0044 0532 0130 00"`` is ``"DE89370400440532013000"``.

    A cell whose length or check digits are not those of an IBAN comes out empty and gets an issue.
    """
    return Reader(column, "iban")


def phone(column: str, *, country: str | None = None) -> pl.Expr:
    """Reads a phone number into one format, whatever separates its digits.

    ``country``, such as ``"DE"``, says where numbers without a country are dialled: ``"030 123456"`` is ``"+4930123456"``
    (E.164), and a number that the country does not have comes out empty and gets an issue. Numbers with a country keep theirs.

    Without ``country`` a number with its country is ``"+442079460958"``, one that is written as in North America
    ``"555-123-4567"``, any other its digits. Ten digits without a sign of their country (``5551234567``, ``312 345 9875``) are
    from North America only if others in the column are, and nearly none is from elsewhere.

    An extension follows as ``" x8"``. A number has 7 to 15 digits. A cell with several numbers comes out empty and gets an
    issue, and so do amounts, numbers of cards, and numbers that begin with their year (``2025-0001234``).
    """
    if country is not None and country not in _native.phone_countries():
        near = nearest(str(country).upper(), _native.phone_countries())
        raise ValueError(f"country should be two capital letters, such as 'DE', not {country!r}{near}")
    return Reader(column, "phone", country)


def boolean(column: str, *, yes: list[str] | tuple[str, ...] = (), no: list[str] | tuple[str, ...] = ()) -> pl.Expr:
    """Reads yes and no as people write them: ``yes``, ``y``, ``x``, ``1``, ``ja``, ``oui``, ``✓`` …; null for an empty cell.

    ``yes`` and ``no`` add words, in any case.
    """
    own = (_words("yes", yes), _words("no", no))
    return Reader(column, "boolean", own if own != ([], []) else None)


def number(column: str, *, decimal_mark: str | None = None, units: list[str] | tuple[str, ...] = ()) -> pl.Expr:
    """Reads a number: ``1,309.50``, ``1.309,50``, ``1 309,50``, ``1'309.50``, ``12,34,567``, ``(25)``, ``25-``, ``1.5e3``, ``€
    25``.

    The column decides whether the point or the comma is the decimal mark; if it leaves that open, ``decimal_mark`` (``"."``,
    ``","``) does, or the setting of that name. In a column of percentages ``19%`` is 0.19; a percentage among other numbers is
    not read. More than 15 digits do not fit a number: use :func:`code`. ``units`` may follow a number, such as ``["kg",
    "pcs"]``, and are left out; with any other word behind it a cell is no number.
    """
    return Reader(column, "number", _words("units", units) or None, decimal=decimal_mark)


def money(column: str, *, decimal_mark: str | None = None) -> pl.Expr:
    """Reads an amount: a :func:`number` that a :class:`Field` writes with two decimals. :func:`currency` reads its currency."""
    reader = Reader(column, "number", decimal=decimal_mark)
    reader.values = "money"
    return reader


def currency(column: str) -> pl.Expr:
    """Reads the currency beside the amounts of a column as its ISO code: ``"1.309,50 €"`` is ``"EUR"``.

    Amounts without a currency have the one in their number format (``[$€-407]``), else the one in their header (``Net (EUR)``).
    A sign that several currencies share (``$``, ``kr``) stays unchanged, unless the column also names one of them (``US$``).
    The column may be one that another field has turned into numbers already: its original cells are read.
    """
    return Reader(column, "currency", original=True)


def date(column: str, *, order: str | None = None, serials: bool = False) -> pl.Expr:
    """Reads a date: ``2025-01-31``, ``31.01.25``, ``1/31/2025``, ``31-Jan-25``, ``31 janvier 2025``, ``20250131`` …

    The column decides the order of day and month; if it leaves that open, ``order`` (``"dmy"``, ``"mdy"``, ``"ymd"``) does, or
    the setting ``date_order``. Years of two digits are 1947 to 2046; below a header of births they are not after the day of the
    run. ``serials``: numbers are days as the workbook counts them. A workbook holds no days before 1900.
    """
    return Reader(column, "date", serials, order=order)


def date_time(column: str, *, order: str | None = None, serials: bool = False) -> pl.Expr:
    """Reads a date with its time of day: ``31.01.2025 14:30``, ``2025-01-31T14:30:00Z``, ``1/31/25 2:30 pm``; see :func:`date`.

    The time is the written one; a zone behind it is left out.
    """
    return Reader(column, "date_time", serials, order=order)


def time(column: str, *, serials: bool = False) -> pl.Expr:
    """Reads a time of day: ``14:30``, ``2:30 pm``, ``14h30``, ``14.30 Uhr``; a date-time gives its time.

    ``7.25`` is no time if the column has hours in decimals: ``7.75``, ``8.5``.
    """
    return Reader(column, "time", serials)


def duration(column: str, *, unit: str | None = None) -> pl.Expr:
    """Reads a duration: ``38:30`` (hours and minutes), ``1:30:00``, ``1h 30m``, ``90 min``, ``2 days``.

    ``unit`` (``"days"``, ``"hours"``, ``"minutes"``, ``"seconds"``) is the unit of plain numbers. Without it they are not read,
    unless the header names a unit (``Duration (min)``) and the configuration is of edition 2026.
    """
    _one_of("unit", unit, ("days", "hours", "minutes", "seconds"))
    return Reader(column, "duration", unit)
