"""Finds a config package, imports its plugin modules, and calls their ``register``.

Plugin modules are found by their source, not by importing them: a helper that happens to be in ``columns/`` is imported only
when a plugin imports it.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from types import CodeType

from ade_engine.extensions.compiled import CompiledPackage
from ade_engine.extensions.missing_modules import advice_on
from ade_engine.infrastructure.observability.stack import author_frame
from ade_engine.infrastructure.observability.wording import clipped_line, kind_of, said_by, told
from ade_engine.infrastructure.policy import policy
from ade_engine.models.errors import ConfigError
from ade_engine.models.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ade_engine.extensions.registry import Registry

DEFAULT_PACKAGE = "ade_config"
#: The names under which packages were loaded.
_LOADED: set[str] = set()
#: Flags of the code of functions, whose local names are known when they are compiled.
_CO_OPTIMIZED, _CO_NEWLOCALS = 1, 2


def plugin_folders(package: Path) -> tuple[str, ...]:
    """Returns the folders of plugin modules below the package. ``row_types`` is the older name of ``row_detectors``; with both,
    it holds no plugins.
    """
    is_older = (package / "row_types").is_dir() and not (package / "row_detectors").is_dir()
    return ("columns", "row_types" if is_older else "row_detectors", "hooks")


class InvalidSource(ModuleNotFoundError):
    """A plugin module that is not valid Python: a missing module for callers, a syntax error for people."""

    ade_kind = "SyntaxError"

    def __init__(self, dotted: str, path: str, error: SyntaxError | ValueError):
        line = getattr(error, "lineno", None)
        self.ade_place = {"file": path, **({"line": line} if line else {})}
        super().__init__(_said_of_source(error), name=dotted, path=path)

    def __str__(self) -> str:
        return f"{self.msg} ({place_in_words(self.ade_place)})"


def _said_of_source(error: SyntaxError | ValueError) -> str:
    """Returns Python's message for unreadable code, with the line; it puts the file, without its folder, behind its own
    message.
    """
    line = clipped_line(getattr(error, "text", None) or "")
    return (getattr(error, "msg", None) or str(error)) + (f" at `{line}`" if line else "")


def place_of(error: BaseException, folder: Path) -> dict[str, str | int]:
    """Returns the file, the line and the function of a config package whose loading raised; empty if they are unknown."""
    if hasattr(error, "ade_place"):
        return error.ade_place
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return {"file": error.filename, "line": error.lineno}
    place = author_frame(error.__traceback__, str(folder))
    if place is None or not Path(place.filename).is_relative_to(folder):
        return {}
    return dict(zip(("file", "line", "function"), place))


def words_of(error: BaseException, *, named: bool, place: dict[str, str | int]) -> str:
    """Returns one line for a failed load, or another error outside of callables.

    ``named``: with the kind of the error, as for one that is not the engine's own.
    """
    from ade_engine.infrastructure.observability.refusals import said_of_refusal

    is_told_whole = policy().quotes_values or hasattr(error, "ade_free_of_values")
    if isinstance(error, InvalidSource) or isinstance(error, SyntaxError) and is_told_whole:
        # The position is named anyway.
        said = error.msg if isinstance(error, InvalidSource) else _said_of_source(error)
        text = f"{kind_of(error)}: {said}" if named else said
    else:
        text = told(error) if named else said_by(error) or told(error)
    text += advice_on(error) + said_of_refusal(error)
    return f"{text} ({place_in_words(place)})" if place else text


def place_in_words(place: dict[str, str | int]) -> str:
    """Returns the position for messages, in parentheses."""
    words = {"file": "{}", "line": "line {}", "function": "in {}"}
    return ", ".join(words[key].format(value) for key, value in place.items())


class ConfigImport(Record, frozen=True):
    """The way to import a config package: its name, and the folder that has to be on ``sys.path``."""

    package_name: str
    import_root: Path


def resolve_config_import(config_package: str | os.PathLike) -> ConfigImport:
    """Returns the folder and the name for importing a config package.

    The given folder may be the package itself, hold packages under ``src/``, or hold ``ade_config/``. ``~`` and links are
    resolved.
    """
    folder = Path(config_package).expanduser().resolve()
    if _is_package(folder):
        return ConfigImport(folder.name, folder.parent)
    source = folder / "src"
    if source.is_dir():
        names = sorted(entry.name for entry in source.iterdir() if _is_package(entry))
        if DEFAULT_PACKAGE in names:
            return ConfigImport(DEFAULT_PACKAGE, source)
        if names:
            return ConfigImport(names[0], source)
    if _is_package(folder / DEFAULT_PACKAGE):
        return ConfigImport(DEFAULT_PACKAGE, folder)
    raise ModuleNotFoundError(
        f"{folder} holds no config package: neither the folder itself nor src/* nor {DEFAULT_PACKAGE}/ "
        "is a Python package (a folder with an __init__.py)"
    )


def import_and_register(config_package: str | os.PathLike, registry: Registry) -> list[str]:
    """Imports the package's plugin modules in order and calls ``register`` of each; returns their names.

    Afterwards the registry is ready for a run. An error that is raised meanwhile has the attribute ``ade_of_config``.
    """
    try:
        return _import_and_register(config_package, registry)
    except (Exception, SystemExit) as error:
        error.ade_of_config = True
        raise


def _import_and_register(config_package: str | os.PathLike, registry: Registry) -> list[str]:
    spec = resolve_config_import(config_package)
    root, package = spec.import_root, spec.package_name
    forget(package)
    importlib.invalidate_caches()
    sys.path.insert(0, str(root))
    compiled = CompiledPackage(root / package)
    sys.meta_path.insert(0, compiled)
    try:
        found = find_plugins(root / package, package, compiled)
        importlib.import_module(package)
        if not found:
            none = ModuleNotFoundError(
                f"config package {root / package} has no plugin module: no file below "
                f"{', '.join(f'{name}/' for name in plugin_folders(root / package))} defines register(registry)"
            )
            raise _with_slip(none, root / package, found, is_imported=False) or none
        before = registry.size
        for name in found:
            module = importlib.import_module(name)
            size = registry.size
            outcome = module.register(registry)
            if registry.size == size:
                registry.idle_modules.append(name)
            if hasattr(outcome, "cr_code"):
                # `async def register` is found like any other, but it is not awaited.
                outcome.close()
        if registry.size == before:
            # A package may register nothing; one that tries to and fails has a slip.
            nothing = ConfigError(f"config package {root / package} registers nothing")
            slip = _with_slip(nothing, root / package, found, is_imported=True)
            if slip is not None:
                raise slip
        registry.finalize()
    finally:
        for known, own in ((sys.path, str(root)), (sys.meta_path, compiled)):
            if own in known:
                known.remove(own)
    return found


def find_plugins(folder: Path, package: str, compiled: CompiledPackage) -> list[str]:
    """Returns the dotted names of the package's plugin modules, in order."""
    return sorted(dotted for dotted, path in _modules(folder, package) if defines_register(dotted, path, compiled))


def _with_slip(error: Exception, folder: Path, found: list[str], *, is_imported: bool) -> Exception | None:
    """Returns the error with the substitute for ``register`` in a module that is no plugin; ``None`` if there is none.

    ``is_imported``: a plugin may import such a module for its other contents.
    """
    import ast

    from ade_engine.extensions.alike import in_place_of_register, misspelt_register

    look = misspelt_register if is_imported else in_place_of_register
    for dotted, path in sorted(_modules(folder, folder.name)):
        if dotted in found:
            continue
        with open(path, "rb") as source:
            slip = look(ast.parse(source.read()))
        if slip is not None:
            name, line, why = slip
            slipped = type(error)(f"{error}; a module counts if it has a top-level function `register`, and {name} {why}")
            slipped.ade_place = {"file": path, "line": line}
            return slipped
    return None


def _modules(folder: Path, package: str) -> Iterator[tuple[str, str]]:
    """Yields the dotted name and the path of each module that may be a plugin."""
    for place in plugin_folders(folder):
        for parent, folders, files in os.walk(folder / place):
            folders[:] = [name for name in folders if not _is_skipped(name)]
            inside = os.path.relpath(parent, folder).replace(os.sep, ".")
            for file_name in files:
                stem, extension = os.path.splitext(file_name)
                if extension != ".py" or (stem != "__init__" and _is_skipped(stem)):
                    continue
                dotted = f"{package}.{inside}" if stem == "__init__" else f"{package}.{inside}.{stem}"
                yield dotted, os.path.join(parent, file_name)


def defines_register(dotted: str, path: str, compiled: CompiledPackage) -> bool:
    """Returns whether the module has ``def register`` (or ``async def``) at its top level.

    The compiled module is searched, because the import that follows needs it anyway. A function statement at the top level is
    one whose first line starts in the first column.
    """
    try:
        code = compiled.code_of(dotted, path)
    except (SyntaxError, ValueError) as error:
        raise InvalidSource(dotted, path, error) from error
    first_lines = [
        constant.co_firstlineno
        for constant in code.co_consts
        if isinstance(constant, CodeType)
        and constant.co_name == "register"
        and constant.co_flags & _CO_NEWLOCALS
        and constant.co_flags & _CO_OPTIMIZED
    ]
    if not first_lines:
        return False
    with open(path, "rb") as source:
        lines = source.read().removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return any(lines[number - 1].lstrip(b"\x0c").startswith((b"def", b"async", b"@")) for number in first_lines)


def _is_package(folder: Path) -> bool:
    return folder.name.isidentifier() and (folder / "__init__.py").is_file()


def _is_skipped(name: str) -> bool:
    return name == "tests" or name.startswith("_")


def forget(package: str) -> None:
    """Drops the modules that an earlier load imported under this name, so that equal names never mix."""
    is_new = package not in _LOADED and package not in sys.modules
    _LOADED.add(package)
    if is_new:
        # Visiting the modules would copy memory of a warm engine, because each name counts its references.
        return
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]
