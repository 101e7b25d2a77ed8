"""The cells that the native reader and the reference libraries return, in one shape: lists of rows."""

import warnings
from typing import Any

from ade_engine.io.input.source import open_source


def native_sheets(path: Any, **options: Any) -> dict[str, list[list[Any]]]:
    """Every worksheet as the engine reads it, without limits."""
    source = open_source(str(path), scan_ahead=False, **options)
    source.load()
    return {sheet.title: native_rows(source, sheet) for sheet in source.sheets}


def native_rows(source: Any, sheet: Any) -> list[list[Any]]:
    scan = source.scan(sheet, max_empty_rows_run=None, max_empty_cols_run=None)
    rows = scan.rows(0, scan.rows_emitted)
    assert rows == [scan.row(number) for number in range(scan.rows_emitted)]
    assert [not row for row in rows] == [scan.is_empty_row(number) for number in range(scan.rows_emitted)]
    assert scan.width == max(map(len, rows), default=0)
    return rows


def openpyxl_sheets(path: Any) -> dict[str, list[list[Any]]]:
    """Every worksheet as openpyxl reads it, with rows ending at their last value."""
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        sheets = {sheet.title: [trimmed(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets}
        book.close()
    return sheets


def trimmed(row: Any) -> list[Any]:
    """A row up to its last value; empty text is none."""
    cells = list(row)
    while cells and (cells[-1] is None or cells[-1] == ""):
        cells.pop()
    return cells


def assert_same(found: dict[str, list[list[Any]]], expected: dict[str, list[list[Any]]]) -> None:
    """Compare cell by cell: values and their types."""
    assert list(found) == list(expected)
    for title, rows in expected.items():
        assert len(found[title]) == len(rows), title
        for number, (left, right) in enumerate(zip(found[title], rows), 1):
            assert left == right, (title, number)
            assert [type(value) for value in left] == [type(value) for value in right], (title, number, left)


def value_of_xls(book: Any, cell: Any) -> Any:
    """A cell of xlrd's as the value that the engine gives."""
    import xlrd

    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return xlrd.xldate.xldate_as_datetime(cell.value, book.datemode)
        except OverflowError:
            # A number that is not a date stays a number.
            pass
    if cell.ctype in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
        return int(cell.value) if cell.value.is_integer() else cell.value
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code[cell.value]
    return cell.value if cell.ctype == xlrd.XL_CELL_TEXT else None
