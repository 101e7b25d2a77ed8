"""Shapes that several debug events share."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.models.table import TableRegion


def region_data(region: TableRegion) -> dict[str, Any]:
    """A region's bounds and its spreadsheet notation."""
    return {
        "min_row": region.min_row,
        "min_col": region.min_col,
        "max_row": region.max_row,
        "max_col": region.max_col,
        "header_row_count": region.header_row_count,
        "a1": region.a1,
    }
