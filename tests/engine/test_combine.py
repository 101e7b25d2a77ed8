"""One table out of the tables of several files."""

import json

import openpyxl
import polars as pl
import pytest
from conftest import declared, write_workbook
from package_check import check_package

from ade_engine.cli.app import app

PACKAGE = declared("""
    Field("no", headers=["no"], read=text, label="Number"),
    Field("day", headers=["day"], read=date, dtype="date"),
    Field("pay", headers=["pay"], read=number, required=True),
""")
FILES = {
    "a.xlsx": {"May": [["Crew"], [], ["Pay", "Team", "No"], [12.5, "red", "1"], [None, None, None], [7, "blue", "2"]]},
    "b.xlsx": {"June": [["No", "Day", "Team", "Pay", "Source file"], ["3", "2024-05-06", 8, None, "mine"]], "July": [["Team", "No", "Pay"], [9, "4", 5]]},
}
HEADER = ["Source file", "Source sheet", "Source row", "Number", "day", "pay", "Team", "Source file__2", "Severity", "Issues"]
ROWS = [
    ["a.xlsx", "May", 4, "1", None, 12.5, "red", None],
    ["a.xlsx", "May", 6, "2", None, 7, "blue", None],
    ["b.xlsx", "June", 2, "3", "2024-05-06", None, "8", "mine"],
    ["b.xlsx", "July", 2, "4", None, 5, "9", None],
]


@pytest.fixture
def combined(succeed, template, tmp_path, capsys):
    (template / "src/ade_config/columns/fields.py").write_text(PACKAGE)

    def call(name, files=FILES, missing=(), more=(), listed=None, **settings):
        if listed is None:
            listed = [{"file": file, "tables": None} for file in missing]
            for file, sheets in files.items():
                output = succeed(template, write_workbook(tmp_path / file, sheets), settings={"also_write": "parquet", **settings}).output
                tables = sorted(output.parent.glob(f"{output.stem}*.parquet"), key=lambda path: (len(path.name), path.name))
                # In whatever order they are listed.
                listed.append({"file": file, "tables": [str(path) for path in reversed(tables)]})
        (tmp_path / "list.json").write_text(json.dumps(listed), "utf-8")
        capsys.readouterr()
        given = ["--list", tmp_path / "list.json", "--output", tmp_path / name, "--config-package", template, "--set", "escape_formulas=true", *more]
        return app(["combine", *map(str, given)]), capsys.readouterr().out, tmp_path / name

    return call


def read(path):
    if path.suffix == ".xlsx":
        assert check_package(path) == []
        header, *rows = ([cell.value for cell in row] for row in openpyxl.load_workbook(path).active)
        return header, rows
    options = {"schema_overrides": {"Number": pl.String, "Team": pl.String}} if path.suffix == ".csv" else {}
    frame = {".parquet": pl.read_parquet, ".jsonl": pl.read_ndjson, ".csv": pl.read_csv}[path.suffix](path, **options)
    return frame.columns, [list(row) for row in frame.rows()]


@pytest.mark.parametrize("shape", ["xlsx", "csv", "parquet", "jsonl"])
def test_rows_of_all_files_stand_in_one_table(combined, shape):
    status, said, path = combined(f"all.{shape}")
    assert status == 0 and said.splitlines() == ["Combined", "- rows: 4", "- tables: 3", "- as_text: Team"]
    header, rows = read(path)
    assert header == HEADER and not list(path.parent.glob(".ade-*"))
    # A required field without a value is an issue.
    assert rows[2][8] == "error" and rows[2][9]
    assert [[str(value)[:10] if str(value).startswith("2024") else value or None for value in row[:8]] for row in rows] == ROWS


@pytest.mark.parametrize("style, name", [("plain", "no"), ("table", "Number")])
def test_types_are_those_of_the_fields(combined, style, name):
    schema = pl.read_parquet(combined("all.parquet", output_style=style)[2]).schema
    assert [schema[one] for one in (name, "day", "pay", "Source row")] == [pl.String, pl.Date, pl.Float64, pl.UInt32]


def test_the_manifest_orders_and_names_the_fields(combined, template):
    (template / "manifest.toml").write_text('[[columns]]\nfield = "pay"\nheader = "Wages"\n[[columns]]\nfield = "day"\nenabled = false\n')
    header, rows = read(combined("all.xlsx")[2])
    assert (header[3:6], rows[0][3:6]) == (["Wages", "Number", "Team"], [12.5, "1", "red"])


def test_rows_of_other_sheets_and_files_that_come_again_are_named(combined, template):
    (template / "src/ade_config/columns/fields.py").write_text(PACKAGE.replace('label="Number"', 'label="Number", unique=True'))
    again = {"a.xlsx": {"May": [["No", "Pay"], ["1", 5], ["2", 6], ["2", 7]], "Copy": [["No", "Pay"], ["1", 5]]}, "b.xlsx": {"June": [["No", "Pay"], ["3", 5], ["2", 6]]}}
    _, said, path = combined("all.xlsx", again, more=["--names"])
    assert [line for line in said.splitlines() if "repeated" in line] == [
        "- repeated: a.xlsx, 'Copy', row 2 repeats the no of a.xlsx, 'May', row 2",
        "- repeated: b.xlsx, 'June', row 3 repeats the no of a.xlsx, 'May', row 3",
    ]
    book = openpyxl.load_workbook(path)
    assert book["Combined"]["D1"].value == "no" and book["Repeated"]["A1"].value == "2 rows repeat a row of another sheet or file"


def test_a_file_that_is_missing_is_named_in_the_workbook_and_without_files_there_are_no_rows(combined):
    book = openpyxl.load_workbook(combined("all.xlsx", missing=["c.xlsx"])[2])
    assert book.sheetnames == ["Combined", "Missing"]
    assert [[cell.value for cell in row] for row in book["Missing"]][3:] == [["File", "Why"], ["c.xlsx", "Its run failed or was refused"]]
    status, _, path = combined("all.csv", files={})
    assert status == 0 and read(path) == (HEADER[:3], [])


def test_what_cannot_be_combined_is_said(combined, tmp_path):
    assert combined("all.txt", files={})[0] == 2
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "other.parquet")
    status, said, path = combined("b.csv", listed=[{"file": "a", "tables": [str(tmp_path / "other.parquet")]}])
    assert status == 1 and not path.exists() and "Not combined: other.parquet does not say where its columns come from" in said
    assert app(["combine", "--list", str(tmp_path / "none.json"), "--output", str(path), "--config-package", str(tmp_path / "template")]) == 2


def test_it_opens_in_libreoffice(combined, libreoffice):
    path = combined("all.xlsx")[2]
    assert read(path)[1] == [[cell.value for cell in row] for row in openpyxl.load_workbook(libreoffice(path) / "all.xlsx").active][1:]
