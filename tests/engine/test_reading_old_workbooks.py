"""The native reader of ``.xls`` against xlrd, cell by cell."""

import datetime as dt
import random

import pytest
import xlrd
import xlwt

from ade_engine.io.input.source import SourceError, open_source
from conftest import everything, write_xls
from reading import assert_same, native_sheets, trimmed, value_of_xls

FORMATS = ("General", "0.00", "yyyy-mm-dd", "h:mm:ss", "[h]:mm:ss", "D/M/YY h:mm", "0%", '0 "days"', "#,##0.00", "@", "mmm-yy")


def xlrd_sheets(path) -> dict[str, list[list]]:
    book = xlrd.open_workbook(str(path), formatting_info=True)
    return {sheet.name: [trimmed(map(lambda cell: value_of_xls(book, cell), sheet.row(row))) for row in range(sheet.nrows)] for sheet in book.sheets()}


def random_value(rnd: random.Random):
    number = rnd.random() * 10.0 ** rnd.randrange(-200, 200)
    moment = dt.datetime(1900, 3, 1) + dt.timedelta(milliseconds=rnd.randrange(10**12))
    text = "".join(rnd.choice("ab é漢\n") for _ in range(rnd.choice((0, 3, 40, 3000))))
    return rnd.choice((rnd.randrange(-(10**9), 10**9), rnd.uniform(-1e6, 1e6), round(rnd.uniform(0, 500), 2), number, rnd.random() < 0.5, text, moment, moment.date(), None))


@pytest.mark.parametrize("seed", range(16 if everything() else 3))
def test_random_workbooks(tmp_path, seed):
    rnd = random.Random(seed)
    book = xlwt.Workbook()
    book.dates_1904 = rnd.random() < 0.3
    styles = [xlwt.XFStyle() for _ in FORMATS]
    for style, code in zip(styles, FORMATS):
        style.num_format_str = code
    for number in range(rnd.randrange(1, 4)):
        sheet = book.add_sheet(f"Sheet é{number}")
        for row in rnd.sample(range(rnd.choice((10, 3000))), 10):
            for column in rnd.sample(range(60), rnd.randrange(12)):
                sheet.write(row, column, random_value(rnd), rnd.choice(styles))
            if rnd.random() < 0.5:
                start = rnd.randrange(70, 90)
                for column in range(start, start + 5):
                    sheet.row(row).set_cell_number(column, rnd.randrange(100), rnd.choice(styles))
        if rnd.random() < 0.3:
            sheet.merge(4000, 4001, 2, 3)
    path = tmp_path / "book.xls"
    book.save(str(path))
    assert_same(native_sheets(path), xlrd_sheets(path))


def test_many_shared_strings_cross_record_borders(tmp_path):
    rnd = random.Random(5)
    texts = ("".join(rnd.choice("abcé漢") for _ in range(rnd.randrange(60))) for _ in range(4000))
    path = write_xls(tmp_path / "book.xls", [[f"{text}{row}", f"plain {row}"] for row, text in enumerate(texts)])
    assert_same(native_sheets(path), xlrd_sheets(path))


#: Numbers and their formats, whether these show zeros, what a cell is since edition 2026, and what it was.
SHOWN = [
    (123, "00000", True, 123, 123), (1067, '"D-"00000', True, 1067, 1067), (7, "0000;-0000", True, 7, 7), (42, "General", False, 42, 42),
    (0.5, "h:mm", False, dt.time(12), dt.datetime(1899, 12, 31, 12)), (1.5, "[h]:mm", False, dt.timedelta(hours=36), dt.datetime(1900, 1, 1, 12)),
]  # fmt: skip


def test_cells_are_as_they_are_shown(tmp_path):
    book = xlwt.Workbook()
    sheet = book.add_sheet("S")
    for row, (value, look, *_) in enumerate(SHOWN):
        sheet.write(row, 0, value, xlwt.easyxf(num_format_str=look))
    path = tmp_path / "book.xls"
    book.save(str(path))
    source = open_source(str(path), as_shown=True)
    scan = source.scan(source.sheets[0], max_empty_rows_run=None, max_empty_cols_run=None)
    found = [scan.has_zeros(0, row, row + 1) for row in range(len(SHOWN))], *(sum(native_sheets(path, as_shown=shown)["S"], []) for shown in (True, False))
    assert list(zip(*found)) == [entry[2:] for entry in SHOWN]


def test_sheets_their_states_and_the_active_one(tmp_path):
    book = xlwt.Workbook()
    for name in ("One", "Two", "Three", "Four"):
        book.add_sheet(name).write(0, 0, name)
    book.get_sheet(0).visibility = 1
    book.get_sheet(3).visibility = 2
    book.set_active_sheet(2)
    book.save(str(tmp_path / "book.xls"))
    source = open_source(str(tmp_path / "book.xls"))
    assert [(sheet.title, sheet.state) for sheet in source.sheets] == [("One", "hidden"), ("Two", "visible"), ("Three", "visible"), ("Four", "veryHidden")]
    assert source.active is source.sheets[2]


def test_encrypted_workbooks_are_named(tmp_path):
    path = write_xls(tmp_path / "book.xls", [["x"]])
    content = bytearray(path.read_bytes())
    # The first records of the stream: BOF, then something that becomes FILEPASS.
    at = content.index(b"\x09\x08\x10\x00")
    content[at + 20 : at + 22] = b"\x2f\x00"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="save it without a password"):
        open_source(str(path)).load()


#: A bare BIFF5 stream, as Excel 95 nested it into its files: its records, and what they are.
EXCEL_95 = """
09 08 08 00 00 05 05 00 00 00 00 00 | BOF of the globals
42 00 02 00 e4 04 | code page 1252
e0 00 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 | a style
e0 00 10 00 00 00 0e 00 00 00 00 00 00 00 00 00 00 00 00 00 | a style of dates
85 00 0c 00 4e 00 00 00 00 00 05 53 68 65 65 74 | the sheet, and where it begins
0a 00 00 00 | EOF
09 08 08 00 00 05 10 00 00 00 00 00 | BOF of the sheet
04 02 0b 00 00 00 00 00 00 00 03 00 a3 e9 31 | A1 is a text
7e 02 0a 00 00 00 01 00 00 00 32 00 00 00 | B1 is 12
7e 02 0a 00 01 00 00 00 01 00 b6 3a 02 00 | A2 is a date
0a 00 00 00 | EOF
"""


def test_files_of_excel_95_are_read(tmp_path):
    content = "".join(line.partition("|")[0] for line in EXCEL_95.splitlines())
    (tmp_path / "old.xls").write_bytes(bytes.fromhex(content))
    assert native_sheets(tmp_path / "old.xls") == {"Sheet": [["£é1", 12], [dt.datetime(1999, 12, 31)]]}


def test_truncated_workbooks_are_refused(tmp_path):
    whole = write_xls(tmp_path / "book.xls", [[f"text {row}"] for row in range(500)]).read_bytes()
    for length in range(0, len(whole) // 2, 1013):
        (tmp_path / "cut.xls").write_bytes(whole[:length])
        with pytest.raises(SourceError):
            source = open_source(str(tmp_path / "cut.xls"))
            source.scan(source.sheets[0], max_empty_rows_run=None, max_empty_cols_run=None)
