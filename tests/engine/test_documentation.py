"""The documentation is correct: its examples run, its tables are complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ade_engine.infrastructure.settings import _SETTINGS
from ade_engine.models import ENGINE_EVENT_SCHEMAS, HookName

DOCS = Path(__file__).resolve().parents[2] / "docs"
AUTHORING = (DOCS / "authoring.md").read_text(encoding="utf-8")
ENGINE = (DOCS / "engine.md").read_text(encoding="utf-8")


@pytest.fixture
def example(tmp_path):
    """The files of the authoring guide, as it names them."""
    folder = tmp_path / "my-config"
    for name, text in re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", AUTHORING, re.DOTALL):
        path = tmp_path / name if name == "input.csv" else folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "src" / "ade_config" / "__init__.py").touch()
    return folder


def test_the_authoring_guides_package_makes_the_output_it_shows(run, example, tmp_path):
    outcome = run(example, tmp_path / "input.csv")
    assert outcome.result.error is None, outcome.result.error
    table = re.search(r"<!-- output: (\S+) -->\n((?:\|.*\n)+)", AUTHORING)
    shown = [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2].splitlines()]
    del shown[1]
    written = [["" if value is None else str(value) for value in row] for row in outcome.rows()]
    assert written == shown
    assert outcome.output.name == table[1]
    issues = re.search(r"<!-- issues: (\d+) -->", AUTHORING)
    assert outcome.completed["validation"]["issues_total"] == int(issues[1])
    assert outcome.completed["evaluation"]["outcome"] == "success"


def test_the_authoring_guides_manifest_does_what_it_says(run, example, tmp_path):
    (text,) = re.findall(r"```toml\n(.*?)```", AUTHORING, re.DOTALL)
    (example / "manifest.toml").write_text(text, encoding="utf-8")
    assert run(example, tmp_path / "input.csv").rows()[0] == ["Customer", "order_id", "amount", "email"]


def test_every_python_example_compiles():
    for text in re.findall(r"```python\n(.*?)```", AUTHORING + ENGINE, re.DOTALL):
        compile(text, "example", "exec")


def test_every_stage_is_described():
    for stage in HookName:
        assert f"| `{stage.value}` |" in AUTHORING


def test_every_setting_is_described_with_its_default():
    for key, default, _, _ in _SETTINGS:
        row = re.search(rf"^\| `{key}` \| (.*?) \|", ENGINE, re.MULTILINE)
        assert row, key
        shown = row[1].replace("`", "")
        if isinstance(default, bool):
            assert shown == str(default).lower(), key
        elif isinstance(default, tuple):
            assert shown == " ".join(default), key
        elif default is None:
            assert shown == "none", key
        else:
            assert shown == str(default), key


def test_every_event_is_described():
    for name in ENGINE_EVENT_SCHEMAS:
        assert f"`{name}`" in ENGINE, name
