"""Shapes of a run's tables as suggestions to an author: what to say of which fields, and the file that says it.

A suggestion names fields with plus signs between them, and what is said of each: ``month+amount`` and ``Stack("months")``, ``site`` and
``fill_down=True``. A field that there is not yet is made.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from ade_engine.cases.grids import read_book
from ade_engine.fields.headers import simplify
from ade_engine.inference.edit import NotEditable, declared, quoted, readers_of, sources_of
from ade_engine.inference.inferred import slug
from ade_engine.inference.shapes import fact_of_sheets, facts_above, shapes_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ade_engine.extensions.registry import Registry
    from ade_engine.inference.shapes import Shape
    from ade_engine.infrastructure.settings import Settings

_STACK = re.compile(r"Stack\(.*\)")
_ARGUMENT = re.compile(r"(?:fill_down|split|beside)=.+")
#: What reads the headers of stacked columns, and their cells.
_READ_KEYS = ("month", "quarter", "week", "year", "date", "date_time")
_READ_VALUES = ("money", "number", "quantity", "percent")


def is_declaration(text: str) -> bool:
    """Whether a suggestion says something of fields, and is no header."""
    return bool(_STACK.fullmatch(text) or _ARGUMENT.fullmatch(text))


def declarations(
    request: dict[str, Any], result: dict[str, Any], settings: Settings, registry: Registry, lacking: Mapping[str, Iterable[str]]
) -> tuple[list[dict[str, Any]], set[str]]:
    """The suggestions, and the columns, simplified, that are no fields then. ``lacking``: the fields without a column, and their headers."""
    readers = readers_of(sources_of(Path(request["root"])))
    reshapes = registry.reshapes
    known = {*reshapes.filled, *reshapes.split, *reshapes.beside, *reshapes.stacked}
    found: dict[tuple[str, str], dict[str, Any]] = {}
    gone: set[str] = set()

    def suggest(shape: Shape, sheet: str, fields: list[str], said: str) -> None:
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
                suggest(shape, table["sheet"], _parts(shape, readers, lacking, registry), stacks.pop())
            for said in dict.fromkeys(str(made) for made in shape.made.values() if made.keyword in ("fill_down", "split")):
                suggest(shape, table["sheet"], [field_of.get(label, "") for label, made in shape.made.items() if str(made) == said], said)
    for shape, sheet in _facts(request, result, settings):
        for label, made in shape.made.items():
            fields = [field for field, words in lacking.items() if simplify(label) in map(simplify, words)]
            suggest(shape, sheet, fields[:1], str(made))
    return [one for one in found.values() if "" not in one["field"].split("+")], gone


def _parts(shape: Shape, readers: Mapping[str, str], lacking: Iterable[str], registry: Registry) -> list[str]:
    """The fields of a stack, its header first: those without a column that are read so, else new ones."""
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


def _facts(request: dict[str, Any], result: dict[str, Any], settings: Settings) -> list[tuple[Shape, str]]:
    """What stands beside the tables of a file."""
    sheets = read_book(Path(request["input"]), settings).sheets
    titles = [sheets[place["sheet"]].title for place in result["places"]]
    above = [(shape, sheets[place["sheet"]].title) for place in result["places"] for shape in facts_above(sheets[place["sheet"]].rows, place["header"])]
    return above + [(shape, titles[0]) for shape in fact_of_sheets(titles)]


def written(sources: Mapping[Path, bytes], field: str, said: str) -> tuple[Path, bytes]:
    """The file that has the fields, and its bytes with what is said of them. Raises ``NotEditable`` where it cannot be written."""
    names, readers = field.split("+"), readers_of(sources)
    is_stack = _STACK.fullmatch(said) is not None
    try:
        call = ast.parse(said if is_stack else f"f({said})", mode="eval").body
    except SyntaxError as error:
        raise NotEditable("it is no argument of a field") from error
    constant, uses, arguments = None, set(re.findall(r"^beside=(\w+)", said)), dict.fromkeys(names, said)
    if is_stack and isinstance(call, ast.Call):
        constant, uses = _constant_for(call, said, sources), {"Stack"}
        groups = next(([ast.literal_eval(key) for key in one.value.keys] for one in call.keywords if one.arg == "values"), None)
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
    """A name for a stack that no file has yet."""
    series = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else "columns"
    name, number = str(series).upper(), 1
    while any(re.search(rf"\b{name}\b".encode(), source) for source in sources.values()):
        number += 1
        name = f"{str(series).upper()}_{number}"
    return name, said
