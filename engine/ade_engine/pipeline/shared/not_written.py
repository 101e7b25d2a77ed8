"""The lines of a sheet that have no row in the output, with known reasons.

Reasons are words of the row map (docs/reference/rows.schema.json). The row map itself determines the others.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER, BLANK, TOTAL, NOTE, TITLE = "header", "blank", "total", "note", "title"
REPEATED_HEADER, OUTSIDE, DROPPED, QUARANTINED, LINE, OTHER = "repeated_header", "outside", "dropped", "quarantined", "line", "other"


class UnwrittenLines:
    """The known reasons of the lines of one sheet."""

    def __init__(self) -> None:
        self._said: list[tuple[int, int, str, str | None]] = []

    def add(self, rows: list[list[int]], reason: str, hook: str | None = None) -> None:
        """Records why lines have no row. ``rows``: the first and last of each range, from 1; ``hook``: the hook that dropped
        them.
        """
        self._said.extend((first, last, reason, hook) for first, last in rows)

    def __iter__(self) -> Iterator[tuple[int, int, str, str | None]]:
        return iter(self._said)
