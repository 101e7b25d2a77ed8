"""Commands, options, exit status, streams."""

import json
import os
import subprocess
import sys

import openpyxl
import pytest
from conftest import write_files, write_package, write_workbook

import ade_engine as package_of_the_engine


@pytest.fixture
def process(ade_engine_here, simple, monkeypatch):
    """Processes the file of people, with events as JSON unless something else is said; in this process unless another is given."""
    config, source = simple

    def call(*options, source=source, env=(), run=ade_engine_here):
        with monkeypatch.context() as changed:
            for name, value in dict(env).items():
                changed.setenv(name, value)
            return run("process", "file", "-i", source, "--config-package", config, "--log-format", "ndjson", *options)

    call.config, call.source = simple
    return call


def lines_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_version_is_the_bare_number(ade_engine):
    assert ade_engine("version").stdout == "1.10.0\n" and ade_engine("--version", isolated=True).stdout == "1.10.0\n"
    assert package_of_the_engine.__version__ == "1.10.0"


def test_a_run_leaves_stdout_empty_and_sends_events_to_stderr(process, ade_engine, tmp_path):
    done = process("--output-dir", tmp_path / "deep" / "out", run=ade_engine)
    assert (done.status, done.stdout) == (0, "") and done.events[-1]["event"] == "engine.run.completed"
    assert (tmp_path / "deep" / "out" / "people_normalized.xlsx").is_file()


def test_the_output_lies_where_it_is_wanted(ade_engine, process, tmp_path):
    target = tmp_path / "new" / "exact.XLSX"
    words = ["process", "file", f"--input={process.source}", "-o", target, "--config-package", process.config]
    assert ade_engine(*words).status == 0 and target.is_file() and not (tmp_path / "people_normalized.xlsx").exists()


#: Command lines that are wrong; `file` and `batch` stand for right ones.
WRONG = """
process
process folder
nonsense
process file --config-package {config}
process file -i {tmp}/missing.xlsx --config-package {config}
process file -i {tmp} --config-package {config}
process file -i {source}
process file -i {source} --config-package {tmp}/missing
process file -i {source} --config-package {source}
{file} --output x.xlsx --output-dir out
{file} --output x.csv
{file} --active-sheet-only --input-sheet People
{file} --log-level loud
{file} --log-format xml
{file} --no-such-option
{file} stray
{file} --output
{file} --output-dir {source}
{file} --logs-dir {source}
{file} --set date_ordr=mdy
{file} --set log_level=debug
{file} --set date_order
{batch} --input-dir {tmp}/nowhere
{batch} --input-dir {tmp} --include *.nothing
process batch --input-dir {tmp} --config-package {config}
process batch --input-dir {tmp} --config-package {config} --output-dir {source}
{batch} --input-dir {tmp} --logs-dir {source}
config validate
config init
config init {tmp}/taken
config init {tmp}/other --package-name my-package
config init {tmp}/other --package-name 1st
config init {tmp}/other --package-name class
config init {tmp}/other --package-name=
"""


@pytest.mark.parametrize("line", WRONG.strip().splitlines())
def test_usage_errors_exit_2_and_send_no_event(ade_engine_here, simple, tmp_path, line):
    config, source = simple
    write_files(tmp_path / "taken", {"file.txt": "mine"})
    file = f"process file -i {source} --config-package {config} --log-format ndjson"
    batch = f"process batch --output-dir {tmp_path}/out --config-package {config} --log-format ndjson"
    done = ade_engine_here(*line.format(config=config, source=source, tmp=tmp_path, file=file, batch=batch).split())
    assert (done.status, done.stdout, done.events) == (2, "", [])
    assert "Error:" in done.stderr and "{" not in done.stderr.split("Error:")[0]
    assert not (tmp_path / "other").exists() and [path.name for path in (tmp_path / "taken").iterdir()] == ["file.txt"]


def test_settings_of_the_command_line_and_of_the_environment(process):
    done = process("--debug", "--set", "date_order=mdy", "--set", "csv_delimiter=tab", env={"ADE_ENGINE_DATE_ORDER": "dmy"})
    assert done.status == 0
    (effective,) = (event for event in done.events if event["event"] == "engine.settings.effective")
    found = effective["data"]["settings"]
    assert (found["date_order"], found["csv_delimiter"]) == ("mdy", "\t")
    # Invalid ones end the process before any event.
    done = process(env={"ADE_ENGINE_MAX_EMPTY_ROWS_RUN": "0"})
    assert (done.status, done.stdout, done.events) == (1, "", []) and "ADE_ENGINE_MAX_EMPTY_ROWS_RUN" in done.stderr
    for text, words in (
        ("date_ordr=mdy", "there is no setting 'date_ordr'; did you mean 'date_order'?"),
        ("date_order", "--set takes KEY=VALUE"),
        ("date_order=american", "date_order from --set should be 'auto' or 'dmy' or 'mdy' or 'ymd', not 'american'"),
    ):
        done = process("--set", text)
        assert (done.status, done.events) == (1 if "american" in text else 2, []) and words in done.stderr, done.stderr


def test_a_batch_has_the_settings_of_each_file(ade_engine_here, tmp_path):
    write_files(tmp_path / "in", {"us_1.csv": "name\tn\nx\t1\n", "eu.csv": "name;n\nx;1\n"})
    settings = 'csv_delimiter = ";"\n[files."US_*"]\ncsv_delimiter = "tab"\n'
    config = write_package(tmp_path / "config", {"/settings.toml": settings}, fields=("name", "n"))
    batch = ["process", "batch", "--input-dir", tmp_path / "in", "--output-dir", tmp_path / "out", "--config-package", config]
    assert ade_engine_here(*batch).status == 0
    for name in ("us_1", "eu"):
        sheet = openpyxl.load_workbook(tmp_path / "out" / f"{name}_normalized.xlsx").active
        assert [[cell.value for cell in row][:2] for row in sheet] == [["name", "n"], ["x", "1"]]


#: Options, variables, and the levels of the events; an empty level is info.
LEVELS = """
--quiet --debug --log-level INFO | |
--debug --log-level error | | debug info
--log-level error | ADE_ENGINE_LOG_LEVEL=DEBUG |
 | ADE_LOG_LEVEL=debug | debug info
 | | info
--log-level= | | info
 | ADE_LOG_LEVEL= | info
 | ADE_ENGINE_LOG_LEVEL= | info
"""


@pytest.mark.parametrize("line", LEVELS.strip("\n").splitlines())
def test_quiet_beats_debug_beats_level_beats_the_setting(process, line):
    options, env, levels = (part.split() for part in line.split("|"))
    done = process(*options, env=(one.split("=") for one in env))
    assert done.status == 0 and {event["level"] for event in done.events} == {*levels}


def test_the_log_file_has_at_least_level_info_and_tells_of_the_last_run_only(process, tmp_path):
    """Formats are named in any case."""
    log = tmp_path / "logs" / "people_engine_events.ndjson"
    done = process("--debug", "--logs-dir", log.parent)
    assert [event["event"] for event in lines_of(log)] == [event["event"] for event in done.events]
    done = process("--quiet", "--logs-dir", log.parent, "--log-format", "NDJSON")
    assert done.stderr == "" and [path.name for path in log.parent.iterdir()] == [log.name]
    events = lines_of(log)
    assert events[-1]["event"] == "engine.run.completed" and {event["level"] for event in events} == {"info"}
    planned = next(event["data"] for event in events if event["event"] == "engine.run.planned")
    assert (planned["logs_file"], planned["logs_dir"]) == (str(log), str(log.parent))

    process("--quiet", "--logs-dir", log.parent, "--log-format", "Text")
    text = (log.parent / "people_engine.log").read_text(encoding="utf-8")
    assert "engine.run.completed" in text and "{" not in text.splitlines()[0]


def test_the_config_package_may_come_from_the_setting(ade_engine, simple, tmp_path):
    config, source = simple
    assert ade_engine("process", "file", "-i", source, env={"ADE_ENGINE_CONFIG_PACKAGE": str(config)}).status == 0
    # Beside the input, unless something else is said.
    (tmp_path / "people_normalized.xlsx").unlink()
    write_files(ade_engine.folder, {"settings.toml": f"config_package = '{config.as_posix()}'"})
    assert ade_engine("process", "file", "-i", source).status == 0 and (tmp_path / "people_normalized.xlsx").is_file()


def test_batch_processes_everything_and_fails_when_anything_failed(ade_engine_here, simple, tmp_path):
    config, _ = simple
    inputs = tmp_path / "inputs"
    (inputs / "deep").mkdir(parents=True)
    for name in ("b.xlsx", "deep/a.XLSX", "skip.xlsx"):
        write_workbook(inputs / name, {"S": [["Name"], ["x"]]})
    write_files(inputs, {"c.csv": "Name\nx\n", "notes.txt": "no", "broken.xlsx": "no workbook"})

    def batch(out, *words):
        words = ["--input-dir", inputs, "--output-dir", tmp_path / out, "--config-package", config, *words]
        done = ade_engine_here("process", "batch", *words, "--log-format", "ndjson")
        return done, sorted(path.name for path in (tmp_path / out).iterdir())

    done, written = batch("out", "--exclude", "skip*")
    started = [event["data"]["input_file"] for event in done.events if event["event"] == "engine.run.started"]
    relative = [name[len(str(inputs)) + 1 :].replace("\\", "/") for name in started]
    assert done.status == 1 and relative == ["b.xlsx", "broken.xlsx", "c.csv", "deep/a.XLSX"]
    assert written == ["a_normalized.xlsx", "b_normalized.xlsx", "c_normalized.xlsx"]
    assert len({event["engine_run_id"] for event in done.events}) == 4
    done, written = batch("out2", "--include", "deep/*", "--include", "*.csv")
    assert (done.status, written) == (0, ["a_normalized.xlsx", "c_normalized.xlsx"])
    # A list of extensions may be spelt with commas, and matches in any case.
    write_files(config, {"settings.toml": 'supported_file_extensions = "xlsm, .Xlsx"'})
    done, written = batch("out3", "--exclude", "broken*")
    assert (done.status, written) == (0, ["a_normalized.xlsx", "b_normalized.xlsx", "skip_normalized.xlsx"])


@pytest.mark.parametrize("layout", ["src", "FLAT"])
def test_config_init_writes_a_package_that_validates_and_runs(ade_engine_here, tmp_path, layout):
    target, source = tmp_path / "starter", tmp_path / "people.csv"
    assert ade_engine_here("config", "init", target, "--layout", layout).status == 0
    assert (target / ("src" if layout == "src" else "") / "ade_config" / "__init__.py").is_file()
    checked = ade_engine_here("config", "validate", "--config-package", target, "--quiet")
    counts = {"fields": 2, "row_detectors": 2, "column_detectors": 3, "column_transforms": 2, "column_validators": 2, "hooks": 1}
    assert checked.status == 0
    listed = [f"- {what}: {count}" for what, count in {"path": target, **counts}.items()]
    assert checked.stdout.splitlines() == ["Config package OK", *listed]
    # It reads commas, semicolons and other encodings.
    for text, names in (
        (b"No,Name,Mail\n1,Ann ,ANN@X.ORG\n2,Bob,bob@x.org\n", ["Ann", "Bob"]),
        ("No;Name;Mail\n1;José;jose@x.org\n2;Zoë;zoe@x.org\n".encode("latin-1"), ["José", "Zoë"]),
    ):
        source.write_bytes(text)
        done = ade_engine_here("process", "file", "-i", source, "--config-package", target, "--log-format", "ndjson")
        assert done.status == 0, done.stderr
        assert done.events[-1]["data"]["evaluation"]["outcome"] == "success"
        rows = list(openpyxl.load_workbook(tmp_path / "people_normalized.xlsx").worksheets[0].iter_rows(values_only=True))
        assert [name for row in rows[1:] for name in row if name in names] == names, rows


def test_config_init_is_forced_to_write_into_a_folder(ade_engine_here, tmp_path):
    write_files(tmp_path / "taken", {"file.txt": "mine"})
    assert ade_engine_here("config", "init", tmp_path / "taken", "--force", "--package-name", "orders").status == 0
    assert (tmp_path / "taken" / "src" / "orders" / "__init__.py").is_file()


def test_every_command_has_help_with_an_example(ade_engine_here):
    for words in (["process", "file"], ["process", "batch"], ["config", "init"], ["config", "validate"]):
        done = ade_engine_here(*words, "--help")
        assert done.status == 0 and "Usage: ade-engine " + " ".join(words) in done.stdout and "Example:" in done.stdout
    # No command at all shows what there is.
    done = ade_engine_here()
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout == ade_engine_here("--help").stdout and "process file" in done.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_log_that_nobody_can_read_is_no_failure(simple):
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


@pytest.mark.parametrize("stored, linked, name", [
    # What its target is called, unless that is in a store without extensions.
    ("people.xlsx", "links/linked.xlsx", "people"), ("store/5d41402a", "linked people.xlsx", "linked people"),
])  # fmt: skip
def test_a_linked_input_has_the_name_of_its_target_or_its_own(process, tmp_path, stored, linked, name):
    for place in (stored, linked):
        (tmp_path / place).parent.mkdir(exist_ok=True)
    target, link = process.source.rename(tmp_path / stored), tmp_path / linked
    try:
        link.symlink_to(target)
    except OSError:
        pytest.skip("this system makes no links")
    done = process("--logs-dir", tmp_path / "logs", source=link)
    assert done.status == 0 and (tmp_path / f"{name}_normalized.xlsx").is_file()
    assert (tmp_path / "logs" / f"{name}_engine_events.ndjson").is_file()
    assert done.events[0]["data"]["input_file"] == str(target if name == "people" else link)
    assert done.events[-1]["data"]["workbooks"][0]["locator"]["workbook"]["name"] == f"{name}.xlsx"


def test_an_output_folder_that_cannot_be_made_ends_the_program_before_any_event(ade_engine_here, simple, tmp_path):
    config, source = simple
    (tmp_path / "file").write_text("no folder")
    for words in (["--output-dir", tmp_path / "file" / "out"], ["--logs-dir", tmp_path / "file" / "logs"]):
        done = ade_engine_here("process", "file", "-i", source, "--config-package", config, *words)
        assert (done.status, done.events) == (1, [])
        assert "Error:" in done.stderr and str(tmp_path / "file") in done.stderr
