"""Running hooks, stage by stage."""

from __future__ import annotations

from ade_engine.extensions.invoke import COMMON_NAMES, RAISED, Caller, WrongResult
from ade_engine.fields.surroundings import ROW
from ade_engine.models import polars as pl
from ade_engine.models.errors import HookError
from ade_engine.models.fields import HookName

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ade_engine.extensions.registry import RegisteredFn
    from ade_engine.models.table import TableRegion
    from ade_engine.pipeline.shared.context import RunContext

_TABLE_NAMES = ("table", "source_sheet", "source_workbook", "source_region", "table_index", "merged_ranges", "report")

#: The values that each stage offers beyond the common ones.
_OFFERED = {
    HookName.ON_WORKBOOK_START: ("source_workbook",),
    HookName.ON_SHEET_START: ("source_sheet", "source_workbook", "merged_ranges", "report"),
    HookName.ON_TABLE_MAPPED: _TABLE_NAMES,
    HookName.ON_TABLE_TRANSFORMED: _TABLE_NAMES,
    HookName.ON_TABLE_VALIDATED: _TABLE_NAMES,
    HookName.ON_TABLE_WRITTEN: (
        "write_table",
        "output_sheet",
        "output_workbook",
        "output_region",
        "table_index",
        "table_result",
        "report",
    ),
    HookName.ON_SHEET_END: ("output_sheet", "output_workbook", "tables", "report"),
    HookName.ON_WORKBOOK_BEFORE_SAVE: ("output_workbook", "report"),
}
_GIVES_TABLE = {HookName.ON_TABLE_MAPPED, HookName.ON_TABLE_TRANSFORMED, HookName.ON_TABLE_VALIDATED}


def offered_to_hooks(stage: HookName) -> tuple[str, ...]:
    """Returns the names of the values that a hook of a stage may take."""
    return (*COMMON_NAMES, *_OFFERED[stage])


class Hooks:
    """The hooks of a run, prepared for calling. ``reports``: whether there is a list for the issues that they report."""

    def __init__(self, hooks: dict[HookName, list[RegisteredFn]], *, reports: bool = False):
        self._reports = reports
        self._callers: dict[HookName, list[tuple[RegisteredFn, Caller]]] = {}
        for stage, entries in hooks.items():
            offered = [name for name in offered_to_hooks(stage) if reports or name != "report"]
            self._callers[stage] = [(entry, Caller(entry.fn, offered)) for entry in entries]

    def __contains__(self, stage: HookName) -> bool:
        return bool(self._callers.get(stage))

    @property
    def see_tables(self) -> bool:
        """Returns whether a hook gets the frames of tables before they are written, and may move their rows."""
        return any(stage in self for stage in _GIVES_TABLE)

    def asks_to_report(self, stage: HookName) -> bool:
        """Returns whether a hook of the stage may report issues."""
        return any("report" in call.plan.names() for _, call in self._callers.get(stage, ()))

    def run(
        self,
        context: RunContext,
        stage: HookName,
        *,
        on_table: Callable[[RegisteredFn, pl.DataFrame, pl.DataFrame], pl.DataFrame] | None = None,
        on_demand: Mapping[str, Callable[[], Any]] | None = None,
        **offered: Any,
    ) -> pl.DataFrame | None:
        """Calls the stage's hooks in order. At a table stage, returns the table as the last hook left it.

        ``on_table`` is called with each hook that replaced the table, and with the table before and after; its result is the
        table from then on. Values of ``on_demand`` are computed for each hook that names them, and only then.
        """
        callers = self._callers.get(stage)
        if not callers:
            return offered.get("table")
        values = {**context.values(), **offered}
        table_index = offered.get("table_index")
        region = offered.get("source_region", offered.get("output_region"))
        for entry, call in callers:
            if context.debug:
                self._report(context, "hook.start", stage, entry, table_index, region)
            before = given = values.get("table")
            if on_table is not None and ROW in given.columns:
                # A hook may change the table in place.
                before = given.clone()
            try:
                for name, find in (on_demand or {}).items():
                    if name in call.plan.names():
                        values[name] = find()
                result = self._call(context, stage, entry, call, values)
                if result is not None:
                    if stage not in _GIVES_TABLE:
                        raise WrongResult(f"returned {type(result).__name__}; it should return None")
                    if not isinstance(result, pl.DataFrame):
                        raise WrongResult(f"returned {type(result).__name__}; it should return pl.DataFrame or None")
                    values["table"] = result
            except RAISED as error:
                subject = stage.value
                if context.sheet_name is not None:
                    subject += f", sheet {context.sheet_name!r}"
                if table_index is not None:
                    subject += f", table {table_index + 1}"
                context.fail(entry, "hook", subject, error, HookError, stage=stage)
            if before is not given and (result is None or result is given):
                if self._is_same(before, given):
                    before = given
                else:
                    result = given
            if on_table is not None and result is not None:
                values["table"] = on_table(entry, before, result)
            if context.debug:
                self._report(context, "hook.end", stage, entry, table_index, region)
        return values.get("table")

    @staticmethod
    def _is_same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
        return one.columns == other.columns and one.dtypes == other.dtypes and one.equals(other)

    def _call(self, context: RunContext, stage: HookName, entry: RegisteredFn, call: Caller, values: dict[str, Any]) -> Any:
        if call.plan.missing == "report" and not self._reports and "report" in offered_to_hooks(stage):
            raise WrongResult("needs 'report', which is there in edition 2026")
        if "report" not in call.plan.names():
            return call(values)
        from ade_engine.pipeline.shared.report import Report

        report = Report(context, stage, entry, values.get("table"), values.get("table_index"))
        try:
            return call({**values, "report": report})
        finally:
            report.is_open = False

    @staticmethod
    def _report(
        context: RunContext,
        event: str,
        stage: HookName,
        entry: RegisteredFn,
        table_index: int | None,
        region: TableRegion | None,
    ) -> None:
        context.logger.event(
            event,
            level=10,
            message=f"{stage.value}: {entry.name}",
            data={
                "hook_name": stage.value,
                "hook": entry.qualname,
                "table_index": table_index,
                "table_region": None if region is None else region.a1,
                "sheet_name": context.sheet_name,
            },
        )
