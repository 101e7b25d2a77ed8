"""What the settings `detect_rows` and `drop_blank_rows` do in place of detectors and hooks, and fields that are parts of a column."""

import pytest
from conftest import declared, plugin, steps

from ade_engine.fields import Field, FullName, person_name

PEOPLE = declared("""
    Field("first_name", headers=["first name"], read=person_name, part_of=FULL_NAME.first),
    Field("last_name", headers=["last name"], read=person_name, part_of=FULL_NAME.last),
    Field("hours", headers=["hours"], read=number),
""", functions="""
FULL_NAME = FullName(["full name", "name"])
""")


def records(outcome, sheet=None):
    header, *rows = outcome.rows(sheet)
    return [dict(zip(header, row)) for row in rows]


def test_a_full_name_is_split_where_neither_part_has_a_column_and_the_report_says_of_which_column(run):
    sheets = {
        "Split": [["Hours", "Name "], [5, "Smith, Avery"], [7, "Mary Ann van der Berg"]],
        "Own": [["First name", "Name", "Hours"], ["Ann", "Lee", 3]],
    }
    outcome = run({"columns/people.py": PEOPLE}, sheets)
    assert [(row["first_name"], row["last_name"], row["Name"]) for row in records(outcome, "Split")] == [
        ("Avery", "Smith", "Smith, Avery"),
        ("Mary Ann", "van der Berg", "Mary Ann van der Berg"),
    ]
    assert [(row["first_name"], row["last_name"]) for row in records(outcome, "Own")] == [("Ann", None)]
    split, own = ({field["field"]: field for field in table["fields"]} for table in outcome.tables)
    for name in ("first_name", "last_name"):
        assert (split[name]["detected"], split[name]["derived"], split[name]["best_mapping_score"]) == (True, True, 0.9)
        assert split[name]["source_headers"] == ["Name"] and split[name]["valid_cells"] == 2
    # What was split in one table says nothing of another.
    assert own["first_name"]["detected"] and not own["first_name"]["derived"] and not own["last_name"]["detected"]


@pytest.mark.parametrize("headers, wanted", [
    (["Name", "Hours", "Full name"], "Ann"), (["Full name", "Hours", "Name"], "Bo"), (["Name", "Hours", "Remarks"], "Bo"),
])  # fmt: skip
def test_of_several_columns_of_full_names_the_first_of_the_list_is_split(run, headers, wanted):
    outcome = run({"columns/people.py": PEOPLE}, [headers, ["Bo Lee", 3, "Ann Smith"]])
    assert [row["first_name"] for row in records(outcome)] == [wanted]
    (first,) = [field for field in outcome.tables[0]["fields"] if field["field"] == "first_name"]
    assert first["source_headers"] == ["Full name" if "Full name" in headers else "Name"]


def test_hooks_get_the_parts_and_may_say_otherwise(run):
    hook = steps(on_table_mapped="""
        state["ade_engine"] = {"derived_mappings": {"field_name": "last_name", "source_header": "Hours", "score": 0.4}}
        assert table.get_column("first_name").to_list() == ["Avery"]
        return table.drop("first_name")
    """)
    outcome = run({"columns/people.py": PEOPLE, **hook}, [["Hours", "Name"], [5, "Avery Smith"]])
    fields = {field["field"]: field for field in outcome.tables[0]["fields"]}
    assert (fields["last_name"]["source_headers"], fields["last_name"]["best_mapping_score"]) == (["Hours"], 0.4)
    # Its column is gone, and the transform has made an empty one.
    assert [row["first_name"] for row in records(outcome)] == [None]


@pytest.mark.parametrize("make, message", [
    (lambda: FullName("name"), "headers should be a list of texts, not 'name'"),
    (lambda: Field("a", read=person_name, part_of=FullName(["name"])), "a part such as FULL_NAME.first"),
])
def test_what_is_no_part_is_refused_at_once(make, message):
    with pytest.raises(TypeError, match=message):
        make()


def test_a_field_s_words_are_those_of_its_whole_too():
    assert Field("a", headers=["First"], part_of=FullName(["Full  Name"]).first).words == {"first", "full name"}


ROSTER = [["Crew of March"], [], ["Name", "Hours", "Remarks"], ["Avery Smith", 5, None], ["Jordan Lee", 7, "late"], ["Bo Diaz", 6, None]]


def header_rows(outcome):
    return [table["structure"]["header"]["row_start"] for table in outcome.tables]


def test_rows_are_told_apart_without_a_detector_and_those_of_the_package_add_up(run, package, ade_engine):
    outcome = run({"columns/people.py": PEOPLE}, ROSTER, rows=None, settings={"detect_rows": True})
    assert header_rows(outcome) == [3]
    # Without the setting the first row is the header, as ever.
    config = package({"columns/people.py": PEOPLE}, rows=None)
    assert header_rows(run(config, ROSTER)) == [1]
    detector = plugin("row", 'return {"header": 9.0} if row_index == 5 else None', "row_index").replace("'data'", "'header'")
    config = package({"columns/people.py": PEOPLE, "row_detectors/own.py": detector}, rows=None)
    assert header_rows(run(config, ROSTER, settings={"detect_rows": True})) == [3, 5]
    done = ade_engine("config", "validate", "--config-package", config, env={"ADE_ENGINE_DETECT_ROWS": "true"})
    assert "- row_detectors: 3\n" in done.stdout


def test_a_field_without_a_list_of_headers_is_known_by_its_label_or_name(run):
    columns = """
    from ade_engine.models import FieldDef
    def by_name(column_header_original, field_name):
        return {field_name: 1.0} if column_header_original.lower() in ("shoe size", "site") else None
    def register(registry):
        for field in (FieldDef(name="shoe", label="Shoe size"), FieldDef(name="site")):
            registry.register_field(field)
            registry.register_column_detector(by_name, field=field.name, priority=1)
    """
    # By their looks nobody would take the second row of texts for the header.
    rows = [["a", "b"], ["c", "d"], ["Site", "Shoe size"], ["e", "f"], ["g", "h"]]
    assert header_rows(run({"columns/own.py": columns}, rows, rows=None, settings={"detect_rows": True})) == [3]


BLANK = [["Name", "Hours", "Remarks"], ["Avery Smith", 5, None], [None, " ", "a remark"], [None] * 3, [None, 0, None], [], []]


def test_rows_without_a_value_of_a_field_are_dropped_and_named(run_by_ade):
    settings = {"drop_blank_rows": True, "row_provenance": True}
    outcome = run_by_ade({"columns/people.py": PEOPLE}, BLANK, settings=settings)
    assert [row["hours"] for row in records(outcome)] == [5, 0]
    (notice,) = outcome.notices("rows_dropped")
    assert notice["message"] == "sheet 'Sheet': 2 rows without a value in any field left out (rows 3 to 4)"
    # One with a remark may be of use; one without anything is none.
    outcome = run_by_ade({"columns/people.py": PEOPLE}, [*BLANK[:2], *BLANK[3:]], settings=settings)
    assert [notice["message"] for notice in outcome.notices("rows_dropped")] == ["sheet 'Sheet': 1 empty row left out (row 3)"]
    assert notice["rows"] == [[3, 4]] and "hook" not in notice
    assert len(records(run_by_ade({"columns/people.py": PEOPLE}, BLANK))) == 4


def test_what_a_hook_has_put_into_a_field_counts_as_a_value(run):
    hook = steps(on_table_mapped='return table.with_columns(pl.col("Remarks").alias("last_name"))')
    outcome = run({"columns/people.py": PEOPLE, **hook}, BLANK, settings={"drop_blank_rows": True})
    assert [row["hours"] for row in records(outcome)] == [5, None, 0]
