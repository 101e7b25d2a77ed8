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
    _numbers = {pl.UInt32: PySeries.new_opt_u32, pl.UInt64: PySeries.new_opt_u64}[pl.get_index_type()]
except (ImportError, AttributeError, KeyError):
    _take = None


def series_of(column: Any) -> pl.Series:
    """The series of a column that exports itself as an Arrow array, under the name that it has there."""
    if _take is None:
        return pl.Series(column)
    return _wrap(_take(column))


def taken(column: pl.Series, places: list[int]) -> pl.Series:
    """The values at some places of a column, in the places' order."""
    if _take is None:
        return column[pl.Series(places, dtype=pl.UInt32)]
    return _wrap(column._s.gather_with_series(_numbers("", places, True)))


def frame_of(columns: list[pl.Series]) -> pl.DataFrame:
    """The frame of series that have names, each its own."""
    if _take is None:
        return pl.DataFrame(columns)
    return _wrap_frame(PyDataFrame([column._s for column in columns]))
