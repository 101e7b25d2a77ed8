"""The setting `typed_fields`: columns without values have their field's type, and what is written for text gets text."""

import polars as pl
import pytest
from conftest import plugin, steps

FIELD = """
import polars as pl
from ade_engine.models import FieldDef

def by_name(*, column_header_original, field_name, **_):
    return {{field_name: 1.0}} if column_header_original == field_name else None

def transform(*, field_name, **_):
    return {transform}

def validate(*, field_name, **_):
    return {validate}

def tell(*, table, logger, **_):
    logger.info("types", data={{name: str(dtype) for name, dtype in table.schema.items()}})

def register(registry):
    registry.register_field(FieldDef(name="f", dtype={dtype!r}))
    registry.register_column_detector(by_name, field="f", priority=1)
    registry.register_column_transform(transform, field="f", priority=1)
    registry.register_column_validator(validate, field="f", priority=1)
    registry.register_hook(tell, hook="on_table_validated", priority=1)
"""
TRIMMED = "pl.when(pl.col(field_name).str.strip_chars() != '').then(pl.col(field_name).str.strip_chars())"
TWO_TABLES = plugin("row", 'return {"header": 1.0} if row_values and row_values[-1] in ("f", "g") else {"data": 1.0}', "*, row_values, **_")


@pytest.fixture
def normalize(run):
    def call(rows, *, transform="None", validate="None", dtype=None, typed=True, rows_by=None, **settings):
        files = {"columns/f.py": FIELD.format(transform=transform, validate=validate, dtype=dtype)}
        chosen = {"write_diagnostics_columns": True, **settings, **({"typed_fields": True} if typed else {})}
        return run(files, rows, settings=chosen, **({"rows": rows_by} if rows_by else {}))

    return call


def types(outcome) -> dict:
    return next(event["data"] for event in outcome.events if event["message"] == "types")


@pytest.mark.parametrize("dtype, made", [
    (None, "String"), ("string", "String"), ("anything", "String"), ("float", "Float64"), ("Integer", "Int64"), ("bool", "Boolean"),
    ("date", "Date"), ("datetime", "Datetime(time_unit='us', time_zone=None)"), ("time", "Time"),
    ("duration", "Duration(time_unit='us')"),
])  # fmt: skip
@pytest.mark.parametrize("rows", [[["g"], [1]], [["f", "g"], [None, 1]]], ids=["absent", "blank"])
def test_a_column_without_values_has_the_type_of_its_field(normalize, dtype, made, rows):
    outcome = normalize(rows, dtype=dtype)
    assert outcome.result.error is None and types(outcome)["f"] == made
    assert types(normalize(rows, dtype=dtype, typed=False))["f"] == "Null"


@pytest.mark.parametrize("cells, wanted", [
    ([" A-1 ", "B"], ["A-1", "B"]), ([17, 18], ["17", "18"]), ([17.0, 18.5], ["17", "18.5"]),
    ([None, 7], [None, "7"]), ([True, False], ["true", "false"]),
])
def test_a_transform_written_for_text_gets_text(normalize, cells, wanted):
    outcome = normalize([["f"], *([cell] for cell in cells)], transform=TRIMMED)
    assert outcome.result.error is None, outcome.result.error
    assert [row[0] for row in outcome.rows()[1:]] == wanted


def test_without_the_setting_such_a_transform_fails_as_ever(normalize):
    for rows in ([["g"], [1]], [["f"], [17]]):
        message = normalize(rows, transform=TRIMMED, typed=False).result.error.message
        assert "expected `String`" in message


def test_a_validator_written_for_text_gets_text_and_the_column_keeps_its_type(normalize):
    check = "pl.when(~pl.col(field_name).str.contains('A', literal=True)).then(pl.lit('no A'))"
    outcome = normalize([["f"], [17], [18]], validate=check)
    assert outcome.result.error is None, outcome.result.error
    assert types(outcome)["f"] == "Int64" and outcome.completed["validation"]["issues_total"] == 2
    assert normalize([["g"], [1]], validate=check).completed["validation"]["issues_total"] == 0


def test_other_columns_that_a_transform_reads_as_text_keep_their_type(normalize):
    outcome = normalize([["g", "h"], [1, 2.5]], transform="pl.col('h').str.strip_chars()")
    assert outcome.result.error is None, outcome.result.error
    found = types(outcome)
    assert (found["f"], found["g"], found["h"]) == ("String", "Int64", "Float64")
    assert outcome.rows()[1][:3] == [1, 2.5, "2.5"]


def test_transforms_written_for_numbers_get_numbers(normalize):
    outcome = normalize([["f"], [2]], transform="pl.col(field_name) * 2")
    assert outcome.rows()[1][0] == 4 and types(outcome)["f"] == "Int64"


def test_other_errors_stay_what_they_are(normalize):
    message = normalize([["f"], [2]], transform="pl.col('ghost').str.strip_chars()").result.error.message
    assert "ghost" in message and "returned an expression that cannot be applied" in message


def test_types_of_columns_without_values_give_way_when_tables_are_merged(normalize):
    rows = [["g"], [1], ["f"], [2.5]]
    outcome = normalize(rows, rows_by=TWO_TABLES, merge_tables_in_sheet=True)
    assert outcome.result.error is None, outcome.result.error
    assert [row[outcome.rows()[0].index("f")] for row in outcome.rows()[1:]] == [None, 2.5]


def test_failed_conversions_are_counted_over_the_whole_column(run):
    hooks = steps(
        on_table_mapped='return pl.concat([table, table.with_columns(pl.lit("5").alias("a"))], rechunk=False)',
        transform='return pl.col("a").cast(pl.Int64)',
    )
    outcome = run(hooks, [["a"], ["x"], ["y"]], fields=["a"])
    assert "for 2 out of 4 values" in outcome.result.error.message and pl.__version__.startswith("1.36")
