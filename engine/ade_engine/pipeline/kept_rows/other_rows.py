"""The settings for rows that are neither header nor data: notes, totals, section heads, blank rows.

Their kinds come from row detectors. Without these settings such rows belong to the table they follow, as data. Each row that is
left out is named in a notice. Rows count from 0 here.
"""

from __future__ import annotations

from functools import reduce
from operator import or_

from ade_engine import _native
from ade_engine.fields.readers import filled_rows, without_blank_rows
from ade_engine.fields.surroundings import ColumnSurroundings
from ade_engine.models import polars as pl
from ade_engine.models.notices import INFO, WARNING
from ade_engine.pipeline.columns.frame import header_text
from ade_engine.pipeline.finding.header_rows import BALANCE, GROUP, LINE, LONE, NOTE, PREPARED, RULE, TOTAL
from ade_engine.pipeline.finding.told import notice_left_out
from ade_engine.pipeline.kept_rows.provenance import note_dropped
from ade_engine.pipeline.kept_rows.totals import notice_balances, notice_totals
from ade_engine.pipeline.shared import not_written
from ade_engine.pipeline.shared.row_numbers import rows_in_words, stretches
from ade_engine.pipeline.shared.table_columns import unique_header, with_series

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.fields.surroundings import ColumnSources
    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.pipeline.columns.frame import SourceTable
    from ade_engine.pipeline.finding.header_rows import RowSpan
    from ade_engine.pipeline.shared.context import RunContext

#: The header of the column that `group_rows = "column"` adds.
SECTION = "Section"
#: The minimum number of cells of a record; a row with fewer may be a remark.
_MIN_RECORD_CELLS = 2
#: The reasons for missing rows in the row map, by their kinds.
_REASONS = {NOTE: not_written.NOTE, TOTAL: not_written.TOTAL, BALANCE: not_written.TOTAL, GROUP: not_written.TITLE, LINE: not_written.LINE}
#: The kinds of rows that may be left out, the name of one, and the words behind it.
_UNWANTED = (
    (NOTE, "note", " between records"),
    (TOTAL, "row", " of totals"),
    (BALANCE, "row", " of balances"),
    (GROUP, "section head", ""),
    (RULE, "line", " of dashes or other signs"),
    (PREPARED, "prefilled row", " without a record"),
)


def leave_out_rows(
    context: RunContext, table: pl.DataFrame, span: RowSpan, scan: SheetScan, source: SourceTable
) -> tuple[pl.DataFrame, dict[int, tuple[int, int]]]:
    """Returns the table without the rows that settings leave out, and with a column for its section heads if they ask for it;
    and by rows of the sheet, from 1, the cells of the heads above them, if a field asks for these.

    The table must have a row for each row of the span below its header.
    """
    settings = context.settings
    # A field that is the section head asks for it.
    has_section = context.registry.reshapes.has_section()
    inside = span.verdict.kinds[span.data_start : span.stop]
    if span.section is not None and table.height:
        table = with_series(table, [pl.constant(span.section, table.height, pl.String, unique_header(SECTION, table.columns))])
    found = _native.rows_of_table(
        scan.as_native(),
        (span.start, span.header_rows, span.stop),
        (span.first_column, span.stop_column),
        inside,
        settings,
        has_section,
    )
    inside[:] = found.kinds
    if found.lone_names:
        numbers = [[span.data_start + 1, span.data_start + found.lone_names]]
        said = f"{rows_in_words(numbers)}: only a name and no values, as in a section head or an empty record; kept as a record"
        context.notice("doubtful_rows", said, count=found.lone_names, **context.rows_told(numbers))
    notice_totals(context, span, scan, found)
    kept = {NOTE: not settings.is_2026, TOTAL: not settings.skip_total_rows, GROUP: not has_section and settings.group_rows == "keep"}
    unwanted = [(kind, noun, what) for kind, noun, what in _UNWANTED if not kept.get(kind) and kind in inside]
    gone = {kind for kind, *_ in unwanted}.union(kind for kind in (LINE, LONE) if kind in inside)
    heads: dict[int, tuple[int, int]] = {}
    if not gone or table.height != len(inside):
        return table, heads
    for kind in gone:
        rows = [span.data_start + at + 1 for at, one in enumerate(inside) if one == kind]
        context.not_written.add(stretches(rows), _REASONS.get(kind, not_written.OTHER))
    names = len(inside) - len(inside.lstrip(bytes((LINE,))))
    if names:
        # Lines above all records name the columns of the lines below.
        context.not_written.add([[span.data_start + 1, span.data_start + names]], not_written.HEADER)
    if found.sections is not None:
        context.notice_controls("section head in", "section heads in", [context.cell_of(row + 1, column + 1) for row, column in found.controlled])
        if any(head is not None for head, kind in zip(found.sections, inside) if kind != GROUP):
            table = with_series(table, [pl.Series(unique_header(SECTION, table.columns), found.sections, dtype=pl.String)])
            if has_section:
                heads = {row + 1: (head + 1, column + 1) for row, head, column in found.heads}
    if LINE in inside:
        table = with_series(table, _lines(table, found, source))
    _notice_lines(context, span, inside)
    for kind, noun, what in unwanted:
        rows = [span.data_start + at for at, one in enumerate(inside) if one == kind]
        if kind == BALANCE:
            notice_balances(context, span, rows, scan)
        else:
            has_records = any(
                kind not in gone and not scan.is_empty_row(row) for row, kind in enumerate(inside, span.data_start)
            )
            said = "" if has_records else ", and the table has no record"
            notice_left_out(context, noun, what, rows, _REASONS.get(kind, not_written.OTHER), INFO if has_records else WARNING, said)
    return table.filter(pl.Series([kind not in gone for kind in inside], dtype=pl.Boolean)), heads


def _notice_lines(context: RunContext, span: RowSpan, inside: bytearray) -> None:
    """Sends notices about rows that are, or may be, further lines of records."""

    def rows_of(wanted: int) -> list[list[int]]:
        return stretches([span.data_start + at + 1 for at, kind in enumerate(inside) if kind == wanted])

    if LINE in inside:
        count, numbers = inside.count(LINE), rows_of(LINE)
        context.notice(
            "lines_of_records",
            f"{count} {'row is' if count == 1 else 'rows are'} further lines of the records above "
            f"({rows_in_words(numbers)}); their texts are in columns of their own",
            level=INFO,
            count=count,
            rows=numbers,
        )
    if LONE in inside:
        numbers = rows_of(LONE)
        context.notice(
            "doubtful_rows",
            f"{rows_in_words(numbers)} between records may be a section head, a note, or a line of the record above; left out",
            count=inside.count(LONE),
            rows=numbers,
        )


def drop_blank_rows(context: RunContext, table: pl.DataFrame, sources: ColumnSources) -> pl.DataFrame:
    """Returns the table without the rows in which no field has a value: blank rows, and notes beside the wanted columns.

    A row of formulas that were saved without values is not blank if these are issues. In a table whose columns mostly have no
    field and are written, a row of several cells is a record: the mapped fields may be those that are seldom filled.
    """
    # A fact beside the table is no value of a row.
    fields = {name: field for name, field in context.registry.fields.items() if name not in context.facts} if context.facts else context.registry.fields
    lost = []
    if context.settings.is_2026 and sources.may_lack_values:
        found = map(ColumnSurroundings(context.settings, table, sources).without_value, (*sources, *sources.of_parts))
        lost += [cells for cells in found if cells is not None]
    names = table.columns
    others = [name for name in names if name not in fields and name not in context.facts and not name.startswith(("__", SECTION))]
    known = sum([name in fields for name in names])
    if 0 < known < len(others) and not context.settings.remove_unmapped_columns:
        lost.append(filled_rows(table, others, _MIN_RECORD_CELLS))
    if lost:
        kept = table.filter(reduce(or_, lost, filled_rows(table, fields)))
    else:
        kept = without_blank_rows(table, fields)
    if kept is not table:
        is_empty = not others and not lost or without_blank_rows(table, [*fields, *others]).height == kept.height
        note_dropped(context, None, table, kept, is_empty=is_empty)
    return kept


def _lines(table: pl.DataFrame, rows: _native.TableBodyRows, source: SourceTable) -> list[pl.Series]:
    """Returns the texts of the lines below records, as columns of the records."""
    found: dict[tuple[int, int], dict[int, str]] = {}
    for number, column, record, text in rows.lines:
        found.setdefault((number, column), {})[record] = text
    names = dict(rows.names_of_lines)
    series, taken = [], {*table.columns}
    for (number, column), texts in sorted(found.items()):
        header = header_text(source.columns[column].header) or f"col_{column + 1}"
        name = unique_header(names.get(column) or f"{header} line {number}", taken)
        taken.add(name)
        series.append(pl.Series(name, [texts.get(at) for at in range(table.height)], dtype=pl.String))
    return series
