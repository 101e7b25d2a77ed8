"""Random sequences of what hooks may do to the output, beside the same done to openpyxl's own workbook.

What the objects say on the way and what is saved must be the same, and the file that is saved must be valid, also
where openpyxl's is not. A failure prints its sequence.
"""

import re
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from conftest import everything
from package_check import check_package
from operations import EngineWritten, Generator, Outcome, Written, kind_of, program, run

#: Sequences of each of the two kinds below.
SEQUENCES = 200 if everything() else 72
PORTION = 12
PORTIONS = range(0, SEQUENCES, PORTION)


SIDES = (EngineWritten, Written)


def steps_of(seed: int, *, risky: bool) -> tuple[list[tuple[int, str]], bool]:
    """The sequence of a seed, and whether its formulas are kept as text."""
    generator = Generator(seed)
    return generator.sequence(risky=risky), seed % 7 == 3


def complaint(outcome: Outcome, *, risky: bool) -> str | None:
    """What is wrong, in a line; ``None`` when nothing is."""
    faults = outcome.faults if risky else outcome.new_faults
    return next(iter((*outcome.differences, *faults)), None)


def fail_where_wrong(seeds: range, folder: Path, *, risky: bool) -> None:
    """Tries the sequences of some seeds."""
    for seed in seeds:
        steps, escaped = steps_of(seed, risky=risky)
        outcome = run(steps, folder, SIDES, escape_formulas=escaped)
        assert complaint(outcome, risky=risky) is None, f"seed {seed}{', formulas kept as text' if escaped else ''}\n{program(steps)}"


@pytest.mark.parametrize("start", PORTIONS)
def test_random_sequences_leave_what_openpyxl_leaves(tmp_path, start):
    fail_where_wrong(range(start, start + PORTION), tmp_path, risky=False)


@pytest.mark.parametrize("start", PORTIONS)
def test_letting_go_of_cells_and_writing_in_pieces_shows_nowhere(tmp_path, start, monkeypatch):
    """Small sheets never have so many cells that some are let go, nor so many rows that they are written in pieces."""
    for module, name, value in (
        ("worksheets.cells", "_ROUND", 3), ("worksheets.rows", "_STRETCH", 4),
        ("worksheets.rows", "_STRETCHES_KEPT", 1), ("worksheets.worksheet", "_SMALL_RANGE", 1),
        ("worksheets.save", "_ROWS_AT_A_TIME", 3),
    ):
        monkeypatch.setattr(f"ade_engine.io.{module}.{name}", value)
    fail_where_wrong(range(4_000_000 + start, 4_000_000 + start + PORTION), tmp_path, risky=False)


@pytest.mark.parametrize("start", PORTIONS)
def test_files_are_valid_even_where_those_of_openpyxl_are_not(tmp_path, start):
    fail_where_wrong(range(1_000_000 + start, 1_000_000 + start + PORTION), tmp_path, risky=True)


def test_openpyxl_is_equal_to_itself(tmp_path):
    """The comparison says nothing about what is the same, and knows each kind of fault that openpyxl writes."""
    for seed in range(2_000_000, 2_000_030 if everything() else 2_000_010):
        steps, escaped = steps_of(seed, risky=seed % 2 == 0)
        outcome = run(steps, tmp_path, (Written, Written), escape_formulas=escaped)
        assert outcome.differences == [], program(steps)
        unknown = [fault for fault in outcome.faults if kind_of(fault) == fault]
        assert unknown == [], program(steps)


#: What packages do to a sheet of fifty rows and of all kinds of values.
USUAL = {
    "a header with a style": [
        'for c in ws[1]: c.font = Font(bold=True); c.fill = PatternFill("solid", fgColor="00FFFF00")',
        "ws.freeze_panes = 'A2'; ws.auto_filter.ref = ws.dimensions; ws.column_dimensions['A'].width = 30; ws.row_dimensions[1].height = 40",
    ],
    "widths": ["for c in ws.columns: ws.column_dimensions[c[0].column_letter].width = max(len(str(one.value)[:60]) for one in c)"],
    "widths by values": ["for n, c in enumerate(ws.iter_cols(values_only=True), 1): ws.column_dimensions[get_column_letter(n)].width = 3 + max(len(str(one)[:60]) for one in c)"],
    "borders": ["for row in ws.iter_rows():\n    for cell in row: cell.border = Border(bottom=Side('thin'))"],
    "formats of columns": ["for n in range(2, ws.max_row + 1): ws.cell(n, 2).number_format = '0.00'; ws.cell(n, 1).alignment = Alignment(horizontal='right')"],
    "cells that are marked": ["for (c,) in ws.iter_rows(min_row=2, min_col=3, max_col=3):\n    if isinstance(c.value, int) and c.value > 50: c.fill = PatternFill('solid', fgColor='00FF0000')"],
    "other values": ["ws['A1'] = 'changed'; ws['B8'].value = '=SUM(B9:B19)'; ws['C8'] = None; ws['H9'] = dt.datetime(2020, 5, 17); ws['Z3'] = 'far'; ws.cell(60, 2, 'below')"],
    "comments and links": ["ws['B2'].comment = Comment('look', 'me'); ws['D4'].hyperlink = 'https://example.org/'; ws['A30'].hyperlink = '#Data!A1'"],
    "merged cells": ["ws.merge_cells('A3:C4'); ws.merge_cells('E20:E22'); ws.unmerge_cells('E20:E22')"],
    "a title": ["ws.insert_rows(1, 2); ws['A1'] = 'Title'; ws.append(['appended', 1])"],
    "rows taken away": ["ws.delete_rows(5, 3); ws.append(['appended', 1])"],
    "other columns": ["ws.insert_cols(2); ws.delete_cols(4)"],
    "cells that are moved": ["ws.move_range('A2:C5', rows=60, cols=2)"],
    "cells taken away": ["del ws['A5']; del ws['B5']; ws['B5'] = 'again'"],
    "hidden rows and columns": ["ws.row_dimensions[7].hidden = True; ws.row_dimensions[80].height = 9; ws.column_dimensions['C'].hidden = True; ws.row_dimensions.group(10, 14, hidden=True)"],
    "rules": ["ws.conditional_formatting.add('B2:B40', CellIsRule('greaterThan', ['5'])); v = DataValidation('list', formula1='\"a,b\"'); v.add('A2:A40'); ws.add_data_validation(v)"],
    "a table": ["ws.add_table(Table(displayName='Orders', ref=f'A1:H{ws.max_row}'))"],
    "a chart": ["chart = BarChart(); chart.add_data(Reference(ws, min_col=2, min_row=1, max_row=20)); ws.add_chart(chart, 'J2')"],
    "a look": ["seen = ws.max_row, ws.max_column, ws.min_row, ws.min_column, ws.dimensions, ws['A51'].row"],
    "days from 1904": ["wb.epoch = CALENDAR_MAC_1904; wb.properties.title = 'The title'; ws['A1'].font", "wb.iso_dates = True"],
    "sheets that are copied, moved and taken away": [
        "add_sheet('Two')", "append(1, frame(10, 2, 'text', 'day'), False)",
        "wb.copy_worksheet(ws).title = 'Copy'; wb.move_sheet('Two', -1); wb.create_sheet('Front', 0)['A1'] = 'front'; wb['Two'].sheet_state = 'hidden'; wb.active = wb['Copy']",
        "wb.save(early); seen = described(early), check_package(early)", "wb.remove(wb['Data'])",
    ],
    "a workbook that is saved before": ["ws['A1'].font = Font(bold=True)", "wb.save(early); seen = described(early), check_package(early)"],
    "a table below the end that was moved": ["ws.insert_rows(1, 2); ws.append(['hook'])", "append(0, frame(3, 2, 'text'), True)"],
    "rows of several stretches": ["append(0, frame(9000, 1, 'text', 'number', 'day'), True)", "for n in (1, 2, 511, 512, 513, 4096, 4097, 9001): ws.cell(n, 3).font = Font(bold=True)"],
}  # fmt: skip


@pytest.mark.parametrize("what", USUAL)
def test_what_packages_usually_do_leaves_what_openpyxl_leaves(tmp_path, what):
    table = "append(0, frame(50, 1, 'text', 'number', 'whole', 'flag', 'day', 'moment', 'clock', 'span'), False)"
    steps = ["add_sheet('Data')", table, *USUAL[what], "seen = ws.dimensions, values_of(ws.values)"]
    outcome = run([(0, code) for code in steps], tmp_path, SIDES)
    assert (outcome.differences, outcome.faults) == ([], [])


#: What random sequences have found, each as short as it gets.
FOUND = {
    "all rows deleted, and others appended": ["ws.delete_rows(1, ws.max_row)", "append(0, frame(3, 2, 'text', 'day'), True)"],
    "columns inserted": ["ws.insert_cols(1, 2)", "ws['B2'].font = Font(bold=True)"],
    "cells moved up and left": ["append(0, frame(9, 3, 'text0', 'day1', 'span2', 'flag3'), True)", "ws.move_range('C7:D9', rows=-1, cols=-1)"],
    "everything moved right": ["ws.move_range(ws.dimensions, cols=2)", "ws['A3'].hyperlink = 'https://example.org/'"],
    "cells deleted, rows appended, all styled": ["del ws['A2'], ws['B2']; ws.append(['after', 1])", "for row in ws.iter_rows():\n    for cell in row: cell.font = Font(bold=True)"],
    "a table below deleted cells": ["del ws['A2']", "append(0, frame(3, 4, 'text', 'day'), True)"],
    "a style changed after it was assigned": ["font = Font(name='Arial'); ws['A1'].font = font; font.b = True; ws['A3'].font = Font(name='Arial')"],
    "columns inserted after cells moved beyond the end": ["ws.move_range('A2:B4', rows=3); ws.insert_cols(2)", "append(0, frame(3, 7, 'text'), True)"],
    "a link of an emptied cell": ["ws['B8'].hyperlink = 'https://example.org/'; ws['B8'].value = None"],
    "values of bytes": ["append(0, frame(3, 5, 'bytes'), True)", "seen = values_of(ws.values)"],
}


@pytest.mark.parametrize("kind", FOUND)
def test_what_was_found(tmp_path, kind):
    outcome = after(FOUND[kind], tmp_path)
    assert outcome.faults_of_openpyxl == [] and outcome.differences == [] and outcome.faults == []


#: What openpyxl itself writes invalid files after, each in as few steps as it takes.
INVALID_IN_OPENPYXL = {
    "a table whose header moved": ["ws.add_table(Table(displayName='T', ref='A1:B4'))", "ws.insert_rows(1)"],
    "a table whose header was deleted": ["ws.add_table(Table(displayName='T', ref='A1:B4'))", "ws.delete_rows(1)"],
    "a table that lost a column": ["ws.add_table(Table(displayName='T', ref='A1:B4'))", "ws.delete_cols(2)"],
    "a table with two columns of one name": ["ws.add_table(Table(displayName='T', ref='A1:B4'))", "ws['B1'] = ws['A1'].value"],
    "a table with a number as header": ["ws.add_table(Table(displayName='T', ref='A1:B4'))", "ws['B1'] = 5"],
    "a table with a date as header": ["ws.add_table(Table(displayName='T', ref='A1:B4'))", "ws['B1'] = dt.date(2024, 1, 1)"],
    "a table with an empty header": ["ws.add_table(Table(displayName='T', ref='A1:B4'))", "ws['B1'] = None"],
    "a table with a formula as header": ["ws.add_table(Table(displayName='T', ref='A1:B4'))", "ws['B1'] = '=1+1'"],
    "a table of a header alone": ["ws.add_table(Table(displayName='T', ref='A1:B1'))"],
    "a header changed after a table was saved": ["ws.add_table(Table(displayName='T', ref='A1:B4')); wb.save(early)", "ws['B1'] = 'other'"],
    "a table resized after it was saved": ["ws.add_table(Table(displayName='T', ref='A1:B4')); wb.save(early)", "ws.tables['T'].ref = 'A1:A4'"],
    "a table in a column that is merged over": ["ws.insert_rows(1); ws.merge_cells('A1:B1'); ws.add_table(Table(displayName='T', ref='A1:B4'))"],
    "a name that refers to a removed sheet": ["wb.create_sheet('Gone'); wb.defined_names['n'] = DefinedName('n', attr_text='Gone!$A$1')", "del wb['Gone']"],
    "a name that refers to a renamed sheet": ["wb.defined_names['n'] = DefinedName('n', attr_text='Data!$A$1')", "ws.title = 'Other'"],
    "a name behind a chart sheet": ["chart = BarChart(); chart.add_data(Reference(ws, min_col=1, min_row=1)); wb.create_chartsheet(index=0).add_chart(chart); ws.print_area = 'A1:B2'"],
    "two links of one cell": ["ws['A1'].hyperlink = 'https://example.org/'; ws.insert_rows(1); ws['A1'].hyperlink = 'https://example.org/2'"],
    "a link that was shifted onto another": ["ws['A1'].hyperlink = 'https://example.org/'; ws['A2'].hyperlink = 'https://example.org/2'; ws.delete_rows(1); ws['A2'].hyperlink = 'https://example.org/3'"],
    "a link copied with its cell": ["a, b = ws['A1'], ws['B1']; a.hyperlink = 'https://example.org/'; b._hyperlink = a.hyperlink"],
    "a column within a group": ["ws.column_dimensions.group('A', 'D'); ws.column_dimensions['B'].width = 20"],
    "a very wide column": ["ws.column_dimensions['A'].width = 300"],
    "validation of no cells": ["ws.add_data_validation(DataValidation('date'))"],
    "an array formula that was moved": ["ws['D1'] = ArrayFormula('D1:D3', '=A1:A3'); ws.insert_rows(1)"],
    "numbers that are none": ["ws['D1'] = float('nan'); ws['D2'] = float('inf')"],
    "a hidden active sheet": ["wb.create_sheet('B'); wb.create_sheet('C').sheet_state = 'hidden'; ws.sheet_state = 'hidden'; wb.active = 2"],
    "an active sheet that was removed": ["wb.create_sheet('B'); wb.create_sheet('C'); wb.active = wb['C']; del wb['C']; ws.sheet_state = 'hidden'"],
    "comments removed after they were saved": ["ws['A1'].comment = Comment('a', 'b'); wb.save(early)", "ws['A1'].comment = None"],
    "two comments of one cell in two places": ["ws['A1'].comment = Comment('a', 'b'); ws.append([1, ws['A1']])"],
    "a table of deleted rows below another": ["ws.add_table(Table(displayName='T', ref='A3:B4')); ws.delete_rows(2, 100); [ws.append([c, c + 'x']) for c in 'abcd']; ws.add_table(Table(displayName='U', ref='A3:B5'))"],
    "a filter of whole columns": ["ws.auto_filter.ref = 'A:B'"],
    "a filter that says twice what it shows": ["ws.auto_filter.ref = 'A1:B4'; [ws.auto_filter.add_filter_column(0, ['1']) for _ in 'ab']"],
    "a cell in two places": ["ws.append([1, ws['A1']])"],
    "panes that were taken away": ["ws.freeze_panes = 'B2'; ws.freeze_panes = None"],
    "panes that were frozen twice": ["ws.freeze_panes = 'B2'; ws.freeze_panes = 'C3'"],
}

#: The same, but no spreadsheet program would have let its user do that.
NONSENSE = {
    "two tables over one another": ["ws.add_table(Table(displayName='T', ref='A1:B4')); ws.add_table(Table(displayName='U', ref='B1:B3'))"],
    "a table below the sheet's filter": ["ws.add_table(Table(displayName='T', ref='A1:B4')); ws.auto_filter.ref = 'A1:B4'"],
    "merged cells within a table": ["ws.add_table(Table(displayName='T', ref='A1:B4')); ws.merge_cells('A2:B2')"],
    "a table renamed to another's name": ["ws.add_table(Table(displayName='T', ref='A1:A4')); ws.add_table(Table(displayName='U', ref='B1:B4')); ws.tables['U'].displayName = 't'"],
    "a table and a name of one name": ["ws.add_table(Table(displayName='T', ref='A1:A4')); wb.defined_names['T'] = DefinedName('T', attr_text='1')"],
    "a name twice in another case": ["[wb.defined_names.add(DefinedName(n, attr_text='1')) for n in ('Total', 'total')]"],
    "a name that is a cell": ["wb.defined_names.add(DefinedName('tax2024', attr_text='1'))"],
    "a chart sheet without a chart": ["wb.create_chartsheet()"],
    "a link to nowhere": ["ws['A1'].hyperlink = Hyperlink(ref='')"],
    "merged cells over one another": ["ws.merge_cells('A2:B3')", "ws.merge_cells('B3:C4')"],
    "a merged cell": ["ws.merge_cells('A2:A2')"],
    "an outline of many levels": ["ws.row_dimensions.group(1, 3, outline_level=9)"],
    "a very high row": ["ws.row_dimensions[1].height = 500"],
    "an array formula whose range is elsewhere": ["ws['D1'] = ArrayFormula('P1:P3', '=A1:A3')"],
    "an active sheet counted from the end": ["wb.create_sheet('B'); wb.active = -1"],
    "a filter column outside of the filter": ["ws.auto_filter.ref = 'A1:B4'; ws.auto_filter.add_filter_column(5, ['a'])"],
    "a long header": ["ws.oddHeader.center.text = 'x' * 300"],
    "a long title": ["ws.title = 'x' * 40"],
    "a title with an apostrophe at its end": ["ws.title = \"sheet'\""],
    "a long formula": ["ws['D1'] = '=' + '1+' * 5000 + '1'"],
    "a long comment": ["ws['A1'].comment = Comment('x' * 40_000, 'me')"],
    "a number format that is too long": ["ws['A1'].number_format = '0' * 300"],
}


#: What a file cannot hold, and so does not.
LEFT_OUT = {
    "a cell beyond the last column": ["ws.cell(1, 16385, 1)"],
    "a cell moved beyond the last row": ["ws.cell(1_048_576, 1, 1); ws.insert_rows(1_048_570, 10)"],
    "rows moved before the first": ["ws.move_range('A1:B2', rows=-1)"],
    "a rule for no cells": ["ws.conditional_formatting.add('', CellIsRule('equal', ['1']))"],
}


def after(steps: list[str], folder: Path) -> Outcome:
    """The result of steps on a sheet with a small table."""
    start = ("add_sheet('Data')", "append(0, frame(3, 1, 'text', 'whole'), False)")
    return run([(0, code) for code in (*start, *steps)], folder, SIDES)


@pytest.mark.parametrize("kind", INVALID_IN_OPENPYXL)
def test_files_that_openpyxl_writes_invalid_are_valid(tmp_path, kind):
    outcome = after(INVALID_IN_OPENPYXL[kind], tmp_path)
    assert outcome.faults_of_openpyxl, "this belongs to the others"
    assert outcome.faults == [] and outcome.differences == []


@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense_does_no_more_harm_than_it_does_in_openpyxl(tmp_path, kind):
    outcome = after(NONSENSE[kind], tmp_path)
    assert outcome.faults_of_openpyxl, "this makes sense"
    assert outcome.new_faults == [] and outcome.differences == []


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_what_a_file_cannot_hold_is_left_out(tmp_path, kind):
    outcome = after(LEFT_OUT[kind], tmp_path)
    assert outcome.faults_of_openpyxl and outcome.faults == []
    assert openpyxl.load_workbook(outcome.paths[0])["Data"].max_row <= 1_048_576


@pytest.mark.parametrize("step, value", [
    ("ws['A2'] = 1.5\ntry: ws['A2'] = 'a' + chr(1)\nexcept Exception: pass", 1.5),
    ("ws['A2'] = 'text'\ntry: ws['A2'] = object()\nexcept ValueError: pass", "text"),
    ("ws['A2'] = 'text'; ws['A2'].data_type = 'n'", "text"),
    ("ws['A2'] = 'text'; ws['A2'].data_type = 'e'", "text"),
    ("ws['A2'] = '#N/A'; ws['A2'].data_type = 's'", "#N/A"),
    ("ws['A2'] = CellRichText('text'); ws['A2'].data_type = 'n'", "text"),
    ("ws['A2'] = 1; ws['A2'].data_type = 'inlineStr'", 1),
    ("ws['A2'] = True; ws['A2'].data_type = 's'", True),
])
def test_a_data_type_that_does_not_fit_gives_way_to_the_value(tmp_path, step, value):
    """A value that a cell refuses leaves the former value, and the data type of the refused one."""
    output = EngineWritten(tmp_path, "found")
    output.add_sheet("Data")
    output.append(0, pl.DataFrame({"x": ["a", "b"]}), False)
    assert output.do((0, step)) == ("seen", None)
    path = output.save()
    assert check_package(path) == []
    found = openpyxl.load_workbook(path)["Data"]["A2"].value
    assert (found, type(found)) == (value, type(value))


def test_numbers_that_are_none_leave_their_cells_empty(tmp_path):
    outcome = after(["append(0, pl.DataFrame({'x': [float('nan'), float('inf'), 1.0]}), True)"], tmp_path)
    assert outcome.faults == []
    sheet = openpyxl.load_workbook(outcome.paths[0])["Data"]
    assert [cell.value for cell in sheet["A"]][5:] == ["x", None, None, 1]


def test_whole_floats_are_spelt_one_way(tmp_path):
    """Whether a row was touched does not show in its numbers."""
    steps = ["append(0, pl.DataFrame({'x': [5.0, 5.0, 1e20, 1e20, -0.0, -0.0]}), True)", "for row in (8, 10, 12): ws.cell(row, 1).font = Font(bold=True)"]
    outcome = after(steps, tmp_path)
    with zipfile.ZipFile(outcome.paths[0]) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
    numbers = re.findall(r'<c r="A(?:[789]|1[0-2])"[^>]*><v>([^<]*)</v>', xml)
    assert len(numbers) == 6 and numbers[::2] == numbers[1::2]


def test_another_spreadsheet_program_reads_the_same(tmp_path, libreoffice):
    """LibreOffice opens what the engine saved, and finds in it what it finds in openpyxl's file."""
    pairs = []
    for seed in range(3_000_000, 3_000_080):
        steps, escaped = steps_of(seed, risky=False)
        outcome = run(steps, tmp_path, SIDES, escape_formulas=escaped)
        # Carriage returns are kept by the engine, and by openpyxl only where lxml is installed.
        if outcome.paths and any(b"&#13;" in sheet for sheet in sheets_of(outcome.paths[0])):
            continue
        if complaint(outcome, risky=False) is None and not outcome.faults and not outcome.faults_of_openpyxl and outcome.paths:
            for path, label in zip(outcome.paths, ("found", "expected")):
                path.rename(tmp_path / f"{label}-{seed}.xlsx")
            pairs.append(seed)
        if len(pairs) == (30 if everything() else 12):
            break
    assert len(pairs) >= 12, "there is little to compare"
    target = libreoffice(*(tmp_path / f"{label}-{seed}.xlsx" for seed in pairs for label in ("found", "expected")), to="ods")
    for seed in pairs:
        found, expected = (content_of(target / f"{label}-{seed}.ods") for label in ("found", "expected"))
        assert found == expected, program(steps_of(seed, risky=False)[0])


def sheets_of(path: Path) -> list[bytes]:
    """The sheets of a package as they are stored."""
    with zipfile.ZipFile(path) as archive:
        return [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]


def content_of(path: Path) -> list[str]:
    """The tables of a document of LibreOffice's own, element by element, less what is counted as it comes."""
    with zipfile.ZipFile(path) as archive:
        tree = ElementTree.fromstring(archive.read("content.xml"))
    styles = {}
    for style in tree.iter("{urn:oasis:names:tc:opendocument:xmlns:style:1.0}style"):
        name = style.get("{urn:oasis:names:tc:opendocument:xmlns:style:1.0}name")
        properties = [f"{child.tag}{sorted(child.attrib.items())}" for child in style]
        styles[name] = " ".join(sorted(properties))
    lines = []
    for table in tree.iter("{urn:oasis:names:tc:opendocument:xmlns:table:1.0}table"):
        for element in table.iter():
            attributes = {
                name.rsplit("}", 1)[-1]: styles.get(value, value) if name.endswith("style-name") else value
                for name, value in element.attrib.items()
            }
            if attributes.get("value-type") == "float":
                attributes["value"] = f"{float(attributes['value']) + 0.0:.15g}"
            lines.append(f"{element.tag.rsplit('}', 1)[-1]} {sorted(attributes.items())} {element.text or ''} {element.tail or ''}")
    return lines
