"""What a run noticed that its reader should know, and how it read columns whose text had to be interpreted.

Notices are no issues: an issue belongs to a cell, a notice to a sheet, a table, a hook or the run. Where rows were judged by
their looks, those at the borders of titles, headers, data and notes are listed with the reasons; where fields may be found by
values, each column that got one is listed with what spoke for it. Each table is listed with its header rows, its columns, its fields
and the hooks that changed it. All lists go into the event ``engine.run.noticed``, from there into the audit record and the summary, and hold no cell values.
"""

from __future__ import annotations

from ade_engine import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

WARNING = "warning"
INFO = "info"
#: So many columns of a run are listed with why they got their fields.
_MOST_COLUMNS = 2_000


def some_of(words: list[str], most: int = 5) -> str:
    """The first of some words, and how many more there are: ``C4, C7 and 3 more``."""
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")


class Notices:
    """The notices and readings of one run, in the order in which they came up."""

    def __init__(self) -> None:
        self.notices: list[dict[str, Any]] = []
        self.readings: list[dict[str, Any]] = []
        self.rows: list[dict[str, Any]] = []
        self.columns: list[dict[str, Any]] = []
        self.tables = _native.ExplainedTables()
        #: The sheets of which rows were left out that have a value, in a column of no field or otherwise.
        self.with_values_left: set[str | None] = set()

    def add(self, code: str, message: str, *, level: str = WARNING, **facts: Any) -> None:
        """Add a notice.

        ``code`` names its kind, such as ``formulas_without_value``; ``message`` is a sentence without cell values.
        ``facts`` say where and how much, each only where it applies: ``sheet`` (title), ``table`` (index from 0),
        ``field``, ``hook``, ``count``, ``cells`` (``["C4"]``), ``rows`` (``[[first, last]]``, from 1), ``sheets``
        (titles), ``reason`` (why lines have no row in the output, in a word of the row map), ``encoding``, ``delimiter``.
        """
        self.notices.append({"code": code, "level": level, "message": message, **facts})

    def read(self, **facts: Any) -> None:
        """Add how a column was read: ``sheet``, ``table``, ``field``, ``column`` (``"D"``), ``header``, ``kind``,
        ``read_as``, ``decided_by``, ``cells``, ``certain``, ``contradict``, ``ambiguous`` and ``message``.
        """
        self.readings.append(facts)

    def map(self, **facts: Any) -> None:
        """Add why a column got its field: ``sheet``, ``table``, ``field``, ``column`` and ``message``."""
        if len(self.columns) < _MOST_COLUMNS:
            self.columns.append(facts)

    def judge(self, **facts: Any) -> None:
        """Add what a row was taken for: ``sheet``, ``row`` (from 1), ``kind``, ``likelihoods``, ``reasons`` and ``message``."""
        self.rows.append(facts)
