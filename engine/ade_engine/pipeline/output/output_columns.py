"""The columns of a table with ``output_style = "table"``, their headers, and the facts about each."""

from __future__ import annotations

from ade_engine.fields.surroundings import ROW
from ade_engine.io.output.look import (
    FIELD,
    ISSUES,
    MOMENT_FIELD,
    OTHER,
    SEVERITY,
    SOURCE_ROW,
    IssueColumns,
    LookColumn,
    TableLook,
)
from ade_engine.models import polars as pl
from ade_engine.models.polars import series_of
from ade_engine.models.table import is_blank
from ade_engine.pipeline.shared.table_columns import ISSUE_PREFIX, RESERVED_PREFIX, SEVERITY_PREFIX, is_provenance, unique_header, with_series
from ade_engine.pipeline.values.types import field_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.pipeline.output.manifest import Manifest
    from ade_engine.pipeline.output.merge import BuiltTable
    from ade_engine.pipeline.shared.context import RunContext

_SEVERITY, _ISSUES, _SOURCE_ROW = "Severity", "Issues", "Source row"
#: The records of a turned table are columns.
_SOURCE_COLUMN = "Source column"
#: The label of issues that concern a row and none of its cells.
ROW_LABEL = "Row"
_MOMENT_TYPES = frozenset(("datetime", "timestamp", "date and time"))


def with_all_fields(context: RunContext, table: pl.DataFrame) -> pl.DataFrame:
    """Returns the table with all fields, in the configuration's order, before its other columns."""
    fields = context.registry.fields
    made = [pl.constant(None, table.height, field_type(field), name) for name, field in fields.items() if name not in table.columns]
    return with_series(table, made).select(*fields, *(name for name in table.columns if name not in fields))


def written_names(context: RunContext, table: pl.DataFrame) -> list[str]:
    """Returns the written columns of a table: fields, and unmapped columns and the engine's own if they are wanted."""
    settings = context.settings
    fields = context.registry.fields
    return [
        name
        for name in table.columns
        if (
            settings.write_diagnostics_columns and not is_provenance(name)
            if name.startswith(RESERVED_PREFIX)
            else not settings.remove_unmapped_columns or name in fields
        )
    ]


def table_look(
    context: RunContext, table: BuiltTable, manifest: Manifest | None, *, has_filter: bool
) -> TableLook | None:
    """Returns the look of a table; ``None`` if it has no column to write."""
    frame = table.result.table
    unmapped = table.unmapped_names()
    nameless = _nameless(table)
    names = [
        name for name in written_names(context, frame) if name not in nameless or not _is_empty(frame.get_column(name))
    ]
    order = [(name, None) for name in names] if manifest is None else manifest.order(names)
    if not order:
        return None
    # The engine's own columns follow the others.
    order.sort(key=lambda entry: entry[0].startswith(RESERVED_PREFIX))
    fields = context.registry.fields
    mapped = {column.field_name for column in table.result.mapped_columns}
    has_issues = context.settings.issue_columns
    has_row = has_issues and ROW in frame.columns
    wanted = {name: header or (fields[name].label if name in fields else None) or name for name, header in order}
    # If headers are equal, those of fields stay unchanged.
    taken: dict[str, None] = {}
    headers: dict[str, str] = {}
    for name in [name for name, _ in order if name in fields]:
        headers[name] = unique_header(wanted[name], taken)
        taken[headers[name]] = None
    place = _SOURCE_COLUMN if table.is_turned else _SOURCE_ROW
    severity, issues, source_row = (unique_header(text, taken) for text in (_SEVERITY, _ISSUES, place))
    if has_issues:
        taken.update(dict.fromkeys((severity, issues, source_row) if has_row else (severity, issues)))
    for name, _ in order:
        if name not in headers:
            headers[name] = unique_header(wanted[name], taken)
            taken[headers[name]] = None

    columns: list[LookColumn] = []
    own: list[LookColumn] = []
    for name, _ in order:
        if name.startswith(RESERVED_PREFIX):
            own.append(LookColumn(OTHER, name, headers[name], is_closed=True))
            continue
        field = fields.get(name)
        if field is None:
            # A hook's column is as much a result as a field.
            columns.append(LookColumn(OTHER if name in unmapped else FIELD, name, headers[name]))
            continue
        is_found = name in mapped or frame.get_column(name).null_count() < frame.height
        is_moment = isinstance(field.dtype, str) and field.dtype.lower() in _MOMENT_TYPES
        kind = MOMENT_FIELD if is_moment else FIELD
        columns.append(LookColumn(kind if is_found else OTHER, name, headers[name], field.width, field.format))
    if has_issues:
        columns.append(LookColumn(SEVERITY, None, severity))
        columns.append(LookColumn(ISSUES, None, issues))
        if has_row:
            columns.append(LookColumn(SOURCE_ROW, ROW, source_row))
    return TableLook(columns + own, _issues(table, order, headers, fields), has_filter)


def with_severities(table: BuiltTable) -> pl.DataFrame:
    """Returns the frame of a table; if its issues are listed, with columns of the worst severity of each cell."""
    frame = table.result.table
    levels = [] if table.issues is None else table.issues.levels(SEVERITY_PREFIX, frame.height)
    return with_series(frame, [*map(series_of, levels)])


def _issues(
    table: BuiltTable, order: list[tuple[str, Any]], headers: dict[str, str], fields: dict[str, Any]
) -> list[IssueColumns]:
    """Returns the issues of a table: those of written columns, in their order, then the others."""
    there = table.result.table.columns
    listed = () if table.issues is None else [name or "" for name in table.issues.sources(has_row=True)]
    return [
        IssueColumns(label, name, ISSUE_PREFIX + name, SEVERITY_PREFIX + name if name in listed else None)
        for name, label in labels_of_issues(there, [name for name, _ in order], headers, fields)
    ]


def labels_of_issues(names: list[str], order: list[str], headers: dict[str, str], fields: dict[str, Any]) -> list[tuple[str, str]]:
    """Returns the fields with issues among the columns of a frame, each with its label: in this order, then the others."""
    place = {name: number for number, name in enumerate(order)}
    found = [name.removeprefix(ISSUE_PREFIX) for name in names if name.startswith(ISSUE_PREFIX)]
    found.sort(key=lambda name: place.get(name, len(place)))
    return [(name, headers.get(name) or (fields[name].label if name in fields else None) or name or ROW_LABEL) for name in found]


def _nameless(table: BuiltTable) -> set[str]:
    """Returns the frame columns of source columns without a header and without a field."""
    return {
        table.frame_names[column.index] for column in table.result.unmapped_columns if is_blank(column.header)
    } & table.unmapped_names()


def _is_empty(series: pl.Series) -> bool:
    """Returns whether a column has nothing to show."""
    if series.null_count() == len(series):
        return True
    # A cell with an empty text is empty, too.
    return str(series.dtype) == "String" and not any(series)
