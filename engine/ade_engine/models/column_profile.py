"""The looks of a column, for column detectors that take ``column_profile``."""

from __future__ import annotations

from ade_engine.models.errors import UnknownAttribute, UnknownKey, did_you_mean, saying

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

#: The kinds that a cell's value can be read as, whatever its type: ``profile["date"]``.
PATTERNS = ("email", "phone", "date", "number", "code", "boolean", "iban")


class ColumnProfile:
    """Statistics of a column's values, its header, and the columns beside it.

    ``profile["email"]`` is the share of the filled cells that are e-mail addresses, from 0.0 to 1.0; the other patterns are
    ``"phone"``, ``"date"``, ``"number"``, ``"code"`` (letters with digits, or leading zeros), ``"boolean"`` and ``"iban"``. A
    cell has one pattern or none. The native module examines the column on first access: types are counted in all cells,
    everything else in at most 1,000 filled ones, taken evenly from the whole column.
    """

    __slots__ = ("index", "header", "_look", "_likeness", "_facts", "_table")

    def __init__(
        self,
        index: int,
        header: str,
        look: Callable[[], dict[str, Any]],
        likeness: Callable[[list[str]], tuple[int, int]],
        table: TableProfile,
    ):
        #: The column's position in its table, from 0.
        self.index = index
        #: The header's text; empty if it has none.
        self.header = header
        self._look = look
        self._likeness = likeness
        self._facts: dict[str, Any] | None = None
        self._table = table

    @property
    def _found(self) -> dict[str, Any]:
        if self._facts is None:
            self._facts = self._look()
        return self._facts

    def __getitem__(self, pattern: str) -> float:
        if pattern not in PATTERNS:
            raise UnknownKey(pattern, "a column profile", PATTERNS)
        return self._share(self._found["patterns"][pattern])

    def __getattr__(self, name: str) -> Any:
        # Called only for names that are no attributes yet.
        if name in PATTERNS:
            raise UnknownAttribute(f'a column profile has no attribute {name!r}: ask for column_profile["{name}"]')
        known = [attribute for attribute in dir(type(self)) if not attribute.startswith("_")]
        raise UnknownAttribute(f"a column profile has no attribute {name!r}{did_you_mean(name, known)}")

    def _share(self, count: int) -> float:
        looked_at = self._found["looked_at"]
        return count / looked_at if looked_at else 0.0

    @property
    def rows(self) -> int:
        """Returns the number of cells, including blank ones."""
        return self._found["rows"]

    @property
    def filled(self) -> int:
        """Returns the number of cells that are not blank."""
        return self._found["filled"]

    @property
    def types(self) -> dict[str, int]:
        """Returns the number of filled cells by their original type: text, number, date, time, duration, boolean."""
        return dict(self._found["types"])

    @property
    def distinct(self) -> float:
        """Returns the number of different values per filled cell: 1.0 if none occurs twice."""
        return self._share(self._found["distinct"])

    @property
    def same_shape(self) -> float:
        """Returns the share of the most frequent sequence of letters, digits and marks: "M-17" and "OPS-2000" have the same."""
        return self._share(self._found["same_shape"])

    @property
    def lengths(self) -> tuple[int, int, float]:
        """Returns the number of characters of the shortest cell, of the longest one, and of a cell on average."""
        return (*self._found["lengths"], self._share(self._found["characters"]))

    @property
    def with_plus(self) -> float:
        """Returns the share of the phone numbers that have a plus before their country."""
        patterns = self._found["patterns"]
        return patterns["plus"] / patterns["phone"] if patterns["phone"] else 0.0

    @property
    def currency(self) -> float:
        """Returns the share of the numbers that have a currency's sign or code."""
        return self._of_numbers("currency")

    @property
    def cents(self) -> float:
        """Returns the share of the numbers with two decimals at most; 0.0 if none has two."""
        return self._of_numbers("cents") if self._found["patterns"]["hundredths"] else 0.0

    def _of_numbers(self, what: str) -> float:
        patterns = self._found["patterns"]
        return patterns[what] / patterns["number"] if patterns["number"] else 0.0

    @property
    def range(self) -> tuple[float, float] | None:
        """Returns the smallest and the largest number; ``None`` if there is none."""
        return self._found["range"]

    @property
    def mean(self) -> float | None:
        """Returns the mean of the numbers; ``None`` if there is none."""
        numbers = self._found["patterns"]["number"]
        return self._found["sum"] / numbers if numbers else None

    def like(self, known: Iterable[str]) -> float:
        """Returns the share of the filled cells that are one of the known values; case, accents and outer blanks do not count.
        """
        if isinstance(known, (str, bytes)):
            words = "like takes a list of the values that a column may have, such as like(['New', 'Used']), not one text"
            raise saying(TypeError(words))
        alike, looked_at = self._likeness([str(value) for value in known])
        return alike / looked_at if looked_at else 0.0

    @property
    def by_header(self) -> dict[str, float]:
        """Returns the scores of this column's header for the package's ``Field``s, by field."""
        return dict(self._table.by_header(self.index))

    @property
    def others(self) -> list[ColumnProfile]:
        """Returns the profiles of the other columns of the table, from left to right."""
        return [column for column in self._table.columns if column is not self]

    @property
    def table(self) -> TableProfile:
        """Returns the profiles of all columns of the table."""
        return self._table

    def __repr__(self) -> str:
        shares = ", ".join(f"{pattern} {self[pattern]:.0%}" for pattern in PATTERNS if self[pattern])
        return f"ColumnProfile({self.header!r}: {self.filled} of {self.rows} filled{', ' if shares else ''}{shares})"


class TableProfile:
    """The profiles of the columns of a table, from left to right."""

    __slots__ = ("columns", "kinds", "_by_header", "_known")

    def __init__(self, kinds: dict[str, str], by_header: Callable[[int], dict[str, float]]):
        self.columns: Sequence[ColumnProfile] = ()
        #: The kinds of values of the package's fields, if their readers determine them, by field.
        self.kinds = kinds
        self._by_header = by_header
        self._known: tuple[set[str], set[int]] | None = None

    def by_header(self, index: int) -> dict[str, float]:
        """Returns the scores of a column's header for the package's ``Field``s, by field."""
        return self._by_header(index)

    @property
    def known(self) -> tuple[set[str], set[int]]:
        """Returns the fields that a header names beyond doubt, and the columns with such headers."""
        if self._known is None:
            fields: set[str] = set()
            columns: set[int] = set()
            for column in self.columns:
                sure = [field for field, score in self._by_header(column.index).items() if score >= 1]
                if sure:
                    fields.update(sure)
                    columns.add(column.index)
            self._known = fields, columns
        return self._known
