"""The commands ``config init`` and ``config validate``."""

from __future__ import annotations

import os
from pathlib import Path

from ade_engine.cli.arguments import UsageError
from ade_engine.cli.common import check_log_options, load_settings
from ade_engine.infrastructure.observability.context import create_run_logger_context
from ade_engine.infrastructure.policy import refuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: The package that ``config init`` writes, kept as real files.
_STARTER = Path(__file__).resolve().parent.parent / "starter"


def init(values: dict[str, Any]) -> int:
    """Writes the starter package."""
    from keyword import iskeyword

    name = values["package_name"]
    if not name.isidentifier() or iskeyword(name):
        raise UsageError(f"--package-name has to be a Python identifier: {name!r}")
    target = Path(values["target_dir"])
    if target.exists() and not target.is_dir():
        raise UsageError(f"{str(target)!r} is a file.")
    if target.is_dir() and any(target.iterdir()) and not values["force"]:
        raise UsageError(f"{str(target)!r} is not empty; --force writes into it anyway.")
    for path, text in starter_files(name, values["layout"]).items():
        file = target / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    # A package of another name in a flat layout is found only if its own folder is given.
    folder = target / name if values["layout"] == "flat" and name != "ade_config" else target
    print(f"Config package written to {target}")
    print(f"Check it: ade-engine config validate --config-package {folder}")
    return 0


def validate(values: dict[str, Any]) -> int:
    """Loads a config package and prints its registrations."""
    from ade_engine.application.engine import Engine, failure_code

    check_log_options(values)
    settings, folder = load_settings(values)
    with create_run_logger_context(log_format=settings.log_format, log_level=settings.log_level) as context:
        try:
            registry = Engine(settings).check(config_package=folder, logger=context.logger)
        except (Exception, SystemExit) as error:
            reason, hint, place = _reason(error, folder)
            refuse(failure_code(error).value, reason, hint, **place)
            print(f"Config package INVALID: {'; '.join(filter(None, (reason, hint)))}")
            return 1
    print("Config package OK")
    print(f"- path: {folder}")
    print(f"- fields: {len(registry.fields)}")
    print(f"- row_detectors: {len(registry.row_detectors)}")
    print(f"- column_detectors: {len(registry.column_detectors)}")
    print(f"- column_transforms: {len(registry.column_transforms)}")
    print(f"- column_validators: {len(registry.column_validators)}")
    print(f"- hooks: {sum(len(entries) for entries in registry.hooks.values())}")
    return 0


def _reason(error: BaseException, folder: Path) -> tuple[str, str | None, dict[str, Any]]:
    """Returns the error with its position in the author's files, the remedy if it is known, and the position as data."""
    from ade_engine.extensions.loader import InvalidSource, place_of, words_of
    from ade_engine.infrastructure.observability.refusals import refusal_behind
    from ade_engine.infrastructure.observability.wording import mark_as_free_of_values
    from ade_engine.models.errors import AdeEngineError

    # No cell is read here, so the whole text of an error may be shown.
    mark_as_free_of_values(error)
    plain = isinstance(error, (AdeEngineError, ModuleNotFoundError)) and not isinstance(error, InvalidSource)
    place = getattr(error, "ade_location", None)
    if place is not None:
        words = str(error)
    else:
        place = place_of(error, Path(os.path.abspath(folder)))
        words = words_of(error, named=not plain, place=place)
    refusal = refusal_behind(error)
    return words, None if refusal is None else refusal.hint, place


def starter_files(package: str, layout: str) -> dict[str, str]:
    """Returns texts by relative path for a package of the given name."""
    words = {
        "package": package,
        "distribution": package.replace("_", "-"),
        "where": "src" if layout == "src" else ".",
        "folder": package if layout == "flat" and package != "ade_config" else ".",
    }
    files = {}
    for name in ("pyproject.toml", "settings.toml", "README.md"):
        text = (_STARTER / name).read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(f"{{{word}}}", value)
        files[name] = text
    prefix = f"src/{package}" if layout == "src" else package
    for path in sorted((_STARTER / "package").rglob("*.py")):
        files[f"{prefix}/{path.relative_to(_STARTER / 'package').as_posix()}"] = path.read_text(encoding="utf-8")
    return files
