"""What is said of the cells of one table, message by message, with the rule and the severity of each.

The texts of the issue columns, which hooks see and may change, join the messages of a cell. What a text was made of stands here
beside it, so that the list of issues, which is made from the table as its last hook left it, can tell the messages apart.
"""

from __future__ import annotations

from ade_engine import _native
from ade_engine.models import polars as pl
from ade_engine.models.record import Record
from ade_engine.pipeline.shared.astray import Astray

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ade_engine.extensions.registry import RegisteredFn


class Reported(Record):
    """What a hook has said. ``messages``: as many as the table has rows, and null where nothing is said; nothing where it is said of
    the column ``field`` or of the table as a whole. ``unknown``: of how many rows more, which are not known.
    """

    field: str | None
    rule: str
    severity: str
    message: str
    messages: pl.Series | None
    unknown: int = 0


class Collected:
    """The messages of one table."""

    def __init__(self) -> None:
        #: Which cells have values from elsewhere.
        self.astray = Astray()
        #: What hooks have said and what is not in an issue column yet; what they said of no row, or of rows that are not known.
        self.reported: list[Reported] = []
        self.of_whole: list[Reported] = []
        #: By messages of the engine of which the list says more or less: what it says, and the rule where it is not that of the others.
        self.said: dict[str, tuple[str, str | None]] = {}
        #: The messages that the texts of issue columns were made of, and in the end the issues.
        self.issues = _native.TableIssues()

    def say(self, field: str, rule: str, severity: str, messages: pl.Series) -> None:
        """Say something of a field's cells as a hook does, where there is anything to say."""
        if messages.null_count() < len(messages):
            self.reported.append(Reported(field, rule, severity, "", messages))


def there(column: pl.Series) -> list[tuple[int, str]]:
    """The texts of a column, with their positions."""
    if column.null_count() == len(column):
        return []
    return _native.texts_there(as_texts(column))


def as_texts(column: pl.Series) -> pl.Series:
    """A column of messages, which a hook may have replaced, as texts."""
    return column if column.dtype == pl.String else column.cast(pl.String)


def said_at(is_wrong: pl.Series, message: str) -> pl.Series:
    """The message at the rows where something is wrong."""
    said, nothing = (pl.constant(text, len(is_wrong), pl.String) for text in (message, None))
    return said.zip_with(is_wrong, nothing)


def rules_of(entries: Iterable[RegisteredFn]) -> list[str]:
    """The rules that the validators of a field are, in the lists of issues: ``hours.up_to_80``. What an author has not named is
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
