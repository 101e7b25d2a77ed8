"""Marks the rows that reshapes recognize better than looks do: the months of a stack are a header, the labels of a form are
none.
"""

from __future__ import annotations

from ade_engine.fields.header_series import as_text
from ade_engine.fields.headers import simplify
from ade_engine.fields.stacks import OTHERS
from ade_engine.models.table import is_blank
from ade_engine.pipeline.finding.header_rows import HEADER, TITLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ade_engine._native import Scan
    from ade_engine.extensions.registry import Reshapes
    from ade_engine.fields.stacks import Stack
    from ade_engine.pipeline.shared.context import RunContext

#: The number of rows at the top that are examined, and the number among which those below a blank row are examined, too.
_FIRST_ROWS, _MAX_ROWS = 60, 2_000
#: The minimum number of headers of a series in a header row.
_MIN_SERIES_HEADERS = 3
#: Series whose values also occur in records.
_LIKE_VALUES = frozenset(("years", "numbers", "dates"))


def mark_headers(reshapes: Reshapes, words: dict[str, str], scan: Scan, kinds: bytearray) -> None:
    """Changes the kinds of rows that reshapes recognize. ``words``: the headers of fields."""
    _mark_forms(reshapes, kinds, scan, words)
    _mark_series_headers(reshapes.stacks, kinds, scan, words)


def _mark_series_headers(stacks: list[Stack], kinds: bytearray, scan: Scan, words: dict[str, str]) -> None:
    """Marks rows with adjacent headers of a series as headers, and those with the names of values below or above them.

    Beside one of the words, two headers of a series are enough.
    """
    row, last = 0, min(len(kinds), _MAX_ROWS)
    while row < last:
        if row >= _FIRST_ROWS and not scan.is_empty_row(row - 1):
            row += 1
            continue
        cells = scan.row(row)
        stack = next((stack for stack in stacks if _is_header(stack, cells, words)), None)
        if stack is None:
            row += 1
            continue
        first, stop = row, row + 1
        if stack.groups and stop < len(kinds) and _names_values(stack, scan.row(stop)):
            stop += 1
        elif stack.groups and first and _names_values(stack, scan.row(first - 1)):
            first -= 1
        for one in range(first, stop):
            kinds[one] = HEADER
        row = stop
        # Years and numbers in the records below are no headers.
        while row < last and not scan.is_empty_row(row):
            row += 1


def _mark_forms(reshapes: Reshapes, kinds: bytearray, scan: Scan, words: dict[str, str]) -> None:
    """Marks lines of a form that were taken for headers as titles: labels that fields ask for, with their values."""
    labels = [place for places in reshapes.beside.values() for place in places if place.kind == "label"]
    row = kinds.find(HEADER) if labels else -1
    while row >= 0:
        filled = [cell for cell in scan.row(row) if not is_blank(cell)]
        others = [cell for cell in filled if not any(label.is_label(cell) for label in labels)]
        if len(others) < len(filled) and not any(simplify(as_text(cell)) in words for cell in others):
            kinds[row] = TITLE
        row = kinds.find(HEADER, row + 1)


def _is_header(stack: Stack, cells: list[Any], words: dict[str, str]) -> bool:
    """Returns whether a row is a header with the columns of a stack: several different keys, and no amount beside them."""
    filled = [(column, cell) for column, cell in enumerate(cells, 1) if not is_blank(cell)]
    if len(filled) < _MIN_SERIES_HEADERS:
        return False
    for way in stack.ways:
        if way == OTHERS:
            continue
        found = [stack.key_of(way, [(1, column, cell)]) for column, cell in filled]
        keys = [key for key in found if key is not None]
        distinct = {(as_text(key.value), name) for key, name in keys}
        others = [cell for (_, cell), key in zip(filled, found) if key is None]
        least = _MIN_SERIES_HEADERS - any(simplify(as_text(cell)) in words for cell in others)
        if len(distinct) < least or not all(isinstance(cell, str) for cell in others):
            continue
        if isinstance(way, str) and way in _LIKE_VALUES and (len(distinct) < len(keys) or not _counts_up([as_text(key.value) for key, _ in keys])):
            continue
        return True
    return False


def _counts_up(texts: list[str]) -> bool:
    """Returns whether numbers grow, as years do and amounts seldom; texts with other signs pass."""
    numbers = [float(text) for text in texts if text.isdigit()]
    steps = {after - before for before, after in zip(numbers, numbers[1:])}
    return len(numbers) < len(texts) or len(steps) == 1 and steps.pop() > 0


def _names_values(stack: Stack, cells: list[Any]) -> bool:
    """Returns whether a row has the names of a stack's values, and nothing but texts."""
    filled = [cell for cell in cells if not is_blank(cell)]
    words = {simplify(word) for name, words in stack.groups.items() for word in (*words, name)}
    known = [cell for cell in filled if simplify(as_text(cell)) in words]
    return len(known) >= 2 and all(isinstance(cell, str) for cell in filled)


def label_rows(context: RunContext) -> Callable[[Scan, int], bool] | None:
    """Returns a function that decides whether a row of a scan begins with a label or is a title that some field asks for;
    ``None`` if no field asks for any.
    """
    labels = [one for places in context.registry.reshapes.beside.values() for one in places if one.kind in ("label", "title")]

    def is_label(scan: Scan, row: int) -> bool:
        first = next((cell for cell in scan.row(row) if not is_blank(cell)), None)
        return first is not None and any(one.is_label(first) if one.kind == "label" else one.pattern.search(str(first)) for one in labels)

    return is_label if labels else None
