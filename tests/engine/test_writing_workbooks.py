"""The native writer: what openpyxl and calamine read back, against what openpyxl would have written."""

import datetime as dt
import decimal
import random
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from ade_engine.io.output.workbook import Output
from package_check import check_package
from operations import KINDS, EngineWritten, Written, run


def write(path: Path, *frames: pl.DataFrame, **options) -> Path:
    """One sheet with these tables."""
    output = Output(**options)
    sheet = output.add_sheet("Data")
    for number, frame in enumerate(frames):
        output.append_table(sheet, frame, gap=number > 0)
    output.save(str(path))
    assert not output.is_touched
    return path


def cells(path: Path) -> list[tuple]:
    """Every cell that has a value: place, value, type, number format."""
    book = openpyxl.load_workbook(path)
    found = []
    for row in book["Data"].iter_rows():
        found += [(cell.coordinate, cell.value, cell.data_type, cell.number_format) for cell in row if cell.value is not None]
    return found


@pytest.mark.parametrize("seed", range(40))
def test_random_frames(tmp_path, seed):
    rnd = random.Random(seed)
    steps = ["add_sheet('Data')"]
    for number in range(rnd.randrange(1, 4)):
        columns = [f"{rnd.choice([*KINDS])}{at}" for at in range(rnd.randrange(1, 15))]
        made = f"frame({rnd.choice((0, 1, 40))}, {seed}, *{columns}).rename(lambda name: name + ' <&>')"
        if rnd.random() < 0.3:
            made = f"{made}.cast({{pl.Datetime('us'): pl.Datetime('ms'), pl.Duration('us'): pl.Duration('ms')}})"
        if rnd.random() < 0.3:
            made = f"pl.concat([{made}, {made}.reverse()], rechunk=False).slice(1)"
        steps.append(f"append(0, {made}, {number > 0})")
    outcome = run([(0, code) for code in steps], tmp_path, (EngineWritten, Written))
    assert (outcome.differences, outcome.faults) == ([], [])


@pytest.mark.parametrize("escaped", [False, True])
def test_text_rules(tmp_path, escaped):
    texts = ["=1+1", "=", "==", "#N/A", "#DIV/0!", "#VALUE", "a" * 40_000, "é" * 40_000, "\u00a0x", "'=1", "+1", "1"]
    steps = [(0, "add_sheet('Data')"), (0, f"append(0, pl.DataFrame({{'=a': {texts}}}), False)")]
    outcome = run(steps, tmp_path, (EngineWritten, Written), escape_formulas=escaped)
    assert (outcome.differences, outcome.faults) == ([], [])
    found = cells(outcome.paths[0])
    formulas = ["s"] * 4 if escaped else ["f", "f", "s", "f"]
    assert [cell[2] for cell in found] == [*formulas, "e", "e", *["s"] * 7] and [len(cell[1]) for cell in found[7:9]] == [32_767, 32_767]


def test_carriage_returns_are_kept(tmp_path):
    # openpyxl's would come back as line feeds.
    texts = ["a\rb", "a\r\nb", "\r"]
    assert [cell[1] for cell in cells(write(tmp_path / "a.xlsx", pl.DataFrame({"a": texts})))] == ["a", *texts]


def test_numbers_keep_all_their_digits(tmp_path):
    numbers = [0.1 + 0.2, 1 / 3, 5e-324, 1.7976931348623157e308, -0.0, 1e15, 1e16, 123456789012345680.0]
    integers = [2**63 - 1, -(2**63), 0, 10**15 + 1, 1, 2, 3, 4]
    path = write(tmp_path / "numbers.xlsx", pl.DataFrame({"a": numbers, "b": integers, "c": [2**64 - 1] * 8}))
    rows = list(openpyxl.load_workbook(path)["Data"].iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in rows] == numbers and [row[1] for row in rows] == integers and rows[0][2] == 2**64 - 1


def test_unusual_types(tmp_path):
    frame = pl.DataFrame({
        "decimal": [decimal.Decimal("1.25"), None],
        "enum": pl.Series(["x", None], dtype=pl.Enum(["x"])),
        "bytes": [b"caf\xc3\xa9", None],
        "list": pl.Series([None, None], dtype=pl.List(pl.Int64)),
        "struct": pl.Series([None, None], dtype=pl.Struct({"a": pl.Int64})).to_frame("s").select(pl.when(False).then("s"))["s"],
        "nothing": [None, None],
    })
    rows = list(openpyxl.load_workbook(write(tmp_path / "a.xlsx", frame))["Data"].values)
    assert rows[1][:3] == (1.25, "x", "café")
    for values in ([[1, 2]], [{"a": 1}]):
        with pytest.raises(ValueError, match="Cannot convert"):
            write(tmp_path / "b.xlsx", pl.DataFrame({"nested": values}))
    with pytest.raises(UnicodeDecodeError):
        write(tmp_path / "b.xlsx", pl.DataFrame({"bytes": [b"\xff"]}))


def test_python_objects_go_through_openpyxl(tmp_path):
    frame = pl.DataFrame({"a": pl.Series([1, "x", dt.date(2024, 2, 29)], dtype=pl.Object)})
    output = Output()
    output.append_table(output.add_sheet("Data"), frame, gap=False)
    output.save(str(tmp_path / "a.xlsx"))
    assert [cell[1] for cell in cells(tmp_path / "a.xlsx")] == ["a", 1, "x", dt.datetime(2024, 2, 29)]
    with pytest.raises(ValueError, match="Cannot convert"):
        output.append_table(output.add_sheet("x"), pl.DataFrame({"a": pl.Series([object()], dtype=pl.Object)}), gap=False)


def test_time_zones_fail_when_the_workbook_is_saved(tmp_path):
    zoned = pl.DataFrame({"a": [dt.datetime(2024, 1, 1)]}).with_columns(pl.col("a").dt.replace_time_zone("UTC"))
    output = Output()
    output.append_table(output.add_sheet("Data"), zoned, gap=False)
    with pytest.raises(TypeError, match="timezones"):
        output.save(str(tmp_path / "a.xlsx"))
    assert list(tmp_path.iterdir()) == []
    write(tmp_path / "a.xlsx", zoned.clear())


@pytest.mark.parametrize("text", ["a\x00b", "\x0b", "x\x1f"])
def test_control_characters_are_refused_when_the_table_is_appended(tmp_path, text):
    from openpyxl.utils.exceptions import IllegalCharacterError

    output = Output()
    sheet = output.add_sheet("Data")
    for frame in (pl.DataFrame({"a": ["fine", text]}), pl.DataFrame({text: [1]})):
        with pytest.raises(IllegalCharacterError):
            output.append_table(sheet, frame, gap=False)
    output.append_table(sheet, pl.DataFrame({"a": ["x" * 32_767 + text]}), gap=False)


def test_tables_without_columns_or_rows(tmp_path):
    path = write(tmp_path / "a.xlsx", pl.DataFrame(), pl.DataFrame({"a": [1]}), pl.DataFrame({"b": []}))
    assert [row[0] for row in openpyxl.load_workbook(path)["Data"].values] == [None, None, "a", 1, None, "b"]


def test_titles_are_escaped_and_a_workbook_has_a_sheet(tmp_path):
    output = Output()
    titles = ["One", "Zwei & <drei>", 'Qu"ote', "ünïcödé"]
    sheets = [output.add_sheet(title) for title in titles]
    assert [sheet.title for sheet in sheets] == titles == output.workbook.sheetnames and sheets[0] != sheets[1]
    # None of this needs openpyxl's workbook.
    assert sheets[1].parent is output.workbook and sheets[0].sheet_state == "visible" and not output.is_touched
    output.save(str(tmp_path / "a.xlsx"))
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames == titles
    with pytest.raises(IndexError):
        Output().save(str(tmp_path / "b.xlsx"))


def test_a_failed_save_leaves_nothing_behind(tmp_path):
    output = Output()
    output.append_table(output.add_sheet("Data"), pl.DataFrame({"a": [1]}), gap=False)
    with pytest.raises(OSError):
        output.save(str(tmp_path / "no" / "such" / "folder.xlsx"))
    (tmp_path / "taken.xlsx").mkdir()
    with pytest.raises(OSError):
        output.save(str(tmp_path / "taken.xlsx"))
    assert [path.name for path in tmp_path.iterdir()] == ["taken.xlsx"]


def test_equal_tables_make_equal_files(tmp_path):
    frame = pl.DataFrame({"a": [str(number % 700) * 3 for number in range(50_000)]})
    assert write(tmp_path / "a.xlsx", frame).read_bytes() == write(tmp_path / "b.xlsx", frame).read_bytes()


def large_frame(rows: int = 30_000) -> pl.DataFrame:
    rnd = random.Random(7)
    return pl.DataFrame({
        "number": [rnd.random() * 1000 for _ in range(rows)],
        "text": [f"text {rnd.randrange(10**6)} {'é' * rnd.randrange(30)}" for _ in range(rows)],
        "few": [rnd.choice(("Oslo", "Łódź", "a & b")) for _ in range(rows)],
        "day": [dt.datetime(2024, 1, 1) + dt.timedelta(minutes=number) for number in range(rows)],
        "flag": [None if number % 7 == 0 else number % 2 == 0 for number in range(rows)],
    })


def test_large_tables_are_read_back_by_openpyxl_and_calamine(tmp_path):
    calamine = pytest.importorskip("python_calamine")
    frame = large_frame()
    path = write(tmp_path / "large.xlsx", frame, frame.head(5))
    expected = [tuple(frame.columns), *frame.iter_rows(), (None,) * 5, tuple(frame.columns), *frame.head(5).iter_rows()]
    book = openpyxl.load_workbook(path, read_only=True)
    assert book["Data"].calculate_dimension() == "A1:E30008"
    assert list(book["Data"].iter_rows(values_only=True)) == expected
    assert check_package(path) == []
    rows = calamine.load_workbook(str(path)).get_sheet_by_name("Data").to_python()
    assert len(rows) == len(expected)
    for row, wanted in zip(rows[1:200], expected[1:200]):
        assert [None if value == "" else value for value in row][:3] == list(wanted[:3])


def test_proxies_pass_for_the_real_thing(tmp_path):
    from openpyxl.workbook.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    output = Output()
    first, second = output.add_sheet("One"), output.add_sheet("Two")
    assert isinstance(output.workbook, Workbook) and isinstance(first, Worksheet)
    assert first.parent is output.workbook and second.title == "Two" and first.sheet_state == "visible"
    assert first == first and first != second and bool(first)
    assert not output.is_touched
    output.append_table(second, pl.DataFrame({"a": [1]}), gap=False)
    book = output.workbook
    assert book["Two"] is second and book.worksheets == [first, second] and list(book) == [first, second]
    assert book.active is first and "One" in book and book.index(second) == 1
    assert second.parent is book and second["A2"].value == 1
    book.active = second
    book.move_sheet(second, -1)
    copied = book.copy_worksheet(second)
    copied.title = "Copy"
    first.sheet_properties.tabColor = "ff0000"
    first.append(["more"])
    third = output.add_sheet("Three")
    output.append_table(third, pl.DataFrame({"b": [2]}), gap=False)
    book.remove(first)
    output.save(str(tmp_path / "a.xlsx"))
    saved = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert saved.sheetnames == ["Two", "Copy", "Three"]
    assert saved["Copy"]["A2"].value == 1 and saved["Three"]["A2"].value == 2
