"""Issues: faults of a cell, a row, a column or a sheet of the sender, and their severities."""

from __future__ import annotations

from ade_engine.models.errors import ConfigError, nearest

#: The severities of issues, the worst first. The engine's own words for events and notices are levels.
SEVERITIES = ERROR, WARNING, INFO = "error", "warning", "info"


def checked_severity(word: object, whose: str) -> str:
    """Returns the word, if it is a severity; ``whose`` names its owner in a message.

    Raises :class:`ConfigError` for any other word.
    """
    if word in SEVERITIES:
        return str(word)
    raise ConfigError(f"{whose} has the severity {word!r}; it should be 'error', 'warning' or 'info'{nearest(word, SEVERITIES)}")
