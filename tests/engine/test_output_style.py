"""The look of a styled workbook that a hook has touched; all else is in `tests/sheets/output`."""

import openpyxl
import pytest
from conftest import declared, steps, write_files
from showing import looks_of

from ade_engine import FieldDef

FIELDS = declared("""
    Field("name", "First name", headers=["name"]), Field("email", "E-mail", headers=["email"], read=email),
    Field("day", headers=["day"], read=date), Field("pay", headers=["pay"], format="money"), Field("share", width=20), Field("member"),
""")
PEOPLE = [["name", "email", None, "day", "pay", "Notes"], *([f"Name {n}", "nobody" if n % 3 else f"n{n}@example.org", None, "2014-01-01", 31.25 * n, "on leave"] for n in range(5))]
TWO = [["name", "email"], *([f"A {n}", "z"] for n in range(5)), [], *PEOPLE]


@pytest.mark.parametrize("sheets, settings", [
    ({"North": PEOPLE}, {}),
    ({"North": PEOPLE}, {"write_diagnostics_columns": True}),
    ({"North": PEOPLE}, {"issue_columns": False, "remove_unmapped_columns": True}),
    ({"North": TWO}, {"write_diagnostics_columns": True}),
    ({"North": PEOPLE, "It's": PEOPLE[:1], "South": [["name"], ["=1+1"], [""], ["#N/A"]]}, {}),
    ({"North": [["name", "email"], ["=1+1", "=2"]]}, {"escape_formulas": False}),
])  # fmt: skip
def test_a_workbook_that_hooks_touch_looks_like_others(succeed, template, sheets, settings):
    config = template / "src/ade_config"
    (config / "columns/fields.py").write_text(FIELDS)
    seen = []
    for _ in range(2):
        book = openpyxl.load_workbook(succeed(template, sheets, settings=settings).output)
        cells = [(cell.coordinate, cell.value, cell.data_type) for sheet in book for row in sheet.iter_rows() for cell in row]
        seen.append(([looks_of(sheet) for sheet in book], cells))
        write_files(config, steps(on_table_written='output_sheet["A1"].value'))
    assert seen[0] == seen[1]


def test_seconds_count_wherever_they_are(succeed, template, tmp_path):
    (template / "src/ade_config/columns/fields.py").write_text("import polars as pl" + FIELDS.replace("read=date", "read=lambda name: pl.col(name).str.to_datetime()"))
    (tmp_path / "late.csv").write_text("name,day\n" + "x,2024-01-01 00:00:00\n" * 20_000 + "x,2024-01-01 00:00:01\n")
    assert succeed(template, tmp_path / "late.csv").book.worksheets[0]["B2"].number_format == "yyyy-mm-dd hh:mm:ss"


def test_width_and_format_are_given_by_name():
    assert (FieldDef("a", "A", "float", {}, width=12, format="money").width, FieldDef("a", format="money").format) == (12, "money")
    with pytest.raises(TypeError):
        FieldDef("a", "A", "float", {"x": 1}, 12)
