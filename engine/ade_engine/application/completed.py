"""The payload of ``engine.run.completed``: what was found, counted and written, from the run down to each column.

Tables are condensed to plain numbers as they are written, so that a report holds no frame alive. The payload is made
once, at the end, because only then is it known whether anything was saved.
"""

from __future__ import annotations

from functools import lru_cache

from ade_engine.infrastructure.observability.logger import timestamp
from ade_engine.infrastructure.policy import policy
from ade_engine.models.errors import HookError
from ade_engine.models.table import is_blank, is_no_header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime
    from pathlib import Path
    from typing import Any

    from ade_engine.extensions.registry import Registry
    from ade_engine.models.fields import FieldDef
    from ade_engine.models.run import RunError
    from ade_engine.models.table import TableResult
    from ade_engine.pipeline.output.merge import BuiltTable
    from ade_engine.pipeline.write import SheetOutcome

_CANDIDATES = 3


class FieldFindings:
    """What is known about one field at one scope."""

    __slots__ = ("mapped", "derived", "computed", "valid_cells", "best_score", "headers", "tables", "columns")

    def __init__(self) -> None:
        self.mapped = False
        self.derived = False
        #: A hook or a transform gave it values in some table.
        self.computed = False
        self.valid_cells = 0
        self.best_score: float | None = None
        self.headers: set[str] = set()
        self.tables = 0
        self.columns = 0

    @property
    def detected(self) -> bool:
        """Whether the field was found, in a column of its own or derived."""
        return self.mapped or self.derived

    @property
    def is_known(self) -> bool:
        """Whether a table has a column for it, or values."""
        return self.mapped or self.derived or self.computed

    def note_score(self, score: float | None) -> None:
        """Keep the best score; a mapping that a hook has made by hand may have none."""
        if score is not None and (self.best_score is None or score > self.best_score):
            self.best_score = score

    def add(self, other: FieldFindings) -> None:
        """Take in what is known at a narrower scope."""
        self.mapped |= other.mapped
        self.derived |= other.derived
        self.computed |= other.computed
        self.valid_cells += other.valid_cells
        self.note_score(other.best_score)
        self.headers |= other.headers
        self.tables += other.tables
        self.columns += other.columns

    def payload(self, field: FieldDef) -> dict[str, Any]:
        """The findings as the event has them."""
        return {
            "field": field.name,
            "label": field.label,
            "detected": self.detected,
            # One table that derives the field is enough, also where another has a column of its own for it.
            "derived": self.derived,
            "valid_cells": self.valid_cells,
            "best_mapping_score": self.best_score if self.detected else None,
            "source_headers": sorted(self.headers),
            "occurrences": {"tables": self.tables, "columns": self.columns},
        }


class Totals:
    """Counts that add up from tables to the run."""

    __slots__ = (
        "tables",
        "rows",
        "empty_rows",
        "columns",
        "empty_columns",
        "mapped_columns",
        "unmapped_columns",
        "cells",
        "filled_cells",
        "rows_evaluated",
        "errors",
        "warnings",
        "infos",
        "rows_with_errors",
        "fields",
    )

    def __init__(self, fields: Iterable[str]):
        self.tables = 0
        self.rows = 0
        self.empty_rows = 0
        self.columns = 0
        self.empty_columns = 0
        self.mapped_columns = 0
        self.unmapped_columns = 0
        self.cells = 0
        self.filled_cells = 0
        self.rows_evaluated = 0
        self.errors = 0
        self.warnings = 0
        self.infos = 0
        self.rows_with_errors = 0
        self.fields = {name: FieldFindings() for name in fields}

    def add(self, other: Totals) -> None:
        """Take in the counts of a narrower scope."""
        for name in self.__slots__:
            if name != "fields":
                setattr(self, name, getattr(self, name) + getattr(other, name))
        for name, findings in other.fields.items():
            if findings.is_known:
                self.fields[name].add(findings)

    @property
    def issues(self) -> int:
        """All issues, whatever their severities."""
        return self.errors + self.warnings + self.infos

    def count(self, by_severity: dict[str, int]) -> None:
        """Take in issues of the list."""
        self.errors += by_severity["error"]
        self.warnings += by_severity["warning"]
        self.infos += by_severity["info"]

    @property
    def detected(self) -> int:
        """How many of the fields were found."""
        return sum(findings.detected for findings in self.fields.values())

    def counts_payload(self, *, workbooks: int | None, sheets: int | None, tables: int | None) -> dict[str, Any]:
        """The counts as the event has them; ``None`` where a scope does not count such things."""
        expected, detected = len(self.fields), self.detected
        return {
            "workbooks": workbooks,
            "sheets": sheets,
            "tables": tables,
            "rows": {"total": self.rows, "empty": self.empty_rows},
            "columns": {
                "total": self.columns,
                "empty": self.empty_columns,
                "mapped": self.mapped_columns,
                "unmapped": self.unmapped_columns,
            },
            "fields": {"expected": expected, "detected": detected, "not_detected": expected - detected},
            "cells": {"total": self.cells, "non_empty": self.filled_cells},
        }

    def validation_payload(self) -> dict[str, Any]:
        """What validators found, as the event has it."""
        counts = {"error": self.errors, "warning": self.warnings, "info": self.infos}
        by_severity = {severity: count for severity, count in counts.items() if count}
        return {
            "rows_evaluated": self.rows_evaluated,
            "issues_total": self.issues,
            "issues_by_severity": by_severity,
            "max_severity": next(iter(by_severity), None),
        }

    def fields_payload(self, registered: dict[str, FieldDef]) -> list[dict[str, Any]]:
        """The findings of every registered field, as the event has them."""
        return [findings.payload(registered[name]) for name, findings in self.fields.items()]


class TableReport:
    """One written table, condensed."""

    __slots__ = ("index", "totals", "structure", "sheet_name", "range_a1", "trimmed_headers", "headers")

    def __init__(self, table: BuiltTable, registry: Registry):
        result = table.result
        region = result.source_region
        final = _FinalTable(result, registry.fields)
        self.index = result.table_index
        self.sheet_name = result.sheet_name
        self.range_a1 = table.output_range
        self.totals = totals = Totals(registry.fields)

        #: Headers of mapped columns as the columns' own reports spell them, by field.
        self.trimmed_headers: dict[str, set[str]] = {}
        #: Of each column the header that fields are compared with: without footnote marks, and without units that stand in a row below.
        self.headers: list[str | None] = []
        mapped_by_index = {column.source_index: column for column in result.mapped_columns}
        columns = []
        counted_cells = 0
        for column, filled in zip(result.source_columns, table.counts.filled_by_column):
            counted_cells += filled
            name = None if column.header is None else str(column.header).strip() or None
            raw = name if column.header_as_written is None else str(column.header_as_written).strip()
            normalized, is_placeholder = _look_of(raw)
            self.headers.append(name)
            mapped = mapped_by_index.get(column.index)
            valid = None
            if mapped is not None:
                valid = final.valid_cells(mapped.field_name)
                totals.mapped_columns += 1
                if name is not None:
                    self.trimmed_headers.setdefault(mapped.field_name, set()).add(name)
            if raw is None and not filled:
                totals.empty_columns += 1
            elif column.index in result.stacked:
                totals.mapped_columns += 1
            elif mapped is None:
                totals.unmapped_columns += 1
            columns.append(
                {
                    "index": column.index,
                    "header": {"raw": raw, "normalized": normalized},
                    "non_empty_cells": filled,
                    "valid_cells": valid,
                    "mapping": _mapping_payload(result, column.index, mapped, is_placeholder=is_placeholder),
                }
            )

        totals.tables = 1
        totals.rows = region.data_row_count
        totals.empty_rows = table.counts.blank_rows
        totals.columns = len(columns)
        totals.cells = region.data_row_count * len(columns)
        totals.filled_cells = counted_cells
        totals.rows_evaluated = result.table.height
        if table.by_severity is None:
            # Without a list of issues all of them are warnings.
            totals.warnings = final.issues()
        else:
            totals.count(table.by_severity)
            totals.rows_with_errors = table.rows_with_errors
        self._find_fields(result, final)
        self.structure = {
            "region": {"a1": region.a1},
            "header": {"row_start": region.header_row, "row_count": region.header_row_count, "inferred": False},
            "data": {"row_start": region.data_first_row, "row_count": region.data_row_count},
            "columns": columns,
        }

    def _find_fields(self, result: TableResult, final: _FinalTable) -> None:
        # Imported here: it comes with polars.
        from ade_engine.pipeline.columns.frame import header_text

        fields = self.totals.fields
        counted = {(mapped.field_name, mapped.source_index) for mapped in result.mapped_columns}
        for name, _ in counted:
            if name in fields:
                fields[name].columns += 1
        for mapped in result.mapped_columns:
            findings = fields.get(mapped.field_name)
            if findings is None:
                continue
            findings.note_score(mapped.score)
            if not is_blank(mapped.header):
                findings.headers.add(str(mapped.header))
            findings.mapped = True
        # What a hook names as a header is a cell's value, unless a column has it as its header.
        headers = {header_text(column.header) for column in result.source_columns} if result.derived_mappings else ()
        for derived in result.derived_mappings:
            findings = fields.get(derived.field_name)
            if findings is None:
                continue
            # Of tables that were merged, one may derive what another has a column for: it is one column.
            if not findings.mapped and not findings.derived:
                findings.columns += 1
            findings.note_score(derived.score)
            if policy().quotes_values or derived.source_header.strip() in headers:
                findings.headers.add(derived.source_header)
            findings.derived = True
        for name, findings in fields.items():
            if findings.detected:
                findings.tables = 1
                findings.valid_cells = final.valid_cells(name) or 0
            findings.computed = not findings.detected and final.has_values(name)

    def add_to(self, totals: Totals) -> None:
        """Add the findings to those of the scope above: the same, with headers in both spellings."""
        totals.add(self.totals)
        for name, headers in self.trimmed_headers.items():
            if name in totals.fields:
                totals.fields[name].headers |= headers


class _FinalTable:
    """Counts over a table as its last hook left it."""

    def __init__(self, result: TableResult, fields: Collection[str]):
        from ade_engine.pipeline.shared.counts import filled_cells
        from ade_engine.pipeline.shared.table_columns import ISSUE_COUNT, ISSUE_PREFIX

        table = result.table
        self._table = table
        self._names = frozenset(table.columns)
        self._issue_prefix = ISSUE_PREFIX
        self._issue_count = ISSUE_COUNT
        found = {column.field_name for column in result.mapped_columns}
        found |= {derived.field_name for derived in result.derived_mappings}
        names = [name for name in table.columns if name in found or name in fields]
        self._filled = dict(zip(names, filled_cells(table, names)))
        self._valid = {name: max(0, filled - self._issue_cells(f"{ISSUE_PREFIX}{name}")) for name, filled in self._filled.items()}

    def valid_cells(self, field: str) -> int | None:
        """Cells that are not blank, less the rows with an issue; ``None`` when the field is not in the table."""
        return self._valid.get(field)

    def has_values(self, field: str) -> bool:
        """Whether the field is in the table and has a cell that is not blank."""
        return bool(self._filled.get(field))

    def issues(self) -> int:
        """All issues of the table."""
        if self._issue_count in self._names:
            column = self._table.get_column(self._issue_count)
            if column.dtype.is_numeric():
                return int(column.sum() or 0)
        return sum(self._issue_cells(name) for name in self._names if name.startswith(self._issue_prefix))

    def _issue_cells(self, name: str) -> int:
        return self._table.height - self._table.get_column(name).null_count() if name in self._names else 0


class SheetReport:
    """One sheet that the run has reached."""

    __slots__ = ("title", "index", "is_active", "scan", "tables", "issues")

    def __init__(self, title: str, index: int, is_active: bool):
        self.title = title
        self.index = index
        self.is_active = is_active
        self.scan: dict[str, Any] | None = None
        self.tables: list[TableReport] = []
        #: The issues of the sheet that are of none of its tables, by severity.
        self.issues: list[dict[str, int]] = []

    def add(self, outcome: SheetOutcome, registry: Registry) -> None:
        """Add the results of the sheet."""
        self.scan = outcome.scan
        self.issues += outcome.issues
        self.tables += [TableReport(table, registry) for table in outcome.written]


class RunReport:
    """Collects the results of a run, and makes the report at the end."""

    def __init__(self, workbook_name: str):
        self._workbook_name = workbook_name
        self._sheets: list[SheetReport] = []
        #: The registered fields; none until the config package was loaded.
        self.fields: dict[str, FieldDef] = {}
        #: The issues that are of no sheet, by severity.
        self.issues: list[dict[str, int]] = []

    def add_sheet(self, title: str, index: int, is_active: bool) -> SheetReport:
        """Start the report of a sheet that the run has reached."""
        sheet = SheetReport(title, index, is_active)
        self._sheets.append(sheet)
        return sheet

    def sheet(self, index: int) -> SheetReport:
        """The report of a sheet that was started."""
        return next(sheet for sheet in self._sheets if sheet.index == index)

    def headers_of(self, sheet: int, table: int) -> list[str | None]:
        """Of each column of a table the header that fields are compared with."""
        return next(one.headers for one in self.sheet(sheet).tables if one.index == table)

    def computed_fields(self) -> list[str]:
        """The fields that no column was found for, and that have values all the same."""
        tables = [table.totals.fields for sheet in self._sheets for table in sheet.tables]
        computed = {name for fields in tables for name, found in fields.items() if found.computed}
        return [name for name in self.fields if name in computed and not any(fields[name].detected for fields in tables)]

    def rows_with_errors(self) -> int:
        """How many rows that were written have an error."""
        return sum(table.totals.rows_with_errors for sheet in self._sheets for table in sheet.tables)

    def payload(
        self,
        *,
        error: RunError | None,
        started_at: datetime,
        completed_at: datetime,
        output_path: Path | None,
    ) -> dict[str, Any]:
        """The event's data, without its ``schema_version``. Raises :class:`HookError` where a count makes no sense."""
        saved = None if output_path is None else str(output_path)
        run = Totals(self.fields)
        sheets = []
        for sheet in sorted(self._sheets, key=lambda sheet: sheet.index):
            totals, payload = self._sheet_payload(sheet, saved)
            run.add(totals)
            sheets.append(payload)
        for by_severity in self.issues:
            run.count(by_severity)
        workbook = {
            "scope": "workbook",
            "locator": {"workbook": self._workbook_locator()},
            "counts": run.counts_payload(workbooks=None, sheets=len(sheets), tables=run.tables),
            "validation": run.validation_payload(),
            "fields": run.fields_payload(self.fields),
            "sheets": sheets,
        }
        return {
            "scope": "run",
            "execution": {
                "status": "succeeded" if error is None else "failed",
                "started_at": timestamp(started_at),
                "completed_at": timestamp(completed_at),
                "duration_ms": max(0, round((completed_at - started_at).total_seconds() * 1000)),
                "failure": None
                if error is None
                else {"stage": error.stage or "unknown", "code": error.code.value, "message": error.message},
            },
            "evaluation": _evaluate(run, error),
            "counts": run.counts_payload(workbooks=1, sheets=len(sheets), tables=run.tables),
            "validation": run.validation_payload(),
            "fields": run.fields_payload(self.fields),
            "outputs": _outputs(saved, None, None),
            "workbooks": [workbook],
        }

    def _sheet_payload(self, sheet: SheetReport, saved: str | None) -> tuple[Totals, dict[str, Any]]:
        locator = {"workbook": self._workbook_locator(), "sheet": {"index": sheet.index, "name": sheet.title}}
        totals = Totals(self.fields)
        for by_severity in sheet.issues:
            totals.count(by_severity)
        tables = []
        for table in sorted(sheet.tables, key=lambda table: table.index):
            if table.totals.warnings < 0:
                raise HookError(
                    f"sheet {sheet.title!r}, table {table.index + 1}: a hook has made the number of issues negative (the sum of "
                    "__ade_issue_count), so the run has no report; let the hook write 0 or more into each row"
                )
            table.add_to(totals)
            tables.append(
                {
                    "scope": "table",
                    "locator": {**locator, "table": {"index": table.index}},
                    "counts": table.totals.counts_payload(workbooks=None, sheets=None, tables=None),
                    "validation": table.totals.validation_payload(),
                    "fields": table.totals.fields_payload(self.fields),
                    "structure": table.structure,
                    "outputs": _outputs(saved, table.sheet_name, table.range_a1),
                }
            )
        return totals, {
            "scope": "sheet",
            "locator": locator,
            "counts": totals.counts_payload(workbooks=None, sheets=None, tables=len(tables)),
            "validation": totals.validation_payload(),
            "fields": totals.fields_payload(self.fields),
            "scan": sheet.scan,
            "is_active_sheet": sheet.is_active,
            "tables": tables,
        }

    def _workbook_locator(self) -> dict[str, Any]:
        return {"index": 0, "name": self._workbook_name}


def _outputs(saved: str | None, sheet_name: str | None, range_a1: str | None) -> dict[str, Any] | None:
    if saved is None:
        return None
    return {"normalized": {"path": saved, "sheet_name": sheet_name, "range_a1": range_a1}}


def _evaluate(run: Totals, error: RunError | None) -> dict[str, Any]:
    """The outcome of a run, and the findings that led to it."""
    findings = []
    missing = [name for name, found in run.fields.items() if not found.detected]
    if run.tables == 0:
        if error is not None:
            return {"outcome": "unknown", "findings": [_execution_failed(error)]}
        outcome = "failure"
        findings.append(_finding("no_tables_detected", "error", "No table was found on any sheet."))
    elif run.fields and len(missing) == len(run.fields):
        outcome = "failure"
        findings.append(_finding("no_fields_detected", "error", "None of the registered fields was found."))
    elif missing:
        outcome = "partial"
        computed = _computed(run)
        absent = [name for name in missing if name not in computed]
        said = [f"Not found: {', '.join(absent)}."] if absent else []
        said += [f"Computed, without a column of their own: {', '.join(computed)}."] if computed else []
        findings.append(_finding("fields_not_detected", "warning", " ".join(said)))
    else:
        outcome = "success"
    # What is for information alone is no finding.
    issues = run.errors + run.warnings
    if issues:
        message = f"{issues} {'issue was' if issues == 1 else 'issues were'} found."
        findings.append(_finding("validation_warnings_present", "warning", message, issues))
    if error is not None:
        findings.append(_execution_failed(error))
        if outcome == "success":
            outcome = "partial"
    return {"outcome": outcome, "findings": findings}


def _computed(run: Totals) -> list[str]:
    return [name for name, found in run.fields.items() if found.computed and not found.detected]


def _execution_failed(error: RunError) -> dict[str, Any]:
    return _finding("execution_failed", "error", f"The run failed: {error.message}")


def _finding(code: str, severity: str, message: str, count: int | None = None) -> dict[str, Any]:
    return {"code": code, "severity": severity, "message": message, "count": count, "meta": None}


@lru_cache(maxsize=4096)
def _look_of(header: str | None) -> tuple[str | None, bool]:
    """A header in lower case with ``_`` between its words, and whether it is none, or stands for none."""
    if header is None:
        return None, True
    letters = [letter if letter.isalnum() else " " for letter in header.lower()]
    return "_".join("".join(letters).split()) or None, is_no_header(header)


def _mapping_payload(result: TableResult, index: int, mapped: Any, *, is_placeholder: bool) -> dict[str, Any]:
    candidates = []
    scores = result.column_scores.get(index)
    if scores and (mapped is not None or not is_placeholder):
        positive = sorted([(-score, field) for field, score in scores.items() if score > 0])
        candidates = [{"field": field, "score": -score} for score, field in positive[:_CANDIDATES]]
    stacked = result.stacked.get(index)
    if mapped is not None or stacked is not None:
        reason = None
    elif is_placeholder:
        reason = "empty_or_placeholder_header"
    elif index in result.duplicate_unmapped_indices:
        reason = "duplicate_field"
    elif candidates:
        reason = "below_threshold"
    else:
        reason = "no_signal"
    return {
        "status": "unmapped" if mapped is None and stacked is None else "mapped",
        "field": stacked if mapped is None else mapped.field_name,
        "score": None if mapped is None else mapped.score,
        "method": None if mapped is None else "classifier",
        "candidates": candidates,
        "unmapped_reason": reason,
    }
