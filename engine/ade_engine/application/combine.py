"""One table out of the tables of several files.

The runs of these files have written their tables as Parquet (``also_write = "parquet"``), each with where its rows and columns come
from. Combined, each row says its file, sheet and row; then come the fields in the configuration's order, then all other columns by
their headers, in the order in which they appear first. No code of a config package is loaded.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import polars as pl

from ade_engine.io.output.look import FIELD, OTHER, SOURCE_ROW, LookColumn, TableLook
from ade_engine.io.output.other_shapes import write_frame
from ade_engine.io.output.own_list import TEXT, OwnList
from ade_engine.io.output.workbook import Output
from ade_engine.models.errors import OutputError
from ade_engine.pipeline.output.manifest import unique_header
from ade_engine.pipeline.shared.table_columns import as_text, is_provenance
from ade_engine.pipeline.values.types import declared_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

#: The endings that a combined file can have, and so its shapes.
SHAPES = ("xlsx", "csv", "parquet", "jsonl")
_TAB = "B42318"
_FILE, _SHEET, _ROW = "Source file", "Source sheet", "Source row"


class Combined:
    """What was combined: how many rows and tables, and the headers of columns that became text because their types differed."""

    __slots__ = ("rows", "tables", "as_text")

    def __init__(self, rows: int, tables: int, as_text: list[str]):
        self.rows = rows
        self.tables = tables
        self.as_text = as_text


class _Table:
    """A table of a file: its frame, for each column what tells it from others, and its place."""

    __slots__ = ("frame", "keys", "file", "place", "sheet", "rows", "fields")

    def __init__(self, file: str, path: Path):
        self.frame = pl.read_parquet(path)
        self.file = file
        origin = json.loads(pl.read_parquet_metadata(path).get("ade", "{}"))
        columns = origin.get("columns", [])
        if len(columns) != self.frame.width:
            raise OutputError(f"{path.name} does not say where its columns come from; run the file again")
        #: A field by its name, any other column by its header.
        keys = [("field", name) if name else ("header", header) for name, header in zip(columns, self.frame.columns)]
        # Rows are named anew.
        own = {("field", name) for name in columns if name and is_provenance(name)}
        self.frame = self.frame.select(header for key, header in zip(keys, self.frame.columns) if key not in own)
        self.keys = [key for key in keys if key not in own]
        #: Among the tables of the file.
        self.place = origin["place"]
        self.sheet = str(origin["sheet"])
        self.rows: list[int | None] | None = origin["rows"]
        #: All fields of the configuration: name, declared type.
        self.fields: list[list[str | None]] = origin["fields"]


def combine(inputs: Sequence[tuple[str, Sequence[Path] | None]], output: Path, *, escape_formulas: bool = False) -> Combined:
    """Write the tables of some inputs, given as the name of each file and its Parquet files, as one table. A file that has none, because
    its run failed, is named on a sheet of its own where the output is a workbook.

    The ending of ``output`` is its shape. Raises :class:`OutputError` where a worksheet cannot hold so many rows.
    """
    tables = []
    for file, paths in inputs:
        tables += sorted((_Table(file, path) for path in paths or ()), key=lambda table: table.place)
    missing = [file for file, paths in inputs if paths is None]
    frame, kinds, as_texts = _stacked(tables)
    part = output.with_name(f".ade-{os.getpid()}-combined.part")
    shape = output.suffix.lower().removeprefix(".")
    try:
        if shape == "xlsx":
            _write_workbook(frame, kinds, missing, part, escape_formulas=escape_formulas)
        else:
            write_frame(frame, str(part), shape, escape_formulas=escape_formulas)
        with open(part, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, output)
    finally:
        part.unlink(missing_ok=True)
    return Combined(frame.height, len(tables), as_texts)


def _stacked(tables: list[_Table]) -> tuple[pl.DataFrame, list[int], list[str]]:
    """All rows, the kind of each column, and the columns that are text because their types differ."""
    fields = {name: dtype for table in tables for name, dtype in table.fields}
    #: The header of each column where it appears first.
    there: dict[tuple[str, str], str] = {}
    for table in tables:
        for key, header in zip(table.keys, table.frame.columns):
            there.setdefault(key, header)
    order = [("field", name) for name in fields if ("field", name) in there] + [key for key in there if key[0] != "field"]
    taken: dict[str, None] = {}
    headers: dict[tuple[str, str], str] = {}
    # Where headers are equal, those of fields stay as they are.
    for key in [("own", _FILE), ("own", _SHEET), ("own", _ROW), *order]:
        headers[key] = unique_header(there.get(key, key[1]), taken)
        taken[headers[key]] = None
    made, as_texts = [_places(tables, [headers["own", name] for name in (_FILE, _SHEET, _ROW)])], []
    for key in order:
        series = [table.frame.to_series(table.keys.index(key)) if key in table.keys else None for table in tables]
        dtype = _common_type([one for one in series if one is not None], fields.get(key[1]) if key[0] == "field" else None)
        if dtype is None:
            dtype = pl.String()
            as_texts.append(headers[key])
        columns = [_cast(one, dtype, table.frame.height) for one, table in zip(series, tables)]
        made.append(pl.concat(columns).alias(headers[key]).to_frame() if columns else pl.DataFrame(schema={headers[key]: dtype}))
    kinds = [FIELD, FIELD, SOURCE_ROW, *(FIELD if key[0] == "field" else OTHER for key in order)]
    return pl.concat(made, how="horizontal"), kinds, as_texts


def _places(tables: list[_Table], headers: list[str]) -> pl.DataFrame:
    """Of each row its file, its sheet and its row there; no row where that is not known."""
    schema = dict(zip(headers, (pl.String(), pl.String(), pl.UInt32())))
    found = [pl.DataFrame(schema=schema)]
    for table in tables:
        height = table.frame.height
        rows = pl.Series(table.rows if table.rows is not None and len(table.rows) == height else [None] * height, dtype=pl.UInt32)
        place = [pl.Series([text], dtype=pl.String).new_from_index(0, height) for text in (table.file, table.sheet)]
        found.append(pl.DataFrame(dict(zip(headers, (*place, rows)))))
    return pl.concat(found)


def _common_type(columns: list[pl.Series], declared: str | None) -> pl.DataType | None:
    """The type that all values of a column can have; nothing where there is none but text."""
    known = list(dict.fromkeys(one.dtype for one in columns if one.dtype != pl.Null and one.null_count() < len(one)))
    if not known:
        return declared_type(declared) or pl.String()
    if len(known) == 1:
        return known[0]
    if all(dtype.is_integer() for dtype in known):
        return pl.Int64()
    if all(dtype.is_numeric() for dtype in known):
        return pl.Float64()
    if all(dtype in (pl.Date, pl.Datetime) for dtype in known) and all(getattr(dtype, "time_zone", None) is None for dtype in known):
        return pl.Datetime("us")
    return None


def _cast(series: pl.Series | None, dtype: pl.DataType, height: int) -> pl.Series:
    if series is None or series.null_count() == len(series):
        return pl.Series([None], dtype=dtype).new_from_index(0, height)
    if series.dtype == dtype:
        return series.alias("")
    return (as_text(series) if dtype == pl.String else series.cast(dtype)).alias("")


def _write_workbook(frame: pl.DataFrame, kinds: list[int], missing: list[str], path: Path, *, escape_formulas: bool) -> None:
    output = Output(escape_formulas=escape_formulas)
    columns = [LookColumn(kind, name, name) for kind, name in zip(kinds, frame.columns)]
    output.append_table(output.add_sheet("Combined"), frame, gap=False, look=TableLook(columns, [], has_filter=True))
    if missing:
        lines = pl.DataFrame({"File": missing}).with_columns(pl.lit("Its run failed or was refused").alias("Why"))
        counted = "1 file is" if len(missing) == 1 else f"{len(missing)} files are"
        roles = {"File": TEXT, "Why": TEXT}
        output.add_list("Missing", OwnList(lines, roles, None, title=f"{counted} missing", counts="Their rows are not in this table.", color=_TAB))
    output.write(str(path))
