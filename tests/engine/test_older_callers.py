"""What callers and configurations of the older engine rely on: names of log records, paths of requests, small results."""

import io
import json
import logging
import os
from pathlib import Path

import pytest
from conftest import plugin, steps, write_files, write_package, write_workbook

from ade_engine import Engine, RunRequest, Settings
from ade_engine.extensions.loader import ConfigImport, resolve_config_import
from ade_engine.infrastructure.observability.context import create_run_logger_context

TWO_TABLES = plugin("row", 'return {"header": 1.0} if row_values and str(row_values[0]).startswith("H") else {"data": 1.0}', "*, row_values, **_")


@pytest.fixture
def lines():
    """The log lines that a function sends through a run's logger."""

    def call(speak, **choices):
        stream = io.StringIO()
        with create_run_logger_context(**{"log_format": "ndjson", "stream": stream, **choices}) as context:
            speak(context.logger)
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    return call


# Log records


@pytest.mark.parametrize("name", ["engine.surprise", "surprise", "engine", 5])
def test_a_log_line_may_name_any_event_and_ends_no_run(run, name):
    hook = steps(on_workbook_start=f'logger.info("hello", extra={{"event": {name!r}}})')
    outcome = run(hook, [["a"], [1]])
    assert outcome.result.error is None
    assert [event["event"] for event in outcome.events if event["message"] == "hello"] == [str(name)]


def test_a_line_is_named_after_the_namespace_of_its_logger(lines):
    def speak(logger):
        for namespace in ("engine.config.orders", "myorg", "config.x", ""):
            logger.with_namespace(namespace).info("hello")
        logger.info("hello", extra={"namespace": ".other."})
        logger.info("hello", extra={"event": None})

    names = [line["event"] for line in lines(speak)]
    assert names == ["engine.config.orders.log", "myorg.log", "config.x.log", "log", "other.log", "log"]


def test_extra_has_to_be_a_mapping(lines):
    with pytest.raises(TypeError, match="mapping"):
        lines(lambda logger: logger.info("x", extra=5))


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


@pytest.mark.parametrize("given, found", [
    (["*.xlsx", "csv", " .Xls ", "", "  "], (".xlsx", ".csv", ".Xls")),
    ("*.xlsx, , csv", (".xlsx", ".csv")),
    ("", ()),
    ([], ()),
    (None, ()),
    ([1], (".1",)),
])
def test_extensions_may_be_globs_and_blank_ones_count_for_nothing(given, found, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert Settings(supported_file_extensions=given).supported_file_extensions == found


def test_a_batch_without_extensions_takes_every_file(ade_engine, simple, tmp_path):
    config, source = simple
    write_files(config, {"settings.toml": "supported_file_extensions = []"})
    folder = tmp_path / "all"
    write_files(folder, {"a.csv": "name\nAnn\n", "b.text": "no workbook"})
    done = ade_engine("process", "batch", "--input-dir", folder, "--output-dir", tmp_path / "o", "--config-package", config)
    assert done.status == 1 and [path.name for path in (tmp_path / "o").iterdir()] == ["a_normalized.xlsx"]
    assert "b.text" in done.stderr


def test_a_tilde_in_the_setting_config_package_is_the_home_folder(ade_engine, simple):
    config, source = simple
    home = {"HOME": str(config.parent), "USERPROFILE": str(config.parent)}
    done = ade_engine("process", "file", "--input", source, env={**home, "ADE_ENGINE_CONFIG_PACKAGE": f"~/{config.name}"})
    assert done.status == 0, done.stderr


@pytest.mark.parametrize("option", ["--output-dir", "--logs-dir"])
def test_a_file_where_a_folder_is_wanted_is_a_wrong_call(ade_engine_here, simple, option, tmp_path):
    config, source = simple
    folders = [word for pair in {"--output-dir": tmp_path / "o", option: source}.items() for word in pair]
    for given in (("file", "--input", source, option, source), ("batch", "--input-dir", source.parent, *folders)):
        done = ade_engine_here("process", *given, "--config-package", config)
        assert (done.status, done.events) == (2, []) and "is a file" in done.stderr


def test_the_place_of_a_package_is_told_by_name(tmp_path, monkeypatch):
    write_files(tmp_path, {"home/config/src/orders/__init__.py": ""})
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    os.symlink(tmp_path / "home" / "config", tmp_path / "link")
    for path in ("~/config", tmp_path / "link", str(tmp_path / "home" / "config")):
        found = resolve_config_import(path)
        assert (found.package_name, found.import_root) == ("orders", tmp_path / "home" / "config" / "src")
        assert found == ConfigImport(package_name="orders", import_root=tmp_path / "home" / "config" / "src")


# Tables


def test_merged_tables_keep_a_derived_field_that_another_table_maps(run):
    hooks = steps(
        on_table_mapped="""
            if table_index == 0:
                found = state.setdefault("ade_engine", {}).setdefault("derived_mappings", [])
                found.append({"field_name": "town", "source_header": "H address", "score": 0.5, "table_index": 0})
                return table.with_columns(pl.lit("Rome").alias("town"))
        """,
        on_table_written="""
            logger.info("derived", data={"derived": [d.field_name for d in table_result.derived_mappings],
                                         "lookup": table_result.mapping_lookup()})
        """,
    )
    outcome = run({**hooks, "columns/town.py": """
        from ade_engine.models import FieldDef
        def by_name(*, column_header_original, **_):
            return {"town": 1.0} if column_header_original == "H town" else None
        def register(registry):
            registry.register_field(FieldDef(name="town"))
            registry.register_column_detector(by_name, field="town", priority=1)
    """}, [["H address"], ["x"], ["H town"], ["Oslo"]], rows=TWO_TABLES, settings={"merge_tables_in_sheet": True})  # fmt: skip
    assert outcome.result.error is None, outcome.result.error
    assert outcome.logged["derived"] == ["town"]
    (town,) = outcome.completed["fields"]
    assert town["derived"] and town["occurrences"] == {"tables": 1, "columns": 1}
    assert town["source_headers"] == ["H address", "H town"]


def test_a_column_that_is_blank_in_all_header_rows_has_no_header(run):
    hook = steps(on_table_written='logger.info("x", data={"found": [column.header for column in table_result.source_columns]})')
    outcome = run(hook, [["H a", None, "c"], ["H b", " ", "d"], [1, 2, 3]], rows=TWO_TABLES)
    assert outcome.logged == {"found": ["H a H b", None, "c d"]}


def test_the_event_of_detected_tables_has_the_width_of_each(run):
    outcome = run({}, [["H a"], [1], ["H b", "c", "d"], [1, 2]], rows=TWO_TABLES, level=10)
    (event,) = outcome.named("sheet.tables_detected")
    assert [table["region"]["a1"] for table in event["data"]["tables"]] == ["A1:A2", "A3:C4"]
