"""Checks that a saved workbook is a valid package, by this module's own reading of the rules.

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
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from openpyxl.utils import range_boundaries

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
LONGEST_TEXT, LONGEST_FORMULA = 32_767, 8_192


def read(rules: str) -> dict[str, list[list[str]]]:
    """Rules by the name of their element."""
    found: dict[str, list[list[str]]] = {}
    for name, *rest in map(str.split, re.split("[;\n]", rules.strip())):
        found.setdefault(name, []).append(rest)
    return found


#: Children of a part's root, in the order that the schema wants them in; with * more than once.
ORDER = {line.split()[0]: line.split()[1:] for line in """
worksheet sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection protectedRanges scenarios autoFilter sortState dataConsolidate customSheetViews mergeCells phoneticPr conditionalFormatting* dataValidations hyperlinks printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks customProperties cellWatches ignoredErrors smartTags drawing legacyDrawing legacyDrawingHF drawingHF picture oleObjects controls webPublishItems tableParts extLst
workbook fileVersion fileSharing workbookPr workbookProtection bookViews sheets functionGroups externalReferences definedNames calcPr oleSize customWorkbookViews pivotCaches smartTagPr smartTagTypes webPublishing fileRecoveryPr* webPublishObjects extLst
styleSheet numFmts fonts fills borders cellStyleXfs cellXfs cellStyles dxfs tableStyles colors extLst
""".strip().splitlines()}  # fmt: skip

#: Rules of attributes, by element: a kind of text, a number from and to, or the number of a child of an element; ! if required.
RULES = read("""
c s cellXfs; row s cellXfs; row r 1..1048576!; row outlineLevel 0..7; row ht 0..409.5; col style cellXfs; col outlineLevel 0..7; col width 0..255
col min 1..16384!; col max 1..16384!; dimension ref area!; pane topLeftCell cell; selection activeCell cell; selection sqref areas
sheetView topLeftCell cell; cfRule dxfId dxfs; cfRule priority 1..!; hyperlink ref area!; sortState dxfId dxfs; sortCondition dxfId dxfs
conditionalFormatting sqref areas!; dataValidation sqref areas!; brk id 0..1048576; mergeCell ref area!; autoFilter ref area!
xf fontId fonts; xf fillId fills; xf borderId borders; xf xfId cellStyleXfs; xf numFmtId format; cellStyle xfId cellStyleXfs; numFmt formatCode code!
sheet name title!; sheet sheetId 1..!; workbookView activeTab sheets; workbookView firstSheet sheets; definedName name name!; definedName localSheetId sheets
comment ref cell!; comment authorId authors!; table displayName name!; table id 1..!; table ref area!; table headerRowDxfId dxfs; table dataDxfId dxfs
tableColumn dataDxfId dxfs; tableColumn totalsRowDxfId dxfs; tableColumn headerRowDxfId dxfs
""")
#: Attributes of the children of an element that are unlike each other, in any case.
UNIQUE = read("""
Types Extension; Types PartName; Relationships Id; sheets name; sheets sheetId; sheets id; definedNames name localSheetId; numFmts numFmtId; cellStyles name
hyperlinks ref; commentList ref; autoFilter colId; sheetView pane; tableColumns id; tableColumns name
""")
#: Elements with the minimum number of their children.
LEAST = {"mergeCells": 1, "dataValidations": 1, "conditionalFormatting": 1, "fonts": 1, "fills": 2, "borders": 1, "cellStyleXfs": 1, "cellXfs": 1}

CELL_TYPES = {"b", "d", "e", "inlineStr", "n", "s", "str"}
ERRORS = {"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA", "#SPILL!", "#CALC!"}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z")
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)?(T?\d\d:\d\d(:\d\d(\.\d+)?)?Z?)?\Z")
NAME = re.compile(r"(?:[^\W\d]|\\)[\\\w.?]*\Z")
BAD_TITLE = re.compile(r"[\\*?:/\[\]]|^'|'\Z|^\Z|.{32}")
BAD_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
SHEET_OF_REFERENCE = re.compile(r"'((?:[^']|'')+)'!|([^\W\d][\w.]*)!")
#: Names that a sheet has for itself.
OF_A_SHEET = ("Print_Area", "Print_Titles", "_FilterDatabase")
KINDS = {
    **{kind: f"spreadsheetml.{kind}+xml" for kind in ("worksheet", "chartsheet", "styles", "sharedStrings", "comments", "table")},
    **{"drawing": "drawing+xml", "chart": "drawingml.chart+xml", "vmlDrawing": "vmlDrawing", "theme": "theme+xml"},
}

Area = tuple[int, int, int, int]


def check_package(path: Any) -> list[str]:
    """Returns the faults of a saved workbook, each with its part and position; empty if there are none."""
    return _Check(path).faults


def area(reference: str | None, *, of_lines: bool = False) -> Area | None:
    """Returns the first row and column, and the last ones, of a reference to a cell, an area, columns or rows, if it is one."""
    try:
        bounds = range_boundaries(reference or "")
    except ValueError:
        return None
    left, top, right, bottom = (usual if bound is None and of_lines else bound for bound, usual in zip(bounds, (1, 1, LAST_COLUMN, LAST_ROW)))
    if None in (left, top, right, bottom) or not (1 <= left <= right <= LAST_COLUMN and 1 <= top <= bottom <= LAST_ROW):
        return None
    return top, left, bottom, right


def cell_position(reference: str | None) -> tuple[int, int] | None:
    """Returns the row and column of a cell reference, if it is one within a sheet."""
    bounds = area(reference)
    return bounds[:2] if bounds and ":" not in reference else None


def overlap(left: Area, right: Area) -> bool:
    """Returns whether two areas share a cell."""
    return left[0] <= right[2] and right[0] <= left[2] and left[1] <= right[3] and right[1] <= left[3]


def unescaped(text: str) -> str:
    """Returns a text without escapes (``_x000a_``) for characters that XML cannot have, and with the line ends of spreadsheets."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text).replace("\r\n", "\n")


def local(element: ElementTree.Element) -> str:
    """Returns an element's name without its namespace."""
    return element.tag.rsplit("}", 1)[-1]


def attribute(element: ElementTree.Element, name: str) -> str | None:
    """Returns an attribute, whatever its namespace."""
    return next((value for key, value in element.attrib.items() if key.rsplit("}", 1)[-1] == name), None)


def text_of(element: ElementTree.Element) -> str:
    """Returns the text of an item: plain, or that of its runs; without phonetic hints."""
    hints = {text for hint in element.iterfind(".//{*}rPh") for text in hint}
    return "".join(text.text or "" for text in element.iterfind(".//{*}t") if text not in hints)


def is_number(text: str, least: str = "", most: str = "") -> bool:
    """Returns whether a text is a finite number as XML writes them, within limits."""
    value = float(text) if NUMBER.match(text) else float("inf")
    return value - value == 0 and (not least or value >= float(least)) and (not most or value <= float(most))


class _Check:
    def __init__(self, path: Any):
        self.faults: list[str] = []
        self.trees: dict[str, ElementTree.Element] = {}
        #: By parts that have them and identities: the kind, the target, and whether this is elsewhere.
        self.relationships: dict[str, dict[str, tuple[str, str, bool]]] = {}
        self.strings: list[str] = []
        self.tables: list[tuple[str, str]] = []
        if self.read_archive(path):
            self.check_types()
            self.check_relationships()
            self.main = next((target for target in self.related("", "officeDocument").values()), None)
            if self.main is None:
                self.fault("_rels/.rels", "", "leads to no workbook")
            for part, tree in self.trees.items():
                self.check_elements(part, tree)
            if self.main is not None:
                self.check_workbook(self.main, self.trees[self.main])

    def fault(self, part: str, place: str, text: str) -> None:
        self.faults.append(f"{part}: {place}: {text}" if place else f"{part}: {text}")

    # The package -------------------------------------------------------------------------------------------------

    def read_archive(self, path: Any) -> bool:
        try:
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
                self.parts = {name: archive.read(name) for name in names if not name.endswith("/")}
        except (zipfile.BadZipFile, zlib.error, OSError) as error:
            self.fault(Path(path).name, "", f"cannot be unpacked: {error}")
            return False
        for name, count in Counter(map(str.lower, names)).items():
            if count > 1:
                self.fault("archive", name, f"is {count} times in the archive")
        for name, content in self.parts.items():
            if name.endswith((".xml", ".rels", ".vml")):
                try:
                    self.trees[name] = ElementTree.fromstring(content)
                except ElementTree.ParseError as error:
                    self.fault(name, "", f"is not well-formed: {error}")
        for name in {"[Content_Types].xml", "_rels/.rels"} - set(self.parts):
            self.fault(name, "", "is missing")
        return True

    def check_types(self) -> None:
        name = "[Content_Types].xml"
        self.types: dict[str, str] = {}
        for element in self.trees.get(name, ()):
            part = element.get("PartName", "").lstrip("/") or "." + element.get("Extension", "").lower()
            self.types[part] = element.get("ContentType", "")
            if not part.startswith(".") and part not in self.parts:
                self.fault(name, part, "is named and missing")
        for part in self.parts if name in self.trees else ():
            if part != name and not self.type_of(part):
                self.fault(name, part, "has no type")

    def type_of(self, part: str) -> str:
        return self.types.get(part) or self.types.get("." + part.rpartition(".")[2].lower(), "")

    def check_relationships(self) -> None:
        reached: dict[str, str] = {}
        for name, tree in self.trees.items():
            if name.endswith(".rels"):
                folder, file = posixpath.split(name)
                folder = posixpath.dirname(folder)
                owner = posixpath.join(folder, file[: -len(".rels")])
                if owner and owner not in self.parts:
                    self.fault(name, "", f"belongs to {owner}, which is missing")
                found = self.relationships.setdefault(owner, {})
                for element in tree:
                    target, kind, external = element.get("Target", ""), element.get("Type", "").rsplit("/", 1)[-1], "TargetMode" in element.attrib
                    if not external:
                        target = posixpath.normpath(posixpath.join("/" + folder, unquote(target))).lstrip("/")
                        reached[target] = kind
                    if not target or not external and target not in self.parts:
                        self.fault(name, element.get("Id", ""), f"leads to {target}, which is missing")
                    found[element.get("Id", "")] = kind, target, external
        for part in self.parts:
            if part == "[Content_Types].xml" or part.endswith(".rels"):
                continue
            if part not in reached:
                self.fault(part, "", "is reached by no relationship")
            elif not self.type_of(part).endswith(KINDS.get(reached[part], "")):
                self.fault(part, "", f"is reached as {reached[part]}, but its type is {self.type_of(part)}")

    def related(self, part: str, wanted: str) -> dict[str, str]:
        """Targets of a part's relationships of a kind by their identities, where they can be read."""
        found = self.relationships.get(part, {}).items()
        return {identity: target for identity, (kind, target, _) in found if kind == wanted and target in self.trees}

    # Elements ----------------------------------------------------------------------------------------------------

    def check_elements(self, part: str, tree: ElementTree.Element) -> None:
        root = local(tree)
        names = [name for child in tree if (name := local(child)) and "spreadsheetml" in child.tag]
        order = [name.rstrip("*") for name in ORDER.get(root, ())]
        for name in {*names} - {*order} if order else ():
            self.fault(part, name, f"is not a part of a {root}")
        for one, next_one in zip(names, names[1:]) if order else ():
            if {one, next_one} <= {*order} and order.index(one) >= order.index(next_one) and (one != next_one or f"{one}*" not in ORDER[root]):
                self.fault(part, next_one, f"comes after {one}")
        for element in tree.iter():
            name = local(element)
            identity = next((element.get(key) for key in ("r", "name", "displayName", "ref", "sqref", "min") if element.get(key)), "")
            place = f"{name} {identity}".strip()
            if any(BAD_CHARACTER.search(text) for text in (element.text or "", *element.attrib.values())):
                self.fault(part, place, "has a character that XML cannot have")
            for key, kind in RULES.get(name, ()) if "spreadsheetml" in element.tag else ():
                value = attribute(element, key)
                if value is None:
                    if kind.endswith("!"):
                        self.fault(part, place, f"has no {key}")
                elif not self.fits(part, value, kind.rstrip("!")):
                    self.fault(part, place, f"{key} {value[:40]!r} is not in {kind.rstrip('!')}")
            for keys in UNIQUE.get(name, ()):
                values = [tuple((attribute(child, key) or "").casefold() for key in keys) for child in element if attribute(child, keys[0]) or keys == ["name"]]
                for value, count in Counter(values).items():
                    if count > 1 or value == ("",):
                        self.fault(part, place, f"{count} have the {keys[0]} {value[0]!r}")
            if len(element) < LEAST.get(name, 0):
                self.fault(part, place, f"has fewer than {LEAST[name]}")
            if element.get("count", str(len(element))) != str(len(element)) and name not in ("sst", "filters"):
                self.fault(part, place, f"says that it counts {element.get('count')}, but has {len(element)}")
            for key, value in element.attrib.items():
                if "officeDocument" in key and value not in self.relationships.get(part, {}):
                    self.fault(part, place, f"uses relationship {value!r}, which is missing")

    def fits(self, part: str, value: str, kind: str) -> bool:
        if ".." in kind:
            return is_number(value, *kind.split(".."))
        if kind in ("area", "areas"):
            return bool(value) and all(area(one, of_lines=kind == "areas") for one in (value.split() if kind == "areas" else [value]))
        if kind == "cell":
            return cell_position(value) is not None
        if kind == "name":
            plain = value.removeprefix("_xlnm.")
            return bool(NAME.match(plain)) and len(value) <= 255 and not cell_position(plain.upper())
        if kind in ("title", "code"):
            return not BAD_TITLE.search(value) if kind == "title" else 0 < len(value) <= 255
        if kind == "format":
            return value.isdigit() and (int(value) < 164 or self.trees[part].find(f"{{*}}numFmts/{{*}}numFmt[@numFmtId='{value}']") is not None)
        trees = (self.trees[part], *(self.trees[styles] for styles in self.related(self.main or "", "styles").values()))
        listed = next((found for tree in trees if (found := tree.find(f"{{*}}{kind}")) is not None), ())
        return value.isdigit() and int(value) < len(listed)

    # The workbook ------------------------------------------------------------------------------------------------

    def check_workbook(self, main: str, tree: ElementTree.Element) -> None:
        if not self.related(main, "styles"):
            self.fault(main, "", "has no styles")
        for strings in self.related(main, "sharedStrings").values():
            self.strings = [text_of(item) for item in self.trees[strings]]
            for number, text in enumerate(self.strings):
                self.check_length(strings, f"text {number}", text)
        sheets = list(tree.iterfind("{*}sheets/{*}sheet"))
        visible = [sheet.get("state", "visible") == "visible" for sheet in sheets]
        if not any(visible):
            self.fault(main, "sheets", "none is visible")
        for view in tree.iterfind("{*}bookViews/{*}workbookView"):
            active = view.get("activeTab", "0")
            if active.isdigit() and not visible[int(active) :][:1] == [True]:
                self.fault(main, "activeTab", f"{active} is hidden")
        self.check_names(main, tree, [sheet.get("name", "").casefold() for sheet in sheets])
        for sheet in sheets:
            _, target, _ = self.relationships.get(main, {}).get(attribute(sheet, "id") or "", ("", "", False))
            if target not in self.trees:
                self.fault(main, sheet.get("name", ""), "has no part")
            elif local(self.trees[target]) == "worksheet":
                _Sheet(self, target)
        for at, what in enumerate(("id", "name")):
            for value, count in Counter(table[at] for table in self.tables).items():
                if count > 1:
                    self.fault(main, "tables", f"{count} tables have the {what} {value!r}")

    def check_names(self, main: str, tree: ElementTree.Element, titles: list[str]) -> None:
        self.names = set()
        for element in tree.iterfind("{*}definedNames/{*}definedName"):
            name, scope, text = element.get("name", ""), element.get("localSheetId", ""), element.text or ""
            self.names.add(name.casefold())
            is_own = name.removeprefix("_xlnm.") in OF_A_SHEET
            if not scope and name.startswith("_xlnm.") and is_own:
                self.fault(main, name, "belongs to no sheet")
            if not text:
                self.fault(main, name, "means nothing")
            for match in SHEET_OF_REFERENCE.finditer(re.sub(r'"(?:[^"]|"")*"', '""', text)):
                title = match[1].replace("''", "'") if match[1] else match[2]
                if title.startswith("[") or title == "REF" or "]" in title:
                    continue
                if is_own and scope.isdigit() and titles[int(scope) :][:1] != [title.casefold()]:
                    self.fault(main, name, f"belongs to sheet {scope}, but refers to {title!r}")
                for one in title.split(":"):
                    if one.casefold() not in titles:
                        self.fault(main, name, f"refers to the sheet {one!r}, which is missing")

    def check_length(self, part: str, place: str, text: str) -> None:
        # The limit applies to the text that a program sees, in the units that it counts in.
        if len(text) > LONGEST_TEXT and len(unescaped(text).encode("utf-16-le")) // 2 > LONGEST_TEXT:
            self.fault(part, place, f"has a text of {len(text)} characters")


class _Sheet:
    """The checks of one worksheet."""

    def __init__(self, check: _Check, part: str):
        self.check, self.part, self.tree = check, part, check.trees[part]
        #: Texts of cells, and ``None`` for cells that are not text.
        self.texts: dict[tuple[int, int], str | None] = {}
        if self.tree.find("{*}sheetData") is None:
            self.fault("", "has no sheetData")
        for element in self.all("headerFooter/*"):
            if len(element.text or "") > 255:
                self.fault(local(element), "is longer than 255 characters")
        for view in self.all("sheetViews/sheetView"):
            if view.find("{*}pane") is None and view.find("{*}selection[@pane]") is not None and any(one.get("pane", "topLeft") != "topLeft" for one in view):
                self.fault("selection", "is for a pane, but there is none")
        last = 0
        for element in self.all("cols/col"):
            first, end = (int(element.get(key, "0")) for key in ("min", "max"))
            if not last < first <= end:
                self.fault(f"cols {first}:{end}", f"come after column {last}")
            last = end
        self.check_rows()
        self.merged = [bounds for element in self.all("mergeCells/mergeCell") if (bounds := area(element.get("ref")))]
        if any(bounds[:2] == bounds[2:] for bounds in self.merged) or any(overlap(*pair) for pair in combinations(self.merged, 2)):
            self.fault("mergeCells", "one overlaps another, or is one cell")
        self.filter = None
        for element in self.all("autoFilter"):
            self.filter = area(element.get("ref"))
            self.check_filter(element, self.filter)
        self.check_links()
        self.check_comments()
        self.check_tables()

    def fault(self, place: str, text: str) -> None:
        self.check.fault(self.part, place, text)

    def all(self, path: str) -> Any:
        return self.tree.iterfind("/".join(f"{{*}}{name}" for name in path.split("/")))

    def check_rows(self) -> None:
        last = 0
        for element in self.all("sheetData/row"):
            row = int(element.get("r", "0"))
            if row <= last:
                self.fault(f"row {row}", f"comes after row {last}")
            last, last_column = row, 0
            for cell in element.iterfind("{*}c"):
                place = cell.get("r", "")
                position = cell_position(place)
                if position is None:
                    self.fault(f"row {row}", f"{place!r} is not a cell")
                    continue
                if position[0] != row:
                    self.fault(place, f"is in row {row}")
                if position[1] <= last_column:
                    self.fault(place, f"comes after column {last_column}")
                last_column = position[1]
                if wrong := self.wrong_in_cell(cell, position):
                    self.fault(place, wrong)

    def wrong_in_cell(self, cell: ElementTree.Element, position: tuple[int, int]) -> str | None:
        kind, children = cell.get("t", "n"), [local(child) for child in cell]
        formula, value, inline = (cell.find(f"{{*}}{name}") for name in ("f", "v", "is"))
        if kind not in CELL_TYPES:
            return f"{kind!r} is not a type"
        if len({*children}) < len(children) or not {*children} <= {"f", "v", "is", "extLst"} or (inline is not None) != (kind == "inlineStr" and bool(children)):
            return f"of type {kind} consists of {children}"
        if formula is not None and (wrong := self.wrong_in_formula(formula, position)):
            return wrong
        text = text_of(inline) if inline is not None else None if value is None else value.text or ""
        if text is None or text == "" and formula is not None:
            return None
        is_right = {
            "n": is_number(text), "b": text in ("0", "1"), "e": text in ERRORS, "d": bool(text and MOMENT.match(text)),
            "s": text.isdecimal() and int(text) < len(self.check.strings),
        }  # fmt: skip
        if not is_right.get(kind, True):
            return f"{text[:40]!r} is not a value of type {kind}"
        if kind in ("inlineStr", "s", "str"):
            self.texts[position] = text = self.check.strings[int(text)] if kind == "s" else text
            self.check.check_length(self.part, cell.get("r", ""), text)
        return None

    @staticmethod
    def wrong_in_formula(formula: ElementTree.Element, position: tuple[int, int]) -> str | None:
        kind, text, bounds = formula.get("t", "normal"), formula.text or "", area(formula.get("ref"))
        if kind not in ("normal", "array", "shared", "dataTable"):
            return f"{kind!r} is not a kind of formula"
        if kind in ("normal", "array") and not 0 < len(text) <= LONGEST_FORMULA:
            return f"has a formula of {len(text)} characters"
        if kind in ("array", "dataTable") and (bounds is None or kind == "array" and bounds[:2] != position):
            return f"has a formula for {formula.get('ref')!r}"
        return None

    def check_filter(self, element: ElementTree.Element, bounds: Area | None) -> None:
        for column in element.iterfind("{*}filterColumn") if bounds else ():
            if not is_number(column.get("colId", ""), "0", str(bounds[3] - bounds[1])):
                self.fault("autoFilter", f"column {column.get('colId')} cannot be filtered")
        for state in element.iterfind("{*}sortState") if bounds else ():
            for one in (state, *state):
                inner = area(one.get("ref"))
                if inner is None or not overlap(inner, bounds):
                    self.fault("autoFilter", f"sorts {one.get('ref')!r}")

    def check_links(self) -> None:
        for element in self.all("hyperlinks/hyperlink"):
            reference, identity = element.get("ref", ""), attribute(element, "id")
            if identity is None and not element.get("location"):
                self.fault("hyperlink", f"{reference} leads nowhere")
            kind, _, is_external = self.check.relationships.get(self.part, {}).get(identity or "", ("hyperlink", "", True))
            if (kind, is_external) != ("hyperlink", True):
                self.fault("hyperlink", f"{reference} uses relationship {identity!r}, which is not a link")

    def check_comments(self) -> None:
        check, own = self.check, self.check.relationships.get(self.part, {})
        parts = list(check.related(self.part, "comments").values())
        legacy = self.tree.find("{*}legacyDrawing")
        kind, drawing, _ = ("", "", False) if legacy is None else own.get(attribute(legacy, "id") or "", ("", "", False))
        if legacy is not None and kind != "vmlDrawing" or parts and legacy is None or len(parts) > 1:
            self.fault("legacyDrawing", f"is missing or a {kind}, though there are {len(parts)} parts of comments")
            return
        comments = [comment for part in parts for comment in check.trees[part].iterfind("{*}commentList/{*}comment")]
        for comment in comments:
            check.check_length(parts[0], comment.get("ref", ""), text_of(comment))
        if drawing in check.trees:
            notes = {cell_position(comment.get("ref")) for comment in comments}
            shapes = set()
            for data in check.trees[drawing].iterfind(".//{urn:schemas-microsoft-com:office:excel}ClientData[@ObjectType='Note']"):
                row, column = (data.find(f"{{*}}{name}") for name in ("Row", "Column"))
                if row is not None and column is not None:
                    shapes.add((int(row.text or 0) + 1, int(column.text or 0) + 1))
            if shapes != notes:
                self.fault("legacyDrawing", f"shows comments at {sorted(shapes ^ notes, key=str)[:5]} where there are none")

    def check_tables(self) -> None:
        check, areas = self.check, []
        used = [attribute(element, "id") for element in self.all("tableParts/tablePart")]
        for identity, part in check.related(self.part, "table").items():
            if identity not in used:
                self.fault("tableParts", f"{part} is not among them")
            tree = check.trees[part]
            name, bounds = tree.get("displayName", ""), area(tree.get("ref"))
            check.tables.append((tree.get("id", ""), name.casefold()))
            wrong = ["is a defined name, too"] if name.casefold() in check.names else []
            if bounds is not None:
                wrong += self.wrong_in_table(tree, bounds)
                wrong += [f"overlaps the table {other}" for other, taken in areas if overlap(bounds, taken)]
                wrong += ["overlaps merged cells"] if any(overlap(bounds, merged) for merged in self.merged) else []
                wrong += ["overlaps the sheet's filter"] if self.filter is not None and overlap(bounds, self.filter) else []
                areas.append((name, bounds))
            for text in wrong:
                check.fault(part, name, text)

    def wrong_in_table(self, tree: ElementTree.Element, bounds: Area) -> list[str]:
        names = [unescaped(column.get("name", "")) for column in tree.iterfind("{*}tableColumns/{*}tableColumn")]
        header, wrong = tree.get("headerRowCount", "1"), []
        if len(names) != bounds[3] - bounds[1] + 1:
            wrong.append(f"has {len(names)} columns for {tree.get('ref')}")
        if bounds[2] - bounds[0] < int(header) + int(tree.get("totalsRowCount", "0")):
            wrong.append(f"has no row for data in {tree.get('ref')}")
        for element in tree.iterfind("{*}autoFilter"):
            inner = area(element.get("ref"))
            if inner is None or inner[:2] != bounds[:2] or inner[3] != bounds[3] or inner[2] > bounds[2]:
                wrong.append(f"filters {element.get('ref')!r}")
        for column, value in enumerate(names, bounds[1]) if header != "0" else ():
            text = self.texts.get((bounds[0], column))
            if text is None or unescaped(text) != value:
                wrong.append(f"the column {value!r} has the header {text!r}")
        return wrong
