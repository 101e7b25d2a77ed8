"""The permissions of this process for messages, and its features beyond the contract: decided in one module, when an engine is
made.

Called directly the engine keeps to the contract. In a run of `ade`, which sets environment variables for the engine's process,
it also keeps cell values out of everything but the output (events are stored, and people who may not read the input read them),
and it sends notices. Data for `ade` alone, which stores none of them, are lines of JSON among the events on standard error.
"""

from __future__ import annotations

import os
import sys
from datetime import date
from time import time

from ade_engine.models.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Set in every process that `ade` starts for a run or a check.
RUN_MARKER = "ADE_ENGINE_RUN"
#: Set if a person at a terminal wants to see the values that messages leave out.
SHOW_VALUES = "ADE_ENGINE_SHOW_VALUES"
_RIGHTS = "ADE_ENGINE_POLICY"
#: The day of the run's record, such as 2026-03-31: a retried run reads its input in the same way.
RUN_DAY = "ADE_ENGINE_DAY"
_ORDINAL_OF_1970 = 719_163
#: The event with values for the terminal of a person who asked for them.
VALUES_EVENT = "engine.values"
#: The event with the reason why there is no run.
REFUSED_EVENT = "engine.refused"


class Policy(Record, frozen=True):
    """The decisions for this process."""

    #: Whether messages and events may quote cell values, the texts of errors, and names that may be cell values.
    quotes_values: bool
    #: Whether values that messages leave out are sent separately, for the terminal of the person who asked for them.
    shows_values: bool
    #: Whether events report notices about the input, the columns and the config package.
    sends_notices: bool
    #: Whether failures have codes and hints beyond the contract.
    sends_codes: bool
    #: The folders that the run may write, and whether it has a network; ``None`` if no limits are known.
    rights: dict[str, Any] | None


def _decided() -> Policy:
    is_ade = bool(os.environ.get(RUN_MARKER))
    return Policy(
        quotes_values=not is_ade,
        shows_values=is_ade and bool(os.environ.get(SHOW_VALUES)),
        sends_notices=is_ade,
        sends_codes=is_ade,
        rights=_rights(),
    )


def _rights() -> dict[str, Any] | None:
    text = os.environ.get(_RIGHTS)
    if not text:
        return None
    import json

    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


_policy = _decided()


def policy() -> Policy:
    """Returns the current decisions."""
    return _policy


def decide() -> None:
    """Decides anew, by the current environment variables."""
    global _policy
    _policy = _decided()


def day_of_run() -> int:
    """Returns the day of the run in days since 1970; without a record the current day."""
    try:
        return date.fromisoformat(os.environ[RUN_DAY]).toordinal() - _ORDINAL_OF_1970
    except (KeyError, ValueError):
        return int(time()) // 86_400


def show_values(message: str) -> None:
    """Sends words that may hold cell values to the terminal of the user who asked for them, if there is one."""
    if policy().shows_values:
        _send({"event": VALUES_EVENT, "message": message})


def refuse(code: str, message: str, hint: str | None = None, **place: object) -> bool:
    """Sends the code of a printed error: ``usage``, ``settings_invalid``, or why a package does not load, with its position.

    Returns whether it was sent.
    """
    if policy().sends_codes:
        _send({"event": REFUSED_EVENT, "data": {"code": code, "message": message, "hint": hint, **place}})
    return policy().sends_codes


def _send(event: dict) -> None:
    import json

    try:
        sys.stderr.write(json.dumps(event) + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        pass
