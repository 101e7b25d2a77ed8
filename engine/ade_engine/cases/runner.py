"""Runs of many small inputs in one process, each as a run of its own, and the results by field.

The result of a case is a separate file, which is complete when it exists: a caller whose process ends early finds which case it
was in. Each case executes the configuration's modules anew, so state in them does not reach the next; they are compiled once.
Lasting outputs are not made: no workbook is written, except that one in a hook's hands is written to memory, because the hook
may have put values into it that no workbook can hold. A run imports nothing of this module.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import date, datetime, time
from functools import partial
from io import BytesIO
from pathlib import Path
from string import ascii_uppercase, digits

from ade_engine.application.engine import _Plan, _Run
from ade_engine.cases.grids import as_text
from ade_engine.infrastructure.observability.logger import RunLogger
from ade_engine.models.errors import HookError, InputError
from ade_engine.models.fields import HookName
from ade_engine.models.record import Record
from ade_engine.models.run import RunRequest
from ade_engine.models.table import column_letters, column_number
from ade_engine.pipeline.columns.mapping import FOUND_BY_VALUES
from ade_engine.pipeline.shared.not_written import TOTAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from ade_engine.application.completed import RunReport
    from ade_engine.infrastructure.settings import Settings
    from ade_engine.io.input.source import Source
    from ade_engine.io.output.workbook import WorkbookOutput
    from ade_engine.pipeline.shared.context import RunContext
    from ade_engine.pipeline.sheet import SheetPipeline


def run_case(
    case: dict[str, Any],
    settings: Settings,
    config_package: Path,
    folder: Path,
    *,
    with_places: bool = False,
    with_mapped: bool = False,
) -> dict[str, Any]:
    """Runs one case: ``input``, and optionally ``input_sheets`` and ``active_sheet_only``. ``folder`` receives its workbook.

    Returns ``error`` (``None``, or its ``code`` and ``message``), ``tables`` (each with its ``sheet``, the ``fields`` of its
    columns, ``None`` for a column without one, their ``headers`` and its ``rows``), and ``issues`` (the lines of the list, or
    none); ``with_places`` also ``places``: the position of each table in the input; ``with_mapped`` also ``mapped``: the
    columns with a field, and ``unknown_words``.
    """
    run, error = _executed(case, settings, config_package, folder)
    if run is None:
        return {"error": error, "tables": [], "issues": []}
    found = {"error": None, "tables": run.tables, "issues": run.lines}
    if with_places:
        found["places"] = run.places()
    if with_mapped:
        found["mapped"] = run.mapped()
        found["unknown_words"] = run.unknown_words(config_package)
    return found


def tables_in(path: Path, settings: Settings, config_package: Path, folder: Path) -> tuple[dict[str, str] | None, list[FoundTable]]:
    """Returns the tables of an input with their columns as they are read, before anything is written; or the ``code`` and
    ``message`` of an error.
    """
    run, error = _executed({"input": str(path)}, settings, config_package, folder)
    return (error, []) if run is None else (None, run.found())


def _executed(case: dict[str, Any], settings: Settings, config_package: Path, folder: Path) -> tuple[_CaseRun | None, dict[str, str] | None]:
    """Returns a run that has succeeded, or the error."""
    request = RunRequest(
        config_package=config_package,
        input_file=Path(case["input"]),
        output_path=folder / "output.xlsx",
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
        return None, {"code": "input_error", "message": str(error)}
    if result.error is not None:
        return None, {"code": result.error.code.value, "message": result.error.message}
    return run, None


class FoundTable(Record):
    """A table of an input: its sheet's title and number (from 0), its columns, the headers that fields are compared with
    (``None``: none), and its rows in the sheet, from 0: of the header (``None``: it has none), and the first and last of data.
    """

    title: str
    sheet: int
    frame: Any
    headers: list
    header: int | None
    first: int
    last: int


def compile_once(folder: Path) -> None:
    """Keeps the bytecode that is compiled from now on, because the configuration's own folder may not be written. Python then
    looks for bytecode nowhere else.
    """
    folder.mkdir(exist_ok=True)
    sys.pycache_prefix = str(folder)
    sys.dont_write_bytecode = False


class _CaseRun(_Run):
    """A run that keeps the tables of its output, as hooks have left them."""

    def __init__(self, plan: _Plan, settings: Settings, logger: RunLogger):
        super().__init__(plan, settings, logger)
        # A check of the configuration sends no notices.
        self.policy = self.policy.__replace__(sends_notices=False)

    def _process(self, source: Source, report: RunReport) -> None:
        self.report = report
        super()._process(source, report)

    def places(self) -> list[dict[str, int]]:
        """Returns the position of each table: the number of its sheet, its header row, its first and last row of data, its
        columns, from 0; the columns without a field, or with one that came out as numbers; and the sheet's rows that were left
        out as totals.
        """
        found = []
        for sheet, table, _ in self._structures():
            header, data = table["header"], table["data"]
            first, _, last = table["region"]["a1"].partition(":")
            fields = {_column(first) + column["index"]: column["mapping"]["field"] for column in table["columns"]}
            told = [
                notice
                for notice in self.notices.notices
                if notice.get("reason") == TOTAL and notice.get("sheet") == sheet["name"]
            ]
            left_out = [rows for notice in told for rows in notice["rows"]]
            if header["row_start"] is not None:
                found.append({
                    "sheet": sheet["index"], "header": header["row_start"] - 1,
                    "first": data["row_start"] - 1, "last": data["row_start"] + data["row_count"] - 2,
                    "left": _column(first), "right": _column(last or first),
                    "unclaimed": [column for column, field in fields.items() if field is None],
                    "totals": [row - 1 for first, last in left_out for row in range(first, last + 1)],
                    "numbers": [column for column, field in fields.items() if field is not None and self._is_of_numbers(field)],
                })  # fmt: skip
        return found

    def mapped(self) -> list[dict[str, Any]]:
        """Returns the columns with a field: ``sheet``, ``field``, ``header``, and ``is_guess``: a notice reports that their values
        alone speak for it.
        """
        told = {
            (notice["sheet"], cell)
            for notice in self.notices.notices
            if notice["code"] == FOUND_BY_VALUES
            for cell in notice["cells"]
        }
        found = []
        for sheet, table, headers in self._structures():
            first = table["region"]["a1"].partition(":")[0]
            row = first.lstrip(ascii_uppercase)
            for column, header in zip(table["columns"], headers):
                cell, field = column_letters(_column(first) + column["index"] + 1) + row, column["mapping"]["field"]
                if header is not None and field is not None:
                    found.append({"sheet": sheet["name"], "field": field, "header": header, "is_guess": (sheet["name"], cell) in told})
        return found

    def unknown_words(self, root: Path) -> list[dict[str, Any]]:
        """Returns the words that the files of words of fields lack: ``field``, ``word``, ``count`` (of cells) and ``file``, its
        path below ``root``.
        """
        return [
            {"field": field, "word": word, "count": count, "file": str(choice.file.resolve().relative_to(root.resolve()))}
            for field, choice in self.registry.choices.items()
            if choice.file is not None and choice.file.resolve().is_relative_to(root.resolve())
            for word, count in choice.unknown.get(field, {}).items()
        ]

    def found(self) -> list[FoundTable]:
        """Returns the tables with their columns."""
        structures = list(self._structures())
        if len(structures) != len(self.frames):
            return []
        return [
            FoundTable(
                sheet["name"],
                sheet["index"],
                _without_objects(frame),
                # A column without a header and without values does not belong to the table.
                [header for column, header in zip(table["columns"], headers) if column["header"]["raw"] is not None or column["non_empty_cells"]],
                None if table["header"]["row_start"] is None or table["header"]["row_count"] == 0 else table["header"]["row_start"] - 1,
                table["data"]["row_start"] - 1,
                table["data"]["row_start"] + table["data"]["row_count"] - 2,
            )
            for (sheet, table, headers), frame in zip(structures, self.frames)
        ]

    def _structures(self) -> Iterator[tuple[dict[str, Any], dict[str, Any], list[str | None]]]:
        """Yields for each table the entry of its sheet, its structure, and the headers of its columns that fields are compared
        with.
        """
        now = datetime.now()
        payload = self.report.payload(error=None, started_at=now, completed_at=now, output_path=None)
        for sheet in payload["workbooks"][0]["sheets"]:
            for table in sheet["tables"]:
                place = table["locator"]
                yield place["sheet"], table["structure"], self.report.headers_of(place["sheet"]["index"], place["table"]["index"])

    def _is_of_numbers(self, field: str) -> bool:
        """Returns whether all resulting values of a field are numbers."""
        values = [row[table["fields"].index(field)] for table in self.tables if field in table["fields"] for row in table["rows"]]
        return any(value is not None for value in values) and all(value is None or type(value) in (int, float) for value in values)

    def _new_output(self) -> WorkbookOutput:
        output = super()._new_output()
        output.save = partial(_check_only, output)
        return output

    def _add_own_sheets(self, output: WorkbookOutput) -> None:
        # Only hooks would see them.
        if self.registry.hooks[HookName.ON_WORKBOOK_BEFORE_SAVE]:
            super()._add_own_sheets(output)

    def _count_issues(self, output: WorkbookOutput, report: RunReport, context: RunContext, quarantined: int) -> None:
        pass

    def _files_beside(
        self, pipeline: SheetPipeline, output: WorkbookOutput, apart: WorkbookOutput | None
    ) -> dict[str, Callable[[str], None]]:
        super()._files_beside(pipeline, output, apart)
        self.tables: list[dict[str, Any]] = []
        self.frames: list[Any] = []
        read: set[int] = set()
        for _, _, table, origin in pipeline.writer.shapes._tables if pipeline.writer.shapes is not None else ():
            if output.is_as_written(table):
                self.frames.append(table.original)
                frame = table.exact
                rows = [[_plain(value) for value in row] for row in frame.iter_rows()]
                self.tables.append({"sheet": table.title, "fields": origin["columns"], "headers": frame.columns, "rows": rows})
            elif id(table.sheet) not in read:
                # A run writes the sheet as a hook has left it.
                read.add(id(table.sheet))
                fields = dict(zip(table.original.columns, origin["columns"]))
                self.tables += _on_sheet(table.sheet, fields) if any(worksheet is table.sheet for worksheet in output.workbook.worksheets) else []
        kept = ("field", "rule", "severity", "row", "cell", "message")
        self.lines = [{key: line[key] for key in kept} for line in (output.issues.records() if output.issues else ())]
        # Only the results are wanted.
        return {}


def _without_objects(frame: Any) -> Any:
    """Returns the table with texts in place of values of several types, such as a time of day beside a duration."""
    import polars as pl

    columns = (column for column in frame if column.dtype == pl.Object)
    return frame.with_columns([pl.Series(column.name, [None if value is None else as_text(value) for value in column], dtype=pl.String) for column in columns])


def _column(place: str) -> int:
    """Returns the number of a cell's column, from 0."""
    return column_number(place.rstrip(digits)) - 1


def _check_only(output: WorkbookOutput, path: str, beside_it: Any = None) -> None:
    """Raises the errors of writing without writing."""
    if output.is_touched:
        output.workbook.save(BytesIO())
    else:
        output.check_time_zones()


def _on_sheet(sheet: Any, fields: dict[str, str | None]) -> list[dict[str, Any]]:
    """Returns the table of a sheet that hooks have changed: its first row has the headers."""
    header, *rows = [list(row) for row in sheet.iter_rows(values_only=True)] or [[]]
    headers = ["" if text is None else str(text) for text in header]
    return [{"sheet": sheet.title, "fields": [fields.get(text) for text in headers], "headers": headers, "rows": [[_plain(value) for value in row] for row in rows]}]


def _plain(value: Any) -> Any:
    """Returns the value for JSON: days and moments as ISO 8601, a moment at midnight as its day."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value if value == value and abs(value) != float("inf") else str(value)
    if isinstance(value, datetime):
        is_day = value.time() == time() and value.tzinfo is None
        return value.date().isoformat() if is_day else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, (date, time)) else str(value)


def write_result(path: Path, result: dict[str, Any]) -> None:
    """Writes a result atomically, so that it exists as a whole or not at all."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")
    os.replace(part, path)
