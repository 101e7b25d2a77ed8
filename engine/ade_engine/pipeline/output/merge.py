"""Sorts the tables of a sheet, and stacks them into one."""

from __future__ import annotations

from ade_engine._native import TableIssues
from ade_engine.infrastructure.policy import policy
from ade_engine.models import polars as pl
from ade_engine.models.errors import PipelineError
from ade_engine.models.issues import ERROR
from ade_engine.models.record import Record
from ade_engine.models.table import DerivedMapping, MappedColumn, SourceColumn, TableRegion, TableResult, is_blank, region_of
from ade_engine.pipeline.columns.frame import header_text
from ade_engine.pipeline.shared.counts import SourceCounts, blank_rows, filled_cells
from ade_engine.pipeline.shared.table_columns import is_provenance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.io.output.typed_cells import TypedCells
    from ade_engine.pipeline.columns.places import CellPositions
    from ade_engine.pipeline.shared.cells import ReshapedCells
    from ade_engine.pipeline.shared.context import RunContext


class BuiltTable(Record):
    """A table that is ready to be written, with the counts of its source."""

    result: TableResult
    counts: SourceCounts
    #: The frame column that each source column was read into, before mapping.
    frame_names: list[str]
    #: The unmapped columns of several stacked tables, whose source columns are those of the stacked frame.
    unmapped: set[str] | None = None
    #: Whether its records are columns of the sheet.
    is_turned: bool = False
    #: In edition 2026: the hook that made the rows' positions in the sheet unknown.
    rows_unknown: str | None = None
    #: In edition 2026: the issues of its cells, by their positions.
    issues: TableIssues | None = None
    #: In edition 2026, once it was written: its number of lines in the list, by severity.
    by_severity: dict[str, int] | None = None
    #: In edition 2026, until the issues are listed: the messages about the table, and the positions of its cells.
    context: RunContext | None = None
    places: CellPositions | None = None
    #: In a reshaped table, until its issues are listed: the rows of the sheet that its rows come from.
    cells: ReshapedCells | None = None
    #: The cells that are written unchanged; ``None`` if all columns are written as polars has them.
    typed: TypedCells | None = None
    #: The written range, such as ``Orders!A1:H4``, with the sheet's title at that time.
    output_range: str | None = None
    #: The frame whose rows were looked up in the sender's sheet, and these rows.
    rows: tuple[pl.DataFrame, Any] | None = None
    _whole: BuiltTable | None = None

    @property
    def whole(self) -> BuiltTable:
        """Returns the table that it is a part of, else itself."""
        return self._whole or self

    def part(self, result: TableResult, issues: TableIssues, rows: pl.Series) -> BuiltTable:
        """Returns the part with these rows and their issues."""
        typed = None if self.typed is None else self.typed.part(rows)
        part = BuiltTable(result, self.counts, self.frame_names, self.unmapped, self.is_turned, self.rows_unknown, issues, typed=typed)
        part._whole = self
        return part

    def count(self, by_severity: dict[str, int]) -> None:
        """Counts lines of the list."""
        known = self.by_severity or {}
        self.by_severity = {severity: known.get(severity, 0) + count for severity, count in by_severity.items()}

    def unmapped_names(self) -> set[str]:
        """Returns the frame columns of source columns without a field."""
        if self.unmapped is None:
            return {self.frame_names[column.index] for column in self.result.unmapped_columns}
        return self.unmapped

    def places_of_columns(self) -> dict[str, int]:
        """Returns the position in the sheet of each frame column that comes from it; unknown for several stacked tables."""
        if self.unmapped is not None:
            return {}
        result = self.result
        found = {self.frame_names[column.index]: column.index for column in result.unmapped_columns}
        return found | {column.field_name: column.source_index for column in result.mapped_columns}

    @property
    def rows_with_errors(self) -> int:
        """Returns the number of its rows with an error, in edition 2026."""
        return 0 if self.issues is None else len(self.issues.rows(severity=ERROR))

    @property
    def mapping_ratio(self) -> float:
        """Returns the share of non-empty columns that are mapped to a field."""
        filled = sum(
            1
            for column, cells in zip(self.result.source_columns, self.counts.filled_by_column)
            if cells or not is_blank(column.header)
        )
        return len(self.result.mapped_columns) / filled if filled else 0.0


def sort_by_mapping_ratio(tables: list[BuiltTable]) -> list[BuiltTable]:
    """Returns the tables by their mapping ratio, best first; equals stay in sheet order."""
    return sorted(tables, key=lambda table: -table.mapping_ratio)


def merge_tables(tables: list[BuiltTable], *, typed: bool = False) -> BuiltTable:
    """Returns one table from several: the union of their columns, their rows one below the other.

    ``typed``: columns without values may still have a type, which gives way to the type of values.
    """
    results = [table.result for table in tables]
    named = {name for table in tables for name in table.frame_names}
    named |= {column.field_name for result in results for column in result.mapped_columns}
    frame = _stack([_untyped(result.table) if typed else result.table for result in results], named)
    region = _spanning_region([result.source_region for result in results])

    known = _ColumnFacts()
    for table in tables:
        known.add(table)
    scores, headers = known.scores, known.headers
    # Columns with the origin of rows are no columns of the source, and their cells are never counted.
    names = [name for name in frame.columns if not is_provenance(name)]
    columns = [
        SourceColumn(
            index,
            # Columns without a source column, the engine's own among them, have no header.
            headers.get(name),
            lambda name=name: frame.get_column(name).to_list(),
        )
        for index, name in enumerate(names)
    ]
    mapped_columns = [
        MappedColumn(name, index, headers.get(name), lambda c=columns[index]: c.values, scores[name])
        for index, name in enumerate(names)
        if name in scores
    ]
    first = results[0]
    merged = TableResult(
        sheet_name=first.sheet_name,
        table=frame,
        source_region=region,
        source_columns=columns,
        table_index=0,
        sheet_index=first.sheet_index,
        mapped_columns=mapped_columns,
        derived_mappings=list(known.derived.values()),
        unmapped_columns=[column for column, name in zip(columns, names) if name not in scores],
        column_scores={index: known.totals[name] for index, name in enumerate(names) if known.totals.get(name)},
        duplicate_unmapped_indices={
            index for index, name in enumerate(names) if name in known.duplicates and name not in scores
        },
        row_count=frame.height,
    )
    # Rows between the tables (their headers, and the gaps) are in the region and hold nothing of the merged table. Rows that a
    # hook has added beyond the region are not source rows, and are not counted as such.
    missing = max(0, region.data_row_count - frame.height)
    counted = frame.head(region.data_row_count)
    counts = SourceCounts(filled_cells(counted, names), blank_rows(counted) + missing)
    unmapped = set().union(*(table.unmapped_names() for table in tables)) - scores.keys()
    whole = BuiltTable(
        merged,
        counts,
        names,
        unmapped,
        is_turned=any(table.is_turned for table in tables),
        rows_unknown=next((table.rows_unknown for table in tables if table.rows_unknown is not None), None),
        issues=_stacked_issues(tables),
    )
    if any(table.typed is not None for table in tables):
        from ade_engine.io.output.typed_cells import TypedCells, stacked

        whole.typed = stacked([(table.typed or TypedCells(), table.result.table.height if table.result.table.width else 1) for table in tables])
    return whole


def _stacked_issues(tables: list[BuiltTable]) -> TableIssues | None:
    """Returns the issues of stacked tables."""
    if all(table.issues is None for table in tables):
        return None
    stacked, above = TableIssues(), 0
    for table in tables:
        if table.issues is not None:
            stacked.append(table.issues, above)
        above += table.result.table.height
    return stacked


class _ColumnFacts(Record):
    """The facts about the columns of several tables, by their names in these."""

    #: The best score of each mapped field.
    scores: dict[str, float] = {}
    #: The first non-empty header.
    headers: dict[str, object] = {}
    derived: dict[str, DerivedMapping] = {}
    #: The best score of each column for each field.
    totals: dict[str, dict[str, float]] = {}
    duplicates: set[str] = set()

    def add(self, table: BuiltTable) -> None:
        result = table.result
        field_of = {column.source_index: column.field_name for column in result.mapped_columns}
        for mapped in result.mapped_columns:
            self.scores[mapped.field_name] = max(self.scores.get(mapped.field_name, mapped.score), mapped.score)
            self._keep_first(mapped.field_name, mapped.header)
        for column in result.unmapped_columns:
            self._keep_first(table.frame_names[column.index], column.header)
        for index, found in result.column_scores.items():
            known = self.totals.setdefault(field_of.get(index, table.frame_names[index]), {})
            for field, score in found.items():
                known[field] = max(known.get(field, score), score)
        self.duplicates.update(table.frame_names[index] for index in result.duplicate_unmapped_indices)
        for entry in result.derived_mappings:
            known_entry = self.derived.get(entry.field_name)
            if known_entry is None or entry.score > known_entry.score:
                self.derived[entry.field_name] = entry

    def _keep_first(self, name: str, header: object) -> None:
        if not header_text(self.headers.get(name)):
            self.headers[name] = header


def _spanning_region(regions: list[TableRegion]) -> TableRegion:
    return region_of(
        min_row=min(region.min_row for region in regions),
        min_col=min(region.min_col for region in regions),
        max_row=max(region.max_row for region in regions),
        max_col=max(region.max_col for region in regions),
        header_row_count=min(region.header_row_count for region in regions),
    )


def _stack(frames: list[pl.DataFrame], named: set[str]) -> pl.DataFrame:
    """Returns the frames, one below the other. ``named``: the columns whose names are headers or fields."""
    kinds: dict[str, list[pl.DataType]] = {}
    for frame in frames:
        for name, dtype in frame.schema.items():
            kinds.setdefault(name, []).append(dtype)
    schema = {name: _common_type(name, dtypes, named) for name, dtypes in kinds.items()}
    return pl.concat(
        [
            frame.select(
                pl.col(name).cast(dtype) if name in frame.columns else pl.lit(None, dtype=dtype).alias(name)
                for name, dtype in schema.items()
            )
            if frame.width
            # A table that a hook has left without columns becomes one row of nulls in the merged table.
            else pl.DataFrame([[None] for _ in schema], schema=schema)
            for frame in frames
        ]
    )


def _untyped(frame: pl.DataFrame) -> pl.DataFrame:
    """Returns the frame, with columns that have no value as columns of nulls."""
    empty = [name for name in frame.columns if frame.get_column(name).null_count() == frame.height]
    return frame.with_columns(pl.lit(None, dtype=pl.Null).alias(name) for name in empty) if empty and frame.height else frame


def _common_type(name: str, dtypes: list[pl.DataType], named: set[str]) -> pl.DataType:
    known = list(dict.fromkeys(dtype for dtype in dtypes if dtype != pl.Null))
    if not known:
        return pl.Null()
    if len(known) == 1:
        return known[0]
    if all(dtype.is_integer() for dtype in known):
        empty = [pl.DataFrame(schema={name: dtype}) for dtype in known]
        return pl.concat(empty, how="vertical_relaxed").schema[name]
    if all(dtype.is_integer() or dtype.is_float() for dtype in known):
        return pl.Float64()
    types = " and ".join(str(dtype) for dtype in known)
    # A hook can create columns that are named like values.
    column = "a column that a hook has made" if name not in named and not policy().quotes_values else f"column {name!r}"
    raise PipelineError(
        f"tables cannot be merged: {column} is {types}; let a transform give it one type, "
        "or switch merge_tables_in_sheet off"
    )
