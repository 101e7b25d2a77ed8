"""``source_sheet`` and ``source_workbook`` cost nothing until they are touched.

That they behave as openpyxl's own is tested in `test_openpyxl_surface.py`, and what hooks change in `tests/sheets/hooks/source_sheets.toml`.
"""

import subprocess
import sys

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference

from ade_engine.io.input.source import open_source
from ade_engine.io.stand_in import is_stand_in


@pytest.fixture
def path(simple):
    return simple[1]


def test_names_and_identities_need_no_workbook_of_openpyxl(path):
    source = open_source(str(path))
    book, sheet = source.workbook, source.sheets[0].worksheet
    assert book.sheetnames == ["People"] and "People" in book and "Nothing" not in book
    assert book["People"] is sheet is book.worksheets[0] is book.active and sheet.parent is book
    with pytest.raises(KeyError):
        book["Nothing"]
    assert is_stand_in(book)


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
        "source.scan(source.sheets[0], max_empty_rows_run=10, max_empty_cols_run=10).all_series(['a'], 0, 0, 5)\n"
        "assert 'openpyxl' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


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
