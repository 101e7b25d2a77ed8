"""Kinds of rows by their looks: the features in learning and in runs, and refused settings. The rest is in tests/sheets/rows."""

import pytest
from conftest import plugin, write_workbook
from test_sheets import HOME, read_grid, tomllib

from ade_engine import Settings, _native
from ade_engine.io.input.source import open_source
from ade_engine.models import SettingsError

LOOK_ALIKES = [tomllib.loads((HOME / f"rows/{name}.toml").read_text("utf-8"))["sheets"] for name in ("titles_and_heads", "header_rows", "records_of_text", "notes")]
LOOK_ALIKES = {name: grid for sheets in LOOK_ALIKES for name, grid in sheets.items()}


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("kind", LOOK_ALIKES)
def test_what_was_learned_from_is_what_runs_see(tmp_path, form, kind):
    """The features of a sheet as texts, from which the weights were learned, are those of its file."""
    rows = read_grid(LOOK_ALIKES[kind])
    texts = [["" if cell is None else f"{cell:g}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows]
    path = tmp_path / f"sheet.{form}"
    if form == "csv":
        path.write_text("\n".join(",".join(f'"{text}"' for text in row) for row in texts) + "\n", encoding="utf-8")
    else:
        write_workbook(path, {"sheet": rows})
    source = open_source(path)
    source.load()
    scan = source.scan(source.sheets[0], max_empty_rows_run=None, max_empty_cols_run=None)
    assert _native.layout_features(scan) == _native.layout_features(_native.scan_of_rows("sheet", texts, None, None, False, []))


@pytest.mark.parametrize("text", [
    'sheets = "S"', "sheets.S = 5",
    *(f"[sheets.S]\n{line}" for line in ("header_rows = [4, 3]", "header_rows = [0]", "header_rows = [true]", "headerrows = [3]")),
    *(f"[sheets.S]\n{line}" for line in ('range = "B3"', 'range = "3:B"', 'header_rows = [9]\nrange = "A1:B5"', "skip = 1")),
])  # fmt: skip
def test_choices_that_mean_nothing_are_refused(tmp_path, text):
    (tmp_path / "settings.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="^sheets from .*settings.toml should"):
        Settings.load(config_package_dir=tmp_path)


def test_choices_come_from_the_environment_too(monkeypatch):
    monkeypatch.setenv("ADE_ENGINE_SHEETS", '{"S": {"header_rows": [3, 4], "range": "H90:B3"}}')
    assert Settings.load().to_dict()["sheets"] == {"S": {"header_rows": [3, 4], "range": "B3:H90"}}
    monkeypatch.setenv("ADE_ENGINE_SHEETS", "{")
    with pytest.raises(SettingsError, match="should be JSON"):
        Settings.load()


def test_detectors_that_an_edition_adds_are_counted(package, ade_engine):
    config = package({"row_detectors/own.py": plugin("row", "return None")}, fields=["a"], rows=None)
    done = ade_engine("config", "validate", "--config-package", config, env={"ADE_ENGINE_EDITION": "2026"})
    assert "- row_detectors: 3\n" in done.stdout
