"""What this process may say, and what it does beyond the contract: decided in one place, when an engine is made.

Called directly the engine keeps to the contract. In a run of `ade`, which sets environment variables for the engine's
process, it also keeps cell values out of everything but the output (events are stored, and people who may not read the
input read them), and it tells what it noticed. What goes to `ade` alone, which stores none of it, are lines of JSON among the events on
standard error.
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
#: Set where a person at a terminal wants to see the values that messages leave out.
SHOW_VALUES = "ADE_ENGINE_SHOW_VALUES"
_RIGHTS = "ADE_ENGINE_POLICY"
#: The day of the run's record, such as 2026-03-31: a run that is tried again reads its input in the same way.
RUN_DAY = "ADE_ENGINE_DAY"
_ORDINAL_OF_1970 = 719_163
#: Holds values for the terminal of a person who asked for them.
VALUES_EVENT = "engine.values"
#: Says why there is no run.
REFUSED_EVENT = "engine.refused"


class Policy(Record, frozen=True):
    """The decisions."""

    #: Whether messages and events may quote cell values, the texts of errors, and names that may be cell values.
    quotes_values: bool
    #: Whether values that messages leave out are sent apart, for the terminal of the person who asked for them.
    shows_values: bool
    #: Whether there are events of what the engine noticed in the input, in the columns and in the config package.
    sends_notices: bool
    #: Whether failures have codes and hints that the contract does not know.
    sends_codes: bool
    #: The folders that the run may write, and whether it has a network; ``None``: nothing is known of limits to that.
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
    """The decisions that hold now."""
    return _policy


def decide() -> None:
    """Decide anew, by the environment variables as they are now."""
    global _policy
    _policy = _decided()


def day_of_run() -> int:
    """The day of the run in days since 1970; without a record the day on which it is asked for."""
    try:
        return date.fromisoformat(os.environ[RUN_DAY]).toordinal() - _ORDINAL_OF_1970
    except (KeyError, ValueError):
        return int(time()) // 86_400


def show_values(message: str) -> None:
    """Send words that may hold cell values to the terminal of the user who asked for them; nothing where no user did."""
    if policy().shows_values:
        _send({"event": VALUES_EVENT, "message": message})


def refuse(code: str, message: str, hint: str | None = None, **place: object) -> bool:
    """Say by a code what people are told in print: ``usage``, ``settings_invalid``, or why a package does not load, with its place.

    Returns whether it was said.
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
