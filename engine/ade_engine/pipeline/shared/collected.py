"""The messages about the cells of one table, with the rule and the severity of each.

The texts of the issue columns, which hooks see and may change, join the messages of a cell. This module keeps the parts of each
text, so that the list of issues, which is made from the table as its last hook left it, can separate the messages.
"""

from __future__ import annotations

from ade_engine import _native
from ade_engine.models import polars as pl
from ade_engine.models.record import Record
from ade_engine.pipeline.shared.astray import AstrayCells

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ade_engine.extensions.registry import RegisteredFn


class HookReport(Record):
    """A hook's report. ``messages``: one for each row of the table, null for rows without one; ``None`` if it concerns the
    column ``field`` or the table as a whole. ``unknown``: the number of further rows, which are unknown.
    """

    field: str | None
    rule: str
    severity: str
    message: str
    messages: pl.Series | None
    unknown: int = 0


class TableMessages:
    """The messages of one table."""

    def __init__(self) -> None:
        #: The cells that have values from elsewhere.
        self.astray = AstrayCells()
        #: Reports of hooks that are not in an issue column yet, and those without rows or with unknown ones.
        self.reported: list[HookReport] = []
        self.of_whole: list[HookReport] = []
        #: The different text for the list, by messages of the engine, and the rule if it is not that of the others.
        self.said: dict[str, tuple[str, str | None]] = {}
        #: The messages that make up the texts of issue columns, and in the end the issues.
        self.issues = _native.TableIssues()

    def say(self, field: str, rule: str, severity: str, messages: pl.Series) -> None:
        """Adds messages about a field's cells, as a hook would, if there are any."""
        if messages.null_count() < len(messages):
            self.reported.append(HookReport(field, rule, severity, "", messages))


def there(column: pl.Series) -> list[tuple[int, str]]:
    """Returns the texts of a column, with their positions."""
    if column.null_count() == len(column):
        return []
    return _native.texts_there(as_texts(column))


def as_texts(column: pl.Series) -> pl.Series:
    """Returns a column of messages, which a hook may have replaced, as texts."""
    return column if column.dtype == pl.String else column.cast(pl.String)


def said_at(is_wrong: pl.Series, message: str) -> pl.Series:
    """Returns the message at the wrong rows."""
    said, nothing = (pl.constant(text, len(is_wrong), pl.String) for text in (message, None))
    return said.zip_with(is_wrong, nothing)


def rules_of(entries: Iterable[RegisteredFn]) -> list[str]:
    """Returns the rules of a field's validators for the lists of issues: ``hours.up_to_80``. A validator without a name is
    ``hours.check``; of equal names the second is ``hours.check_2``.
    """
    counts: dict[str, int] = {}
    rules = []
    for entry in entries:
        function = getattr(entry.fn, "ade_wraps", entry.fn)
        name = getattr(function, "__name__", "")
        rule = f"{entry.field}.{name if name.isidentifier() else 'check'}"
        counts[rule] = count = counts.get(rule, 0) + 1
        rules.append(rule if count == 1 else f"{rule}_{count}")
    return rules
