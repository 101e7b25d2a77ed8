"""The last pass of a sheet: its tables written one below the other, with the positions of their issues."""

from __future__ import annotations

from functools import partial

from ade_engine.extensions.field_facts import key_of
from ade_engine.fields.surroundings import ROW
from ade_engine.models import polars as pl
from ade_engine.models.fields import HookName
from ade_engine.models.record import Record
from ade_engine.models.table import TableRegion
from ade_engine.pipeline.explained import record_written
from ade_engine.pipeline.output.output_columns import table_look, with_all_fields, with_severities, written_names
from ade_engine.pipeline.shared.table_columns import RESERVED_PREFIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.infrastructure.settings import Settings
    from ade_engine.io.input.source import SourceSheet
    from ade_engine.io.output.appended_table import AppendedTable
    from ade_engine.io.output.other_shapes import OtherShapes
    from ade_engine.io.output.workbook import OutputSheet, WorkbookOutput
    from ade_engine._native import TableIssues
    from ade_engine.pipeline.hooks import Hooks
    from ade_engine.pipeline.issues.quarantine import Quarantine
    from ade_engine.pipeline.kept_rows.row_map import LineRange, RowMap, TableSourceRows
    from ade_engine.pipeline.output.manifest import Manifest
    from ade_engine.pipeline.output.merge import BuiltTable
    from ade_engine.pipeline.shared.context import RunContext, SheetProgress


class SheetOutcome(Record):
    """The known facts about a sheet, also when the run ends within it."""

    #: The facts from scanning, once it is done.
    scan: dict[str, Any] | None = None
    #: The tables that were written.
    written: list[BuiltTable] = []
    #: In edition 2026: the number of issues outside of the tables, by severity.
    issues: list[dict[str, int]] = []


class SheetWriter:
    """Writes the sheets of a run, and the files beside its output."""

    def __init__(self, output: WorkbookOutput, manifest: Manifest | None, settings: Settings, hooks: Hooks):
        self._output = output
        self._manifest = manifest
        self._hooks = hooks
        #: With ``quarantine``: the rows that are not written with their tables.
        self.quarantine: Quarantine | None = None
        if settings.quarantine != "keep":
            from ade_engine.pipeline.issues.quarantine import Quarantine

            self.quarantine = Quarantine()
        #: In edition 2026: the sender's lines of the output's rows.
        self.row_map: RowMap | None = None
        if settings.is_2026:
            from ade_engine.pipeline.kept_rows.row_map import RowMap

            self.row_map = RowMap()
        #: With ``also_write``: the tables in another shape.
        self.shapes: OtherShapes | None = None
        if settings.also_write != "xlsx":
            from ade_engine.io.output.other_shapes import OtherShapes

            self.shapes = OtherShapes(settings.also_write, escape_formulas=settings.escape_formulas)

    def write(
        self,
        context: RunContext,
        sheet: SourceSheet,
        built: list[BuiltTable],
        outcome: SheetOutcome,
        scan_rows: int,
        progress: SheetProgress,
        lines: list[LineRange],
        missing: TableIssues | None,
    ) -> None:
        """Writes the tables of a sheet one below the other; ``lines``: the lines of the sender's sheet without a row in them;
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

                lines = lines + quarantined_lines(*([rows_of(table) for table in tables] for tables in (whole, built)))
        if self.row_map is not None:
            self.row_map.add_lines(context.sheet_name, lines)
        output_sheet = self._output.add_sheet(sheet.title)
        next_row = 1
        for table in built:
            next_row = self._write(context, table, output_sheet, next_row, outcome.written, is_only=len(built) == 1)
            progress("write", next_row, scan_rows)
        self._hooks.run(
            context,
            HookName.ON_SHEET_END,
            output_sheet=output_sheet,
            output_workbook=self._output.workbook,
            tables=[table.result for table in built],
        )
        if context.remarks:
            from ade_engine.pipeline.issues.listed import lines_of_remarks

            outcome.issues.append(self._output.add_issues(lines_of_remarks(context)))

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
        """Appends a table to the output sheet and to ``written``; returns the row for the next table."""
        result = table.result
        look = None
        if context.settings.output_style == "table":
            look = table_look(context, table, self._manifest, has_filter=is_only)
            write_table = pl.DataFrame() if look is None else with_severities(table)
            columns = [] if look is None else [column.source for column in look.columns]
        else:
            write_table, columns = self._columns_to_write(context, result.table)
        typed = table.typed
        if typed is not None and look is None:
            typed = typed.renamed(zip(columns, write_table.columns))
        appended = self._output.append_table(output_sheet, write_table, gap=next_row > 1, look=look, typed=typed)
        if appended.left_out:
            _notice_left_out(context, table, appended, dict(zip(write_table.columns, columns)) if look is None else None)
        output_region = TableRegion(
            min_row=next_row,
            min_col=1,
            max_row=next_row + write_table.height,
            max_col=max(1, appended.width),
        )
        if look is not None and HookName.ON_TABLE_WRITTEN in self._hooks:
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
            record_written(context, result, list(zip(columns, headers)))
        if self.row_map is not None:
            self.row_map.add_table(context.sheet_name, result.table_index + 1, rows_of(table), appended)
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
        self._hooks.run(
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
        """Returns the origins of a table's rows and columns, by which tables of several files are combined."""
        fields = context.registry.fields
        rows = rows_of(table)
        known = rows.unknown is None and not rows.is_turned and ROW in table.result.table.columns
        order = [*fields] if self._manifest is None else [name for name, _ in self._manifest.order([*fields])]
        return {
            "schema_version": 1,
            "place": len(self.shapes.tables),
            "sheet": context.sheet_name,
            "rows": rows.numbers.to_list() if known else None,
            "columns": [name if name in fields or name == ROW else None for name in columns],
            # The engine's own columns, such as those of issues.
            "own": [at for at, name in enumerate(columns) if name is None or name.startswith(RESERVED_PREFIX) and name != ROW],
            "fields": [[name, fields[name].dtype if isinstance(fields[name].dtype, str) else None] for name in order],
            "known_by": [[*key_of(field)] for field in fields.values() if field.unique] or [[name for name, field in fields.items() if field.key]],
        }

    def _columns_to_write(self, context: RunContext, table: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
        """Returns the frame that is written, and the table's columns that its columns come from."""
        names = written_names(context, table)
        if not names:
            # A table without columns has no rows either; and polars takes an empty selection for all columns.
            return pl.DataFrame(), names
        chosen = table if len(names) == table.width else table[names]
        if self._manifest is not None:
            names = [name for name, _ in self._manifest.order(names)]
            chosen = self._manifest.arrange(chosen)
        return (chosen if chosen.width else pl.DataFrame()), names


def _notice_left_out(context: RunContext, table: BuiltTable, appended: AppendedTable, names: dict[str, str] | None) -> None:
    """Reports the cells with characters that no cell can hold; ``names``: the table's columns by the written names."""
    result, rows = table.result, rows_of(table)
    columns = {name: result.source_region.min_col + index for name, index in table.places_of_columns().items()}
    numbers = rows.numbers.to_list() if rows.unknown is None and not rows.is_turned and ROW in result.table.columns else None
    cells, others = [], []
    for written, places in appended.left_out.items():
        name = written if names is None else names[written]
        for place in places:
            row = None if numbers is None else numbers[place]
            if row is None or name not in columns:
                others.append(written)
            else:
                cells.append(context.cell_of(row, columns[name]))
    context.notice_controls("cell", "cells", cells)
    if others:
        said = f"{len(others)} {'cell' if len(others) == 1 else 'cells'} below {', '.join(map(repr, dict.fromkeys(others)))}"
        context.notice("control_characters", f"{said}: control characters were left out", count=len(others))


def rows_of(table: BuiltTable) -> TableSourceRows:
    """Returns the rows of a table in the sender's sheet."""
    from ade_engine.pipeline.kept_rows.row_map import TableSourceRows

    frame = table.result.table
    if table.rows is None or table.rows[0] is not frame:
        table.rows = frame, TableSourceRows(frame, table.rows_unknown, is_turned=table.is_turned)
    return table.rows[1]
