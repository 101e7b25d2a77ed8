"""Settings, where they come from, and what they may be."""

import copy
import json
import os
import pickle
import re

import pytest
from conftest import write_files

from ade_engine import Settings
from ade_engine.infrastructure.settings import _SETTINGS, superfluous
from ade_engine.models import SettingsError

#: What the page of settings is held to, as JSON has it.
DEFAULTS = {key: list(default) if isinstance(default, tuple) else default for key, default, *_ in _SETTINGS}


@pytest.fixture(autouse=True)
def clean(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.upper().startswith("ADE_"):
            monkeypatch.delenv(name)


def test_defaults():
    assert Settings().to_dict() == DEFAULTS and Settings.load().to_dict() == DEFAULTS
    assert Settings().model_dump(mode="json") == DEFAULTS
    assert Settings().model_dump() == {**DEFAULTS, "na": (), "known": (), "supported_file_extensions": (".xlsx", ".xlsm", ".xls", ".csv")}


def test_an_edition_has_defaults_of_its_own_and_parts_that_nobody_sets(tmp_path, monkeypatch):
    package = tmp_path / "package"
    write_files(package, {"settings.toml": "edition = '2026'\nissue_list = false\nissues_sheet = false\n"})
    found = Settings.load(config_package_dir=package)
    parts = [name for name in DEFAULTS if superfluous(name)]
    assert "issue_list" in parts and "detect_rows" in parts and "issues_sheet" not in parts
    assert all(getattr(found, name) is True for name in parts)
    assert (found.csv_delimiter, found.output_style, found.fill_merged_numbers) == ("auto", "table", False)
    # A choice stays one.
    assert found.issues_sheet is False
    monkeypatch.setenv("ADE_ENGINE_DETECT_ROWS", "0")
    monkeypatch.setenv("ADE_ENGINE_SKIP_TOTAL_ROWS", "0")
    found = Settings.load(config_package_dir=package)
    assert found.detect_rows is True and found.skip_total_rows is False
    with pytest.raises(SettingsError, match="^--set detect_rows: edition = .2026. always works so: rows are told apart"):
        Settings.load(config_package_dir=package, assignments=[("detect_rows", "false")])
    # Without an edition all of them are choices, as they were.
    write_files(package, {"settings.toml": "issue_list = true\n"})
    found = Settings.load(config_package_dir=package)
    assert found.to_dict() == {**DEFAULTS, "config_package": str(package), "issue_list": True}


def test_precedence_from_low_to_high(tmp_path, monkeypatch):
    package = tmp_path / "package"

    def size(**overrides):
        return Settings.load(config_package_dir=package, **overrides).detector_column_sample_size

    assert size() == 100
    write_files(tmp_path, {"settings.toml": "detector_column_sample_size = 1"})
    assert size() == 1
    write_files(package, {"settings.toml": "detector_column_sample_size = 2"})
    assert size() == 2
    write_files(tmp_path, {".env": "ADE_ENGINE_DETECTOR_COLUMN_SAMPLE_SIZE=3"})
    assert size() == 3
    monkeypatch.setenv("ADE_ENGINE_DETECTOR_COLUMN_SAMPLE_SIZE", "4")
    assert size() == 4 and size(detector_column_sample_size=5) == 5
    # Settings(...) reads the working folder only; a working folder can be named.
    monkeypatch.delenv("ADE_ENGINE_DETECTOR_COLUMN_SAMPLE_SIZE")
    (tmp_path / ".env").unlink()
    assert Settings().detector_column_sample_size == 1 and Settings.load(cwd=package).detector_column_sample_size == 2


def test_tables_of_files_and_assignments_outrank_what_holds_for_all(tmp_path, monkeypatch):
    package = tmp_path / "package"
    tables = """
    date_order = "dmy"
    [files."us_*"]
    date_order = "mdy"
    decimal_mark = "."
    [files."*.csv"]
    decimal_mark = ","
    [files."a*"]
    date_order = "ymd"
    no_such = 1
    """
    write_files(package, {"settings.toml": tables})

    def found(name, **more):
        settings = Settings.load(config_package_dir=package, input_name=name, **more)
        return settings.date_order, settings.decimal_mark, [(one["setting"], one["source"]) for one in settings.overrides()]

    assert found(None) == ("dmy", "auto", []) and found("eu.xlsx") == ("dmy", "auto", [])
    # Case does not count, and of tables that match the later one wins, in the order of the file.
    order, mark = ("date_order", '[files."us_*"]'), ("decimal_mark", '[files."*.csv"]')
    assert found("US_1.CSV") == ("mdy", ",", [order, mark])
    monkeypatch.setenv("ADE_ENGINE_DATE_ORDER", "ymd")
    assert found("us_1.xlsx") == ("ymd", ".", [("date_order", "ADE_ENGINE_DATE_ORDER"), ("decimal_mark", order[1])])
    given = [("date_order", "dmy"), ("date_order", "auto")]
    assert found("us_1.xlsx", assignments=given)[::2] == ("auto", [("date_order", "--set"), ("decimal_mark", order[1])])
    assert found("us_1.xlsx", assignments=given, date_order="mdy")[0] == "mdy"
    assert [one["message"] for one in Settings.load(assignments=[("csv_delimiter", "tab")]).overrides()] == [
        'date_order = "ymd", by ADE_ENGINE_DATE_ORDER',
        'csv_delimiter = "\\t", by --set',
    ]


def test_choices_for_sheets_of_several_sources_are_joined(tmp_path):
    write_files(tmp_path, {"settings.toml": '[sheets.A]\nskip = true\n[files."x*".sheets.B]\nskip = true'})
    load = lambda **more: Settings.load(config_package_dir=tmp_path, **more).sheets  # noqa: E731
    assert set(load()) == {"A"}
    assert set(load(input_name="x.csv", assignments=[("sheets", '{"C": {"range": "A1:B2"}}')])) == {"A", "B", "C"}


@pytest.mark.parametrize("text, words", [
    ('[files."us_*"]\ndate_order = "american"', ['date_order from [files."us_*"] in ', "settings.toml", "'american'"]),
    ('[files]\ndate_order = "mdy"', ["files from ", 'tables such as [files."us_*"]']),
    ("files = 3", ["files from ", 'tables such as [files."us_*"]']),
])  # fmt: skip
def test_bad_tables_of_files_are_errors_whatever_the_input_is_called(tmp_path, text, words):
    write_files(tmp_path, {"settings.toml": text})
    for name in (None, "eu.csv"):
        with pytest.raises(SettingsError) as error:
            Settings.load(config_package_dir=tmp_path, input_name=name)
        assert all(word in str(error.value) for word in words), str(error.value)


def test_settings_of_the_call_are_none_of_a_file(tmp_path):
    write_files(tmp_path, {"settings.toml": '[files."*"]\nlog_format = "ndjson"\nlog_level = "debug"\nconfig_package = "x"'})
    settings = Settings.load(config_package_dir=tmp_path, input_name="a.csv")
    assert (settings.log_format, settings.log_level, settings.config_package) == ("text", 20, tmp_path)
    assert settings.overrides() == []


def test_unknown_keys_are_ignored(tmp_path, monkeypatch):
    write_files(tmp_path, {"settings.toml": "no_such_key = 1\n[table]\nx = 2", ".env": "ADE_ENGINE_NO_SUCH=1\nOTHER=2"})
    monkeypatch.setenv("ADE_ENGINE_ALSO_NOT", "1")
    assert Settings(nor_this=5).to_dict() == DEFAULTS


#: A setting, a text in the environment, and what is made of it; a line each.
VALUES = r"""
remove_unmapped_columns | TRUE | True
remove_unmapped_columns | on | True
merge_stacked_headers | No | False
merge_stacked_headers | 0 | False
max_empty_rows_run | 7 | 7
max_empty_cols_run |  12  | 12
mapping_tie_resolution | leave_unmapped | 'leave_unmapped'
log_format | ndjson | 'ndjson'
log_level | debug | 10
log_level | 35 | 35
supported_file_extensions | ["XLSX", ".csv"] | ('.XLSX', '.csv')
supported_file_extensions | "xlsx, .csv" | ('.xlsx', '.csv')
csv_encoding | Latin-1 | 'latin-1'
csv_delimiter | ; | ';'
csv_delimiter | \t | '\t'
csv_delimiter | auto | 'auto'
csv_delimiter | tab | '\t'
csv_delimiter | semicolon | ';'
"""
BAD_VALUES = r"""
remove_unmapped_columns | maybe
remove_unmapped_columns |
max_empty_rows_run | 0
max_empty_rows_run | none
max_empty_cols_run | -1
max_empty_cols_run | 1.5
detector_column_sample_size | many
mapping_tie_resolution | Leftmost
log_format | json
log_level | LOUD
supported_file_extensions | .xlsx,.csv
supported_file_extensions | {".xlsx": 1}
csv_encoding | utf-99
csv_delimiter | ;;
csv_delimiter | "
"""


def rows_of(table):
    return [re.split(r" ?\| ?", line) for line in table.strip().splitlines()]


@pytest.mark.parametrize("key, text, value", rows_of(VALUES))
def test_values_from_the_environment(monkeypatch, key, text, value):
    monkeypatch.setenv(f"ADE_ENGINE_{key.upper()}", text)
    assert repr(getattr(Settings(), key)) == value


@pytest.mark.parametrize("key, text", rows_of(BAD_VALUES))
def test_bad_values_are_errors_that_name_the_variable(monkeypatch, key, text):
    monkeypatch.setenv(f"ADE_ENGINE_{key.upper()}", text)
    with pytest.raises(SettingsError, match=f"ADE_ENGINE_{key.upper()}"):
        Settings()
    assert issubclass(SettingsError, ValueError)


@pytest.mark.parametrize("line", [
    *("max_empty_rows_run = 'x'", "max_empty_rows_run = 0", "remove_unmapped_columns = 'x'"),
    *("supported_file_extensions = 5", "log_format = 1", "not toml"),
])
def test_bad_files_are_errors_that_name_the_file(tmp_path, line):
    write_files(tmp_path, {"settings.toml": line})
    with pytest.raises(SettingsError, match="settings.toml"):
        Settings()


def test_a_bad_value_that_something_stronger_replaces_does_no_harm(tmp_path):
    write_files(tmp_path, {"settings.toml": "max_empty_rows_run = 'x'"})
    assert Settings(max_empty_rows_run=3).max_empty_rows_run == 3


def test_no_limit_comes_from_python_only():
    settings = Settings(max_empty_rows_run=None, max_empty_cols_run=None)
    assert (settings.max_empty_rows_run, settings.max_empty_cols_run) == (None, None)
    with pytest.raises(SettingsError):
        Settings(detector_column_sample_size=None)


def test_the_level_comes_from_the_environment_only(tmp_path, monkeypatch):
    write_files(tmp_path, {"settings.toml": "log_level = 10"})
    assert Settings().log_level == 20
    monkeypatch.setenv("ADE_LOG_LEVEL", "ERROR")
    assert Settings().log_level == 40
    monkeypatch.setenv("ADE_ENGINE_LOG_LEVEL", "30")
    assert Settings().log_level == 30 and Settings(log_level="debug").log_level == 10


@pytest.mark.parametrize("text", ['["xls", ".csv"]', "'xls,.csv'"])
def test_lists_in_toml_are_lists(tmp_path, text):
    write_files(tmp_path, {"settings.toml": f"supported_file_extensions = {text}"})
    assert Settings().supported_file_extensions == (".xls", ".csv")


def test_dotenv_files_may_hold_comments_quotes_and_references(tmp_path, monkeypatch):
    monkeypatch.setenv("FORMAT", "ndjson")
    write_files(tmp_path, {".env": """
        # a comment
        export ADE_ENGINE_LOG_FORMAT=${FORMAT}  # another
        ADE_ENGINE_MAPPING_TIE_RESOLUTION = "leave_unmapped" # and another
        ADE_ENGINE_CSV_DELIMITER='|'
        ade_engine_max_empty_rows_run=${NOTHING:-9}
        ADE_ENGINE_CSV_ENCODING="a#b"
        ADE_ENGINE_CSV_ENCODING=latin-1
        NO_VALUE
    """})  # fmt: skip
    settings = Settings()
    assert (settings.log_format, settings.mapping_tie_resolution) == ("ndjson", "leave_unmapped")
    assert (settings.csv_delimiter, settings.max_empty_rows_run, settings.csv_encoding) == ("|", 9, "latin-1")


def test_settings_are_comparable_and_readable():
    settings = Settings(log_format="ndjson")
    assert settings == Settings(log_format="ndjson") != Settings()
    assert repr(settings).startswith("Settings(config_package=None, remove_unmapped_columns=False, ")
    assert "log_format='ndjson'" in repr(settings) and "log_format='ndjson'" in str(settings)


def test_settings_can_be_assigned_to_and_nothing_else_can():
    settings = Settings()
    settings.log_format = "ndjson"
    settings.max_empty_rows_run = "unchecked"
    assert settings.model_dump()["log_format"] == "ndjson" and settings.max_empty_rows_run == "unchecked"
    with pytest.raises(ValueError, match="no setting 'surprise'"):
        settings.surprise = 1


def test_settings_have_the_methods_of_the_model_that_they_once_were():
    settings = Settings(log_format="ndjson", config_package="somewhere")
    copied = settings.model_copy(update={"log_level": 10})
    assert (copied.log_level, settings.log_level, copied.log_format) == (10, 20, "ndjson")
    assert dict(settings) == settings.model_dump() == settings.dict() and type(copied) is Settings
    assert json.loads(settings.model_dump_json()) == settings.model_dump(mode="json")
    assert settings.model_dump_json().startswith('{"config_package":"somewhere","remove_unmapped_columns":false,')
    assert list(Settings.model_fields) == list(DEFAULTS) and Settings.model_fields["max_empty_rows_run"].default == 1000
    assert settings.model_fields_set == {"log_format", "config_package"}
    assert settings.model_dump(exclude_defaults=True) == settings.model_dump(include=settings.model_fields_set)
    assert settings.model_dump(exclude_unset=True, exclude={"config_package"}) == {"log_format": "ndjson"}
    assert "config_package" not in Settings().model_dump(exclude_none=True)
    assert Settings.model_validate({"log_level": 30}).log_level == 30
    assert Settings.model_construct(log_level=30).log_level == 30
    for other in (copy.copy(settings), copy.deepcopy(settings), pickle.loads(pickle.dumps(settings))):
        assert other == settings and other.model_fields_set == settings.model_fields_set
        other.log_level = 50
    assert settings.log_level == 20
