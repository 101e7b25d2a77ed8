"""A column or a field for comparison: its words, its kind of values, and the values."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import filterfalse, islice
from math import ceil

from ade_engine.fields.headers import simplify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

#: Kinds of values that may be the same column.
_SENSE = {"money": "number", "name": "text"}
#: The lengths of numbers of articles, and their minimum share of the filled cells.
_GTIN_DIGITS = (8, 12, 13, 14)
_MIN_GTINS = 0.9


@dataclass(eq=False)
class ComparableColumn:
    """A column of one of two tables, or a field of which only the headers may be known.

    ``headers``: the words that people use for it; ``kind``: the kind of its values (``text``, ``name``, ``code``, ``number``,
    ``money``, ``date``, ``boolean``, ``email``, ``phone``; ``None`` if unknown); ``values``: row by row, numbers as numbers.
    """

    headers: tuple[str, ...]
    kind: str | None = None
    values: Sequence[Any] = ()
    #: The possible meanings of its headers in their own tables, each with the header; empty if they are unknown.
    known_meanings: Sequence[tuple[tuple[Any, ...], str]] = ()
    #: The numbers of the tables that it is in, if there are several; columns of other tables are no other columns of its own.
    tables: frozenset[int] = frozenset()

    @property
    def header(self) -> str:
        """Returns the first word for it."""
        return self.headers[0] if self.headers else ""

    @property
    def sense(self) -> str | None:
        """Returns its kind, where money counts as numbers, and names as texts."""
        return _SENSE.get(self.kind or "", self.kind)

    @cached_property
    def identity(self) -> str | None:
        """Returns ``email``, ``phone`` or ``gtin`` if its values are these: few tables have two columns of them."""
        if self.kind in ("email", "phone"):
            return self.kind
        return "gtin" if self.kind == "code" and are_gtins(self.texts) else None

    def is_beside(self, other: ComparableColumn) -> bool:
        """Returns whether both stand in one table."""
        return not (self.tables and other.tables and self.tables.isdisjoint(other.tables))

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


def are_gtins(filled: Sequence[str]) -> bool:
    """Returns whether nearly all values are numbers of articles (GTIN, once EAN) by their check digits (GS1 General
    Specifications 7.9).
    """
    # Of three numbers of any kind, all have the right last digit in one of a thousand columns.
    if len(filled) < 3:
        return False
    # Most columns are none after a tenth of their cells.
    most = len(filled) - ceil(_MIN_GTINS * len(filled))
    return len([*islice(filterfalse(_is_gtin, filled), most + 1)]) <= most


def _is_gtin(text: str) -> bool:
    digits = re.sub(r"[ -]", "", text)
    if not digits.isascii() or not digits.isdigit() or len(digits) not in _GTIN_DIGITS or not digits.strip("0"):
        return False
    return sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(reversed(digits))) % 10 == 0
