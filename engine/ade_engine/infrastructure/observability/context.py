"""Opening and closing the log of a run."""

from __future__ import annotations

import logging
from pathlib import Path

from ade_engine.infrastructure.observability.logger import EventHandler, RunLogger, new_id, standard_error
from ade_engine.infrastructure.setting_values import parse_log_level
from ade_engine.models.events import ENGINE_NAMESPACE, VALID_LOG_FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO


_LOGGER_PREFIX = "ade_engine.run"


class RunLoggerContext:
    """A run's logger for the duration of the ``with`` block; leaving it closes the log file."""

    def __init__(self, logger: RunLogger, log_file: Path | None):
        self.logger = logger
        self.log_file = log_file
        self.engine_run_id = logger.engine_run_id

    def __enter__(self) -> RunLoggerContext:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the log file; the logger is silent from then on."""
        logger = self.logger.logger
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
            handler.close()
        _forget(logger)


def create_run_logger_context(
    *,
    log_format: str = "text",
    log_level: int | str = logging.INFO,
    log_file: Path | str | None = None,
    stream: TextIO | None = None,
    enable_console_logging: bool = True,
    engine_run_id: str | None = None,
    namespace: str = ENGINE_NAMESPACE,
) -> RunLoggerContext:
    """Returns a logger that writes to standard error (or ``stream``) and, if requested, to a file.

    ``log_format`` is ``text`` or ``ndjson``, in either case; ``json`` is another name of ``ndjson``. Without
    ``enable_console_logging`` only the file is written. The file has at least level INFO, also if standard error has fewer
    events. The file covers one run: the log of an earlier run in the same file is overwritten.
    """
    log_format = (log_format or "text").strip().lower()
    if log_format == "json":
        log_format = "ndjson"
    if log_format not in VALID_LOG_FORMATS:
        raise ValueError(f"log_format is {' or '.join(map(repr, VALID_LOG_FORMATS))}, not {log_format!r}")
    log_level = parse_log_level(log_level)
    engine_run_id = engine_run_id or new_id()
    logger = logging.getLogger(f"{_LOGGER_PREFIX}.{engine_run_id}")
    logger.setLevel(min(log_level, logging.INFO) if log_file else log_level)
    logger.handlers.clear()
    logger.propagate = False
    if enable_console_logging:
        logger.addHandler(EventHandler(stream or standard_error(), log_format, log_level))
    path = None
    if log_file is not None:
        path = Path(log_file)
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = open(path, "w", encoding="utf-8", errors="backslashreplace")
        logger.addHandler(EventHandler(opened, log_format, min(log_level, logging.INFO), owned=True))
    return RunLoggerContext(RunLogger(logger, engine_run_id=engine_run_id, namespace=namespace), path)


def _forget(logger: logging.Logger) -> None:
    """Removes a run's logger from Python's register of loggers, because a process may do thousands of runs."""
    known = logging.Logger.manager.loggerDict
    known.pop(logger.name, None)
    name = logger.name
    while "." in name:
        name = name.rpartition(".")[0]
        holder = known.get(name)
        if isinstance(holder, logging.PlaceHolder):
            holder.loggerMap.pop(logger, None)
