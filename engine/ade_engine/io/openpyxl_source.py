"""Input files as openpyxl workbooks, for hooks that really look into them.

Workbooks of the ``.xlsx`` family are opened by openpyxl itself, read-only and with cached formula values. For ``.csv``
and ``.xls``, which openpyxl cannot read, an ordinary openpyxl workbook is built of the cells that the native module
read.
"""

from __future__ import annotations

from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.io.source import Source, SourceSheet


def open_workbook(source: Source) -> Any:
    """The whole input as an openpyxl workbook."""
    return _open_package(source.path) if source.format == "xlsx" else _build(source)


def _open_package(path: str) -> Any:
    from openpyxl import load_workbook

    try:
        return load_workbook(path, read_only=True, data_only=True)
    except ValueError:
        repaired = _repair_font_families(path)
        if repaired is None:
            raise
        return load_workbook(repaired, read_only=True, data_only=True)


def _repair_font_families(path: str) -> Any:
    """A copy of the workbook in memory whose fonts have families that openpyxl accepts, at most 14.

    ``None`` when that is not what is wrong with it.
    """
    import io
    import re
    import zipfile

    def clamp(match: re.Match[bytes]) -> bytes:
        return match[0] if int(match[2]) <= 14 else match[1] + b"2" + match[3]

    copy = io.BytesIO()
    with zipfile.ZipFile(path) as original, zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as target:
        if "xl/styles.xml" not in original.namelist():
            return None
        styles = original.read("xl/styles.xml")
        repaired = re.sub(rb"""(<(?:\w+:)?family\s[^>]*?\bval\s*=\s*["'])(\d+)(["'])""", clamp, styles)
        if repaired == styles:
            return None
        for item in original.infolist():
            target.writestr(item.filename, repaired if item.filename == "xl/styles.xml" else original.read(item))
    copy.seek(0)
    return copy


def _build(source: Source) -> Any:
    from openpyxl import Workbook

    workbook = Workbook()
    workbook.remove(workbook.active)
    for sheet in source.sheets:
        _build_sheet(workbook, source, sheet)
    if source.active is not None:
        workbook.active = source.active.index
    return workbook


def _build_sheet(workbook: Any, source: Source, sheet: SourceSheet) -> None:
    from openpyxl.cell.cell import Cell
    from openpyxl.utils.exceptions import IllegalCharacterError

    worksheet = workbook.create_sheet()
    # Set as it is: titles of old workbooks may repeat in another case, or be longer than openpyxl likes.
    worksheet._WorkbookChild__title = sheet.title
    worksheet.sheet_state = sheet.state
    scan = source.scan(sheet, max_empty_rows_run=None, max_empty_cols_run=None)
    cells = worksheet._cells
    for start in range(0, scan.rows_emitted, 1024):
        for number, row in enumerate(scan.rows(start, start + 1024), start + 1):
            for column, value in enumerate(row, 1):
                cell = Cell(worksheet, row=number, column=column)
                try:
                    cell.value = value
                except IllegalCharacterError:
                    # Text that could not be written can still be looked at.
                    cell._value, cell.data_type = value, "s"
                cells[number, column] = cell
    worksheet._current_row = scan.rows_emitted
    for first_row, last_row, first_column, last_column in source.merged_ranges(sheet):
        worksheet.merge_cells(
            start_row=first_row, end_row=last_row, start_column=first_column, end_column=last_column
        )
    scan.free()
