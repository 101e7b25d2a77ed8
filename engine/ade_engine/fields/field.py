"""A field with its headers, its reader and its checks, registered at once."""

from __future__ import annotations

from inspect import signature

from ade_engine.fields.headers import FieldHeaders, simplify
from ade_engine.fields.readers import money
from ade_engine.models.fields import FieldDef

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    import polars as pl

    from ade_engine.extensions.registry import Registry


class Field:
    """A field of the output: what it is called, which headers people give it, how its cells are read and checked.

    ``read`` and each of ``checks`` take the field's name and return an expression: the functions of this package, or your
    own. A function of yours that calls its argument ``field_name`` may also name what a transform may name, such as
    ``column_unit``. What is not said here can be registered beside it: more detectors, transforms and validators for the
    same field.
    """

    def __init__(
        self,
        name: str,
        label: str | None = None,
        *,
        headers: Sequence[str] = (),
        read: Callable[..., pl.Expr] | None = None,
        checks: Sequence[Callable[..., pl.Expr]] = (),
        **facts: Any,
    ):
        if isinstance(headers, str) or not all(isinstance(header, str) for header in headers):
            raise TypeError(f"Field {name!r}: headers should be a list of texts, not {headers!r}")
        if callable(checks) or not all(map(callable, checks)):
            raise TypeError(f"Field {name!r}: checks should be a list of functions, such as checks=[required]")
        if read is not None and not callable(read):
            raise TypeError(f"Field {name!r}: read should be a function such as date, without brackets behind it")
        self.name = name
        self.label = label
        self.headers = tuple(headers) or (label or name.replace("_", " "),)
        self.read = read
        self.checks = tuple(checks)
        #: What ``FieldDef`` takes besides: ``dtype``, ``meta``, ``width``, ``format``.
        self.facts = {"format": "money", **facts} if read is money else facts

    @property
    def words(self) -> set[str]:
        """The headers, simplified: for row detectors that look for them."""
        return {simplify(header) for header in self.headers}

    def register(self, registry: Registry) -> None:
        """Register the field, a detector for its headers, its reader and its checks."""
        registry.register_field(FieldDef(name=self.name, label=self.label, **self.facts))

        registry.register_column_detector(FieldHeaders(self.name, self.headers), field=self.name, priority=20)
        if self.read is not None:
            registry.register_column_transform(_of_field(self.read, self.name, "read"), field=self.name, priority=20)
        for number, check in enumerate(self.checks):
            validator = _of_field(check, self.name, f"check {number + 1}")
            registry.register_column_validator(validator, field=self.name, priority=20 - number)


def _of_field(function: Callable[..., pl.Expr], field: str, role: str) -> Callable[..., pl.Expr]:
    """The function as the engine calls it: by the names of its parameters, so one that takes ``field_name`` is left as it is."""
    try:
        is_author_s = "field_name" in signature(function).parameters
    except (TypeError, ValueError):
        is_author_s = False
    return function if is_author_s else _named(lambda field_name: function(field_name), field, role)


def _named(function: Callable[..., Any], field: str, role: str = "header") -> Callable[..., Any]:
    """The function under the name that messages call it by."""
    function.__name__ = function.__qualname__ = f"Field({field!r}).{role}"
    return function
