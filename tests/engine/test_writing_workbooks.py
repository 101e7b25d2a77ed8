"""The native writer: the amount and the destination of its output.

`test_random_operations.py` and `tests/sheets/writing` compare the content.
"""

import datetime as dt
import random
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from ade_engine.io.output.workbook import WorkbookOutput
from package_check import check_package


def write(path: Path, *frames: pl.DataFrame, **options) -> Path:
    """One sheet with these tables."""
    output = WorkbookOutput(**options)
    sheet = output.add_sheet("Data")
    for number, frame in enumerate(frames):
        output.append_table(sheet, frame, gap=number > 0)
    output.save(str(path))
    assert not output.is_touched
    return path


def test_a_failed_save_leaves_nothing_behind(tmp_path):
    output = WorkbookOutput()
    output.append_table(output.add_sheet("Data"), pl.DataFrame({"a": [1]}), gap=False)
    (tmp_path / "taken.xlsx").mkdir()
    for path in (tmp_path / "no" / "such" / "folder.xlsx", tmp_path / "taken.xlsx"):
        with pytest.raises(OSError):
            output.save(str(path))
    assert [path.name for path in tmp_path.iterdir()] == ["taken.xlsx"]
    with pytest.raises(IndexError):
        WorkbookOutput().save(str(tmp_path / "without_sheets.xlsx"))


def test_equal_tables_make_equal_files(tmp_path):
    frame = pl.DataFrame({"a": [str(number % 700) * 3 for number in range(50_000)]})
    assert write(tmp_path / "a.xlsx", frame).read_bytes() == write(tmp_path / "b.xlsx", frame).read_bytes()


def test_large_tables_are_read_back_by_openpyxl_and_calamine(tmp_path):
    calamine = pytest.importorskip("python_calamine")
    rnd = random.Random(7)
    numbers, texts = [rnd.random() * 1000 for _ in range(9_000)], [f"text {rnd.randrange(10**6)} {'é' * rnd.randrange(30)}" for _ in range(9_000)]
    days = [dt.datetime(2024, 1, 1) + dt.timedelta(minutes=number) for number in range(9_000)]
    frame = pl.DataFrame({"number": numbers, "text": texts, "few": ["Oslo", "Łódź", "a & b"] * 3_000, "day": days, "flag": [None, True, False] * 3_000})
    path = write(tmp_path / "large.xlsx", frame, frame.head(5))
    expected = [tuple(frame.columns), *frame.iter_rows(), (None,) * 5, tuple(frame.columns), *frame.head(5).iter_rows()]
    book = openpyxl.load_workbook(path, read_only=True)
    assert book["Data"].calculate_dimension() == "A1:E9008"
    assert list(book["Data"].iter_rows(values_only=True)) == expected
    assert check_package(path) == []
    rows = calamine.load_workbook(str(path)).get_sheet_by_name("Data").to_python()
    assert len(rows) == len(expected) and [row[:3] for row in rows[1:200]] == [list(row[:3]) for row in expected[1:200]]


def test_names_and_identities_need_no_workbook_of_openpyxl():
    output = WorkbookOutput()
    first, second = output.add_sheet("One"), output.add_sheet("Two")
    assert isinstance(output.workbook, openpyxl.Workbook) and isinstance(first, openpyxl.worksheet.worksheet.Worksheet)
    assert first.parent is output.workbook and second.title == "Two" and first.sheet_state == "visible" and output.workbook.sheetnames == ["One", "Two"]
    assert first == first and first != second and bool(first) and not output.is_touched
    output.append_table(second, pl.DataFrame({"a": [1]}), gap=False)
    assert output.workbook["Two"] is second and second["A2"].value == 1 and output.is_touched
