"""What a check warns of is noticed in a run of ade."""

from __future__ import annotations

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
    return [(notice["code"], notice["level"], notice["message"]) for notice in outcome.noticed["notices"]]


def test_only_a_run_of_ade_looks(run, monkeypatch, looked):
    assert not run(FILES, SHEET, fields=["found"]).named("run.noticed")
    assert looked == []
    monkeypatch.setenv("ADE_ENGINE_RUN", "1")
    ((code, level, message),) = warned(run(FILES, SHEET, fields=["found"]))
    assert (code, level) == ("configuration", "warning")
    assert "late.py, line 1: the module is not loaded" in message
    assert len(looked) == 1


def test_a_run_does_not_fail_where_it_cannot_look(run, monkeypatch):
    monkeypatch.setenv("ADE_ENGINE_RUN", "1")

    def broken(*_):
        raise RecursionError

    monkeypatch.setattr(ignored, "ignored", broken)
    outcome = run(FILES, SHEET, fields=["found"])
    assert outcome.completed["execution"]["status"] == "succeeded"
    assert warned(outcome) == []
