"""The notices about totals and balances among the rows of a table, and about totals that do not match the kept rows.

The native module decides (``sheet/inside.rs``). Rows count from 0 at the first row below a table's header.
"""

from __future__ import annotations

from ade_engine.infrastructure.policy import show_values
from ade_engine.models.notices import INFO, WARNING
from ade_engine.models.table import column_letters
from ade_engine.pipeline.shared import not_written
from ade_engine.pipeline.shared.row_numbers import stretches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine import _native
    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.pipeline.finding.header_rows import RowSpan
    from ade_engine.pipeline.shared.context import RunContext

#: The doubts about rows, by the numbers of the native module.
_DOUBTS = (
    "the numbers are sums of other rows, but the texts beside them look like those of a record",
    "the numbers are the same as in one other row",
    "a word such as Total, but the numbers are not sums of other rows",
    "numbers at the end of the table, without the texts that records have",
    "a word such as Balance, but texts or amounts like those of a record",
    "a word such as VAT, shipping or discount, without the texts that records have",
    "a word such as Average, but the numbers are not averages",
    "right below a total, without values that most records have",
    "without the date that all others have",
    'words such as "of which", below a record that may include the amount',
    "a word such as Total beside a number of rows, but the table has another number of them",
)
#: The maximum number of mismatched totals that are reported one by one.
_MAX_REPORTED_TOTALS = 10


def notice_totals(context: RunContext, span: RowSpan, scan: SheetScan, found: _native.TableBodyRows) -> None:
    """Sends notices about rows that may be totals, and about totals that do not add up."""
    doubtful: dict[int, list[int]] = {}
    for at, doubt in found.doubtful:
        doubtful.setdefault(doubt, []).append(span.data_start + at + 1)
    _notice_doubtful(context, doubtful)
    if context.settings.is_2026:
        _notice_checks(context, span, scan, found.checks)


def _notice_doubtful(context: RunContext, doubtful: dict[int, list[int]]) -> None:
    """Sends one notice for all doubtful rows of a table, with the reasons."""
    rows = sorted(row for found in doubtful.values() for row in found)
    if not rows:
        return
    said = "; ".join(f"{context.rows_in_words(stretches(found))}: {_DOUBTS[doubt]}" for doubt, found in sorted(doubtful.items()))
    are = "1 row may be a total or balance; kept as a record" if len(rows) == 1 else f"{len(rows)} rows may be totals or balances; kept as records"
    context.notice("doubtful_rows", f"{are} ({said})", count=len(rows), **context.rows_told(stretches(rows)))


def _notice_checks(context: RunContext, span: RowSpan, scan: SheetScan, checks: list[tuple[int, int, float, float, int, int, int, bool, bool]]) -> None:
    """Reports totals that do not match the kept rows: a warning if cents must add up, else a line of the audit record."""
    told = 0
    for at, column, said, added, first, last, decimals, is_balance, is_sure in checks:
        row, number = span.data_start + at + 1, span.first_column + column + 1
        cell, line = context.cell_of(row, number), row
        rows = f"rows {span.data_start + first + 1} to {span.data_start + last + 1}"
        if context.turned is not None:
            line = context.turned + number
            rows = f"columns {column_letters(span.data_start + first + 1)} to {column_letters(span.data_start + last + 1)}"
        what = f"the closing balance in {cell} is not the opening balance plus the amounts" if is_balance else f"the total in {cell} is not the sum of the rows that were kept"
        what += f" ({rows})"
        numbers = f"it says {said:.{decimals}f}, they add up to {added:.{decimals}f}, the difference is {said - added:.{decimals}f}"
        if not is_sure or told == _MAX_REPORTED_TOTALS:
            if context.policy.sends_notices:
                kind = "balance" if is_balance else "total"
                context.notices.judge(sheet=context.sheet_name, row=line, kind=kind, likelihoods={}, reasons=[what], message=f"row {line}, {kind}: {what}")
            continue
        told += 1
        facts = {}
        if context.policy.quotes_values:
            what += f": {numbers}"
            facts = {"said": said, "added": added, "difference": round(said - added, decimals)}
        else:
            show_values(f"sheet {context.sheet_name!r}, {cell}: {numbers}")
        context.notice("total_differs", f"{what}. Look for a row that is missing or was read wrongly", level=WARNING, cells=[cell], rows=[[line, line]], **facts)
        context.total_issues.append((row, number, what if context.policy.quotes_values else f"{what}: {numbers}", scan.cell(row - 1, number - 1)))


def notice_balances(context: RunContext, span: RowSpan, rows: list[int], scan: SheetScan) -> None:
    """Names balances that were left out, with their values if values may be quoted."""
    cells, values = [], []
    for row in rows:
        numbers = [(column, cell) for column, cell in enumerate(scan.row(row)) if column >= span.first_column and isinstance(cell, (int, float))]
        texts = [(column, cell) for column, cell in enumerate(scan.row(row)) if isinstance(cell, str) and any(map(str.isdigit, cell))]
        for column, cell in (numbers or texts)[-1:]:
            cells.append(context.cell_of(row + 1, column + 1))
            values.append(f"{cells[-1]}: {cell}")
    numbers = stretches([row + 1 for row in rows])
    plural = "row" if len(rows) == 1 else "rows"
    said = f"{len(rows)} {plural} of balances left out ({context.rows_in_words(numbers)}"
    quoted = f"; {', '.join(values)}" if values and context.policy.quotes_values else f"; {', '.join(cells)}" if cells else ""
    if values and not context.policy.quotes_values:
        show_values(f"sheet {context.sheet_name!r}, balances: {', '.join(values)}")
    context.notice("rows_left_out", f"{said}{quoted})", level=INFO, count=len(rows), **context.rows_told(numbers) | {"cells": cells}, reason=not_written.TOTAL)
