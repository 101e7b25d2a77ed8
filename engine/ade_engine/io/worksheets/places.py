"""Checks whether a table is still where it was put into a worksheet, after hooks had access to it."""

from __future__ import annotations

from ade_engine.io.worksheets.cells import LazyCells

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.io.worksheets.rows import FrameRows


def stands(worksheet: Any, first_row: int, rows: FrameRows, *, with_columns: bool) -> bool:
    """Returns whether rows are from ``first_row`` on as they were appended; ``with_columns``: their columns from the first one
    on, too.

    Values may have been changed in place, as long as the unchanged ones tell the rows with changes apart.
    """
    changed = _changed(worksheet, first_row, rows, with_columns=with_columns)
    return changed is not None and _tells_apart(rows, changed)


def is_as_written(worksheet: Any, first_row: int, rows: FrameRows) -> bool:
    """Returns whether rows and the header above them are as they were appended, with all their values."""
    changed = _changed(worksheet, first_row, rows, with_columns=True)
    if changed is None or changed:
        return False
    header = [dict.get(worksheet._cells, (first_row - 1, column)) for column in range(1, rows.width + 1)]
    return [None if cell is None else cell.value for cell in header] == rows.frame.columns


def _changed(worksheet: Any, first_row: int, rows: FrameRows, *, with_columns: bool) -> set[tuple[int, int]] | None:
    """Returns the positions (row, column) in rows whose values were changed; ``None`` if the rows have moved."""
    cells = getattr(worksheet, "_cells", None)
    # The original positions of scattered cells are unknown.
    if type(cells) is not LazyCells or cells.is_scattered:
        return None
    cells.release()
    loose = _loose_rows(cells, first_row, rows, with_columns=with_columns)
    if loose is None:
        return None
    changed = {(row, column) for column, changes in rows.changes.items() for row in changes}
    for row in loose:
        for column in range(rows.width):
            cell = dict.get(cells, (first_row + row, column + 1))
            if cell is None:
                return None
            if not rows.is_original(cell._value, cell.data_type, row, column):
                changed.add((row, column))
    for (row, column), cell in cells.made():
        own = row - first_row, column - 1
        if 0 <= own[0] < rows.height and 0 <= own[1] < rows.width and not rows.is_original(cell._value, cell.data_type, *own):
            changed.add(own)
    return changed


def _loose_rows(cells: LazyCells, first_row: int, rows: FrameRows, *, with_columns: bool) -> list[int] | None:
    """Returns the rows that are single cells; ``None`` if other rows have taken their position."""
    columns = tuple(range(rows.width)) if with_columns else None
    if any(block.rows is rows for block in cells.blocks if not first_row <= block.first_row < first_row + rows.height):
        return None
    loose, row = [], 0
    while row < rows.height and rows.width:
        block = cells.at(first_row + row)
        if block is None:
            loose.append(row)
            row += 1
            continue
        if block.rows is not rows or block.start + first_row + row - block.first_row != row:
            return None
        if columns is None:
            columns = block.columns
        if block.columns != columns:
            return None
        row = block.last_row + 1 - first_row
    return loose


def _tells_apart(rows: FrameRows, changed: set[tuple[int, int]]) -> bool:
    """Returns whether the rows with changes are surely the original ones: the unchanged values differ from row to row."""
    in_rows = sorted({row for row, _ in changed})
    if len(in_rows) < 2:
        return True
    in_columns = {column for _, column in changed}
    same = [name for column, name in enumerate(rows.frame.columns) if column not in in_columns]
    return bool(same) and not bool(rows.frame[in_rows].select(same).is_duplicated().any())
