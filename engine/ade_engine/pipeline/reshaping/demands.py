"""Refuses what fields and settings say of reshaped tables that cannot be, before a run begins."""

from __future__ import annotations

from ade_engine.models.errors import ConfigError, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.extensions.registry import Registry
    from ade_engine.infrastructure.settings import Settings


def check_reshapes(registry: Registry, settings: Settings) -> None:
    """Refuse stacks whose cells no field takes, parts that several fields take, and values of fields that there are not."""
    stacked = registry.reshapes.stacked
    for stack in registry.reshapes.stacks:
        fields: dict[str | None, str] = {}
        for field, part in stacked.items():
            if part.stack is not stack:
                continue
            if part.name in fields:
                raise _refused(registry, field, f"fields {fields[part.name]!r} and {field!r} are both {part!r}; take it from one of them")
            fields[part.name] = field
        if fields.keys() == {None}:
            such = f"part_of=…[{stack.names[0]!r}]" if stack.groups else "part_of=….value"
            raise _refused(registry, fields[None], f"field {fields[None]!r} is the header of {stack!r}, and no field has its cells: write a field with {such}")
    for field in settings.values:
        if field not in registry.fields:
            raise ConfigError(f"the setting values names a field {field!r} that is not registered{did_you_mean(field, registry.fields)}")


def _refused(registry: Registry, field: str, message: str) -> ConfigError:
    error = ConfigError(message)
    place = getattr(registry.fields[field], "ade_place", None)
    if place is not None:
        error.ade_place = dict(zip(("file", "line", "function"), place))
    return error
