"""Checks between fields: a field is the sum of others, or their difference."""

from __future__ import annotations

from collections.abc import Callable

from ade_engine.models import polars as pl

#: The rounding of amounts.
_CENT = 0.01


def sum_of(*fields: str, tolerance: float = _CENT) -> Callable[..., pl.Expr]:
    """Checks that the field is the sum of others: ``checks=[sum_of("net", "vat")]``. Rows in which one of them is empty are
    fine.

    ``tolerance``: the allowed difference. The message contains the sum. Raises ``TypeError`` for less than two fields.
    """
    return _check("sum_of", " + ", fields, [1] * len(fields), tolerance)


def difference_of(whole: str, *parts: str, tolerance: float = _CENT) -> Callable[..., pl.Expr]:
    """Checks that the field is the rest of another: ``difference_of("current", "previous")``. Rows in which one is empty are
    fine.

    ``tolerance``: the allowed difference. The message contains the expected difference. Raises ``TypeError`` for less than two
    fields.
    """
    return _check("difference_of", " − ", (whole, *parts), [1] + [-1] * len(parts), tolerance)


def _check(name: str, sign: str, fields: tuple[str, ...], factors: list[int], tolerance: float) -> Callable[..., pl.Expr]:
    if len(fields) < 2 or not all(isinstance(field, str) for field in fields):
        raise TypeError(f'{name} takes the names of two fields or more, such as {name}("current", "previous")')

    def check(field_name: str, table: pl.DataFrame) -> pl.Expr:
        schema = table.schema
        if not all(field in schema and schema[field].is_numeric() for field in (field_name, *fields)):
            return pl.lit(None, dtype=pl.String)
        # Sums of floats end in digits that nobody wrote.
        expected = sum(pl.col(field).cast(pl.Float64) * factor for field, factor in zip(fields, factors)).round(6)
        is_wrong = (pl.col(field_name).cast(pl.Float64) - expected).abs() > tolerance * (1 + 1e-9)
        return pl.when(is_wrong).then(pl.format(f"not {sign.join(fields)}, which is {{}}", expected))

    #: Readers of these fields use the relation if a number can be read in two ways.
    check.relation = (fields, tuple(factors))
    check.__name__ = check.__qualname__ = name
    return check
