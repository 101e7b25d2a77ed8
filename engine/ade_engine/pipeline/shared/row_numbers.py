"""Numbers of rows, counted from 1, for notices."""

from __future__ import annotations

from ade_engine.models.table import column_letters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def stretches(rows: list[int]) -> list[list[int]]:
    """Returns sorted numbers as the first and last of each gapless range."""
    found: list[list[int]] = []
    for row in rows:
        if found and found[-1][1] == row - 1:
            found[-1][1] = row
        else:
            found.append([row, row])
    return found


def rows_in_words(rows: list[list[int]], most: int = 4) -> str:
    """Returns ``rows 3, 7 to 9 and 12``; after a few ranges, the number of further ones."""
    return _in_words(rows, str, "row", most)


def columns_in_words(columns: list[list[int]], most: int = 4) -> str:
    """Returns ``columns C and G to I`` for column numbers."""
    return _in_words(columns, column_letters, "column", most)


def _in_words(numbers: list[list[int]], name: Callable[[int], str], noun: str, most: int) -> str:
    shown = [name(first) if first == last else f"{name(first)} to {name(last)}" for first, last in numbers[:most]]
    more = len(numbers) - most
    if more > 0:
        shown.append("1 more place" if more == 1 else f"{more} more places")
    words = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
    return (f"{noun} " if len(numbers) == 1 and numbers[0][0] == numbers[0][1] else f"{noun}s ") + words
