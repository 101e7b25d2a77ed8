"""Sample files of all formats, broken ones and none, through the command line; `tests/sheets/inferred` has results of inference."""

import json

import pytest
from conftest import declared, write_workbook
from every_format import FORMATS, Sheet

from ade_engine.cli.app import app

NO_FIELDS = "def register(registry):\n    pass\n"


@pytest.fixture
def asked(template, tmp_path, monkeypatch):
    """Returns the answer of a command to a list, with these fields in the configuration."""
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


def test_what_goes_wrong_in_a_sample_names_it(asked, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError("a value")

    monkeypatch.setattr("ade_engine.inference.samples._table", fail)
    error = infer(asked, write_workbook(tmp_path / "odd.xlsx", {"S": [["No", "Name"], ["A1", "x"], ["A2", "y"]]}))["error"]
    assert error["message"].startswith("odd.xlsx: its tables could not be read, because of an error in ADE")
    assert "ZeroDivisionError" not in error["message"] and "a value" not in error["message"]


@pytest.mark.parametrize("name", [*FORMATS])
def test_samples_are_read_as_a_run_reads_them(asked, tmp_path, name):
    """The cases of samples, too, leave out characters that no workbook can hold."""
    ending, write = FORMATS[name]
    path = tmp_path / f"a.{ending}"
    rows = [["Plot", "Herb", "Grams"], *([f"P{n}", f"{herb}\x0b", 120.5 + n] for n, herb in enumerate(("Thyme", "Savory", "Lovage", "Dill")))]
    if name in ("ods", "xml"):
        # These are XML, which has no such characters.
        rows = [[cell.strip("\x0b") if isinstance(cell, str) else cell for cell in row] for row in rows]
    write(path, [Sheet("S", rows)])
    result = infer(asked, path)
    assert result["error"] is None and result["samples"] == [{"name": path.name, "rows": 4}]
    assert [one["name"] for one in result["fields"]] == ["plot", "herb", "grams"]
    again = infer(asked, tmp_path / "out" / result["cases"][0]["input"])
    assert [one["read"] for one in again["fields"]] == [one["read"] for one in result["fields"]]


def test_samples_that_say_nothing_are_passed_over(asked, tmp_path):
    good = write_workbook(tmp_path / "good.xlsx", {"S": [["No", "Name"], ["A1", "x"], ["A2", "y"]]})
    bad = {"empty.csv": b"", "headers.tsv": b"No\tName\n", "broken.xlsx": good.read_bytes()[:900], "none.ods": b""}
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    bad = [tmp_path / name for name in bad]
    result = infer(asked, *bad[:2], good, *bad[2:])
    assert result["error"] is None and [one["name"] for one in result["samples"]] == ["good.xlsx"]
    assert {one["name"]: one["reason"] for one in result["passed_over"]} == {
        "empty.csv": "no table with a header row was found",
        "headers.tsv": "the file has headers but no records; ADE needs records to infer fields",
        "broken.xlsx": "broken.xlsx is cut short: the end of the archive is missing; copy or download the file again",
        "none.ods": "none.ods is empty (0 bytes); export or download the file again",
    }
    assert result["look"][1] == f"headers.tsv was passed over: {result['passed_over'][1]['reason']}"
    error = infer(asked, *bad)["error"]
    assert error["code"] == "input_error" and error["message"].startswith("none of the samples can be used: empty.csv: no table")


def test_a_header_that_is_like_a_fields_is_a_guess_where_nothing_else_is_said(asked, template, tmp_path):
    fields = declared("Field('no', read=text), Field('hours', headers=['work hours'], read=number)")
    path = write_workbook(tmp_path / "near.xlsx", {"S": [["No", "Wk hours"], ["A1", 7.5], ["A2", 8], ["A3", 6.25]]})
    result = asked("fix columns", {"root": str(template), "input": str(path)}, fields)
    assert [(one["field"], one["header"], one["reason"]) for one in result["suggestions"]] == [("hours", "Wk hours", None)]
