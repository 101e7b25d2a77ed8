"""The engine's errors. The class of an error decides the ``failure.code`` of a run."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class AdeEngineError(Exception):
    """Base of everything the engine raises on purpose."""


class UnknownKey(KeyError):
    """Something that detectors are given has no such key. ``KeyError`` to those who catch it, with a sentence."""

    ade_kind = "KeyError"

    def __init__(self, key: object, of: str, known: Iterable[str]):
        # What an error may say of a key is decided by the key alone: it may be a cell's value.
        super().__init__(key)
        self._said = f"{of} has no {key!r}{did_you_mean(key, known)}"

    def __str__(self) -> str:
        return self._said


class UnknownAttribute(AdeEngineError, AttributeError):
    """Something that detectors are given has no such attribute."""

    ade_kind = "AttributeError"


def saying(error: Exception, said: str | None = None) -> Exception:
    """An error of another class that the engine raises itself, with its words where messages may not quote values."""
    error.ade_said = str(error) if said is None else said
    return error


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """The end of a sentence about a name that is not known: the one that is most like it, or all."""
    names = list(known)
    return nearest(name, names) or f"; there are {', '.join(names)}"


def nearest(name: object, known: Iterable[str]) -> str:
    """The end of a sentence about a name that is not known: the one that is most like it, if one is."""
    from difflib import get_close_matches

    near = get_close_matches(str(name), list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""


class ExtensionComplaint(Exception):
    """An error that the engine finds in a callable's call or result. Its cause is the original error, if any."""


class ConfigError(AdeEngineError):
    """The config package registers something that does not fit together (``config_error``)."""


class SettingsError(ConfigError, ValueError):
    """A setting has a value that it cannot have. Raised before a run starts, so no event reports it.

    ``hint``: what to do next, where the config package is not at fault.
    """

    def __init__(self, message: str, hint: str | None = None):
        super().__init__(message)
        self.hint = hint


class InputError(AdeEngineError):
    """The input cannot be used, or not as asked (``input_error``)."""


class PipelineError(AdeEngineError):
    """A detector, transform or validator broke the rules, or tables cannot be merged (``pipeline_error``)."""


class HookError(AdeEngineError):
    """A hook failed or returned a value that its stage does not accept (``hook_error``); ``stage`` names the stage."""

    def __init__(self, message: str, *, stage: str | None = None):
        super().__init__(message)
        self.stage = getattr(stage, "value", stage)


class OutputError(AdeEngineError, ValueError):
    """A workbook cannot hold what it should get (``unknown_error``)."""


class ExtensionError(AdeEngineError):
    """A transform or validator raised an error of its own, which the run reports as ``unknown_error``."""
