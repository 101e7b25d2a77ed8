"""Checking a package: all that loading shows, callables that cannot be called, and what stands there without effect."""

from pathlib import Path

import pytest
from conftest import write_package

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def check(tmp_path, ade_engine_here):
    def call(files: dict[str, str], **options):
        config = write_package(tmp_path / "config", files, **options)
        return validated(ade_engine_here, config)

    return call


def validated(ade_engine, config):
    """The finished command, and what it warns of."""
    done = ade_engine("config", "validate", "--config-package", config, "--log-format", "ndjson")
    warnings = [event for event in done.events if event["level"] == "warning"]
    assert all(event["data"] == {"ignored": True} for event in warnings)
    return done, [event["message"].replace(f"{config}/", "") for event in warnings]


STAGES = {
    "Row detector": ("register_row_detector(fn, row_kind='data', priority=1)", "row_valus", "row_values"),
    "Column detector": ("register_column_detector(fn, field='a', priority=1)", "column_heder_original", "column_header_original"),
    "Transform": ("register_column_transform(fn, field='a', priority=1)", "field_nam", "field_name"),
    "Validator": ("register_column_validator(fn, field='a', priority=1)", "tabel", "table"),
    "Hook of on_sheet_start": ("register_hook(fn, hook='on_sheet_start', priority=1)", "source_shet", "source_sheet"),
}  # fmt: skip


@pytest.mark.parametrize("role", STAGES)
def test_a_misspelt_parameter_is_found_by_the_check_and_by_a_run_in_the_same_words(check, run, tmp_path, role):
    register, wrong, right = STAGES[role]
    files = {"columns/z.py": f"def fn({wrong}):\n    pass\ndef register(registry):\n    registry.{register}\n"}
    done, _ = check(files, fields=["a"])
    words = f"{role.partition(' of ')[0]}{{}} ade_config.columns.z.fn needs {wrong!r}, which this stage does not offer (did you mean {right!r}?)"
    assert done.status == 1
    assert done.stdout.startswith("Config package INVALID: " + words.format(role.removeprefix("Hook") if "Hook" in role else ""))
    assert "z.py, line 1, in fn)" in done.stdout
    message = run(tmp_path / "config", [["a"], [1]]).result.error.message
    assert words.format("") in message


def test_every_callable_that_cannot_be_called_is_listed(check):
    source = "def one(x): pass\ndef two(*, y): pass\ndef fine(*, z=1, **_): pass\ndef register(registry):\n"
    source += "".join(f"    registry.register_row_detector({name}, row_kind='data', priority=1)\n" for name in ("one", "two", "fine"))
    done, _ = check({"row_detectors/z.py": source})
    assert len(done.stdout.splitlines()) == 2 and "needs 'x'" in done.stdout and "needs 'y'" in done.stdout


@pytest.mark.parametrize("name", ["columns/z.py", "helper.py"])
@pytest.mark.parametrize("source, reason", [("def register(registry:\n    pass\n", "'(' was never closed"), ("x = \0\n", "source code string cannot contain null bytes")])  # fmt: skip
def test_a_syntax_error_is_called_one_wherever_it_stands(check, run, tmp_path, name, source, reason):
    files = {name: source}
    if name == "helper.py":
        files["columns/z.py"] = "from ade_config import helper\ndef register(registry): pass\n"
    done, _ = check(files)
    outcome = run(tmp_path / "config", [["a"], [1]])
    line = [event for event in outcome.named("log") if event["level"] == "error"][0]
    for said in (done.stdout.removeprefix("Config package INVALID: ").strip(), outcome.result.error.message):
        assert said.startswith(f"SyntaxError: {reason}") and "ModuleNotFound" not in said
        assert name in said if "closed" in reason else "z.py" in said
        assert ", line 1" in said or "null" in reason
        assert " at `def register(registry:` (" in said or "null" in reason
    assert line["data"]["file"].endswith(name if "closed" in reason else "z.py")
    assert line["error"]["type"] == "SyntaxError" and "ModuleNotFound" not in line["error"]["stack_trace"]


def test_what_an_old_engine_brought_along_is_named(check):
    done, _ = check({"columns/z.py": "import pydantic_settings\ndef register(registry): pass\n"})
    assert done.status == 1
    assert 'add "pydantic-settings" to dependencies in pyproject.toml' in done.stdout and "z.py, line 1" in done.stdout


IGNORED = {
    "a setting": ({"/settings.toml": "# x\nremove_unmaped_columns = true\n"},
        "settings.toml, line 2: there is no setting 'remove_unmaped_columns'; did you mean 'remove_unmapped_columns'?"),
    "what an edition does anyway": ({"/settings.toml": "edition = '2026'\n\ntyped_fields = true\n"},
        "settings.toml, line 3: typed_fields has no effect; take the line out. edition = \"2026\" always works so: fields without values"),
    "the same for some files": ({"/settings.toml": "edition = '2026'\n[files.'us_*']\ntyped_fields = false\n"},
        "settings.toml, line 3, [files.\"us_*\"]: typed_fields has no effect; take the line out."),
    "a table of settings": ({"/settings.toml": "[engine]\nlog = 1\n"}, "settings.toml, line 1: there is no setting 'engine'"),
    "a setting of some files": ({"/settings.toml": "# date_ordr\n[files.'us_*']\ndate_order = 'mdy'\ndate_ordr = 'mdy'\n"},
        "settings.toml, line 4, [files.\"us_*\"]: there is no setting 'date_ordr'; did you mean 'date_order'?"),
    "a setting of the call": ({"/settings.toml": "[files.'us_*']\nlog_format = 'text'\n"},
        "settings.toml, line 2, [files.\"us_*\"]: log_format is ignored here"),
    "a pattern with a folder": ({"/settings.toml": "[files.'in/us_*']\ndate_order = 'mdy'\n"},
        "settings.toml, line 1, [files.\"in/us_*\"]: no file matches"),
    "a pattern without quotes": ({"/settings.toml": "[files.us.a.csv]\ndate_order = 'mdy'\n"},
        "settings.toml, line 1: quote the pattern: [files.\"us.a.csv\"]"),
    "a pattern without quotes, with a table": ({"/settings.toml": "[files.us_a.csv.sheets.Q]\nskip = true\n"},
        "settings.toml, line 1: quote the pattern: [files.\"us_a.csv\"]"),
    "the level": ({"/settings.toml": "log_level = 10\n"}, "settings.toml, line 1: log_level is ignored here"),
    "settings elsewhere": ({"settings.toml": "csv_delimiter = ';'\n"}, "ade_config/settings.toml is not read: settings belong into settings.toml"),
    "a key of the manifest": ({"/manifest.toml": "title = 'x'\n[[column]]\nfield = 'a'\n"},
        "manifest.toml, line 2: the manifest has no 'column'; did you mean 'columns'?"),
    "a key of a column": ({"/manifest.toml": "[[columns]]\nfield = 'a'\nheadr = 'A'\n"},
        "manifest.toml, line 3: the column 'a' has no 'headr'; did you mean 'header'?"),
    "a field of the manifest": ({"/manifest.toml": "[[columns]]\nfield = 'amuont'\n"},
        "manifest.toml, line 2: 'amuont' is no registered field, so it counts for a column of that name alone; did you mean 'amount'?"),
    "a field alone": ({"/manifest.json": '{"columns": ["amuont", "a"]}'}, "manifest.json, line 1: 'amuont' is no registered field"),
    "an older manifest": ({"/manifest.toml": "[columns]\norder = ['a', 'amuont']\nfoo = 1\n[columns.meta.a]\nlable = 'x'\n"},
        "the column 'a' has no 'lable'; did you mean 'label'?"),
    "a kind of row": ({"row_detectors/z.py": "def fn(**_):\n    return {'data': 1.0}\ndef register(r):\n    r.register_row_detector(fn, row_kind='dta', priority=1)\n"},
        "row_kind 'dta' is none that the engine acts on (header, data); did you mean 'data'?"),
    "a kind that nobody scores": ({"row_detectors/z.py": "def fn(**_):\n    return {'data': 1.0}\ndef register(r):\n    r.register_row_detector(fn, row_kind='banner', priority=1)\n"},
        "z.py, line 1): row_kind 'banner' is none that the engine acts on (header, data)"),
    "a field without use": ({"columns/z.py": "from ade_engine import FieldDef\ndef register(r):\n    r.register_field(FieldDef('lonely'))\n"},
        "field 'lonely' is never found: it has no column detector and no transform, and no other code names it"),
    "a parameter with a default": ({"hooks/z.py": "def fn(tabel=None):\n    pass\ndef register(r):\n    r.register_hook(fn, hook='on_table_mapped', priority=1)\n"},
        "hooks/z.py, line 1): its parameter 'tabel' always has its default; did you mean 'table'?"),
    "another name": ({"columns/z.py": "x = 1\ndef regster(registry):\n    pass\n"},
        "columns/z.py, line 2: the module is not loaded, because it has no top-level function `register`: `regster` is another name"),
    "another name still": ({"hooks/z.py": "def setup(registry):\n    pass\n"}, "`setup` is another name"),
    "indented": ({"hooks/z.py": "if True:\n    def register(registry):\n        pass\n"}, "hooks/z.py, line 2: the module is not loaded, because it has no top-level function `register`: `register` is inside"),
    "assigned": ({"hooks/z.py": "register = lambda registry: None\n"}, "`register` is a variable"),
    "imported": ({"hooks/z.py": "from ade_config.row_detectors.rows import register\n"}, "`register` is imported"),
    "a class": ({"hooks/z.py": "class register:\n    pass\n"}, "`register` is a class"),
    "no register at all": ({"columns/z.py": "FIELDS = [1]\n"}, "columns/z.py registers nothing: it has no function `register`, and no module imports it"),
    "a register without effect": ({"columns/z.py": "def register(registry):\n    for field in []:\n        registry.register_field(field)\n"},
        "columns/z.py registers nothing: its function `register` calls no method of the registry"),
    "another folder": ({"row_types/z.py": "def register(registry):\n    pass\n"}, "row_types/z.py is not loaded: plugins lie in columns/, row_detectors/, hooks/"),
}  # fmt: skip


@pytest.mark.parametrize("what", IGNORED)
def test_what_has_no_effect_is_told(check, what):
    files, said = IGNORED[what]
    done, warnings = check(files, fields=["a", "amount"])
    assert done.status == 0 and done.stdout.startswith("Config package OK")
    assert any(said in warning for warning in warnings), warnings
    assert what in ("an older manifest", "a key of the manifest") or len(warnings) == 1, warnings


def test_what_is_meant_is_not_told(check):
    _, warnings = check({
        "/settings.toml": "csv_delimiter = 'auto'\n",
        "/manifest.toml": "[[columns]]\nfield = 'Title'\nenabled = false\n[[columns]]\nname = 'a'\nlabel = 'A'\n",
        "row_detectors/own.py": "def fn(**_):\n    return {'subtotal': 1.0}\ndef register(r):\n    r.register_row_detector(fn, row_kind='subtotal', priority=1)\n",
        "row_detectors/total.py": "KIND = 'total'\ndef fn(**_):\n    return {KIND: 1.0}\ndef register(r):\n    r.register_row_detector(fn, row_kind=KIND, priority=1)\n",
        "columns/helper.py": "def register_text(registry, name):\n    pass\n",
        "columns/uses.py": "from ade_config.columns import helper\nfrom ade_engine import FieldDef\ndef register(r):\n    r.register_field(FieldDef('town'))\n",
        "columns/late.py": "X = 1\n",
        "columns/emptied.py": "# moved away\n",
        "hooks/lazy.py": "def fn():\n    from ade_config.columns.late import X\ndef register(r):\n    r.register_hook(fn, hook='on_sheet_end', priority=1)\n",
        "columns/_draft.py": "def regster(registry):\n    pass\n",
        "hooks/split.py": "import polars as pl\ndef fn(table):\n    return table.with_columns(pl.lit(1).alias('town'), pl.lit(2).alias('Title'))\ndef register(r):\n    r.register_hook(fn, hook='on_table_mapped', priority=1)\n",
        "tests/helper.py": "def register(registry):\n    pass\n",
        "constants.py": "X = 1\n",
    }, fields=["a"])  # fmt: skip
    assert warnings == []


def test_the_starter_and_the_templates_are_without_a_word(ade_engine_here, tmp_path):
    ade_engine_here("config", "init", tmp_path / "starter")
    for config in (tmp_path / "starter", *(ROOT / "templates").iterdir(), ROOT / "examples" / "roster"):
        done, warnings = validated(ade_engine_here, config)
        assert done.status == 0 and not warnings, done.stderr


FIELDS = """
from ade_engine.fields import Field, date

def register(registry):
    Field("zeta", headers=["Blorb", "Zed"], read=date, by_values=True).register(registry)
    Field("alfa", headers=["alpha", "BLORB:"]).register(registry)
"""
OWN = """
def by_neighbours(column_header_original):
    return {"zeta": 0.5} if column_header_original == "Blorb" else None

def register(registry):
    registry.register_column_detector(by_neighbours, field="zeta", priority=1)
"""


def test_a_header_of_two_fields_is_told(check, run, tmp_path):
    done, warnings = check({"columns/z.py": FIELDS})
    assert done.status == 0
    (warning,) = warnings
    assert warning.endswith("z.py, line 5: fields 'alfa' and 'zeta' both list the header 'Blorb': a column below it is always the field 'alfa'. Take it from one of them")
    assert run(tmp_path / "config", [["Blorb"], ["x"]]).rows()[0][0] == "alfa"
    # A detector of the author may decide between them.
    assert check({"columns/z.py": FIELDS, "columns/y.py": OWN})[1] == []
