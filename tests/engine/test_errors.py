"""Requests and their results, and the destination of events. The message of each failure is in `tests/sheets/errors`."""

import openpyxl
import pytest
from conftest import plugin, write_files, write_package, write_workbook

from ade_engine import Engine, RunRequest, RunStatus, Settings
from ade_engine.models import AdeEngineError, ConfigError, HookError, InputError, PipelineError


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Calls an engine for a sheet with two columns, with changes of the request."""
    monkeypatch.chdir(tmp_path)
    config = write_package(tmp_path / "config", {"/settings.toml": "remove_unmapped_columns = true"}, fields=["a"])
    source = write_workbook(tmp_path / "in.xlsx", {"S": [["a", "b"], [1, 2]]})

    def call(settings=None, **changes):
        return Engine(settings).run(RunRequest(**{"config_package": config, "input_file": source, **changes}))

    call.config, call.source = config, source
    return call


def test_bad_paths_in_a_request_raise_at_once(asked, tmp_path):
    wrong = {
        "config_package": [tmp_path / "nowhere", asked.source], "input_file": [tmp_path / "nowhere.xlsx", tmp_path], "output_path": [tmp_path / "out.csv"],
        "output_dir": [asked.source / "out"], "logs_dir": [asked.source], "logs_path": [tmp_path], "input_sheets": ["S"],
    }  # fmt: skip
    for change in [{key: value} for key, values in wrong.items() for value in values] + [{"input_sheets": ["S"], "active_sheet_only": True}]:
        with pytest.raises(InputError):
            asked(**change)


def test_a_result_says_what_became_of_the_run(asked, tmp_path):
    paths = {"config_package": str(asked.config), "input_file": str(asked.source)}
    result = asked(Settings(log_format="ndjson"), logs_dir=tmp_path / "logs", **paths)
    assert (result.status, result.status.value, result.error) == (RunStatus.SUCCEEDED, "succeeded", None)
    assert result.output_path == tmp_path / "in_normalized.xlsx" and result.output_path.is_file()
    assert result.logs_dir == tmp_path / "logs" and result.started_at <= result.completed_at
    assert "engine.run.completed" in (tmp_path / "logs" / "in_engine_events.ndjson").read_text(encoding="utf-8")

    result = asked(input_sheets=["T"])
    assert (result.status, result.output_path) == (RunStatus.FAILED, None)
    assert (result.error.code, result.error.code.value, result.error.stage) == ("input_error", "input_error", None)


def test_saving_that_fails_is_an_unknown_error(run, tmp_path):
    (tmp_path / "out" / "input_normalized.xlsx").mkdir(parents=True)
    outcome = run({}, [["a"], [1]])
    assert outcome.result.error.code == "unknown_error" and outcome.completed["outputs"] is None
    assert len(outcome.tables) == 1


def test_the_classes_of_errors():
    assert all(issubclass(cls, AdeEngineError) for cls in (ConfigError, InputError, HookError, PipelineError))
    error = HookError("x", stage="on_sheet_end")
    assert (str(error), error.stage, HookError("x").stage) == ("x", "on_sheet_end", None)


@pytest.mark.parametrize("level", [10, 20])
def test_a_trace_shows_the_engines_own_frames_to_those_who_ask_for_debug_events(run, level):
    files = {"columns/z.py": plugin("column", "from ade_config.helper import deep\ndeep()"), "helper.py": "def deep():\n    raise KeyError('too deep')\n"}
    (line,) = [event for event in run(files, [["a"], [1]], fields=["a"], level=level).named("log") if event["level"] == "error"]
    trace = line["error"]["stack_trace"]
    assert "in deep" in trace and "in fn" in trace and "KeyError: 'too deep'" in trace and ("ade_engine" in trace) == (level == 10)


def test_an_engine_without_settings_leaves_those_of_the_package_alone(asked, tmp_path):
    def written(settings=None):
        assert asked(settings).status is RunStatus.SUCCEEDED
        return openpyxl.load_workbook(tmp_path / "in_normalized.xlsx").active.max_column

    assert Engine().settings == Settings() and written() == 2
    assert written(Settings.load(config_package_dir=asked.config)) == 1
    write_files(tmp_path, {"settings.toml": "remove_unmapped_columns = true"})
    assert written() == 1


@pytest.mark.parametrize("log_format, name", [("text", "in_engine.log"), ("ndjson", "in_engine_events.ndjson")])
def test_without_a_logger_events_go_to_standard_error_and_to_the_file_that_was_asked_for(asked, tmp_path, capsys, log_format, name):
    for file, request in {
        tmp_path / "logs" / name: {"logs_dir": tmp_path / "logs"},
        tmp_path / "y" / "my.log": {"logs_path": "my.log", "logs_dir": tmp_path / "y"},
        None: {},
    }.items():
        result = asked(Settings(log_format=log_format), **request)
        shown = capsys.readouterr().err.splitlines()
        assert len(shown) >= 7 and all(line.startswith("{") == (log_format == "ndjson") for line in shown)
        assert result.logs_dir == (file and file.parent)
        assert file is None or len(file.read_text(encoding="utf-8").splitlines()) == len(shown)


def test_a_tilde_is_the_home_folder(asked, tmp_path, monkeypatch):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    result = asked(config_package="~/config", input_file="~/in.xlsx", output_path="~/o/r.xlsx", logs_path="~/l/x.log")
    assert result.output_path == tmp_path / "o" / "r.xlsx" and result.output_path.is_file()
    assert result.logs_dir == tmp_path / "l" and (tmp_path / "l" / "x.log").is_file()
    assert list(Engine().load_registry(config_package="~/config").fields) == ["a"]


def test_a_negative_number_of_issues_leaves_the_workbook_and_no_report(ade_engine_here, package, simple, tmp_path):
    config = package({"hooks/h.py": plugin("on_table_validated", 'return table.with_columns(pl.lit(-1).alias("__ade_issue_count"))', "*, table, **_")})
    done = ade_engine_here("process", "file", "--input", simple[1], "--output-dir", tmp_path / "o", "--config-package", config, "--log-format", "ndjson")
    assert done.status == 1 and "sheet 'People', table 1: a hook has made the number of issues negative" in done.stderr
    assert done.events[-1]["event"] == "engine.table.written" and "Traceback" not in done.stderr
    assert (tmp_path / "o" / "people_normalized.xlsx").is_file()
