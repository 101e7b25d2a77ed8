"""A run's notices for its reader, and its readings of columns whose text had to be interpreted.

Notices are no issues: an issue belongs to a cell, a notice to a sheet, a table, a hook or the run. If rows were judged by their
looks, those at the borders of titles, headers, data and notes are listed with the reasons; if fields may be found by values,
each mapped column is listed with its evidence. Each table is listed with its header rows, its columns, its fields and the hooks
that changed it. All lists go into the event ``engine.run.noticed``, from there into the audit record and the summary, and hold
no cell values.
"""

from __future__ import annotations

from ade_engine import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

WARNING = "warning"
INFO = "info"
#: The maximum number of columns of a run that are listed with the reasons for their fields.
_MAX_COLUMNS = 2_000


def some_of(words: list[str], most: int = 5) -> str:
    """Returns the first of some words, and the number of further ones: ``C4, C7 and 3 more``."""
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")


class Notices:
    """The notices and readings of one run, in chronological order."""

    def __init__(self) -> None:
        self.notices: list[dict[str, Any]] = []
        self.readings: list[dict[str, Any]] = []
        self.rows: list[dict[str, Any]] = []
        self.columns: list[dict[str, Any]] = []
        self.tables = _native.ExplainedTables()
        #: The sheets with left-out rows that have a value, in a column without a field or otherwise.
        self.with_values_left: set[str | None] = set()

    def add(self, code: str, message: str, *, level: str = WARNING, **facts: Any) -> None:
        """Adds a notice to the run.

        ``code`` names its kind, such as ``formulas_without_value``; ``message`` is a sentence without cell values. ``facts``
        are the positions and amounts that apply: ``sheet`` (title), ``table`` (index from 0), ``field``, ``hook``, ``count``,
        ``cells`` (``["C4"]``), ``rows`` (``[[first, last]]``, from 1), ``sheets`` (titles), ``reason`` (why lines have no row
        in the output, in a word of the row map), ``encoding``, ``delimiter``.
        """
        self.notices.append({"code": code, "level": level, "message": message, **facts})

    def read(self, **facts: Any) -> None:
        """Adds how a column was read: ``sheet``, ``table``, ``field``, ``column`` (``"D"``), ``header``, ``kind``, ``read_as``,
        ``decided_by``, ``cells``, ``certain``, ``contradict``, ``ambiguous`` and ``message``.
        """
        self.readings.append(facts)

    def map(self, **facts: Any) -> None:
        """Adds why a column got its field: ``sheet``, ``table``, ``field``, ``column`` and ``message``."""
        if len(self.columns) < _MAX_COLUMNS:
            self.columns.append(facts)

    def judge(self, **facts: Any) -> None:
        """Adds the judgement of a row: ``sheet``, ``row`` (from 1), ``kind``, ``likelihoods``, ``reasons`` and ``message``."""
        self.rows.append(facts)
