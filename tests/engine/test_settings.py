"""Settings as an object. Their sources and their valid values are in `tests/sheets/settings`."""

import copy
import json
import os
import pickle

import pytest
from conftest import write_files

from ade_engine import Settings
from ade_engine.infrastructure import settings as of_engine
from ade_engine.models import VALID_LOG_FORMATS, SettingsError

#: The defaults that the page of settings must have, as JSON has them.
DEFAULTS = {key: list(default) if isinstance(default, tuple) else default for key, default in of_engine.DEFAULTS.items()}


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


def test_an_edition_is_no_sum_of_settings(tmp_path):
    write_files(tmp_path, {"of/settings.toml": "edition = '2026'\nissue_list = false\nissues_sheet = false\n"})
    found = Settings.load(config_package_dir=tmp_path / "of")
    assert found.is_2026 and found.issues_sheet is False and not Settings().is_2026
    assert of_engine.superfluous("issue_list") and not of_engine.superfluous("issues_sheet")
    assert not hasattr(found, "issue_list") and "issue_list" not in DEFAULTS


def test_settings_of_a_call_know_their_folder_and_may_have_no_limit(tmp_path):
    write_files(tmp_path, {"settings.toml": "max_empty_rows_run = 1", "package/settings.toml": "max_empty_rows_run = 2"})
    assert Settings().max_empty_rows_run == 1 and Settings.load(cwd=tmp_path / "package").max_empty_rows_run == 2
    assert Settings(max_empty_rows_run=None).max_empty_rows_run is None
    with pytest.raises(SettingsError):
        Settings(detector_column_sample_size=None)
    assert issubclass(SettingsError, ValueError)


def test_the_formats_of_logs_are_those_that_are_offered():
    assert [Settings(log_format=name).log_format for name in VALID_LOG_FORMATS] == [*VALID_LOG_FORMATS]
    with pytest.raises(SettingsError, match=" or ".join(map(repr, VALID_LOG_FORMATS)) + ", not"):
        Settings(log_format="json")


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
