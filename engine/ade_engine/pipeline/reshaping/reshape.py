"""Makes a table one record a row, as the configuration's fields ask, in a fixed order: tables on their side were turned and
lines of records joined before; then facts beside the table become fields, blank cells are filled from above, cells with several
values are split, and columns are stacked.
"""

from __future__ import annotations

from ade_engine.fields.surroundings import ROW
from ade_engine.models import polars as pl
from ade_engine.models.issues import WARNING
from ade_engine.models.record import Record
from ade_engine.models.table import DerivedMapping
from ade_engine.pipeline.columns.frame import header_text
from ade_engine.pipeline.columns.mapping import Mapping
from ade_engine.pipeline.reshaping.beside import add_facts, around_of
from ade_engine.pipeline.reshaping.columns import StackedColumns, add_year, find_columns, find_others, find_totals
from ade_engine.pipeline.reshaping.filled import fill_down, split_cells
from ade_engine.pipeline.reshaping.stacked import stack
from ade_engine.pipeline.shared.cells import ReshapedCells

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.fields.surroundings import ColumnSources
    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.pipeline.columns.frame import SourceTable
    from ade_engine.pipeline.columns.mapping import ColumnMapper
    from ade_engine.pipeline.finding.header_rows import RowSpan
    from ade_engine.pipeline.shared.context import RunContext

#: The score of a field from stacked columns.
_SCORE = 0.9


class ReshapedTable(Record):
    """A reshaped table: the mappings of fields without a column of their own, the source columns of fields, and the removed
    source columns, from 0.
    """

    table: pl.DataFrame
    mappings: list[DerivedMapping] = []
    fields: dict[str, list[int]] = {}
    #: The field of the values of each stacked column.
    stacked: dict[int, str] = {}
    gone: set[int] = set()


def map_columns(context: RunContext, source: SourceTable, mapper: ColumnMapper) -> tuple[Mapping, StackedColumns | None]:
    """Returns the fields of a table's columns, and the columns that are stacked."""
    if not context.registry.reshapes.stacked:
        return mapper.map(context, source), None
    found = find_columns(context, source, mapper)
    if found is not None:
        source.apart = frozenset((*found.indices, *found.others))
    mapping = mapper.map(context, source)
    if found is None:
        found = find_others(context, source, mapping)
    if found is None:
        return mapping, None
    stacked = {field for field, part in context.registry.reshapes.stacked.items() if part.stack is found.stack}
    own = [column for column in mapping.columns if column.field_name in stacked]
    if own and len(found.keys) == 1:
        # A table that has columns for these fields already has one record a row.
        source.apart = frozenset()
        return mapper.map(context, source), None
    if own:
        columns = [column for column in mapping.columns if column.field_name not in stacked]
        mapping = Mapping(columns, mapping.scores, mapping.duplicates, mapping.by, {})
    return mapping, found


def reshape(
    context: RunContext,
    table: pl.DataFrame,
    source: SourceTable,
    span: RowSpan,
    scan: SheetScan,
    mapping: Mapping,
    found: StackedColumns | None,
    sources: ColumnSources,
    section: str | None,
    heads: dict[int, tuple[int, int]],
) -> ReshapedTable:
    """Returns the reshaped table. ``scan``: of the sheet; ``section``: the column of section heads, and ``heads`` their cells.
    """
    result = ReshapedTable(table)
    if not mapping.columns and found is None and span.gathered is None:
        # No field belongs to this table.
        return result
    cells = ReshapedCells(table) if ROW in table.columns else None
    if cells is not None and span.gathered is not None:
        cells.gathered(table, span.gathered, scan)
    around = around_of(context, span, scan)
    table, facts = add_facts(context, table, around, cells, heads, section)
    context.facts = frozenset(fact.field_name for fact in facts)
    result.mappings += facts
    table = fill_down(context, table, cells)
    table, at = split_cells(context, table, cells, sources)
    if found is not None and table.height:
        add_year(found, around)
        taken = {column.source_index for column in mapping.columns}
        totals = find_totals(context, table, source, found, taken)
        stacked = stack(context, table, source, found, totals, cells, sources)
        table, at = stacked.table, stacked.at if at is None else at.gather(stacked.at)
        result.fields = stacked.fields
        result.gone = {*found.indices, *found.others, *(total.index for total in totals)}
        for field, indices in stacked.fields.items():
            if context.registry.reshapes.stacked[field].name is not None:
                result.stacked.update(dict.fromkeys(indices, field))
            header = header_text(source.columns[indices[0]].header)
            result.mappings.append(DerivedMapping(field, header, indices[0], _SCORE))
            if context.policy.sends_notices:
                place = {"sheet": context.sheet_name, "table": context.table_index, "field": field, "column": sources[field].letters}
                context.notices.map(**place, source_index=indices[0], message=f"stacked from {len(indices)} columns")
    elif context.registry.reshapes.stacked and table.height:
        _notice_missing(context, table)
    if at is not None and context.collected is not None:
        gone = {source.names[index] for index in result.gone}
        context.collected.reported = [report for report in context.collected.reported if report.field not in gone]
        for report in context.collected.reported:
            if report.messages is not None:
                report.messages = report.messages.gather(at)
    if cells is not None:
        result.table = cells.settle(table)
        sources.cells = context.cells = cells
    else:
        result.table = table
    return result


def _notice_missing(context: RunContext, table: pl.DataFrame) -> None:
    """Sends a notice about a table without columns to stack, and without a column for their values; if such a field is
    required, the list of issues reports it anyway.
    """
    there = {name for name in table.columns if table.schema[name] != pl.Null}
    for stack in context.registry.reshapes.stacks:
        fields = [field for field, part in context.registry.reshapes.stacked.items() if part.stack is stack]
        known = [context.registry.fields[field] for field in fields]
        if context.collected is None or there.intersection(fields) or any(field.required for field in known):
            return
    field = known[-1]
    series = " or ".join(way if isinstance(way, str) else "these headers" for way in stack.ways if way) or "the pattern"
    line = {"rule": f"{field.name}.not_found", "severity": WARNING, "field": field.name, "label": field.label or field.name, "table": context.table_index + 1}
    context.remarks.append(line | {"message": f"no columns for {series} were found, and no single column with a header of this field"})
