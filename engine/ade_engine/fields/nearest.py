"""The closest header for a field without a column: a suggestion for people, without effect on the run.

Headers are compared as detectors compare them (``simplify``): with the headers that the fields list, their labels and names.
Two are alike if few letters differ, or if all words of one are among those of the other.
"""

from __future__ import annotations


from ade_engine import _native
from ade_engine.fields.headers import FieldHeaders, simplify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from ade_engine.extensions.registry import Registry

#: The minimum likeness of letters, and of words.
_MIN_LETTER_LIKENESS, _MIN_WORD_LIKENESS = 0.7, 0.65
#: The maximum number of different headers of a run that are compared, and of letters of each.
_MAX_HEADERS, _MAX_LETTERS = 200, 60
#: The maximum number of letters of a header that a suggestion repeats.
_MAX_REPEATED_LETTERS = 200


class HeaderSuggestions:
    """The words of a package's fields, and the suggestions for the headers of a run."""

    def __init__(self, registry: Registry):
        self._registry = registry
        #: Each word with its field, its letters and its parts; filled at the first comparison.
        self._words: list[tuple[str, str, frozenset[str], frozenset[str]]] = []
        self._with_headers: set[str] = set()
        self._found: dict[str, dict[str, float]] = {}

    def _learn(self) -> None:
        registry = self._registry
        by_header = [entry.fn for entry in registry.column_detectors if type(entry.fn) is FieldHeaders]
        self._with_headers = {detector.field for detector in by_header}
        words = {(simplify(header), detector.field) for detector in by_header for header in detector.headers}
        for name, field in registry.fields.items():
            words.update((simplify(word), name) for word in (name, field.label) if word)
        self._words = [
            (word, field, frozenset(word), frozenset(word.split())) for word, field in sorted(words) if word and len(word) <= _MAX_LETTERS
        ]

    def to(self, header: str, fields: Collection[str]) -> dict[str, Any] | None:
        """Returns the field among these that is closest to a header; ``None`` if no field is close."""
        text = simplify(header)
        known = self._found.get(text)
        if known is None:
            if not text or len(text) > _MAX_LETTERS or len(self._found) >= _MAX_HEADERS:
                return None
            known = self._found[text] = self._likenesses(text)
        near = [(-score, field) for field, score in known.items() if field in fields]
        if not near:
            return None
        score, field = min(near)
        shown = _native.json_text(header[:_MAX_REPEATED_LETTERS], str, is_ascii=False)
        suggestion = f"headers=[…, {shown}]" if field in self._with_headers else f"a column detector that knows {shown}"
        return {"field": field, "by": "header", "likeness": round(-score, 2), "suggestion": suggestion}

    def _likenesses(self, text: str) -> dict[str, float]:
        if not self._words:
            self._learn()
        found: dict[str, float] = {}
        letters, words = frozenset(text), frozenset(text.split())
        for word, field, others, parts in self._words:
            longer, shorter = max(len(text), len(word)), min(len(text), len(word))
            score = 0.0
            if shorter > 2 and (parts <= words or words <= parts):
                score = 1.0 if text == word else 0.5 + shorter / longer / 2
                score = score if score >= _MIN_WORD_LIKENESS else 0.0
            # Each letter that only one text has is at least one change; counting all changes is slow.
            most = longer * (1 - _MIN_LETTER_LIKENESS)
            if longer > 3 and longer - shorter <= most and len(letters - others) <= most and len(others - letters) <= most:
                share = 1 - _changes(text, word, most) / longer
                score = max(score, share if share >= _MIN_LETTER_LIKENESS else 0.0)
            if score > found.get(field, 0.0):
                found[field] = score
        return found


def _changes(text: str, other: str, most: float) -> int:
    """Returns the number of letters to insert, delete, replace, or swap with a neighbour to turn one text into the other. If it
    exceeds ``most``, returns some number above ``most``.
    """
    before: list[int] = []
    last = list(range(len(other) + 1))
    for at, letter in enumerate(text):
        row = [at + 1]
        for place, wanted in enumerate(other):
            least = min(last[place + 1] + 1, row[place] + 1, last[place] + (letter != wanted))
            if at and place and letter == other[place - 1] and text[at - 1] == wanted:
                least = min(least, before[place - 1] + 1)
            row.append(least)
        if min(row) > most and min(last) > most:
            return min(row)
        before, last = last, row
    return last[-1]
