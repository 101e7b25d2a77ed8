"""The columns that somebody wishes: a list of names, or the header of a file that is as the output should be."""

from __future__ import annotations

from pathlib import Path

from ade_engine.cases.grids import as_text, read_book
from ade_engine.fields.headers import simplify
from ade_engine.inference.choosing import Answers, Wish
from ade_engine.inference.samples import SampleError
from ade_engine.models.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ade_engine.infrastructure.settings import Settings

#: So many rows below a header say what its columns hold.
_MOST_ROWS = 500


def wishes_of(wished: dict[str, Any] | None, settings: Settings) -> list[Wish]:
    """The wishes of a request: ``names``, or a ``file`` by its ``name``. Raises :class:`SampleError` where they are none."""
    if not wished:
        return []
    if "names" in wished:
        found, place = [Wish((" ".join(str(name).split()),)) for name in wished["names"]], "--fields"
    else:
        found, place = _in_file(Path(wished["file"]), str(wished["name"]), settings), str(wished["name"])
    seen: dict[str, str] = {}
    for wish in found:
        simple = simplify(wish.header)
        if not simple:
            raise SampleError("usage", f"{place}: {wish.header!r} names no column: it has no letters and digits")
        if simple in seen:
            raise SampleError("usage", f"{place}: two columns are called {wish.header!r}, and a field's name has to be its own")
        seen[simple] = wish.header
    return found


def answers_of(said: Sequence[dict[str, Any]]) -> Answers:
    """What a person has said: the ``answer`` of each offer, and whether it is right, ``yes``; or ``headers`` that are the same everywhere."""
    found = Answers()
    for one in said:
        is_it = bool(one.get("yes"))
        if one["kind"] == "same":
            first, second = ((str(sample), str(header)) for sample, header in one["columns"])
            found.same.append((first, second, is_it))
        elif one["kind"] == "headers":
            first, second = (("", str(header)) for header in one["headers"])
            found.same.append((first, second, is_it))
        elif one["kind"] == "wished":
            sample, header = one["column"]
            found.wished.append((str(one["wish"]), (str(sample), str(header)), is_it))
        elif one["kind"] == "shape":
            found.shapes[str(one["sample"]), str(one["key"])] = is_it
        elif is_it:
            found.settings.setdefault(str(one["sample"]), {})[str(one["name"])] = str(one["value"])
    return found


def _in_file(path: Path, name: str, settings: Settings) -> list[Wish]:
    try:
        book = read_book(path, settings)
    except InputError as error:
        raise SampleError("usage", str(error) if name in str(error) else f"{name}: {error}") from error
    sheet = next((sheet for sheet in book.sheets if sheet.state == "visible" and _header_row(sheet.rows) is not None), None)
    if sheet is None:
        raise SampleError("usage", f"{name}: there is no row of headers")
    at = _header_row(sheet.rows) or 0
    header, below = sheet.rows[at], sheet.rows[at + 1 : at + 1 + _MOST_ROWS]
    return [
        Wish.of((" ".join(as_text(cell).split()),), [None if place >= len(row) or row[place] is None else str(row[place]) for row in below])
        for place, cell in enumerate(header)
        if as_text(cell).strip()
    ]


def _header_row(rows: Sequence[Sequence[Any]]) -> int | None:
    """The first row with several filled cells, or else the first with one."""
    filled = [sum(bool(as_text(cell).strip()) for cell in row) for row in rows]
    several = next((at for at, count in enumerate(filled) if count >= 2), None)
    return several if several is not None else next((at for at, count in enumerate(filled) if count), None)
