"""The native reader of workbooks against openpyxl, cell by cell, on random workbooks and on every oddity by itself."""

import datetime as dt
import random
import re
import zipfile

import openpyxl
import pytest
import xlsxwriter
import xlwt
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from ade_engine.io.input.source import SourceError, open_source
from raw_workbooks import FORMATS, MAIN, RawWorkbook, escape
from reading import assert_same, native_sheets, openpyxl_sheets

SEEDS = range(24)
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


def random_moment(rnd: random.Random) -> object:
    moment = dt.datetime(1900, 1, 1) + dt.timedelta(milliseconds=rnd.randrange(10**13))
    return rnd.choice((moment, moment.date(), moment.time(), dt.timedelta(milliseconds=rnd.randrange(-(10**10), 10**10))))


# Random workbooks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_workbooks_that_openpyxl_writes(tmp_path, seed):
    rnd = random.Random(seed)
    book = openpyxl.Workbook()
    if rnd.random() < 0.3:
        book.epoch = CALENDAR_MAC_1904
    for number in range(rnd.randrange(1, 4)):
        sheet = book.active if number == 0 else book.create_sheet()
        sheet.title = f"Sheet & {number}"
        for _ in range(rnd.randrange(200)):
            cell = sheet.cell(rnd.randrange(1, 60), rnd.randrange(1, 30))
            value = rnd.choice((random_text, random_number, random_moment, lambda _: rnd.random() < 0.5))(rnd)
            if rnd.random() < 0.05:
                value = rnd.choice(ERRORS)
            cell.value = value
            if rnd.random() < 0.3:
                cell.number_format = rnd.choice(FORMATS)
        if rnd.random() < 0.3:
            sheet.merge_cells("B2:D4")
    book.save(tmp_path / "book.xlsx")
    assert_same(native_sheets(tmp_path / "book.xlsx"), openpyxl_sheets(tmp_path / "book.xlsx"))


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
                style = rnd.choice((None, *formats))
                kind = rnd.randrange(7)
                if kind == 0:
                    sheet.write_string(row, column, random_text(rnd), style)
                elif kind == 1:
                    sheet.write_number(row, column, random_number(rnd), style)
                elif kind == 2:
                    sheet.write_boolean(row, column, rnd.random() < 0.5, style)
                elif kind == 3:
                    moment = dt.datetime(1904, 1, 2) + dt.timedelta(milliseconds=rnd.randrange(10**12))
                    sheet.write_datetime(row, column, moment, rnd.choice(formats))
                elif kind == 4:
                    value = rnd.choice(("", 7, 2.5, "text", True, "#N/A"))
                    sheet.write_formula(row, column, "=A1", style, value)
                elif kind == 5:
                    sheet.write_rich_string(row, column, "plain ", bold, "bold", " rest")
                else:
                    sheet.write_blank(row, column, None, formats[1])
        if rnd.random() < 0.3:
            sheet.hide()
    book.add_worksheet("Shown").activate()
    book.close()
    assert_same(native_sheets(path), openpyxl_sheets(path))


def random_cell(rnd: random.Random, reference: str, strings: int) -> str:
    """A cell as raw XML, valid in some way or other."""
    style = rnd.choice(("", f' s="{rnd.randrange(len(FORMATS))}"'))
    reference = rnd.choice((f' r="{reference}"', f" r='{reference}'", f'  r = "{reference}"\n'))
    number = rnd.choice((
        *("0", "-0", "1", "007", "5551234", "5551234.0", "-1.5", "1e3", "1E+20", "2.5e-3", ".5", "5.", "0.0"),
        *("59", "60", "61", "0.5", "1.0000001", "45000.25", "43831.999999999", "0.99999999999", "-1", "-0.25"),
        *("2958465", "2958466", "99999999", "1e300", "12345678901234567890", "-98765432109876543210987", " 12 "),
        repr(random_number(rnd)),
    ))
    text = escape(random_text(rnd))
    return rnd.choice((
        f"<c{reference}{style}/>",
        f"<c{reference}{style}></c>",
        f"<c{reference}{style}><v>{number}</v></c>",
        f'<c{reference}{style} t="n"><v>{number}</v></c>',
        f"<c{reference}{style}><f>A1+1</f><v>{number}</v></c>",
        f"<c{reference}{style}><f>A1</f></c>",
        f"<c{reference}{style}><f>A1</f><v></v></c>",
        f"<c{reference}{style}><v/></c>",
        f"<c{reference}{style}><v><![CDATA[12]]>3<!-- no -->4</v></c>",
        f"<c{reference}{style}><!-- none --><v>1<?pi?>2</v></c>",
        f'<c{reference}{style} t="s"><v>{rnd.randrange(strings)}</v></c>',
        f'<c{reference}{style} t="str"><v>{text}</v></c>',
        f'<c{reference}{style} t="str"><f>"a"</f><v>{text}</v></c>',
        f'<c{reference}{style} t="b"><v>{rnd.randrange(2)}</v></c>',
        f'<c{reference}{style} t="e"><v>{rnd.choice(ERRORS)}</v></c>',
        f'<c{reference}{style} t="inlineStr"><is><t>{text}</t></is></c>',
        f'<c{reference}{style} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>',
        f'<c{reference}{style} t="inlineStr"><is><r><rPr><b/></rPr><t>{text}</t></r><r><t>x</t></r></is></c>',
        f'<c{reference}{style} t="inlineStr"><is/></c>',
        f'<c{reference}{style} t="inlineStr"><v>3</v></c>',
        f'<c t="d"{reference}{style}><v>{rnd.choice(("2024-02-29", "2024-02-29T12:30:15.250", "08:15", "08:15:30Z"))}</v></c>',
    ))


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
        cells = "".join(random_cell(rnd, f"{openpyxl.utils.get_column_letter(column + 1)}{number}", len(STRINGS)) for column in columns)
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


def test_namespaces_with_prefixes(tmp_path):
    book = plain_book()
    for part in ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"):
        xml = book.parts[part].decode().replace(f'xmlns="{MAIN}"', f'xmlns:x="{MAIN}"')
        book.parts[part] = re.sub(r"<(/?)(?=[A-Za-z])", r"<\1x:", xml).encode()
    book.set_structure(prefix="x")
    check(book, tmp_path)


#: The XML of a sheet, its rows, and whether openpyxl reads the same.
ODDITIES = {
    "foreign elements": (
        '<sheetPr/><dimension ref="A1:C3"/><sheetViews><sheetView workbookViewId="0"/></sheetViews>'
        '<f:sheetData xmlns:f="urn:foreign"><f:row r="9"><f:c r="A9"><f:v>9</f:v></f:c></f:row></f:sheetData>'
        f'<sheetData>{CELLS}</sheetData><mergeCells><mergeCell ref="A1:B1"/></mergeCells>'
        '<extLst><ext uri="{x}" xmlns:e="urn:foreign"><e:row r="8"><e:c><e:v>1</e:v></e:c></e:row></ext></extLst>',
        EXPECTED, True,
    ),
    "no references": (
        '<sheetData><row><c><v>1</v></c><c t="s"><v>0</v></c></row><row r="4"><c r="C4"><v>2</v></c><c><v>3</v></c></row>'
        "<row><c><v>4</v></c></row></sheetData>",
        [[1, "plain"], [], [], [None, None, 2, 3], [4]], True,
    ),
    "cells out of order": (
        '<dimension ref="A1:C2"/><sheetData><row r="1"><c r="C1"><v>3</v></c><c r="A1"><v>1</v></c><c r="C1"><v>4</v></c></row>'
        '<row r="2"><c r="B2"><v>1</v></c><c r="B2"/></row></sheetData>',
        [[1, None, 4], []], True,
    ),
    # Deliberately unlike openpyxl, which loses them.
    "rows out of order": (
        '<sheetData><row r="3"><c r="A3"><v>3</v></c></row><row r="1"><c r="B1"><v>1</v></c></row>'
        '<row r="3"><c r="B3"><v>4</v></c></row></sheetData>',
        [[None, 1], [], [3, 4]], False,
    ),
    # Deliberately unlike openpyxl, which hides what is outside.
    "a small dimension": ('<dimension ref="A1"/>' + DATA, EXPECTED, False),
    "another small dimension": ('<dimension ref="B2:C3"/>' + DATA, EXPECTED, False),
    "the largest dimension": ('<dimension ref="A1:XFD1048576"/>' + DATA, EXPECTED, True),
    "the right dimension": ('<dimension ref="A1:C3"/>' + DATA, EXPECTED, True),
    "a dimension with dollars": ('<dimension ref="$A$1:$C$9"/>' + DATA, EXPECTED, True),
    # Deliberately unlike openpyxl, which cannot open such a sheet.
    "values that do not fit their type": (
        '<sheetData><row r="1"><c r="A1"><v>n/a</v></c><c r="B1"><v>1,5</v></c><c r="C1" t="b"><v>true</v></c>'
        '<c r="D1" t="b"><v>maybe</v></c><c r="E1" t="d"><v>yesterday</v></c><c r="F1" s="1"><v>soon</v></c>'
        '<c r="G1"><v>nan</v></c><c r="H1"><v> </v></c><c r="I1"><v>1_000</v></c></row></sheetData>',
        [["n/a", "1,5", True, "maybe", "yesterday", "soon", "nan", None, "1_000"]], False,
    ),
    "LibreOffice": (
        '<sheetPr filterMode="false"><pageSetUpPr fitToPage="false"/></sheetPr><dimension ref="A1:C3"/>'
        '<cols><col collapsed="false" customWidth="false" hidden="false" min="1" max="1025" width="11.52"/></cols>'
        '<sheetData><row r="1" customFormat="false" ht="12.8" hidden="false" customHeight="false" outlineLevel="0">'
        '<c r="A1" s="0" t="n"><v>1</v></c><c r="B1" s="0"/><c r="C1" s="0" t="s"><v>0</v></c></row>'
        '<row r="3"><c r="B3" s="1" t="n"><v>45000</v></c></row><row r="4"><c r="A4" s="0"/></row></sheetData>'
        '<printOptions headings="false"/>',
        [*EXPECTED, []], False,
    ),
    "Google": (
        '<sheetData><row r="1"><c r="A1" s="0"><v>1.0</v></c><c r="B1" s="0" t="s"><v>0</v></c><c r="C1" s="0"/></row></sheetData>',
        [[1.0, "plain"]], True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("oddity", ODDITIES)
def test_odd_sheets_are_read(tmp_path, oddity):
    body, expected, like_openpyxl = ODDITIES[oddity]
    check(plain_book(body), tmp_path, expected=expected, like_openpyxl=like_openpyxl)


def test_strict_ooxml_is_read(tmp_path):
    book = plain_book(DATA.replace("</row><row", '<c r="D1" t="d"><v>2024-02-29</v></c></row><row'))
    book.make_strict()
    check(book, tmp_path, expected=[[1, None, "plain", dt.date(2024, 2, 29)], *EXPECTED[1:]], like_openpyxl=False)


@pytest.mark.parametrize("target", ["/xl/worksheets/sheet{}.xml", "./worksheets/sheet{}.xml", "../xl/worksheets/sheet{}.xml"])
def test_relationship_targets_in_any_form(tmp_path, target):
    book = plain_book()
    book.set_structure(target=target)
    check(book, tmp_path)


def test_parts_in_any_order_and_bytes_around_the_archive(tmp_path):
    book = plain_book()
    check(book, tmp_path, order=sorted(book.parts, reverse=True))
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"#!/bin/sh\nexit\n" + path.read_bytes())
    assert native_sheets(path)["Data"] == EXPECTED == openpyxl_sheets(path)["Data"]
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"comment " * 1000
    assert native_sheets(path)["Data"] == EXPECTED


def test_names_of_parts_in_another_case_or_with_backslashes(tmp_path):
    book = plain_book()
    book.parts = {name.replace("/", "\\") if "sheet1" in name else name: part for name, part in book.parts.items()}
    book.parts["xl/SharedStrings.xml"] = book.parts.pop("xl/sharedStrings.xml")
    check(book, tmp_path, like_openpyxl=False)


def test_optional_parts_may_be_missing(tmp_path):
    book = RawWorkbook({"Data": '<sheetData><row r="1"><c r="A1" s="1"><v>45000</v></c></row></sheetData>'})
    del book.parts["xl/styles.xml"]
    del book.parts["_rels/.rels"]
    check(book, tmp_path, expected=[[45000]])


@pytest.mark.parametrize(("encoding", "name"), [("utf-16", "UTF-16"), ("iso-8859-1", "ISO-8859-1"), ("utf-8-sig", "UTF-8")])
def test_parts_in_other_encodings(tmp_path, encoding, name):
    book = plain_book(DATA.replace('t="s"><v>0</v>', 't="str"><v>café</v>'))
    xml = book.parts["xl/worksheets/sheet1.xml"].decode().replace("UTF-8", name)
    book.parts["xl/worksheets/sheet1.xml"] = xml.encode(encoding)
    check(book, tmp_path, expected=[[1, None, "café"], *EXPECTED[1:]])


def test_font_families_above_14_do_no_harm(tmp_path):
    book = plain_book()
    styles = book.parts["xl/styles.xml"].replace(b'<sz val="11"/>', b'<sz val="11"/><family val="34"/>')
    book.parts["xl/styles.xml"] = styles
    check(book, tmp_path, like_openpyxl=False)
    source = open_source(str(tmp_path / "book.xlsx"))
    assert source.sheets[0].worksheet["C1"].value == "plain"


def test_sheets_their_states_and_the_active_one(tmp_path):
    book = RawWorkbook({"One": DATA, "Two": DATA, "Chart": "", "Three": DATA}, strings=STRINGS)
    book.set("xl/worksheets/sheet3.xml", f'<chartsheet xmlns="{MAIN}"><sheetViews/></chartsheet>')
    book.set_structure(states={"One": "hidden", "Two": "veryHidden"}, active=3, kinds={"Chart": "chartsheet"})
    source = open_source(str(book.save(tmp_path / "book.xlsx")))
    assert [(sheet.title, sheet.state) for sheet in source.sheets] == [("One", "hidden"), ("Two", "veryHidden"), ("Three", "visible")]
    assert source.sheet_count == 4, "chart sheets count"
    assert source.active is source.sheets[2]
    book.set_structure(active=2, kinds={"Chart": "chartsheet"})
    assert open_source(str(book.save(tmp_path / "book.xlsx"))).active is None
    book.set_structure(active=9)
    assert open_source(str(book.save(tmp_path / "book.xlsx"))).active is None


def test_sheets_whose_part_is_missing_are_left_out(tmp_path):
    book = RawWorkbook({"One": DATA, "Two": DATA}, strings=STRINGS)
    del book.parts["xl/worksheets/sheet1.xml"]
    path = book.save(tmp_path / "book.xlsx")
    assert list(native_sheets(path)) == ["Two"] == list(openpyxl_sheets(path))


def test_builtin_number_formats(tmp_path):
    ids = [*range(60), 71, 81]
    book = RawWorkbook({"Data": "<sheetData>" + "".join(
        f'<row r="{row}"><c r="A{row}" s="{row - 1}"><v>45000.5</v></c><c r="B{row}" s="{row - 1}"><v>0.25</v></c></row>'
        for row in range(1, len(ids) + 1)
    ) + "</sheetData>"})
    styles = "".join(f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0"/>' for number in ids)
    xml = book.parts["xl/styles.xml"].decode()
    start, end = xml.index("<cellXfs>"), xml.index("</cellXfs>")
    book.parts["xl/styles.xml"] = (xml[:start] + "<cellXfs>" + styles + xml[end:]).encode()
    path = book.save(tmp_path / "book.xlsx")
    assert_same(native_sheets(path), openpyxl_sheets(path))


@pytest.mark.parametrize("date_1904", [False, True])
def test_every_kind_of_serial_number(tmp_path, date_1904):
    rnd = random.Random(date_1904)
    numbers = [repr(rnd.uniform(-3, 70)) for _ in range(300)] + [repr(rnd.uniform(-1e6, 3e6)) for _ in range(300)]
    numbers += [f"{day}.{rnd.randrange(10**11):011}" for day in range(100)] + [str(day) for day in range(-5, 70)]
    numbers += [repr(rnd.randrange(86_400_000 * 3) / 86_400_000) for _ in range(500)]
    rows = "".join(
        f'<row r="{row}"><c r="A{row}" s="1"><v>{number}</v></c><c r="B{row}" s="3"><v>{number}</v></c></row>'
        for row, number in enumerate(numbers, 1)
    )
    book = RawWorkbook({"Data": f"<sheetData>{rows}</sheetData>"})
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


@pytest.mark.parametrize(("name", "content", "words"), [
    ("a.xlsx", b"", "is empty"),
    ("a.xlsx", b"just text\n", "not a zip archive"),
    ("a.xlsx", b"a,b\n1,2\n", "rename it to .csv"),
    ("a.xlsx", b"<html><table>", "web page"),
    ("a.xlsx", b"%PDF-1.4", "PDF"),
    ("a.xlsx", b"PK\3\4" + b"\0" * 400, "cut short"),
    ("a.xlsx", b"PK\5\6" + b"\0" * 18, "zip archive of something else"),
    ("a.xls", b"", "is empty"),
    ("a.xls", b"PK\3\4" + b"\0" * 400, "rename it to .xlsx"),
    ("a.numbers", b"PK", "not supported"),
    ("a", b"PK", "no file extension"),
])
def test_foreign_files_are_named(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    assert words in failure(tmp_path / name)


def test_missing_files_are_named(tmp_path):
    assert "nowhere.xlsx" in failure(tmp_path / "nowhere.xlsx") and "nowhere.csv" in failure(tmp_path / "nowhere.csv")


def test_truncated_workbooks_are_refused_wherever_they_end(tmp_path):
    whole = plain_book().save(tmp_path / "book.xlsx").read_bytes()
    for length in range(0, len(whole), 97):
        (tmp_path / "cut.xlsx").write_bytes(whole[:length])
        assert failure(tmp_path / "cut.xlsx")


def test_damaged_parts_are_named(tmp_path):
    book = plain_book()
    book.parts["xl/worksheets/sheet1.xml"] = book.parts["xl/worksheets/sheet1.xml"].replace(b"</row>", b"</wor>", 1)
    assert "xl/worksheets/sheet1.xml" in failure(book.save(tmp_path / "book.xlsx"))
    book = plain_book('<sheetData><row r="1"><c r="B1" t="s"><v>99</v></c></row></sheetData>')
    assert "cell B1" in failure(book.save(tmp_path / "book.xlsx"))
    book = plain_book()
    path = book.save(tmp_path / "book.xlsx", how="stored")
    path.write_bytes(path.read_bytes().replace(b"<v>45000</v>", b"<v>45001</v>"))
    assert "checksum" in failure(path)


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


def test_a_word_document_is_named(tmp_path):
    book = plain_book()
    del book.parts["xl/workbook.xml"]
    book.parts["word/document.xml"] = b"<x/>"
    book.parts["[Content_Types].xml"] = book.parts["[Content_Types].xml"].replace(b"sheet.main", b"x")
    assert "Word document" in failure(book.save(tmp_path / "book.xlsx"))


# Scanning -----------------------------------------------------------------------------------------------------------


def test_limits_and_facts(tmp_path):
    rows = "".join(f'<row r="{row}"><c r="A{row}"><v>{row}</v></c></row>' for row in (1, 2, 5, 9, 12))
    book = plain_book(f'<dimension ref="A1:A40"/><sheetData>{rows}</sheetData>')
    source = open_source(str(book.save(tmp_path / "book.xlsx")))
    for most, facts in ((3, (7, True, 33, 1)), (4, (12, False, 0, 1))):
        scan = source.scan(source.sheets[0], max_empty_rows_run=most, max_empty_cols_run=None)
        assert (scan.rows_emitted, scan.stopped_early, scan.truncated_rows, scan.width) == facts
    assert scan.widest(2, 4) == 0


def test_sheets_can_be_scanned_in_any_order_and_again(tmp_path):
    bodies = {f"S{number}": f'<sheetData><row r="1"><c r="A1"><v>{number}</v></c></row></sheetData>' for number in range(6)}
    source = open_source(str(RawWorkbook(bodies).save(tmp_path / "book.xlsx")))
    limits = {"max_empty_rows_run": 10, "max_empty_cols_run": 10}
    source.prefetch([source.sheets[1], source.sheets[2]], **limits)
    for number in (5, 1, 2, 2, 0, 3, 1, 4):
        assert source.scan(source.sheets[number], **limits).row(0) == [number]


def test_cell_counts_take_white_space_for_blank(tmp_path):
    body = (
        '<sheetData><row r="1"><c r="A1"><v>1</v></c><c r="B1" t="str"><v>  </v></c></row>'
        '<row r="2"><c r="B2" t="str"><v>\u00a0</v></c></row><row r="4"><c r="C4"><v>0</v></c></row></sheetData>'
    )
    source = open_source(str(plain_book(body).save(tmp_path / "book.xlsx")))
    scan = source.scan(source.sheets[0], max_empty_rows_run=None, max_empty_cols_run=None)
    assert scan.cell_counts(0, 4, 3) == ([1, 0, 1], 2) and scan.cell_counts(0, 4, 2) == ([1, 0], 3)
    assert scan.cell_counts(1, 1, 2) == ([0, 0], 0) and scan.values(0, 0, 6) == [1, None, None, None, None, None]


@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_cells_are_as_they_are_shown(tmp_path, kind):
    """What the older engine had otherwise, and what both have."""
    path = tmp_path / f"shown.{kind}"
    numbers = [(45688, "yyyy-mm-dd"), (0.5, "h:mm"), (1.5, "h:mm:ss"), (1.5, "[h]:mm"), (45688.5, "h:mm"), (1.5, "0.0")]
    if kind == "xls":
        book = xlwt.Workbook()
        sheet = book.add_sheet("S")
        for row, (number, code) in enumerate(numbers):
            sheet.write(row, 0, number, xlwt.easyxf(num_format_str=code))
        book.save(path)
    else:
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet("S")
            for row, (number, code) in enumerate(numbers):
                sheet.write(row, 0, number, book.add_format({"num_format": code}))
    day, half, noon = dt.datetime(2025, 1, 31), dt.timedelta(days=1, hours=12), dt.time(12)
    shown = native_sheets(path, as_shown=True)["S"]
    assert [row[0] for row in shown] == [day, noon, half, half, dt.datetime(2025, 1, 31, 12), 1.5]
    older = [row[0] for row in native_sheets(path)["S"]]
    assert older[:3] == [day, dt.datetime(1899, 12, 31, 12) if kind == "xls" else noon, dt.datetime(1900, 1, 1, 12)] and older[4:] == [row[0] for row in shown][4:]


def test_texts_and_built_in_dates_are_as_they_are_shown(tmp_path):
    inline = "<is><t>a_x000D_\nb_x005F_x0041_</t></is>"
    row = f'<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr">{inline}</c><c r="C1" s="0"><v>45688</v></c></row>'
    raw = RawWorkbook({"S": f"<sheetData>{row}</sheetData>"}, strings=["<si><t>Order_x000D_\nNo</t></si>"])
    raw.set("xl/styles.xml", f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="31"/></cellXfs></styleSheet>')
    path = tmp_path / "shown.xlsx"
    raw.save(path)
    (shown,) = native_sheets(path, as_shown=True).values()
    assert shown == [["Order\nNo", "a\nb_x0041_", dt.datetime(2025, 1, 31)]]
    (older,) = native_sheets(path).values()
    assert older == [["Order_x000D_\nNo", "a_x000D_\nb_x005F_x0041_", 45688]]
