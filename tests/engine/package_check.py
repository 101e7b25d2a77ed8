"""Whether a saved workbook is a valid package, by this module's own reading of the rules.

openpyxl forgives much that a spreadsheet program calls damage: a cell that is written twice, a relationship that leads
nowhere, a table whose header says something else. :func:`check_package` looks at the parts themselves, with zipfile
and an XML parser, and says what is wrong and where.

What it accepts although the schema would have it otherwise, since spreadsheet programs do: a cell with a type and no
content, and a formula with an empty cached value.
"""

import posixpath
import re
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib
from collections import Counter, namedtuple
from pathlib import Path
from typing import Any, Iterator
from urllib.parse import unquote

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
EXCEL_VML = "{urn:schemas-microsoft-com:office:excel}"

LAST_ROW = 1_048_576
LAST_COLUMN = 16_384
LONGEST_TEXT = 32_767
LONGEST_FORMULA = 8_192

#: Children of a part's root, in the order that the schema wants them in.
ORDER = {
    "worksheet": """sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection
        protectedRanges scenarios autoFilter sortState dataConsolidate customSheetViews mergeCells phoneticPr
        conditionalFormatting dataValidations hyperlinks printOptions pageMargins pageSetup headerFooter rowBreaks
        colBreaks customProperties cellWatches ignoredErrors smartTags drawing legacyDrawing
        legacyDrawingHF drawingHF picture oleObjects controls
        webPublishItems tableParts extLst""".split(),
    "workbook": """fileVersion fileSharing workbookPr workbookProtection bookViews sheets functionGroups
        externalReferences definedNames calcPr oleSize customWorkbookViews pivotCaches smartTagPr smartTagTypes
        webPublishing fileRecoveryPr webPublishObjects extLst""".split(),
    "styleSheet": """numFmts fonts fills borders cellStyleXfs cellXfs cellStyles dxfs tableStyles colors
        extLst""".split(),
}
#: Children that may come more than once.
REPEATED = {"conditionalFormatting", "fileRecoveryPr"}

CELL_TYPES = {"b", "d", "e", "inlineStr", "n", "s", "str"}
ERRORS = {"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA", "#SPILL!", "#CALC!"}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z")
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)?(T?\d\d:\d\d(:\d\d(\.\d+)?)?Z?)?\Z")
CELL = re.compile(r"\$?([A-Z]{1,3})\$?([1-9]\d{0,6})\Z")
COLUMNS = re.compile(r"\$?([A-Z]{1,3}):\$?([A-Z]{1,3})\Z")
ROWS = re.compile(r"\$?([1-9]\d{0,6}):\$?([1-9]\d{0,6})\Z")
NAME = re.compile(r"(?:[^\W\d]|\\)[\\\w.?]*\Z")
BAD_TITLE = re.compile(r"[\\*?:/\[\]]|^'|'\Z|^\Z")
BAD_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
SHEET_OF_REFERENCE = re.compile(r"'((?:[^']|'')+)'!|([^\W\d][\w.]*)!")
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
#: Names that a sheet has for itself.
OF_A_SHEET = ("Print_Area", "Print_Titles", "_FilterDatabase")

KINDS = {
    "worksheet": "spreadsheetml.worksheet+xml",
    "chartsheet": "spreadsheetml.chartsheet+xml",
    "styles": "spreadsheetml.styles+xml",
    "sharedStrings": "spreadsheetml.sharedStrings+xml",
    "comments": "spreadsheetml.comments+xml",
    "table": "spreadsheetml.table+xml",
    "drawing": "drawing+xml",
    "chart": "drawingml.chart+xml",
    "vmlDrawing": "vmlDrawing",
    "theme": "theme+xml",
}

Area = tuple[int, int, int, int]


def check_package(path: Any) -> list[str]:
    """What is wrong with a saved workbook, each fault with its part and place; empty when nothing is."""
    return _Check(path).faults


def cell_position(reference: str | None) -> tuple[int, int] | None:
    """Row and column of a cell reference, where it is one within a sheet."""
    match = CELL.match(reference or "")
    if match is None:
        return None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    row = int(match[2])
    return (row, column) if row <= LAST_ROW and column <= LAST_COLUMN else None


def area(reference: str | None, *, whole_lines: bool = False) -> Area | None:
    """First row, first column, last row, last column of a reference to a cell or an area, where it is one."""
    reference = reference or ""
    if whole_lines and (match := COLUMNS.match(reference)):
        first, last = cell_position(match[1] + "1"), cell_position(match[2] + "1")
        return (1, first[1], LAST_ROW, last[1]) if first and last and first[1] <= last[1] else None
    if whole_lines and (match := ROWS.match(reference)):
        rows = int(match[1]), int(match[2])
        return (rows[0], 1, rows[1], LAST_COLUMN) if rows[0] <= rows[1] <= LAST_ROW else None
    first, _, last = reference.partition(":")
    start, end = cell_position(first), cell_position(last if ":" in reference else first)
    if start is None or end is None or start[0] > end[0] or start[1] > end[1]:
        return None
    return (*start, *end)


def overlap(left: Area, right: Area) -> bool:
    """Whether two areas share a cell."""
    return left[0] <= right[2] and right[0] <= left[2] and left[1] <= right[3] and right[1] <= left[3]


def unescaped(text: str) -> str:
    """Text whose characters that XML cannot have were written as ``_x000a_``; line ends as spreadsheets have them."""
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), text).replace("\r\n", "\n")


#: What attributes of a sheet have to be, by element: a style, a differential style, an area, areas, a cell, or a number from and to.
ATTRIBUTES = {
    "c": {"s": "style"}, "row": {"s": "style", "outlineLevel": (0, 7), "ht": (0, 409.5)},
    "col": {"style": "style", "outlineLevel": (0, 7), "width": (0, 255)}, "dimension": {"ref": "area"},
    "pane": {"topLeftCell": "cell"}, "selection": {"activeCell": "cell", "sqref": "areas"}, "sheetView": {"topLeftCell": "cell"},
    "cfRule": {"dxfId": "differential style", "priority": (1, None)}, "hyperlink": {"ref": "area"},
    "sortState": {"dxfId": "differential style"}, "sortCondition": {"dxfId": "differential style"},
    "conditionalFormatting": {"sqref": "areas"}, "dataValidation": {"sqref": "areas"}, "brk": {"id": (0, LAST_ROW)},
}  # fmt: skip
#: Attributes that an element has to have.
NEEDED = {("conditionalFormatting", "sqref"), ("dataValidation", "sqref"), ("dimension", "ref"), ("hyperlink", "ref"), ("cfRule", "priority")}
#: Elements that may not be empty.
FILLED = ("mergeCells", "dataValidations", "conditionalFormatting")
FORMATS_OF_TABLES = ("headerRowDxfId", "dataDxfId", "totalsRowDxfId", "dxfId")

Relationship = namedtuple("Relationship", "kind target external")


class _Check:
    def __init__(self, path: Any):
        self.faults: list[str] = []
        self.trees: dict[str, ElementTree.Element] = {}
        self.relationships: dict[str, dict[str, Relationship]] = {}
        #: The kinds of relationships by which parts are reached.
        self.kinds: dict[str, set[str]] = {}
        self.strings: list[str] = []
        self.styles = {"style": 0, "differential style": 0}
        self.tables: list[tuple[str, str]] = []
        if self.read_archive(path):
            self.check_types()
            self.check_relationships()
            self.check_workbook()

    def fault(self, part: str, place: str, text: str) -> None:
        self.faults.append(f"{part}: {place}: {text}" if place else f"{part}: {text}")

    def check_once(self, part: str, place: str, values: Any, words: str) -> None:
        """A fault for each value that comes more than once."""
        for value, count in Counter(values).items():
            if count > 1:
                self.fault(part, place, words.format(count=count, value=value))

    # The package -------------------------------------------------------------------------------------------------

    def read_archive(self, path: Any) -> bool:
        try:
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
                self.check_once("archive", "", map(str.lower, names), "{value}: is {count} times in the archive")
                self.parts = {name: archive.read(name) for name in names if not name.endswith("/")}
        except (zipfile.BadZipFile, zlib.error, OSError) as error:
            self.fault(Path(path).name, "", f"cannot be unpacked: {error}")
            return False
        for name, content in self.parts.items():
            if name.endswith((".xml", ".rels", ".vml")):
                try:
                    self.trees[name] = ElementTree.fromstring(content)
                except ElementTree.ParseError as error:
                    self.fault(name, "", f"is not well-formed: {error}")
                    continue
                for element in self.trees[name].iter():
                    for text in (element.text, *element.attrib.values()):
                        if text and BAD_CHARACTER.search(text):
                            self.fault(name, local(element), f"has a character that XML cannot have: {text[:40]!r}")
        for name in {"[Content_Types].xml", "_rels/.rels"} - set(self.parts):
            self.fault(name, "", "is missing")
        return True

    def check_types(self) -> None:
        name = "[Content_Types].xml"
        self.types: dict[str, str] = {}
        for element in self.trees.get(name, ()):
            is_default = element.tag == f"{TYPES}Default"
            part = "." + element.get("Extension", "").lower() if is_default else element.get("PartName", "").lstrip("/")
            if part in self.types:
                self.fault(name, part, "has two default types" if is_default else "has two types")
            self.types[part] = element.get("ContentType", "")
            if not is_default and part not in self.parts:
                self.fault(name, part, "is named and missing")
        for part in self.parts if name in self.trees else ():
            if part != name and not self.type_of(part):
                self.fault(name, part, "has no type")

    def type_of(self, part: str) -> str:
        return self.types.get(part) or self.types.get("." + part.rpartition(".")[2].lower(), "")

    def check_relationships(self) -> None:
        for name, tree in self.trees.items():
            if name.endswith(".rels"):
                folder, file = posixpath.split(name)
                owner = posixpath.join(posixpath.dirname(folder), file[: -len(".rels")])
                if owner and owner not in self.parts:
                    self.fault(name, "", f"belongs to {owner}, which is missing")
                self.relationships[owner] = self.read_relationships(name, posixpath.dirname(owner), tree)
        for name, tree in self.trees.items():
            for element in () if name.endswith(".rels") else tree.iter():
                for attribute, value in element.attrib.items():
                    if attribute.startswith(OFFICE) and value not in self.relationships.get(name, {}):
                        self.fault(name, local(element), f"uses relationship {value!r}, which is missing")
        for part in self.parts:
            if part == "[Content_Types].xml" or part.endswith(".rels"):
                continue
            if part not in self.kinds:
                self.fault(part, "", "is reached by no relationship")
            for kind in self.kinds.get(part, ()):
                if not self.type_of(part).endswith(KINDS.get(kind, "")):
                    self.fault(part, "", f"is reached as {kind}, but its type is {self.type_of(part)}")

    def read_relationships(self, name: str, folder: str, tree: ElementTree.Element) -> dict[str, Relationship]:
        found: dict[str, Relationship] = {}
        for element in tree:
            identity, target = element.get("Id", ""), element.get("Target", "")
            kind, external = element.get("Type", "").rsplit("/", 1)[-1], element.get("TargetMode") == "External"
            if not identity or identity in found:
                self.fault(name, identity, "is missing or used twice")
            if not external:
                target = posixpath.normpath(posixpath.join("/" + folder, unquote(target))).lstrip("/")
                if target not in self.parts:
                    self.fault(name, identity, f"leads to {target}, which is missing")
                self.kinds.setdefault(target, set()).add(kind)
            elif not target:
                self.fault(name, identity, "leads nowhere")
            found[identity] = Relationship(kind, target, external)
        return found

    def related(self, part: str, kind: str) -> list[tuple[str, str]]:
        """Identities and targets of a part's relationships of a kind, where the targets can be read."""
        found = self.relationships.get(part, {}).items()
        return [(identity, one.target) for identity, one in found if one.kind == kind and one.target in self.trees]

    def check_order(self, part: str, tree: ElementTree.Element) -> None:
        order, last, seen = ORDER[local(tree)], -1, set()
        for child in tree:
            name = local(child)
            if not child.tag.startswith(MAIN):
                continue
            if name not in order:
                self.fault(part, name, f"is not a part of a {local(tree)}")
                continue
            if order.index(name) < last:
                self.fault(part, name, f"comes after {order[last]}")
            if name in seen and name not in REPEATED:
                self.fault(part, name, "comes twice")
            seen.add(name)
            last = max(last, order.index(name))
        for element in tree.iter():
            count = element.get("count", str(len(element)))
            if count != str(len(element)) and element.tag.startswith(MAIN) and local(element) not in ("sst", "filters"):
                self.fault(part, local(element), f"says that it counts {count}, but has {len(element)}")

    # The workbook ------------------------------------------------------------------------------------------------

    def check_workbook(self) -> None:
        main = next((target for _, target in self.related("", "officeDocument")), None)
        if main is None:
            self.fault("_rels/.rels", "", "leads to no workbook")
            return
        tree = self.trees[main]
        self.check_order(main, tree)
        for _, styles in self.related(main, "styles"):
            self.check_styles(styles, self.trees[styles])
        if not self.related(main, "styles"):
            self.fault(main, "", "has no styles")
        for _, strings in self.related(main, "sharedStrings"):
            self.strings = [text_of(item) for item in self.trees[strings].iterfind(f"{MAIN}si")]
            for number, text in enumerate(self.strings):
                self.check_length(strings, f"text {number}", text)
        sheets = list(tree.iterfind(f"{MAIN}sheets/{MAIN}sheet"))
        self.check_sheets(main, tree, sheets)
        self.check_names(main, tree, [sheet.get("name", "") for sheet in sheets])
        for sheet in sheets:
            relationship = self.relationships.get(main, {}).get(sheet.get(f"{OFFICE}id", ""))
            if relationship is None or relationship.target not in self.trees:
                self.fault(main, sheet.get("name", ""), "has no part")
            elif local(self.trees[relationship.target]) == "worksheet":
                _Sheet(self, relationship.target)
        for at, what in enumerate(("id", "name")):
            self.check_once(main, "tables", (table[at] for table in self.tables), f"{{count}} tables have the {what} {{value!r}}")

    def check_sheets(self, main: str, tree: ElementTree.Element, sheets: list[ElementTree.Element]) -> None:
        for what, attribute in (("name", "name"), ("id", "sheetId"), ("part", f"{OFFICE}id")):
            values = (sheet.get(attribute, "").casefold() if what == "name" else sheet.get(attribute) for sheet in sheets)
            self.check_once(main, "sheets", values, f"{{count}} sheets have the {what} {{value!r}}")
        for sheet in sheets:
            title = sheet.get("name", "")
            if BAD_TITLE.search(title) or len(title) > 31:
                self.fault(main, "sheets", f"{title!r} is not a title")
            if not (sheet.get("sheetId") or "").isdigit():
                self.fault(main, title, "has no sheetId")
        visible = [sheet.get("state", "visible") == "visible" for sheet in sheets]
        if not any(visible):
            self.fault(main, "sheets", "none is visible")
        for view in tree.iterfind(f"{MAIN}bookViews/{MAIN}workbookView"):
            for what in ("activeTab", "firstSheet"):
                index = view.get(what, "0")
                if not index.isdigit() or int(index) >= len(sheets):
                    self.fault(main, what, f"{index} is not a sheet")
                elif what == "activeTab" and not visible[int(index)]:
                    self.fault(main, what, f"{index} is hidden")

    def check_names(self, main: str, tree: ElementTree.Element, titles: list[str]) -> None:
        seen: set[tuple[str, str | None]] = set()
        folded = [title.casefold() for title in titles]
        for element in tree.iterfind(f"{MAIN}definedNames/{MAIN}definedName"):
            name, scope, text = element.get("name", ""), element.get("localSheetId"), element.text or ""
            plain = name.removeprefix("_xlnm.")
            if not NAME.match(plain) or len(name) > 255 or cell_position(plain.upper()):
                self.fault(main, name, "is not a name")
            if (name.casefold(), scope) in seen:
                self.fault(main, name, "is defined twice in the same scope")
            seen.add((name.casefold(), scope))
            if scope is None and name.startswith("_xlnm.") and plain in OF_A_SHEET:
                self.fault(main, name, "belongs to no sheet")
            if scope is not None and (not scope.isdigit() or int(scope) >= len(titles)):
                self.fault(main, name, f"belongs to sheet {scope}, which is missing")
                scope = None
            if not text:
                self.fault(main, name, "means nothing")
            for match in SHEET_OF_REFERENCE.finditer(re.sub(r'"(?:[^"]|"")*"', '""', text)):
                title = match[1].replace("''", "'") if match[1] else match[2]
                if title.startswith("[") or title == "REF" or "]" in title:
                    continue
                if plain in OF_A_SHEET and scope is not None and title.casefold() != dict(enumerate(folded)).get(int(scope)):
                    self.fault(main, name, f"belongs to sheet {scope}, but refers to {title!r}")
                for one in title.split(":"):
                    if one.casefold() not in folded:
                        self.fault(main, name, f"refers to the sheet {one!r}, which is missing")
        self.global_names = {name for name, _ in seen}

    def check_length(self, part: str, place: str, text: str) -> None:
        # What counts is the text that a program sees, in the units that it counts in.
        if len(text) > LONGEST_TEXT and len(unescaped(text).encode("utf-16-le")) // 2 > LONGEST_TEXT:
            self.fault(part, place, f"has a text of {len(text)} characters")

    def check_styles(self, part: str, tree: ElementTree.Element) -> None:
        self.check_order(part, tree)
        children = {local(child): list(child) for child in tree}
        for name, count in (("fonts", 1), ("fills", 2), ("borders", 1), ("cellStyleXfs", 1), ("cellXfs", 1)):
            if len(children.get(name, ())) < count:
                self.fault(part, name, f"has fewer than {count}")
        formats = [element.get("numFmtId", "") for element in children.get("numFmts", ())]
        self.check_once(part, "numFmts", formats, "{value} is defined {count} times")
        for element in children.get("numFmts", ()):
            if not 0 < len(element.get("formatCode", "")) <= 255:
                self.fault(part, "numFmts", f"{element.get('numFmtId')} has no usable code")
        limits = {"fontId": "fonts", "fillId": "fills", "borderId": "borders", "xfId": "cellStyleXfs"}
        for kind in ("cellStyleXfs", "cellXfs", "cellStyles"):
            for number, xf in enumerate(children.get(kind, ())):
                place = f"cellStyle {xf.get('name')}" if kind == "cellStyles" else f"{kind} {number}"
                for name, counted in limits.items():
                    value = xf.get(name)
                    if value is None or kind == "cellStyleXfs" and name == "xfId":
                        continue
                    if not value.isdigit() or int(value) >= len(children.get(counted, ())):
                        self.fault(part, place, f"{name} {value} does not exist")
                value = xf.get("numFmtId", "0")
                if not value.isdigit() or int(value) >= 164 and value not in formats:
                    self.fault(part, place, f"numFmtId {value} does not exist")
        names = (element.get("name", "").casefold() for element in children.get("cellStyles", ()))
        self.check_once(part, "cellStyles", names, "{count} have the name {value!r}")
        self.styles = {"style": len(children.get("cellXfs", ())), "differential style": len(children.get("dxfs", ()))}


class _Sheet:
    """The checks of one worksheet."""

    def __init__(self, check: _Check, part: str):
        self.check, self.part, self.tree = check, part, check.trees[part]
        #: Texts of cells, and ``None`` for cells that are not text.
        self.texts: dict[tuple[int, int], str | None] = {}
        check.check_order(part, self.tree)
        if self.tree.find(f"{MAIN}sheetData") is None:
            self.fault("", "has no sheetData")
        self.check_attributes()
        self.check_views()
        self.check_columns()
        self.check_rows()
        self.merged = self.check_merged()
        self.filter = None
        for element in self.all("autoFilter"):
            self.filter = self.check_filter(element)
        self.check_links()
        self.check_comments()
        self.check_tables()

    def fault(self, place: str, text: str) -> None:
        self.check.fault(self.part, place, text)

    def all(self, path: str) -> Iterator[ElementTree.Element]:
        return self.tree.iterfind("/".join(f"{MAIN}{name}" for name in path.split("/")))

    def check_attributes(self) -> None:
        for element in self.tree.iter():
            name = local(element)
            for attribute, wanted in ATTRIBUTES.get(name, {}).items():
                value = element.get(attribute, "" if (name, attribute) in NEEDED else None)
                if value is not None:
                    place = {"c": value and element.get("r", ""), "row": f"row {element.get('r')}"}.get(name, name)
                    self.check_value(f"cols {element.get('min')}:{element.get('max')}" if name == "col" else place, attribute, value, wanted)
            if name in FILLED and not len(element):
                self.fault(name, f"{element.get('sqref')} has no rule" if element.get("sqref") else "is empty")
        for element in self.all("headerFooter/*"):
            if len(element.text or "") > 255:
                self.fault(local(element), "is longer than 255 characters")

    def check_value(self, place: str, attribute: str, value: str, wanted: Any) -> None:
        if wanted in self.check.styles:
            if not value.isdigit() or int(value) >= self.check.styles[wanted]:
                self.fault(place, f"{wanted} {value} does not exist")
        elif wanted == "areas":
            for one in value.split() or self.fault(place, "is for no cells") or ():
                if area(one, whole_lines=True) is None:
                    self.fault(place, f"{one!r} is not an area")
        elif wanted == "area" and area(value) is None or wanted == "cell" and cell_position(value) is None:
            self.fault(place, f"{attribute} {value!r} is not a cell" if wanted == "cell" else f"{value!r} is not an area")
        elif isinstance(wanted, tuple) and not is_number(value, *wanted):
            self.fault(place, f"{attribute} {value}")

    def check_views(self) -> None:
        for view in self.all("sheetViews/sheetView"):
            panes = [element.get("pane", "topLeft") for element in view if local(element) == "selection"]
            self.check.check_once(self.part, "selection", panes, "pane {value} has {count}")
            if view.find(f"{MAIN}pane") is None and set(panes) - {"topLeft"}:
                self.fault("selection", "is for a pane, but there is none")

    def check_columns(self) -> None:
        last = 0
        for element in self.all("cols/col"):
            first, end = element.get("min", ""), element.get("max", "")
            if not (first.isdigit() and end.isdigit() and 1 <= int(first) <= int(end) <= LAST_COLUMN):
                self.fault(f"cols {first}:{end}", "are not columns")
                continue
            if int(first) <= last:
                self.fault(f"cols {first}:{end}", f"come after column {last}")
            last = max(last, int(end))

    def check_rows(self) -> None:
        last = 0
        for element in self.all("sheetData/row"):
            text = element.get("r", "")
            if not text.isdigit() or not 1 <= int(text) <= LAST_ROW:
                self.fault(f"row {text}", "is not a row")
                continue
            row = int(text)
            if row <= last:
                self.fault(f"row {row}", f"comes after row {last}")
            last, last_column = max(last, row), 0
            for cell in element.iterfind(f"{MAIN}c"):
                position = cell_position(cell.get("r"))
                if position is None:
                    self.fault(f"row {row}", f"{cell.get('r')!r} is not a cell")
                    continue
                if position[0] != row:
                    self.fault(cell.get("r", ""), f"is in row {row}")
                if position[1] <= last_column:
                    self.fault(cell.get("r", ""), f"comes after column {last_column}")
                last_column = max(last_column, position[1])
                self.check_cell(cell, position)

    def check_cell(self, cell: ElementTree.Element, position: tuple[int, int]) -> None:
        place, kind = cell.get("r", ""), cell.get("t", "n")
        if kind not in CELL_TYPES:
            self.fault(place, f"{kind!r} is not a type")
            return
        children = [local(child) for child in cell]
        if len(set(children)) < len(children) or not set(children) <= {"f", "v", "is", "extLst"}:
            self.fault(place, f"consists of {children}")
            return
        formula, value, inline = (cell.find(f"{MAIN}{name}") for name in ("f", "v", "is"))
        if formula is not None:
            self.check_formula(place, formula, position)
        text = None if value is None else value.text or ""
        if inline is not None and kind != "inlineStr":
            self.fault(place, f"has inline text, but is of type {kind}")
        if kind == "inlineStr":
            if inline is None and children:
                self.fault(place, "has no inline text")
            text = "" if inline is None else text_of(inline)
        elif text is None or text == "" and formula is not None:
            text = None
        elif kind == "n" and not is_number(text) or kind == "b" and text not in ("0", "1"):
            self.fault(place, f"{text[:40]!r} is not a value of type {kind}")
        elif kind == "e" and text not in ERRORS:
            self.fault(place, f"{text[:40]!r} is not an error code")
        elif kind == "d" and not (text and MOMENT.match(text)):
            self.fault(place, f"{text[:40]!r} is not a date")
        elif kind == "s":
            if not text.isdigit() or int(text) >= len(self.check.strings):
                self.fault(place, f"text {text} is not among {len(self.check.strings)} shared texts")
                return
            text = self.check.strings[int(text)]
        if text is not None and kind in ("inlineStr", "s", "str"):
            self.check.check_length(self.part, place, text)
        self.texts[position] = text if kind in ("inlineStr", "s", "str") else None

    def check_formula(self, place: str, formula: ElementTree.Element, position: tuple[int, int]) -> None:
        kind, text = formula.get("t", "normal"), formula.text or ""
        if kind not in ("normal", "array", "shared", "dataTable"):
            self.fault(place, f"{kind!r} is not a kind of formula")
        if kind in ("normal", "array") and not text:
            self.fault(place, "has an empty formula")
        if len(text) > LONGEST_FORMULA:
            self.fault(place, f"has a formula of {len(text)} characters")
        if kind in ("array", "dataTable"):
            bounds = area(formula.get("ref"))
            if bounds is None or kind == "array" and bounds[:2] != position:
                self.fault(place, f"has a formula for {formula.get('ref')!r}")

    def check_merged(self) -> list[Area]:
        found: list[Area] = []
        for element in self.all("mergeCells/mergeCell"):
            reference = element.get("ref")
            bounds = area(reference)
            if bounds is None or bounds[:2] == bounds[2:]:
                self.fault("mergeCells", f"{reference!r} cannot be merged")
                continue
            if any(overlap(bounds, other) for other in found):
                self.fault("mergeCells", f"{reference} overlaps another")
            found.append(bounds)
        return found

    def check_filter(self, element: ElementTree.Element) -> Area | None:
        place = "autoFilter"
        bounds = area(element.get("ref"))
        if bounds is None:
            self.fault(place, f"{element.get('ref')!r} is not an area")
            return None
        seen: set[int] = set()
        for column in element.iterfind(f"{MAIN}filterColumn"):
            number = column.get("colId", "")
            if not number.isdigit() or int(number) > bounds[3] - bounds[1] or int(number) in seen:
                self.fault(place, f"column {number} cannot be filtered")
            else:
                seen.add(int(number))
        for state in element.iterfind(f"{MAIN}sortState"):
            for one in (state, *state):
                inner = area(one.get("ref"))
                if inner is None or not overlap(inner, bounds):
                    self.fault(place, f"sorts {one.get('ref')!r}")
        return bounds

    def check_links(self) -> None:
        seen: list[str] = []
        for element in self.all("hyperlinks/hyperlink"):
            reference, identity = element.get("ref", ""), element.get(f"{OFFICE}id")
            if reference in seen:
                self.fault("hyperlink", f"{reference} has two")
            seen.append(reference)
            if identity is None and not element.get("location"):
                self.fault("hyperlink", f"{reference} leads nowhere")
            relationship = self.check.relationships.get(self.part, {}).get(identity or "")
            if relationship is not None and (relationship.kind != "hyperlink" or not relationship.external):
                self.fault("hyperlink", f"{reference} uses relationship {identity!r}, which is not a link")

    def check_comments(self) -> None:
        check = self.check
        parts = [target for _, target in check.related(self.part, "comments")]
        legacy = self.tree.find(f"{MAIN}legacyDrawing")
        drawing = None
        if legacy is not None:
            identity = legacy.get(f"{OFFICE}id", "")
            drawing = check.relationships.get(self.part, {}).get(identity)
            if drawing is not None and drawing.kind != "vmlDrawing":
                self.fault("legacyDrawing", f"uses relationship {identity!r}, which is not a drawing of that kind")
        if parts and drawing is None:
            self.fault("legacyDrawing", "is missing, though there are comments")
        if len(parts) > 1:
            self.fault("", "has several parts of comments")
        notes: set[tuple[int, int]] = set()
        for part in parts:
            tree = check.trees[part]
            authors = len(tree.findall(f"{MAIN}authors/{MAIN}author"))
            for comment in tree.iterfind(f"{MAIN}commentList/{MAIN}comment"):
                reference, author = comment.get("ref", ""), comment.get("authorId", "")
                position = cell_position(reference)
                if position is None:
                    check.fault(part, reference, "is not a cell")
                elif position in notes:
                    check.fault(part, reference, "has two comments")
                else:
                    notes.add(position)
                if not author.isdigit() or int(author) >= authors:
                    check.fault(part, reference, f"author {author} does not exist")
                check.check_length(part, reference, text_of(comment))
        if drawing is not None and drawing.target in check.trees:
            shapes = set()
            for data in check.trees[drawing.target].iter(f"{EXCEL_VML}ClientData"):
                if data.get("ObjectType") == "Note":
                    row, column = data.find(f"{EXCEL_VML}Row"), data.find(f"{EXCEL_VML}Column")
                    if row is not None and column is not None:
                        shapes.add((int(row.text or 0) + 1, int(column.text or 0) + 1))
            if shapes != notes:
                self.fault("legacyDrawing", f"shows comments at {sorted(shapes ^ notes)[:5]} where there are none")

    def check_tables(self) -> None:
        check = self.check
        used = [element.get(f"{OFFICE}id") for element in self.all("tableParts/tablePart")]
        areas: list[tuple[str, Area]] = []
        for identity, part in check.related(self.part, "table"):
            if identity not in used:
                self.fault("tableParts", f"{part} is not among them")
            tree = check.trees[part]
            name, reference = tree.get("displayName", ""), tree.get("ref")
            check.tables.append((tree.get("id", ""), name.casefold()))
            if not NAME.match(name) or cell_position(name.upper()):
                check.fault(part, name, "is not a name")
            if name.casefold() in check.global_names:
                check.fault(part, name, "is a defined name, too")
            if not is_number(tree.get("id", ""), 1):
                check.fault(part, name, f"id {tree.get('id')!r}")
            bounds = area(reference)
            if bounds is None:
                check.fault(part, name, f"{reference!r} is not an area")
                continue
            self.check_table(part, name, tree, bounds)
            for other, taken in areas:
                if overlap(bounds, taken):
                    check.fault(part, name, f"overlaps the table {other}")
            areas.append((name, bounds))
            if any(overlap(bounds, merged) for merged in self.merged):
                check.fault(part, name, "overlaps merged cells")
            if self.filter is not None and overlap(bounds, self.filter):
                check.fault(part, name, "overlaps the sheet's filter")

    def check_table(self, part: str, name: str, tree: ElementTree.Element, bounds: Area) -> None:
        check = self.check
        columns = tree.findall(f"{MAIN}tableColumns/{MAIN}tableColumn")
        names = [unescaped(column.get("name", "")) for column in columns]
        header = tree.get("headerRowCount", "1")
        if len(columns) != bounds[3] - bounds[1] + 1:
            check.fault(part, name, f"has {len(columns)} columns for {tree.get('ref')}")
        if bounds[2] - bounds[0] < int(header) + int(tree.get("totalsRowCount", "0")):
            check.fault(part, name, f"has no row for data in {tree.get('ref')}")
        for value, count in Counter(map(str.casefold, names)).items():
            if count > 1 or not value:
                check.fault(part, name, f"{count} columns have the name {value!r}")
        check.check_once(part, name, (column.get("id") for column in columns), "{count} columns have the id {value}")
        for element in tree.iterfind(f"{MAIN}autoFilter"):
            inner = area(element.get("ref"))
            if inner is None or inner[:2] != bounds[:2] or inner[3] != bounds[3] or inner[2] > bounds[2]:
                check.fault(part, name, f"filters {element.get('ref')!r}")
        for element in tree.iter():
            for attribute in FORMATS_OF_TABLES:
                if attribute in element.attrib:
                    self.check_value(name, attribute, element.get(attribute), "differential style")
        if header == "0":
            return
        for column, value in enumerate(names, bounds[1]):
            text = self.texts.get((bounds[0], column))
            if text is None or unescaped(text) != value:
                check.fault(part, name, f"the column {value!r} has the header {text!r}")


def local(element: ElementTree.Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rsplit("}", 1)[-1]


def text_of(element: ElementTree.Element) -> str:
    """The text of an item: plain, or that of its runs; without phonetic hints."""
    texts = []
    for child in element.iter():
        if local(child) == "rPh":
            child.clear()
        elif local(child) == "t":
            texts.append(child.text or "")
    return "".join(texts)


def is_number(text: str, least: float | None = None, most: float | None = None) -> bool:
    """Whether a text is a finite number as XML writes them, within limits."""
    if not NUMBER.match(text):
        return False
    value = float(text)
    return value - value == 0 and (least is None or value >= least) and (most is None or value <= most)
