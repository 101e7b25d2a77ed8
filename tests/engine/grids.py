"""Reads and writes cells and grids of sheets as text."""

import contextlib
import datetime as dt
import json
import re

CELL = re.compile(r'\s*("(?:\\.|[^"\\])*"|[^|]*?)\s*(?:\||$)')
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?(e[+-]\d+)?", re.IGNORECASE)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d(\.\d+)?)?)?|\d\d:\d\d(:\d\d(\.\d+)?)?")
SPAN = re.compile(r"\[(-?)(\d+):(\d\d):(\d\d)\]")


class Text(str):
    """A text in quotes, which is a text whatever it looks like."""


def read_cell(text: str):
    """Returns the value that a spreadsheet holds for this text."""
    if text.startswith('"'):
        return Text(json.loads(text))
    if NUMBER.fullmatch(text):
        return int(text) if re.fullmatch(r"-?\d+", text) else float(text)
    if text in ("TRUE", "FALSE"):
        return text == "TRUE"
    if MOMENT.fullmatch(text):
        kind = dt.time if text[2] == ":" else dt.date if len(text) == 10 else dt.datetime
        with contextlib.suppress(ValueError):
            return kind.fromisoformat(text)
    if span := SPAN.fullmatch(text):
        hours, minutes, seconds = map(int, span.groups()[1:])
        return dt.timedelta(hours=hours, minutes=minutes, seconds=seconds) * (-1 if span[1] else 1)
    return text or None


def read_grid(text: str) -> list[list]:
    def row(line: str) -> list:
        cells = []
        at = 0
        while at <= len(line):
            found = CELL.match(line, at)
            cells.append(read_cell(found[1]))
            if not found[0].endswith("|"):
                break
            at = found.end()
        return cells if line.strip() else []

    return [row(line) for line in text.splitlines()]


def write_cell(value, kind: str = "s") -> str:
    """Returns a cell as text; ``kind`` is openpyxl's."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, dt.datetime):
        return value.isoformat(" ").removesuffix(" 00:00:00").removesuffix(":00")
    if isinstance(value, dt.timedelta):
        seconds = round(abs(value).total_seconds())
        return f"[{'-' if value < dt.timedelta() else ''}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}]"
    if not isinstance(value, str):
        return str(value)
    is_typed = kind == "s" and (value.startswith(("=", "#", '"')) or read_cell(value) != value)
    is_clear = value.isprintable() and value == value.strip() and "|" not in value and value and value[0] not in "\"[<"
    return value if is_clear and not is_typed else json.dumps(value, ensure_ascii=not value.isprintable())


def write_grid(rows: list[list[str]]) -> str:
    """Returns rows of written cells, one below the other."""
    widths: list[int] = []
    for row in rows:
        widths += [0] * (len(row) - len(widths))
        for at, cell in enumerate(row):
            widths[at] = max(widths[at], len(cell))
    return "\n".join(" | ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip(" |") for row in rows)
