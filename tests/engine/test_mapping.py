"""Columns to fields."""

import datetime as dt

import pytest
from conftest import declared, plugin

VOTES = """
from ade_engine.models import FieldDef

def by_header(*, column_header_original, **_):
    # A header says its own scores: "x=1 y=0.5".
    pairs = [pair.split("=") for pair in column_header_original.split() if "=" in pair]
    return {field: float(score) for field, score in pairs}

def register(registry):
    for name in ("b", "a", "c"):
        registry.register_field(FieldDef(name))
    registry.register_column_detector(by_header, field="a", priority=1)
"""


def mapped(outcome, what="field") -> list:
    return [column["mapping"][what] for column in outcome.tables[0]["structure"]["columns"]]


def reasons(outcome) -> list:
    return mapped(outcome, "unmapped_reason")


def scoring(names: str, body: str) -> dict[str, str]:
    """A package with fields, and a detector that says their scores."""
    fields = "from ade_engine.models import FieldDef\ndef register(registry):\n    for name in %r:\n        registry.register_field(FieldDef(name))\n"
    return {"columns/a.py": fields % names, "columns/v.py": plugin("column", body, "*, column_header_original, **_")}


LOOKED_AT = (
    "column_sample, column_sample_non_empty_values, table, column, column_name, column_index, header_text, "
    "column_header_original, field_name, table_region, table_index, sheet_name, logger"
)


def looked_at(run, said, rows, **options) -> list:
    """What a detector says of each column."""
    outcome = run({"columns/v.py": plugin("column", f'logger.info("seen", data={{"seen": {said}}})', LOOKED_AT)}, rows, fields=["a"], **options)
    return [event["data"]["seen"] for event in outcome.named("log")]


@pytest.mark.parametrize("header, field", [
    ("a=1", "a"), ("a=1 b=2", "b"), ("b=1 a=1", "a"), ("a=0", None), ("a=-1", None), ("a=0.000001", "a"), ("a=-5 c=0.1", "c"), ("x", None),
])  # fmt: skip
def test_the_best_positive_total_wins_and_the_alphabet_settles_draws(run, header, field):
    assert mapped(run({"columns/v.py": VOTES}, [[header], [1]])) == [field]


def test_scores_of_several_detectors_add_up(run):
    outcome = run({"columns/v.py": VOTES, "columns/w.py": plugin("column", 'return {"b": 0.75, "a": -0.25}')}, [["a=1"], [1]])
    assert mapped(outcome, "candidates") == [[{"field": "a", "score": 0.75}, {"field": "b", "score": 0.75}]]
    assert mapped(outcome) == ["a"]


def test_leftmost_keeps_the_highest_total_and_losers_do_not_fall_back(run):
    outcome = run({"columns/v.py": VOTES}, [["a=1 b=0.5", "a=2 b=1.5", "a=2"], [1, 2, 3]])
    assert mapped(outcome) == [None, "a", None] and reasons(outcome) == ["duplicate_field", None, "duplicate_field"]
    assert outcome.rows()[0] == ["a=1 b=0.5", "a", "a=2"]


def test_leave_unmapped_unmaps_all_of_them(run):
    settings = {"mapping_tie_resolution": "leave_unmapped"}
    outcome = run({"columns/v.py": VOTES}, [["a=1", "a=2", "b=1"], [1, 2, 3]], settings=settings)
    assert mapped(outcome) == [None, None, "b"] and reasons(outcome) == ["duplicate_field", "duplicate_field", None]


@pytest.mark.parametrize(
    "columns, winner, told",
    [
        # The fullest of equal scores; the leftmost of equally full ones; a higher score before all.
        (["a=1", "a=1 "], 1, "B was used, the fullest (2 filled cells; the others: A (0))"),
        (["a=1 ", "a=1"], 0, "A was used, the fullest (2 filled cells; the others: B (0))"),
        (["a=1 ", "a=1 "], 0, "A was used, the leftmost of these (2 filled cells; the others: B (2))"),
        (["a=2", "a=1 "], 0, None),
    ],
)
def test_of_equal_columns_the_fullest_gets_the_field(run_by_ade, package, columns, winner, told):
    """A header with a blank behind it stands for a column with values."""
    config = package({"columns/v.py": VOTES})
    rows = [columns, *([n if header.endswith(" ") else None for header in columns] for n in (1, 2))]
    outcome = run_by_ade(config, rows, settings={"mapping_tie_resolution": "fullest"})
    assert mapped(outcome) == [["a", None], [None, "a"]][winner] and reasons(outcome)[1 - winner] == "duplicate_field"
    messages = [notice["message"] for notice in outcome.notices("column_of_several")]
    assert [message.partition(". ")[2] for message in messages] == ([told] if told else [])
    # Older packages have the left one, and hear nothing.
    outcome = run_by_ade(config, rows)
    assert mapped(outcome) == ["a", None] and not outcome.noticed["notices"]


def test_of_several_fields_with_equal_columns_each_is_named(run_by_ade):
    rows = [["a=1", "b=1", "a=1 ", "b=1 "], [None, None, 1, 2]]
    outcome = run_by_ade({"columns/v.py": VOTES}, rows, settings={"mapping_tie_resolution": "fullest"})
    assert mapped(outcome) == [None, None, "a", "b"]
    told = [(notice["field"], notice["message"]) for notice in outcome.notices("column_of_several")]
    assert [field for field, _ in told] == ["a", "b"]
    assert all(f"have a header of the field {field!r}" in message for field, message in told)


def test_unmapped_columns_say_why(run):
    headers = ["a=1", "a=0.5", "N/A", "unnamed: 3", None, "x", " none "]
    outcome = run({"columns/v.py": VOTES}, [headers, [1] * 7])
    placeholder = "empty_or_placeholder_header"
    assert reasons(outcome) == [None, "duplicate_field", placeholder, placeholder, placeholder, "no_signal", placeholder]


def test_a_placeholder_header_lists_no_candidates_unless_it_is_mapped(run):
    outcome = run(scoring("a", 'return {"a": 1.0}'), [["n/a", "NULL"], [1, 2]])
    assert mapped(outcome, "status")[0] == "mapped" and reasons(outcome)[1] == "empty_or_placeholder_header"
    assert mapped(outcome, "candidates") == [[{"field": "a", "score": 1.0}], []]


def test_three_candidates_are_listed_best_first(run):
    outcome = run(scoring("abcde", 'return {"d": 1, "b": 2, "c": 1, "a": -1, "e": 0.5}'), [["x"], [1]])
    assert mapped(outcome, "candidates") == [[{"field": "b", "score": 2.0}, {"field": "c", "score": 1.0}, {"field": "d", "score": 1.0}]]


def test_renaming_is_in_place_and_skips_a_name_that_is_taken(run):
    outcome = run({"columns/v.py": VOTES}, [["x", "a=1", "b", "b=1"], [1, 2, 3, 4]])
    assert outcome.rows()[0] == ["x", "a", "b", "b=1"]
    assert mapped(outcome, "status") == ["unmapped", "mapped", "unmapped", "mapped"]
    assert any(event["level"] == "warning" and "'b=1'" in event["message"] for event in outcome.named("log"))
    # "b" cannot become "a" while "a" is there; "a" cannot become "b" for the same reason.
    outcome = run(scoring("ab", 'return {{"a": "b", "b": "a"}[column_header_original]: 1.0}'), [["b", "a"], [1, 2]])
    assert outcome.rows()[0] == ["b", "a"] and mapped(outcome) == ["a", "b"]


def test_the_sample_holds_the_first_texts_of_the_column(run):
    rows = [
        ["t", "n", "d", "e"], [" x ", 1, dt.datetime(2024, 1, 2), None], ["", 2.5, None, None],
        [" ", None, dt.datetime(2024, 1, 3, 4), None], ["y", 4, None, None],
    ]
    samples = looked_at(run, "[column_sample, column_sample_non_empty_values]", rows, settings={"detector_column_sample_size": 2})
    first = [["x", "y"], ["1.0", "2.5"], ["2024-01-02 00:00:00", "2024-01-03 04:00:00"], []]
    assert samples == [[sample, sample] for sample in first]
    # It is found however late it starts.
    rows = [["t"], *([" "] for _ in range(1500)), *([str(n)] for n in range(20))]
    assert looked_at(run, "column_sample", rows, settings={"detector_column_sample_size": 15}) == [[str(n) for n in range(15)]]


def test_detectors_see_the_column_as_it_was_read(run):
    said = """[table.columns, column.to_list(), column_name, column_index, header_text,
        column_header_original, field_name, table_region.a1, table_index, sheet_name]"""
    assert looked_at(run, said, [[" F ", None], [1, 2]]) == [
        [["F", "col_2"], [1], "F", 0, "F", "F", "a", "A1:B2", 0, "Sheet"],
        [["F", "col_2"], [2], "col_2", 1, "", "", "a", "A1:B2", 0, "Sheet"],
    ]


def test_columns_that_share_a_frame_column_share_its_values(run):
    outcome = run({"columns/v.py": VOTES}, [["A", "A", "A__2"], [1, 2, 3]])
    assert outcome.rows() == [["A", "A__2"], [1, 3]] and outcome.completed["counts"]["columns"]["total"] == 3


TWO_AMOUNTS = declared('Field("net", headers=["net", "net amount"], read=money)')


@pytest.mark.parametrize("headers, level, units", [
    (["Net (USD)", "Net (EUR)"], "warning", "different units (USD, EUR)"),
    (["Net", "Net amount (EUR)"], "warning", "different units (none, EUR)"),
    (["Net (EUR)", "Net amount (EUR)"], "info", None),
    (["Net", "Net amount"], "info", None),
])
def test_columns_of_different_units_that_claim_one_field_are_a_warning(run_by_ade, headers, level, units):
    rows = [headers, [5, 15], [6, 16]]
    outcome = run_by_ade({"columns/v.py": TWO_AMOUNTS}, rows, settings={"mapping_tie_resolution": "fullest"})
    (notice,) = outcome.notices("column_of_several")
    assert notice["level"] == level
    assert "units" not in notice["message"] if units is None else units in notice["message"]


def test_brackets_that_a_field_lists_count(succeed, template):
    own = template / "src/ade_config/columns/fields.py"
    own.write_text(declared("Field('used', headers=['used', 'used (this year)']), Field('no', headers=['no'])"))

    def used(*headers):
        outcome = succeed(template, {"S": [["No", *headers], *([str(at), *(10 * at + column for column in range(len(headers)))] for at in (1, 2))]})
        header, *rows = outcome.rows()
        return [row[header.index("used")] for row in rows]

    assert used("Used (prev. year)", "Used (this year)") == [11, 21]
    assert used("Used (this year)", "Used (prev. year)") == [10, 20] and used("Used (prev. year)") == [10, 20]


@pytest.mark.parametrize(("which", "second", "told"), [
    ("", [3, 4], True),
    # The second one is empty, the author knows of both, or the other header says more.
    ("", [None, None], False),
    (", which='first'", [3, 4], False),
])  # fmt: skip
def test_two_columns_of_the_same_words_are_an_issue(run_by_ade, template, which, second, told):
    own = template / "src/ade_config/columns/fields.py"
    own.write_text(declared(f"Field('amount', headers=['amount', 'sum'], read=number{which})"))
    outcome = run_by_ade(template, {"S": [["Amount", "Sum", "Remark"], *([n, other, "x"] for n, other in zip((1, 2), second))]})
    found = [(issue["rule"], issue["severity"], issue["message"][:45]) for issue in outcome.issues]
    assert found == [("amount.column_of_several", "warning", "the columns A and B both have a header of thi")] * told


@pytest.mark.parametrize("headers", [["Amount (prev. year)", "Amount (this year)"], ["Amount last year", "Amount"], ["Amount (Vorjahr)", "Amount (2025)"]])
def test_the_year_before_is_no_answer_beside_this_one(run_by_ade, template, headers):
    own = template / "src/ade_config/columns/fields.py"
    own.write_text(declared("Field('amount', headers=['amount', 'amount last year'], read=number)"))
    outcome = run_by_ade(template, {"S": [[*headers, "Remark"], [1, 101, "x"], [2, 102, "y"]]})
    assert [record["amount"] for record in outcome.records("S")[0]] == [101, 102] and not outcome.issues
