"""Facts beside a table that apply to all its records: the site in the title of the sheet, the month in a line above, the
customer in a form.
"""

from __future__ import annotations

import re

from ade_engine.fields.headers import simplify
from ade_engine.models.table import is_blank

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    #: A value and its cell, if it has one: row and column, from 1.
    LocatedValue = tuple[Any, int | None, int | None]

#: The maximum number of rows that are searched above a table, and of blank cells between a label and its value.
MAX_ROWS_ABOVE, _MAX_BLANK_CELLS = 200, 8


class TableSurroundings:
    """The text around a table: the rows above it, nearest first, with their numbers from 1, and the names of sheet and file."""

    def __init__(self, sheet: str, file: str, rows: Callable[[], Iterable[tuple[int, list[Any]]]]):
        self.sheet = sheet
        self.file = file
        self._rows = rows
        self._known: list[tuple[int, list[Any]]] | None = None

    @property
    def above(self) -> list[tuple[int, list[Any]]]:
        """Returns the rows above the table, nearest first."""
        if self._known is None:
            self._known = list(self._rows())
        return self._known


class BesideFact:
    """A value beside the table, for ``Field(…, beside=…)``: one of :data:`sheet_name`, :data:`file_name`, :data:`section`, or
    made by :func:`title` and :func:`label`.

    :data:`sheet_name` and :data:`file_name` take a pattern, whose first group is the value: ``sheet_name(r"Site (\\w+)")``.
    """

    def __init__(self, kind: str, words: Iterable[str] = (), pattern: str | None = None):
        self.kind = kind
        self.words = tuple(words)
        self.pattern = None if pattern is None else _compiled(kind, pattern)
        self._simple = frozenset(simplify(word.rstrip(" :：")) for word in self.words)

    def __call__(self, pattern: str) -> BesideFact:
        """Returns the same fact with a pattern. Raises ``TypeError`` for an invalid regular expression."""
        if self.kind not in ("sheet_name", "file_name"):
            raise TypeError(f"{self.kind} takes no pattern")
        return BesideFact(self.kind, pattern=pattern)

    def __repr__(self) -> str:
        inside = ", ".join([*map(repr, self.words), *([repr(self.pattern.pattern)] if self.pattern else [])])
        return f"{self.kind}({inside})" if inside else self.kind

    def find(self, around: TableSurroundings) -> LocatedValue | None:
        """Returns the value and its cell; ``None`` if it is missing."""
        if self.kind in ("sheet_name", "file_name"):
            text = around.sheet if self.kind == "sheet_name" else re.sub(r"\.[^.]{1,5}$", "", around.file)
            found = self._match(text)
            return None if found is None else (found, None, None)
        finder = self._label if self.kind == "label" else self._title
        for at, (number, cells) in enumerate(around.above):
            below = around.above[at - 1] if at and around.above[at - 1][0] == number + 1 else None
            found = finder(number, cells, below)
            if found is not None:
                return found
        return None

    def is_label(self, cell: Any) -> bool:
        """Returns whether a cell is the label, with or without its value behind a colon."""
        return isinstance(cell, str) and (simplify(cell.strip().rstrip(":：")) in self._simple or self._behind_colon(cell) is not None)

    def _match(self, text: str) -> str | None:
        if self.pattern is None:
            return text.strip() or None
        found = self.pattern.search(text)
        return None if found is None else next((group for group in found.groups() if group), found[0]).strip() or None

    def _title(self, number: int, cells: list[Any], below: tuple[int, list[Any]] | None) -> LocatedValue | None:
        for column, cell in enumerate(cells, 1):
            if not is_blank(cell):
                found = self._match(" ".join(str(cell).split()))
                if found is not None:
                    return found, number, column
        # A line may be spread over several cells.
        whole = self._match(" ".join(str(cell).strip() for cell in cells if not is_blank(cell)))
        first = next((column for column, cell in enumerate(cells, 1) if not is_blank(cell)), None)
        return None if whole is None or first is None else (whole, number, first)

    def _label(self, number: int, cells: list[Any], below: tuple[int, list[Any]] | None) -> LocatedValue | None:
        for column, cell in enumerate(cells):
            if not self.is_label(cell):
                continue
            behind = self._behind_colon(cell)
            if behind is not None:
                return behind, number, column + 1
            for at in range(column + 1, min(len(cells), column + 2 + _MAX_BLANK_CELLS)):
                if is_blank(cells[at]) or cells[at] == cell:
                    # A label that is merged over several cells repeats in each of them.
                    continue
                if isinstance(cells[at], str) and cells[at].rstrip().endswith((":", "：")):
                    break
                return cells[at], number, at + 1
            if below is not None and column < len(below[1]) and not is_blank(below[1][column]):
                return below[1][column], below[0], column + 1
        return None

    def _behind_colon(self, cell: str) -> str | None:
        label, mark, rest = cell.replace("：", ":").partition(":")
        return rest.strip() or None if mark and simplify(label) in self._simple else None


def _compiled(kind: str, pattern: Any) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except (re.error, TypeError) as error:
        raise TypeError(f"{kind} takes a regular expression, not {pattern!r}: {error}") from None


#: The title of the sheet, as a field's value.
sheet_name = BesideFact("sheet_name")
#: The name of the file, without its extension.
file_name = BesideFact("file_name")
#: The section head above the record, as ``group_rows = "column"`` finds it.
section = BesideFact("section")


def title(pattern: str) -> BesideFact:
    """Finds a line above the table: the first group of a regular expression, or its whole match. The nearest line counts.

    Raises ``TypeError`` for an invalid regular expression.
    """
    return BesideFact("title", pattern=pattern)


def label(*words: str) -> BesideFact:
    """Finds the cell beside or below a label above the table: ``label("Customer", "Kunde")``. Labels are compared as headers
    are.

    A value may also be in the label's own cell, behind a colon. The nearest label counts. Raises ``TypeError`` without a word.
    """
    if not words or not all(isinstance(word, str) and simplify(word) for word in words):
        raise TypeError('label takes the words of the label, such as label("Customer", "Kunde")')
    return BesideFact("label", words)
