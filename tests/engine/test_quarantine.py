"""The settings that rows with errors need; the results for these rows are in `tests/sheets/quarantine`."""

import pytest

from ade_engine import Settings
from ade_engine.models import SettingsError


def test_it_needs_the_list_of_issues(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match="quarantine from the caller: .*; add edition = \"2026\""):
        Settings(quarantine="sheet")
    with pytest.raises(SettingsError, match="'keep' or 'sheet' or 'file'"):
        Settings(quarantine="folder", edition="2026")
