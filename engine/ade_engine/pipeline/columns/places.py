"""Where in the sender's sheet the cells of a table stood, and what stood there."""

from __future__ import annotations

import polars as pl

from ade_engine.models.table import column_letters
from ade_engine.pipeline.shared.table_columns import as_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.fields.surroundings import Sources
    from ade_engine.pipeline.columns.frame import SourceTable
    from ade_engine.pipeline.columns.mapping import Mapping
    from ade_engine.pipeline.shared.astray import Astray


class Places:
    """The places of a table's cells. ``raw``: the table as it was read, a row for each of the source; ``turned``: the row of the
    sheet above the first line of a table on its side, whose records are columns.
    """

    __slots__ = ("_sources", "_raw", "_names", "_first", "_turned")

    def __init__(self, source: SourceTable, sources: Sources, mapping: Mapping, raw: pl.DataFrame, turned: int | None):
        self._sources = sources
        self._raw = raw
        #: The columns of ``raw`` by the numbers of the sheet's.
        self._names = dict(enumerate(source.names, source.region.min_col))
        self._names.update((source.region.min_col + column.source_index, column.field_name) for column in mapping.columns)
        self._first = source.region.data_first_row
        self._turned = turned

    def put(self, field: str, issues: pl.DataFrame, astray: Astray | None = None) -> pl.DataFrame:
        """The issues of a field with ``row``, ``column``, ``cell`` and ``value``; nulls where these are not known."""
        source = self._sources.get(field) or self._sources.of_parts.get(field) or self._sources.of_no_field.get(field)
        name = None if source is None else self._names.get(source.number)
        if astray is not None and field in astray:
            is_own, is_row = astray.known(field, issues.get_column("id"))
            issues = issues.with_columns(pl.when(is_row).then("id"))
            letters = pl.when(is_own).then(pl.lit(None if source is None else source.letters, dtype=pl.String))
            number = pl.when(is_own).then(pl.lit(None if source is None else source.number, dtype=pl.UInt32))
            values = self._values(name, pl.select(pl.when(is_own).then(issues.get_column("id"))).to_series())
        else:
            letters = pl.lit(None if source is None else source.letters, dtype=pl.String)
            number = pl.lit(None if source is None else source.number, dtype=pl.UInt32)
            values = self._values(name, issues.get_column("id"))
        row, column = pl.col("id"), letters
        if self._turned is not None:
            # What was a row is a column, and the other way round.
            known = sorted({*issues.get_column("id").drop_nulls().to_list()})
            column = pl.col("id").replace_strict({number: column_letters(number) for number in known}, default=None, return_dtype=pl.String)
            row = self._turned + number
        issues = issues.with_columns(row.cast(pl.UInt32).alias("row"), column.alias("column"))
        cell = pl.when(pl.col("row").is_not_null()).then(pl.col("column") + pl.col("row").cast(pl.String))
        return issues.with_columns(cell.alias("cell"), values)

    def _values(self, name: str | None, ids: pl.Series) -> pl.Series:
        """The cells as a person sees them; empty ones are texts of no length."""
        if name not in self._raw.columns or not len(ids):
            return pl.Series("value", [None], dtype=pl.String).new_from_index(0, len(ids))
        at = ids.cast(pl.Int64) - self._first
        is_there = (at >= 0) & (at < self._raw.height)
        at = pl.select(pl.when(is_there).then(at)).to_series()
        values = as_text(self._raw.get_column(name).gather(at)).fill_null("")
        return pl.select(pl.when(at.is_not_null()).then(values).alias("value")).to_series()
