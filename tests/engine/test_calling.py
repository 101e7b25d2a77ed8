"""Callables: the values that they are offered, how they are called, and what they may return."""

import openpyxl
import pytest
from conftest import REGISTERED, plugin

from ade_engine.extensions.invoke import call_extension
from ade_engine.models import (DerivedMapping, MappedColumn, PipelineError, SourceColumn, TableRegion, TableResult, TransformContext)

COMMON = ["input_file_name", "logger", "metadata", "settings", "state"]

SPY = 'given["state"].setdefault("given", {})[%r] = sorted(given)'


def test_every_callable_is_offered_what_the_contract_lists(run):
    stages = [
        "on_workbook_start", "on_sheet_start", "on_table_mapped", "on_table_transformed", "on_table_validated",
        "on_table_written", "on_sheet_end", "on_workbook_before_save",
    ]  # fmt: skip
    files = {f"hooks/{what}.py": plugin(what, SPY % what, "**given") for what in (*REGISTERED, *stages)}
    files["hooks/z_report.py"] = plugin("on_workbook_before_save", 'logger.info("given", data=state["given"])', "state, logger")
    given = run(files, [["a"], [1]], fields=["a"]).named("log")[0]["data"]

    table = ["source_region", "source_sheet", "source_workbook", "table", "table_index"]
    expected = {
        "row": ["row_index", "row_values", "sheet_name"],
        "column": [
            "column", "column_header_original", "column_index", "column_name", "column_sample",
            "column_sample_non_empty_values", "field_name", "header_text", "sheet_name", "table", "table_index",
            "table_region",
        ],
        "transform": ["field_name", "table", "table_index", "table_region"],
        "validator": ["field_name", "table", "table_index", "table_region"],
        "on_workbook_start": ["source_workbook"],
        "on_sheet_start": ["source_sheet", "source_workbook"],
        "on_table_mapped": table,
        "on_table_transformed": table,
        "on_table_validated": table,
        "on_table_written": ["output_region", "output_sheet", "output_workbook", "table_index", "table_result", "write_table"],
        "on_sheet_end": ["output_sheet", "output_workbook", "tables"],
        "on_workbook_before_save": ["output_workbook"],
    }  # fmt: skip
    assert given == {name: sorted([*COMMON, *names]) for name, names in expected.items()}


def test_callables_of_any_kind_are_fine(run):
    outcome = run({"columns/kinds.py": """
        from functools import partial
        import polars as pl

        class Counter:
            def __init__(self):
                self.calls = 0
            def __call__(self, column_index, *, field_name, missing=3):
                self.calls += 1
                return {field_name: 0.5}
            def method(self, *, field_name, column_header_original, **rest):
                assert "table" in rest and "field_name" not in rest
                return {field_name: 0.25} if column_header_original == "x" else None

        def positional(field_name, column, unknown=7, /, column_index=None, *args, sheet_name):
            assert unknown == 7 and column.name and column_index is not None and sheet_name == "Sheet"
            return {field_name: 0.125}

        def with_extra(field_name, bonus, **_):
            return {field_name: bonus}

        def register(registry):
            counter = Counter()
            for fn in (counter, counter.method, positional, partial(with_extra, bonus=1), lambda: {"x": 2}):
                registry.register_column_detector(fn, field="x", priority=1)
    """}, [["x"], [1]], fields=["x"])  # fmt: skip
    assert outcome.result.error is None, outcome.result.error
    (column,) = outcome.tables[0]["structure"]["columns"]
    assert column["mapping"]["score"] == pytest.approx(1 + 0.5 + 0.25 + 0.125 + 1 + 2)


@pytest.mark.parametrize("signature", ["row_values", "row_index, /", "*, sheet_name", "**kw", "", "row_index=1, *rest", "row_values, extra=5, /"])
def test_row_detectors_take_what_their_signature_names(run, signature):
    more = plugin("row", 'return {"data": 0.5}', signature)
    outcome = run({"row_detectors/more.py": more}, [["a"], [1]], fields=["a"])
    assert outcome.result.error is None, outcome.result.error
    assert outcome.tables[0]["structure"]["region"]["a1"] == "A1:A2"


@pytest.mark.parametrize("level", [10, 20])
@pytest.mark.parametrize("returned, accepted", [
    *((text, True) for text in ("None", "{}", "{'data': True, 'header': '0.5'}", "{'data': 1}")),
    ("__import__('types').MappingProxyType({'data': 1})", True), ("__import__('decimal').Decimal(1)", False),
    *((text, False) for text in ("{'data': float('nan')}", "{'data': float('inf')}", "{'data': None}", "{'data': 'high'}")),
    *((text, False) for text in ("[('data', 1)]", "0", "''", "1.0")),
])  # fmt: skip
def test_row_scores_are_finite_numbers_by_kind(run, returned, accepted, level):
    more = plugin("row", f"return {returned}")
    error = run({"row_detectors/more.py": more}, [["a"], [1]], fields=["a"], level=level).result.error
    assert (error is None) == accepted, error
    if not accepted:
        assert error.code == "pipeline_error" and "row 1" in error.message and "more.py" in error.message


@pytest.mark.parametrize("returned, accepted", [
    ("None", True), ("{'b': '2.5'}", True), ("{'a': True}", True),
    ("{'ghost': 0}", False), ("{'a': 'x'}", False), ("[1]", False), ("False", False),
])  # fmt: skip
def test_column_scores_are_finite_numbers_by_registered_field(run, returned, accepted):
    error = run({"columns/b.py": plugin("column", f"return {returned}")}, [["x"], [1]], fields=["a", "b"]).result.error
    assert (error is None) == accepted, error
    if not accepted:
        assert error.code == "pipeline_error"


@pytest.mark.parametrize("kind", [*REGISTERED, "row with debug events", "on_table_mapped"])
@pytest.mark.parametrize("parameters, body", [("nonsense", "pass"), ("**_", "raise TypeError('mine')"), ("**_", "return len(5)")])
def test_a_missing_parameter_and_any_type_error_break_the_pipeline(run, kind, parameters, body):
    config = {"columns/b.py": plugin(kind.removesuffix(" with debug events"), body, parameters)}
    outcome = run(config, [["a"], [1]], fields=["a"], level=10 if "debug" in kind else 20)
    assert outcome.result.error.code == ("hook_error" if kind == "on_table_mapped" else "pipeline_error")
    assert "b.py" in outcome.result.error.message and outcome.output is None


def test_state_is_one_dictionary_and_metadata_has_the_sheet_index_inside_sheets(run):
    outcome = run({"hooks/h.py": """
        def remember(*, state, metadata, **_):
            state.setdefault("seen", []).append(metadata.get("sheet_index", "none"))
        def scribble(*, metadata, **_):
            metadata["mine"] = 1
        def tell(*, state, metadata, logger, **_):
            logger.info("seen", data={"seen": state["seen"], "metadata": metadata})
        def register(registry):
            for hook in ("on_workbook_start", "on_sheet_start", "on_table_mapped", "on_sheet_end", "on_workbook_before_save"):
                registry.register_hook(remember, hook=hook, priority=1)
            registry.register_hook(scribble, hook="on_sheet_start", priority=1)
            registry.register_hook(tell, hook="on_workbook_before_save", priority=0)
    """}, {"A": [["x"], [1]], "B": [["x"], [1]]})  # fmt: skip
    data = outcome.named("log")[0]["data"]
    assert data["seen"] == ["none", 0, 0, 0, 1, 1, 1, "none"]
    assert sorted(data["metadata"]) == ["input_file", "input_file_name", "output_file"]
    assert data["metadata"]["output_file"] == str(outcome.output)


def test_hooks_of_a_stage_run_in_order_and_hand_the_table_on(run):
    outcome = run({"hooks/h.py": """
        import polars as pl
        def add(name):
            return lambda table: table.with_columns(pl.lit(",".join(table.columns)).alias(name))
        def leave_alone(table):
            return None
        def register(registry):
            registry.register_hook(add("second"), hook="on_table_mapped", priority=1)
            registry.register_hook(leave_alone, hook="on_table_mapped", priority=2)
            registry.register_hook(add("first"), hook="on_table_mapped", priority=3)
    """}, [["a"], [1]])  # fmt: skip
    assert outcome.rows() == [["a", "first", "second"], [1, "a", "a,first"]]


@pytest.mark.parametrize("stage, returned, accepted", [
    ("on_table_mapped", "table", True), ("on_table_mapped", "table.lazy()", False), ("on_table_validated", "{}", False),
    ("on_sheet_start", "1", False), ("on_sheet_end", "output_sheet", False), ("on_workbook_before_save", "False", False),
])  # fmt: skip
def test_hooks_return_a_table_where_one_is_wanted_and_nothing_elsewhere(run, stage, returned, accepted):
    hook = plugin(stage, f"return {returned}", "*, table=None, output_sheet=None, **_")
    error = run({"hooks/h.py": hook}, [["a"], [1]]).result.error
    assert (None if error is None else (error.code, error.stage)) == (None if accepted else ("hook_error", stage))


def test_call_extension_takes_contexts_and_mappings():
    def fn(field_name, /, *, table_index, **rest):
        return field_name, table_index, sorted(rest)

    context = TransformContext(
        settings=None, metadata={}, state={}, input_file_name="x", logger=None, field_name="a", table=None,
        table_region=None, table_index=3,
    )  # fmt: skip
    expected = ["input_file_name", "logger", "metadata", "settings", "state", "table", "table_region"]
    assert call_extension(fn, context) == ("a", 3, expected)
    assert call_extension(lambda field_name: field_name, {"field_name": "b"}) == "b"
    with pytest.raises(PipelineError, match="ghost"):
        call_extension(lambda ghost: None, {"field_name": "b"})
    with pytest.raises(PipelineError):
        call_extension(lambda: len(5), {}, label="mine")


def test_a_region_knows_its_parts():
    region = TableRegion(min_row=3, min_col=2, max_row=9, max_col=28, header_row_count=2)
    assert (region.a1, region.cell_range.coord) == ("B3:AB9", "B3:AB9")
    assert (region.width, region.height, region.header_row) == (27, 7, 3)
    assert (region.data_first_row, region.data_min_row, region.has_data_rows, region.data_row_count) == (5, 5, True, 5)
    header_only = TableRegion(min_row=4, min_col=1, max_row=4, max_col=1)
    assert header_only.a1 == "A4" and (header_only.data_first_row, header_only.data_min_row) == (5, 4)
    assert (header_only.has_data_rows, header_only.data_row_count) == (False, 0)
    with pytest.raises(AttributeError):
        region.min_row = 1
    assert len({region, TableRegion(3, 2, 9, 28, 2)}) == 1
    for bounds in ((0, 1, 1, 1), (1, 0, 1, 1), (2, 1, 1, 1), (1, 2, 1, 1), (1, 1, 2, 1, 3)):
        with pytest.raises(ValueError):
            TableRegion(*bounds)


def test_a_region_gives_the_values_of_a_worksheet():
    sheet = openpyxl.Workbook().active
    sheet["B2"], sheet["C3"] = "x", 5
    region = TableRegion(min_row=2, min_col=2, max_row=3, max_col=3)
    assert list(region.iter_values(sheet)) == [("x", None), (None, 5)]
    assert next(iter(region.iter_values(sheet, values_only=False)))[0].coordinate == "B2"


def test_columns_know_whether_there_is_anything_in_them():
    assert SourceColumn(0, " ", [None, "", " "]).is_empty and not SourceColumn(0, None, [None, 0]).is_empty
    assert not SourceColumn(0, "h", []).is_empty
    lazy = SourceColumn(1, "h", lambda: [1, 2])
    assert lazy.values == [1, 2] and lazy.values is lazy.values


def test_a_table_result_looks_up_what_was_mapped_and_derived():
    result = TableResult(
        sheet_name="S",
        table=None,
        source_region=TableRegion(1, 1, 2, 2),
        mapped_columns=[MappedColumn("a", 1, "A", [1], 0.5)],
        derived_mappings=[DerivedMapping("b", "A", 1), DerivedMapping("a", "B", 0)],
    )
    assert result.mapping_lookup() == {"a": 1, "b": 1}
    assert (result.table_index, result.output_region, result.output_sheet_name) == (0, None, None)


TELL = """
    result, = tables
    logger.info("result", data={
        "names": [result.sheet_name, result.output_sheet_name, result.sheet_index, result.table_index],
        "regions": [result.source_region.a1, result.output_region.a1],
        "source": [[c.index, c.header, c.values, c.is_empty] for c in result.source_columns],
        "mapped": [[c.field_name, c.source_index, c.header, c.values, c.score] for c in result.mapped_columns],
        "unmapped": [c.index for c in result.unmapped_columns],
        "duplicates": sorted(result.duplicate_unmapped_indices),
        "scores": {str(i): s for i, s in result.column_scores.items()},
        "best": [max(scores) for scores in result.column_scores.values()],
        "rows": [result.row_count, result.table.height],
    })
"""


def test_table_results_tell_hooks_the_whole_story(run):
    """Columns that nobody scored have no scores."""
    sheets = {"S": [["x"], ["y"]], "T": [["A ", "B", "A"], [1, None, 2.5], ["z"]]}
    outcome = run({"hooks/h.py": plugin("on_sheet_end", TELL, "*, tables, logger, **_")}, sheets, fields=["a"], input_sheets=["T"])
    assert outcome.named("log")[0]["data"] == {
        "names": ["T", "T", 0, 0],
        "regions": ["A1:C3", "A1:C3"],
        "source": [[0, "A ", [1, "z"], False], [1, "B", [None, None], False], [2, "A", [2.5, None], False]],
        "mapped": [["a", 0, "A ", [1, "z"], 1.0]],
        "unmapped": [1, 2],
        "duplicates": [2],
        "scores": {"0": {"a": 1.0}, "2": {"a": 1.0}},
        "best": ["a", "a"],
        "rows": [2, 2],
    }


CHANGES = {
    "row_values.clear()": [["a", "b"], [1, "x"], [None, None], [3, "z"]],
    "row_values.append('more')": [["a", "b", "col_3"], [1, "x", None], [2, "y", "more"], [3, "z", None]],
    "row_values[1] = 'Y'": [["a", "b"], [1, "x"], [2, "Y"], [3, "z"]],
    "row_values.pop()": [["a", "b"], [1, "x"], [2, None], [3, "z"]],
    "row_values.reverse()": [["a", "b"], ["1", "x"], ["y", 2], ["3", "z"]],
}


@pytest.mark.parametrize("level", [20, 10])
@pytest.mark.parametrize("change", CHANGES)
def test_what_a_row_detector_changes_in_a_row_is_changed_in_the_table(run, change, level):
    outcome = run({}, [["a", "b"], [1, "x"], [2, "y"], [3, "z"]], level=level, rows=f"""
        def scribble(*, row_values, row_index, **_):
            if row_index == 3:
                {change}
            return {{"header": 1.0}} if row_index == 1 else {{"data": 1.0}}
        def register(registry):
            registry.register_row_detector(scribble, row_kind="data", priority=1)
    """)  # fmt: skip
    expected = [[None if value is None else str(value) for value in row] for row in CHANGES[change]]
    assert [[None if value is None else str(value) for value in row] for row in outcome.rows()] == expected
    counted = outcome.completed["counts"]["cells"]["non_empty"]
    assert counted == sum(value is not None for row in CHANGES[change][1:] for value in row)


def test_later_detectors_see_what_earlier_ones_have_changed_in_a_row(run):
    outcome = run({}, [["title"], ["a", "b"], [1, 2]], fields=["a"], rows="""
        def clean(*, row_values, **_):
            row_values[:] = [value for value in row_values if value != "title"]
        def vote(*, row_values, **_):
            return {"header" if "a" in row_values else "data": 1.0} if row_values else None
        def register(registry):
            registry.register_row_detector(clean, row_kind="data", priority=2)
            registry.register_row_detector(vote, row_kind="data", priority=1)
    """)  # fmt: skip
    assert outcome.rows() == [["a", "b"], [1, 2]]
    assert outcome.completed["workbooks"][0]["sheets"][0]["scan"]["rows_emitted"] == 3
