"""Stack traces for authors, and their calls of the engine: their own frames, without the engine's."""

from __future__ import annotations

import os
import sys
import traceback
from functools import cache

from ade_engine.models.errors import AdeEngineError, ExtensionComplaint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from traceback import FrameSummary
    from types import TracebackType

#: The folder of the engine's own code.
ENGINE_FOLDER = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

_CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"


def is_engine_file(file_name: str) -> bool:
    """Returns whether a traceback's file name belongs to the engine's own code."""
    return file_name.startswith(ENGINE_FOLDER + os.sep)


@cache
def is_authors_file(file_name: str) -> bool:
    """Returns whether a traceback's file name belongs neither to the engine, nor to Python, nor to an installed package."""
    import sysconfig

    kinds = ("stdlib", "platstdlib", "purelib", "platlib")
    libraries = tuple(sysconfig.get_path(kind) + os.sep for kind in kinds)
    return not file_name.startswith(("<", *libraries)) and not is_engine_file(file_name)


def stack_trace(error: BaseException, *, whole: bool) -> str:
    """Returns the error's traceback and its causes'; unless ``whole``, without the engine's frames and its own wrapping."""
    if whole:
        return "".join(traceback.format_exception(type(error), error, error.__traceback__))
    shown = _shown(error)
    described = traceback.TracebackException(type(shown), shown, shown.__traceback__)
    if shown is error:
        described.__cause__ = described.__context__ = None
    _leave_out_engine(described)
    return "".join(described.format())


def stack_trace_without_values(error: BaseException, *, whole: bool, say: Callable[[BaseException], str]) -> str:
    """Returns the same, with ``say`` for the last line of each error: its own text may quote cells."""
    part: BaseException | None = error if whole else _shown(error)
    blocks: list[str] = []
    seen: set[int] = set()
    while part is not None and id(part) not in seen:
        seen.add(id(part))
        frames = traceback.extract_tb(part.__traceback__)
        lines = traceback.format_list([frame for frame in frames if whole or not is_engine_file(frame.filename)])
        blocks.append("".join(["Traceback (most recent call last):\n", *lines, f"{say(part)}\n"]))
        if part is error and not whole:
            break
        cause, context = part.__cause__, None if part.__suppress_context__ else part.__context__
        part = cause or context
        if part is not None:
            blocks.append(_CAUSE if cause is not None else _CONTEXT)
    # The first error comes first.
    return "".join(reversed(blocks))


def _shown(error: BaseException) -> BaseException:
    """Returns the author's part of an error: an error that only wraps it repeats its message."""
    shown = error
    if hasattr(error, "ade_kind") and error.__cause__ is not None:
        return error.__cause__
    while isinstance(shown, AdeEngineError) and shown.__cause__ is not None:
        shown = shown.__cause__
        if isinstance(shown, ExtensionComplaint):
            # The cause of the engine's own error, if there is one, is the part to show.
            return shown.__cause__ or error
    return shown


def _leave_out_engine(described: traceback.TracebackException) -> None:
    seen = set()
    waiting = [described]
    while waiting:
        part = waiting.pop()
        if part is None or id(part) in seen:
            continue
        seen.add(id(part))
        foreign = [frame for frame in part.stack if not is_engine_file(frame.filename)]
        part.stack = traceback.StackSummary.from_list(foreign)
        waiting += (part.__cause__, part.__context__)


def author_frame(trace: TracebackType | None, folder: str | None = None) -> FrameSummary | None:
    """Returns the deepest frame of an author's code, preferably below ``folder``."""
    found, best = None, (False, False)
    for frame in traceback.extract_tb(trace):
        is_below = folder is not None and frame.filename.startswith(folder + os.sep)
        rank = (is_below, is_authors_file(frame.filename))
        if any(rank) and rank >= best:
            found, best = frame, rank
    return found


def calling_place() -> tuple[str, int, str] | None:
    """Returns the file, the line and the function of the author's code that has called the engine."""
    frame = sys._getframe(1)
    while frame is not None and is_engine_file(frame.f_code.co_filename):
        frame = frame.f_back
    return None if frame is None else (frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
