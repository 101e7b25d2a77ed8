"""Polars series of columns that the native module has made, and frames of series, without what polars asks first."""

from __future__ import annotations

from typing import Any

import polars as pl

try:
    # What `pl.Series` comes to after it has asked whether the column is one of a dozen other things: for a column of a few
    # cells that takes longer than all else.
    from polars._plr import PyDataFrame, PySeries

    _take = PySeries.from_arrow_c_array
    _wrap = pl.Series._from_pyseries
    _wrap_frame = pl.DataFrame._from_pydf
except (ImportError, AttributeError):
    _take = None


def series_of(column: Any) -> pl.Series:
    """The series of a column that exports itself as an Arrow array, under the name that it has there."""
    if _take is None:
        return pl.Series(column)
    return _wrap(_take(column))


def frame_of(columns: list[pl.Series]) -> pl.DataFrame:
    """The frame of series that have names, each its own."""
    if _take is None:
        return pl.DataFrame(columns)
    return _wrap_frame(PyDataFrame([column._s for column in columns]))
