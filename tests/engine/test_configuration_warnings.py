"""What a check warns of is noticed in a run of ade, once looked for and then kept."""

from __future__ import annotations

import json

import pytest

from ade_engine.application import ignored

FILES = {"columns/late.py": "def regster(registry):\n    pass\n"}
SHEET = [["found"], [1]]


@pytest.fixture
def looked(monkeypatch):
    """How often the package was looked at."""
    calls = []
    look = ignored.ignored

    def counted(*arguments):
        calls.append(arguments)
        return look(*arguments)

    monkeypatch.setattr(ignored, "ignored", counted)
    return calls


def warned(outcome):
    events = outcome.named("run.noticed")
    return [(notice["code"], notice["level"], notice["message"]) for event in events for notice in event["data"]["notices"]]


def test_only_a_run_of_ade_looks(run, monkeypatch, looked):
    assert not run(FILES, SHEET, fields=["found"]).named("run.noticed")
    assert looked == []
    monkeypatch.setenv("ADE_ENGINE_RUN", "1")
    ((code, level, message),) = warned(run(FILES, SHEET, fields=["found"]))
    assert (code, level) == ("configuration", "warning")
    assert "late.py, line 1: the module is not loaded" in message
    assert len(looked) == 1


def test_what_was_found_is_kept_for_the_same_package_alone(run, monkeypatch, looked, tmp_path):
    monkeypatch.setenv("ADE_ENGINE_RUN", "1")
    kept = tmp_path / "kept.json"
    monkeypatch.setenv("ADE_ENGINE_WARNINGS_KEPT", str(kept))
    first = warned(run(FILES, SHEET, fields=["found"]))
    assert len(first) == 1 and len(looked) == 1
    document = json.loads(kept.read_text())
    assert document["warnings"] == [first[0][2]]
    assert [path.name for path in tmp_path.glob("kept.json*")] == ["kept.json"]
    for other, again in [
        (document, 0),
        ({**document, "config_package": "/another"}, 1),
        ({**document, "warnings": "text"}, 1),
        ({**document, "warnings": [1]}, 1),
        ([], 1),
    ]:
        kept.write_text(json.dumps(other))
        looked.clear()
        assert warned(run(FILES, SHEET, fields=["found"])) == first
        assert len(looked) == again, other


def test_a_run_does_not_fail_where_it_cannot_look_or_keep(run, monkeypatch, tmp_path):
    monkeypatch.setenv("ADE_ENGINE_RUN", "1")
    monkeypatch.setenv("ADE_ENGINE_WARNINGS_KEPT", str(tmp_path / "absent" / "kept.json"))
    assert len(warned(run(FILES, SHEET, fields=["found"]))) == 1

    def broken(*_):
        raise RecursionError

    monkeypatch.setattr(ignored, "ignored", broken)
    outcome = run(FILES, SHEET, fields=["found"])
    assert outcome.completed["execution"]["status"] == "succeeded"
    assert warned(outcome) == []
