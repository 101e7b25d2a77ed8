"""Compiles a config package before its modules are imported.

Looking for plugin modules compiles them, and the folder of a package may not be written, so that Python keeps no bytecode
there: without this each of them would be compiled twice in a run. A warm engine compiles a package once for all its runs; that
executes no code of it.
"""

from __future__ import annotations

import warnings
from importlib.machinery import PathFinder, SourceFileLoader
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType

#: The maximum size of sources that are compiled ahead, in bytes: it takes half a second, and no run begins meanwhile.
_MAX_AHEAD_BYTES = 1 << 20
#: The folder of the package that was compiled ahead, and its code by the files' paths.
_ahead: tuple[str, dict[str, CodeType]] = "", {}


def compile_ahead(folder: Path) -> bool:
    """Compiles the modules of a package whose files do not change; returns whether that was not done before.

    Code that cannot be compiled, or that Python warns about, is left to the run, which reports it; and so are files above
    :data:`_MAX_AHEAD_BYTES` bytes.
    """
    global _ahead
    if str(folder) == _ahead[0]:
        return False
    _ahead, left = (str(folder), {}), _MAX_AHEAD_BYTES
    for path in folder.rglob("*.py"):
        try:
            left -= path.stat().st_size
            if left < 0:
                return True
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                code = SourceFileLoader("", str(path)).get_code("")
        except Exception:
            continue
        if not said:
            _ahead[1][str(path)] = code
    return True


def names_ahead() -> frozenset[str]:
    """Returns the names in the code that was compiled ahead: of modules, attributes, variables and parameters."""
    found: set[str] = set()
    left = [*_ahead[1].values()]
    while left:
        code = left.pop()
        found.update(code.co_names, code.co_varnames)
        left += [constant for constant in code.co_consts if isinstance(constant, type(code))]
    return frozenset(found)


class CompiledPackage:
    """The compiled modules of a package, as an entry of :data:`sys.meta_path`."""

    def __init__(self, folder: Path):
        self._package, self._codes = folder.name, _ahead[1] if str(folder) == _ahead[0] else {}

    def code_of(self, dotted: str, path: str) -> CodeType:
        """Returns the code of a module. Raises the errors of compiling it."""
        if path not in self._codes:
            self._codes[path] = SourceFileLoader(dotted, path).get_code(dotted)
        return self._codes[path]

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """Returns Python's spec for a module of the package, with its code."""
        found = PathFinder.find_spec(name, path, target) if name.partition(".")[0] == self._package else None
        if found is not None and found.origin in self._codes:
            found.loader = _Loader(name, found.origin)
            found.loader.code = self._codes[found.origin]
        return found


class _Loader(SourceFileLoader):
    code: CodeType

    def get_code(self, fullname: str) -> CodeType:
        return self.code
