"""The row map fits its schema; its content is in `tests/sheets/rowmap` and `test_issue_places.py`."""

import errno
import json
from pathlib import Path

import pytest

from ade_engine._native import RowsFile

REASONS = "header blank total note title repeated_header outside dropped quarantined line other"


def test_what_is_written_is_what_the_schema_describes(succeed, template):
    schema = json.loads((Path(__file__).parents[2] / "docs/reference/rows.schema.json").read_text("utf-8"))["properties"]
    rows = [["Member ID", "E-mail", "Hours"], ["M-1", "a@example.org", 7], ["M-2", "b@example.org", 112]]
    output = succeed(template, {"S": rows}, settings={"quarantine": "sheet"}).output
    content = json.loads(output.with_name("input_rows.json").read_text("utf-8"))
    assert {*content} == {*schema}
    for name in ("tables", "not_written", "quarantined"):
        # These tables are not reshaped, so they lack `cells`.
        named = [key for key in schema[name]["items"]["properties"] if key != "cells"]
        assert content[name] and all([*one] == schema[name]["items"]["required"] == named for one in content[name])
    assert {*schema["not_written"]["items"]["properties"]["reason"]["enum"]} == {*REASONS.split()}


def test_a_file_that_cannot_be_written_has_the_number_of_the_error():
    # A run uses the number to report the limit that it has reached.
    with pytest.raises(OSError) as raised:
        RowsFile().write("/dev/full")
    assert raised.value.errno == errno.ENOSPC
