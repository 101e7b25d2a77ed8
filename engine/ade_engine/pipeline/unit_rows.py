"""Rows of units in stacked headers: ``EUR`` below ``Net``, ``kg`` below ``Weight``, ``[m²]``, ``in %``, ``dd.mm.yyyy``.

Such a row names no column, it says how the values of the columns named above are written. It is one only if each text in it
that stands below another is a unit: "Hours" and "Amount" below "Overtime" are names. Where two columns would have the same name
without their units, these stay: "Price EUR" beside "Price USD".
"""

from __future__ import annotations

import re

from ade_engine import _native
from ade_engine.fields.header_unit import is_sign

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: A longer text is no unit.
_LONGEST = 24
#: What units are made of, in small letters without signs around them; a plural's "s" at the end does not count.
_UNITS = frozenset(
    # Length, area, volume, weight
    "mm cm dm m km in inch inches ft foot feet yd mi mile sqm sqft sqkm m2 m3 mm2 cm2 cm3 km2 ft2 ft3 cbm ha acre ml cl dl l hl litre "
    "liter ltr gal gallon cc mg g kg kilo t to ton tonne lb lbs oz "
    # Time
    "ms s sec second min minute h hr hour std stunde d day tag tage jour día dia "
    # Energy, temperature and so on
    "w kw mw gw va kva v kv a ma ah mah wh kwh mwh gwh twh j kj mj gj cal kcal n kn nm pa kpa mpa hpa bar psi hz khz mhz ghz k c f kb mb "
    "gb tb rpm ppm ppb db lm lx "
    # Counts and shares
    "pc pcs pce piece ea each unit units stk stck stück stueck st szt pièce piece pza ud uds qty pct percent prozent pourcent pp bp bps "
    "thousand tsd teur keur kusd hundred million mio mill mn mln m billion bn mrd bil mil thsd no nr anzahl "
    # What stands beside them
    "in per pro je of local currency lc".split()
)
#: Alone these are words of headers.
_NOT_ALONE = frozenset("in per pro je of local currency no nr day tag tage jour dia día second minute c f a n j k st to anzahl".split())
_WORD = re.compile(r"[^\W\d_]+[23]?\b|[^\W\d_]+|'?0{3}(?:'?s)?\b|\d+", re.UNICODE)
_RAISED = str.maketrans("²³", "23")
_SIGNS = frozenset("%‰°¹⁻/()[]{}*·.,'’-–# ")
#: How dates are to be written.
_DATE = re.compile(r"[djtm]{1,4}([./ -])m{1,4}\1[jya]{2,4}|[jya]{2,4}([./ -])m{1,4}\2[djt]{1,4}|h{1,2}:m{1,2}(:s{1,2})?")


def without_units(rows: list[list[Any]], joined: Any) -> tuple[list[list[Any]], dict[int, str]]:
    """The rows of a header without the texts of its rows of units, and the units by column from 0.

    ``rows`` are those of a block whose labels stand over each of their columns; ``joined`` makes one text for each column.
    """
    width = max(map(len, rows), default=0)
    units: dict[tuple[int, int], str] = {}
    for number in range(1, len(rows)):
        found = {}
        for column in range(len(rows[number])):
            text = _text(rows, number, column)
            above = [_text(rows, other, column) for other in range(number) if (other, column) not in units]
            if not text or not any(above) or text in above:
                # A blank cell, the name of a column that has none above, or a merged label.
                continue
            if not is_unit(text):
                found = {}
                break
            found[number, column] = text
        units.update(found)
    if not units:
        return rows, {}
    bare = [[None if (number, column) in units else cell for column, cell in enumerate(row)] for number, row in enumerate(rows)]
    names, full = joined(bare), joined(rows)
    meant: dict[str, set[str]] = {}
    for column in range(width):
        meant.setdefault(str(names[column]).casefold(), set()).add(str(full[column]).casefold())
    for number, column in list(units):
        if len(meant[str(names[column]).casefold()]) > 1:
            bare[number][column] = rows[number][column]
    by_column: dict[int, str] = {}
    for (_, column), text in sorted(units.items()):
        by_column[column] = _without_brackets(text)
    return bare, by_column


def is_unit(text: str) -> bool:
    """Whether a text of a header is a unit and nothing else."""
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return False
    inner = _without_brackets(text).translate(_RAISED)
    if _DATE.fullmatch(inner.lower()):
        return True
    words = _WORD.findall(inner)
    rest = _WORD.sub("", inner)
    if any(not (sign in _SIGNS or is_sign(sign)) for sign in rest):
        return False
    if not all(map(_is_part, words)):
        return False
    if any(sign in "%‰°" or is_sign(sign) for sign in rest):
        return True
    return len(words) > 1 and not all(word.isdigit() for word in words) or inner != text or any(
        _is_part(word) and word.lower() not in _NOT_ALONE and not word.isdigit() for word in words
    )


def _is_part(word: str) -> bool:
    small = word.lower().strip("'")
    if small.isdigit() or small.rstrip("s").strip("'").isdigit():
        return True
    return small in _UNITS or small.removesuffix("s") in _UNITS or _native.is_currency_of_header(word.upper(), True)


def _without_brackets(text: str) -> str:
    text = text.strip()
    pairs = {"(": ")", "[": "]", "{": "}"}
    while len(text) > 1 and pairs.get(text[0]) == text[-1]:
        text = text[1:-1].strip()
    return text


def _text(rows: list[list[Any]], number: int, column: int) -> str:
    value = rows[number][column] if column < len(rows[number]) else None
    return "" if value is None else " ".join(str(value).split())
