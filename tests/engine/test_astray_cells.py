"""Which cells are named when a hook or a transform has changed a column: those whose values are still their own, and no others."""

import json

import pytest

#: Every cell of every field is an issue, so that the list says of each where it stands.
PACKAGE = """
import polars as pl
from ade_engine.fields import Field, number, text

def seen(*, field_name, **_):
    return pl.lit("seen")

def register(registry):
    for name in ("badge", "name", "town", "mail", "open"):
        Field(name, headers=[name], read=text, checks=[seen]).register(registry)
    for name in ("hours", "rank", "fee"):
        Field(name, headers=[name], read=number, checks=[seen]).register(registry)
    transform = {transform}
    if transform:
        registry.register_column_transform(lambda **_: eval(transform[1], {{"pl": pl, "text": text, "number": number}}), field=transform[0], priority={priority})
"""
HOOK = """
import polars as pl

def moves(*, table, state, **_):
    {lines}

def register(registry):
    registry.register_hook(moves, hook="{stage}", priority=1)
"""
HEADER = ["badge", "name", "town", "mail", "open", "hours", "rank", "fee", "Shelf"]
ROWS = [
    ["K-1", "Ann Hall ", "Lyon", "ann@yard.example", "yes", 37, 3, 12.25, "low"],
    ["K-2", "bo kim", "Graz", "bo@yard.example", "no", 12, 1, 13.75, "high"],
    ["K-3", "Cy Lee", "Rome", "cy@yard.example", "no", 41, 3, None, "low"],
    ["K-4", None, "Lyon", "di@yard.example", "yes", 19, 2, 15.5, "high"],
    ["K-5", "Ed Nash", "Lugdunum", "ed@yard.example", "yes", None, 3, 11.0, "low"],
    ["K-6", "Flo Ott", "Graz", "flo@yard.example", "no", 55, 5, 14.0, "low"],
]


@pytest.fixture
def cells(succeed):
    """The cells of a field as issues name them, in the order of the list; ``None`` where the cell is not known."""

    def call(field, *, hook=None, stage="on_table_mapped", transform=None, priority=50):
        files = {"columns/own.py": PACKAGE.format(transform=transform, priority=priority)}
        if hook is not None:
            files["hooks/moves.py"] = HOOK.format(lines=hook if "return" in hook else f"return {hook}", stage=stage)
        settings = {"issue_list": True, "row_provenance": True, "report_unread_cells": True, "typed_fields": True}
        call.outcome = succeed(files, [HEADER, *ROWS], settings=settings)
        call.lines = [line for line in call.outcome.issues if line["field"] == field and line["message"] == "seen"]
        return [line["cell"] for line in call.lines]

    return call


def own(field, rows="234567"):
    letter = "ABCDEFGH"[HEADER.index(field)]
    return {f"{letter}{row}" for row in rows}


def rows_of(outcome):
    (path,) = outcome.output.parent.glob("*_rows.json")
    return json.loads(path.read_text("utf-8"))["tables"][0]


#: Work that leaves each value at its own cell.
ORDINARY = {
    "trims": ("name", 'table.with_columns(pl.col("name").str.strip_chars())'),
    "upper case": ("name", 'table.with_columns(pl.col("name").str.to_uppercase())'),
    "parses": ("hours", 'table.with_columns(pl.col("hours").cast(pl.Float64))'),
    "counts in minutes": ("hours", 'table.with_columns(pl.col("hours") * 60)'),
    "fills with a constant": ("hours", 'table.with_columns(pl.col("hours").fill_null(12))'),
    "maps to what others have": ("town", 'table.with_columns(pl.col("town").replace({"Lugdunum": "Lyon"}))'),
    "maps all": ("town", 'table.with_columns(pl.col("town").replace({"Lyon": "L", "Graz": "G", "Rome": "R", "Lugdunum": "L"}))'),
    "truth values": ("open", 'table.with_columns(pl.col("open") == "yes")'),
    "one constant": ("open", 'table.with_columns(open=pl.lit("yes"))'),
    "clips": ("rank", 'table.with_columns(pl.col("rank").clip(1, 3))'),
    "rounds": ("fee", 'table.with_columns(pl.col("fee").round(0))'),
    "sorts the rows": ("name", 'table.sort("mail", descending=True)'),
    "sorts the rows and trims": ("name", 'table.sort("mail", descending=True).with_columns(pl.col("name").str.strip_chars())'),
    "other columns": ("name", 'table.with_columns(pl.col("town", "mail").reverse())'),
    "copies the column": ("name", 'table.with_columns(second=pl.col("name"), town=pl.col("name"))'),
    "empties what is no number": ("rank", 'table.with_columns(pl.when(pl.col("rank") < 5).then("rank"))'),
}


@pytest.mark.parametrize("stage", ("on_table_mapped", "on_table_transformed"))
@pytest.mark.parametrize("work", ORDINARY)
def test_ordinary_work_keeps_all_cells(cells, work, stage):
    field, hook = ORDINARY[work]
    assert {*cells(field, hook=hook, stage=stage)} == own(field)


#: The field, what is done, and the rows of the sheet whose cells are still known.
MOVED = {
    "two fields for each other": ("name", 'table.rename({"name": "mail", "mail": "name"})', ""),
    "three fields in a circle": ("town", 'table.rename({"name": "mail", "mail": "town", "town": "name"})', ""),
    "three columns of numbers": ("rank", 'table.rename({"hours": "rank", "rank": "fee", "fee": "hours"})', ""),
    "another column": ("name", 'table.with_columns(name=pl.col("mail"))', ""),
    "another column in capitals": ("name", 'table.with_columns(name=pl.col("mail").str.to_uppercase())', ""),
    "another column where there is nothing": ("name", 'table.with_columns(pl.coalesce("name", "mail"))', "23467"),
    "one cell of another column": ("name", 'table.with_columns(name=pl.when(pl.col("badge") == "K-2").then("mail").otherwise("name"))', "24567"),
    "two cells for each other": ("name", 'table.with_columns(pl.col("name").gather([0, 2, 1, 3, 4, 5]))', "2567"),
    "a cell for an empty one": ("name", 'table.with_columns(pl.col("name").gather([0, 3, 2, 1, 4, 5]))', "2467"),
    "backwards": ("name", 'table.with_columns(pl.col("name").reverse())', ""),
    "backwards and in capitals": ("name", 'table.with_columns(pl.col("name").reverse().str.to_uppercase())', ""),
    "sorted by itself": ("fee", 'table.with_columns(pl.col("fee").sort())', ""),
    "one down": ("hours", 'table.with_columns(pl.col("hours").shift(1))', ""),
    "one down, as numbers": ("hours", 'table.with_columns(pl.col("hours").cast(pl.Float64).shift(1).fill_null(0))', ""),
    "down over gaps": ("fee", 'table.with_columns(pl.col("fee").forward_fill())', "23567"),
    "the first of its group": ("hours", 'table.with_columns(pl.col("hours").first().over("Shelf"))', "23"),
    "by Python": ("name", "table.with_columns(pl.Series('name', table['name'].to_list()[::-1]))", ""),
    "in place": ("name", "table.replace_column(1, table['name'].reverse()); return None", ""),
    "by way of another column": ("mail", 'table.with_columns(x=pl.col("name")).with_columns(name=pl.col("mail"), mail=pl.col("x")).drop("x")', ""),
}


@pytest.mark.parametrize("work", MOVED)
def test_cells_with_values_from_elsewhere_are_not_named(cells, work):
    field, hook, known = MOVED[work]
    found = cells(field, hook=hook)
    assert {*found} - {None} == own(field, known) and len(found) >= 5
    rows = {line["row"] for line in cells.lines}
    # The row is named where the value is of another column of it.
    if work == "another column":
        assert rows == {2, 3, 4, 5, 6, 7}
    if work == "backwards":
        assert rows == {None} == {line["value"] for line in cells.lines}
    if work == "two fields for each other":
        (table,) = cells.outcome.noticed["tables"]
        places = {column["field"]: column["from"] for column in table["output"]["columns"] if column["field"]}
        assert places == {"badge": "A", "name": None, "town": "C", "mail": None, "open": "E", "hours": "F", "rank": "G", "fee": "H"}


TRANSFORMS = {
    "backwards": ("name", 'pl.col("name").reverse()'),
    "sorted": ("mail", 'pl.col("mail").sort(descending=True)'),
    "one down": ("mail", 'pl.col("mail").shift(1)'),
    "another column": ("name", 'pl.col("mail")'),
    "a reader of another column": ("name", 'text("mail")'),
    "a reader within": ("name", 'text("mail").str.to_uppercase()'),
    "numbers": ("hours", 'pl.col("rank")'),
    "numbers backwards": ("fee", 'pl.col("fee").cast(pl.Float64).reverse()'),
}


@pytest.mark.parametrize("priority", (50, -50))
@pytest.mark.parametrize("work", TRANSFORMS)
def test_a_transform_that_moves_values_leaves_no_cell(cells, work, priority):
    field, expression = TRANSFORMS[work]
    assert {*cells(field, transform=(field, expression), priority=priority)} <= {None} and len(cells.lines) == len(ROWS)
    # What the transform did not touch is known.
    assert {*cells("badge", transform=(field, expression), priority=priority)} == own("badge")


@pytest.mark.parametrize("expression", ('pl.col("name").str.to_titlecase()', 'text("name").fill_null("nobody")', 'pl.coalesce("name", pl.lit("nobody"))'))
def test_a_transform_of_the_values_keeps_the_cells(cells, expression):
    assert {*cells("name", transform=("name", expression))} == own("name")


@pytest.mark.parametrize("hook", (
    'table.with_columns(pl.exclude("^__ade.*$").sort_by("mail", descending=True))',
    'table.with_columns(pl.exclude("^__ade.*$").gather([5, 4, 3, 2, 1, 0]))',
    'table.with_columns(pl.exclude("^__ade.*$").gather([0] * 6))',
    'table.lazy().with_columns(pl.exclude("^__ade.*$", "rank").shift(1)).collect()',
))
def test_rows_that_were_moved_without_their_numbers_are_not_known(cells, hook):
    assert {*cells("badge", hook=hook)} == {None} == {line["row"] for line in cells.lines}
    (notice,) = cells.outcome.notices("rows_unknown")
    assert "moves" in notice["hook"] and rows_of(cells.outcome)["unknown"] == notice["hook"]


@pytest.mark.parametrize("stage", ("on_table_mapped", "on_table_transformed", "on_table_validated"))
def test_of_rows_with_one_that_was_added_only_that_one_is_not_known(cells, stage):
    hook = 'pl.concat([pl.DataFrame({"badge": ["K-9"], "name": ["Gil"]}), table], how="diagonal")'
    found = cells("name", hook=hook, stage=stage)
    assert {*found} - {None} == own("name") and found.count(None) == (stage != "on_table_validated")
    assert {line["value"] for line in cells.lines if line["cell"]} == {(row[1] or "").strip() for row in ROWS}
    table = rows_of(cells.outcome)
    assert (table["rows"], table["unknown"]) == ([[0, 0], [2, 7]], None)
