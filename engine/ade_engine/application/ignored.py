"""Parts of a config package that have no effect, though its author may expect one.

The engine ignores much on purpose: keys of other programs, modules that only others import, a package's own kinds of rows. A
check of a package reports probable slips, each with its position and, if there is one, the name that may have been meant.
"""

from __future__ import annotations

import os
import re
import sys
from functools import cached_property
from pathlib import Path

from ade_engine.extensions.loader import plugin_folders
from ade_engine.infrastructure.settings import FILES, SETTINGS_FILE, run_setting_names, setting_names, superfluous
from ade_engine.models.errors import nearest
from ade_engine.models.fields import RowKind
from ade_engine.pipeline.finding.header_rows import OTHER_KINDS
from ade_engine.pipeline.finding.row_detectors import shared_headers
from ade_engine.pipeline.output.manifest import COLUMN_KEYS, META_KEYS, manifest_file
from ade_engine.pipeline.signatures import misspelt_parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ade_engine.extensions.registry import RegisteredFn, Registry


def ignored(config_folder: Path, package_folder: Path, plugins: list[str], registry: Registry) -> list[str]:
    """Yields a sentence for each part without effect. The package is loaded."""
    modules = _Modules(package_folder)
    return [
        *_settings(config_folder, package_folder),
        *_of_fields(config_folder, registry),
        *_manifest(config_folder, package_folder, registry, modules),
        *_row_kinds(registry, modules),
        *_modules(package_folder, plugins, modules, registry),
        *_fields(registry, modules),
        *shared_headers(registry),
        *misspelt_parameters(registry),
    ]


def _settings(config_folder: Path, package_folder: Path) -> Iterator[str]:
    path = config_folder / SETTINGS_FILE
    text, document = _read(path) if path.is_file() else ("", {})
    of_edition = document.get("edition") == "2026"
    for key in document:
        if key == FILES:
            yield from _tables_of_files(path, text, document[FILES], of_edition=of_edition)
        elif superfluous(key):
            yield f"{path}{_line_of(key, text)}: {_without_effect(key, of_edition=of_edition)}"
        elif key == "log_level":
            place = f"{path}{_line_of(key, text) or ', line 1'}"
            yield f"{place}: log_level is ignored here; set it where the engine is started"
        elif key not in setting_names():
            yield f"{path}{_line_of(key, text) or ', line 1'}: there is no setting {key!r}{nearest(key.lower(), setting_names())}"
    if document.get("issues_sheet") is True and not of_edition:
        yield f"{path}{_line_of('issues_sheet', text)}: issues_sheet has no effect before edition 2026"
    misplaced = package_folder / SETTINGS_FILE
    if package_folder != config_folder and misplaced.is_file():
        yield f"{misplaced} is not read; move its settings to {path}"


def _without_effect(key: str, *, of_edition: bool) -> str:
    advice = "remove the line" if of_edition else "`ade fix DIR --edition` upgrades the configuration to edition 2026"
    return f"{key} has no effect; {advice}. {superfluous(key)}"


def _tables_of_files(path: Path, text: str, tables: Any, *, of_edition: bool) -> Iterator[str]:
    for pattern, table in tables.items() if isinstance(tables, dict) else ():
        # A key may be in several tables: its line is the first one below the table's name.
        lines = text.splitlines()
        start = next((at for at, line in enumerate(lines) if pattern in line.split("#", 1)[0]), 0)
        if "/" in pattern:
            yield f'{path}, line {start + 1}, [files."{pattern}"]: no file matches, because patterns are compared with the name without its folder'
        for key in table:
            if key in run_setting_names():
                continue
            if isinstance(table[key], dict):
                meant = _unquoted(f"{pattern}.{key}", table[key])
                yield f'{path}, line {start + 1}: quote the pattern: [files."{meant}"]'
                continue
            line = next((at for at, line in enumerate(lines[start:], start + 1) if key in line.split("#", 1)[0]), start + 1)
            place = f'{path}, line {line}, [files."{pattern}"]'
            if superfluous(key):
                yield f"{place}: {_without_effect(key, of_edition=of_edition)}"
            elif key in setting_names():
                yield f"{place}: {key} is ignored here: it cannot be set for single files"
            else:
                yield f"{place}: there is no setting {key!r}{nearest(key.lower(), run_setting_names())}"


def _of_fields(config_folder: Path, registry: Registry) -> Iterator[str]:
    """Yields values and headers for unknown fields, given for some files; those for all files are refused."""
    path = config_folder / SETTINGS_FILE
    text, document = _read(path) if path.is_file() else ("", {})
    tables = document.get(FILES)
    for pattern, table in tables.items() if isinstance(tables, dict) else ():
        for name in ("values", "headers"):
            given = table.get(name) if isinstance(table, dict) else None
            for field in given if isinstance(given, dict) else ():
                if field not in registry.fields:
                    yield f'{path}{_line_of(field, text)}, [files."{pattern}".{name}]: there is no field {field!r}{nearest(field, registry.fields)}'


def _unquoted(pattern: str, table: dict[str, Any]) -> str:
    """Returns the pattern that was meant if TOML takes the parts between its dots for nested tables."""
    while len(table) == 1:
        ((key, value),) = table.items()
        if key in setting_names() or not isinstance(value, dict):
            break
        pattern, table = f"{pattern}.{key}", value
    return pattern


def _manifest(config_folder: Path, package_folder: Path, registry: Registry, modules: _Modules) -> Iterator[str]:
    path = manifest_file(config_folder, package_folder)
    if path is None:
        return
    text, document = _read(path)
    for key in document:
        if key != "columns":
            yield f"{path}{_line_of(key, text)}: the manifest has no {key!r}{nearest(key.lower(), ('columns',))}"
    columns = document.get("columns")
    entries: list[tuple[str | None, Any, Iterable[str]]] = []
    if isinstance(columns, list):
        for entry in columns:
            field = entry if isinstance(entry, str) else entry.get("field", entry.get("name"))
            entries.append((field, entry, COLUMN_KEYS))
    elif isinstance(columns, dict):
        meta = columns.get("meta", {})
        entries += [(field, {}, META_KEYS) for field in columns.get("order", []) if field not in meta]
        entries += [(field, entry, META_KEYS) for field, entry in meta.items()]
        for key in columns:
            if key not in ("order", "meta"):
                yield f"{path}{_line_of(key, text)}: columns has no {key!r}{nearest(key.lower(), ('order', 'meta'))}"
    for field, entry, known in entries:
        for key in entry if isinstance(entry, dict) else ():
            if key not in known:
                yield f"{path}{_line_of(key, text)}: the column {field!r} has no {key!r}{nearest(key.lower(), known)}"
        if field is not None and field not in registry.fields and not modules.use(field):
            meant = nearest(field.lower(), registry.fields)
            only = "so this applies only to a column with that name"
            yield f"{path}{_line_of(field, text)}: {field!r} is not a registered field, {only}{meant}"


def _row_kinds(registry: Registry, modules: _Modules) -> Iterator[str]:
    acted_on = [*(kind.value for kind in RowKind), *OTHER_KINDS]
    for entry in registry.row_detectors:
        kind = entry.row_kind
        if kind in acted_on or not isinstance(kind, str):
            continue
        meant = nearest(kind.lower(), ("header", "data"))
        # A kind of the package's own that its detectors score is no slip, unless it is nearly one of the engine's.
        if meant or not modules.use(kind):
            yield f"{_of(entry)}: row_kind {kind!r} has no effect; the engine uses header and data{meant}"


def _modules(package_folder: Path, plugins: list[str], modules: _Modules, registry: Registry) -> Iterator[str]:
    """Yields modules that register nothing although they look as if they should, and that no module imports."""
    folders = plugin_folders(package_folder)
    for path in modules.paths:
        dotted = _dotted(package_folder, path)
        place = path.relative_to(package_folder).parts
        # Another module may import a module of a plugin folder, although it was meant to register something.
        if dotted in registry.idle_modules:
            yield f"{path} registers nothing: its function `register` calls no method of the registry"
        if dotted in plugins or dotted in sys.modules and place[0] not in folders:
            continue
        tree = modules.tree(path)
        if tree is None:
            continue
        from ade_engine.extensions.alike import has_register, in_place_of_register, misspelt_register

        if place[0] not in folders:
            if len(place) > 1 and has_register(tree):
                meant = nearest(place[0].lower(), folders)
                yield f"{path} is not loaded: plugins are in {', '.join(f'{name}/' for name in folders)}{meant}"
            continue
        alike = misspelt_register(tree) if dotted in sys.modules else in_place_of_register(tree)
        if alike is not None:
            name, line, why = alike
            yield f"{path}, line {line}: the module is not loaded, because it has no top-level function `register`: {name} {why}"
        elif tree.body and path.name != "__init__.py" and dotted not in sys.modules and path.stem not in modules.imported:
            yield f"{path} registers nothing: it has no function `register`, and no module imports it; write `def register(registry):`"


def _fields(registry: Registry, modules: _Modules) -> Iterator[str]:
    filled = {entry.field for entry in (*registry.column_detectors, *registry.column_transforms)}
    for name in registry.fields:
        if name not in filled and not modules.use(name):
            yield f"field {name!r} is never found: it has no column detector and no transform, and no other code names it"


class _Modules:
    """The sources of a package, and the texts that they use."""

    def __init__(self, package_folder: Path):
        self.paths: list[Path] = []
        self._trees: dict[Path, ast.Module | None] = {}
        for parent, folders, files in os.walk(package_folder):
            folders[:] = sorted(name for name in folders if name != "tests" and not name.startswith(("_", ".")))
            for name in sorted(files):
                if name.endswith(".py") and name != "tests.py" and (name == "__init__.py" or not name.startswith("_")):
                    self.paths.append(Path(parent, name))

    def tree(self, path: Path) -> ast.Module | None:
        """Returns the syntax tree of a module, which most packages do not need; ``None`` if it is no plugin, because the
        package would not have loaded.
        """
        if path not in self._trees:
            import ast

            try:
                self._trees[path] = ast.parse(path.read_bytes())
            except (OSError, SyntaxError, ValueError, RecursionError):
                self._trees[path] = None
        return self._trees[path]

    @cached_property
    def imported(self) -> set[str]:
        """Returns the last parts of the names that the package imports, also within functions."""
        from ade_engine.extensions.alike import imports

        return {name for tree in filter(None, map(self.tree, self.paths)) for name in imports(tree)}

    @cached_property
    def _used(self) -> set[str]:
        from ade_engine.extensions.alike import texts

        return {text for tree in filter(None, map(self.tree, self.paths)) for text in texts(tree)}

    def use(self, text: str) -> bool:
        """Returns whether code contains the text outside of its registration."""
        return text in self._used


def _dotted(package_folder: Path, path: Path) -> str:
    parts = path.relative_to(package_folder.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _of(entry: RegisteredFn) -> str:
    code = getattr(entry.fn, "__code__", None)
    return entry.name if code is None else f"{entry.name} ({code.co_filename}, line {code.co_firstlineno})"


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".json":
        import json

        document = json.loads(text)
    else:
        from ade_engine.infrastructure.toml import parse_toml

        document = parse_toml(text)
    return text, document if isinstance(document, dict) else {}


def _line_of(name: str, text: str) -> str:
    """Returns the position of a key or a value as ``, line 3``."""
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", line.split("#", 1)[0]):
            return f", line {number}"
    return ""
