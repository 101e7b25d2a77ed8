"""Suggestions for unclaimed columns of a file and fields without a column, with their reasons, and questions.

The file is processed as in a run, with the configuration that lacks the headers. The values of its fields come from the
expected tables of the configuration's cases. Shapes of the file's tables are suggested, too: such a suggestion names fields
with plus signs between them, and the argument of each: ``month+amount`` and ``Stack("months")``, ``site`` and
``fill_down=True``. A missing field is created.
"""

from __future__ import annotations

import ast
import csv
import re
from pathlib import Path

from ade_engine.application.engine import Engine
from ade_engine.cases.grids import read_book
from ade_engine.cases.runner import run_case
from ade_engine.fields.codes import WordsFile
from ade_engine.fields.headers import FieldHeaders, simplify
from ade_engine.fields.nearest import HeaderSuggestions
from ade_engine.inference.edit import NotEditableError, added, declared, quoted, readers_of, sources_of
from ade_engine.inference.inferred import slug
from ade_engine.inference.kinds import is_count, seen
from ade_engine.inference.pairs import pairs
from ade_engine.inference.senders import with_header
from ade_engine.inference.shapes import fact_of_sheets, facts_above, shapes_of
from ade_engine.inference.side import ComparableColumn
from ade_engine.infrastructure.settings import SETTINGS_FILE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ade_engine.extensions.registry import Registry
    from ade_engine.inference.shapes import ReshapePlan
    from ade_engine.infrastructure.settings import Settings

#: The maximum number of rows of a case that decide the values of a field.
_MAX_CASE_ROWS = 2_000
_STACK = re.compile(r"Stack\(.*\)")
_ARGUMENT = re.compile(r"(?:fill_down|split|beside)=.+")
#: The readers for the headers of stacked columns, and for their cells.
_READ_KEYS = ("month", "quarter", "week", "year", "date", "date_time")
_READ_VALUES = ("money", "number", "quantity", "percent")


def suggest(request: dict[str, Any], settings: Settings, package: Path, scratch: Path) -> dict[str, Any]:
    """Returns the possible fields of a file's columns.

    ``fields`` (those without a column in some table), ``columns`` (those without a field), ``mapped`` (those with one), and ``suggestions``: pairs of the former,
    with a ``reason`` or without, the likeliest first; before them the columns that were mapped to a field by their values
    alone, under headers that do not name it; and shapes that would make tables one record a row: fields with plus signs between
    them, and their arguments in place of a header. ``words``: the words that the files of words lack, each with its ``field``,
    ``file`` and ``count`` of cells. ``error``: the file could not be processed, with its ``code`` and ``message``.
    """
    result = run_case(request, settings, package, scratch, with_mapped=True, with_places=True)
    if result["error"] is not None:
        return {"error": result["error"], "fields": [], "columns": [], "mapped": [], "suggestions": [], "words": []}
    registry = Engine(settings).check(config_package=package)
    fields, nearest = _fields(registry, Path(request["root"])), HeaderSuggestions(registry)
    parts, lacking = registry.parts, dict[str, None]()
    wholes = dict.fromkeys(part.whole for part in parts.values())
    columns: list[dict[str, Any]] = []
    found = [
        {"sheet": column["sheet"], "field": column["field"], "header": column["header"], "reason": "the run used it as this field because of its values", "likeness": 1.0}
        for column in result["mapped"]
        if column["is_guess"] and column["field"] in fields and simplify(column["header"])
    ]
    for table in result["tables"]:
        own = [at for at, field in enumerate(table["fields"]) if not (field or "").startswith("__")]
        sides = {at: ComparableColumn(*seen((str(table["headers"][at]),), [row[at] for row in table["rows"]])) for at in own}
        # All fields are written: those without a column have no values.
        claimed = {table["fields"][at]: at for at in own if table["fields"][at] in fields and sides[at].shown}
        # A column that is split has fields, and a part of it has a column even where it has no value.
        split = {whole: at for whole in wholes if (at := whole.among([" ".join(str(header).split()) for header in table["headers"]])) is not None}
        free = [at for at in own if table["fields"][at] is None and at not in split.values() and sides[at].shown and not is_count(sides[at].values)]
        names, places = [name for name in fields if name in claimed or name not in parts or parts[name].whole not in split], [*claimed.values(), *free]
        # A field that has a column here has its values.
        known = [ComparableColumn(fields[name].headers, sides[claimed[name]].kind or fields[name].kind, sides[claimed[name]].values) if name in claimed else fields[name] for name in names]
        settled = {(names.index(name), places.index(at)) for name, at in claimed.items()}
        lacking.update(dict.fromkeys(name for name in names if name not in claimed))
        columns += [{"sheet": table["sheet"], "header": sides[at].header} for at in free]
        paired = set()
        for pair in pairs(known, [sides[at] for at in places], settled):
            header = sides[places[pair.new]].header
            paired.add(header)
            found.append({"field": names[pair.known], "header": header, "sheet": table["sheet"], "reason": pair.reason, "likeness": pair.likeness})
        # A run's suggestion for a header that resembles a field's is a guess here, if there is no other for the column.
        for header in (sides[at].header for at in free):
            near = None if header in paired else nearest.to(header, [name for name in names if name not in claimed])
            if near is not None:
                found.append({"field": near["field"], "header": header, "sheet": table["sheet"], "reason": None, "likeness": near["likeness"]})
    shaped, gone = declarations(request, result, settings, registry, {name: fields[name].headers for name in lacking})
    # A field for stacked months is surely no single column, not even their total. Nor is a fact above the table.
    declared = {
        field for suggestion in shaped if suggestion["reason"] for field in suggestion["field"].split("+") if field in lacking
    }
    found = [
        suggestion for suggestion in found if simplify(suggestion["header"]) not in gone and suggestion["field"] not in declared
    ] + shaped
    once: dict[tuple[str, str], dict[str, Any]] = {}
    for one in sorted(found, key=lambda suggestion: (suggestion["reason"] is None, -suggestion["likeness"])):
        once.setdefault((one["field"], simplify(one["header"])), one)
    mapped = [{"field": column["field"], "header": column["header"]} for column in result["mapped"]]
    words = sorted(result["unknown_words"], key=lambda word: (word["field"], -word["count"]))
    return {"error": None, "fields": list(lacking), "columns": columns, "mapped": mapped, "suggestions": list(once.values()), "words": words}


def _fields(registry: Registry, root: Path) -> dict[str, ComparableColumn]:
    """Returns the fields of a configuration that have headers, with the values that its cases expect."""
    values: dict[str, list[Any]] = {}
    for file in sorted(root.glob("tests/cases/*/expected.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            header, *rows = [row for _, row in zip(range(_MAX_CASE_ROWS), csv.reader(lines))] or [[]]
        # Cases of several senders follow each other: a sum in one case is a sum in all.
        before = max(map(len, values.values()), default=0)
        for at, name in enumerate(header):
            column = values.setdefault(name, [])
            column += [None] * (before - len(column))
            column += [row[at] if at < len(row) and row[at] else None for row in rows]
    fields: dict[str, ComparableColumn] = {}
    for entry in registry.column_detectors:
        detector = entry.fn
        if isinstance(detector, FieldHeaders):
            side = ComparableColumn(*seen(detector.headers, values.get(detector.field, [])))
            fields.setdefault(detector.field, ComparableColumn(side.headers, detector.kind or side.kind, side.values))
    return fields


def edits(
    root: Path, accepted: list[tuple[str, str]], folder: Path, words: Iterable[dict[str, str]] = (), sender: str | None = None
) -> dict[str, list[dict[str, Any]]]:
    """Writes each changed file of a configuration into ``folder``, and returns ``edits``, and ``pastes`` for pasting by hand.

    ``accepted``: fields and their headers; ``words``: the ``word`` and the ``meaning`` for the ``file`` of words of a ``field``;
    ``sender``: the name of the file whose sender alone gets the headers.
    """
    sources = sources_of(root)
    changed: dict[Path, list[list[str]]] = {}
    pastes = []
    for one in words:
        path, said = root / one["file"], f"{one['word']}={one['meaning']}"
        try:
            sources[path] = WordsFile.parse(path, sources.get(path) or path.read_bytes()).with_word(one["word"], one["meaning"])
            changed.setdefault(path, []).append([one["field"], said])
        except (OSError, ValueError) as error:
            pastes.append({"field": one["field"], "header": said, "why": str(error)})
    for field, header in accepted:
        word = " ".join(header.split())
        try:
            if not simplify(word):
                raise NotEditableError("a header without letters or digits cannot identify a field")
            if is_declaration(word):
                path, text = written(sources, field, word)
            elif sender is not None:
                path = root / SETTINGS_FILE
                known = sources.get(path) or (path.read_bytes() if path.is_file() else b"")
                text = with_header(known, sender, field, word)
            else:
                path, text = added(sources, field, word)
            sources[path] = text
            changed.setdefault(path, []).append([field, word])
        except NotEditableError as error:
            pastes.append({"field": field, "header": word, "why": str(error)})
    made = []
    for number, (path, fields) in enumerate(changed.items()):
        (folder / f"{number}.new").write_bytes(sources[path])
        made.append({"file": str(path), "new": f"{number}.new", "added": fields})
    return {"edits": made, "pastes": pastes}


def is_declaration(text: str) -> bool:
    """Returns whether a suggestion is an argument of fields, and no header."""
    return bool(_STACK.fullmatch(text) or _ARGUMENT.fullmatch(text))


def declarations(
    request: dict[str, Any], result: dict[str, Any], settings: Settings, registry: Registry, lacking: Mapping[str, Iterable[str]]
) -> tuple[list[dict[str, Any]], set[str]]:
    """Returns the suggestions, and the simplified headers of columns that are then no fields. ``lacking``: the fields without a
    column, and their headers.
    """
    readers = readers_of(sources_of(Path(request["root"])))
    reshapes = registry.reshapes
    known = {*reshapes.filled, *reshapes.split, *reshapes.beside, *reshapes.stacked}
    found: dict[tuple[str, str], dict[str, Any]] = {}
    gone: set[str] = set()

    def propose(shape: ReshapePlan, sheet: str, fields: list[str], said: str) -> None:
        if fields and not known.intersection(fields):
            one = {"field": "+".join(fields), "header": said, "sheet": sheet, "reason": f"{shape.words}: {shape.why}" if shape.is_sure else None, "likeness": 1.0}
            found.setdefault((one["field"], said), one)
            gone.update(shape.gone)

    for table in result["tables"]:
        own = [at for at, field in enumerate(table["fields"]) if not (field or "").startswith("__") and (table["fields"][at] is None or any(row[at] not in (None, "") for row in table["rows"]))]
        headers, claimed = [table["headers"][at] for at in own], [table["fields"][at] for at in own]
        field_of = {" ".join(str(header).split()): field for header, field in zip(headers, claimed) if field}
        for shape in shapes_of(headers, [[row[at] for at in own] for row in table["rows"]]):
            stacks = {made.constant[1] for made in shape.made.values() if made.constant}
            if stacks and not any(simplify(label) in shape.gone for label in field_of):
                propose(shape, table["sheet"], _parts(shape, readers, lacking, registry), stacks.pop())
            for said in dict.fromkeys(str(made) for made in shape.made.values() if made.keyword in ("fill_down", "split")):
                propose(shape, table["sheet"], [field_of.get(label, "") for label, made in shape.made.items() if str(made) == said], said)
    for shape, sheet in _facts(request, result, settings):
        for label, made in shape.made.items():
            fields = [field for field, words in lacking.items() if simplify(label) in map(simplify, words)]
            propose(shape, sheet, fields[:1], str(made))
    return [one for one in found.values() if "" not in one["field"].split("+")], gone


def _parts(shape: ReshapePlan, readers: Mapping[str, str], lacking: Iterable[str], registry: Registry) -> list[str]:
    """Returns the fields of a stack, its header first: those without a column that have the right readers, else new ones."""
    free = [field for field in lacking if field not in registry.reshapes.stacked and field not in registry.reshapes.beside]
    chosen: list[str] = []
    for label, made in shape.made.items():
        if made.constant is None:
            continue
        is_key = made.value.endswith(".header")
        fitting = [field for field in free if field not in chosen and readers.get(field) in (_READ_KEYS if is_key else _READ_VALUES)]
        named = [field for field in free if field not in chosen and simplify(field) == simplify(label)]
        field = (named or (fitting if len(fitting) == 1 else []) or [slug(label) or "value"])[0]
        if field in registry.fields and field not in free:
            return []
        chosen.append(field)
    return chosen


def _facts(request: dict[str, Any], result: dict[str, Any], settings: Settings) -> list[tuple[ReshapePlan, str]]:
    """Returns the facts beside the tables of a file."""
    sheets = read_book(Path(request["input"]), settings).sheets
    titles = [sheets[place["sheet"]].title for place in result["places"]]
    above = [(shape, sheets[place["sheet"]].title) for place in result["places"] for shape in facts_above(sheets[place["sheet"]].rows, place["header"])]
    return above + [(shape, titles[0]) for shape in fact_of_sheets(titles)]


def written(sources: Mapping[Path, bytes], field: str, said: str) -> tuple[Path, bytes]:
    """Returns the file that has the fields, and its bytes with their arguments. Raises ``NotEditableError`` if it cannot be
    written.
    """
    names, readers = field.split("+"), readers_of(sources)
    is_stack = _STACK.fullmatch(said) is not None
    try:
        call = ast.parse(said if is_stack else f"f({said})", mode="eval").body
    except SyntaxError as error:
        raise NotEditableError("it is not an argument of Field(…)") from error
    constant, uses, arguments = None, set(re.findall(r"^beside=(\w+)", said)), dict.fromkeys(names, said)
    if is_stack and isinstance(call, ast.Call):
        constant, uses = _constant_for(call, said, sources), {"Stack"}
        groups = next(
        ([ast.literal_eval(key) for key in keyword.value.keys] for keyword in call.keywords if keyword.arg == "values"), None
    )
        parts = [f"{constant[0]}.header", *([f"{constant[0]}.value"] if groups is None else [f"{constant[0]}[{quoted(name)}]" for name in groups])]
        arguments = {name: f"part_of={part}" for name, part in zip(names, parts, strict=True)}
    own = {name: argument for name, argument in arguments.items() if name in readers}
    new = {}
    for at, (name, argument) in enumerate(arguments.items()):
        if name not in own:
            read = "text" if constant is None else (_key_reader(said) if at == 0 else "number")
            uses.add(read)
            new[name] = f"Field({quoted(name)}, {quoted(name.replace('_', ' ').capitalize())}, read={read}, {argument})"
    return declared(sources, own, new, constant, uses)


def _key_reader(said: str) -> str:
    series = re.match(r'Stack\("(\w+)s"', said)
    return series[1] if series and series[1] in _READ_KEYS else "text"


def _constant_for(call: ast.Call, said: str, sources: Mapping[Path, bytes]) -> tuple[str, str]:
    """Returns a name for a stack that no file has yet."""
    series = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else "columns"
    name, number = str(series).upper(), 1
    while any(re.search(rf"\b{name}\b".encode(), source) for source in sources.values()):
        number += 1
        name = f"{str(series).upper()}_{number}"
    return name, said
