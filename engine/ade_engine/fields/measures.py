"""Units of counting in headers: ``Amount (cents)``, ``EUR thousands``, ``T€``, ``(mm:ss)``, ``(min)``.

Readers apply them in edition 2026, and the run reports it. The unit is a row of its own below the header, or it is in brackets
at the header's end or in its last words; a unit that is not known as a whole is ignored.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ade_engine import _native
from ade_engine.fields.scales import is_sign, scale_of
from ade_engine.models import polars as pl
from ade_engine.models.record import Record
from ade_engine.models.polars import series_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Powers of ten by their words; "m" and "k" count only beside a currency.
_SCALES = {
    word: power
    for power, words in {
        -2: "cent cents ¢ p pence centimes centimos centavos centesimi rappen grosze groszy øre öre kopecks копеек",
        2: "hundred hundreds hundert centaines cientos centinaia",
        3: "thousand thousands tsd tausend thsd k ths mille milliers miles mil migliaia tys тыс tis duizend 000 1000 '000 ’000",
        6: "million millions mio mill mln mn m millionen millones milhões milioni mil. miljoen milj млн 000000 1000000",
        9: "billion billions bn mrd milliarden milliards miliardi mld miljard млрд",
    }.items()
    for word in words.split()
}
#: Words among these that mean a metre, a kelvin or "per mille" without a currency.
_BESIDE_CURRENCY = frozenset(("k", "m", "p", "mil", "mille", "miles", "mn", "mill"))
#: Letters that stand for a power before or behind a currency: "T€", "TEUR", "$m".
_GLUED = {"T": 3, "k": 3, "K": 3, "m": 6, "M": 6, "mn": 6, "bn": 9, "000": 3, "'000": 3}
_FILLERS = frozenset(("in", "of", "en", "de", "x", "*", "×"))
_TIMES = {
    word: unit
    for unit, words in {
        "days": "d day days tag tage jours dias días giorni dagen dni",
        "hours": "h hr hrs hour hours std stunde stunden heures horas ore uren",
        "minutes": "min mins minute minutes minuten minutos minuti",
        "seconds": "s sec secs second seconds sek sekunden secondes segundos secondi",
    }.items()
    for word in words.split()
}
_NUMBER_GAPS = r"(?<=\d)[., ](?=000)"
_CLOCK = r"(h{1,2}|m{1,2})(:(m{1,2}|s{1,2}))?(:s{1,2})?(\.0+)?"
#: Phrases for messages, by power.
_SAID = {-2: "divided by 100", 2: "multiplied by 100", 3: "multiplied by 1,000", 6: "multiplied by 1,000,000", 9: "multiplied by 1,000,000,000"}
_SAID |= {4: "multiplied by 10,000", 5: "multiplied by 100,000", 7: "multiplied by 10,000,000", 8: "multiplied by 100,000,000"}
#: Numbers of this size are not hundreds, thousands or millions: they are written in full already.
_TOO_LARGE = {2: 10_000_000, 3: 10_000_000, 4: 10_000_000, 5: 1_000_000, 6: 100_000, 7: 100_000, 8: 100_000, 9: 100_000}
#: Numbers with cents are written in full from this size on.
_LARGE = 1_000
#: The minimum number of thousands with decimals beside them that is reported.
_LARGE_THOUSANDS = 10_000


class Measure(Record, frozen=True):
    """The unit that a column counts in."""

    #: The text of the header.
    text: str
    #: The power of ten by which numbers are shifted.
    shift: int
    #: The currency beside it, as the header writes it.
    currency: str | None
    #: The unit of plain numbers of durations: ``"minutes"``.
    time: str | None
    #: Whether two numbers with a colon are minutes and seconds.
    minutes_first: bool
    #: The applied change in words; ``None`` if the values stay as they are.
    said: str | None
    #: The reason why the values contradict the measure. They stay unchanged unless ``said`` says otherwise.
    doubt: str | None

    def doubted(self, cells: pl.Series, values: pl.Series, *, shows_currency: bool) -> Measure:
        """Returns the measure, without its power of ten if the values are right as written: ``1.25`` is no number of cents.

        ``shows_currency``: the number formats show the main sign of a currency.
        """
        values = values.drop_nulls().abs()
        if self.shift < 0 and shows_currency:
            why: str | None = "the number formats show a currency sign such as €"
        else:
            why = _contradiction(self.shift, cells, values)
        if why is not None:
            return _measure(self.text, currency=self.currency, doubt=f"{why}, so the values are unchanged")
        if self.shift == 3 and bool((values >= _LARGE_THOUSANDS).any()) and bool((values % 1 != 0).any()):
            doubt = "some are 10,000 or more, and some have decimals, so they may be in full already"
            return _measure(self.text, shift=self.shift, currency=self.currency, said=self.said, doubt=doubt)
        return self


@lru_cache(maxsize=1024)
def measure_of(header: str, unit: str | None, kind: str, is_strict: bool = False) -> Measure | None:
    """Returns the measure in a column's header, or in the unit below it, for a kind of reader; ``None`` if there is none.

    ``is_strict``: powers of ten count in the languages of edition 2026, and a possible one is reported.
    """
    scale = scale_of(header, unit, kind) if is_strict and kind in ("number", "money", "currency") else None
    if scale is not None:
        text, power, currency, is_clear = scale
        if is_clear:
            return _measure(text, shift=power, currency=currency, said=f"its numbers were {_SAID[power]}")
        return _measure(text)
    inside = unit or _in_brackets(header.strip())
    words = header.split()
    tails = [inside] if inside else [" ".join(words[at:]) for at in range(max(0, len(words) - 4), len(words))]
    made = _of_numbers if kind in ("number", "money", "currency") else _of_times if kind in ("duration", "time") else None
    if made is None:
        return None
    for text in tails:
        measure = made(_native.without_brackets(text), kind, bool(inside))
        if measure is not None:
            return measure
    return None


def _in_brackets(header: str) -> str | None:
    """Returns the text in brackets at the end of a header."""
    for opening, closing in ("()", "[]"):
        if header.endswith(closing):
            _, opened, inside = header[:-1].rpartition(opening)
            return inside if opened and closing not in inside else None
    return None


def _measure(text: str, **facts: object) -> Measure:
    return Measure(**{"text": text, "shift": 0, "currency": None, "time": None, "minutes_first": False, "said": None, "doubt": None, **facts})


def _contradiction(power: int, cells: pl.Series, values: pl.Series) -> str | None:
    """Returns why numbers cannot be in hundredths or thousands, by their texts and values; ``None`` if nothing contradicts it.
    """
    is_text = cells.dtype == pl.String
    decimals = _decimals(cells) if is_text else values.head(0).cast(pl.Int64)
    are_cents = len(decimals) > 0 and bool((decimals == 2).all())
    if power < 0:
        if is_text and any(is_sign(letter) and letter != "¢" for letter in set("".join(cells.drop_nulls()))):
            return "cells have a currency sign such as €"
        return "cells have decimals" if are_cents or bool((values % 1 != 0).any()) else None
    if (values >= _TOO_LARGE[power]).any():
        return "some numbers are too large for that"
    if is_text:
        is_it = are_cents and (power <= 3 or bool((values >= _LARGE).any()))
        return "all decimals are cents" if is_it else None
    # Floats do not show how they were written: some have cents, and none has more decimals.
    cents = values * 100
    has_more = ((cents - cents.round()).abs() > 1e-4).any()
    with_cents = (values >= _LARGE) & ((values * 10 - (values * 10).round()).abs() > 1e-4)
    return None if has_more or with_cents.sum() < 2 else "large numbers have cents"


def _decimals(cells: pl.Series) -> pl.Series:
    """Returns the number of decimals of each text that has some; three may be a group of thousands, and ".0" comes from a
    float.
    """
    found = cells.str.extract(r"\d?[.,](\d+)[^\d]*$").drop_nulls()
    lengths = found.str.len_chars()
    return lengths.filter((lengths != 3) & (found != "0"))


def _of_numbers(text: str, kind: str, is_apart: bool) -> Measure | None:
    powers, currencies, is_whole, is_letter_alone = [], [], True, False
    whole = re.sub(_NUMBER_GAPS, "", text) if "000" in text else text
    for word in whole.replace("/", " / ").split():
        bare = word.strip(".,")
        power, currency = (0, None) if bare == "¢" else _glued(bare)
        small = bare.lower()
        if currency is not None:
            currencies.append(currency)
            powers += [power] if power else []
        elif small in _SCALES and bare != "K":
            powers.append(_SCALES[small])
            is_letter_alone |= small in _BESIDE_CURRENCY
        elif small not in _FILLERS:
            is_whole = False
    if is_letter_alone and not currencies and (kind != "money" or text.lower() not in ("k", "p")):
        is_whole = False
        powers = powers if kind == "money" else []
    # Behind other words a power counts only beside a currency or behind "in": "Price per thousand" has none.
    is_whole &= is_apart or bool(currencies) or text.lower().startswith("in ")
    if powers and is_whole and len(powers) == 1 and len(currencies) <= 1:
        return _measure(text, shift=powers[0], currency="".join(currencies) or None, said=f"its numbers were {_SAID[powers[0]]}")
    # "EUR per 1000", and "kg" above amounts of money.
    is_odd = kind == "money" and not currencies and _native.is_unit(f"({text})")
    return _measure(text) if is_apart and (powers or is_odd) else None


def _glued(word: str) -> tuple[int, str | None]:
    """Returns the power and the currency of a word such as ``EUR``, ``T€``, ``kUSD`` and ``$m``; no currency if the word has
    none.
    """
    if len(word) > 1 and is_sign(word[-1]) and word[:-1].isupper() and word[:-1] not in _GLUED:
        # "US$"
        return 0, word
    if _is_currency(word):
        return 0, word
    if word == "MWST":
        # German VAT, not a million of Samoa's tala.
        return 0, None
    for letters, power in _GLUED.items():
        rests = [word.removeprefix(letters)] if letters in ("T", "k", "K", "M", "m") else []
        for rest in (*rests, word.removesuffix(letters)):
            if rest != word and _is_currency(rest):
                return power, rest
    return 0, None


def _is_currency(word: str) -> bool:
    return len(word) == 1 and is_sign(word) or len(word) == 3 and _native.is_currency_of_header(word, False)


def _of_times(text: str, kind: str, is_apart: bool) -> Measure | None:
    small = text.lower().strip(". ")
    if kind == "duration":
        unit = _TIMES.get(small.removeprefix("in "))
        if unit is not None and (is_apart or len(small) > 2):
            return _measure(text, time=unit, said=f"plain numbers were read as {unit}")
    if not is_apart:
        return None
    clock = re.fullmatch(_CLOCK, small)
    if clock is not None and clock[2] is not None:
        if not clock[1].startswith("m"):
            # Readers expect hours first anyway.
            return None
        if kind == "duration" and clock[3].startswith("s") and clock[4] is None:
            return _measure(text, minutes_first=True, said="two numbers with a colon were read as minutes and seconds")
        return _measure(text)
    is_half = kind == "time" and small.replace(".", "") in ("am", "pm")
    is_zone = kind == "time" and text.isupper() and text.isalpha() and 2 < len(text) < 5
    is_other = small in _TIMES or _native.is_unit(f"({text})") or small in ("week", "weeks", "wochen", "semaines", "semanas", "m")
    return _measure(text) if is_half or is_zone or is_other else None


def shows_currency(cells: pl.Series, origin: tuple[Any, int, pl.Series] | None) -> bool:
    """Returns whether the formats of a column's numbers show a currency, and not its hundredth."""
    if origin is None:
        return False
    found = _native.read_column(cells, "currency", None, origin=origin)
    signs = series_of(found.column)
    if cells.dtype == pl.String:
        # Currency signs in a text are not part of the format.
        signs = signs.set(cells.str.contains(r"[^\d\s.,()+-]").fill_null(True), None)
    return bool((signs.drop_nulls() != "¢").any())


def has_plain_numbers(cells: pl.Series) -> bool:
    """Returns whether some cells are plain numbers."""
    if cells.dtype != pl.String:
        return cells.dtype.is_numeric()
    return bool(cells.str.contains(r"^\s*[-+]?\d+([.,]\d+)?\s*$").any())


def colons_below_minutes(cells: pl.Series, values: pl.Series) -> dict[str, Any] | None:
    """Returns the notice for a column that counts minutes and has cells such as ``3:45``; ``None`` if it has none.

    Times among numbers have become counts, so they were read as another number of minutes.
    """
    if cells.dtype == pl.String:
        is_open = cells.str.contains(r"^\s*-?\d+:\d\d\s*$")
    elif cells.dtype in (pl.Time, pl.Duration):
        is_open = cells.cast(pl.Int64) != 0
    elif cells.dtype.is_numeric():
        is_open = (values.dt.total_microseconds() / 60_000_000 - cells).abs() > 1e-6
    else:
        return None
    first = is_open.fill_null(False).arg_max()
    if first is None or not is_open[first]:
        return None
    why = ["two numbers with a colon were read as hours and minutes, but the header says minutes, so they may be minutes and seconds"]
    facts = {"read_as": "as they are", "decided_by": "weak_hint", "cells": len(cells) - cells.null_count(), "certain": 0}
    return facts | {"contradict": 0, "ambiguous": True, "first_open": first, "open": None, "by": None, "why": why}
