"""The row map beside the workbook: which line of the sender each row of the output is of, and why lines have none."""

import json
import random

import openpyxl
import pytest
from conftest import declared, matrix, plugin
from test_issue_places import HOOKS, HOSTILE, STAGES, sheet

REASONS = {"header", "blank", "total", "note", "title", "repeated_header", "outside", "dropped", "quarantined", "line", "other"}
TOUCHES = {
    "looks at a cell": "output_sheet['A1'].value",
    "renames the sheet": "setattr(output_sheet, 'title', 'Other')",
    "writes headers in capitals": "[setattr(cell, 'value', str(cell.value).upper()) for cell in output_sheet[1]]",
    "changes one column": "[setattr(cell, 'value', 'x') for cell in output_sheet['B'][1:]]",
}
MOVES = {
    "inserts a row on top": "output_sheet.insert_rows(1)",
    "inserts a row in the middle": "output_sheet.insert_rows(4)",
    "deletes a row": "output_sheet.delete_rows(3)",
    "moves a range": "output_sheet.move_range('A2:H4', rows=30)",
    "sorts by hand": "sort(output_sheet)",
    "removes the sheet": "(output_sheet.parent.create_sheet('Left'), output_sheet.parent.remove(output_sheet))",
    "swaps two rows": "swap(output_sheet, 2, 3)",
}
BY_HAND = """
def put(worksheet, rows):
    for number, row in rows:
        for column, value in enumerate(row, 1):
            worksheet.cell(number, column).value = value

def sort(worksheet):
    rows = [[cell.value for cell in row] for row in worksheet.iter_rows(min_row=2)]
    put(worksheet, enumerate(reversed(rows), 2))

def swap(worksheet, one, other):
    rows = {number: [cell.value for cell in worksheet[number]] for number in (one, other)}
    put(worksheet, [(one, rows[other]), (other, rows[one])])
"""


@pytest.fixture
def mapped(succeed, template):
    """Runs the template: the row map, and the run."""

    def call(data, hook=None, stage="on_table_validated", touch=None, touched_at="on_sheet_end", **settings):
        hooks = template / "src/ade_config/hooks"
        (hooks / "moves.py").write_text(plugin(stage, f"return {hook}", "*, table, **_"))
        body = f"output_sheet = output_workbook.worksheets[0]\n{touch or 'pass'}"
        (hooks / "touches.py").write_text(BY_HAND + plugin(touched_at, body, "*, output_workbook, **_"))
        outcome = succeed(template, data, settings={"issue_list": True, **settings})
        path = outcome.output.with_name(f"{outcome.output.stem.removesuffix('_normalized')}_rows.json")
        return json.loads(path.read_text("utf-8")), outcome

    return call


def numbers(table):
    """The sender's row of each row of a table."""
    found = []
    for first, last in table["rows"]:
        found += range(first, last + 1) if first <= last else range(first, last - 1, -1)
    return found


def lines_of(content, title):
    """The lines that have no row, with their reasons."""
    lines = [one for one in content["not_written"] if one["sheet"] == title]
    found = {row: one["reason"] for one in lines for row in range(one["first"], one["last"] + 1)}
    assert len(found) == sum(one["last"] - one["first"] + 1 for one in lines) and {*found.values()} <= REASONS
    assert [*found] == sorted(found)
    return found


def holds(content, outcome, sheets, key, *, is_whole=True):
    """Each row of the output has the key of the line that the map names, and each line is told of once."""
    output = openpyxl.load_workbook(outcome.output)
    assert content["schema_version"] == 1
    for title, rows in sheets.items():
        own = [table for table in content["tables"] if table["sheet"] == title]
        written = set()
        for table in own:
            worksheet = output[table["output_sheet"]]
            shown = [[cell.value for cell in row] for row in worksheet.iter_rows(min_row=table["first_row"])]
            known = numbers(table)
            assert table["unknown"] is None and table["turned"] is False and len(shown) >= len(known)
            for row, values in zip(known, shown):
                there = [value for value in rows[row - 1] if str(value).startswith(key)] if row else []
                assert {*there} <= {*values} and bool(there) == bool(row), (row, values)
            written |= {*known} - {0}
        lines = lines_of(content, title)
        assert not written & {*lines}
        if is_whole:
            assert written | {*lines} == {*range(1, len(rows) + 1)}


@pytest.mark.parametrize("hook, stage, has_list", matrix([*HOOKS], STAGES, [True, False]))
def test_each_row_is_of_the_line_that_the_map_names(mapped, hook, stage, has_list):
    random_ = random.Random(f"{hook} {stage}")
    sheets = {title: sheet(random_)[0] for title in ("North", "South")}
    content, outcome = mapped(sheets, HOOKS[hook], stage, issue_list=has_list)
    assert [table["sheet"] for table in content["tables"]] == ["North", "South"]
    holds(content, outcome, sheets, "M-")


@pytest.mark.parametrize("hook, stage, has_list", matrix([name for name in HOSTILE if "column" not in name or "each" in name], STAGES, [True, False]))
def test_where_rows_are_not_known_the_map_names_the_hook(mapped, hook, stage, has_list):
    sheets = {"North": sheet(random.Random(f"{hook} {stage}"))[0]}
    content, outcome = mapped(sheets, HOSTILE[hook], stage, issue_list=has_list)
    (table,) = content["tables"]
    if table["unknown"] is None:
        # Values have moved, and the row is the one with the key all the same.
        holds(content, outcome, sheets, "M-")
        return
    assert table["unknown"] == "ade_config.hooks.moves.fn" and table["rows"] == []
    assert {*lines_of(content, "North").values()} <= {"header", "blank", "title", "outside"}


def test_rows_that_a_hook_adds_have_no_line(mapped):
    sheets = {"North": sheet(random.Random(1))[0]}
    new = 'pl.concat([pl.DataFrame({"email": ["a@example.org", "b@example.org"]}), table], how="diagonal_relaxed")'
    content, outcome = mapped(sheets, new)
    assert content["tables"][0]["rows"][:2] == [[0, 0], [0, 0]]
    holds(content, outcome, sheets, "M-")


@pytest.mark.parametrize("is_merged", [False, True])
def test_why_lines_have_no_row(mapped, is_merged):
    names = ["Member ID", "First Name", "E-mail", "Hours"]
    people = [[f"M-{number:03}", "Ann", f"a{number}@example.org", 7] for number in range(40)]
    rows = [
        ["Hours of the yard", None, None, None],
        [None] * 4,
        names,
        *people[:12],
        names,
        *people[12:24],
        [None] * 4,
        *people[24:],
        ["Total", None, None, 280],
        [None] * 4,
        ["Hours are those of the shop only, and not yet approved by the office.", None, None, None],
    ]
    sheets = {"North": rows}
    content, outcome = mapped(sheets, 'table.filter(pl.col("email") != "a3@example.org")', merge_tables_in_sheet=is_merged)
    lines = lines_of(content, "North")
    # Tables that stay apart are written with a header each.
    repeated = "repeated_header" if is_merged else "header"
    assert lines == {1: "title", 2: "blank", 3: "header", 7: "dropped", 16: repeated, 29: "blank", 46: "total", 47: "blank", 48: "note"}
    assert [one["hook"] for one in content["not_written"] if one["hook"]] == ["ade_config.hooks.moves.fn"]
    holds(content, outcome, sheets, "M-")


def with_errors(template):
    """A package that says which loads are too high, and two sheets that have some."""
    load = "Field('load', read=number, checks=[(lambda name: range(name, most=80), 'error')])"
    (template / "src/ade_config/columns/own.py").write_text(declared(f"Field('badge', read=text), {load}"))
    loads = {"North": [7, 112, 9, 113, 114, 10], "South": [8, 115, 116], "West": [4]}
    return {title: [["Badge", "Load"], *([f"M-{title}{at}", load] for at, load in enumerate(of))] for title, of in loads.items()}


def test_quarantined_lines_are_told(mapped, template):
    sheets = with_errors(template)
    content, outcome = mapped(sheets, quarantine="sheet")
    assert lines_of(content, "North") == {1: "header", 3: "quarantined", 5: "quarantined", 6: "quarantined"}
    assert content["tables"][0]["rows"] == [[2, 2], [4, 4], [7, 7]]
    holds(content, outcome, sheets, "M-")


QUARANTINED = ['table.sort("load", descending=True)', 'table.filter(pl.col("load") != 113)', "pl.concat([table, table])"]


@pytest.mark.parametrize("hook, style, apart", matrix(QUARANTINED, ["table", "plain"], ["sheet", "file"]))
def test_it_is_told_where_quarantined_lines_stand(mapped, template, style, apart, hook):
    sheets = with_errors(template)
    content, outcome = mapped(sheets, hook, quarantine=apart, output_style=style)
    folder, name = outcome.output.parent, outcome.output.name
    assert [one["sheet"] for one in content["quarantined"]] == ["North", "South"]
    followed = 0
    for one in content["quarantined"]:
        assert (one["file"] is None) == (apart == "sheet")
        book = openpyxl.load_workbook(folder / (one["file"] or name))
        badge = [str(cell.value).lower() for cell in book[one["output_sheet"]][1]].index("badge")
        for row, line in enumerate(numbers(one), one["first_row"]):
            assert book[one["output_sheet"]][row][badge].value == sheets[one["sheet"]][line - 1][0]
            followed += 1
    assert followed == (4 if "filter" in hook else 10 if "concat" in hook else 5)


def test_where_quarantined_lines_stand_is_not_told_when_a_hook_has_moved_them_or_lost_them(mapped, template):
    sheets = with_errors(template)
    touch = "output_workbook.worksheets[-1].insert_rows(1)"
    content, _ = mapped(sheets, touch=touch, touched_at="on_workbook_before_save", quarantine="sheet", issues_sheet=False)
    assert [one["first_row"] for one in content["quarantined"]] == [None, None]
    content, _ = mapped(sheets, 'table.select(pl.exclude("__ade_row", "__ade_row_check")).reverse()', quarantine="sheet")
    assert all(one["rows"] == [] and one["unknown"] == "ade_config.hooks.moves.fn" for one in content["quarantined"])
    content, _ = mapped(sheets)
    assert "quarantined" not in content


@pytest.mark.parametrize("style", ["table", "plain"])
@pytest.mark.parametrize("is_merged", [True, False])
def test_tables_below_and_beside_each_other(mapped, style, is_merged):
    one = [["Member ID", "E-mail", "Hours"], *([f"M-{n}", f"a{n}@example.org", n] for n in range(6))]
    other = [["E-mail", "Member ID", "Hours"], *([f"b{n}@example.org", f"M-b{n}", n] for n in range(4))]
    sheets = {"Below": [*one, [None] * 3, [None] * 3, *other]}
    content, outcome = mapped(sheets, output_style=style, merge_tables_in_sheet=is_merged)
    assert len(content["tables"]) == (1 if is_merged else 2)
    holds(content, outcome, sheets, "M-")


def test_of_a_table_that_was_turned_the_numbers_are_those_of_columns(mapped):
    rows = [
        ["First Name", "Ann", "Bo", "Cy"],
        ["Last Name", "Hall", "Kim", "Lee"],
        ["E-mail", "a@example.org", "b@example.org", "c@example.org"],
        ["Hours", 7, 8, 9],
    ]
    content, _ = mapped({"Side": [["Crew"], [], *rows]})
    (table,) = content["tables"]
    assert table["turned"] is True and table["rows"] == [[2, 4]]
    assert lines_of(content, "Side") == {1: "title", 2: "blank"} or lines_of(content, "Side") == {1: "outside", 2: "blank"}


WRITTEN = ["on_table_written", "on_sheet_end", "on_workbook_before_save"]


@pytest.mark.parametrize("touch, at", matrix([*TOUCHES], WRITTEN))
def test_a_hook_that_moves_nothing_leaves_places_known(mapped, touch, at):
    sheets = {"North": sheet(random.Random(9))[0]}
    content, outcome = mapped(sheets, touch=TOUCHES[touch], touched_at=at)
    assert content["tables"][0]["output_sheet"] == openpyxl.load_workbook(outcome.output).sheetnames[0]
    holds(content, outcome, sheets, "M-") if touch != "changes one column" else None
    assert content["tables"][0]["first_row"] == 2 and not outcome.notices("places_moved")


@pytest.mark.parametrize("touch, at", matrix([*MOVES], WRITTEN))
def test_a_hook_that_moves_rows_makes_their_place_unknown(mapped, touch, at):
    rows, header, _ = sheet(random.Random(9))
    rows[header + 1][rows[header].index("Hours")] = 112
    content, outcome = mapped({"North": rows}, touch=MOVES[touch], touched_at=at)
    (table,) = content["tables"]
    assert table["first_row"] is None and table["rows"]
    (notice,) = outcome.notices("places_moved")
    assert notice["sheets"] == ["North"]
    assert outcome.issues and all(line["output"] is None and line["cell"] for line in outcome.issues)


def test_without_row_provenance_there_is_no_map(succeed, template):
    outcome = succeed(template, [["E-mail"], ["a@example.org"]], settings={"row_provenance": False})
    assert not outcome.output.with_name("input_rows.json").exists()


def test_what_is_written_is_what_the_schema_describes(mapped, template):
    from pathlib import Path

    schema = json.loads((Path(__file__).parents[2] / "docs/reference/rows.schema.json").read_text("utf-8"))
    content, _ = mapped({"North": sheet(random.Random(2))[0]})
    assert [*content] == schema["required"]
    for name in ("tables", "not_written"):
        item = schema["properties"][name]["items"]
        # What a table that was reshaped has besides is not there.
        named = [key for key in item["properties"] if key != "cells"]
        assert all([*one] == item["required"] == named for one in content[name])
    assert {*schema["properties"]["not_written"]["items"]["properties"]["reason"]["enum"]} == REASONS
    content, _ = mapped(with_errors(template), quarantine="sheet")
    item = schema["properties"]["quarantined"]["items"]
    assert {*content} == {*schema["properties"]}
    assert all([*one] == item["required"] == [*item["properties"]] for one in content["quarantined"])


def test_further_lines_of_records_are_told_as_such(mapped):
    from test_rows_in_context import LINES, with_lines

    content, outcome = mapped({"S": with_lines(LINES["two lines"][0])})
    assert outcome.notices("lines_of_records")
    # Header, then eight records of three lines.
    assert lines_of(content, "S") == {1: "header", **{row: "line" for row in range(2, 26) if row % 3 != 2}}


def test_the_second_row_of_a_header_is_no_line_of_a_record(mapped):
    clients, towns = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir"), ("Bern", "Lyon", "Graz", "Turin", "Ghent", "Porto")
    rows = [["Client", "Street", "Fee"], ["Branch", "Town", None]]
    for n in range(6):
        rows += [[f"{clients[n]} Ltd", f"{n} Mill Lane", 100.25 + 7 * n], ["Sales", towns[n], None]]
    content, _ = mapped({"S": rows})
    assert lines_of(content, "S") == {1: "header", 2: "header", **{row: "line" for row in range(4, 15, 2)}}
