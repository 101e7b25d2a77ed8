"""Commands, options, exit status, streams."""

import json
import os
import re
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


#: Variables, the command line, the exit status, the message, and the resulting files; `file` and `batch` are right lines.
TYPED = """
| file | 0 | engine.run.completed | people_normalized.xlsx
| file -o new/exact.XLSX | 0 | | new/exact.XLSX
| file --output-dir deep/out | 0 | | deep/out/people_normalized.xlsx
ADE_ENGINE_CONFIG_PACKAGE=config | process file -i people.xlsx | 0 | | people_normalized.xlsx
ADE_ENGINE_CONFIG_PACKAGE=~/config HOME=. USERPROFILE=. | process file -i people.xlsx | 0 | | people_normalized.xlsx
ADE_ENGINE_MAX_EMPTY_ROWS_RUN=0 | file | 1 | ADE_ENGINE_MAX_EMPTY_ROWS_RUN |
| file --set date_order=american | 1 | date_order from --set should be 'auto' or 'dmy' or 'mdy' or 'ymd', not 'american' |
| file --set date_ordr=mdy | 2 | there is no setting 'date_ordr'; did you mean 'date_order'? |
| file --set date_order | 2 | --set takes KEY=VALUE |
| file --output-dir taken/file.txt/out | 1 | taken/file.txt |
| file --logs-dir taken/file.txt/logs | 1 | taken/file.txt |
| file --output-dir people.xlsx | 2 | is a file |
| batch --input-dir in --exclude skip* | 1 | broken.xlsx | out/a_normalized.xlsx out/b_normalized.xlsx out/c_normalized.xlsx
| batch --input-dir in --include deep/* --include *.csv | 0 | | out/a_normalized.xlsx out/c_normalized.xlsx
ADE_ENGINE_SUPPORTED_FILE_EXTENSIONS=["xlsm",".Xlsx"] | batch --input-dir in --exclude broken* | 0 | | out/a_normalized.xlsx out/b_normalized.xlsx out/skip_normalized.xlsx
ADE_ENGINE_SUPPORTED_FILE_EXTENSIONS=[] | batch --input-dir in --exclude *.xlsx | 1 | notes.txt | out/a_normalized.xlsx out/c_normalized.xlsx
| config init taken --force --package-name orders | 0 | | taken/src/orders/__init__.py
| process | 2 | Error: |
| process folder | 2 | Error: |
| nonsense | 2 | Error: |
| process file --config-package config | 2 | Error: |
| process file -i missing.xlsx --config-package config | 2 | Error: |
| process file -i . --config-package config | 2 | Error: |
| process file -i people.xlsx | 2 | Error: |
| process file -i people.xlsx --config-package missing | 2 | Error: |
| process file -i people.xlsx --config-package people.xlsx | 2 | Error: |
| file --output x.xlsx --output-dir out | 2 | Error: |
| file --output x.csv | 2 | Error: |
| file --active-sheet-only --input-sheet People | 2 | Error: |
| file --log-level loud | 2 | Error: |
| file --log-format xml | 2 | Error: |
| file --no-such-option | 2 | Error: |
| file stray | 2 | Error: |
| file --output | 2 | Error: |
| file --logs-dir people.xlsx | 2 | Error: |
| file --set log_level=debug | 2 | Error: |
| batch --input-dir nowhere | 2 | Error: |
| batch --input-dir . --include *.nothing | 2 | Error: |
| process batch --input-dir . --config-package config | 2 | Error: |
| process batch --input-dir . --config-package config --output-dir people.xlsx | 2 | Error: |
| batch --input-dir . --logs-dir people.xlsx | 2 | Error: |
| config validate | 2 | Error: |
| config init | 2 | Error: |
| config init taken | 2 | Error: |
| config init other --package-name my-package | 2 | Error: |
| config init other --package-name 1st | 2 | Error: |
| config init other --package-name class | 2 | Error: |
| config init other --package-name= | 2 | Error: |
"""


@pytest.mark.parametrize("line", TYPED.strip().splitlines())
def test_what_is_typed_and_what_comes_of_it(process, ade_engine_here, tmp_path, monkeypatch, line):
    env, words, status, said, files = (part.strip() for part in line.split("|"))
    write_files(tmp_path, {"taken/file.txt": "mine", "in/c.csv": "Name\nx\n", "in/notes.txt": "no", "in/broken.xlsx": "no workbook", "in/deep/other": ""})
    for name in ("b.xlsx", "deep/a.XLSX", "skip.xlsx"):
        write_workbook(tmp_path / "in" / name, {"S": [["Name"], ["x"]]})
    before = {*tmp_path.rglob("*.*")}
    for name, value in (one.split("=") for one in env.split()):
        monkeypatch.setenv(name, value if value != "." else str(tmp_path))
    words = re.sub("^file", "process file -i people.xlsx --config-package config --log-format ndjson", words)
    words = re.sub("^batch", "process batch --output-dir out --config-package config --log-format ndjson", words)
    done = ade_engine_here(*words.split())
    assert (done.status, done.stdout if "init" not in words else "") == (int(status), "") and said in done.stderr
    made = {path.relative_to(tmp_path).as_posix() for path in {*tmp_path.rglob("*.*")} - before if path.is_file()}
    assert made >= {*files.split()} and ("init" in words or len(made) == len(files.split())), made
    if "batch" not in words and status != "0":
        assert done.events == [] and (status == "1" or "Error:" in done.stderr and "{" not in done.stderr.split("Error:")[0])


def test_settings_of_the_command_line_and_of_the_environment(process):
    done = process("--debug", "--set", "date_order=mdy", "--set", "csv_delimiter=tab", env={"ADE_ENGINE_DATE_ORDER": "dmy"})
    assert done.status == 0
    (effective,) = (event for event in done.events if event["event"] == "engine.settings.effective")
    found = effective["data"]["settings"]
    assert (found["date_order"], found["csv_delimiter"]) == ("mdy", "\t")


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
    write_files(ade_engine.folder, {"settings.toml": f"config_package = '{simple[0].as_posix()}'"})
    # Beside the input, unless something else is said.
    assert ade_engine("process", "file", "-i", simple[1]).status == 0 and (tmp_path / "people_normalized.xlsx").is_file()


def test_a_batch_goes_by_names_and_each_file_is_a_run(ade_engine_here, simple, tmp_path):
    write_files(tmp_path / "in", {f"{name}.csv": "Name\nx\n" for name in ("deep/a", "c", "b")})
    done = ade_engine_here("process", "batch", "--input-dir", tmp_path / "in", "--output-dir", tmp_path, "--config-package", simple[0], "--log-format", "ndjson")
    started = [event["data"]["input_file"] for event in done.events if event["event"] == "engine.run.started"]
    assert [name[len(str(tmp_path)) + 4 :].replace("\\", "/") for name in started] == ["b.csv", "c.csv", "deep/a.csv"]
    assert len({event["engine_run_id"] for event in done.events}) == 3


@pytest.mark.parametrize("layout", ["src", "FLAT"])
def test_config_init_writes_a_package_that_validates_and_runs(ade_engine_here, tmp_path, layout):
    target, source = tmp_path / "starter", tmp_path / "people.csv"
    assert ade_engine_here("config", "init", target, "--layout", layout).status == 0
    assert (target / ("src" if layout == "src" else "") / "ade_config" / "__init__.py").is_file()
    checked = ade_engine_here("config", "validate", "--config-package", target, "--quiet")
    counts = {"fields": 2, "row_detectors": 4, "column_detectors": 3, "column_transforms": 2, "column_validators": 2, "hooks": 1}
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
    # The input has the name of its target, unless the target is in a store without extensions.
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


def test_a_rehearsal_leaves_nothing_of_its_own(tmp_path):
    """The rehearsal of a warm engine leaves nothing in its forks, and does not keep it from being forked."""
    folder = tmp_path / "rehearsed"
    folder.mkdir()
    code = f"""
import os, sys
from ade_engine.cli import warm
from ade_engine.fields import readers
made, apply = [], readers.Reader.read_from
readers.Reader.read_from = lambda *given, **named: made.append(1) or apply(*given, **named)
warm.rehearse({str(folder)!r})
own = [name for name in sys.modules if "rehears" in name]
print(len(made) > 5, own, "polars" in sys.modules, len(os.listdir("/proc/self/task")), os.listdir({str(folder)!r}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "ADE_ENGINE_RUN": "1"})
    assert done.stdout.splitlines()[-1] == "True [] False 1 []"
