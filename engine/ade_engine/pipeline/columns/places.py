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

    def put(self, field: str, issues: pl.DataFrame, *, is_astray: bool = False) -> pl.DataFrame:
        """The issues of a field with ``row``, ``column``, ``cell`` and ``value``; nulls where these are not known.

        ``is_astray``: the field's values were moved from row to row.
        """
        source = None if is_astray else self._sources.get(field) or self._sources.of_parts.get(field) or self._sources.of_no_field.get(field)
        ids, letters = pl.col("id"), pl.lit(None if source is None else source.letters, dtype=pl.String)
        row, column = ids, letters
        if self._turned is not None:
            # What was a row is a column, and the other way round.
            known = sorted({*issues.get_column("id").drop_nulls().to_list()})
            column = ids.replace_strict({number: column_letters(number) for number in known}, default=None, return_dtype=pl.String)
            row = pl.lit(None if source is None else self._turned + source.number, dtype=pl.UInt32)
        issues = issues.with_columns(row.cast(pl.UInt32).alias("row"), column.alias("column"))
        cell = pl.when(pl.col("row").is_not_null()).then(pl.col("column") + pl.col("row").cast(pl.String))
        name = None if source is None else self._names.get(source.number)
        return issues.with_columns(cell.alias("cell"), self._values(name, issues.get_column("id")))

    def _values(self, name: str | None, ids: pl.Series) -> pl.Series:
        """The cells as a person sees them; empty ones are texts of no length."""
        at = ids.cast(pl.Int64) - self._first
        if name not in self._raw.columns or at.null_count() or not len(at) or at.min() < 0 or at.max() >= self._raw.height:
            return pl.Series("value", [None], dtype=pl.String).new_from_index(0, len(ids))
        return as_text(self._raw.get_column(name).gather(at)).fill_null("").alias("value")
