"""Headers that are values themselves: months, quarters, years, weeks, dates, days of the week, numbers.

The native module reads their texts (``fields/series.rs``).
"""

from __future__ import annotations

import datetime as dt
import re

from ade_engine import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: The names of all series.
SERIES = ("months", "quarters", "years", "weeks", "dates", "weekdays", "numbers")
#: Series whose values need a year to be a time.
WITHOUT_YEAR = frozenset(("months", "quarters", "weeks"))
#: Series whose columns may be totals of another series.
COARSER = {"months": ("quarters", "years"), "weeks": ("months", "quarters"), "dates": ("weeks", "months"), "quarters": ("years",), "weekdays": ("weeks",)}
_BRACKETS = r"\s*[(\[][^()\[\]]*[)\]]\s*$"


def belongs(series: str, cell: Any) -> bool:
    """Returns whether a header belongs to a series: ``belongs("months", "Jan 2025")``."""
    if isinstance(cell, dt.date):
        return _native.is_day_of_series(series, cell.year, cell.month, cell.day)
    return _native.is_of_series(series, as_text(cell))


def as_text(cell: Any) -> str:
    """Returns a header as text, a whole number without decimals."""
    if isinstance(cell, bool) or cell is None:
        return ""
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        cell = cell.date()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell).split())


def without_brackets(text: str) -> str:
    """Returns a header without brackets at its end, which hold a unit or a remark."""
    return re.sub(_BRACKETS, "", text)


def has_year(series: str, cell: Any) -> bool:
    """Returns whether a header of a series contains a year. The two digits of KW 12 are the week."""
    return isinstance(cell, dt.date) or _native.header_has_year(series, as_text(cell))


def years_in(text: str) -> list[int]:
    """Returns the years that are separate words of a text."""
    return _native.years_in(text)


def series_among(cells: list[Any], least: int = 1) -> list[str | None]:
    """Returns the series of each header if it is unambiguous: months, quarters or years. Names are looked up if ``least`` of
    them are side by side.
    """
    return _native.series_among([as_text(cell) for cell in cells], least)
