"""Transforms, validators, derived mappings, and their order."""

import pytest
from conftest import steps


def test_the_steps_of_a_table_run_in_order_and_tables_are_built_before_any_is_written(run):
    outcome = run({"columns/steps.py": """
        def note(what):
            def fn(*, state, table_index=None, **_):
                state.setdefault("steps", []).append(what if table_index is None else f"{what} {table_index}")
            return fn
        def register(registry):
            registry.register_column_detector(note("detector"), field="a", priority=1)
            registry.register_column_transform(note("transform"), field="a", priority=1)
            registry.register_column_validator(note("validator"), field="a", priority=1)
            for stage in ("on_table_mapped", "on_table_transformed", "on_table_validated", "on_table_written", "on_sheet_end"):
                registry.register_hook(note(stage), hook=stage, priority=1)
    """, **steps(on_workbook_before_save='logger.info("steps", data={"steps": state["steps"]})')}, [["a"], ["x"], ["a"], ["y"]], fields=["a"], rows="""
        def rows(*, row_values, **_):
            return {"header": 1.0} if row_values[0] == "a" else {"data": 1.0}
        def register(registry):
            registry.register_row_detector(rows, row_kind="data", priority=1)
    """)  # fmt: skip
    built = ["detector", "on_table_mapped", "transform", "on_table_transformed", "validator", "on_table_validated"]
    assert outcome.logged["steps"] == [
        *(f"{step} 0" for step in built), *(f"{step} 1" for step in built), "on_table_written 0",
        "on_table_written 1", "on_sheet_end",
    ]


def test_fields_of_the_table_come_first_then_the_others_as_registered(run):
    outcome = run({"columns/z.py": """
        import polars as pl
        def order(*, field_name, state, table, **_):
            state.setdefault("order", []).append(field_name)
            if field_name == "a":
                return pl.lit(",".join(table.columns))
        def register(registry):
            for name in ("d", "c", "b", "a"):
                registry.register_column_transform(order, field=name, priority=1)
    """, **steps(on_sheet_end='logger.info("order", data={"order": state["order"]})')}, [["c", "x", "b"], [1, 2, 3]], fields=["a", "b", "c", "d"])  # fmt: skip
    assert outcome.logged["order"] == ["c", "b", "a", "d"]
    assert outcome.rows() == [["c", "x", "b", "a", "d"], [1, 2, 3, "c,x,b,a", None]]


def test_each_expression_sees_what_the_one_before_made(run):
    outcome = run({"columns/z.py": """
        import polars as pl
        def register(registry):
            registry.register_column_transform(lambda field_name: pl.col(field_name) + 1, field="a", priority=1)
            registry.register_column_transform(lambda field_name: pl.col("b") * 10, field="a", priority=2)
            registry.register_column_transform(lambda: pl.col("a") + pl.col("b"), field="b", priority=1)
    """}, [["a", "b"], [1, 2]], fields=["a", "b"])  # fmt: skip
    assert outcome.rows() == [["a", "b"], [21, 23]]


def validated(run, validators: str, rows=(["a"], ["x"], [None]), **options):
    return run({"columns/z.py": f"""
        import polars as pl
        a = pl.col("a")
        def register(registry):
            for number, expression in enumerate({validators}):
                registry.register_column_validator(lambda e=expression, **_: e, field="a", priority=-number)
    """}, [list(row) for row in rows], settings={"write_diagnostics_columns": True}, **options)  # fmt: skip


@pytest.mark.parametrize(
    "validators, header, values, total",
    [
        # Messages are cast to text and joined in their order.
        (
            "[pl.when(a.is_null()).then(5), pl.lit('always'), None, pl.when(a == 'x').then(True)]",
            ["__ade_issue__a"], [["always; true", True, 1], ["5; always", True, 1]], 2,
        ),
        # A field whose validators are silent has no issue column; without a complaint it is empty.
        ("[None, None]", [], [[False, 0], [False, 0]], 0),
        ("[pl.when(a == 'nope').then(pl.lit('!')), pl.lit(None)]", ["__ade_issue__a"], [[None, False, 0], [None, False, 0]], 0),
    ],
)  # fmt: skip
def test_messages_of_validators_stand_in_the_issue_column(run, validators, header, values, total):
    outcome = validated(run, validators, fields=["a"])
    found, *rows = outcome.rows()
    assert found == ["a", *header, "__ade_has_issues", "__ade_issue_count"]
    assert rows == [[cell, *row] for cell, row in zip(["x", None], values)]
    validation = outcome.completed["validation"]
    assert validation["issues_total"] == total and (validation["max_severity"] is None) == (total == 0)


def test_a_missing_field_is_added_to_be_validated(run):
    outcome = validated(run, "[pl.when(a.is_null()).then(pl.lit('missing'))]", rows=(["x"], [1]), fields=["a"])
    assert outcome.rows() == [["x", "a", "__ade_issue__a", "__ade_has_issues", "__ade_issue_count"], [1, None, "missing", True, 1]]


def test_issue_columns_are_counted_not_messages(run):
    outcome = run({"columns/z.py": """
        import polars as pl
        def register(registry):
            for field in "ab":
                for message in ("one", "two"):
                    registry.register_column_validator(lambda m=message, **_: pl.lit(m), field=field, priority=1)
    """, **steps(on_table_validated='return table.with_columns(kind=pl.lit(str(table.schema["__ade_issue_count"])))')}, [["a"], [1]], fields=["a", "b"], settings={"write_diagnostics_columns": True})  # fmt: skip
    assert outcome.rows()[1][-2:] == [2, "Int32"]
    assert outcome.completed["validation"] == {"rows_evaluated": 1, "issues_total": 2, "issues_by_severity": {"warning": 2}, "max_severity": "warning"}
    finding = outcome.completed["evaluation"]["findings"][-1]
    assert (finding["code"], finding["count"]) == ("validation_warnings_present", 2)


def test_issues_are_counted_by_cell_when_a_hook_has_dropped_the_count(run):
    outcome = run({"columns/z.py": """
        import polars as pl
        def register(registry):
            for field in "ab":
                registry.register_column_validator(lambda **_: pl.lit("!"), field=field, priority=1)
    """, **steps(on_table_validated='return table.drop("__ade_issue_count")')}, [["a", "b"], [1, 2], [3, 4]], fields=["a", "b"])  # fmt: skip
    assert outcome.completed["validation"]["issues_total"] == 4


@pytest.mark.parametrize("kind", ["transform", "validator"])
@pytest.mark.parametrize("body, code", [
    ("return 5", "pipeline_error"),
    ("return table['a']", "pipeline_error"),
    ("return pl.when(True)", "pipeline_error"),
    ("raise TypeError('x')", "pipeline_error"),
    ("raise ValueError('x')", "unknown_error"),
    ("return pl.col('ghost')", "unknown_error"),
    ("return pl.col('a').str.to_lowercase()", "unknown_error"),
    ("from ade_engine.models import ConfigError; raise ConfigError('x')", "config_error"),
])
def test_what_may_go_wrong_with_expressions(run, kind, body, code):
    outcome = run(steps(**{kind: body}), [["a"], [1]], fields=["a"])
    assert outcome.result.error.code == code and outcome.result.error.stage is None
    assert "'a'" in outcome.result.error.message and f"{kind}.py" in outcome.result.error.message
    assert outcome.output is None


def derived(run, entries: list | dict, *, place: str = "ade_engine", rows=None, **options):
    """A table with the columns Source and made (added by a hook), and what state says about it."""
    state = {
        "ade_engine": {"ade_engine": {"derived_mappings": entries}},
        "old": {"ade_config": {"mapping_overrides": {"original_header_overrides": entries}}},
        "oldest": {"ade_config.mapping_overrides": {"original_header_overrides": entries}},
    }[place]
    hooks = steps(
        on_table_mapped=f"state.update({state!r})\nreturn table.with_columns(pl.lit('m').alias('made'))",
        on_table_written="""
            found = [[d.field_name, d.source_header, d.source_index, d.score] for d in table_result.derived_mappings]
            logger.info("derived", data={"derived": found})
        """,
    )
    outcome = run(hooks, rows or [["Source ", "name"], [1, 2]], fields=["name", "made", "absent"], **options)
    assert outcome.result.error is None, outcome.result.error
    return outcome.logged["derived"], outcome


MADE = {"field_name": "made", "source_header": "Source"}
NOWHERE = {"field_name": "made", "source_header": "Nowhere"}
FOUND = [["made", "Source", 0, 1.0]]


@pytest.mark.parametrize(
    "entry, expected",
    [
        (MADE, FOUND),
        ({"field": "made", "original_header": " Source "}, [["made", " Source ", 0, 1.0]]),
        ({"field_name": "made", "header": "Source", "score": "0.5"}, [["made", "Source", 0, 0.5]]),
        # A score is above zero, or one.
        *(({**MADE, "score": score}, FOUND) for score in ("high", [1], 0, -2, "-0.5", "nan", True)),
        ({**MADE, "score": 7.5}, [["made", "Source", 0, 7.5]]),
        # An index is what `int` makes of it.
        ({**MADE, "source_index": "first"}, []),
        *(({**NOWHERE, "source_index": index}, [["made", "Nowhere", 1, 1.0]]) for index in ("1", 1.7, 1.0)),
        ({**NOWHERE, "source_index": -1}, [["made", "Nowhere", -1, 1.0]]),
        *(({**NOWHERE, "source_index": index}, []) for index in ("1.7", "inf")),
        (NOWHERE, []),
        *(({**MADE, "table_index": index}, FOUND) for index in (0, "0")),
        *(({**MADE, "table_index": index}, []) for index in (1, "zero")),
        ({**MADE, "sheet_name": "Sheet"}, FOUND),
        ({**MADE, "sheet_name": "Other"}, []),
        ({"field_name": "name", "source_header": "Source"}, []),
        ({"field_name": "absent", "source_header": "Source"}, []),
        ({"field_name": "made"}, []),
        ({"source_header": "Source"}, []),
        ({"field_name": "", "source_header": "Source"}, []),
    ],
)
def test_derived_mappings_are_read_from_state(run, entry, expected):
    assert derived(run, [entry])[0] == expected


@pytest.mark.parametrize("place", ["old", "oldest"])
@pytest.mark.parametrize(
    "entries",
    [
        {"made": "Source"},
        {"made": {"source_header": "Source"}},
        {"made": {"header": "Source", "table_index": 0}},
        [{"field": "made", "header": "Source"}],
        # An entry that names its field knows better than its key.
        {"other": {"field_name": "made", "header": "Source"}, "made": {"field": "other", "header": "name"}},
    ],
)
def test_older_places_and_forms_are_read_as_well(run, entries, place):
    assert derived(run, entries, place=place)[0] == FOUND


def test_one_entry_needs_no_list_and_odd_ones_are_ignored(run):
    assert derived(run, MADE)[0] == FOUND
    assert derived(run, [None, "made", 5, MADE, {**MADE, "score": 0.25}])[0] == [["made", "Source", 0, 0.25]]
    assert derived(run, "made")[0] == []


def test_derived_fields_are_reported_as_detected(run):
    _, outcome = derived(run, [{**MADE, "score": 0.5}])
    field = outcome.completed["fields"][1]
    assert field == {
        "field": "made", "label": None, "detected": True, "derived": True, "valid_cells": 1, "best_mapping_score": 0.5,
        "source_headers": ["Source"], "occurrences": {"tables": 1, "columns": 1},
    }  # fmt: skip


def test_a_hook_that_names_a_field_after_the_fact_is_heard_by_the_next_table_only(run):
    """Derived mappings are collected right after on_table_validated."""
    hooks = steps(
        on_table_mapped="return table.with_columns(pl.lit(1).alias('made'))",
        on_table_written=f"state['ade_engine'] = {{'derived_mappings': {MADE}}}",
    )
    outcome = run(hooks, {"A": [["Source"], [1]], "B": [["Source"], [1]]}, fields=["made"])
    first, second = outcome.tables
    assert [first["fields"][0]["derived"], second["fields"][0]["derived"]] == [False, True]


def test_derived_mappings_are_in_the_order_of_their_fields(run):
    hooks = steps(
        on_table_mapped="""
            state["ade_engine"] = {"derived_mappings": [{"field_name": name, "source_header": "x"} for name in "cbd"]}
            return table.with_columns(pl.lit(1).alias("d"), pl.lit(1).alias("c"), pl.lit(1).alias("b"))
        """,
        on_table_written='logger.info("x", data={"d": [m.field_name for m in table_result.derived_mappings]})',
    )
    assert run(hooks, [["x"], [1]]).logged == {"d": ["b", "c", "d"]}


def test_only_lists_hold_derived_mappings(run):
    hooks = steps(on_table_mapped=f"""
        state["ade_engine"] = {{"derived_mappings": ({MADE},)}}
        state["ade_config"] = {{"mapping_overrides": {{"original_header_overrides": ({MADE},)}}}}
        return table.with_columns(pl.lit(1).alias("made"))
    """)  # fmt: skip
    assert run(hooks, [["Source"], [1]], fields=["made"]).completed["fields"][0]["derived"] is False


def test_issue_columns_that_a_hook_has_set_are_kept_and_not_summed_up(run):
    hooks = steps(
        on_table_mapped="return table.with_columns(pl.lit('by hand').alias('__ade_issue__b'))",
        validator="return pl.when(pl.col('a') > 1).then(pl.lit('big'))",
        on_table_validated="logger.info('x', data={'rows': table.rows()})",
    )
    outcome = run(hooks, [["a"], [1], [2]], fields=["a"], level=10)
    assert outcome.logged["rows"] == [[1, "by hand", None, False, 0], [2, "by hand", "big", True, 1]]
    assert outcome.named("validation.summary")[0]["data"]["issue_columns"] == ["__ade_issue__a"]
    assert outcome.completed["validation"]["issues_total"] == 1


@pytest.mark.parametrize("kind", ["transform", "validator"])
@pytest.mark.parametrize("raised, code, stage", [
    ("HookError('x', stage='mine')", "hook_error", "mine"),
    ("HookError('x')", "hook_error", None),
    ("type('Own', (ConfigError,), {'__init__': lambda self, a, b: None})(1, 2)", "config_error", None),
])
def test_errors_of_the_engine_that_a_callable_raises_keep_their_kind_and_stage(run, kind, raised, code, stage):
    failing = steps(**{kind: f"from ade_engine.models import ConfigError, HookError\nraise {raised}"})
    outcome = run(failing, [["a"], [1]], fields=["a"])
    assert (outcome.result.error.code, outcome.result.error.stage) == (code, stage)


def test_a_field_that_one_table_has_and_another_derives_is_a_derived_one_above_them(run):
    hooks = steps(on_table_mapped="""
        state["ade_engine"] = {"derived_mappings": {"field_name": "a", "source_header": "x", "score": 0.5}}
        return None if "a" in table.columns else table.with_columns(pl.lit("d").alias("a"))
    """)  # fmt: skip
    outcome = run(hooks, {"S": [["a", "x"], [1, 2]], "T": [["x"], [3]]}, fields=["a"])
    assert [table["fields"][0]["derived"] for table in outcome.tables] == [False, True]
    sheets = outcome.completed["workbooks"][0]["sheets"]
    assert [sheet["fields"][0]["derived"] for sheet in sheets] == [False, True]
    assert outcome.completed["fields"][0] == {
        "field": "a", "label": None, "detected": True, "derived": True, "valid_cells": 2, "best_mapping_score": 1.0,
        "source_headers": ["a", "x"], "occurrences": {"tables": 2, "columns": 2},
    }  # fmt: skip


def test_a_field_that_has_values_without_a_column_is_computed_and_ade_is_told(run, monkeypatch):
    files = {"columns/z.py": """
        import polars as pl
        def register(registry):
            for field in ("by_transform", "found"):
                registry.register_column_transform(lambda **_: pl.lit("x"), field=field, priority=1)
            registry.register_column_transform(lambda **_: pl.lit(None, dtype=pl.String), field="empty", priority=1)
    """, **steps(on_table_validated="return table.with_columns(pl.lit(1).alias('by_hook'))")}  # fmt: skip
    fields = ["found", "by_transform", "by_hook", "empty", "absent"]
    plain = run(files, [["found"], [1]], fields=fields)
    assert not plain.named("fields.computed")
    monkeypatch.setenv("ADE_ENGINE_RUN", "1")
    outcome = run(files, [["found"], [1]], fields=fields)
    (event,) = outcome.named("fields.computed")
    assert event["data"] == {"schema_version": 1, "fields": ["by_transform", "by_hook"]}
    (finding,) = outcome.completed["evaluation"]["findings"]
    assert finding["message"] == "Not found: empty, absent. Computed, without a column of their own: by_transform, by_hook."
    for ran in (plain, outcome):
        assert ran.completed["counts"]["fields"] == {"expected": 5, "detected": 1, "not_detected": 4}
        assert [field["valid_cells"] for field in ran.completed["fields"]] == [1, 0, 0, 0, 0]
