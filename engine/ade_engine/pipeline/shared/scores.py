"""Checking and adding up the scores of detectors."""

from __future__ import annotations

from collections.abc import Mapping

from ade_engine.extensions.invoke import WrongResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container
    from typing import Any


def as_score(value: Any, key: Any = None, known: Container[Any] = ()) -> float:
    """Returns a finite float from any convertible value: integers, booleans and numeric text as well.

    ``known``: the keys that a message may name. Any other key, and an invalid score, could be a cell's value.
    """
    try:
        score = float(value)
    except (TypeError, ValueError, OverflowError):
        score = None
    if score is None or score - score != 0.0:
        of = f" for {str(key)!r}" if key is not None and key in known else ""
        what = value if score is not None else f"of type {type(value).__name__}"
        raise WrongResult(f"returned a score {what}{of}; a score should be a finite number")
    return score


def as_scores(result: Any, of_what: str, known: Container[Any] = ()) -> dict[Any, float]:
    """Returns a detector's result with every score checked; ``None`` means no scores."""
    if result is None:
        return {}
    if not isinstance(result, Mapping):
        raise WrongResult(
            f"returned {type(result).__name__}; it should return a mapping of {of_what} to score, or None"
        )
    return {key: as_score(value, key, known) for key, value in result.items()}


def rounded(scores: Mapping[Any, float]) -> dict[Any, float]:
    """Returns scores for debug events."""
    return {key: round(score, 6) for key, score in scores.items()}


def in_words(scores: dict[Any, float]) -> str:
    """Returns scores for messages: ``header 1, data 0.25``, the highest first."""
    ordered = sorted(scores.items(), key=lambda entry: -entry[1])
    return ", ".join(f"{getattr(name, 'value', name)} {score:g}" for name, score in ordered) or "no score"
