"""The registrations of a config package.

A package's ``register(registry)`` functions fill a :class:`Registry`; :meth:`Registry.finalize` then brings every list into the
order in which its callables run (priority descending, then module, then qualified name, then registration), and the run reads
it.
"""

from __future__ import annotations

from ade_engine.extensions.field_facts import at_field, check_demands
from ade_engine.infrastructure.observability.stack import calling_place
from ade_engine.models.errors import ConfigError
from ade_engine.models.fields import FieldDef, HookName
from ade_engine.models.issues import WARNING, checked_severity
from ade_engine.models.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class RegisteredFn(Record):
    """A callable and the purpose of its registration."""

    fn: Callable[..., Any]
    priority: int
    module: str
    qualname: str
    field: str | None = None
    row_kind: str | None = None
    hook_name: HookName | None = None
    #: The severity of a validator's findings.
    severity: str = WARNING

    @classmethod
    def from_function(cls, fn: Callable[..., Any], priority: int = 0, **purpose: Any) -> RegisteredFn:
        """Returns the entry of a callable under its own module and name."""
        module = getattr(fn, "__module__", None) or "<unknown>"
        qualname = getattr(fn, "__qualname__", None) or getattr(fn, "__name__", None) or "<unknown>"
        return cls(fn, priority, module, qualname, **purpose)

    @property
    def name(self) -> str:
        """Returns the module and the qualified name, by which messages name the callable."""
        return f"{self.module}.{self.qualname}"

    @property
    def sort_key(self) -> tuple[Any, str, str]:
        """Returns the position among its kind; ``TypeError`` if the priority is not a number."""
        try:
            return (-self.priority, self.module, self.qualname)
        except TypeError:
            raise TypeError(f"{self.name} has the priority {self.priority!r}; it should be a number") from None


class Reshapes(Record):
    """The fields' declarations for tables that are not one record a row, in terms of ``ade_engine.fields``."""

    #: Fields that are headers or cells of stacked columns, each with its ``StackPart``.
    stacked: dict[str, Any] = {}
    #: Fields beside a table, each with its ``Beside``s.
    beside: dict[str, tuple[Any, ...]] = {}
    #: The separators of several values in a cell, by field.
    split: dict[str, tuple[str, ...]] = {}
    #: Fields whose blank cells have the value of the cell above.
    filled: list[str] = []

    def add(self, field: str, part: Any, beside: tuple[Any, ...], split: tuple[str, ...], *, fill_down: bool) -> None:
        """Adds the declarations of a field."""
        if hasattr(part, "stack"):
            self.stacked[field] = part
        if beside:
            self.beside[field] = beside
        if split:
            self.split[field] = split
        if fill_down:
            self.filled.append(field)

    @property
    def stacks(self) -> list[Any]:
        """Returns the stacks, in the order of the fields."""
        return list({id(part.stack): part.stack for part in self.stacked.values()}.values())

    def has_section(self) -> bool:
        """Returns whether some field is the section head above its records."""
        return any(place.kind == "section" for places in self.beside.values() for place in places)

    def __bool__(self) -> bool:
        return bool(self.stacked or self.beside or self.split or self.filled)


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
        #: Fields that are parts of a column if they have none of their own, each with its ``Part``; filled by ``Field``.
        self.parts: dict[str, Any] = {}
        #: Fields that are read by a :class:`~ade_engine.fields.codes.Choice`; filled by ``Field``.
        self.choices: dict[str, Any] = {}
        #: The fields' declarations for tables that are not one record a row; filled by ``Field``.
        self.reshapes = Reshapes()
        #: Fields that are sums or differences of others: the field, these, and the factor of each; filled by ``Field``.
        self.relations: list[tuple[str, tuple[str, ...], tuple[int, ...]]] = []
        #: The plugin modules whose ``register`` has registered nothing.
        self.idle_modules: list[str] = []

    @property
    def size(self) -> int:
        """Returns the number of registrations."""
        lists = (self.fields, self.row_detectors, self.column_detectors, self.column_transforms, self.column_validators)
        return sum(map(len, lists)) + sum(map(len, self.hooks.values()))

    def register_field(self, field: FieldDef) -> FieldDef:
        """Registers a field. Detectors, transforms and validators for it may be registered from here on."""
        if not isinstance(getattr(field, "name", None), str):
            raise TypeError(f"register_field takes a FieldDef, whose name is a text, not {field!r}")
        if not isinstance(field.label, (str, type(None))):
            raise TypeError(f"field {field.name!r} has the label {field.label!r}; it should be a text")
        if getattr(field, "ade_place", None) is None:
            field.ade_place = calling_place()
        known = self.fields.get(field.name)
        if known is not None:
            first = known.ade_place
            raise at_field(field, f"field {field.name!r} is registered twice" + (f": first in {first[0]}, line {first[1]}" if first else ""))
        check_demands(field)
        self.fields[field.name] = field
        return field

    def register_row_detector(self, fn: Callable[..., Any], *, row_kind: str, priority: int) -> None:
        """Registers ``fn`` to score the kind of every row. ``row_kind`` documents the kind that it is mainly for."""
        self.row_detectors.append(_entry(fn, priority, row_kind=getattr(row_kind, "value", row_kind)))

    def register_column_detector(self, fn: Callable[..., Any], *, field: str, priority: int) -> None:
        """Registers ``fn`` to score the columns of every table for ``field``, and for any other field it returns."""
        self._require_field(fn, field, "column detector")
        self.column_detectors.append(_entry(fn, priority, field=field))

    def register_column_transform(self, fn: Callable[..., Any], *, field: str, priority: int) -> None:
        """Registers ``fn`` to compute ``field`` by an expression."""
        self._require_field(fn, field, "column transform")
        self.column_transforms.append(_entry(fn, priority, field=field))

    def register_column_validator(self, fn: Callable[..., Any], *, field: str, priority: int, severity: str = WARNING) -> None:
        """Registers ``fn`` to check ``field`` by an expression that yields a message, or null for a correct value.

        ``severity`` of the findings: ``error``, ``warning`` or ``info``.
        """
        self._require_field(fn, field, "column validator")
        entry = _entry(fn, priority, field=field)
        entry.severity = checked_severity(severity, f"column validator {entry.name}")
        self.column_validators.append(entry)

    def register_hook(self, fn: Callable[..., Any], *, hook: HookName | str, priority: int) -> None:
        """Registers ``fn`` to run at a stage of the run."""
        try:
            stage = HookName(hook)
        except ValueError:
            known = ", ".join(name.value for name in HookName)
            raise ConfigError(
                f"{RegisteredFn.from_function(fn).name} names no hook stage: {hook!r}; stages are {known}"
            ) from None
        self.hooks[stage].append(_entry(fn, priority, hook_name=stage))

    def finalize(self) -> None:
        """Sorts every list, and fills ``column_transforms_by_field`` and ``column_validators_by_field``.

        A run does it once all modules have registered. Calling it again includes later registrations.
        """
        for entries in (
            self.row_detectors,
            self.column_detectors,
            self.column_transforms,
            self.column_validators,
            *self.hooks.values(),
        ):
            entries.sort(key=lambda entry: entry.sort_key)
        self.column_transforms_by_field = _by_field(self.column_transforms)
        self.column_validators_by_field = _by_field(self.column_validators)

    def _require_field(self, fn: Callable[..., Any], field: str, role: str) -> None:
        if field not in self.fields:
            raise ConfigError(
                f"{role} {RegisteredFn.from_function(fn).name} is for field {field!r}, which is not registered (yet): "
                "call registry.register_field first"
            )

    def __repr__(self) -> str:
        return (
            f"Registry(fields={len(self.fields)}, row_detectors={len(self.row_detectors)}, "
            f"column_detectors={len(self.column_detectors)}, column_transforms={len(self.column_transforms)}, "
            f"column_validators={len(self.column_validators)}, hooks={sum(map(len, self.hooks.values()))})"
        )


def _entry(fn: Callable[..., Any], priority: int, **purpose: Any) -> RegisteredFn:
    """Returns the entry of a callable, refused where its author registers it and not when it is called."""
    if not callable(fn):
        raise TypeError(f"a function has to be registered, not {fn!r}")
    entry = RegisteredFn.from_function(fn, priority, **purpose)
    # Lists are sorted once all have registered, when the author's line is no longer known.
    entry.sort_key
    return entry


def _by_field(entries: list[RegisteredFn]) -> dict[str, list[RegisteredFn]]:
    found: dict[str, list[RegisteredFn]] = {}
    for entry in entries:
        found.setdefault(entry.field, []).append(entry)
    return found
