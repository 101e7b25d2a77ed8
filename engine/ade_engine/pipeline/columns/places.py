"""The positions of a table's cells in the sender's sheet, and their original contents."""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter

from ade_engine.models import polars as pl
from ade_engine.models.table import column_letters
from ade_engine.pipeline.shared.table_columns import as_text, column_of_texts, texts_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.fields.surroundings import ColumnSource, ColumnSources
    from ade_engine._native import TableIssues
    from ade_engine.pipeline.columns.frame import SourceTable
    from ade_engine.pipeline.columns.mapping import Mapping
    from ade_engine.pipeline.shared.astray import AstrayCells
    from ade_engine.pipeline.shared.cells import ReshapedCells


class CellPositions:
    """The positions of a table's cells. ``raw``: the table as it was read, with a row for each source row; ``turned``: the row
    of the sheet above the first line of a table on its side, whose records are columns; ``filled``: the merged ranges of the
    sheet whose cells all have the value of the first (first row, last row, first column, last column).
    """

    def __init__(
        self,
        source: SourceTable,
        sources: ColumnSources,
        mapping: Mapping,
        raw: pl.DataFrame,
        turned: int | None,
        filled: list[tuple[int, int, int, int]],
        cells: ReshapedCells | None = None,
    ):
        #: The cells of the values in a reshaped table.
        self.cells = cells
        self._source = source
        self._sources = sources
        self._raw = raw
        #: The columns of ``raw`` by the column numbers of the sheet.
        self._names = dict(enumerate(source.names, source.region.min_col))
        self._names.update((source.region.min_col + column.source_index, column.field_name) for column in mapping.columns)
        self._first = source.region.data_first_row
        self._turned = turned
        self._filled = filled

    def put(self, field: str, issues: TableIssues, first: int, astray: AstrayCells | None = None) -> None:
        """Adds to the issues of a field, from ``first`` on, the row, the column, the cell, its content, and the merged range,
        as far as these are known.
        """
        source = self._sources.get(field) or self._sources.of_parts.get(field) or self._sources.of_no_field.get(field)
        number, raw = None if source is None else source.number, self._raw
        lost = self._sources.lost.get(field, {}) if source is None else {}
        # Mostly each value is in its own row and column: these are set in one pass.
        if not lost and not self._filled and self.cells is None and (astray is None or field not in astray):
            at = issues.set_rows(first, number, self._turned, self._first, raw.height)
            if at is not None:
                name = self._names.get(number)
                if name in raw.columns:
                    issues.set("value", column_of_texts(raw.get_column(name), at), first, "")
                return
        ids = own = issues.get("id", first)
        columns: list[int | None] = [number] * len(ids)
        if astray is not None and field in astray:
            is_own, is_row = (known.to_list() for known in astray.known(field, pl.Series(ids, dtype=pl.UInt32)))
            own = [id if is_it else None for id, is_it in zip(ids, is_own)]
            ids = [id if is_it else None for id, is_it in zip(ids, is_row)]
            columns = [number if is_it else None for is_it in is_own]
        if self.cells is None:
            values, merged = self._values(self._names.get(number), own), self._merged(source, own)
            for source in dict.fromkeys(lost.values()):
                here = [id if lost.get(id) is source else None for id in own]
                columns = [column if id is None else source.number for column, id in zip(columns, here)]
                values = [value if id is None else text for value, id, text in zip(values, here, self._values(self._names.get(source.number), here))]
        else:
            # A value beside the table, in no cell, has neither row nor column.
            ids, columns = (
                [number or None for number in series.to_list()] for series in self._by_cells(field, ids, own, number)
            )
            known = {place: None if None in place else self._value_at(*place) for place in {*zip(ids, columns)}}
            values = [known[place] for place in zip(ids, columns)]
            is_known = field not in self.cells
            merged = self._merged(source, [row if is_known and column is not None else None for row, column in zip(ids, columns)])
        if self._turned is not None:
            # Rows of the table are columns of the sheet, and the other way round.
            ids, columns = [None if column is None else column + self._turned for column in columns], ids
        issues.set("row", ids, first)
        issues.set("column", [column and column_letters(column) for column in columns], first)
        issues.set("value", values, first)
        if any(merged):
            issues.set("merged", merged, first)
        if self.cells is not None and field in self.cells.facts:
            # An empty text means that there is known to be no cell.
            issues.set("cell", ["" if row is None or column is None else None for row, column in zip(ids, columns)], first)

    def _by_cells(self, field: str, ids: list[int | None], own: list[int | None], number: int | None) -> tuple[pl.Series, pl.Series]:
        """Returns the rows and columns of issues in a reshaped table. ``own``: the numbers of rows whose cell of the field is
        their own.
        """
        rows, columns = (pl.Series(numbers, dtype=pl.UInt32) for numbers in (ids, own))
        return self.cells.rows_of(field, rows), self.cells.columns_of(field, columns, number)

    def _value_at(self, row: int, number: int) -> str:
        """Returns the displayed text of a cell of the sheet; both numbers count from 1 in an upright table."""
        name, at = self._names.get(number), row - self._first
        if self.cells is not None and self.cells.sheet is not None:
            sheet = self.cells.sheet
            value = sheet.cell(row - 1, number - 1) if 0 < row <= sheet.rows_emitted else None
        elif 0 <= at < self._raw.height and name in self._raw.columns:
            return texts_at(self._raw.get_column(name), [at])[0] or ""
        else:
            value = self._source.cell(row, number)
        return "" if value is None else as_text(pl.Series([value])).to_list()[0] or ""

    def _merged(self, source: ColumnSource | None, ids: list[int | None]) -> list[str | None]:
        """Returns the range's cell of the first record for cells in merged ranges over several records."""
        along = [(area[0], area[1]) if self._turned is None else (area[2], area[3]) for area in self._filled]
        across = [(area[2], area[3]) if self._turned is None else (area[0], area[1]) for area in self._filled]
        line = 0 if source is None else source.number + (self._turned or 0)
        ranges = sorted({one for one, (first, last) in zip(along, across) if one[0] < one[1] and first <= line <= last})
        found: list[str | None] = [None] * len(ids)
        for place, id in enumerate(ids if ranges else ()):
            first, last = ranges[bisect_right(ranges, id or 0, key=itemgetter(0)) - 1]
            if id is not None and first <= id <= last:
                found[place] = f"{source.letters}{first}" if self._turned is None else f"{column_letters(first)}{line}"
        return found

    def _values(self, name: str | None, ids: list[int | None]) -> list[str | None]:
        """Returns the displayed texts of cells; empty cells give empty texts."""
        if name not in self._raw.columns:
            return [None] * len(ids)
        first, height = self._first, self._raw.height
        at = [id - first for id in ids if id is not None and 0 <= id - first < height]
        texts = texts_at(self._raw.get_column(name), at) if at else []
        if len(at) == len(ids):
            return [text or "" for text in texts]
        known = dict(zip(at, texts))
        return [known[id - first] or "" if id is not None and id - first in known else None for id in ids]
