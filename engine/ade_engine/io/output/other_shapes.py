"""The tables of the output in other shapes beside the workbook: text, Parquet, or a line of JSON for each row.

Each table is a file of its own, with the columns and the headers that it has in the workbook. Values keep their types as far as the
shape has them; what it cannot hold is text. A Parquet file also says, as its metadata ``ade``, where its rows and columns come from, by
which :mod:`ade_engine.application.combine` makes one table of several.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta

from ade_engine.models import polars as pl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ade_engine.io.output.appended_table import AppendedTable

#: What no name of a file has on some system.
_ILLEGAL_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
#: What begins a formula in text that a spreadsheet program opens (the list is OWASP's for CSV injection), and what is a number all the
#: same: -5, +49 30 1234.
_FORMULA, _NUMBER = r"^[=+\-@\t\r]", r"^[+\-]?[\d., ']*\d[\d., ']*(?:[eE][+\-]?\d+)?%?$"
#: Of a moment as many digits of a second as it has.
_MOMENT, _TIME = "%Y-%m-%d %H:%M:%S%.f", "%H:%M:%S%.f"
#: Up to here each whole number is one of floating point, too.
_LARGEST_WHOLE = 2**53


class OtherShapes:
    """The tables of a run in a shape: ``csv``, ``parquet`` or ``jsonl``, or in two, as ``csv+parquet``. ``escape_formulas``: what spreadsheet programs would take for
    a formula is text for those that open a ``.csv`` or ``.jsonl`` file, too.
    """

    def __init__(self, shape: str, *, escape_formulas: bool = False):
        self._shapes = shape.split("+")
        self._escape_formulas = escape_formulas
        self._tables: list[tuple[str, int, AppendedTable, dict[str, Any] | None]] = []

    def add(self, sheet: str, number: int, table: AppendedTable, origin: Callable[[], dict[str, Any]]) -> None:
        """Add a table that was written; ``number``: on its sheet, from 1; ``origin``: what a Parquet file says of it."""
        self._tables.append((sheet, number, table, origin() if "parquet" in self._shapes else None))

    @property
    def tables(self) -> list[AppendedTable]:
        """All tables."""
        return [table for _, _, table, _ in self._tables]

    def files(self) -> dict[str, Callable[[str], None]]:
        """What writes each file, by the end of its name: ``.csv`` for the first table, ``_North_2.csv`` for a further one."""
        found: dict[str, Callable[[str], None]] = {}
        taken: set[str] = set()
        for at, (sheet, number, table, origin) in enumerate(self._tables):
            name = "" if not at else f"_{_ILLEGAL_IN_NAMES.sub('_', sheet)}_{number}"
            wanted, count = name, 1
            # Systems that pass over case would take one file for the other.
            while name.casefold() in taken:
                count += 1
                name = f"{wanted}_{count}"
            taken.add(name.casefold())
            for shape in self._shapes:
                found[f"{name}.{shape}"] = lambda path, table=table, shape=shape, origin=origin: write_frame(
                    table.exact, path, shape, escape_formulas=self._escape_formulas, origin=origin
                )
        return found


def write_frame(
    frame: pl.DataFrame, path: str, shape: str, *, escape_formulas: bool = False, origin: dict[str, Any] | None = None
) -> None:
    """Write a frame as ``csv`` (UTF-8 with a mark at its start, lines end as on Windows), ``parquet`` or ``jsonl``."""
    frame = frame.select(_held(series, shape) for series in frame.get_columns())
    if shape == "parquet":
        frame.write_parquet(path, metadata={"ade": json.dumps(origin)} if origin else None)
        return
    if escape_formulas:
        texts = pl.selectors.string()
        is_formula = texts.str.contains(_FORMULA) & ~texts.str.contains(_NUMBER)
        frame = frame.with_columns(pl.when(is_formula).then("'" + texts).otherwise(texts).name.keep())
        names = pl.Series(frame.columns, dtype=pl.String)
        frame.columns = [f"'{name}" if found else name for name, found in zip(names, names.str.contains(_FORMULA) & ~names.str.contains(_NUMBER))]
    if shape == "jsonl":
        frame.write_ndjson(path)
    else:
        frame.write_csv(path, include_bom=True, line_terminator="\r\n", datetime_format=_MOMENT, time_format=_TIME)


def _held(series: pl.Series, shape: str) -> pl.Series:
    """The column as the shape can hold it."""
    dtype = series.dtype
    if dtype == pl.Object:
        return pl.Series(series.name, map(_as_text, series), dtype=pl.String)
    if shape == "parquet":
        return series
    if dtype == pl.Binary:
        return pl.Series(series.name, [None if value is None else value.decode("utf-8", "replace") for value in series], dtype=pl.String)
    if dtype == pl.Duration:
        return pl.Series(series.name, map(_as_text, series), dtype=pl.String)
    if dtype.is_float() and shape == "csv" and ((series % 1 == 0) & (series.abs() < _LARGEST_WHOLE)).all():
        # A workbook shows 7 where the number is 7.0.
        return series.cast(pl.Int64)
    if dtype.is_nested() and shape == "csv":
        return pl.Series(series.name, [None if value is None else str(value) for value in series.to_list()], dtype=pl.String)
    return series


def _as_text(value: Any) -> str | None:
    """A value among others of other types, as it would be written among its own; durations as hours, minutes and seconds."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_WHOLE:
        return str(int(value))
    if not isinstance(value, timedelta):
        return str(value)
    seconds, fraction = divmod(abs(value), timedelta(seconds=1))
    digits = f".{fraction.microseconds:06}".rstrip("0") if fraction else ""
    return f"{'-' * (value < timedelta())}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}{digits}"
