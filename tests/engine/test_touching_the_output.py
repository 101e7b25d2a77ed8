"""What becomes of the output at a hook's first touch. What hooks do to it then is in `test_random_operations.py`."""

import pickle
import threading

import polars as pl
import pytest
from openpyxl.styles import Font

from ade_engine.io.output.workbook import Output
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


@pytest.mark.parametrize("touched", [False, True])
def test_a_table_that_a_worksheet_cannot_hold_is_refused(monkeypatch, touched):
    monkeypatch.setattr("ade_engine.io.output.workbook.LAST_ROW", 20)
    output = Output()
    sheet = output.add_sheet("Data")
    output.append_table(sheet, frame(10), gap=False)
    if touched:
        sheet["A1"].value  # noqa: B018
    output.append_table(sheet, frame(7), gap=True)
    with pytest.raises(OutputError, match="'Data' would get 22 rows, and a worksheet has 20 rows; split the input"):
        output.append_table(sheet, frame(0), gap=True)


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
        output = Output()
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
