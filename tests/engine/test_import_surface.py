"""Names that config packages import."""

import json
import subprocess
import sys
from importlib import import_module

import openpyxl
import pytest
from conftest import declared, write_package

from ade_engine import HookName, RowKind, RunStatus

SURFACE = {
    "ade_engine": "Engine Settings FieldDef HookName RowKind RunRequest RunResult RunStatus __version__",
    "ade_engine.models": """
        FieldDef HookName RowKind ScorePatch HookContext RowDetectorContext ColumnDetectorContext TransformContext
        ValidateContext WorkbookStartHookContext SheetStartHookContext TableMappedHookContext
        TableTransformedHookContext TableValidatedHookContext TableWrittenHookContext SheetEndHookContext
        WorkbookBeforeSaveHookContext RowDetectorResult ColumnDetectorResult RunError RunErrorCode RunRequest RunResult
        RunStatus TableRegion TableResult SourceColumn MappedColumn DerivedMapping AdeEngineError ConfigError InputError
        HookError PipelineError ENGINE_NAMESPACE CONFIG_NAMESPACE DEFAULT_EVENT ENGINE_EVENT_SCHEMAS VALID_LOG_FORMATS
        errors events extension_contexts extension_outputs run table
    """,
    "ade_engine.extensions.registry": "Registry RegisteredFn",
    "ade_engine.extensions.loader": "import_and_register resolve_config_import",
    "ade_engine.extensions.invoke": "call_extension",
    "ade_engine.infrastructure.settings": "Settings",
    "ade_engine.infrastructure.observability.logger": "RunLogger NullLogger",
    "ade_engine.infrastructure.observability.context": "create_run_logger_context",
    "ade_engine.application.engine": "Engine",
    "ade_engine.cli.app": "app main",
}


@pytest.mark.parametrize("module", SURFACE)
def test_names_can_be_imported(module):
    namespace: dict = {}
    for name in SURFACE[module].split():
        exec(f"from {module} import {name}", namespace)
        assert namespace[name] is not None
    with pytest.raises(ImportError):
        exec(f"from {module} import no_such_name", {})


def test_names_are_the_same_wherever_they_are_imported_from():
    engine, models = import_module("ade_engine"), import_module("ade_engine.models")
    for name in ("FieldDef", "HookName", "RowKind", "RunRequest", "RunResult", "RunStatus"):
        assert getattr(engine, name) is getattr(models, name)
    assert models.TableRegion is import_module("ade_engine.models.table").TableRegion
    assert "Engine" in dir(engine) and "TableRegion" in dir(models)


def test_enumerations_are_text():
    assert HookName("on_sheet_end") == "on_sheet_end" == HookName.ON_SHEET_END.value
    assert str(RunStatus.FAILED) == f"{RunStatus.FAILED}" == "RunStatus.FAILED"
    assert json.dumps({RowKind.DATA: RunStatus.RUNNING}) == '{"data": "running"}'
    assert RowKind.HEADER == "header" and {"data": 1}[RowKind.DATA] == 1 and RunStatus.FAILED == "failed"
    assert len(HookName) == 8


def last_line_of(code: str) -> str:
    """Returns the last line that a Python process of its own prints."""
    code = f"import sys; from ade_engine.cli.app import app; {code}"
    return subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()[-1]


def test_starting_the_engine_imports_nothing_heavy():
    names = ("polars", "openpyxl", "argparse", "dataclasses", "typing", "json")
    assert last_line_of(f"app(['version']); print([name for name in {names!r} if name in sys.modules])") == "[]"


def test_a_run_of_fields_alone_never_imports_polars(tmp_path):
    fields = declared(
        """
        Field("name", "Name", required=True),
        Field("day", "Day", read=date, checks=[lambda name: date_range(name, "2024-01-01", "2024-12-31")]),
        Field("hours", "Hours", read=number, checks=[lambda name: range(name, 0, 10)], unique="warning"),
        Field("code", "Code", read=code, checks=[lambda name: pattern(name, "[A-Z]+"), lambda name: one_of(name, ["AB", "CD"])]),
        """
    )
    config = write_package(tmp_path / "config", {"columns/fields.py": fields, "/settings.toml": 'edition = "2026"\n'}, rows=None)
    source = tmp_path / "days.csv"
    source.write_text("Name,Day,Hours,Code\nAnn,2024-02-30,12,ab\n,2023-01-31,3,CD\nBea,31.01.2024,3,EF\n")
    words = ["process", "file", "--input", str(source), "--config-package", str(config), "--output-dir", str(tmp_path)]
    assert last_line_of(f"app({words!r}); print([name for name in sys.modules if 'polars' in name])") == "['ade_engine.models.polars']"


def test_a_hook_may_be_the_first_that_needs_polars(tmp_path):
    """Tests import polars, but a run of fields alone has none when a hook touches its output."""
    fields = declared('Field("day", "Day", read=date), Field("hours", "Hours", read=number, required=True), Field("who", "Who")')
    hook = """
def style(output_sheet):
    output_sheet.insert_rows(1)
    output_sheet["A1"] = " ".join(str(cell.value) for row in output_sheet.iter_rows(min_row=3) for cell in row)


def register(registry):
    registry.register_hook(style, hook="on_sheet_end", priority=1)
"""
    files = {"columns/fields.py": fields, "hooks/style.py": hook, "/settings.toml": 'edition = "2026"\n'}
    config = write_package(tmp_path / "config", files, rows=None)
    source = tmp_path / "days.csv"
    source.write_text("Day,Hours,Who\n2024-02-03,12.5,Ann\n2024-02-04,,Bea\n")
    words = ["process", "file", "--input", str(source), "--config-package", str(config), "--output-dir", str(tmp_path)]
    assert last_line_of(f"app({words!r}); print('done')") == "done"
    sheet = openpyxl.load_workbook(tmp_path / "days_normalized.xlsx").worksheets[0]
    assert sheet["A1"].value == "2024-02-03 12.5 Ann None None 2 2024-02-04 None Bea error Hours: empty 3"


def test_polars_takes_over_what_was_made_before():
    code = """
from ade_engine.models import polars as pl
from ade_engine.fields.readers import filled_rows
before = pl.Series("a", ["x", None, "a text that is longer", ""])
table = pl.StandInFrame([before.clone(), pl.Series("b", [1, 2, None, 4])])
part, places = before.slice(1, 2), pl.taken(before, [3, 0])
numbers = pl.Series("n", [1.0, 2.0, 3.0])
copy = numbers.clone()
assert "polars" not in sys.modules
import polars
assert isinstance(before, polars.Series) and isinstance(table, polars.DataFrame)
assert part.to_list() == [None, "a text that is longer"] and places.to_list() == ["", "x"]
assert before.name == "a" and before.dtype == polars.String
before[1] = "y"
numbers[0] = 99.0
assert (numbers.to_list(), copy.to_list()) == ([99.0, 2.0, 3.0], [1.0, 2.0, 3.0])
before.extend(polars.Series(["z"]))
assert filled_rows(polars.DataFrame([before]), ["a"]).to_list() == [True, True, True, False, True]
table.insert_column(2, polars.Series("c", [True, False, None, True]))
assert table.filter(polars.col("b") > 1).rows() == [(None, 2, False), ("", 4, True)]
print("as before")
"""
    assert last_line_of(code) == "as before"


def test_polars_may_come_while_columns_are_read(tmp_path):
    functions = """
    def trade_words(field_name):
        return text(field_name).str.to_lowercase()

    def told_by_length(field_name):
        import polars

        return polars.when(READ.str.len_chars() > 6).then(polars.lit("long"))

    READ = text("trade")
    """
    fields = """
    Field("name", "Name", read=text, required=True),
    Field("hours", "Hours", read=number, checks=[lambda name: range(name, 0, 80)]),
    Field("trade", "Trade", read=trade_words, checks=[lambda name: one_of(name, ["welder"]), told_by_length]),
    """
    config = write_package(tmp_path / "config", {"columns/fields.py": declared(fields, functions), "/settings.toml": 'edition = "2026"\n'}, rows=None)
    source = tmp_path / "days.csv"
    source.write_text("Name,Hours,Trade\nAnn,12,WELDER\nBob,90,Welding\n,3,\n")
    words = ["process", "file", "--input", str(source), "--config-package", str(config), "--output", str(tmp_path / "out.xlsx")]
    assert last_line_of(f"app({words!r}); print('polars' in sys.modules)") == "True"
    rows = [[*row][:3] + [row[4]] for row in openpyxl.load_workbook(tmp_path / "out.xlsx").worksheets[0].iter_rows(min_row=2, values_only=True)]
    assert rows == [
        ["Ann", 12, "welder", None],
        ["Bob", 90, "welding", "Hours: more than 80; Trade: none of welder; long"],
        [None, 3, None, "Name: empty"],
    ]


def test_a_run_that_touches_no_workbook_never_imports_openpyxl(simple):
    config, source = simple
    words = ["process", "file", "--input", str(source), "--config-package", str(config), "--quiet"]
    assert last_line_of(f"app({words!r}); print('openpyxl' in sys.modules)") == "False"
