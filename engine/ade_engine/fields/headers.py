"""Comparing the headers of columns with words."""

from __future__ import annotations

import unicodedata

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from typing import Any

_known: dict[str, str] = {}


def simplify(text: str) -> str:
    """``" E-mail  Address:"`` and ``"e mail address"`` are the same header; accents and case do not count."""
    simple = _known.get(text)
    if simple is None:
        if text.isascii():
            plain = text.lower()
        else:
            # Normalized first: of "№" that makes "No", with a capital.
            parts = unicodedata.normalize("NFKD", text)
            plain = "".join(c for c in parts if not unicodedata.combining(c)).casefold()
            # "Nº" and "№" have become "no"; a degree sign is what many keyboards have instead.
            plain = plain.replace("n°", "no")
        simple = " ".join("".join(c if c.isalnum() else " " for c in plain).split())
        if len(_known) < 10_000:
            _known[text] = simple
    return simple


def score(header: str, words: Iterable[str]) -> float:
    """How sure a header alone makes us that a column is what the words say.

    1.0 where it is one of the words, also with a unit or note in brackets behind it ("Net (EUR)"); 0.6 where it ends
    with one ("Overtime Hours" may be hours, and yields to a plain "Hours"); 0.0 otherwise.
    """
    known = {simplify(word) for word in words}
    full = simplify(header)
    bare = simplify(header.partition("(")[0].partition("[")[0])
    if full in known or bare and bare in known:
        return 1.0
    if any(text.endswith(" " + word) for word in known for text in (full, bare)):
        return 0.6
    return 0.0


def known_headers(row_values: list[Any], words: Collection[str]) -> int:
    """How many cells of a row are known headers (``words`` are simplified); 0 for a row with a number or a date in it."""
    hits = 0
    for value in row_values:
        if value is None:
            continue
        if type(value) is not str:
            return 0
        if simplify(value) in words or "(" in value and simplify(value.partition("(")[0]) in words:
            hits += 1
    return hits
