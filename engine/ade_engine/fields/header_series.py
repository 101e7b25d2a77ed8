"""Headers that are values themselves: months, quarters, years, weeks, dates, days of the week, numbers.

Names of months and of days are known where readers of dates know them, in some forty languages.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

from ade_engine import _native
from ade_engine.fields.made_of import QUARTER_WORDS, WEEK_WORDS
from ade_engine.fields.scales import folded
from ade_engine.models import polars as pl
from ade_engine.models.polars import series_of

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
#: What stands around the name of a month.
_AROUND_NAMES = "0123456789 -/.,'’"
#: A longer header is none of a series, where nobody has said so.
_LONGEST = 20
_NUMBER = r"#?\s*\d{1,9}(?:[.,]\d+)?"
_YEAR_IN_FULL = rf"(?<!\d){_YEAR}(?!\d)"
_HAS_YEAR = rf"{_YEAR_IN_FULL}|['’]\d\d(?!\d)|[\s\-/.]\d\d$|\d{{2,4}}年"
_BRACKETS = r"\s*[(\[][^()\[\]]*[)\]]\s*$"


def _days_of(year: int, month: int) -> int:
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and is_leap else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def belongs(series: str, cell: Any) -> bool:
    """Whether a header is one of a series: ``belongs("months", "Jan 2025")``."""
    if isinstance(cell, (dt.date, dt.datetime)):
        day = cell.day
        return series == "dates" or series == "months" and day in (1, _days_of(cell.year, cell.month)) or series == "years" and (cell.month, day) in ((1, 1), (12, 31))
    text = as_text(cell)
    return bool(text) and len(text) <= 40 and _TESTS[series](text)


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
    return isinstance(cell, dt.date) or bool(re.search(_YEAR_IN_FULL if series == "weeks" else _HAS_YEAR, as_text(cell)))


def years_in(text: str) -> list[int]:
    """The years that stand in a text by themselves."""
    return [int(year) for year in re.findall(rf"(?<![\d.,/-]){_YEAR}(?![\d.,])", text)]


def series_among(cells: list[Any], least: int = 1) -> list[str | None]:
    """Of some headers the series that each is of, where that needs no asking: months, quarters or years.

    Quick: without a pattern, and with one look at all names, if ``least`` of them stand beside one another.
    """
    found: list[str | None] = []
    names: dict[int, str] = {}
    for at, cell in enumerate(cells):
        text = as_text(cell) if cell is not None else ""
        series, name = _at_sight(text) if 0 < len(text) <= _LONGEST else (None, "")
        found.append(series)
        if name:
            names[at] = name
    run = longest = 0
    for at, series in enumerate(found):
        run = run + 1 if series or at in names else 0
        longest = max(longest, run)
    if len(names) > 1 and longest >= least:
        days = pl.Series([f"1 {name} 2024" for name in names.values()], dtype=pl.String)
        read = series_of(_native.read_column(days, "date", None, is_strict=True).column)
        for at, day in zip(names, read.to_list()):
            found[at] = None if day is None else "months"
    return found


def _at_sight(text: str) -> tuple[str | None, str]:
    """The series of a header without a look at its words, or the word that may be a month."""
    name = text.strip(_AROUND_NAMES)
    digits = "".join(filter(str.isdigit, text))
    if not name:
        if text == digits:
            return ("years" if len(text) == 4 and int(text) in _YEARS else None), ""
        year, _, number = text.replace("/", "-").replace(".", "-").partition("-")
        if len(year) < len(number):
            year, number = number, year
        is_month = len(year) == 4 and len(number) in (1, 2) and (year + number).isdigit() and int(year) in _YEARS and 1 <= int(number) <= 12
        return ("months" if is_month else None), ""
    if name in ("Q", "q"):
        # Q1, 1Q25, Q1 2025, 2025-Q1
        beside = (text.upper().partition("Q")[2] or text)[:1]
        return ("quarters" if beside in "1234" and len(digits) in (1, 3, 5) else None), ""
    return None, (name if name.isalpha() and 1 < len(name) <= 12 and len(digits) in (0, 2, 4) else "")


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
