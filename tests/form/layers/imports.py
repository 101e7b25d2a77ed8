"""Prints each file of a Python package on a line of its own, and behind it the files of the package that it imports."""

import ast
import pathlib
import sys


def main(folder: pathlib.Path, compiled: list[str]) -> None:
    package = folder.name
    # The files of the modules, by the modules' dotted names.
    files = {f"{package}.{name}": name for name in compiled}
    modules = []
    for path in folder.rglob("*.py"):
        parts = path.relative_to(folder).with_suffix("").parts
        is_folder = parts[-1] == "__init__"
        inside = parts[:-1] if is_folder else parts
        module = ".".join([package, *inside])
        files[module] = "/".join(inside) or "__init__"
        modules.append((path, module, module if is_folder else module.rpartition(".")[0]))
    for name in compiled:
        print(name)
    for path, module, home in modules:
        statements = ast.walk(ast.parse(path.read_text()))
        targets = {files.get(name) or files.get(within) for statement in statements for name, within in imported(statement, home)}
        print(files[module], *sorted(targets - {None}))


def imported(statement: ast.AST, home: str) -> list[tuple[str, str]]:
    """Returns the imports of a statement, each as a name and its module. `home` is the package that relative names start from."""
    match statement:
        case ast.Import(names=names):
            return [(name.name, "") for name in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            parents = home.split(".")
            base = [*parents[: len(parents) + 1 - level], module or ""] if level else [module]
            within = ".".join(part for part in base if part)
            return [(f"{within}.{name.name}", within) for name in names]
    return []


main(pathlib.Path(sys.argv[1]), sys.argv[2:])
