"""The order of transforms in edition 2026: a field comes behind the fields whose values its transforms use.

A reader uses the values of a column only if the file has none there: else it reads what the file says. A function that takes the
table may use any value.
"""

from __future__ import annotations

from ade_engine.extensions import parameters
from ade_engine.extensions.invoke import RAISED, source_of
from ade_engine.fields.readers import Reader
from ade_engine.models.errors import ExtensionComplaint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ade_engine.extensions.registry import RegisteredFn
    from ade_engine.models import polars as pl


class ReadingCircle(ExtensionComplaint):
    """Fields whose transforms use each other's values. ``field``, ``entry``: the first one and its transform."""

    def __init__(self, circle: list[tuple[str, RegisteredFn, str]]):
        steps = []
        for field, entry, read in circle:
            place = source_of(entry.fn)
            steps.append(f"{field!r} uses {read!r}" + ("" if place is None else f" ({place[0]}, line {place[1]})"))
        read = circle[0][2]
        super().__init__(f"goes in a circle: {', '.join(steps)}. Use a reader for one of them: fields.text({read!r}) reads what the file says")
        self.field, self.entry = circle[0][:2]


def columns_used(expression: pl.Expr | None) -> list[str]:
    """Returns the columns whose values an expression uses by their names, without those of readers."""
    if expression is None or isinstance(expression, Reader):
        return []
    try:
        return expression.meta.root_names()
    except RAISED:
        # Applying the expression fails, too, and says why.
        return []


def takes_table(entry: RegisteredFn) -> bool:
    """Returns whether a function asks for the table. ``**_`` asks for nothing."""
    try:
        return any(parameter.name == "table" for parameter in parameters.read_parameters(entry.fn))
    except (TypeError, ValueError):
        return False


def in_order_of_use(fields: list[str], used: Mapping[str, Mapping[str, RegisteredFn | None]]) -> list[str]:
    """Returns the fields in this order, but each behind those that it uses. Raises :class:`ReadingCircle`.

    ``used``: by field, the fields whose values it uses, each with the transform that does, or ``None`` if only a reader does.
    Readers cause no circle: a reader of a column without any value is empty.
    """
    ordered: dict[str, None] = {}
    path: list[str] = []

    def add(field: str) -> None:
        if field in ordered:
            return
        if field in path:
            circle = [*path[path.index(field) :], field]
            steps = [(step, used[step][other], other) for step, other in zip(circle, circle[1:])]
            if all(entry is not None for _, entry, _ in steps):
                raise ReadingCircle(steps)
            return
        path.append(field)
        for other in fields:
            if other != field and other in used.get(field, ()):
                add(other)
        path.pop()
        ordered[field] = None

    for field in fields:
        add(field)
    return [*ordered]
