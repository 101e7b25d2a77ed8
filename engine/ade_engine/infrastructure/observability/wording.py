"""Texts of errors without cell values.

The text of an exception often quotes the value at fault: ``could not convert string to float: 'abc'``. If messages may not
quote values (:attr:`Policy.quotes_values`), the text of an error that comes from an author's code is replaced by the line of
source that the error comes from, as it is written: it shows the message without its values.

These texts are kept, because they hold no cell: those of the engine's own errors, of errors from before any cell was read, and
the operating system's words for an error number.
"""

from __future__ import annotations

import linecache
import os
import re
import sys
from traceback import extract_tb

from ade_engine.infrastructure.observability.stack import (
    author_frame,
    is_authors_file,
    is_engine_file,
    stack_trace,
    stack_trace_without_values,
)
from ade_engine.infrastructure.policy import policy, show_values
from ade_engine.models.errors import AdeEngineError, ExtensionComplaint, UnknownKey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from traceback import FrameSummary
    from types import TracebackType

#: Follows the words for an error whose own text is left out.
LEFT_OUT = "(`ade run --show-values` shows the message)"
_MAX_LINE_CHARS = 200


def said_by(error: BaseException, place: FrameSummary | None = None) -> str:
    """Returns the error's text, or its replacement: the author's line, ``place`` or the one that the error's frames lead to."""
    text = text_of(error)
    if policy().quotes_values or _is_free_of_values(error):
        return text
    own = getattr(error, "ade_said", None)
    if own is not None:
        return own if own == text else f"{own} {LEFT_OUT}"
    is_of_system = isinstance(error, OSError) and isinstance(error.errno, int)
    system = f"[Errno {error.errno}] {os.strerror(error.errno)}" if is_of_system else ""
    column = missing_column(error)
    if column is not None and stands_in_sources(column, error.__traceback__):
        system, text = f"there is no column {column!r}", ""
    place = place or author_frame(error.__traceback__)
    line = "" if place is None else source_line(place.filename, place.lineno, getattr(place, "end_lineno", None))
    return " ".join(filter(None, (system, f"at `{line}`" if line else "", LEFT_OUT if text else "")))


def told(error: BaseException, place: FrameSummary | None = None) -> str:
    """Returns the same with the kind of the error, as in the last line of a traceback."""
    kind, said = kind_of(error), said_by(error, place)
    return kind if not said else f"{kind} {said}" if said.startswith(("at `", LEFT_OUT)) else f"{kind}: {said}"


def kind_of(error: BaseException) -> str:
    """Returns the name of an error in messages: the name of its class, unless it has another."""
    return getattr(error, "ade_kind", type(error).__name__)


def missing_column(error: BaseException) -> str | None:
    """Returns the column that a table lacks; ``None`` for any other error."""
    if kind_of(error) != "ColumnNotFoundError":
        return None
    found = re.match(r'(?:unable to find column )?"(.*?)"(?: not found|; valid columns)', text_of(error), re.DOTALL)
    return None if found is None else found[1]


def mark_as_free_of_values(error: BaseException) -> None:
    """Allows the whole texts of an error and its causes: they were raised before any cell was read."""
    part: BaseException | None = error
    while part is not None and not hasattr(part, "ade_free_of_values"):
        part.ade_free_of_values = True
        part = part.__cause__ or part.__context__


def source_line(file_name: str, line: int | None, last: int | None = None) -> str:
    """Returns the text of a line, or of all lines to the last one of the statement; empty if it is unknown."""
    if line is None or not file_name.endswith(".py"):
        return ""
    return clipped_line(" ".join(linecache.getline(file_name, number) for number in range(line, (last or line) + 1)))


def clipped_line(text: str) -> str:
    """Returns a line of source for messages."""
    text = " ".join(filter(None, map(str.strip, text.splitlines())))
    return text if len(text) <= _MAX_LINE_CHARS else f"{text[: _MAX_LINE_CHARS - 1]}…"


def stands_in_code(text: str, fn_file: str | None) -> bool:
    """Returns whether a file of code contains the text: the code's own words are no secret of the input."""
    return fn_file is not None and _is_word_of(text, "".join(linecache.getlines(fn_file)))


def stands_in_sources(text: str, trace: TracebackType | None) -> bool:
    """Returns whether one of the author's files in an error's traceback contains the text."""
    files = {frame.filename for frame in extract_tb(trace) if is_authors_file(frame.filename)}
    return any(stands_in_code(text, name) for name in files)


def keep_values_off_standard_error() -> None:
    """Makes Python report uncaught errors without their texts, which quote values: `ade` stores the output."""
    import threading
    import warnings

    def tell(error: BaseException | None) -> None:
        if error is not None:
            sys.stderr.write(stack_trace_without_values(error, whole=True, say=told))
            show_values(f"The failure in full:\n{stack_trace(error, whole=True).rstrip()}")

    def report_warning(message, category, filename, lineno, file=None, line=None) -> None:
        # Deprecations, and advice on faster code, are about code.
        about_code = issubclass(category, (DeprecationWarning, FutureWarning)) or category.__module__.startswith("polars.")
        said = f": {message}" if about_code else f" at `{source_line(filename, lineno)}` {LEFT_OUT}"
        sys.stderr.write(f"{filename}:{lineno}: {category.__name__}{said}\n")
        if not about_code:
            show_values(f"The warning in full: {message}")

    warnings.showwarning = report_warning
    sys.excepthook = lambda kind, error, trace: tell(error)
    threading.excepthook = lambda arguments: tell(arguments.exc_value)
    sys.unraisablehook = lambda arguments: tell(arguments.exc_value)


def text_of(error: BaseException) -> str:
    """Returns the error's own text; empty if it cannot produce one."""
    try:
        return str(error).strip()
    except Exception:
        return ""


def _is_free_of_values(error: BaseException) -> bool:
    if isinstance(error, ExtensionComplaint) or hasattr(error, "ade_location") or hasattr(error, "ade_free_of_values"):
        return True
    frames = extract_tb(error.__traceback__)
    if isinstance(error, UnknownKey):
        # The error quotes the key, which may be a cell.
        return stands_in_sources(str(error.args[0]), error.__traceback__)
    raised_by_engine = bool(frames) and is_engine_file(frames[-1].filename)
    return raised_by_engine and isinstance(error, (AdeEngineError, OSError, UnicodeError))


def _is_word_of(text: str, source: str) -> bool:
    return text != "" and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", source) is not None
