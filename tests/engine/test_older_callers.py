"""Features that callers of the older engine rely on: log records, paths of requests, small results.

The log lines of configurations are in `tests/sheets/events`.
"""

import io
import json
import logging
from pathlib import Path

import pytest
from conftest import write_package, write_workbook

from ade_engine import Engine, RunRequest, Settings
from ade_engine.infrastructure.observability.context import create_run_logger_context


@pytest.fixture
def lines():
    """The log lines that a function sends through a run's logger."""

    def call(speak, **choices):
        stream = io.StringIO()
        with create_run_logger_context(**{"log_format": "ndjson", "stream": stream, **choices}) as context:
            speak(context.logger)
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    return call


def test_handlers_find_the_attributes_of_a_record(lines):
    seen = []

    class Listener(logging.Handler):
        def emit(self, record):
            known = ("event", "namespace", "engine_run_id", "event_id", "data")
            seen.append([getattr(record, key, "absent") for key in known])

    def speak(logger):
        logger.logger.addHandler(Listener())
        inner = logger.with_namespace("engine.config.x")
        inner.info("a", extra={"data": 5, "event_id": 7})
        inner.event("b", n=1)
        inner.event("c")
        return logger

    first, second, third = lines(speak, engine_run_id="run")
    assert seen == [
        ["engine.config.x.log", "engine.config.x", "run", "7", {"value": 5}],
        ["engine.config.x.b", "engine.config.x", "run", second["event_id"], {"n": 1}],
        ["engine.config.x.c", "engine.config.x", "run", third["event_id"], "absent"],
    ]
    assert (first["event_id"], first["data"]) == ("7", {"value": 5})


def test_loggers_below_the_runs_and_beside_it_reach_its_handlers(lines):
    def speak(logger):
        assert logger.logger.name == "ade_engine.run.abc" and logger.extra == {"namespace": "engine", "engine_run_id": "abc"}
        logger.logger.getChild("part").warning("from a child")
        beside = logging.getLogger("somewhere.else")
        for handler in logger.logger.handlers:
            beside.addHandler(handler)
        try:
            beside.warning("from beside", extra={"data": {"n": 1}})
        finally:
            beside.handlers.clear()

    child, beside = lines(speak, engine_run_id="abc")
    assert (child["event"], child["engine_run_id"], child["message"]) == ("log", "", "from a child")
    assert (beside["event"], beside["engine_run_id"], beside["data"]) == ("log", "", {"n": 1})


def test_a_handler_of_the_root_writes_what_the_logs_formatter_makes(lines, monkeypatch):
    """A package may send what all loggers say to the run's log."""

    def speak(logger):
        handler = logging.StreamHandler(logger.logger.handlers[0].stream)
        handler.setFormatter(logger.logger.handlers[0].formatter)
        monkeypatch.setattr(logging.root, "handlers", [handler])
        logging.getLogger("somewhere.else").warning("from %s", "below", extra={"data": {"n": 1}})

    (below,) = lines(speak)
    assert (below["event"], below["level"], below["message"], below["data"]) == ("log", "warning", "from below", {"n": 1})


def test_closed_logs_leave_no_logger_behind():
    for _ in range(3):
        with create_run_logger_context(enable_console_logging=False) as context:
            name = context.logger.logger.name
            assert name in logging.Logger.manager.loggerDict
        known = logging.Logger.manager.loggerDict
        assert name not in known and name not in [logger.name for logger in known["ade_engine.run"].loggerMap]


# Requests and settings


@pytest.fixture
def request_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = write_package(tmp_path / "config", {})
    (tmp_path / "in").mkdir()
    source = write_workbook(tmp_path / "in" / "in.xlsx", {"S": [["a"], [1]]})
    return lambda **places: Engine().run(RunRequest(config_package=config, input_file=source, **places))


def test_relative_paths_start_in_the_folder_that_is_named_for_them_or_beside_the_output(request_for, tmp_path):
    assert request_for(output_path=Path("r.xlsx"), output_dir=Path("d")).output_path == tmp_path / "r.xlsx"
    assert request_for(output_path="q/r.xlsx").output_path == tmp_path / "q" / "r.xlsx"
    assert not (tmp_path / "d").exists()
    for places, folder, file in (
        ({"logs_path": Path("x.log"), "logs_dir": Path("l")}, "l", "l/x.log"),
        ({"logs_path": Path("x.log"), "output_dir": Path("o")}, "o", "o/x.log"),
        ({"logs_path": Path("deep/x.log"), "output_path": Path("p/r.xlsx")}, "p", "p/deep/x.log"),
        ({"logs_path": Path("x.log")}, "in", "in/x.log"),
        ({"logs_path": tmp_path / "z" / "x.log"}, "z", "z/x.log"),
    ):
        result = request_for(**places)
        assert result.logs_dir == tmp_path / folder and (tmp_path / file).is_file(), places


def test_settings_know_the_folder_that_they_were_loaded_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    assert Settings.load(config_package_dir="config").config_package == tmp_path / "config"
    assert Settings.load(config_package_dir="config", config_package="other").config_package == Path("other")
    assert Settings.load().config_package is None


@pytest.mark.parametrize("given, found", [([" .Xls ", "", "  "], (".Xls",)), (None, ()), ([1], (".1",))])
def test_extensions_of_a_call_may_be_anything(given, found, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert Settings(supported_file_extensions=given).supported_file_extensions == found
