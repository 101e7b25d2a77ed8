"""Invoices as twelve companies send them, and what they say.

Each file is declared in twelve_files.json cell by cell, and beside each row stands what a careful person reads in it: one value for each
of :data:`FIELDS`, or :class:`Unknown` where the cell is filled and its value cannot be known. ``FILES`` is all there is to
read for a test; the functions at the end write the files.

What is expected:

- a code is text, with its leading zeros and its signs, and without white space around it; in other texts all blanks are plain;
- a date is a :class:`datetime.date`, a number and an amount of money are numbers;
- a currency is its three letters (``€`` is ``EUR``), from the unit in the header where there is no column;
- a percentage is a fraction: ``19 %`` is 0.19, and so is 19 below a header that has the unit;
- ``None`` stands for an empty cell, ``Unknown`` for an empty result with an issue.
"""

import csv
import json
import re
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

#: Each field's kind.
FIELDS = {
    "invoice_number": "code", "invoice_date": "date", "due_date": "date", "customer": "text", "tax_id": "code",
    "quantity": "number", "net_amount": "money", "currency": "currency", "vat_rate": "percent", "paid": "boolean",
}


@dataclass(frozen=True)
class Unknown:
    """The cell is filled and its value cannot be known: the result is empty, and there is an issue."""

    why: str


@dataclass(frozen=True)
class Styled:
    """A typed value with a number format."""

    value: Any
    number_format: str


@dataclass(frozen=True)
class Formula:
    """A formula, with the value that was saved with it, or none."""

    text: str
    saved: float | None = None
    number_format: str = "General"


@dataclass(frozen=True)
class Invoice:
    """A row with an invoice: its cells from column A on, and what they say, in the order of ``FIELDS``."""

    cells: tuple[Any, ...]
    says: tuple[Any, ...]


@dataclass(frozen=True)
class Other:
    """A row without an invoice: a title, part of the header, a note, a total or a blank line."""

    what: str
    cells: tuple[Any, ...] = ()


@dataclass
class Sheet:
    """A worksheet, or the one table of a text file: its rows from row 1 on."""

    title: str
    rows: list[Invoice | Other]
    #: The column number of each field, from 0 on, or ``None`` where the field has no column.
    columns: dict[str, int | None] = field(default_factory=lambda: dict(zip(FIELDS, range(len(FIELDS)))))
    merged: tuple[str, ...] = ()
    hidden: bool = False

    def invoices(self) -> list[tuple[int, Invoice]]:
        """The invoices with their row numbers, from 1 on, as spreadsheet programs count."""
        return [(number, row) for number, row in enumerate(self.rows, 1) if isinstance(row, Invoice)]

@dataclass
class File:
    """A file that a supplier sends."""

    name: str
    about: str
    sheets: list[Sheet]
    #: Of text files.
    encoding: str = "utf-8"
    delimiter: str = ","
    #: How columns are read, where that takes a look at more than one cell: the order of a date's parts, or the decimal
    #: mark of numbers.
    readings: dict[str, str] = field(default_factory=dict)

def _value(value: Any) -> Any:
    """A value as the declarations have it: what JSON lacks is an object of one name."""
    if not isinstance(value, dict):
        return value
    ((kind, of),) = value.items()
    if kind in ("day", "on", "unknown"):
        return {"day": datetime.fromisoformat, "on": date.fromisoformat, "unknown": Unknown}[kind](of)
    return {"styled": Styled, "formula": Formula}[kind](*map(_value, of))


def _row(what: str, *values: list) -> Invoice | Other:
    """A row of a declaration: an invoice has its cells and what they say, another at most its cells."""
    return (Invoice if what == "invoice" else partial(Other, what))(*(tuple(map(_value, one)) for one in values))


def _sheet(rows: list, columns=range(len(FIELDS)), **facts: Any) -> Sheet:
    facts["merged"] = tuple(facts.get("merged", ()))
    return Sheet(rows=[_row(*row) for row in rows], columns=dict(zip(FIELDS, columns)), **facts)


_DECLARED = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
FILES = tuple(File(**{**file, "sheets": [_sheet(**sheet) for sheet in file["sheets"]]}) for file in _DECLARED)


def write(file: File, folder: Path) -> Path:
    """Write a file into a folder, and return its path."""
    path = folder / file.name
    if path.suffix == ".csv":
        _write_text(file, path)
    else:
        _write_workbook(file, path)
    return path


def _write_text(file: File, path: Path) -> None:
    with path.open("w", newline="", encoding=file.encoding) as target:
        csv.writer(target, delimiter=file.delimiter).writerows(row.cells for row in file.sheets[0].rows)


def _write_workbook(file: File, path: Path) -> None:
    book = Workbook()
    book.remove(book.active)
    for declared in file.sheets:
        sheet = book.create_sheet(declared.title)
        sheet.sheet_state = "hidden" if declared.hidden else "visible"
        for number, row in enumerate(declared.rows, 1):
            for column, value in enumerate(row.cells, 1):
                cell = sheet.cell(number, column)
                if isinstance(value, Formula):
                    cell.value, cell.number_format = f"={value.text}", value.number_format
                elif isinstance(value, Styled):
                    cell.value, cell.number_format = value.value, value.number_format
                else:
                    cell.value = value
                    if isinstance(value, datetime):
                        cell.number_format = "yyyy-mm-dd"
        for region in declared.merged:
            sheet.merge_cells(region)
    book.save(path)
    _save_values(file, path)


def _save_values(file: File, path: Path) -> None:
    """Put the values of formulas into a workbook: openpyxl writes formulas without them."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for number, sheet in enumerate(file.sheets, 1):
        part = f"xl/worksheets/sheet{number}.xml"
        xml = parts[part].decode()
        for row, declared in enumerate(sheet.rows, 1):
            for column, value in enumerate(declared.cells, 1):
                if not isinstance(value, Formula):
                    continue
                place = rf'(<c r="{get_column_letter(column)}{row}"[^>]*><f>[^<]*</f>)<v ?(?:/>|></v>)'
                saved = "" if value.saved is None else f"<v>{value.saved!r}</v>"
                xml, found = re.subn(place, rf"\g<1>{saved}", xml)
                assert found == 1, (path.name, sheet.title, row, column)
        parts[part] = xml.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
