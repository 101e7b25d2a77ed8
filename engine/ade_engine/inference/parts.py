"""Fields whose cells have several parts: results such as ``<0.5`` or ``6.1 H``, and ranges such as ``3.5 - 5.1``."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from ade_engine.fields.parts import NUMBER, split_ranges, split_results
from ade_engine.inference.shapes import FieldDeclaration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ade_engine.inference.inferred import InferredField

#: The minimum share of the cells that can be split, of those that have a part beside the number, and the number of these.
_MIN_SPLIT_SHARE, _MIN_PART_SHARE, _MIN_PARTS = 0.9, 0.05, 2


def with_parts(fields: Sequence[InferredField]) -> list[InferredField]:
    """Returns the fields, with those that are split in place of fields whose cells have several parts. A wished field is split
    alone: its other parts are not wished.
    """
    found: list[InferredField] = []
    for one in fields:
        parts = _parts(one)
        found += parts[:1] if parts and one.group.wish is not None else parts or [one]
    return found


def _parts(field: InferredField) -> list[InferredField]:
    """Returns the fields of a field's parts; none if its cells have no parts."""
    if field.made or field.read not in ("text", "number") or not field.group.columns:
        return []
    texts: Counter[str] = Counter()
    for column in field.group.columns:
        texts.update(" ".join(text.split()) for text in column.texts)
    total = sum(texts.values())
    name = field.name.upper()

    def made(kind: str, part: str, why: str, label: str, read: str) -> InferredField:
        declaration = FieldDeclaration("part_of", f"{name}.{part}", why, read, (name, f"{kind}()"))
        checks = [check for check in field.checks if check == "required" and part == "number"]
        first = {"name": field.name, "label": field.label, "headers": field.headers, "group": field.group}
        own = {"name": f"{field.name}_{part}", "label": label, "headers": [label], "group": replace(field.group, merges=[])}
        return replace(field, **(first if part == "number" else own), read=read, checks=checks, known=[], declared=declaration)

    results = split_results([*texts])
    split = {text: parts for text, parts in results.items() if re.fullmatch(NUMBER, parts[0] or "")}
    if sum(texts[text] for text in split) >= _MIN_SPLIT_SHARE * total:
        counts = {part: sum(texts[text] for text, parts in split.items() if parts[at]) for at, part in enumerate(("comparator", "unit", "flag"), 1)}
        there = [part for part, count in counts.items() if count >= max(_MIN_PARTS, _MIN_PART_SHARE * total)]
        if there:
            why = f"The cells are numbers with {' and '.join(_WORDS[part] for part in there)}"
            return [made("Measured", "number", why, "", "number"), *(made("Measured", part, "", f"{field.label} {part}", "text") for part in there)]
    ranges = split_ranges([*texts])
    split = {text: parts for text, parts in ranges.items() if all(re.fullmatch(NUMBER, part or "0") for part in parts)}
    are_ordered = all(low is None or high is None or _size(low) <= _size(high) for low, high in split.values())
    if field.read == "text" and total and are_ordered and sum(texts[text] for text in split) >= _MIN_SPLIT_SHARE * total:
        low, high = (made("Interval", part, "The cells are ranges of numbers" if part == "low" else "", f"{field.label} {part}", "number") for part in ("low", "high"))
        low.headers, low.group = [*field.headers], field.group
        return [low, high]
    return []


_WORDS = {"comparator": "signs such as <", "unit": "units", "flag": "marks such as H"}


def _size(number: str) -> float:
    """Returns roughly the number in a text: marks between thousands are rare in ranges."""
    try:
        return float(re.sub(r"[^\d.-]", "", number.replace(",", ".").replace("−", "-")))
    except ValueError:
        return 0.0
