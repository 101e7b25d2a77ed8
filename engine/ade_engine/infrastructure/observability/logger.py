"""Events and log lines.

A :class:`RunLogger` is what config packages know as ``logger``: a standard logging adapter that can also send named
events. One handler writes them to a stream or file, as text for people or as NDJSON for programs.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import datetime, timezone

from ade_engine.infrastructure.caller import is_ade
from ade_engine.models.events import (
    CONFIG_NAMESPACE,
    ENGINE_EVENT_SCHEMAS,
    ENGINE_NAMESPACE,
    LOG,
    SCHEMA_VERSION,
    SERIALIZATION_FAILED,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableMapping
    from typing import Any, TextIO

_SILENT = logging.CRITICAL + 1000
_CONFIG = CONFIG_NAMESPACE.partition(".")[2]


def new_id() -> str:
    """A random UUID."""
    digits = bytearray(os.urandom(16))
    digits[6] = digits[6] & 0x0F | 0x40
    digits[8] = digits[8] & 0x3F | 0x80
    text = digits.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def timestamp(moment: datetime) -> str:
    """UTC with milliseconds, as events and reports write it."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class RunLogger(logging.LoggerAdapter):
    """The usual logging methods, and :meth:`event`.

    Plain lines (``logger.info("…")``) become ``engine.log`` events; ``data={…}`` attaches values to one.
    """

    def __init__(self, logger: logging.Logger, *, engine_run_id: str | None = None, namespace: str = ENGINE_NAMESPACE):
        super().__init__(logger, {})
        self.engine_run_id = engine_run_id or new_id()
        self.namespace = namespace

    def event(
        self,
        name: str,
        *,
        message: str | None = None,
        level: int = logging.INFO,
        data: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None,
        exc: BaseException | None = None,
        **fields: Any,
    ) -> None:
        """Send an event.

        Names under ``engine.config`` are free, as are those of a namespace outside of ``engine``; any other name must
        be one the engine knows.
        """
        if not self.isEnabledFor(level):
            return
        full_name = self._full_name(name)
        values = {**dict(data or {}), **fields}
        if ENGINE_EVENT_SCHEMAS.get(full_name) is not None:
            values = {"schema_version": SCHEMA_VERSION, **values}
        exc_info = (type(exc), exc, exc.__traceback__) if exc is not None else None
        record = logging.LogRecord(self.logger.name, level, "", 0, message or full_name, (), exc_info)
        record.ade_event = full_name
        record.ade_data = values
        record.ade_run_id = self.engine_run_id
        record.ade_whole_stack = self.isEnabledFor(logging.DEBUG)
        self.logger.handle(record)

    def with_namespace(self, namespace: str) -> RunLogger:
        """The same logger for names below another namespace, such as ``config.orders`` or one of your own."""
        name = namespace.strip(" .")
        full = f"{ENGINE_NAMESPACE}.{name}" if _is_within(name, _CONFIG) else name or ENGINE_NAMESPACE
        return RunLogger(self.logger, engine_run_id=self.engine_run_id, namespace=full)

    def setLevel(self, level: int | str) -> None:
        """Change the least severe level; it takes effect at once."""
        super().setLevel(level)
        # Loggers without a manager cache which levels were enabled before.
        self.logger._cache.clear()

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Carry the run's id and what the line was given as data to the handler."""
        extra = dict(kwargs.get("extra") or {})
        data = kwargs.pop("data", None)
        if data is None:
            data = extra.pop("data", None)
        name = extra.pop("event", None)
        extra["ade_run_id"] = self.engine_run_id
        extra["ade_event"] = LOG if name is None else self._full_name(name)
        extra["ade_data"] = data
        extra["ade_whole_stack"] = self.isEnabledFor(logging.DEBUG)
        kwargs["extra"] = extra
        return msg, kwargs

    def _full_name(self, name: str) -> str:
        name = name.strip(" .")
        full = name if _is_within(name, ENGINE_NAMESPACE) else f"{self.namespace}.{name}"
        known = full in ENGINE_EVENT_SCHEMAS or _is_within(full, CONFIG_NAMESPACE)
        if _is_within(full, ENGINE_NAMESPACE) and not known:
            raise ValueError(
                f"the engine has no event {full!r}; names under '{CONFIG_NAMESPACE}.' are free for config packages"
            )
        return full


def _is_within(name: str, namespace: str) -> bool:
    return name == namespace or name.startswith(f"{namespace}.")


class NullLogger(RunLogger):
    """A logger that writes nothing."""

    def __init__(self) -> None:
        logger = logging.Logger("ade_engine.silent", _SILENT)
        logger.propagate = False
        super().__init__(logger)


class EventHandler(logging.Handler):
    """Writes each record as one line of NDJSON, or as text, to a stream. Errors of a closed stream are ignored."""

    def __init__(self, stream: TextIO, log_format: str, level: int = logging.NOTSET, *, owned: bool = False):
        super().__init__(level)
        self._stream = stream
        self._owned = owned
        self._write_record = _as_ndjson if log_format == "ndjson" else _as_text

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self._write_record(record)
        except Exception:
            # Most likely arguments that do not fit the format: reported on standard error, and the run goes on.
            self.handleError(record)
            return
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            pass

    def handleError(self, record: logging.LogRecord) -> None:
        """Say that a log line was left out; under `ade` without its arguments, which may be cells."""
        if not is_ade():
            super().handleError(record)
        elif logging.raiseExceptions:
            place = f"{record.pathname}, line {record.lineno}"
            sys.stderr.write(f"A log line was left out: its arguments do not fit its format ({place})\n")

    def close(self) -> None:
        if self._owned:
            self._stream.close()
        super().close()


def _as_ndjson(record: logging.LogRecord) -> str:
    line: dict[str, Any] = {
        "event_id": new_id(),
        "engine_run_id": getattr(record, "ade_run_id", None),
        "timestamp": timestamp(datetime.fromtimestamp(record.created, timezone.utc)),
        "level": record.levelname.lower(),
        "event": getattr(record, "ade_event", LOG),
        "message": record.getMessage(),
    }
    data = getattr(record, "ade_data", None)
    if data:
        line["data"] = data
    error = _error_of(record)
    if error is not None:
        line["error"] = error
    try:
        return json.dumps(line, default=_plain, allow_nan=False)
    except (TypeError, ValueError) as error:
        reason = error
    try:
        return json.dumps(_plain_tree(line))
    except (TypeError, ValueError, RecursionError):
        event = line["event"]
        line["data"] = None
        line.update(
            level="error",
            event=SERIALIZATION_FAILED,
            message=f"The data of {event} cannot be written as JSON: {_words(reason)}",
        )
        return json.dumps({key: value for key, value in line.items() if value is not None})


def _words(error: Exception) -> str:
    if not is_ade():
        return f"{type(error).__name__}: {error}"
    from ade_engine.infrastructure.observability.wording import told

    return told(error)


def _as_text(record: logging.LogRecord) -> str:
    event = getattr(record, "ade_event", LOG)
    message = record.getMessage()
    moment = timestamp(datetime.fromtimestamp(record.created, timezone.utc))
    line = f"{moment} {record.levelname:<7} "
    line += message if event == LOG or message == event else f"{event}: {message}"
    data = getattr(record, "ade_data", None)
    if data and record.levelno < logging.INFO:
        shown = (f"{key}={_brief(value)}" for key, value in data.items() if key != "schema_version")
        line = f"{line}  {' '.join(shown)}"
    error = _error_of(record)
    if error is not None and error["stack_trace"].startswith("Traceback"):
        line = f"{line}\n{error['stack_trace'].rstrip()}"
    return line


def _brief(value: Any) -> str:
    if isinstance(value, str):
        text = str.__str__(value)
    else:
        try:
            text = json.dumps(_plain_tree(value), ensure_ascii=False)
        except (TypeError, ValueError, RecursionError):
            text = str(value)
    return text if len(text) <= 200 else f"{text[:199]}…"


def _error_of(record: logging.LogRecord) -> dict[str, str] | None:
    if not record.exc_info or record.exc_info[1] is None:
        return None
    from ade_engine.infrastructure.observability.stack import stack_trace, stack_trace_without_values
    from ade_engine.infrastructure.observability.wording import kind_of, said_by, told

    error = record.exc_info[1]
    whole = getattr(record, "ade_whole_stack", True)
    if is_ade():
        message, trace = said_by(error), stack_trace_without_values(error, whole=whole, say=told)
    else:
        message, trace = str(error), stack_trace(error, whole=whole)
    return {"type": kind_of(error), "message": message, "stack_trace": trace}


def _plain(value: Any) -> Any:
    """Values that JSON does not have, as text; collections of other kinds as lists."""
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def _plain_tree(value: Any) -> Any:
    """A copy in which infinite and NaN numbers are text; keys stay as they are, for JSON to accept or refuse."""
    if isinstance(value, dict):
        return {key: _plain_tree(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain_tree(entry) for entry in value]
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    return str.__str__(value) if isinstance(value, str) else _plain_tree(_plain(value))


def standard_error() -> TextIO:
    """The standard error stream as it is now."""
    return sys.stderr
