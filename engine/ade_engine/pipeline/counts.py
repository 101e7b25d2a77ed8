"""Counting cells for reports, without touching them one by one in Python."""

from __future__ import annotations

import polars as pl

#: What Python's ``str.strip`` takes for white space; polars alone would miss the separators from U+001C to U+001F.
_WHITE_SPACE = "".join(character for character in map(chr, range(0x3001)) if character.isspace())


class SourceCounts:
    """Cells that are not blank, by source column, and data rows in which every cell is."""

    __slots__ = ("filled_by_column", "blank_rows")

    def __init__(self, filled_by_column: list[int], blank_rows: int):
        self.filled_by_column = filled_by_column
        self.blank_rows = blank_rows


def _is_filled(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return (column.cast(pl.String).str.strip_chars(_WHITE_SPACE) != "").fill_null(False)
    return column.is_not_null()


def filled_cells(frame: pl.DataFrame, names: list[str]) -> list[int]:
    """Cells of the named columns that reports do not count as blank."""
    if not names or not frame.height:
        return [0] * len(names)
    schema = frame.schema
    counted = frame.select(_is_filled(name, schema[name]).sum().alias(str(i)) for i, name in enumerate(names))
    return [int(value) for value in counted.row(0)]


def blank_rows(frame: pl.DataFrame) -> int:
    """Rows in which every cell is blank."""
    if not frame.width:
        return frame.height
    filled = pl.any_horizontal(_is_filled(name, dtype) for name, dtype in frame.schema.items())
    return int(frame.select((~filled).sum()).item())
