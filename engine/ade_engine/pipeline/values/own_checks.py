"""The engine's own checks, which the definitions of fields ask for."""

from __future__ import annotations

from ade_engine.extensions.registry import RegisteredFn
from ade_engine.fields import checks
from ade_engine.models import polars as pl
from ade_engine.models.issues import ERROR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.extensions.registry import Registry


def required(*, field_name: str) -> pl.Expr:
    """Checks fields that are ``required``."""
    return checks.required(field_name)


def unique(*, field_name: str) -> pl.Expr:
    """Checks fields that are ``unique``."""
    return checks.unique(field_name)


def validators_of(registry: Registry) -> dict[str, list[RegisteredFn]]:
    """Returns the validators of each field: those that its definition asks for, then those that the package has registered."""
    found = dict(registry.column_validators_by_field)
    for name, field in registry.fields.items():
        demands = [(fn, demand) for fn, demand in ((required, field.required), (unique, field.unique)) if demand]
        if demands:
            own = [RegisteredFn.from_function(fn, field=name, severity=severity_of(demand)) for fn, demand in demands]
            found[name] = [*own, *found.get(name, ())]
    return found


def is_demand(entry: RegisteredFn) -> bool:
    """Returns whether the definition of its field asks for a validator."""
    return entry.fn in (required, unique)


def severity_of(demand: bool | str) -> str:
    return ERROR if demand is True else str(demand)
