"""Refuses impossible demands of fields and settings on reshaped tables, before a run begins."""

from __future__ import annotations

from ade_engine.extensions.field_facts import at_field
from ade_engine.models.errors import ConfigError, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.extensions.registry import Registry
    from ade_engine.infrastructure.settings import Settings


def check_reshapes(registry: Registry, settings: Settings) -> None:
    """Refuses stacks whose cells no field takes, parts that several fields take, and settings for unknown fields."""
    stacked = registry.reshapes.stacked
    for stack in registry.reshapes.stacks:
        fields: dict[str | None, str] = {}
        for field, part in stacked.items():
            if part.stack is not stack:
                continue
            if part.name in fields:
                raise at_field(registry.fields[field], f"fields {fields[part.name]!r} and {field!r} both have part_of={part!r}; remove it from one of them")
            fields[part.name] = field
        if fields.keys() == {None}:
            such = f"part_of=…[{stack.names[0]!r}]" if stack.groups else "part_of=….value"
            raise at_field(registry.fields[fields[None]], f"field {fields[None]!r} has the headers of {stack!r}, but no field has its cells; add a field with {such}")
    for name, fields in (("values", settings.values), ("headers", settings.headers)):
        for field in fields:
            if field not in registry.fields:
                raise ConfigError(f"the setting {name} names a field {field!r} that is not registered{did_you_mean(field, registry.fields)}")
