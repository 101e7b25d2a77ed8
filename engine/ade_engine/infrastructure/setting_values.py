"""The values of settings that the native half does not read: each function turns a source's value into the setting's value, or
raises ValueError with the expected form.
"""

from __future__ import annotations

import os
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.models.sheet_choice import SheetChoice

_LEVELS = {
    "NOTSET": 0,
    "DEBUG": 10,
    "INFO": 20,
    "WARNING": 30,
    "WARN": 30,
    "ERROR": 40,
    "CRITICAL": 50,
    "FATAL": 50,
}
DEFAULT_LEVEL = _LEVELS["INFO"]


# `text` means that the source has only text: environment variables and .env.


def _whole_number(value: Any) -> int:
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
        raise ValueError
    return int(value)


def folder(value: Any, text: bool) -> Path | None:
    if value is None or value == "":
        return None
    if not isinstance(value, (str, os.PathLike)):
        raise ValueError("should be a path")
    return Path(value)


def _from_json(value: Any, text: bool, wanted: str) -> Any:
    """Returns a text parsed as JSON; any other value unchanged. ``wanted``: the expected form."""
    if not text:
        return value

    import json

    try:
        return json.loads(value)
    except ValueError:
        raise ValueError(wanted) from None


def extensions(value: Any, text: bool) -> tuple[str, ...]:
    value = _from_json(value, text, 'should be a JSON list such as [".xlsx", ".csv"]')
    if value is None:
        return ()
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, (list, tuple, set, frozenset)):
        raise ValueError("should be a list of file extensions")
    entries = (str(entry).strip() for entry in value)
    # A glob such as *.csv means its extension; blank entries mean nothing.
    return tuple(entry if entry.startswith(".") else f".{entry.lstrip('*.')}" for entry in entries if entry)


def words(value: Any, text: bool) -> tuple[str, ...]:
    if text or isinstance(value, str):
        value = [word.strip() for word in value.split(",")]
    if not isinstance(value, (list, tuple)) or not all(isinstance(word, str) for word in value):
        raise ValueError('should be a list of words, such as ["offen", "tbd"]')
    return tuple(word for word in value if word.strip())


def constants(value: Any, text: bool) -> dict[str, Any]:
    import datetime

    wanted = 'should hold values of fields, such as currency = "USD"'
    value = _from_json(value, text, wanted)
    kinds = (str, int, float, datetime.date)
    if not isinstance(value, dict) or not all(isinstance(entry, kinds) for entry in value.values()):
        raise ValueError(wanted)
    # The reader of the field reads days as well.
    return {field: entry.isoformat() if isinstance(entry, datetime.date) else entry for field, entry in value.items()}


def parse_log_level(value: Any, text: bool = False) -> int:
    """Returns a level by number or by name, in either case; empty text is the default."""
    if isinstance(value, str) and not value.strip():
        return DEFAULT_LEVEL
    if isinstance(value, str) and value.strip().upper() in _LEVELS:
        return _LEVELS[value.strip().upper()]
    try:
        level = _whole_number(value)
    except (ValueError, OverflowError):
        level = -1
    if level < 0:
        raise ValueError("should be a level such as DEBUG, INFO, WARNING, ERROR or CRITICAL")
    return level


def sheets(value: Any, text: bool) -> dict[str, SheetChoice]:
    from ade_engine.models.sheet_choice import read_choices

    return read_choices(_from_json(value, text, 'should be JSON such as {"Sheet1": {"header_rows": [3, 4]}}'))


def senders(value: Any, text: bool) -> dict[str, Any]:
    value = _from_json(value, text, wanted := 'should hold patterns of file names by sender, such as acme = "acme_*.xlsx"')
    lists(value, wanted)
    return value


def headers(value: Any, text: bool) -> dict[str, list[str]]:
    wanted = 'should hold headers by field, such as net = "Total"'
    return lists(_from_json(value, text, wanted), wanted)


def lists(value: Any, wanted: str) -> dict[str, list[str]]:
    """Returns the texts of each entry: a text, or a list of some."""
    lists = {key: [texts] if isinstance(texts, str) else texts for key, texts in value.items()} if isinstance(value, dict) else {"": None}
    if not all(isinstance(one, list) and all(isinstance(entry, str) for entry in one) for one in lists.values()):
        raise ValueError(wanted)
    return lists


def known(value: Any, text: bool) -> list[dict[str, str]]:
    keys = ("sender", "rule", "fingerprint")
    if not isinstance(value, (list, tuple)) or not all(isinstance(entry, dict) and all(isinstance(entry.get(key), str) for key in keys) for entry in value):
        raise ValueError("should be written by `ade ack`: tables [[known]] with a sender, a rule and a fingerprint")
    return tuple(value)
