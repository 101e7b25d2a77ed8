"""The value classes for config packages and callers; every name here is imported on first use."""

from importlib import import_module

_SUBMODULES = ("errors", "events", "extension_contexts", "extension_outputs", "fields", "run", "table")

_NAMES_IN = {
    "errors": ("AdeEngineError", "ConfigError", "HookError", "InputError", "PipelineError", "SettingsError"),
    "events": (
        "CONFIG_NAMESPACE",
        "DEFAULT_EVENT",
        "ENGINE_EVENT_SCHEMAS",
        "ENGINE_NAMESPACE",
        "VALID_LOG_FORMATS",
    ),
    "extension_contexts": (
        "ColumnDetectorContext",
        "ExtensionContext",
        "HookContext",
        "RowDetectorContext",
        "SheetEndHookContext",
        "SheetStartHookContext",
        "TableMappedHookContext",
        "TableTransformedHookContext",
        "TableValidatedHookContext",
        "TableWrittenHookContext",
        "TransformContext",
        "ValidateContext",
        "WorkbookBeforeSaveHookContext",
        "WorkbookStartHookContext",
    ),
    "extension_outputs": ("ColumnDetectorResult", "RowDetectorResult", "ScorePatch"),
    "fields": ("FieldDef", "HookName", "RowKind"),
    "run": ("RunError", "RunErrorCode", "RunRequest", "RunResult", "RunStatus"),
    "table": ("DerivedMapping", "MappedColumn", "SourceColumn", "TableRegion", "TableResult"),
}
_HOME_OF = {name: home for home, names in _NAMES_IN.items() for name in names}

__all__ = sorted(_HOME_OF)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.models.errors import *
    from ade_engine.models.events import *
    from ade_engine.models.extension_contexts import *
    from ade_engine.models.extension_outputs import *
    from ade_engine.models.fields import *
    from ade_engine.models.run import *
    from ade_engine.models.table import *


def __getattr__(name):
    if name in _SUBMODULES:
        return import_module(f"{__name__}.{name}")
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *_SUBMODULES, *_HOME_OF})
