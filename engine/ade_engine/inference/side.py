"""A column or a field for comparison: its words, its kind of values, and the values."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from ade_engine.fields.headers import simplify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

#: Kinds of values that may be the same column.
_SENSE = {"money": "number", "name": "text"}


@dataclass(eq=False)
class ComparableColumn:
    """A column of one of two tables, or a field of which only the headers may be known.

    ``headers``: the words that people use for it; ``kind``: the kind of its values (``text``, ``name``, ``code``, ``number``,
    ``money``, ``date``, ``boolean``, ``email``, ``phone``; ``None`` if unknown); ``values``: row by row, numbers as numbers.
    """

    headers: tuple[str, ...]
    kind: str | None = None
    values: Sequence[Any] = ()

    @property
    def header(self) -> str:
        """Returns the first word for it."""
        return self.headers[0] if self.headers else ""

    @property
    def sense(self) -> str | None:
        """Returns its kind, where money counts as numbers, and names as texts."""
        return _SENSE.get(self.kind or "", self.kind)

    @cached_property
    def texts(self) -> list[str]:
        """Returns the texts of the filled cells, by the kind."""
        return [str(value) for value in self.values if value is not None and value != ""]

    @cached_property
    def shown(self) -> Counter[str]:
        """Returns how often each value occurs; case and accents do not count."""
        return Counter(simplify(text) or text for text in self.texts)

    def mean(self, of: Callable[[str], float]) -> float:
        """Returns the mean of a function of its texts."""
        return sum(of(text) * count for text, count in self.shown.items()) / max(1, sum(self.shown.values()))

    @property
    def is_whole(self) -> bool:
        """Returns whether its numbers, if it has any, may be ids."""
        return self.kind != "money" and all(float(number).is_integer() for number in self.numbers)

    @property
    def days(self) -> list[int]:
        """Returns its days as numbers."""
        return [value.toordinal() for value in self.values if isinstance(value, date)]

    @property
    def numbers(self) -> list[float]:
        return [value for value in self.values if isinstance(value, (int, float)) and not isinstance(value, bool)]

    def first(self, rows: int) -> ComparableColumn:
        """Returns it with the first rows only."""
        return ComparableColumn(self.headers, self.kind, self.values[:rows])
