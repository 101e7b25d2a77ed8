"""``source_sheet`` and ``source_workbook`` behave as openpyxl's own, and cost nothing until they are touched."""

import datetime as dt
import random
import subprocess
import sys

import openpyxl
import pytest
from conftest import plugin, steps
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from ade_engine.io.input.source import open_source
from ade_engine.io.stand_in import is_stand_in


@pytest.fixture
def path(tmp_path):
    rnd = random.Random(4)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Orders"
    sheet["A1"] = "Title"
    sheet["A1"].font = Font(bold=True)
    sheet["C1"].fill = PatternFill("solid", fgColor="FFFF00")
    sheet["B2"] = dt.datetime(2024, 2, 29, 12)
    sheet["B3"] = "#N/A"
    sheet["B4"] = "=1+1"
    sheet["D5"].comment = Comment("note", "me")
    for row in range(10, 200):
        for column in range(1, 8):
            if rnd.random() < 0.7:
                sheet.cell(row, column, rnd.choice((1, 2.5, "text", True, dt.time(8, 30))))
    book.create_sheet("Second")["A1"] = 2
    book.create_sheet("Hidden").sheet_state = "hidden"
    book.defined_names["total"] = DefinedName("total", attr_text="Orders!$A$1")
    book.properties.title = "The title"
    book.active = 1
    book.save(tmp_path / "book.xlsx")
    return tmp_path / "book.xlsx"


@pytest.fixture
def both(path):
    """The proxy of the first sheet, and openpyxl's own."""
    source = open_source(str(path))
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    return source.sheets[0].worksheet, book["Orders"]


def values(rows):
    return [tuple(cell.value for cell in row) for row in rows]


RANGES = [
    {}, {"min_row": 5}, {"min_row": 5, "max_row": 12}, {"max_row": 3, "max_col": 2},
    {"min_col": 3, "max_col": 20, "max_row": 15}, {"min_row": 190, "max_row": 500}, {"min_row": 300, "max_row": 500},
]


@pytest.mark.parametrize("range_", RANGES)
def test_rows_are_those_of_openpyxl(both, range_):
    found, expected = both
    assert list(found.iter_rows(**range_, values_only=True)) == list(expected.iter_rows(**range_, values_only=True))
    assert values(found.iter_rows(**range_)) == values(expected.iter_rows(**range_))


@pytest.mark.parametrize("key", ["A1", "B2", "C1", "D5", "Z99", "A1:C3", "B2:B4", "10:12", 11, slice("A1", "B2")])
def test_items_are_those_of_openpyxl(both, key):
    found, expected = both
    left, right = found[key], expected[key]
    if not isinstance(left, tuple):
        assert left.value == right.value
    elif left and isinstance(left[0], tuple):
        assert values(left) == values(right)
    else:
        assert [cell.value for cell in left] == [cell.value for cell in right]


def test_extent_and_cells(both):
    found, expected = both
    assert list(found.values) == list(expected.values) and values(found.rows) == values(expected.rows) == values(found)
    for row, column in ((1, 1), (2, 2), (3, 2), (4, 2), (100, 3), (150, 5)):
        assert found.cell(row, column).value == expected.cell(row=row, column=column).value
    assert found["A1"].font.b and found["C1"].fill.fgColor.rgb == "00FFFF00"


def test_the_workbook_and_its_sheets_have_one_identity(path):
    source = open_source(str(path))
    book, sheet = source.workbook, source.sheets[0].worksheet
    assert book.sheetnames == ["Orders", "Second", "Hidden"]
    assert book["Orders"] is sheet and sheet.parent is book and book.worksheets[0] is sheet
    assert list(book)[1] is source.sheets[1].worksheet is book.active and "Orders" in book and "Nothing" not in book
    with pytest.raises(KeyError):
        book["Nothing"]
    assert is_stand_in(book), "none of this needs openpyxl's workbook"
    assert book.properties.title == "The title" and book.defined_names["total"].attr_text == "Orders!$A$1"
    assert book["Orders"] is sheet and book.active["A1"].value == 2 and isinstance(book, openpyxl.Workbook)
    assert isinstance(sheet, ReadOnlyWorksheet)


def test_chart_sheets_are_left_to_openpyxl(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"] = 1
    chart = book.create_chartsheet("Chart")
    bars = BarChart()
    bars.add_data(Reference(book.active, min_col=1, min_row=1))
    chart.add_chart(bars)
    book.create_sheet("Last")["A1"] = "last"
    book.save(tmp_path / "book.xlsx")
    source = open_source(str(tmp_path / "book.xlsx"))
    assert [sheet.title for sheet in source.sheets] == ["Sheet", "Last"]
    assert source.workbook.sheetnames == ["Sheet", "Chart", "Last"] and source.workbook["Last"]["A1"].value == "last"
    assert source.workbook["Chart"].title == "Chart"
    assert [sheet.title for sheet in source.workbook.worksheets] == ["Sheet", "Last"]


def test_nothing_is_imported_before_it_is_needed(path):
    program = (
        "import sys; from ade_engine.io.input.source import open_source; from ade_engine.io.output import workbook\n"
        f"source = open_source({str(path)!r}); source.load()\n"
        "sheet = source.sheets[0].worksheet; sheet.title, sheet.parent, source.workbook.sheetnames\n"
        "assert not {'openpyxl', 'polars'} & set(sys.modules)\n"
        "source.scan(source.sheets[0], max_empty_rows_run=10, max_empty_cols_run=10).series('a', 0, 0, 5)\n"
        "assert 'openpyxl' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    "hook, rows",
    [
        ("source_sheet['B2'] = 'forty-one'", [["name", "age"], ["Ann", "forty-one"], ["Bob", "35"]]),
        ("source_sheet.append(['Eve', '7'])", [["name", "age"], ["Ann", "41"], ["Bob", "35"], ["Eve", "7"]]),
        ("source_sheet.delete_rows(2)", [["name", "age"], ["Bob", "35"]]),
        ("source_sheet.insert_rows(1)", [["name", "age"], ["Ann", "41"], ["Bob", "35"]]),
        ("source_sheet.delete_cols(1)", [["age"], ["41"], ["35"]]),
        ("source_sheet.merge_cells('A2:B2')", [["name", "age"], ["Ann", None], ["Bob", "35"]]),
        ("del source_sheet['B2']", [["name", "age"], ["Ann", None], ["Bob", "35"]]),
        # Values that no file can hold reach the table as they are.
        (
            "from decimal import Decimal\nfor row in source_sheet.iter_rows(min_row=2): row[1].value = Decimal(row[1].value) / 10",
            [["name", "age"], ["Ann", 4.1], ["Bob", 3.5]],
        ),
    ],
)
def test_what_hooks_change_in_a_text_sheet_is_what_is_read(run, tmp_path, hook, rows):
    body = "return {'header': 1.0} if {'name', 'age'} & set(row_values) else {'data': 1.0}"
    (tmp_path / "in.csv").write_text("name,age\nAnn,41\nBob,35\n", encoding="utf-8")
    detect = plugin("row", body, "*, row_values, **_")
    outcome = run(steps(on_sheet_start=hook), tmp_path / "in.csv", fields=["name", "age"], rows=detect)
    assert outcome.result.error is None, outcome.result.error
    assert outcome.rows() == rows


@pytest.mark.parametrize("look", ["[cell.value for row in source_sheet.iter_rows() for cell in row]", "list(source_sheet.values)", "source_sheet['A1'].font"])
@pytest.mark.parametrize("text", ["name,age\nAnn," + "x" * 40_000 + "\n", "\n\nname,age\nAnn,1\n", "name,age\nAnn\nBob,\n"])
def test_looking_at_cells_changes_nothing(tmp_path, look, text):
    (tmp_path / "in.csv").write_text(text, encoding="utf-8")
    source = open_source(str(tmp_path / "in.csv"))
    sheet = source.sheets[0]
    eval(look, {"source_sheet": sheet.worksheet})
    assert sheet.origin.is_unchanged(sheet.worksheet)
    limits = {"max_empty_rows_run": 1000, "max_empty_cols_run": 500}
    untouched = open_source(str(tmp_path / "in.csv"))
    before, after = untouched.scan(untouched.sheets[0], **limits), source.scan(sheet, **limits)
    assert after.rows(0, 9) == before.rows(0, 9) and after.rows_emitted == before.rows_emitted
