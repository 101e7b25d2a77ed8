"""Settings and logging from the options that all commands share."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

from ade_engine.cli.arguments import UsageError
from ade_engine.infrastructure.setting_values import parse_log_level
from ade_engine.infrastructure.settings import Settings, run_setting_names
from ade_engine.models.errors import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def load_settings(values: dict[str, Any], input_name: str | None = None) -> tuple[Settings, Path]:
    """Returns the settings in effect for an input with this file name, and the folder of the config package."""
    assignments = [_assignment(text) for text in values["set"]]
    overrides: dict[str, Any] = {}
    if values["log_format"] is not None:
        overrides["log_format"] = values["log_format"]
    level = _log_level(values)
    if level is not None:
        overrides["log_level"] = level

    given = values["config_package"]
    if given is None:
        # The setting may name the folder; its own settings then count as well.
        setting = Settings.load(**overrides).config_package
        if setting is None:
            raise UsageError("Missing option --config-package (or the setting config_package).")
        folder = setting.expanduser()
    else:
        folder = Path(given)
    if not folder.is_dir():
        problem = "is not a folder" if folder.exists() else "does not exist"
        raise UsageError(f"Config package {str(folder)!r} {problem}.")
    settings = Settings.load(
        config_package_dir=folder, config_package=folder, input_name=input_name, assignments=assignments, **overrides
    )
    return settings, folder


@contextmanager
def read_list(values: dict[str, Any], what: str) -> Iterator[Any]:
    """Reads the file of ``--list``. Within the block unexpected content is reported as a mistake of the caller's."""
    import json

    try:
        yield json.loads(Path(values["list"]).read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(f"--list is not a {what}: {error}") from error


def _assignment(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals:
        raise UsageError(f"--set takes KEY=VALUE, such as date_order=mdy, not {text!r}")
    if key not in run_setting_names():
        raise UsageError(f"--set {text!r}: there is no setting {key!r}{nearest(key, run_setting_names())}")
    return key, value


def check_log_options(values: dict[str, Any]) -> None:
    """Checks the level before anything else."""
    _log_level(values)


def _log_level(values: dict[str, Any]) -> int | None:
    given = None
    if values["log_level"] is not None:
        try:
            given = parse_log_level(values["log_level"], text=True)
        except ValueError as error:
            raise UsageError(f"Invalid value for --log-level: {values['log_level']!r} {error}.") from None
    if values["quiet"]:
        return 30
    return 10 if values["debug"] else given


def check_run_options(values: dict[str, Any]) -> None:
    """Refuses options of a run that exclude each other, and files in place of folders; raises ``UsageError``."""
    check_log_options(values)
    if values["active_sheet_only"] and values["input_sheet"]:
        raise UsageError("--active-sheet-only and --input-sheet exclude each other.")
    for key in ("output_dir", "logs_dir"):
        if values[key] is not None and Path(values[key]).is_file():
            raise UsageError(f"--{key.replace('_', '-')} {values[key]!r} is a file; name a folder.")
