"""The unit or currency that a header names itself: ``Net (EUR)``, ``Weight [kg]``, ``Betrag €``, ``Total, USD``, ``VAT %``.

Nothing is guessed: a unit stands in brackets at the end, or the header ends with ``%`` or with a currency's sign or code.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from ade_engine import _native

#: One word in brackets at the end, with or without "in" before it: "Net (in EUR)".
_IN_BRACKETS = re.compile(r"(?:\((?:in\s+)?([^()\[\]\s]+)\)|\[(?:in\s+)?([^()\[\]\s]+)\])$")
#: "VAT 19%" names a rate: its cells are amounts.
_RATE = re.compile(r"[0-9.,]*[0-9] ?[%‰]$")
_LAST_WORD = re.compile(r"(?:^|[ ,/])([^ ,/]+)$")
_CODE_AT_END = re.compile(r"(.*[^ ,/]) ?[ ,/] ?([A-Z]{3})$")


@lru_cache(maxsize=4096)
def header_unit(header: str) -> str | None:
    """The unit or currency as the header writes it; ``None`` where it names none."""
    header = " ".join(header.split())
    found = _IN_BRACKETS.search(header)
    if found is not None:
        return _if_unit(found[1] or found[2])
    if header[-1:] in ("%", "‰"):
        return None if _RATE.search(header) else header[-1]
    if header and is_sign(header[-1]):
        word = _LAST_WORD.search(header)
        prefix = "" if word is None else word[1][:-1]
        # "US$" is a currency of its own; "Price$" is a price in "$".
        return prefix + header[-1] if re.fullmatch("[A-Z]{1,3}", prefix) else header[-1]
    found = _CODE_AT_END.fullmatch(header)
    if found is None:
        return None
    among_capitals = not any(letter.islower() for letter in found[1])
    return found[2] if _native.is_currency_of_header(found[2], among_capitals) else None


def _if_unit(word: str) -> str | None:
    """The word, where it may be a unit: it has a letter or a sign such as ``%`` or ``€``, and is short."""
    is_unit = len(word) <= 12 and not _RATE.fullmatch(word) and any(letter.isalpha() or letter in "%‰°" or is_sign(letter) for letter in word)
    return word if is_unit else None


def is_sign(letter: str) -> bool:
    """Whether a letter is the sign of a currency."""
    return unicodedata.category(letter) == "Sc"
