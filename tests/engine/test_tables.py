"""Inputs that tests/sheets cannot hold: a hidden sheet that was saved as the active one, and tables of over a thousand rows."""

import zipfile

import openpyxl
from conftest import plugin


def test_a_hidden_sheet_is_not_the_active_one(run, tmp_path):
    book = openpyxl.Workbook()
    for state in ("hidden", "veryHidden"):
        book.create_sheet(state).sheet_state = state
    book.save(tmp_path / "in.xlsx")
    assert run({}, tmp_path / "in.xlsx").book.sheetnames == ["Sheet"]
    # Saving it so takes an editor of files: openpyxl would move on to the next.
    with zipfile.ZipFile(tmp_path / "in.xlsx") as old, zipfile.ZipFile(tmp_path / "odd.xlsx", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'activeTab="0"', b'activeTab="1"'))
    assert run({}, tmp_path / "odd.xlsx", active_sheet_only=True).result.error.code == "input_error"


def test_a_header_far_down_is_found(normalized):
    records = [[f"Form {number}", "yes", "yes", "no"] for number in range(400)]
    outcome = normalized([["Asked for", "Web", "Paper", "Mail"], *records, ["E-mail", "Phone", "yes", "yes"], *records])
    assert [table["structure"]["region"]["a1"] for table in outcome.tables] == ["A1:D401", "A402:D802"]
    assert [row["kind"] for row in outcome.noticed["rows"] if row["row"] == 402] == ["header"]


def test_the_sample_of_a_column_may_start_far_down(run):
    detector = plugin("column", 'logger.info("seen", data={"seen": column_sample})', "column_sample, logger")
    rows = [["t"], *([" "] for _ in range(1500)), *([str(n)] for n in range(20))]
    outcome = run({"columns/v.py": detector}, rows, fields=["a"], settings={"detector_column_sample_size": 15})
    assert outcome.logged == {"seen": [str(n) for n in range(15)]}
