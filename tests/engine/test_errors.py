"""The code and the message of each failure, and the further facts in the log."""

from __future__ import annotations

import re

import openpyxl
import pytest
from conftest import write_files, write_package, write_workbook

from ade_engine import Engine, RunRequest, RunStatus, Settings
from ade_engine.models import AdeEngineError, ConfigError, HookError, InputError, PipelineError

REGISTER = "\ndef register(registry):\n    registry.%s\n"


@pytest.mark.parametrize(
    "source, code",
    [
        ("from ade_engine.models import FieldDef\ndef register(r):\n    r.register_field(FieldDef('a')); r.register_field(FieldDef('a'))", "config_error"),
        ("def register(r):\n    r.register_column_detector(len, field='ghost', priority=1)", "config_error"),
        ("def register(r):\n    r.register_hook(len, hook='on_monday', priority=1)", "config_error"),
        ("def register(r):\n    raise RuntimeError('x')", "unknown_error"),
        ("def register(r):\n    raise SystemExit(0)", "unknown_error"),
        ("def register(r):\n    r.register_row_detector(len)", "unknown_error"),
        ("import no_such_module\ndef register(r): pass", "unknown_error"),
        ("def register(r:\n", "unknown_error"),
        ("def register(r): pass\ndel register", "unknown_error"),
    ],
)  # fmt: skip
def test_what_a_package_may_do_wrong_while_loading(run, source, code):
    outcome = run({"columns/z.py": source}, [["a"], [1]])
    assert (outcome.result.error.code, outcome.result.error.stage) == (code, None)
    failure = outcome.completed["execution"]["failure"]
    assert failure == {"stage": "unknown", "code": code, "message": outcome.result.error.message}
    assert outcome.completed["fields"] == []
    assert outcome.completed["workbooks"][0]["sheets"] == []
    assert not outcome.named("workbook.started")


def test_a_config_package_that_is_not_there_is_an_unknown_error(run, tmp_path):
    (tmp_path / "nothing").mkdir()
    outcome = run(tmp_path / "nothing", [["a"]])
    assert outcome.result.error.code == "unknown_error"
    assert "no config package" in outcome.result.error.message


def test_a_config_package_fails_before_the_input_is_looked_at(run, tmp_path):
    write_files(tmp_path, {"broken.xlsx": "no workbook"})
    assert run({"columns/z.py": "def register(r:"}, tmp_path / "broken.xlsx").result.error.code == "unknown_error"
    assert run({}, tmp_path / "broken.xlsx").result.error.code == "unknown_error"
    (tmp_path / "config" / "ade_config" / "columns" / "z.py").unlink()
    assert run({}, tmp_path / "broken.xlsx").result.error.code == "input_error"


@pytest.mark.parametrize("name, content, code", [
    ("x.xlsx", b"", "input_error"),
    ("x.ods", b"PK", "input_error"),
    ("noextension", b"a,b", "input_error"),
    ("x.xls", b"not an old workbook", "input_error"),
    ("x.csv", b"a,b\n\xe9,1\n", "unknown_error"),
])  # fmt: skip
def test_inputs_that_cannot_be_read(run, tmp_path, name, content, code):
    (tmp_path / name).write_bytes(content)
    assert run({}, tmp_path / name).result.error.code == code


def test_the_hint_about_a_workbook_that_is_named_csv_is_in_the_log_alone(run, tmp_path):
    (tmp_path / "x.csv").write_bytes(b"PK\x03\x04\xff")
    outcome = run({}, tmp_path / "x.csv")
    (line,) = outcome.named("log")
    assert line["data"]["hint"] == "this file is a workbook, not text: rename it so that it ends in .xlsx"
    failure = outcome.completed["execution"]["failure"]
    assert failure == {"stage": "unknown", "code": "unknown_error", "message": line["message"]}


def test_bad_paths_in_a_request_raise_at_once(tmp_path):
    config = write_package(tmp_path / "config", {})
    source = write_workbook(tmp_path / "in.xlsx", {"S": [["a"]]})
    wrong = [
        {"config_package": tmp_path / "nowhere"},
        {"config_package": source},
        {"input_file": tmp_path / "nowhere.xlsx"},
        {"input_file": tmp_path},
        {"output_path": tmp_path / "out.csv"},
        {"output_dir": source / "out"},
        {"logs_dir": source},
        {"logs_path": tmp_path},
        {"input_sheets": ["S"], "active_sheet_only": True},
        {"input_sheets": "S"},
    ]
    for change in wrong:
        with pytest.raises(InputError):
            Engine().run(RunRequest(**{"config_package": config, "input_file": source, **change}))


def test_a_result_says_what_became_of_the_run(tmp_path):
    config = write_package(tmp_path / "config", {})
    source = write_workbook(tmp_path / "in.xlsx", {"S": [["a"], [1]]})
    settings = Settings(log_format="ndjson")
    request = RunRequest(config_package=str(config), input_file=str(source), logs_dir=tmp_path / "logs")
    result = Engine(settings).run(request)
    assert (result.status, result.status.value, result.error) == (RunStatus.SUCCEEDED, "succeeded", None)
    assert result.output_path == tmp_path / "in_normalized.xlsx" and result.output_path.is_file()
    assert result.logs_dir == tmp_path / "logs"
    assert "engine.run.completed" in (tmp_path / "logs" / "in_engine_events.ndjson").read_text(encoding="utf-8")
    assert result.started_at <= result.completed_at

    result = Engine().run(RunRequest(config_package=config, input_file=source, input_sheets=["T"]))
    assert (result.status, result.output_path) == (RunStatus.FAILED, None)
    assert (result.error.code, result.error.code.value, result.error.stage) == ("input_error", "input_error", None)


def test_saving_that_fails_is_an_unknown_error(run, tmp_path):
    (tmp_path / "out" / "input_normalized.xlsx").mkdir(parents=True)
    outcome = run({}, [["a"], [1]])
    assert outcome.result.error.code == "unknown_error"
    assert outcome.completed["outputs"] is None
    assert len(outcome.tables) == 1


def test_the_classes_of_errors():
    for cls in (ConfigError, InputError, HookError, PipelineError):
        assert issubclass(cls, AdeEngineError)
    error = HookError("x", stage="on_sheet_end")
    assert (str(error), error.stage, HookError("x").stage) == ("x", "on_sheet_end", None)


BLAMED = {
    "row detector": ("register_row_detector(fn, row_kind='data', priority=1)", "sheet 'Sheet', row 2", "a mapping of kind of row to score"),
    "column detector": ("register_column_detector(fn, field='a', priority=1)", "column B ('b')", "a mapping of field to score"),
    "transform": ("register_column_transform(fn, field='a', priority=1)", "field 'a'", "pl.Expr or None"),
    "validator": ("register_column_validator(fn, field='a', priority=1)", "field 'a'", "pl.Expr or None"),
    "hook": ("register_hook(fn, hook='on_table_validated', priority=1)", "on_table_validated, sheet 'Sheet', table 1", "pl.DataFrame or None"),
}  # fmt: skip

# Fails on the second row or column, where there is such a thing, and deep inside a helper.
BODY = """
from ade_config.helper import deep

def fn(*, row_index=2, column_index=1, **_):
    if row_index == 2 and column_index == 1:
        return deep(%r)
"""
HELPER = """
def deep(returned):
    if returned is None:
        raise KeyError("too deep")
    return returned
"""


@pytest.mark.parametrize("role", BLAMED)
@pytest.mark.parametrize("level", [10, 20])
def test_an_exception_names_file_line_function_and_what_it_was_called_for(run, role, level):
    call, subject, _ = BLAMED[role]
    files = {"columns/z.py": BODY % (None,) + REGISTER % call, "helper.py": HELPER}
    outcome = run(files, [["a", "b"], [1, 2]], fields=["a"], level=level)
    message = outcome.result.error.message
    assert message.startswith(f"{role.capitalize()} ade_config.columns.z.fn raised KeyError: 'too deep'")
    assert subject in message
    assert re.search(r"helper\.py, line 4, in deep\)$", message)

    (line,) = [event for event in outcome.named("log") if event["level"] == "error"]
    assert line["message"] == message
    assert {key: line["data"][key] for key in ("line", "function", "callable", "code")} == {
        "line": 4, "function": "deep", "callable": "ade_config.columns.z.fn", "code": outcome.result.error.code,
    }  # fmt: skip
    assert line["data"].get("column") == {"column detector": "B", "transform": "A", "validator": "A"}.get(role)
    trace = line["error"]["stack_trace"]
    assert "in deep" in trace and "in fn" in trace and "KeyError: 'too deep'" in trace
    assert ("ade_engine" in trace) == (level == 10)
    assert outcome.completed["execution"]["failure"] == {
        "stage": outcome.result.error.stage or "unknown", "code": outcome.result.error.code, "message": message,
    }  # fmt: skip


@pytest.mark.parametrize("role", BLAMED)
def test_a_wrong_result_says_what_should_have_been_returned(run, role):
    call, subject, wanted = BLAMED[role]
    files = {"columns/z.py": BODY % (5,) + REGISTER % call, "helper.py": HELPER}
    message = run(files, [["a", "b"], [1, 2]], fields=["a"]).result.error.message
    assert "returned int" in message and wanted in message and subject in message
    assert re.search(r"z\.py, line 4, in fn\)$", message)


def test_an_expression_that_cannot_be_applied_is_traced_to_its_author(run):
    for role in ("transform", "validator"):
        outcome = run({"columns/z.py": f"""
            import polars as pl
            def good(**_):
                return pl.lit("x")
            def bad(**_):
                return pl.col("ghost")
            def register(registry):
                registry.register_column_{role}(good, field="a", priority=2)
                registry.register_column_{role}(bad, field="a", priority=1)
        """}, [["a"], [1]], fields=["a"])  # fmt: skip
        message = outcome.result.error.message
        assert f"{role.capitalize()} ade_config.columns.z.bad returned an expression that cannot be applied" in message
        assert "ghost" in message and "field 'a'" in message and "line 5, in bad" in message
        assert "ColumnNotFoundError" in outcome.named("log")[-1]["error"]["stack_trace"]


def test_nothing_is_written_when_anything_fails_late(run, tmp_path):
    outcome = run({"hooks/h.py": """
        def stop(**_):
            raise RuntimeError
        def register(registry):
            registry.register_hook(stop, hook="on_workbook_before_save", priority=1)
    """}, {"A": [["a"], [1]], "B": [["a"], [2]]}, fields=["a"])  # fmt: skip
    assert (outcome.result.error.code, outcome.result.error.stage) == ("hook_error", "on_workbook_before_save")
    assert not list(tmp_path.rglob("*_normalized.xlsx"))
    assert outcome.completed["evaluation"]["outcome"] == "partial"
    assert [finding["code"] for finding in outcome.completed["evaluation"]["findings"]] == ["execution_failed"]


def test_an_engine_without_settings_leaves_those_of_the_package_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = write_package(tmp_path / "config", {"/settings.toml": "remove_unmapped_columns = true"}, fields=["a"])
    source = write_workbook(tmp_path / "in.xlsx", {"S": [["a", "b"], [1, 2]]})
    request = RunRequest(config_package=config, input_file=source)
    written = lambda: openpyxl.load_workbook(tmp_path / "in_normalized.xlsx").active.max_column  # noqa: E731
    assert Engine().settings == Settings()
    assert Engine().run(request).status is RunStatus.SUCCEEDED and written() == 2
    assert (
        Engine(Settings.load(config_package_dir=config)).run(request).status is RunStatus.SUCCEEDED and written() == 1
    )
    write_files(tmp_path, {"settings.toml": "remove_unmapped_columns = true"})
    assert Engine().run(request).status is RunStatus.SUCCEEDED and written() == 1


@pytest.mark.parametrize("log_format", ["text", "ndjson"])
def test_without_a_logger_events_go_to_standard_error_and_to_the_file_that_was_asked_for(tmp_path, capsys, log_format):
    config = write_package(tmp_path / "config", {})
    source = write_workbook(tmp_path / "in.xlsx", {"S": [["a"], [1]]})
    engine = Engine(Settings(log_format=log_format))
    places = {
        tmp_path / "logs" / ("in_engine_events.ndjson" if log_format == "ndjson" else "in_engine.log"): {
            "logs_dir": tmp_path / "logs"
        },
        tmp_path / "x" / "my.log": {"logs_path": tmp_path / "x" / "my.log"},
        tmp_path / "y" / "my.log": {"logs_path": "my.log", "logs_dir": tmp_path / "y"},
        None: {},
    }
    for file, request in places.items():
        result = engine.run(RunRequest(config_package=config, input_file=source, **request))
        shown = capsys.readouterr().err.splitlines()
        assert len(shown) >= 7 and all(line.startswith("{") == (log_format == "ndjson") for line in shown)
        assert result.logs_dir == (None if file is None else file.parent)
        if file is not None:
            assert len(file.read_text(encoding="utf-8").splitlines()) == len(shown)


def test_an_output_path_wins_over_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = write_package(tmp_path / "config", {})
    source = write_workbook(tmp_path / "in.xlsx", {"S": [["a"], [1]]})

    def output(**places):
        return Engine().run(RunRequest(config_package=config, input_file=source, **places)).output_path

    assert output(output_path=tmp_path / "r.xlsx", output_dir=tmp_path / "d") == tmp_path / "r.xlsx"
    assert output(output_path="q/r.xlsx") == tmp_path / "q" / "r.xlsx"
    assert output() == tmp_path / "in_normalized.xlsx"


def test_a_tilde_is_the_home_folder_wherever_a_request_names_a_path(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write_package(tmp_path / "config", {}, fields=["a"])
    write_workbook(tmp_path / "in.xlsx", {"S": [["a"], [1]]})
    request = RunRequest(
        config_package="~/config", input_file="~/in.xlsx", output_path="~/o/r.xlsx", logs_path="~/l/x.log"
    )
    result = Engine().run(request)
    assert result.output_path == tmp_path / "o" / "r.xlsx" and result.output_path.is_file()
    assert result.logs_dir == tmp_path / "l" and (tmp_path / "l" / "x.log").is_file()
    assert list(Engine().load_registry(config_package="~/config").fields) == ["a"]


def test_a_negative_number_of_issues_leaves_the_workbook_and_no_report(ade_engine, package, tmp_path):
    config = package({"hooks/h.py": """
        import polars as pl
        def change(*, table, **_):
            return table.with_columns(pl.lit(-1).alias("__ade_issue_count"))
        def register(registry):
            registry.register_hook(change, hook="on_table_validated", priority=1)
    """})  # fmt: skip
    source = write_workbook(tmp_path / "in.xlsx", {"People": [["a"], [1]]})
    done = ade_engine(
        *("process", "file", "--input", source, "--output-dir", tmp_path / "o", "--config-package", config),
        *("--log-format", "ndjson"),
    )
    assert done.status == 1
    assert "sheet 'People', table 1: a hook has made the number of issues negative" in done.stderr
    assert [event["event"] for event in done.events][-1] == "engine.table.written"
    assert "Traceback" not in done.stderr
    assert (tmp_path / "o" / "in_normalized.xlsx").is_file()
