"""Changes of a case's layout that must not change its result, tried in an order that a seed decides.

A change that changes the result is reduced: to the smallest size of its kind, and to as few rows as possible.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from ade_engine.cases.grids import GridBook, read_book, write_book
from ade_engine.cases.layouts import LAYOUTS, MAX_SIZE, TablePosition
from ade_engine.cases.runner import run_case
from ade_engine.models.errors import InputError
from ade_engine.models.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ade_engine.infrastructure.settings import Settings

#: The numbers of rows that are tried to reduce a change.
_FEW_ROWS = (1, 2, 3, 5, 8, 13, 21)


class LayoutChange(Record):
    """One change: its kind, its size and the seed of its random choices."""

    kind: str
    size: int
    seed: int


class Fuzz:
    """The changes of one case. ``folder`` receives the files."""

    def __init__(self, case: dict[str, Any], settings: Settings, config_package: Path, folder: Path):
        self._case, self._settings, self._package, self._folder = case, settings, config_package, folder
        self._source = Path(case["input"])
        self._written = 0
        self._before: dict[int | None, tuple[GridBook, TablePosition, dict[str, Any]] | None] = {}

    def result(self, count: int, seed: int) -> dict[str, Any]:
        """Tries a number of changes: ``error``, ``tried`` (the number of each kind) and ``broken``, one of each kind: its
        ``kind``, the change in ``words``, ``times``, the ``input``, the results ``before`` and ``after`` it.
        """
        whole = self._unchanged(None)
        if whole is None:
            return {"error": {"code": "not_changed", "message": self._why}, "tried": {}, "broken": []}
        tried: dict[str, int] = {}
        broken: dict[str, dict[str, Any]] = {}
        changes = _changes(Random(f"{seed}:{self._source.parent.name}"))
        # A case to which hardly any change applies is given up eventually.
        for _, change in zip(range(count * len(LAYOUTS)), changes):
            found = self._try(change, None)
            if found is None:
                continue
            tried[change.kind] = tried.get(change.kind, 0) + 1
            if "after" in found:
                known = broken.get(change.kind)
                if known is None:
                    broken[change.kind] = {**self._smallest(change, found), "times": 1}
                else:
                    known["times"] += 1
            if sum(tried.values()) == count:
                break
        return {"error": None, "tried": tried, "broken": list(broken.values())}

    def _smallest(self, change: LayoutChange, found: dict[str, Any]) -> dict[str, Any]:
        for size in range(1, change.size):
            less = self._try(LayoutChange(change.kind, size, change.seed), None)
            if less and "after" in less:
                change, found = LayoutChange(change.kind, size, change.seed), less
                break
        for rows in _FEW_ROWS:
            less = self._try(change, rows)
            if less and "after" in less:
                return less
        return found

    def _try(self, change: LayoutChange, rows: int | None) -> dict[str, Any] | None:
        """Applies a change to the first rows; the result has ``after`` if it differs. ``None`` if the change does not apply."""
        unchanged = self._unchanged(rows)
        if unchanged is None:
            return None
        book, place, before = unchanged
        book = book.copy()
        words = LAYOUTS[change.kind](book, place, change.size, Random(change.seed))
        if words is None:
            return None
        path, after = self._run(book)
        if _by_field(before) == _by_field(after):
            return {}
        return {"kind": change.kind, "words": words, "input": str(path), "before": _without_places(before), "after": _without_places(after)}

    def _unchanged(self, rows: int | None) -> tuple[GridBook, TablePosition, dict[str, Any]] | None:
        """Returns the input with the first rows of its table, written again, and its result; ``None`` with the reason in
        ``_why`` if that fails.
        """
        if rows not in self._before:
            self._before[rows] = self._read() if rows is None else self._cut(rows)
        return self._before[rows]

    def _read(self) -> tuple[GridBook, TablePosition, dict[str, Any]] | None:
        try:
            book = read_book(self._source, self._settings)
        except InputError as error:
            self._why = str(error)
            return None
        return self._with_place(book)

    def _cut(self, rows: int) -> tuple[GridBook, TablePosition, dict[str, Any]] | None:
        whole = self._unchanged(None)
        if whole is None or whole[1].last - whole[1].first + 1 <= rows:
            return None
        book, place, _ = whole
        book = book.copy()
        sheet = book.sheets[place.sheet]
        sheet.rows[place.first + rows : place.last + 1] = []
        sheet.merged = [merged for merged in sheet.merged if merged[1] <= place.first + rows]
        return self._with_place(book)

    def _with_place(self, book: GridBook) -> tuple[GridBook, TablePosition, dict[str, Any]] | None:
        _, before = self._run(book)
        if before["error"] is not None:
            self._why = before["error"]["message"]
            return None
        places = [TablePosition(**place) for place in before["places"]]
        if len(places) != 1:
            self._why = "changes are tried on inputs with one table"
            return None
        return book, places[0], before

    def _run(self, book: GridBook) -> tuple[Path, dict[str, Any]]:
        self._written += 1
        # Under its own name, which settings may depend on.
        folder = self._folder / str(self._written)
        path = write_book(book, folder / self._source.name)
        result = run_case({**self._case, "input": str(path)}, self._settings, self._package, folder, with_places=True)
        return path, result


def _changes(random: Random) -> Iterator[LayoutChange]:
    """Yields all kinds in turn, each time in another order."""
    while True:
        kinds = list(LAYOUTS)
        random.shuffle(kinds)
        for kind in kinds:
            yield LayoutChange(kind, random.randint(1, MAX_SIZE), random.randrange(2**32))


def _by_field(result: dict[str, Any]) -> Any:
    """Returns the result by field: other columns may come and go, the position of a table does not matter, and an empty text
    counts as empty.
    """
    if result["error"] is not None:
        return result["error"]["code"]
    rows = []
    for table in result["tables"]:
        fields = [(at, field) for at, field in enumerate(table["fields"]) if field is not None and not field.startswith("__")]
        rows += [{field: row[at] for at, field in fields if row[at] not in (None, "")} for row in table["rows"]]
    return rows


def _without_places(result: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key != "places"}
