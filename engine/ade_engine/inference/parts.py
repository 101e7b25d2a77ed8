"""Finds cells with several parts: results such as ``<0.5`` or ``6.1 H``, ranges such as ``3.5 - 5.1``, and places with codes."""

from __future__ import annotations

import re

from ade_engine.fields.parts import NUMBER, split_places, split_ranges, split_results
from ade_engine.inference.shapes import FieldDeclaration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import Counter

#: The minimum share of the cells that can be split, of those that have a part beside the number, and the number of these.
_MIN_SPLIT_SHARE, _MIN_PART_SHARE, _MIN_PARTS = 0.9, 0.05, 2
#: The signs of units that are no words.
_SURE_UNIT = r"[/%‰°µμ²³]"
_WORDS = {"comparator": "signs such as <", "unit": "units", "flag": "marks such as H"}


def parts_in(texts: Counter[str], name: str, reader: str, *, is_place: bool) -> dict[str, FieldDeclaration]:
    """Returns the parts that most texts of a column have, each with its declaration; none if they have no parts. ``name``: the
    name of the constant to write; ``reader``: what reads the column as a whole; ``is_place``: whether its header names a place.
    """

    def declared(kind: str, part: str, why: str, read: str) -> FieldDeclaration:
        return FieldDeclaration("part_of", f"{name}.{part}", why, read, (name, f"{kind}()"))

    total = sum(texts.values())
    split = {text: parts for text, parts in split_places([*texts]).items() if all(parts)}
    if reader == "text" and is_place and total and sum(texts[text] for text in split) >= _MIN_SPLIT_SHARE * total:
        return {"place": declared("PlaceCode", "place", "The cells are places with their codes", "text"), "code": declared("PlaceCode", "code", "", "code")}
    split = {text: parts for text, parts in split_results([*texts]).items() if re.fullmatch(NUMBER, parts[0] or "")}
    if sum(texts[text] for text in split) >= _MIN_SPLIT_SHARE * total:
        counts = {part: sum(texts[text] for text, parts in split.items() if parts[at]) for at, part in enumerate(_WORDS, 1)}
        there = [part for part, count in counts.items() if count >= max(_MIN_PARTS, _MIN_PART_SHARE * total)]
        # "12 Main" is no quantity of Main: a word alone is no evidence.
        are_units = there != ["unit"] or all(re.search(_SURE_UNIT, parts[1] or "%") for parts in split.values())
        if there and are_units:
            why = f"The cells are numbers with {' and '.join(_WORDS[part] for part in there)}"
            return {"number": declared("Measured", "number", why, "number"), **{part: declared("Measured", part, "", "text") for part in there}}
    split = {text: parts for text, parts in split_ranges([*texts]).items() if all(re.fullmatch(NUMBER, part or "0") for part in parts)}
    are_ordered = all(low is None or high is None or _size(low) <= _size(high) for low, high in split.values())
    if reader == "text" and total and are_ordered and sum(texts[text] for text in split) >= _MIN_SPLIT_SHARE * total:
        return {"low": declared("Interval", "low", "The cells are ranges of numbers", "number"), "high": declared("Interval", "high", "", "number")}
    return {}


def _size(number: str) -> float:
    """Returns roughly the number in a text: marks between thousands are rare in ranges."""
    try:
        return float(re.sub(r"[^\d.-]", "", number.replace(",", ".").replace("−", "-")))
    except ValueError:
        return 0.0
