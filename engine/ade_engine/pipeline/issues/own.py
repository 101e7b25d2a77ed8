"""The engine's own findings in the tables of a sheet, each with a setting, reported as hooks report theirs."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter

from ade_engine import _native
from ade_engine.extensions.field_facts import key_of
from ade_engine.fields.checks import REPEATED, day_number
from ade_engine.fields.readers import readable
from ade_engine.fields.surroundings import ROW
from ade_engine.models import polars as pl
from ade_engine.models.issues import ERROR, INFO, WARNING
from ade_engine.models.polars import series_of
from ade_engine.models.table import column_number, is_blank
from ade_engine.pipeline.kept_rows.reported import settle
from ade_engine.pipeline.noticed import are_short_by_habit, uneven_rows
from ade_engine.pipeline.shared.collected import HookReport, said_at
from ade_engine.pipeline.shared.row_numbers import columns_in_words, rows_in_words, stretches
from ade_engine.pipeline.values.own_checks import keys_of, same_key, severity_of
from ade_engine.pipeline.values.types import declared_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.pipeline.columns.frame import SourceTable
    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.pipeline.columns.mapping import Mapping
    from ade_engine.pipeline.finding.header_rows import RowSpan
    from ade_engine.pipeline.output.merge import BuiltTable
    from ade_engine.pipeline.shared.context import RunContext

#: The first day that all spreadsheet programs show alike (Excel counts a 29 February 1900), and the last one that they know.
_FIRST_DAY, _LAST_DAY = dt.date(1900, 3, 1), dt.date(9999, 12, 31)
#: Texts are slips if they are at most one in this many filled cells of another type.
_ONE_IN = 20
#: The pattern of typed dates with day and month; the minimum number of typed days that could all be swapped, which is no
#: accident; the number of rows at the top that are checked first.
_TYPED_DAY, _MIN_CONVERTED_DAYS, _AT_THE_TOP = r"\s*(\d{1,2})[./-](\d{1,2})[./-]\d{2,4}\b", 4, 100


def find_lone_texts(context: RunContext, source: SourceTable, mapping: Mapping, table: pl.DataFrame) -> None:
    """Finds the few texts in a column of typed numbers or dates that no transform reads.

    ``table``: as it was read, with the columns of fields under their names.
    """
    fields, transforms = context.registry.fields, context.registry.column_transforms_by_field
    taken = {column.source_index: column.field_name for column in mapping.columns}
    for column in source.columns:
        field = taken.get(column.index)
        name = field or source.names[column.index]
        is_read = field in transforms or field in fields and declared_type(fields[field].dtype) == pl.String
        is_left_out = field is None and context.settings.remove_unmapped_columns
        if is_read or is_left_out or name not in table.columns or source.mixed_cells(column.index) is None:
            continue
        values = column.values
        is_text = [isinstance(value, str) and not is_blank(value) for value in values]
        texts = sum(is_text)
        typed = sum(isinstance(value, (int, float, dt.date)) and not isinstance(value, bool) for value in values)
        if len(values) == table.height and 0 < texts * _ONE_IN <= texts + typed:
            rule = "column_is_text" if field is None else f"{field}.column_is_text"
            context.collected.say(name, rule, WARNING, said_at(pl.Series(is_text), "text among numbers or dates"))


def find_uneven_rows(context: RunContext, scan: SheetScan, span: RowSpan, table: pl.DataFrame) -> None:
    """Finds rows of separated text with more cells than the header, whose values may be below wrong headers, or with fewer."""
    expected, uneven = uneven_rows(scan, span)
    if not uneven or span.turned is not None or table.height != span.stop - span.data_start or are_short_by_habit(uneven, expected, span):
        return
    joined = set(scan.joined_rows)
    for severity, found in ((ERROR, [row for row in uneven if row[1] > expected]), (WARNING, [row for row in uneven if row[1] < expected])):
        messages: list[str | None] = [None] * table.height
        for row, cells in found:
            done = "an amount was split at its comma and was joined again; please check it" if row in joined else "values may be in the wrong columns"
            messages[row - 1 - span.data_start] = f"the row has {cells} cells, the header {expected}: {done}"
        if found:
            said = pl.Series(messages, dtype=pl.String)
            context.collected.reported.append(HookReport(None, "cells_in_row", severity, "", said))


def _fields_of(context: RunContext, table: pl.DataFrame, *types: str) -> list[str]:
    """Returns the fields of a table whose columns have one of these types."""
    found = dict(zip(table.columns, table.dtypes))
    return [name for name in context.registry.fields if name in found and str(found[name].base_type()) in types]


def find_wrong_dates(context: RunContext, table: pl.DataFrame) -> None:
    """Finds days that the output cannot hold, or that spreadsheet programs show differently."""
    for field in _fields_of(context, table, "Date", "Datetime"):
        _, said = _native.checked(
            readable(table.get_column(field)), "days_between", f"before {_FIRST_DAY}", f"after {_LAST_DAY}", least=day_number(_FIRST_DAY), most=day_number(_LAST_DAY)
        )
        if said is not None:
            context.collected.say(field, f"{field}.date_out_of_range", WARNING, series_of(said))


def find_wrong_letters(context: RunContext, table: pl.DataFrame) -> None:
    """Finds texts of fields that were read in a wrong encoding, and addresses with letters of two alphabets."""
    for field in _fields_of(context, table, "String"):
        said = _native.wrong_letters(table.get_column(field))
        if said is not None:
            context.collected.say(field, f"{field}.wrong_letters", WARNING, series_of(said))


def find_half_converted(context: RunContext, source: SourceTable, mapping: Mapping) -> None:
    """Finds columns in which a program has turned some texts into days by the wrong order: each remaining text has a day above
    12, and each typed day could be day and month the other way round.
    """
    for column in mapping.columns:
        if column.field_name not in context.registry.column_transforms_by_field or not source.has_days_and_texts(column.source_index):
            continue
        # A day above 12 is near the top, if there is one.
        if any(isinstance(value, dt.date) and value.day > 12 for value in source.first_values(column.source_index, _AT_THE_TOP)):
            continue
        values = source.columns[column.source_index].values
        typed = [value for value in values if isinstance(value, dt.date)]
        if len(typed) < _MIN_CONVERTED_DAYS or any(day.day > 12 for day in typed):
            continue
        texts = [re.match(_TYPED_DAY, value) for value in values if isinstance(value, str) and not is_blank(value)]
        if len(texts) < 2 or not all(texts):
            continue
        above = [[int(part) > 12 for part in text.group(1, 2)] for text in texts]
        if all(one == [True, False] for one in above) or all(one == [False, True] for one in above):
            name, order = column.field_name, "day first" if above[0][0] else "month first"
            said = (
                f"{len(typed)} dates and {len(texts)} texts ({order}) in one column: a program with other regional "
                "settings may have swapped day and month of the dates. Compare them with the source"
            )
            context.collected.reported.append(HookReport(name, f"{name}.half_converted", ERROR, said, None))


def find_repeated(context: RunContext, tables: list[BuiltTable], known: dict[str, dict[tuple[str | None, ...], str]]) -> None:
    """Finds values of ``unique`` fields that several tables of a sheet have, and keys of several fields that an earlier sheet
    has; within a table the field's validator reports them. ``known``: the keys of earlier sheets by fields, each with its place.
    """
    fields = context.registry.fields
    for name, field in fields.items():
        if not field.unique:
            continue
        names = key_of(field)
        there = [table for table in tables if name in table.result.table.columns]
        is_of_file = len(names) > 1
        if len(there) < 2 and not (there and is_of_file):
            continue
        repeated = same_key(names, fields, "a row of another table") if is_of_file else REPEATED
        columns = [keys_of(table.result.table, names) for table in there]
        everywhere = Counter(key for column in columns for key in column)
        earlier = known.setdefault(name, {}) if is_of_file else {}
        for table, column in zip(there, columns):
            inside, counts = table.context, Counter(column)
            said = [repeated if key and counts[key] == 1 < everywhere[key] else None for key in column]
            of_file = [same_key(names, fields, earlier[key]) if key in earlier else None for key in column] if earlier else said
            said = [one or other for one, other in zip(said, of_file)]
            if len(there) > 1 or earlier:
                inside.collected.say(name, f"{name}.unique", severity_of(field.unique), pl.Series(said, dtype=pl.String))
                table.result.table = settle(inside, table.result.table)
        if is_of_file:
            known[name] = _places_of(context, there, columns) | earlier


def _places_of(context: RunContext, tables: list[BuiltTable], columns: list[list[tuple[str | None, ...]]]) -> dict[tuple[str | None, ...], str]:
    """Returns the place of the first row with each key, for messages on later sheets."""
    found: dict[tuple[str | None, ...], str] = {}
    for table, keys in zip(tables, columns):
        frame = table.result.table
        numbers = frame.get_column(ROW).to_list() if ROW in frame.columns and table.rows_unknown is None else [None] * frame.height
        for key, number in zip(keys, numbers):
            if key:
                found.setdefault(key, f"{'a row' if number is None else f'row {number}'} of the sheet {context.sheet_name!r}")
    return found


def note_dropped_rows(context: RunContext) -> None:
    """Notes the number of rows of the sheet that each hook has dropped, and which, as in its notice."""
    for notice in context.notices.notices:
        if notice["code"] != "rows_dropped" or notice["sheet"] != context.sheet_name or "hook" not in notice:
            continue
        count, cells = notice["count"], notice.get("cells", ())
        letters = [cell.rstrip("0123456789") for cell in cells]
        which = ""
        if letters or notice.get("rows"):
            which = f" ({columns_in_words(stretches([*map(column_number, letters)])) if letters else rows_in_words(notice['rows'])})"
        plural = "row was" if count == 1 else "rows were"
        # The reader of the list knows the rows, and not what a hook is.
        message = f"{count} {plural} left out{which} by the configuration, in its function {notice['hook'].rpartition('.')[2]}"
        remark = {"rule": "rows_dropped", "severity": INFO, "message": message}
        # A single letter is a record that was a column of the sheet.
        if len(letters) == 1:
            remark["column"] = letters[0]
        context.remarks.append(remark)
