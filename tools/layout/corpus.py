"""The sheets to learn from, with the state of each row."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

from ade_engine import _native

#: The name of each state in the corpora.
STATE_OF_ROLE = {"metadata": 0, "header": 1, "group": 2, "data": 3, "derived": 4, "notes": 5}
CORPORA = ("saus", "troy")


@dataclass
class Labelled:
    """A sheet as rows of texts, and a role for each row, or ``None``."""

    name: str
    file: str
    rows: list
    roles: list
    judged: object = None


def judge(folder: Path):
    """Returns the module of the judge, which reads the corpora as well."""
    if "recognise" not in sys.modules:
        spec = importlib.util.spec_from_file_location("recognise", folder / "recognise.py")
        sys.modules["recognise"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["recognise"])
    return sys.modules["recognise"]


def read(folder: Path, corpus: str) -> list[Labelled]:
    """Returns the filled sheets of a corpus."""
    found = []
    for sheet in judge(folder).line_roles(corpus, folder):
        if sheet.filled:
            roles = [sheet.role(number) for number in range(1, len(sheet.rows) + 1)]
            file = sheet.name.split(" ", 1)[1]
            found.append(Labelled(f"{corpus} {sheet.name}", file, sheet.rows, roles, sheet))
    return found


def scan(rows: list):
    """Returns rows of texts as a sheet of the engine."""
    return _native.scan_of_rows("sheet", rows, None, None, False, [])


@dataclass
class Seen:
    """The parts of a sheet that the engine sees: the rows that it reads, from 0, whether a blank row is above, features."""

    numbers: list
    after_blank: list
    features: list


def seen(rows: list) -> Seen:
    """Returns the parts of rows of texts that the engine sees."""
    looked_at = _native.layout_features(scan(rows))
    return Seen(
        [number for number, _, _ in looked_at],
        [gap > 0 for _, gap, _ in looked_at],
        [features for _, _, features in looked_at],
    )
