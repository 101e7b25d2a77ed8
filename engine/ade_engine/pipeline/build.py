"""The second pass of a sheet: from the rows and columns of a table to the frame that is written, with its issues and notices.
"""

from __future__ import annotations

from functools import partial

from ade_engine.fields import surroundings
from ade_engine.fields.nearest import HeaderSuggestions
from ade_engine.fields.surroundings import ColumnSurroundings
from ade_engine.models.fields import HookName
from ade_engine.models.table import TableRegion, TableResult
from ade_engine.pipeline.columns.derived import derived_mappings, split_columns
from ade_engine.pipeline.columns.frame import SourceTable
from ade_engine.pipeline.columns.mapping import ColumnMapper, rename_columns
from ade_engine.pipeline.explained import explain, fields_told, header_rows_told, hook_told, places_of, rules_of
from ade_engine.pipeline.kept_rows.identity import after_hook, unknown_from, with_checks
from ade_engine.pipeline.kept_rows.other_rows import drop_blank_rows, leave_out_rows
from ade_engine.pipeline.kept_rows.provenance import sources_of, total_cells, with_rows
from ade_engine.pipeline.noticed import notice_power_above
from ade_engine.pipeline.output.merge import BuiltTable
from ade_engine.pipeline.shared.counts import SourceCounts
from ade_engine.pipeline.values.expressions import with_wanted
from ade_engine.pipeline.values.own_checks import validators_of
from ade_engine.pipeline.values.types import declared_type
from ade_engine.pipeline.values.transforms import Transforms
from ade_engine.pipeline.values.validators import Validators

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.models import polars as pl

    from ade_engine.extensions.registry import RegisteredFn, Registry
    from ade_engine.fields.surroundings import ColumnSources
    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.models.table import DerivedMapping
    from ade_engine.pipeline.columns.mapping import Mapping
    from ade_engine.pipeline.finding.header_rows import RowSpan
    from ade_engine.pipeline.finding.row_detectors import RowClassifier
    from ade_engine.pipeline.hooks import Hooks
    from ade_engine.pipeline.reshaping.columns import StackedColumns
    from ade_engine.pipeline.reshaping.reshape import ReshapedTable
    from ade_engine.pipeline.shared.context import RunContext


class TableBuilder:
    """Maps, transforms and validates tables, with hooks in between. ``rows``: the classifier whose reasons for header rows are
    explained; ``is_csv``: the input has records, not cells.
    """

    def __init__(self, registry: Registry, hooks: Hooks, rows: RowClassifier, *, is_csv: bool):
        self._hooks = hooks
        self._rows = rows
        self._is_csv = is_csv
        self._columns = ColumnMapper(registry.column_detectors)
        self._nearest = HeaderSuggestions(registry)
        self._transforms = Transforms(registry.column_transforms_by_field)
        checks = validators_of(registry)
        self._validators = Validators(checks)
        self._rules = rules_of(checks)
        #: Fields that are in every table, because something may fill or check them.
        self._filled = {*registry.column_transforms_by_field, *checks}
        self._reshapes = registry.reshapes
        #: Fields without a reader and without a declared type.
        self._as_they_are = {name for name, field in registry.fields.items() if name not in registry.column_transforms_by_field and declared_type(field.dtype) is None}

    def build(
        self,
        context: RunContext,
        scan: SheetScan,
        span: RowSpan,
        table_index: int,
        source_values: dict[str, Any],
    ) -> BuiltTable:
        """Builds a table from its cells to the frame that is written."""
        is_2026 = context.settings.is_2026
        gathered = span.gathered
        source = SourceTable(span.turned or (scan if gathered is None else span.scan), span, is_2026=is_2026, is_name=self._columns.is_name)
        turned = None if span.turned is None else span.turned_from
        region = source.region if gathered is None else TableRegion(*gathered.region)
        context = context.for_table(table_index, region, turned=turned)
        mapping, found = self._mapped(context, source, scan, span)
        table = raw = rename_columns(context, source, mapping)
        if is_2026:
            table = with_rows(table, source)
            # Only hooks can move rows unnoticed.
            if self._hooks.see_tables:
                table = with_checks(table, _number_of(context))
        if context.collected is not None:
            self._look_at_source(context, source, scan, span, mapping, table)
        before, heads = table, {}
        if gathered is None:
            table, heads = leave_out_rows(context, table, span, span.scan or scan, source)
            _follow(context, before, table)
        with_heads = table
        headers = _header_texts(source, table)
        sources = sources_of(source, mapping)
        sources.relations, sources.totals = context.registry.relations, partial(total_cells, span, span.scan or scan)
        table, parts = split_columns(context, table, source, sources)
        reshaped = None
        if self._reshapes or context.settings.values or gathered is not None:
            from ade_engine.pipeline.reshaping.reshape import reshape

            known = {*before.columns}
            section = next((name for name in reversed(with_heads.columns) if name not in known), None)
            reshaped = reshape(context, table, source, span, scan, mapping, found, sources, section, heads)
            table, parts = reshaped.table, parts + reshaped.mappings
            headers.update(dict.fromkeys(reshaped.fields, ("", "")))
            if is_2026 and self._hooks.see_tables:
                table = with_checks(table, _number_of(context))
        hooks: list[tuple[str, str, str]] = []
        table = self._normalize(context, table, sources, headers, source_values, hooks)
        if context.policy.sends_notices and context.notices.tables.room:
            stacked = {} if reshaped is None else reshaped.fields
            self._explain(context, scan, span, source, mapping, parts, stacked, table, hooks)
        result = _result(context, source, region, mapping, parts, reshaped, table)
        counts = SourceCounts(*source.cell_counts())
        built = BuiltTable(
            result,
            counts,
            source.names,
            is_turned=span.turned is not None,
            rows_unknown=unknown_from(context, _number_of(context), table) if is_2026 and self._hooks.see_tables else None,
        )
        if context.collected is not None:
            from ade_engine.pipeline.columns.places import CellPositions

            built.context = context
            filled = (scan.merged_ranges or []) if context.settings.fill_merged else []
            built.places = CellPositions(source, sources, mapping, raw, turned, filled, sources.cells)
        built.cells = sources.cells
        if source.mixed:
            unread = self._unread(source, result)
            if unread:
                from ade_engine.pipeline.output.typed import typed_cells

                built.typed = typed_cells(context, source, unread, table, sources.cells)
        return built

    def _unread(self, source: SourceTable, result: TableResult) -> dict[str, int]:
        """Returns the unread columns with cells of several types, with their positions in the source."""
        names = source.names
        found = {names[column.index]: column.index for column in result.unmapped_columns if names[column.index] in source.mixed}
        if self._as_they_are:
            mapped = (column for column in result.mapped_columns if column.field_name in self._as_they_are)
            found |= {column.field_name: column.source_index for column in mapped if names[column.source_index] in source.mixed}
        # Columns that share a name cannot be told apart.
        return {name: index for name, index in found.items() if names.count(names[index]) == 1}

    def _mapped(
        self, context: RunContext, source: SourceTable, scan: SheetScan, span: RowSpan
    ) -> tuple[Mapping, StackedColumns | None]:
        """Returns the fields of the columns, and the stacked columns; sends the notices about columns."""
        found = None
        if self._reshapes.stacked:
            from ade_engine.pipeline.reshaping.reshape import map_columns

            mapping, found = map_columns(context, source, self._columns)
        else:
            mapping = self._columns.map(context, source)
        if context.policy.sends_notices:
            if found is None and context.settings.is_2026 and len(source.columns) > len(mapping.columns) + 2:
                from ade_engine.pipeline.reshaping.columns import notice_series

                notice_series(context, source, mapping)
            if source.controlled:
                context.notice_controls("header in", "headers in", [context.cell_of(row, column) for row, column in source.controlled])
            if context.settings.is_2026 and span.turned is None:
                notice_power_above(context, span.scan or scan, span)
        return mapping, found

    def _look_at_source(
        self, context: RunContext, source: SourceTable, scan: SheetScan, span: RowSpan, mapping: Mapping, table: pl.DataFrame
    ) -> None:
        """Adds issues about cells as the sender wrote them."""
        from ade_engine.pipeline.issues import own

        own.find_lone_texts(context, source, mapping, table)
        if self._is_csv and span.gathered is None:
            own.find_uneven_rows(context, scan, span, table)
        own.find_half_converted(context, source, mapping)

    def _explain(
        self,
        context: RunContext,
        scan: SheetScan,
        span: RowSpan,
        source: SourceTable,
        mapping: Mapping,
        parts: list[DerivedMapping],
        stacked: dict[str, list[int]],
        table: pl.DataFrame,
        hooks: list[tuple[str, str, str]],
    ) -> None:
        """Records why the table was read like this. ``parts``: the fields that were split from columns, or stacked."""
        split = {part.field_name: part.source_index for part in parts}
        fields = {**split, **{column.field_name: column.source_index for column in mapping.columns}}
        astray = () if context.collected is None else context.collected.astray
        explain(
            context,
            span,
            source,
            mapping,
            self._nearest,
            fields,
            header_rows_told(context, span, scan, self._rows),
            fields_told(context, span, source, fields, table, self._rules, stacked),
            hooks,
            places_of(span, source, fields, table, astray),
        )

    def _normalize(
        self,
        context: RunContext,
        table: pl.DataFrame,
        sources: ColumnSources,
        headers: dict[str, tuple[str, str]],
        source_values: dict[str, Any],
        told: list[tuple[str, str, str]],
    ) -> pl.DataFrame:
        """Applies transforms, validators, and the hooks before, between and after them; ``told`` gets the effects of the hooks.
        """

        def run_hooks(stage: HookName, table: pl.DataFrame) -> pl.DataFrame:
            if stage not in self._hooks:
                return table
            # Readers that a hook uses apply the settings, too.
            surroundings.enter(ColumnSurroundings(context.settings, table, sources))
            try:
                def on_table(entry: RegisteredFn, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
                    known = after_hook(context, _number_of(context), entry, before, after)
                    _follow(context, before, known)
                    told.append(hook_told(stage, entry, before, known))
                    return known

                return self._hooks.run(
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
            # Values that hooks have put into a field count.
            before, table = table, drop_blank_rows(context, table, sources)
            _follow(context, before, table)
        names = table.columns
        if context.settings.is_2026 and (self._transforms.has_authors or self._validators.has_authors):
            table = with_wanted(context, table)
        added = table.columns[len(names) :]
        table, kept = self._transforms.apply(context, table, sources, headers)
        table = run_hooks(HookName.ON_TABLE_TRANSFORMED, table)
        table = self._validators.apply(context, table, headers, kept)
        if context.collected is not None:
            from ade_engine.pipeline.issues.own import find_wrong_dates, find_wrong_letters

            find_wrong_dates(context, table)
            find_wrong_letters(context, table)
        table = _settled(context, table)
        table = _settled(context, run_hooks(HookName.ON_TABLE_VALIDATED, table))
        # Fields that nothing fills were there only to be used.
        unused = [name for name in added if name in table.columns and name not in self._filled and table.get_column(name).null_count() == table.height]
        return table.drop(unused) if unused else table


def _result(
    context: RunContext, source: SourceTable, region: TableRegion, mapping: Mapping, parts: list[DerivedMapping], reshaped: ReshapedTable | None, table: pl.DataFrame
) -> TableResult:
    """Returns the table with the facts about its columns."""
    taken = {column.source_index for column in mapping.columns} | (set() if reshaped is None else reshaped.gone)
    result = TableResult(
        sheet_name=context.sheet_name,
        table=table,
        source_region=region,
        source_columns=source.columns,
        table_index=context.table_index,
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
    return result


def _follow(context: RunContext, before: pl.DataFrame, after: pl.DataFrame) -> None:
    """Keeps the issues that hooks have reported for rows at these rows."""
    if context.collected is not None and context.collected.reported:
        from ade_engine.pipeline.kept_rows.reported import follow

        follow(context.collected, before, after)


def _settled(context: RunContext, table: pl.DataFrame) -> pl.DataFrame:
    """Returns the table with the issues that hooks have reported for its rows."""
    if context.collected is None or not context.collected.reported:
        return table
    from ade_engine.pipeline.kept_rows.reported import settle

    return settle(context, table)


def _number_of(context: RunContext) -> int:
    """Returns a number for the table that is unique within the run."""
    return context.sheet_index << 20 | context.table_index


def _header_texts(source: SourceTable, table: pl.DataFrame) -> dict[str, tuple[str, str]]:
    """Returns the header texts of a table's columns, and the units in separate rows below them, by the columns' names.

    Columns may have been renamed in place.
    """
    headers: dict[str, tuple[str, str]] = {}
    for column in source.columns:
        headers.setdefault(source.names[column.index], (source.headers[column.index], column.unit))
    return {name: headers[former] for former, name in zip(source.frame.columns, table.columns)}
