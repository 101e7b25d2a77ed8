"""Sorting, merging, choosing columns, writing. And the manifest, which orders them."""

import json

import pytest
from conftest import steps

BLOCKS = """
def rows(*, row_values, **_):
    if not row_values:
        return None
    return {"header": 1.0} if str(row_values[0]).startswith(("a", "H")) else {"data": 1.0}
def register(registry):
    registry.register_row_detector(rows, row_kind="header", priority=1)
"""


def test_tables_follow_each_other_with_one_blank_row_between(run):
    outcome = run({}, [["a", "H1"], [1, 2], [], ["H2"], [3]], rows=BLOCKS)
    assert outcome.rows() == [["a", "H1"], [1, 2], [None, None], [None, None], ["H2", None], [3, None]]
    assert [table["outputs"]["normalized"]["range_a1"] for table in outcome.tables] == ["Sheet!A1:B3", "Sheet!A5:A6"]
    assert [event["data"] for event in outcome.named("table.written")] == [
        {"schema_version": 1, "sheet_name": "Sheet", "table_index": 0, "output_range": "A1:B3"},
        {"schema_version": 1, "sheet_name": "Sheet", "table_index": 1, "output_range": "A5:A6"},
    ]


def test_sorting_puts_the_best_mapped_table_first(run):
    rows = [["Hx", "a"], [1, 2], ["a", None, "a "], [3, None, 4], ["a", "b"], [5, 6], ["Hy"], [7]]
    outcome = run({}, rows, rows=BLOCKS, fields=["a", "b"], settings={"sort_tables_by_mapping_ratio": True})
    # Shares: 1/2, 1/2 (the empty column does not count), 2/2, 0/1. Equals stay in sheet order.
    assert [table["locator"]["table"]["index"] for table in outcome.tables] == [0, 1, 2, 3]
    written = [event["data"]["table_index"] for event in outcome.named("table.written")]
    assert written == [2, 0, 1, 3] and outcome.rows()[0][:2] == ["a", "b"]


def merged(run, rows, **options):
    settings = {"merge_tables_in_sheet": True, **options.pop("settings", {})}
    return run(options.pop("files", {}), rows, rows=BLOCKS, settings=settings, **options)


def test_merging_stacks_the_union_of_columns(run):
    outcome = merged(run, [["a", "H1"], [1, "x"], ["Hz", "a"], ["y", 2.5]], fields=["a"])
    assert outcome.rows() == [["a", "H1", "Hz"], [1, "x", None], [2.5, None, "y"]]
    (table,) = outcome.tables
    assert table["structure"]["region"]["a1"] == "A1:B4"
    assert table["structure"]["data"] == {"row_start": 2, "row_count": 3}
    assert table["counts"]["rows"] == {"total": 3, "empty": 1}
    assert [event["data"]["table_index"] for event in outcome.named("table.written")] == [0]


def test_a_merged_table_reports_the_best_score_and_the_first_header(run):
    outcome = merged(run, [["a", "H1"], [1, None], ["Hz", "A "], [1, 2]], files={"columns/b.py": """
        from ade_engine.models import FieldDef
        def vote(*, column_header_original, column_index, **_):
            return {"a": 1.0 + column_index} if column_header_original.lower() == "a" else None
        def register(registry):
            registry.register_field(FieldDef("a"))
            registry.register_column_detector(vote, field="a", priority=1)
    """})  # fmt: skip
    field = outcome.completed["fields"][0]
    assert (field["best_mapping_score"], field["source_headers"]) == (2.0, ["a"])
    columns = outcome.tables[0]["structure"]["columns"]
    assert [column["header"]["raw"] for column in columns] == ["a", "H1", None, None, "Hz"]
    assert [column["non_empty_cells"] for column in columns] == [2, 0, 2, 2, 1]


def test_one_table_is_not_merged(run):
    outcome = merged(run, [["a"], [1]], fields=["a"])
    assert len(outcome.tables[0]["structure"]["columns"]) == 1


@pytest.mark.parametrize("left, right, expected", [
    ("pl.lit(1, dtype=pl.Int8)", "pl.lit(2, dtype=pl.Int64)", "Int64"),
    ("pl.lit(1)", "pl.lit(2.5)", "Float64"),
    ("pl.lit(1.5, dtype=pl.Float32)", "pl.lit(2)", "Float64"),
    ("pl.lit(None)", "pl.lit('x')", "String"),
    ("pl.lit(None)", "pl.lit(None)", "Null"),
    ("pl.lit(True)", "pl.lit(None)", "Boolean"),
    ("pl.lit('x')", "pl.lit(1)", None),
    ("pl.lit(True)", "pl.lit(1)", None),
    ("pl.lit(d)", "pl.lit(t)", None),
    ("pl.lit('x')", "pl.lit(d)", None),
])
def test_merged_columns_agree_on_a_type_or_the_run_fails(run, left, right, expected):
    typed = f"""
        import datetime
        d, t = datetime.date(2024, 1, 2), datetime.datetime(2024, 1, 2)
        return table.with_columns(({left}, {right})[table_index].alias("a"))
    """
    tell = 'logger.info("type", data={"type": str(table_result.table.schema["a"])})'
    hooks = steps(on_table_mapped=typed, on_table_written=tell)
    outcome = merged(run, [["a"], [1], ["a"], [2]], fields=["a"], files=hooks)
    if expected is None:
        assert outcome.result.error.code == "pipeline_error" and "'a'" in outcome.result.error.message
    else:
        assert outcome.result.error is None, outcome.result.error
        assert outcome.logged == {"type": expected}


@pytest.mark.parametrize("unmapped, diagnostics, expected", [
    (False, False, ["a", "x"]),
    (True, False, ["a"]),
    (False, True, ["a", "x", "__ade_has_issues", "__ade_issue_count", "__ade_note"]),
    (True, True, ["a", "__ade_has_issues", "__ade_issue_count", "__ade_note"]),
])
def test_settings_choose_the_columns_that_are_written(run, unmapped, diagnostics, expected):
    settings = {"remove_unmapped_columns": unmapped, "write_diagnostics_columns": diagnostics}
    hook = steps(on_table_validated='return table.with_columns(pl.lit("n").alias("__ade_note"))')
    outcome = run(hook, [["a", "x"], [1, 2]], fields=["a"], settings=settings)
    assert (outcome.rows() or [None])[0] == expected


def test_a_table_without_columns_leaves_an_empty_header_row(run):
    outcome = run({}, [["Hx"], [1], ["a"], [2]], rows=BLOCKS, fields=["a"], settings={"remove_unmapped_columns": True})
    assert outcome.rows() == [[None], [None], ["a"], [2]]
    assert [table["outputs"]["normalized"]["range_a1"] for table in outcome.tables] == ["Sheet!A1", "Sheet!A3:A4"]


def test_a_hook_may_move_the_end_of_the_sheet_but_not_what_is_reported(run):
    hook = steps(on_table_written='output_sheet.append(["from the hook", table_index])')
    outcome = run(hook, [["a"], [1], ["a"], [2]], rows=BLOCKS)
    assert [row[0] for row in outcome.rows()] == ["a", 1, "from the hook", None, "a", 2, "from the hook"]
    assert [table["outputs"]["normalized"]["range_a1"] for table in outcome.tables] == ["Sheet!A1:A2", "Sheet!A4:A5"]


def test_control_characters_are_refused_and_nothing_is_left_behind(run, tmp_path):
    hook = steps(on_table_validated='return pl.DataFrame({"x": ["a" + chr(1) + "b"]})')
    outcome = run(hook, [["a"], [1]])
    assert outcome.result.error.code == "unknown_error" and not list((tmp_path / "out").rglob("*"))
    assert outcome.completed["outputs"] is None


def test_formulas_can_be_escaped(run):
    rows = [["a"], ["x"]]
    hook = steps(on_table_validated='return pl.DataFrame({"=head": ["=1+1"], "n": ["-1"]})')
    types = lambda outcome: [cell.data_type for row in outcome.book.worksheets[0].iter_rows() for cell in row]  # noqa: E731
    assert types(run(hook, rows)) == ["f", "s", "f", "s"]
    escaped = run(hook, rows, settings={"escape_formulas": True})
    assert types(escaped) == ["s"] * 4 and escaped.rows() == [["=head", "n"], ["=1+1", "-1"]]


MANIFEST = """
    [[columns]]
    field = "b"
    header = "Bee"

    [[columns]]
    field = "nowhere"

    [[columns]]
    field = "a"

    [[columns]]
    field = "secret"
    enabled = false
"""


@pytest.mark.parametrize("place", ["/manifest.toml", "manifest.toml"])
def test_a_manifest_orders_and_names_the_columns(run, place):
    outcome = run({place: MANIFEST}, [["a", "x", "secret", "b"], [1, 2, 3, 4]], fields=["a", "b", "secret"])
    assert outcome.rows() == [["Bee", "a", "x"], [4, 1, 2]]
    # Reports speak of fields, whatever the output calls them.
    assert [field["valid_cells"] for field in outcome.completed["fields"]] == [1, 1, 1]


@pytest.mark.parametrize("columns, expected", [
    ({"order": ["b", "a"], "meta": {"b": {"label": "Bee"}, "x": {"enabled": False}}}, ["Bee", "a"]),
    ({"order": ["b", "a"]}, ["b", "a", "x"]),
    ({"meta": {"x": {"label": "Ex", "enabled": True, "required": True}}}, ["Ex", "a", "b"]),
    ([{"name": "x"}, "b"], ["x", "b", "a"]),
    ([{"field": "a", "header": "x"}], ["x", "x__2", "b"]),
    ([{"field": "a", "enabled": False}, {"field": "b", "enabled": False}, {"field": "x", "enabled": False}], None),
    ([], ["a", "x", "b"]),
])
def test_older_and_shorter_manifests_are_read_as_well(run, columns, expected):
    manifest = {"/manifest.json": json.dumps({"info": {"title": "Old"}, "columns": columns})}
    outcome = run(manifest, [["a", "x", "b"], [1, 2, 3]], fields=["a", "b"])
    assert (outcome.rows() or [None])[0] == expected


@pytest.mark.parametrize("text", [
    "columns = 5", "[[columns]]\nheader = 'x'", "[[columns]]\nfield = 'a'\nenabled = 'no'", "columns = [",
    "columns = ['a', 'a']", "[[columns]]\nfield='a'\nheader=1",
])
def test_a_manifest_that_makes_no_sense_is_a_config_error(run, text):
    outcome = run({"/manifest.toml": text}, [["a"], [1]], fields=["a"])
    assert outcome.result.error.code == "config_error" and "manifest.toml" in outcome.result.error.message


def test_a_merged_table_keeps_the_scores_and_the_reasons_of_its_tables(run):
    tell = """
        scores = {str(i): s for i, s in table_result.column_scores.items()}
        logger.info("x", data={"scores": scores, "duplicates": sorted(table_result.duplicate_unmapped_indices)})
    """
    outcome = merged(run, [["a", "H1", "H2"], [1, 2, 3], ["a", "H1"], [4, 5]], files={"columns/v.py": """
        from ade_engine.models import FieldDef
        def vote(*, column_header_original, table_index, **_):
            return {
                "a": {"one": 1.0, "two": 0.25},
                "H1": {"three": 0.5 + table_index, "two": 0.1},
                "H2": {"three": 0.5},
            }[column_header_original]
        def register(registry):
            for name in ("one", "two", "three"):
                registry.register_field(FieldDef(name))
            registry.register_column_detector(vote, field="one", priority=1)
    """, **steps(on_table_written=tell)}, settings={"mapping_tie_resolution": "leave_unmapped"})  # fmt: skip
    columns = [c for c in outcome.tables[0]["structure"]["columns"] if c["header"]["raw"]]
    found = [(c["header"]["raw"], c["mapping"]["field"], c["mapping"]["unmapped_reason"]) for c in columns]
    # Both columns of the first table claim "three", so neither gets it; in the second table there is only one.
    assert found == [("a", "one", None), ("H1", None, "duplicate_field"), ("H2", None, "duplicate_field"), ("H1", "three", None)]
    data = outcome.logged
    assert data["scores"]["0"] == {"one": 1.0, "two": 0.25}
    assert {"three": 0.5} in data["scores"].values() and {"three": 1.5, "two": 0.1} in data["scores"].values()
    assert len(data["duplicates"]) == 2
    first = outcome.tables[0]["structure"]["columns"][0]["mapping"]["candidates"]
    assert first == [{"field": "one", "score": 1.0}, {"field": "two", "score": 0.25}]


def test_a_merged_table_has_as_many_header_rows_as_the_shortest_header(run):
    outcome = merged(run, [["a", "H"], ["H1", "x"], [1, 2], ["a"], [3]], fields=["a"])
    structure = outcome.tables[0]["structure"]
    assert structure["header"]["row_count"] == 1 and structure["data"] == {"row_start": 2, "row_count": 4}


def test_counts_agree_with_each_other_when_a_hook_multiplies_rows_of_merged_tables(run):
    hook = steps(on_table_mapped="return pl.concat([table] * 10)")
    outcome = merged(run, [["a"], [1], ["a"], [2]], fields=["a"], files=hook)
    counts = outcome.tables[0]["counts"]
    assert len(outcome.rows()) == 21 and counts["rows"] == {"total": 3, "empty": 0}
    assert counts["cells"] == {"total": 9, "non_empty": 9}
    assert all(c["non_empty_cells"] <= 3 for c in outcome.tables[0]["structure"]["columns"])


def test_a_table_that_a_hook_has_emptied_of_columns_is_a_row_of_nulls_when_merged(run):
    hook = steps(on_table_validated="return table.select([]) if table_index == 0 else None")
    outcome = merged(run, [["a"], [1], ["a"], [2]], fields=["a"], files=hook)
    assert outcome.rows() == [["a"], [None], [2]]


def test_a_table_is_told_under_the_title_that_its_sheet_has_and_reported_under_the_one_it_had(run):
    hook = steps(on_table_written='output_sheet.title = f"R{table_index}"')
    outcome = run(hook, {"One": [["a"], [1], ["a"], [2]]}, rows=BLOCKS, fields=["a"])
    assert [event["data"]["sheet_name"] for event in outcome.named("table.written")] == ["One", "R0"]
    normalized = [table["outputs"]["normalized"] for table in outcome.tables]
    assert [(place["sheet_name"], place["range_a1"]) for place in normalized] == [("One", "One!A1:A2"), ("One", "R0!A4:A5")]
    assert outcome.book.sheetnames == ["R1"]


@pytest.mark.parametrize("hook", ["on_table_written", "on_sheet_end"])
def test_reports_tell_of_a_table_as_the_hooks_have_left_its_result(run, hook):
    result = "[table_result]" if hook == "on_table_written" else "tables"
    files = steps(**{hook: f"for result in {result}:\n    result.mapped_columns.clear()"})
    outcome = run(files, [["a"], [1]], fields=["a"])
    assert outcome.completed["evaluation"]["outcome"] == "failure"
    assert outcome.completed["counts"]["columns"]["mapped"] == 0 and outcome.rows() == [["a"], [1]]


def test_mappings_that_a_hook_has_made_by_hand_need_no_score(run):
    hook = steps(on_table_written="""
        from ade_engine.models import DerivedMapping, MappedColumn
        table_result.mapped_columns.append(MappedColumn("a", 0, "x", []))
        table_result.derived_mappings.append(DerivedMapping("b", "y"))
    """)
    outcome = run(hook, [["x", "y"], [1, 2]], fields=["a", "b"])
    assert [field["detected"] for field in outcome.completed["fields"]] == [True, True]
    assert [field["derived"] for field in outcome.completed["fields"]] == [False, True]
    assert [field["best_mapping_score"] for field in outcome.completed["fields"]] == [None, None]


def test_a_table_is_reported_even_when_the_hook_after_it_fails(run):
    hook = steps(on_table_written="table_result.derived_mappings.clear()\nif table_index:\n    raise ValueError('no')")
    outcome = run(hook, [["a"], [1], ["a"], [2], ["a"], [3]], rows=BLOCKS, fields=["a"])
    assert outcome.result.error.stage == "on_table_written"
    assert [table["locator"]["table"]["index"] for table in outcome.tables] == [0, 1]


def test_the_folder_of_the_output_is_there_from_the_first_hook_on(run, tmp_path):
    hook = steps(on_workbook_start="""
        from pathlib import Path
        Path(metadata["output_file"]).with_name("started.txt").write_text("yes")
    """)
    outcome = run(hook, [["a"]], output_path=tmp_path / "new" / "deep" / "x.xlsx")
    assert outcome.result.error is None and (tmp_path / "new" / "deep" / "started.txt").read_text() == "yes"
