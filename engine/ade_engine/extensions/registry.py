"""What a config package registers.

A package's ``register(registry)`` functions fill a :class:`Registry`; the run reads it. Every list is kept in the
order in which its callables run: priority descending, then module, then qualified name, then registration.
"""

from __future__ import annotations

from bisect import insort_right

from ade_engine.models.errors import ConfigError
from ade_engine.models.fields import FieldDef, HookName

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class RegisteredFn:
    """A callable and what it was registered for."""

    __slots__ = ("fn", "priority", "module", "qualname", "field", "row_kind", "hook_name")

    def __init__(
        self,
        fn: Callable[..., Any],
        priority: int = 0,
        *,
        field: str | None = None,
        row_kind: str | None = None,
        hook_name: HookName | None = None,
    ):
        self.fn = fn
        self.priority = priority
        self.module = getattr(fn, "__module__", None) or "<unknown>"
        self.qualname = getattr(fn, "__qualname__", None) or getattr(fn, "__name__", None) or "<unknown>"
        self.field = field
        self.row_kind = row_kind
        self.hook_name = hook_name

    @property
    def name(self) -> str:
        """Module and qualified name, as reports and messages name the callable."""
        return f"{self.module}.{self.qualname}"

    @property
    def sort_key(self) -> tuple[Any, str, str]:
        return (-self.priority, self.module, self.qualname)

    def __repr__(self) -> str:
        purpose = self.hook_name or self.field or self.row_kind
        return f"RegisteredFn({self.name}, priority={self.priority!r}, for={str(purpose)!r})"


class Registry:
    """Fields, detectors, transforms, validators and hooks of one config package."""

    def __init__(self) -> None:
        self.fields: dict[str, FieldDef] = {}
        self.row_detectors: list[RegisteredFn] = []
        self.column_detectors: list[RegisteredFn] = []
        self.column_transforms: list[RegisteredFn] = []
        self.column_validators: list[RegisteredFn] = []
        self.column_transforms_by_field: dict[str, list[RegisteredFn]] = {}
        self.column_validators_by_field: dict[str, list[RegisteredFn]] = {}
        self.hooks: dict[HookName, list[RegisteredFn]] = {stage: [] for stage in HookName}

    def register_field(self, field: FieldDef) -> FieldDef:
        """Make a field known. Detectors, transforms and validators for it may be registered from here on."""
        if field.name in self.fields:
            raise ConfigError(f"field {field.name!r} is registered twice")
        self.fields[field.name] = field
        return field

    def register_row_detector(self, fn: Callable[..., Any], *, row_kind: str, priority: int) -> None:
        """Let ``fn`` vote for the kind of every row. ``row_kind`` tells readers what it is mainly for."""
        _insert(self.row_detectors, RegisteredFn(fn, priority, row_kind=getattr(row_kind, "value", row_kind)))

    def register_column_detector(self, fn: Callable[..., Any], *, field: str, priority: int) -> None:
        """Let ``fn`` score the columns of every table for ``field``, and for any other field it returns."""
        self._require_field(fn, field, "column detector")
        _insert(self.column_detectors, RegisteredFn(fn, priority, field=field))

    def register_column_transform(self, fn: Callable[..., Any], *, field: str, priority: int) -> None:
        """Let ``fn`` compute ``field`` by an expression."""
        self._require_field(fn, field, "column transform")
        entry = RegisteredFn(fn, priority, field=field)
        _insert(self.column_transforms, entry)
        _insert(self.column_transforms_by_field.setdefault(field, []), entry)

    def register_column_validator(self, fn: Callable[..., Any], *, field: str, priority: int) -> None:
        """Let ``fn`` check ``field`` by an expression that gives a message, or null where all is well."""
        self._require_field(fn, field, "column validator")
        entry = RegisteredFn(fn, priority, field=field)
        _insert(self.column_validators, entry)
        _insert(self.column_validators_by_field.setdefault(field, []), entry)

    def register_hook(self, fn: Callable[..., Any], *, hook: HookName | str, priority: int) -> None:
        """Run ``fn`` at a stage of the run."""
        try:
            stage = HookName(hook)
        except ValueError:
            known = ", ".join(name.value for name in HookName)
            raise ConfigError(f"{RegisteredFn(fn).name} names no hook stage: {hook!r}; stages are {known}") from None
        _insert(self.hooks[stage], RegisteredFn(fn, priority, hook_name=stage))

    def _require_field(self, fn: Callable[..., Any], field: str, role: str) -> None:
        if field not in self.fields:
            raise ConfigError(
                f"{role} {RegisteredFn(fn).name} is for field {field!r}, which is not registered (yet): "
                "call registry.register_field first"
            )

    def __repr__(self) -> str:
        return (
            f"Registry(fields={len(self.fields)}, row_detectors={len(self.row_detectors)}, "
            f"column_detectors={len(self.column_detectors)}, column_transforms={len(self.column_transforms)}, "
            f"column_validators={len(self.column_validators)}, hooks={sum(map(len, self.hooks.values()))})"
        )


def _insert(entries: list[RegisteredFn], entry: RegisteredFn) -> None:
    insort_right(entries, entry, key=_sort_key)


def _sort_key(entry: RegisteredFn) -> tuple[Any, str, str]:
    return entry.sort_key
