"""Checks: expressions that say what is wrong with a value, and null where nothing is. Empty cells are fine but for
:func:`required`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import polars as pl

from ade_engine import _native
from ade_engine.fields.readers import readable
from ade_engine.fields.surroundings import is_strict
from ade_engine.models.errors import nearest


#: What is said of a value that another row has, too; the list of issues adds where.
REPEATED = "occurs more than once"


class Check(pl.Expr):
    """A check: an expression, and a quick way to see that a whole column passes it."""

    #: Whether it complains of empty cells, so that it has nothing to add about one that could not be read.
    is_about_emptiness = False
    #: Whether it complains of values that come again.
    is_about_repeats = False

    def __init__(self, column: str, expression: Callable[[], pl.Expr], passes: Callable[[pl.Series], bool]):
        if not isinstance(column, str):
            raise TypeError(f"a check takes the name of a column, not {type(column).__name__}")
        self.column = column
        self._expression = expression
        self._passes = passes

    @property
    def _pyexpr(self) -> Any:
        # Made when polars asks for it: most columns pass.
        made = self.__dict__.get("_made")
        if made is None:
            made = self.__dict__["_made"] = self._expression()._pyexpr
        return made

    def passes(self, table: pl.DataFrame) -> bool:
        """Whether the whole column is seen to pass without a query; ``False`` says nothing."""
        try:
            return bool(self._passes(table.get_column(self.column)))
        except (pl.exceptions.PolarsError, TypeError):
            # Polars says what is wrong with the column or its type when the expression is applied.
            return False


def _says(is_wrong: pl.Expr, message: str) -> pl.Expr:
    return pl.when(is_wrong).then(pl.lit(message))


def required(column: str) -> pl.Expr:
    """The cell has a value."""
    check = Check(column, lambda: _says(pl.col(column).is_null(), "empty"), lambda values: not values.null_count())
    check.is_about_emptiness = True
    return check


def unique(column: str) -> pl.Expr:
    """No other row of the table has the same value."""

    def expression() -> pl.Expr:
        value = pl.col(column)
        return _says(value.is_not_null() & value.is_duplicated(), REPEATED)

    check = Check(column, expression, lambda values: values.drop_nulls().n_unique() == len(values) - values.null_count())
    check.is_about_repeats = True
    return check


def one_of(column: str, values: list[Any] | tuple[Any, ...], *, case_sensitive: bool = True) -> pl.Expr:
    """The value is one of these."""
    shown = ", ".join(str(one) for one in values[:8]) + (", …" if len(values) > 8 else "")

    def expression() -> pl.Expr:
        value, known = pl.col(column), list(values)
        if not case_sensitive:
            value, known = value.cast(pl.String).str.to_lowercase(), [str(one).lower() for one in known]
        return _says(~value.is_in(known), f"none of {shown}")

    return Check(column, expression, lambda cells: cells.null_count() == len(cells))


def pattern(column: str, expression: str, message: str | None = None) -> pl.Expr:
    """The whole text matches a regular expression (Rust's syntax)."""

    def wrong() -> pl.Expr:
        matches = pl.col(column).cast(pl.String).str.contains(f"^(?:{expression})$")
        return _says(~matches, message or f"does not look like {expression}")

    return Check(column, wrong, lambda values: values.null_count() == len(values))


def range(column: str, least: float | None = None, most: float | None = None) -> pl.Expr:
    """The number is at least ``least`` and at most ``most``."""
    return _between(column, least, most, "less than", "more than")


def date_range(column: str, first: dt.date | str | None = None, last: dt.date | str | None = None) -> pl.Expr:
    """The day is ``first`` or later and ``last`` or earlier; both as dates or as ``"2025-01-31"``."""
    first, last = (dt.date.fromisoformat(day) if isinstance(day, str) else day for day in (first, last))
    return _between(column, first, last, "before", "after", of_day=True)


def _between(column: str, least: Any, most: Any, below: str, above: str, of_day: bool = False) -> pl.Expr:
    def expression() -> pl.Expr:
        # A time of day belongs to its day.
        value = pl.col(column).cast(pl.Date) if of_day else pl.col(column)
        is_below = pl.lit(False) if least is None else value < least
        is_above = pl.lit(False) if most is None else value > most
        return pl.when(is_below).then(pl.lit(f"{below} {least}")).when(is_above).then(pl.lit(f"{above} {most}"))

    def passes(values: pl.Series) -> bool:
        values = values.cast(pl.Date) if of_day else values
        smallest, largest = values.min(), values.max()
        return smallest is None or (least is None or smallest >= least) and (most is None or largest <= most)

    return Check(column, expression, passes)


def checksum(column: str, kind: str) -> pl.Expr:
    """The id's own check digits agree: ``"iban"``, ``"vat"`` (European Union) or ``"luhn"`` (card numbers and many ids)."""
    names = {"iban": "an IBAN", "vat": "a VAT number", "luhn": "a number with a right check digit"}
    if kind not in names:
        raise ValueError(f"a checksum is 'iban', 'vat' or 'luhn', not {kind!r}{nearest(kind, names)}")

    strict = is_strict()

    def passed(series: pl.Series) -> pl.Series:
        return pl.Series(series.name, _native.passes_checksum(readable(series), kind, strict))

    return Check(
        column,
        lambda: _says(~pl.col(column).map_batches(passed, return_dtype=pl.Boolean), f"not {names[kind]}"),
        lambda values: passed(values).all(),
    )
