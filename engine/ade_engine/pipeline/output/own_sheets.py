"""The sheet that lists all issues behind the data sheets of the output."""

from __future__ import annotations

import polars as pl

from ade_engine.io.limits import LAST_ROW
from ade_engine.io.output.own_list import HEADER_ROW, LINK, QUIET, SEVERITY, TEXT, WRAPPED, WRITTEN, OwnList
from ade_engine.models.issues import SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.io.output.workbook import Output

_TAB = "B42318"
#: Its columns, in order, and what they hold; and the keys of the list of issues that they show.
_ROLES = {
    "Sheet": TEXT,
    "Cell": LINK,
    "Severity": SEVERITY,
    "Field": TEXT,
    "Value as it stood": WRAPPED,
    "Written": WRITTEN,
    "What is wrong": WRAPPED,
    "Whose row": TEXT,
    "Rule": QUIET,
}
#: Left out where nothing is known of them.
_OPTIONAL = {"Written": "written", "Whose row": "key"}


def add_issues_sheet(output: Output, file_name: str) -> None:
    """Add the sheet "Issues" with a line for each issue, linked to its cell in the output; nothing where there is none."""
    issues = output.issues
    if issues is None or not issues.height:
        return
    total = issues.height
    lines = issues.head(LAST_ROW - HEADER_ROW)
    unknown = {name for name, key in _OPTIONAL.items() if lines.get_column(key).null_count() == lines.height}
    sheet = pl.col("output_sheet")
    is_placed = sheet.is_not_null() & pl.col("output").is_not_null()
    shown = lines.select(
        # Sheet and cell name one place: of this workbook, where the value is in it.
        pl.coalesce(sheet, "sheet").alias("Sheet"),
        pl.when(is_placed).then(pl.col("output")).alias("Cell"),
        pl.col("severity").alias("Severity"),
        pl.col("label").alias("Field"),
        pl.col("value").alias("Value as it stood"),
        pl.col("written").replace("", "left empty").alias("Written"),
        pl.col("message").alias("What is wrong"),
        pl.col("key").alias("Whose row"),
        pl.col("rule").alias("Rule"),
    )
    quoted = pl.lit("'") + sheet.str.replace_all("'", "''", literal=True) + "'!" + pl.col("output")
    places = lines.select(pl.when(is_placed).then(quoted)).to_series()
    roles = {name: role for name, role in _ROLES.items() if name not in unknown}
    counts = _counts(issues) + ("" if lines.height == total else f" The first {lines.height} are listed here.")
    title = f"{_counted(total, 'issue')} in {file_name}"
    output.add_list("Issues", OwnList(shown, roles, places, title=title, counts=counts, color=_TAB))


def _counts(issues: pl.DataFrame) -> str:
    """Such as ``2 errors, 3 warnings. Choose a cell’s name to go there.``"""
    severities = issues.get_column("severity")
    found = [(word, int((severities == word).sum())) for word in SEVERITIES]
    told = [f"{count} info" if word == "info" else _counted(count, word) for word, count in found if count]
    return f"{', '.join(told)}. Choose a cell’s name to go there."


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
