"""Checks: expressions that say what is wrong with a value, and null where nothing is. Empty cells are fine but for
:func:`required`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

from ade_engine import _native


def _says(is_wrong: pl.Expr, message: str) -> pl.Expr:
    return pl.when(is_wrong).then(pl.lit(message))


def required(column: str) -> pl.Expr:
    """The cell has a value."""
    return _says(pl.col(column).is_null(), "is empty")


def unique(column: str) -> pl.Expr:
    """No other row of the table has the same value."""
    value = pl.col(column)
    return _says(value.is_not_null() & value.is_duplicated(), "occurs more than once")


def one_of(column: str, values: list[Any] | tuple[Any, ...], *, case_sensitive: bool = True) -> pl.Expr:
    """The value is one of these."""
    value, known = pl.col(column), list(values)
    if not case_sensitive:
        value, known = value.cast(pl.String).str.to_lowercase(), [str(one).lower() for one in known]
    shown = ", ".join(str(one) for one in values[:8]) + (", …" if len(values) > 8 else "")
    return _says(~value.is_in(known), f"is none of {shown}")


def pattern(column: str, expression: str, message: str | None = None) -> pl.Expr:
    """The whole text matches a regular expression (Rust's syntax)."""
    wrong = ~pl.col(column).cast(pl.String).str.contains(f"^(?:{expression})$")
    return _says(wrong, message or f"does not look like {expression}")


def range(column: str, least: float | None = None, most: float | None = None) -> pl.Expr:
    """The number is at least ``least`` and at most ``most``."""
    value = pl.col(column)
    below = pl.lit(False) if least is None else value < least
    above = pl.lit(False) if most is None else value > most
    return pl.when(below).then(pl.lit(f"less than {least}")).when(above).then(pl.lit(f"more than {most}"))


def date_range(column: str, first: dt.date | str | None = None, last: dt.date | str | None = None) -> pl.Expr:
    """The day is ``first`` or later and ``last`` or earlier; both as dates or as ``"2025-01-31"``."""
    first, last = (dt.date.fromisoformat(day) if isinstance(day, str) else day for day in (first, last))
    value = pl.col(column)
    early = pl.lit(False) if first is None else value < first
    late = pl.lit(False) if last is None else value > last
    return pl.when(early).then(pl.lit(f"before {first}")).when(late).then(pl.lit(f"after {last}"))


def checksum(column: str, kind: str) -> pl.Expr:
    """The id's own check digits agree: ``"iban"``, ``"vat"`` (European Union) or ``"luhn"`` (card numbers and many ids)."""
    names = {"iban": "an IBAN", "vat": "a VAT number", "luhn": "a number with a right check digit"}
    if kind not in names:
        raise ValueError(f"a checksum is 'iban', 'vat' or 'luhn', not {kind!r}")

    def passes(series: pl.Series) -> pl.Series:
        return pl.Series(series.name, _native.passes_checksum(series, kind))

    return _says(~pl.col(column).map_batches(passes, return_dtype=pl.Boolean), f"is not {names[kind]}")
