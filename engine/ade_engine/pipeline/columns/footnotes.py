"""Footnote marks at the end of headers: ``Revenue¹``, ``Total*``, ``Net (a)``, ``Gross 1)``.

A mark that may be something else is left where it is: ``Area m²`` has a unit, ``Lead time (d)`` may have one, ``Phone (1)``
beside ``Phone (2)`` are two phones. So letters and digits count as marks only where those of the whole header run from the
first one on without a gap, and no mark is taken off that tells two headers apart.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Raised digits behind a word of three letters or more, or behind a bracket; and signs.
_RAISED = re.compile(r"^(.*(?:[^\W\d_]{3}|[^\W\d_][.)\]%]|[)\]]|\b(?:19|20)\d\d)) ?([¹²³⁴⁵⁶⁷⁸⁹⁰][¹²³⁴⁵⁶⁷⁸⁹⁰,  ]*)$", re.DOTALL)
_SIGNS = re.compile(r"^(.*[^\W_].*?) ?([*†‡]+(?:,? ?[*†‡]+)*)$", re.DOTALL)
#: One small letter or one digit in brackets, or with a bracket behind it.
_BRACKETED = re.compile(r"^(.*[^\W\d_].*?) ?(\(([a-z1-9])\)|\[([a-z1-9])\]|(?<= )([a-z1-9])\))$", re.DOTALL)


def without_footnotes(rows: list[list[Any]]) -> tuple[list[list[Any]], dict[int, str]]:
    """The rows of a header without its footnote marks, and the marks by column from 0."""
    found: dict[tuple[int, int], tuple[str, str]] = {}
    bracketed: dict[tuple[int, int], tuple[str, str]] = {}
    used: set[str] = set()
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if not isinstance(value, str):
                continue
            text = value.strip()
            match = _RAISED.match(text) or _SIGNS.match(text)
            if match:
                found[number, column] = match[1].rstrip(), match[2].strip()
            else:
                match = _BRACKETED.match(text)
                if match:
                    bracketed[number, column] = match[1].rstrip(), match[2]
                    used.add(match[3] or match[4] or match[5])
    for first, last in (("a", "z"), ("1", "9")):
        marks = sorted(mark for mark in used if first <= mark <= last)
        if marks == [chr(ord(first) + at) for at in range(len(marks))]:
            found.update(
                (place, pair) for place, pair in bracketed.items() if first <= pair[1].strip("()[]") <= last
            )
    if not found:
        return rows, {}
    clean = [list(row) for row in rows]
    notes: dict[int, list[str]] = {}
    for number, row in enumerate(rows):
        # What is left has to be the name of one column of its row, unless the mark is the same there: a label may repeat.
        names: dict[str, set[str]] = {}
        for column, value in enumerate(row):
            name, mark = found.get((number, column)) or (str(value).strip() if value is not None else "", "")
            names.setdefault(name.casefold(), set()).add(mark)
        for column in range(len(row)):
            name, mark = found.get((number, column), ("", ""))
            if name and len(names[name.casefold()]) == 1:
                clean[number][column] = name
                if mark not in notes.setdefault(column, []):
                    notes[column].append(mark)
    return clean, {column: " ".join(marks) for column, marks in notes.items()}
