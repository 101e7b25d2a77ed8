"""Combining the tables of several files into one.

The runs of these files have written their tables as Parquet (``also_write = "parquet"``), each with the origins of its rows and
columns. In the combined table, each row names its file, sheet and row; then come the fields in the configuration's order, then
all other columns by their headers, in the order in which they appear first, and at the end the engine's own: severity and
issues. No code of a config package is loaded.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from ade_engine.io.output.look import FIELD, OTHER, SOURCE_ROW, LookColumn, TableLook
from ade_engine.io.output.other_shapes import write_frame
from ade_engine.io.output.own_list import OwnList
from ade_engine.io.output.workbook import WorkbookOutput
from ade_engine.models import polars as pl
from ade_engine.models.errors import OutputError
from ade_engine.models.record import Record
from ade_engine.pipeline.shared.table_columns import as_text, is_provenance, unique_header
from ade_engine.pipeline.values.types import declared_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

#: The extensions, and so the formats, of a combined file.
SHAPES = ("xlsx", "csv", "parquet", "jsonl")
_TAB = "B42318"
_FILE, _SHEET, _ROW = "Source file", "Source sheet", "Source row"


class CombineSummary(Record):
    """The result of combining: the numbers of rows and tables, the headers of columns that became text because their types
    differed, and sentences about rows that have the key of a row of another sheet or file.
    """

    rows: int
    tables: int
    as_text: list[str]
    repeated: list[str]


class _CombinedTable:
    """A table of a file: its frame, the identity of each column, and its position."""

    def __init__(self, file: str, path: Path):
        self.frame = pl.read_parquet(path)
        self.file = file
        origin = json.loads(pl.read_parquet_metadata(path).get("ade", "{}"))
        columns = origin.get("columns", [])
        if len(columns) != self.frame.width:
            raise OutputError(f"{path.name} does not say where its columns come from; run the file again")
        #: A field is identified by its name, any other column by its header.
        of_engine = {*origin.get("own", ())}
        keys = [("field", name) if name else ("engine" if at in of_engine else "header", header) for at, (name, header) in enumerate(zip(columns, self.frame.columns))]
        # Rows get new names.
        own = {("field", name) for name in columns if name and is_provenance(name)}
        self.frame = self.frame.select(header for key, header in zip(keys, self.frame.columns) if key not in own)
        self.keys = [key for key in keys if key not in own]
        #: The position among the tables of the file.
        self.place = origin["place"]
        self.sheet = str(origin["sheet"])
        self.rows: list[int | None] | None = origin["rows"]
        #: All fields of the configuration: name, declared type.
        self.fields: list[list[str | None]] = origin["fields"]
        #: The keys of rows: each list has each combination of values once.
        self.known_by: list[list[str]] = origin.get("known_by", [])


def combine(inputs: Sequence[tuple[str, Sequence[Path] | None]], output: Path, *, names: bool = False, escape_formulas: bool = False) -> CombineSummary:
    """Writes the tables of some inputs, given as the name of each file and its Parquet files, as one table. A file without any,
    because its run failed, is named on a separate sheet if the output is a workbook; so are rows that repeat those of other
    sheets and files.

    The extension of ``output`` decides the format. ``names``: the columns of fields have their names, and not their headers.
    Raises :class:`OutputError` if a worksheet cannot hold so many rows.
    """
    tables = []
    for file, paths in inputs:
        tables += sorted((_CombinedTable(file, path) for path in paths or ()), key=lambda table: table.place)
    missing = [file for file, paths in inputs if paths is None]
    frame, kinds, as_texts, known_by = _stacked(tables, names=names)
    repeated = _repeated(frame, known_by)
    part = output.with_name(f".ade-{os.getpid()}-combined.part")
    shape = output.suffix.lower().removeprefix(".")
    try:
        if shape == "xlsx":
            _write_workbook(frame, kinds, missing, repeated, part, escape_formulas=escape_formulas)
        else:
            write_frame(frame, str(part), shape, escape_formulas=escape_formulas)
        with open(part, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, output)
    finally:
        part.unlink(missing_ok=True)
    told = ["{1}, {2!r}, row {3} repeats the {0} of {4}, {5!r}, row {6}".format(*row) for row in repeated.rows()]
    return CombineSummary(frame.height, len(tables), as_texts, told)


def _stacked(tables: list[_CombinedTable], *, names: bool) -> tuple[pl.DataFrame, list[int], list[str], list[list[str]]]:
    """Returns all rows, the kind of each column, the columns that are text because their types differ, and the key columns of
    rows.
    """
    fields = {name: dtype for table in tables for name, dtype in table.fields}
    #: The header of each column in its first table.
    there: dict[tuple[str, str], str] = {}
    for table in tables:
        for key, header in zip(table.keys, table.frame.columns):
            there.setdefault(key, key[1] if names and key[0] == "field" else header)
    order = [("field", name) for name in fields if ("field", name) in there] + [key for kind in ("header", "engine") for key in there if key[0] == kind]
    taken: dict[str, None] = {}
    headers: dict[tuple[str, str], str] = {}
    # If headers are equal, those of fields stay unchanged.
    for key in [("own", _FILE), ("own", _SHEET), ("own", _ROW), *order]:
        headers[key] = unique_header(there.get(key, key[1]), taken)
        taken[headers[key]] = None
    made, as_texts = [_places(tables, [headers["own", name] for name in (_FILE, _SHEET, _ROW)])], []
    for key in order:
        series = [table.frame.to_series(table.keys.index(key)) if key in table.keys else None for table in tables]
        dtype = _common_type(
            [column for column in series if column is not None], fields.get(key[1]) if key[0] == "field" else None
        )
        if dtype is None:
            dtype = pl.String()
            as_texts.append(headers[key])
        columns = [_cast(column, dtype, table.frame.height) for column, table in zip(series, tables)]
        made.append(pl.concat(columns).alias(headers[key]).to_frame() if columns else pl.DataFrame(schema={headers[key]: dtype}))
    kinds = [FIELD, FIELD, SOURCE_ROW, *(FIELD if key[0] == "field" else OTHER for key in order)]
    known_by = dict.fromkeys(tuple(fields) for table in tables for fields in table.known_by if fields and all(("field", name) in there for name in fields))
    return pl.concat(made, how="horizontal"), kinds, as_texts, [
        [headers["field", name] for name in fields] for fields in known_by
    ]


def _repeated(frame: pl.DataFrame, known_by: list[list[str]]) -> pl.DataFrame:
    """Returns the rows that have the key of a row above them in another sheet or file; within one table its run has reported
    them.
    """
    places, firsts = ["File", "Sheet", "Row"], ["First file", "First sheet", "First row"]
    found = [pl.DataFrame(schema=dict.fromkeys(["Columns", *places, *firsts], pl.String))]
    for headers in known_by:
        of_place = (pl.col(name).cast(pl.String).fill_null("?").alias(place) for name, place in zip(frame.columns, places))
        rows = frame.drop_nulls(headers).select(*of_place, pl.struct(headers).alias("key"))
        rows = rows.with_columns(pl.col(place).first().over("key").alias(first) for place, first in zip(places, firsts))
        rows = rows.filter((pl.col("File") != pl.col("First file")) | (pl.col("Sheet") != pl.col("First sheet")))
        found.append(rows.select(pl.lit(" and ".join(headers)).alias("Columns"), *places, *firsts))
    return pl.concat(found)


def _places(tables: list[_CombinedTable], headers: list[str]) -> pl.DataFrame:
    """Returns the file, the sheet and the row of each row; no row if it is unknown."""
    schema = dict(zip(headers, (pl.String(), pl.String(), pl.UInt32())))
    found = [pl.DataFrame(schema=schema)]
    for table in tables:
        height = table.frame.height
        rows = pl.Series(table.rows if table.rows is not None and len(table.rows) == height else [None] * height, dtype=pl.UInt32)
        place = [pl.constant(text, height, pl.String) for text in (table.file, table.sheet)]
        found.append(pl.DataFrame(dict(zip(headers, (*place, rows)))))
    return pl.concat(found)


def _common_type(columns: list[pl.Series], declared: str | None) -> pl.DataType | None:
    """Returns the type that all values of a column can have; ``None`` if only text fits."""
    known = list(
        dict.fromkeys(column.dtype for column in columns if column.dtype != pl.Null and column.null_count() < len(column))
    )
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
        return pl.constant(None, height, dtype)
    if series.dtype == dtype:
        return series.alias("")
    return (as_text(series) if dtype == pl.String else series.cast(dtype)).alias("")


def _write_workbook(frame: pl.DataFrame, kinds: list[int], missing: list[str], repeated: pl.DataFrame, path: Path, *, escape_formulas: bool) -> None:
    output = WorkbookOutput(escape_formulas=escape_formulas)
    columns = [LookColumn(kind, name, name) for kind, name in zip(kinds, frame.columns)]
    output.append_table(output.add_sheet("Combined"), frame, gap=False, look=TableLook(columns, [], has_filter=True))
    if missing:
        counted = "1 file is" if len(missing) == 1 else f"{len(missing)} files are"
        columns = [("File", False, missing), ("Why", False, ["Its run failed or was refused"] * len(missing))]
        output.add_list("Missing", OwnList.from_columns(columns, title=f"{counted} missing", counts="Their rows are not in this table.", color=_TAB))
    if repeated.height:
        counted = "1 row repeats" if repeated.height == 1 else f"{repeated.height} rows repeat"
        says = "No two rows should have the same values in these columns. The row that has them first is given."
        columns = [(column.name, False, column.to_list()) for column in repeated]
        output.add_list("Repeated", OwnList.from_columns(columns, title=f"{counted} a row of another sheet or file", counts=says, color=_TAB))
    output.write(str(path))
