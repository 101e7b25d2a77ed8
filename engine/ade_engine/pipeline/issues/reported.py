"""``report``: what hooks say of rows, of columns and tables as a whole, of sheets and of the workbook.

What is said of rows follows them through later hooks, by their numbers or, without these, while no hook moves them; it is put into
the issue columns behind what validators say, those of rows without a field into a column of issues that is no field's. Where it is
not known any more which rows these are, the issues stand in the list without a row.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from ade_engine.extensions.invoke import source_of
from ade_engine.infrastructure.observability.wording import stands_in_code
from ade_engine.models.errors import nearest, saying
from ade_engine.models.fields import HookName
from ade_engine.models.issues import SEVERITIES, WARNING
from ade_engine.pipeline.issues.listed import in_parts
from ade_engine.pipeline.kept_rows.identity import has_not_moved
from ade_engine.pipeline.shared.collected import Said, ids_of
from ade_engine.pipeline.shared.table_columns import HAS_ISSUES, ISSUE_COUNT, ISSUE_PREFIX, with_series

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.extensions.registry import RegisteredFn
    from ade_engine.pipeline.shared.collected import Collected
    from ade_engine.pipeline.shared.context import RunContext

_OF_TABLES = (HookName.ON_TABLE_MAPPED, HookName.ON_TABLE_TRANSFORMED, HookName.ON_TABLE_VALIDATED)
_LONGEST_RULE = 80


class Reported:
    """What a hook has said. ``messages``: as many as the table has rows, and null where nothing is said; nothing where it is said of
    the column ``field`` or of the table as a whole. ``unknown``: of how many rows more, which are not known.
    """

    __slots__ = ("field", "rule", "severity", "message", "messages", "unknown")

    def __init__(self, field: str | None, rule: str, severity: str, message: str, messages: pl.Series | None):
        self.field = field
        self.rule = rule
        self.severity = severity
        self.message = message
        self.messages = messages
        self.unknown = 0


class Report:
    """The function that a hook is given, for this call of it."""

    def __init__(self, context: RunContext, stage: HookName, entry: RegisteredFn, table: pl.DataFrame | None, index: int | None):
        self._context = context
        self._entry = entry
        self._table = table if stage in _OF_TABLES else None
        #: Of which table of the sheet, from 0.
        self._index = index
        #: Until the hook has returned: what is said later is said of no table any more.
        self.is_open = True

    def __call__(
        self, message: str, *, severity: str = WARNING, rule: str | None = None, field: str | None = None, rows: Any = None
    ) -> None:
        """Say that something is wrong with rows, with the column of a field, or with the table, the sheet or the workbook.

        ``rows``: an expression or a column of truth values, or positions in the table. Raises ``ValueError`` and ``TypeError``.
        """
        if not self.is_open:
            raise saying(ValueError("report: the hook has returned; report while it runs"))
        if not isinstance(message, str) or not message.strip():
            raise saying(TypeError("report: the message should be a text that says what is wrong"))
        if severity not in SEVERITIES:
            known = "the severity should be 'error', 'warning' or 'info'"
            raise saying(ValueError(f"report: {known}, not {severity!r}{nearest(severity, SEVERITIES)}"), f"report: {known}")
        rule, context = self._rule(rule), self._context
        if self._table is None:
            if field is not None or rows is not None:
                raise saying(ValueError("report: a hook of this stage has no table: it can name neither field nor rows"))
            context.remarks.append({"rule": rule, "severity": severity, "message": message, "table": None if self._index is None else self._index + 1})
            return
        if field is not None and field not in context.registry.fields:
            said = f"report: field {field!r} is not registered{nearest(field, context.registry.fields)}"
            raise saying(ValueError(said), "report: the field is not registered")
        messages = None if rows is None else _messages(self._table, rows, message)
        context.collected.reported.append(Reported(field, rule, severity, message, messages))

    def _rule(self, rule: str | None) -> str:
        function = getattr(self._entry.fn, "__name__", "")
        if rule is None:
            return function if function.isidentifier() else "hook"
        if not isinstance(rule, str) or not rule.replace("_", "").replace(".", "").isalnum() or len(rule) > _LONGEST_RULE:
            said = f"report: a rule is made of letters, digits, '_' and '.', {_LONGEST_RULE} at most"
            raise saying(ValueError(f"{said}, not {rule!r}"), said)
        place = source_of(self._entry.fn)
        if not stands_in_code(rule, place and place[0]):
            # It may be a cell's value, and events hold none.
            self._context.unnamed_rules.add(rule)
        return rule


def _messages(table: pl.DataFrame, rows: Any, message: str) -> pl.Series:
    """The message at the rows that are meant."""
    if isinstance(rows, (str, int)):
        raise saying(TypeError("report: rows should be an expression, truth values or a list of positions"))
    found = table.select(rows).to_series() if isinstance(rows, pl.Expr) else pl.Series(values=rows)
    if found.dtype == pl.Boolean:
        if len(found) == 1 and isinstance(rows, pl.Expr):
            found = found.new_from_index(0, table.height)
        if len(found) != table.height:
            raise saying(ValueError(f"report: rows has {len(found)} entries, and the table has {table.height} rows"))
    elif found.dtype.is_integer() or not len(found):
        if len(found) and not 0 <= found.min() <= found.max() < table.height:
            raise saying(ValueError(f"report: rows should be positions from 0 to {table.height - 1}"))
        places = found.drop_nulls().unique().sort().cast(pl.UInt32)
        found = pl.repeat(False, table.height, dtype=pl.Boolean, eager=True).scatter(places, True)
    else:
        raise saying(TypeError(f"report: rows should be truth values or positions, not {found.dtype}"))
    return pl.select(pl.when(found).then(pl.lit(message, dtype=pl.String))).to_series()


def follow(collected: Collected, before: pl.DataFrame, after: pl.DataFrame) -> None:
    """Keep what was said of rows at these, in the table that a hook has returned."""
    if after is before:
        return
    known_by_number = _has_numbers(before) and _has_numbers(after)
    for one in collected.reported:
        if one.messages is None:
            continue
        if known_by_number:
            said = pl.DataFrame({"id": ids_of(before), "said": one.messages}).filter(pl.col("said").is_not_null())
            # Rows that a hook has added have no number.
            one.unknown += said.get_column("id").null_count()
            said = said.drop_nulls().unique("id", keep="first")
            rows = pl.DataFrame({"id": ids_of(after)})
            one.messages = rows.join(said, on="id", how="left", maintain_order="left").get_column("said")
        elif not has_not_moved(before, after):
            one.unknown += len(one.messages) - one.messages.null_count()
            one.messages = pl.Series([None], dtype=pl.String).new_from_index(0, after.height)


def _has_numbers(table: pl.DataFrame) -> bool:
    ids = ids_of(table)
    return not len(ids) or ids.null_count() < len(ids)


def settle(context: RunContext, table: pl.DataFrame) -> pl.DataFrame:
    """The table with what hooks have said of its rows in its issue columns. What they said of more stays for the list."""
    collected = context.collected
    for one in collected.reported:
        if one.messages is not None and one.messages.null_count() < table.height:
            table = _with_said(collected, table, one)
        if one.unknown:
            rows = "1 row" if one.unknown == 1 else f"{one.unknown} rows"
            context.notice(
                "issues_without_rows",
                f"{one.rule} was found in {rows} of a table that was changed since, so that it is not known which rows these are "
                "now. It is with row_provenance = true, if hooks keep the column __ade_row",
                table=context.table_index,
                count=one.unknown,
            )
        if one.messages is None or one.unknown:
            collected.of_whole.append(one)
    collected.reported = []
    return table


def _with_said(collected: Collected, table: pl.DataFrame, one: Reported) -> pl.DataFrame:
    """The table with a hook's messages behind those that its issue column has."""
    field = one.field or ""
    name = f"{ISSUE_PREFIX}{field}"
    there = table.get_column(name).cast(pl.String) if name in table.columns else pl.Series(name, [None], dtype=pl.String).new_from_index(0, table.height)
    joined = pl.select(
        pl.when(pl.lit(one.messages).is_null()).then(there).otherwise(pl.concat_str([there, one.messages], separator="; ", ignore_nulls=True)).alias(name)
    ).to_series()
    # What the text was made of is part of the new one.
    ids = ids_of(table)
    former = pl.DataFrame({"id": ids, "text": there, "new": joined}).filter(pl.col("text").is_not_null() & one.messages.is_not_null())
    if former.height:
        collected.keep(field, in_parts(former, collected.of(field), field).with_columns(pl.col("new").alias("text")))
    collected.add(table, field, joined, [Said(one.rule, one.severity, one.messages)])
    is_new = there.is_null() & one.messages.is_not_null()
    changed = [joined]
    if HAS_ISSUES in table.columns and table.schema[HAS_ISSUES] == pl.Boolean:
        changed.append((table.get_column(HAS_ISSUES) | is_new).alias(HAS_ISSUES))
    if ISSUE_COUNT in table.columns and table.schema[ISSUE_COUNT].is_integer():
        changed.append((table.get_column(ISSUE_COUNT) + is_new.cast(table.schema[ISSUE_COUNT])).alias(ISSUE_COUNT))
    return with_series(table, changed)
