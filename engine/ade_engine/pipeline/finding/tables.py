"""The first pass of a sheet: from its cells to the rows and columns of its tables."""

from __future__ import annotations

from functools import partial

from ade_engine import _native
from ade_engine.io.scan.sheet_scan import ChangedScan, SheetScan
from ade_engine.models.table import region_of
from ade_engine.pipeline.finding.header_rows import RowKinds, RowSpan
from ade_engine.pipeline.finding.row_detectors import RowClassifier, known_words, native_words
from ade_engine.pipeline.finding.told import fill_values_above, tell, notice_cards, notice_no_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from ade_engine.extensions.registry import Registry
    from ade_engine.pipeline.finding.header_rows import RowVotes
    from ade_engine.pipeline.shared.context import RunContext, SheetProgress


#: The maximum number of rows of a sheet whose kinds are reported.
_MAX_JUDGED_ROWS = 60


class TableFinder:
    """Finds the tables of sheets by row detectors, looks, settings and declared reshapes."""

    def __init__(self, registry: Registry):
        self.rows = RowClassifier(registry.row_detectors)
        self._words = native_words(registry)
        self._reshapes = registry.reshapes

    def find(
        self, context: RunContext, scan: SheetScan, progress: SheetProgress
    ) -> tuple[SheetScan, list[RowSpan], bytearray]:
        """Returns the scan to read the sheet's tables from, which row detectors may have changed, the tables, and the kinds of
        rows.
        """
        spans: list[RowSpan] = []
        verdict, settings = None, context.settings
        # Rows are cut after their last value, so a sheet without width is a sheet without values.
        if scan.width:
            scan, verdict, spans = self._tables(context, scan, progress)
        if (verdict is None or self.rows.has_detectors) and not any(span.gathered is not None for span in spans):
            notice_no_table(context, verdict, spans)
        if settings.is_2026:
            # Signs for "as above" get the values that they stand for.
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
        self, context: RunContext, scan: SheetScan, progress: SheetProgress
    ) -> tuple[SheetScan, RowKinds, list[RowSpan]]:
        """Returns the tables of a sheet, or of areas that the native module treats as sheets, with the scan as row detectors
        left it.
        """
        heard: list[RowVotes] = []
        detectors = self.rows.rules_for(context, scan)
        if detectors is None:
            of_sheet, changed = self.rows.classify(context, scan, progress)
            if changed:
                scan = ChangedScan(scan, changed)

            def detectors(area: _native.Scan) -> tuple[bytearray, Sequence[float]]:
                # The sheet comes first.
                found = self.rows.classify(_placed(context, area), SheetScan(area), progress)[0] if heard else of_sheet
                heard.append(found.heard)
                return found.kinds, found.header_scores

        settings, choice, mark, is_label = context.settings, context.settings.sheets.get(context.sheet_name), None, None
        if self._reshapes:
            from ade_engine.pipeline.finding.known_rows import label_rows, mark_headers

            is_label = label_rows(context)
            # Header rows from the user are not judged.
            if choice is None or choice.header_rows is None:
                mark = partial(mark_headers, self._reshapes, known_words(context.registry))
        judged = _MAX_JUDGED_ROWS if self.rows.goes_by_looks and context.policy.sends_notices else 0
        found = _native.find_tables(
            scan.as_native(), detectors, self._words, settings, choice, mark, is_label, judged
        )
        for facts in found.judged:
            context.notices.judge(sheet=context.sheet_name, **facts)
        tell(context, scan, found.told)
        said = iter(heard)
        verdict = _verdict_of(found, said)
        spans = [RowSpan(span, verdict) for span in found.spans]
        if found.cards is not None:
            cards = found.cards
            notice_cards(context, cards)
            spans.append(RowSpan(cards.span, RowKinds(cards.kinds, ()), SheetScan(cards.scan), cards=cards))
        for within in found.areas:
            alone, of_area = SheetScan(within.scan), _verdict_of(within, said)
            tell(_placed(context, alone), alone, within.told)
            spans += [RowSpan(span, of_area, alone, turned_from=alone.turned_from) for span in within.spans]
        return scan, verdict, spans


def _placed(context: RunContext, area: _native.Scan) -> RunContext:
    """Returns the context of an area, whose positions may be those of a turned table."""
    return context if area.turned_from is None else context.turned_at(area.turned_from)


def _verdict_of(found: _native.FoundTables, heard: Iterator[RowVotes]) -> RowKinds:
    """Returns the kinds and scores of the rows of a sheet or an area. ``heard``: the scores by authors' detectors, of one after
    the other.
    """
    return RowKinds(found.kinds, memoryview(found.header_scores).cast("d"), next(heard, None))


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
    """Returns the last column of a detected table, from 1: that of the widest of its own rows, header rows included."""
    widest = (span.turned or scan).widest(span.start, span.stop)
    return max(span.first_column + 1, widest if span.stop_column is None else min(widest, span.stop_column))
