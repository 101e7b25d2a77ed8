"""The engine's own sheets behind the data sheets of the output: all issues, and notes on how the file was read."""

from __future__ import annotations

from ade_engine.io.limits import LAST_ROW
from ade_engine.io.output.own_list import HEADER_ROW, OwnList
from ade_engine.models.issues import SEVERITIES
from ade_engine.pipeline.shared.not_written import OUTSIDE
from ade_engine.pipeline.shared.row_numbers import rows_in_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine._native import IssueList
    from ade_engine.io.output.workbook import WorkbookOutput
    from ade_engine.models.notices import Notices

_TAB = "B42318"
_TAB_OF_NOTES = "6B675F"


def add_issues_sheet(output: WorkbookOutput, file_name: str) -> None:
    """Adds the sheet "Issues" with a line for each issue, linked to its cell in the output, if there are any."""
    issues = output.issues
    if not issues:
        return
    total, most = len(issues), LAST_ROW - HEADER_ROW
    counts = _counts(issues) + ("" if total <= most else f" The first {most} are listed here.")
    output.add_list("Issues", OwnList(issues.sheet(f"{_counted(total, 'issue')} in {file_name}", counts, most), color=_TAB))


#: The columns, and whether their texts may be long.
_NOTES = {"What": False, "Sheet": False, "Where": True, "How many": False, "What was done": True}
#: Notices for authors, which do not concern a file.
_NO_NOTES = frozenset(("configuration",))


_REASONS = {OUTSIDE: "above or below the table"}


def add_notes_sheet(output: WorkbookOutput, file_name: str, notices: Notices) -> None:
    """Adds the sheet "Notes" with a line for each notice of the run and for each column that had to be interpreted, if there
    are any.
    """
    notes = [_note(notice) for notice in notices.notices if notice["code"] not in _NO_NOTES]
    notes += [_note_on_column(reading) for reading in notices.readings]
    if not notes:
        return
    columns = [(name, is_long, list(texts)) for (name, is_long), texts in zip(_NOTES.items(), zip(*notes[: LAST_ROW - HEADER_ROW]))]
    title = f"{_counted(len(notes), 'note')} on {file_name}"
    told = "What was left out, changed or guessed while the file was read. Rows and cells are those of the file."
    output.add_list("Notes", OwnList.from_columns(columns, title=title, counts=told, color=_TAB_OF_NOTES))


def _note(notice: dict[str, Any]) -> tuple[str, ...]:
    sheet, rows, cells, count = notice.get("sheet"), notice.get("rows"), notice.get("cells"), notice.get("count")
    what = notice["code"].replace("csv_", "CSV_").replace("_", " ")
    what = what[0].upper() + what[1:] + (f": {_REASONS.get(notice['reason'], notice['reason'].replace('_', ' '))}" if notice.get("reason") else "")
    done = notice["message"]
    for known in () if sheet is None else (f"sheet {sheet!r}: ", f"sheet {sheet!r}, "):
        done = done.removeprefix(known)
    where = rows_in_words(rows) if rows else ", ".join(cells or ())
    is_of_rows = rows and count == sum(last - first + 1 for first, last in rows)
    many = "" if count is None else _counted(count, "row") if is_of_rows else str(count)
    return what, sheet or ", ".join(notice.get("sheets", ())), where, many, done[0].upper() + done[1:]


def _note_on_column(reading: dict[str, Any]) -> tuple[str, ...]:
    column = "" if reading.get("column") is None else f"column {reading['column']} "
    where = f"{column}({' '.join(str(reading['header']).split())})" if reading.get("header") else column.strip()
    done = reading["message"]
    return "Column read", reading["sheet"], where, _counted(reading["cells"], "cell"), done if done.startswith("not read") else f"Read as {done}"


def _counts(issues: IssueList) -> str:
    """Returns a text such as ``2 errors, 3 warnings. Click the name of a cell to go to it.``"""
    found = [(word, issues.count_of(word)) for word in SEVERITIES]
    told = [f"{count} info" if word == "info" else _counted(count, word) for word, count in found if count]
    return f"{', '.join(told)}. Click the name of a cell to go to it."


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
