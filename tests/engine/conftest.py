"""Helpers for the engine's tests.

The tests need a Python with the engine importable; `cargo test --test engine` brings one, and so does any clone after
`pip install` of the engine's wheel. Most run the engine in this process, which is fast; what only a process of its
own can show (exit status, streams, environment) runs one.
"""

import io
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import openpyxl
import pytest

from ade_engine import Engine, RunRequest, Settings
from ade_engine.cli.app import app
from ade_engine.infrastructure.observability.context import create_run_logger_context
from ade_engine.infrastructure.policy import decide

#: A row detector for tests that care about something else: the first row is the header.
FIRST_ROW_IS_HEADER = """
def first_row(*, row_index, **_):
    return {"header": 1.0} if row_index == 1 else {"data": 1.0}

def register(registry):
    registry.register_row_detector(first_row, row_kind="header", priority=1)
"""

#: Fields found by a header that says their name.
FIELDS_BY_NAME = """
from ade_engine.models import FieldDef

def by_name(*, column_header_original, field_name, **_):
    return {field_name: 1.0} if column_header_original.lower() == field_name else None

def register(registry):
    for name in %r:
        registry.register_field(FieldDef(name=name))
        registry.register_column_detector(by_name, field=name, priority=1)
"""


#: The end of a module whose `FIELDS` are registered.
REGISTERS = "def register(registry):\n    for field in FIELDS:\n        field.register(registry)\n"


def declared(fields: str, functions: str = "") -> str:
    """A module that registers some fields, each a call of ``Field``, with functions for them."""
    functions, fields = textwrap.dedent(functions).strip(), textwrap.dedent(fields).strip()
    # A blank line takes its place elsewhere, since messages name lines.
    uses_polars = "import polars as pl" if "pl." in functions + fields else ""
    return f"{uses_polars}\nfrom ade_engine.fields import *\n\n{functions}\n\nFIELDS = [\n{fields}\n]\n\n{REGISTERS}"


#: True if matrices are run whole.
EVERYTHING = os.environ.get("ADE_TEST_ALL") == "1"


def everything() -> bool:
    return EVERYTHING


def matrix(*axes) -> list[tuple]:
    """Returns the combinations of some values: all of them, or the few that have each pair of values together."""
    rows = list(itertools.product(*(range(len(axis)) for axis in axes)))
    if not everything():
        pairs = {row: set(itertools.combinations(enumerate(row), 2)) for row in rows}
        missing, rows = set().union(*pairs.values()), []
        while missing:
            rows.append(max(pairs, key=lambda row: len(pairs[row] & missing)))
            missing -= pairs[rows[-1]]
    return [tuple(axis[at] for axis, at in zip(axes, row)) for row in rows]


def pytest_addoption(parser):
    parser.addoption("--outcomes", metavar="FILE", help="write what became of each file's tests there, as JSON")


def pytest_terminal_summary(terminalreporter, config):
    if not config.getoption("--outcomes"):
        return
    files: dict[str, dict] = {}
    for category in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.getreports(category):
            file, _, test = report.nodeid.partition("::")
            # The sheets of a topic are reported together.
            name = "sheets/" + test.partition("[")[2].partition("/")[0] if test.startswith("test_sheet[") else Path(file).stem
            file = files.setdefault(name, {"passed": 0, "failed": 0, "skipped": {}})
            if category == "skipped":
                reason = report.longrepr[2].removeprefix("Skipped: ")
                file["skipped"][reason] = file["skipped"].get(reason, 0) + 1
            else:
                file["passed" if category == "passed" else "failed"] += 1
    Path(config.getoption("--outcomes")).write_text(json.dumps(files), encoding="utf-8")


class Outcome:
    """The result, log and output of a run."""

    def __init__(self, result, log: str, output: Path | None):
        self.result = result
        self.events = [json.loads(line) for line in log.splitlines()]
        self.output = output

    @property
    def completed(self) -> dict:
        assert self.events[-1]["event"] == "engine.run.completed"
        return self.events[-1]["data"]

    @property
    def book(self):
        assert self.output is not None, self.result.error
        return openpyxl.load_workbook(self.output)

    def rows(self, sheet: str | None = None) -> list[list]:
        book = self.book
        worksheet = book[sheet] if sheet else book.worksheets[0]
        return [list(row) for row in worksheet.iter_rows(values_only=True)]

    def named(self, name: str) -> list[dict]:
        return [event for event in self.events if event["event"] == f"engine.{name}"]

    @property
    def noticed(self) -> dict[str, list]:
        """Returns the notices of the run, by list; a list is empty if the run sent none of it."""
        events = self.named("run.noticed")
        assert len(events) <= 1
        return {"notices": [], "readings": [], **(events[0]["data"] if events else {})}

    @property
    def logged(self) -> dict:
        """Returns the data of the one line that the package has logged."""
        (log,) = self.named("log")
        return log["data"]

    def notices(self, code: str) -> list[dict]:
        return [notice for notice in self.noticed["notices"] if notice["code"] == code]

    @property
    def issues(self) -> list[dict]:
        """Returns the lines of the list of issues, if the run wrote one."""
        (path,) = self.output.parent.glob(f"{self.output.stem.removesuffix('_normalized')}_issues.ndjson")
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]

    def records(self, sheet: str = "S") -> list[list[dict]]:
        """Returns the records of each table on a sheet, if rows name their source."""
        tables: list[list[dict]] = []
        names: list = []
        for row in self.rows(sheet):
            if "Source row" in row:
                names = row
                tables.append([])
            elif names and any(cell is not None for cell in row):
                tables[-1].append({name: cell for name, cell in zip(names, row) if name})
        return tables

    def source_rows(self, sheet: str = "S") -> list[int]:
        return [record["Source row"] for table in self.records(sheet) for record in table]

    @property
    def tables(self) -> list[dict]:
        return [table for sheet in self.completed["workbooks"][0]["sheets"] for table in sheet["tables"]]


def write_files(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


def write_package(folder: Path, files: dict[str, str], *, fields=(), rows: str | None = FIRST_ROW_IS_HEADER) -> Path:
    """A config package `ade_config` below ``folder``; ``fields`` are found by headers that say their names."""
    contents = {"__init__.py": ""}
    if rows is not None:
        contents["row_detectors/rows.py"] = rows
    if fields:
        contents["columns/a_fields.py"] = FIELDS_BY_NAME % (tuple(fields),)
    contents.update({name: text for name, text in files.items() if not name.startswith("/")})
    write_files(folder / "ade_config", contents)
    # A file with a leading slash is beside the package.
    write_files(folder, {name[1:]: text for name, text in files.items() if name.startswith("/")})
    return folder


#: The registration of a function `fn`, by its kind.
REGISTERED = {
    "row": "register_row_detector(fn, row_kind='data', priority=1)",
    "column": "register_column_detector(fn, field='a', priority=1)",
    "transform": "register_column_transform(fn, field='a', priority=1)",
    "validator": "register_column_validator(fn, field='a', priority=1)",
}


def plugin(what: str, body: str, parameters: str = "**_") -> str:
    """A module with one function, which is registered as a detector, a transform or a validator, or for a stage of hooks."""
    call = REGISTERED.get(what, f"register_hook(fn, hook={what!r}, priority=1)")
    lines = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    return f"import polars as pl\n\ndef fn({parameters}):\n{lines}\n\ndef register(registry):\n    registry.{call}\n"


#: The arguments that the callables below may ask for, for hooks, detectors, transforms and validators alike.
OFFERED = re.compile(
    r"(?<![\w.'\"])(column_header_original|field_name|logger|metadata|output_region|output_sheet|output_workbook|report"
    r"|row_index|row_values|settings|sheet_name|source_region|source_sheet|source_workbook|state|table|table_index|table_result"
    r"|tables|write_table)(?![\w'\"])"
)


def steps(**bodies: str) -> dict[str, str]:
    """Returns the modules of a package with a callable of each kind; each gets the arguments that its body names."""
    modules = {}
    for what, body in bodies.items():
        names = sorted(set(OFFERED.findall(body)))
        modules[f"hooks/{what}.py"] = plugin(what, body, ", ".join(["*", *names, "**_"]) if names else "**_")
    return modules


def write_workbook(path: Path, sheets: dict[str, list[list]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        worksheet = book.create_sheet(title)
        for row in rows:
            worksheet.append(row)
    book.save(path)
    return path


def write_xls(path: Path, rows: list[list], *, merged: dict | None = None, hidden=()) -> Path:
    """A workbook of the older format with one sheet; ``merged``: first and last row and column, from 0, and the value; ``hidden``: columns."""
    import xlwt

    book = xlwt.Workbook()
    sheet = book.add_sheet("Pay")
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            if value is not None:
                sheet.write(row, column, value)
    for area, value in (merged or {}).items():
        sheet.write_merge(*area, value)
    for column in hidden:
        sheet.col(column).hidden = True
    book.save(str(path))
    return path


@pytest.fixture
def package(tmp_path):
    """Write a config package: ``package({"hooks/x.py": "…"}, fields=["a"])``."""

    def write(files: dict[str, str] | None = None, **options) -> Path:
        return write_package(tmp_path / "config", files or {}, **options)

    return write


@pytest.fixture
def template(tmp_path) -> Path:
    """A copy of the configuration that `ade init` writes, with a folder for hooks."""
    copied = shutil.copytree(Path(__file__).resolve().parents[2] / "templates" / "default", tmp_path / "template")
    (copied / "src/ade_config/hooks").mkdir(exist_ok=True)
    return copied


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the engine in this process on rows, sheets or a file, with a package or its files."""
    working_folder = tmp_path / "cwd"
    working_folder.mkdir()
    monkeypatch.chdir(working_folder)
    for name in list(os.environ):
        if name.upper().startswith("ADE_"):
            monkeypatch.delenv(name)

    def execute(config, data, *, fields=(), rows=FIRST_ROW_IS_HEADER, settings: dict | None = None, level: int = 20, **request) -> Outcome:
        if isinstance(config, dict):
            config = write_package(tmp_path / "config", config, fields=fields, rows=rows)
        if isinstance(data, list):
            data = {"Sheet": data}
        if isinstance(data, dict):
            data = write_workbook(tmp_path / "input.xlsx", data)
        log = io.StringIO()
        request.setdefault("output_dir", tmp_path / "out")
        if "output_path" in request:
            request.pop("output_dir")
        with create_run_logger_context(log_format="ndjson", log_level=level, stream=log) as context:
            result = Engine(Settings.load(config_package_dir=config, **(settings or {}))).run(
                RunRequest(config_package=config, input_file=data, **request), logger=context.logger
            )
        return Outcome(result, log.getvalue(), result.output_path)

    return execute


@pytest.fixture
def run_by_ade(run, monkeypatch):
    """Runs as `ade` starts them, which get notices."""
    monkeypatch.setenv("ADE_ENGINE_RUN", "1")
    return run


@pytest.fixture
def succeed(run_by_ade):
    """Runs as `ade` starts them; each has to succeed."""

    def call(*arguments, **options) -> Outcome:
        outcome = run_by_ade(*arguments, **options)
        assert outcome.result.error is None, outcome.result.error
        return outcome

    return call


@pytest.fixture
def normalized(succeed, template):
    """Runs of the configuration that `ade init` writes on the rows of a sheet `S`."""

    def call(rows: list[list], **settings) -> Outcome:
        return succeed(template, {"S": rows}, settings=settings)

    return call


class Finished:
    """A finished process."""

    def __init__(self, process: subprocess.CompletedProcess):
        self.status = process.returncode
        self.stdout = process.stdout
        self.stderr = process.stderr

    @property
    def events(self) -> list[dict]:
        return [json.loads(line) for line in self.stderr.splitlines() if line.startswith("{")]


@pytest.fixture
def ade_engine(tmp_path):
    """Run `python -m ade_engine …` in a folder and environment of its own."""
    folder = tmp_path / "process"
    folder.mkdir()

    def call(*arguments, cwd: Path | None = None, env: dict[str, str] | None = None, isolated: bool = False) -> Finished:
        clean = {name: value for name, value in os.environ.items() if not name.upper().startswith("ADE_")}
        clean["PYTHONIOENCODING"] = "utf-8"
        command = [sys.executable, *(["-I"] if isolated else []), "-m", "ade_engine", *map(str, arguments)]
        return Finished(subprocess.run(
            command, cwd=cwd or folder, env={**clean, **(env or {})}, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, encoding="utf-8", timeout=120,
        ))

    call.folder = folder
    return call


@pytest.fixture
def ade_engine_here(tmp_path, capsys, monkeypatch):
    """Run the same commands in this process, for tests that do not depend on the process."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.upper().startswith("ADE_")]:
        monkeypatch.delenv(name)
    # A process decides this when it starts; this one may have been in a run of `ade` before.
    decide()

    def call(*arguments) -> Finished:
        capsys.readouterr()
        words = list(map(str, arguments))
        return Finished(subprocess.CompletedProcess(words, app(words), *capsys.readouterr()))

    return call


@pytest.fixture
def libreoffice(tmp_path, tmp_path_factory):
    """Converts workbooks with LibreOffice and returns the folder with the converted files."""
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed")

    def convert(*paths: Path, to: str = "xlsx:Calc MS Excel 2007 XML") -> Path:
        # Its first start is the slow one, so all tests of a worker share its settings.
        profile = (tmp_path_factory.getbasetemp() / "libreoffice").as_uri()
        command = ["soffice", f"-env:UserInstallation={profile}", "--headless", "--convert-to", to, "--outdir", tmp_path / "converted", *paths]
        subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=240, env=os.environ | {"HOME": str(tmp_path)})
        return tmp_path / "converted"

    return convert


@pytest.fixture
def simple(package, tmp_path):
    """A package with one field, `name`, and an input that has it."""
    config = package(fields=["name"])
    source = write_workbook(tmp_path / "people.xlsx", {"People": [["Name", "Age"], ["Ann", 41], ["Bob", 35]]})
    return config, source
