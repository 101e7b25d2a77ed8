"""The parameters of callables, without `inspect` for plain functions: its import takes as long as a third of the engine's."""

from __future__ import annotations

from types import FunctionType, MethodType

from ade_engine.models.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

#: Kinds of parameters, by the names in `inspect`.
POSITIONAL_ONLY, POSITIONAL_OR_KEYWORD, VAR_POSITIONAL, KEYWORD_ONLY, VAR_KEYWORD = range(5)
#: Flags of the code of functions with ``*args``, and with ``**kwargs``.
_TAKES_MORE, _TAKES_NAMED = 4, 8
#: The default of a parameter that has none.
EMPTY: Any = object()


class Parameter(Record):
    """One parameter of a callable."""

    name: str
    kind: int
    default: Any = EMPTY


def read_parameters(fn: Callable[..., Any]) -> list[Parameter]:
    """Returns the parameters of a callable, in order; raises ``TypeError`` or ``ValueError`` if they are unknown."""
    function, is_bound = fn, False
    if type(function) is not FunctionType and type(type(function).__dict__.get("__call__")) is FunctionType:
        function, is_bound = type(function).__call__, True
    elif type(function) is MethodType:
        function, is_bound = function.__func__, True
    if type(function) is not FunctionType or any(hasattr(candidate, sign) for candidate in (fn, function) for sign in ("__wrapped__", "__signature__")):
        from inspect import signature

        found = signature(fn)
        return [Parameter(parameter.name, int(parameter.kind), EMPTY if parameter.default is found.empty else parameter.default) for parameter in found.parameters.values()]
    code, defaults, named = function.__code__, function.__defaults__ or (), function.__kwdefaults__ or {}
    names, count = code.co_varnames, code.co_argcount
    found = []
    for at, name in enumerate(names[:count]):
        kind = POSITIONAL_ONLY if at < code.co_posonlyargcount else POSITIONAL_OR_KEYWORD
        number = at - (count - len(defaults))
        found.append(Parameter(name, kind, defaults[number] if number >= 0 else EMPTY))
    behind = count + code.co_kwonlyargcount
    if code.co_flags & _TAKES_MORE:
        found.append(Parameter(names[behind], VAR_POSITIONAL))
        behind += 1
    for name in names[count : count + code.co_kwonlyargcount]:
        found.append(Parameter(name, KEYWORD_ONLY, named.get(name, EMPTY)))
    if code.co_flags & _TAKES_NAMED:
        found.append(Parameter(names[behind], VAR_KEYWORD))
    return found[is_bound:]
