"""The engine: from a request to a result.

The order of the steps saves time. Reading starts in the background before anything slow is imported; polars, and
the pipeline that needs it, are imported while the file is being read; only then does the config package load.
"""

from __future__ import annotations

import os
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from ade_engine import _native
from ade_engine.infrastructure.observability.context import create_run_logger_context
from ade_engine.infrastructure.observability.logger import NullLogger, RunLogger
from ade_engine.infrastructure.policy import decide, policy, show_values
from ade_engine.infrastructure.settings import Settings, scan_limits
from ade_engine.io.limits import MAX_ISSUES
from ade_engine.models.errors import ConfigError, HookError, InputError, OutputError, PipelineError
from ade_engine.models.fields import HookName
from ade_engine.models.notices import Notices, some_of
from ade_engine.models.run import RunError, RunErrorCode, RunRequest, RunResult, RunStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ade_engine.application.completed import RunReport
    from ade_engine.extensions.registry import Registry
    from ade_engine.io.input.source import Source, SourceSheet
    from ade_engine.io.output.other_shapes import OtherShapes
    from ade_engine.io.output.workbook import WorkbookOutput
    from ade_engine.pipeline.output.manifest import Manifest
    from ade_engine.pipeline.shared.context import RunContext
    from ade_engine.pipeline.sheet import SheetPipeline, SkippedSheet

#: An import has a folder and a file open, and imports others meanwhile.
_DESCRIPTORS_FOR_A_REPORT = 8

#: The maximum length of a file name in bytes.
_MAX_NAME_BYTES = 255

_CODES = (
    (ConfigError, RunErrorCode.CONFIG_ERROR),
    (InputError, RunErrorCode.INPUT_ERROR),
    (HookError, RunErrorCode.HOOK_ERROR),
    (PipelineError, RunErrorCode.PIPELINE_ERROR),
)


class Engine:
    """Runs config packages on workbooks.

    Without settings of its own it takes those that ``Settings()`` reads; the file ``settings.toml`` of a config package is read
    by ``Settings.load(config_package_dir=…)`` and by the command line.
    """

    def __init__(self, settings: Settings | None = None):
        self.settings = Settings() if settings is None else settings
        decide()

    def run(self, request: RunRequest, *, logger: RunLogger | None = None) -> RunResult:
        """Normalizes one file. Raises :class:`InputError` for unusable paths; later failures are in the result, except a
        :class:`HookError` if a hook has left a negative number of issues.

        Without a logger, events go to standard error and, if the request names a path for logs, to a file there.
        """
        settings = self.settings
        plan = _Plan(request, settings.log_format)
        plan.make_folders()
        if logger is not None:
            return _Run(plan, settings, logger).execute()
        try:
            context = create_run_logger_context(
                log_format=settings.log_format, log_level=settings.log_level, log_file=plan.logs_file
            )
        except OSError as error:
            raise InputError(f"the log file cannot be written: {error}") from error
        with context:
            return _Run(plan, settings, context.logger).execute()

    def load_registry(self, *, config_package: Path | str, logger: RunLogger | None = None) -> Registry:
        """Imports a config package and returns the registry that it fills."""
        folder = _absolute(config_package, "config package")
        registry, _, _, _ = _load_config(folder, self.settings, logger or NullLogger())
        return registry

    def check(self, *, config_package: Path | str, logger: RunLogger | None = None) -> Registry:
        """Imports a config package as a run does, and checks it for faults that a run would find only later.

        Raises :class:`ConfigError` if a callable needs a value that its stage does not offer, or returns a result that no table
        can use. Parts of the package without effect are logged as warnings. Returns the registry that the package fills.
        """
        from ade_engine.application.ignored import ignored
        from ade_engine.pipeline.signatures import wrong_signatures
        from ade_engine.pipeline.values.empty_table import wrong_results

        folder = _absolute(config_package, "config package")
        logger = logger or NullLogger()
        registry, _, package_folder, modules = _load_config(folder, self.settings, logger)
        wrong, unknown = wrong_results(registry, self.settings, str(package_folder))
        complaints = [*wrong_signatures(registry), *wrong]
        if complaints:
            error = ConfigError("\n".join(complaint.message for complaint in complaints))
            error.ade_location = complaints[0].location
            raise error
        for warning in (*ignored(folder, package_folder, modules, registry), *unknown):
            logger.warning("%s", warning, data={"ignored": True})
        return registry


def failure_code(error: BaseException) -> RunErrorCode:
    """Returns the code of an error, for a run and for a check alike."""
    # By the contract a package's error while it is loaded is unknown.
    is_of_config = policy().sends_codes and hasattr(error, "ade_of_config")
    otherwise = RunErrorCode.CONFIG_ERROR if is_of_config else RunErrorCode.UNKNOWN_ERROR
    return next((code for cls, code in _CODES if isinstance(error, cls)), otherwise)


def _nothing_to_read(sheets: list[SourceSheet]) -> str:
    """Returns why no sheet of a workbook is read, and what to do."""
    titles = [sheet.title for sheet in sheets]
    if not titles:
        return "the workbook has only charts and no sheet with cells; use the workbook that has the data"
    named = some_of([*map(repr, titles)])
    if any(sheet.state == "visible" for sheet in sheets):
        return f"no sheet of the workbook was read, because the settings skip its visible ones; its sheets are {named}. Remove `skip = true` from the one to read"
    return f"all sheets of the workbook are hidden: {named}. Unhide the sheet to read in a spreadsheet program, and save the file"


def _beside(output: Path, ending: str) -> str:
    """Returns the path of a further file of the output: ``people_issues.ndjson`` beside ``people_normalized.xlsx``."""
    return str(output.with_name(f"{output.stem.removesuffix('_normalized')}_{ending}"))


def output_path_for(input_file: Path, output_dir: Path | None = None) -> Path:
    """Returns the default output path of a run."""
    return (output_dir or input_file.parent) / _file_name(input_file.stem, "_normalized.xlsx")


def log_file_for(input_file: Path, logs_dir: Path, log_format: str) -> Path:
    """Returns the log of one input file in a folder of logs."""
    ending = "engine_events.ndjson" if log_format == "ndjson" else "engine.log"
    return logs_dir / _file_name(input_file.stem, f"_{ending}")


def _file_name(stem: str, ending: str) -> str:
    """Returns the stem with the ending. A name that is too long for file systems is cut, and a digest of the stem makes it
    unique.
    """
    if len(os.fsencode(stem + ending)) <= _MAX_NAME_BYTES:
        return stem + ending
    from hashlib import sha256

    encoded = os.fsencode(stem)
    ending = f"~{sha256(encoded).hexdigest()[:8]}{ending}"
    # If the cut is within a character, its first bytes are dropped, too.
    return encoded[: _MAX_NAME_BYTES - len(ending)].decode(errors="ignore") + ending


class _Plan:
    """A request with every path checked and made absolute."""

    def __init__(self, request: RunRequest, log_format: str):
        self.config_package = _absolute(request.config_package, "config package")
        self.input_file = _input_file(request.input_file)
        if not self.config_package.is_dir():
            raise InputError(f"config package is not a folder: {self.config_package}")
        if not self.input_file.is_file():
            raise InputError(f"input file not found: {self.input_file}")
        sheets = request.input_sheets
        if isinstance(sheets, str):
            raise InputError("input_sheets is a list of names, not one name")
        if sheets and request.active_sheet_only:
            raise InputError("input_sheets and active_sheet_only exclude each other")
        self.input_sheets = list(dict.fromkeys(str(name).strip() for name in sheets)) if sheets else None
        self.active_sheet_only = bool(request.active_sheet_only)
        output_dir = None if request.output_dir is None else _absolute(request.output_dir, "output folder")
        if request.output_path is not None:
            self.output_file = _absolute(request.output_path, "output path")
            if self.output_file.suffix.lower() != ".xlsx":
                raise InputError(f"the output path has to end in .xlsx: {self.output_file}")
        else:
            self.output_file = output_path_for(self.input_file, output_dir)
        self.logs_dir = None if request.logs_dir is None else _absolute(request.logs_dir, "logs folder")
        self.logs_file: Path | None = None
        if request.logs_path is not None:
            beside = self.logs_dir or self.output_file.parent
            self.logs_file = _absolute(request.logs_path, "logs path", beside)
            if self.logs_dir is None:
                is_relative = not Path(request.logs_path).expanduser().is_absolute()
                self.logs_dir = beside if is_relative else self.logs_file.parent
        elif self.logs_dir is not None:
            self.logs_file = log_file_for(self.input_file, self.logs_dir, log_format)

    def make_folders(self) -> None:
        """Creates the folders of output and logs before any hook runs, because hooks may write files there."""
        for file in (self.output_file, self.logs_file):
            if file is not None:
                try:
                    file.parent.mkdir(parents=True, exist_ok=True)
                except OSError as error:
                    raise InputError(f"the folder {file.parent} cannot be created: {error}") from error


def _input_file(path: object) -> Path:
    """Returns the input path with links resolved, unless the target is in a store that keeps files without an extension."""
    found = _absolute(path, "input file")
    if not found.suffix:
        link = Path(path).expanduser().absolute()
        if link.suffix:
            return link
    return found


def _absolute(path: object, what: str, folder: Path | None = None) -> Path:
    """Returns the absolute path, with ``~`` and links resolved; a relative one starts in ``folder``, if that is given."""
    try:
        found = Path(path).expanduser()
        return (found if folder is None else folder / found).resolve()
    except (TypeError, ValueError, OSError, RuntimeError) as error:
        raise InputError(f"{what} is not a usable path: {path!r} ({error})") from error


class _Run:
    """One run: opened, loaded, processed, saved, and reported whatever happens."""

    def __init__(self, plan: _Plan, settings: Settings, logger: RunLogger):
        self.plan = plan
        self.settings = settings
        self.logger = logger
        self.policy = policy()
        #: Whether cells may have been read: from then on an error's text may quote one.
        self.cells_read = False
        self.notices = Notices()
        #: The registry of the config package, once it was loaded.
        self.registry: Registry | None = None
        #: In edition 2026, once the output was saved: the report on the issues.
        self.issues: dict[str, Any] = {}
        #: File descriptors that are freed to report a failure.
        self.descriptors: list[int] = []

    def execute(self) -> RunResult:
        # Imported here and not above, because printing the version does not need it.
        from ade_engine.application.completed import RunReport
        from ade_engine.io.input.source import open_source

        plan = self.plan
        started_at = datetime.now(timezone.utc)
        source = open_source(
            str(plan.input_file),
            csv_encoding=self.settings.csv_encoding,
            csv_delimiter=self.settings.csv_delimiter,
            as_shown=self.settings.is_2026,
            **scan_limits(self.settings),
            # Only if the first visible sheet will certainly be processed.
            scan_ahead=plan.input_sheets is None and not plan.active_sheet_only,
        )
        report = RunReport(plan.input_file.name)
        error: RunError | None = None
        self._keep_descriptors()
        from ade_engine.pipeline.shared.edition import enter_run

        enter_run(self.settings.edition)
        try:
            self._announce()
            self._process(source, report)
        except KeyboardInterrupt:
            raise
        except BaseException as raised:
            # A panic in native code is no Exception.
            error = self._failure(raised)
        finally:
            enter_run(None)
        if self.policy.sends_notices:
            self._send_facts(report)
        self._release_descriptors()
        completed_at = datetime.now(timezone.utc)
        output_path = plan.output_file if error is None else None
        duration = (completed_at - started_at).total_seconds()
        self.logger.event(
            "run.completed",
            message=f"Run {'succeeded' if error is None else 'failed'} in {duration:.2f} s",
            data=report.payload(error=error, started_at=started_at, completed_at=completed_at, output_path=output_path),
        )
        return RunResult(
            status=RunStatus.SUCCEEDED if error is None else RunStatus.FAILED,
            error=error,
            output_path=output_path,
            logs_dir=plan.logs_dir,
            processed_file=plan.input_file.name,
            started_at=started_at,
            completed_at=completed_at,
        )

    def _keep_descriptors(self) -> None:
        """Reserves descriptors, because the report of a failure imports and reads files, even if a package has opened as many
        as it may.
        """
        try:
            while len(self.descriptors) < _DESCRIPTORS_FOR_A_REPORT:
                self.descriptors.append(os.dup(2))
        except OSError:
            # There are not so many, or standard error is closed.
            pass

    def _release_descriptors(self) -> None:
        while self.descriptors:
            os.close(self.descriptors.pop())

    def _send_facts(self, report: RunReport) -> None:
        """Sends the facts that the closing report's fixed schema has no fields for."""
        computed = report.computed_fields()
        if computed:
            self.logger.event(
                "fields.computed",
                message=f"Computed, without a column of their own: {', '.join(computed)}",
                data={"fields": computed},
            )
        found, overrides = self.notices, self.settings.overrides()
        # These lists are missing for packages whose detectors do not use the looks of rows, or whose fields have no values.
        lists = (("rows", found.rows), ("columns", found.columns), ("tables", found.tables and found.tables.told()), ("overrides", overrides))
        newer = {name: rows for name, rows in lists if rows} | self.issues
        if found.notices or found.readings or newer:
            self.logger.event(
                "run.noticed",
                message="; ".join(notice["message"] for notice in found.notices) or "How the tables were read",
                data={"notices": found.notices, "readings": found.readings, **newer},
            )

    def _announce(self) -> None:
        plan = self.plan
        self.logger.event(
            "settings.effective",
            level=10,
            message="Settings in effect",
            data={"settings": self.settings.for_events()},
        )
        self.logger.event(
            "run.started",
            message=f"Processing {plan.input_file.name}",
            data={"input_file": str(plan.input_file), "config_package": str(plan.config_package)},
        )
        self.logger.event(
            "run.planned",
            message=f"Output goes to {plan.output_file}",
            data={
                "output_file": str(plan.output_file),
                "output_dir": str(plan.output_file.parent),
                "logs_file": None if plan.logs_file is None else str(plan.logs_file),
                "logs_dir": None if plan.logs_dir is None else str(plan.logs_dir),
            },
        )

    def _process(self, source: Source, report: RunReport) -> None:
        plan = self.plan
        # This imports polars, while the file is being read.
        from ade_engine.pipeline.noticed import notice_detection, notice_hidden_sheets, notice_kind, notice_own_lists
        from ade_engine.pipeline.shared.context import RunContext
        from ade_engine.pipeline.sheet import SheetPipeline

        registry, manifest, package_folder, modules = _load_config(plan.config_package, self.settings, self.logger)
        self.registry = registry
        report.set_fields(registry.fields)
        if self.policy.sends_notices:
            # While the file is being read.
            for warning in _configuration_warnings(plan.config_package, package_folder, modules, registry):
                self.notices.add("configuration", warning)
        try:
            source.load()
        except Exception as error:
            of_input = self._of_input(error)
            if of_input is None:
                raise
            raise of_input from error
        self.cells_read = True
        self.logger.event(
            "workbook.started",
            message=f"Workbook {plan.input_file.name}: {source.sheet_count} sheets",
            data={"sheet_count": source.sheet_count},
        )
        notice_kind(self.notices, source)
        notice_detection(self.notices, source)
        context = RunContext(
            settings=self.settings,
            registry=registry,
            logger=self.logger,
            metadata={
                "input_file": str(plan.input_file),
                "output_file": str(plan.output_file),
                "input_file_name": plan.input_file.name,
            },
            package_folder=str(package_folder),
            notices=self.notices,
        )
        output = self._new_output()
        are_named = plan.input_sheets is not None or plan.active_sheet_only
        asks_for_fields = bool(self.settings.skip_sheets_without_fields) and not are_named
        pipeline = SheetPipeline(registry, source, output, manifest, self.settings, asks_for_fields=asks_for_fields)
        active_title = None if source.active is None else source.active.title
        pipeline.hooks.run(context, HookName.ON_WORKBOOK_START, source_workbook=source.workbook)
        # Hooks may have renamed, hidden, moved, removed or added sheets.
        all_sheets, active = source.sheets_now()
        self._notice_unknown_sheets(all_sheets)
        sheets = self._choose_sheets(all_sheets, active)
        source.prefetch(
            sheets,
            **scan_limits(self.settings),
        )
        if not are_named:
            notice_hidden_sheets(self.notices, source, all_sheets)
            notice_own_lists(self.notices, all_sheets)
        if not sheets and self.policy.sends_codes and HookName.ON_WORKBOOK_BEFORE_SAVE not in pipeline.hooks:
            raise InputError(_nothing_to_read(all_sheets))
        for index, sheet in enumerate(sheets):
            report.add_sheet(sheet.title, index, sheet.title == active_title)
            self._process_sheet(pipeline, context.for_sheet(sheet.title, index), sheet, report)
        self._leave_out(pipeline.left_out, report, is_all=len(pipeline.left_out) == len(sheets))
        self._save(pipeline, context, output, report)

    def _save(self, pipeline: SheetPipeline, context: RunContext, output: WorkbookOutput, report: RunReport) -> None:
        """Writes the parts that belong to no single sheet, and saves the workbook with the files beside it."""
        quarantine, apart = pipeline.writer.quarantine, None
        if quarantine is not None:
            apart = self._new_output() if self.settings.quarantine == "file" and quarantine.rows else None
            file = None if apart is None else Path(_beside(self.plan.output_file, "quarantine.xlsx")).name
            quarantine.write(output, self.notices, style=self.settings.output_style, book=apart, file=file, row_map=pipeline.writer.row_map)
        # Issues that hooks report at the very end must be listed, too.
        is_late = pipeline.hooks.asks_to_report(HookName.ON_WORKBOOK_BEFORE_SAVE)
        if not is_late:
            self._add_own_sheets(output)
        pipeline.hooks.run(context, HookName.ON_WORKBOOK_BEFORE_SAVE, output_workbook=output.workbook)
        if context.remarks:
            from ade_engine.pipeline.issues.listed import lines_of_remarks

            report.add_issues(None, output.add_issues(lines_of_remarks(context)))
        if is_late:
            self._add_own_sheets(output)
        output.save(str(self.plan.output_file), self._files_beside(pipeline, output, apart))
        if self.settings.is_2026:
            self._count_issues(output, report, context, 0 if quarantine is None else quarantine.rows)

    def _count_issues(self, output: WorkbookOutput, report: RunReport, context: RunContext, quarantined: int) -> None:
        """Determines the report on the issues."""
        issues = output.issues or _native.IssueList([])
        unnamed, fields = [*context.unnamed_rules], [*context.registry.fields]
        rules, totals = issues.told(unnamed, fields, MAX_ISSUES, report.rows_with_errors(), quarantined)
        self.issues = {"issues": rules, "issue_list": totals}

    def _add_own_sheets(self, output: WorkbookOutput) -> None:
        """Adds the sheets of issues and of notes, if they are wanted."""
        if self.settings.issues_sheet:
            from ade_engine.pipeline.output.own_sheets import add_issues_sheet

            add_issues_sheet(output, self.plan.input_file.name)
        if self.settings.notes_sheet:
            from ade_engine.pipeline.output.own_sheets import add_notes_sheet

            add_notes_sheet(output, self.plan.input_file.name, self.notices)

    def _files_beside(
        self, pipeline: SheetPipeline, output: WorkbookOutput, apart: WorkbookOutput | None
    ) -> dict[str, Callable[[str], None]]:
        """Returns the files beside the workbook, and the functions that write them. ``apart``: the quarantined rows."""
        workbook = self.plan.output_file
        files: dict[str, Callable[[str], None]] = {}
        if self.settings.is_2026:
            files[_beside(workbook, "issues.ndjson")] = output.write_issues
        if pipeline.writer.row_map is not None:
            stands = partial(output.stands, with_columns=False)
            files[_beside(workbook, "rows.json")] = partial(pipeline.writer.row_map.write, stands=stands)
        if apart is not None:
            files[_beside(workbook, "quarantine.xlsx")] = apart.write
        if pipeline.writer.shapes is not None:
            self._add_shapes(files, pipeline.writer.shapes, output)
        moved = output.moved() if files else []
        if moved:
            self.notices.add(
                "places_moved",
                f"hooks moved cells of the output on {', '.join(map(repr, moved))}, so ADE cannot tell where issues and rows are on it",
                count=len(moved),
                sheets=moved,
            )
        return files

    def _add_shapes(self, files: dict[str, Callable[[str], None]], shapes: OtherShapes, output: WorkbookOutput) -> None:
        """Adds the files of another format, and reports those that differ from the workbook."""
        workbook = self.plan.output_file
        files.update((str(workbook.with_name(_file_name(workbook.stem, end))), write) for end, write in shapes.files().items())
        titles = list(dict.fromkeys(table.title for table in shapes.tables if not output.is_as_written(table)))
        if titles:
            self.notices.add(
                "shapes_differ",
                f"hooks have changed cells on {', '.join(map(repr, titles))} of the workbook; the files beside it have the tables "
                "without these changes",
                count=len(titles),
                sheets=titles,
            )

    def _new_output(self) -> WorkbookOutput:
        """Returns a new workbook for the output."""
        from ade_engine.io.output.workbook import WorkbookOutput

        settings = self.settings
        return WorkbookOutput(escape_formulas=settings.escape_formulas, is_2026=settings.is_2026)

    def _process_sheet(
        self, pipeline: SheetPipeline, context: RunContext, sheet: SourceSheet, report: RunReport
    ) -> None:
        """Processes one sheet, and reports its results, also after a failure."""
        from ade_engine.pipeline.write import SheetOutcome

        outcome = SheetOutcome()
        try:
            pipeline.process(context, sheet, outcome)
        except Exception as error:
            of_input = self._of_input(error)
            if of_input is None:
                raise
            raise of_input from error
        finally:
            # Last, because a hook may change a table's result, and reports show the final one.
            report.add(context.sheet_index, outcome)

    def _of_input(self, error: Exception) -> InputError | None:
        """Returns the same error as one of the input, if the input is at fault; the contract knows fewer of these."""
        from ade_engine.infrastructure.observability.wording import kind_of, said_by
        from ade_engine.io.input.source import SourceError

        if isinstance(error, SourceError):
            return InputError(str(error))
        if not self.policy.sends_codes:
            return None
        if isinstance(error, UnicodeDecodeError):
            found = InputError(f"{self.plan.input_file.name} is not written in {error.encoding} (byte {error.start + 1}): {error.reason}")
            found.ade_hint = getattr(error, "ade_hint", None)
            return found
        # The tables of the input are larger than a worksheet, or have values that no cell can hold.
        is_of_output = isinstance(error, OutputError) or kind_of(error) == "IllegalCharacterError"
        return InputError(said_by(error)) if is_of_output else None

    def _leave_out(self, sheets: list[SkippedSheet], report: RunReport, *, is_all: bool) -> None:
        """Reports the sheets that have no field; the first is written after all if there are no others."""
        if sheets and is_all:
            first = sheets.pop(0)
            try:
                first.write()
            finally:
                report.add(first.index, first.outcome)
        titles = [sheet.title for sheet in sheets]
        if titles:
            have = "1 sheet has" if len(titles) == 1 else f"{len(titles)} sheets have"
            were = "was" if len(titles) == 1 else "were"
            self.notices.add(
                "sheets_skipped",
                f"{have} no column for any field and {were} left out: {', '.join(map(repr, titles))}",
                level="info",
                count=len(titles),
                sheets=titles,
            )

    def _choose_sheets(self, sheets: list[SourceSheet], active: SourceSheet | None) -> list[SourceSheet]:
        """Returns the sheets to process, in workbook order."""
        visible = [sheet for sheet in sheets if sheet.state == "visible"]
        if self.plan.active_sheet_only:
            if active is None or active.state != "visible":
                raise InputError(f"the active sheet of {self.plan.input_file.name} is hidden or missing")
            if active.is_own_list:
                raise InputError(
                    f"the active sheet of {self.plan.input_file.name} is the list of issues of a marked copy; name the "
                    "sheet to read, or save the file with that sheet active"
                )
            return [active]
        if self.plan.input_sheets is not None:
            return _named_sheets(visible, self.plan.input_sheets)
        of_sender = [sheet for sheet in visible if not sheet.is_own_list]
        if visible and not of_sender:
            raise InputError(
                f"{self.plan.input_file.name} is a marked copy whose only visible sheet is the list of issues; unhide the "
                "sheet to read, and save the file"
            )
        return self._without_skipped(of_sender)

    def _notice_unknown_sheets(self, sheets: list[SourceSheet]) -> None:
        """Reports sheets that the settings name and this workbook does not have, because a title may be mistyped."""
        titles = {sheet.title for sheet in sheets}
        unknown = [title for title in self.settings.sheets if title not in titles]
        if unknown:
            self.notices.add(
                "sheets_unknown",
                f"this workbook has no sheet {' and no sheet '.join(map(repr, unknown))}; the settings or --header-rows refer to {'it' if len(unknown) == 1 else 'them'}, so check the spelling",
                level="info",
                count=len(unknown),
                sheets=unknown,
            )

    def _without_skipped(self, sheets: list[SourceSheet]) -> list[SourceSheet]:
        """Returns the sheets that settings do not leave out. One that is requested by name is processed nevertheless."""
        choices = self.settings.sheets
        skipped = [sheet.title for sheet in sheets if sheet.title in choices and choices[sheet.title].skip]
        if skipped:
            were = "1 sheet was" if len(skipped) == 1 else f"{len(skipped)} sheets were"
            self.notices.add(
                "sheets_skipped",
                f"{were} left out by the settings: {', '.join(map(repr, skipped))}",
                level="info",
                count=len(skipped),
                sheets=skipped,
            )
        return [sheet for sheet in sheets if sheet.title not in skipped]

    def _failure(self, raised: BaseException) -> RunError:
        """Logs the error that ended the run, and returns it as the result's error."""
        self._release_descriptors()
        from ade_engine.extensions.loader import place_of, words_of
        from ade_engine.infrastructure.observability.refusals import refusal_behind
        from ade_engine.infrastructure.observability.stack import stack_trace
        from ade_engine.infrastructure.observability.wording import mark_as_free_of_values

        if not self.cells_read:
            mark_as_free_of_values(raised)
        code = failure_code(raised)
        stage = getattr(raised, "stage", None) if isinstance(raised, HookError) else None
        if not self.policy.quotes_values and stage not in list(HookName):
            # A package may name any stage in an error that it raises, also a cell's value.
            stage = None
        location = getattr(raised, "ade_location", None)
        if location is not None:
            message = str(raised)
        else:
            location = place_of(raised, self.plan.config_package)
            message = words_of(raised, named=not isinstance(raised, tuple(cls for cls, _ in _CODES)), place=location)
        refusal = refusal_behind(raised)
        hint = getattr(raised, "ade_hint", None)
        if hint is None and refusal is not None:
            hint = refusal.hint
        self.logger.event(
            "log",
            level=40,
            message=message,
            data={
                "code": code.value,
                "stage": stage or "unknown",
                **location,
                **({} if hint is None else {"hint": hint}),
                **({} if refusal is None or refusal.limit is None else {"limit": refusal.limit}),
            },
            exc=raised,
        )
        if self.cells_read:
            show_values(f"The failure in full:\n{stack_trace(raised, whole=False).rstrip()}")
        return RunError(code=code, stage=stage, message=message)


def _named_sheets(visible: list[SourceSheet], names: Sequence[str]) -> list[SourceSheet]:
    titles = {sheet.title for sheet in visible}
    missing = [name for name in names if name not in titles]
    if missing:
        listed = ", ".join(repr(name) for name in missing)
        known = ", ".join(repr(sheet.title) for sheet in visible) or "none"
        raise InputError(f"no visible sheet is named {listed}; visible sheets: {known}")
    return [sheet for sheet in visible if sheet.title in names]


def _load_config(
    config_package: Path, settings: Settings, logger: RunLogger
) -> tuple[Registry, Manifest | None, Path, list[str]]:
    """Returns the registry of a config package, its manifest if it has one, the folder of the package itself, and its plugins.
    """
    from ade_engine.extensions.loader import import_and_register, resolve_config_import
    from ade_engine.extensions.registry import Registry
    from ade_engine.pipeline.output.manifest import load_manifest

    registry = Registry()
    modules = import_and_register(config_package, registry)
    if settings.headers:
        from ade_engine.pipeline.finding.row_detectors import put_headers_first

        put_headers_first(registry, settings.headers)
    if settings.is_2026:
        from ade_engine.pipeline.finding.row_detectors import register_own_detectors

        register_own_detectors(registry)
    spec = resolve_config_import(config_package)
    package_folder = spec.import_root / spec.package_name
    manifest = load_manifest(Path(config_package), package_folder)
    if registry.reshapes or settings.values or settings.headers:
        from ade_engine.pipeline.reshaping.demands import check_reshapes

        check_reshapes(registry, settings)
    from ade_engine.extensions.field_facts import check_keys, check_looks

    check_keys(registry.fields)
    if settings.output_style == "table":
        check_looks(registry.fields.values())
    if settings.is_2026:
        from ade_engine.pipeline.values.types import check_types

        check_types(registry.fields.values())
    fields, found = ("" if len(many) == 1 else "s" for many in (registry.fields, modules))
    logger.event(
        "config.loaded",
        message=f"Config package {config_package}: {len(registry.fields)} field{fields} from {len(modules)} module{found}",
        data={
            "config_package": str(config_package),
            "entrypoint": "auto-discovery",
            "plugin_modules": modules,
            "fields": list(registry.fields),
            "settings": settings.for_events(),
        },
    )
    return registry, manifest, package_folder, modules


def _configuration_warnings(
    config_package: Path, package_folder: Path, plugins: list[str], registry: Registry
) -> list[str]:
    """Returns a sentence for each part of the package without effect. The package is loaded."""
    try:
        from ade_engine.application.ignored import ignored

        return ignored(config_package, package_folder, plugins, registry)
    except Exception:
        # A run does not fail because of help for the author; a check reports the error.
        return []
