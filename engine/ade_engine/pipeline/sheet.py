"""One sheet from scan to output.

All tables of the sheet are built before any is written: read, mapped, transformed, validated, with hooks in between.
"""

from __future__ import annotations

from functools import partial

import polars as pl

from ade_engine.fields import surroundings
from ade_engine.fields.nearest import Nearest
from ade_engine.fields.surroundings import ROW, Surroundings
from ade_engine.infrastructure.settings import scan_limits
from ade_engine.io.scan.sheet_scan import ChangedScan
from ade_engine.models.fields import HookName
from ade_engine.models.table import TableRegion, TableResult, region_of
from ade_engine.pipeline.columns.derived import derived_mappings, split_columns
from ade_engine.pipeline.columns.frame import SourceTable, header_text, notice_controls, notice_counts
from ade_engine.pipeline.columns.mapping import ColumnMapper, rename_columns
from ade_engine.pipeline.explained import explained, fields_told, header_rows_told, hook_told, places_of, rules_of, tell_written
from ade_engine.pipeline.finding.header_rows import DATA, HEADER, RowKinds, RowSpan, chosen_tables, find_tables
from ade_engine.pipeline.finding.row_detectors import RowClassifier, known_words
from ade_engine.pipeline.finding.side_by_side import last_filled_row, split_side_by_side
from ade_engine.pipeline.hooks import Hooks
from ade_engine.pipeline.kept_rows.other_rows import drop_blank_rows, end_tables, leave_out_rows
from ade_engine.pipeline.kept_rows.identity import after_hook, unknown_from, with_checks
from ade_engine.pipeline.kept_rows.provenance import sources_of, total_cells, with_rows
from ade_engine.pipeline.noticed import (
    leave_to_issues,
    notice_copied_sheet,
    notice_end,
    notice_formulas,
    notice_hidden,
    notice_marks,
    notice_merged,
    notice_no_table,
    notice_one_column,
    notice_power_above,
    notice_quotes,
    notice_rows,
    notice_tables_without_fields,
    notice_uneven_rows,
    notice_values_above,
    range_text,
)
from ade_engine.pipeline.output.merge import BuiltTable, merge_tables, sort_by_mapping_ratio
from ade_engine.pipeline.output.output_columns import table_look, with_all_fields, with_severities, written_names
from ade_engine.pipeline.shared.context import Progress
from ade_engine.pipeline.shared.counts import SourceCounts
from ade_engine.pipeline.shared.table_columns import RESERVED_PREFIX
from ade_engine.pipeline.values.own_checks import validators_of
from ade_engine.pipeline.values.values import Transforms, Validators

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ade_engine.extensions.registry import RegisteredFn, Registry
    from ade_engine.infrastructure.settings import Settings
    from ade_engine.fields.surroundings import Sources
    from ade_engine.io.input.source import Source, SourceSheet
    from ade_engine.io.output.other_shapes import OtherShapes
    from ade_engine.io.output.workbook import Output, OutputSheet
    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.models.issues import Issue
    from ade_engine.pipeline.output.manifest import Manifest
    from ade_engine.pipeline.issues.quarantine import Quarantine
    from ade_engine.pipeline.kept_rows.row_map import RowMap, RowsOfTable
    from ade_engine.pipeline.shared.context import RunContext


class SheetOutcome:
    """What is known about a sheet so far, also when the run ends within it."""

    __slots__ = ("scan", "written", "issues")

    def __init__(self) -> None:
        #: What scanning found out, once it has.
        self.scan: dict[str, Any] | None = None
        #: The tables that were written.
        self.written: list[BuiltTable] = []
        #: With ``issue_list``: the issues that are of none of the tables, by severity.
        self.issues: list[dict[str, int]] = []


class LeftOut:
    """A sheet without fields. ``write`` puts it into the output after all."""

    __slots__ = ("title", "index", "outcome", "write")

    def __init__(self, title: str, index: int, outcome: SheetOutcome, write: Callable[[], None] | None):
        self.title = title
        self.index = index
        self.outcome = outcome
        self.write = write


class SheetPipeline:
    """Everything a run needs to process sheet after sheet. ``asks_for_fields``: sheets without any are left out."""

    def __init__(
        self,
        registry: Registry,
        source: Source,
        output: Output,
        manifest: Manifest | None,
        settings: Settings,
        *,
        asks_for_fields: bool = False,
    ):
        self._asks_for_fields = asks_for_fields and bool(registry.fields)
        #: Of these the first one can still be written.
        self.left_out: list[LeftOut] = []
        #: With ``quarantine``: the rows that are not written with their tables.
        self.quarantine: Quarantine | None = None
        if settings.quarantine != "keep":
            from ade_engine.pipeline.issues.quarantine import Quarantine

            self.quarantine = Quarantine()
        #: With ``row_provenance``: which lines the rows of the output are of.
        self.row_map: RowMap | None = None
        if settings.row_provenance:
            from ade_engine.pipeline.kept_rows.row_map import RowMap

            self.row_map = RowMap()
        #: With ``also_write``: the tables in another shape.
        self.shapes: OtherShapes | None = None
        if settings.also_write != "xlsx":
            from ade_engine.io.output.other_shapes import OtherShapes

            self.shapes = OtherShapes(settings.also_write, escape_formulas=settings.escape_formulas)
        self.hooks = Hooks(registry.hooks, reports=bool(settings.issue_list))
        self._rows = RowClassifier(registry.row_detectors)
        self._columns = ColumnMapper(registry.column_detectors)
        self._nearest = Nearest(registry)
        self._transforms = Transforms(registry.column_transforms_by_field)
        checks = validators_of(registry)
        self._validators = Validators(checks)
        self._rules = rules_of(checks)
        self._reshapes = registry.reshapes
        self._source = source
        self._output = output
        self._manifest = manifest

    def process(self, context: RunContext, sheet: SourceSheet, outcome: SheetOutcome) -> None:
        """Read, normalize and write one sheet; ``context`` is the sheet's own.

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
        progress = Progress(context)
        scan = self._source.scan(sheet, **scan_limits(context.settings), on_progress=partial(progress, "scan"))
        outcome.scan = {
            "rows_emitted": scan.rows_emitted,
            "stopped_early": scan.stopped_early,
            "truncated_rows": scan.truncated_rows,
        }
        notice_end(context, scan)
        notice_formulas(context, scan)
        notice_hidden(context, scan)
        if context.policy.sends_notices and context.sheet_name.endswith(")"):
            notice_copied_sheet(context, scan, self._source)
        if self._source.format == "csv" and context.policy.sends_notices:
            notice_one_column(context, scan)
            notice_quotes(context, scan)
        scan, spans, kinds = self._find_tables(context, scan, progress)
        # Records in lines are no rows of the sheet.
        in_rows = [span for span in spans if span.gathered is None]
        if self._source.format == "csv":
            notice_uneven_rows(context, scan, in_rows)
        else:
            notice_marks(context, scan, in_rows)
        if context.settings.edition == "2026" and context.policy.sends_notices:
            for span in in_rows:
                notice_values_above(context, span.scan or scan, span)
        notice_merged(context, scan, in_rows, fill=bool(context.settings.fill_merged))
        source["on_demand"] = self._merged_ranges(sheet, scan)
        built = [self._build(context, scan, span, kinds, index, source) for index, span in enumerate(spans)]
        is_left_out = self._asks_for_fields and not any(table.result.mapping_lookup() for table in built)
        if not is_left_out:
            notice_tables_without_fields(context, built)
        missing = None
        if context.settings.issue_list:
            from ade_engine.pipeline.issues.listed import missing_fields

            _list_issues(context, built)
            missing = missing_fields(context, built) if built else None
        for table in built:
            if table.cells is not None:
                table.result.table = table.cells.with_source_rows(table.result.table)
                table.cells = None
        lines = []
        if self.row_map is not None:
            from ade_engine.pipeline.kept_rows.row_map import lines_without_row

            lines = lines_without_row(context, scan, spans, kinds, [_rows_of(table) for table in built])
        scan_rows = scan.rows_emitted
        del scan
        if context.settings.sort_tables_by_mapping_ratio:
            built = sort_by_mapping_ratio(built)
        if context.settings.merge_tables_in_sheet and len(built) > 1:
            built = [merge_tables(built, typed=bool(context.settings.typed_fields))]
        write = partial(self._write_sheet, context, sheet, built, outcome, scan_rows, progress, lines, missing)
        if is_left_out:
            # The first one may be all that there is to write; the others need no memory.
            self.left_out.append(LeftOut(sheet.title, context.sheet_index, outcome, None if self.left_out else write))
        else:
            write()

    def _write_sheet(
        self,
        context: RunContext,
        sheet: SourceSheet,
        built: list[BuiltTable],
        outcome: SheetOutcome,
        scan_rows: int,
        progress: Progress,
        lines: list[dict[str, Any]],
        missing: list[Issue] | None,
    ) -> None:
        """Write the tables of a sheet one below the other; ``lines``: those of the sender's sheet that have no row in them;
        ``missing``: the issues of required fields without a column.
        """
        if missing is not None:
            outcome.issues.append(self._output.add_issues(missing))
        if context.settings.all_fields:
            for table in built:
                table.result.table = with_all_fields(context, table.result.table)
        if self.quarantine is not None:
            whole, built = built, [self.quarantine.take(context, table, self._manifest) for table in built]
            if self.row_map is not None and built and not built[0].is_turned:
                from ade_engine.pipeline.kept_rows.row_map import quarantined_lines

                lines = lines + quarantined_lines(context, *([_rows_of(table) for table in tables] for tables in (whole, built)))
        if self.row_map is not None:
            self.row_map.add_lines(lines)
        output_sheet = self._output.add_sheet(sheet.title)
        next_row = 1
        for table in built:
            next_row = self._write(context, table, output_sheet, next_row, outcome.written, is_only=len(built) == 1)
            progress("write", next_row, scan_rows)
        self.hooks.run(
            context,
            HookName.ON_SHEET_END,
            output_sheet=output_sheet,
            output_workbook=self._output.workbook,
            tables=[table.result for table in built],
        )
        if context.remarks:
            from ade_engine.pipeline.issues.listed import lines_of_remarks

            outcome.issues.append(self._output.add_issues(lines_of_remarks(context)))

    def _find_tables(
        self, context: RunContext, scan: SheetScan, progress: Progress
    ) -> tuple[SheetScan, list[RowSpan], bytearray]:
        """The sheet's tables, the scan to read them from, which row detectors may have changed, and the kinds of rows."""
        settings = context.settings
        spans: list[RowSpan] = []
        verdict = None
        # Rows are cut after their last value, so a sheet without width is a sheet without values.
        if scan.width:
            verdict = self._rows.classify(context, scan, progress)
            if verdict.changed_rows:
                scan = ChangedScan(scan, verdict.changed_rows)
            spans = self._tables(context, scan, verdict, progress)
        if (verdict is None or self._rows.has_detectors) and not any(span.gathered is not None for span in spans):
            notice_no_table(context, verdict, spans)
        if context.debug:
            _report_tables(context, scan, spans)
        return scan, spans, bytearray() if verdict is None else verdict.kinds

    def _tables(
        self, context: RunContext, scan: SheetScan, verdict: RowKinds, progress: Progress, *, is_part: bool = False
    ) -> list[RowSpan]:
        """The tables among the rows of a scan, which is a sheet or a part of one."""
        settings, kinds = context.settings, verdict.kinds
        choice = settings.sheets.get(context.sheet_name)
        # What a user has said of header rows is not judged.
        is_open = choice is None or choice.header_rows is None
        by_context = settings.rows_by_context and is_open
        repeated: dict[int, str] = {}
        titles: set[int] = set()
        words: dict[str, str] = {}
        if settings.headerless_tables:
            from ade_engine.pipeline.kept_rows.headerless import keep_records, mark_repeated_headers

            repeated = mark_repeated_headers(kinds, scan)
        if settings.rows_by_context:
            from ade_engine.pipeline.kept_rows import rows_in_context

            words = known_words(context.registry)
            rows_in_context.mark_further_headers(context, kinds, scan, words)
            rows_in_context.mark_lone_headers(kinds, scan, words)
            titles = rows_in_context.mark_page_titles(kinds, scan)
        if self._reshapes and is_open:
            from ade_engine.pipeline.reshaping.rows import mark_forms, mark_series_headers

            known = known_words(context.registry)
            mark_forms(context, kinds, scan, known)
            mark_series_headers(context, kinds, scan, known)
        if self._rows.goes_by_looks and context.policy.sends_notices and not is_part:
            notice_rows(context, scan, kinds, repeated)
        if settings.line_records and choice is None and not is_part:
            from ade_engine.pipeline.reshaping.lines import find_lines

            gathered = find_lines(context, scan, words or known_words(context.registry))
            if gathered is not None:
                return [gathered.span()]
        if settings.rows_by_context and choice is None and not is_part:
            lying = self._on_its_side(context, scan, words, progress)
            if lying is not None:
                return lying
        find = find_tables if choice is None else partial(chosen_tables, choice)
        spans = find(verdict, scan.is_empty_row, merge_stacked_headers=settings.merge_stacked_headers)
        if settings.split_side_by_side_tables and settings.columns_by_context and choice is None and not is_part:
            parts = self._parts(context, scan, spans, progress)
            if parts is not None:
                return parts
        if by_context:
            rows_in_context.free_first_heads(spans, kinds, scan)
            if settings.edition == "2026" and any(span.header_rows > 1 for span in spans):
                from ade_engine.pipeline.kept_rows.above_headers import free_lone_values

                free_lone_values(spans, kinds, scan)
        if settings.headerless_tables and is_open:
            area = None if choice is None else choice.area
            spans = keep_records(context, spans, kinds, scan, 0 if area is None else area[0] - 1)
        if by_context:
            rows_in_context.end_above_titles(context, spans, titles)
            rows_in_context.find_lines(context, spans, kinds, scan, words)
        if by_context and settings.edition == "2026" and settings.group_rows == "column" and len(spans) > 1:
            from ade_engine.pipeline.kept_rows.above_headers import name_sections

            name_sections(spans, scan)
        if self._reshapes.beside and len(spans) > 1:
            from ade_engine.pipeline.reshaping.beside import cut_at_labels

            cut_at_labels(context, spans, scan)
        if choice is None or choice.area is None:
            # A range is where a user says that the table ends.
            end_tables(context, spans, kinds, scan)
        if settings.split_side_by_side_tables and not settings.columns_by_context:
            spans = [part for span in spans for part in split_side_by_side(span, scan, scan.width)]
        for span in spans:
            span.verdict = verdict
        return spans

    def _on_its_side(
        self, context: RunContext, scan: SheetScan, words: dict[str, str], progress: Progress
    ) -> list[RowSpan] | None:
        """The table of a sheet, turned where that is sure and wanted, if it lies on its side."""
        from ade_engine.pipeline.finding import on_its_side

        side = on_its_side.find_side(scan, words)
        if side is None:
            return None
        if not (side.is_sure and context.settings.turn_tables):
            on_its_side.tell_left(context, side)
            return [side.span]
        on_its_side.tell_turned(context, side)
        context = context.turned_at(side.start)
        turned = on_its_side.turned(scan, side)
        verdict = self._rows.classify(context, turned, progress)
        # Nothing but the names is a header.
        verdict.kinds[:] = bytes([HEADER if row == side.names else DATA for row in range(turned.rows_emitted)])
        tables = self._tables(context, turned, verdict, progress, is_part=True)
        for table in tables:
            table.scan = table.turned = turned
            table.turned_from = side.start
            table.kinds = verdict.kinds
        return tables

    def _parts(
        self, context: RunContext, scan: SheetScan, spans: list[RowSpan], progress: Progress
    ) -> list[RowSpan] | None:
        """The tables of a sheet on which some lie beside one another, or beside notes; nothing if none does."""
        from ade_engine.pipeline.finding.columns_in_context import areas_of, part_of

        words = known_words(context.registry)
        areas = [areas_of(context, span, scan, words) for span in spans]
        if not any(areas):
            return None
        tables: list[RowSpan] = []
        above = 0
        for span, columns in zip(spans, areas):
            for first, stop in columns or [(0, scan.width)]:
                part = part_of(scan, (above, span.stop), (first, stop))
                verdict = self._rows.classify(context, part, progress)
                last = span.data_start - 1
                if HEADER not in verdict.kinds and not part.is_empty_row(last):
                    # Alone its header looks like none.
                    verdict.kinds[last] = HEADER
                for table in self._tables(context, part, verdict, progress, is_part=True):
                    table.stop = last_filled_row(table, part, first, stop)
                    table.first_column, table.stop_column = first, stop
                    table.scan, table.kinds = part, verdict.kinds
                    tables.append(table)
            above = span.stop
        return tables

    def _merged_ranges(self, sheet: SourceSheet, scan: SheetScan | None = None) -> dict[str, Callable[[], Any]]:
        """The value ``merged_ranges`` for hooks that name it: as the sheet is now, or as it was scanned."""

        def find() -> list[str]:
            ranges = None if scan is None else scan.merged_ranges
            if ranges is None:
                ranges = self._source.merged_ranges_now(sheet)
            return [range_text(area) for area in ranges]

        return {"merged_ranges": find}

    def _build(
        self,
        context: RunContext,
        scan: SheetScan,
        span: RowSpan,
        kinds: bytearray,
        table_index: int,
        source_values: dict[str, Any],
    ) -> BuiltTable:
        """A table from its cells to what is written."""
        has_rows = bool(context.settings.row_provenance)
        gathered = span.gathered
        source = SourceTable(span.turned or (scan if gathered is None else gathered.scan), span, spread_labels=context.settings.spread_header_labels, has_rows=has_rows)
        turned = None if span.turned is None else span.turned_from
        region = source.region if gathered is None else gathered.region
        context = context.for_table(table_index, region, turned=turned)
        found = None
        if self._reshapes.stacked:
            from ade_engine.pipeline.reshaping.reshape import map_columns

            mapping, found = map_columns(context, source, self._columns)
        else:
            mapping = self._columns.map(context, source)
        if context.policy.sends_notices:
            if found is None and context.settings.edition == "2026" and len(source.columns) > len(mapping.columns) + 2:
                from ade_engine.pipeline.reshaping.columns import notice_series

                notice_series(context, source, mapping)
            notice_controls(context, source)
            if context.settings.edition != "1.9" and span.turned is None:
                notice_power_above(context, span.scan or scan, span)
            transforms = context.registry.column_transforms_by_field
            notice_counts(context, source, {column.source_index for column in mapping.columns if column.field_name in transforms})
        table = raw = rename_columns(context, source, mapping)
        if has_rows:
            table = with_rows(table, source)
            # Nothing else moves rows unseen.
            if context.settings.issue_list and self.hooks.see_tables:
                table = with_checks(table, _number_of(context))
        if context.settings.report_text_columns and context.collected is not None:
            from ade_engine.pipeline.issues.own import find_lone_texts

            find_lone_texts(context, source, mapping, table)
        if self._source.format == "csv" and context.collected is not None and gathered is None:
            from ade_engine.pipeline.issues.own import find_uneven_rows

            find_uneven_rows(context, scan, span, table)
        if context.settings.check_dates and context.collected is not None:
            from ade_engine.pipeline.issues.own import find_half_converted

            find_half_converted(context, source, mapping)
        before = table
        if gathered is None:
            table = leave_out_rows(context, table, span, span.kinds or kinds, span.scan or scan, source)
            _follow(context, before, table)
        headers = _header_texts(source, table)
        sources = sources_of(source, mapping)
        sources.relations, sources.totals = context.registry.relations, partial(total_cells, span, span.kinds or kinds, span.scan or scan)
        table, parts = split_columns(context, table, source, sources)
        reshaped = None
        if self._reshapes or context.settings.values or gathered is not None:
            from ade_engine.pipeline.reshaping.reshape import reshape

            known = {*before.columns}
            section = next((name for name in reversed(table.columns) if name not in known), None)
            reshaped = reshape(context, table, source, span, scan, mapping, found, sources, section)
            table, parts = reshaped.table, parts + reshaped.mappings
            headers.update(dict.fromkeys(reshaped.fields, ("", "")))
            if has_rows and context.settings.issue_list and self.hooks.see_tables:
                table = with_checks(table, _number_of(context))
        hooks: list[dict[str, str]] = []
        table = self._normalize(context, table, sources, headers, source_values, hooks)
        if context.policy.sends_notices and context.notices.takes_tables:
            split = {part.field_name: part.source_index for part in parts}
            fields = {**split, **{column.field_name: column.source_index for column in mapping.columns}}
            told = explained(context, span, source, mapping, self._nearest, fields, header_rows_told(context, span, scan, self._rows))
            stacked = {} if reshaped is None else reshaped.fields
            told |= {"fields": fields_told(context, span, source, fields, table, self._rules, stacked), "hooks": hooks}
            astray = () if context.collected is None else context.collected.astray
            context.notices.explain(told, places_of(span, source, fields, table, astray))
        taken = {column.source_index for column in mapping.columns} | (set() if reshaped is None else reshaped.gone)
        result = TableResult(
            sheet_name=context.sheet_name,
            table=table,
            source_region=region,
            source_columns=source.columns,
            table_index=table_index,
            sheet_index=context.sheet_index,
            mapped_columns=mapping.columns,
            derived_mappings=derived_mappings(
                context,
                parts=parts,
                columns=source.columns,
                mapped_fields={column.field_name for column in mapping.columns},
                table_fields=set(table.columns),
            ),
            unmapped_columns=[column for column in source.columns if column.index not in taken],
            column_scores=mapping.scores,
            duplicate_unmapped_indices=mapping.duplicates,
            row_count=table.height,
        )
        if reshaped is not None:
            result.stacked = reshaped.stacked
        counts = SourceCounts(*source.cell_counts())
        built = BuiltTable(
            result,
            counts,
            source.names,
            is_turned=span.turned is not None,
            rows_unknown=unknown_from(context, _number_of(context), table) if has_rows and self.hooks.see_tables else None,
        )
        if context.collected is not None:
            from ade_engine.pipeline.columns.places import Places

            built.context = context
            filled = (scan.merged_ranges or []) if context.settings.fill_merged else []
            built.places = Places(source, sources, mapping, raw, turned, filled, sources.cells)
        built.cells = sources.cells
        return built

    def _normalize(
        self,
        context: RunContext,
        table: pl.DataFrame,
        sources: Sources,
        headers: dict[str, tuple[str, str]],
        source_values: dict[str, Any],
        told: list[dict[str, str]],
    ) -> pl.DataFrame:
        """Transforms, validators, and the hooks before, between and after them; ``told`` gets what the hooks did."""

        def run_hooks(stage: HookName, table: pl.DataFrame) -> pl.DataFrame:
            if stage not in self.hooks:
                return table
            # Readers that a hook uses go by the settings too.
            surroundings.enter(Surroundings(context.settings, table, sources))
            try:
                def on_table(entry: RegisteredFn, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
                    known = after_hook(context, _number_of(context), entry, before, after)
                    _follow(context, before, known)
                    told.append(hook_told(stage, entry, before, known))
                    return known

                return self.hooks.run(
                    context,
                    stage,
                    table=table,
                    source_region=context.region,
                    table_index=context.table_index,
                    on_table=on_table,
                    **source_values,
                )
            finally:
                surroundings.enter(None)

        context.sources = sources
        table = run_hooks(HookName.ON_TABLE_MAPPED, table)
        if context.settings.drop_blank_rows:
            # What hooks have put into a field counts.
            before, table = table, drop_blank_rows(context, table, sources)
            _follow(context, before, table)
        table, kept = self._transforms.apply(context, table, sources, headers)
        table = run_hooks(HookName.ON_TABLE_TRANSFORMED, table)
        table = self._validators.apply(context, table, headers, kept)
        if context.settings.check_dates and context.collected is not None:
            from ade_engine.pipeline.issues.own import find_wrong_dates, find_wrong_letters

            find_wrong_dates(context, table)
            if context.settings.edition != "1.9":
                find_wrong_letters(context, table)
        table = _settled(context, table)
        return _settled(context, run_hooks(HookName.ON_TABLE_VALIDATED, table))

    def _write(
        self,
        context: RunContext,
        table: BuiltTable,
        output_sheet: OutputSheet,
        next_row: int,
        written: list[BuiltTable],
        *,
        is_only: bool,
    ) -> int:
        """Append a table to the output sheet and to ``written``; returns the row where the next one would start."""
        result = table.result
        look = None
        if context.settings.output_style == "table":
            look = table_look(context, table, self._manifest, has_filter=is_only)
            write_table = pl.DataFrame() if look is None else with_severities(table)
            columns = [] if look is None else [column.source for column in look.columns]
        else:
            write_table, columns = self._columns_to_write(context, result.table)
        appended = self._output.append_table(output_sheet, write_table, gap=next_row > 1, look=look)
        output_region = TableRegion(
            min_row=next_row,
            min_col=1,
            max_row=next_row + write_table.height,
            max_col=max(1, appended.width),
        )
        if look is not None and HookName.ON_TABLE_WRITTEN in self.hooks:
            write_table = appended.original
        result.output_region = output_region
        result.output_sheet_name = output_sheet.title
        table.whole.output_range = f"{result.output_sheet_name}!{output_region.a1}"
        if table.issues is not None:
            from ade_engine.pipeline.issues.listed import completed

            numbers = {name: number for number, name in enumerate(columns, 1)}
            lines = completed(context, table, appended.header_row, output_sheet.title, numbers, look)
            table.whole.count(self._output.add_issues(lines, appended))
        if context.policy.sends_notices:
            headers = write_table.columns if look is None else [column.header for column in look.columns]
            tell_written(context, result, list(zip(columns, headers)))
        if self.row_map is not None:
            self.row_map.add_table(context.sheet_name, result.table_index + 1, _rows_of(table), appended)
        if self.shapes is not None:
            self.shapes.add(output_sheet.title, result.table_index + 1, appended, partial(self._origin, context, table, columns))
        written.append(table.whole)
        context.logger.event(
            "table.written",
            message=f"Table {result.table_index + 1} of sheet {result.sheet_name!r}: {write_table.height} rows",
            data={
                "sheet_name": result.output_sheet_name,
                "table_index": result.table_index,
                "output_range": output_region.a1,
            },
        )
        self.hooks.run(
            context,
            HookName.ON_TABLE_WRITTEN,
            write_table=write_table,
            output_sheet=output_sheet,
            output_workbook=self._output.workbook,
            output_region=output_region,
            table_index=result.table_index,
            table_result=result,
        )
        return output_region.max_row + 2

    def _origin(self, context: RunContext, table: BuiltTable, columns: list[str | None]) -> dict[str, Any]:
        """Where a table's rows and its columns come from: what tables of several files are combined by."""
        fields = context.registry.fields
        rows = _rows_of(table)
        known = rows.unknown is None and not rows.is_turned and ROW in table.result.table.columns
        return {
            "schema_version": 1,
            "place": len(self.shapes.tables),
            "sheet": context.sheet_name,
            "rows": rows.numbers.to_list() if known else None,
            "columns": [name if name in fields or name == ROW else None for name in columns],
            # The engine's own, such as those of issues.
            "own": [at for at, name in enumerate(columns) if name is None or name.startswith(RESERVED_PREFIX) and name != ROW],
            "fields": [[name, field.dtype if isinstance(field.dtype, str) else None] for name, field in fields.items()],
            "known_by": [[name] for name, field in fields.items() if field.unique] or [[name for name, field in fields.items() if field.key]],
        }

    def _columns_to_write(self, context: RunContext, table: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
        """The frame that is written, and the columns of the table that its columns are."""
        names = written_names(context, table)
        if not names:
            # A table without columns has no rows either; and polars takes no name at all for every name.
            return pl.DataFrame(), names
        chosen = table if len(names) == table.width else table[names]
        if self._manifest is not None:
            names = [name for name, _ in self._manifest.order(names)]
            chosen = self._manifest.arrange(chosen)
        return (chosen if chosen.width else pl.DataFrame()), names


def _report_tables(context: RunContext, scan: SheetScan, spans: list[RowSpan]) -> None:
    tables = []
    for index, span in enumerate(spans):
        region = region_of(
            min_row=span.start + 1,
            min_col=span.first_column + 1,
            max_row=span.stop,
            max_col=_last_column(scan, span),
            header_row_count=span.header_rows,
        )
        names = ("min_row", "min_col", "max_row", "max_col", "header_row_count", "a1")
        tables.append({"table_index": index, "region": {name: getattr(region, name) for name in names}})
    context.logger.event(
        "sheet.tables_detected",
        level=10,
        message=f"Sheet {context.sheet_name!r}: {len(tables)} tables",
        data={
            "sheet_name": context.sheet_name,
            "sheet_index": context.sheet_index,
            "input_file": context.metadata["input_file"],
            "row_count": scan.rows_emitted,
            "table_count": len(tables),
            "tables": tables,
        },
    )


def _last_column(scan: SheetScan, span: RowSpan) -> int:
    """The last column of a table that was detected, from 1: the widest of its own rows decides, header rows included."""
    widest = (span.turned or scan).widest(span.start, span.stop)
    return max(span.first_column + 1, widest if span.stop_column is None else min(widest, span.stop_column))


def _follow(context: RunContext, before: pl.DataFrame, after: pl.DataFrame) -> None:
    """Keep what hooks have reported of rows at these."""
    if context.collected is not None and context.collected.reported:
        from ade_engine.pipeline.kept_rows.reported import follow

        follow(context.collected, before, after)


def _settled(context: RunContext, table: pl.DataFrame) -> pl.DataFrame:
    """The table with what hooks have reported of its rows among its issues."""
    if context.collected is None or not context.collected.reported:
        return table
    from ade_engine.pipeline.kept_rows.reported import settle

    return settle(context, table)


def _list_issues(context: RunContext, tables: list[BuiltTable]) -> None:
    """List the issues of the tables of a sheet, with what only all of them together show."""
    from ade_engine.pipeline.issues.listed import list_issues, name_other_cells
    from ade_engine.pipeline.issues.own import find_repeated, note_dropped_rows

    find_repeated(context, tables)
    if context.settings.report_dropped_rows:
        note_dropped_rows(context)
    for table in tables:
        frame = table.result.table
        # Numbers that are broken say nothing.
        frame = frame if table.rows_unknown is None else frame.drop(ROW, strict=False)
        table.issues = list_issues(frame, table.context.collected, table.places)
        table.context = table.places = None
    name_other_cells(tables)
    leave_to_issues(context, [issue.rule for table in tables for issue in table.issues])


def _rows_of(table: BuiltTable) -> RowsOfTable:
    """The rows of a table in the sender's sheet."""
    from ade_engine.pipeline.kept_rows.row_map import RowsOfTable

    return RowsOfTable(table.result.table, table.rows_unknown, is_turned=table.is_turned)


def _number_of(context: RunContext) -> int:
    """The table as one number, within the run."""
    return context.sheet_index << 20 | context.table_index


def _header_texts(source: SourceTable, table: pl.DataFrame) -> dict[str, tuple[str, str]]:
    """The header texts of a table's columns, and the units that stand in rows of their own below them, by the columns' names.

    Columns may have been renamed in place.
    """
    headers: dict[str, tuple[str, str]] = {}
    for column in source.columns:
        headers.setdefault(source.names[column.index], (header_text(column.header), column.unit))
    return {name: headers[former] for former, name in zip(source.frame.columns, table.columns)}
