"""Issues: what is wrong with a cell, a row, a column or a sheet of the sender, and how much that matters."""

from __future__ import annotations

from ade_engine.models.errors import ConfigError, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

#: The severities of issues, the worst first. The engine's own words for events and notices are levels.
SEVERITIES = ERROR, WARNING, INFO = "error", "warning", "info"


def checked_severity(word: object, whose: str) -> str:
    """The word, if it is a severity; ``whose`` says in a message what has it.

    Raises :class:`ConfigError` where it is none.
    """
    if word in SEVERITIES:
        return str(word)
    raise ConfigError(f"{whose} has the severity {word!r}; it should be 'error', 'warning' or 'info'{nearest(word, SEVERITIES)}")


#: The keys of a line of the list of issues, in their order.
KEYS = (
    "sheet", "cell", "severity", "field", "label", "rule", "message", "value", "written", "key", "output", "row", "column", "output_sheet", "table",
)  # fmt: skip


class Issue:
    """One issue: a line of the list, once the table that it is of was written. What is not known is ``None``.

    ``id``: the number of its row; ``position``: of its row in the table, from 0; ``source``: its column there; ``merged``: of a cell in
    a merged range that was filled, the range's first cell in the line of the field. The others are the keys of a line.
    """

    __slots__ = (*KEYS, "id", "position", "source", "merged")

    def __init__(self, message: str, rule: str, severity: str, id: int | None = None, position: int | None = None, field: str | None = None, **known: Any):
        self.message, self.rule, self.severity, self.id, self.position, self.field = message, rule, severity, id, position, field
        self.sheet = self.cell = self.label = self.value = self.written = self.key = self.output = self.row = self.column = None
        self.output_sheet = self.table = self.source = self.merged = None
        for name, value in known.items():
            setattr(self, name, value)


def by_severity(severities: Iterable[str]) -> dict[str, int]:
    """How many there are of each severity."""
    found = [*severities]
    return {severity: found.count(severity) for severity in SEVERITIES}
