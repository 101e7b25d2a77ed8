"""The explanation of a table: its header rows, and the mapping of each column. For the list ``tables`` of a run's notices.

It contains fields, detectors, hooks, positions, scores and headers, and no values. Of a column's values it has only the kind,
for the comparison with the layout of another file.
"""

from __future__ import annotations

from ade_engine import _native
from ade_engine.fields.readers import outlined
from ade_engine.fields.surroundings import ROW
from ade_engine.models.table import column_letters, is_no_header
from ade_engine.pipeline.columns.frame import header_text
from ade_engine.pipeline.shared.collected import rules_of as rules_of_field
from ade_engine.pipeline.shared.table_columns import RESERVED_PREFIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Container
    from typing import Any

    from ade_engine.models import polars as pl

    from ade_engine.extensions.registry import RegisteredFn
    from ade_engine.fields.nearest import HeaderSuggestions
    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.models.fields import HookName
    from ade_engine.models.table import TableResult
    from ade_engine.pipeline.columns.frame import SourceTable
    from ade_engine.pipeline.columns.mapping import Mapping
    from ade_engine.pipeline.finding.header_rows import RowSpan
    from ade_engine.pipeline.finding.row_detectors import RowClassifier
    from ade_engine.pipeline.shared.context import RunContext

#: The maximum number of explained header rows of a table, and of columns that a field is stacked from.
_MAX_ROWS, _MAX_STACKED_COLUMNS = 20, 100


def explain(
    context: RunContext,
    span: RowSpan,
    source: SourceTable,
    mapping: Mapping,
    nearest: HeaderSuggestions,
    found: Collection[str],
    header_rows: dict[str, Any],
    fields: list[tuple[str, list[str], list[str], list[str], bool]],
    hooks: list[tuple[str, str, str]],
    origins: dict[str, str],
) -> None:
    """Explains a table. ``nearest``: finds the field that a header resembles; ``found``: the fields that have a column or are
    part of one; ``header_rows``, ``fields``, ``hooks``: the results of the functions below; ``origins``: the sources of the
    columns of its frame.
    """
    tables = context.notices.tables
    missing = frozenset(context.registry.fields.keys() - set(found))
    taken = {column.source_index: column.field_name for column in mapping.columns}
    # Tables with the same headers differ in their positions and their values.
    key = tuple(taken.items()), missing
    known = mapping.explained.get(key)
    if known is None:
        names = [(column.index, name := header_text(column.header), is_no_header(name)) for column in source.columns]
        known = _native.ExplainedHeaders(
            names,
            taken,
            mapping.scores,
            mapping.by,
            context.settings.minimum_mapping_score,
            lambda name: nearest.to(name, missing) if missing else None,
        )
        mapping.explained[key] = known
    tables.add(
        sheet=context.sheet_name,
        table=context.table_index,
        # The positions in a table on its side are those of the turned table.
        region=source.region.a1 if span.turned is None and span.gathered is None else None,
        turned=span.turned is not None,
        header_rows=header_rows,
        headers=known,
        columns=[
            (place(span, source, at), _header_cells(span, source, at), source.is_hidden(at), outlined(source.frame[source.names[at]]))
            for at in (column.index for column in source.columns[: tables.room])
        ],
        fields=fields,
        hooks=hooks,
        origins=origins,
    )


def header_rows_told(context: RunContext, span: RowSpan, scan: SheetScan, detectors: RowClassifier) -> dict[str, Any]:
    """Returns the header rows of a table and the reason: the detectors' scores of each as a header, and of the runner-up."""
    choice = context.settings.sheets.get(context.sheet_name)
    is_set = choice is not None and choice.header_rows is not None
    if span.turned is not None or span.gathered is not None:
        # The header of a table on its side is a column; the header of records in lines is their labels.
        return {"rows": [], "chosen_by": "looks", "votes": [], "runner_up": None}
    rows, scan = range(span.start, span.data_start), span.scan or scan
    votes, next_best = [], None
    if span.verdict is not None:
        told = (detectors.votes(span.verdict, scan, row) for row in rows[:_MAX_ROWS])
        votes = [hook for hook in told if hook is not None]
        next_best = detectors.next_best(span.verdict, scan, rows, span.stop)
    by_looks = "looks" if detectors.is_by_looks(votes) else "votes"
    chosen_by = "setting" if is_set else "fallback" if span.is_guessed else by_looks
    return {"rows": [row + 1 for row in rows[:_MAX_ROWS]], "chosen_by": chosen_by, "votes": votes, "runner_up": next_best}


def place(span: RowSpan, source: SourceTable, index: int) -> str:
    """Returns the letters of a source column in its sheet; for a table on its side the number of its row."""
    number = source.region.min_col + index
    return column_letters(number) if span.turned is None else str(span.turned_from + number)


def _header_cells(span: RowSpan, source: SourceTable, index: int) -> list[str]:
    """Returns the cells of a column's own header; a label over several columns belongs to the first one."""
    if span.gathered is not None:
        # Each record has its own label.
        return []
    own, rows = place(span, source, index), source.header_rows(index)
    return [f"{own}{row}" if span.turned is None else f"{column_letters(row)}{own}" for row in rows]


def fields_told(
    context: RunContext,
    span: RowSpan,
    source: SourceTable,
    of: dict[str, int | None],
    table: pl.DataFrame,
    rules: dict[str, list[str]],
    stacked: dict[str, list[int]],
) -> list[tuple[str, list[str], list[str], list[str], bool]]:
    """Returns the fields of a table: each with its columns, the callables that made its values, the rules that checked them,
    and whether it is a key. ``of``: the fields that have a column or are part of one, with its position; ``rules``: those of
    each field's validators; ``stacked``: the fields of several columns.
    """
    registry = context.registry
    names = {*table.columns}
    several = {} if span.gathered is not None else {**{field: [index] for field, index in of.items() if index is not None}, **stacked}
    return [
        (
            field,
            [place(span, source, index) for index in several.get(field, ())[:_MAX_STACKED_COLUMNS]],
            [entry.qualname for entry in registry.column_transforms_by_field.get(field, ())],
            rules.get(field, []),
            bool(registry.fields[field].key),
        )
        for field in registry.fields
        if field in names
    ]


def places_of(
    span: RowSpan, source: SourceTable, of: dict[str, int | None], table: pl.DataFrame, astray: Container[str] = ()
) -> dict[str, str]:
    """Returns the source columns of a table's columns, by their names in it. ``of``: as in :func:`fields_told`; ``astray``: the
    columns with some values from elsewhere.
    """
    if span.gathered is not None:
        return {}
    taken = {*of.values()}
    others = {source.names[column.index]: column.index for column in source.columns if column.index not in taken}
    known = {**others, **of}
    return {name: place(span, source, known[name]) for name in table.columns if known.get(name) is not None and name not in astray}


def record_written(context: RunContext, result: TableResult, columns: list[tuple[str, str]]) -> None:
    """Records where a table was written, and in which columns, without the engine's own. ``columns``: their names in the frame
    and their headers, in order.
    """
    region, fields = result.output_region, context.registry.fields
    if region is None:
        return
    table = None if context.settings.merge_tables_in_sheet else result.table_index
    placed = [
        (column_letters(region.min_col + number), header, name, name in fields)
        for number, (name, header) in enumerate(columns)
        if name and not name.startswith(RESERVED_PREFIX)
    ]
    context.notices.tables.place(context.sheet_name, table, result.output_sheet_name, region.a1, placed)


def rules_of(validators: dict[str, list[RegisteredFn]]) -> dict[str, list[str]]:
    """Returns the rules of each field's validators."""
    return {field: rules_of_field(entries) for field, entries in validators.items()}


def hook_told(stage: HookName, entry: RegisteredFn, before: pl.DataFrame, after: pl.DataFrame) -> tuple[str, str, str]:
    """Returns the stage and the name of a hook that returned a table, and its effect on the rows as far as their numbers show
    it: ``kept``, ``moved``, or ``lost`` if their rows in the sheet are unknown.
    """
    if after is before:
        rows = "kept"
    elif ROW not in before.columns or ROW not in after.columns:
        rows = "lost"
    else:
        rows = "kept" if after.get_column(ROW).equals(before.get_column(ROW)) else "moved"
    return stage.value, entry.name, rows
