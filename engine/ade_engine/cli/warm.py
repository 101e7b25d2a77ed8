"""A warm engine: a process with the imports of runs, of which each run is a fork.

It imports nothing of a config package, and creates no polars expression: the first one starts threads, and a process with
threads cannot be forked.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import walk_packages
from tempfile import TemporaryDirectory

#: Modules of the engine that runs do not import.
_LEFT_OUT = ("ade_engine.__main__", "ade_engine.cases", "ade_engine.cli", "ade_engine.inference", "ade_engine.starter")
#: Modules that import openpyxl, for hooks that use it. openpyxl imports numpy if it is installed, which starts threads.
_WITH_OPENPYXL = ("ade_engine.io.input.origin", "ade_engine.io.input.read_only_sheet", "ade_engine.io.worksheets.")
#: The package of the rehearsal.
_REHEARSED = "ade_rehearsal"
#: Other modules that runs import at their start.
_OTHERS = ("ade_engine.cli.process", "encodings.utf_8_sig", "encodings.utf_16_le")
#: The longest wait for the threads of a rehearsal to end.
_MAX_WAIT_SECONDS = 1.0


def wait_for_run(owner: int, folder: str | None = None) -> None:
    """Returns in a fork for each run, with its folder, variables and arguments; ``owner`` is the process that requests them. A
    rehearsal may write below ``folder``.
    """
    import_all()
    if folder is not None:
        rehearse(folder)
    gc.collect()
    # Existing objects are garbage in no fork: a collection that visits them would copy their memory.
    gc.freeze()
    from ade_engine._native import wait_for_run as wait
    from ade_engine.infrastructure import policy

    variables, folder, arguments = _parts(wait(owner, _compile_configuration))
    os.chdir(folder)
    os.environ.clear()
    os.environb.update(variable.split(b"=", 1) for variable in variables.split(b"\0"))
    time.tzset()
    sys.orig_argv[1 - len(sys.argv) :] = arguments
    sys.argv[1:] = arguments
    policy.decide()


def rehearse(folder: str) -> None:
    """Runs a small configuration of the engine's own. Then forks need not prepare caches and specialized code again, each in
    memory of its own.
    """
    from ade_engine.cli.app import app
    from ade_engine.extensions.loader import forget

    home = Path(__file__).parents[1] / "rehearsal"
    # Runs work without it if it fails.
    with contextlib.suppress(Exception), TemporaryDirectory(prefix=".rehearsal-", dir=folder) as output:
        places = ["--config-package", str(home), "--input", str(home / "input.csv"), "--output-dir", output]
        app(["process", "file", "--log-format", "ndjson", *places])
    forget(_REHEARSED)
    # The reading thread ends with the source, and a process with threads cannot be forked.
    gc.collect()
    ends = time.monotonic() + _MAX_WAIT_SECONDS
    while len(os.listdir("/proc/self/task")) > 1 and time.monotonic() < ends:
        time.sleep(0.001)


def _parts(message: bytes) -> tuple[bytes, str, list[str]]:
    """Returns the variables, the folder and the arguments of a run."""
    variables, _, rest = message.partition(b"\0\0")
    folder, *arguments = map(os.fsdecode, rest.split(b"\0")[:-1])
    return variables, folder, arguments


def _compile_configuration(message: bytes) -> None:
    """Compiles the configuration of a run before its fork starts, so that later forks have it, too; and imports polars if it
    does.
    """
    from ade_engine.extensions.compiled import compile_ahead, names_ahead
    from ade_engine.extensions.invoke import OF_POLARS
    from ade_engine.extensions.loader import resolve_config_import

    arguments = _parts(message)[2]
    try:
        found = resolve_config_import(arguments[arguments.index("--config-package") + 1])
    except Exception:
        # The run reports the error.
        return
    if compile_ahead(found.import_root / found.package_name) and not OF_POLARS.isdisjoint(names_ahead()):
        import polars  # noqa: F401


def import_all() -> None:
    """Imports the modules of the engine that runs import."""
    import ade_engine

    left_out = _LEFT_OUT if find_spec("numpy") is None else _LEFT_OUT + _WITH_OPENPYXL
    for module in walk_packages(ade_engine.__path__, "ade_engine."):
        if not module.name.startswith(left_out):
            import_module(module.name)
    for name in _OTHERS:
        import_module(name)
