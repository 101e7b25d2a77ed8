"""What stands in a module in place of its function ``register``: a slip of its author, or nothing."""

from __future__ import annotations

import ast

_KINDS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _functions(tree: ast.Module) -> dict[str, int]:
    return {node.name: node.lineno for node in tree.body if isinstance(node, _KINDS)}


def misspelt_register(tree: ast.Module) -> tuple[str, int, str] | None:
    """A function of an imported module that is called nearly ``register`` and takes what that does; others may be what the
    module is imported for, as one that is called ``registry`` is.
    """
    functions = {node.name: node.lineno for node in tree.body if isinstance(node, _KINDS) and _takes_one(node.args)}
    functions.pop("registry", None)
    # Most modules are plugins as they should be: they need no such import.
    from difflib import get_close_matches

    for name in get_close_matches("register", functions, 1, 0.85):
        return f"`{name}`", functions[name], "is another name"
    return None


def _takes_one(arguments: ast.arguments) -> bool:
    others = arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.defaults
    return len(arguments.posonlyargs) + len(arguments.args) == 1 and not others


def in_place_of_register(tree: ast.Module) -> tuple[str, int, str] | None:
    """What a module has in place of a function ``register``: the name, its line, and what it is."""
    functions = _functions(tree)
    for node in ast.walk(tree):
        if isinstance(node, _KINDS) and node.name == "register" and node not in tree.body:
            return "`register`", node.lineno, "is inside of something else"
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
