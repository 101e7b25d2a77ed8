"""Every conformance case, with the engine alone."""

import datetime as dt
import json
import math
import os
import re
import sys
from pathlib import Path

import openpyxl
import pytest

HOME = Path(__file__).resolve().parent.parent / "conformance" / "cases"


def folders() -> list[Path]:
    places = [HOME]
    if os.environ.get("ADE_CONFORMANCE_CASES"):
        places.append(Path(os.environ["ADE_CONFORMANCE_CASES"]))
    return [path.parent for place in places for path in sorted(place.glob("*/case.toml"))]


@pytest.mark.parametrize("case", folders(), ids=lambda folder: folder.name)
def test_case(case: Path, tmp_path: Path, ade_engine_here, monkeypatch):
    facts = read_facts(case / "case.toml")
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    output_dir = tmp_path / "out"
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    command = ["process", "file", "--log-format", "ndjson"]
    command += ["--input", str(case / facts["input"]), "--output-dir", str(output_dir)]
    command += ["--config-package", str(case / facts.get("config", "config")), *facts.get("args", [])]
    done = ade_engine_here(*command)
    log = done.stderr
    assert done.stdout == ""
    assert ("success" if done.status == 0 else "failure") == expected["exit"], log
    written = sorted(output_dir.rglob("*.xlsx")) if output_dir.is_dir() else []
    assert [path.name for path in written] == ([] if expected["output"] is None else [expected["output"]]), log
    if written:
        book = openpyxl.load_workbook(written[0])
        assert [sheet.title for sheet in book.worksheets] == [sheet["name"] for sheet in expected["sheets"]]
        for sheet, wanted in zip(book.worksheets, expected["sheets"]):
            compare_sheet(sheet, wanted["rows"])
        for title, styles in expected.get("styles", {}).items():
            for fact, wanted in styles.items():
                assert STYLES[fact](book[title]) == wanted, f"{title}: {fact}"
    compare(expected["completed"], closing_event(log), "completed")


def read_facts(path: Path) -> dict:
    """These files are one `key = value` to a line, and the values happen to be JSON."""
    lines = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines() if "=" in line)
    return {key.strip(): json.loads(value) for key, _, value in lines}


def closing_event(log: str) -> dict | None:
    """The data of the last completed event, without what changes from run to run."""
    events = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    found = [event["data"] for event in events if event["event"] == "engine.run.completed"]
    if not found:
        return None
    data = found[-1]
    for key in ("started_at", "completed_at", "duration_ms"):
        del data["execution"][key]
    for entry in [data["execution"]["failure"] or {}, *data["evaluation"]["findings"]]:
        entry.pop("message", None)
    return json.loads(json.dumps(data), object_hook=without_folder)


def without_folder(node: dict) -> dict:
    if isinstance(node.get("path"), str):
        node["path"] = re.split(r"[/\\]", node["path"])[-1]
    return node


def compare_sheet(sheet, wanted: list[list]) -> None:
    for row in range(1, max(sheet.max_row, len(wanted)) + 1):
        cells = wanted[row - 1] if row <= len(wanted) else []
        for column in range(1, max(sheet.max_column, len(cells)) + 1):
            want = cells[column - 1] if column <= len(cells) else None
            cell = sheet.cell(row, column)
            assert same_cell(want, cell.value), f"{sheet.title}!{cell.coordinate}: {want!r} is {cell.value!r}"


def same_cell(want, got) -> bool:
    if want is None:
        return got in (None, "")
    if isinstance(want, bool) or isinstance(got, bool):
        return want is got
    if isinstance(want, (int, float)):
        return isinstance(got, (int, float)) and math.isclose(want, got, rel_tol=1e-9)
    if isinstance(want, dict):
        ((kind, value),) = want.items()
        if kind == "d":
            return isinstance(got, dt.datetime) and near(dt.datetime.fromisoformat(value) - got)
        if kind == "t":
            day = dt.date(2000, 1, 1)
            clock = dt.time.fromisoformat(value)
            return isinstance(got, dt.time) and near(dt.datetime.combine(day, clock) - dt.datetime.combine(day, got))
        if kind == "s":
            return isinstance(got, dt.timedelta) and abs(got.total_seconds() - value) <= 0.001
        want = value
    # A carriage return may be escaped or not; a reader of XML sees one line break either way.
    return isinstance(got, str) and want == re.sub(r"(_x000D_|\r)\n?", "\n", got)


def near(gap: dt.timedelta) -> bool:
    return abs(gap) <= dt.timedelta(milliseconds=1)


def compare(want, got, path: str) -> None:
    if isinstance(want, dict):
        assert isinstance(got, dict) and sorted(want) == sorted(got), path
        for key in want:
            compare(want[key], got[key], f"{path}.{key}")
    elif isinstance(want, list):
        assert isinstance(got, list) and len(want) == len(got), path
        for index, (left, right) in enumerate(zip(want, got)):
            compare(left, right, f"{path}[{index}]")
    elif isinstance(want, float) and isinstance(got, (int, float)):
        assert abs(want - got) <= 1e-6, path
    else:
        assert want == got and type(want) is type(got), f"{path}: {want!r} is {got!r}"


def all_cells(sheet):
    return [cell for row in sheet.iter_rows() for cell in row]


def fills(sheet) -> dict:
    solid = [cell for cell in all_cells(sheet) if cell.fill.fill_type == "solid"]
    return {cell.coordinate: cell.fill.fgColor.rgb[-6:] for cell in solid}


def number_formats(sheet) -> dict:
    filled = [cell for cell in all_cells(sheet) if cell.value is not None]
    return {cell.coordinate: cell.number_format for cell in filled if cell.number_format != "General"}


STYLES = {
    "state": lambda sheet: sheet.sheet_state,
    "freeze": lambda sheet: sheet.freeze_panes,
    "filter": lambda sheet: sheet.auto_filter.ref,
    "tables": lambda sheet: {table.name: table.ref for table in sheet.tables.values()},
    "widths": lambda sheet: {letters: column.width for letters, column in sheet.column_dimensions.items() if column.customWidth},
    "hidden_columns": lambda sheet: sorted(letters for letters, column in sheet.column_dimensions.items() if column.hidden),
    "bold": lambda sheet: [cell.coordinate for cell in all_cells(sheet) if cell.font.b],
    "fills": fills,
    "comments": lambda sheet: {cell.coordinate: cell.comment.text for cell in all_cells(sheet) if cell.comment},
    "formats": number_formats,
    "merged": lambda sheet: sorted(str(block) for block in sheet.merged_cells.ranges),
}
