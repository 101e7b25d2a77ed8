"""What the engine itself checks: what the definitions of fields ask for."""

from __future__ import annotations

from typing import Any

import polars as pl

from ade_engine.extensions.registry import RegisteredFn
from ade_engine.fields import checks
from ade_engine.models.issues import ERROR
from ade_engine.pipeline.issues.listed import KEYS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.extensions.registry import Registry
    from ade_engine.pipeline.output.merge import BuiltTable
    from ade_engine.pipeline.shared.context import RunContext


def required(*, field_name: str, **_: Any) -> pl.Expr:
    """The validator of fields that are ``required``."""
    return checks.required(field_name)


def unique(*, field_name: str, **_: Any) -> pl.Expr:
    """The validator of fields that are ``unique``."""
    return checks.unique(field_name)


def validators_of(registry: Registry) -> dict[str, list[RegisteredFn]]:
    """The validators of each field: those that its definition asks for, then those that the package has registered."""
    found = dict(registry.column_validators_by_field)
    for name, field in registry.fields.items():
        demands = [(fn, demand) for fn, demand in ((required, field.required), (unique, field.unique)) if demand]
        if demands:
            own = [RegisteredFn.of(fn, field=name, severity=_severity(demand)) for fn, demand in demands]
            found[name] = [*own, *found.get(name, ())]
    return found


def is_demand(entry: RegisteredFn) -> bool:
    """Whether a validator is one that the definition of its field asks for."""
    return entry.fn in (required, unique)


def missing_fields(context: RunContext, tables: list[BuiltTable]) -> pl.DataFrame:
    """Lines of the list of issues for the required fields that no table of a sheet has."""
    there: set[str] = set()
    for result in (table.result for table in tables):
        there.update(column.field_name for column in (*result.mapped_columns, *result.derived_mappings))
        # What a hook or a transform has computed is there, too.
        there.update(column.name for column in result.table.get_columns() if column.null_count() < len(column))
    missing = [field for name, field in context.registry.fields.items() if field.required and name not in there]
    lines = [
        {
            "sheet": context.sheet_name,
            "severity": _severity(field.required),
            "field": field.name,
            "label": field.label or field.name,
            "rule": f"{field.name}.required",
            "message": "no column for this field",
        }
        for field in missing
    ]
    return pl.DataFrame([{key: line.get(key) for key in KEYS} for line in lines], schema=KEYS)


def _severity(demand: bool | str) -> str:
    return ERROR if demand is True else str(demand)
