"""The request for a run, and its result."""

from __future__ import annotations

from enum import Enum

from ade_engine.models.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path


class RunStatus(str, Enum):
    """The status of a run. A result is never ``RUNNING``; the status exists for callers that keep track of runs."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class RunErrorCode(str, Enum):
    """The cause of a failure: see the table of errors in docs/reference/engine.md."""

    CONFIG_ERROR = "config_error"
    INPUT_ERROR = "input_error"
    HOOK_ERROR = "hook_error"
    PIPELINE_ERROR = "pipeline_error"
    UNKNOWN_ERROR = "unknown_error"


class RunRequest(Record):
    """One input file for one config package.

    The output goes to ``output_path``, else to ``<output_dir>/<stem>_normalized.xlsx``, else beside the input. ``logs_path``,
    or a file in ``logs_dir``, receives the events if the caller passes no logger of its own. A relative ``output_path`` starts
    in the working folder, a relative ``logs_path`` in ``logs_dir``, else beside the output.
    """

    config_package: Path
    input_file: Path
    input_sheets: Sequence[str] | None = None
    active_sheet_only: bool = False
    output_dir: Path | None = None
    output_path: Path | None = None
    logs_dir: Path | None = None
    logs_path: Path | None = None


class RunError(Record):
    """The error of a failed run."""

    code: RunErrorCode
    #: The stage of the hook that failed; ``None`` for any other failure.
    stage: str | None
    message: str


class RunResult(Record):
    """The result of a run. ``output_path`` is the path of the written workbook, ``None`` if there is none."""

    status: RunStatus
    error: RunError | None = None
    output_path: Path | None = None
    logs_dir: Path | None = None
    processed_file: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
