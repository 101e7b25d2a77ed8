"""The command line: ``python -m ade_engine`` and ``ade-engine``.

Exit status: 0 success, 1 a run failed (or settings or a config package are invalid), 2 the command line was wrong. Events and
log lines go to standard error, so that standard output holds only the requested output of a command.
"""

from __future__ import annotations

import gc
import os
import sys

from ade_engine.cli.arguments import Command, HelpRequest, Option, UsageError
from ade_engine.infrastructure.policy import policy, refuse
from ade_engine.models.errors import SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

_COMMON = (
    Option("--log-format", metavar="text|ndjson", choices=("text", "ndjson"), help="How events are written"),
    Option("--log-level", metavar="NAME", help="Least severe level of events that are written"),
    Option("--debug", help="Write every event"),
    Option("--quiet", help="Write warnings and errors only"),
    Option("--config-package", metavar="DIR", help="Folder of the config package"),
    Option("--set", metavar="KEY=VALUE", repeatable=True, help="Value of a setting, such as date_order=mdy"),
)
_SHEETS = (
    Option("--input-sheet", "-s", metavar="NAME", repeatable=True, help="Process this sheet only"),
    Option("--active-sheet-only", help="Process the sheet that was active when the workbook was saved"),
)
_LOGS = Option("--logs-dir", metavar="DIR", help="Folder that receives a log file as well")


def _list(says: str) -> Option:
    return Option("--list", metavar="FILE", required=True, help=says)


def _folder(receives: str) -> Option:
    return Option("--output-dir", metavar="DIR", required=True, help=receives)


_ALL = (
    Command(
        "process file",
        "Normalize one workbook or CSV file",
        (
            Option("--input", "-i", metavar="FILE", required=True, help="File to read"),
            Option("--output", "-o", metavar="PATH", help="Workbook to write, ending in .xlsx"),
            Option("--output-dir", metavar="DIR", help="Folder for <stem>_normalized.xlsx; else beside the input"),
            _LOGS,
            *_SHEETS,
            *_COMMON,
        ),
        example="ade-engine process file --input orders.xlsx --output-dir out --config-package my-config",
    ),
    Command(
        "process batch",
        "Normalize every supported file below a folder",
        (
            Option("--input-dir", metavar="DIR", required=True, help="Folder to search, subfolders included"),
            _folder("Folder for the normalized workbooks"),
            Option("--include", metavar="GLOB", repeatable=True, help="Process only files that match this pattern"),
            Option("--exclude", metavar="GLOB", repeatable=True, help="Skip files that match this pattern"),
            *_SHEETS,
            _LOGS,
            *_COMMON,
        ),
        example="ade-engine process batch --input-dir in --output-dir out --config-package my-config",
    ),
    Command(
        "config init",
        "Write a starter config package",
        (
            Option("--layout", metavar="src|flat", choices=("src", "flat"), default="src", help="Folder to create it in"),
            Option("--package-name", metavar="NAME", default="ade_config", help="Name of the Python package"),
            Option("--force", help="Write into a folder that is not empty"),
        ),
        arguments=(("TARGET_DIR", "Folder to create the config package in"),),
        example="ade-engine config init my-config",
    ),
    Command(
        "config validate",
        "Load a config package and count what it registers",
        _COMMON,
        example="ade-engine config validate --config-package my-config",
    ),
    Command(
        "combine",
        "Combine the tables that several runs have written as Parquet into one",
        (
            _list('JSON: [{"file": "a.xlsx", "tables": ["a.parquet"]}]; no tables: null'),
            Option("--output", "-o", metavar="PATH", required=True, help="File to write: .xlsx, .csv, .parquet or .jsonl"),
            Option("--names", help="Name the columns after their fields, not by their headers"),
            *_COMMON,
        ),
        example="ade-engine combine --list tables.json --output all.xlsx --config-package my-config",
    ),
    Command(
        "test cases",
        "Run the cases of a config package in one process",
        (
            _list('JSON: [{"number": 1, "input": "a.csv"}]; also input_sheets, active_sheet_only, settings'),
            _folder("Folder for the result of each: <number>.json"),
            *_COMMON,
        ),
        example="ade-engine test cases --list cases.json --output-dir out --config-package my-config",
    ),
    Command(
        "fix columns",
        "Suggest fields for the unmapped columns of a file, or add headers to fields",
        (
            _list('JSON: {"root": "my-config", "input": "a.csv"}; or accept: [["net", "Netto"]]'),
            _folder("Folder for result.json and changed files"),
            *_COMMON,
        ),
        example="ade-engine fix columns --list asked.json --output-dir out --config-package my-config",
    ),
    Command(
        "infer fields",
        "Infer fields from sample files, and write the inputs of their cases",
        (
            _list('JSON: {"samples": [{"name": "a.csv", "input": "/in/a.csv"}], "fields": {"names": ["net"]}}'),
            _folder("Folder for result.json, fields.py and the inputs"),
            *_COMMON,
        ),
        example="ade-engine infer fields --list samples.json --output-dir out --config-package my-config",
    ),
    Command("version", "Print the version", ()),
)
_COMMANDS = {command.name: command for command in _ALL}


def app(arguments: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    usage = "ade-engine COMMAND [OPTIONS]"
    try:
        if words and words[0] == "--version":
            return _version({})
        if not words or words[0] in ("--help", "-h"):
            print(_overview())
            return 0
        command, rest = _find_command(words)
        usage = command.usage
        try:
            values = command.parse(rest)
        except HelpRequest:
            print(command.help_text())
            return 0
        return _runner(command.name)(values)
    except HelpRequest:
        print(_overview())
        return 0
    except UsageError as error:
        refuse("usage", str(error))
        print(f"Usage: {usage}\n\nError: {error}", file=sys.stderr)
        return 2
    except SettingsError as error:
        message = f"Invalid settings: {error}"
        if not refuse("settings_invalid", message, error.hint):
            print(message, file=sys.stderr)
        return 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the program's own command line and ends the process with its status."""
    # Imports and workbooks create many objects and little garbage: collecting less often saves a tenth of the start.
    gc.set_threshold(100_000, 20, 50)
    if not policy().quotes_values:
        from ade_engine.infrastructure.observability.wording import keep_values_off_standard_error

        keep_values_off_standard_error()
    try:
        status = app(arguments)
    except KeyboardInterrupt:
        status = 130
    if arguments is None:
        _leave(status)
    raise SystemExit(status)


def _leave(status: int) -> None:
    """Ends the process now, because tearing down an interpreter with polars takes long and has no effect.

    Outputs and logs are closed by now. Exit functions that a config package has registered still run, and threads of its own
    that Python would wait for are waited for.
    """
    import atexit
    import contextlib
    import threading

    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        return
    try:
        atexit._run_exitfuncs()
    except Exception as error:
        print(f"Error at exit: {error}", file=sys.stderr)
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        # Output that could not be printed is a failure; a log that could not be written is not.
        status = status or 1
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(status)


def _find_command(words: list[str]) -> tuple[Command, list[str]]:
    for length in (2, 1):
        command = _COMMANDS.get(" ".join(words[:length]))
        if command is not None and len(words) >= length:
            return command, words[length:]
    group = words[0]
    inside = [name for name in _COMMANDS if name.startswith(f"{group} ")]
    if "--help" in words[1:2] and inside:
        raise HelpRequest
    if inside and len(words) > 1:
        raise UsageError(f"No such command: {' '.join(words[:2])} (there are {', '.join(inside)})")
    if inside:
        raise UsageError(f"Missing command: {', '.join(inside)}")
    raise UsageError(f"No such command: {words[0]}")


def _overview() -> str:
    width = max(map(len, _COMMANDS))
    lines = [
        "Normalize messy workbooks with a config package",
        "",
        "Usage: ade-engine COMMAND [OPTIONS]",
        "",
        "Commands:",
    ]
    lines += [f"  {name:<{width}}  {command.summary}" for name, command in _COMMANDS.items()]
    lines += ["", "Options:", "  --version  Print the version", "  --help     Show this message"]
    lines += ["", "Example:", f"  {_COMMANDS['process file'].example}"]
    return "\n".join(lines)


def _runner(name: str) -> Callable[[dict[str, Any]], int]:
    if name == "version":
        return _version
    if name == "process file":
        from ade_engine.cli.process import process_file

        return process_file
    if name == "process batch":
        from ade_engine.cli.process import process_batch

        return process_batch
    if name == "combine":
        from ade_engine.cli.combine import combine_files

        return combine_files
    if name == "test cases":
        from ade_engine.cli.cases import test_cases

        return test_cases
    if name == "fix columns":
        from ade_engine.cli.inferring import fix_columns

        return fix_columns
    if name == "infer fields":
        from ade_engine.cli.inferring import infer_fields

        return infer_fields
    if name == "config init":
        from ade_engine.cli.config import init

        return init
    from ade_engine.cli.config import validate

    return validate


def _version(_: dict[str, Any]) -> int:
    from ade_engine import __version__

    print(__version__)
    return 0
