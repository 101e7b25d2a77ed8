"""The native readers of ``.ods``, ``.xlsb``, ``.tsv``, ``.txt``, and of what programs call ``.xls``: each file is written here."""

import datetime as dt
import struct
import zipfile
from base64 import encodebytes
from quopri import encodestring

import pytest
from ade_engine.io.input.source import SourceError, open_source
from every_format import record, text, write_parts_of_xlsb, xlsb_cell, xlsb_row
from reading import native_sheets as sheets_of

DAY, MOMENT = dt.datetime(2025, 1, 31), dt.datetime(2025, 1, 31, 10, 30, 15)
HOURS = dt.timedelta(hours=36)


def opened(path, **options):
    source = open_source(str(path), scan_ahead=False, **{"as_shown": True, **options})
    source.load()
    return source


def native_sheets(path, **options):
    return sheets_of(path, as_shown=True, **options)


@pytest.mark.parametrize("name", ["a.txt", "a.TSV", "a.ods", "a.xlsb"])
def test_the_older_engine_refuses_what_it_did_not_read(tmp_path, name):
    (tmp_path / name).write_text("a\t1\n")
    with pytest.raises(SourceError, match="are read since edition 2026"):
        opened(tmp_path / name, as_shown=False)


def facts(path, sheet=0):
    """States of sheets, the active one, and merged ranges, hidden rows and columns with zeros of one of them."""
    source = opened(path)
    scan = source.scan(source.sheets[sheet], max_empty_rows_run=None, max_empty_cols_run=None)
    assert source.merged_ranges(source.sheets[sheet]) == scan.merged_ranges
    zeros = [column for column in range(scan.width) if scan.has_zeros(column, 0, scan.rows_emitted)]
    return [sheet.state for sheet in source.sheets], source.active.title, scan.merged_ranges, scan.hidden_rows, zeros


# Text --------------------------------------------------------------------------------------------------------------------

ROWS = [["Order No", "Customer", "Amount"], ["00123", "Müller, Ltd", "7.690,00"], ["00124", "Ödön; x", "1,13-"]]


@pytest.mark.parametrize("name", ["a.txt", "a.tsv", "a.xls"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "cp1252"])
def test_text_between_tabs(tmp_path, name, encoding):
    (tmp_path / name).write_bytes("\r\n".join(map("\t".join, ROWS)).encode(encoding))
    assert native_sheets(tmp_path / name) == {"a": ROWS} and opened(tmp_path / name).kind == "csv"


@pytest.mark.parametrize(("name", "text", "rows"), [
    ("a.tsv", "Names\nSmith, J\nDoe, A\n", [["Names"], ["Smith, J"], ["Doe, A"]]),
    ("a.txt", "a;b\n1,5;2\n", [["a", "b"], ["1,5", "2"]]),
    ("a.csv", "a;b\n1,5;2\n", [["a;b"], ["1", "5;2"]]),
    ("a.csv", "<table><tr><td>1,5", [["<table><tr><td>1", "5"]]),
])  # fmt: skip
def test_separators_go_by_the_name_where_this_says_one(tmp_path, name, text, rows):
    (tmp_path / name).write_text(text)
    assert native_sheets(tmp_path / name) == {"a": rows}


# Web pages ---------------------------------------------------------------------------------------------------------------

PAGE = """<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta charset=windows-1252><title>No cell</title>
<style><!-- .xl65 {mso-number-format:"dd\\.mm\\.yyyy";} .xl66 {mso-number-format:00000;} --></style>
<!--[if gte mso 9]><xml><x:ExcelWorkbook><x:ExcelWorksheet><x:Name>M\xe4rz &amp; Co</x:Name></x:ExcelWorksheet></x:ExcelWorkbook></xml><![endif]-->
<script>if (a < b) document.write("<td>")</script></head><body><h1>Orders&nbsp;of M&auml;rz</h1>
<TABLE border=1><thead><tr><th rowspan=2>Order<br>No<th colspan='2'>When<TH>Amount</tr><tr><th>Day<th>Time</th><th></th></tr>
<tr style="display: none"><td>00123</td><td class=xl65 x:num>45688</td><td x:num="0.5" style='mso-number-format:"h\\:mm"'>12:00</td>
<td x:num="7690.5">7.690,50</td><td x:bool="TRUE">yes</td><td x:str>5</td><td class="xl66" x:num>7</td></tr>
<tr><td><b>A</b> &lt;1&#8364;&gt; </td><td sdval="2" sdnum="1033;0;0.00">2.00</td><td sdval="0">#DIV/0!</td><td>a</tr></table>
<table><tr><td>x</td><td>y</td><td>z</td><td>w</td><td>v</td><td>u</td><td>t</td></tr></table>
<table><tr><td><table><tr><td>in</td></tr><tr><td>ner</td></tr></table>behind</td><td>next</td></tr></table>End"""
CELLS = [
    ["Orders of März"],
    ["Order\nNo", "When", None, "Amount"],
    [None, "Day", "Time"],
    ["00123", DAY, dt.time(12), 7690.5, True, "5", 7],
    ["A <1€>", 2, "#DIV/0!", "a"],
    ["x", "y", "z", "w", "v", "u", "t"],
    [],
    ["in"],
    ["ner"],
    ["behind", "next"],
    ["End"],
]


@pytest.mark.parametrize("name", ["a.xls", "a.xlsx"])
def test_a_web_page_has_the_cells_that_one_sees(tmp_path, name):
    (tmp_path / name).write_bytes(PAGE.encode("cp1252"))
    options = {} if name == "a.xls" else {"csv_encoding": "auto"}
    assert native_sheets(tmp_path / name, **options) == {"März & Co": CELLS}
    if name == "a.xls":
        assert facts(tmp_path / name) == (["visible"], "März & Co", [(2, 3, 1, 1), (2, 2, 2, 3)], [(4, 4)], [6])


def mail(*parts, boundary="----=_x") -> bytes:
    text = f'MIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\tboundary="{boundary}"\r\n\r\n'.encode()
    for location, kind, coding, body in parts:
        text += f"--{boundary}\r\nContent-Location: file:///C:/{location}\r\nContent-Type: {kind}; charset=\"utf-8\"\r\n".encode()
        text += f"Content-Transfer-Encoding: {coding}\r\n\r\n".encode() + body + b"\r\n"
    return text + f"--{boundary}--\r\n".encode()


def test_the_pages_of_a_mail_are_sheets(tmp_path):
    sheet = "<x:ExcelWorksheet><x:Name>{}</x:Name><x:Visible>{}</x:Visible><x:WorksheetSource HRef=\"a_files/{}\"/></x:ExcelWorksheet>"
    sheets = sheet.format("Über", "SheetVisible", "s1.htm") + sheet.format("Off", "SheetHidden", "s2.htm")
    frame = f"<html><!-- <xml>{sheets}<x:ActiveSheet>0</x:ActiveSheet></xml> --><frameset></frameset></html>"
    page = "<link href=s.css><table><tr><td>é</td><td class=d x:num>45688</td></tr></table>".encode()
    (tmp_path / "a.xls").write_bytes(mail(
        ("a.htm", "text/html", "quoted-printable", encodestring(frame.encode())),
        ("a_files/tabs.htm", "text/html", "7bit", b"<table><tr><td>tab</td></tr></table>"),
        ("a_files/s2.htm", "text/html", "base64", encodebytes(page)),
        ("a_files/s1.htm", "text/html", "quoted-printable", encodestring(page)),
        ("a_files/s.css", "text/css", "7bit", b".d {mso-number-format:'Short Date'}"),
    ))  # fmt: skip
    assert native_sheets(tmp_path / "a.xls") == {"Über": [["é", DAY]], "Off": [["é", DAY]]}
    assert facts(tmp_path / "a.xls")[:2] == (["visible", "hidden"], "Über") and opened(tmp_path / "a.xls").kind == "mht"


# XML Spreadsheet 2003 ----------------------------------------------------------------------------------------------------

XML = """<?xml version="1.0" encoding="{0}"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<ExcelWorkbook xmlns="urn:schemas-microsoft-com:office:excel"><ActiveSheet>1</ActiveSheet></ExcelWorkbook>
<Styles><Style ss:ID="d"><NumberFormat ss:Format="Short Date"/></Style><Style ss:ID="z"><NumberFormat ss:Format="00000"/></Style>
<Style ss:ID="h"><NumberFormat ss:Format="[h]:mm"/></Style></Styles>
<Worksheet ss:Name="Off"><Table><Row><Cell><Data ss:Type="String">x</Data></Cell></Row></Table>
<WorksheetOptions xmlns="urn:schemas-microsoft-com:office:excel"><Visible>SheetHidden</Visible></WorksheetOptions></Worksheet>
<Worksheet ss:Name="März"><Table ss:ExpandedColumnCount="9"><Column ss:Width="9"/>
<Row><Cell ss:MergeAcross="1"><Data ss:Type="String">A&amp;B<B xmlns="http://www.w3.org/TR/REC-html40">old</B></Data><Comment><Data>no</Data></Comment></Cell>
<Cell><Data ss:Type="Number">7690</Data></Cell><Cell ss:Index="6"><Data ss:Type="Number">1.5</Data></Cell></Row>
<Row ss:Index="4" ss:Hidden="1"><Cell ss:StyleID="d"><Data ss:Type="DateTime">2025-01-31T00:00:00.000</Data></Cell>
<Cell><Data ss:Type="DateTime">1899-12-31T12:00:00.000</Data></Cell><Cell ss:StyleID="h"><Data ss:Type="DateTime">1900-01-01T12:00:00.000</Data></Cell>
<Cell><Data ss:Type="Boolean">1</Data></Cell><Cell><Data ss:Type="Error">#N/A</Data></Cell><Cell ss:StyleID="z"><Data ss:Type="Number">7</Data></Cell>
<Cell ss:StyleID="d"><Data ss:Type="Number">45688</Data></Cell><Cell ss:Formula="=A1"/></Row></Table></Worksheet></Workbook>"""
XML_CELLS = [["A&Bold", None, 7690, None, None, 1.5], [], [], [DAY, dt.time(12), HOURS, True, "#N/A", 7, DAY]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_xml_of_2003_has_types_and_places(tmp_path, encoding):
    (tmp_path / "a.xls").write_bytes(XML.format(encoding).encode(encoding))
    assert native_sheets(tmp_path / "a.xls") == {"Off": [["x"]], "März": XML_CELLS}
    assert facts(tmp_path / "a.xls", 1) == (["hidden", "visible"], "März", [(1, 1, 1, 2)], [(4, 4)], [5])
    source = opened(tmp_path / "a.xls")
    scan = source.scan(source.sheets[1], max_empty_rows_run=None, max_empty_cols_run=None)
    assert scan.formulas_without_value == (1, (4, 8))


# OpenDocument ------------------------------------------------------------------------------------------------------------

NAMES = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{uri}:1.0"' for name, uri in {
    "office": "office", "table": "table", "text": "text", "style": "style", "number": "datastyle"}.items())  # fmt: skip


def cell(kind: str, value: object = None, more: str = "", text: str = "") -> str:
    name = {"float": "value", "percentage": "value", "currency": "value"}.get(kind, f"{kind}-value")
    stated = "" if value is None else f' office:{name}="{value}"'
    return f'<table:table-cell office:value-type="{kind}"{stated} {more}>{text and f"<text:p>{text}</text:p>"}</table:table-cell>'


def write_ods(path, rows: str, *, encrypted=False):
    blank = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    content = f"""<?xml version="1.0"?><office:document-content {NAMES}><office:automatic-styles>
<number:number-style style:name="N1"><number:number number:decimal-places="0" number:min-integer-digits="5"/></number:number-style>
<number:currency-style style:name="N2"><number:number number:min-integer-digits="1"/><number:text> </number:text><number:currency-symbol>€</number:currency-symbol></number:currency-style>
<style:style style:name="z" style:family="table-cell" style:data-style-name="N1"/><style:style style:name="c" style:family="table-cell" style:data-style-name="N2"/>
<style:style style:name="off" style:family="table"><style:table-properties table:display="false"/></style:style></office:automatic-styles>
<office:body><office:spreadsheet><table:table table:name="Off" table:style-name="off"><table:table-row>{cell("string", text="x")}</table:table-row></table:table>
<table:table table:name="März"><table:table-column table:number-columns-repeated="4"/><table:table-column table:default-cell-style-name="z"/>
{rows}{blank}</table:table></office:spreadsheet></office:body></office:document-content>"""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<m><encryption-data/></m>" if encrypted else "<m/>")
        archive.writestr("settings.xml", f'<s xmlns:config="urn:oasis:names:tc:opendocument:xmlns:config:1.0"><config:config-item config:name="ActiveTable">März</config:config-item></s>')
    return path


ODS_ROWS = f"""<table:table-row>{cell("string", text="two <text:s text:c='2'/>x</text:p><text:p>lines", more='table:number-columns-spanned="2"')}
<table:covered-table-cell/>{cell("float", 7690)}{cell("float", 1.5)}{cell("float", 7)}{cell("currency", 12, 'table:style-name="c" table:formula="of:=1"')}</table:table-row>
<table:table-row table:number-rows-repeated="2" table:visibility="filter">{cell("float", 1, 'table:number-columns-repeated="2"')}</table:table-row>
<table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="9"/></table:table-row>
<table:table-row-group><table:table-row>{cell("date", "2025-01-31")}{cell("date", "2025-01-31T10:30:15")}{cell("time", "PT12H00M00.000000000S")}
{cell("time", "PT36H00M00S")}{cell("boolean", "true")}{cell("percentage", 0.12)}
{cell("string", "", text="#N/A", more='xmlns:calcext="x" calcext:value-type="error"')}{cell("string", "stated")}</table:table-row></table:table-row-group>"""
ODS_CELLS = [["two   x\nlines", None, 7690, 1.5, 7, 12], [1, 1], [1, 1], [], [], [], [DAY, MOMENT, dt.time(12), HOURS, True, 0.12, "#N/A", "stated"]]


def test_open_document_has_types_and_places(tmp_path):
    path = write_ods(tmp_path / "a.ods", ODS_ROWS)
    assert native_sheets(path) == {"Off": [["x"]], "März": ODS_CELLS}
    assert facts(path, 1) == (["hidden", "visible"], "März", [(1, 1, 1, 2)], [(2, 3)], [4, 5])


def test_what_a_spreadsheet_repeats_is_bounded(tmp_path):
    repeated = cell("float", 1, 'table:number-columns-repeated="16384"')
    every = f'<table:table-row table:number-rows-repeated="1048576">{repeated}</table:table-row>'
    source = opened(write_ods(tmp_path / "a.ods", every))
    with pytest.raises(SourceError, match="far more cells"):
        source.scan(source.sheets[1], max_empty_rows_run=None, max_empty_cols_run=None)


# Binary workbooks --------------------------------------------------------------------------------------------------------


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


XLSB_CELLS = [["größe", "own", None, 7690, 1.5, None, "rich"], [], [], [DAY, HOURS, True, "#N/A", 7, "said"]]


def test_binary_workbooks_have_types_and_places(tmp_path):
    path = write_xlsb(tmp_path / "a.xlsb")
    assert native_sheets(path) == {"Off": [], "März": XLSB_CELLS}
    assert facts(path, 1) == (["hidden", "visible"], "März", [(6, 7, 1, 2)], [(4, 4)], [4])


#: What later programs add, with records that have the numbers of rows, cells and merged ranges.
LATER = record(35, b"\0\0\0\0") + record(0) + record(7) + record(176) + record(36)


@pytest.mark.parametrize("records", [LATER, record(35) + LATER + record(7) + record(36)])
def test_binary_workbooks_are_read_past_what_later_programs_add(tmp_path, records):
    path = write_xlsb(tmp_path / "a.xlsb", behind=records, among=records)
    assert native_sheets(path)["März"] == XLSB_CELLS and facts(path, 1)[2] == [(6, 7, 1, 2)]
    # Behind the cells no record is one of a cell.
    assert native_sheets(write_xlsb(tmp_path / "b.xlsb", behind=record(7) + record(12)))["März"] == XLSB_CELLS
    with pytest.raises(SourceError, match="damaged"):
        native_sheets(write_xlsb(tmp_path / "c.xlsb", among=record(35)))


# Whatever a file is called -----------------------------------------------------------------------------------------------


def test_files_are_what_they_hold_where_that_is_asked_for(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["x", 1])
    book.save(tmp_path / "a.xlsx")
    for name in ("a.csv", "a.xls", "a.ods", "a.txt"):
        (tmp_path / name).write_bytes((tmp_path / "a.xlsx").read_bytes())
        source = opened(tmp_path / name, csv_encoding="auto")
        assert source.kind == "xlsx"
        assert [[cell.value for cell in row] for row in source.openpyxl_sheet(source.sheets[0]).iter_rows()] == [["x", 1]]
        with pytest.raises((SourceError, UnicodeDecodeError)):
            opened(tmp_path / name)
    write_ods(tmp_path / "b.xlsx", ODS_ROWS)
    assert opened(tmp_path / "b.xlsx").kind == "ods"


@pytest.mark.parametrize(("name", "content", "words"), [
    ("a.xls", b"<html><body>502 Bad Gateway</body></html>", "a web page without a table"),
    ("a.xls", b"<?xml version='1.0'?><orders/>", "XML file"),
    ("a.xls", b"MIME-Version: 1.0\nContent-Type: text/html\n\n<p>x", "a web page without a table"),
    ("a.xls", b"<Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'><Worksheet>", "cut short"),
    ("a.ods", b"PK", "not a zip archive"),
    ("a.xlsb", b"", "is empty"),
    ("a.html", b"<table>", "not supported"),
])  # fmt: skip
def test_what_cannot_be_read_is_told(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=words):
        opened(tmp_path / name)


def test_encrypted_spreadsheets_are_told(tmp_path):
    with pytest.raises(SourceError, match="without a password"):
        opened(write_ods(tmp_path / "a.ods", "", encrypted=True))
