"""Commands, options, exit status, streams."""

from __future__ import annotations

import json

import openpyxl
import pytest
from conftest import write_files, write_package, write_workbook

import ade_engine as package_of_the_engine


def test_version_is_the_bare_number(ade_engine):
    assert ade_engine("version").stdout == "1.10.0\n"
    assert ade_engine("--version", isolated=True).stdout == "1.10.0\n"
    assert package_of_the_engine.__version__ == "1.10.0"


def test_a_run_leaves_stdout_empty_and_sends_events_to_stderr(ade_engine, simple, tmp_path):
    config, source = simple
    done = ade_engine(
        "process", "file", "-i", source, "--output-dir", tmp_path / "deep" / "out", "--config-package", config,
        "--log-format", "ndjson",
    )  # fmt: skip
    assert (done.status, done.stdout) == (0, "")
    assert done.events[-1]["event"] == "engine.run.completed"
    assert (tmp_path / "deep" / "out" / "people_normalized.xlsx").is_file()


def test_the_output_lies_beside_the_input_unless_told_otherwise(ade_engine, simple, tmp_path):
    config, source = simple
    assert ade_engine("process", "file", "--input", source, "--config-package", config).status == 0
    assert (tmp_path / "people_normalized.xlsx").is_file()
    target = tmp_path / "new" / "exact.XLSX"
    assert ade_engine("process", "file", f"--input={source}", "-o", target, "--config-package", config).status == 0
    assert target.is_file()


def test_usage_errors_exit_2_and_send_no_event(ade_engine, simple, tmp_path):
    config, source = simple
    good = ["process", "file", "-i", source, "--config-package", config, "--log-format", "ndjson"]
    wrong = [
        ["process"],
        ["process", "folder"],
        ["nonsense"],
        ["process", "file", "--config-package", config],
        ["process", "file", "-i", tmp_path / "missing.xlsx", "--config-package", config],
        ["process", "file", "-i", tmp_path, "--config-package", config],
        ["process", "file", "-i", source],
        ["process", "file", "-i", source, "--config-package", tmp_path / "missing"],
        ["process", "file", "-i", source, "--config-package", source],
        [*good, "--output", "x.xlsx", "--output-dir", "out"],
        [*good, "--output", "x.csv"],
        [*good, "--active-sheet-only", "--input-sheet", "People"],
        [*good, "--log-level", "loud"],
        [*good, "--log-format", "xml"],
        [*good, "--no-such-option"],
        [*good, "stray"],
        [*good, "--output"],
        ["process", "batch", "--input-dir", tmp_path / "nowhere", "--output-dir", "out", "--config-package", config],
        ["process", "batch", "--input-dir", tmp_path, "--config-package", config],
        ["config", "validate"],
        ["config", "init"],
    ]
    for words in wrong:
        done = ade_engine(*words)
        assert done.status == 2, words
        assert done.stdout == "", words
        assert "Error:" in done.stderr and "{" not in done.stderr.split("Error:")[0], words
        assert not done.events, words


def test_invalid_settings_end_the_process_before_any_event(ade_engine, simple):
    config, source = simple
    done = ade_engine(
        "process", "file", "-i", source, "--config-package", config, "--log-format", "ndjson",
        env={"ADE_ENGINE_MAX_EMPTY_ROWS_RUN": "0"},
    )  # fmt: skip
    assert (done.status, done.stdout, done.events) == (1, "", [])
    assert "ADE_ENGINE_MAX_EMPTY_ROWS_RUN" in done.stderr


def test_settings_of_the_command_line(ade_engine, simple):
    config, source = simple
    call = ["process", "file", "-i", source, "--config-package", config, "--log-format", "ndjson", "--debug"]
    done = ade_engine(*call, "--set", "date_order=mdy", "--set", "csv_delimiter=tab", env={"ADE_ENGINE_DATE_ORDER": "dmy"})
    assert done.status == 0
    (effective,) = (event for event in done.events if event["event"] == "engine.settings.effective")
    found = effective["data"]["settings"]
    assert (found["date_order"], found["csv_delimiter"]) == ("mdy", "\t")
    for text, words in (
        ("date_ordr=mdy", "there is no setting 'date_ordr'; did you mean 'date_order'?"),
        ("log_level=debug", "there is no setting 'log_level'"),
        ("date_order", "--set takes KEY=VALUE"),
    ):
        done = ade_engine(*call, "--set", text)
        assert done.status == 2 and words in done.stderr, done.stderr
    done = ade_engine(*call, "--set", "date_order=american")
    assert (done.status, done.events) == (1, [])
    assert "date_order from --set should be 'auto' or 'dmy' or 'mdy' or 'ymd', not 'american'" in done.stderr


def test_a_batch_has_the_settings_of_each_file(ade_engine, tmp_path):
    write_files(tmp_path / "in", {"us_1.csv": "name\tn\nx\t1\n", "eu.csv": "name;n\nx;1\n"})
    settings = 'csv_delimiter = ";"\n[files."US_*"]\ncsv_delimiter = "tab"\n'
    config = write_package(tmp_path / "config", {"/settings.toml": settings}, fields=("name", "n"))
    batch = ["process", "batch", "--input-dir", tmp_path / "in", "--output-dir", tmp_path / "out", "--config-package", config]
    assert ade_engine(*batch).status == 0
    for name in ("us_1", "eu"):
        sheet = openpyxl.load_workbook(tmp_path / "out" / f"{name}_normalized.xlsx").active
        assert [[cell.value for cell in row][:2] for row in sheet] == [["name", "n"], ["x", "1"]]


def test_quiet_beats_debug_beats_level_beats_the_setting(ade_engine, simple):
    config, source = simple

    def levels(*options, **env):
        done = ade_engine(
            "process", "file", "-i", source, "--config-package", config, "--log-format", "ndjson", *options, env=env
        )
        return {event["level"] for event in done.events}

    assert levels("--quiet", "--debug", "--log-level", "INFO") == set()
    assert levels("--debug", "--log-level", "error") == {"debug", "info"}
    assert levels("--log-level", "error", ADE_ENGINE_LOG_LEVEL="DEBUG") == set()
    assert levels(ADE_LOG_LEVEL="debug") == {"debug", "info"}
    assert levels() == {"info"}


def test_the_log_file_has_at_least_level_info(ade_engine, simple, tmp_path):
    config, source = simple
    words = ["process", "file", "-i", source, "--config-package", config, "--quiet"]
    done = ade_engine(*words, "--logs-dir", tmp_path / "logs", "--log-format", "ndjson")
    assert done.stderr == ""
    lines = (tmp_path / "logs" / "people_engine_events.ndjson").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    assert events[-1]["event"] == "engine.run.completed"
    planned = next(event for event in events if event["event"] == "engine.run.planned")
    assert planned["data"]["logs_file"] == str(tmp_path / "logs" / "people_engine_events.ndjson")
    assert planned["data"]["logs_dir"] == str(tmp_path / "logs")

    ade_engine(*words, "--logs-dir", tmp_path / "logs", "--log-format", "text")
    text = (tmp_path / "logs" / "people_engine.log").read_text(encoding="utf-8")
    assert "engine.run.completed" in text and "{" not in text.splitlines()[0]


def test_the_log_file_gets_debug_events_when_debugging(ade_engine, simple, tmp_path):
    config, source = simple
    done = ade_engine(
        "process", "file", "-i", source, "--config-package", config, "--debug", "--log-format", "ndjson",
        "--logs-dir", tmp_path / "logs",
    )  # fmt: skip
    log = (tmp_path / "logs" / "people_engine_events.ndjson").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["event"] for line in log] == [event["event"] for event in done.events]


def test_a_failed_run_exits_1(ade_engine, package, tmp_path):
    config = package(
        {
            "hooks/stop.py": """
        def stop(**_):
            raise ValueError("no")
        def register(registry):
            registry.register_hook(stop, hook="on_workbook_start", priority=1)
    """
        },
        fields=["name"],
    )
    source = write_workbook(tmp_path / "in.xlsx", {"S": [["name"]]})
    done = ade_engine("process", "file", "-i", source, "--config-package", config, "--log-format", "ndjson")
    assert done.status == 1
    assert done.events[-1]["data"]["execution"]["failure"]["code"] == "hook_error"


def test_the_config_package_may_come_from_the_setting(ade_engine, simple):
    config, source = simple
    assert ade_engine("process", "file", "-i", source, env={"ADE_ENGINE_CONFIG_PACKAGE": str(config)}).status == 0
    write_files(ade_engine.folder, {"settings.toml": f"config_package = '{config.as_posix()}'"})
    assert ade_engine("process", "file", "-i", source).status == 0


def test_batch_processes_everything_and_fails_when_anything_failed(ade_engine, simple, tmp_path):
    config, _ = simple
    inputs = tmp_path / "inputs"
    (inputs / "deep").mkdir(parents=True)
    for name in ("b.xlsx", "deep/a.XLSX", "skip.xlsx"):
        write_workbook(inputs / name, {"S": [["Name"], ["x"]]})
    write_files(inputs, {"c.csv": "Name\nx\n", "notes.txt": "no", "broken.xlsx": "no workbook"})
    words = ["process", "batch", "--input-dir", inputs, "--config-package", config, "--log-format", "ndjson"]

    done = ade_engine(*words, "--output-dir", tmp_path / "out", "--exclude", "skip*")
    started = [event["data"]["input_file"] for event in done.events if event["event"] == "engine.run.started"]
    relative = [name[len(str(inputs)) + 1 :].replace("\\", "/") for name in started]
    assert done.status == 1
    assert relative == ["b.xlsx", "broken.xlsx", "c.csv", "deep/a.XLSX"]
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert written == ["a_normalized.xlsx", "b_normalized.xlsx", "c_normalized.xlsx"]
    assert len({event["engine_run_id"] for event in done.events}) == 4

    done = ade_engine(*words, "--output-dir", tmp_path / "out2", "--include", "deep/*", "--include", "*.csv")
    assert done.status == 0
    assert sorted(path.name for path in (tmp_path / "out2").iterdir()) == ["a_normalized.xlsx", "c_normalized.xlsx"]

    done = ade_engine(*words, "--output-dir", tmp_path / "out3", "--include", "*.nothing")
    assert (done.status, done.events) == (2, [])


@pytest.mark.parametrize("layout", ["src", "flat"])
def test_config_init_writes_a_package_that_validates_and_runs(ade_engine, tmp_path, layout):
    target = tmp_path / "starter"
    assert ade_engine("config", "init", target, "--layout", layout).status == 0
    place = target / "src" / "ade_config" if layout == "src" else target / "ade_config"
    assert (place / "__init__.py").is_file()
    checked = ade_engine("config", "validate", "--config-package", target, "--quiet")
    assert checked.status == 0
    assert checked.stdout.splitlines() == [
        "Config package OK",
        f"- path: {target}",
        "- fields: 2",
        "- row_detectors: 2",
        "- column_detectors: 3",
        "- column_transforms: 2",
        "- column_validators: 2",
        "- hooks: 1",
    ]
    source = write_files(tmp_path, {"people.csv": "No,Name,Mail\n1,Ann ,ANN@X.ORG\n2,Bob,bob@x.org\n"}) / "people.csv"
    done = ade_engine("process", "file", "-i", source, "--config-package", target, "--log-format", "ndjson")
    assert done.status == 0, done.stderr
    assert done.events[-1]["data"]["evaluation"]["outcome"] == "success"


def test_what_config_init_writes_reads_semicolons_and_other_encodings(ade_engine, tmp_path):
    target, source = tmp_path / "starter", tmp_path / "people.csv"
    assert ade_engine("config", "init", target).status == 0
    source.write_bytes("Name;Mail\nJosé;jose@x.org\nZoë;zoe@x.org\n".encode("latin-1"))
    done = ade_engine("process", "file", "-i", source, "-o", tmp_path / "out.xlsx", "--config-package", target)
    assert done.status == 0, done.stderr
    rows = list(openpyxl.load_workbook(tmp_path / "out.xlsx").worksheets[0].iter_rows(values_only=True))
    assert [row[:2] for row in rows[1:]] == [("José", "jose@x.org"), ("Zoë", "zoe@x.org")], rows


def test_config_init_refuses_what_it_would_spoil(ade_engine, tmp_path):
    target = tmp_path / "taken"
    write_files(target, {"file.txt": "mine"})
    assert ade_engine("config", "init", target).status == 2
    assert [path.name for path in target.iterdir()] == ["file.txt"]
    assert ade_engine("config", "init", target, "--force", "--package-name", "orders").status == 0
    assert (target / "src" / "orders" / "__init__.py").is_file()
    for name in ("my-package", "1st", "class", ""):
        assert ade_engine("config", "init", tmp_path / "other", "--package-name", name).status == 2
    assert not (tmp_path / "other").exists()


def test_config_validate_says_why_a_package_is_invalid(ade_engine, package):
    config = package(
        {
            "columns/x.py": """
        def register(registry):
            registry.register_column_detector(lambda: None, field="ghost", priority=1)
    """
        }
    )
    done = ade_engine("config", "validate", "--config-package", config)
    assert done.status == 1
    assert done.stdout.startswith("Config package INVALID: ")
    assert "ghost" in done.stdout and "x.py" in done.stdout


def test_every_command_has_help_with_an_example(ade_engine):
    for words in (["process", "file"], ["process", "batch"], ["config", "init"], ["config", "validate"]):
        done = ade_engine(*words, "--help")
        assert done.status == 0
        assert "Usage: ade-engine " + " ".join(words) in done.stdout
        assert "Example:" in done.stdout
    assert "process file" in ade_engine("--help").stdout


def test_a_log_that_nobody_can_read_is_no_failure(ade_engine, simple):
    import os
    import subprocess
    import sys

    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    config, source = simple
    with open("/dev/full", "w") as full:
        words = ["process", "file", "-i", str(source), "--config-package", str(config)]
        assert subprocess.run([sys.executable, "-m", "ade_engine", *words], stderr=full).returncode == 0
        assert subprocess.run([sys.executable, "-m", "ade_engine", "version"], stdout=full).returncode == 1


def test_what_a_package_registers_to_run_at_exit_runs(ade_engine, package, tmp_path):
    config = package({"hooks/h.py": """
        import atexit, threading, time
        def late(place, text):
            time.sleep(0.05)
            with open(place, "a") as file:
                file.write(text)
        def start(*, metadata, **_):
            place = metadata["output_file"] + ".txt"
            atexit.register(late, place, "exit")
            if "thread" in metadata["input_file"]:
                threading.Thread(target=late, args=(place, "thread ")).start()
        def register(registry):
            registry.register_hook(start, hook="on_workbook_start", priority=1)
    """}, fields=["a"])  # fmt: skip
    for name, text in (("plain", "exit"), ("thread", "thread exit")):
        source = write_workbook(tmp_path / f"{name}.xlsx", {"S": [["a"]]})
        assert ade_engine("process", "file", "-i", source, "--config-package", config).status == 0
        assert (tmp_path / f"{name}_normalized.xlsx.txt").read_text() == text


def test_a_linked_input_is_what_its_target_is_called(ade_engine, simple, tmp_path):
    config, source = simple
    link = tmp_path / "links" / "linked.xlsx"
    link.parent.mkdir()
    try:
        link.symlink_to(source)
    except OSError:
        pytest.skip("this system makes no links")
    words = ["--config-package", config, "--log-format", "ndjson", "--logs-dir", tmp_path / "logs"]
    done = ade_engine("process", "file", "-i", link, *words)
    assert done.status == 0
    assert (tmp_path / "people_normalized.xlsx").is_file()
    assert (tmp_path / "logs" / "people_engine_events.ndjson").is_file()
    assert done.events[0]["data"]["input_file"] == str(source)
    assert done.events[-1]["data"]["workbooks"][0]["locator"]["workbook"]["name"] == "people.xlsx"


def test_a_link_into_a_store_without_extensions_keeps_its_own_name(ade_engine, simple, tmp_path):
    config, source = simple
    (tmp_path / "store").mkdir()
    stored = source.rename(tmp_path / "store" / "5d41402a")
    link = tmp_path / "linked people.xlsx"
    try:
        link.symlink_to(stored)
    except OSError:
        pytest.skip("this system makes no links")
    done = ade_engine("process", "file", "-i", link, "--config-package", config, "--log-format", "ndjson")
    assert done.status == 0
    assert (tmp_path / "linked people_normalized.xlsx").is_file()
    assert done.events[-1]["data"]["workbooks"][0]["locator"]["workbook"]["name"] == "linked people.xlsx"


def test_no_command_at_all_shows_what_there_is(ade_engine):
    done = ade_engine()
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout == ade_engine("--help").stdout and "process file" in done.stdout


@pytest.mark.parametrize("word, suffix", [("NDJSON", "_engine_events.ndjson"), ("Text", "_engine.log")])
def test_choices_are_taken_in_any_case(ade_engine, simple, tmp_path, word, suffix):
    config, source = simple
    words = ["-i", source, "--config-package", config, "--log-format", word, "--logs-dir", tmp_path / "logs"]
    assert ade_engine("process", "file", *words).status == 0
    assert [path.name for path in (tmp_path / "logs").iterdir()] == [f"people{suffix}"]
    assert ade_engine("config", "init", tmp_path / "new", "--layout", "FLAT").status == 0
    assert (tmp_path / "new" / "ade_config" / "__init__.py").is_file()


@pytest.mark.parametrize("level", ["", " "])
def test_an_empty_level_is_info(ade_engine, simple, level):
    config, source = simple
    words = ["process", "file", "-i", source, "--config-package", config, "--log-format", "ndjson"]
    for done in (
        ade_engine(*words, "--log-level", level),
        ade_engine(*words, env={"ADE_LOG_LEVEL": level}),
        ade_engine(*words, env={"ADE_ENGINE_LOG_LEVEL": level}),
    ):
        assert done.status == 0
        assert {event["level"] for event in done.events} == {"info"}


def test_a_log_file_tells_of_the_last_run_only(ade_engine, simple, tmp_path):
    config, source = simple
    words = ["-i", source, "--config-package", config, "--log-format", "ndjson", "--logs-dir", tmp_path / "logs"]
    for _ in range(2):
        done = ade_engine("process", "file", *words)
    lines = (tmp_path / "logs" / "people_engine_events.ndjson").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["event"] for line in lines] == [event["event"] for event in done.events]


def test_an_output_folder_that_cannot_be_made_ends_the_program_before_any_event(ade_engine, simple, tmp_path):
    config, source = simple
    (tmp_path / "file").write_text("no folder")
    for words in (["--output-dir", tmp_path / "file" / "out"], ["--logs-dir", tmp_path / "file" / "logs"]):
        done = ade_engine("process", "file", "-i", source, "--config-package", config, *words)
        assert (done.status, done.events) == (1, [])
        assert "Error:" in done.stderr and str(tmp_path / "file") in done.stderr


def test_a_list_of_extensions_may_be_spelt_with_commas_and_matches_in_any_case(ade_engine, simple, tmp_path):
    config, source = simple
    (tmp_path / "batch").mkdir()
    source.rename(tmp_path / "batch" / "a.XLSX")
    (tmp_path / "batch" / "b.csv").write_text("name")
    write_files(config, {"settings.toml": 'supported_file_extensions = "xlsm, .Xlsx"'})
    done = ade_engine(
        "process",
        "batch",
        "--input-dir",
        tmp_path / "batch",
        "--output-dir",
        tmp_path / "out",
        "--config-package",
        config,
    )
    assert done.status == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a_normalized.xlsx"]
