"""Columns that are one field: months side by side, each with its amount. Their headers become values of one field, and their
cells those of another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ade_engine.fields.header_series import SERIES, as_text, belongs, has_year, without_brackets, years_in
from ade_engine.fields.headers import simplify
from ade_engine.models.errors import did_you_mean
from ade_engine.models.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.fields.beside import BesideFact

#: The stack of all columns without a field.
OTHERS = "others"
_VALUE = "value"


class StackPart:
    """A field's part of a :class:`Stack`: the header of each column, or the cells below it."""

    __slots__ = ("stack", "name")

    def __init__(self, stack: Stack, name: str | None):
        self.stack = stack
        #: The name of the cells; ``None`` for the headers.
        self.name = name

    def __repr__(self) -> str:
        kind = "header" if self.name is None else "value" if self.name == _VALUE and not self.stack.groups else f"[{self.name!r}]"
        return f"{self.stack!r}{kind if kind.startswith('[') else f'.{kind}'}"


class StackKey(Record):
    """The header of a stacked column as a value: ``value``, and the position of its cell (row and column from 1)."""

    value: Any
    row: int
    column: int


class Stack:
    """Columns that are one field, such as twelve months: ``Stack("months")``.

    ``headers``: the headers of these columns: ``"months"``, ``"quarters"``, ``"years"``, ``"weeks"``, ``"dates"``,
    ``"weekdays"``, ``"numbers"``, ``"others"`` for all columns without a field, or a list of headers. The first series that the
    table has counts.

    ``pattern``: instead of ``headers``, a regular expression for a whole header. Its first group is the value.

    ``values``: several columns below each key, by the words that name them: ``{"plan": ["plan", "budget"], "actual":
    ["actual"]}``. The words are in a row of their own, or before or behind the key ("Jan plan").

    ``leave``: headers of columns at the edges that are left out, as totals are.

    ``year``: the year of months, quarters and weeks whose headers have none: a number, or a value beside the table, such as
    ``title(r"(20\\d\\d)")``. Otherwise it is the only year in the lines above the table or in the title of the sheet.

    A field is a part of it: ``Field(…, part_of=MONTHS.header)``, ``Field(…, part_of=MONTHS.value)``, or
    ``part_of=MONTHS["plan"]``. Raises ``TypeError`` for unknown arguments.
    """

    def __init__(
        self,
        *headers: str | Sequence[str],
        pattern: str | None = None,
        values: Mapping[str, Sequence[str]] | None = None,
        leave: Sequence[str] = (),
        year: int | BesideFact | None = None,
    ):
        lists = [header for header in headers if not isinstance(header, str)]
        for one in headers:
            if isinstance(one, str) and one not in (*SERIES, OTHERS):
                meant = did_you_mean(one, [*SERIES, OTHERS])
                raise TypeError(f"Stack: there is no series {one!r}{meant}{'' if meant.endswith('?') else '.'} For headers of your own write a list")
        if not all(isinstance(words, Sequence) and all(isinstance(header, str) for header in words) for words in lists):
            raise TypeError(f"Stack: headers should be a series such as \"months\", or a list of texts, not {lists[0]!r}")
        if bool(headers) == (pattern is not None):
            raise TypeError('Stack takes a series such as "months", or a list of headers, or a pattern')
        try:
            self._pattern = None if pattern is None else re.compile(pattern, re.IGNORECASE)
        except (re.error, TypeError) as error:
            raise TypeError(f"Stack: pattern should be a regular expression, not {pattern!r}: {error}") from None
        groups = {} if values is None else values
        if not isinstance(groups, Mapping) or not all(isinstance(name, str) and _are_texts(words) for name, words in groups.items()):
            raise TypeError('Stack: values should be lists of words by name, such as {"plan": ["plan", "budget"], "actual": ["actual"]}')
        if not _are_texts(leave):
            raise TypeError(f"Stack: leave should be a list of headers, not {leave!r}")
        is_beside = getattr(year, "find", None) is not None
        if year is not None and not is_beside and (isinstance(year, bool) or not isinstance(year, int) or not 1900 <= year < 2200):
            raise TypeError(f"Stack: year should be a year such as 2025, or a place beside the table such as sheet_name, not {year!r}")
        self.series = tuple(headers)
        self.groups = {name: tuple(words) for name, words in groups.items()}
        self.leave = {simplify(word) for word in leave}
        self.year = year
        self._lists = {id(words): {simplify(header) for header in words} for words in lists}
        self._words = {simplify(word): name for name, words in self.groups.items() for word in (*words, name)}
        spelt = sorted({re.escape(word) for name, words in self.groups.items() for word in (*words, name)}, key=len, reverse=True)
        both = "|".join(spelt)
        self._around = re.compile(rf"(?:(?P<front>{both})[\s:/–-]+(?P<key>.+)|(?P<first>.+?)[\s:/–-]+(?P<back>{both}))", re.IGNORECASE) if spelt else None

    def __repr__(self) -> str:
        return f"Stack({', '.join(map(repr, self.series)) or repr(self._pattern.pattern)})"

    @property
    def header(self) -> StackPart:
        """Returns the headers of its columns, for the field that takes them as values."""
        return StackPart(self, None)

    @property
    def value(self) -> StackPart:
        """Returns the cells of its columns, for the field that takes them as values."""
        if self.groups:
            raise TypeError(f"{self!r} has values of several names: write {', '.join(f'[{name!r}]' for name in self.groups)} in place of .value")
        return StackPart(self, _VALUE)

    def __getitem__(self, name: str) -> StackPart:
        if name not in self.groups:
            raise TypeError(f"{self!r} stacks no values called {name!r}{did_you_mean(name, self.groups)}")
        return StackPart(self, name)

    @property
    def names(self) -> tuple[str, ...]:
        """Returns the names of its values."""
        return tuple(self.groups) or (_VALUE,)

    def key_of(self, series: str | Sequence[str], cells: list[tuple[int, int, Any]]) -> tuple[StackKey, str | None] | None:
        """Returns the key in the header of a column, and the name of the values below it, ``None`` if they have no known name.

        ``cells``: the cells of the header, top to bottom: row and column, from 1, and value.
        """
        if not self.groups:
            key = self._key(series, cells)
            return None if key is None else (key, _VALUE)
        for at, (_, _, cell) in enumerate(cells):
            name = self._words.get(simplify(as_text(cell)))
            if name is not None and len(cells) > 1:
                key = self._key(series, cells[:at] + cells[at + 1 :])
                return None if key is None else (key, name)
        for at, (row, column, cell) in enumerate(cells):
            found = self._around.fullmatch(as_text(cell)) if self._around and isinstance(cell, str) else None
            if found is not None:
                rest = (row, column, found["key"] or found["first"])
                key = self._key(series, [*cells[:at], rest, *cells[at + 1 :]])
                if key is not None:
                    return key, self._words[simplify(found["front"] or found["back"])]
        key = self._key(series, cells)
        return None if key is None else (key, None)

    def _key(self, series: str | Sequence[str], cells: list[tuple[int, int, Any]]) -> StackKey | None:
        if not cells:
            return None
        if len(cells) > 1:
            # "2024" above "Jan" is a month of that year.
            text = " ".join(as_text(cell) for _, _, cell in cells)
            value = self._value(series, text)
            if value is not None:
                return StackKey(value, *cells[-1][:2])
        for at in range(len(cells) - 1, -1, -1):
            row, column, cell = cells[at]
            value = self._value(series, cell)
            if value is not None:
                others = " ".join(as_text(other) for number, (_, _, other) in enumerate(cells) if number != at)
                years = set(years_in(others))
                if series in ("months", "quarters", "weeks") and len(years) == 1 and not has_year(series, value):
                    value = f"{as_text(value)} {years.pop()}"
                return StackKey(value, row, column)
        return None

    def _value(self, series: str | Sequence[str], cell: Any) -> Any:
        """Returns the value that a header is; ``None`` if it belongs to none of the series."""
        text = as_text(cell)
        if self._pattern is not None:
            found = self._pattern.fullmatch(text)
            return None if found is None else next((group for group in found.groups() if group), text)
        if not isinstance(series, str):
            return text if simplify(text) in self._lists[id(series)] else None
        if series == OTHERS:
            return text or None
        for candidate in dict.fromkeys((cell, without_brackets(text)) if isinstance(cell, str) else (cell,)):
            if belongs(series, candidate):
                return _with_century(candidate) if series == "months" and isinstance(candidate, str) else text if isinstance(candidate, (int, float)) else candidate
        return None

    @property
    def ways(self) -> tuple[Any, ...]:
        """Returns the series to try, in their order; a single one for a pattern."""
        return self.series if self._pattern is None else ("",)


def _with_century(text: str) -> str:
    """Returns ``Jan 2025`` for ``Jan-25``: with a month, two digits are its year."""
    found = re.fullmatch(r"(\D+?)[\s\-/.,'’]*(\d\d)", " ".join(text.split()))
    return f"{found[1].strip()} 20{found[2]}" if found else text


def _are_texts(words: Any) -> bool:
    return not isinstance(words, str) and isinstance(words, Sequence) and all(isinstance(word, str) for word in words)
