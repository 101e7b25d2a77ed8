"""The lists of issues and of notes hold any text, and other programs open them; their looks are in `tests/sheets/output`."""

import openpyxl
import pytest
from conftest import declared, steps, write_files
from package_check import check_package

TEXTS = ["=1+1", "#N/A", "#DIV/0!", "a\x01b", "<&>\"'", "x" * 40_000, "a  b"]


@pytest.mark.parametrize("touched", [False, True], ids=["written", "touched"])
def test_what_looks_like_a_formula_or_an_error_is_text(succeed, template, tmp_path, libreoffice, touched):
    field = "Field('tag', headers=['tag'], checks=[(lambda name: pl.when(pl.col(name) != '').then(pl.lit('said')), 'error')])"
    (template / "src/ade_config/columns/fields.py").write_text(declared(field))
    if touched:
        write_files(template / "src/ade_config", steps(on_workbook_before_save="output_workbook.worksheets[0]['A1'].value"))
    path = tmp_path / "Q & 'A' b.csv"
    path.write_text("No;Tag\n" + "".join(f'{number};"{text.replace(chr(34), chr(34) * 2)}"\n' for number, text in enumerate(TEXTS)))
    output = succeed(template, path, settings={"notes_sheet": True}).output
    assert check_package(output) == []
    here, there = (openpyxl.load_workbook(file) for file in (output, libreoffice(output) / output.name))
    sheet = here["Issues"]
    assert [sheet.cell(row, 5).value for row in range(5, 12)] == [*TEXTS[:3], "a b", TEXTS[4], "x" * 32_767, TEXTS[6]]
    assert {cell.data_type for row in sheet.iter_rows(min_row=5) for cell in row if cell.value} == {"s"}
    assert sheet["B5"].hyperlink.location == "'Q & ''A'' b'!B2" == there["Issues"]["B5"].hyperlink.location.replace("$", "")
    assert here.sheetnames == there.sheetnames and here.sheetnames[1:] == ["Issues", "Notes"]
    for title in here.sheetnames:
        # It writes an error as a formula.
        one, other = ([[str(cell.value).lstrip("=") for cell in row] for row in book[title]] for book in (here, there))
        assert one == other


def test_of_what_is_wrong_with_a_whole_column_the_first_cells_are_listed(succeed, template, tmp_path):
    path = tmp_path / "hours.csv"
    hours = [12 if number in (3, 9) else 81 for number in range(150)]
    path.write_text("Last name,Hours\n" + "".join(f"{'' if number == 7 else 'Smith'},{hour}\n" for number, hour in enumerate(hours)))
    run = succeed(template, path)
    lines = [[cell for cell in row if cell] for row in openpyxl.load_workbook(run.output)["Issues"].iter_rows(min_row=5, values_only=True)]
    of_hours = [line for line in lines if line[-1] == "hours.up_to_80"]
    assert len(of_hours) == 101 and len(lines) == 102
    assert of_hours[99][1] == "B103" and of_hours[100][1:] == ["B104", "error", "Hours", "more than 80: 48 more from here on, in a table of 150 rows; the list of issues contains all of them", "hours.up_to_80"]
    assert len(run.issues) == 149
