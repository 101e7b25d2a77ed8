"""The order in which merged ranges are listed, wherever they come from."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def in_order(ranges: Iterable[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Ranges (first row, last row, first column, last column) by their first cells, each once, without single cells."""
    several = {area for area in ranges if area[0] != area[1] or area[2] != area[3]}
    return sorted(several, key=lambda area: (area[0], area[2], area[1], area[3]))
