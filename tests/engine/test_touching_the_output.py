"""The sheet that hooks get makes cells only when they are touched, and saving writes the others natively.

`test_random_operations.py` checks that nobody notices.
"""

import pickle
import threading

import polars as pl
import pytest
from conftest import everything
from openpyxl.styles import Font, PatternFill

from ade_engine.io.output.workbook import WorkbookOutput
from ade_engine.models.errors import OutputError
from operations import EngineWritten, Written
from operations import frame as frame_of


def frame(rows: int, seed: int = 0) -> pl.DataFrame:
    return frame_of(rows, seed, "text", "number", "whole", "flag", "day", "moment", "clock", "span")


@pytest.fixture
def sheets(tmp_path):
    """The same small table on a sheet of the engine's output and on one of openpyxl's."""
    both = EngineWritten(tmp_path, "found"), Written(tmp_path, "expected")
    for written in both:
        written.add_sheet("Data")
        written.append(0, frame(5), False)
    return [written.sheets[0] for written in both]


def style_header(sheet):
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="00FFFF00")
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    sheet.column_dimensions["A"].width = 30
    sheet.row_dimensions[1].height = 40


def test_cells_behave_as_a_dictionary(sheets):
    found, expected = sheets[0]._cells, sheets[1]._cells
    assert sorted(found) == sorted(expected) and len(found) == len(expected) and bool(found)
    assert (2, 1) in found and (7, 1) not in found and (2, 9) not in found
    assert found.get((7, 1)) is None and found.get((2, 1)) is found[2, 1]
    assert {key: cell.value for key, cell in found.items()} == {key: cell.value for key, cell in expected.items()}
    assert found.pop((2, 1)).row == 2 and (2, 1) not in found and len(found) == len(expected) - 1
    with pytest.raises(KeyError):
        found[2, 1]
    with pytest.raises(KeyError):
        del found[2, 1]
    assert found.setdefault((2, 1), "new") == "new"


def test_styling_a_large_sheet_costs_little_memory(tmp_path):
    import resource

    output = WorkbookOutput()
    sheet = output.add_sheet("Data")
    output.append_table(sheet, frame(50), gap=False)
    big = pl.concat([frame(1000, seed) for seed in range(30)])
    output.append_table(sheet, big, gap=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    style_header(sheet)
    output.save(str(tmp_path / "a.xlsx"))
    assert len(sheet._cells.blocks) == 2 and sum(1 for _ in sheet._cells.made()) < 100
    # An object for each of its 240,000 cells would take about 100 MB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


@pytest.mark.parametrize("touched", [False, True])
def test_a_table_that_a_worksheet_cannot_hold_is_refused(monkeypatch, touched):
    monkeypatch.setattr("ade_engine.io.output.workbook.LAST_ROW", 20)
    output = WorkbookOutput()
    sheet = output.add_sheet("Data")
    output.append_table(sheet, frame(10), gap=False)
    if touched:
        sheet["A1"].value  # noqa: B018
    output.append_table(sheet, frame(7), gap=True)
    with pytest.raises(OutputError, match="'Data' would get 22 rows, and a worksheet has 20 rows; split the input"):
        output.append_table(sheet, frame(0), gap=True)


@pytest.mark.skipif(not everything(), reason="long: .ci/nightly engine")
def test_a_table_that_is_too_wide_with_its_fields_and_issues_says_what_to_do(run_by_ade, template):
    rows = [["Badge number", *(f"c{n}" for n in range(16_383))], *([n] * 16_384 for n in range(2))]
    outcome = run_by_ade(template, {"Wide": rows})
    assert outcome.result.error.code == "input_error"
    assert "sheet 'Wide' would get 16395 columns" in outcome.result.error.message
    assert "remove_unmapped_columns = true" in outcome.result.error.message
    outcome = run_by_ade(template, {"Wide": rows}, settings={"remove_unmapped_columns": True})
    assert len(outcome.rows("Wide")) == 3


def test_workbooks_sheets_and_cells_can_be_pickled(sheets):
    style_header(sheets[0])
    book = pickle.loads(pickle.dumps(sheets[0].parent))
    assert list(book["Data"].values) == list(sheets[1].values)
    assert book["Data"]["A1"].font.b and book["Data"].parent is book
    assert pickle.loads(pickle.dumps(sheets[0]["A2"])).value == sheets[1]["A2"].value


def test_threads_that_touch_the_output_at_once_make_it_once():
    for _ in range(5):
        output = WorkbookOutput()
        sheet = output.add_sheet("Data")
        output.append_table(sheet, frame(300), gap=False)
        start = threading.Barrier(4)

        def touch(number):
            start.wait()
            sheet.cell(2 + number, 1).value = number

        threads = [threading.Thread(target=touch, args=[number]) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sheet.max_row == 301 and [sheet.cell(2 + number, 1).value for number in range(4)] == [0, 1, 2, 3]
