"""The code and the message of each failure, and the further facts in the log."""

import re

import openpyxl
import pytest
from conftest import plugin, write_files, write_package, write_workbook

from ade_engine import Engine, RunRequest, RunStatus, Settings
from ade_engine.models import AdeEngineError, ConfigError, HookError, InputError, PipelineError


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """A call of an engine for a sheet with two columns, with changes of the request."""
    monkeypatch.chdir(tmp_path)
    config = write_package(tmp_path / "config", {"/settings.toml": "remove_unmapped_columns = true"}, fields=["a"])
    source = write_workbook(tmp_path / "in.xlsx", {"S": [["a", "b"], [1, 2]]})

    def call(settings=None, **changes):
        return Engine(settings).run(RunRequest(**{"config_package": config, "input_file": source, **changes}))

    call.config, call.source = config, source
    return call


@pytest.mark.parametrize("source, code", [
    ("from ade_engine.models import FieldDef\ndef register(r):\n    r.register_field(FieldDef('a')); r.register_field(FieldDef('a'))", "config_error"),
    ("def register(r):\n    r.register_column_detector(len, field='ghost', priority=1)", "config_error"),
    ("def register(r):\n    r.register_column_transform(len, field='ghost', priority=1)", "config_error"),
    ("def register(r):\n    r.register_column_validator(len, field='ghost', priority=1)", "config_error"),
    ("def register(r):\n    r.register_hook(len, hook='on_monday', priority=1)", "config_error"),
    ("def register(r):\n    raise RuntimeError('x')", "unknown_error"),
    ("def register(r):\n    raise SystemExit(0)", "unknown_error"),
    ("def register(r):\n    r.register_row_detector(len)", "unknown_error"),
    ("import no_such_module\ndef register(r): pass", "unknown_error"),
    ("def register(r:\n", "unknown_error"),
    ("def register(r): pass\ndel register", "unknown_error"),
])  # fmt: skip
def test_what_a_package_may_do_wrong_while_loading(run, source, code):
    outcome = run({"columns/z.py": source}, [["a"], [1]])
    assert (outcome.result.error.code, outcome.result.error.stage) == (code, None)
    failure = outcome.completed["execution"]["failure"]
    assert failure == {"stage": "unknown", "code": code, "message": outcome.result.error.message}
    assert outcome.completed["fields"] == [] and outcome.completed["workbooks"][0]["sheets"] == []
    assert not outcome.named("workbook.started")


def test_a_config_package_fails_before_the_input_is_looked_at(run, tmp_path):
    write_files(tmp_path, {"broken.xlsx": "no workbook"})
    (tmp_path / "nothing").mkdir()
    error = run(tmp_path / "nothing", tmp_path / "broken.xlsx").result.error
    assert error.code == "unknown_error" and "no config package" in error.message
    assert run({"columns/z.py": "def register(r:"}, tmp_path / "broken.xlsx").result.error.code == "unknown_error"
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


def test_bad_paths_in_a_request_raise_at_once(asked, tmp_path):
    wrong = [
        {"config_package": tmp_path / "nowhere"},
        {"config_package": asked.source},
        {"input_file": tmp_path / "nowhere.xlsx"},
        {"input_file": tmp_path},
        {"output_path": tmp_path / "out.csv"},
        {"output_dir": asked.source / "out"},
        {"logs_dir": asked.source},
        {"logs_path": tmp_path},
        {"input_sheets": ["S"], "active_sheet_only": True},
        {"input_sheets": "S"},
    ]
    for change in wrong:
        with pytest.raises(InputError):
            asked(**change)


def test_a_result_says_what_became_of_the_run(asked, tmp_path):
    paths = {"config_package": str(asked.config), "input_file": str(asked.source)}
    result = asked(Settings(log_format="ndjson"), logs_dir=tmp_path / "logs", **paths)
    assert (result.status, result.status.value, result.error) == (RunStatus.SUCCEEDED, "succeeded", None)
    assert result.output_path == tmp_path / "in_normalized.xlsx" and result.output_path.is_file()
    assert result.logs_dir == tmp_path / "logs"
    assert "engine.run.completed" in (tmp_path / "logs" / "in_engine_events.ndjson").read_text(encoding="utf-8")
    assert result.started_at <= result.completed_at

    result = asked(input_sheets=["T"])
    assert (result.status, result.output_path) == (RunStatus.FAILED, None)
    assert (result.error.code, result.error.code.value, result.error.stage) == ("input_error", "input_error", None)


def test_saving_that_fails_is_an_unknown_error(run, tmp_path):
    (tmp_path / "out" / "input_normalized.xlsx").mkdir(parents=True)
    outcome = run({}, [["a"], [1]])
    assert outcome.result.error.code == "unknown_error" and outcome.completed["outputs"] is None
    assert len(outcome.tables) == 1


def test_the_classes_of_errors():
    for cls in (ConfigError, InputError, HookError, PipelineError):
        assert issubclass(cls, AdeEngineError)
    error = HookError("x", stage="on_sheet_end")
    assert (str(error), error.stage, HookError("x").stage) == ("x", "on_sheet_end", None)


BLAMED = {
    "row": ("Row detector", "sheet 'Sheet', row 2", "a mapping of kind of row to score"),
    "column": ("Column detector", "column B ('b')", "a mapping of field to score"),
    "transform": ("Transform", "field 'a'", "pl.Expr or None"),
    "validator": ("Validator", "field 'a'", "pl.Expr or None"),
    "on_table_validated": ("Hook", "on_table_validated, sheet 'Sheet', table 1", "pl.DataFrame or None"),
}  # fmt: skip

# Fails on the second row or column, where there is such a thing, and deep inside a helper.
BODY = """
from ade_config.helper import deep
if row_index == 2 and column_index == 1:
    return deep(%r)
"""
HELPER = """
def deep(returned):
    if returned is None:
        raise KeyError("too deep")
    return returned
"""


def failing(run, what, returned, **options):
    module = plugin(what, BODY % (returned,), "*, row_index=2, column_index=1, **_")
    return run({"columns/z.py": module, "helper.py": HELPER}, [["a", "b"], [1, 2]], fields=["a"], **options)


@pytest.mark.parametrize("what", BLAMED)
@pytest.mark.parametrize("level", [10, 20])
def test_an_exception_names_file_line_function_and_what_it_was_called_for(run, what, level):
    role, subject, _ = BLAMED[what]
    outcome = failing(run, what, None, level=level)
    error = outcome.result.error
    assert error.message.startswith(f"{role} ade_config.columns.z.fn raised KeyError: 'too deep'")
    assert subject in error.message and re.search(r"helper\.py, line 4, in deep\)$", error.message)

    (line,) = [event for event in outcome.named("log") if event["level"] == "error"]
    assert line["message"] == error.message
    assert {key: line["data"][key] for key in ("line", "function", "callable", "code")} == {
        "line": 4, "function": "deep", "callable": "ade_config.columns.z.fn", "code": error.code,
    }  # fmt: skip
    assert line["data"].get("column") == {"column": "B", "transform": "A", "validator": "A"}.get(what)
    trace = line["error"]["stack_trace"]
    assert "in deep" in trace and "in fn" in trace and "KeyError: 'too deep'" in trace
    assert ("ade_engine" in trace) == (level == 10)
    failure = {"stage": error.stage or "unknown", "code": error.code, "message": error.message}
    assert outcome.completed["execution"]["failure"] == failure


@pytest.mark.parametrize("what", BLAMED)
def test_a_wrong_result_says_what_should_have_been_returned(run, what):
    _, subject, wanted = BLAMED[what]
    message = failing(run, what, 5).result.error.message
    assert "returned int" in message and wanted in message and subject in message
    assert re.search(r"z\.py, line 3, in fn\)$", message)


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
    stop = plugin("on_workbook_before_save", "raise RuntimeError")
    outcome = run({"hooks/h.py": stop}, {"A": [["a"], [1]], "B": [["a"], [2]]}, fields=["a"])
    assert (outcome.result.error.code, outcome.result.error.stage) == ("hook_error", "on_workbook_before_save")
    assert not list(tmp_path.rglob("*_normalized.xlsx")) and outcome.completed["evaluation"]["outcome"] == "partial"
    assert [finding["code"] for finding in outcome.completed["evaluation"]["findings"]] == ["execution_failed"]


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
        tmp_path / "x" / "my.log": {"logs_path": tmp_path / "x" / "my.log"},
        tmp_path / "y" / "my.log": {"logs_path": "my.log", "logs_dir": tmp_path / "y"},
        None: {},
    }.items():
        result = asked(Settings(log_format=log_format), **request)
        shown = capsys.readouterr().err.splitlines()
        assert len(shown) >= 7 and all(line.startswith("{") == (log_format == "ndjson") for line in shown)
        assert result.logs_dir == (None if file is None else file.parent)
        if file is not None:
            assert len(file.read_text(encoding="utf-8").splitlines()) == len(shown)


def test_a_tilde_is_the_home_folder(asked, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    result = asked(config_package="~/config", input_file="~/in.xlsx", output_path="~/o/r.xlsx", logs_path="~/l/x.log")
    assert result.output_path == tmp_path / "o" / "r.xlsx" and result.output_path.is_file()
    assert result.logs_dir == tmp_path / "l" and (tmp_path / "l" / "x.log").is_file()
    assert list(Engine().load_registry(config_package="~/config").fields) == ["a"]


def test_a_negative_number_of_issues_leaves_the_workbook_and_no_report(ade_engine_here, package, tmp_path):
    hook = plugin("on_table_validated", 'return table.with_columns(pl.lit(-1).alias("__ade_issue_count"))', "*, table, **_")
    config = package({"hooks/h.py": hook})
    source = write_workbook(tmp_path / "in.xlsx", {"People": [["a"], [1]]})
    words = ["--input", source, "--output-dir", tmp_path / "o", "--config-package", config, "--log-format", "ndjson"]
    done = ade_engine_here("process", "file", *words)
    assert done.status == 1 and "sheet 'People', table 1: a hook has made the number of issues negative" in done.stderr
    assert done.events[-1]["event"] == "engine.table.written" and "Traceback" not in done.stderr
    assert (tmp_path / "o" / "in_normalized.xlsx").is_file()


def test_a_workbook_without_a_sheet_that_is_read(run_by_ade, template, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Badge number"])
    book.create_sheet("B")
    for sheet in book:
        sheet.sheet_state = "hidden"
    book.create_chartsheet("Chart")
    book.save(tmp_path / "hidden.xlsx")
    error = run_by_ade(template, tmp_path / "hidden.xlsx").result.error
    assert error.code == "input_error"
    assert error.message.startswith("all sheets of the workbook are hidden: 'Sheet', 'B'. Show the one")
