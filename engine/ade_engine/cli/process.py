"""The commands ``process file`` and ``process batch``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ade_engine.application.engine import Engine
from ade_engine.cli.arguments import UsageError
from ade_engine.cli.common import check_run_options, load_settings
from ade_engine.infrastructure.policy import refuse
from ade_engine.models.errors import HookError, InputError
from ade_engine.models.run import RunRequest, RunStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.infrastructure.settings import Settings


def process_file(values: dict[str, Any]) -> int:
    """Normalizes one file and returns the status."""
    check_run_options(values)
    input_file = Path(values["input"])
    if not input_file.is_file():
        problem = "is not a file" if input_file.exists() else "does not exist"
        raise UsageError(f"Input {str(input_file)!r} {problem}.")
    output = values["output"]
    if output is not None and values["output_dir"] is not None:
        raise UsageError("--output and --output-dir exclude each other.")
    if output is not None and Path(output).suffix.lower() != ".xlsx":
        raise UsageError(f"--output has to end in .xlsx: {output!r}")
    settings, config_package = load_settings(values, input_file.name)
    request = _request(values, config_package, input_file, None if output is None else Path(output))
    return 0 if _run(request, settings) else 1


def process_batch(values: dict[str, Any]) -> int:
    """Normalizes every supported file below a folder; the others are processed even if one fails."""
    check_run_options(values)
    input_dir = Path(values["input_dir"])
    if not input_dir.is_dir():
        problem = "is not a folder" if input_dir.exists() else "does not exist"
        raise UsageError(f"Input folder {str(input_dir)!r} {problem}.")
    settings, config_package = load_settings(values)
    files = find_inputs(input_dir, settings.supported_file_extensions, values["include"], values["exclude"])
    if not files:
        raise UsageError(f"No input file below {str(input_dir)!r}.")
    outcomes = [
        _run(_request(values, config_package, input_file), load_settings(values, input_file.name)[0]) for input_file in files
    ]
    return 0 if all(outcomes) else 1


def find_inputs(folder: Path, extensions: tuple[str, ...], include: list[str], exclude: list[str]) -> list[Path]:
    """Returns files below the folder with one of the extensions, in the order of their paths."""
    from fnmatch import fnmatch

    def matches(path: Path, patterns: list[str]) -> bool:
        relative = path.relative_to(folder).as_posix()
        return any(fnmatch(relative, pattern) or fnmatch(path.name, pattern) for pattern in patterns)

    found = []
    wanted = {extension.lower() for extension in extensions}
    # Without any extension in the setting every file is wanted.
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if wanted and path.suffix.lower() not in wanted or not path.is_file():
                continue
            if (include and not matches(path, include)) or matches(path, exclude):
                continue
            found.append(path)
    return sorted(found)


def _request(
    values: dict[str, Any], config_package: Path, input_file: Path, output_path: Path | None = None
) -> RunRequest:
    """Returns the run of one file, by the options that both commands have."""
    output_dir, logs_dir = values["output_dir"], values["logs_dir"]
    return RunRequest(
        config_package=config_package,
        input_file=input_file,
        input_sheets=values["input_sheet"] or None,
        active_sheet_only=values["active_sheet_only"],
        output_path=output_path,
        output_dir=None if output_dir is None else Path(output_dir),
        logs_dir=None if logs_dir is None else Path(logs_dir),
    )


def _run(request: RunRequest, settings: Settings) -> bool:
    try:
        result = Engine(settings).run(request)
    except (InputError, HookError, OSError) as error:
        # Nothing was started: a path is unusable, a folder cannot be created, a log cannot be opened. Or the run is complete,
        # and a hook has left values that no report can be made of.
        refuse("usage", str(error))
        print(f"Error: {error}", file=sys.stderr)
        return False
    return result.status is RunStatus.SUCCEEDED
