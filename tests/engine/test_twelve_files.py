"""The twelve files of twelve_files.py are what they are declared to be, and what is expected of them can be found in them."""

from __future__ import annotations

import csv
import re
import shutil
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from twelve_files import FIELDS, FILES, Formula, Invoice, Other, Styled, Unknown, write

WORKBOOKS = [file for file in FILES if file.name.endswith(".xlsx")]
TEXTS = [file for file in FILES if file.name.endswith(".csv")]
TYPES = {
    "code": str,
    "text": str,
    "currency": str,
    "date": date,
    "number": (int, float),
    "money": (int, float),
    "percent": (int, float),
    "boolean": bool,
}
SHEETS = [pytest.param(file, sheet, id=f"{file.name}-{sheet.title}") for file in FILES for sheet in file.sheets]


def named(files):
    return [pytest.param(file, id=file.name) for file in files]


def saved(value):
    """What a reader finds in a cell: of a formula, the value that was saved with it."""
    if isinstance(value, Styled):
        return value.value
    if isinstance(value, Formula):
        # A number with a date's format is a date.
        is_date = value.saved is not None and value.number_format == "yyyy-mm-dd"
        return datetime.fromordinal(value.saved + date(1899, 12, 30).toordinal()) if is_date else value.saved
    return value


def cells_of(sheet):
    """The declared cells of each row, with the first value of a merged range in all of its cells."""
    rows = [list(row.cells) for row in sheet.rows]
    for region in sheet.merged:
        left, top, right, bottom = range_boundaries(region)
        for row in rows[top - 1 : bottom]:
            row.extend([None] * (right - len(row)))
            row[left - 1 : right] = [rows[top - 1][left - 1]] * (right - left + 1)
    return rows


def test_there_are_twelve():
    assert len({file.name for file in FILES}) == 12
    assert [file.name[:2] for file in FILES] == [f"{number:02}" for number in range(1, 13)]


@pytest.mark.parametrize("file", named(WORKBOOKS))
def test_a_workbook_opens_with_its_cells(file, tmp_path):
    path = write(file, tmp_path)
    for data_only in (True, False):
        book = load_workbook(path, data_only=data_only)
        assert book.sheetnames == [sheet.title for sheet in file.sheets]
        for declared in file.sheets:
            sheet = book[declared.title]
            assert sheet.sheet_state == ("hidden" if declared.hidden else "visible")
            assert {str(region) for region in sheet.merged_cells.ranges} == set(declared.merged)
            for number, row in enumerate(declared.rows, 1):
                for column, value in enumerate(row.cells, 1):
                    cell = sheet.cell(number, column)
                    if isinstance(value, Formula) and not data_only:
                        assert cell.value == f"={value.text}"
                    else:
                        assert cell.value == saved(value)
                    if isinstance(value, (Styled, Formula)):
                        assert cell.number_format == value.number_format


@pytest.mark.parametrize("file", named(TEXTS))
def test_a_text_file_has_its_cells_in_its_encoding(file, tmp_path):
    content = write(file, tmp_path).read_bytes()
    rows = list(csv.reader(content.decode(file.encoding).splitlines(), delimiter=file.delimiter))
    assert rows == [list(row.cells) for row in file.sheets[0].rows]
    if file.encoding == "cp1252":
        with pytest.raises(UnicodeDecodeError):
            content.decode("utf-8")
        # Latin-1 has no euro sign and no dash: what is between 0x80 and 0x9f tells the two apart.
        assert re.search(rb"[\x80-\x9f]", content)


@pytest.mark.parametrize(("file", "sheet"), SHEETS)
def test_every_field_has_a_header_of_its_own(file, sheet):
    headers = [row.cells for row in sheet.rows if isinstance(row, Other) and row.what == "header"]
    assert headers
    columns = [column for column in sheet.columns.values() if column is not None]
    assert list(sheet.columns) == list(FIELDS)
    assert len(set(columns)) == len(columns)
    assert all(headers[-1][column] for column in columns)


@pytest.mark.parametrize(("file", "sheet"), SHEETS)
def test_what_is_expected_stands_in_the_cells(file, sheet):
    """A value is expected of every filled cell, or an issue, and nothing of an empty one."""
    assert sheet.hidden or sheet.invoices()
    cells = cells_of(sheet)
    for number, invoice in sheet.invoices():
        assert len(invoice.says) == len(FIELDS)
        for (name, kind), says in zip(FIELDS.items(), invoice.says):
            column = sheet.columns[name]
            if column is None:
                assert name == "currency" and not isinstance(says, Unknown)
                continue
            cell = cells[number - 1][column]
            place = (file.name, sheet.title, number, name)
            assert (cell in (None, "")) == (says is None), place
            if says is None or isinstance(says, Unknown):
                continue
            assert isinstance(says, TYPES[kind]) and not isinstance(says, datetime), place
            assert isinstance(says, bool) == (kind == "boolean"), place
            assert not isinstance(cell, Formula) or cell.saved is not None, place
            if kind == "currency":
                assert re.fullmatch("[A-Z]{3}", says), place
            elif kind in ("code", "text"):
                assert str(saved(cell)).replace("\xa0", " ").strip() == says, place
            elif kind == "percent":
                assert 0 <= says < 1, place


@pytest.mark.parametrize(("file", "sheet"), SHEETS)
def test_an_amount_has_the_digits_of_its_cell(file, sheet):
    """Whatever separates them: a slip in what is expected would teach a reader the wrong number."""
    cells = cells_of(sheet)
    for number, invoice in sheet.invoices():
        for name in ("quantity", "net_amount"):
            says = invoice.says[list(FIELDS).index(name)]
            cell = saved(cells[number - 1][sheet.columns[name]])
            if isinstance(says, Unknown):
                continue
            if isinstance(cell, str):
                digits = re.sub(r"\D", "", cell)
                assert digits in {f"{abs(says):.{places}f}".replace(".", "") for places in range(3)}, (file.name, number, name)
                assert (says < 0) == bool(re.search(r"[-(]\W*\d|\d-$", cell)), (file.name, number, name)
            else:
                assert cell == says


@pytest.mark.parametrize("file", named(FILES))
def test_readings_are_of_fields_whose_cells_leave_them_open(file):
    for name, reading in file.readings.items():
        assert reading in {"date": ("dmy", "mdy", "ymd"), "number": (".", ","), "money": (".", ",")}[FIELDS[name]]
        texts = [row.cells[sheet.columns[name]] for sheet in file.sheets for _, row in sheet.invoices()]
        assert any(isinstance(text, str) and re.search(r"\d\D+\d", text) for text in texts)


def test_every_kind_of_trouble_is_there():
    everything = [value for file in FILES for record in file.expected() for value in record.values()]
    assert sum(isinstance(value, Unknown) for value in everything) >= 20
    assert any(isinstance(value, Formula) and value.saved is None for value in every_cell())
    assert {row.what for file in FILES for sheet in file.sheets for row in sheet.rows if isinstance(row, Other)} >= {
        "title", "header", "note", "total", "blank",
    }  # fmt: skip


def every_cell():
    for file in FILES:
        for sheet in file.sheets:
            for row in sheet.rows:
                assert isinstance(row, (Invoice, Other))
                yield from row.cells


INVOICE_CONFIG = Path(__file__).with_name("invoice_config")

#: A hook that keeps each table as it is before it is written: with its issues, and with the row that each row comes from.
KEEP_TABLES = """
from pathlib import Path

def keep(*, table, table_index, source_sheet, metadata):
    table.write_ipc(Path(metadata["output_file"]).parent / f"{source_sheet.title}-{table_index}.ipc")

def register(registry):
    registry.register_hook(keep, hook="on_table_validated", priority=-1)
"""


@pytest.fixture
def read(run, tmp_path, monkeypatch):
    """The rows that a configuration reads in a file, by sheet and row, as dictionaries by the fields' names."""
    config = tmp_path / "invoices"
    shutil.copytree(INVOICE_CONFIG, config, ignore=shutil.ignore_patterns("__pycache__"))
    (config / "src/ade_config/hooks").mkdir()
    (config / "src/ade_config/hooks/keep_tables.py").write_text(KEEP_TABLES)

    def call(file) -> tuple[dict[tuple[str, int], dict], object]:
        monkeypatch.setenv("ADE_ENGINE_RUN", "1")
        outcome = run(config, write(file, tmp_path))
        assert outcome.result.error is None, outcome.result.error
        rows = {}
        for kept in sorted((tmp_path / "out").glob("*.ipc")):
            sheet = kept.stem.rpartition("-")[0]
            for row in pl.read_ipc(kept, memory_map=False).to_dicts():
                assert rows.setdefault((sheet, row["__ade_row"]), row) is row
        return rows, outcome

    return call


def verdict(says, found, issue) -> str:
    """``right``, ``empty`` where an issue says that something stood there, or ``wrong``."""
    if says is None:
        return "right" if found is None else "wrong"
    if isinstance(says, Unknown):
        return "right" if found is None and issue is not None else "wrong"
    if isinstance(says, float) and isinstance(found, (int, float)):
        is_right = found == pytest.approx(says, rel=1e-12)
    else:
        is_right = found == says and isinstance(found, bool) == isinstance(says, bool)
    if is_right:
        return "right"
    return "empty" if found is None and issue is not None else "wrong"


#: How many of each file's cells are right, of how many. The first number may only grow.
RIGHT = {
    "01-english.xlsx": (50, 50),
    "02-german.csv": (50, 50),
    "03-french.xlsx": (40, 40),
    "04-american.xlsx": (50, 50),
    "05-swiss.csv": (40, 40),
    "06-day-first.csv": (50, 50),
    "07-whole-thousands.xlsx": (40, 40),
    "08-stacked-header.xlsx": (30, 30),
    "09-typed-and-merged.xlsx": (50, 50),
    "10-formulas.xlsx": (30, 30),
    "11-indian.xlsx": (40, 40),
    "12-polish-and-czech.xlsx": (60, 60),
}

#: Rows that are no invoices and come out as some: telling titles, notes and totals from data is left to row detectors.
NO_INVOICES: dict[str, list] = {}


@pytest.mark.parametrize("file", named(FILES))
def test_a_small_configuration_reads_each_file_and_no_cell_wrongly(file, read):
    rows, outcome = read(file)
    counts = {"right": 0, "empty": 0, "wrong": 0}
    wrong = []
    for sheet in file.sheets:
        for number, invoice in sheet.invoices():
            row = rows.pop((sheet.title, number))
            for name, says in zip(FIELDS, invoice.says):
                found, issue = row.get(name), row.get(f"__ade_issue__{name}")
                if never_calculated(sheet, number, name):
                    issue = issue or formulas_noticed(outcome, sheet)
                judged = verdict(says, found, issue)
                counts[judged] += 1
                if judged == "wrong":
                    wrong.append((sheet.title, number, name, says, found, issue))
    assert not wrong
    right, of = RIGHT[file.name]
    assert sum(counts.values()) == of
    assert counts["right"] >= right, f"{counts['right']} of {of} are right: no more than that were {right}"
    assert counts["right"] <= right, f"{counts['right']} of {of} are right now: put that into RIGHT"
    assert sorted(rows) == NO_INVOICES.get(file.name, [])


def never_calculated(sheet, number, name) -> bool:
    column = sheet.columns[name]
    cell = None if column is None else sheet.rows[number - 1].cells[column]
    return isinstance(cell, Formula) and cell.saved is None


def formulas_noticed(outcome, sheet) -> str | None:
    """The notice that stands for an issue of each formula without a value, if it counts them all."""
    count = sum(never_calculated(sheet, number, name) for number, _ in sheet.invoices() for name in FIELDS)
    for notice in outcome.noticed["notices"]:
        if notice["code"] == "formulas_without_value" and notice["sheet"] == sheet.title and notice["count"] == count:
            return notice["message"]
    return None


@pytest.mark.parametrize("file", named([file for file in FILES if file.readings]))
def test_the_run_says_how_it_has_read_the_columns(file, read):
    ways = {"dmy": "day-first", "mdy": "month-first", ".": "decimal point", ",": "decimal comma"}
    _, outcome = read(file)
    readings = outcome.noticed["readings"]
    for name, reading in file.readings.items():
        found = [one["read_as"] for one in readings if one["field"] == name]
        assert found, name
        assert set(found) <= {ways[reading], "whole numbers"}, name


def test_the_configuration_is_small():
    lines = [
        line
        for path in sorted((INVOICE_CONFIG / "src").rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    print(f"{len(lines)} lines of Python")
    assert len(lines) <= 140


def test_the_configuration_is_the_templates_with_other_fields():
    """What a newcomer leaves alone is what `ade init` wrote."""
    template = Path(__file__).parents[2] / "templates" / "default"
    assert (INVOICE_CONFIG / "settings.toml").read_text() == (template / "settings.toml").read_text()
    modules = {path.relative_to(INVOICE_CONFIG).as_posix() for path in INVOICE_CONFIG.rglob("*.py")}
    assert modules == {"src/ade_config/__init__.py", "src/ade_config/columns/invoices.py"}
