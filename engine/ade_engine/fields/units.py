"""Units of headers: ``EUR``, ``kg``, ``[m²]``, ``in %``, ``EUR '000``, and how dates are to be written, ``dd.mm.yyyy``."""

from __future__ import annotations

import re

from ade_engine import _native
from ade_engine.fields.header_unit import is_sign

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
    "w kw mw gw va kva v kv ma ah mah wh kwh mwh gwh twh kj mj gj cal kcal kn nm pa kpa mpa hpa bar psi hz khz mhz ghz c f kb mb "
    "gb tb rpm ppm ppb db lm lx "
    # Counts and shares
    "pc pcs pce piece ea each unit units stk stck stück stueck st szt pièce piece pza ud uds qty pct percent prozent pourcent pp bp bps "
    "thousand tsd teur keur kusd hundred million mio mill mn mln m billion bn mrd bil mil thsd no nr anzahl "
    # What stands beside them
    "in per pro je of local currency lc".split()
)
#: Alone and without brackets these are names of columns.
_NOT_ALONE = frozenset(
    "in per pro je of local currency no nr day tag tage jour dia día second minute hour std stunde unit units piece pieza each c f st to "
    "m w t v s d acre foot inch mile hundred percent prozent anzahl".split()
)
_WORD = r"[^\W\d_]+[23]?\b|[^\W\d_]+|['’]?0{3}(?:['’]?s)?\b|\d+"
_RAISED = str.maketrans("²³", "23")
_SIGNS = frozenset("%‰°¹⁻/()[]{}*·.,'’-–# ")
#: How dates are to be written.
_DATE = r"[djtm]{1,4}([./ -])m{1,4}\1[jya]{2,4}|[jya]{2,4}([./ -])m{1,4}\2[djt]{1,4}|h{1,2}:m{1,2}(:s{1,2})?"


def is_unit(text: str) -> bool:
    """Whether a text of a header is a unit and nothing else."""
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return False
    inner = without_brackets(text).translate(_RAISED)
    if re.fullmatch(_DATE, inner.lower()):
        return True
    words = re.findall(_WORD, inner)
    rest = re.sub(_WORD, "", inner)
    if any(not (sign in _SIGNS or is_sign(sign)) for sign in rest):
        return False
    kinds = [_kind(word) for word in words]
    if None in kinds:
        return False
    has_brackets = inner != text.translate(_RAISED)
    if "unit" in kinds or any(sign in "%‰°" or is_sign(sign) for sign in rest):
        return True
    if inner.lower() in ("c", "f"):
        # Degrees have their sign; this is a footnote's mark.
        return False
    if "name" in kinds:
        # "(h)" and "per day", and not "Hours" or "Day 1".
        return has_brackets or len(words) > 1 and "number" not in kinds
    return has_brackets and "zeros" in kinds or inner.startswith(("'", "’"))


def _kind(word: str) -> str | None:
    """What a word of a unit is: ``unit``, ``name`` where it may be a column's name, ``zeros`` (of thousands), ``number``."""
    small = word.lower().strip("'’")
    if word == "Min":
        # The least, beside "Max".
        return None
    digits = small.removesuffix("s").rstrip("'’")
    if digits.isdigit():
        return "zeros" if digits in ("000", "000000", "1000", "1000000") else "number"
    for one in (small, small.removesuffix("s")):
        if one in _UNITS:
            return "name" if one in _NOT_ALONE else "unit"
    return "unit" if _native.is_currency_of_header(word.upper(), True) else None


def without_brackets(text: str) -> str:
    """A text without brackets around all of it."""
    text = text.strip()
    pairs = {"(": ")", "[": "]", "{": "}"}
    while len(text) > 1 and pairs.get(text[0]) == text[-1]:
        text = text[1:-1].strip()
    return text
