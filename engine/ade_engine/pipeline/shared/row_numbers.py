"""Numbers of rows, counted from 1, as notices name them."""

from __future__ import annotations


def stretches(rows: list[int]) -> list[list[int]]:
    """Sorted numbers as first and last of each stretch without a gap."""
    found: list[list[int]] = []
    for row in rows:
        if found and found[-1][1] == row - 1:
            found[-1][1] = row
        else:
            found.append([row, row])
    return found


def rows_in_words(rows: list[list[int]], most: int = 4) -> str:
    """``rows 3, 7 to 9 and 12``; after a few, how many more stretches there are."""
    shown = [str(first) if first == last else f"{first} to {last}" for first, last in rows[:most]]
    more = len(rows) - most
    if more > 0:
        shown.append(f"{more} more stretches")
    words = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
    return ("row " if len(rows) == 1 and rows[0][0] == rows[0][1] else "rows ") + words
