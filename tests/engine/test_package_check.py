"""The check of packages finds each kind of fault: every rule has a file that breaks it, and no other."""

import re
import zipfile

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table

from package_check import check_package
from raw_workbooks import RawWorkbook

SHEET = "xl/worksheets/sheet1.xml"
BOOK = "xl/workbook.xml"
STYLES = "xl/styles.xml"
TABLE = "xl/tables/table1.xml"
SHEET_RELATIONSHIPS = "xl/worksheets/_rels/sheet1.xml.rels"
TYPES = "[Content_Types].xml"
COMMENTS = "xl/comments/comment1.xml"


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """The parts of a workbook that has something of everything."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Data"
    for row in (["Name", "Count", "Town"], ["Ann", 1, "Oslo"], ["Bob", 2.5, "#N/A"], ["Eve", True, "=1+1"]):
        sheet.append(row)
    sheet["A2"].font = Font(bold=True)
    sheet["A1"].comment = Comment("look", "me")
    sheet["B2"].comment = Comment("here", "me")
    sheet["C2"].hyperlink = "https://example.org/"
    sheet["C3"].hyperlink = "https://example.org/more"
    sheet.merge_cells("E1:F2")
    sheet.merge_cells("E4:F5")
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = "H1:I9"
    sheet.auto_filter.add_filter_column(0, ["a"])
    sheet.auto_filter.add_sort_condition("I2:I9")
    sheet.column_dimensions["A"].width = 20
    sheet.column_dimensions["C"].width = 20
    sheet.row_dimensions[3].height = 20
    sheet.add_table(Table(displayName="People", ref="A1:C4"))
    sheet.add_table(Table(displayName="Others", ref="K1:K2"))
    sheet["K1"], sheet["K2"] = "Only", 1
    validation = DataValidation("list", formula1='"a,b"')
    validation.add("B2:B9")
    sheet.add_data_validation(validation)
    rule = CellIsRule("greaterThan", ["5"], fill=PatternFill("solid", bgColor="00FF0000"))
    sheet.conditional_formatting.add("B2:B40", rule)
    sheet.row_breaks.append(openpyxl.worksheet.pagebreak.Break(id=3))
    sheet.oddHeader.center.text = "The header"
    sheet.print_area = "A1:C4"
    sheet.print_title_rows = "1:1"
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=4))
    sheet.add_chart(chart, "M2")
    book.create_sheet("Other")["A1"] = "other"
    book.create_sheet("Hidden").sheet_state = "hidden"
    book.defined_names["total"] = DefinedName("total", attr_text="'Data'!$B$2")
    sheet.defined_names["local"] = DefinedName("local", attr_text="Data!$B$2+Other!$A$1")
    path = tmp_path_factory.mktemp("good") / "book.xlsx"
    book.save(path)
    assert check_package(path) == []
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def save(path, parts, twice=()):
    with zipfile.ZipFile(path, "w") as archive:
        for name in (*parts, *twice):
            archive.writestr(name, parts[name])
    return path


def add(element: str):
    """A change that puts XML at the end of the root."""
    return r"(</\w+>)\Z", rf"{element}\1"


#: Part, what is replaced in it (a pattern; ``None`` takes the part away), by what, and words of the faults found.
BROKEN = [
    # The package
    (BOOK, r"</workbook>", "", ["workbook.xml: is not well-formed"]),
    (SHEET, "look|Oslo", "a&#11;b", ["sheet1.xml: is not well-formed"]),
    (SHEET, "Oslo", "a\uffffb", ["sheet1.xml: is not well-formed|character that XML cannot have"]),
    (TYPES, None, "", [r"Content_Types\].xml: is missing"]),
    ("_rels/.rels", None, "", ["rels: is missing"]),
    (TYPES, r'<Override PartName="/xl/styles.xml"[^>]*>', "", ["styles.xml: is reached as styles, but its type"]),
    (TYPES, r'<Default Extension="vml"[^>]*>', "", ["vml: has no type"]),
    (TYPES, r"(<Override [^>]*>)", r"\1\1", ["has two types"]),
    (TYPES, r"(<Default [^>]*>)", r"\1\1", ["has two default types"]),
    (TYPES, "/xl/tables/table2.xml", "/xl/tables/table9.xml", ["table9.xml: is named and missing"]),
    (TABLE, None, "", ["rels: rId4: leads to xl/tables/table1.xml, which is missing"]),
    (SHEET_RELATIONSHIPS, None, "", ["drawing: uses relationship 'rId3', which is missing"]),
    (SHEET_RELATIONSHIPS, r'Id="rId2"', 'Id="rId1"', ["rId1: is missing or used twice"]),
    (SHEET_RELATIONSHIPS, "https://example.org/more", "", ["rId2: leads nowhere"]),
    ("docProps/app.xml", None, "", ["leads to docProps/app.xml, which is missing"]),
    (BOOK, None, "", ["belongs to xl/workbook.xml, which is missing"]),
    ("_rels/.rels", r"<Relationship [^>]*core[^>]*>", "", ["core.xml: is reached by no relationship"]),
    ("_rels/.rels", r"<Relationship [^>]*officeDocument\"[^>]*>", "", ["leads to no workbook"]),
    ("xl/_rels/workbook.xml.rels", r"<Relationship [^>]*/styles\"[^>]*>", "", ["workbook.xml: has no styles"]),
    # Sheets and the workbook
    (BOOK, 'name="Other"', 'name="dATA"', ["2 sheets have the name 'data'"]),
    (BOOK, 'sheetId="2"', 'sheetId="1"', ["2 sheets have the id '1'"]),
    (BOOK, 'sheetId="2"', "", ["Other: has no sheetId"]),
    (BOOK, 'r:id="rId2"|id="rId2"', r'r:id="rId1"', ["2 sheets have the part 'rId1'"]),
    (BOOK, 'name="Other"', 'name="Ot/her"', [r"'Ot/her' is not a title"]),
    (BOOK, 'name="Other"', 'name="%s"' % ("x" * 32), ["x' is not a title"]),
    (BOOK, r'(<sheet [^>]*)state="visible"', r'\1state="hidden"', ["sheets: none is visible"]),
    (BOOK, 'activeTab="0"', 'activeTab="3"', ["activeTab: 3 is not a sheet"]),
    (BOOK, 'activeTab="0"', 'activeTab="-1"', ["activeTab: -1 is not a sheet"]),
    (BOOK, 'activeTab="0"', 'activeTab="2"', ["activeTab: 2 is hidden"]),
    (BOOK, r"(<workbookPr[^>]*>)(.*)(<calcPr)", r"\2\1\3", ["workbookPr: comes after"]),
    # Names
    (BOOK, 'name="total"', 'name="to tal"', ["to tal: is not a name"]),
    (BOOK, 'name="total"', 'name="AB12"', ["AB12: is not a name"]),
    (BOOK, 'name="total"', 'name="_xlnm.Print_Area"', ["_xlnm.Print_Area: belongs to no sheet"]),
    (BOOK, r"(<definedName name=\"total\">[^/]*</definedName>)", r"\1\1", ["total: is defined twice"]),
    (BOOK, 'name="local" localSheetId="0"', 'name="local" localSheetId="3"', ["local: belongs to sheet 3"]),
    (BOOK, "'Data'!\\$B\\$2", "'Da''ta'!$B$2", ["total: refers to the sheet \"Da'ta\", which is missing"]),
    (BOOK, r"Other!\$A", "Gone!$A", ["local: refers to the sheet 'Gone'"]),
    (BOOK, r">'Data'!\$A\$1:\$C\$4<", ">Other!$A$1:$C$4<", ["Print_Area: belongs to sheet 0, but refers to 'Other'"]),
    (BOOK, r">'Data'!\$B\$2<", "><", ["total: means nothing"]),
    # Styles
    (STYLES, r'(<cellXfs.*)fontId="1"', r'\1fontId="77"', ["cellXfs 1: fontId 77 does not exist"]),
    (STYLES, r'(<cellXfs.*)fillId="0"', r'\1fillId="77"', ["cellXfs 1: fillId 77 does not exist"]),
    (STYLES, r'(<cellXfs.*)borderId="0"', r'\1borderId="77"', ["cellXfs 1: borderId 77 does not exist"]),
    (STYLES, r'(<cellXfs.*)numFmtId="0"', r'\1numFmtId="177"', ["cellXfs 1: numFmtId 177 does not exist"]),
    (STYLES, r'(<cellXfs.*)xfId="0"(?=.*</cellXfs)', r'\1xfId="7"', ["cellXfs 1: xfId 7 does not exist"]),
    (STYLES, r'(<cellStyle .*)xfId="0"', r'\1xfId="7"', ["cellStyle Normal: xfId 7 does not exist"]),
    (STYLES, r"(<cellStyle [^>]*>)", r"\1\1", ["2 have the name 'normal'"]),
    (STYLES, r"<fills.*</fills>", "<fills/>", ["fills: has fewer than 2"]),
    (
        STYLES,
        r"<numFmts[^>]*>",
        '<numFmts><numFmt numFmtId="170" formatCode="0"/><numFmt numFmtId="170" formatCode=""/></numFmts>',
        ["170 is defined 2 times", "170 has no usable code"],
    ),
    (STYLES, r"(<fonts.*</fonts>)(<fills.*</fills>)", r"\2\1", ["fonts: comes after fills"]),
    # Rows and cells
    (SHEET, r"(<sheetFormatPr[^>]*>)(<cols>.*</cols>)", r"\2\1", ["sheetFormatPr: comes after cols"]),
    (SHEET, r"(<mergeCells.*</mergeCells>)(.*)(</worksheet>)", r"\2\1\3", ["mergeCells: comes after tableParts"]),
    (SHEET, r"(<pageMargins[^>]*>)", r"\1\1", ["pageMargins: comes twice"]),
    (SHEET, *add("<strange/>"), ["strange: is not a part of a worksheet"]),
    (SHEET, r"<mergeCells count=\"2\"", '<mergeCells count="3"', ["mergeCells: says that it counts 3, but has 2"]),
    (SHEET, r"<sheetData>.*</sheetData>", "", ["has no sheetData"]),
    (SHEET, r'<dimension ref="[^"]*"', '<dimension ref="C3:A1"', ["dimension: 'C3:A1' is not an area"]),
    (SHEET, r'<dimension ref="[^"]*"', '<dimension ref="A1:ZZZ9"', ["dimension: 'A1:ZZZ9' is not an area"]),
    (SHEET, r'<row r="2"', '<row r="1"', ["row 1: comes after row 1", "A2: is in row 1"]),
    (SHEET, r'<row r="9"|<row r="5"', '<row r="1048577"', ["row 1048577: is not a row"]),
    (SHEET, r'(<row r="2".*?</row>)(<row r="3".*?</row>)', r"\2\1", ["row 2: comes after row 3"]),
    (SHEET, r'<row r="3"', '<row r="3" s="99"', ["row 3: style 99 does not exist"]),
    (SHEET, r'<row r="2"', '<row r="2" ht="1000"', ["row 2: ht 1000"]),
    (SHEET, r'<row r="2"', '<row r="2" outlineLevel="8"', ["row 2: outlineLevel 8"]),
    (SHEET, r'<c r="B2"', '<c r="A2"', ["A2: comes after column 1"]),
    (SHEET, r'<c r="B2"', '<c r="B3"', ["B3: is in row 2"]),
    (SHEET, r'<c r="C2"', '<c r="XFE2"', ["row 2: 'XFE2' is not a cell"]),
    (SHEET, r'(<c r="A2".*?</c>)(<c r="B2".*?</c>)', r"\2\1", ["A2: comes after column 2"]),
    (SHEET, r'(<c r="A2"[^>]*)s="1"', r'\1s="4"', ["A2: style 4 does not exist"]),
    (SHEET, r'<c r="B2" t="n"', '<c r="B2" t="x"', ["B2: 'x' is not a type"]),
    (SHEET, r'(<c r="B2"[^>]*><v>)1<', r"\1one<", ["B2: 'one' is not a value of type n"]),
    (SHEET, r'(<c r="B2"[^>]*><v>)1<', r"\1<", ["B2: '' is not a value of type n"]),
    (SHEET, r'(<c r="B2"[^>]*><v>)1<', r"\1inf<", ["B2: 'inf' is not a value of type n"]),
    (SHEET, r'(<c r="B2"[^>]*><v>)1<', r"\g<1>1e999<", ["B2: '1e999' is not a value of type n"]),
    (SHEET, r'(<c r="B4"[^>]*><v>)1<', r"\g<1>2<", ["B4: '2' is not a value of type b"]),
    (SHEET, "#N/A", "#NO", ["C3: '#NO' is not an error code"]),
    (SHEET, r'(<c r="B2" t=")n', r"\1d", ["B2: '1' is not a date"]),
    (SHEET, r'(<c r="B2" t=")n', r"\1s", ["B2: text 1 is not among 0"]),
    (SHEET, r'(<c r="B2" t=")n', r"\1inlineStr", ["B2: has no inline text"]),
    (SHEET, r'(<c r="A3" t=")inlineStr', r"\1n", ["A3: has inline text, but is of type n"]),
    (SHEET, r"(<c r=\"B2\"[^>]*>)(<v>1</v>)", r"\1\2\2", ["B2: consists of"]),
    (SHEET, "Oslo", "x" * 32_768, ["C2: has a text of 32768 characters"]),
    (SHEET, r"<f>1\+1<", "<f><", ["C4: has an empty formula"]),
    (SHEET, r"<f>1\+1<", "<f>%s<" % ("1+" * 4100), ["C4: has a formula of 8200 characters"]),
    (SHEET, r"<f>1\+1<", '<f t="array" ref="C5:C6">1<', ["C4: has a formula for 'C5:C6'"]),
    (SHEET, r"<f>1\+1<", '<f t="odd">1<', ["C4: 'odd' is not a kind of formula"]),
    # What surrounds the rows
    (SHEET, r'min="3" max="3"', 'min="1" max="3"', ["cols 1:3: come after column 1"]),
    (SHEET, r'min="3" max="3"', 'min="3" max="16385"', ["cols 3:16385: are not columns"]),
    (SHEET, r"(<col )", r'\1style="50" ', ["cols 1:1: style 50 does not exist"]),
    (SHEET, r'width="20"', 'width="256"', ["width 256"]),
    (SHEET, "E4:F5", "F2:F5", ["mergeCells: .* overlaps another"]),
    (SHEET, "E4:F5", "E4:E4", ["mergeCells: 'E4:E4' cannot be merged"]),
    (SHEET, "E4:F5", "E4:F", ["mergeCells: 'E4:F' cannot be merged"]),
    (SHEET, "E4:F5", "C4:F5", ["People: overlaps merged cells"]),
    (SHEET, r"<mergeCell .*?(</mergeCells>)", r"\1", ["mergeCells: is empty"]),
    (SHEET, r'<autoFilter ref="H1:I9"', '<autoFilter ref="H1:I"', ["autoFilter: 'H1:I' is not an area"]),
    (SHEET, r'<autoFilter ref="H1:I9"', '<autoFilter ref="C1:I9"', ["People: overlaps the sheet's filter"]),
    (SHEET, 'colId="0"', 'colId="2"', ["autoFilter: column 2 cannot be filtered"]),
    (SHEET, r'(<sortCondition [^>]*)I2:I9"', r'\1Q2:Q9"', ["autoFilter: sorts 'Q2:Q9'"]),
    (SHEET, 'dxfId="0"', 'dxfId="1"', ["cfRule: differential style 1 does not exist"]),
    (SHEET, 'priority="1"', 'priority="0"', ["cfRule: priority 0"]),
    (SHEET, 'sqref="B2:B40"', 'sqref=""', ["conditionalFormatting: is for no cells"]),
    (SHEET, 'sqref="B2:B40"', 'sqref="B2:B40 B0"', ["conditionalFormatting: 'B0' is not an area"]),
    (SHEET, r"<cfRule.*</cfRule>", "", ["conditionalFormatting: B2:B40 has no rule"]),
    (SHEET, r'sqref="B2:B9"', 'sqref="B2:B1048577"', ["dataValidation: 'B2:B1048577' is not an area"]),
    (SHEET, r'<dataValidations.*</dataValidations>', "<dataValidations/>", ["dataValidations: is empty"]),
    (SHEET, r'(<hyperlink [^>]*)ref="C3"', r'\1ref="C2"', ["hyperlink: C2 has two"]),
    (SHEET, r'(<hyperlink [^>]*)ref="C3"', r'\1ref="0"', ["hyperlink: '0' is not an area"]),
    (SHEET, r'<hyperlink [^>]*ref="C3"[^>]*>', '<hyperlink ref="C3"/>', ["hyperlink: C3 leads nowhere"]),
    (SHEET, r'(<hyperlink [^>]*ref="C3"[^>]*)rId2', r"\1anysvml", ["uses relationship 'anysvml', which is not a link"]),
    (SHEET, 'topLeftCell="B2"', 'topLeftCell="B0"', ["pane: topLeftCell 'B0' is not a cell"]),
    (SHEET, r"<pane [^>]*>", "", ["selection: is for a pane, but there is none"]),
    (SHEET, r'<selection pane="bottomLeft"', '<selection pane="topRight"', ["selection: pane topRight has 2"]),
    (SHEET, r'sqref="A1"', 'sqref="1A"', ["selection: '1A' is not an area"]),
    (SHEET, r'(<brk [^>]*)id="3"', r'\1id="1048577"', ["brk: id 1048577"]),
    (SHEET, "The header", "h" * 260, ["oddHeader: is longer than 255"]),
    # Comments
    (SHEET, r"<legacyDrawing [^>]*>", "", ["legacyDrawing: is missing, though there are comments"]),
    (SHEET, r'(<legacyDrawing [^>]*)"anysvml"', r'\1"rId1"', ["uses relationship 'rId1', which is not a drawing"]),
    (COMMENTS, 'ref="B2"', 'ref="A1"', ["A1: has two comments", "shows comments at"]),
    (COMMENTS, 'ref="B2"', 'ref="B"', ["B: is not a cell"]),
    (COMMENTS, 'authorId="0"', 'authorId="1"', ["A1: author 1 does not exist"]),
    (COMMENTS, "here", "x" * 40_000, ["B2: has a text of"]),
    ("xl/drawings/commentsDrawing1.vml", r"Row>1<", "Row>7<", ["legacyDrawing: shows comments at"]),
    # Tables
    ("xl/tables/table2.xml", r'\bid="2"', 'id="1"', ["2 tables have the id '1'"]),
    ("xl/tables/table2.xml", r'\bid="2"', 'id="0"', ["Others: id '0'"]),
    ("xl/tables/table2.xml", "Others", "PEOPLE", ["2 tables have the name 'people'"]),
    ("xl/tables/table2.xml", "Others", "total", ["total: is a defined name, too"]),
    ("xl/tables/table2.xml", "Others", "K 1", ["K 1: is not a name"]),
    ("xl/tables/table2.xml", "K1:K2", "K2:K1", ["Others: 'K2:K1' is not an area"]),
    ("xl/tables/table2.xml", "K1:K2", "K1:K1", ["Others: has no row for data in K1:K1"]),
    ("xl/tables/table2.xml", "K1:K2", "C1:C2", ["Others: overlaps the table People"]),
    (TABLE, "A1:C4", "A1:B4", ["People: has 3 columns for A1:B4"]),
    (TABLE, r'<autoFilter ref="A1:C4"', '<autoFilter ref="A1:D4"', ["People: filters 'A1:D4'"]),
    (TABLE, 'name="Count"', 'name="NAME"', ["2 columns have the name 'name'", "'NAME' has the header 'Count'"]),
    (TABLE, 'name="Count"', 'name=""', ["1 columns have the name ''"]),
    (TABLE, r'id="2" name="Count"', r'id="1" name="Count"', ["2 columns have the id 1"]),
    (TABLE, r'name="Count"', r'name="Count" dataDxfId="9"', ["People: differential style 9 does not exist"]),
    (SHEET, ">Count<", ">Counts<", ["'Count' has the header 'Counts'"]),
    (SHEET, r'<c r="B1" t="inlineStr"><is><t>Count</t></is>', '<c r="B1"><v>1</v>', ["'Count' has the header None"]),
    (SHEET, r'(<tablePart [^>]*/>)', "", ["table1.xml is not among them"]),
]


@pytest.mark.parametrize("part, pattern, replacement, faults", BROKEN, ids=[f"{case[3][0]}"[:60] for case in BROKEN])
def test_a_broken_part_is_found(parts, tmp_path, part, pattern, replacement, faults):
    broken = dict(parts)
    if pattern is None:
        del broken[part]
    else:
        broken[part] = re.sub(pattern, replacement, parts[part], flags=re.DOTALL)
        assert broken[part] != parts[part], parts[part]
    found = check_package(save(tmp_path / "book.xlsx", broken))
    for fault in faults:
        assert any(re.search(fault, text) for text in found), found
    # One fault does not produce a long list of messages.
    assert len(found) <= 13, found


def test_a_part_that_is_there_twice(parts, tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        save(tmp_path / "book.xlsx", parts, twice=[SHEET])
    assert any("sheet1.xml: is 2 times in the archive" in fault for fault in check_package(tmp_path / "book.xlsx"))


def test_what_is_no_archive(tmp_path):
    (tmp_path / "book.xlsx").write_text("text")
    assert "cannot be unpacked" in check_package(tmp_path / "book.xlsx")[0]


def test_shared_texts(tmp_path):
    body = '<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>{}</v></c></row></sheetData>'
    book = RawWorkbook({"Data": body.format(1)}, strings=["<si><t>a</t></si>", f"<si><r><t>{'b' * 40_000}</t></r></si>"])
    book.set("xl/styles.xml", RawWorkbook.styles(("0",)).replace("<fills>", "<fills><fill><patternFill/></fill>"))
    book.save(tmp_path / "book.xlsx")
    assert check_package(tmp_path / "book.xlsx") == [
        "xl/sharedStrings.xml: text 1: has a text of 40000 characters",
        "xl/worksheets/sheet1.xml: B1: has a text of 40000 characters",
    ]
