"""Notices about files that the sheets of `tests/sheets/notices` cannot hold."""

import pytest
from raw_workbooks import RawWorkbook

REGION = '<sheetData><row><c t="str"><v>region</v></c></row></sheetData>'


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize("gap, last, told", [(1000, "Bo", [[[1003, 1003]]]), (999, "Bo", []), (1000, "", [])])
def test_records_below_the_end_of_a_sheet_are_told(run_by_ade, tmp_path, suffix, gap, last, told):
    rows = {1: "Name", 2: "Ann", 3 + gap: last}
    path = tmp_path / f"book.{suffix}"
    if suffix == "csv":
        path.write_text("".join(rows.get(number, ",") + "\n" for number in range(1, 4 + gap)))
    else:
        cells = "".join(f'<row r="{number}"><c r="A{number}" t="str"><v>{text}</v></c></row>' for number, text in rows.items())
        RawWorkbook({"Pay": f"<sheetData>{cells}</sheetData>"}).save(path)
    assert [notice["rows"] for notice in run_by_ade({}, path).notices("rows_below_left")] == told


def test_a_hidden_sheet_that_cannot_be_read_stops_nothing(succeed, tmp_path):
    book = RawWorkbook({"Pay": REGION, "Broken": "<x></y>"})
    book.set_structure(states={"Broken": "hidden"})
    (notice,) = succeed({}, book.save(tmp_path / "book.xlsx")).notices("hidden_sheets_skipped")
    assert notice["level"] == "warning"
