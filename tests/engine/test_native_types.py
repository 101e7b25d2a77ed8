"""``_native.pyi`` and the native module say the same: no name is missing, and none is too much."""

import ast
import inspect
from pathlib import Path

import ade_engine
from ade_engine import _native

STUB = ast.parse((Path(ade_engine.__file__).parent / "_native.pyi").read_text(encoding="utf-8"))


def said(function):
    """Names and kinds of a function's parameters in the stub, and which of them may be left out."""
    arguments = function.args
    may_be_left_out = len(arguments.defaults)
    named = [*arguments.posonlyargs, *arguments.args]
    found = [(one.arg, "positional", at >= len(named) - may_be_left_out) for at, one in enumerate(named)]
    found += [(one.arg, "keyword", default is not None) for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults)]
    return [one for one in found if one[0] not in ("self", "cls")]


def real(function):
    """The same of a function of the module."""
    kinds = {inspect.Parameter.KEYWORD_ONLY: "keyword"}
    return [
        (parameter.name, kinds.get(parameter.kind, "positional"), parameter.default is not inspect.Parameter.empty)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name != "self"
    ]


def is_property(function):
    return any(isinstance(one, ast.Name) and one.id == "property" for one in function.decorator_list)


CLASSES = {
    node.name: {part.name: part for part in node.body if isinstance(part, ast.FunctionDef)}
    for node in STUB.body
    if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
}
FUNCTIONS = {node.name: node for node in STUB.body if isinstance(node, ast.FunctionDef)}


def test_the_module_has_the_names_of_the_stub_and_no_others():
    names = {name for name in dir(_native) if not name.startswith("__")}
    assert names == CLASSES.keys() | FUNCTIONS.keys()


def test_functions_take_what_the_stub_says():
    assert {name: real(getattr(_native, name)) for name in FUNCTIONS} == {name: said(one) for name, one in FUNCTIONS.items()}


def test_classes_have_the_methods_and_attributes_of_the_stub():
    for name, parts in CLASSES.items():
        own = {part for part in vars(getattr(_native, name)) if part not in ("__doc__", "__module__", "__weakref__")}
        own -= {"__ne__", "__lt__", "__le__", "__gt__", "__ge__"} if "__eq__" in parts else set()
        assert own == parts.keys(), name
        for part, function in parts.items():
            native = getattr(_native, name) if part == "__new__" else inspect.getattr_static(getattr(_native, name), part)
            if is_property(function):
                assert inspect.isdatadescriptor(native), f"{name}.{part}"
            elif part not in ("__eq__", "__hash__"):
                assert real(native) == said(function), f"{name}.{part}"
