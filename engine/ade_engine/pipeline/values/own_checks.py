"""The engine's own checks, which the definitions of fields ask for."""

from __future__ import annotations

from ade_engine.extensions.field_facts import key_of
from ade_engine.extensions.registry import RegisteredFn
from ade_engine.fields import checks
from ade_engine.fields.surroundings import ROW
from ade_engine.models import polars as pl
from ade_engine.models.issues import ERROR
from ade_engine.pipeline.shared.table_columns import as_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ade_engine.extensions.registry import Registry
    from ade_engine.models.fields import FieldDef


def required(*, field_name: str) -> pl.Expr:
    """Checks fields that are ``required``."""
    return checks.required(field_name)


def unique(*, field_name: str) -> pl.Expr:
    """Checks fields that are ``unique``."""
    return checks.unique(field_name)


def unique_together(names: tuple[str, ...], fields: Mapping[str, FieldDef]) -> Callable[..., pl.Expr | None]:
    """Returns a check that no other row of the table has the same values of some fields. Rows in which one is empty are fine.
    ``fields``: those of the package.
    """

    def unique(*, field_name: str, table: pl.DataFrame) -> pl.Expr | None:
        places: dict[tuple[str | None, ...], list[int]] = {}
        keys = keys_of(table, names)
        for at, key in enumerate(keys):
            places.setdefault(key, []).append(at)
        said: list[str | None] = [None] * table.height
        numbers = table.get_column(ROW).to_list() if ROW in table.columns else None
        for key, rows in places.items():
            for at in rows if key and len(rows) > 1 else ():
                other = rows[1] if at == rows[0] else rows[0]
                said[at] = same_key(names, fields, "another row" if numbers is None or numbers[other] is None else f"row {numbers[other]}")
        return pl.lit(pl.Series(said, dtype=pl.String))

    return unique


def keys_of(table: pl.DataFrame, names: tuple[str, ...]) -> list[tuple[str | None, ...]]:
    """Returns the texts of some fields for each row of a table; an empty tuple if one has no value."""
    columns = [as_text(table.get_column(name)).to_list() if name in table.columns else [None] * table.height for name in names]
    return [() if None in key else key for key in zip(*columns)]


def same_key(names: tuple[str, ...], fields: Mapping[str, FieldDef], where: str) -> str:
    """Returns the message of a row with the key of another."""
    *most, last = [fields[name].label or name if name in fields else name for name in names]
    return f"{where} has the same {', '.join(most)} and {last}"


def validators_of(registry: Registry) -> dict[str, list[RegisteredFn]]:
    """Returns the validators of each field: those that its definition asks for, then those that the package has registered."""
    found = dict(registry.column_validators_by_field)
    for name, field in registry.fields.items():
        key = key_of(field)
        demands = [(fn, demand) for fn, demand in ((required, field.required), (unique if len(key) < 2 else unique_together(key, registry.fields), field.unique)) if demand]
        if demands:
            own = [RegisteredFn.from_function(fn, field=name, severity=severity_of(demand)) for fn, demand in demands]
            found[name] = [*own, *found.get(name, ())]
    return found


def is_demand(entry: RegisteredFn) -> bool:
    """Returns whether the definition of its field asks for a validator."""
    return entry.fn in (required, unique)


def severity_of(demand: bool | str | tuple[str, ...]) -> str:
    return demand if isinstance(demand, str) else ERROR
