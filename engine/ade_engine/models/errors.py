"""The engine's errors. The class of an error decides the ``failure.code`` of a run."""

from __future__ import annotations


class AdeEngineError(Exception):
    """Base of everything the engine raises on purpose."""


class ExtensionComplaint(Exception):
    """What the engine itself objects to about a callable. What led to the complaint, if anything, is its cause."""


class ConfigError(AdeEngineError):
    """The config package registers something that does not fit together (``config_error``)."""


class SettingsError(ConfigError, ValueError):
    """A setting has a value that it cannot have. Raised before a run starts, so no event reports it."""


class InputError(AdeEngineError):
    """The input, or what was asked of it, cannot be used (``input_error``)."""


class PipelineError(AdeEngineError):
    """A detector, transform or validator broke the rules, or tables cannot be merged (``pipeline_error``)."""


class HookError(AdeEngineError):
    """A hook failed or returned what its stage cannot take (``hook_error``); ``stage`` names the hook's stage."""

    def __init__(self, message: str, *, stage: str | None = None):
        super().__init__(message)
        self.stage = getattr(stage, "value", stage)


class ExtensionError(AdeEngineError):
    """A transform or validator raised an error of its own, which the run reports as ``unknown_error``."""
