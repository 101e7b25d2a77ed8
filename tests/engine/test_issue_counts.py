"""One number of issues everywhere: the list, the report of the run, its counts by rule, and the columns of the output."""

from collections import Counter

import pytest
from conftest import declared, matrix, plugin, write_files

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
    """Runs the package: the list, and the run."""

    def call(sheets, hook=None, touch=None, **settings):
        files = {"columns/fields.py": PACKAGE}
        if hook is not None:
            files["hooks/own.py"] = plugin("on_table_validated", f"return {hook}", "*, table, **_")
        if touch is not None:
            files["hooks/touch.py"] = plugin(touch, "output_workbook.active.sheet_properties.tabColor = '112233'", "*, output_workbook, **_")
        write_files(template / "src/ade_config", files)
        outcome = succeed(template, sheets, settings=settings)
        return outcome.issues, outcome

    return call


@pytest.mark.parametrize("sheets, hook, merged, touch", matrix([*SHEETS], [*HOOKS], [True, False], TOUCHES))
def test_one_number_that_the_workbook_shows(counted, sheets, hook, merged, touch):
    lines, outcome = counted(SHEETS[sheets], HOOKS[hook], touch, merge_tables_in_sheet=merged)
    severities, completed, noticed = Counter(line["severity"] for line in lines), outcome.completed, outcome.noticed
    validation, listed = completed["validation"], noticed["issue_list"]
    assert validation["issues_total"] == len(lines) == listed["count"] and validation["issues_by_severity"] == dict(severities)
    assert validation["max_severity"] == _worst(severities) and listed["by_severity"] == {word: severities[word] for word in FILLS}
    by_sheet = Counter(line["sheet"] for line in lines)
    for sheet in completed["workbooks"][0]["sheets"]:
        assert sheet["validation"]["issues_total"] == by_sheet[sheet["locator"]["sheet"]["name"]]
    told = severities["error"] + severities["warning"]
    assert [one["count"] for one in completed["evaluation"]["findings"] if one["code"] == "validation_warnings_present"] == [told] * bool(told)
    assert listed["unlisted"] == listed["rows_quarantined"] == 0
    with_errors = {(line["output_sheet"], line["output"].lstrip("ABCDEFGH")) for line in lines if line["severity"] == "error" and line["output"]}
    assert hook == "doubles rows" or listed["rows_with_errors"] == len(with_errors)
    rules = Counter((line["rule"], line["field"], line["severity"], line["sheet"]) for line in lines)
    assert {(one["rule"], one["field"], one["severity"], one["sheet"]): one["count"] for one in noticed["issues"]} == rules
    for one in noticed["issues"]:
        cells = {line["cell"] for line in lines if line["cell"] and (line["rule"], line["sheet"]) == (one["rule"], one["sheet"])}
        assert {cell for text in one["cells"] for cell in _cells(text)} == cells and one["more"] == 0

    shown, of_rows = {}, {}
    for sheet in outcome.book:
        header = None
        for row in sheet.iter_rows():
            texts = [cell.value for cell in row]
            if "Source row" in texts:
                header = texts
            elif header is not None and any(texts) and sheet.title in SHEETS[sheets]:
                shown.setdefault((sheet.title, texts[header.index("Source row")]), []).append(dict(zip(header, row)))
    for line in lines:
        if line["row"] is not None:
            of_rows.setdefault((line["sheet"], line["row"]), []).append(line)
    assert of_rows.keys() <= shown.keys() and (shown or sheets == "no sheet with a table" or hook == "drops rows with issues")
    for place, rows in shown.items():
        own = of_rows.get(place, [])
        fills = {line["label"]: FILLS[_worst(one["severity"] for one in own if one["label"] == line["label"])] for line in own}
        for cells in rows:
            assert cells["Severity"].value == _worst(line["severity"] for line in own) and (cells["Issues"].value is None) == (not own)
            # Only the list has the other positions of a value.
            said = [text for line in own for text in (f"{line['label']}: ", line["message"].partition(", also in ")[0])]
            assert all(text in cells["Issues"].value for text in said)
            assert {label: cell.fill.fgColor.rgb for label, cell in cells.items() if cell.fill.patternType == "solid"} == fills


def _worst(severities):
    return min(severities, key=list(FILLS).index, default=None)


def _cells(text):
    first, _, last = text.partition(":")
    letters = first.rstrip("0123456789")
    return [f"{letters}{row}" for row in range(int(first.removeprefix(letters)), int((last or first).removeprefix(letters)) + 1)]


def test_cells_are_told_as_ranges_and_not_without_end(counted):
    rows = [[str(number), "Ann", 81 if number % 3 else 12, "2024-05-06", 3] for number in range(1, 1_000)]
    (one,) = [one for one in counted({"A": [HEADER, *rows]})[1].noticed["issues"] if one["rule"] == "hours.up_to_80"]
    assert one["cells"][:2] == ["C2:C3", "C5:C6"] and len(one["cells"]) == 200
    assert one["count"] == 666 and one["more"] == 666 - 400
