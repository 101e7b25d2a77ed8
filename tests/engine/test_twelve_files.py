"""A small configuration reads the twelve files of twelve_files.py as a careful person does."""

import shutil
from pathlib import Path

import polars as pl
import pytest
from twelve_files import FIELDS, FILES, Formula, Unknown, write


def named(files):
    return [pytest.param(file, id=file.name) for file in files]


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
def read(succeed, tmp_path):
    """The rows that a configuration reads in a file, by sheet and row, as dictionaries by the fields' names."""
    config = tmp_path / "invoices"
    shutil.copytree(INVOICE_CONFIG, config, ignore=shutil.ignore_patterns("__pycache__"))
    (config / "src/ade_config/hooks").mkdir()
    (config / "src/ade_config/hooks/keep_tables.py").write_text(KEEP_TABLES)

    def call(file) -> tuple[dict[tuple[str, int], dict], object]:
        outcome = succeed(config, write(file, tmp_path))
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
    assert counts["right"] == sum(counts.values()) == len(FIELDS) * sum(len(sheet.invoices()) for sheet in file.sheets) > 0
    # Titles, notes and totals come out as none.
    assert not rows


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
    lines = [line for path in sorted((INVOICE_CONFIG / "src").rglob("*.py")) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(lines) <= 140


def test_the_configuration_is_the_templates_with_other_fields():
    """What a newcomer leaves alone is what `ade init` wrote."""
    template = Path(__file__).parents[2] / "templates" / "default"
    assert (INVOICE_CONFIG / "settings.toml").read_text() == (template / "settings.toml").read_text()
    modules = {path.relative_to(INVOICE_CONFIG).as_posix() for path in INVOICE_CONFIG.rglob("*.py")}
    assert modules == {"src/ade_config/__init__.py", "src/ade_config/columns/invoices.py"}
