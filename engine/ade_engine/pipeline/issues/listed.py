"""The list of a table's issues, made from the table as its last hook left it.

So the list has what the workbook has, whatever hooks did to rows: a row that was dropped has taken its issues along, and a text
that a hook has put into an issue column is an issue of the rule ``<field>.hook``.
"""

from __future__ import annotations

from functools import partial

from ade_engine.fields.checks import REPEATED
from ade_engine.fields.surroundings import ROW
from ade_engine.models.issues import ERROR, Issue
from ade_engine.models.table import column_letters
from ade_engine.pipeline.issues.own import find_repeated, note_dropped_rows
from ade_engine.pipeline.shared.collected import Collected, there
from ade_engine.pipeline.shared.table_columns import ISSUE_PREFIX, ids_at, texts_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.models import polars as pl

    from ade_engine.io.output.look import TableLook
    from ade_engine.models.table import TableResult
    from ade_engine.pipeline.columns.places import Places
    from ade_engine.pipeline.output.merge import BuiltTable
    from ade_engine.pipeline.shared.cells import Cells
    from ade_engine.pipeline.shared.context import RunContext


def list_sheet(context: RunContext, tables: list[BuiltTable]) -> None:
    """List the issues of the tables of a sheet, with what only all of them together show."""
    find_repeated(context, tables)
    if context.settings.report_dropped_rows:
        note_dropped_rows(context)
    for table in tables:
        frame = table.result.table
        # Numbers that are broken say nothing.
        frame = frame if table.rows_unknown is None else frame.drop(ROW, strict=False)
        table.issues = list_issues(frame, table.context.collected, table.places)
        table.context = table.places = None
    name_other_cells(tables)


def list_issues(table: pl.DataFrame, collected: Collected, places: Places) -> list[Issue]:
    """The issues of a table, with where their cells stood and what stood there."""
    found = []
    for column in table.get_columns():
        texts = there(column) if column.name.startswith(ISSUE_PREFIX) else ()
        if not texts:
            continue
        field, ids = column.name.removeprefix(ISSUE_PREFIX), ids_at(table, [at for at, _ in texts])
        parts = collected.in_parts(field, [(id, text) for id, (_, text) in zip(ids, texts)])
        own = [Issue(*part, id, at, field or None) for id, (at, _), said in zip(ids, texts, parts) for part in said]
        places.put(field, own, collected.astray)
        if places.cells is not None:
            _tell_parts(own, places.cells, field)
        found += own
    for one in collected.of_whole:
        own = [Issue(one.message, one.rule, one.severity, field=one.field) for _ in range(one.unknown + (one.messages is None))]
        places.put(one.field or "", own)
        found += own
    return found


def _tell_parts(issues: list[Issue], cells: Cells, field: str) -> None:
    """Say of the issues of a field whose cells hold several values which of them they are about; those of one cell say the same."""
    of_cells: dict[tuple[int | None, str | None, str, str], list[tuple[Issue, int, int]]] = {}
    for issue, part, count in zip(issues, *cells.parts_of(field, [issue.id for issue in issues])):
        if count and count > 1:
            of_cells.setdefault((issue.row, issue.column, issue.rule, issue.severity), []).append((issue, part, count))
    for told in of_cells.values():
        said, which = dict.fromkeys(issue.message for issue, _, _ in told), sorted({part for _, part, _ in told})
        for issue, _, count in told:
            issue.message = f"{'; '.join(said)} (value {', '.join(map(str, which))} of {count})"


def name_other_cells(tables: list[BuiltTable]) -> None:
    """Say of each value that occurs more than once on a sheet in which cell it stands besides, the first one."""
    found: dict[tuple[str, str], list[Issue]] = {}
    for table in tables:
        of_fields: dict[str, list[Issue]] = {}
        for issue in table.issues:
            # A hook may say the same of a row, or of a column that it has taken away.
            if issue.message == REPEATED and issue.cell is not None and issue.position is not None:
                of_fields.setdefault(issue.field, []).append(issue)
        for field, issues in of_fields.items():
            if field in table.result.table.columns:
                for issue, text in zip(issues, texts_at(table.result.table.get_column(field), [issue.position for issue in issues])):
                    found.setdefault((field, text), []).append(issue)
    for issues in found.values():
        issues.sort(key=lambda issue: (issue.row or 0, len(issue.column or ""), issue.column or ""))
        places = list(dict.fromkeys(issue.merged or issue.cell for issue in issues))
        for issue in issues if len(places) > 1 else ():
            issue.message = f"{REPEATED}, also in {places[1] if (issue.merged or issue.cell) == places[0] else places[0]}"


def completed(
    context: RunContext, table: BuiltTable, header_row: int, sheet: str, columns: dict[str | None, int], look: TableLook | None
) -> list[Issue]:
    """The lines of the list for a table that was written. ``header_row``, ``sheet``: where; ``columns``: of each frame column the number
    there, from 1.
    """
    headers = {} if look is None or not table.issues else {column.source: column.header for column in look.columns}
    return placed(lines_of(context, table, headers), columns, header_row, sheet)


def placed(lines: list[Issue], columns: dict[str | None, int], header_row: int, sheet: str | None) -> list[Issue]:
    """The lines of a table, with their places in the output."""
    letters = {name: column_letters(number) for name, number in columns.items() if name is not None} if lines else {}
    for line in lines:
        line.output_sheet = sheet
        if line.position is not None and line.source in letters:
            line.output = f"{letters[line.source]}{line.position + header_row + 1}"
    return lines


def lines_of(context: RunContext, table: BuiltTable, headers: dict[str | None, str]) -> list[Issue]:
    """The lines of the list for a table, without places in the output. ``headers``: of its frame columns."""
    if not table.issues:
        return []
    frame, fields = table.result.table, context.registry.fields
    of_fields: dict[str | None, list[Issue]] = {}
    for issue in table.issues:
        of_fields.setdefault(issue.field, []).append(issue)
    at = sorted({issue.position for issue in table.issues if issue.position is not None})
    keys = [texts_at(frame.get_column(name), at) for name in fields if at and fields[name].key and name in frame.columns]
    key_of = {position: " ".join(filter(None, texts)) or None for position, *texts in zip(at, *keys)}
    # Of a column that no field has the field is not known.
    unmapped = table.unmapped_names() if of_fields else ()
    for name, issues in of_fields.items():
        label = None if name is None else headers.get(name) or (fields[name].label if name in fields else None) or name
        has_rows = [issue for issue in issues if issue.position is not None]
        if has_rows and name in frame.columns:
            for issue, text in zip(has_rows, texts_at(frame.get_column(name), [issue.position for issue in has_rows])):
                issue.written = text or ""
        for issue in issues:
            issue.sheet, issue.table = context.sheet_name, table.result.table_index + 1
            issue.label, issue.key, issue.source = label, key_of.get(issue.position), name
            issue.field = None if name in unmapped else name
    lines, known = [], set()
    for issue in table.issues:
        # A row that a hook has doubled is one of the sender's all the same; what stands beside the table, in no cell, stands there once.
        if issue.row is not None or issue.cell == "":
            same = issue.row, issue.column, issue.field if issue.cell == "" else None, issue.rule, issue.message
            if same in known:
                continue
            known.add(same)
        issue.cell = issue.cell or None
        lines.append(issue)
    return _once_for_merged(lines)


def _once_for_merged(lines: list[Issue]) -> list[Issue]:
    """One line for what is said of all cells of a merged range that was filled: the sender sees one cell."""
    shared: dict[tuple[str | None, ...], list[Issue]] = {}
    for line in lines:
        if line.merged is not None:
            shared.setdefault((line.merged, line.source, line.rule, line.severity, line.message, line.value), []).append(line)
    gone = set()
    for issues in shared.values():
        first = [line for line in issues if line.cell == line.merged]
        # Where the first cell has no such issue, another one stands for itself.
        if first and len(issues) > 1:
            gone.update(id(line) for line in issues if line.cell != line.merged)
            for line in first:
                line.message += f" ({len(issues)} rows share this cell)"
    return [line for line in lines if id(line) not in gone] if gone else lines


def lines_of_remarks(context: RunContext) -> list[Issue]:
    """Lines of the list of issues for what hooks have said of the sheet, or of the workbook, which has no title."""
    return [Issue(**remark, sheet=context.sheet_name or "") for remark in context.remarks]


def missing_fields(context: RunContext, tables: list[BuiltTable]) -> list[Issue]:
    """Lines of the list of issues for the required fields that no table of a sheet has, and for those that a further table lacks, at
    its first cell.
    """
    lines = []
    for name, field in context.registry.fields.items():
        if not field.required:
            continue
        severity, label = ERROR if field.required is True else field.required, field.label or field.name

        line = partial(Issue, rule=f"{name}.required", severity=severity, field=name, label=label, sheet=context.sheet_name)
        there = [_has_field(table.result, name) for table in tables]
        if not any(there):
            lines.append(line("no column was found for this"))
            continue
        for table, has_field in zip((table.result for table in tables), there):
            if not has_field and table.table.height:
                region = table.source_region
                cell = f"{column_letters(region.min_col)}{region.min_row}"
                said = f"no column was found for this in the table at {region.a1}"
                lines.append(line(said, cell=cell, row=region.min_row, table=table.table_index + 1))
    return lines


def _has_field(result: TableResult, name: str) -> bool:
    """Whether a table has a field; what a hook or a transform has computed is there, too."""
    is_found = any(column.field_name == name for column in (*result.mapped_columns, *result.derived_mappings))
    return is_found or name in result.table.columns and result.table.get_column(name).null_count() < result.table.height
