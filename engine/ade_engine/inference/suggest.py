"""Which columns of a file that no field claimed are those of fields without a column: suggestions with their reasons, and questions.

The file is run as a run does it, by the configuration that lacks the headers. What values its fields have say the expected tables of the
configuration's cases.
"""

from __future__ import annotations

import csv
from pathlib import Path

from ade_engine.application.engine import Engine
from ade_engine.cases.runner import run_case
from ade_engine.fields.headers import FieldHeaders, simplify
from ade_engine.fields.nearest import Nearest
from ade_engine.inference.edit import NotEditable, added, sources_of
from ade_engine.inference.kinds import Side, is_count
from ade_engine.inference.declaring import declarations, is_declaration, written
from ade_engine.inference.pairs import pairs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.extensions.registry import Registry
    from ade_engine.infrastructure.settings import Settings

#: So many rows of a case say what a field's values are.
_MOST_ROWS = 2_000


def suggest(request: dict[str, Any], settings: Settings, package: Path, scratch: Path) -> dict[str, Any]:
    """What a file's columns may be.

    ``fields`` (those without a column in some table), ``columns`` (those without a field), and ``suggestions``: pairs of them, with
    a ``reason`` or without, the likeliest first; and before them the columns that a field has got by their values alone, under headers
    that do not name it; and what would make tables one record a row: fields with plus signs between them, and in place of a header what is
    to be said of them. ``error``: the file could not be run, and its ``code`` and ``message``.
    """
    result = run_case(request, settings, package, scratch, with_guesses=True, with_places=True)
    if result["error"] is not None:
        return {"error": result["error"], "fields": [], "columns": [], "suggestions": []}
    registry = Engine(settings).check(config_package=package)
    fields, nearest = _fields(registry, Path(request["root"])), Nearest(registry)
    lacking: dict[str, None] = {}
    columns: list[dict[str, Any]] = []
    found = [
        {**column, "reason": "the run took it for this field by its values", "likeness": 1.0}
        for column in result["guesses"]
        if column["field"] in fields and simplify(column["header"])
    ]
    for table in result["tables"]:
        own = [at for at, field in enumerate(table["fields"]) if not (field or "").startswith("__")]
        sides = {at: Side.of((str(table["headers"][at]),), [row[at] for row in table["rows"]]) for at in own}
        # All fields are written: those without a column have no values.
        claimed = {table["fields"][at]: at for at in own if table["fields"][at] in fields and sides[at].shown}
        free = [at for at in own if table["fields"][at] is None and sides[at].shown and not is_count(sides[at].values)]
        names, places = list(fields), [*claimed.values(), *free]
        # A field that has a column here has its values.
        known = [Side(field.headers, sides[claimed[name]].kind or field.kind, sides[claimed[name]].values) if name in claimed else field for name, field in fields.items()]
        settled = {(names.index(name), places.index(at)) for name, at in claimed.items()}
        lacking.update(dict.fromkeys(name for name in names if name not in claimed))
        columns += [{"sheet": table["sheet"], "header": sides[at].header} for at in free]
        paired = set()
        for pair in pairs(known, [sides[at] for at in places], settled):
            header = sides[places[pair.new]].header
            paired.add(header)
            found.append({"field": names[pair.known], "header": header, "sheet": table["sheet"], "reason": pair.reason, "likeness": pair.likeness})
        # What a run says of a header that is like a field's is a guess here, where nothing else is said of the column.
        for header in (sides[at].header for at in free):
            near = None if header in paired else nearest.to(header, [name for name in names if name not in claimed])
            if near is not None:
                found.append({"field": near["field"], "header": header, "sheet": table["sheet"], "reason": None, "likeness": near["likeness"]})
    shaped, gone = declarations(request, result, settings, registry, {name: fields[name].headers for name in lacking})
    # What months beside one another surely hold is no single column: not their total either. Nor is a fact above the table.
    declared = {field for one in shaped if one["reason"] for field in one["field"].split("+") if field in lacking}
    found = [one for one in found if simplify(one["header"]) not in gone and one["field"] not in declared] + shaped
    once: dict[tuple[str, str], dict[str, Any]] = {}
    for one in sorted(found, key=lambda one: (one["reason"] is None, -one["likeness"])):
        once.setdefault((one["field"], simplify(one["header"])), one)
    return {"error": None, "fields": list(lacking), "columns": columns, "suggestions": list(once.values())}


def _fields(registry: Registry, root: Path) -> dict[str, Side]:
    """The fields of a configuration that go by headers, with the values that its cases expect."""
    values: dict[str, list[Any]] = {}
    for file in sorted(root.glob("tests/cases/*/expected.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            header, *rows = [row for _, row in zip(range(_MOST_ROWS), csv.reader(lines))] or [[]]
        # Cases of several senders stand below one another: what is a sum in one is one in all.
        before = max(map(len, values.values()), default=0)
        for at, name in enumerate(header):
            column = values.setdefault(name, [])
            column += [None] * (before - len(column))
            column += [row[at] if at < len(row) and row[at] else None for row in rows]
    fields: dict[str, Side] = {}
    for entry in registry.column_detectors:
        detector = entry.fn
        if isinstance(detector, FieldHeaders):
            side = Side.of(detector.headers, values.get(detector.field, []))
            fields.setdefault(detector.field, Side(side.headers, detector.kind or side.kind, side.values))
    return fields


def edits(root: Path, accepted: list[tuple[str, str]], folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Writes each changed file of a configuration beside, into ``folder``: ``edits``; and what to paste by hand: ``pastes``."""
    sources = sources_of(root)
    changed: dict[Path, list[list[str]]] = {}
    pastes = []
    for field, header in accepted:
        word = " ".join(header.split())
        try:
            if is_declaration(word):
                path, text = written(sources, field, word)
                sources[path] = text
                changed.setdefault(path, []).append([field, word])
                continue
            if not simplify(word):
                raise NotEditable("a header without letters and digits tells no field from others")
            path, text = added(sources, field, word)
            sources[path] = text
            changed.setdefault(path, []).append([field, word])
        except NotEditable as error:
            pastes.append({"field": field, "header": word, "why": str(error)})
    made = []
    for number, (path, fields) in enumerate(changed.items()):
        (folder / f"{number}.py").write_bytes(sources[path])
        made.append({"file": str(path), "new": f"{number}.py", "added": fields})
    return {"edits": made, "pastes": pastes}
