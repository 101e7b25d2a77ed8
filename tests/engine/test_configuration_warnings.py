"""What a check warns of is noticed in a run of ade."""

from ade_engine.application import ignored

FILES = {"columns/late.py": "def regster(registry):\n    pass\n"}
SHEET = [["found"], [1]]


def warned(outcome):
    return [(notice["code"], notice["level"], notice["message"]) for notice in outcome.noticed["notices"]]


def test_only_a_run_of_ade_looks(run, monkeypatch):
    calls = []
    look = ignored.ignored
    monkeypatch.setattr(ignored, "ignored", lambda *arguments: (calls.append(arguments), look(*arguments))[1])
    assert not run(FILES, SHEET, fields=["found"]).named("run.noticed") and calls == []
    monkeypatch.setenv("ADE_ENGINE_RUN", "1")
    ((code, level, message),) = warned(run(FILES, SHEET, fields=["found"]))
    assert (code, level) == ("configuration", "warning") and "late.py, line 1: the module is not loaded" in message
    assert len(calls) == 1


def test_a_run_does_not_fail_where_it_cannot_look(run_by_ade, monkeypatch):
    def broken(*_):
        raise RecursionError

    monkeypatch.setattr(ignored, "ignored", broken)
    outcome = run_by_ade(FILES, SHEET, fields=["found"])
    assert outcome.completed["execution"]["status"] == "succeeded" and warned(outcome) == []
