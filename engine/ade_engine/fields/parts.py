"""Columns that hold several fields in one, such as full names, and the fields that are parts of them."""

from __future__ import annotations

from functools import partial

from ade_engine.fields.headers import score
from ade_engine.fields.readers import person_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ade_engine.fields.readers import Reader


class FullNamePart:
    """One of the fields in a column: the column that holds it, and its reader."""

    __slots__ = ("whole", "read")

    def __init__(self, whole: FullName, read: Callable[[str], Reader]):
        self.whole = whole
        self.read = read


class FullName:
    """A column of full names, by its headers. A field is a part of it: ``Field(…, part_of=FULL_NAME.first)``.

    If none of its parts has a column of its own in a table, the column of full names is split into them, and is kept as well.
    If several columns match, the one whose header comes first in ``headers`` is split. :func:`~ade_engine.fields.person_name`
    decides which is the first and which the last name.
    """

    def __init__(self, headers: Iterable[str]):
        if isinstance(headers, str) or not all(isinstance(header, str) for header in headers):
            raise TypeError(f"FullName: headers should be a list of texts, not {headers!r}")
        self.headers = tuple(headers)
        self.first = FullNamePart(self, partial(person_name, part="first"))
        self.last = FullNamePart(self, partial(person_name, part="last"))

    def among(self, headers: list[str]) -> int | None:
        """Returns the position of the column to split, among the headers of a table."""
        found = (at for known in self.headers for at, header in enumerate(headers) if score(header, (known,)) == 1.0)
        return next(found, None)
