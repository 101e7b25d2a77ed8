"""Checks: expressions with a message for each wrong value, and null for correct ones. Only :func:`required` complains about
empty cells.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from ade_engine import _native
from ade_engine.fields.readers import readable
from ade_engine.fields.surroundings import is_strict
from ade_engine.models import polars as pl
from ade_engine.models.errors import nearest
from ade_engine.models.polars import series_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: The message for a value that another row has, too; the list of issues adds the rows.
REPEATED = "occurs more than once"
_DAY_0 = dt.date(1970, 1, 1).toordinal()
#: Larger whole numbers do not fit a column.
_MAX_WHOLE_NUMBER = 2**63


class Check(pl.Expr):
    """A check: an expression, and its native counterpart, which works without polars."""

    #: Whether the check is about empty cells. If so, it adds nothing for a cell that could not be read.
    is_about_emptiness = False
    #: Whether the check is about repeated values.
    is_about_repeats = False

    def __init__(self, column: str, expression: Callable[[], pl.Expr], demand: str | None, *said: str, **limits: Any):
        if not isinstance(column, str):
            raise TypeError(f"a check takes the name of a column, not {type(column).__name__}")
        self.column = column
        self._expression = expression
        #: The native check if there is one, its message, and its limits.
        self._demand, self._said, self._limits = demand, said, limits

    @property
    def _pyexpr(self) -> Any:
        # Created when polars asks for it, because most checks are applied without polars.
        made = self.__dict__.get("_made")
        if made is None:
            made = self.__dict__["_made"] = self._expression()._pyexpr
        return made

    def messages(self, table: pl.DataFrame, others: list[pl.Series]) -> tuple[bool, pl.Series | None]:
        """Returns whether the messages for a table's rows are known without polars, and the messages if there are any.

        ``others``: existing messages, to which this check adds nothing.
        """
        if self.column not in table.columns:
            return False, None
        cells = table.get_column(self.column)
        if not self.is_about_emptiness and cells.null_count() == len(cells):
            return True, None
        if self._demand is None:
            return False, None
        try:
            is_known, said = _native.checked(cells, self._demand, *self._said, **self._limits, others=others)
        except TypeError:
            # Polars reports a wrong column type when it applies the expression.
            return False, None
        return is_known, None if said is None else series_of(said)


def _says(is_wrong: pl.Expr, message: str) -> pl.Expr:
    return pl.when(is_wrong).then(pl.lit(message))


def required(column: str) -> pl.Expr:
    """Checks that the cell has a value; blank text is no value."""

    def expression() -> pl.Expr:
        value = pl.col(column)
        return _says(value.is_null() | (value.cast(pl.String, strict=False).str.strip_chars() == ""), "empty")

    check = Check(column, expression, "filled", "empty")
    check.is_about_emptiness = True
    return check


def unique(column: str) -> pl.Expr:
    """Checks that no other row of the table has the same value."""

    def expression() -> pl.Expr:
        value = pl.col(column)
        return _says(value.is_not_null() & value.is_duplicated(), REPEATED)

    check = Check(column, expression, "unique", REPEATED)
    check.is_about_repeats = True
    return check


def one_of(column: str, values: list[Any] | tuple[Any, ...], *, case_sensitive: bool = True) -> pl.Expr:
    """Checks that the value is in a list."""
    shown = ", ".join(str(entry) for entry in values[:8]) + (", …" if len(values) > 8 else "")
    known = list(values) if case_sensitive else [str(entry).lower() for entry in values]

    def expression() -> pl.Expr:
        value = pl.col(column) if case_sensitive else pl.col(column).cast(pl.String).str.to_lowercase()
        return _says(~value.is_in(known), f"none of {shown}")

    demand = None
    if all(isinstance(entry, str) for entry in known):
        demand = "one_of" if case_sensitive else "one_of_any_case"
    return Check(column, expression, demand, f"none of {shown}", known={*known} if demand else None)


def pattern(column: str, expression: str, message: str | None = None) -> pl.Expr:
    """Checks that the whole text matches a regular expression (Rust's syntax)."""

    whole, said = f"^(?:{expression})$", message or f"does not look like {expression}"
    return Check(column, lambda: _says(~pl.col(column).cast(pl.String).str.contains(whole), said), "matched", said, matched=whole)


def range(column: str, least: float | None = None, most: float | None = None) -> pl.Expr:
    """Checks that the number is at least ``least`` and at most ``most``."""
    return _between(column, least, most, "less than", "more than")


def date_range(column: str, first: dt.date | str | None = None, last: dt.date | str | None = None) -> pl.Expr:
    """Checks that the day is ``first`` or later and ``last`` or earlier; both as dates or as ``"2025-01-31"``."""
    first, last = (dt.date.fromisoformat(day) if isinstance(day, str) else day for day in (first, last))
    return _between(column, first, last, "before", "after", of_day=True)


def _between(column: str, least: Any, most: Any, below: str, above: str, of_day: bool = False) -> pl.Expr:
    below, above = f"{below} {least}", f"{above} {most}"

    def expression() -> pl.Expr:
        # A time of day belongs to its day.
        value = pl.col(column).cast(pl.Date) if of_day else pl.col(column)
        is_below = pl.lit(False) if least is None else value < least
        is_above = pl.lit(False) if most is None else value > most
        return pl.when(is_below).then(pl.lit(below)).when(is_above).then(pl.lit(above))

    limits = {"least": least, "most": most}
    if of_day:
        limits = {name: day_number(limit) if type(limit) is dt.date else limit for name, limit in limits.items()}
        # Polars compares limits that include a time of day.
        is_known = all(limit is None or type(limit) is int for limit in limits.values())
    else:
        is_known = all(limit is None or type(limit) is float or type(limit) is int and abs(limit) < _MAX_WHOLE_NUMBER for limit in limits.values())
    return Check(column, expression, ("days_between" if of_day else "between") if is_known else None, below, above, **limits)


def day_number(day: dt.date) -> int:
    """Returns the number of days from 1970-01-01 to a day."""
    return day.toordinal() - _DAY_0


def checksum(column: str, kind: str) -> pl.Expr:
    """Checks the id's own check digits: ``"iban"``, ``"vat"`` (European Union) or ``"luhn"`` (card numbers and many ids)."""
    names = {"iban": "an IBAN", "vat": "a VAT number", "luhn": "a number with a right check digit"}
    if kind not in names:
        raise ValueError(f"a checksum is 'iban', 'vat' or 'luhn', not {kind!r}{nearest(kind, names)}")
    demand, said = "vat_by_all_rules" if kind == "vat" and is_strict() else kind, f"not {names[kind]}"

    def messages(series: pl.Series) -> pl.Series:
        found = _native.checked(readable(series), demand, said)[1]
        return pl.Series(series.name, [None] * len(series), dtype=pl.String) if found is None else pl.Series(series.name, found)

    return Check(column, lambda: pl.col(column).map_batches(messages, return_dtype=pl.String), demand, said)
