"""Where an author has called the engine: for messages about what was said there."""

from __future__ import annotations

import sys

from ade_engine.infrastructure.observability.stack import is_engine_file


def calling_place() -> tuple[str, int, str] | None:
    """File, line and function of the author's code that has called the engine."""
    frame = sys._getframe(1)
    while frame is not None and is_engine_file(frame.f_code.co_filename):
        frame = frame.f_back
    return None if frame is None else (frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
