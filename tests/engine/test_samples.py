"""Sample files as their fields are inferred from them, and files whose headers fields lack, through the command line."""

import datetime as dt
import json

import openpyxl
import pytest
from conftest import declared, write_workbook

from ade_engine.cli.app import app

NO_FIELDS = "def register(registry):\n    pass\n"


@pytest.fixture
def asked(template, tmp_path, monkeypatch):
    """What a command says of a list, with these fields in the configuration."""
    monkeypatch.setenv("ADE_ENGINE_RUN", "1")

    def call(command, listed, fields=NO_FIELDS):
        (template / "src/ade_config/columns/fields.py").write_text(fields, "utf-8")
        (tmp_path / "list.json").write_text(json.dumps(listed), "utf-8")
        out = tmp_path / "out"
        assert app([*command.split(), "--list", str(tmp_path / "list.json"), "--output-dir", str(out), "--config-package", str(template)]) == 0
        return json.loads((out / "result.json").read_text("utf-8"))

    return call


def infer(asked, *paths):
    return asked("infer fields", {"samples": [{"name": path.name, "input": str(path)} for path in paths]})


def test_times_of_day_and_longer_times_are_a_column(asked, tmp_path):
    book = openpyxl.Workbook()
    for row in (["Order No", "Hours"], *([f"D{n}", hours / 24] for n, hours in enumerate((8, 7.5, 36, 30, 2.25, 62.5)))):
        book.active.append(row)
    for cell in book.active["B"][1:]:
        cell.number_format = "h:mm:ss" if cell.row < 4 else "[h]:mm"
    book.save(tmp_path / "hours.xlsx")
    result = infer(asked, tmp_path / "hours.xlsx")
    assert [(one["name"], one["read"]) for one in result["fields"]] == [("order_no", "code"), ("hours", "duration")]


def test_what_goes_wrong_in_a_sample_names_it(asked, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError("a value")

    monkeypatch.setattr("ade_engine.inference.samples._table", fail)
    error = infer(asked, write_workbook(tmp_path / "odd.xlsx", {"S": [["No", "Name"], ["A1", "x"], ["A2", "y"]]}))["error"]
    assert error["message"].startswith("odd.xlsx: its tables could not be looked at: a fault of ade")
    assert "ZeroDivisionError" not in error["message"] and "a value" not in error["message"]


def test_headers_are_those_that_a_run_compares(asked, run_by_ade, template, tmp_path):
    """Units that stand in a row below are none of the header, and no more are marks of footnotes."""
    rows = [["Order No", "Date", "Weight", "Qty"], [None, "dd.mm.yyyy", "g", "pcs", "Notes"]]
    rows += [[f"U{n}", dt.date(2025, 6, n), 1.5 * n, 3 + n, f"dry {n}"] for n in range(1, 6)]
    path = write_workbook(tmp_path / "units.xlsx", {"S": rows})
    result = infer(asked, path)
    assert [one["name"] for one in result["fields"]] == ["order_no", "date", "weight", "qty", "notes"]
    (template / "src/ade_config/columns/fields.py").write_text((tmp_path / "out/fields.py").read_text("utf-8"), "utf-8")
    outcome = run_by_ade(template, path)
    assert all(field["detected"] for field in outcome.completed["fields"])


def test_a_header_that_is_like_a_fields_is_a_guess_where_nothing_else_is_said(asked, template, tmp_path):
    fields = declared("Field('no', read=text), Field('hours', headers=['work hours'], read=number)")
    path = write_workbook(tmp_path / "near.xlsx", {"S": [["No", "Wk hours"], ["A1", 7.5], ["A2", 8], ["A3", 6.25]]})
    result = asked("fix columns", {"root": str(template), "input": str(path)}, fields)
    assert [(one["field"], one["header"], one["reason"]) for one in result["suggestions"]] == [("hours", "Wk hours", None)]
