"""What hooks do to ``output_sheet`` through openpyxl, against the same done to an ordinary openpyxl workbook.

The sheet that hooks get makes cells only when they are touched, and saving writes the others natively. Nobody may
notice: neither by what the objects say, nor by the saved file.
"""

from __future__ import annotations

import datetime as dt
import pickle
import random
import threading
import warnings
import zipfile

import openpyxl
import polars as pl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table

from ade_engine.io.output.workbook import Output
from ade_engine.models.errors import OutputError


def frame(rows: int, seed: int = 0) -> pl.DataFrame:
    rnd = random.Random(seed)

    def gaps(values):
        return [None if rnd.random() < 0.2 else value for value in values]

    return pl.DataFrame(
        {
            "text": gaps([rnd.choice(("Oslo", " a & <b> ", "=1+1", "#N/A", "", "line\nbreak", 'say "hi"')) for _ in range(rows)]),
            "number": gaps([round(rnd.uniform(-1000, 1000), 3) for _ in range(rows)]),
            "whole": gaps([rnd.randrange(-100, 100) for _ in range(rows)]),
            "flag": gaps([rnd.random() < 0.5 for _ in range(rows)]),
            "day": gaps([dt.date(2024, 1, 1) + dt.timedelta(days=rnd.randrange(900)) for _ in range(rows)]),
            "moment": gaps([dt.datetime(2024, 1, 1) + dt.timedelta(minutes=rnd.randrange(900_000)) for _ in range(rows)]),
            "clock": gaps([dt.time(rnd.randrange(24), rnd.randrange(60)) for _ in range(rows)]),
            "span": gaps([dt.timedelta(minutes=rnd.randrange(9000)) for _ in range(rows)]),
        },
        schema_overrides={"number": pl.Float64},
    )


def described(path) -> dict:
    """Everything that openpyxl finds in a saved workbook, as plain values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(path)
    sheets = {}
    for sheet in book.worksheets:
        cells = {}
        for row in sheet.iter_rows():
            for cell in row:
                if type(cell).__name__ == "MergedCell" or (cell.value is None and not cell.has_style):
                    continue
                cells[cell.coordinate] = (
                    cell.value,
                    # openpyxl writes a type for empty text, and no content.
                    None if cell.value is None else cell.data_type,
                    cell.number_format,
                    cell.font.b,
                    cell.fill.fgColor.rgb,
                    cell.border.bottom.style,
                    cell.alignment.horizontal,
                    cell.comment.text if cell.comment else None,
                    cell.hyperlink.target if cell.hyperlink else None,
                )
        sheets[sheet.title] = {
            "cells": cells,
            "dimension": sheet.calculate_dimension(),
            "state": sheet.sheet_state,
            "freeze": sheet.freeze_panes,
            "filter": sheet.auto_filter.ref,
            "widths": {key: value.width for key, value in sheet.column_dimensions.items()},
            "heights": {key: value.height for key, value in sheet.row_dimensions.items() if value.height},
            "merged": sorted(map(str, sheet.merged_cells.ranges)),
            "tables": {table.name: (table.ref, [column.name for column in table.tableColumns]) for table in sheet.tables.values()},
            "rules": [str(rule.sqref) for rule in sheet.conditional_formatting],
            "validations": [str(rule.sqref) for rule in sheet.data_validations.dataValidation],
            "charts": len(sheet._charts),
        }
    return {"sheets": sheets, "names": list(book.defined_names), "epoch": book.epoch, "title": book.properties.title}


class Pair:
    """The engine's output and an ordinary workbook, to which the same is done."""

    def __init__(self, tmp_path):
        self.folder = tmp_path
        self.output = Output()
        self.book = openpyxl.Workbook()
        self.book.remove(self.book.active)

    def add_sheet(self, title: str):
        return self.output.add_sheet(title), self.book.create_sheet(title)

    def append(self, sheets, table: pl.DataFrame, gap: bool = False) -> None:
        self.output.append_table(sheets[0], table, gap=gap)
        if gap:
            sheets[1].append([])
        sheets[1].append(table.columns)
        for row in table.iter_rows():
            sheets[1].append(row)

    def check(self) -> None:
        self.output.save(str(self.folder / "found.xlsx"))
        self.book.save(self.folder / "expected.xlsx")
        assert described(self.folder / "found.xlsx") == described(self.folder / "expected.xlsx")
        with zipfile.ZipFile(self.folder / "found.xlsx") as archive:
            assert archive.testzip() is None


@pytest.fixture
def pair(tmp_path):
    return Pair(tmp_path)


def style_header(sheet):
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="00FFFF00")
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    sheet.column_dimensions["A"].width = 30
    sheet.row_dimensions[1].height = 40


def fit_widths(sheet):
    for column in sheet.columns:
        width = max(len(str(cell.value)) for cell in column)
        sheet.column_dimensions[column[0].column_letter].width = width


def fit_widths_by_values(sheet):
    for number, column in enumerate(sheet.iter_cols(values_only=True), 1):
        sheet.column_dimensions[openpyxl.utils.get_column_letter(number)].width = 3 + max(len(str(value)) for value in column)


def border_everything(sheet):
    thin = Border(bottom=Side("thin"))
    for row in sheet.iter_rows():
        for cell in row:
            cell.border = thin


def format_a_column(sheet):
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row=row, column=2).number_format = "0.00"
        sheet.cell(row=row, column=1).alignment = Alignment(horizontal="right")


def highlight_by_value(sheet):
    for row in sheet.iter_rows(min_row=2, min_col=3, max_col=3):
        for cell in row:
            if isinstance(cell.value, int) and cell.value > 50:
                cell.fill = PatternFill("solid", fgColor="00FF0000")


def change_values(sheet):
    sheet["A1"] = "changed"
    sheet["B8"].value = "=SUM(B9:B19)"
    sheet["C8"] = None
    sheet["H9"] = dt.datetime(2020, 5, 17)
    sheet["Z3"] = "far"
    sheet.cell(60, 2, "below")


def comment_and_link(sheet):
    sheet["B2"].comment = Comment("look", "me")
    sheet["D4"].hyperlink = "https://example.org/"
    sheet["A30"].hyperlink = "#Data!A1"


def merge(sheet):
    sheet.merge_cells("A3:C4")
    sheet.merge_cells("E20:E22")
    sheet.unmerge_cells("E20:E22")


def insert_rows(sheet):
    sheet.insert_rows(1, 2)
    sheet["A1"] = "Title"
    sheet.append(["appended", 1])


def delete_rows(sheet):
    sheet.delete_rows(5, 3)
    sheet.append(["appended", 1])


def change_columns(sheet):
    sheet.insert_cols(2)
    sheet.delete_cols(4)


def move_cells(sheet):
    sheet.move_range("A2:C5", rows=60, cols=2)


def delete_cells(sheet):
    del sheet["A5"]
    del sheet["B5"]
    sheet["B5"] = "again"


def hide_rows_and_columns(sheet):
    sheet.row_dimensions[7].hidden = True
    sheet.row_dimensions[80].height = 9
    sheet.column_dimensions["C"].hidden = True
    sheet.row_dimensions.group(10, 14, hidden=True)


def add_rules(sheet):
    sheet.conditional_formatting.add("B2:B40", CellIsRule("greaterThan", ["5"], fill=PatternFill("solid", bgColor="00FF0000")))
    validation = DataValidation("list", formula1='"a,b"')
    validation.add("A2:A40")
    sheet.add_data_validation(validation)


def add_table(sheet):
    sheet.add_table(Table(displayName="Orders", ref=f"A1:H{sheet.max_row}"))


def add_chart(sheet):
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=20))
    sheet.add_chart(chart, "J2")


def look_only(sheet):
    assert (sheet.max_row, sheet.max_column, sheet.min_row, sheet.min_column) == (51, 8, 1, 1)
    assert sheet.dimensions == "A1:H51"
    assert sheet["A51"].row == 51


HOOKS = [
    *(style_header, fit_widths, fit_widths_by_values, border_everything, format_a_column, highlight_by_value),
    *(change_values, comment_and_link, merge, insert_rows, delete_rows, change_columns, move_cells, delete_cells),
    *(hide_rows_and_columns, add_rules, add_table, add_chart, look_only),
]


@pytest.mark.parametrize("hook", HOOKS)
def test_what_one_hook_does(pair, hook):
    sheets = pair.add_sheet("Data")
    pair.append(sheets, frame(50))
    for sheet in sheets:
        hook(sheet)
    assert sheets[0].dimensions == sheets[1].dimensions
    assert list(sheets[0].values) == list(sheets[1].values)
    pair.check()


@pytest.mark.parametrize("seed", range(30))
def test_what_several_hooks_do_between_tables(pair, seed):
    rnd = random.Random(seed)
    for title in ("One", "Two"):
        sheets = pair.add_sheet(title)
        for number in range(rnd.randrange(1, 4)):
            pair.append(sheets, frame(50 if number == 0 else rnd.choice((0, 1, 20)), seed + number), gap=number > 0)
            for hook in rnd.sample([hook for hook in HOOKS if hook not in (look_only, add_table)], rnd.randrange(3)):
                for sheet in sheets:
                    hook(sheet)
            assert sheets[0].max_row == sheets[1].max_row
        if rnd.random() < 0.5:
            assert list(sheets[0].values) == list(sheets[1].values)
    pair.check()


def test_rows_beyond_one_stretch(pair):
    sheets = pair.add_sheet("Data")
    pair.append(sheets, frame(9000))
    for sheet in sheets:
        for row in (1, 2, 511, 512, 513, 4096, 4097, 9001):
            sheet.cell(row, 3).font = Font(bold=True)
    pair.check()


def test_workbooks_that_count_from_1904_or_write_iso_dates(pair):
    sheets = pair.add_sheet("Data")
    pair.append(sheets, frame(30))
    for book in (pair.output.workbook, pair.book):
        book.epoch = CALENDAR_MAC_1904
        book.properties.title = "The title"
    sheets[0]["A1"].font
    pair.check()
    for book in (pair.output.workbook, pair.book):
        book.iso_dates = True
    pair.check()


def test_copied_moved_and_removed_sheets(pair):
    first, second = pair.add_sheet("One"), pair.add_sheet("Two")
    pair.append(first, frame(20, 1))
    pair.append(second, frame(10, 2))
    for book in (pair.output.workbook, pair.book):
        book.copy_worksheet(book["One"]).title = "Copy"
        book.move_sheet("Two", -1)
        book.create_sheet("Front", 0)["A1"] = "front"
        book["Two"].sheet_state = "hidden"
        book.active = book["Copy"]
    pair.check()
    for book in (pair.output.workbook, pair.book):
        book.remove(book["One"])
    pair.check()


def test_a_workbook_can_be_saved_by_a_hook_and_again(pair):
    sheets = pair.add_sheet("Data")
    pair.append(sheets, frame(20))
    sheets[0]["A1"].font = Font(bold=True)
    sheets[1]["A1"].font = Font(bold=True)
    pair.output.workbook.save(pair.folder / "early.xlsx")
    assert described(pair.folder / "early.xlsx")["sheets"]["Data"]["cells"]["A1"][3] is True
    pair.check()


def test_cells_behave_as_a_dictionary(pair):
    sheets = pair.add_sheet("Data")
    pair.append(sheets, frame(5))
    found, expected = sheets[0]._cells, sheets[1]._cells
    assert sorted(found) == sorted(expected) and len(found) == len(expected) and bool(found)
    assert (2, 1) in found and (7, 1) not in found and (2, 9) not in found
    assert found.get((7, 1)) is None and found.get((2, 1)) is found[2, 1]
    assert {key: cell.value for key, cell in found.items()} == {key: cell.value for key, cell in expected.items()}
    assert found.pop((2, 1)).row == 2 and (2, 1) not in found and len(found) == len(expected) - 1
    with pytest.raises(KeyError):
        found[2, 1]
    with pytest.raises(KeyError):
        del found[2, 1]
    assert found.setdefault((2, 1), "new") == "new"


def test_styling_a_large_sheet_costs_little_memory(tmp_path):
    import resource

    output = Output()
    sheet = output.add_sheet("Data")
    output.append_table(sheet, frame(50), gap=False)
    big = pl.concat([frame(1000, seed) for seed in range(30)])
    output.append_table(sheet, big, gap=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    style_header(sheet)
    output.save(str(tmp_path / "a.xlsx"))
    assert len(list(sheet._cells.bands)) == 2 and sum(1 for _ in sheet._cells.made()) < 100
    # An object for each of its 240,000 cells would take about 100 MB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


@pytest.mark.parametrize("touched", [False, True])
def test_a_table_that_a_worksheet_cannot_hold_is_refused(monkeypatch, touched):
    monkeypatch.setattr("ade_engine.io.output.workbook.LAST_ROW", 20)
    output = Output()
    sheet = output.add_sheet("Data")
    output.append_table(sheet, frame(10), gap=False)
    if touched:
        sheet["A1"].value  # noqa: B018
    output.append_table(sheet, frame(7), gap=True)
    with pytest.raises(OutputError, match="'Data' would get 22 rows, and a worksheet has 20 rows; split the input"):
        output.append_table(sheet, frame(0), gap=True)


def test_a_table_that_is_too_wide_with_its_fields_and_issues_says_what_to_do(run, template):
    rows = [["Badge number", *(f"c{n}" for n in range(16_383))], *([n] * 16_384 for n in range(2))]
    outcome = run(template, {"Wide": rows})
    assert outcome.result.error.code == "unknown_error"
    assert "sheet 'Wide' would get 16395 columns" in outcome.result.error.message
    assert "remove_unmapped_columns = true" in outcome.result.error.message
    outcome = run(template, {"Wide": rows}, settings={"remove_unmapped_columns": True})
    assert len(outcome.rows("Wide")) == 3


def test_workbooks_sheets_and_cells_can_be_pickled(pair):
    sheets = pair.add_sheet("Data")
    pair.append(sheets, frame(5))
    style_header(sheets[0])
    book = pickle.loads(pickle.dumps(pair.output.workbook))
    assert list(book["Data"].values) == list(sheets[1].values)
    assert book["Data"]["A1"].font.b and book["Data"].parent is book
    assert pickle.loads(pickle.dumps(sheets[0]["A2"])).value == sheets[1]["A2"].value


def test_threads_that_touch_the_output_at_once_make_it_once():
    for _ in range(5):
        output = Output()
        sheet = output.add_sheet("Data")
        output.append_table(sheet, frame(300), gap=False)
        start = threading.Barrier(4)

        def touch(number):
            start.wait()
            sheet.cell(2 + number, 1).value = number

        threads = [threading.Thread(target=touch, args=[number]) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sheet.max_row == 301 and [sheet.cell(2 + number, 1).value for number in range(4)] == [0, 1, 2, 3]
