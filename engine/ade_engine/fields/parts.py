"""Columns whose values have several parts, each of which is a field: full names, results, ranges, places with codes.

A field is such a part by ``part_of``. Parts other than names are texts, which the reader of their field reads: a value
that cannot be split goes unchanged to the first part, so its reader reports it.
"""

from __future__ import annotations

import re
from functools import partial

from ade_engine.fields.headers import score
from ade_engine.fields.made_of import MadeReader, texts_of
from ade_engine.fields.readers import _one_of, person_name
from ade_engine.fields.scales import folded
from ade_engine.models import polars as pl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ade_engine.fields.made_of import CellsReader
    from ade_engine.fields.readers import Reader


class Part:
    """One of the parts of a column: the column, and the reader of the part."""

    __slots__ = ("whole", "read")

    def __init__(self, whole: Whole, read: Callable[[str], Reader]):
        self.whole = whole
        self.read = read


class Whole:
    """A column that is split into fields, by its headers. The source column is kept as well."""

    #: Whether a column for one of the parts means that the whole is not split.
    splits_all_or_none = False
    #: The part whose field may have the column itself.
    first: Part

    def __init__(self, headers: Iterable[str]):
        if isinstance(headers, str) or not all(isinstance(header, str) for header in headers):
            raise TypeError(f"{type(self).__name__}: headers should be a list of texts, not {headers!r}")
        self.headers = tuple(headers)

    def among(self, headers: list[str]) -> int | None:
        """Returns the position of the column to split, among the headers of a table."""
        found = (at for known in self.headers for at, header in enumerate(headers) if score(header, (known,)) == 1.0)
        return next(found, None)


class FullName(Whole):
    """A column of full names, by its headers. A field is a part of it: ``Field(…, part_of=FULL_NAME.first)``.

    If none of its parts has a column of its own in a table, the column of full names is split into them.
    If several columns match, the one whose header comes first in ``headers`` is split. :func:`~ade_engine.fields.person_name`
    decides which is the first and which the last name.
    """

    splits_all_or_none = True

    def __init__(self, headers: Iterable[str]):
        super().__init__(headers)
        self.first = Part(self, partial(person_name, part="first"))
        self.last = Part(self, partial(person_name, part="last"))


class Measured(Whole):
    """A column of results such as ``<0.5``, ``6.1 H``, ``12*`` or ``> 90 mg/L``, by its headers: see :func:`measured`.

    A field is a part of it: ``Field("value", read=number, part_of=RESULT.number)``; the others are ``comparator``, ``unit`` and
    ``flag``. A part with a column of its own keeps that; the column of the number itself is split as well.
    """

    def __init__(self, headers: Iterable[str] = ()):
        super().__init__(headers)
        self.first = self.number = Part(self, measured)
        self.comparator, self.unit, self.flag = (Part(self, partial(measured, part=part)) for part in ("comparator", "unit", "flag"))


class Interval(Whole):
    """A column of ranges such as ``3.5 - 5.1``, ``< 5`` or ``bis 40``, by its headers: see :func:`interval`.

    A field is a part of it: ``Field("ref_low", read=number, part_of=REFERENCE.low)``; the other is ``high``. A part with a column
    of its own keeps that; the column of the low end itself is split as well.
    """

    def __init__(self, headers: Iterable[str] = ()):
        super().__init__(headers)
        self.first = self.low = Part(self, interval)
        self.high = Part(self, partial(interval, part="high"))


class PlaceCode(Whole):
    """A column of places with their codes such as ``10115 Berlin``, ``Leeds LS1 4DY`` or ``Milan (MXP)``, by its headers: see
    :func:`place_code`.

    A field is such a part by ``part_of=TOWN.place`` or ``part_of=TOWN.code``. A part with a column of its own keeps that.
    """

    def __init__(self, headers: Iterable[str] = ()):
        super().__init__(headers)
        self.first = self.place = Part(self, place_code)
        self.code = Part(self, partial(place_code, part="code"))


# Patterns are compiled when a column is split: few runs do that.
NUMBER = r"[-+−]?(?:\d[\d.,'’\u00a0\u202f]*(?: \d{3}(?!\d)[\d.,]*)*|[.,]\d+)(?:[eE][-+]?\d+)?"
_RESULT = rf"(<=|>=|=<|=>|[<>≤≥≦≧~≈])?\s*({NUMBER})(%?)\s*(.*)"
_COMPARATORS = {"=<": "<=", "≤": "<=", "≦": "<=", "=>": ">=", "≥": ">=", "≧": ">=", "≈": "~"}
#: The marks of a result outside of its limits. `L` alone is a litre.
_FLAGS = frozenset("H HH L LL A AA HI LO HIGH LOW ABN N * ** *** + ++ +++ ! !! ↑ ↑↑ ↓ ↓↓".split())
#: A unit: `mg/L`, `%`, `10^9/L`, `x10⁹/l`, `µmol/24 h`, `mL/min/1.73 m²`, and no date such as `12 Jan 2025`.
_WORD = r"(?:[^\W\d_]|[%‰°])+\^?-?[\d²³]?"
_UNIT = rf"(?=.{{1,24}}$)(?:[x×·]? ?10\S{{0,3}} ?/ ?)?{_WORD}(?:\([^\W\d_]+\)| {_WORD})?(?: ?[/·] ?(?:\d+(?:[.,]\d+)? ?)?{_WORD})*"


def measured(column: str, part: str = "number") -> pl.Expr:
    """Reads a part of a result as text: ``"number"`` is ``0.5`` of ``<0.5 mg/L``, ``"comparator"`` its ``<`` (else ``<=``, ``>``,
    ``>=``, ``~`` or nothing), ``"unit"`` its ``mg/L``; ``"flag"`` is the ``H`` of ``6.1 H`` and the ``*`` of ``12*``.

    A flag is one of H, HH, L, LL, A, AA, HI, LO, HIGH, LOW, ABN, N, and signs (``*``, ``+``, ``!``, ``↑``, ``↓``); L alone is
    one only if the column has another. Any other value is its own ``"number"``, and its reader reports it.
    """
    return _reader(column, part, ("number", "comparator", "unit", "flag"), split_results)


def interval(column: str, part: str = "low") -> pl.Expr:
    """Reads a part of a range as text: ``"low"`` is ``3.5`` of ``3.5 - 5.1`` and ``40`` of ``> 40`` or ``ab 40``; ``"high"`` is ``5.1``
    of the first and ``5`` of ``< 5``, ``bis 5`` or ``up to 5``.

    Any other value is its own ``"low"``, and its reader reports it; a number alone, with "(no range)" behind it.
    """
    return _reader(column, part, ("low", "high"), split_ranges)


def place_code(column: str, part: str = "place") -> pl.Expr:
    """Reads a part of a place with its code as text: ``"place"`` is ``Berlin`` of ``10115 Berlin``, ``"code"`` its ``10115``.

    A code has digits and stands at the beginning or the end, or it has capitals and stands in brackets at the end. A place
    alone has no code, and a code alone no place.
    """
    return _reader(column, part, ("place", "code"), split_places)


def _reader(column: str, part: str, parts: tuple[str, ...], split: Callable[[list[str]], dict[str, tuple[str | None, ...]]]) -> MadeReader:
    _one_of("part", part, parts)
    at = parts.index(part)

    def made(series: pl.Series, read: CellsReader) -> pl.Series:
        if series.dtype != pl.String and split is split_results:
            # A typed result has no other part, and stays typed: as text a number's mark would be open.
            return series if at == 0 else pl.constant(None, len(series), pl.String)
        texts = [None if text is None else " ".join(text.split()) for text in texts_of(series).to_list()]
        found = split([*dict.fromkeys(filter(None, texts))])
        return pl.Series([None if text is None else found[text][at] for text in texts], dtype=pl.String)

    return MadeReader(column, "part", made)


def split_results(texts: list[str]) -> dict[str, tuple[str | None, ...]]:
    """Returns the number, the comparator, the unit and the flag of texts; a text that is no result is its own number."""
    found = {text: _result(text) for text in texts}
    if not any(flag not in (None, "L") for _, _, _, flag in found.values()):
        # "5 L" is five litres.
        found = {text: (number, sign, unit or flag, None) for text, (number, sign, unit, flag) in found.items()}
    return found


def _result(text: str) -> tuple[str | None, ...]:
    parts = re.fullmatch(_RESULT, text)
    if parts is None:
        return text, None, None, None
    sign, number, percent, rest = parts.groups()
    # "(H)" is a flag in brackets, and "dB(A)" a unit.
    words = [word[1:-1] if word[0] + word[-1] in ("()", "[]") else word for word in re.sub(r"([*!↑↓+]+)$", r" \1", rest).split()]
    flags = [word for word in words if word.upper() == word and word in _FLAGS]
    unit = percent + " ".join(word for word in words if word not in flags)
    if len(flags) > 1 or unit and re.fullmatch(_UNIT, unit) is None:
        return text, None, None, None
    return number, _COMPARATORS.get(sign, sign), unit or None, flags[0] if flags else None


_TO = r"(?:\s*(?:-|;|–|—|−|\.\.+|…|~)\s*|\s+(?:to|bis|a|à|al|y|und|and|et|do|til|till|tot|до)\s+)"
_BELOW = r"(?:<=?|=<|[≤≦]|bis(?: zu)?|up to|to|below|under|less than|max\.?|jusqu'?a|moins de|hasta|menos de|fino a|meno di|do|ponizej|tot|under|до)"
_ABOVE = r"(?:>=?|=>|[≥≧]|ab|uber|from|above|over|more than|min\.?|a partir de|plus de|desde|mas de|da|piu di|od|powyzej|vanaf|fra|от)"
_BEFORE = r"(?:(?:from|between|von|zwischen|de|entre|da|tra|od|from|van|fra|от)\s+)?"
_BEHIND = r"(?:\s*[^\d\s.,<>=()-][^\d<>=]*)?"
_BETWEEN = rf"{_BEFORE}({NUMBER}){_TO}({NUMBER}){_BEHIND}"
_UP_TO = rf"{_BELOW}\s*({NUMBER}){_BEHIND}"
_DOWN_TO = rf"{_ABOVE}\s*({NUMBER}){_BEHIND}"


def split_ranges(texts: list[str]) -> dict[str, tuple[str | None, ...]]:
    """Returns the low and the high end of texts; a text that is no range is its own low end."""
    return {text: _range(text) for text in texts}


def _range(text: str) -> tuple[str | None, ...]:
    plain = folded(text).strip()
    if len(plain) > 1 and plain[0] + plain[-1] in ("[]", "()"):
        plain = plain[1:-1].strip()
    if found := re.fullmatch(_BETWEEN, plain):
        return found[1], found[2]
    if found := re.fullmatch(_UP_TO, plain):
        return None, found[1]
    if found := re.fullmatch(_DOWN_TO, plain):
        return found[1], None
    return (f"{text} (no range)" if re.fullmatch(NUMBER, plain) else text), None


_CODE = r"(?:[A-Z]{1,3}[- ])?\d[\dA-Z]{2,}(?:[-‑]\d+)?(?: [A-Z]{2}| \d{2,3})?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d"
_PLACE = r"[^\d()]*[^\W\d_][^\d()]*?"
_BETWEEN_PARTS = r"(?:\s*[,/–—·|]\s*|\s+-\s+|\s+)"


def split_places(texts: list[str]) -> dict[str, tuple[str | None, ...]]:
    """Returns the place and the code of texts; a text without a code is the place."""
    return {text: _place(text) for text in texts}


def _place(text: str) -> tuple[str | None, ...]:
    for pattern in (rf"(?P<code>{_CODE}){_BETWEEN_PARTS}(?P<place>{_PLACE})", rf"(?P<place>{_PLACE}){_BETWEEN_PARTS}(?P<code>{_CODE})", rf"(?P<place>{_PLACE})\s*[(\[](?P<code>[A-Z\d][A-Z\d -]*)[)\]]", rf"(?P<code>{_CODE})"):
        if found := re.fullmatch(pattern, text):
            return found.groupdict().get("place"), found["code"]
    return text, None
