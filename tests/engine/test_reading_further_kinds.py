"""The native reader of ``.xlsb``. Texts, pages and other spreadsheets are in `tests/sheets/reading`."""

import datetime as dt
import struct

import pytest
from ade_engine.io.input.source import SourceError, open_source
from every_format import record, text, write_parts_of_xlsb, xlsb_cell, xlsb_row
from reading import native_sheets


def facts(path, sheet=0):
    """States of sheets, the active one, and merged ranges, hidden rows and columns with zeros of one of them."""
    source = open_source(str(path), scan_ahead=False, as_shown=True)
    source.load()
    scan = source.scan(source.sheets[sheet], max_empty_rows_run=None, max_empty_cols_run=None)
    assert source.merged_ranges(source.sheets[sheet]) == scan.merged_ranges
    zeros = [column for column in range(scan.width) if scan.has_zeros(column, 0, scan.rows_emitted)]
    return [sheet.state for sheet in source.sheets], source.active.title, scan.merged_ranges, scan.hidden_rows, zeros


def write_xlsb(path, behind: bytes = b"", among: bytes = b""):
    """``behind``: records behind the cells, ``among``: between two rows of these."""
    row, value = xlsb_row, xlsb_cell
    sheet = record(129) + record(148, struct.pack("<IIII", 0, 3, 0, 6)) + record(145)
    sheet += row(0) + value(7, 0, struct.pack("<I", 0)) + value(6, 1, text("own")) + value(2, 3, struct.pack("<I", 7690 << 2 | 2))
    sheet += value(5, 4, struct.pack("<d", 1.5)) + value(1, 5) + value(62, 6, b"\0" + text("rich"))
    sheet += among + row(3, hidden=True) + value(5, 0, struct.pack("<d", 45688), style=1) + value(5, 1, struct.pack("<d", 1.5), style=2)
    sheet += value(4, 2, b"\1") + value(3, 3, b"\x2a") + value(9, 4, struct.pack("<dHI", 7, 0, 0), style=3) + value(8, 5, text("said") + b"\0\0")
    sheet += record(146) + behind + record(177, b"\1\0\0\0") + record(176, struct.pack("<IIII", 5, 6, 0, 1)) + record(178) + record(130)
    blank = record(129) + record(145) + record(146) + record(130)
    return write_parts_of_xlsb(path, [("Off", 1, blank), ("März", 0, sheet)], ("[h]:mm", "00000"), (0, 14, 164, 165), ("größe",))


XLSB_CELLS = [["größe", "own", None, 7690, 1.5, None, "rich"], [], [], [dt.datetime(2025, 1, 31), dt.timedelta(hours=36), True, "#N/A", 7, "said"]]


def test_binary_workbooks_have_types_and_places(tmp_path):
    path = write_xlsb(tmp_path / "a.xlsb")
    assert native_sheets(path, as_shown=True) == {"Off": [], "März": XLSB_CELLS}
    assert facts(path, 1) == (["hidden", "visible"], "März", [(6, 7, 1, 2)], [(4, 4)], [4])


#: Additions of later programs, with records that have the numbers of rows, cells and merged ranges.
LATER = record(35, b"\0\0\0\0") + record(0) + record(7) + record(176) + record(36)


@pytest.mark.parametrize("records", [LATER, record(35) + LATER + record(7) + record(36)])
def test_binary_workbooks_are_read_past_what_later_programs_add(tmp_path, records):
    path = write_xlsb(tmp_path / "a.xlsb", behind=records, among=records)
    assert native_sheets(path, as_shown=True)["März"] == XLSB_CELLS and facts(path, 1)[2] == [(6, 7, 1, 2)]
    # No record after the cells is one of a cell.
    assert native_sheets(write_xlsb(tmp_path / "b.xlsb", behind=record(7) + record(12)), as_shown=True)["März"] == XLSB_CELLS
    with pytest.raises(SourceError, match="damaged"):
        native_sheets(write_xlsb(tmp_path / "c.xlsb", among=record(35)), as_shown=True)
