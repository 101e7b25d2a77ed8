"""The source row of each row of a table, and the rows that hooks drop.

In edition 2026 a table carries the reserved column ``__ade_row``: the row's number in its sheet, from 1. Hooks that filter and
sort keep it. A hook that makes a new frame without it loses it, and then only counts are known.
"""

from __future__ import annotations

from ade_engine import _native
from ade_engine.fields.readers import gone
from ade_engine.fields.surroundings import ROW, ColumnSource, ColumnSources
from ade_engine.models import polars as pl
from ade_engine.pipeline.columns.frame import header_text
from ade_engine.pipeline.finding.header_rows import TOTAL
from ade_engine.pipeline.shared.not_written import DROPPED
from ade_engine.pipeline.shared.row_numbers import stretches
from ade_engine.pipeline.shared.table_columns import with_series

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.extensions.registry import RegisteredFn
    from ade_engine.pipeline.columns.frame import SourceTable
    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.pipeline.columns.mapping import Mapping
    from ade_engine.pipeline.finding.header_rows import RowSpan
    from ade_engine.pipeline.shared.context import RunContext


def with_rows(table: pl.DataFrame, source: SourceTable) -> pl.DataFrame:
    """Returns the table with the number of each row's source row."""
    region = source.region
    if table.height != region.data_row_count:
        return table
    first = region.data_first_row
    return with_series(table, [pl.numbers_from(first, table.height, ROW)])


def sources_of(source: SourceTable, mapping: Mapping) -> ColumnSources:
    """Returns the source of each mapped field's column, and of each other column."""

    def source_at(index: int, header: str, unit: str | None = None) -> ColumnSource:
        return ColumnSource(
            header,
            unit,
            source.region.min_col + index,
            lambda: source.shown_by_sheet(index),
            source.from_1904,
            mixed_cells=lambda: source.mixed_cells(index),
            padded_cells=lambda: source.padded_cells(index),
            rows_without_value=lambda: source.rows_without_value(index),
        )

    taken = {column.source_index for column in mapping.columns}
    # If several columns share a name, the last one is in the table.
    others = {name: source_at(index, name) for index, name in enumerate(source.names) if index not in taken}
    found = ColumnSources(others)
    found.may_lack_values = source.may_lack_values
    for column in mapping.columns:
        header = header_text(column.header)
        unit = source.columns[column.source_index].unit or _native.header_unit(header)
        found[column.field_name] = source_at(column.source_index, header, unit)
    return found


def total_cells(span: RowSpan, scan: SheetScan, number: int) -> list[Any]:
    """Returns the cells of a column, from 1, in the rows of a table that are totals."""
    kinds = span.verdict.kinds
    return [scan.cell(row, number - 1) for row in range(span.data_start, min(span.stop, len(kinds))) if kinds[row] == TOTAL]


def note_dropped(context: RunContext, entry: RegisteredFn | None, before: pl.DataFrame, after: pl.DataFrame, *, is_empty: bool = False) -> None:
    """Notes the rows that a hook, or the setting ``drop_blank_rows``, has dropped from the tables of a sheet, as far as they
    are known. ``is_empty``: none of their cells has a value, whether mapped to a field or not.
    """
    count = before.height - after.height
    rows: list[list[int]] = []
    if after is before:
        return
    if ROW in before.columns and ROW in after.columns:
        # Rows that a hook has added have no number.
        series = before.get_column(ROW), after.get_column(ROW)
        found = gone(*series) if all(column.dtype.is_integer() for column in series) else None
        if found is None:
            others = {*series[1].to_list(), None}
            lost = sorted({*series[0].to_list()} - others)
            found = len(lost), stretches(lost)
        count, rows = found
    if count <= 0:
        return
    if context.cells is not None:
        rows = context.cells.source_rows(rows)
    hook = None if entry is None else entry.name
    if entry is not None and context.rows_unknown is None:
        context.not_written.add(rows, DROPPED, hook)
    earlier = (notice for notice in context.notices.notices if notice["code"] == "rows_dropped")
    known = next((notice for notice in earlier if notice["sheet"] == context.sheet_name and notice.get("hook") == hook), None)
    if known is not None and context.turned is None:
        # All tables of a sheet share one notice.
        context.notices.notices.remove(known)
        count += known["count"]
        rows = [*known["rows"], *rows] if "rows" in known and rows else []
    which, facts = (f" ({context.rows_in_words(rows)})", context.rows_told(rows)) if rows else ("", {})
    plural = "row" if count == 1 else "rows"
    if entry is None:
        with_values = context.notices.with_values_left
        if not is_empty:
            with_values.add(context.sheet_name)
        # A table on its side has a notice of its own.
        is_empty = is_empty if context.turned is not None else context.sheet_name not in with_values
        said, by_hook = f"{count} empty {plural} left out" if is_empty else f"{count} {plural} without a value in any field left out", {}
    else:
        said, by_hook = f"{_hook_in_words(entry)} dropped {count} {plural}", {"hook": hook}
    context.notice("rows_dropped", f"{said}{which}", level="info", **by_hook, count=count, **facts)


def _hook_in_words(entry: RegisteredFn) -> str:
    """Returns ``the hook tidy of ade_config.hooks.rows``; a module with the same name as its hook is named once."""
    is_alike = entry.module.rpartition(".")[2] == entry.qualname
    return f"the hook {entry.qualname}" if is_alike else f"the hook {entry.qualname} of {entry.module}"
