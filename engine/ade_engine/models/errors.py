"""The engine's errors. The class of an error decides the ``failure.code`` of a run."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class AdeEngineError(Exception):
    """The base class of all errors that the engine raises on purpose."""


class UnknownKey(KeyError):
    """An object for detectors has no such key. A ``KeyError`` for code that catches it, with a sentence."""

    ade_kind = "KeyError"

    def __init__(self, key: object, of: str, known: Iterable[str]):
        # Only the key decides whether an error may quote it: it may be a cell's value.
        super().__init__(key)
        self._said = f"{of} has no {key!r}{did_you_mean(key, known)}"

    def __str__(self) -> str:
        return self._said


class UnknownAttribute(AdeEngineError, AttributeError):
    """An object for detectors has no such attribute."""

    ade_kind = "AttributeError"


def saying(error: Exception, said: str | None = None) -> Exception:
    """Returns an error of another class that the engine raises itself, with its words for messages that may not quote values.
    """
    error.ade_said = str(error) if said is None else said
    return error


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Returns the end of a sentence about an unknown name: the most similar known one, or all."""
    names = list(known)
    return nearest(name, names) or f"; there are {', '.join(names)}"


def nearest(name: object, known: Iterable[str]) -> str:
    """Returns the end of a sentence about an unknown name: the most similar known one, if there is one."""
    from difflib import get_close_matches

    near = get_close_matches(str(name), list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""


class ExtensionComplaint(Exception):
    """An error that the engine finds in a callable's call or result. Its cause is the original error, if any."""


class ConfigError(AdeEngineError):
    """The config package registers things that do not fit together (``config_error``)."""


class SettingsError(ConfigError, ValueError):
    """A setting has an invalid value. Raised before a run starts, so no event reports it.

    ``hint``: the remedy, if the config package is not at fault.
    """

    def __init__(self, message: str, hint: str | None = None):
        super().__init__(message)
        self.hint = hint


class InputError(AdeEngineError):
    """The input cannot be used, or not as requested (``input_error``)."""


class PipelineError(AdeEngineError):
    """A detector, transform or validator broke the rules, or tables cannot be merged (``pipeline_error``)."""


class HookError(AdeEngineError):
    """A hook failed or returned a value that its stage does not accept (``hook_error``); ``stage`` names the stage."""

    def __init__(self, message: str, *, stage: str | None = None):
        super().__init__(message)
        self.stage = getattr(stage, "value", stage)


class OutputError(AdeEngineError, ValueError):
    """A workbook cannot hold the values that it should get (``unknown_error``)."""


class ExtensionError(AdeEngineError):
    """A transform or validator raised an error of its own, which the run reports as ``unknown_error``."""
