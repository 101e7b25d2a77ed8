"""One number of issues everywhere: the list, the report of the run, its counts by rule, and the columns of the output."""

import json
from collections import Counter

import openpyxl
import pytest
from conftest import declared, matrix, plugin

PACKAGE = declared("""
    Field("no", headers=["no"], read=text, key=True, unique=True),
    Field("name", headers=["name"], read=text, required="warning"),
    Field("hours", headers=["hours"], read=number, checks=[(up_to_80, "error"), (is_round, "info")]),
    Field("day", headers=["day"], read=date),
    Field("pay", headers=["pay"], read=number, required=True),
""", functions="""
def up_to_80(*, field_name, **_):
    return pl.when(pl.col(field_name) > 80).then(pl.lit("more than 80"))

def is_round(*, field_name, **_):
    return pl.when(pl.col(field_name) % 10 == 0).then(pl.lit("a round number"))
""")
HEADER = ["No", "Name", "Hours", "Day", "Pay"]
SHEETS = {
    "nothing wrong": {"A": [HEADER, ["1", "Ann", 12, "2024-05-06", 3], ["2", "Bo", 13, "2024-05-07", 4]]},
    "several of one cell": {"A": [HEADER, ["1", "Ann", 90, "2024-05-06", 3], ["1", None, 13, "soon", None]]},
    "only for information": {"A": [HEADER, ["1", "Ann", 20, "2024-05-06", 3]]},
    "two sheets, one without pay": {
        "A": [HEADER, ["1", "Ann", 95, "2024-05-06", 3], ["2", "Bo", 100, "2024-05-07", 4]],
        "B": [HEADER[:4], ["3", None, 81, "later", ], ["4", None, 20, "2024-05-07"]],
    },
    "two tables of a sheet": {
        "A": [HEADER, ["1", "Ann", 12, "2024-05-06", 3], ["2", "Bo", 90, "2024-05-07", 4], [], HEADER, ["3", None, 20, "2024-05-06", 3], ["4", "Di", 12, "soon", 4]]
    },
    "no sheet with a table": {"A": []},
}
#: Stages in which a hook takes the workbook in its hands, so that openpyxl writes what follows and what was written.
TOUCHES = [None, "on_table_written", "on_workbook_before_save"]
FILLS = {"error": "FFF9CCC6", "warning": "FFFCE4AE", "info": "FFDCE4F5"}
HOOKS = {
    "none": None,
    "drops rows with issues": 'table.filter(~pl.col("__ade_has_issues"))',
    "takes texts back": 'table.with_columns(pl.lit(None, dtype=pl.String).alias("__ade_issue__hours"))',
    "says something itself": 'table.with_columns(pl.lit("a word of mine").alias("__ade_issue__name"))',
    "doubles rows": "pl.concat([table, table])",
}


@pytest.fixture
def counted(succeed, template):
    """Runs the package: the list, the run's report, and what was told of the list."""
    (template / "src/ade_config/columns/fields.py").write_text(PACKAGE)

    def call(sheets, hook=None, touch=None, **settings):
        hooks = template / "src/ade_config/hooks"
        if hook is not None:
            (hooks / "own.py").write_text(plugin("on_table_validated", f"return {hook}", "*, table, **_"))
        if touch is not None:
            colour = "output_workbook.active.sheet_properties.tabColor = '112233'"
            (hooks / "touch.py").write_text(plugin(touch, colour, "*, output_workbook, **_"))
        outcome = succeed(template, sheets, settings={"issue_list": True, **settings})
        return outcome.issues, outcome

    return call


@pytest.mark.parametrize("sheets, hook, merged", matrix([*SHEETS], [*HOOKS], [True, False]))
def test_one_number(counted, sheets, hook, merged):
    lines, outcome = counted(SHEETS[sheets], HOOKS[hook], merge_tables_in_sheet=merged)
    severities = Counter(line["severity"] for line in lines)
    validation = outcome.completed["validation"]
    assert validation["issues_total"] == len(lines) and validation["issues_by_severity"] == dict(severities)
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


@pytest.mark.parametrize("sheets, hook, merged, touch", matrix([*SHEETS], [*HOOKS], [True, False], TOUCHES))
def test_the_workbook_shows_what_the_list_has(counted, sheets, hook, merged, touch):
    lines, outcome = counted(SHEETS[sheets], HOOKS[hook], touch, merge_tables_in_sheet=merged)
    workbook = openpyxl.load_workbook(outcome.output)
    if touch == "on_workbook_before_save" or touch and sheets != "no sheet with a table":
        assert "112233" in workbook.active.sheet_properties.tabColor.rgb
    shown = {}
    for sheet in workbook.worksheets:
        header = None
        for row in sheet.iter_rows():
            texts = [cell.value for cell in row]
            if "Source row" in texts:
                header = texts
            elif header is not None and any(texts) and sheet.title in SHEETS[sheets]:
                shown.setdefault((sheet.title, texts[header.index("Source row")]), []).append(dict(zip(header, row)))
    by_row = {}
    for line in lines:
        if line["row"] is not None:
            by_row.setdefault((line["sheet"], line["row"]), []).append(line)
    assert by_row.keys() <= shown.keys()
    assert shown or sheets == "no sheet with a table" or hook == "drops rows with issues"
    for place, rows in shown.items():
        own = by_row.get(place, [])
        wanted = {line["label"]: _worst(one["severity"] for one in own if one["label"] == line["label"]) for line in own}
        for cells in rows:
            assert cells["Severity"].value == _worst(line["severity"] for line in own)
            # Where a value stands besides, only the list says.
            said = [(f"{line['label']}: ", line["message"].partition(", also in ")[0]) for line in own]
            assert all(label in cells["Issues"].value and message in cells["Issues"].value for label, message in said)
            assert (cells["Issues"].value is None) == (not own)
            fills = {label: cell.fill.fgColor.rgb for label, cell in cells.items() if cell.fill.patternType == "solid"}
            assert fills == {label: FILLS[severity] for label, severity in wanted.items()}


def _worst(severities):
    return min(severities, key=list(FILLS).index, default=None)


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
    assert validation["max_severity"] == "warning" and not list(outcome.output.parent.glob("*_issues.ndjson"))


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
