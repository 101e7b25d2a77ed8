"""Issues: what is wrong with a cell, a row, a column or a sheet of the sender, and how much that matters."""

from __future__ import annotations

from ade_engine.models.errors import ConfigError, nearest

#: The severities of issues, the worst first. The engine's own words for events and notices are levels.
SEVERITIES = ERROR, WARNING, INFO = "error", "warning", "info"


def checked_severity(word: object, whose: str) -> str:
    """The word, if it is a severity; ``whose`` says in a message what has it.

    Raises :class:`ConfigError` where it is none.
    """
    if word in SEVERITIES:
        return str(word)
    raise ConfigError(f"{whose} has the severity {word!r}; it should be 'error', 'warning' or 'info'{nearest(word, SEVERITIES)}")
