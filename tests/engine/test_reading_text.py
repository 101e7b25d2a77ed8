"""The native reader of separated text against Python's ``csv`` module; tests/sheets/csv has what settings let it detect."""

import csv
import random

import pytest
from conftest import everything
from reading import native_rows, native_sheets, trimmed

from ade_engine.io.input.source import open_source


def assert_as_csv(path) -> None:
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    # An empty line is a row without cells; at the end of the file it is not a row.
    while len(rows) > 1 and not rows[-1]:
        rows.pop()
    assert native_sheets(path) == {path.stem: [trimmed(row) for row in rows]}


@pytest.mark.parametrize("seed", range(200 if everything() else 60))
def test_random_text(tmp_path, seed):
    rnd = random.Random(seed)
    alphabet = rnd.choice(('a",\n', 'a",\r\n', 'ab"",,\r\n\n é€𝄞', "a,\n", '"\n'))
    text = "".join(rnd.choice(alphabet) for _ in range(rnd.choice((0, 3, 30, 300))))
    path = tmp_path / "text.csv"
    path.write_bytes((b"\xef\xbb\xbf" if rnd.random() < 0.3 else b"") + text.encode())
    assert_as_csv(path)


def test_long_files_cross_block_borders(tmp_path):
    rnd = random.Random(3)
    path = tmp_path / "text.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([number, "é€" * rnd.randrange(20), 'quo"te\nd,' * rnd.randrange(3), ""] for number in range(20_000))
    assert_as_csv(path)


@pytest.mark.parametrize("run, facts", [(3, (3, True, 2)), (4, (5, False, 0))])
def test_limits_and_facts(tmp_path, run, facts):
    (tmp_path / "a.csv").write_text("a\n\n\n\nb\n\n\n")
    source = open_source(str(tmp_path / "a.csv"))
    scan = source.scan(source.sheets[0], max_empty_rows_run=run, max_empty_cols_run=None)
    assert (scan.rows_emitted, scan.stopped_early, scan.truncated_rows) == facts


@pytest.mark.parametrize("content, ending", [
    (b"a\xff", None), (b"ok\n" * 100_000 + b"\xe9\n", None),
    (b"PK\3\4\x14\0\0\0\x08\0\xff\xfe", ".xlsx"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, ".xls"),
])  # fmt: skip
def test_other_bytes_are_a_decoding_error_and_workbooks_are_recognised(tmp_path, content, ending):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(UnicodeDecodeError) as raised:
        open_source(str(tmp_path / "a.csv")).load()
    hint = f"this file is a workbook, not text: rename it so that it ends in {ending}"
    assert getattr(raised.value, "ade_hint", None) == (hint if ending else None)


@pytest.mark.parametrize("options", [{"csv_encoding": "klingon"}, {"csv_delimiter": "ab"}, {"csv_delimiter": '"'}])
def test_options_that_make_no_sense_are_refused(tmp_path, options):
    (tmp_path / "a.csv").write_text("a\n")
    with pytest.raises(ValueError):
        open_source(str(tmp_path / "a.csv"), **options).load()


def test_the_openpyxl_workbook_has_the_same_cells(tmp_path):
    (tmp_path / "a.csv").write_text('x,"=1+1",\n\n#N/A,\x01,z\n')
    source = open_source(str(tmp_path / "a.csv"))
    sheet = source.sheets[0].worksheet
    assert source.workbook.sheetnames == ["a"] and source.workbook.active is sheet
    assert [list(row) for row in sheet.values] == [["x", "=1+1", ""], [None, None, None], ["#N/A", "\x01", "z"]]
    assert native_rows(source, source.sheets[0])[2] == ["#N/A", "\x01", "z"]
