"""A column, or a field, as all that is inferred looks at it: the words for it, what its values are, and these."""

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
class Side:
    """A column of one of two tables, or a field of which nothing but its headers may be known.

    ``headers``: the words that people call it by; ``kind``: what its values are (``text``, ``name``, ``code``, ``number``, ``money``,
    ``date``, ``boolean``, ``email``, ``phone``; ``None``: nobody knows); ``values``: row by row, numbers as numbers.
    """

    headers: tuple[str, ...]
    kind: str | None = None
    values: Sequence[Any] = ()

    @property
    def header(self) -> str:
        """The first word for it."""
        return self.headers[0] if self.headers else ""

    @property
    def sense(self) -> str | None:
        """Its kind, where money and numbers are one, and names and texts."""
        return _SENSE.get(self.kind or "", self.kind)

    @cached_property
    def texts(self) -> list[str]:
        """What stands in the filled cells, as the kind has it."""
        return [str(value) for value in self.values if value is not None and value != ""]

    @cached_property
    def shown(self) -> Counter[str]:
        """How often each value occurs; case and accents do not count."""
        return Counter(simplify(text) or text for text in self.texts)

    def mean(self, of: Callable[[str], float]) -> float:
        """The mean of something of its texts."""
        return sum(of(text) * count for text, count in self.shown.items()) / max(1, sum(self.shown.values()))

    @property
    def is_whole(self) -> bool:
        """Whether its numbers, if it has any, may be ids."""
        return self.kind != "money" and all(float(number).is_integer() for number in self.numbers)

    @property
    def days(self) -> list[int]:
        """Its days, as numbers."""
        return [value.toordinal() for value in self.values if isinstance(value, date)]

    @property
    def numbers(self) -> list[float]:
        return [value for value in self.values if isinstance(value, (int, float)) and not isinstance(value, bool)]

    def first(self, rows: int) -> Side:
        """It with so many rows."""
        return Side(self.headers, self.kind, self.values[:rows])
