"""Workbooks as plain values, to compare two of them: saved ones as openpyxl reads them, and open ones."""

import re
import warnings
import zipfile
from typing import Any

import openpyxl
from openpyxl.cell.cell import MergedCell
from openpyxl.cell.rich_text import CellRichText
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from openpyxl.xml.functions import tostring

#: Numbers that only distinguish parts.
_NUMBER = re.compile(r'(?<=\s)(dxfId|id)="\d+"')
_DIMENSION = re.compile(rb'<dimension ref="([^"]*)"')


class Styles:
    """Describes styles; each that a workbook has, once."""

    def __init__(self, book: Any):
        self.book = book
        self.known: dict[bytes, tuple] = {}
        self.plain = self.of(None)

    def of(self, style: Any) -> tuple:
        """The content of a cell's or a row's style."""
        key = b"" if style is None or not any(style) else style.tobytes()
        if key not in self.known:
            self.known[key] = self._describe(style if key else openpyxl.styles.cell_style.StyleArray())
        return self.known[key]

    def _describe(self, style: Any) -> tuple:
        book = self.book
        holder = openpyxl.cell.Cell(_Parent(book))
        holder._style = style
        parts = (holder.font, holder.fill, holder.border, holder.alignment, holder.protection)
        return (
            holder.number_format,
            *(xml(part, tag) for part, tag in zip(parts, ("font", "fill", "border", "alignment", "protection"))),
            holder.style,
            bool(style.quotePrefix),
        )


class _Parent:
    def __init__(self, book: Any):
        self.parent = book


def xml(value: Any, tag: str | None = None) -> str | None:
    """One of openpyxl's objects as XML text."""
    if value is None:
        return None
    tree = value.to_tree(tag) if tag else value.to_tree()
    return None if tree is None else tostring(tree).decode()


def plain(value: Any) -> Any:
    """A cell's value without openpyxl's objects. Numbers are as precise as openpyxl writes them."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (ArrayFormula, DataTableFormula)):
        return (type(value).__name__, value.ref, getattr(value, "text", None))
    if isinstance(value, CellRichText):
        return ("rich text", str(value))
    if hasattr(value, "as_tuple") or isinstance(value, (int, float)):
        # Adding nothing makes negative zero zero.
        return f"{float(value) + 0.0:.16g}"
    if isinstance(value, str):
        # The engine keeps carriage returns; openpyxl does where lxml is installed, and else makes line feeds of them.
        return value.replace("\r\n", "\n").replace("\r", "\n")
    return value


def described_cell(cell: Any, styles: Styles) -> tuple:
    comment, link = cell.comment, cell.hyperlink
    value = plain(cell._value)
    return (
        value,
        # openpyxl writes a type for empty text, and no content.
        None if value is None else cell.data_type,
        *styles.of(cell._style),
        comment and (comment.text, comment.author, comment.height, comment.width),
        link and (link.target, link.location, link.tooltip, link.display),
    )


def described(path: Any) -> dict[str, Any]:
    """Everything that openpyxl finds in a saved workbook."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(path, rich_text=True)
    styles = Styles(book)
    found: dict[str, Any] = {
        "titles": book.sheetnames,
        "active": book.sheetnames.index(book.active.title) if book.active is not None else None,
        "views": [xml(view) for view in book.views],
        "names": described_names(book.defined_names),
        "epoch": book.epoch,
        "properties": [getattr(book.properties, name) for name in ("title", "creator", "subject", "keywords", "category")],
        "custom properties": sorted((item.name, item.value) for item in book.custom_doc_props.props),
        "calculation": xml(book.calculation),
        "security": xml(book.security),
        "named styles": sorted((style.name, xml(style.font, "font"), style.number_format) for style in book._named_styles),
    }
    found |= declared_dimensions(path)
    for sheet in book.worksheets:
        for name, value in described_sheet(sheet, styles).items():
            found[f"{name} of {sheet.title}"] = value
    return found


def declared_dimensions(path: Any) -> dict[str, str | None]:
    """The extent that each worksheet is said to have, by the names of their parts."""
    with zipfile.ZipFile(path) as archive:
        found = {name: _DIMENSION.search(archive.read(name)) for name in archive.namelist() if name.startswith("xl/worksheets/sheet")}
    return {f"dimension of {name}": match and match[1].decode() for name, match in found.items()}


def links_of(sheet: Any) -> dict[tuple[int, int], tuple]:
    """Links by the places of their cells."""
    cells = [(position, cell.hyperlink) for position, cell in dict(sheet._cells).items()]
    return {position: (link.target, link.location, link.tooltip, link.display) for position, link in cells if link is not None}


def described_names(names: Any) -> list[tuple]:
    return sorted((name.name, name.attr_text, name.hidden, name.comment) for name in names.values())


#: Attributes that a sheet has once.
PARTS = "views auto_filter data_validations page_setup page_margins print_options HeaderFooter sheet_properties sheet_format protection scenarios row_breaks col_breaks".split()


def described_sheet(sheet: Any, styles: Styles) -> dict[str, Any]:
    cells = {}
    for position, cell in sheet._cells.items():
        if type(cell) is MergedCell:
            if cell.has_style:
                cells[position] = ("merged", *styles.of(cell._style))
            continue
        text = described_cell(cell, styles)
        if text[0] is not None or cell.has_style or text[-2] is not None:
            cells[position] = text[:-1]
    lines = {
        name: {key: ({name: value for name, value in dict(line).items() if name not in ("style", "s")}, styles.of(line._style)) for key, line in dimensions.items()}
        for name, dimensions in (("columns", sheet.column_dimensions), ("rows", sheet.row_dimensions))
    }
    return {
        "cells": cells,
        "links": links_of(sheet),
        **lines,
        **{name: xml(getattr(sheet, name)) for name in PARTS},
        "merged": sorted(map(str, sheet.merged_cells.ranges)),
        "state": sheet.sheet_state,
        "tables": [_NUMBER.sub("", xml(table) or "") for table in sheet.tables.values()],
        "rules": [(str(rules.sqref), [(_NUMBER.sub("", xml(rule) or ""), xml(rule.dxf)) for rule in rules.rules]) for rules in sheet.conditional_formatting],
        "names": described_names(sheet.defined_names),
        "print": (sheet.print_title_rows, sheet.print_title_cols, sheet.print_area),
        "charts": [(type(chart).__name__, chart.anchor._from.col, chart.anchor._from.row) for chart in sheet._charts],
        "images": len(sheet._images),
    }


def facts(sheet: Any) -> tuple:
    """The extent that an open worksheet reports."""
    return (
        sheet.title, sheet.min_row, sheet.max_row, sheet.min_column, sheet.max_column, sheet.dimensions,
        sheet.calculate_dimension(), sheet.sheet_state, sheet.freeze_panes,
        sorted(map(str, sheet.merged_cells.ranges)), len(sheet._cells),
    )


def open_cells(sheet: Any) -> dict[Any, tuple]:
    """The cells of an open worksheet, by the keys that it has."""
    styles = Styles(sheet.parent)
    found = {}
    for key in list(sheet._cells):
        cell = sheet._cells[key]
        where = (type(cell).__name__, cell.row, cell.column, cell.coordinate, cell.has_style)
        found[key] = (*where, cell.is_date, *described_cell(cell, styles)) if where[0] == "Cell" else where
    return found


def differences(found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """Returns the differences between two descriptions, in words."""
    lines = []
    for key in sorted({*found, *expected}, key=str):
        left, right = found.get(key, "nothing"), expected.get(key, "nothing")
        if left == right:
            continue
        if isinstance(left, dict) and isinstance(right, dict):
            for inner in sorted({*left, *right}, key=str):
                if left.get(inner) != right.get(inner):
                    lines.append(f"{key}, {inner}: {shown(left.get(inner), right.get(inner))}")
        else:
            lines.append(f"{key}: {shown(left, right)}")
    return lines


def shown(left: Any, right: Any) -> str:
    """Two values that differ; of tuples of one length only the members that do."""
    if isinstance(left, tuple) and isinstance(right, tuple) and len(left) == len(right):
        unequal = [(one, other) for one, other in zip(left, right) if one != other]
        left, right = (tuple(pair[side] for pair in unequal) for side in (0, 1))
    return f"{str(left)[:300]} instead of {str(right)[:300]}"
