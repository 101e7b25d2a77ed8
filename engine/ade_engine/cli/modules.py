"""The code of all modules that a run imports, in one file of the environment.

A run imports some 400 modules, and looks for each in several folders. Read from one file, and without docstrings that nobody
reads in a run, they take a quarter less time. ``ade`` has the file written when it has built an environment, and other
environments of the same packages get it, too; each engine uses it from its first import on. Modules of config packages, and
packages that these depend on, are not in it.

It is valid as long as the environment is unchanged: the same Python with the same standard library, and nothing installed
since. Otherwise it is ignored.

The format: the magic number of Python's bytecode; the length of the following data, 8 bytes; a marshalled pair of the facts
that must be unchanged, and of the modules by name: file (below the folder of packages, if its path is not absolute), whether it
is a package (``None``: an extension), and the start and the length of its marshalled code after that.
"""

import posix
import sys
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import MAGIC_NUMBER, ExtensionFileLoader, SourceFileLoader
from _imp import _fix_co_filename
from marshal import dumps, loads

#: Packages whose docstrings are not used by their import. numpy edits its own, and fails without.
_UNREAD = ("ade_engine", "polars")
#: The folder of the installed packages.
_INSTALLED = __file__.rsplit("/", 3)[0]
#: The minimum length of a docstring that is left out: a shorter one may be a constant that the function uses, too.
_MIN_DOCSTRING_CHARS = 40


def use() -> None:
    """Imports from the file from now on, if there is a valid one."""
    try:
        file = posix.open(f"{sys.prefix}/modules", posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return
    head = posix.read(file, 12)
    if head[:4] == MAGIC_NUMBER:
        length = int.from_bytes(head[4:], "little")
        unchanged, modules = loads(posix.read(file, length))
        if unchanged == _signs():
            sys.meta_path.insert(0, _Finder(file, 12 + length, modules))
            return
    posix.close(file)


def write(path: str) -> None:
    """Writes the file to ``path``, with all modules that a run imports. Without room for it no file is left."""
    import os

    import ade_engine.cli.app  # noqa: F401
    from ade_engine.cli.warm import import_all

    import_all()
    import polars  # noqa: F401

    modules, codes, end = {}, [], 0
    for name, module in sorted(sys.modules.items()):
        spec = getattr(module, "__spec__", None)
        if spec is None or spec.name != name or name == "__main__":
            continue
        loader = spec.loader
        if type(loader) is SourceFileLoader:
            code = loader.get_code(name)
            code = dumps(_without_docstrings(code) if name.startswith(_UNREAD) else code)
            is_package = spec.submodule_search_locations is not None
            modules[name] = (loader.path.removeprefix(f"{_INSTALLED}/"), is_package, end, len(code))
            codes.append(code)
            end += len(code)
        elif type(loader) is ExtensionFileLoader:
            modules[name] = (loader.path.removeprefix(f"{_INSTALLED}/"), None, 0, 0)
    index = dumps((_signs(), modules))
    beside = f"{path}.part"
    try:
        with open(beside, "wb") as file:
            file.writelines([MAGIC_NUMBER, len(index).to_bytes(8, "little"), index, *codes])
        os.replace(beside, path)
    except OSError:
        pass


def _signs() -> tuple[str, int, int]:
    """Returns the facts that change with the standard library, and with the installed packages."""
    library = sys.modules["os"].__file__
    return (library, *(posix.stat(place).st_mtime_ns for place in (library, _INSTALLED)))


class _Finder:
    """Finds the modules of the file."""

    def __init__(self, file, start, modules):
        self.file, self.start, self.modules = file, start, modules
        # A folder before all others replaces modules of the same names; but polars is the engine's, too.
        self.first = sys.path[0]

    def find_spec(self, name, path=None, target=None):
        found = self.modules.get(name)
        if found is None or (path is None and sys.path[0] != self.first and name != "polars"):
            return None
        place, is_package, start, length = found
        if place[0] != "/":
            place = f"{_INSTALLED}/{place}"
        if is_package is None:
            loader = ExtensionFileLoader(name, place)
        else:
            loader = _Loader(name, place)
            loader.code = (self.file, self.start + start, length)
        spec = ModuleSpec(name, loader, origin=place, is_package=bool(is_package))
        spec.has_location = True
        if is_package:
            spec.submodule_search_locations.append(place.rpartition("/")[0])
        return spec


class _Loader(SourceFileLoader):
    """A module with a file of its own whose code is also elsewhere."""

    def get_code(self, fullname):
        file, start, length = self.code
        try:
            code = posix.pread(file, length, start)
        except OSError:
            code = b""
        # A config package may close files that it has not opened.
        if len(code) != length:
            return super().get_code(fullname)
        code = loads(code)
        _fix_co_filename(code, self.path)
        return code


def _without_docstrings(code):
    """Returns the same code without long docstrings of functions; those that introspection shows of classes and modules stay.
    """
    constants = [_without_docstrings(constant) if isinstance(constant, type(code)) else constant for constant in code.co_consts]
    is_function = code.co_flags & 0x02 and not code.co_name.startswith("<")
    if is_function and constants and isinstance(constants[0], str) and len(constants[0]) >= _MIN_DOCSTRING_CHARS:
        constants[0] = None
    return code.replace(co_consts=tuple(constants))
