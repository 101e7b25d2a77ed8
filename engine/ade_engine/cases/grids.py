"""Inputs as grids of plain values: read by the engine's reader, changed by callers, and written again.

A grid loses looks, formulas, and number formats except for dates and leading zeros, so results are compared between grids that were written here,
and never with that of the original file.
"""

from __future__ import annotations

import csv
import re
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from ade_engine import _native
from ade_engine.io.input.source import SourceError, open_source
from ade_engine.io.limits import CONTROL_CHARACTERS
from ade_engine.models import polars as pl
from ade_engine.models.errors import InputError
from ade_engine.models.polars import series_of
from ade_engine.models.record import Record
from ade_engine.models.table import column_letters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.infrastructure.settings import Settings
    from ade_engine.io.scan.sheet_scan import SheetScan

#: Excel counts days from here; its 29 February 1900 matters only for older days.
_FIRST_DAY = datetime(1899, 12, 30)
#: The number of styles for days, times and durations, and the first number of a format that is no built-in one.
_DATE_STYLES, _OWN_FORMATS = 5, 164
_NAMESPACE = "http://schemas.openxmlformats.org"


class PaddedNumber(int):
    """A number that its workbook shows with leading zeros, by this format."""

    format: str


class Sheet(Record):
    """A sheet: its rows, with ``None`` for empty cells, and its merged ranges (first and last row, first and last column, from
    1).
    """

    title: str
    rows: list
    merged: list
    state: str = "visible"

    def copy(self) -> Sheet:
        """Returns a copy that can be changed."""
        return Sheet(self.title, [list(row) for row in self.rows], list(self.merged), self.state)


class GridBook(Record):
    """A file of grids: ``format`` is ``csv`` or ``xlsx``."""

    format: str
    sheets: list
    delimiter: str = ","
    encoding: str = "utf-8"
    #: The delimiters that a text file may have by the settings.
    delimiters: str = ",;\t"
    encodings: tuple = ("utf-8-sig", "utf-16")

    def copy(self) -> GridBook:
        """Returns a copy that can be changed."""
        return self.__replace__(sheets=[sheet.copy() for sheet in self.sheets])


def read_book(path: Path, settings: Settings) -> GridBook:
    """Reads an input as a run does. Raises :class:`InputError`."""
    try:
        return _read_book(path, settings)
    except (SourceError, UnicodeDecodeError) as error:
        raise InputError(str(error)) from error


def _read_book(path: Path, settings: Settings) -> GridBook:
    source = open_source(
        str(path),
        csv_encoding=settings.csv_encoding,
        csv_delimiter=settings.csv_delimiter,
        max_empty_rows_run=None,
        max_empty_cols_run=None,
        fill_merged=0,
        scan_ahead=False,
        as_shown=settings.is_2026,
    )
    source.load()
    is_text = source.format == "csv"
    sheets = []
    for sheet in source.sheets:
        scan = source.peek(sheet, None)
        rows = [[None if value == "" else value for value in row] for row in scan.rows(0, scan.rows_emitted)]
        _keep_zeros(scan, rows)
        merged = [] if is_text else [tuple(place) for place in source.merged_ranges(sheet)]
        sheets.append(Sheet(sheet.title, rows, merged, sheet.state))
    detected = source.detected() if is_text else None
    book = GridBook("csv" if is_text else "xlsx", sheets)
    if settings.csv_delimiter != "auto":
        book.delimiter = book.delimiters = settings.csv_delimiter
    elif detected:
        book.delimiter = detected.delimiter
    if settings.csv_encoding != "auto":
        book.encoding, book.encodings = settings.csv_encoding, ()
    return book


def _keep_zeros(scan: SheetScan, rows: list[list[Any]]) -> None:
    """Replaces the numbers that a sheet shows with leading zeros."""
    numbers = pl.Series(range(1, len(rows) + 1), dtype=pl.UInt32)
    for column in range(scan.width):
        if not scan.shows_zeros(column):
            continue
        cells = pl.Series([row[column] if column < len(row) and type(row[column]) is int else None for row in rows], dtype=pl.Int64)
        texts = series_of(_native.read_column(cells, "code", None, origin=(scan, column, numbers)).column)
        for row, text in zip(rows, texts.to_list()):
            if text is not None and text != str(row[column]):
                row[column] = PaddedNumber(row[column])
                row[column].format = "".join("0" if letter.isdigit() else letter if letter in "- " else f'"{letter}"' for letter in text)


def write_book(book: GridBook, path: Path) -> Path:
    """Writes a book to ``path`` with the extension of its format; returns the path."""
    path = path.with_suffix(f".{book.format}")
    path.parent.mkdir(parents=True, exist_ok=True)
    if book.format == "csv":
        with open(path, "w", encoding=book.encoding, newline="") as file:
            csv.writer(file, delimiter=book.delimiter).writerows([as_text(value) for value in row] for row in book.sheets[0].rows)
    else:
        _write_xlsx(book, path)
    return path


def as_text(value: Any) -> str:
    """Returns a value as a program writes it into a text file."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)


def _write_xlsx(book: GridBook, path: Path) -> None:
    main = f'xmlns="{_NAMESPACE}/spreadsheetml/2006/main" xmlns:r="{_NAMESPACE}/officeDocument/2006/relationships"'
    numbers = range(1, len(book.sheets) + 1)
    kinds = f"{_NAMESPACE}/officeDocument/2006/relationships"
    part = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    sheets = "".join(
        f'<sheet name={quoteattr(sheet.title)} sheetId="{number}" state="{sheet.state}" r:id="r{number}"/>'
        for number, sheet in zip(numbers, book.sheets)
    )
    formats = sorted({cell.format for sheet in book.sheets for row in sheet.rows for cell in row if isinstance(cell, PaddedNumber)})
    styles = {code: _DATE_STYLES + at for at, code in enumerate(formats)}
    own = "".join(f'<numFmt numFmtId="{_OWN_FORMATS + at}" formatCode={quoteattr(code)}/>' for at, code in enumerate(formats))
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_NAMESPACE}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{part}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{part}.styles+xml"/>'
        + "".join(f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{part}.worksheet+xml"/>' for n in numbers)
        + "</Types>",
        "_rels/.rels": _relations([("r1", f"{kinds}/officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f"<workbook {main}><sheets>{sheets}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations(
            [(f"r{n}", f"{kinds}/worksheet", f"worksheets/sheet{n}.xml") for n in numbers] + [("s", f"{kinds}/styles", "styles.xml")]
        ),
        "xl/styles.xml": f"<styleSheet {main}>{f'<numFmts>{own}</numFmts>' if own else ''}<fonts><font/></fonts><fills><fill><patternFill patternType='none'/></fill></fills>"
        "<borders><border/></borders><cellStyleXfs><xf/></cellStyleXfs>"
        '<cellXfs><xf/><xf numFmtId="14" applyNumberFormat="1"/><xf numFmtId="22" applyNumberFormat="1"/>'
        '<xf numFmtId="21" applyNumberFormat="1"/><xf numFmtId="46" applyNumberFormat="1"/>'
        + "".join(f'<xf numFmtId="{_OWN_FORMATS + at}" applyNumberFormat="1"/>' for at in range(len(formats)))
        + "</cellXfs></styleSheet>",
    }
    for number, sheet in zip(numbers, book.sheets):
        parts[f"xl/worksheets/sheet{number}.xml"] = _sheet_xml(sheet, main, styles)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            # Without a timestamp, so that the same grid gives the same bytes.
            archive.writestr(zipfile.ZipInfo(name), f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>{text}')


def _relations(all_of: list[tuple[str, str, str]]) -> str:
    each = "".join(f'<Relationship Id="{name}" Type="{kind}" Target="{target}"/>' for name, kind, target in all_of)
    return f'<Relationships xmlns="{_NAMESPACE}/package/2006/relationships">{each}</Relationships>'


def _sheet_xml(sheet: Sheet, main: str, styles: dict[str, int]) -> str:
    rows = []
    for number, row in enumerate(sheet.rows, 1):
        cells = "".join(_cell(f"{column_letters(column)}{number}", value, styles) for column, value in enumerate(row, 1) if value is not None)
        rows.append(f'<row r="{number}">{cells}</row>')
    ranges = "".join(f'<mergeCell ref="{column_letters(c1)}{r1}:{column_letters(c2)}{r2}"/>' for r1, r2, c1, c2 in sheet.merged)
    merged = f"<mergeCells>{ranges}</mergeCells>" if ranges else ""
    return f"<worksheet {main}><sheetData>{''.join(rows)}</sheetData>{merged}</worksheet>"


def _cell(place: str, value: Any, styles: dict[str, int]) -> str:
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, PaddedNumber):
        return f'<c r="{place}" s="{styles[value.format]}"><v>{value}</v></c>'
    if isinstance(value, (int, float)):
        return f'<c r="{place}"><v>{value!r}</v></c>'
    if isinstance(value, (date, time, timedelta)):
        style, days = _days(value)
        return f'<c r="{place}" s="{style}"><v>{days!r}</v></c>'
    text = escape(re.sub(CONTROL_CHARACTERS, "", str(value)))
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _days(value: Any) -> tuple[int, float]:
    """Returns the style and the number of a day, a moment, a time of day or a duration."""
    if isinstance(value, timedelta):
        return 4, value / timedelta(days=1)
    if isinstance(value, time):
        return 3, timedelta(hours=value.hour, minutes=value.minute, seconds=value.second) / timedelta(days=1)
    is_moment = isinstance(value, datetime)
    moment = value.replace(tzinfo=None) if is_moment else datetime(value.year, value.month, value.day)
    days = (moment - _FIRST_DAY) / timedelta(days=1)
    return (2, days) if is_moment and moment.time() != time() else (1, int(days))
