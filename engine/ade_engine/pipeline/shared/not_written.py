"""Which lines of a sheet have no row in the output, as far as somebody has said why.

Reasons are words of the row map (docs/reference/rows.schema.json). What nobody has said is found out where the map is made.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER, BLANK, TOTAL, NOTE, TITLE = "header", "blank", "total", "note", "title"
REPEATED_HEADER, OUTSIDE, DROPPED, QUARANTINED, LINE, OTHER = "repeated_header", "outside", "dropped", "quarantined", "line", "other"


class NotWritten:
    """What was said of the lines of one sheet."""

    def __init__(self) -> None:
        self._said: list[tuple[int, int, str, str | None]] = []

    def add(self, rows: list[list[int]], reason: str, hook: str | None = None) -> None:
        """Say why lines have no row, given as first and last of each stretch, from 1; ``hook``: who dropped them."""
        self._said.extend((first, last, reason, hook) for first, last in rows)

    def __iter__(self) -> Iterator[tuple[int, int, str, str | None]]:
        return iter(self._said)
