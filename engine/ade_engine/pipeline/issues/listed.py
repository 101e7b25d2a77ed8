"""The list of a table's issues, made from the table as its last hook left it.

So the list has what the workbook has, whatever hooks did to rows: a row that was dropped has taken its issues along, and a text
that a hook has put into an issue column is an issue of the rule ``<field>.hook``.
"""

from __future__ import annotations

import polars as pl

from ade_engine.fields.checks import REPEATED
from ade_engine.models.issues import ERROR
from ade_engine.models.table import column_letters
from ade_engine.pipeline.shared.collected import Collected, ids_of, in_parts
from ade_engine.pipeline.shared.table_columns import ISSUE_PREFIX, as_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.io.output.look import TableLook
    from ade_engine.models.table import TableResult
    from ade_engine.pipeline.columns.places import Places
    from ade_engine.pipeline.shared.collected import Reported
    from ade_engine.pipeline.output.merge import BuiltTable
    from ade_engine.pipeline.shared.context import RunContext

#: The keys of a line of the list, in their order, and their types.
KEYS = {
    **dict.fromkeys(("sheet", "cell", "severity", "field", "label", "rule", "message", "value", "written", "key", "output"), pl.String()),
    "row": pl.UInt32(),
    "column": pl.String(),
    "output_sheet": pl.String(),
    "table": pl.UInt32(),
}


def list_issues(table: pl.DataFrame, collected: Collected, places: Places) -> pl.DataFrame:
    """The issues of a table: ``position`` in it, ``field``, ``rule``, ``severity``, ``message``, ``row``, ``column``, ``cell``, ``value`` and,
    of a cell of a merged range that was filled, ``merged``: the range's first cell in the line of the field.
    """
    ids = ids_of(table)
    found = []
    for name in table.columns:
        texts = table.get_column(name)
        if not name.startswith(ISSUE_PREFIX) or texts.null_count() == table.height:
            continue
        field = name.removeprefix(ISSUE_PREFIX)
        there = pl.DataFrame({"position": pl.int_range(table.height, dtype=pl.UInt32, eager=True), "id": ids, "text": texts.cast(pl.String)})
        parts = in_parts(there.drop_nulls("text"), collected.of(field), field)
        of_field = pl.lit(field or None, dtype=pl.String).alias("field")
        placed = _of_parts(places.put(field, parts, collected.astray), places, field)
        found.append(placed.select(*(of_field if name == "field" else name for name in SCHEMA)))
    found += [_of_whole(one, places) for one in collected.of_whole]
    if not found:
        return pl.DataFrame(schema=SCHEMA)
    return pl.concat(found)


def _of_parts(lines: pl.DataFrame, places: Places, field: str) -> pl.DataFrame:
    """The lines of a field whose cells hold several values: each says which of them it is about, and those of one cell say the same."""
    numbers = None if places.cells is None else places.cells.parts_of(field, lines.get_column("id"))
    if numbers is None:
        return lines
    cell = ["row", "column", "rule", "severity"]
    told = lines.with_columns(numbers).filter(pl.col("parts") > 1)
    said = pl.format("{} (value {} of {})", pl.col("message").unique(maintain_order=True).str.join("; "), pl.col("part").unique().sort().cast(pl.String).str.join(", "), pl.col("parts").first())
    said = told.group_by(cell).agg(said.alias("said"))
    return lines.join(said, on=cell, how="left", maintain_order="left").with_columns(pl.coalesce("said", "message").alias("message")).drop("said")


#: Of the issues of a table that is not written yet.
SCHEMA = {
    "position": pl.UInt32(),
    **dict.fromkeys(("field", "rule", "severity", "message"), pl.String()),
    "row": pl.UInt32(),
    **dict.fromkeys(("column", "cell", "value", "merged"), pl.String()),
}


def _of_whole(one: Reported, places: Places) -> pl.DataFrame:
    """What a hook has said of a column or a table as a whole, or of rows that are not known: a line for each."""
    lines = pl.DataFrame({"position": [None], "id": [None], "rule": one.rule, "severity": one.severity, "message": one.message}, schema_overrides={"position": pl.UInt32, "id": pl.UInt32})
    placed = places.put(one.field or "", lines).with_columns(pl.lit(one.field, dtype=pl.String).alias("field"))
    return pl.concat([placed.select(*SCHEMA)] * (one.unknown + (one.messages is None)))


def name_other_cells(tables: list[BuiltTable]) -> None:
    """Say of each value that occurs more than once on a sheet in which cell it stands besides, the first one."""
    found = []
    for number, table in enumerate(tables):
        if not (table.issues.get_column("message") == REPEATED).any():
            continue
        is_repeated = (pl.col("message") == REPEATED) & pl.col("cell").is_not_null() & pl.col("position").is_not_null()
        repeated = table.issues.with_row_index("at").filter(is_repeated)
        # A hook may say the same of a row, or of a column that it has taken away.
        there = [field for field in repeated.get_column("field").unique(maintain_order=True) if field in table.result.table.columns]
        for field in there:
            own = repeated.filter(pl.col("field") == field)
            values = as_text(table.result.table.get_column(field).gather(own.get_column("position"))).alias("text")
            place = pl.coalesce("merged", "cell").alias("place")
            found.append(own.select(pl.lit(number).alias("table"), "at", "field", "row", "column", place, values))
    if not found:
        return
    lines = pl.concat(found)
    places = lines.sort("row", pl.col("column").str.len_bytes(), "column").unique(["field", "text", "place"], keep="first", maintain_order=True)
    both = places.group_by("field", "text").agg(pl.col("place").first().alias("first"), pl.col("place").slice(1).first().alias("second"))
    lines = lines.join(both, on=["field", "text"], how="left", maintain_order="left")
    other = pl.when(pl.col("place") == pl.col("first")).then("second").otherwise("first")
    lines = lines.with_columns(pl.format(f"{REPEATED}, also in {{}}", other).alias("said")).filter(pl.col("said").is_not_null())
    for number, table in enumerate(tables):
        own = lines.filter(pl.col("table") == number)
        messages = table.issues.get_column("message").scatter(own.get_column("at"), own.get_column("said"))
        table.issues = table.issues.with_columns(messages.alias("message"))


def completed(
    context: RunContext, table: BuiltTable, header_row: int, sheet: str, columns: dict[str | None, int], look: TableLook | None
) -> pl.DataFrame:
    """The lines of the list for a table that was written. ``header_row``, ``sheet``: where; ``columns``: of each frame column the number
    there, from 1.
    """
    if not table.issues.height:
        return pl.DataFrame(schema=KEYS)
    headers = {} if look is None else {column.source: column.header for column in look.columns}
    return placed(lines_of(context, table, headers), columns, header_row, sheet)


def placed(lines: pl.DataFrame, columns: dict[str | None, int], header_row: int, sheet: str | None) -> pl.DataFrame:
    """The lines of a table, with their places in the output."""
    letters = {name: column_letters(number) for name, number in columns.items() if name is not None}
    column = pl.col("frame_column").replace_strict(letters, default=None, return_dtype=pl.String)
    output = column + (pl.col("position") + header_row + 1).cast(pl.String)
    return lines.with_columns(output.alias("output"), pl.lit(sheet, dtype=pl.String).alias("output_sheet")).select(*KEYS)


def lines_of(context: RunContext, table: BuiltTable, headers: dict[str | None, str]) -> pl.DataFrame:
    """The lines of the list for a table without places in the output, but with their positions and columns in the table. ``headers``: of its frame columns."""
    issues, frame, fields = table.issues, table.result.table, context.registry.fields
    names = issues.get_column("field").drop_nulls().unique().to_list()
    labels = {name: headers.get(name) or (fields[name].label if name in fields else None) or name for name in names}
    at = issues.get_column("position")
    written = [
        issues.filter(pl.col("field") == name).select("position", "field", as_text(frame.get_column(name).gather(at.filter(issues.get_column("field") == name))).fill_null("").alias("written"))
        for name in names
        if name in frame.columns
    ]
    keys = [as_text(frame.get_column(name).gather(at)) for name in fields if fields[name].key and name in frame.columns]
    key = pl.select(pl.concat_str(keys, separator=" ", ignore_nulls=True).replace("", None)).to_series() if keys else None
    found = issues.with_columns(
        pl.lit(context.sheet_name).alias("sheet"),
        pl.col("field").replace_strict(labels, default=None, return_dtype=pl.String).alias("label"),
        pl.lit(None, dtype=pl.String).alias("key") if key is None else key.alias("key"),
        pl.lit(table.result.table_index + 1, dtype=pl.UInt32).alias("table"),
    )
    if written:
        found = found.join(pl.concat(written).unique(["position", "field"]), on=["position", "field"], how="left", maintain_order="left")
    else:
        found = found.with_columns(pl.lit(None, dtype=pl.String).alias("written"))
    # Of a column that no field has the field is not known.
    unmapped = table.unmapped_names()
    known = {name: name for name in names if name not in unmapped}
    of_field = pl.col("field").replace_strict(known, default=None, return_dtype=pl.String).alias("field")
    found = found.with_columns(pl.col("field").alias("frame_column"), of_field)
    lines = found.sort("row", "column", "rule", nulls_last=False, maintain_order=True)
    # A row that a hook has doubled is one of the sender's all the same.
    is_again = pl.col("row").is_not_null() & ~pl.struct("row", "column", "rule", "message").is_first_distinct()
    # What stands beside the table, in no cell, stands there once.
    is_fact = pl.col("cell") == ""
    is_again |= is_fact.fill_null(False) & ~pl.struct("cell", "field", "rule", "message").is_first_distinct()
    lines = lines.filter(~is_again).with_columns(pl.col("cell").replace("", None))
    return _once_for_merged(lines).select("position", "frame_column", *(key for key in KEYS if not key.startswith("output")))


def _once_for_merged(lines: pl.DataFrame) -> pl.DataFrame:
    """One line for what is said of all cells of a merged range that was filled: the sender sees one cell."""
    if lines.get_column("merged").null_count() == lines.height:
        return lines
    same = ["merged", "frame_column", "rule", "severity", "message", "value"]
    is_first = pl.col("cell") == pl.col("merged")
    # Where the first cell has no such issue, another one stands for itself.
    is_one = pl.col("merged").is_not_null() & is_first.any().over(same)
    count = pl.len().over(same)
    shared = pl.format("{} ({} rows share this cell)", "message", count)
    lines = lines.with_columns(is_one.alias("is_one"), pl.when(is_one & (count > 1)).then(shared).otherwise("message").alias("said"))
    return lines.filter(~pl.col("is_one") | is_first).with_columns(pl.col("said").alias("message"))


def lines_of_remarks(context: RunContext) -> pl.DataFrame:
    """Lines of the list of issues for what hooks have said of the sheet, or of the workbook, which has no title."""
    lines = [{**dict.fromkeys(KEYS), **remark, "sheet": context.sheet_name or ""} for remark in context.remarks]
    return pl.DataFrame(lines, schema=KEYS)


def missing_fields(context: RunContext, tables: list[BuiltTable]) -> pl.DataFrame:
    """Lines of the list of issues for the required fields that no table of a sheet has, and for those that a further table lacks, at
    its first cell.
    """
    there = [_fields_of(table.result) for table in tables]
    anywhere = set().union(*there)
    lines = []
    for name, field in context.registry.fields.items():
        if not field.required:
            continue
        line = {
            "sheet": context.sheet_name,
            "severity": ERROR if field.required is True else field.required,
            "field": field.name,
            "label": field.label or field.name,
            "rule": f"{field.name}.required",
            "message": "no column was found for this",
        }
        if name not in anywhere:
            lines.append(line)
            continue
        for table, fields in zip((table.result for table in tables), there):
            if name not in fields and table.table.height:
                region = table.source_region
                cell = f"{column_letters(region.min_col)}{region.min_row}"
                said = f"no column was found for this in the table at {region.a1}"
                lines.append({**line, "message": said, "cell": cell, "row": region.min_row, "table": table.table_index + 1})
    return pl.DataFrame([{key: line.get(key) for key in KEYS} for line in lines], schema=KEYS)


def _fields_of(result: TableResult) -> set[str]:
    """The fields that a table has; what a hook or a transform has computed is there, too."""
    found = {column.field_name for column in (*result.mapped_columns, *result.derived_mappings)}
    return found | {column.name for column in result.table.get_columns() if column.null_count() < len(column)}
