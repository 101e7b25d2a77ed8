"""The causes behind errors: a limit of the run, or a missing permission.

The operating system's messages mean little to an author: "permission denied" for a folder that runs may not write, "temporary
failure in name resolution" for a run without a network. `ade` tells the engine the run's permissions; this module traces an
error back to them.
"""

from __future__ import annotations

import errno
import os

from ade_engine.infrastructure.observability.wording import stands_in_sources, text_of
from ade_engine.infrastructure.policy import policy
from ade_engine.models.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: Messages of libraries that are not written in Python for a refused socket, or for a name that was not found.
_NETWORK_WORDS = (
    "Operation not permitted (os error 1)",
    "error sending request",
    "dns error",
    "Temporary failure in name resolution",
)
#: The parts of multiprocessing that need shared memory or sockets.
_SHARING = ("synchronize", "shared_memory", "heap", "managers", "forkserver")
#: Words in lines that take a process out of its group.
_LEAVING = ("setsid", "setpgid", "setpgrp", "start_new_session", "process_group")
#: Words in lines that ask the kernel for objects that it keeps for all processes.
_UNCOUNTED = ("memfd_create", "mmap(", "shmget", "semget", "msgget", "mq_open", "add_key", "request_key", "keyctl", "sysv_ipc", "posix_ipc")
_DENIED_WORDS = "Permission denied (os error 13)"
_FULL_WORDS = (f"(os error {errno.ENOSPC})", f"(os error {errno.EDQUOT})")
#: The limits behind failures, by the operating system's error number.
_LIMITS = {errno.EFBIG: "file_size", errno.EMFILE: "open_files", errno.ENOSPC: "disk_full", errno.EDQUOT: "disk_full"}


class RefusedOperation(Record, frozen=True):
    """The refused operation, the remedy, and the code of the limit that caused it, if any."""

    said: str = ""
    hint: str | None = None
    limit: str | None = None


def refusal_behind(error: BaseException | None) -> RefusedOperation | None:
    """Returns the refusal that the error, or one of those behind it, comes from; ``None`` if it has other causes."""
    if not policy().sends_codes:
        return None
    known = policy().rights
    for part in _chain(error):
        limit = _limit(part)
        if limit is not None:
            return RefusedOperation(limit=limit)
        missing = _missing(part)
        if missing is not None:
            return missing
        if known is not None:
            refusal = _processes(part) or _network(part, known) or _file(part, known) or _left_out(part, known)
            if refusal is not None:
                return refusal
    return None


def said_of_refusal(error: BaseException | None) -> str:
    """Returns the refused operation, to append to the error's own text; empty if there is none."""
    if policy().rights is None:
        return ""
    refusal = refusal_behind(error)
    return f"; {refusal.said}" if refusal is not None and refusal.said else ""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yields the error and those behind it, also those that it only carries."""
    waiting, seen = [error], set()
    while waiting and len(seen) < 50:
        part = waiting.pop(0)
        if not isinstance(part, BaseException) or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        context = None if part.__suppress_context__ else part.__context__
        waiting += [part.__cause__, context, getattr(part, "reason", None), *getattr(part, "args", ())]


def _limit(error: BaseException) -> str | None:
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, OSError) and error.errno is not None:
        return _LIMITS.get(error.errno)
    return "disk_full" if any(words in text_of(error) for words in _FULL_WORDS) else None


def _missing(error: BaseException) -> RefusedOperation | None:
    """Returns the refusal of a missing module. Its name is given if it is in the author's code."""
    if not isinstance(error, ModuleNotFoundError) or error.name is None or hasattr(error, "ade_place"):
        return None
    package = error.name.partition(".")[0]
    if not hasattr(error, "ade_free_of_values") and not stands_in_sources(package, error.__traceback__):
        return None
    hint = f"if {package} is a package, add it to `dependencies` in pyproject.toml; the next run installs it"
    return RefusedOperation(hint=hint)


def _processes(error: BaseException) -> RefusedOperation | None:
    if not isinstance(error, PermissionError):
        return None
    if any(_comes_from(error, f"multiprocessing.{part}") for part in _SHARING):
        return RefusedOperation(
            said="locks, queues, pools and shared memory between processes (multiprocessing, ProcessPoolExecutor) "
            "need memory that all runs share, which runs may not use",
            hint="use threads (ThreadPoolExecutor): polars and other native code work side by side in them",
        )
    if error.errno != errno.EPERM:
        return None
    line = _line_of(error)
    if any(name in line for name in _LEAVING) or _comes_from(error, "subprocess"):
        return RefusedOperation(
            said="processes of a run may not leave its process group, because they end with the run",
            hint="leave out start_new_session, process_group, setsid and setpgid",
        )
    if any(name in line for name in _UNCOUNTED):
        return RefusedOperation(
            said="runs may not have shared memory, queues, semaphores or keys that outlive their process",
            hint="use `bytearray`, `queue`, `threading`, or a file below the temporary folder (`tempfile`)",
        )
    if "utime(" in line:
        return RefusedOperation(
            said="a run does not change the times of files",
            hint="leave out os.utime; writing to a file sets its time",
        )
    return None


def _line_of(error: BaseException) -> str:
    """Returns the author's line that raised the error."""
    import linecache

    trace = error.__traceback__
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    return linecache.getline(trace.tb_frame.f_code.co_filename, trace.tb_lineno)


def _network(error: BaseException, known: dict) -> RefusedOperation | None:
    if known.get("network"):
        return None
    refused = isinstance(error, PermissionError) and error.errno == errno.EPERM and _comes_from(error, "socket")
    unresolved = type(error).__name__ == "gaierror"
    if not (refused or unresolved or any(words in text_of(error) for words in _NETWORK_WORDS)):
        return None
    if known.get("network_asked"):
        hint = "the run asked for network access, but the operator has not allowed it; set ADE_ALLOW_NETWORK=1 to allow it"
    else:
        hint = (
            "ask for network access with `ade run --allow-network` (over HTTP: runtime_network_access); "
            "the operator allows that with ADE_ALLOW_NETWORK=1"
        )
    return RefusedOperation(said="this run has no network", hint=hint)


def _comes_from(error: BaseException, module: str) -> bool:
    """Returns whether a function of the module, or of one below it, is in the error's traceback."""
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__")
        if isinstance(name, str) and (name == module or name.startswith(f"{module}.")):
            return True
        trace = trace.tb_next
    return False


def _file(error: BaseException, known: dict) -> RefusedOperation | None:
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EXDEV):
        names = [name for name in (error.filename2, error.filename) if name is not None]
        if not names:
            return None
        # When a file is moved, mostly the target is refused.
        path = next((name for name in names if not _is_below(name, known.get("write", []))), None)
        if path is None:
            return None
    elif _DENIED_WORDS in text_of(error):
        path = None
    else:
        return None
    shown = _shown(path, error)
    if path is not None and _can_be_read(path):
        return RefusedOperation(
            said=f"the configuration tried to write {shown}; runs may write only their output and temporary files",
            hint="write beside metadata['output_file'], or below the temporary folder (`tempfile`); "
            "the operator adds further folders with ADE_SANDBOX_WRITE",
        )
    return RefusedOperation(
        said=f"the configuration tried to open {shown}; runs may open only their input and output, their configuration, "
        "their environment and the system's libraries",
        hint="put the file into the configuration's folder, where git does not ignore it; "
        "the operator adds further ones with ADE_SANDBOX_READ, and with ADE_SANDBOX_WRITE those to write",
    )


def _left_out(error: BaseException, known: dict) -> RefusedOperation | None:
    """Returns the refusal of a file that the configuration expects in its own folder, and that its copy for runs lacks."""
    folder = known.get("configuration")
    if not isinstance(error, FileNotFoundError) or error.filename is None or not folder:
        return None
    if not _is_below(error.filename, [folder]):
        return None
    return RefusedOperation(
        said="runs use a copy of the configuration, without the files that git ignores",
        hint="if the file is in the configuration's folder, take it out of .gitignore; "
        "or use its absolute path, and let the operator add that to ADE_SANDBOX_READ",
    )


def _is_below(path: object, folders: list[str]) -> bool:
    try:
        real = os.path.realpath(os.fsdecode(path))
        return any(os.path.commonpath([real, os.path.realpath(folder)]) == os.path.realpath(folder) for folder in folders)
    except (TypeError, ValueError, OSError):
        return True


def _can_be_read(path: object) -> bool:
    """Returns whether writing was refused, because the path can be read. A missing file was to be created."""
    try:
        if not os.path.lexists(path):
            return True
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
        return True
    except (OSError, TypeError, ValueError):
        return False


def _shown(path: object, error: BaseException) -> str:
    """Returns the part of the path that is in the author's code: its end may be made of cells."""
    try:
        whole = os.fsdecode(path)
    except TypeError:
        return "a file"
    if hasattr(error, "ade_free_of_values") or stands_in_sources(whole, error.__traceback__):
        return whole
    folder = os.path.dirname(whole)
    while folder not in ("", os.sep):
        if stands_in_sources(folder, error.__traceback__):
            return f"a file below {folder}"
        folder = os.path.dirname(folder)
    return "a file"
