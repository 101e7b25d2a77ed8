"""Fills openpyxl worksheets with whole rows, as ``append`` does, and tells what hooks have done to them since."""

from __future__ import annotations

import datetime as dt
import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import repeat
from typing import Any

from openpyxl.cell.cell import Cell
from openpyxl.utils.exceptions import IllegalCharacterError

from ade_engine.io.limits import LONGEST_TEXT

#: Data types of values that a cell holds as they are.
_KINDS = {type(None): "n", bool: "b", int: "n", float: "n", str: "s"}
_MOMENTS = frozenset((dt.datetime, dt.date, dt.time, dt.timedelta))
#: What begins text that may be a formula or the code of an error.
_NOT_JUST_TEXT = ("=", "#")
_new_cell = Cell.__new__


def append_rows(
    worksheet: Any, rows: Iterable[Any], *, kinds: dict[type, str] = _KINDS, escape_formulas: bool = False, keep_illegal: bool = False
) -> list[list[Cell]]:
    """Append rows of values and return their cells, row by row.

    Text is taken to hold no control characters: only text that is not among ``kinds`` is looked at. With ``escape_formulas``, text that starts
    with ``=`` is text. ``keep_illegal``: values that openpyxl refuses are in cells all the same; a file that was read may hold them.
    """
    with _without_collections():
        return _append_rows(worksheet, rows, kinds, escape_formulas, keep_illegal)


@contextmanager
def _without_collections() -> Iterator[None]:
    """Within this, Python does not look for garbage again and again: there is none among so many new objects."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _append_rows(
    worksheet: Any, rows: Iterable[Any], kinds: dict[type, str], escape_formulas: bool, keep_illegal: bool
) -> list[list[Cell]]:
    cells, number = worksheet._cells, worksheet._current_row
    styles: dict[type, Any] = {}
    made = []
    for values in rows:
        number += 1
        row = []
        for column, value in enumerate(values, 1):
            value_type = type(value)
            kind, style = kinds.get(value_type), None
            if kind is None and value_type in styles:
                kind, style = "d", styles[value_type].__copy__()
            # What Cell(worksheet, number, column, value) makes, without its cost.
            cell = _new_cell(Cell)
            cell.parent, cell.row, cell.column = worksheet, number, column
            cell._hyperlink = cell._comment = None
            cell._value, cell.data_type, cell._style = value, kind or "n", style
            if kind is None or kind == "s" and (value.startswith(_NOT_JUST_TEXT) or len(value) > LONGEST_TEXT):
                cell._value = None
                try:
                    cell.value = value
                except IllegalCharacterError:
                    if not keep_illegal:
                        raise
                    cell._value, cell.data_type = value, "s"
                if value_type in _MOMENTS:
                    styles[value_type] = cell._style
                if escape_formulas:
                    keep_text(cell)
            cells[number, column] = cell
            row.append(cell)
        made.append(row)
    worksheet._current_row = number
    return made


def append_table(worksheet: Any, frame: Any, *, gap: bool, escape_formulas: bool, is_plain: bool) -> list[list[Cell]]:
    """Append a header row and rows below it, after a blank row where there is a gap; returns the cells of the rows.

    ``is_plain``: the frame's text was looked through for what no cell can hold.
    """
    if gap:
        worksheet.append([])
    worksheet.append(frame.columns)
    if escape_formulas:
        for column in range(1, frame.width + 1):
            keep_text(worksheet._cells[worksheet._current_row, column])
    return append_rows(worksheet, frame.iter_rows(), kinds=_KINDS if is_plain else {}, escape_formulas=escape_formulas)


def keep_text(cell: Cell) -> None:
    """Make a formula text again."""
    if cell.data_type == "f" and isinstance(cell._value, str):
        cell.data_type = "s"


def value_in_cell(value: Any) -> Any:
    """What a cell holds after a value was assigned to it."""
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    return str(value, "utf-8") if isinstance(value, bytes) else value


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are of one type and equal."""
    return one is other or type(one) is type(other) and (one == other or one != one and other != other)


def stands(worksheet: Any, first_row: int, cells: list[list[Cell]], frame: Any, *, with_columns: bool) -> bool:
    """Whether the cells of a frame stand from ``first_row`` on as they were appended; ``with_columns``: in its columns, too.

    Values may have been changed in place, as long as what is unchanged tells the rows that have changes from each other.
    """
    changed = _changed(worksheet, first_row, cells, frame, with_columns=with_columns)
    if changed is None:
        return False
    rows = sorted({row for row, _ in changed})
    if len(rows) < 2:
        return True
    columns = {column for _, column in changed}
    same = [name for column, name in enumerate(frame.columns) if column not in columns]
    return bool(same) and not bool(frame[rows].select(same).is_duplicated().any())


def is_as_written(worksheet: Any, first_row: int, cells: list[list[Cell]], frame: Any) -> bool:
    """Whether the cells of a frame and the header above them stand as they were appended, with all their values."""
    header = [worksheet._cells.get((first_row - 1, column)) for column in range(1, frame.width + 1)]
    return [cell and cell.value for cell in header] == frame.columns and _changed(
        worksheet, first_row, cells, frame, with_columns=True
    ) == set()


def _changed(
    worksheet: Any, first_row: int, cells: list[list[Cell]], frame: Any, *, with_columns: bool
) -> set[tuple[int, int]] | None:
    """The places (row, column) in a frame whose values were changed; nothing where its rows have moved."""
    at = getattr(worksheet, "_cells", {}).get
    columns: Any = range(1, frame.width + 1) if with_columns else None
    changed = set()
    for row, (values, made) in enumerate(zip(frame.iter_rows(), cells)):
        if columns is None:
            # Columns that are gone are 0.
            columns = [cell.column if at((first_row, cell.column)) is cell else 0 for cell in made]
            if made and not any(columns):
                return None
        there = list(map(at, zip(repeat(first_row + row), columns)))
        if there != made and any(
            one is not cell and (column or at((cell.row, cell.column)) is cell) for one, cell, column in zip(there, made, columns)
        ):
            return None
        now = [cell._value for cell in made]
        if now == list(values) and list(map(type, now)) == list(map(type, values)):
            continue
        changed |= {(row, column) for column, value in enumerate(values) if not is_same(now[column], value_in_cell(value))}
    return changed
