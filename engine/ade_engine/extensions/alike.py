"""Searches the source of a module: for a substitute of its function ``register``, for its imports and its texts."""

from __future__ import annotations

import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_KINDS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _functions(tree: ast.Module) -> dict[str, int]:
    return {node.name: node.lineno for node in tree.body if isinstance(node, _KINDS)}


def has_register(tree: ast.Module) -> bool:
    """Returns whether a module has a function ``register``."""
    return "register" in _functions(tree)


def misspelt_register(tree: ast.Module) -> tuple[str, int, str] | None:
    """Returns a function of an imported module with nearly the name ``register`` and its parameters; other functions may be the
    module's purpose, such as one called ``registry``.
    """
    functions = {node.name: node.lineno for node in tree.body if isinstance(node, _KINDS) and _takes_one(node.args)}
    functions.pop("registry", None)
    # Most modules are correct plugins, which do not need this import.
    from difflib import get_close_matches

    for name in get_close_matches("register", functions, 1, 0.85):
        return f"`{name}`", functions[name], "is another name"
    return None


def _takes_one(arguments: ast.arguments) -> bool:
    others = arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.defaults
    return len(arguments.posonlyargs) + len(arguments.args) == 1 and not others


def in_place_of_register(tree: ast.Module) -> tuple[str, int, str] | None:
    """Returns the substitute for a function ``register`` in a module: the name, its line, and its kind."""
    functions = _functions(tree)
    for node in ast.walk(tree):
        if isinstance(node, _KINDS) and node.name == "register" and node not in tree.body:
            return "`register`", node.lineno, "is inside another function or class"
        if isinstance(node, ast.ClassDef) and node.name == "register":
            return "`register`", node.lineno, "is a class"
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(isinstance(target, ast.Name) and target.id == "register" for target in targets):
            return "`register`", node.lineno, "is a variable; write `def register(registry):`"
        if isinstance(node, ast.ImportFrom) and any((name.asname or name.name) == "register" for name in node.names):
            return "`register`", node.lineno, "is imported; write `def register(registry):`"
    from difflib import get_close_matches

    near = [name for name in functions if name.lower().startswith("regist")] or get_close_matches("register", functions, 1, 0.7)
    takes_registry = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and any(argument.arg == "registry" for argument in node.args.args)
    ]
    for name in (*near, *takes_registry):
        return f"`{name}`", functions[name], "is another name"
    return None


def imports(tree: ast.AST) -> Iterator[str]:
    """Yields the last parts of the names that a module imports, also within functions."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom):
                names.append(node.module or "")
            yield from (name.rpartition(".")[2] for name in names)


def texts(tree: ast.AST) -> Iterator[str]:
    """Yields the texts in a module, except those in calls that register something."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call):
            # The arguments of these calls name a field or a kind without using it.
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("register", "FieldDef") or name.startswith("register_"):
                continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        waiting += ast.iter_child_nodes(node)
