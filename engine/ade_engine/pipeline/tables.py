"""The first pass of a sheet: from its cells to the rows and columns of its tables."""

from __future__ import annotations

from ade_engine import _native
from ade_engine.fields.headers import simplify
from ade_engine.io.scan.sheet_scan import ChangedScan, SheetScan
from ade_engine.models.table import ends_with_colon, is_blank, region_of
from ade_engine.pipeline.finding.header_rows import DATA, HEADER, RowKinds, RowSpan
from ade_engine.pipeline.finding.row_detectors import RowClassifier, known_words, native_words
from ade_engine.pipeline.finding.told import tell, tell_further_headers, tell_side
from ade_engine.pipeline.noticed import fill_values_above, notice_no_table, notice_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.extensions.registry import Registry
    from ade_engine.pipeline.shared.context import Progress, RunContext


#: So many rows may stand above the first line of a form.
_MOST_TITLES = 4


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
        verdict, settings = None, context.settings
        # Rows are cut after their last value, so a sheet without width is a sheet without values.
        if scan.width:
            verdict = self.rows.classify(context, scan, progress)
            if verdict.changed_rows:
                scan = ChangedScan(scan, verdict.changed_rows)
            spans = self._tables(context, scan, verdict, progress)
        if (verdict is None or self.rows.has_detectors) and not any(span.gathered is not None for span in spans):
            notice_no_table(context, verdict, spans)
        if settings.edition == "2026":
            # Signs for "as above" have the values that they stand for.
            changed: dict[int, list[Any]] = {}
            for span in spans:
                if span.turned is None and span.gathered is None:
                    fill_values_above(context, scan, span, changed)
            if changed:
                scan = ChangedScan(scan, changed)
        if context.debug:
            _report_tables(context, scan, spans)
        return scan, spans, bytearray() if verdict is None else verdict.kinds

    def _tables(
        self,
        context: RunContext,
        scan: SheetScan,
        verdict: RowKinds,
        progress: Progress,
        part: tuple[tuple[int, int] | None] | None = None,
    ) -> list[RowSpan]:
        """The tables among the rows of a scan, which is a sheet, or a ``part`` of one: in these columns, or in all."""
        settings, kinds = context.settings, verdict.kinds
        choice = settings.sheets.get(context.sheet_name)
        words = native_words(context.registry)
        layout = scan.layout() if settings.headerless_tables or settings.rows_by_context else None
        repeated: list[tuple[int, str]] = []
        titles: list[int] = []
        if layout is not None:
            in_context = words if settings.rows_by_context else None
            kinds[:], repeated, further, titles = _native.mark_headers(
                scan.as_native(), layout, kinds, settings.headerless_tables, in_context, settings.edition == "2026"
            )
            tell_further_headers(context, further)
        if self._reshapes and (choice is None or choice.header_rows is None):
            # Header rows that a user has named are not judged.
            from ade_engine.pipeline.reshaping.rows import mark_forms, mark_series_headers

            known = known_words(context.registry)
            mark_forms(context, kinds, scan, known)
            mark_series_headers(context, kinds, scan, known)
        if self.rows.goes_by_looks and context.policy.sends_notices and part is None:
            notice_rows(context, scan, kinds, dict(repeated))
        may_be_lines = settings.line_records or settings.edition == "2026" and settings.rows_by_context and _begins_with_label(scan, context.registry)
        if may_be_lines and choice is None and part is None:
            from ade_engine.pipeline.reshaping.lines import find_lines

            gathered = find_lines(context, scan, known_words(context.registry))
            if gathered is not None:
                return [gathered.span()]
        is_label = None
        if self._reshapes.beside:
            from ade_engine.pipeline.reshaping.beside import label_rows

            is_label = label_rows(context, scan)
        found = _native.find_tables(
            scan.as_native(), layout, kinds, (verdict.best_header_row, titles), words, settings, choice, part, is_label
        )
        if found.side is not None:
            return self._on_its_side(context, scan, found.side, progress)
        tell(context, scan, found.told)
        if found.parts:
            return [table for part in found.parts for table in self._part(context, scan, part, progress)]
        kinds[:] = found.kinds
        spans = [RowSpan.from_native(span) for span in found.spans]
        for span in spans:
            span.verdict = verdict
            if part is not None:
                span.scan, span.kinds = scan, kinds
        return spans

    def _on_its_side(
        self, context: RunContext, scan: SheetScan, side: tuple[int, int, int, int, bool], progress: Progress
    ) -> list[RowSpan]:
        """The table of a sheet that lies on its side, turned where that is sure and wanted."""
        start, stop, names, words, is_sure = side
        # A turned sheet cannot tell numbers that are shown with zeros, nor formulas without a value.
        is_plain = not scan.formulas_without_value[0] and not any(
            scan.has_zeros(column, 0, scan.rows_emitted) for column in range(scan.width)
        )
        is_turned = is_sure and is_plain and context.settings.turn_tables
        tell_side(context, (start, stop), words, is_turned=is_turned)
        if not is_turned:
            return [RowSpan(start, 0, stop)]
        rows = [row + [None] * (scan.width - len(row)) for row in scan.rows(start, stop)]
        columns = [[] if column < names else [row[column] for row in rows] for column in range(scan.width)]
        context = context.turned_at(start)
        turned = SheetScan(_native.scan_of_rows("turned", columns, None, None, 0, []))
        verdict = self.rows.classify(context, turned, progress)
        # Nothing but the names is a header.
        verdict.kinds[:] = bytes([HEADER if row == names else DATA for row in range(turned.rows_emitted)])
        tables = self._tables(context, turned, verdict, progress, (None,))
        for table in tables:
            table.turned, table.turned_from = turned, start
        return tables

    def _part(
        self, context: RunContext, scan: SheetScan, part: tuple[tuple[int, int], tuple[int, int], int], progress: Progress
    ) -> list[RowSpan]:
        """The tables in a part of a sheet, found as if it were a sheet of its own: its cells at their places, without all others."""
        (start, stop), (first, last), header = part
        cells = [[None] * first + row[first:last] if start <= number else [] for number, row in enumerate(scan.rows(0, stop))]
        alone = SheetScan(_native.scan_of_rows("area", cells, None, None, 0, []))
        verdict = self.rows.classify(context, alone, progress)
        if HEADER not in verdict.kinds and not alone.is_empty_row(header):
            # Alone its header looks like none.
            verdict.kinds[header] = HEADER
        return self._tables(context, alone, verdict, progress, ((first, last),))


def _begins_with_label(scan: SheetScan, registry: Registry) -> bool:
    """Whether a sheet begins with a text with a colon at its end, or with the name of a field and a value beside it; titles may stand above."""
    rows = [[cell for cell in row if not is_blank(cell)] for row in scan.rows(0, min(scan.rows_emitted, _MOST_TITLES))]
    filled = next((cells for cells in rows if len(cells) > 1), [])[:2] or next(filter(None, rows), [])
    if not filled or not isinstance(filled[0], str):
        return False
    if any(map(ends_with_colon, filled)):
        return True
    words = known_words(registry)
    return simplify(filled[0]) in words and len(filled) > 1 and simplify(str(filled[1])) not in words


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
