"""Measures what is inferred from samples whose truth is known: fields, readers, checks, cells of later files, and what `ade fix` adds.

From the first month of the first sender a configuration is made, as `ade init --from` does. It is run on the second month of each sender:
as it is; after all suggestions with a reason that `ade fix` has for the first months of the other two; and after a person has answered its
questions as the truth has it. A cell is right, wrong, or missing; missing are those of columns that no field has.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ade_engine.cases.runner import run_case
from ade_engine.cli.app import app
from ade_engine.cli.common import load_settings
from ade_engine.inference.suggest import edits, suggest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "templates/default"
FIELDS = "src/ade_config/columns/fields.py"
NO_OPTIONS = {"log_format": None, "log_level": None, "quiet": True, "debug": False}


def infer(folder: Path, samples: list[Path], wishes: Sequence[str] | None = None, answers: Sequence[dict] = ()) -> dict:
    """Infers from samples as `ade init --from` does; the folder is that of the configuration, with the fields in `made`."""
    for name in ("settings.toml", "pyproject.toml", "src/ade_config/__init__.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TEMPLATE / name, folder / name)
    (folder / FIELDS).parent.mkdir(parents=True)
    (folder / FIELDS).write_text("def register(registry):\n    pass\n")
    made = folder / "made"
    made.mkdir()
    asked = {"samples": [{"name": path.name, "input": str(path)} for path in samples], "fields": {"names": wishes} if wishes else None, "answers": list(answers)}
    (made / "list.json").write_text(json.dumps(asked))
    status = app(["infer", "fields", "--list", str(made / "list.json"), "--output-dir", str(made), "--config-package", str(folder), "--quiet"])
    result = json.loads((made / "result.json").read_text())
    assert status == 0 and result["error"] is None, (samples, result)
    return result


def configure(folder: Path, samples: list[Path], answers: Sequence[dict] = ()) -> dict:
    """A configuration in the folder, as `ade init --from` writes it; returns what was inferred."""
    result, made = infer(folder, samples, None, answers), folder / "made"
    (folder / FIELDS).write_bytes((made / "fields.py").read_bytes())
    text = (folder / "settings.toml").read_text()
    for one in result["settings"]:
        text = re.sub(rf"(?m)^{one['name']} = .*$", f"{one['name']} = {json.dumps(one['value'])}", text)
    (folder / "settings.toml").write_text(text + result["tables"])
    for case in result["cases"] if len(samples) < 4 else ():
        place = folder / "tests/cases" / case["name"]
        place.mkdir(parents=True)
        source = made / case["input"]
        shutil.copy(source, place / source.name)
        rows = run(folder, place / source.name)
        names = [one["name"] for one in result["fields"]]
        text = io.StringIO()
        csv.writer(text).writerows([names, *([row.get(name) for name in names] for row in rows)])
        (place / "expected.csv").write_text(text.getvalue(), encoding="utf-8")
    shutil.rmtree(made)
    return result


def run(folder: Path, file: Path) -> list[dict]:
    """The rows that come out, by field; ``=row`` and ``=sheet`` say where each comes from, ``=issues`` how many it has."""
    settings, package = load_settings({**NO_OPTIONS, "set": ["also_write=parquet"], "config_package": str(folder)}, file.name)
    with tempfile.TemporaryDirectory() as scratch:
        result = run_case({"input": str(file)}, settings, package, Path(scratch))
    assert result["error"] is None, (file, result["error"])
    rows, titles = [], list(dict.fromkeys(table["sheet"] for table in result["tables"]))
    for table in result["tables"]:
        at = table["headers"].index("Source row")
        issues = table["headers"].index("Issues")
        for row in table["rows"]:
            found = {name: value for name, value in zip(table["fields"], row) if name is not None and not name.startswith("__")}
            rows.append({**found, "=row": row[at], "=sheet": titles.index(table["sheet"]), "=issues": row[issues]})
    return rows


def same(reader: str, want, got) -> bool:
    if want is None or got is None:
        return want is got
    if reader == "date":
        return str(got)[:10] == str(want)[:10]
    if reader == "date_time":
        return str(got)[:16] == str(want)[:16]
    if reader == "time":
        return str(got)[:5] == str(want)[:5]
    if reader in ("money", "number"):
        return isinstance(got, (int, float)) and not isinstance(got, bool) and abs(got - want) < 1e-6
    if reader == "boolean":
        return got is want
    if reader == "phone":
        return re.sub(r"\D", "", str(got))[-9:] == re.sub(r"\D", "", str(want))[-9:]
    return str(got).strip() == str(want).strip()


class Family:
    """The files of a family, with their truth."""

    def __init__(self, folder: Path, name: str, truth: dict):
        self.name = name
        self.files = {path.name[:2]: path for path in sorted((folder / name).iterdir())}
        self.truth = {short: truth[f"{name}/{path.name}"] for short, path in self.files.items()}

    def meaning(self, short: str) -> dict[str, str]:
        return {" ".join(header.split()): name for header, name in self.truth[short]["headers"]}


def cells(folder: Path, family: Family, short: str, fields: dict[str, str]) -> Counter:
    """Counts the right, wrong and missing cells of a file, and the wrong ones without an issue in their row.

    ``fields`` has the field of each column of the truth.
    """
    truth, found = family.truth[short], Counter()
    rows = run(folder, family.files[short])
    by_place = {(row["=sheet"], row["=row"]): row for row in rows}
    blank = truth["layout"]["bool_words"][1] == ""
    found["more_rows"] = len(rows) - len(truth["places"])
    for place, record in zip(truth["places"], truth["rows"]):
        got = by_place.get(tuple(place))
        for name, (reader, _, _) in truth["fields"].items():
            want, value = record[name], None if got is None or name not in fields else got.get(fields[name])
            if reader == "boolean" and blank:
                want, value = want or None, value or None
            if want is None and value is None:
                continue
            what = "right" if same(reader, want, value) else "missing" if value is None else "wrong"
            found[what] += 1
            found["silent"] += what == "wrong" and not got["=issues"]
    return found


def wanted_checks(reader: str, flags: str, kind: str, has_blank: bool) -> set[str]:
    want = {"required"} if "r" in flags and not (reader == "boolean" and has_blank) else set()
    want |= {"unique"} if "u" in flags else set()
    want |= {"one_of"} if kind == "cat" else set()
    return want | ({"not_negative"} if reader in ("money", "number") and "s" not in flags else set())


def quality(family: Family, result: dict) -> tuple[Counter, dict[str, str]]:
    """Counts the fields, readers and checks that are those of the truth; returns the field of each of its columns, too."""
    truth, count = family.truth["a1"], Counter()
    meaning = family.meaning("a1")
    holders: dict[str, list[dict]] = {}
    for one in result["fields"]:
        for _, header in one["columns"]:
            holders.setdefault(meaning.get(header, "?"), []).append(one)
    has_blank = truth["layout"]["bool_words"][1] == ""
    fields = {}
    for name, (reader, flags, kind) in truth["fields"].items():
        count["fields"] += 1
        held = holders.get(name, [])
        if len({one["name"] for one in held}) != 1 or len({header for _, header in held[0]["columns"]}) != 1:
            continue
        one = held[0]
        fields[name] = one["name"]
        count["fields_right"] += 1
        count["readers_right"] += one["read"] == reader
        want, has = wanted_checks(reader, flags, kind, has_blank), set(one["checks"])
        count["checks_wrong"] += len(has - want)
    return count, fields


def names_of(family: Family, result: dict) -> dict[str, str]:
    """Returns the name in the truth of each field."""
    meaning = family.meaning("a1")
    return {one["name"]: meaning.get(header, "?") for one in result["fields"] for _, header in one["columns"]}


def mend(folder: Path, family: Family, short: str, meant: dict[str, str], is_asked: bool) -> None:
    """Accepts the suggestions for a file, as `ade fix` does: those with a reason, and as a person answers them where one is asked."""
    meaning = family.meaning(short)
    more = ["remove_unmapped_columns=false", "issue_columns=false", "also_write=parquet"]
    settings, package = load_settings({**NO_OPTIONS, "set": more, "config_package": str(folder)}, family.files[short].name)
    with tempfile.TemporaryDirectory() as scratch:
        asked = {"root": str(folder), "input": str(family.files[short])}
        accepted = []
        for one in suggest(asked, settings, package, Path(scratch))["suggestions"]:
            is_right = meant.get(one["field"]) == meaning.get(" ".join(one["header"].split()))
            if one["reason"] and not is_asked or is_right and is_asked:
                accepted.append((one["field"], one["header"]))
        made = edits(folder, accepted, Path(scratch))
        for one in made["edits"]:
            Path(one["file"]).write_bytes((Path(scratch) / one["new"]).read_bytes())
        assert not made["pastes"], made["pastes"]


def measure(folder: Path) -> Counter:
    """The counts of all families of a folder, as families.py writes it."""
    truth = json.loads((folder / "truth.json").read_text())
    total = Counter()

    def add(what: str, shorts: list[str]) -> None:
        for short in shorts:
            total.update({f"{what}_{key}": value for key, value in cells(home, family, short, fields).items()})

    for name in sorted({key.split("/")[0] for key in truth}):
        family = Family(folder, name, truth)
        with tempfile.TemporaryDirectory() as place:
            home = Path(place) / name
            result = configure(home, [family.files["a1"]])
            count, fields = quality(family, result)
            total.update(count)
            meant = names_of(family, result)
            add("own", ["a2"])
            add("as_it_is", ["b2", "c2"])
            for is_asked, what in ((False, "mended"), (True, None), (True, "answered")):
                for other in ("b1", "c1"):
                    mend(home, family, other, meant, is_asked)
                add(what, ["b2", "c2"]) if what else None
            add("own_after", ["a2"])
    return total
