"""The payload of ``engine.run.completed``: the findings, counts and outputs, from the run down to each column.

The native half counts them, table by table as they are written, so that a report keeps no frame in memory.
"""

from __future__ import annotations

from ade_engine import _native
from ade_engine.infrastructure.observability.logger import timestamp
from ade_engine.infrastructure.policy import policy
from ade_engine.models.errors import HookError
from ade_engine.models.table import is_no_header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from ade_engine.models import polars as pl

    from ade_engine.models.fields import FieldDef
    from ade_engine.models.run import RunError
    from ade_engine.pipeline.output.merge import BuiltTable
    from ade_engine.pipeline.write import SheetOutcome


class RunReport:
    """Collects the results of a run, and creates the report at the end."""

    def __init__(self, workbook_name: str):
        self._account = _native.Account(workbook_name, _look_of)
        self._fields: dict[str, FieldDef] = {}
        #: The error of a count that a hook has made.
        self._refused: HookError | None = None
        self.computed_fields = self._account.computed_fields
        self.headers_of = self._account.headers_of
        self.add_issues = self._account.add_issues
        self.add_sheet = self._account.add_sheet

    def set_fields(self, fields: dict[str, FieldDef]) -> None:
        """Sets the registered fields, once the config package was loaded."""
        self._fields = fields
        self._account.set_fields([(field.name, field.label) for field in fields.values()])

    def add(self, sheet: int, outcome: SheetOutcome) -> None:
        """Adds the results of a sheet that the run has reached."""
        if outcome.scan is not None:
            self._account.add_scan(sheet, **outcome.scan)
        for by_severity in outcome.issues:
            self.add_issues(sheet, by_severity)
        for table in outcome.written:
            self._add_table(sheet, table)

    def _add_table(self, sheet: int, table: BuiltTable) -> None:
        from ade_engine.pipeline.shared.counts import filled_cells
        from ade_engine.pipeline.shared.table_columns import ISSUE_PREFIX

        result, frame = table.result, table.result.table
        # A hook may have changed the fields of columns by hand.
        found = {column.field_name for column in (*result.mapped_columns, *result.derived_mappings)}
        names = [name for name in frame.columns if name in found or name in self._fields]
        filled = dict(zip(names, filled_cells(frame, names)))
        by_severity, rows_with_errors = table.by_severity, table.rows_with_errors
        if by_severity is None:
            # Without a list of issues all of them are warnings.
            by_severity, rows_with_errors = {"warning": _issues_of(frame)}, 0
        if by_severity["warning"] < 0:
            self._refused = self._refused or HookError(
                f"sheet {result.sheet_name!r}, table {result.table_index + 1}: a hook has made the number of issues negative (the sum of "
                "__ade_issue_count), so the run has no report; let the hook write 0 or more into each row"
            )
            by_severity = {}
        self._account.add_table(
            sheet,
            result,
            table.counts,
            filled=filled,
            valid={name: max(0, count - _issue_cells(frame, f"{ISSUE_PREFIX}{name}")) for name, count in filled.items()},
            height=frame.height,
            by_severity=by_severity,
            rows_with_errors=rows_with_errors,
            output_range=table.output_range,
            quotes=policy().quotes_values,
        )

    def rows_with_errors(self) -> int:
        """Returns the number of written rows with an error."""
        return self._account.rows_with_errors

    def payload(
        self,
        *,
        error: RunError | None,
        started_at: datetime,
        completed_at: datetime,
        output_path: Path | None,
    ) -> _native.Json:
        """Returns the event's data. Raises :class:`HookError` for an impossible count."""
        if self._refused is not None:
            raise self._refused
        failure = None if error is None else (error.stage or "unknown", error.code.value, error.message)
        duration = max(0, round((completed_at - started_at).total_seconds() * 1000))
        saved = None if output_path is None else str(output_path)
        return self._account.completed(timestamp(started_at), timestamp(completed_at), duration, failure, saved)


def _issue_cells(frame: pl.DataFrame, name: str) -> int:
    return frame.height - frame.get_column(name).null_count() if name in frame.columns else 0


def _issues_of(frame: pl.DataFrame) -> int:
    """Returns the number of issues of a table."""
    from ade_engine.pipeline.shared.table_columns import ISSUE_COUNT, ISSUE_PREFIX

    if ISSUE_COUNT in frame.columns:
        column = frame.get_column(ISSUE_COUNT)
        if column.dtype.is_numeric():
            return int(column.sum() or 0)
    return sum(_issue_cells(frame, name) for name in frame.columns if name.startswith(ISSUE_PREFIX))


def _look_of(header: str | None) -> tuple[str | None, bool]:
    """Returns a header in lower case with ``_`` between its words, and whether it is empty, or stands for an empty one."""
    if header is None:
        return None, True
    letters = [letter if letter.isalnum() else " " for letter in header.lower()]
    return "_".join("".join(letters).split()) or None, is_no_header(header)
