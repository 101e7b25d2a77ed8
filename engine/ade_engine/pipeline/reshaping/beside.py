"""Fields whose values are beside the table, or in the settings."""

from __future__ import annotations

import datetime as dt

from ade_engine.fields.beside import MAX_ROWS_ABOVE, TableSurroundings
from ade_engine.models import polars as pl
from ade_engine.models.issues import WARNING
from ade_engine.models.table import DerivedMapping
from ade_engine.pipeline.shared.table_columns import with_series

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.pipeline.finding.header_rows import RowSpan
    from ade_engine.pipeline.shared.cells import ReshapedCells
    from ade_engine.pipeline.shared.context import RunContext


def around_of(context: RunContext, span: RowSpan, scan: SheetScan) -> TableSurroundings:
    """Returns the text around a table. ``scan``: of the sheet."""
    first = span.turned_from if span.turned is not None else span.start if span.gathered is None else span.gathered.region[0] - 1

    def rows() -> Iterator[tuple[int, list[Any]]]:
        for row in range(first - 1, max(-1, first - 1 - MAX_ROWS_ABOVE), -1):
            yield row + 1, scan.row(row)
        # A form at the top of a sheet applies to all of its tables.
        for row in range(min(MAX_ROWS_ABOVE, first - 1 - MAX_ROWS_ABOVE) - 1, -1, -1):
            yield row + 1, scan.row(row)

    return TableSurroundings(context.sheet_name or "", context.metadata["input_file_name"], rows)


def add_facts(
    context: RunContext, table: pl.DataFrame, around: TableSurroundings, cells: ReshapedCells | None, heads: dict[int, tuple[int, int]], section: str | None
) -> tuple[pl.DataFrame, list[DerivedMapping]]:
    """Returns the table with the fields that are beside it and have no column. ``section``: the column of section heads, and
    ``heads`` the cells of these by the rows below them.
    """
    reshapes, fields = context.registry.reshapes, context.registry.fields
    found: list[DerivedMapping] = []
    made: list[pl.Series] = []
    renamed: dict[str, str] = {}
    for field, value in context.settings.values.items():
        if field in fields and field not in table.columns:
            made.append(_column(field, value, table.height))
            found.append(DerivedMapping(field, "the settings", None, 1.0))
            if cells is not None:
                cells.put(field, 0, 0)
                cells.facts.add(field)
    taken = {*table.columns, *(series.name for series in made)}
    for field, places in reshapes.beside.items():
        if field in taken:
            continue
        for place in places:
            if place.kind == "section":
                if section is None:
                    continue
                if section in renamed:
                    made.append(table[section].alias(field))
                renamed.setdefault(section, field)
                found.append(DerivedMapping(field, section, None, 1.0))
                if cells is not None and heads:
                    rows = cells.rows.to_list()
                    of_rows = [heads.get(row, (None, None)) for row in rows]
                    cells.put(field, *(pl.Series([column[at] for column in of_rows], dtype=pl.UInt32) for at in (0, 1)))
                break
            there = place.find(around)
            if there is None:
                continue
            value, row, column = there
            made.append(_column(field, value, table.height))
            found.append(DerivedMapping(field, repr(place), None, 1.0))
            if cells is not None:
                cells.put(field, row or 0, column or 0)
                cells.facts.add(field)
            break
        else:
            _notice_missing(context, field, places)
    if renamed:
        table = table.rename(renamed)
    return (with_series(table, made) if made else table), found


def _column(field: str, value: Any, height: int) -> pl.Series:
    """Returns a column with the same value in each row."""
    if isinstance(value, (dt.timedelta, dt.time)) or not isinstance(value, (bool, int, float, str, dt.date)):
        value = str(value)
    return pl.Series(field, [None if value == "" else value], dtype=pl.String if value == "" else None).new_from_index(0, height)


def _notice_missing(context: RunContext, field: str, places: tuple[Any, ...]) -> None:
    """Sends a notice about a field that was not found; if it is required, the list of issues reports it anyway."""
    known = context.registry.fields[field]
    if known.required or context.collected is None or all(place.kind == "section" for place in places):
        return
    said = " or ".join(_in_words(place) for place in places)
    context.remarks.append(
        {"rule": f"{field}.not_found", "severity": WARNING, "field": field, "label": known.label or field, "table": context.table_index + 1}
        | {"message": f"not found: {said}"}
    )


def _in_words(place: Any) -> str:
    if place.kind == "label":
        return f"above the table, no value beside or below the label {' or '.join(map(repr, place.words))}"
    if place.kind == "title":
        return f"no line above the table matches {place.pattern.pattern}"
    if place.kind == "section":
        return "no section head above the records"
    return f"the {'title of the sheet' if place.kind == 'sheet_name' else 'name of the file'} does not match {place.pattern.pattern}"
