"""What goes to `ade` alone, which stores none of it: as lines of JSON among the events on standard error."""

from __future__ import annotations

import sys

from ade_engine.infrastructure.policy import policy

#: Holds values for the terminal of a person who asked for them.
VALUES_EVENT = "engine.values"
#: Says why there is no run.
REFUSED_EVENT = "engine.refused"


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
