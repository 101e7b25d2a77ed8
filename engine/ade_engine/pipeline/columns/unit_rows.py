"""Rows of units in stacked headers: ``EUR`` below ``Net``, ``kg`` below ``Weight``, ``[m²]``, ``in %``, ``dd.mm.yyyy``.

Such a row names no column, it says how the values of the columns named above are written. It is one only if each text in it
that stands below another is a unit: "Hours" and "Amount" below "Overtime" are names. Beside two units a text below a blank cell is the
name of its column, too. Where two columns would have the same name
without their units, these stay: "Price EUR" beside "Price USD".
"""

from __future__ import annotations

from ade_engine.fields.units import is_unit, without_brackets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def without_units(rows: list[list[Any]], written: list[list[Any]], joined: Any, is_name: Callable[[str], bool]) -> tuple[list[list[Any]], dict[int, str]]:
    """The rows of a header without the texts of its rows of units, and the units by column from 0.

    ``rows`` are those of a block whose labels stand over each of their columns, ``written`` the same as the sender has them; ``joined`` makes one text for each column; ``is_name``: whether a text is the name of a field, as "Qty" may be, which counts pieces, too.
    """
    width = max(map(len, rows), default=0)
    units: dict[tuple[int, int], str] = {}
    for number in range(1, len(rows)):
        found, has_names = {}, False
        for column in range(len(rows[number])):
            text = _text(rows, number, column)
            above = [_text(rows, other, column) for other in range(number) if (other, column) not in units]
            if not text or not any(above) or text in above:
                # A blank cell, the name of a column that has none above, or a merged label.
                continue
            if is_unit(text) and not is_name(text):
                found[number, column] = text
            elif any(_text(written, other, column) for other in range(number)):
                found = {}
                break
            else:
                has_names = True
        if not has_names or len(found) > 1:
            units.update(found)
    if not units:
        return rows, {}
    bare = [[None if (number, column) in units else cell for column, cell in enumerate(row)] for number, row in enumerate(rows)]
    names, full = joined(bare), joined(rows)
    meant: dict[str, set[str]] = {}
    for column in range(width):
        meant.setdefault(str(names[column]).casefold(), set()).add(str(full[column]).casefold())
    for number, column in list(units):
        if len(meant[str(names[column]).casefold()]) > 1:
            bare[number][column] = rows[number][column]
    by_column: dict[int, str] = {}
    for (_, column), text in sorted(units.items()):
        by_column[column] = without_brackets(text)
    return bare, by_column


def _text(rows: list[list[Any]], number: int, column: int) -> str:
    value = rows[number][column] if column < len(rows[number]) else None
    return "" if value is None else " ".join(str(value).split())
