"""``report``, the function with which hooks report issues of rows, columns, tables, sheets and the workbook."""

from __future__ import annotations

from ade_engine.extensions.invoke import source_of
from ade_engine.infrastructure.observability.wording import stands_in_code
from ade_engine.models import polars as pl
from ade_engine.models.errors import nearest, saying
from ade_engine.models.fields import HookName
from ade_engine.models.issues import SEVERITIES, WARNING
from ade_engine.pipeline.shared.collected import HookReport, said_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.extensions.registry import RegisteredFn
    from ade_engine.pipeline.shared.context import RunContext

_OF_TABLES = (HookName.ON_TABLE_MAPPED, HookName.ON_TABLE_TRANSFORMED, HookName.ON_TABLE_VALIDATED)
_MAX_RULE_CHARS = 80


class Report:
    """The function that a hook receives for one call."""

    def __init__(self, context: RunContext, stage: HookName, entry: RegisteredFn, table: pl.DataFrame | None, index: int | None):
        self._context = context
        self._entry = entry
        self._table = table if stage in _OF_TABLES else None
        #: The table of the sheet, from 0.
        self._index = index
        #: Whether the hook is still running: a later report concerns no table any more.
        self.is_open = True

    def __call__(
        self, message: str, *, severity: str = WARNING, rule: str | None = None, field: str | None = None, rows: Any = None
    ) -> None:
        """Reports an issue of rows, of the column of a field, or of the table, the sheet or the workbook.

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
        context.collected.reported.append(HookReport(field, rule, severity, message, messages))

    def _rule(self, rule: str | None) -> str:
        function = getattr(self._entry.fn, "__name__", "")
        if rule is None:
            return function if function.isidentifier() else "hook"
        if not isinstance(rule, str) or not rule.replace("_", "").replace(".", "").isalnum() or len(rule) > _MAX_RULE_CHARS:
            said = f"report: a rule is made of letters, digits, '_' and '.', {_MAX_RULE_CHARS} at most"
            raise saying(ValueError(f"{said}, not {rule!r}"), said)
        place = source_of(self._entry.fn)
        if not stands_in_code(rule, place and place[0]):
            # The rule may be a cell's value, and events hold none.
            self._context.unnamed_rules.add(rule)
        return rule


def _messages(table: pl.DataFrame, rows: Any, message: str) -> pl.Series:
    """Returns the message at the selected rows."""
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
    return said_at(found, message)
