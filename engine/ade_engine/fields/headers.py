"""Comparing headers with words, for columns and for header rows; and detectors of rows by their layout."""

from __future__ import annotations

from ade_engine import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from ade_engine.models.row_layout import RowLayout

_simplified: dict[str, str] = {}
_MAX_REMEMBERED_HEADERS = 10_000


def simplify(text: str) -> str:
    """Returns a header for comparison: ``" E-mail  Address:"`` and ``"e mail address"`` are equal; accents and case do not
    count.
    """
    simple = _simplified.get(text)
    if simple is None:
        simple = _native.simplify(text)
        if len(_simplified) < _MAX_REMEMBERED_HEADERS:
            _simplified[text] = simple
    return simple


def score(header: str, words: Iterable[str]) -> float:
    """Returns how likely a column with this header is the one that the words name.

    1.0 if it is one of the words, also with a unit or note in brackets behind it ("Net (EUR)"); 0.4 if it ends with one:
    "Overtime Hours" may be hours, but only together with another detector; 0.0 otherwise.
    """
    known = {simplify(word) for word in words} - {""}
    return _score(header, known, _endings(known))


def _endings(known: set[str]) -> tuple[str, ...]:
    return tuple(f" {word}" for word in known)


def _score(header: str, known: set[str], endings: tuple[str, ...]) -> float:
    """Returns the score of a header by simplified words, and by the same words at the end of other headers."""
    full = simplify(header)
    bare = simplify(_without_brackets(header)) if "(" in header or "[" in header else full
    if full in known or bare in known:
        return 1.0
    return 0.4 if full.endswith(endings) or bare.endswith(endings) else 0.0


def _without_brackets(text: str) -> str:
    return text.partition("(")[0].partition("[")[0]


class FieldHeaders:
    """A column detector for columns with one of a field's headers. It reads nothing but the header, and gives equal headers
    equal scores.
    """

    def __init__(self, field: str, headers: Iterable[str], kind: str | None = None, *, takes_first: bool = False):
        self.field = field
        self.headers = tuple(headers)
        #: Whether the author expects several columns with the header and wants the first one.
        self.takes_first = takes_first
        #: The kind of the field's values, if its reader determines it; for detectors by values.
        self.kind = kind
        self._known = {simplify(header) for header in self.headers} - {""}
        self._endings = _endings(self._known)
        #: Those of the file's sender.
        self._own: set[str] = set()
        self.__name__ = self.__qualname__ = f"Field({field!r}).header"

    def __call__(self, column_header_original: str, column_header_parts: list[str]) -> dict[str, float] | None:
        # If "Payment" is above "Due date", the lower header names the values.
        found = self._score(column_header_original)
        if found < 1 and column_header_parts and column_header_parts[-1] != column_header_original:
            found = max(found, self._score(column_header_parts[-1]))
        return {self.field: found} if found else None

    def put_first(self, own: Mapping[str, Sequence[str]]) -> None:
        """Puts the headers of a sender, by field, before the common ones: 2.0 instead of 1.0. Those of other fields are none of
        this one.
        """
        mine = own.get(self.field, ())
        self._own = {simplify(header) for header in mine} - {""}
        others = {simplify(header) for field, headers in own.items() if field != self.field for header in headers}
        self.headers = (*mine, *(header for header in self.headers if simplify(header) not in others))
        self._known = {simplify(header) for header in self.headers} - {""}
        self._endings = _endings(self._known)

    def _score(self, header: str) -> float:
        if self._own and _score(header, self._own, ()):
            return 2.0
        return _score(header, self._known, self._endings)

    def length_of(self, header: str, parts: list[str]) -> int:
        """Returns the length of the longest of the field's headers that a header is, or ends with."""
        texts = [simplify(text) for part in (header, *parts[-1:]) for text in (part, _without_brackets(part))]
        return max((len(known) for known in self._known if any(text == known or text.endswith(f" {known}") for text in texts)), default=0)

    def has_in_brackets(self, header: str) -> bool:
        """Returns whether a header with brackets is one of the field's headers word for word."""
        return "(" in header and simplify(header) in self._known


class HeaderRows:
    """A row detector for rows with ``least`` known headers or more, with ``score`` for each, so that a fuller header wins.

    A row with a number or a date is no header. The engine applies this detector to all rows of a sheet at once if all detectors
    of a configuration are of this kind, :class:`DataRows` or :class:`LayoutRows`; beside others it is called row by row. With
    ``once``, equal cells count once, as those of a filled merged range do.
    """

    def __init__(self, words: Iterable[str], *, least: int = 2, score: float = 0.5, once: bool = False):
        self.words = {simplify(word) for word in words} - {""}
        self.least = least
        self.score = float(score)
        self.once = once
        self.__name__ = self.__qualname__ = "HeaderRows"

    def __call__(self, row_values: list[Any]) -> dict[str, float] | None:
        hits = 0
        for value in dict.fromkeys(row_values) if self.once else row_values:
            if value is None:
                continue
            if type(value) is not str:
                return None
            if simplify(value) in self.words or simplify(_without_brackets(value)) in self.words:
                hits += 1
        return {"header": self.score * hits} if hits and hits >= self.least else None

    def rule(self) -> _native.RowRule:
        """Returns the detector in the form that the native module takes."""
        return _native.RowRule("words", words=self.words, least=self.least, score=self.score, once=self.once)


class DataRows:
    """A row detector for rows with ``least`` filled cells or more.

    Titles, notes and section names seldom fill more than one cell; they get no score and only occupy their row.
    """

    def __init__(self, *, least: int = 3, score: float = 0.25):
        self.least = least
        self.score = float(score)
        self.__name__ = self.__qualname__ = "DataRows"

    def __call__(self, row_values: list[Any]) -> dict[str, float] | None:
        filled = sum(value is not None and value != "" for value in row_values)
        return {"data": self.score} if filled >= self.least else None

    def rule(self) -> _native.RowRule:
        """Returns the detector in the form that the native module takes."""
        return _native.RowRule("filled", least=self.least, score=self.score)


class LayoutRows:
    """A row detector by the looks of the sheet: the likelihood of each kind of row, times ``score``.

    The kinds are ``title``, ``header``, ``group`` (a section head), ``data``, ``total`` and ``note``. See ``row_layout`` in
    docs/explanation/rows.md for the features that decide. Beside :class:`HeaderRows`, known words overrule it.
    """

    def __init__(self, *, score: float = 1.0):
        self.score = float(score)
        self.__name__ = self.__qualname__ = "LayoutRows"

    def __call__(self, row_layout: RowLayout) -> dict[str, float] | None:
        likelihoods = row_layout.likelihoods
        if not likelihoods:
            return None
        # The state in the likeliest sequence of rows comes first and scores at least as high as any other.
        scores = {row_layout.state: self.score * max(likelihoods.values())}
        for kind, likelihood in likelihoods.items():
            scores.setdefault(kind, self.score * likelihood)
        return scores

    def rule(self) -> _native.RowRule:
        """Returns the detector in the form that the native module takes."""
        return _native.RowRule("layout", score=self.score)
