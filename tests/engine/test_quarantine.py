"""Rows with errors on a sheet of their own."""

import json

import openpyxl
import pytest
from conftest import declared, matrix, plugin, steps
from package_check import check_package
from test_tables_on_their_side import CREW

PACKAGE = declared("""
    Field("no", headers=["no"], read=text, key=True, label="Number"),
    Field("name", headers=["name"], read=text, required="warning"),
    Field("hours", headers=["hours"], read=number, checks=[(up_to_80, "error"), (is_round, "info")]),
    Field("day", headers=["day"], read=date),
""", functions="""
def up_to_80(*, field_name, **_):
    return pl.when(pl.col(field_name) > 80).then(pl.lit("more than 80"))

def is_round(*, field_name, **_):
    return pl.when(pl.col(field_name) % 10 == 0).then(pl.lit("a round number"))
""")
HEADER = ["No", "Name", "Hours", "Day"]
A = [
    HEADER, ["1", "Ann", 91, "2024-05-06"], ["2", None, 10, "soon"], ["3", "Cy", 12, "2024-05-07"],
    ["4", None, 100, "later"], ["5", "Di", 13, "2024-05-08"],
]
B = [["Hours", "No", "Team", "Name"], [85, "6", 7, "Ed"], [20, "7", 8, None]]
C = [["Team", "No", "Hours"], ["red", "8", 99], ["blue", "9", 7]]
TWO = [*A, [None] * 4, [None] * 4, *B]
HOOKS = {
    "none": None,
    "sorts": 'table.sort("no", descending=True)',
    "filters": 'table.filter(pl.col("no") != "1")',
    "doubles": "pl.concat([table, table])",
    "loses the numbers of rows": 'table.select(pl.exclude("__ade_row", "__ade_row_check")).reverse()',
    "says something itself": 'table.with_columns(pl.lit("a word of mine").alias("__ade_issue__name"))',
}
SHEETS = {
    "one": {"A": A}, "three": {"A": A, "B": B, "Quarantine": C}, "two tables on a sheet": {"A": TWO},
    "nothing wrong": {"A": [HEADER, A[3], A[5]]}, "nothing but errors": {"A": A[:2]},
}
TOUCH = plugin("on_sheet_end", 'output_sheet["A1"].value', "*, output_sheet, **_")
IS_TOUCHED = pytest.mark.parametrize("touched", [False, True], ids=["written", "touched"])
STYLES = pytest.mark.parametrize("style", ["plain", "table"])


@pytest.fixture
def made(succeed, template):
    """The list of issues, the run, and its workbook."""
    (template / "src/ade_config/columns/fields.py").write_text(PACKAGE)

    def call(sheets, hook=None, touched=False, **settings):
        hooks = template / "src/ade_config/hooks"
        if hook is not None:
            (hooks / "own.py").write_text(plugin("on_table_validated", f"return {hook}", "*, table, **_"))
        if touched:
            (hooks / "touch.py").write_text(TOUCH)
        outcome = succeed(template, sheets, settings={"quarantine": "sheet", **settings})
        assert check_package(outcome.output) == []
        return outcome.issues, outcome, outcome.book

    return call


def values_of(sheet):
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def _title(book):
    # Behind the data sheets, in front of the sheet of issues.
    (title,) = [name for name in book.sheetnames if name.startswith("Quarantine")][-1:]
    assert book.sheetnames.index(title) == len(book.sheetnames) - 2
    return title


@pytest.mark.parametrize("sheets, hook, merged", matrix([*SHEETS], [*HOOKS], [False, True]))
def test_each_issue_is_at_its_cell_and_rows_with_errors_are_apart(made, sheets, hook, merged):
    before, kept, _ = made(SHEETS[sheets], HOOKS[hook], merge_tables_in_sheet=merged, quarantine="keep")
    lines, outcome, book = made(SHEETS[sheets], HOOKS[hook], merge_tables_in_sheet=merged)
    # All but places in the output is as it was, in the list, the report and its counts.
    assert _without_places(before) == _without_places(lines)
    for key in ("validation", "counts", "fields"):
        assert kept.completed[key] == outcome.completed[key]
    is_error = {(line["output_sheet"], _row(line)) for line in before if line["severity"] == "error" and line["output"]}
    with_errors = outcome.noticed["issue_list"]["rows_with_errors"]
    quarantined = outcome.noticed["issue_list"]["rows_quarantined"]
    assert quarantined == with_errors == (len(is_error) if hook != "doubles" else 2 * len(is_error))
    assert kept.noticed["issue_list"]["rows_quarantined"] == 0 and kept.notices("rows_quarantined") == []
    if not quarantined:
        assert [name for name in book.sheetnames if name.startswith("Quarantine")] == [name for name in SHEETS[sheets] if name == "Quarantine"]
        assert outcome.notices("rows_quarantined") == []
        return
    title = _title(book)
    (notice,) = outcome.notices("rows_quarantined")
    assert notice["count"] == quarantined == book[title].max_row - 1
    headers = [cell.value for cell in book[title][1]]
    # One row has nowhere to move.
    has_row = hook != "loses the numbers of rows" or sheets == "nothing but errors"
    assert headers[: 2 + has_row] == (["Sheet", "Source row", "Messages"] if has_row else ["Sheet", "Messages"])
    errors = {(line["output_sheet"], _row(line)) for line in lines if line["severity"] == "error"}
    assert {sheet for sheet, _ in errors} == {title}
    for line in lines:
        if line["output"] is None:
            # A field that the whole sheet lacks.
            assert line["row"] is None and line["output_sheet"] is None
            continue
        cell = book[line["output_sheet"]][line["output"]]
        assert str("" if cell.value is None else cell.value) == line["written"], line
        if line["output_sheet"] != title:
            continue
        row = dict(zip(headers, [cell.value for cell in book[title][_row(line)]]))
        assert row["Sheet"] == line["sheet"] and (not has_row or row["Source row"] == line["row"])
        assert f"{line['label']}: " in row["Messages"] and line["message"].split(":")[0] in row["Messages"]
        assert str(row["Number"]) == line["key"]


def _row(line):
    return int(line["output"].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


def _without_places(lines):
    return sorted(json.dumps({key: line[key] for key in line if key not in ("output", "output_sheet")}) for line in lines)


@IS_TOUCHED
@STYLES
def test_the_sheet_has_the_columns_of_all_tables(made, style, touched):
    _, outcome, book = made(SHEETS["three"], touched=touched, output_style=style)
    assert book.sheetnames == ["A", "B", "Quarantine", "Quarantine 2", "Issues"]
    number = "no" if style == "plain" else "Number"
    rows = values_of(book["Quarantine 2"])
    # Text on one sheet and a number on another: both are text.
    assert rows[0] == ["Sheet", "Source row", "Messages", number, "name", "hours", "day", "Team"]
    assert [[row[0], row[1], row[3], row[5], row[7]] for row in rows[1:]] == [
        ["A", 2, "1", 91, None], ["A", 3, "2", 10, None], ["A", 5, "4", 100, None], ["B", 2, "6", 85, "7"],
        ["Quarantine", 2, "8", 99, "red"],
    ]
    assert rows[1][2] == "hours: more than 80"
    name, *others = rows[2][2].split("; ")
    assert name.startswith("name: ") and others == ["hours: a round number", 'day: not a date: "soon"']
    data = [[row[0].value for row in book[sheet].iter_rows(min_row=2)] for sheet in ("A", "B")]
    assert len(data[0]) == 2 and len(data[1]) == 1
    assert outcome.notices("rows_quarantined")[0]["sheets"] == ["A", "B", "Quarantine"]
    assert outcome.notices("rows_quarantined")[0]["message"].startswith("5 rows with errors stand on the sheet 'Quarantine 2'")


@IS_TOUCHED
@STYLES
def test_rows_with_errors_can_stand_in_a_workbook_of_their_own(made, style, touched):
    _, _, whole = made(SHEETS["three"], touched=touched, output_style=style)
    in_sheet = values_of(whole["Quarantine 2"])
    lines, outcome, book = made(SHEETS["three"], touched=touched, output_style=style, quarantine="file")
    path = outcome.output.with_name("input_quarantine.xlsx")
    assert check_package(path) == []
    apart = openpyxl.load_workbook(path)
    assert book.sheetnames == ["A", "B", "Quarantine", "Issues"] and apart.sheetnames == ["Quarantine"]
    assert values_of(apart["Quarantine"]) == in_sheet
    (notice,) = outcome.notices("rows_quarantined")
    assert notice["message"] == "5 rows with errors stand in a workbook of their own beside the output, and not among the others"
    assert notice["count"] == outcome.noticed["issue_list"]["rows_quarantined"] == 5
    errors = [line for line in lines if line["severity"] == "error"]
    assert errors and all(line["output"] is None and line["output_sheet"] is None and line["cell"] for line in errors)
    # What is not quarantined has its place in the output.
    assert all(line["output"] for line in lines if line["rule"] == "hours.is_round" and line["row"] not in {one["row"] for one in errors})


def test_without_rows_with_errors_there_is_no_such_workbook(made):
    _, outcome, _ = made(SHEETS["nothing wrong"], quarantine="file")
    assert not outcome.output.with_name("input_quarantine.xlsx").exists() and outcome.notices("rows_quarantined") == []


def test_a_table_without_good_rows_keeps_its_header(made):
    _, outcome, book = made(SHEETS["nothing but errors"], output_style="plain")
    assert values_of(book["A"]) == [["no", "name", "hours", "day"]] and book["Quarantine"].max_row == 2
    assert outcome.notices("rows_quarantined")[0]["message"].startswith("1 row with an error stands")


def test_all_fields_and_a_manifest_hold_there_too(made, template):
    (template / "manifest.toml").write_text('[[columns]]\nfield = "hours"\nheader = "Time"\n\n[[columns]]\nfield = "day"\nenabled = false\n')
    lines, _, book = made({"C": C}, all_fields=True)
    assert [cell.value for cell in book["Quarantine"][1]] == ["Sheet", "Source row", "Messages", "Time", "Number", "name", "Team"]
    (error,) = [line for line in lines if line["severity"] == "error" and line["rule"] == "hours.up_to_80"]
    assert (error["output_sheet"], error["output"], error["label"]) == ("Quarantine", "D2", "Time")


def test_columns_that_are_named_as_the_sheets_own_keep_apart(made):
    _, _, book = made({"A": [["Sheet", "No", "Hours", "Messages"], ["x", "1", 91, "y"]]})
    assert values_of(book["Quarantine"]) == [
        ["Sheet__2", "Source row", "Messages__2", "Sheet", "Number", "hours", "Messages", "name", "day"],
        ["A", 2, "hours: more than 80", "x", "1", 91, "y", None, None],
    ]


def test_it_needs_the_list_of_issues(tmp_path, monkeypatch):
    from ade_engine import Settings
    from ade_engine.models import SettingsError

    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match="quarantine from the caller: .*; add issue_list = true"):
        Settings(quarantine="sheet")
    assert Settings(quarantine="sheet", issue_list=True).quarantine == "sheet"
    with pytest.raises(SettingsError, match="'keep' or 'sheet' or 'file'"):
        Settings(quarantine="folder", issue_list=True)


def test_of_a_turned_table_no_row_is_named(run, template):
    fields = template / "src/ade_config/columns/fields.py"
    fields.write_text(fields.read_text("utf-8").replace("checks=[required]", 'checks=[(required, "error")]'), "utf-8")
    lying = [*CREW[:2], ["Last name", "Hall", None, "Lee", "Moore"], *CREW[3:]]
    outcome = run(template, lying, settings={"quarantine": "sheet"})
    sheet = outcome.book["Quarantine"]
    headers, row = values_of(sheet)
    assert headers[:2] == ["Sheet", "Messages"] and dict(zip(headers, row))["Member ID"] == "M-102"
    assert {line["cell"] for line in outcome.issues if line["output_sheet"] == "Quarantine"} == {"C3"}


def test_what_no_cell_can_hold_is_replaced(made):
    _, _, book = made(SHEETS["nothing but errors"], 'table.with_columns(pl.lit("a\\x01b").alias("__ade_issue__name"))')
    assert book["Quarantine"]["C2"].value == "name: a\ufffdb; hours: more than 80"


def test_hooks_see_the_rows_that_stay(made, template):
    written = """
        assert write_table.height == table_result.table.height == table_result.row_count == 2
        assert output_region.max_row == 3
    """
    end = 'assert [result.output_sheet_name for result in tables] == ["A"] and tables[0].table.height == 2'
    for name, text in steps(on_table_written=written, on_sheet_end=end).items():
        (template / "src/ade_config" / name).write_text(text)
    _, outcome, _ = made(SHEETS["one"])
    (table,) = outcome.tables
    assert table["counts"]["rows"]["total"] == 5


@IS_TOUCHED
@STYLES
def test_under_a_header_of_the_manifest_an_issue_has_its_place(made, template, style, touched):
    (template / "manifest.toml").write_text('[[columns]]\nfield = "hours"\nheader = "Time"\n')
    lines, _, book = made(SHEETS["one"], quarantine="keep", output_style=style, touched=touched)
    found = [line for line in lines if line["field"] == "hours"]
    assert found and all(line["output"].startswith("A") for line in found)
    assert all(str(book["A"][line["output"]].value) == line["written"] for line in found)
