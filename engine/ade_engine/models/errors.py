"""The engine's errors. The class of an error decides the ``failure.code`` of a run."""

from __future__ import annotations


class AdeEngineError(Exception):
    """Base of everything the engine raises on purpose."""


class ExtensionComplaint(Exception):
    """An error that the engine finds in a callable's call or result. Its cause is the original error, if any."""


class ConfigError(AdeEngineError):
    """The config package registers something that does not fit together (``config_error``)."""


class SettingsError(ConfigError, ValueError):
    """A setting has a value that it cannot have. Raised before a run starts, so no event reports it."""


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
