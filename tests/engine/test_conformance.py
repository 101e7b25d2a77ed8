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
    assert rounded(closing_event(log)) == rounded(expected["completed"])


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
    return data


def rounded(data: dict | None) -> str:
    """Data to be compared: without folders, and numbers with as many digits as count."""
    text = json.dumps(data, indent=1, sort_keys=True)
    return re.sub(r'(?<="path": ")(.*[/\\\\])', "", re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.6f}", text))


def compare_sheet(sheet, wanted: list[list]) -> None:
    for row in range(1, max(sheet.max_row, len(wanted)) + 1):
        cells = wanted[row - 1] if row <= len(wanted) else []
        for column in range(1, max(sheet.max_column, len(cells)) + 1):
            want = cells[column - 1] if column <= len(cells) else None
            cell = sheet.cell(row, column)
            assert same_cell(want, cell.value), f"{sheet.title}!{cell.coordinate}: {want!r} is {cell.value!r}"


def same_cell(want, got) -> bool:
    if isinstance(want, dict):
        ((kind, want),) = want.items()
        day = dt.date(2000, 1, 1)
        if kind in ("d", "s", "t"):
            if kind == "t":
                got, want = (dt.datetime.combine(day, clock) for clock in (got, dt.time.fromisoformat(want)))
            else:
                want = dt.timedelta(seconds=want) if kind == "s" else dt.datetime.fromisoformat(want)
            return abs(got - want) <= dt.timedelta(milliseconds=1)
    if isinstance(want, str):
        # A carriage return may be escaped or not; a reader of XML sees one line break either way.
        return isinstance(got, str) and want == re.sub(r"(_x000D_|\r)\n?", "\n", got)
    if want is None or isinstance(want, bool) or isinstance(got, bool):
        return got in (None, "") if want is None else want is got
    return isinstance(got, (int, float)) and math.isclose(want, got, rel_tol=1e-9)


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
