"""Workbooks written as raw XML, to show the reader every habit and oddity that files in the wild have.

A :class:`RawWorkbook` starts out as a small valid package; tests change its parts and how they are zipped.
"""

import io
import zipfile
from pathlib import Path
from unittest import mock

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_OFFICE = "http://purl.oclc.org/ooxml/officeDocument/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SPREADSHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

#: Number formats of the default stylesheet, by cell style.
FORMATS = (
    "General", "yyyy-mm-dd", "h:mm:ss", "[h]:mm:ss", "0.00%", '"d" 0.0', "[$-409]d-mmm-yy;@", "[Red]#,##0.00",
    "[mm]:ss.0", "0_d", "[$€-407]#,##0.00", "mm:ss", "yyyy;@", "0;yyyy", "\\d0", "[H]:mm",
)


class RawWorkbook:
    """A package as a dictionary of parts."""

    def __init__(self, sheets: dict[str, str] | None = None, *, strings: list[str] | None = None):
        """``sheets``: title to the XML of ``sheetData`` and what surrounds it; ``strings``: ``si`` elements."""
        self.parts: dict[str, bytes] = {}
        self.sheet_attributes: dict[str, str] = {}
        self.titles = list(sheets or {"Sheet": "<sheetData/>"})
        self.set("xl/styles.xml", self.styles(FORMATS))
        for number, (title, body) in enumerate((sheets or {"Sheet": "<sheetData/>"}).items(), 1):
            self.set(f"xl/worksheets/sheet{number}.xml", f'<worksheet xmlns="{MAIN}">{body}</worksheet>')
        if strings is not None:
            items = "".join(strings)
            self.set("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{items}</sst>')
        self.set_structure()

    def set(self, part: str, xml: str) -> None:
        self.parts[part] = (DECLARATION + xml).encode()

    @staticmethod
    def styles(formats: tuple[str, ...]) -> str:
        codes = "".join(f'<numFmt numFmtId="{164 + index}" formatCode="{escape(code)}"/>' for index, code in enumerate(formats))
        styles = "".join(f'<xf numFmtId="{164 + index}" fontId="0" fillId="0" borderId="0" xfId="0"/>' for index in range(len(formats)))
        return (
            f'<styleSheet xmlns="{MAIN}"><numFmts>{codes}</numFmts><fonts><font><sz val="11"/></font></fonts>'
            "<fills><fill><patternFill/></fill></fills><borders><border/></borders>"
            '<cellStyleXfs><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
            f"<cellXfs>{styles}</cellXfs>"
            '<cellStyles><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
        )

    def set_structure(
        self, *, workbook_properties: str = "", active: int | None = None, states: dict[str, str] | None = None,
        target: str = "worksheets/sheet{}.xml", kinds: dict[str, str] | None = None, prefix: str = "",
    ) -> None:
        """Write the workbook part, its relationships and the content types."""
        colon = f"{prefix}:" if prefix else ""
        namespace = f"xmlns:{prefix}" if prefix else "xmlns"
        sheets, relationships, types = "", "", ""
        for number, title in enumerate(self.titles, 1):
            state = (states or {}).get(title)
            shown = f' state="{state}"' if state else ""
            sheets += f'<{colon}sheet name="{escape(title)}" sheetId="{number}"{shown} r:id="rId{number}"/>'
            kind = (kinds or {}).get(title, "worksheet")
            relationships += (f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="{target.format(number)}"/>')
            types += (f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{SPREADSHEET_TYPE}.{kind}+xml"/>')
        views = "" if active is None else f'<{colon}bookViews><{colon}workbookView activeTab="{active}"/></{colon}bookViews>'
        self.set(
            "xl/workbook.xml",
            f'<{colon}workbook {namespace}="{MAIN}" xmlns:r="{OFFICE}">{workbook_properties}{views}'
            f"<{colon}sheets>{sheets}</{colon}sheets></{colon}workbook>",
        )
        next_number = len(self.titles) + 1
        relationships += f'<Relationship Id="rId{next_number}" Type="{OFFICE}/styles" Target="styles.xml"/>'
        types += f'<Override PartName="/xl/styles.xml" ContentType="{SPREADSHEET_TYPE}.styles+xml"/>'
        if "xl/sharedStrings.xml" in self.parts:
            relationships += (f'<Relationship Id="rId{next_number + 1}" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>')
            types += f'<Override PartName="/xl/sharedStrings.xml" ContentType="{SPREADSHEET_TYPE}.sharedStrings+xml"/>'
        self.set("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PACKAGE}/relationships">{relationships}</Relationships>')
        self.set(
            "_rels/.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        self.set(
            "[Content_Types].xml",
            f'<Types xmlns="{PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{SPREADSHEET_TYPE}.sheet.main+xml"/>{types}</Types>',
        )

    def make_strict(self) -> None:
        """Turn every part into strict OOXML."""
        for part, content in self.parts.items():
            content = content.replace(MAIN.encode(), STRICT_MAIN.encode())
            self.parts[part] = content.replace(OFFICE.encode(), STRICT_OFFICE.encode())

    def save(self, path: Path, *, how: str = "deflated", order: list[str] | None = None) -> Path:
        """Zip the parts: ``deflated``, ``stored``, ``descriptors`` (sizes behind the data) or ``zip64``."""
        stream, target = Streamed(), path if how != "descriptors" else None
        limit = 1 if how == "zip64" else zipfile.ZIP64_LIMIT
        with mock.patch.multiple(zipfile, ZIP64_LIMIT=limit, ZIP_FILECOUNT_LIMIT=limit):
            with zipfile.ZipFile(target or stream, "w", zipfile.ZIP_STORED if how == "stored" else zipfile.ZIP_DEFLATED) as archive:
                for name in order or self.parts:
                    archive.writestr(name, self.parts[name])
        if target is None:
            path.write_bytes(stream.content)
        return path


class Streamed(io.RawIOBase):
    """A stream that takes bytes and cannot change those that are written."""

    content = b""

    def write(self, data) -> int:
        self.content += data
        return len(data)


def escape(text: str) -> str:
    """Text as XML content or as an attribute's value."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
