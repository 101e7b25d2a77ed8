"""Readers made of other readers: shares, quantities with units, months, quarters, weeks and years."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from ade_engine import _native
from ade_engine.fields.readers import TYPES, Reader, _one_of, readable
from ade_engine.fields.scales import folded
from ade_engine.fields.surroundings import ColumnSurroundings, current
from ade_engine.models import polars as pl
from ade_engine.models.polars import series_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    #: A function that reads cells with another reader.
    CellsReader = Callable[[pl.Series, str], pl.Series]

#: The nouns for messages such as "is no quarter".
_NOUNS = {
    "percent": "clearly a percentage or a share of one",
    "quantity": "a quantity",
    "unit": "a quantity with a unit",
    "month": "a month",
    "quarter": "a quarter of a year",
    "week": "a week",
    "year": "a year",
    "choice": "one of the known words",
}
#: The maximum number of quoted characters of a cell.
_QUOTED = 100
_YEARS = range(1900, 2200)


class MadeReader(Reader):
    """A reader that makes its values with other readers."""

    def __init__(self, column: str, kind: str, make: Callable[[pl.Series, CellsReader], pl.Series]):
        super().__init__(column, kind)
        self._make = make
    def read(self, series: pl.Series) -> pl.Series:
        """Reads the column within its surroundings."""
        around, series = current() or self._around, readable(series)
        facts: dict[str, Any] = {"is_strict": True}
        if around is not None:
            facts |= {"order": around.settings.date_order, "decimal": around.settings.decimal_mark, "header": around.header(self.column)}
            facts["missing"] = around.arguments["missing"]
        found: list[Any] = []

        def read(cells: pl.Series, kind: str) -> pl.Series:
            found.append(_native.read_column(cells, kind, None, **facts))
            return series_of(found[-1].column)

        values = self._make(series, read)
        values = (values if self.kind == "part" else values.cast(TYPES[self.kind])).alias(series.name)
        if around is not None:
            messages = self._messages(around, series, values)
            # A quantity is its number, so a doubt about the number is a doubt about the quantity.
            reading = found[-1].reading if self.kind == "quantity" and found else None
            around.note(self._number, self.column, self.kind if reading is None else "number", reading, messages, len(series) == len(around.table))
        return values

    def _messages(self, around: ColumnSurroundings, series: pl.Series, values: pl.Series) -> pl.Series | None:
        """Returns the messages for filled cells that came out empty."""
        # Most values lack some part.
        if self.kind == "part" or values.null_count() == series.null_count():
            return None
        texts = texts_of(series)
        lost = values.is_null() & texts.is_not_null() & ~_says_nothing(texts, around.arguments["missing"])
        if not lost.any():
            return None
        why = f"not {_NOUNS[self.kind]}"
        said = pl.format('{}: "{}"', pl.lit(why), texts.str.slice(0, _QUOTED))
        messages = pl.select(pl.when(lost).then(said)).to_series()
        around.said.append(lambda: dict.fromkeys(messages.drop_nulls(), (why, "value_lost")))
        return messages


def texts_of(series: pl.Series) -> pl.Series:
    """Returns cells as trimmed texts; null if nothing is left."""
    return series_of(_native.read_column(series, "text", None).column)


def _says_nothing(texts: pl.Series, missing: list[str]) -> pl.Series:
    """Returns which cells say that they have no value. A reader of addresses gives these neither a value nor a message."""
    found = _native.read_column(texts, "email", None, is_strict=True, missing=missing)
    said = None if found.unread is None else series_of(found.unread.column)
    is_read = series_of(found.column).is_not_null()
    return texts.is_not_null() & ~is_read & (said.is_null() if said is not None else True)


def percent(column: str) -> pl.Expr:
    """Reads a percentage as a fraction of one: ``19%`` is 0.19, and so is a cell that a workbook shows like this.

    Plain numbers are fractions if none is above 1, and percentages if none is between 0 and 1. If a column has both, the
    smaller group comes out empty and gets issues.
    """
    return MadeReader(column, "percent", _shares)


def _shares(series: pl.Series, read: CellsReader) -> pl.Series:
    texts = texts_of(series)
    # Per mille, too, and the percent signs of other scripts.
    has_sign = texts.str.contains("[%٪％﹪]").fill_null(False)
    if series.dtype == pl.String:
        plain = read(pl.select(pl.when(~has_sign).then(texts)).to_series(), "number")
        signed = read(pl.select(pl.when(has_sign).then(texts)).to_series(), "number")
    else:
        plain, signed = read(series, "number"), pl.constant(None, len(series), pl.Float64)
    size = plain.abs()
    is_share, is_hundredth, is_zero = (size > 0) & (size < 1), size > 1, size == 0
    shares, hundredths = is_share.sum(), is_hundredth.sum()
    if hundredths and signed.null_count() < len(signed):
        # "12" among "12%": the sign was forgotten, or the number is something else.
        kept = is_zero
    elif shares and hundredths:
        kept = is_zero | (is_share if shares >= hundredths else is_hundredth)
    else:
        # 1 is the whole or one hundredth: it follows the other numbers, and alone it is ambiguous.
        kept = is_zero if not shares and not hundredths else size.is_not_null()
    plain = pl.select(pl.when(kept).then(plain / 100 if hundredths > shares else plain)).to_series()
    return pl.select(pl.coalesce(signed, plain)).to_series()


def quantity(column: str, part: str = "value") -> pl.Expr:
    """Reads a number with its unit: ``12.5 kg``, ``3 pcs``, ``1.250,00 m²``. ``part``: ``"value"`` or ``"unit"``.

    The unit is the text behind the number, unchanged; numbers without a unit have the one of the column's header.
    """
    _one_of("part", part, ("value", "unit"))
    if part == "unit":
        return MadeReader(column, "unit", lambda series, read: _units(series, column))
    return MadeReader(column, "quantity", lambda series, read: read(_parted(series, 1) if series.dtype == pl.String else series, "number"))


_QUANTITY = r"^([-+−(]?\s*\d[\d.,'’\s\u00a0\u202f]*?\)?)\s*([^\d\s.,()+*/-][^\d()]{0,15}[²³23]?)?$"


def _parted(series: pl.Series, group: int) -> pl.Series:
    return texts_of(series).str.extract(_QUANTITY, group)


def _units(series: pl.Series, column: str) -> pl.Series:
    around = current()
    source = None if around is None else around.sources.get(column)
    of_header = None if source is None else source.unit
    texts = texts_of(series)
    is_number = texts.str.contains(_QUANTITY)
    return pl.select(pl.when(is_number).then(pl.coalesce(texts.str.extract(_QUANTITY, 2).str.strip_chars(), pl.lit(of_header, dtype=pl.String)))).to_series()


def month(column: str) -> pl.Expr:
    """Reads a month as its first day: ``2025-01``, ``01/2025``, ``Jan 2025``, ``janvier 2025``, ``2025年1月``, or any day of it.
    """
    return MadeReader(column, "month", _months)


def _months(series: pl.Series, read: CellsReader) -> pl.Series:
    if series.dtype != pl.String:
        return _first_days(read(series, "date"))
    texts = texts_of(series)
    numbers = texts.str.extract(r"^(?:(\d{4})\s*[-/.年]\s*(?:\d{1,2})月?|\d{1,2}\s*[-/.]\s*(?:\d{4}))$", 0)
    year, number = texts.str.extract(r"(\d{4})").cast(pl.Int32), texts.str.extract(r"^\d{4}\D+(\d{1,2})|^(\d{1,2})\D", 1).cast(pl.Int32)
    number = pl.select(pl.coalesce(number, texts.str.extract(r"^(\d{1,2})\D").cast(pl.Int32))).to_series()
    is_number = numbers.is_not_null() & number.is_between(1, 12) & year.is_between(_YEARS.start, _YEARS.stop - 1)
    of_numbers = pl.select(pl.when(is_number).then(pl.date(year, pl.when(is_number).then(number), 1))).to_series()
    # "Jan 2025" is a date without a day; with a year of two digits it would be a complete date.
    is_named = texts.str.contains(r"^\D*[^\W\d_]\D*\d{4}$|^\d{4}\D*[^\W\d_]\D*$") & numbers.is_null()
    named = pl.select(pl.when(is_named).then(pl.when(texts.str.contains(r"^\d{4}")).then(pl.format("{} 1", texts)).otherwise(pl.format("1 {}", texts)))).to_series()
    is_day = ~is_named & numbers.is_null()
    return pl.select(pl.coalesce(of_numbers, _first_days(read(named, "date")), _first_days(read(pl.select(pl.when(is_day).then(texts)).to_series(), "date")))).to_series()


def _first_days(days: pl.Series) -> pl.Series:
    return days.dt.month_start()


def quarter(column: str) -> pl.Expr:
    """Reads a quarter of a year as its first day: ``Q1 2025``, ``2025-Q1``, ``1Q25``, ``1. Quartal 2025``, ``T1 2025``, ``I кв.
    2025``.
    """
    return MadeReader(column, "quarter", _quarters)


_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}


def _quarters(series: pl.Series, read: CellsReader) -> pl.Series:
    words, _ = _native.words_of_periods()
    quarter = f"(?:{'|'.join(words)})"
    return _by_cell(series, r"^(?:{w}\.?\s*([1-4]|iv|i{{1,3}})|([1-4]|iv|i{{1,3}})(?:st|nd|rd|th|er|e|o|º|\.)?\s*{w}\.?)\s*(?:of |de |[-/ '’.])?\s*(\d{{4}}|\d\d)(?:\s*(?:г|год|year)\.?)?$|^(\d{{4}})\s*[-/ .]?\s*{w}\.?\s*([1-4]|iv|i{{1,3}})$".format(w=quarter), _quarter)


def _quarter(parts: tuple[str | None, ...]) -> dt.date | None:
    first, second, year, year_before, behind = parts
    spelt = first or second or behind or ""
    number = _ROMAN.get(spelt) or int(spelt)
    return dt.date(_year_of(year or year_before or ""), 3 * number - 2, 1)


def week(column: str) -> pl.Expr:
    """Reads a week by ISO 8601 as its Monday: ``2025-W05``, ``W5 2025``, ``KW 5/2025``, ``Week 5, 2025``, ``Semaine 5 2025``.
    """
    return MadeReader(column, "week", _weeks)


def _weeks(series: pl.Series, read: CellsReader) -> pl.Series:
    _, words = _native.words_of_periods()
    week = f"(?:{'|'.join(words)})"
    return _by_cell(series, rf"^{week}\.?\s*(\d{{1,2}})\s*(?:,|of |[-/ .])\s*(\d{{4}})$|^(\d{{4}})\s*[-/ .]?\s*{week}\.?\s*(\d{{1,2}})$", _week)


def _week(parts: tuple[str | None, ...]) -> dt.date | None:
    number, year, year_before, behind = parts
    return dt.date.fromisocalendar(int(year or year_before or 0), int(number or behind or 0), 1)


def _year_of(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _by_cell(series: pl.Series, pattern: str, make: Callable[[tuple[str | None, ...]], dt.date | None]) -> pl.Series:
    """Makes dates of the parts of texts, once for each different text, because such columns have few."""
    import re

    regex, known = re.compile(pattern), {}
    texts = texts_of(series)
    for text in texts.unique().drop_nulls().to_list():
        found = regex.match(folded(text).strip())
        try:
            day = make(found.groups()) if found else None
        except ValueError:
            # Most years have no week 53.
            day = None
        known[text] = day if day is not None and day.year in _YEARS else None
    return pl.Series([known.get(text) for text in texts.to_list()], dtype=pl.Date)


def year(column: str) -> pl.Expr:
    """Reads a year as a whole number: ``2025``, ``FY2025``, ``FY 25``, ``2025年``; a date gives its year. ``2024/25`` is two
    years, so it is not read.
    """
    return MadeReader(column, "year", _years)


def _years(series: pl.Series, read: CellsReader) -> pl.Series:
    if series.dtype in (pl.Date, pl.Datetime):
        return series.dt.year()
    texts = texts_of(series)
    found = texts.str.extract(r"(?i)^(?:FY|GJ|year|jahr|an|año|anno)?\s*'?(\d{4})\s*(?:年|г\.?|년)?$").cast(pl.Int64)
    short = texts.str.extract(r"(?i)^FY\s*'?(\d\d)$").cast(pl.Int64) + 2000
    is_there = found.is_between(_YEARS.start, _YEARS.stop - 1)
    of_days = read(pl.select(pl.when(found.is_null() & short.is_null()).then(texts)).to_series(), "date").dt.year().cast(pl.Int64)
    return pl.select(pl.coalesce(pl.when(is_there).then(found), short, of_days)).to_series()
