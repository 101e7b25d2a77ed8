"""Writes valid files whatever happened to a workbook.

openpyxl lets its objects get out of step with each other (a table and the cells of its header, a name and the sheet it refers
to), and writes them unchecked; a spreadsheet program then calls the file damaged. The functions here correct these objects
before they are written. The rules are those of the file format (ECMA-376, part 1, chapter 18) and of spreadsheet programs.
"""

from __future__ import annotations

import re
from copy import copy
from zipfile import ZipFile

from openpyxl.formula.tokenizer import Token, Tokenizer, TokenizerError
from openpyxl.utils import get_column_letter, quote_sheetname, range_boundaries
from openpyxl.workbook._writer import WorkbookWriter, get_active_sheet
from openpyxl.workbook.defined_name import DefinedName, DefinedNameList
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table, TableColumn

from ade_engine.io.limits import LAST_COLUMN, LAST_ROW

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MAX_COLUMN_WIDTH_CHARS = 255
_MAX_COLUMN_NAME_CHARS = 255
#: Characters that XML cannot hold, and U+FFFE and U+FFFF, in UTF-8.
_ILLEGAL_IN_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")


def clean_xml(xml: bytes) -> bytes:
    """Returns XML without the characters that it cannot hold."""
    return _ILLEGAL_IN_XML.sub(b"", xml)


class ValidArchive(ZipFile):
    """A package whose parts are well-formed XML, whatever text they contain."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *arguments: Any, **named: Any) -> None:
        name = getattr(zinfo_or_arcname, "filename", zinfo_or_arcname)
        if name.endswith((".xml", ".rels", ".vml")):
            data = clean_xml(data.encode("utf-8") if isinstance(data, str) else data)
        super().writestr(zinfo_or_arcname, data, *arguments, **named)


# The workbook -------------------------------------------------------------------------------------------------------


class ValidWorkbookWriter(WorkbookWriter):
    """openpyxl's writer of the workbook part, with names and an active sheet that exist."""

    def write_names(self) -> None:
        names = list(self.wb.defined_names.values())
        for sheet in self.wb.worksheets:
            # Chart sheets are counted, too.
            number = self.wb._sheets.index(sheet)
            for name in sheet.defined_names.values():
                name.localSheetId = number
                names.append(name)
            quoted = quote_sheetname(sheet.title)
            if is_filtered(sheet):
                filtered = f"{quoted}!{sheet.auto_filter}"
                names.append(DefinedName("_FilterDatabase", localSheetId=number, hidden=True, attr_text=filtered))
            for reserved, value in (("Print_Titles", sheet.print_titles), ("Print_Area", sheet.print_area)):
                if value:
                    names.append(DefinedName(reserved, localSheetId=number, attr_text=value))
        titles = {title.lower() for title in self.wb.sheetnames}
        self.package.definedNames = DefinedNameList([_with_sheets_that_exist(name, titles) for name in names])

    def write_views(self) -> None:
        if self.wb.views:
            self.wb.views[0].activeTab = active_sheet(self.wb)
        self.package.bookViews = self.wb.views


def active_sheet(workbook: Any) -> int:
    """Returns the position of openpyxl's active sheet, or of the first visible one if that is hidden or removed.

    Raises ``IndexError`` if no sheet is visible.
    """
    number = get_active_sheet(workbook) or 0
    visible = [number for number, sheet in enumerate(workbook._sheets) if sheet.sheet_state == "visible"]
    return number if number in visible else visible[0]


def is_filtered(worksheet: Any) -> bool:
    """Returns whether the sheet has a filter of its own. One over a table would be a second filter of the same cells."""
    if not worksheet.auto_filter:
        return False
    filtered = bounds_of(worksheet.auto_filter.ref)
    return not any(overlap(filtered, bounds_of(table.ref)) for table in worksheet.tables.values())


def bounds_of(reference: str) -> tuple[int, int, int, int]:
    """Returns the first column and row, and the last column and row of a range; whole columns and rows reach to the sheet's
    end.
    """
    first_column, first_row, last_column, last_row = range_boundaries(reference)
    return first_column or 1, first_row or 1, last_column or LAST_COLUMN, last_row or LAST_ROW


def overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    """Returns whether two ranges, given by their bounds, have a cell in common."""
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def fit_filter(tree: Any, last_row: int) -> Any:
    """Returns a filter of a range of cells, with one entry for each column: the last one.

    ``last_row`` is that of the sheet: a filter of whole columns reaches to it.
    """
    if None in range_boundaries(tree.get("ref")):
        first_column, first_row, last_column, end = bounds_of(tree.get("ref"))
        tree.set("ref", f"{get_column_letter(first_column)}{first_row}:{get_column_letter(last_column)}{min(end, last_row)}")
    seen = set()
    for column in reversed(tree.findall("filterColumn")):
        if column.get("colId") in seen:
            tree.remove(column)
        seen.add(column.get("colId"))
    return tree


def leave_out_overlapping_tables(tables: Any) -> None:
    """Removes those of a sheet's tables that are below a later one, or whose rows are gone."""
    kept: list[tuple[int, int, int, int]] = []
    for name, table in reversed(list(zip(tables.keys(), tables.values()))):
        bounds = bounds_of(table.ref)
        if any(overlap(bounds, other) for other in kept):
            del tables[name]
        else:
            kept.append(bounds)


def _with_sheets_that_exist(name: DefinedName, titles: set[str]) -> DefinedName:
    """Returns the name, or a copy of it in which references to removed sheets are broken references."""
    if not name.value or "!" not in name.value:
        return name
    try:
        tokens = Tokenizer(f"={name.value}").items
    except (TokenizerError, IndexError):
        return name
    is_changed = False
    for token in tokens:
        if token.type != Token.OPERAND or token.subtype != Token.RANGE or "!" not in token.value:
            continue
        sheets, _, cells = token.value.rpartition("!")
        if "[" in sheets:
            continue
        plain = sheets[1:-1].replace("''", "'") if sheets.startswith("'") else sheets
        if any(sheet.lower() not in titles for sheet in plain.split(":")):
            token.value = f"#REF!{cells}"
            is_changed = True
    if not is_changed:
        return name
    changed = copy(name)
    changed.value = "".join(token.value for token in tokens)
    return changed


# Parts of a worksheet -----------------------------------------------------------------------------------------------


def fit_views(tree: Any) -> Any:
    """Returns sheet views, each with at most one selection for each pane, and without panes with one in all."""
    for view in tree:
        has_panes = view.find("pane") is not None
        seen: set[str] = set()
        for selection in view.findall("selection"):
            if not has_panes:
                selection.attrib.pop("pane", None)
            pane = selection.get("pane", "topLeft")
            if pane in seen:
                view.remove(selection)
            seen.add(pane)
    return tree


def fit_columns(tree: Any) -> Any:
    """Returns column descriptions that do not overlap; of overlapping ones, the one with fewer columns extends the other."""
    columns = []
    for element in tree:
        described = dict(element.attrib)
        first, last = int(described.pop("min")), min(int(described.pop("max")), LAST_COLUMN)
        if "width" in described and float(described["width"]) > _MAX_COLUMN_WIDTH_CHARS:
            described["width"] = str(_MAX_COLUMN_WIDTH_CHARS)
        if first <= last:
            columns.append((first, last, described))
    if any(other[0] <= column[1] for column, other in zip(columns, columns[1:])):
        columns = _without_overlaps(columns)
    made = tree.makeelement("cols", {})
    for first, last, described in columns:
        made.append(tree.makeelement("col", {**described, "min": str(first), "max": str(last)}))
    return made


def _without_overlaps(columns: list[tuple[int, int, dict[str, str]]]) -> list[tuple[int, int, dict[str, str]]]:
    starts = sorted({first for first, _, _ in columns} | {last + 1 for _, last, _ in columns})
    found = []
    for first, following in zip(starts, starts[1:]):
        there = [column for column in columns if column[0] <= first <= column[1]]
        if there:
            described: dict[str, str] = {}
            for _, _, more in sorted(there, key=lambda column: column[0] - column[1]):
                described.update(more)
            found.append((first, following - 1, described))
    return found


def fit_validations(tree: Any) -> Any:
    """Returns data validations of cells; ``None`` if there is none."""
    for validation in list(tree):
        if not validation.get("sqref"):
            tree.remove(validation)
    if not len(tree):
        return None
    tree.set("count", str(len(tree)))
    return tree


def fit_links(links: list[tuple[str, Any]]) -> list[Any]:
    """Returns links, given with the cells that have them, so that each has a cell of its own.

    A link that was moved with its cell still names the cell that it was set on, and is written there; but if two have the same
    cell, all are written at their current cells.
    """
    named = {link.ref for _, link in links}
    if len(named) == len(links) == len({id(link) for _, link in links}):
        return [link for _, link in links]
    found = []
    for place, link in links:
        placed = copy(link)
        placed.ref = place
        found.append(placed)
    return found


def fit_merged(ranges: Any, tables: Any) -> list[str]:
    """Returns merged ranges of several cells that do not overlap each other or a table."""
    kept = []
    taken: set[tuple[int, int]] = set()
    others = [bounds_of(table.ref) for table in tables]
    for merged in ranges:
        cells = list(merged.cells)
        if len(cells) < 2 or any(cell in taken for cell in cells):
            continue
        if any(overlap(merged.bounds, other) for other in others):
            continue
        taken.update(cells)
        kept.append(str(merged))
    return kept


def array_formula_at(formula: ArrayFormula, row: int, column: int) -> ArrayFormula:
    """Returns an array formula whose range begins at its cell."""
    try:
        min_col, min_row, max_col, max_row = range_boundaries(formula.ref)
    except (TypeError, ValueError):
        min_col = max_col = column
        min_row = max_row = row
    if (min_row, min_col) == (row, column):
        return formula
    last_row, last_column = min(row + max_row - min_row, LAST_ROW), min(column + max_col - min_col, LAST_COLUMN)
    first, last = f"{get_column_letter(column)}{row}", f"{get_column_letter(last_column)}{last_row}"
    return ArrayFormula(first if first == last else f"{first}:{last}", formula.text)


def fit_table(table: Table, header_of: Any) -> dict[tuple[int, int], str]:
    """Makes a table agree with the sheet: a column for each of its range, and the names in its header row.

    ``header_of(row, column)`` is the text of a header cell, and whether the cell holds just that. Returns the texts to write
    into cells that hold something else.
    """
    if not table.tableColumns:
        table._initialise_columns()
    min_col, min_row, max_col, max_row = range_boundaries(table.ref)
    has_header = table.headerRowCount != 0
    if has_header and max_row <= min_row + (table.totalsRowCount or 0):
        # A table has at least one row of data.
        max_row = min_row + (table.totalsRowCount or 0) + 1
        table.ref = f"{get_column_letter(min_col)}{min_row}:{get_column_letter(max_col)}{max_row}"
    width = max_col - min_col + 1
    columns = list(table.tableColumns)[:width]
    columns += [TableColumn(id=number, name="") for number in range(len(columns) + 1, width + 1)]
    if len({column.id for column in columns}) != width:
        for number, column in enumerate(columns, 1):
            column.id = number
    table.tableColumns = columns
    if table.autoFilter is not None:
        last_row = max_row - (table.totalsRowCount or 0)
        table.autoFilter.ref = f"{get_column_letter(min_col)}{min_row}:{get_column_letter(max_col)}{last_row}"
    texts = {}
    seen: set[str] = set()
    for number, column in enumerate(columns):
        place = (min_row, min_col + number)
        text, is_just_that = header_of(*place) if has_header else (column.name, True)
        wanted = (text or column.name or f"Column{number + 1}")[:_MAX_COLUMN_NAME_CHARS]
        name, count = wanted, 1
        while name.lower() in seen:
            count += 1
            name = f"{wanted[: _MAX_COLUMN_NAME_CHARS - 8]}{count}"
        seen.add(name.lower())
        column.name = name
        if has_header and not (is_just_that and name == text):
            texts[place] = name
    return texts
