"""Checks that every callable can be called: its stage offers all values that its signature asks for.

A run finds that out when it calls them. A check of a config package calls none, so it uses this module.
"""

from __future__ import annotations

from ade_engine.extensions import parameters
from ade_engine.extensions.invoke import CallFailure, MissingParameter, located, meant_parameter, parameters_of, plan_call, source_of
from ade_engine.pipeline.columns import mapping
from ade_engine.pipeline.finding import row_detectors
from ade_engine.pipeline.hooks import offered_to_hooks
from ade_engine.pipeline.values import expressions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ade_engine.extensions.registry import RegisteredFn, Registry


def wrong_signatures(registry: Registry) -> list[CallFailure]:
    """Returns a complaint about each callable that needs a value its stage does not offer, with the position of its code.

    A callable that is registered several times, perhaps for several fields, is reported once.
    """
    complaints: dict[tuple[Any, ...], CallFailure] = {}
    for role, entry, offered in _callables(registry):
        missing = plan_call(entry.fn, offered).missing
        if missing is not None:
            place = source_of(entry.fn)
            where = "" if place is None else f" ({place[0]}, line {place[1]}, in {place[2]})"
            told = f"{role} {entry.name} {MissingParameter(missing, offered, parameters_of(entry.fn))}{where}"
            failure = CallFailure(told, located(entry, role, place))
            complaints.setdefault((place or entry.name, missing), failure)
    return list(complaints.values())


def misspelt_parameters(registry: Registry) -> list[str]:
    """Returns a sentence for each parameter that always keeps its default although a value with nearly its name is offered."""
    found: dict[tuple[Any, ...], str] = {}
    for role, entry, offered in _callables(registry):
        try:
            taken = parameters.read_parameters(entry.fn)
        except (TypeError, ValueError):
            continue
        for parameter in taken:
            name = parameter.name
            # `columns=("a", "b")` is the function's own constant, and no slip for `column`.
            is_own = name in offered or name.rstrip("s") in offered
            if parameter.default is parameters.EMPTY or is_own:
                continue
            near = meant_parameter(name, offered, parameters_of(entry.fn), 0.8)
            if near is not None:
                place = source_of(entry.fn)
                where = "" if place is None else f" ({place[0]}, line {place[1]})"
                told = f"{role} {entry.name}{where}: its parameter {name!r} always has its default; did you mean {near!r}?"
                found.setdefault((place or entry.name, name), told)
    return list(found.values())


def _callables(registry: Registry) -> Iterator[tuple[str, RegisteredFn, tuple[str, ...]]]:
    for role, entries, offered in (
        ("Row detector", registry.row_detectors, row_detectors.OFFERED),
        ("Column detector", registry.column_detectors, mapping.OFFERED),
        ("Transform", registry.column_transforms, expressions.OFFERED),
        ("Validator", registry.column_validators, expressions.OFFERED),
    ):
        for entry in entries:
            yield role, entry, offered
    for stage, entries in registry.hooks.items():
        for entry in entries:
            yield f"Hook of {stage.value}", entry, offered_to_hooks(stage)
