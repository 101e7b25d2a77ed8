"""Columns of Python values as polars series."""

from __future__ import annotations

from typing import Any


def series_of_values(name: str, values: list[Any]) -> Any:
    """Returns the series of a column of Python values; mixtures that polars refuses become text."""
    import polars as pl

    try:
        return pl.Series(name, values, strict=False)
    except Exception:
        # Polars has no type for this mixture, and says so with different exceptions.
        return pl.Series(name, [None if value is None else _as_text(value) for value in values], dtype=pl.String)


def _as_text(value: Any) -> str:
    from datetime import datetime

    return value.isoformat() if isinstance(value, datetime) else str(value)
