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


@pytest.mark.parametrize("what", TABLES["usual"])
def test_what_packages_usually_do_leaves_what_openpyxl_leaves(tmp_path, what):
    table = "append(0, frame(50, 1, 'text', 'number', 'whole', 'flag', 'day', 'moment', 'clock', 'span'), False)"
    steps = ["add_sheet('Data')", table, *lines(TABLES["usual"][what]), "seen = ws.dimensions, values_of(ws.values)"]
    outcome = run([(0, code) for code in steps], tmp_path, SIDES)
    assert (outcome.differences, outcome.faults) == ([], [])


def after(table: str, kind: str, folder: Path) -> Outcome:
    """The result of the steps of an entry on a sheet with a small table."""
    return after_steps(lines(TABLES[table][kind]), folder)


def after_steps(steps: list[str], folder: Path) -> Outcome:
    start = ("add_sheet('Data')", "append(0, frame(3, 1, 'text', 'whole'), False)")
    return run([(0, code) for code in (*start, *steps)], folder, SIDES)


@pytest.mark.parametrize("kind", TABLES["found"])
def test_what_was_found(tmp_path, kind):
    outcome = after("found", kind, tmp_path)
    assert outcome.faults_of_openpyxl == [] and outcome.differences == [] and outcome.faults == []


@pytest.mark.parametrize("kind", TABLES["invalid"])
def test_files_that_openpyxl_writes_invalid_are_valid(tmp_path, kind):
    outcome = after("invalid", kind, tmp_path)
    assert outcome.faults_of_openpyxl, "this belongs to the others"
    assert outcome.faults == [] and outcome.differences == []


@pytest.mark.parametrize("kind", TABLES["nonsense"])
def test_nonsense_does_no_more_harm_than_it_does_in_openpyxl(tmp_path, kind):
    outcome = after("nonsense", kind, tmp_path)
    assert outcome.faults_of_openpyxl, "this makes sense"
    assert outcome.new_faults == [] and outcome.differences == []


@pytest.mark.parametrize("kind", TABLES["left_out"])
def test_what_a_file_cannot_hold_is_left_out(tmp_path, kind):
    outcome = after("left_out", kind, tmp_path)
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


def test_whole_floats_are_spelt_one_way(tmp_path):
    """Whether a row was touched does not show in its numbers."""
    steps = ["append(0, pl.DataFrame({'x': [5.0, 5.0, 1e20, 1e20, -0.0, -0.0]}), True)", "for row in (8, 10, 12): ws.cell(row, 1).font = Font(bold=True)"]
    outcome = after_steps(steps, tmp_path)
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
