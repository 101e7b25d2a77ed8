"""What `ade` asks of the engine beyond the contract, by environment variables that it sets for the engine's process.

Called directly the engine keeps to the contract. In a run of `ade` it also keeps cell values out of everything but the
output: events are stored, and people who may not read the input read them.
"""

from __future__ import annotations

import os
import sys

#: Set in every process that `ade` starts for a run or a check.
RUN_MARKER = "ADE_ENGINE_RUN"
#: Set where a person at a terminal wants to see the values that messages leave out.
SHOW_VALUES = "ADE_ENGINE_SHOW_VALUES"
#: Names the file that keeps the warnings about a config package between runs.
WARNINGS_KEPT = "ADE_ENGINE_WARNINGS_KEPT"
#: Names the file that new ones are left in: `ade` puts it where they are kept, which a run may not write.
WARNINGS_FOUND = "ADE_ENGINE_WARNINGS_FOUND"
#: What the run may do, as JSON: the folders it may write, and whether it has a network.
POLICY = "ADE_ENGINE_POLICY"

#: The event that carries values to the terminal of a person who asked for them; `ade` never stores it.
VALUES_EVENT = "engine.values"


def is_ade() -> bool:
    """Whether `ade` started this process: events then hold no cell values."""
    return bool(os.environ.get(RUN_MARKER))


def warnings_kept() -> str | None:
    """The file that keeps the warnings about a config package between runs; ``None``: they are looked for in each run."""
    return os.environ.get(WARNINGS_KEPT) or None


def warnings_found() -> str | None:
    """The file that new warnings are left in; ``None``: they go where they are kept."""
    return os.environ.get(WARNINGS_FOUND) or None


def policy() -> dict | None:
    """What this run may do; ``None``: nothing is known of limits to that."""
    import json

    try:
        found = json.loads(os.environ.get(POLICY) or "null")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def show_values(message: str) -> None:
    """Send words that may hold cell values to the terminal of the user who asked for them; nothing where no user did."""
    if is_ade() and os.environ.get(SHOW_VALUES):
        import json

        try:
            sys.stderr.write(json.dumps({"event": VALUES_EVENT, "message": message}) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            pass


def keep_values_off_standard_error() -> None:
    """Let Python, too, tell of errors that nobody caught without what their texts quote: `ade` stores what it prints."""
    import threading
    import warnings

    def tell(error: BaseException | None) -> None:
        from ade_engine.infrastructure.observability.stack import stack_trace_without_values
        from ade_engine.infrastructure.observability.wording import told

        if error is not None:
            sys.stderr.write(stack_trace_without_values(error, whole=True, say=told))

    def tell_warning(message, category, filename, lineno, file=None, line=None) -> None:
        from ade_engine.infrastructure.observability.wording import titled, written_warning

        # What will change in a later version, and how to write faster code, is about code.
        about_code = issubclass(category, (DeprecationWarning, FutureWarning)) or category.__module__.startswith("polars.")
        said = str(message) if about_code else written_warning(filename, lineno)
        sys.stderr.write(f"{filename}:{lineno}: {titled(category.__name__, said)}\n")
        if not about_code:
            show_values(f"The warning in full: {message}")

    warnings.showwarning = tell_warning
    sys.excepthook = lambda kind, error, trace: tell(error)
    threading.excepthook = lambda arguments: tell(arguments.exc_value)
    sys.unraisablehook = lambda arguments: tell(arguments.exc_value)
