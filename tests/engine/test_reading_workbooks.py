"""The native reader of workbooks against openpyxl, cell by cell, on random workbooks and files beyond `tests/sheets/reading`."""

import datetime as dt
import random
import re
import zipfile

import openpyxl
import pytest
import xlsxwriter
import xlwt

from ade_engine.io.input.source import SourceError, open_source
from conftest import everything
from raw_workbooks import FORMATS, RawWorkbook, escape
from reading import assert_same, native_sheets, openpyxl_sheets

SEEDS = range(24 if everything() else 12)
TEXTS = ("", " ", "a", " padded ", "line\nbreak", "tab\there", "naïve café ☕", "𝄞 clef", "_x0041_", "_x005F_x0041_", "=1+1")
ERRORS = ("#N/A", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!")


def random_text(rnd: random.Random) -> str:
    if rnd.random() < 0.5:
        return rnd.choice(TEXTS)
    return "".join(rnd.choice("abc <>&\"'éß漢字\n 0159") for _ in range(rnd.randrange(60)))


def random_number(rnd: random.Random) -> int | float:
    numbers = (
        rnd.randrange(-10, 10),
        rnd.randrange(-(10**15), 10**15),
        rnd.random(),
        rnd.uniform(-1e6, 1e6),
        rnd.uniform(0, 60_000),
        rnd.uniform(0.5, 1) * 10 ** rnd.choice((*range(-300, 9), *range(10, 300))),
        float(rnd.randrange(60_000)),
    )
    return rnd.choice(numbers)


# Random workbooks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_workbooks_that_xlsxwriter_writes(tmp_path, seed):
    rnd = random.Random(seed)
    path = tmp_path / "book.xlsx"
    book = xlsxwriter.Workbook(str(path), {
        "constant_memory": rnd.random() < 0.5, "date_1904": rnd.random() < 0.3, "use_zip64": rnd.random() < 0.3,
        "strings_to_formulas": False,
    })
    formats = [book.add_format({"num_format": code}) for code in FORMATS]
    bold = book.add_format({"bold": True})
    for number in range(rnd.randrange(1, 4)):
        sheet = book.add_worksheet(f"Sheet <{number}>")
        for row in sorted(rnd.sample(range(300), rnd.randrange(100))):
            for column in sorted(rnd.sample(range(40), rnd.randrange(20))):
                moment = dt.datetime(1904, 1, 2) + dt.timedelta(milliseconds=rnd.randrange(10**12))
                write, *cell = rnd.choice((
                    (sheet.write_string, random_text(rnd)), (sheet.write_number, random_number(rnd)), (sheet.write_boolean, rnd.random() < 0.5),
                    (sheet.write_datetime, moment, rnd.choice(formats)), (sheet.write_formula, "=A1", None, rnd.choice(("", 7, 2.5, "text", True, "#N/A"))),
                    (sheet.write_rich_string, "plain ", bold, "bold", " rest"), (sheet.write_blank, None, formats[1]),
                ))  # fmt: skip
                if len(cell) == 1:
                    cell.append(rnd.choice((None, *formats)))
                write(row, column, *cell)
        if rnd.random() < 0.3:
            sheet.hide()
    book.add_worksheet("Shown").activate()
    book.close()
    assert_same(native_sheets(path), openpyxl_sheets(path))


def random_cell(rnd: random.Random, reference: str) -> str:
    """A cell as raw XML, valid in some way or other."""
    style = rnd.choice(("", f' s="{rnd.randrange(len(FORMATS))}"'))
    reference = rnd.choice((f' r="{reference}"', f" r='{reference}'", f'  r = "{reference}"\n'))
    number = rnd.choice((
        *("0", "-0", "1", "007", "5551234", "5551234.0", "-1.5", "1e3", "1E+20", "2.5e-3", ".5", "5.", "0.0"),
        *("59", "60", "61", "0.5", "1.0000001", "45000.25", "43831.999999999", "0.99999999999", "-1", "-0.25"),
        *("2958465", "2958466", "99999999", "1e300", "12345678901234567890", "-98765432109876543210987", " 12 "),
        repr(random_number(rnd)),
    ))
    kinds = {
        "@": reference + style, "NUMBER": number, "TEXT": escape(random_text(rnd)), "STRING": str(rnd.randrange(len(STRINGS))), "TRUTH": str(rnd.randrange(2)),
        "ERROR": rnd.choice(ERRORS), "MOMENT": rnd.choice(("2024-02-29", "2024-02-29T12:30:15.250", "08:15", "08:15:30Z")),
    }  # fmt: skip
    return re.sub("@|[A-Z]{4,}", lambda place: kinds.get(place[0], place[0]), rnd.choice(RAW_CELLS.strip().splitlines()))


#: Cells as XML, and their values; @ is their position and style.
RAW_CELLS = """
<c@/>
<c@></c>
<c@><v>NUMBER</v></c>
<c@ t="n"><v>NUMBER</v></c>
<c@><f>A1+1</f><v>NUMBER</v></c>
<c@><f>A1</f></c>
<c@><f>A1</f><v></v></c>
<c@><v/></c>
<c@><v><![CDATA[12]]>3<!-- no -->4</v></c>
<c@><!-- none --><v>1<?pi?>2</v></c>
<c@ t="s"><v>STRING</v></c>
<c@ t="str"><v>TEXT</v></c>
<c@ t="str"><f>"a"</f><v>TEXT</v></c>
<c@ t="b"><v>TRUTH</v></c>
<c@ t="e"><v>ERROR</v></c>
<c@ t="inlineStr"><is><t>TEXT</t></is></c>
<c@ t="inlineStr"><is><t xml:space="preserve">TEXT</t></is></c>
<c@ t="inlineStr"><is><r><rPr><b/></rPr><t>TEXT</t></r><r><t>x</t></r></is></c>
<c@ t="inlineStr"><is/></c>
<c@ t="inlineStr"><v>3</v></c>
<c t="d"@><v>MOMENT</v></c>
"""
STRINGS = [
    "<si><t>plain</t></si>",
    '<si><t xml:space="preserve"> spaced </t></si>',
    "<si><t/></si>",
    "<si/>",
    "<si><r><rPr><b/></rPr><t>rich</t></r><r><t> text</t></r></si>",
    "<si><t>漢字</t><rPh sb='0' eb='1'><t>かんじ</t></rPh><phoneticPr fontId='1'/></si>",
    "<si><t>a&amp;b&#10;c&#x41;</t></si>",
    "<si><t>_x005F_x0041_ _x000D_</t></si>",
    "<si><t><![CDATA[<raw>]]></t></si>",
    "<si>\n  <t>indented</t>\n</si>",
]


@pytest.mark.parametrize("seed", SEEDS)
def test_raw_workbooks(tmp_path, seed):
    rnd = random.Random(seed)
    rows = ""
    number = 0
    for _ in range(rnd.randrange(60)):
        number += rnd.choice((1, 1, 1, 2, 30))
        attribute = rnd.choice((f' r="{number}"', f' r="{number}" spans="1:9" ht="15"', f" r='{number}.0'"))
        columns = sorted(rnd.sample(range(30), rnd.randrange(12)))
        cells = "".join(random_cell(rnd, f"{openpyxl.utils.get_column_letter(column + 1)}{number}") for column in columns)
        rows += rnd.choice((f"<row{attribute}>{cells}</row>", f"<row{attribute}>\n {cells}\n</row>\n"))
    book = RawWorkbook({"Data": f"<sheetData>{rows}</sheetData>"}, strings=STRINGS)
    if rnd.random() < 0.5:
        book.set_structure(workbook_properties='<workbookPr date1904="1"/>')
    path = book.save(tmp_path / "book.xlsx", how=rnd.choice(("deflated", "stored", "descriptors", "zip64")))
    assert_same(native_sheets(path), openpyxl_sheets(path))


# One oddity at a time -----------------------------------------------------------------------------------------------

CELLS = '<row r="1"><c r="A1"><v>1</v></c><c r="C1" t="s"><v>0</v></c></row><row r="3"><c r="B3" s="1"><v>45000</v></c></row>'
DATA = f"<sheetData>{CELLS}</sheetData>"
EXPECTED = [[1, None, "plain"], [], [None, dt.datetime(2023, 3, 15)]]


def plain_book(body: str = DATA) -> RawWorkbook:
    return RawWorkbook({"Data": body}, strings=STRINGS)


def check(book: RawWorkbook, path, *, expected=EXPECTED, like_openpyxl: bool = True, **options) -> None:
    path = book.save(path / "book.xlsx", **options)
    found = native_sheets(path)
    assert found["Data"] == expected
    if like_openpyxl:
        assert_same(found, openpyxl_sheets(path))


def in_another_case(book):
    book.parts = {name.replace("/", "\\") if "sheet1" in name else name: part for name, part in book.parts.items()}
    book.parts["xl/SharedStrings.xml"] = book.parts.pop("xl/sharedStrings.xml")


def with_a_font_family(book):
    book.parts["xl/styles.xml"] = book.parts["xl/styles.xml"].replace(b'<sz val="11"/>', b'<sz val="11"/><family val="34"/>')


TARGETS = ("/xl/worksheets/sheet{}.xml", "./worksheets/sheet{}.xml", "../xl/worksheets/sheet{}.xml")


@pytest.mark.parametrize("change, like_openpyxl", [
    *((lambda book, target=target: book.set_structure(target=target), True) for target in TARGETS),
    (RawWorkbook.make_strict, False), (in_another_case, False), (with_a_font_family, False),
])  # fmt: skip
def test_packages_of_other_forms(tmp_path, change, like_openpyxl):
    book = plain_book()
    change(book)
    check(book, tmp_path, like_openpyxl=like_openpyxl)
    if change is with_a_font_family:
        assert open_source(str(tmp_path / "book.xlsx")).sheets[0].worksheet["C1"].value == "plain"


def test_parts_in_any_order_and_bytes_around_the_archive(tmp_path):
    book = plain_book()
    check(book, tmp_path, order=sorted(book.parts, reverse=True))
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"#!/bin/sh\nexit\n" + path.read_bytes())
    assert native_sheets(path)["Data"] == EXPECTED == openpyxl_sheets(path)["Data"]
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"comment " * 1000
    assert native_sheets(path)["Data"] == EXPECTED


@pytest.mark.parametrize(("encoding", "name"), [("utf-16", "UTF-16"), ("iso-8859-1", "ISO-8859-1"), ("utf-8-sig", "UTF-8")])
def test_parts_in_other_encodings(tmp_path, encoding, name):
    book = plain_book(DATA.replace('t="s"><v>0</v>', 't="str"><v>café</v>'))
    xml = book.parts["xl/worksheets/sheet1.xml"].decode().replace("UTF-8", name)
    book.parts["xl/worksheets/sheet1.xml"] = xml.encode(encoding)
    check(book, tmp_path, expected=[[1, None, "café"], *EXPECTED[1:]])


def test_builtin_number_formats(tmp_path):
    ids = [*range(60), 71, 81]
    rows = [f'<row><c s="{row}"><v>45000.5</v></c><c s="{row}"><v>0.25</v></c></row>' for row in range(len(ids))]
    book = RawWorkbook({"Data": f"<sheetData>{''.join(rows)}</sheetData>"})
    styles = "".join(f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0"/>' for number in ids)
    book.parts["xl/styles.xml"] = re.sub(rb"(?s)<cellXfs>.*?</cellXfs>", f"<cellXfs>{styles}</cellXfs>".encode(), book.parts["xl/styles.xml"])
    path = book.save(tmp_path / "book.xlsx")
    assert_same(native_sheets(path), openpyxl_sheets(path))


@pytest.mark.parametrize("date_1904", [False, True])
def test_every_kind_of_serial_number(tmp_path, date_1904):
    rnd = random.Random(date_1904)
    numbers = [repr(rnd.uniform(-3, 70)) for _ in range(300)] + [repr(rnd.uniform(-1e6, 3e6)) for _ in range(300)]
    numbers += [f"{day}.{rnd.randrange(10**11):011}" for day in range(100)] + [str(day) for day in range(-5, 70)]
    numbers += [repr(rnd.randrange(86_400_000 * 3) / 86_400_000) for _ in range(500)]
    book = RawWorkbook({"Data": "<sheetData>" + "".join(f'<row><c s="1"><v>{number}</v></c><c s="3"><v>{number}</v></c></row>' for number in numbers) + "</sheetData>"})
    if date_1904:
        book.set_structure(workbook_properties='<workbookPr date1904="true"/>')
    path = book.save(tmp_path / "book.xlsx")
    assert_same(native_sheets(path), openpyxl_sheets(path))


# Files that cannot be read ------------------------------------------------------------------------------------------


def failure(path) -> str:
    source = open_source(str(path))
    with pytest.raises(SourceError) as raised:
        source.load()
        source.scan(source.sheets[0], max_empty_rows_run=None, max_empty_cols_run=None)
    return str(raised.value)


def test_missing_files_are_named(tmp_path):
    assert "nowhere.xlsx" in failure(tmp_path / "nowhere.xlsx") and "nowhere.csv" in failure(tmp_path / "nowhere.csv")


def test_truncated_workbooks_are_refused_wherever_they_end(tmp_path):
    whole = plain_book().save(tmp_path / "book.xlsx").read_bytes()
    for length in range(0, len(whole), 97):
        (tmp_path / "cut.xlsx").write_bytes(whole[:length])
        assert failure(tmp_path / "cut.xlsx")


def test_encrypted_and_renamed_compound_files_are_told_apart(tmp_path):
    legacy = xlwt.Workbook()
    legacy.add_sheet("Sheet").write(0, 0, "x")
    legacy.save(str(tmp_path / "old.xls"))
    old = (tmp_path / "old.xls").read_bytes()
    (tmp_path / "old.xlsx").write_bytes(old)
    assert "old .xls file renamed" in failure(tmp_path / "old.xlsx")
    name, other = "Workbook".encode("utf-16-le"), "EncryptedPackage".encode("utf-16-le")
    at = old.index(name)
    encrypted = bytearray(old)
    encrypted[at : at + len(other)] = other
    encrypted[at + 64 : at + 66] = (len(other) + 2).to_bytes(2, "little")
    for name in ("secret.xlsx", "secret.xls"):
        (tmp_path / name).write_bytes(encrypted)
        assert "save it without a password" in failure(tmp_path / name)


def test_a_damaged_part_is_named(tmp_path):
    path = plain_book().save(tmp_path / "book.xlsx", how="stored")
    path.write_bytes(path.read_bytes().replace(b"<v>45000</v>", b"<v>45001</v>"))
    assert "checksum" in failure(path)


# Scanning -----------------------------------------------------------------------------------------------------------


def test_sheets_can_be_scanned_in_any_order_and_again(tmp_path):
    bodies = {f"S{number}": f'<sheetData><row r="1"><c r="A1"><v>{number}</v></c></row></sheetData>' for number in range(6)}
    source = open_source(str(RawWorkbook(bodies).save(tmp_path / "book.xlsx")))
    limits = {"max_empty_rows_run": 10, "max_empty_cols_run": 10}
    source.prefetch([source.sheets[1], source.sheets[2]], **limits)
    for number in (5, 1, 2, 2, 0, 3, 1, 4):
        assert source.scan(source.sheets[number], **limits).row(0) == [number]
