"""Why tables were read as they were: the list ``tables`` of what a run noticed."""

import json

import pytest
from conftest import declared, plugin
from test_columns_in_context import LEFT, SAME, beside
from test_tables_on_their_side import CREW

FIELDS = declared("""
    Field("surname", headers=["surname", "family name"], read=text, required=True),
    Field("hours", headers=["hours"], read=number, checks=[up_to_80]),
    Field("team", headers=["team", "crew"]),
    Field("badge", headers=["badge"]),
""", functions="""
def up_to_80(*, field_name, **_):
    import polars as pl
    return pl.when(pl.col(field_name) > 80).then(pl.lit("more than 80"))
""")
OWN_DETECTOR = """
def by_letter(*, column_sample, **_):
    return {"badge": 0.9, "team": 0.6} if column_sample and all(text.startswith("B-") for text in column_sample) else None

def register(registry):
    registry.register_column_detector(by_letter, field="badge", priority=1)
"""


@pytest.fixture
def explained(succeed):
    """Runs as `ade` does, and returns what was told of the tables."""

    def call(data, files=None, rows=None, **settings):
        call.outcome = succeed({"columns/own.py": FIELDS, **(files or {})}, data, rows=rows, settings={"detect_rows": True, **settings})
        return call.outcome.noticed.get("tables", [])

    return call


def columns(table):
    return {column["column"]: column for column in table["columns"]}


PEOPLE = [["Crew list"], [], ["Family name", "Hours", "Surnames", "Crew", "Zzz"], ["Anna", 7, "x", "Red", 1], ["Bo", 8, "y", "Blue", 2]]


def test_columns_say_what_they_got_and_why(explained):
    (table,) = explained(PEOPLE)
    assert (table["sheet"], table["table"], table["turned"]) == ("Sheet", 0, False)
    assert table["header_rows"]["rows"] == [3]
    found = columns(table)
    assert list(found) == ["A", "B", "C", "D", "E"]
    assert found["A"] == {
        "column": "A", "name": "Family name", "header_cells": ["A3"], "field": "surname", "score": 1.0,
        "by": [{"detector": "Field('surname').header", "score": 1.0}], "second": None, "wanted_by": [],
        "reason": "highest_score", "nearest": None, "values": {"rows": 2, "filled": 2, "kind": "text", "share": 1.0},
    }  # fmt: skip
    # The field that it is most like has a column.
    assert (found["C"]["field"], found["C"]["reason"], found["C"]["nearest"]) == (None, "no_score", None)
    assert found["E"]["nearest"] is None
    # Fields name their columns, transforms and rules.
    fields = {field["field"]: field for field in table["fields"]}
    assert fields["hours"] == {"field": "hours", "from": ["B"], "transforms": ["Field('hours').read"], "validators": ["hours.up_to_80"]}
    assert fields["surname"]["validators"] == ["surname.required"]
    assert fields["team"] == {"field": "team", "from": ["D"], "transforms": [], "validators": []}


@pytest.mark.parametrize(
    ("header", "field"),
    [("Surnam", "surname"), ("SURNAME / S", "surname"), ("Familiy nmae", "surname"), ("Huors", "hours"), ("Bagde", "badge"), ("Weight", None), ("Ho", None)],
)
def test_the_nearest_field_without_a_column_is_suggested(explained, header, field):
    (table,) = explained([["Crew", header], ["Red", 1], ["Blue", 2]])
    nearest = columns(table)["B"]["nearest"]
    if field is None:
        assert nearest is None
        return
    assert (nearest["field"], nearest["by"], nearest["suggestion"]) == (field, "header", f'headers=[…, "{header}"]')
    assert 0.6 < nearest["likeness"] < 1
    # It is a suggestion: nothing goes by it.
    assert columns(table)["B"]["field"] is None


def test_contributions_add_up_and_the_second_is_named(explained):
    rows = [["Crew", "Badge", "Code"], ["Red", "B-1", "B-7"], ["Blue", "B-2", "B-8"]]
    (table,) = explained(rows, {"columns/z_letter.py": OWN_DETECTOR})
    found = columns(table)
    assert found["B"]["by"] == [{"detector": "Field('badge').header", "score": 1.0}, {"detector": "by_letter", "score": 0.9}]
    assert found["B"]["score"] == 1.9 and found["B"]["second"] == {"field": "team", "score": 0.6}
    # It wanted the same field.
    assert found["B"]["wanted_by"] == ["C"] and found["C"]["wanted_by"] == ["B"]


@pytest.mark.parametrize(("resolution", "reasons"), [("leftmost", ["highest_score", "lost_to_another"]), ("leave_unmapped", ["tie", "tie"])])
def test_columns_that_want_one_field(explained, resolution, reasons):
    (table,) = explained([["Hours", "Hours", "Crew"], [1, 2, "Red"], [3, 4, "Blue"]], mapping_tie_resolution=resolution)
    told = table["columns"][:2]
    assert [column["reason"] for column in told] == reasons
    assert [column["wanted_by"] for column in told] == [["B"], ["A"]]
    loser = told[1]
    assert loser["second"] == {"field": "hours", "score": 1.0} and loser["score"] is None and loser["nearest"] is None


def test_a_score_that_is_too_low_is_told(explained):
    (table,) = explained([["Crew", "Overtime hours"], ["Red", 1], ["Blue", 2]], minimum_mapping_score=0.5)
    column = columns(table)["B"]
    assert (column["field"], column["reason"], column["second"]) == (None, "below_minimum", {"field": "hours", "score": 0.4})
    assert column["by"] == [{"detector": "Field('hours').header", "score": 0.4}]


@pytest.mark.parametrize("header", [None, "n/a", "Unnamed: 3"])
def test_a_column_without_a_header_says_so(explained, header):
    (table,) = explained([["Crew", header], ["Red", 1], ["Blue", 2]])
    assert columns(table)["B"]["reason"] == "no_header"


def test_the_header_rows_that_a_user_chose(explained):
    settings = {"sheets": {"Sheet": {"header_rows": [2, 3]}}}
    (table,) = explained([["x"], ["Work", "Crew", None], ["Hours", None, "Badge"], [1, "Red", "a"]], **settings)
    assert (table["header_rows"]["rows"], table["header_rows"]["chosen_by"]) == ([2, 3], "setting")
    assert [column["header_cells"] for column in table["columns"]] == [["A2", "A3"], ["B2"], ["C3"]]


OWN_ROWS = """
def words(*, row_values, **_):
    return {"header": 0.9} if "Hours" in row_values else {"header": 0.3} if "Total" in row_values else None

def numbers(*, row_values, **_):
    return {"data": 0.5, "header": 0.0} if any(isinstance(value, (int, float)) for value in row_values) else {"secret": 0.1}

def register(registry):
    registry.register_row_detector(words, row_kind="header", priority=1)
    registry.register_row_detector(numbers, row_kind="data", priority=1)
"""


def test_votes_of_an_authors_detectors(explained):
    rows = [["Red"], ["Hours", "Crew"], [7, "Red"], ["Total", 7]]
    (table,) = explained(rows, rows=OWN_ROWS, detect_rows=False)
    assert table["header_rows"] == {
        "rows": [2],
        "chosen_by": "votes",
        "votes": [{"row": 2, "kind": "header", "score": 0.9, "by": [{"detector": "words", "score": 0.9}]}],
        "runner_up": {"row": 4, "kind": "data", "score": 0.3, "by": [{"detector": "words", "score": 0.3}]},
    }


SILENT = "def silent(**_):\n    return None\n\ndef register(registry):\n    registry.register_row_detector(silent, row_kind='x', priority=0)\n"
TOWNS = [["Ort", "Menge", "Preis"], ["Ulm", 7, 3.5], ["Bonn", 8, 4.5], ["Kiel", 9, 5.5]]


@pytest.mark.parametrize(("data", "rows", "chosen_by"), [(PEOPLE, [3], "votes"), (TOWNS, [1], "looks")])
def test_votes_of_the_engines_detectors(explained, data, rows, chosen_by):
    (table,) = explained(data)
    header_rows = table["header_rows"]
    assert (header_rows["rows"], header_rows["chosen_by"]) == (rows, chosen_by)
    (votes,) = header_rows["votes"]
    assert votes["row"] == rows[0] and votes["kind"] == "header"
    assert votes["score"] == pytest.approx(sum(by["score"] for by in votes["by"]), abs=1e-5)
    runner_up = header_rows["runner_up"]
    assert runner_up["row"] not in rows and 0 < runner_up["score"] < votes["score"]
    # Asked again, the engine's own detectors say what they say row by row.
    (other,) = explained(data, rows=SILENT)
    assert other["header_rows"] == header_rows


def test_the_header_of_another_table_is_no_runner_up(explained):
    rows = [["Hours", "Crew"], [7, "Red"], [8, "Blue"], [], ["Crew", "Hours"], ["Green", 9], ["Grey", 9]]
    tables = explained(rows)
    assert [table["header_rows"]["rows"] for table in tables] == [[1], [5]]
    for table in tables:
        runner_up = table["header_rows"]["runner_up"]
        assert runner_up is None or runner_up["row"] not in (1, 5)


def test_a_header_that_no_detector_found_is_a_fallback(explained):
    (table,) = explained([["a", "b"], ["c", "d"]], rows="def register(registry):\n    pass\n", detect_rows=False)
    assert table["header_rows"] == {"rows": [1], "chosen_by": "fallback", "votes": [], "runner_up": None}


def test_a_table_on_its_side_names_rows(normalized):
    crew = [*CREW[:4], ["Lockre", 12, 14, 15, 11]]
    (table,) = normalized([["Crew"], [], *([None] + row for row in crew)]).noticed["tables"]
    assert table["turned"] and table["header_rows"] == {"rows": [], "chosen_by": "looks", "votes": [], "runner_up": None}
    places = [(column["column"], column["header_cells"], column["name"]) for column in table["columns"]]
    assert places == [(str(row), [f"B{row}"], crew[row - 3][0]) for row in range(3, 8)]
    fields = {field["field"]: field["from"] for field in table["fields"]}
    assert fields["member_id"] == ["3"]


def test_tables_beside_one_another_have_the_columns_of_the_sheet(normalized):
    rows = [["Crews"], [], *beside(LEFT, SAME)]
    tables = normalized(rows, merge_tables_in_sheet=False).noticed["tables"]
    assert [[column["column"] for column in table["columns"]] for table in tables] == [["A", "B", "C"], ["E", "F", "G"]]
    for table in tables:
        assert table["header_rows"]["rows"] == [3]
        # The cells say what the columns are called.
        for column in table["columns"]:
            assert column["header_cells"] == [f"{column['column']}3"]
            assert column["name"] == rows[2][ord(column["column"]) - ord("A")]
        assert [votes["row"] for votes in table["header_rows"]["votes"]] == [3]


def hook(returned):
    return {"hooks/own.py": plugin("on_table_mapped", f"return {returned}", "*, table, **_")}


@pytest.mark.parametrize(("returned", "rows"), [
    ('table.with_columns(pl.lit("x").alias("team"))', "kept"), ("table.reverse()", "moved"), ("table.head(1)", "moved"),
    ('table.select(pl.col("hours").sort(descending=True))', "lost"), ("None", None),
])  # fmt: skip
def test_hooks_say_what_they_did_to_the_rows(explained, returned, rows):
    (table,) = explained(PEOPLE, hook(returned), row_provenance=True, issue_list=True)
    told = [{"stage": "on_table_mapped", "name": "ade_config.hooks.own.fn", "rows": rows}] if rows else []
    assert table["hooks"] == told


def placed(table):
    return [(column["column"], column["header"], column["field"], column["from"]) for column in table["output"]["columns"]]


def test_each_column_of_the_output_says_where_it_comes_from(explained):
    made = hook('table.with_columns(pl.lit("x").alias("badge"), pl.lit(1).alias("made"))')
    (table,) = explained(PEOPLE, made, output_style="table", row_provenance=True)
    assert (table["region"], table["output"]["sheet"], table["output"]["range"]) == ("A3:E5", "Sheet", "A1:J3")
    found = placed(table)
    assert found == [
        ("A", "surname", "surname", "A"), ("B", "hours", "hours", "B"), ("C", "Surnames", None, "C"), ("D", "team", "team", "D"),
        ("E", "Zzz", None, "E"), ("F", "badge", "badge", None), ("G", "made", None, None),
    ]  # fmt: skip
    # They stand there.
    sheet = explained.outcome.book["Sheet"]
    assert [sheet[f"{column}1"].value for column, *_ in found] == [header for _, header, *_ in found]


def test_columns_of_merged_tables_come_from_each_of_them(explained):
    rows = [["Hours", "Team"], [7, "Red"], [], ["Crew", "Hours"], ["Blue", 8]]
    tables = explained(rows, merge_tables_in_sheet=True)
    assert [table["region"] for table in tables] == ["A1:B3", "A4:B5"]
    found = [{header: place for _, header, _, place in placed(table) if place} for table in tables]
    assert found == [{"hours": "A", "team": "B"}, {"hours": "B", "team": "A"}]
    assert len({table["output"]["range"] for table in tables}) == 1


def test_no_value_is_told(explained):
    secret = "Quetzalcoatl"
    rows = [["Family name", "Hours", "Other"], [secret, 7, secret], [secret, 8, secret]]
    tables = explained(rows)
    assert tables and secret not in json.dumps(tables)


def test_only_runs_of_ade_tell_it(run):
    outcome = run({"columns/own.py": FIELDS}, PEOPLE, rows=None, settings={"detect_rows": True})
    assert "tables" not in outcome.noticed


def test_what_is_told_is_bounded(explained):
    wide = [[f"Column {number}" for number in range(700)], list(range(700))]
    tables = explained({title: wide for title in "ABCDE"})
    assert sum(len(table["columns"]) for table in tables) == 2000


def test_columns_that_all_want_one_field_name_a_few_others(explained):
    (table,) = explained([["Hours"] * 300, list(range(300)), list(range(300))], mapping_tie_resolution="leftmost")
    assert {len(column["wanted_by"]) for column in table["columns"]} == {20}
    assert all(column["column"] not in column["wanted_by"] for column in table["columns"])
    assert [column["reason"] for column in table["columns"]] == ["highest_score", *["lost_to_another"] * 299]
