"""Headers that are values themselves: months, quarters, years, weeks, dates, days of the week, numbers.

The native module tells what their texts are (``fields/series.rs``).
"""

from __future__ import annotations

import datetime as dt
import re

from ade_engine import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: What series there are.
SERIES = ("months", "quarters", "years", "weeks", "dates", "weekdays", "numbers")
#: Series whose values need a year to be a time.
WITHOUT_YEAR = frozenset(("months", "quarters", "weeks"))
#: Series whose columns may be totals of those of another one.
COARSER = {"months": ("quarters", "years"), "weeks": ("months", "quarters"), "dates": ("weeks", "months"), "quarters": ("years",), "weekdays": ("weeks",)}
_BRACKETS = r"\s*[(\[][^()\[\]]*[)\]]\s*$"


def belongs(series: str, cell: Any) -> bool:
    """Whether a header is one of a series: ``belongs("months", "Jan 2025")``."""
    if isinstance(cell, dt.date):
        return _native.is_day_of_series(series, cell.year, cell.month, cell.day)
    return _native.is_of_series(series, as_text(cell))


def as_text(cell: Any) -> str:
    """A header as text, a whole number without decimals."""
    if isinstance(cell, bool) or cell is None:
        return ""
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        cell = cell.date()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell).split())


def without_brackets(text: str) -> str:
    """A header without what stands in brackets at its end: a unit, a remark."""
    return re.sub(_BRACKETS, "", text)


def has_year(series: str, cell: Any) -> bool:
    """Whether a header of a series has a year in it. The two digits of KW 12 are the week."""
    return isinstance(cell, dt.date) or _native.header_has_year(series, as_text(cell))


def years_in(text: str) -> list[int]:
    """The years that stand in a text by themselves."""
    return _native.years_in(text)


def series_among(cells: list[Any], least: int = 1) -> list[str | None]:
    """Of some headers the series that each is of, where that needs no asking: months, quarters or years. Names are looked up if ``least`` of
    them stand beside one another.
    """
    return _native.series_among([as_text(cell) for cell in cells], least)
