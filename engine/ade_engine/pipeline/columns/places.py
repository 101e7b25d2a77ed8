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


class Places:
    """The places of a table's cells. ``raw``: the table as it was read, a row for each of the source; ``turned``: the row of the
    sheet above the first line of a table on its side, whose records are columns; ``filled``: the merged ranges of the sheet, where each
    cell of these has the value of the first (first row, last row, first column, last column).
    """

    __slots__ = ("_sources", "_raw", "_names", "_first", "_turned", "_filled")

    def __init__(
        self,
        source: SourceTable,
        sources: Sources,
        mapping: Mapping,
        raw: pl.DataFrame,
        turned: int | None,
        filled: list[tuple[int, int, int, int]],
    ):
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
        row, column = pl.col("id"), letters
        if self._turned is not None:
            # What was a row is a column, and the other way round.
            known = sorted({*issues.get_column("id").drop_nulls().to_list()})
            column = pl.col("id").replace_strict({number: column_letters(number) for number in known}, default=None, return_dtype=pl.String)
            row = self._turned + number
        issues = issues.with_columns(row.cast(pl.UInt32).alias("row"), column.alias("column"))
        cell = pl.when(pl.col("row").is_not_null()).then(pl.col("column") + pl.col("row").cast(pl.String))
        return issues.with_columns(cell.alias("cell"), self._values(name, ids), self._merged(source, ids).alias("merged"))

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
