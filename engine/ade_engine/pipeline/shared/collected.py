"""What is said of the cells of one table, message by message, with the rule and the severity of each.

The texts of the issue columns, which hooks see and may change, join the messages of a cell. What a text was made of stands here
beside it, so that the list of issues, which is made from the table as its last hook left it, can tell the messages apart.
"""

from __future__ import annotations

import polars as pl

from ade_engine.fields.surroundings import ROW
from ade_engine.models.issues import WARNING
from ade_engine.pipeline.shared.astray import Astray

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ade_engine.extensions.registry import RegisteredFn


_PARTS = ("id", "text", "message", "rule", "severity")


class Said:
    """The messages of one rule: as many as the table has rows, and null where a cell is fine."""

    __slots__ = ("rule", "severity", "messages")

    def __init__(self, rule: str, severity: str, messages: pl.Series):
        self.rule = rule
        self.severity = severity
        self.messages = messages


class Reported:
    """What a hook has said. ``messages``: as many as the table has rows, and null where nothing is said; nothing where it is said of
    the column ``field`` or of the table as a whole. ``unknown``: of how many rows more, which are not known.
    """

    __slots__ = ("field", "rule", "severity", "message", "messages", "unknown")

    def __init__(self, field: str | None, rule: str, severity: str, message: str, messages: pl.Series | None):
        self.field = field
        self.rule = rule
        self.severity = severity
        self.message = message
        self.messages = messages
        self.unknown = 0


class Collected:
    """The messages of one table."""

    __slots__ = ("_by_field", "astray", "reported", "of_whole")

    def __init__(self) -> None:
        #: Which cells have values from elsewhere.
        self.astray = Astray()
        #: What hooks have said and what is not in an issue column yet; what they said of no row, or of rows that are not known.
        self.reported: list[Reported] = []
        self.of_whole: list[Reported] = []
        self._by_field: dict[str, list[pl.DataFrame]] = {}

    def add(self, table: pl.DataFrame, field: str, texts: pl.Series, said: Iterable[Said]) -> None:
        """Keep what the texts of a field's cells were made of, in the order of the messages in a text."""
        ids = ids_of(table)
        frames = self._by_field.setdefault(field, [])
        for one in said:
            if one.messages.null_count() == len(one.messages):
                continue
            frame = pl.DataFrame({"id": ids, "text": texts, "message": one.messages}).drop_nulls("message")
            known = [pl.Series(name, [value]).new_from_index(0, frame.height) for name, value in (("rule", one.rule), ("severity", one.severity))]
            frames.append(frame.hstack(known))

    def keep(self, field: str, parts: pl.DataFrame) -> None:
        """Keep what further texts of a field's cells were made of: the columns that :meth:`of` gives."""
        self._by_field.setdefault(field, []).insert(0, parts.select(*_PARTS))

    def say(self, field: str, rule: str, severity: str, messages: pl.Series) -> None:
        """Say something of a field's cells as a hook does, where there is anything to say."""
        if messages.null_count() < len(messages):
            self.reported.append(Reported(field, rule, severity, "", messages))

    def of(self, field: str) -> pl.DataFrame | None:
        """What was said of the cells of a field: ``id`` (the row's number, or null), ``text``, ``message``, ``rule``, ``severity``."""
        frames = self._by_field.get(field)
        return pl.concat(frames) if frames else None


def in_parts(there: pl.DataFrame, parts: pl.DataFrame | None, field: str) -> pl.DataFrame:
    """Each text as the messages that it was made of."""
    of_hook = (pl.lit(f"{field}.hook" if field else "hook"), pl.lit(WARNING), pl.col("text"))
    if parts is None:
        return there.with_columns(rule=of_hook[0], severity=of_hook[1], message=of_hook[2])
    # Without a row's number its text tells the parts; with one they have to agree on both.
    on = ["text"] if parts.get_column("id").null_count() or there.get_column("id").null_count() else ["id", "text"]
    known = parts.unique([*on, "rule", "message"], keep="first", maintain_order=True).select(*on, "rule", "severity", "message")
    joined = there.join(known, on=on, how="left", maintain_order="left")
    return joined.with_columns(
        pl.coalesce("rule", of_hook[0]).alias("rule"),
        pl.coalesce("severity", of_hook[1]).alias("severity"),
        pl.coalesce("message", of_hook[2]).alias("message"),
    )


def said_at(is_wrong: pl.Series, message: str) -> pl.Series:
    """The message at the rows where something is wrong."""
    return pl.select(pl.when(is_wrong).then(pl.lit(message, dtype=pl.String))).to_series()


def ids_of(table: pl.DataFrame) -> pl.Series:
    """The numbers of the rows in their sheet; nulls where they are not known."""
    if ROW in table.columns and (rows := table.get_column(ROW)).dtype.is_integer():
        return rows.cast(pl.UInt32, strict=False).alias("id")
    return pl.Series("id", [None], dtype=pl.UInt32).new_from_index(0, table.height)


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
