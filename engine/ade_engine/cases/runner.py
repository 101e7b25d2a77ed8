"""Runs of many small inputs in one process, each as a run of its own, and what came out of each by field.

The result of a case is a file of its own, complete when it is there: a caller whose process ends early finds which case it was in.
Nothing of this module is imported by a run.
"""

from __future__ import annotations

import json
import logging
import os
from datetime import date, datetime, time
from pathlib import Path

from ade_engine.application.engine import _Plan, _Run
from ade_engine.infrastructure.observability.logger import RunLogger
from ade_engine.models.errors import HookError, InputError
from ade_engine.models.run import RunRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ade_engine.infrastructure.settings import Settings
    from ade_engine.io.output.workbook import Output
    from ade_engine.pipeline.sheet import SheetPipeline


def run_case(case: dict[str, Any], settings: Settings, config_package: Path, folder: Path) -> dict[str, Any]:
    """Run one case: ``input``, and as wanted ``input_sheets`` and ``active_sheet_only``. ``folder`` receives its workbook.

    Returns ``error`` (``None``, or its ``code`` and ``message``), ``tables`` (each with its ``sheet``, the ``fields`` of its columns,
    ``None`` where a column is of none, their ``headers`` and its ``rows``), and ``issues`` (the lines of the list, or none).
    """
    source = Path(case["input"])
    output = folder / "output.xlsx"
    request = RunRequest(
        config_package=config_package,
        input_file=source,
        output_path=output,
        input_sheets=case.get("input_sheets") or None,
        active_sheet_only=bool(case.get("active_sheet_only")),
    )
    silent = logging.Logger("ade_engine.cases", logging.CRITICAL + 1)
    silent.propagate = False
    try:
        plan = _Plan(request, settings.log_format)
        plan.make_folders()
        run = _CaseRun(plan, settings, RunLogger(silent))
        result = run.execute()
    except (InputError, HookError, OSError) as error:
        return {"error": {"code": "input_error", "message": str(error)}, "tables": [], "issues": []}
    if result.error is not None:
        failure = {"code": result.error.code.value, "message": result.error.message}
        return {"error": failure, "tables": [], "issues": []}
    return {"error": None, "tables": run.tables, "issues": run.lines}


class _CaseRun(_Run):
    """A run that keeps the tables of its output, as hooks have left them."""

    def _files_beside(self, pipeline: SheetPipeline, output: Output, apart: Output | None) -> dict[str, Callable[[str], None]]:
        super()._files_beside(pipeline, output, apart)
        self.tables: list[dict[str, Any]] = []
        read: set[int] = set()
        for _, _, table, origin in pipeline.shapes._tables if pipeline.shapes is not None else ():
            if output.is_as_written(table):
                frame = table.original
                rows = [[_plain(value) for value in row] for row in frame.iter_rows()]
                self.tables.append({"sheet": table.title, "fields": origin["columns"], "headers": frame.columns, "rows": rows})
            elif id(table.sheet) not in read:
                # What a hook has made of the sheet is what a run writes.
                read.add(id(table.sheet))
                fields = dict(zip(table.original.columns, origin["columns"]))
                self.tables += _on_sheet(table.sheet, fields) if any(one is table.sheet for one in output.workbook.worksheets) else []
        issues = output.issues
        self.lines = [] if issues is None else [dict(zip(("field", "rule", "severity", "row", "cell", "message"), line)) for line in issues.select("field", "rule", "severity", "row", "cell", "message").iter_rows()]
        # Only what came out is wanted.
        return {}


def _on_sheet(sheet: Any, fields: dict[str, str | None]) -> list[dict[str, Any]]:
    """The table of a sheet that hooks have changed: its first row has the headers."""
    header, *rows = [list(row) for row in sheet.iter_rows(values_only=True)] or [[]]
    headers = ["" if text is None else str(text) for text in header]
    return [{"sheet": sheet.title, "fields": [fields.get(text) for text in headers], "headers": headers, "rows": [[_plain(value) for value in row] for row in rows]}]


def _plain(value: Any) -> Any:
    """The value as JSON has it: days and moments as ISO 8601, a moment at midnight as its day."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value if value == value and abs(value) != float("inf") else str(value)
    if isinstance(value, datetime):
        is_day = value.time() == time() and value.tzinfo is None
        return value.date().isoformat() if is_day else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, (date, time)) else str(value)


def write_result(path: Path, result: dict[str, Any]) -> None:
    """Write a result so that it is there as a whole or not at all."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")
    os.replace(part, path)
