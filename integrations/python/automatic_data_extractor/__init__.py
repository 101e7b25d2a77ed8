"""Run ADE, the Automatic Data Extractor, from Python.

    from automatic_data_extractor import run

    result = run("crew", "inbox/roster.xlsx")
    result.tables[0]    # a polars DataFrame if polars is installed, otherwise a list with a dict for each row
    result.issues       # what is wrong, at the sender's own cells
    result.path         # the normalized workbook

It starts the program ``ade`` that came with this package and reads the JSON that it prints, so a run from here is the same as one from
a terminal: it is in ``ade runs ls``, and environments are shared. Nothing is printed. It may be called from several threads at once.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

__all__ = ["AdeError", "Result", "Summary", "run"]

# The script folders of this interpreter and of the user. Looked up once, because sysconfig is not safe in several threads.
_SCRIPTS = os.pathsep.join([sysconfig.get_path("scripts"), sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user"))])

PathLike = str | os.PathLike[str]


class AdeError(Exception):
    """Raised if ``ade`` fails or refuses.

    ``code`` is stable (docs/reference/errors.md explains each), ``hint`` says what to do next, ``status`` is the exit status of ``ade``.
    ``run`` is the run object of a run that failed or did not meet its requirements, if there is one.
    """

    def __init__(self, code: str, message: str, hint: str | None = None, *, status: int, run: dict[str, Any] | None = None):
        super().__init__(f"{message} [{code}]" + (f"\n{hint}" if hint else ""))
        self.code = code
        self.message = message
        self.hint = hint
        self.status = status
        self.run = run


@dataclass(frozen=True)
class Summary:
    """The counts of a run."""

    sheets: int
    tables: int
    rows: int
    """Rows that were read from tables. Those that were empty, or that a hook dropped, are in no table of the result."""
    mapped_fields: int
    """Fields for which a column was found."""
    unmapped_columns: int
    issues: int
    errors: int
    warnings: int
    infos: int

    @classmethod
    def of(cls, metrics: Mapping[str, Any]) -> Summary:
        return cls(**{name: int(metrics.get(name) or 0) for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Result:
    """A run that succeeded and met its requirements."""

    run: dict[str, Any] = field(repr=False)
    """The run object, as ``ade run --json`` prints it."""
    id: str
    input: str
    """The name of the input."""
    path: Path
    """The normalized workbook: the copy, where ``output_dir`` was given, else the one in the run's folder."""
    summary: Summary
    _shape: str = field(repr=False)
    _common: tuple[str, ...] = field(repr=False)
    _folder: str = field(repr=False)

    @cached_property
    def tables(self) -> list[Any]:
        """The tables of the workbook: the first, then the others sorted by their file names, which contain the sheet names.

        With polars they are DataFrames with the types of the columns (dates are dates). Without it each is a list with a dict for each
        row, with JSON values: dates are texts such as ``2026-01-31``.
        """
        workbook = Path(self.run["output_path"])
        files = {path.name: path for path in workbook.parent.iterdir() if path.suffix == f".{self._shape}"}
        first = files.pop(f"{workbook.stem}.{self._shape}", None)
        others = [files[name] for name in sorted(files) if name.startswith(f"{workbook.stem}_")]
        return [self._read(path) for path in ([first] if first else []) + others]

    def _read(self, path: Path) -> Any:
        if self._shape == "parquet":
            return importlib.import_module("polars").read_parquet(path)
        with path.open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    @cached_property
    def issues(self) -> list[dict[str, Any]]:
        """The issues of the input, each with ``sheet``, ``cell``, ``severity``, ``rule``, ``message``, ``value`` and more.

        Raises AdeError with the code ``no_issue_list``, if the configuration keeps no list.
        """
        return _records([*self._common, "issues", self.id], self._folder)


def run(
    config: PathLike,
    path: PathLike,
    *,
    data_dir: PathLike | None = None,
    workspace: str | None = None,
    output_dir: PathLike | None = None,
    sheets: Iterable[str] = (),
    settings: Mapping[str, object] | None = None,
    require: Iterable[str] = (),
    deny: Iterable[str] = (),
    max_errors: int | str | None = None,
    min_rows: int | None = None,
    changed: bool = False,
    timeout: float | None = None,
    arguments: Sequence[str] = (),
) -> Result:
    """Normalize one file with a configuration, and wait for the end of the run.

    ``data_dir``: the folder for all data of ``ade`` (default ``./data``, unless a setting names another). ``output_dir``: the folder for a
    copy of the workbook. ``sheets``: only these. ``settings``: engine settings for this run. ``require``, ``deny``, ``max_errors`` (a
    number, or a share of the rows such as ``"2%"``), ``min_rows``: requirements; a run that does not meet one raises AdeError.
    ``changed``: if nothing has changed since an accepted run, return that run. ``timeout``: in seconds. ``arguments``: further flags of
    ``ade run``, as typed.

    Raises AdeError if the run fails, is refused, or cannot begin. An interrupt cancels the run and raises KeyboardInterrupt.
    """
    if Path(path).is_dir():
        raise IsADirectoryError(f"{path} is a folder; run takes one file")
    common = [_program(), "--json", "--quiet"]
    common += _flags(("--data-dir", data_dir), ("--workspace", workspace))
    shape = "parquet" if importlib.util.find_spec("polars") else "jsonl"
    asked = _flags(
        ("--output-dir", output_dir),
        ("--max-errors", max_errors),
        ("--min-rows", min_rows),
        ("--timeout", timeout),
        *(("--input-sheet", sheet) for sheet in sheets),
        *(("--require", name) for name in require),
        *(("--deny", what) for what in deny),
        # Next to the workbook, and not instead of it as with --to.
        ("--set", f"also_write={shape}"),
        *(("--set", f"{name}={_text(value)}") for name, value in (settings or {}).items()),
    )
    asked += ["--changed"] if changed else []
    # Later calls use this folder too, because settings and the data directory may be found from it.
    folder = os.getcwd()
    found = _records([*common, "run", *asked, *arguments, "--", os.fspath(config), os.fspath(path)], folder)[0]
    if found["output_path"] is None:
        raise AdeError("no_output", found["summary"] or "the run has no output", status=0, run=found)
    return Result(
        run=found,
        id=found["id"],
        input=found["input"]["name"],
        path=Path(found["output_copy"] or found["output_path"]),
        summary=Summary.of(found["metrics"] or {}),
        _shape=shape,
        _common=tuple(common),
        _folder=folder,
    )


def _flags(*pairs: tuple[str, object]) -> list[str]:
    """Returns the flags that have a value. A value may begin with a hyphen."""
    return [f"{name}={value}" for name, value in pairs if value is not None]


def _text(value: object) -> str:
    """Returns a setting's value as it is typed."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _program() -> str:
    """Returns the ``ade`` of this package, next to the interpreter or on PATH."""
    found = shutil.which("ade", path=_SCRIPTS) or shutil.which("ade")
    if found is None:
        raise AdeError("ade_not_found", "there is no program ade", "reinstall automatic-data-extractor, or put ade on PATH", status=2)
    return found


def _records(command: Sequence[str], folder: str) -> list[dict[str, Any]]:
    """Returns the JSON objects that ``ade`` prints, one per line. Any exit status but 0 raises the error on standard error."""
    # In its own process group: a Ctrl-C of the terminal reaches it only once, from here. A second one would end it at once.
    with subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        try:
            printed, said = process.communicate()
        except BaseException:
            process.send_signal(signal.SIGINT)
            try:
                process.communicate()
            except BaseException:
                process.kill()
                raise
            raise
    records = [json.loads(line) for line in printed.splitlines() if line]
    if process.returncode == 0:
        return records
    error = _error(said)
    raise AdeError(
        error.get("code") or "internal",
        error.get("message") or said.strip() or f"ade ended with {process.returncode}",
        error.get("hint"),
        status=process.returncode,
        run=next((record for record in records if "input" in record), None),
    )


def _error(said: str) -> dict[str, Any]:
    """Returns the first error in standard error."""
    for line in said.splitlines():
        if line.startswith('{"error":'):
            error: dict[str, Any] = json.loads(line)["error"]
            return error
    return {}
