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
from operations import TABLES, EngineWritten, Generator, Outcome, Written, kind_of, lines, program, run

#: Sequences of each of the two kinds below.
SEQUENCES = 200 if everything() else 24
PORTION = 12
PORTIONS = range(0, SEQUENCES, PORTION)


SIDES = (EngineWritten, Written)


def tried(seed: int, folder: Path, *, risky: bool, sides=SIDES) -> tuple[Outcome, str]:
    """The outcome of the sequence of a seed, and this; formulas of some are kept as text."""
    steps = Generator(seed).sequence(risky=risky)
    return run(steps, folder, sides, escape_formulas=seed % 7 == 3), f"seed {seed}{', formulas kept as text' * (seed % 7 == 3)}\n{program(steps)}"


def fail_where_wrong(seeds: range, folder: Path, *, risky: bool) -> None:
    for seed in seeds:
        outcome, steps = tried(seed, folder, risky=risky)
        assert not [*outcome.differences, *(outcome.faults if risky else outcome.new_faults)], steps


@pytest.mark.parametrize("start", PORTIONS)
def test_random_sequences_leave_what_openpyxl_leaves(tmp_path, start):
    fail_where_wrong(range(start, start + PORTION), tmp_path, risky=False)


@pytest.mark.parametrize("start", PORTIONS)
def test_letting_go_of_cells_and_writing_in_pieces_shows_nowhere(tmp_path, start, monkeypatch):
    """Lowers the limits at which cells are released and rows are written in pieces, since small sheets never reach them."""
    for module, name, value in (
        ("worksheets.cells", "_ROUND", 3), ("worksheets.rows", "_STRETCH", 4),
        ("worksheets.rows", "_STRETCHES_KEPT", 1),
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
        outcome, steps = tried(seed, tmp_path, risky=seed % 2 == 0, sides=(Written, Written))
        assert outcome.differences == [] and not [fault for fault in outcome.faults if kind_of(fault) == fault], steps


ENTRIES = [(table, kind) for table in ("usual", "found", "invalid", "nonsense", "left_out") for kind in TABLES[table]]


def after(steps: list[str], folder: Path, *, rows: int = 3) -> Outcome:
    """The result of steps on a sheet with a table, small or of all kinds of columns."""
    columns = ("text", "whole") if rows == 3 else ("text", "number", "whole", "flag", "day", "moment", "clock", "span")
    start = ("add_sheet('Data')", f"append(0, frame({rows}, 1, *{columns}), False)")
    return run([(0, code) for code in (*start, *steps)], folder, SIDES)


@pytest.mark.parametrize("table, kind", ENTRIES, ids=[" ".join(entry) for entry in ENTRIES])
def test_what_is_done_leaves_what_openpyxl_leaves_and_a_valid_file(tmp_path, table, kind):
    is_usual = table == "usual"
    outcome = after([*lines(TABLES[table][kind]), *(["seen = ws.dimensions, values_of(ws.values)"] * is_usual)], tmp_path, rows=50 if is_usual else 3)
    assert bool(outcome.faults_of_openpyxl) == (table in ("invalid", "nonsense", "left_out")), "this belongs to the others"
    assert (outcome.new_faults if table == "nonsense" else outcome.faults) == []
    if table == "left_out":
        assert openpyxl.load_workbook(outcome.paths[0])["Data"].max_row <= 1_048_576
    else:
        assert outcome.differences == []


#: Values that are assigned to a cell, and the values that are saved in it.
DATA_TYPES = """
ws['A2'] = 1.5 ⏎try: ws['A2'] = 'a' + chr(1) ⏎except Exception: pass | 1.5
ws['A2'] = 'text' ⏎try: ws['A2'] = object() ⏎except ValueError: pass | 'text'
ws['A2'] = 'text'; ws['A2'].data_type = 'n' | 'text'
ws['A2'] = 'text'; ws['A2'].data_type = 'e' | 'text'
ws['A2'] = '#N/A'; ws['A2'].data_type = 's' | '#N/A'
ws['A2'] = CellRichText('text'); ws['A2'].data_type = 'n' | 'text'
ws['A2'] = 1; ws['A2'].data_type = 'inlineStr' | 1
ws['A2'] = True; ws['A2'].data_type = 's' | True
"""


@pytest.mark.parametrize("line", lines(DATA_TYPES))
def test_a_data_type_that_does_not_fit_gives_way_to_the_value(tmp_path, line):
    """A value that a cell refuses leaves the former value, and the data type of the refused one."""
    output = EngineWritten(tmp_path, "found")
    output.add_sheet("Data")
    output.append(0, pl.DataFrame({"x": ["a", "b"]}), False)
    step, value = line.split(" | ")
    assert output.do((0, step)) == ("seen", None)
    path = output.save()
    assert check_package(path) == []
    assert repr(openpyxl.load_workbook(path)["Data"]["A2"].value) == value


def test_whole_floats_are_spelt_one_way(tmp_path):
    """The numbers of a touched row are spelt like those of an untouched row."""
    steps = ["append(0, pl.DataFrame({'x': [5.0, 5.0, 1e20, 1e20, -0.0, -0.0]}), True)", "for row in (8, 10, 12): ws.cell(row, 1).font = Font(bold=True)"]
    outcome = after(steps, tmp_path)
    with zipfile.ZipFile(outcome.paths[0]) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
    numbers = re.findall(r'<c r="A(?:[789]|1[0-2])"[^>]*><v>([^<]*)</v>', xml)
    assert len(numbers) == 6 and numbers[::2] == numbers[1::2]


def test_another_spreadsheet_program_reads_the_same(tmp_path, libreoffice):
    """LibreOffice opens the engine's file, and finds the same content as in openpyxl's file."""
    pairs = []
    for seed in range(3_000_000, 3_000_080):
        outcome, _ = tried(seed, tmp_path, risky=False)
        # Carriage returns are kept by the engine, and by openpyxl only where lxml is installed.
        if outcome.paths and any(b"&#13;" in sheet for sheet in sheets_of(outcome.paths[0])):
            continue
        if not (outcome.differences or outcome.faults or outcome.faults_of_openpyxl) and outcome.paths:
            for path, label in zip(outcome.paths, ("found", "expected")):
                path.rename(tmp_path / f"{label}-{seed}.xlsx")
            pairs.append(seed)
        if len(pairs) == (30 if everything() else 6):
            break
    assert len(pairs) >= 6, "there is little to compare"
    target = libreoffice(*(tmp_path / f"{label}-{seed}.xlsx" for seed in pairs for label in ("found", "expected")), to="ods")
    for seed in pairs:
        found, expected = (content_of(target / f"{label}-{seed}.ods") for label in ("found", "expected"))
        assert found == expected, seed


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
