"""Calls the functions of config packages.

A stage offers named values. A callable gets those that its signature names, by keyword (positional-only ones by position), and
all of them if it takes ``**kwargs``. A missing value or an exception is reported with the position in the author's file: see
:func:`explain`.
"""

from __future__ import annotations

from ade_engine.extensions import parameters
from ade_engine.extensions.missing_modules import advice_on
from ade_engine.infrastructure.observability.stack import author_frame, is_engine_file
from ade_engine.infrastructure.observability.wording import said_by, told
from ade_engine.models.errors import ExtensionComplaint, PipelineError
from ade_engine.models.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from ade_engine.extensions.registry import RegisteredFn

#: Exceptions that count as a callable's own failure. `sys.exit()` in a detector must not end the program silently.
RAISED = (Exception, SystemExit)

#: Values that every callable is offered.
COMMON_NAMES = ("settings", "metadata", "state", "input_file_name", "logger")

#: Values for callables that name them: packages with ``**kwargs`` are older than these.
ONLY_BY_NAME = frozenset(
    ("column_header", "column_header_parts", "column_profile", "column_unit", "merged_ranges", "report", "row_layout")
)

#: Values that are polars objects, or hold or take such; and imports of a module that uses polars itself.
OF_POLARS = frozenset(("polars", "column", "report", "table", "table_result", "tables", "write_table"))


class MissingParameter(ExtensionComplaint):
    """A callable needs a value that its stage does not offer."""

    def __init__(self, parameter: str, offered: Iterable[str], taken: Iterable[str] = ()):
        super().__init__(parameter)
        self.parameter = parameter
        self.offered = sorted(offered)
        self._taken = frozenset(taken)

    def __str__(self) -> str:
        # A common beginning is closer than a name of about as many letters: "column_header" is "column_header_original".
        longer = [name for name in self.offered if name.startswith(f"{self.parameter}_") and name not in self._taken]
        near = longer[0] if longer else meant_parameter(self.parameter, self.offered, self._taken)
        meant = f" (did you mean {near!r}?)" if near else ""
        return f"needs {self.parameter!r}, which this stage does not offer{meant}; it offers {', '.join(self.offered)}"


def meant_parameter(name: str, offered: Iterable[str], taken: Iterable[str], least: float = 0.6) -> str | None:
    """Returns the value that a misspelt parameter may mean: the most similar of those that the callable does not take already.
    """
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, [known for known in offered if known not in taken], 1, least)), None)


def parameters_of(fn: Callable[..., Any]) -> tuple[str, ...]:
    """Returns the names of a callable's parameters; none if its signature cannot be read."""
    try:
        return tuple(parameter.name for parameter in parameters.read_parameters(fn))
    except (TypeError, ValueError):
        return ()


class CallPlan(Record):
    """The values of a stage that one callable gets, and how."""

    #: Names to pass by position, each with the default for a stage that lacks the value.
    positional: tuple[tuple[str, Any], ...]
    keywords: tuple[str, ...]
    #: A parameter without default that the stage lacks.
    missing: str | None

    def names(self) -> set[str]:
        """Returns the names of the values that the callable gets."""
        return {name for name, _ in self.positional} | set(self.keywords)


def plan_call(fn: Callable[..., Any], offered: Iterable[str]) -> CallPlan:
    """Returns how ``fn`` takes the values of a stage."""
    offered = tuple(offered)
    try:
        found = parameters.read_parameters(fn)
    except (TypeError, ValueError):
        # A built-in without a readable signature gets everything, and may refuse.
        return CallPlan((), tuple(name for name in offered if name not in ONLY_BY_NAME), None)
    positional: list[tuple[str, Any]] = []
    keywords: list[str] = []
    takes_all = False
    for parameter in found:
        known = parameter.name in offered
        if parameter.kind == parameters.VAR_KEYWORD:
            takes_all = True
        elif parameter.kind == parameters.VAR_POSITIONAL:
            continue
        elif not known and parameter.default is parameters.EMPTY:
            return CallPlan((), (), parameter.name)
        elif parameter.kind == parameters.POSITIONAL_ONLY:
            positional.append((parameter.name, parameter.default))
        elif known:
            keywords.append(parameter.name)
    # A default at the end of the positional part is left to the callable.
    while positional and positional[-1][0] not in offered:
        positional.pop()
    if takes_all:
        taken = {name for name, _ in positional}
        named = {*keywords}
        keywords = [
            name for name in offered if name not in taken and (name in named or name not in ONLY_BY_NAME)
        ]
    return CallPlan(tuple(positional), tuple(keywords), None)


class Caller:
    """Calls one callable repeatedly with the values of one stage."""

    __slots__ = ("fn", "plan", "_offered")

    def __init__(self, fn: Callable[..., Any], offered: Iterable[str]):
        self.fn = fn
        self._offered = tuple(offered)
        self.plan = plan_call(fn, self._offered)
        if not OF_POLARS.isdisjoint(self.plan.names()):
            # Before any table is made, so that each is polars' own.
            import polars  # noqa: F401

    def __call__(self, values: Mapping[str, Any]) -> Any:
        plan = self.plan
        if plan.missing is not None:
            raise MissingParameter(plan.missing, self._offered, parameters_of(self.fn))
        keywords = {name: values[name] for name in plan.keywords}
        if plan.positional:
            by_position = [values.get(name, default) for name, default in plan.positional]
            return self.fn(*by_position, **keywords)
        return self.fn(**keywords)


def call_extension(fn: Callable[..., Any], context: Any, *, label: str | None = None) -> Any:
    """Calls ``fn`` with the values that it takes from ``context``: a mapping, or one of the context classes.

    A parameter that the context lacks, and any ``TypeError``, is a :class:`PipelineError`.
    """
    if isinstance(context, dict):
        values = context
    elif hasattr(context, "_fields"):
        values = {name: getattr(context, name) for name in context._fields}
        for alias in ("column_sample", "header_text"):
            if hasattr(type(context), alias):
                values[alias] = getattr(context, alias)
    else:
        values = dict(context)
    try:
        return Caller(fn, values)(values)
    except (MissingParameter, TypeError) as error:
        name = label or getattr(fn, "__qualname__", None) or getattr(fn, "__name__", None) or repr(fn)
        raise PipelineError(f"{name}: {said_by(error)}") from error


def source_of(fn: Any) -> tuple[str, int, str] | None:
    """Returns the file, the line and the name of the code behind a callable: through partials, wrappers and instances.

    For the engine's own functions it is the line where an author has given them to a field.
    """
    given: tuple[str, int, str] | None = None
    for _ in range(32):
        given = getattr(fn, "ade_place", given)
        if hasattr(fn, "ade_wraps"):
            fn = fn.ade_wraps
        elif hasattr(fn, "__wrapped__"):
            fn = fn.__wrapped__
        elif hasattr(fn, "func") and not hasattr(fn, "__code__"):
            fn = fn.func
        elif hasattr(fn, "__func__"):
            fn = fn.__func__
        elif not hasattr(fn, "__code__") and hasattr(type(fn), "__call__") and hasattr(type(fn).__call__, "__code__"):
            fn = type(fn).__call__
        else:
            break
    code = getattr(fn, "__code__", None)
    if code is None or given is not None and is_engine_file(code.co_filename):
        return given
    return code.co_filename, code.co_firstlineno, code.co_name


class CallFailure(Record):
    """A callable's failure: the message for the author, and its position."""

    message: str
    location: dict[str, Any]


def located(entry: RegisteredFn, role: str, place: tuple[str, int | None, str] | None) -> dict[str, Any]:
    """Returns a callable and the position of its code, as the data of a failure."""
    location: dict[str, Any] = {"callable": entry.name, "role": role}
    if place is not None:
        location.update(file=place[0], line=place[1], function=place[2])
    return location


class WrongResult(ExtensionComplaint):
    """A callable returned a wrong value. The text completes "detector x …"."""


def explain(entry: RegisteredFn, role: str, subject: str, error: BaseException, folder: str | None) -> CallFailure:
    """Describes the failure of ``entry``.

    ``subject`` names the purpose of the call ("sheet 'Orders', row 7"); ``folder`` is the config package's, whose files are the
    likeliest to be at fault. In a run of `ade` the message holds no cell values.
    """
    from ade_engine.infrastructure.observability.refusals import said_of_refusal

    raised = not isinstance(error, ExtensionComplaint)
    frame = author_frame(error.__traceback__, folder) if raised else None
    place = source_of(entry.fn) if frame is None else (frame.filename, frame.lineno, frame.name)
    where = "" if place is None else f" ({place[0]}, line {place[1]}, in {place[2]})"
    what = f"raised {told(error, frame)}" if raised else str(error)
    what += advice_on(error) + said_of_refusal(error)
    message = f"{role[:1].upper()}{role[1:]} {entry.name} {what}; called for {subject}{where}"
    return CallFailure(message, {**located(entry, role, place), "called_for": subject})
