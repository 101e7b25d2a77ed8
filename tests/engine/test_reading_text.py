"""The native reader of separated text against Python's ``csv`` module, and what the settings let it detect."""

import csv
import random

import pytest
from conftest import everything

from ade_engine.io.input.source import open_source
from reading import native_rows, native_sheets, trimmed


def reference_rows(path, **options) -> list[list]:
    with open(path, encoding=options.pop("encoding", "utf-8-sig"), newline="") as file:
        rows = list(csv.reader(file, **options))
    # An empty line is a row without cells; at the end of the file it is not a row.
    while rows and not rows[-1]:
        rows.pop()
    return [trimmed(row) for row in rows]


def read(path, **options) -> list[list]:
    (rows,) = native_sheets(path, **options).values()
    return rows


@pytest.mark.parametrize("seed", range(200 if everything() else 60))
def test_random_text(tmp_path, seed):
    rnd = random.Random(seed)
    alphabet = rnd.choice(('a",\n', 'a",\r\n', 'ab"",,\r\n\n é€𝄞', "a,\n", '"\n'))
    text = "".join(rnd.choice(alphabet) for _ in range(rnd.choice((0, 3, 30, 300))))
    path = tmp_path / "text.csv"
    path.write_bytes((b"\xef\xbb\xbf" if rnd.random() < 0.3 else b"") + text.encode())
    expected = reference_rows(path)
    if not expected and text.strip("\r\n") == "" and text:
        expected = [[]]
    assert read(path) == expected


def test_long_files_cross_block_borders(tmp_path):
    rnd = random.Random(3)
    path = tmp_path / "text.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for number in range(20_000):
            writer.writerow([number, "é€" * rnd.randrange(20), 'quo"te\nd,' * rnd.randrange(3), ""])
    assert read(path) == reference_rows(path)


def test_the_sheet_has_the_name_of_the_file(tmp_path):
    for name in ("my data.v2", "what?"):
        (tmp_path / f"{name}.csv").write_text("a\n")
        source = open_source(str(tmp_path / f"{name}.csv"))
        assert [(sheet.title, sheet.state) for sheet in source.sheets] == [(name, "visible")]
        assert source.active is source.sheets[0]


def test_limits_and_facts(tmp_path):
    (tmp_path / "a.csv").write_text("a\n\n\n\nb\n\n\n")
    source = open_source(str(tmp_path / "a.csv"))
    scan = source.scan(source.sheets[0], max_empty_rows_run=3, max_empty_cols_run=None)
    assert (scan.rows_emitted, scan.stopped_early, scan.truncated_rows) == (3, True, 2)
    scan = source.scan(source.sheets[0], max_empty_rows_run=4, max_empty_cols_run=None)
    assert (scan.rows_emitted, scan.stopped_early, scan.truncated_rows) == (5, False, 0)


@pytest.mark.parametrize("content", [b"caf\xe9,1\n", b"a\xff", b"\xc3", b"ok\n" * 100_000 + b"\xe9\n"])
def test_other_bytes_than_utf8_are_a_decoding_error(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(UnicodeDecodeError) as raised:
        open_source(str(tmp_path / "a.csv")).load()
    assert not hasattr(raised.value, "ade_hint")


ZIP = b"PK\3\4\x14\0\0\0\x08\0\xff\xfe"
OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


@pytest.mark.parametrize(("content", "ending"), [(ZIP, ".xlsx"), (OLE2, ".xls")])
def test_a_workbook_that_is_named_csv_is_recognised(tmp_path, content, ending):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(UnicodeDecodeError) as raised:
        open_source(str(tmp_path / "a.csv")).load()
    assert raised.value.ade_hint == f"this file is a workbook, not text: rename it so that it ends in {ending}"


ROWS = [["Name", "Größe", "Note"], ["Łukasz", "1,5", "a; b | c"], ["Zoë", "2,25", 'says "hi"']]
WESTERN = [[cell.replace("Ł", "L") for cell in row] for row in ROWS]


def write(path, rows, encoding: str, delimiter: str) -> None:
    with open(path, "w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encoding_and_delimiter_are_detected(tmp_path, encoding, delimiter):
    rows = WESTERN if encoding == "cp1252" else ROWS
    write(tmp_path / "a.csv", rows, encoding, delimiter)
    assert read(tmp_path / "a.csv", csv_encoding="auto", csv_delimiter="auto") == rows


@pytest.mark.parametrize(
    ("encoding", "setting"),
    [("latin-1", "latin-1"), ("cp1252", "cp1252"), ("cp1250", "windows-1250"), ("cp1251", "cp1251"), ("utf-16", "UTF-16"), ("shift_jis", "shift_jis"), ("utf-8", "utf_8")],
)
def test_encodings_can_be_named(tmp_path, encoding, setting):
    text = {"cp1250": "Łódź", "cp1251": "Київ", "shift_jis": "東京"}.get(encoding, "café")
    write(tmp_path / "a.csv", [[text, "x"]], encoding, ";")
    assert read(tmp_path / "a.csv", csv_encoding=setting, csv_delimiter="semicolon") == [[text, "x"]]


def test_a_declared_separator_is_no_row(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"sep=;\r\na;b\r\n")
    assert read(tmp_path / "a.csv", csv_delimiter="auto") == [["a", "b"]]
    assert read(tmp_path / "a.csv") == [["sep=;"], ["a;b"]]


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
