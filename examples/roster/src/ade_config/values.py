"""Values as people type them: text, numbers and dates.

A cell that says what is meant becomes that; any other becomes null, never a guess. ``unread.py`` then reports the cells
that were filled and could not be read, so that nothing is lost unnoticed.
"""

import polars as pl

# Two digits for a year mean what spreadsheet programs take them for: 30 to 99 are 1930 to 1999, 00 to 29 are 2000 to 2029.
LAST_OF_THIS_CENTURY = 29
FIRST_YEAR, LAST_YEAR = 1900, 9999

TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp][Mm])?)?"
MONTH_NAMES = "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
MONTHS = {name: str(number) for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
# Each way to write a date: its pattern, and which group holds year, month and day. With slashes the month comes first.
DATES = (
    (rf"^(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){TIME}$", (1, 2, 3)),  # 2025-01-31
    (r"^(\d{4})(\d{2})(\d{2})$", (1, 2, 3)),  # 20250131
    (rf"^(\d{{1,2}})\.\s?(\d{{1,2}})\.\s?(\d{{4}}|\d{{2}}){TIME}$", (3, 2, 1)),  # 31.1.2025, 31.01.25
    (rf"^(\d{{1,2}})/(\d{{1,2}})/(\d{{4}}|\d{{2}}){TIME}$", (3, 1, 2)),  # 1/31/2025, 01/31/25
    (rf"(?i)^({MONTH_NAMES})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})$", (3, 1, 2)),  # January 31, 2025
    (rf"(?i)^(\d{{1,2}})(?:st|nd|rd|th)?\.?[\s-]+({MONTH_NAMES})\.?,?[\s-]+(\d{{4}}|\d{{2}})$", (3, 2, 1)),  # 31-Jan-25
)

CURRENCY = r"(?i)[$€£¥₹]|\b(?:us|usd|eur|gbp|chf|cad|aud)\b"
# Each way to write a number without its sign, and the separators to take out before a comma becomes the decimal point.
NUMBERS = (
    (r"^(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$", ""),  # 1309.5
    (r"^[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?$", ","),  # 1,309.50
    (r"^[1-9]\d?(?:,\d{2})+,\d{3}(?:\.\d*)?$", ","),  # 12,34,567.50
    (r"^[1-9]\d{0,2}(?:\.\d{3})+,\d+$", "."),  # 1.309,50
    (r"^[1-9]\d{0,2}(?:\.\d{3}){2,}$", "."),  # 1.309.500
    (r"^\d*,\d+$", ""),  # 1309,5
)
GROUPED = r"^\d{1,3}(?:[\s'’]\d{3})+(?:[.,]\d+)?$"  # 1 309,50 and 1'309.50


def as_text(table, name):
    """The column as text without white space around it; null where nothing is left.

    A whole number that arrives with decimals is written without: the badge number 4711 is not "4711.0".
    """
    column, dtype = pl.col(name), table.schema[name]
    # A time span, as spreadsheets have it for "38:30", is no text to polars unless it is asked like this.
    text = column.dt.to_string("iso") if dtype == pl.Duration else column.cast(pl.String)
    if dtype.is_float():
        is_whole = (column == column.round(0)) & (column.abs() < 2**53)
        text = pl.when(is_whole).then(column.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(text)
    text = text.str.strip_chars()
    return pl.when(text != "").then(text)


def as_number(table, name):
    """The column as numbers: ``"$1,309.50"``, ``"1.309,50"``, ``"1309,5"``, ``"(1309.50)"`` and ``"1309.50-"`` are some.

    One comma before exactly three digits separates thousands (``"1,309"``), one point is always the decimal point. A
    percentage is no amount.
    """
    if table.schema[name].is_numeric():
        return pl.col(name).cast(pl.Float64)
    amount = as_text(table, name).str.replace_all(CURRENCY, "").str.strip_chars()
    negative = pl.coalesce(
        amount.str.extract(r"^\(\s*(.+?)\s*\)$"), amount.str.extract(r"^[-−–]\s*(.+)$"), amount.str.extract(r"^(.+?)\s*-$")
    )
    digits = pl.coalesce(negative, amount.str.extract(r"^\+?\s*(.+)$"))
    digits = pl.when(digits.str.contains(GROUPED)).then(digits.str.replace_all(r"[\s'’]", "")).otherwise(digits)
    plain = pl.coalesce(
        pl.when(digits.str.contains(pattern)).then(
            digits.str.replace_all(separator, "", literal=True).str.replace(",", ".", literal=True)
            if separator
            else digits.str.replace(",", ".", literal=True)
        )
        for pattern, separator in NUMBERS
    )
    number = plain.cast(pl.Float64, strict=False)
    number = pl.when(number.is_finite()).then(number)
    return pl.when(negative.is_null()).then(number).otherwise(-number)


def as_date(table, name):
    """The column as dates from 1900 to 9999: spreadsheets know no others."""
    dtype = table.schema[name]
    if dtype in (pl.Date, pl.Datetime):
        date = pl.col(name).cast(pl.Date)
    else:
        text = as_text(table, name)
        year, month, day = (
            pl.coalesce(text.str.extract(pattern, groups[part]) for pattern, groups in DATES) for part in range(3)
        )
        short = year.str.len_chars() == 2
        century = pl.when(year.cast(pl.Int32, strict=False) > LAST_OF_THIS_CENTURY).then(pl.lit("19")).otherwise(pl.lit("20"))
        year = pl.when(short).then(century + year).otherwise(year)
        name_of_month = month.str.to_lowercase().str.slice(0, 3).replace_strict(MONTHS, default=None)
        month = pl.coalesce(name_of_month, month)
        # A day that a month does not have is no date.
        date = (year + "-" + month + "-" + day).str.to_date("%Y-%m-%d", strict=False)
    return pl.when(date.dt.year().is_between(FIRST_YEAR, LAST_YEAR)).then(date)
