"""The form of events, loggers by themselves, and progress; the messages of events are in `tests/sheets/events`."""

import datetime as dt
import io
import json
import logging
import re
from collections import OrderedDict

import pytest
from conftest import plugin, steps

from ade_engine.infrastructure.observability.context import create_run_logger_context
from ade_engine.infrastructure.observability.logger import EventHandler, NullLogger, RunLogger
from ade_engine.models.events import ENGINE_EVENT_SCHEMAS

#: The members of the data of events that have no schema; the page of events must have the others.
MEMBERS = {
    "settings.effective": "settings",
    "config.loaded": "config_package entrypoint plugin_modules fields settings",
    "column_detector.candidate": "sheet_name table_index table_region column_index column_name column_header_original best_field best_score scores contributions",
    "column_detector.summary": "mapped unmapped_indices total_columns",
    "hook.start": "hook_name hook table_index table_region sheet_name",
    "hook.end": "hook_name hook table_index table_region sheet_name",
    "transform.result": "transform field table_index table_region row_count sample_before sample_after emitted_column",
    "validation.summary": "issue_columns table_index table_region rows",
}
WITH_SCHEMA = """run.started run.planned workbook.started sheet.started detector.row_result row_classification sheet.tables_detected
    detector.column_result column_classification table.written run.completed"""


def test_every_event_has_the_envelope_and_the_data_that_the_contract_lists(run):
    hooks = steps(transform='return pl.col("a") * 2', validator='return pl.when(pl.col("a") > 2).then(pl.lit("big"))', on_table_mapped="pass")
    outcome = run(hooks, [["a", "x"], [1, "t"], [2, None]], fields=["a"], level=10)
    assert len({event["engine_run_id"] for event in outcome.events}) == 1
    assert len({event["event_id"] for event in outcome.events}) == len(outcome.events)
    for event in outcome.events:
        assert list(event)[:6] == ["event_id", "engine_run_id", "timestamp", "level", "event", "message"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["timestamp"])
        assert event["level"] in ("debug", "info", "warning", "error") and event["message"] and event.get("data") != {}
    expected = {name: members.split() for name, members in MEMBERS.items()}
    expected |= {name: ["schema_version", *ENGINE_EVENT_SCHEMAS[f"engine.{name}"]] for name in WITH_SCHEMA.split()}
    data = {event["event"].removeprefix("engine."): event["data"] for event in reversed(outcome.events)}
    assert {name: list(members) for name, members in data.items()} == expected
    assert list(data["sheet.tables_detected"]["tables"][0]["region"]) == ["min_row", "min_col", "max_row", "max_col", "header_row_count", "a1"]
    detector = data["detector.row_result"]["detector"]
    assert (detector["name"], detector["scores"]) == ("first_row", {"header": 1.0}) and detector["duration_ms"] >= 0
    assert data["row_classification"]["classification"] == {"row_kind": "header", "score": 1.0, "considered_row_kinds": ["header"]}
    assert (data["transform.result"]["sample_before"], data["transform.result"]["sample_after"]) == ([1, 2], [2, 4])
    assert data["config.loaded"]["entrypoint"] == "auto-discovery" and data["settings.effective"]["settings"]["detector_column_sample_size"] == 100


def test_a_failure_has_its_error(run):
    error = run({}, [["a"]], input_sheets=["ghost"]).events[-2]["error"]
    assert sorted(error) == ["message", "stack_trace", "type"] and error["type"] == "InputError"


def test_loggers_are_logging_adapters():
    stream = io.StringIO()
    with create_run_logger_context(log_format="ndjson", stream=stream) as context:
        logger = context.logger
        assert isinstance(logger, RunLogger) and isinstance(logger, logging.LoggerAdapter) and logger.namespace == "engine"
        inner = logger.with_namespace(" engine.config.a. ")
        assert (inner.namespace, inner.engine_run_id) == ("engine.config.a", logger.engine_run_id)
        logger.event("config.bad", level=logging.ERROR, exc=ValueError("why"))
    assert json.loads(stream.getvalue())["error"]["type"] == "ValueError"
    NullLogger().event("no such event")
    NullLogger().error("nothing")
    assert not NullLogger().isEnabledFor(logging.CRITICAL)


def test_data_is_written_as_it_stands_when_its_turn_comes():
    class Lazy:
        def __str__(self):
            seen["text"] = "found"
            return "lazy"

    seen = {"n": 1, "lazy": None}
    seen["lazy"] = Lazy()
    ordered = OrderedDict(a=1, b=float("nan"))
    ordered.move_to_end("a")
    handle = io.StringIO()
    logger = logging.Logger("events")
    logger.addHandler(EventHandler(handle, "ndjson"))
    RunLogger(logger).event("config.lazy", data={"seen": seen, "ordered": ordered, 1: {"half": "\ud800"}})
    assert handle.getvalue().strip().endswith('"data": {"seen": {"n": 1, "lazy": "lazy", "text": "found"}, "ordered": {"b": "nan", "a": 1}, "1": {"half": "\\ud800"}}}')


def test_a_logger_can_be_opened_without_the_console_with_names_of_levels_and_a_namespace(tmp_path, capsys):
    file = tmp_path / "logs" / "x.log"
    given = {"log_format": " JSON ", "log_level": "debug", "log_file": file, "engine_run_id": "abc", "namespace": "engine.config"}
    with create_run_logger_context(enable_console_logging=False, **given) as context:
        context.logger.event("x", level=logging.DEBUG)
    line = json.loads(file.read_text())
    assert (line["event"], line["level"], line["engine_run_id"]) == ("engine.config.x", "debug", "abc") and capsys.readouterr().err == ""
    for wrong in ({"log_format": "xml"}, {"log_level": "loud"}):
        with pytest.raises(ValueError):
            create_run_logger_context(**wrong)


def test_progress_is_sent_at_most_ten_times_a_second_and_not_for_small_sheets(run):
    assert not run({}, [["a"], *([n] for n in range(2000))]).named("sheet.progress")
    slow = plugin("row", "if row_index % 512 == 0: import time; time.sleep(0.05)", "*, row_index, **_")
    events = run({"row_detectors/slow.py": slow}, [["a"], *([n] for n in range(8000))]).named("sheet.progress")
    moments = [dt.datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00")) for event in events]
    # Timestamps have milliseconds, so two events may look one closer than they were.
    assert all(later - earlier >= dt.timedelta(milliseconds=99) for earlier, later in zip(moments, moments[1:]))
    assert len(events) >= 2 and {event["data"]["stage"] for event in events} <= {"scan", "detect", "write"}
    assert list(events[0]["data"]) == ["schema_version", "sheet_name", "sheet_index", "stage", "rows", "total_rows"]
    rows = [event["data"]["rows"] for event in events if event["data"]["stage"] == "detect"]
    assert rows == sorted(rows)
