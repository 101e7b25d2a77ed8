"""The list of a table's issues, made from the table as its last hook left it.

So the list matches the workbook, whatever hooks did to rows: a dropped row has taken its issues along, and a text that a hook
has put into an issue column is an issue of the rule ``<field>.hook``.
"""

from __future__ import annotations

from operator import itemgetter

from ade_engine import _native
from ade_engine._native import TableIssues
from ade_engine.fields.checks import REPEATED
from ade_engine.fields.surroundings import ROW
from ade_engine.models.issues import ERROR
from ade_engine.models.polars import series_of
from ade_engine.models.table import column_letters
from ade_engine.pipeline.issues.own import find_repeated, note_dropped_rows
from ade_engine.pipeline.shared.collected import TableMessages, as_texts
from ade_engine.pipeline.shared.table_columns import ISSUE_PREFIX, column_of_texts, ids_of, texts_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.models import polars as pl

    from ade_engine.io.output.look import TableLook
    from ade_engine.models.table import TableResult
    from ade_engine.pipeline.columns.places import CellPositions
    from ade_engine.pipeline.output.merge import BuiltTable
    from ade_engine.pipeline.shared.cells import ReshapedCells
    from ade_engine.pipeline.shared.context import RunContext


def list_sheet(context: RunContext, tables: list[BuiltTable], known: dict[str, dict[tuple[str | None, ...], str]]) -> None:
    """Lists the issues of the tables of a sheet, with those that only all of them together show. ``known``: see
    :func:`~ade_engine.pipeline.issues.own.find_repeated`.
    """
    find_repeated(context, tables, known)
    note_dropped_rows(context)
    for table in tables:
        frame = table.result.table
        # Row numbers that are broken mean nothing.
        frame = frame if table.rows_unknown is None else frame.drop(ROW, strict=False)
        table.issues = list_issues(frame, table.context.collected, table.places)
        table.context = table.places = None
    name_other_cells(tables)


def list_issues(table: pl.DataFrame, collected: TableMessages, places: CellPositions) -> TableIssues:
    """Returns the issues of a table, with the positions and the original contents of their cells."""
    issues = collected.issues
    for column in table.get_columns():
        if not column.name.startswith(ISSUE_PREFIX) or column.null_count() == len(column):
            continue
        field, first = column.name.removeprefix(ISSUE_PREFIX), len(issues)
        issues.list(field, ids_of(table), as_texts(column))
        places.put(field, issues, first, collected.astray)
        if places.cells is not None:
            _add_parts(issues, first, places.cells, field)
    for report in collected.of_whole:
        first = len(issues)
        issues.add(report.message, report.rule, report.severity, report.field, report.unknown + (report.messages is None))
        places.put(report.field or "", issues, first)
    return issues


def _add_parts(issues: TableIssues, first: int, cells: ReshapedCells, field: str) -> None:
    """Adds to the issues of a field with several values per cell which value is meant; equal issues of one cell share the
    numbers.
    """
    messages = issues.get("message", first)
    of_cells: dict[tuple[int | None, str | None, str, str], list[tuple[int, int, int]]] = {}
    same = zip(*(issues.get(name, first) for name in ("row", "column", "rule", "severity")))
    for at, (cell, part, count) in enumerate(zip(same, *cells.parts_of(field, issues.get("id", first)))):
        if count and count > 1:
            of_cells.setdefault(cell, []).append((at, part, count))
    for told in of_cells.values():
        said, which = dict.fromkeys(messages[at] for at, _, _ in told), sorted({part for _, part, _ in told})
        for at, _, count in told:
            messages[at] = f"{'; '.join(said)} (value {', '.join(map(str, which))} of {count})"
    if of_cells:
        issues.set("message", messages, first)


def name_other_cells(tables: list[BuiltTable]) -> None:
    """Adds to each value that occurs more than once on a sheet the first other cell with it."""
    found: dict[tuple[str, str], list[tuple[tuple[int, int, str, str], TableIssues, int]]] = {}
    for table in tables:
        issues, frame = table.issues, table.result.table
        of_fields: dict[str, list[tuple[int, int]]] = {}
        for at, field, position in issues.with_message(REPEATED):
            # A hook may report the same about a row, or about a column that it has removed.
            if field in frame.columns:
                of_fields.setdefault(field, []).append((at, position))
        for field, told in of_fields.items():
            for (at, _), text in zip(told, texts_at(frame.get_column(field), [position for _, position in told])):
                found.setdefault((field, text), []).append((issues.place(at), issues, at))
    for told in found.values():
        told.sort(key=itemgetter(0))
        cells = list(dict.fromkeys(place[-1] for place, _, _ in told))
        for (*_, cell), issues, at in told if len(cells) > 1 else ():
            issues.say(at, f"{REPEATED}, also in {cells[1] if cell == cells[0] else cells[0]}")


def completed(
    context: RunContext, table: BuiltTable, header_row: int, sheet: str, columns: dict[str | None, int], look: TableLook | None
) -> TableIssues:
    """Returns the lines of the list for a written table. ``header_row``, ``sheet``: its position; ``columns``: the output
    column of each frame column, from 1.
    """
    headers = {} if look is None or not table.issues else {column.source: column.header for column in look.columns}
    return placed(lines_of(context, table, headers), columns, header_row, sheet)


def placed(lines: TableIssues, columns: dict[str | None, int], header_row: int, sheet: str | None) -> TableIssues:
    """Returns the lines of a table, with their positions in the output."""
    if lines:
        lines.place_output(sheet, header_row, [(name, column_letters(number)) for name, number in columns.items() if name is not None])
    return lines


def lines_of(context: RunContext, table: BuiltTable, headers: dict[str | None, str]) -> TableIssues:
    """Returns the lines of the list for a table, without positions in the output. ``headers``: those of its frame columns."""
    issues = table.issues
    if not issues:
        return issues
    frame, fields = table.result.table, context.registry.fields
    rows, of_key = issues.rows(), [name for name in fields if fields[name].key and name in frame.columns]
    if of_key:
        keys = [column_of_texts(frame.get_column(name), rows) for name in of_key]
        issues.set_by_row("key", rows, series_of(_native.joined_texts(keys, " ")))
    # A column without a field has no field to name.
    unmapped = table.unmapped_names()
    for name in issues.sources():
        if name in frame.columns and (rows := issues.rows(name)):
            issues.set_by_row("written", rows, column_of_texts(frame.get_column(name), rows), name, "")
        label = None if name is None else headers.get(name) or (fields[name].label if name in fields else None) or name
        issues.name_field(name, label, name not in unmapped)
    issues.set_table(context.sheet_name, table.result.table_index + 1)
    issues.leave_out_repeats()
    return issues


def lines_of_remarks(context: RunContext) -> TableIssues:
    """Returns lines of the list for hooks' remarks about the sheet, or about the workbook, which has no title."""
    return TableIssues.from_lines([{**remark, "sheet": context.sheet_name or ""} for remark in context.remarks])


def missing_fields(context: RunContext, tables: list[BuiltTable]) -> TableIssues:
    """Returns lines of the list for the required fields that no table of a sheet has, and for those that a further table lacks,
    at its first cell.
    """
    lines = []
    for name, field in context.registry.fields.items():
        if not field.required:
            continue
        severity, label = ERROR if field.required is True else field.required, field.label or field.name

        line = {"rule": f"{name}.required", "severity": severity, "field": name, "label": label, "sheet": context.sheet_name}
        there = [_has_field(table.result, name) for table in tables]
        if not any(there):
            lines.append({**line, "message": "no column was found for this"})
            continue
        for table, has_field in zip((table.result for table in tables), there):
            if not has_field and table.table.height:
                region = table.source_region
                cell = f"{column_letters(region.min_col)}{region.min_row}"
                said = f"no column was found for this in the table at {region.a1}"
                lines.append({**line, "message": said, "cell": cell, "row": region.min_row, "table": table.table_index + 1})
    return TableIssues.from_lines(lines)


def _has_field(result: TableResult, name: str) -> bool:
    """Returns whether a table has a field; computed fields of hooks and transforms count, too."""
    is_found = any(column.field_name == name for column in (*result.mapped_columns, *result.derived_mappings))
    return is_found or name in result.table.columns and result.table.get_column(name).null_count() < result.table.height
