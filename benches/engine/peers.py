#!/usr/bin/env python3
"""The baselines for `ade run`: other tools that only copy a workbook and normalize nothing.

    peers.py csv|openpyxl|calamine|OPERATION INPUT OUTPUT

`csv` copies a text file with Python's own reader and writer; `openpyxl` reads with read_only and writes with write_only;
`calamine` reads with python-calamine and writes with XlsxWriter in constant memory. An operation of operations.py is done
to an ordinary openpyxl workbook that was filled with what was read. Prints the peak memory in MiB.
"""

import resource
import sys


def copy_with_csv(source: str, target: str) -> None:
    import csv

    with open(source, newline="", encoding="utf-8") as read, open(target, "w", newline="", encoding="utf-8") as written:
        csv.writer(written).writerows(csv.reader(read))


def copy_with_openpyxl(source: str, target: str) -> None:
    from openpyxl import Workbook, load_workbook

    book = load_workbook(source, read_only=True, data_only=True)
    copy = Workbook(write_only=True)
    for sheet in book.worksheets:
        to = copy.create_sheet(sheet.title)
        for row in sheet.iter_rows(values_only=True):
            to.append(row)
    copy.save(target)


def copy_with_calamine(source: str, target: str) -> None:
    import datetime as dt

    import xlsxwriter
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(source)
    copy = xlsxwriter.Workbook(target, {"constant_memory": True, "default_date_format": "yyyy-mm-dd h:mm:ss"})
    for name in book.sheet_names:
        to = copy.add_worksheet(name)
        for number, row in enumerate(book.get_sheet_by_name(name).to_python()):
            for column, value in enumerate(row):
                if value == "":
                    continue
                if isinstance(value, (dt.date, dt.time, dt.timedelta)):
                    to.write_datetime(number, column, value)
                elif isinstance(value, str):
                    to.write_string(number, column, value)
                else:
                    to.write(number, column, value)
    copy.close()


def operate(name: str, source: str, target: str) -> None:
    from openpyxl import Workbook, load_workbook

    import operations

    book = load_workbook(source, read_only=True, data_only=True)
    made = Workbook()
    made.remove(made.active)
    for sheet in book.worksheets:
        if name.startswith("source_"):
            getattr(operations, name)(sheet)
        to = made.create_sheet(sheet.title)
        for row in sheet.iter_rows(values_only=True):
            to.append(row)
        if not name.startswith("source_"):
            getattr(operations, name)(to)
    made.save(target)


if __name__ == "__main__":
    how, *paths = sys.argv[1:4]
    copies = {"csv": copy_with_csv, "openpyxl": copy_with_openpyxl, "calamine": copy_with_calamine}
    copies[how](*paths) if how in copies else operate(how, *paths)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
