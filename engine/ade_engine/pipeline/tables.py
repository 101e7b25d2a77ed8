"""The first pass of a sheet: from its cells to the rows and columns of its tables."""

from __future__ import annotations

from functools import partial

from ade_engine import _native
from ade_engine.io.scan.sheet_scan import ChangedScan
from ade_engine.models.table import region_of
from ade_engine.pipeline.finding.header_rows import DATA, HEADER, RowKinds, RowSpan, chosen_tables, find_tables
from ade_engine.pipeline.finding.row_detectors import RowClassifier, known_words, native_words
from ade_engine.pipeline.finding.side_by_side import split_side_by_side
from ade_engine.pipeline.kept_rows.other_rows import end_tables
from ade_engine.pipeline.noticed import notice_no_table, notice_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.extensions.registry import Registry
    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.pipeline.shared.context import Progress, RunContext


class TableFinder:
    """Finds the tables of sheets, as row detectors, looks, settings and declared reshapes say."""

    def __init__(self, registry: Registry):
        self.rows = RowClassifier(registry.row_detectors)
        self._reshapes = registry.reshapes

    def find(
        self, context: RunContext, scan: SheetScan, progress: Progress
    ) -> tuple[SheetScan, list[RowSpan], bytearray]:
        """The sheet's tables, the scan to read them from, which row detectors may have changed, and the kinds of rows."""
        spans: list[RowSpan] = []
        verdict = None
        # Rows are cut after their last value, so a sheet without width is a sheet without values.
        if scan.width:
            verdict = self.rows.classify(context, scan, progress)
            if verdict.changed_rows:
                scan = ChangedScan(scan, verdict.changed_rows)
            spans = self._tables(context, scan, verdict, progress)
        if (verdict is None or self.rows.has_detectors) and not any(span.gathered is not None for span in spans):
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
        repeated: list[tuple[int, str]] = []
        titles: list[int] = []
        if settings.headerless_tables or settings.rows_by_context:
            in_context = native_words(context.registry) if settings.rows_by_context else None
            kinds[:], repeated, further, titles = _native.mark_headers(
                scan.as_native(), scan.layout(), kinds, settings.headerless_tables, in_context, settings.edition == "2026"
            )
        if settings.rows_by_context:
            from ade_engine.pipeline.kept_rows import rows_in_context

            rows_in_context.tell_further_headers(context, further)
        if self._reshapes and is_open:
            from ade_engine.pipeline.reshaping.rows import mark_forms, mark_series_headers

            known = known_words(context.registry)
            mark_forms(context, kinds, scan, known)
            mark_series_headers(context, kinds, scan, known)
        if self.rows.goes_by_looks and context.policy.sends_notices and not is_part:
            notice_rows(context, scan, kinds, dict(repeated))
        if settings.line_records and choice is None and not is_part:
            from ade_engine.pipeline.reshaping.lines import find_lines

            gathered = find_lines(context, scan, known_words(context.registry))
            if gathered is not None:
                return [gathered.span()]
        if settings.rows_by_context and choice is None and not is_part:
            lying = self._on_its_side(context, scan, progress)
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
            from ade_engine.pipeline.kept_rows.headerless import keep_records

            area = None if choice is None else choice.area
            spans = keep_records(context, spans, kinds, scan, 0 if area is None else area[0] - 1)
        if by_context:
            rows_in_context.end_above_titles(context, spans, titles)
            rows_in_context.find_lines(context, spans, kinds, scan)
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

    def _on_its_side(self, context: RunContext, scan: SheetScan, progress: Progress) -> list[RowSpan] | None:
        """The table of a sheet, turned where that is sure and wanted, if it lies on its side."""
        from ade_engine.pipeline.finding import on_its_side

        side = on_its_side.find_side(scan, native_words(context.registry))
        if side is None:
            return None
        if not (side.is_sure and context.settings.turn_tables):
            on_its_side.tell_left(context, side)
            return [side.span]
        on_its_side.tell_turned(context, side)
        context = context.turned_at(side.start)
        turned = on_its_side.turned(scan, side)
        verdict = self.rows.classify(context, turned, progress)
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

        areas = [areas_of(context, span, scan) for span in spans]
        if not any(areas):
            return None
        tables: list[RowSpan] = []
        above = 0
        for span, columns in zip(spans, areas):
            for first, stop in columns or [(0, scan.width)]:
                part = part_of(scan, (above, span.stop), (first, stop))
                verdict = self.rows.classify(context, part, progress)
                last = span.data_start - 1
                if HEADER not in verdict.kinds and not part.is_empty_row(last):
                    # Alone its header looks like none.
                    verdict.kinds[last] = HEADER
                for table in self._tables(context, part, verdict, progress, is_part=True):
                    table.stop = _native.last_filled_row(part, table.as_native(), first, stop)
                    table.first_column, table.stop_column = first, stop
                    table.scan, table.kinds = part, verdict.kinds
                    tables.append(table)
            above = span.stop
        return tables


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
