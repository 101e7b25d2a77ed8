"""Grids of cells in every format that the engine reads, written without a program, so that they can hold what programs refuse."""

import csv
import datetime as dt
import struct
import zipfile
from collections.abc import Callable, Sequence
from functools import partial
from html import escape as escape_html
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

from raw_workbooks import PACKAGE, OFFICE, RawWorkbook, escape

#: The 1900 date system's day 0.
FIRST_DAY = dt.datetime(1899, 12, 30)


class Formula(NamedTuple):
    """A formula that was saved without a value."""

    text: str = "1+1"


class Sheet(NamedTuple):
    """A sheet: its title, and rows of cells. A text such as ``#N/A`` is an error."""

    title: str
    rows: list[list[Any]]


def days(value: Any) -> float:
    """A day, moment, time of day or duration as a number of days."""
    if isinstance(value, dt.timedelta):
        return value / dt.timedelta(1)
    if isinstance(value, dt.time):
        return (dt.datetime.combine(dt.date(1900, 1, 1), value) - dt.datetime(1900, 1, 1)) / dt.timedelta(1)
    return ((value if isinstance(value, dt.datetime) else dt.datetime(value.year, value.month, value.day)) - FIRST_DAY) / dt.timedelta(1)


def shown(value: Any) -> str:
    """A cell as a program shows it."""
    if value is None or isinstance(value, Formula):
        return ""
    return str(value).upper() if isinstance(value, bool) else str(value)


def _letters(column: int) -> str:
    return (_letters(column // 26 - 1) if column >= 26 else "") + chr(65 + column % 26)


def _style(value: Any) -> int:
    """The style of a moment in the stylesheet of :class:`RawWorkbook`; 0 for other values."""
    return 3 if isinstance(value, dt.timedelta) else 2 if isinstance(value, dt.time) else int(isinstance(value, dt.date))


# Workbooks ---------------------------------------------------------------------------------------------------------------


def write_xlsx(path: Path, sheets: Sequence[Sheet]) -> None:
    def cell(place: str, value: Any) -> str:
        if isinstance(value, Formula):
            return f'<c r="{place}"><f>{escape(value.text)}</f></c>'
        if isinstance(value, bool):
            return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
        if isinstance(value, (int, float)):
            return f'<c r="{place}"><v>{value!r}</v></c>'
        if not isinstance(value, str):
            return f'<c r="{place}" s="{_style(value)}"><v>{days(value)!r}</v></c>'
        if value.startswith("#") and value[1:2].isupper():
            return f'<c r="{place}" t="e"><v>{escape(value)}</v></c>'
        # As the format writes control characters.
        text = "".join(f"_x{ord(letter):04X}_" if letter < " " and letter not in "\t\n" else letter for letter in escape(value))
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'

    def body(rows: list[list[Any]]) -> str:
        xml = ""
        for number, row in enumerate(rows, 1):
            cells = (cell(f"{_letters(at)}{number}", value) for at, value in enumerate(row) if value is not None)
            xml += f'<row r="{number}">{"".join(cells)}</row>'
        return f"<sheetData>{xml}</sheetData>"

    RawWorkbook({sheet.title: body(sheet.rows) for sheet in sheets}).save(path)


def record(kind: int, data: bytes = b"") -> bytes:
    """A record of a binary workbook."""

    def number(value: int) -> bytes:
        return bytes([value]) if value < 0x80 else bytes([value & 0x7F | 0x80]) + number(value >> 7)

    return number(kind) + number(len(data)) + data


def text(value: str) -> bytes:
    """A text in such a record."""
    content = value.encode("utf-16-le", "surrogatepass")
    return struct.pack("<I", len(content) // 2) + content


def write_parts_of_xlsb(path: Path, sheets: Sequence[tuple[str, int, bytes]], formats: Sequence[str], styles: Sequence[int], strings: Sequence[str] = ()) -> Path:
    """A binary workbook: title, state and records of each sheet; number formats from 164 on, and the format of each cell style."""
    kinds = f"{OFFICE.removesuffix('/relationships')}/relationships"
    bundle = [struct.pack("<II", state, number) + text(f"rId{number}") + text(title) for number, (title, state, _) in enumerate(sheets, 1)]
    workbook = record(131) + record(153, struct.pack("<II", 0, 0) + text("")) + record(135) + record(158, struct.pack("<iiiiIIIB", 0, 0, 0, 0, 600, 0, len(sheets) - 1, 0)) + record(136)
    workbook += record(143) + b"".join(record(156, data) for data in bundle) + record(144) + record(132)
    own = b"".join(record(44, struct.pack("<H", number) + text(code)) for number, code in enumerate(formats, 164))
    stylesheet = record(278) + record(615, struct.pack("<I", len(formats))) + own + record(616) + record(626, struct.pack("<I", 1)) + record(47, struct.pack("<HHIIHH", 0xFFFF, 14, 0, 0, 0, 0)) + record(627)
    stylesheet += record(617, struct.pack("<I", len(styles))) + b"".join(record(47, struct.pack("<HHIIHH", 0, key, 0, 0, 0, 0)) for key in styles) + record(618) + record(279)
    parts = [("worksheet", f"worksheets/sheet{number}.bin") for number, _ in enumerate(sheets, 1)] + [("styles", "styles.bin"), ("sharedStrings", "sharedStrings.bin")]
    related = "".join(f'<Relationship Id="rId{number}" Type="{kinds}/{kind}" Target="{part}"/>' for number, (kind, part) in enumerate(parts, 1))
    shared = record(159, struct.pack("<II", len(strings), len(strings))) + b"".join(record(19, b"\0" + text(value)) for value in strings) + record(160)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>')
        archive.writestr("xl/_rels/workbook.bin.rels", f'<Relationships xmlns="{PACKAGE}/relationships">{related}</Relationships>')
        for name, content in {"workbook.bin": workbook, "styles.bin": stylesheet, "sharedStrings.bin": shared}.items():
            archive.writestr(f"xl/{name}", content)
        for number, (_, _, content) in enumerate(sheets, 1):
            archive.writestr(f"xl/worksheets/sheet{number}.bin", content)
    return path


def xlsb_row(number: int, *, hidden: bool = False) -> bytes:
    return record(0, struct.pack("<IIHBBBI", number, 0, 300, 0, 0x10 * hidden, 0, 0))


def xlsb_cell(kind: int, column: int, data: bytes = b"", style: int = 0) -> bytes:
    return record(kind, struct.pack("<II", column, style) + data)


def write_xlsb(path: Path, sheets: Sequence[Sheet]) -> None:
    def cell(at: int, value: Any) -> bytes:
        if value is None:
            return b""
        if isinstance(value, Formula):
            return xlsb_cell(8, at, text("") + b"\0\0")
        if isinstance(value, bool):
            return xlsb_cell(4, at, bytes([value]))
        if isinstance(value, str):
            return xlsb_cell(6, at, text(value))
        number = value if isinstance(value, (int, float)) else days(value)
        return xlsb_cell(5, at, struct.pack("<d", number), _style(value))

    def body(rows: list[list[Any]]) -> bytes:
        cells = (xlsb_row(number) + b"".join(cell(at, value) for at, value in enumerate(row)) for number, row in enumerate(rows))
        return record(129) + record(145) + b"".join(cells) + record(146) + record(130)

    write_parts_of_xlsb(path, [(sheet.title, 0, body(sheet.rows)) for sheet in sheets], ("yyyy-mm-dd hh:mm", "h:mm:ss", "[h]:mm:ss"), (0, 164, 165, 166))


def write_xls(path: Path, sheets: Sequence[Sheet]) -> None:
    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    styles = {kind: xlwt.easyxf(num_format_str=code) for kind, code in ((1, "yyyy-mm-dd hh:mm"), (2, "h:mm:ss"), (3, "[h]:mm:ss"))}
    for sheet in sheets:
        made = book.add_sheet(sheet.title)
        for row, values in enumerate(sheet.rows):
            for column, value in enumerate(values):
                if isinstance(value, Formula):
                    made.write(row, column, xlwt.Formula(value.text))
                elif isinstance(value, (dt.date, dt.time, dt.timedelta)):
                    made.write(row, column, days(value), styles[_style(value)])
                elif value is not None:
                    made.write(row, column, value)
    book.save(str(path))


_ODS = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{uri}:1.0"'
    for name, uri in {"office": "office", "table": "table", "text": "text", "style": "style", "number": "datastyle"}.items()
)


def write_ods(path: Path, sheets: Sequence[Sheet]) -> None:
    def cell(value: Any) -> str:
        if value is None:
            return "<table:table-cell/>"
        if isinstance(value, Formula):
            return f'<table:table-cell table:formula="of:={escape(value.text)}"/>'
        if isinstance(value, bool):
            kind, stated = "boolean", str(value).lower()
        elif isinstance(value, (int, float)):
            kind, stated = "float", repr(value)
        elif isinstance(value, dt.date):
            kind, stated = "date", value.isoformat()
        elif isinstance(value, (dt.time, dt.timedelta)):
            seconds = round(days(value) * 86_400)
            kind, stated = "time", f"{'-' * (seconds < 0)}PT{abs(seconds) // 3600}H{abs(seconds) // 60 % 60}M{abs(seconds) % 60}S"
        else:
            return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'
        name = "value" if kind == "float" else f"{kind}-value"
        return f'<table:table-cell office:value-type="{kind}" office:{name}="{stated}"/>'

    def body(sheet: Sheet) -> str:
        rows = "".join("<table:table-row>" + ("".join(map(cell, row)) or cell(None)) + "</table:table-row>" for row in sheet.rows)
        return f'<table:table table:name="{escape(sheet.title)}">{rows}</table:table>'

    tables = "".join(map(body, sheets))
    content = f'<?xml version="1.0"?><office:document-content {_ODS}><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<m/>")


# Files that are called .xls ----------------------------------------------------------------------------------------------


def write_xml_of_2003(path: Path, sheets: Sequence[Sheet]) -> None:
    def cell(value: Any) -> str:
        if isinstance(value, Formula):
            return f'<Cell ss:Formula="={escape(value.text)}"/>'
        if value is None:
            return "<Cell/>"
        if isinstance(value, str):
            return f'<Cell><Data ss:Type="String">{escape(value)}</Data></Cell>'
        if isinstance(value, (bool, int, float)):
            kind = "Boolean" if isinstance(value, bool) else "Number"
            return f'<Cell><Data ss:Type="{kind}">{float(value) if kind == "Number" else int(value)}</Data></Cell>'
        moment = FIRST_DAY + dt.timedelta(days(value)) if days(value) >= 0 else FIRST_DAY
        return f'<Cell ss:StyleID="s{_style(value)}"><Data ss:Type="DateTime">{moment.isoformat(timespec="milliseconds")}</Data></Cell>'

    codes = "".join(f'<Style ss:ID="s{kind}"><NumberFormat ss:Format="{code}"/></Style>' for kind, code in ((1, "yyyy-mm-dd"), (2, "h:mm:ss"), (3, "[h]:mm:ss")))
    names = "urn:schemas-microsoft-com:office:spreadsheet"
    content = f'<?xml version="1.0"?><Workbook xmlns="{names}" xmlns:ss="{names}"><Styles>{codes}</Styles>'
    for sheet in sheets:
        rows = "".join("<Row>" + "".join(map(cell, row)) + "</Row>" for row in sheet.rows)
        content += f'<Worksheet ss:Name="{escape(sheet.title)}"><Table>{rows}</Table></Worksheet>'
    path.write_text(f"{content}</Workbook>", encoding="utf-8", errors="surrogatepass")


def page_of(sheet: Sheet) -> str:
    """A web page with a table."""
    rows = "".join("<tr>" + "".join(f"<td>{escape_html(shown(value))}</td>" for value in row) + "</tr>" for row in sheet.rows)
    return f"<html><meta charset=utf-8><body><table>{rows}</table></body></html>"


def write_page(path: Path, sheets: Sequence[Sheet]) -> None:
    path.write_text("".join(map(page_of, sheets)), encoding="utf-8")


def write_mail(path: Path, sheets: Sequence[Sheet]) -> None:
    parts = [f'--x\r\nContent-Location: file:///C:/{number}.htm\r\nContent-Type: text/html; charset="utf-8"\r\n\r\n{page_of(sheet)}\r\n' for number, sheet in enumerate(sheets)]
    head = 'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="x"\r\n\r\n'
    path.write_bytes(f"{head}{''.join(parts)}--x--\r\n".encode())


# Text --------------------------------------------------------------------------------------------------------------------


def write_text(path: Path, sheets: Sequence[Sheet], *, delimiter: str, encoding: str = "utf-8", line_end: str = "\n") -> None:
    out = StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=line_end).writerows([shown(value) for value in row] for row in sheets[0].rows)
    path.write_bytes(out.getvalue().encode(encoding, "replace"))


#: The writer of each format, by a name, and the ending of the file.
FORMATS: dict[str, tuple[str, Callable[[Path, Sequence[Sheet]], None]]] = {
    "xlsx": ("xlsx", write_xlsx),
    "xlsb": ("xlsb", write_xlsb),
    "xls": ("xls", write_xls),
    "ods": ("ods", write_ods),
    "xml": ("xls", write_xml_of_2003),
    "html": ("xls", write_page),
    "mht": ("xls", write_mail),
    "csv": ("csv", partial(write_text, delimiter=",")),
    "csv;": ("csv", partial(write_text, delimiter=";", encoding="cp1252", line_end="\r\n")),
    "tsv": ("tsv", partial(write_text, delimiter="\t", encoding="utf-16")),
    "txt": ("txt", partial(write_text, delimiter="|", encoding="utf-8-sig", line_end="\r")),
}
