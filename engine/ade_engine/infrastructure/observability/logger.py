"""Events and log lines.

A :class:`RunLogger` is the ``logger`` of config packages: a standard logging adapter that can also send named events. One
handler writes them to a stream or file, as text for people or as NDJSON for programs.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from datetime import datetime, timezone

from ade_engine import _native
from ade_engine.infrastructure.policy import policy
from ade_engine.models.events import (
    CONFIG_NAMESPACE,
    DEFAULT_EVENT,
    ENGINE_EVENT_SCHEMAS,
    ENGINE_NAMESPACE,
    LOG,
    SCHEMA_VERSION,
    SERIALIZATION_FAILED,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping
    from typing import Any, TextIO

_SILENT = logging.CRITICAL + 1000


# A handler that reads such data parses their JSON.
Mapping.register(_native.Json)


def new_id() -> str:
    """Returns a random UUID as text."""
    digits = bytearray(os.urandom(16))
    digits[6] = digits[6] & 0x0F | 0x40
    digits[8] = digits[8] & 0x3F | 0x80
    text = digits.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def timestamp(moment: datetime) -> str:
    """Returns UTC with milliseconds, for events and reports."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class RunLogger(logging.LoggerAdapter):
    """The usual logging methods, and :meth:`event`.

    A plain line (``logger.info("…")``) becomes the event ``<namespace>.log``; ``data={…}`` attaches values to the line.
    Handlers that a package adds find the attributes ``event``, ``event_id``, ``engine_run_id``, ``namespace`` and ``data`` on
    each record.
    """

    def __init__(self, logger: logging.Logger, *, engine_run_id: str | None = None, namespace: str = ENGINE_NAMESPACE):
        self.engine_run_id = engine_run_id or new_id()
        self.namespace = _tidy(namespace)
        super().__init__(logger, {"namespace": self.namespace, "engine_run_id": self.engine_run_id})

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
        """Sends an event to the handlers.

        Names under ``engine.config`` are free, as are those of a namespace outside of ``engine``; any other name must be one
        the engine knows.
        """
        if not self.isEnabledFor(level):
            return
        full_name = _full_name(name, self.namespace)
        _demand_known(full_name)
        values = data
        if type(data) is not _native.Json:
            values = {**dict(data or {}), **fields}
            if ENGINE_EVENT_SCHEMAS.get(full_name) is not None:
                values = {"schema_version": SCHEMA_VERSION, **values}
        exc_info = (type(exc), exc, exc.__traceback__) if exc is not None else None
        record = logging.LogRecord(self.logger.name, level, __file__, 0, message or full_name, (), exc_info, "event")
        record.__dict__.update(
            event=full_name,
            event_id=new_id(),
            engine_run_id=self.engine_run_id,
            namespace=self.namespace,
            ade_whole_stack=self.isEnabledFor(logging.DEBUG),
        )
        if values:
            record.data = values
        self.logger.handle(record)

    def with_namespace(self, namespace: str) -> RunLogger:
        """Returns the same logger for names below another namespace, such as ``engine.config.orders`` or one of your own."""
        return RunLogger(self.logger, engine_run_id=self.engine_run_id, namespace=namespace)

    def setLevel(self, level: int | str) -> None:
        """Changes the least severe level; it takes effect at once."""
        super().setLevel(level)
        # Loggers without a manager cache which levels were enabled before.
        self.logger._cache.clear()

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Gives the record the attributes that handlers expect: the event's name, the ids, the namespace, the data.

        A name that the caller gives as ``extra={"event": …}`` is kept, whatever it is: a log line never ends a run.
        """
        given = kwargs.get("extra")
        if given is not None and not isinstance(given, Mapping):
            raise TypeError(f"extra should be a mapping, not {type(given).__name__}")
        extra = {**self.extra, **(given or {})}
        extra["engine_run_id"] = self.engine_run_id
        extra["event_id"] = str(extra.get("event_id") or new_id())
        namespace = _tidy(str(extra.pop("namespace", None) or ""))
        if namespace:
            extra["namespace"] = namespace
        extra.setdefault("event", _full_name(DEFAULT_EVENT, namespace))
        data = kwargs.pop("data", None)
        if data is not None:
            extra["data"] = data
        elif extra.get("data") is not None and not isinstance(extra["data"], Mapping):
            extra["data"] = {"value": extra["data"]}
        extra["ade_whole_stack"] = self.isEnabledFor(logging.DEBUG)
        kwargs["extra"] = extra
        return msg, kwargs


def _tidy(name: str | None) -> str:
    """Returns a name without blanks and dots at its ends."""
    return (name or "").strip().strip(".")


def _full_name(name: str, namespace: str) -> str:
    """Returns the name below the namespace; a name that starts with the namespace is put below it without that start."""
    name = _tidy(name) or "invalid_event"
    if not namespace or _is_within(name, namespace):
        return name
    root = namespace.partition(".")[0]
    return f"{namespace}.{name.removeprefix(f'{root}.')}"


def _demand_known(full_name: str) -> None:
    free = _is_within(full_name, CONFIG_NAMESPACE) or not _is_within(full_name, ENGINE_NAMESPACE)
    if not free and full_name not in ENGINE_EVENT_SCHEMAS:
        raise ValueError(
            f"the engine has no event {full_name!r}; names under '{CONFIG_NAMESPACE}.' are free for config packages"
        )


def _is_within(name: str, namespace: str) -> bool:
    return name == namespace or name.startswith(f"{namespace}.")


class NullLogger(RunLogger):
    """A logger that writes nothing."""

    def __init__(self) -> None:
        logger = logging.Logger("ade_engine.silent", _SILENT)
        logger.propagate = False
        super().__init__(logger)


class EventFormatter(logging.Formatter):
    """One line of NDJSON, or text, for each record. A package may give it to a handler of its own, such as one of the root."""

    def __init__(self, log_format: str):
        super().__init__()
        self.format = _as_ndjson if log_format == "ndjson" else _as_text


class EventHandler(logging.Handler):
    """Writes each record as one line of NDJSON, or as text, to a stream. Errors of a closed stream are ignored."""

    def __init__(self, stream: TextIO, log_format: str, level: int = logging.NOTSET, *, owned: bool = False):
        super().__init__(level)
        self.stream = stream
        self._owned = owned
        self.setFormatter(EventFormatter(log_format))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:
            # Most likely arguments that do not fit the format: reported on standard error, and the run goes on.
            self.handleError(record)
            return
        try:
            self.stream.write(line + "\n")
            self.stream.flush()
        except (OSError, ValueError):
            pass

    def handleError(self, record: logging.LogRecord) -> None:
        """Reports that a log line was left out; under `ade` without its arguments, which may be cells."""
        if policy().quotes_values:
            super().handleError(record)
        elif logging.raiseExceptions:
            place = f"{record.pathname}, line {record.lineno}"
            sys.stderr.write(f"A log line was left out: its arguments do not fit its format ({place})\n")

    def close(self) -> None:
        if self._owned:
            self.stream.close()
        super().close()


def _event_of(record: logging.LogRecord) -> str:
    """Returns the name of a record's event. A record of a logger of the package's own, which shares the run's handlers, has
    none.
    """
    return str(getattr(record, "event", None) or DEFAULT_EVENT)


def _as_ndjson(record: logging.LogRecord) -> str:
    line: dict[str, Any] = {
        "event_id": getattr(record, "event_id", None) or new_id(),
        "engine_run_id": getattr(record, "engine_run_id", None) or "",
        "timestamp": timestamp(datetime.fromtimestamp(record.created, timezone.utc)),
        "level": record.levelname.lower(),
        "event": _event_of(record),
        "message": record.getMessage(),
    }
    data = getattr(record, "data", None)
    if data:
        line["data"] = dict(data) if isinstance(data, Mapping) and type(data) is not _native.Json else data
    error = _error_of(record)
    if error is not None:
        line["error"] = error
    try:
        return _native.json_text(line, _plain)
    except (TypeError, ValueError, RecursionError) as error:
        reason = error
    try:
        return _native.json_text(line, _plain, is_lenient=True)
    except (TypeError, ValueError, RecursionError):
        from ade_engine.infrastructure.observability.wording import told

        event = line["event"]
        line["data"] = None
        line.update(
            level="error",
            event=SERIALIZATION_FAILED,
            message=f"The data of {event} cannot be written as JSON: {told(reason)}",
        )
        return _native.json_text({key: value for key, value in line.items() if value is not None}, _plain)


def _as_text(record: logging.LogRecord) -> str:
    event = _event_of(record)
    message = record.getMessage()
    moment = timestamp(datetime.fromtimestamp(record.created, timezone.utc))
    line = f"{moment} {record.levelname:<7} "
    line += message if event in (LOG, DEFAULT_EVENT, message) else f"{event}: {message}"
    data = getattr(record, "data", None)
    if isinstance(data, Mapping) and data and record.levelno < logging.INFO:
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
            text = _native.json_text(value, _plain, is_lenient=True, is_ascii=False)
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
    if policy().quotes_values:
        trace = stack_trace(error, whole=whole)
    else:
        trace = stack_trace_without_values(error, whole=whole, say=told)
    return {"type": kind_of(error), "message": said_by(error), "stack_trace": trace}


def _plain(value: Any) -> Any:
    """Returns values that JSON does not have as text, and collections of other kinds as lists."""
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def standard_error() -> TextIO:
    """Returns the current standard error stream."""
    return sys.stderr
