"""The tables of the output in other formats beside the workbook: text, Parquet, or a line of JSON for each row.

Each table is a file of its own, with the columns and the headers that it has in the workbook. Values keep their types as far as
the format has them; other values become text. A Parquet file also contains, as its metadata ``ade``, the origins of its rows
and columns, by which :mod:`ade_engine.application.combine` makes one table of several.
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

#: Characters that no file name may contain on some system.
_ILLEGAL_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
#: The beginnings of formulas in text that a spreadsheet program opens (the list is OWASP's for CSV injection), and numbers that
#: begin like formulas: -5, +49 30 1234. A mark such as + or -- is no formula either.
_FORMULA, _NUMBER = r"^[=+\-@\t\r]", r"^(?:[+\-]?[\d., ']*\d[\d., ']*(?:[eE][+\-]?\d+)?%?|[+\-]+)$"
#: The formats of moments and times, with all digits of their seconds.
_MOMENT, _TIME = "%Y-%m-%d %H:%M:%S%.f", "%H:%M:%S%.f"
#: Up to this value each whole number is also a floating-point number.
_MAX_EXACT_WHOLE_NUMBER = 2**53


class OtherShapes:
    """The tables of a run in a format: ``csv``, ``parquet`` or ``jsonl``, or in two, as ``csv+parquet``. ``escape_formulas``:
    text that spreadsheet programs would take for a formula stays text in programs that open a ``.csv`` or ``.jsonl`` file, too.
    """

    def __init__(self, shape: str, *, escape_formulas: bool = False):
        self._shapes = shape.split("+")
        self._escape_formulas = escape_formulas
        self._tables: list[tuple[str, int, AppendedTable, dict[str, Any] | None]] = []

    def add(self, sheet: str, number: int, table: AppendedTable, origin: Callable[[], dict[str, Any]]) -> None:
        """Adds a table that was written; ``number``: its number on the sheet, from 1; ``origin``: the metadata of a Parquet
        file.
        """
        self._tables.append((sheet, number, table, origin() if "parquet" in self._shapes else None))

    @property
    def tables(self) -> list[AppendedTable]:
        """Returns all tables of the run."""
        return [table for _, _, table, _ in self._tables]

    def files(self) -> dict[str, Callable[[str], None]]:
        """Returns the functions that write each file, by the end of its name: ``.csv`` for the first table, ``_North_2.csv``
        for a further one.
        """
        found: dict[str, Callable[[str], None]] = {}
        taken: set[str] = set()
        for at, (sheet, number, table, origin) in enumerate(self._tables):
            name = "" if not at else f"_{_ILLEGAL_IN_NAMES.sub('_', sheet)}_{number}"
            wanted, count = name, 1
            # Systems that ignore case would confuse the files.
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
    """Writes a frame as ``csv`` (UTF-8 with a byte order mark, line ends as on Windows), ``parquet`` or ``jsonl``."""
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
    """Returns the column in a type that the format can hold."""
    dtype = series.dtype
    if dtype == pl.Object:
        return pl.Series(series.name, map(_as_text, series), dtype=pl.String)
    if shape == "parquet":
        return series
    if dtype == pl.Binary:
        return pl.Series(series.name, [None if value is None else value.decode("utf-8", "replace") for value in series], dtype=pl.String)
    if dtype == pl.Duration:
        return pl.Series(series.name, map(_as_text, series), dtype=pl.String)
    if dtype.is_float() and shape == "csv" and ((series % 1 == 0) & (series.abs() < _MAX_EXACT_WHOLE_NUMBER)).all():
        # A workbook shows 7 for the number 7.0.
        return series.cast(pl.Int64)
    if dtype.is_nested() and shape == "csv":
        return pl.Series(series.name, [None if value is None else str(value) for value in series.to_list()], dtype=pl.String)
    return series


def _as_text(value: Any) -> str | None:
    """Returns the text of a value among others of other types, as in a column of its own type; durations as hours, minutes and
    seconds.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < _MAX_EXACT_WHOLE_NUMBER:
        return str(int(value))
    if not isinstance(value, timedelta):
        return str(value)
    seconds, fraction = divmod(abs(value), timedelta(seconds=1))
    digits = f".{fraction.microseconds:06}".rstrip("0") if fraction else ""
    return f"{'-' * (value < timedelta())}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}{digits}"
