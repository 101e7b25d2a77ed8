"""Calls of functions with the arguments that they name, and with parts of a table. `tests/sheets/hooks` has how runs call them."""

import openpyxl
import pytest

from ade_engine.extensions.invoke import call_extension
from ade_engine.models import DerivedMapping, MappedColumn, PipelineError, SourceColumn, TableRegion, TableResult, TransformContext


def test_call_extension_takes_contexts_and_mappings():
    def fn(field_name, /, *, table_index, **rest):
        return field_name, table_index, sorted(rest)

    context = TransformContext(**dict.fromkeys(("settings", "metadata", "state", "input_file_name", "logger", "table", "table_region")), field_name="a", table_index=3)
    expected = ["input_file_name", "logger", "metadata", "settings", "state", "table", "table_region"]
    assert call_extension(fn, context) == ("a", 3, expected)
    assert call_extension(lambda field_name: field_name, {"field_name": "b"}) == "b"
    with pytest.raises(PipelineError, match="ghost"):
        call_extension(lambda ghost: None, {"field_name": "b"})
    with pytest.raises(PipelineError):
        call_extension(lambda: len(5), {}, label="mine")


FACTS = "a1 width height header_row data_first_row data_min_row has_data_rows data_row_count".split()


@pytest.mark.parametrize("bounds, facts", [((3, 2, 9, 28, 2), ["B3:AB9", 27, 7, 3, 5, 5, True, 5]), ((4, 1, 4, 1), ["A4", 1, 1, 4, 5, 4, False, 0])])
def test_a_region_knows_its_parts(bounds, facts):
    region = TableRegion(*bounds)
    assert [getattr(region, name) for name in FACTS] == facts and region.cell_range.coord == facts[0]
    with pytest.raises(AttributeError):
        region.min_row = 1
    assert len({region, TableRegion(*bounds)}) == 1


@pytest.mark.parametrize("bounds", [(0, 1, 1, 1), (1, 0, 1, 1), (2, 1, 1, 1), (1, 2, 1, 1), (1, 1, 2, 1, 3)])
def test_a_region_has_an_order(bounds):
    with pytest.raises(ValueError):
        TableRegion(*bounds)


def test_a_region_gives_the_values_of_a_worksheet():
    sheet = openpyxl.Workbook().active
    sheet["B2"], sheet["C3"] = "x", 5
    region = TableRegion(min_row=2, min_col=2, max_row=3, max_col=3)
    assert list(region.iter_values(sheet)) == [("x", None), (None, 5)]
    assert next(iter(region.iter_values(sheet, values_only=False)))[0].coordinate == "B2"


def test_columns_know_whether_there_is_anything_in_them():
    assert [SourceColumn(0, *parts).is_empty for parts in ((" ", [None, "", " "]), (None, [None, 0]), ("h", []))] == [True, False, False]
    lazy = SourceColumn(1, "h", lambda: [1, 2])
    assert lazy.values == [1, 2] and lazy.values is lazy.values


def test_a_table_result_looks_up_what_was_mapped_and_derived():
    mapped, derived = [MappedColumn("a", 1, "A", [1], 0.5)], [DerivedMapping("b", "A", 1), DerivedMapping("a", "B", 0)]
    result = TableResult(sheet_name="S", table=None, source_region=TableRegion(1, 1, 2, 2), mapped_columns=mapped, derived_mappings=derived)
    assert result.mapping_lookup() == {"a": 1, "b": 1}
    assert (result.table_index, result.output_region, result.output_sheet_name) == (0, None, None)
