"""Where in the sender's sheet the cells of a table stood, and what stood there."""

from __future__ import annotations

import polars as pl

from ade_engine.models.table import column_letters
from ade_engine.pipeline.shared.table_columns import as_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.fields.surroundings import ColumnSource, Sources
    from ade_engine.pipeline.columns.frame import SourceTable
    from ade_engine.pipeline.columns.mapping import Mapping
    from ade_engine.pipeline.shared.astray import Astray
    from ade_engine.pipeline.shared.cells import Cells


class Places:
    """The places of a table's cells. ``raw``: the table as it was read, a row for each of the source; ``turned``: the row of the
    sheet above the first line of a table on its side, whose records are columns; ``filled``: the merged ranges of the sheet, where each
    cell of these has the value of the first (first row, last row, first column, last column).
    """

    __slots__ = ("cells", "_source", "_sources", "_raw", "_names", "_first", "_turned", "_filled")

    def __init__(
        self,
        source: SourceTable,
        sources: Sources,
        mapping: Mapping,
        raw: pl.DataFrame,
        turned: int | None,
        filled: list[tuple[int, int, int, int]],
        cells: Cells | None = None,
    ):
        #: Which cells the values of a table are of that was reshaped.
        self.cells = cells
        self._source = source
        self._sources = sources
        self._raw = raw
        #: The columns of ``raw`` by the numbers of the sheet's.
        self._names = dict(enumerate(source.names, source.region.min_col))
        self._names.update((source.region.min_col + column.source_index, column.field_name) for column in mapping.columns)
        self._first = source.region.data_first_row
        self._turned = turned
        self._filled = filled

    def put(self, field: str, issues: pl.DataFrame, astray: Astray | None = None) -> pl.DataFrame:
        """The issues of a field with ``row``, ``column``, ``cell``, ``value`` and ``merged``; nulls where these are not known."""
        source = self._sources.get(field) or self._sources.of_parts.get(field) or self._sources.of_no_field.get(field)
        name = None if source is None else self._names.get(source.number)
        letters = pl.lit(None if source is None else source.letters, dtype=pl.String)
        number = pl.lit(None if source is None else source.number, dtype=pl.UInt32)
        ids = issues.get_column("id")
        if astray is not None and field in astray:
            is_own, is_row = astray.known(field, ids)
            issues = issues.with_columns(pl.when(is_row).then("id"))
            letters, number = pl.when(is_own).then(letters), pl.when(is_own).then(number)
            ids = pl.select(pl.when(is_own).then(ids)).to_series()
        if self.cells is not None:
            return self._put_by_cells(field, source, issues, ids, self.cells)
        row, column = pl.col("id"), letters
        if self._turned is not None:
            # What was a row is a column, and the other way round.
            known = sorted({*issues.get_column("id").drop_nulls().to_list()})
            column = pl.col("id").replace_strict({number: column_letters(number) for number in known}, default=None, return_dtype=pl.String)
            row = self._turned + number
        issues = issues.with_columns(row.cast(pl.UInt32).alias("row"), column.alias("column"))
        cell = pl.when(pl.col("row").is_not_null()).then(pl.col("column") + pl.col("row").cast(pl.String))
        return issues.with_columns(cell.alias("cell"), self._values(name, ids), self._merged(source, ids).alias("merged"))

    def _put_by_cells(self, field: str, source: ColumnSource | None, issues: pl.DataFrame, own: pl.Series, cells: Cells) -> pl.DataFrame:
        """The same for a table that was reshaped. ``own``: the numbers of rows whose cell of the field is its own."""
        rows = cells.rows_of(field, issues.get_column("id"))
        columns = cells.columns_of(field, own, None if source is None else source.number)
        # What stands beside the table, in no cell, has neither.
        rows, columns = (pl.select(pl.when(pl.lit(numbers) > 0).then(numbers)).to_series() for numbers in (rows, columns))
        pairs = pl.DataFrame({"row": rows, "number": columns})
        known = pairs.drop_nulls().unique()
        values = [self._value_at(row, number) for row, number in known.rows()]
        known = known.with_columns(pl.Series("value", values, dtype=pl.String))
        values = pairs.join(known, on=["row", "number"], how="left", maintain_order="left").get_column("value")
        merged = pl.Series("merged", [None], dtype=pl.String).new_from_index(0, len(rows))
        if field not in cells:
            merged = self._merged(source, pl.select(pl.when(columns.is_not_null()).then(rows)).to_series()).alias("merged")
        row, line = rows, columns
        if self._turned is not None:
            row, line = (columns.cast(pl.Int64) + self._turned).cast(pl.UInt32), rows
        letters = line.replace_strict({number: column_letters(number) for number in line.drop_nulls().unique().to_list()}, default=None, return_dtype=pl.String)
        issues = issues.with_columns(row.alias("row"), letters.alias("column"))
        # As text of no length: it is known that there is none.
        otherwise = pl.lit("" if field in cells.facts else None, dtype=pl.String)
        cell = pl.coalesce(pl.col("column") + pl.col("row").cast(pl.String), otherwise)
        return issues.with_columns(cell.alias("cell"), values, merged)

    def _value_at(self, row: int, number: int) -> str:
        """What stands in a cell of the sheet, as a person sees it; both count from 1 in a table on its feet."""
        name, at = self._names.get(number), row - self._first
        if self.cells is not None and self.cells.sheet is not None:
            sheet = self.cells.sheet
            value = sheet.cell(row - 1, number - 1) if 0 < row <= sheet.rows_emitted else None
        elif 0 <= at < self._raw.height and name in self._raw.columns:
            return as_text(self._raw.get_column(name).slice(at, 1))[0] or ""
        else:
            value = self._source.cell(row, number)
        return "" if value is None else as_text(pl.Series([value]))[0] or ""

    def _merged(self, source: ColumnSource | None, ids: pl.Series) -> pl.Series:
        """Of cells in merged ranges that hold several records, the range's cell of the first record."""
        along = [(area[0], area[1]) if self._turned is None else (area[2], area[3]) for area in self._filled]
        across = [(area[2], area[3]) if self._turned is None else (area[0], area[1]) for area in self._filled]
        line = 0 if source is None else source.number + (self._turned or 0)
        ranges = sorted({one for one, (first, last) in zip(along, across) if one[0] < one[1] and first <= line <= last})
        if not ranges:
            return pl.Series([None], dtype=pl.String).new_from_index(0, len(ids))
        firsts, lasts = (pl.Series(numbers, dtype=pl.UInt32) for numbers in zip(*ranges))
        ids = ids.fill_null(0)
        at = firsts.search_sorted(ids, side="right").cast(pl.Int64) - 1
        first, last = (numbers.gather(at.clip(0)) for numbers in (firsts, lasts))
        cells = {number: f"{source.letters}{number}" if self._turned is None else f"{column_letters(number)}{line}" for number in {*first}}
        names = first.replace_strict(cells, return_dtype=pl.String)
        return pl.select(pl.when((pl.lit(at) >= 0) & (pl.lit(ids) <= pl.lit(last))).then(pl.lit(names))).to_series()

    def _values(self, name: str | None, ids: pl.Series) -> pl.Series:
        """The cells as a person sees them; empty ones are texts of no length."""
        if name not in self._raw.columns or not len(ids):
            return pl.Series("value", [None], dtype=pl.String).new_from_index(0, len(ids))
        at = ids.cast(pl.Int64) - self._first
        is_there = (at >= 0) & (at < self._raw.height)
        at = pl.select(pl.when(is_there).then(at)).to_series()
        values = as_text(self._raw.get_column(name).gather(at)).fill_null("")
        return pl.select(pl.when(at.is_not_null()).then(values).alias("value")).to_series()
