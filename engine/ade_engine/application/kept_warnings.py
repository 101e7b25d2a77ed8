"""The warnings of :mod:`ade_engine.application.ignored` in a run, which must not pay for them each time.

Looking for them takes longer than loading the package: every module is parsed. A run of `ade` uses a snapshot, whose path
changes with each change of a file. So the warnings are kept in a file that `ade` names, in the folder of the environment,
together with the path of the snapshot that they are about.
"""

from __future__ import annotations

import json
import os

from ade_engine.infrastructure.policy import policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from ade_engine.extensions.registry import Registry


def configuration_warnings(
    config_package: Path, package_folder: Path, plugins: list[str], registry: Registry
) -> list[str]:
    """A sentence for each thing in the package without effect. The package is loaded."""
    file = policy().warnings_kept
    if file is not None:
        known = _read(file, str(config_package))
        if known is not None:
            return known
    try:
        from ade_engine.application.ignored import ignored

        found = ignored(config_package, package_folder, plugins, registry)
    except Exception:
        # A run does not fail because of what only helps its author; a check says what is wrong here.
        return []
    if file is not None:
        _keep(policy().warnings_found or file, str(config_package), found)
    return found


def _read(file: str, config_package: str) -> list[str] | None:
    """The warnings that are kept about this package; ``None``: none are, or they are about another one."""
    try:
        with open(file, encoding="utf-8") as kept:
            document = json.load(kept)
        found = document["warnings"]
        is_so = document["config_package"] == config_package and all(isinstance(text, str) for text in found)
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return found if is_so and isinstance(found, list) else None


def _keep(file: str, config_package: str, found: list[str]) -> None:
    """Write the file as a whole: other runs read it at the same time. Where it cannot be written, each run looks anew."""
    beside = f"{file}.{os.getpid()}"
    try:
        with open(beside, "w", encoding="utf-8") as kept:
            json.dump({"config_package": config_package, "warnings": found}, kept)
        os.replace(beside, file)
    except (OSError, ValueError):
        try:
            os.unlink(beside)
        except OSError:
            pass
