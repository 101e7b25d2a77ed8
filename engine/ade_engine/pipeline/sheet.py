"""One sheet from scan to output.

All tables of the sheet are built before any is written: read, mapped, transformed, validated, with hooks in between.
"""

from __future__ import annotations

from functools import partial

from ade_engine.infrastructure.settings import scan_limits
from ade_engine.models.fields import HookName
from ade_engine.models.record import Record
from ade_engine.pipeline.build import TableBuilder
from ade_engine.pipeline.finding.tables import TableFinder
from ade_engine.pipeline.hooks import Hooks
from ade_engine.pipeline.noticed import leave_to_issues, notice_scan, notice_tables, notice_tables_without_fields, range_text
from ade_engine.pipeline.output.merge import merge_tables, sort_by_mapping_ratio
from ade_engine.pipeline.shared.context import SheetProgress
from ade_engine.pipeline.write import SheetWriter, rows_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ade_engine.extensions.registry import Registry
    from ade_engine.infrastructure.settings import Settings
    from ade_engine.io.input.source import Source, SourceSheet
    from ade_engine.io.output.workbook import WorkbookOutput
    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.pipeline.output.manifest import Manifest
    from ade_engine.pipeline.shared.context import RunContext
    from ade_engine.pipeline.write import SheetOutcome


class SkippedSheet(Record):
    """A sheet without fields. ``write`` adds it to the output after all."""

    title: str
    index: int
    outcome: SheetOutcome
    write: Callable[[], None] | None


class SheetPipeline:
    """The state of a run for processing sheet after sheet. ``asks_for_fields``: sheets without fields are left out."""

    def __init__(
        self,
        registry: Registry,
        source: Source,
        output: WorkbookOutput,
        manifest: Manifest | None,
        settings: Settings,
        *,
        asks_for_fields: bool = False,
    ):
        self._asks_for_fields = asks_for_fields and bool(registry.fields)
        #: Only the first of these can still be written.
        self.left_out: list[SkippedSheet] = []
        self.hooks = Hooks(registry.hooks, reports=settings.is_2026)
        self._tables = TableFinder(registry)
        self._builder = TableBuilder(registry, self.hooks, self._tables.rows, is_csv=source.format == "csv")
        self.writer = SheetWriter(output, manifest, settings, self.hooks)
        self._source = source
        #: The keys of several fields on earlier sheets: see ``issues.own.find_repeated``.
        self._known_keys: dict[str, dict[tuple[str | None, ...], str]] = {}

    def process(self, context: RunContext, sheet: SourceSheet, outcome: SheetOutcome) -> None:
        """Reads, normalizes and writes one sheet; ``context`` is the sheet's own.

        ``outcome`` always holds the results so far.
        """
        context.logger.event(
            "sheet.started",
            message=f"Sheet {sheet.title!r}",
            data={"sheet_name": sheet.title, "sheet_index": context.sheet_index},
        )
        source = {"source_sheet": sheet.worksheet, "source_workbook": self._source.workbook}
        self.hooks.run(context, HookName.ON_SHEET_START, **source, on_demand=self._merged_ranges(sheet))
        # A hook may have renamed it.
        context.sheet_name = sheet.title
        progress = SheetProgress(context)
        scan = self._source.scan(sheet, **scan_limits(context.settings), on_progress=partial(progress, "scan"))
        outcome.scan = {
            "rows_emitted": scan.rows_emitted,
            "stopped_early": scan.stopped_early,
            "truncated_rows": scan.truncated_rows,
        }
        notice_scan(context, scan, self._source)
        scan, spans, kinds = self._tables.find(context, scan, progress)
        notice_tables(context, scan, self._source, spans)
        source["on_demand"] = self._merged_ranges(sheet, scan)
        built = [self._builder.build(context, scan, span, index, source) for index, span in enumerate(spans)]
        is_left_out = self._asks_for_fields and not any(table.result.mapping_lookup() for table in built)
        if not is_left_out:
            notice_tables_without_fields(context, built)
        missing = None
        if context.settings.is_2026:
            from ade_engine.pipeline.issues.listed import list_sheet, missing_fields

            list_sheet(context, built, self._known_keys)
            leave_to_issues(context, built)
            missing = missing_fields(context, built) if built else None
        for table in built:
            if table.cells is not None:
                table.result.table = table.cells.with_source_rows(table.result.table)
                table.cells = None
        lines = []
        if self.writer.row_map is not None:
            from ade_engine.pipeline.kept_rows.row_map import lines_without_row

            lines = lines_without_row(context, scan, spans, kinds, [rows_of(table) for table in built])
        scan_rows = scan.rows_emitted
        del scan
        if context.settings.sort_tables_by_mapping_ratio:
            built = sort_by_mapping_ratio(built)
        if context.settings.merge_tables_in_sheet and len(built) > 1:
            built = [merge_tables(built, typed=context.settings.is_2026)]
        write = partial(self.writer.write, context, sheet, built, outcome, scan_rows, progress, lines, missing)
        if is_left_out:
            # The first one may be the only sheet to write; the others need no memory.
            self.left_out.append(SkippedSheet(sheet.title, context.sheet_index, outcome, None if self.left_out else write))
        else:
            write()

    def _merged_ranges(self, sheet: SourceSheet, scan: SheetScan | None = None) -> dict[str, Callable[[], Any]]:
        """Returns the value ``merged_ranges`` for hooks that name it: as the sheet is now, or as it was scanned."""

        def find() -> list[str]:
            ranges = None if scan is None else scan.merged_ranges
            if ranges is None:
                ranges = self._source.merged_ranges_now(sheet)
            return [range_text(area) for area in ranges]

        return {"merged_ranges": find}
