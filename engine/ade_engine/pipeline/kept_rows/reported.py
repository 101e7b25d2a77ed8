"""Issues that hooks have reported for rows, kept at these rows.

An issue follows its row through later hooks, by row numbers or, without these, while no hook moves rows. It joins the issue
columns behind the messages of validators; an issue of a row without a field goes into an issue column that belongs to no field.
If the rows are no longer known, the issues are listed without a row.
"""

from __future__ import annotations

from ade_engine.models import polars as pl
from ade_engine.pipeline.kept_rows.identity import has_not_moved
from ade_engine.pipeline.shared.collected import as_texts, there
from ade_engine.pipeline.shared.table_columns import HAS_ISSUES, ISSUE_COUNT, ISSUE_PREFIX, ids_of, with_series

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.pipeline.shared.collected import HookReport, TableMessages
    from ade_engine.pipeline.shared.context import RunContext


def follow(collected: TableMessages, before: pl.DataFrame, after: pl.DataFrame) -> None:
    """Keeps the issues of rows at these rows, in the table that a hook has returned."""
    if after is before:
        return
    known_by_number = _has_numbers(before) and _has_numbers(after)
    for report in collected.reported:
        if report.messages is None:
            continue
        if known_by_number:
            ids, said = ids_of(before).to_list(), {}
            for at, message in there(report.messages):
                said.setdefault(ids[at], message)
                # Rows that a hook has added have no number.
                report.unknown += ids[at] is None
            said.pop(None, None)
            report.messages = pl.Series([said.get(id) for id in ids_of(after).to_list()], dtype=pl.String)
        elif not has_not_moved(before, after):
            report.unknown += len(report.messages) - report.messages.null_count()
            report.messages = pl.constant(None, after.height, pl.String)


def _has_numbers(table: pl.DataFrame) -> bool:
    ids = ids_of(table)
    return not len(ids) or ids.null_count() < len(ids)


def settle(context: RunContext, table: pl.DataFrame) -> pl.DataFrame:
    """Returns the table with hooks' issues of its rows in its issue columns. Issues about more than rows stay for the list."""
    collected = context.collected
    for report in collected.reported:
        if report.messages is not None and report.messages.null_count() < table.height:
            table = _with_said(collected, table, report)
        if report.unknown:
            rows = "1 row" if report.unknown == 1 else f"{report.unknown} rows"
            context.notice(
                "issues_without_rows",
                f"{report.rule} was reported for {rows}, but a hook changed the table since, so it is not known which rows these are "
                "now. Keep the column __ade_row in the table that the hook returns",
                table=context.table_index,
                count=report.unknown,
            )
        if report.messages is None or report.unknown:
            collected.of_whole.append(report)
    collected.reported = []
    return table


def _with_said(collected: TableMessages, table: pl.DataFrame, report: HookReport) -> pl.DataFrame:
    """Returns the table with a hook's messages behind those in its issue column."""
    field = report.field or ""
    name = f"{ISSUE_PREFIX}{field}"
    before = as_texts(table.get_column(name)) if name in table.columns else pl.Series(name, [None] * table.height, dtype=pl.String)
    texts, is_new = before.to_list(), [False] * table.height
    for at, message in there(report.messages):
        is_new[at] = texts[at] is None
        texts[at] = message if is_new[at] else f"{texts[at]}; {message}"
    changed, new = [pl.Series(name, texts, dtype=pl.String)], pl.Series(is_new)
    collected.issues.join(field, ids_of(table), before, changed[0], as_texts(report.messages), report.rule, report.severity)
    if HAS_ISSUES in table.columns and table.schema[HAS_ISSUES] == pl.Boolean:
        changed.append((table.get_column(HAS_ISSUES) | new).alias(HAS_ISSUES))
    if ISSUE_COUNT in table.columns and table.schema[ISSUE_COUNT].is_integer():
        counts = zip(table.get_column(ISSUE_COUNT).to_list(), is_new)
        counts = [None if count is None else count + more for count, more in counts]
        changed.append(pl.Series(ISSUE_COUNT, counts, dtype=table.schema[ISSUE_COUNT]))
    return with_series(table, changed)
