"""Rows with errors, apart from the others: on a sheet of their own behind the data sheets, or in a workbook of their own beside
the output, with their errors.

A table is divided once its last hook has left it: the rows without errors are written in the table's position, the others after
all sheets, because only then their positions are known. The table's counts include all its rows.
"""

from __future__ import annotations

from copy import copy

from ade_engine.fields.surroundings import ROW
from ade_engine.io.limits import CONTROL_CHARACTERS
from ade_engine.io.output.look import FIELD, OTHER, SOURCE_ROW, LookColumn, TableLook
from ade_engine.models import polars as pl
from ade_engine.models.issues import ERROR
from ade_engine.models.record import Record
from ade_engine.pipeline.issues.listed import lines_of, placed
from ade_engine.pipeline.kept_rows.row_map import TableSourceRows
from ade_engine.pipeline.output.merge import BuiltTable
from ade_engine.pipeline.output.output_columns import labels_of_issues, table_look, written_names
from ade_engine.pipeline.shared.table_columns import ISSUE_PREFIX, RESERVED_PREFIX, as_text, unique_header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.io.output.typed_cells import TypedCells
    from ade_engine.io.output.workbook import WorkbookOutput
    from ade_engine._native import TableIssues
    from ade_engine.models.notices import Notices
    from ade_engine.pipeline.kept_rows.row_map import RowMap
    from ade_engine.pipeline.output.manifest import Manifest
    from ade_engine.pipeline.shared.context import RunContext

_TITLE = "Quarantine"
#: The columns in front of the tables' own: their names in the frame, and their headers.
_SHEET, _MESSAGES = f"{RESERVED_PREFIX}sheet", f"{RESERVED_PREFIX}messages"
_OWN = {_SHEET: "Sheet", ROW: "Source row", _MESSAGES: "Messages"}
_MESSAGES_WIDTH = 48


class _QuarantinedPart(Record):
    """The rows of one table: the frame with the columns of :data:`_OWN`, its written columns, the lines of its issues."""

    sheet: str
    rows: TableSourceRows
    frame: pl.DataFrame
    columns: list[LookColumn]
    lines: TableIssues
    typed: TypedCells | None


class Quarantine:
    """The rows with errors of a run. Raises the errors of :meth:`WorkbookOutput.append_table` if there are more than a sheet
    can hold.
    """

    def __init__(self) -> None:
        self._parts: list[_QuarantinedPart] = []
        self._titles: list[str] = []

    @property
    def rows(self) -> int:
        """Returns the number of quarantined rows."""
        return sum(part.frame.height for part in self._parts)

    def take(self, context: RunContext, table: BuiltTable, manifest: Manifest | None) -> BuiltTable:
        """Returns the table without its rows with errors; the table itself if it has none."""
        wrong = table.issues.rows(severity=ERROR)
        if not wrong:
            return table
        out = {*wrong}
        rows: tuple[list[int], list[int]] = [], []
        for row in range(table.result.table.height):
            rows[row in out].append(row)
        # TableIssues without a row, or with an unknown one, stay with the table.
        kept, rest = (_part(table, *half) for half in zip(rows, table.issues.split(wrong)))
        columns = _columns(context, rest, manifest)
        # As for the rows that stay: without a look fields have their labels there.
        headers = {column.source: column.header for column in columns} if context.settings.output_style == "table" else {}
        lines = lines_of(context, rest, headers)
        table.count(lines.by_severity())
        rows = TableSourceRows(rest.result.table, rest.rows_unknown, is_turned=rest.is_turned)
        self._parts.append(_QuarantinedPart(context.sheet_name, rows, _with_own(context, rest, columns, headers), columns, lines, rest.typed))
        if context.sheet_name not in self._titles:
            self._titles.append(context.sheet_name)
        return kept

    def write(
        self,
        output: WorkbookOutput,
        notices: Notices,
        *,
        style: str,
        book: WorkbookOutput | None = None,
        file: str | None = None,
        row_map: RowMap | None = None,
    ) -> None:
        """Adds the sheet if there are quarantined rows, their issues to the list, and their positions to the row map.

        ``book``: another workbook that gets the sheet, ``file``: its name; issues then have no positions in the output.
        """
        if not self._parts:
            return
        title = _TITLE if book is not None else output.free_title(_TITLE)
        columns = _united(self._parts)
        frame = _stacked([part.frame for part in self._parts], [column.source for column in columns])
        target = output if book is None else book
        sheet = target.add_sheet(title)
        typed = None
        if any(part.typed is not None for part in self._parts):
            from ade_engine.io.output.typed_cells import TypedCells, stacked

            typed = stacked([(part.typed or TypedCells(), part.frame.height) for part in self._parts])
        if style == "table":
            table = target.append_table(sheet, frame, gap=False, look=TableLook(columns, [], has_filter=True), typed=typed)
        else:
            names = {column.source: column.header for column in columns}
            table = target.append_table(sheet, frame.rename(names), gap=False, typed=typed and typed.renamed(names.items()))
        if table.left_out:
            count = sum(map(len, table.left_out.values()))
            cells = "1 cell of a row with an error has control characters" if count == 1 else f"{count} cells of rows with errors have control characters"
            notices.add("control_characters", f"{cells}, which are left out", count=count)
        numbers = {column.source: number for number, column in enumerate(columns, 1)}
        header_row = 1
        for part in self._parts:
            if row_map is not None:
                row_map.add_quarantined(part.sheet, part.rows, header_row - 1, table, file)
            if book is None:
                output.add_issues(placed(part.lines, numbers, header_row, sheet.title), table)
            else:
                output.add_issues(placed(part.lines, {}, header_row, None))
            header_row += part.frame.height
        have = "1 row with an error is" if frame.height == 1 else f"{frame.height} rows with errors are"
        where = f"on the sheet {sheet.title!r} of the output" if book is None else "in a separate workbook beside the output"
        notices.add(
            "rows_quarantined",
            f"{have} {where}, not among the other rows",
            count=frame.height,
            sheets=self._titles,
        )


def _part(table: BuiltTable, rows: list[int], issues: TableIssues) -> BuiltTable:
    """Returns some rows of a table, with their issues."""
    result = copy(table.result)
    places = pl.Series(rows, dtype=pl.UInt32)
    result.table = table.result.table[places]
    result.row_count = result.table.height
    return table.part(result, issues, places)


def _columns(context: RunContext, table: BuiltTable, manifest: Manifest | None) -> list[LookColumn]:
    """Returns the written columns of a table, without the engine's own."""
    if context.settings.output_style == "table":
        look = table_look(context, table, manifest, has_filter=False)
        found = [] if look is None else look.columns
    else:
        names = written_names(context, table.result.table)
        order = [(name, None) for name in names] if manifest is None else manifest.order(names)
        found = [LookColumn(FIELD, name, header or name) for name, header in order]
    return [column for column in found if column.source is not None and not column.source.startswith(RESERVED_PREFIX)]


def _with_own(context: RunContext, table: BuiltTable, columns: list[LookColumn], headers: dict[str, str]) -> pl.DataFrame:
    """Returns the written columns of a table, behind those with the origin and the errors of its rows."""
    frame = table.result.table
    texts = {_SHEET: pl.lit(context.sheet_name), _MESSAGES: _messages(context, frame, headers)}
    # A message may quote characters that no cell can hold.
    own = [text.str.replace_all(CONTROL_CHARACTERS, "\ufffd").alias(name) for name, text in texts.items()]
    # The records of a turned table were columns.
    if not table.is_turned and ROW in frame.columns and frame.schema[ROW].is_integer():
        own.insert(1, pl.col(ROW))
    return frame.select(*own, *(column.source for column in columns))


def _messages(context: RunContext, frame: pl.DataFrame, headers: dict[str, str]) -> pl.Expr:
    """Returns the errors of each row, in the words of the column ``Issues``."""
    found = labels_of_issues(frame.columns, frame.columns, headers, context.registry.fields)
    texts = [pl.lit(f"{label}: ") + pl.col(ISSUE_PREFIX + name).cast(pl.String) for name, label in found]
    return pl.concat_str(texts, separator="; ", ignore_nulls=True)


def _united(parts: list[_QuarantinedPart]) -> list[LookColumn]:
    """Returns the columns of all tables, each once, behind the sheet's own."""
    columns: dict[str, LookColumn] = {}
    for column in (column for part in parts for column in part.columns):
        known = columns.setdefault(column.source, column)
        # A column is a field if any table has it as a field.
        if known.kind == OTHER != column.kind:
            columns[column.source] = column
    taken: dict[str, None] = {}
    own, others = [], []
    for source, column in columns.items():
        header = unique_header(column.header, taken)
        taken[header] = None
        others.append(LookColumn(column.kind, source, header, column.width, column.format))
    has_row = any(ROW in part.frame.columns for part in parts)
    for source, wanted in _OWN.items():
        if source != ROW or has_row:
            header = unique_header(wanted, taken)
            taken[header] = None
            kind = SOURCE_ROW if source == ROW else FIELD
            own.append(LookColumn(kind, source, header, _MESSAGES_WIDTH if source == _MESSAGES else None))
    return own + others


def _stacked(frames: list[pl.DataFrame], names: list[str]) -> pl.DataFrame:
    """Returns the frames, one below the other. A column with different types in different tables becomes text."""
    schema = {name: _common_type([frame.schema[name] for frame in frames if name in frame.columns]) for name in names}
    return pl.concat([pl.DataFrame([_column(frame, name, dtype) for name, dtype in schema.items()]) for frame in frames])


def _common_type(dtypes: list[pl.DataType]) -> pl.DataType:
    known = list(dict.fromkeys(dtype for dtype in dtypes if dtype != pl.Null))
    if len(known) < 2:
        return known[0] if known else pl.Null()
    return pl.Float64() if all(dtype.is_numeric() for dtype in known) else pl.String()


def _column(frame: pl.DataFrame, name: str, dtype: pl.DataType) -> pl.Series:
    if name not in frame.columns:
        return pl.constant(None, frame.height, dtype, name)
    column = frame.get_column(name)
    if column.dtype == dtype:
        return column
    return as_text(column) if dtype == pl.String and column.dtype != pl.Null else column.cast(dtype)
