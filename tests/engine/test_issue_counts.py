"""One number of issues everywhere: the list, the report of the run, its counts by rule, and the columns of the output."""

from __future__ import annotations

import json
from collections import Counter

import pytest

PACKAGE = """
import polars as pl
from ade_engine.fields import Field, number, text, date

def up_to_80(*, field_name, **_):
    return pl.when(pl.col(field_name) > 80).then(pl.lit("more than 80"))

def is_round(*, field_name, **_):
    return pl.when(pl.col(field_name) % 10 == 0).then(pl.lit("a round number"))

FIELDS = [
    Field("no", headers=["no"], read=text, key=True, unique=True),
    Field("name", headers=["name"], read=text, required="warning"),
    Field("hours", headers=["hours"], read=number, checks=[(up_to_80, "error"), (is_round, "info")]),
    Field("day", headers=["day"], read=date),
    Field("pay", headers=["pay"], read=number, required=True),
]

def register(registry):
    for field in FIELDS:
        field.register(registry)
"""
HEADER = ["No", "Name", "Hours", "Day", "Pay"]
SHEETS = {
    "nothing wrong": {"A": [HEADER, ["1", "Ann", 12, "2024-05-06", 3], ["2", "Bo", 13, "2024-05-07", 4]]},
    "several of one cell": {"A": [HEADER, ["1", "Ann", 90, "2024-05-06", 3], ["1", None, 13, "soon", None]]},
    "only for information": {"A": [HEADER, ["1", "Ann", 20, "2024-05-06", 3]]},
    "two sheets, one without pay": {
        "A": [HEADER, ["1", "Ann", 95, "2024-05-06", 3], ["2", "Bo", 100, "2024-05-07", 4]],
        "B": [HEADER[:4], ["3", None, 81, "later", ], ["4", None, 20, "2024-05-07"]],
    },
    "no sheet with a table": {"A": []},
}
HOOKS = {
    "none": None,
    "drops rows with issues": 'table.filter(~pl.col("__ade_has_issues"))',
    "takes texts back": 'table.with_columns(pl.lit(None, dtype=pl.String).alias("__ade_issue__hours"))',
    "says something itself": 'table.with_columns(pl.lit("a word of mine").alias("__ade_issue__name"))',
    "doubles rows": "pl.concat([table, table])",
}


@pytest.fixture
def counted(run, template, monkeypatch):
    """Runs the package: the list, the run's report, and what was told of the list."""
    monkeypatch.setenv("ADE_ENGINE_RUN", "1")
    (template / "src/ade_config/columns/fields.py").write_text(PACKAGE)

    def call(sheets, hook=None, **settings):
        if hook is not None:
            (template / "src/ade_config/hooks").mkdir(exist_ok=True)
            (template / "src/ade_config/hooks/own.py").write_text(
                f"import polars as pl\n\ndef own(*, table, **_):\n    return {hook}\n\n"
                'def register(registry):\n    registry.register_hook(own, hook="on_table_validated", priority=1)\n'
            )
        outcome = run(template, sheets, settings={"issue_list": True, **settings})
        assert outcome.result.error is None, outcome.result.error
        path = outcome.output.with_name(f"{outcome.output.stem.removesuffix('_normalized')}_issues.ndjson")
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()], outcome

    return call


@pytest.mark.parametrize("merged", [True, False])
@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("sheets", SHEETS)
def test_one_number(counted, sheets, hook, merged):
    lines, outcome = counted(SHEETS[sheets], HOOKS[hook], merge_tables_in_sheet=merged)
    severities = Counter(line["severity"] for line in lines)
    validation = outcome.completed["validation"]
    assert validation["issues_total"] == len(lines)
    assert validation["issues_by_severity"] == dict(severities)
    worst = [severity for severity in ("error", "warning", "info") if severities[severity]]
    assert validation["max_severity"] == (worst[0] if worst else None)
    by_sheet = Counter(line["sheet"] for line in lines)
    for sheet in outcome.completed["workbooks"][0]["sheets"]:
        assert sheet["validation"]["issues_total"] == by_sheet[sheet["locator"]["sheet"]["name"]]
    findings = [one["count"] for one in outcome.completed["evaluation"]["findings"] if one["code"] == "validation_warnings_present"]
    told = severities["error"] + severities["warning"]
    assert findings == ([told] if told else [])

    noticed = outcome.noticed
    issue_list = noticed["issue_list"]
    assert issue_list["count"] == len(lines) and issue_list["unlisted"] == issue_list["rows_quarantined"] == 0
    assert issue_list["by_severity"] == {word: severities[word] for word in ("error", "warning", "info")}
    with_errors = {(line["output_sheet"], line["output"].lstrip("ABCDEFGH")) for line in lines if line["severity"] == "error" and line["output"]}
    if hook != "doubles rows":
        assert issue_list["rows_with_errors"] == len(with_errors)
    rules = Counter((line["rule"], line["field"], line["severity"], line["sheet"]) for line in lines)
    assert {(one["rule"], one["field"], one["severity"], one["sheet"]): one["count"] for one in noticed["issues"]} == rules
    for one in noticed["issues"]:
        cells = {line["cell"] for line in lines if line["cell"] and (line["rule"], line["sheet"]) == (one["rule"], one["sheet"])}
        assert {cell for text in one["cells"] for cell in _cells(text)} == cells and one["more"] == 0


def _cells(text):
    first, _, last = text.partition(":")
    letters = first.rstrip("0123456789")
    stop = int((last or first).removeprefix(letters)) + 1
    return [f"{letters}{row}" for row in range(int(first.removeprefix(letters)), stop)]


def test_without_a_list_all_issues_are_warnings(run, template):
    (template / "src/ade_config/columns/fields.py").write_text(PACKAGE)
    outcome = run(template, SHEETS["several of one cell"], settings={"issue_list": False})
    validation = outcome.completed["validation"]
    assert validation["issues_total"] and validation["issues_by_severity"] == {"warning": validation["issues_total"]}
    assert validation["max_severity"] == "warning"
    assert not list(outcome.output.parent.glob("*_issues.ndjson"))


def test_no_value_and_no_word_of_a_hook_is_told(counted):
    hook = 'table.with_columns(pl.lit("x").alias("__ade_issue__" + table.get_column("name")[0]))'
    lines, outcome = counted({"A": [HEADER, ["1", "Ann", 20, "2024-05-06", 3]]}, hook)
    assert [line["rule"] for line in lines if line["message"] == "x"] == ["Ann.hook"]
    told = json.dumps([outcome.noticed["issues"], outcome.noticed["issue_list"]])
    assert "Ann" not in told and "<hook>" in told
    assert {"rule": "<hook>", "field": None, "severity": "warning", "sheet": "A", "count": 1, "cells": [], "more": 0} in outcome.noticed["issues"]


def test_cells_are_told_as_ranges_and_not_without_end(counted):
    rows = [[str(number), "Ann", 81 if number % 3 else 12, "2024-05-06", 3] for number in range(1, 1_000)]
    lines, outcome = counted({"A": [HEADER, *rows]})
    (one,) = [one for one in outcome.noticed["issues"] if one["rule"] == "hours.up_to_80"]
    assert one["cells"][:2] == ["C2:C3", "C5:C6"] and len(one["cells"]) == 200
    assert one["count"] == 666 and one["more"] == 666 - 400
