"""Headers that are values themselves: months, quarters, years, weeks, dates, days of the week, numbers.

Names of months and of days are known where readers of dates know them, in some forty languages.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

import polars as pl

from ade_engine import _native
from ade_engine.fields.made_of import QUARTER_WORDS, WEEK_WORDS
from ade_engine.fields.scales import folded
from ade_engine.models.series import series_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Patterns are compiled when the first header asks for them: few configurations have one.

#: What series there are.
SERIES = ("months", "quarters", "years", "weeks", "dates", "weekdays", "numbers")
#: Series whose values need a year to be a time.
WITHOUT_YEAR = frozenset(("months", "quarters", "weeks"))
#: Series whose columns may be totals of those of another one.
COARSER = {"months": ("quarters", "years"), "weeks": ("months", "quarters"), "dates": ("weeks", "months"), "quarters": ("years",), "weekdays": ("weeks",)}
_YEARS = range(1900, 2200)
#: The name of a month or a day.
_NAME = r"[^\W\d_]{2,15}\.?"
_YEAR = r"(?:(?:19|20|21)\d\d)"
_MONTH_AND_YEAR = rf"(?P<name>[^\d]+?)(?:[\s\-/.,'’]*(?:{_YEAR}|\d\d))?|{_YEAR}[\s\-/.,]*(?P<after>[^\d]+)"
_MONTH_IN_DIGITS = rf"(?:{_YEAR}\s*[-/.]\s*(?:0?[1-9]|1[0-2])|(?:0?[1-9]|1[0-2])\s*[-/.]\s*{_YEAR}|(?:\d{{2,4}}\s*年\s*)?(?:0?[1-9]|1[0-2])\s*[月월])"
_QUARTER = (
    rf"(?:{_YEAR}\s*[-/ .]?\s*)?(?:{QUARTER_WORDS}\.?\s*(?:[1-4]|iv|i{{1,3}})|(?:[1-4]|iv|i{{1,3}})(?:st|nd|rd|th|er|e|o|º|\.)?\s*{QUARTER_WORDS}\.?)"
    rf"(?:\s*(?:of |de |[-/ '’.])?\s*(?:{_YEAR}|\d\d))?"
)
_YEAR_ALONE = rf"(?:(?:fy|gj|cy|ay|year|jahr|an|ano|anno|rok)\s*'?)?{_YEAR}(?:\s*[-/]\s*(?:{_YEAR}|\d\d))?\s*(?:年|г\.?|년)?\s*[aefpb*]?"
_WEEK = rf"(?:{WEEK_WORDS}\.?\s*(?:[1-9]|[0-4]\d|5[0-3])(?:\s*(?:,|of |[-/ .])\s*{_YEAR})?|{_YEAR}\s*[-/ .]?\s*{WEEK_WORDS}\.?\s*\d{{1,2}})"
_DAY_AND_DATE = r"(?P<day>[^\W\d_]{2,15})\.?(?:[\s,]+\d{1,2}[./-]\d{1,2}(?:[./-](?:\d{2,4})?)?)?"
_PLAIN_QUARTER = rf"(?:{_YEAR}[-/ ]?)?(?:Q[1-4]|[1-4]Q)(?:[-/ '’](?:{_YEAR}|\d\d))?"
#: A longer header is none of a series, where nobody has said so.
_LONGEST = 20
_NUMBER = r"#?\s*\d{1,9}(?:[.,]\d+)?"
_HAS_YEAR = rf"(?<!\d){_YEAR}(?!\d)|['’]\d\d(?!\d)|[\s\-/.]\d\d$|\d{{2,4}}年"
_BRACKETS = r"\s*[(\[][^()\[\]]*[)\]]\s*$"


def belongs(series: str, cell: Any) -> bool:
    """Whether a header is one of a series: ``belongs("months", "Jan 2025")``."""
    if isinstance(cell, (dt.date, dt.datetime)):
        day = cell.day
        return series == "dates" or series == "months" and (day == 1 or (cell + dt.timedelta(1)).day == 1) or series == "years" and (cell.month, day) in ((1, 1), (12, 31))
    text = as_text(cell)
    return bool(text) and len(text) <= 40 and _TESTS[series](text)


def as_text(cell: Any) -> str:
    """A header as text, a whole number without decimals."""
    if isinstance(cell, bool) or cell is None:
        return ""
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        cell = cell.date()
    if isinstance(cell, float) and cell == int(cell):
        cell = int(cell)
    return " ".join(str(cell).split())


def without_brackets(text: str) -> str:
    """A header without what stands in brackets at its end: a unit, a remark."""
    return re.sub(_BRACKETS, "", text)


def has_year(cell: Any) -> bool:
    """Whether a header of a series has a year in it."""
    return isinstance(cell, dt.date) or bool(re.search(_HAS_YEAR, as_text(cell)))


def years_in(text: str) -> list[int]:
    """The years that stand in a text by themselves."""
    return [int(year) for year in re.findall(rf"(?<![\d.,/-]){_YEAR}(?![\d.,])", text)]


def series_among(cells: list[Any]) -> list[str | None]:
    """Of some headers the series that each is of, where that needs no asking: months, quarters or years. Quick: one look at all of them."""
    texts = [as_text(cell) for cell in cells]
    found: list[str | None] = [None] * len(texts)
    names: dict[int, str] = {}
    for at, text in enumerate(texts):
        if not text or len(text) > _LONGEST:
            continue
        if text.isdigit():
            found[at] = "years" if len(text) == 4 and int(text) in _YEARS else None
        elif re.fullmatch(_MONTH_IN_DIGITS, text):
            found[at] = "months"
        elif re.fullmatch(_PLAIN_QUARTER, text):
            found[at] = "quarters"
        else:
            named = re.fullmatch(_MONTH_AND_YEAR, text)
            name = (named["name"] or named["after"] or "").strip(" -/.,'’") if named else ""
            if re.fullmatch(_NAME, name):
                names[at] = name
    if len(names) > 1:
        days = pl.Series([f"1 {name} 2024" for name in names.values()], dtype=pl.String)
        read = series_of(_native.read_column(days, "date", None, is_strict=True).column)
        for at, is_month in zip(names, read.is_not_null().to_list()):
            found[at] = "months" if is_month else None
    return found


@lru_cache(maxsize=4096)
def _is_date(text: str) -> bool:
    return series_of(_native.read_column(pl.Series([text], dtype=pl.String), "date", None, is_strict=True).column)[0] is not None


def _is_month(text: str) -> bool:
    if re.fullmatch(_MONTH_IN_DIGITS, text):
        return True
    found = re.fullmatch(_MONTH_AND_YEAR, text)
    name = (found["name"] or found["after"] or "").strip(" -/.,'’") if found else ""
    return bool(re.fullmatch(_NAME, name)) and _is_date(f"1 {name} 2024")


def _is_weekday(text: str) -> bool:
    found = re.fullmatch(_DAY_AND_DATE, text)
    # The weekday of a date has to be its own: of seven days in a row one has it.
    return found is not None and any(_is_date(f"{found['day']} {day} Jan 2024") for day in range(1, 8))


def _is_day(text: str) -> bool:
    return any(map(str.isdigit, text)) and not re.fullmatch(_NUMBER, text) and not re.fullmatch(_MONTH_IN_DIGITS, text) and _is_date(text)


_TESTS = {
    "months": _is_month,
    "quarters": lambda text: re.fullmatch(_QUARTER, folded(text)) is not None,
    "years": lambda text: re.fullmatch(_YEAR_ALONE, folded(text)) is not None,
    "weeks": lambda text: re.fullmatch(_WEEK, folded(text)) is not None,
    "dates": _is_day,
    "weekdays": _is_weekday,
    "numbers": lambda text: re.fullmatch(_NUMBER, text) is not None,
}
