"""The kind of a column by its values, for comparing pairs of columns, and the reader of ``ade_engine.fields`` that fits them.

The engine's own readers and profiles decide how cells can be read. If that leaves a choice, the header decides: whether whole
numbers of one length are ids, whether an amount is money, whether two capitalised words are a person.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from itertools import pairwise, takewhile
from typing import NamedTuple

from ade_engine import _native
from ade_engine.cases.grids import as_text
from ade_engine.fields.headers import simplify
from ade_engine.inference.side import are_gtins
from ade_engine.inference.words import readings
from ade_engine.models import polars as pl
from ade_engine.models.polars import series_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

#: The minimum share of the filled cells that are of a kind; the others cannot be read.
_MIN_SHARE = 0.9
#: Meanings of headers for numbers that are counted or measured, and for those that are paid.
_MEASURES = frozenset("quantity hours days nights distance weight length width height area rooms age percent life mark credits".split())
_MEASURED = frozenset("temperature humidity pressure wind rain battery consumption reading employees attempt measured".split())
_PAID = frozenset("price cost".split())
_OF_MONEY = frozenset("net gross tax discount balance debit credit fee rent salary bonus deduction premium guarantee budget revenue freight".split())
#: The maximum number of different rates of taxes, and the highest rate in percent.
_MAX_RATES, _MAX_RATE = 4, 30
#: Rates that are not prices.
_RATES = frozenset(("exchange", "interest"))
_IDS = frozenset(("id", "postcode"))
#: People, and things that are also named by words in capitals.
_PEOPLE = frozenset("first last full employee member student teacher tenant landlord contact clerk manager salesperson approver driver donor analyst".split())
_NO_PEOPLE = frozenset(
    "supplier customer product company party project carrier vehicle location station department branch bank brand model course school "
    "task position payment contract property asset expense account town country region address description note type category "
    "status level".split()
)
_DURATIONS = frozenset(("hours", "days"))
#: Numbers of clauses, apart from the last part.
_CLAUSE = re.compile(r"(\d{1,2}\.\d{1,2})\.(\d{1,2})")
_PERSON = re.compile(r"[^\W\d_][\w'’.-]*")
_SMALL = frozenset("de la van von der den le del di da dos el al bin".split())


class InferredKind(NamedTuple):
    """The kind of a column's values.

    ``name``: a kind of :class:`~ade_engine.inference.side.ComparableColumn` (``empty``: there are none); ``reader``: the reader
    of ``ade_engine.fields``; ``values``: row by row, numbers as numbers, unreadable ones as ``None``; ``reading``: how dates
    and numbers were read.
    """

    name: str
    reader: str
    values: list[Any]
    reading: dict[str, Any]


def kind_of(header: str, series: pl.Series, order: str = "dmy", decimal: str = ".") -> InferredKind:
    """Returns the kind of a column's values below this header; ``order`` and ``decimal`` decide how ambiguous days and numbers
    are read.
    """
    if series.dtype == pl.Null:
        return InferredKind("empty", "text", series.to_list(), {})
    texts = [None if value is None or value == "" else as_text(value).strip() for value in series.to_list()]
    filled = [text for text in texts if text]
    if not filled:
        return InferredKind("empty", "text", texts, {})
    facts = _native.column_profile(series)
    share = {name: count / max(1, facts["looked_at"]) for name, count in facts["patterns"].items()}
    words = _HeaderMeaning(header)
    if are_gtins(filled) or "date" not in words.what and _count_clauses(filled):
        return InferredKind("code", "code", texts, {})
    found = _moment(header, series, share, words, texts, order)
    if found is not None:
        return found
    for kind in ("email", "phone"):
        if share[kind] >= _MIN_SHARE and not (kind == "phone" and words.is_id and "phone" not in words.what):
            return InferredKind(kind, kind, texts, {})
    if share["iban"] >= _MIN_SHARE:
        return InferredKind("code", "iban", texts, {})
    if _is_boolean(series, filled):
        return InferredKind("boolean", "boolean", texts, {})
    if share["number"] >= _MIN_SHARE:
        return _number(header, series, share, words, (texts, filled), decimal)
    if _are_ids(filled, facts):
        return InferredKind("code", "code", texts, {})
    if _are_people(words, filled):
        return InferredKind("name", "person_name", texts, {})
    return InferredKind("text", "text", texts, {})


def seen(headers: tuple[str, ...], values: Sequence[Any]) -> tuple[tuple[str, ...], str | None, Sequence[Any]]:
    """Returns a column with its values, read as numbers if they are numbers, for a
    :class:`~ade_engine.inference.side.ComparableColumn`.
    """
    if not any(value not in (None, "") for value in values):
        return headers, None, ()
    is_boolean = all(value is None or isinstance(value, bool) for value in values)
    texts = values if is_boolean else [None if value is None or value == "" else str(value) for value in values]
    kind = kind_of(headers[0] if headers else "", pl.Series(texts, dtype=pl.Boolean if is_boolean else pl.String))
    return headers, kind.name, kind.values


class _HeaderMeaning:
    """The certain meanings of a header."""

    def __init__(self, header: str):
        some = readings(header)
        self.what = (
            {part for meaning in some for part in meaning.what.split("+") if part}
            if all(meaning.what for meaning in some)
            else set()
        )
        self.of = frozenset.intersection(*(meaning.of for meaning in some))
        self.some_of = frozenset().union(*(meaning.of for meaning in some))
        #: Whether each of its readings involves an id.
        self.is_id = all("id" in meaning.of or meaning.what == "id" for meaning in some)

    def says(self, names: frozenset[str]) -> bool:
        """Returns whether each of its readings contains one of these."""
        return bool(self.what) and self.what <= names


def read(header: str, series: pl.Series, kind: str, order: str = "dmy", decimal: str = ".") -> tuple[list[Any], dict[str, Any]]:
    """Returns the column as a reader reads it, row by row, and how it was read."""
    found = _native.read_column(series, kind, header=header, order=order, decimal=decimal)
    return series_of(found.column).to_list(), dict(found.reading or {})


def _moment(header: str, series: pl.Series, share: dict[str, float], words: _HeaderMeaning, texts: list[str | None], order: str) -> InferredKind | None:
    """Returns the kind of days, moments, times of day and durations."""
    filled = [text for text in texts if text]
    if series.dtype.is_temporal() and series.dtype not in (pl.Time, pl.Duration) or share["date"] >= _MIN_SHARE:
        values, reading = read(header, series, "date_time", order)
        found = [value for value in values if isinstance(value, datetime)]
        if found and sum(value.time() != time() for value in found) >= 0.5 * len(found):
            return InferredKind("date", "date_time", values, reading)
        values, reading = read(header, series, "date", order)
        return InferredKind("date", "date", [value if isinstance(value, date) else None for value in values], reading)
    if series.dtype == pl.Duration:
        return InferredKind("time", "duration", texts, {})
    if series.dtype != pl.Time and sum(":" in text for text in filled) < _MIN_SHARE * len(filled):
        return None
    for reader in ("duration", "time") if words.says(_DURATIONS) else ("time", "duration"):
        values, _ = read(header, series, reader)
        if sum(isinstance(value, (time, timedelta)) for value in values) >= _MIN_SHARE * len(filled):
            return InferredKind("time", reader, texts, {})
    return None


def _is_boolean(series: pl.Series, filled: list[str]) -> bool:
    """Returns whether the values are two words for yes and no, or one mark in some of the rows."""
    if series.dtype == pl.Boolean:
        return True
    distinct = {simplify(text) or text for text in filled}
    if len(distinct) > 2 or len(distinct) == 1 and distinct & {"0", "1"} or len(distinct) == 2 and len(distinct & {"0", "1"}) == 1:
        return False
    values, _ = read("", pl.Series(filled, dtype=pl.String), "boolean")
    return None not in values and len(filled) >= 2 and (len(distinct) < 2 or len(set(values)) == 2)


def _number(header: str, series: pl.Series, share: dict[str, float], words: _HeaderMeaning, cells: tuple[list[str | None], list[str]], decimal: str) -> InferredKind:
    """Returns the kind of ids of digits, money, and other numbers."""
    texts, filled = cells
    numbers, reading = read(header, series, "number", decimal=decimal)
    some = [number for number in numbers if number is not None]
    is_whole = all(float(number).is_integer() for number in some)
    has_currency = share["currency"] >= 0.5
    is_measure = words.says(_MEASURES) or bool(words.some_of & _MEASURED)
    if is_whole and not has_currency and not is_measure and not words.says(_PAID) and min(some, default=0) >= 0:
        if _are_numbers_of_things(words, filled, some):
            return InferredKind("code", "code", texts, {})
    if has_currency:
        return InferredKind("money", "money", numbers, reading)
    has_cents = share["cents"] >= 0.95 * share["number"] and (is_whole or share["hundredths"] > 0)
    # Few taxes repeat as amounts.
    is_rate = "tax" in words.of and len({*some}) <= _MAX_RATES < len(some) and max(some) <= _MAX_RATE
    is_share = is_rate or any("%" in text for text in [header, *filled]) or "percent" in words.what or bool(words.some_of & _RATES) or "rate" in words.what and "tax" in words.of or max(map(abs, some), default=0) <= 1
    is_paid = words.says(_PAID) or bool(words.of & _OF_MONEY)
    mean = sum(map(abs, some)) / max(1, len(some))
    looks_paid = has_cents and not is_whole and share["hundredths"] >= 0.5 * share["number"] and mean >= 20
    is_money = has_cents and not is_measure and not is_share and (is_paid or looks_paid or is_whole and words.says(frozenset(("amount",))) and mean >= 20)
    name = "money" if is_money else "number"
    return InferredKind(name, name, numbers, reading)


def _are_numbers_of_things(words: _HeaderMeaning, filled: list[str], some: list[float]) -> bool:
    """Returns whether whole numbers are ids: the header names an id, or names a thing and they are of one length; or they are
    too long to be counted.
    """
    if not all(text.isdigit() for text in filled):
        # Ids never have grouped digits.
        return False
    lengths, distinct = {len(text) for text in filled}, len(set(filled))
    if words.says(_IDS) and not is_count(some):
        return bool(words.of) or len(lengths) == 1
    if len(lengths) != 1 or words.of & _OF_MONEY or words.what - _IDS and not words.is_id:
        return False
    digits = min(lengths)
    if words.is_id and digits >= 4:
        return True
    return digits >= 8 or bool(words.of) and (digits >= 5 or digits >= 4 and distinct == len(filled) >= 10)


def is_count(values: list[Any]) -> bool:
    """Returns whether the values of a column are 1, 2, 3 and so on, row by row, so that it only counts the rows."""
    filled = [str(value) for value in values if value is not None and value != ""]
    return len(filled) >= 5 and [text.removesuffix(".0") for text in filled] == [str(number) for number in range(1, len(filled) + 1)]


def _count_clauses(filled: list[str]) -> bool:
    """Returns whether values are numbers of clauses, such as 5.10.11 and 5.10.12: as dates they would be a year apart."""
    numbers = [*takewhile(bool, map(_CLAUSE.fullmatch, filled))]
    if len(numbers) < len(filled):
        return False
    return any(one[1] == other[1] and int(one[2]) + 1 == int(other[2]) for one, other in pairwise(filter(None, numbers)))


def _are_ids(filled: list[str], facts: dict[str, Any]) -> bool:
    """Returns whether texts have a digit each, no blanks, and the same shape."""
    if not all(any(letter.isdigit() for letter in text) and " " not in text for text in filled):
        return False
    return facts["same_shape"] >= _MIN_SHARE * facts["looked_at"]


def _are_people(words: _HeaderMeaning, filled: list[str]) -> bool:
    """Returns whether values are names of people: by the header if the values allow it, or by values that fit nothing else."""
    split = [text.replace(",", " ").split() for text in filled]
    is_name = [
        1 <= len(parts) <= 5
        and any(part[0].isupper() for part in parts)
        and all(_PERSON.fullmatch(part) and (part[0].isupper() or part.lower() in _SMALL) for part in parts)
        for parts in split
    ]
    if sum(is_name) < 0.95 * len(filled) or words.some_of & _NO_PEOPLE or words.what & _NO_PEOPLE:
        return False
    if words.of & _PEOPLE and words.what <= {"name"}:
        return True
    several = sum(2 <= len(parts) <= 4 for parts in split)
    return several >= 0.95 * len(filled) and len(set(filled)) > 8
