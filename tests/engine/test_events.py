"""Events, log lines, and the closing payload."""

import datetime as dt
import io
import json
import logging
import random
import re

import pytest
from conftest import plugin

from ade_engine.infrastructure.observability.context import create_run_logger_context
from ade_engine.infrastructure.observability.logger import NullLogger, RunLogger
from ade_engine.models.events import ENGINE_EVENT_SCHEMAS

CONFIG = {
    "columns/x.py": plugin("transform", "return pl.col(field_name) * 2", "*, field_name, **_"),
    "columns/y.py": plugin("validator", 'return pl.when(pl.col(field_name) > 2).then(pl.lit("big"))', "*, field_name, **_"),
    "hooks/z.py": plugin("on_table_mapped", "pass"),
}

ROWS = [["a", "x"], [1, "t"], [2, None]]


def test_the_envelope_and_the_events_of_a_run_in_order(run):
    outcome = run(CONFIG, ROWS, fields=["a"], level=10)
    assert len({event["engine_run_id"] for event in outcome.events}) == 1
    assert len({event["event_id"] for event in outcome.events}) == len(outcome.events)
    for event in outcome.events:
        assert list(event)[:6] == ["event_id", "engine_run_id", "timestamp", "level", "event", "message"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["timestamp"])
        assert event["level"] in ("debug", "info", "warning", "error")
        assert event["event"].startswith("engine.") and event["message"] and event.get("data") != {}
    assert [event["event"] for event in run(CONFIG, ROWS, fields=["a"]).events] == [
        "engine.run.started", "engine.run.planned", "engine.config.loaded", "engine.workbook.started",
        "engine.sheet.started", "engine.table.written", "engine.run.completed",
    ]  # fmt: skip


def test_every_event_has_the_data_that_the_contract_lists(run):
    outcome = run(CONFIG, ROWS, fields=["a"], level=10)
    region = ["min_row", "min_col", "max_row", "max_col", "header_row_count", "a1"]
    expected = {
        "settings.effective": ["settings"],
        "config.loaded": ["config_package", "entrypoint", "plugin_modules", "fields", "settings"],
        "column_detector.candidate": [
            "sheet_name", "table_index", "table_region", "column_index", "column_name", "column_header_original",
            "best_field", "best_score", "scores", "contributions",
        ],
        "column_detector.summary": ["mapped", "unmapped_indices", "total_columns"],
        "hook.start": ["hook_name", "hook", "table_index", "table_region", "sheet_name"],
        "hook.end": ["hook_name", "hook", "table_index", "table_region", "sheet_name"],
        "transform.result": ["transform", "field", "table_index", "table_region", "row_count", "sample_before", "sample_after", "emitted_column"],
        "validation.summary": ["issue_columns", "table_index", "table_region", "rows"],
    }  # fmt: skip
    # The others have a schema, which the page of events is held to.
    with_schema = """
        run.started run.planned workbook.started sheet.started detector.row_result row_classification sheet.tables_detected
        detector.column_result column_classification table.written run.completed
    """
    expected |= {name: ["schema_version", *ENGINE_EVENT_SCHEMAS[f"engine.{name}"]] for name in with_schema.split()}
    found = {event["event"][len("engine.") :]: list(event["data"]) for event in outcome.events}
    assert found == expected and set(ENGINE_EVENT_SCHEMAS) >= {f"engine.{name}" for name in expected}
    levels = {event["event"]: event["level"] for event in outcome.events}
    assert levels["engine.settings.effective"] == levels["engine.row_classification"] == "debug"
    tables = outcome.named("sheet.tables_detected")[0]["data"]["tables"]
    assert [list(table) for table in tables] == [["table_index", "region"]] and list(tables[0]["region"]) == region
    # What they say of the first row, column and table.
    data = {event["event"][len("engine.") :]: event["data"] for event in reversed(outcome.events)}
    assert data["settings.effective"]["settings"]["detector_column_sample_size"] == 100
    assert data["config.loaded"]["entrypoint"] == "auto-discovery" and data["config.loaded"]["fields"] == ["a"]
    detector = data["detector.row_result"]["detector"]
    assert (detector["name"], detector["scores"]) == ("first_row", {"header": 1.0}) and detector["duration_ms"] >= 0
    assert data["row_classification"]["classification"] == {"row_kind": "header", "score": 1.0, "considered_row_kinds": ["header"]}
    assert data["column_classification"]["classification"] == {"field": "a", "score": 1.0, "considered_fields": ["a"]}
    # The second column never had a field to lose.
    assert data["column_detector.summary"]["unmapped_indices"] == []
    assert data["transform.result"]["sample_before"] == [1, 2] and data["transform.result"]["sample_after"] == [2, 4]
    assert data["validation.summary"]["issue_columns"] == ["__ade_issue__a"]


def test_columns_without_a_field_are_unknown_or_have_lost_one(run):
    outcome = run({}, [["a", "x", "A"], [1, 2, 3]], fields=["a"], level=10)
    assert outcome.named("column_detector.summary")[0]["data"]["unmapped_indices"] == [2]
    assert outcome.named("column_classification")[1]["data"]["classification"] == {"field": "unknown", "score": 0.0, "considered_fields": []}
    # Nobody scored the one in between, so it is no candidate.
    assert [event["data"]["column_index"] for event in outcome.named("column_detector.candidate")] == [0, 2]


def test_scores_are_rounded_in_debug_events_only(run):
    third = {"columns/z.py": plugin("column", 'return {"a": 1 / 3}')}
    outcome = run(third, [["x"], [1]], fields=["a"], level=10)
    assert outcome.named("column_classification")[0]["data"]["scores"] == {"a": 0.333333}
    assert outcome.completed["fields"][0]["best_mapping_score"] == pytest.approx(1 / 3, abs=1e-9)


def test_a_failure_logs_the_error_before_the_run_completes(run):
    outcome = run({}, [["a"]], input_sheets=["ghost"])
    assert [event["event"] for event in outcome.events[-2:]] == ["engine.log", "engine.run.completed"]
    line = outcome.events[-2]
    assert (line["level"], line["error"]["type"]) == ("error", "InputError")
    assert sorted(line["error"]) == ["message", "stack_trace", "type"] and "error" not in outcome.events[-1]


def speak(run, statement: str, level: int = 20):
    return run({"hooks/h.py": plugin("on_workbook_start", statement, "*, logger, **_")}, [["a"], [1]], level=level)


def test_plain_lines_are_log_events(run):
    outcome = speak(run, """
        logger.info('x %s', 5)
        logger.warning('w', extra={'data': {'n': 1}})
        logger.debug('no')
        try: 1 / 0
        except ZeroDivisionError: logger.exception('oh')
    """)  # fmt: skip
    first, second, third = outcome.named("log")
    assert (first["message"], first["level"], "data" in first) == ("x 5", "info", False)
    assert (second["level"], second["data"]) == ("warning", {"n": 1})
    assert (third["level"], third["error"]["type"]) == ("error", "ZeroDivisionError")


@pytest.mark.parametrize(
    "statement, name, data",
    [
        ("event('config.mine', data={'a': 1}, b=2)", "engine.config.mine", {"a": 1, "b": 2}),
        ("event('engine.config.mine')", "engine.config.mine", None),
        ("with_namespace('engine.config.x').event('y')", "engine.config.x.y", None),
        ("with_namespace('engine.config.x').event('engine.config.x.z')", "engine.config.x.z", None),
        ("with_namespace('engine.config.x').event('engine.config.z')", "engine.config.x.config.z", None),
        ("event('table.mapped', anything=1)", "engine.table.mapped", {"anything": 1}),
        # Names are tidied, and foreign ones are free.
        ("event('config')", "engine.config", None),
        ("event('.config.x.')", "engine.config.x", None),
        ("event(' config.x ', data=[('a', 1)], b=2)", "engine.config.x", {"a": 1, "b": 2}),
        ("with_namespace('myorg').event('x', data={'a': 1})", "myorg.x", {"a": 1}),
        ("with_namespace('myorg.').event('.x.y')", "myorg.x.y", None),
        ("with_namespace('engine').event('config.x')", "engine.config.x", None),
        ("with_namespace('config').event('x')", "config.x", None),
        ("with_namespace('').event('x')", "x", None),
        *((f"event('{name}')", f"engine.{name}", None) for name in ("transform.derived_merge", "validation.result")),
        *((f"event('{name}')", f"engine.{name}", None) for name in ("row_detector.summary", "transform.overwrite")),
    ],
)
def test_config_packages_may_send_events(run, statement, name, data):
    outcome = speak(run, f"logger.{statement}")
    (event,) = [event for event in outcome.events if event["event"] == name]
    assert event.get("data") == data and outcome.result.error is None


def test_unknown_events_are_refused_when_their_level_is_enabled(run):
    # Some only look like free ones.
    for name in ("surprise", "engine.surprise", "engine", "engine.", "engine.configuration", "configs.x"):
        assert speak(run, f"logger.event({name!r})").result.error.code == "hook_error", name
    assert speak(run, "logger.event('surprise', level=10)").result.error is None
    assert speak(run, "logger.event('surprise', level=10)", level=10).result.error.code == "hook_error"


def test_loggers_are_logging_adapters():
    stream = io.StringIO()
    with create_run_logger_context(log_format="ndjson", stream=stream) as context:
        logger = context.logger
        assert isinstance(logger, RunLogger) and isinstance(logger, logging.LoggerAdapter)
        assert logger.namespace == "engine"
        inner = logger.with_namespace(" engine.config.a. ")
        assert (inner.namespace, inner.engine_run_id) == ("engine.config.a", logger.engine_run_id)
        logger.event("config.odd", data={"set": {1}, "nan": float("nan"), "path": logging, 5: "five"})
        try:
            raise ValueError("why")
        except ValueError as error:
            logger.event("config.bad", level=logging.ERROR, exc=error)
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first["data"]["set"] == [1] and first["data"]["nan"] == "nan" and first["data"]["5"] == "five"
    assert second["error"]["type"] == "ValueError" and "why" in second["error"]["stack_trace"]
    silent = NullLogger()
    silent.event("no such event")
    silent.error("nothing")
    assert not silent.isEnabledFor(logging.CRITICAL)


def test_a_log_call_whose_arguments_do_not_fit_is_left_out_and_the_run_goes_on(run, capsys):
    calls = ["info('%s %s', 'only one')", "warning('%d', 'no number')", "error('no place', 'for this')", "info('%y', 1)", "info('%(name)s', {'other': 1})"]
    outcome = speak(run, "\n".join(f"logger.{call}; logger.info('next')" for call in calls))
    assert outcome.result.error is None
    assert [event["message"] for event in outcome.named("log")] == ["next"] * len(calls)
    assert capsys.readouterr().err.count("--- Logging error ---") == len(calls)


def test_data_that_json_cannot_hold_is_told_and_the_run_goes_on(run):
    outcome = speak(run, "loop = []; loop.append(loop); logger.event('config.a', data={'x': {(1, 2): 3}}); "
                         "logger.event('config.b', x=loop); logger.event('config.c', x={1: {2.5: {None: float('inf')}}})")  # fmt: skip
    assert outcome.result.error is None
    failed = outcome.named("logging.serialization_failed")
    assert [(event["level"], event.get("data")) for event in failed] == [("error", None)] * 2
    assert "engine.config.a" in failed[0]["message"] and "engine.config.b" in failed[1]["message"]
    assert outcome.named("config.c")[0]["data"] == {"x": {"1": {"2.5": {"null": "inf"}}}}


def test_a_change_of_level_counts_at_once(run):
    outcome = speak(run, "logger.info('a'); logger.setLevel('ERROR'); logger.info('b'); logger.error('c'); "
                         "logger.setLevel(10); logger.info('d'); logger.debug('e')")  # fmt: skip
    assert [event["message"] for event in outcome.named("log")] == ["a", "c", "d"]
    assert outcome.completed["execution"]["status"] == "succeeded"


def test_a_logger_can_be_opened_without_the_console_with_names_of_levels_and_a_namespace(tmp_path, capsys):
    file = tmp_path / "logs" / "x.log"
    opened = create_run_logger_context(
        log_format=" JSON ", log_level="debug", log_file=file, enable_console_logging=False, engine_run_id="abc",
        namespace="engine.config",
    )  # fmt: skip
    with opened as context:
        context.logger.event("x", level=logging.DEBUG)
        assert context.engine_run_id == context.logger.engine_run_id == "abc"
    (line,) = map(json.loads, file.read_text().splitlines())
    assert (line["event"], line["level"], line["engine_run_id"]) == ("engine.config.x", "debug", "abc") and capsys.readouterr().err == ""
    with pytest.raises(ValueError, match="'text' or 'ndjson'"):
        create_run_logger_context(log_format="xml")
    with pytest.raises(ValueError):
        create_run_logger_context(log_level="loud")


def test_debug_events_name_callables_and_regions_as_older_engines_did(run):
    outcome = run({"columns/v.py": """
        def low(**_):
            return {"a": -0.5}
        def make(number):
            def none(**_):
                return None
            none.__qualname__ = f"none_{number}"
            return none
        def register(registry):
            registry.register_column_detector(low, field="a", priority=9)
            registry.register_column_detector(make(1), field="a", priority=8)
            registry.register_hook(make(2), hook="on_table_written", priority=1)
            registry.register_hook(make(3), hook="on_sheet_start", priority=1)
    """}, [["a", "x"], [1, 2]], fields=["a"], level=10)  # fmt: skip
    named, lost = outcome.named("column_classification")
    assert named["data"]["table_region"] == lost["data"]["table_region"] == "A1:B2"
    assert [detector["name"] for detector in named["data"]["detectors"]] == ["low", "none_1", "by_name"]
    assert named["data"]["classification"] == {"field": "a", "score": 0.5, "considered_fields": ["a"]}
    assert lost["data"]["classification"]["field"] == "unknown"
    first = outcome.named("column_detector.candidate")[0]["data"]
    assert (first["column_name"], first["column_header_original"], first["best_field"]) == ("a", "a", "a")
    assert first["contributions"] == [{"detector": "low", "delta": -0.5}, {"detector": "by_name", "delta": 1.0}]
    (mapped,) = outcome.named("column_detector.summary")[0]["data"]["mapped"]
    assert mapped["contributions"] == first["contributions"]
    hooks = [(e["data"]["hook"], e["data"]["table_region"], e["data"]["sheet_name"]) for e in outcome.named("hook.end")]
    assert hooks == [("none_3", None, "Sheet"), ("none_2", "A1:B2", "Sheet")]


def test_progress_is_not_worth_a_word_on_small_sheets(run):
    assert not run({}, [["a"], *([n] for n in range(2000))]).named("sheet.progress")


def test_progress_is_sent_at_most_ten_times_a_second(run):
    slow = plugin("row", "if row_index % 512 == 0: import time; time.sleep(0.05)", "*, row_index, **_")
    outcome = run({"row_detectors/slow.py": slow}, [["a"], *([n] for n in range(8000))])
    events = outcome.named("sheet.progress")
    moments = [dt.datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00")) for event in events]
    # Timestamps have milliseconds, so two events may look one closer than they were.
    assert all(later - earlier >= dt.timedelta(milliseconds=99) for earlier, later in zip(moments, moments[1:]))
    assert len(events) >= 2 and {event["data"]["stage"] for event in events} <= {"scan", "detect", "write"}
    assert list(events[0]["data"]) == ["schema_version", "sheet_name", "sheet_index", "stage", "rows", "total_rows"]
    rows = [event["data"]["rows"] for event in events if event["data"]["stage"] == "detect"]
    assert rows == sorted(rows)


def test_counts_of_blank_cells_rows_and_columns(run):
    rows = [["a", " ", "x"], [1, None, " "], [None, " ", None], ["", "\u3000", "y"]]
    counts = run({}, rows, fields=["a"]).completed["counts"]
    assert counts["rows"] == {"total": 3, "empty": 1}
    assert counts["columns"] == {"total": 3, "empty": 1, "mapped": 1, "unmapped": 1}
    assert counts["cells"] == {"total": 9, "non_empty": 2}


def test_valid_cells_are_filled_cells_without_issues(run):
    outcome = run({"columns/z.py": """
        import polars as pl
        def check(**_):
            return pl.when(pl.col("a") == "bad").then(pl.lit("!"))
        def register(registry):
            registry.register_column_validator(check, field="a", priority=1)
            registry.register_hook(lambda table: table.drop("b"), hook="on_table_validated", priority=1)
    """}, [["a", "b", "c"], ["bad", 1, 1], [" ", 2, 2], ["fine", 3, 3], [None, 4, 4]], fields=["a", "b"])  # fmt: skip
    columns = outcome.tables[0]["structure"]["columns"]
    assert [column["valid_cells"] for column in columns] == [1, None, None]
    assert [field["valid_cells"] for field in outcome.completed["fields"]] == [1, 0]
    assert [column["non_empty_cells"] for column in columns] == [2, 4, 4]


def test_header_texts_are_normalized(run):
    headers = [" Unit  Price (€) ", "Größe", "__x__", "***", 12.5]
    columns = run({}, [headers, [1] * 5]).tables[0]["structure"]["columns"]
    assert [column["header"] for column in columns] == [
        {"raw": "Unit  Price (€)", "normalized": "unit_price"},
        {"raw": "Größe", "normalized": "größe"},
        {"raw": "__x__", "normalized": "x"},
        {"raw": "***", "normalized": None},
        {"raw": "12.5", "normalized": "12_5"},
    ]


def test_source_headers_are_trimmed_by_columns_and_raw_by_mappings(run):
    data = run({}, {"One": [["A "], [1]], "Two": [["A"], [1]]}, fields=["a"]).completed
    sheets = data["workbooks"][0]["sheets"]
    assert [sheet["tables"][0]["fields"][0]["source_headers"] for sheet in sheets] == [["A "], ["A"]]
    assert [sheet["fields"][0]["source_headers"] for sheet in sheets] == [["A", "A "], ["A"]]
    assert data["fields"][0]["source_headers"] == ["A", "A "]
    assert data["fields"][0]["occurrences"] == {"tables": 2, "columns": 2}


@pytest.mark.parametrize("rows, fields, outcome, codes", [
    ([["a"], [1]], ["a"], "success", []), ([["a"], [1]], [], "success", []), ([], ["a"], "failure", ["no_tables_detected"]),
    ([["a"], [1]], ["a", "b"], "partial", ["fields_not_detected"]), ([["x"], [1]], ["a", "b"], "failure", ["no_fields_detected"]),
])  # fmt: skip
def test_outcomes_and_findings(run, rows, fields, outcome, codes):
    evaluation = run({}, rows, fields=fields).completed["evaluation"]
    assert evaluation["outcome"] == outcome and [finding["code"] for finding in evaluation["findings"]] == codes


def test_the_active_sheet_is_marked_and_sheets_count_from_zero(run):
    outcome = run({}, {"A": [["x"]], "B": [["x"]], "C": [["x"]]}, input_sheets=["B", "C"])
    sheets = outcome.completed["workbooks"][0]["sheets"]
    places = [sheet["locator"]["sheet"] for sheet in sheets]
    assert [(place["index"], place["name"]) for place in places] == [(0, "B"), (1, "C")]
    assert [sheet["is_active_sheet"] for sheet in sheets] == [False, False]
    assert outcome.named("workbook.started")[0]["data"]["sheet_count"] == 3


def test_sheets_that_were_reached_are_listed_and_tables_that_were_written(run):
    stop = plugin("on_sheet_start", 'if source_sheet.title == "B": raise RuntimeError("stop")', "*, source_sheet, **_")
    outcome = run({"hooks/h.py": stop}, {title: [["a"], [1]] for title in "ABC"}, fields=["a"])
    sheets = outcome.completed["workbooks"][0]["sheets"]
    assert [sheet["locator"]["sheet"]["name"] for sheet in sheets] == ["A", "B"]
    assert [len(sheet["tables"]) for sheet in sheets] == [1, 0] and sheets[1]["scan"] is None


COUNT = """
    blank = lambda value: value is None or (isinstance(value, str) and not value.strip())
    for result in tables:
        columns = [column.values for column in result.source_columns]
        values = result.table.get_column("a").to_list()
        issues = result.table.get_column("__ade_issue__a").to_list()
        logger.info("count", data={
            "cells": sum(not blank(value) for column in columns for value in column),
            "empty_rows": sum(all(map(blank, row)) for row in zip(*columns)),
            "empty_columns": sum(column.is_empty for column in result.source_columns),
            "valid": max(0, sum(not blank(v) for v in values) - sum(issue is not None for issue in issues)),
        })
"""


def test_counts_agree_with_counting_by_hand(run):
    chooser = random.Random(20)
    cells = [None, None, "", " ", "\u00a0\u2003", "x", " y ", 0, 1.5, True, "\u3000é", "~", "!"]
    rows = [["a" if row % 9 == 0 else "!"] * (row % 9 == 0) + [chooser.choice(cells) for _ in range(chooser.randrange(1, 7))] for row in range(90)]
    package = {
        "columns/z.py": plugin("validator", 'return pl.when(pl.int_range(pl.len()) % 3 == 0).then(pl.lit("third"))'),
        "hooks/z.py": plugin("on_sheet_end", COUNT, "*, tables, logger, **_"),
    }
    kind = plugin("row", 'return {"header" if row_values and row_values[0] == "a" else "data": 1.0}', "*, row_values, **_")
    outcome = run(package, rows, fields=["a"], rows=kind)
    by_hand = [event["data"] for event in outcome.named("log") if event["message"] == "count"]
    reported = [
        {
            "cells": table["counts"]["cells"]["non_empty"],
            "empty_rows": table["counts"]["rows"]["empty"],
            "empty_columns": table["counts"]["columns"]["empty"],
            "valid": table["fields"][0]["valid_cells"],
        }
        for table in outcome.tables
    ]
    assert len(reported) == 10 and reported == by_hand
