"""A user's choices for a sheet, in ``[sheets."Name"]`` of settings.toml: these overrule everything else."""

from __future__ import annotations

import re

from ade_engine.models.record import Record
from ade_engine.models.table import column_letters, column_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CORNERS = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9]\d{0,6}):\$?([A-Za-z]{1,3})\$?([1-9]\d{0,6})")
_KEYS = ("header_rows", "range", "skip")


class SheetChoice(Record):
    """The header rows of a sheet, the range of its table, or whether it is left out. All numbers count from 1."""

    #: First and last row of the header; an empty tuple if the sheet has none.
    header_rows: tuple[int, int] | tuple[()] | None
    #: First row, first column, last row, last column of the range.
    area: tuple[int, int, int, int] | None = None
    skip: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Returns the choice as values for JSON, in the form of a settings file."""
        found: dict[str, Any] = {}
        if self.header_rows is not None:
            first, last = self.header_rows or (1, 0)
            found["header_rows"] = list(range(first, last + 1))
        if self.area is not None:
            first_row, first_column, last_row, last_column = self.area
            found["range"] = f"{column_letters(first_column)}{first_row}:{column_letters(last_column)}{last_row}"
        if self.skip:
            found["skip"] = True
        return found

    def __repr__(self) -> str:
        return f"SheetChoice({self.to_dict()!r})"


def read_choices(value: Any) -> dict[str, SheetChoice]:
    """Returns the choices of a settings file, by the titles of sheets. ``ValueError`` contains the expected form."""
    if not isinstance(value, dict):
        raise ValueError('should be tables such as [sheets."Sheet1"]')
    return {
        str(title): choice if isinstance(choice, SheetChoice) else _read(str(title), choice) for title, choice in value.items()
    }


def _read(title: str, value: Any) -> SheetChoice:
    if not isinstance(value, dict) or not set(value) <= {*_KEYS}:
        raise ValueError(f"should have {', '.join(_KEYS)} and nothing else for the sheet {title!r}")
    rows = value.get("header_rows")
    if rows is not None:
        is_list = isinstance(rows, (list, tuple)) and all(type(row) is int and row > 0 for row in rows)
        if not is_list or rows and list(rows) != list(range(rows[0], rows[0] + len(rows))):
            raise ValueError(
                f"should have rows that follow each other, such as [3, 4], as header_rows of {title!r}, or [] for none"
            )
        rows = (rows[0], rows[-1]) if rows else ()
    area = value.get("range")
    if area is not None:
        area = _area(str(area))
        if area is None:
            raise ValueError(f"should have two corners, such as 'B3:H90', as range of {title!r}")
        if rows and not area[0] <= rows[0] <= rows[1] <= area[2]:
            raise ValueError(f"should have the header_rows of {title!r} within its range")
    skip = value.get("skip", False)
    if not isinstance(skip, bool):
        raise ValueError(f"should have true or false as skip of {title!r}")
    return SheetChoice(rows, area, skip)


def _area(text: str) -> tuple[int, int, int, int] | None:
    found = _CORNERS.fullmatch(text.strip())
    if found is None:
        return None
    rows = sorted((int(found[2]), int(found[4])))
    columns = sorted((column_number(found[1].upper()), column_number(found[3].upper())))
    return rows[0], columns[0], rows[1], columns[1]
