"""How many changes of layout change what comes out of the tables of made-up senders, by kind.

    measure.py ADE FAMILIES CHANGES SEED... [--draw DRAW] [--rows ROWS] [--fields FIELDS]
               [--template TEMPLATE] [--only FAMILY,...] [--keep FOLDER]

ADE is the command; FAMILIES one or more folders, joined by ":", with a `families.py` that writes tables of made-up senders. For each family
a configuration is made as an author would write it: the headers of its senders, the readers, a few checks, and a case for each sender.
What its cases give is compared with the truth first: the changes are measured against what comes out, right or wrong.
"""

import argparse
import csv
import datetime as dt
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

HEAD = '''"""The fields: what each is called, which headers people give it, and how its cells are read and checked."""

from ade_engine.fields import Field, boolean, code, date, email, money, number, one_of, person_name, phone, range, text, time


def not_negative(field_name):
    return range(field_name, least=0)

'''
TAIL = """

def register(registry):
    for field in FIELDS:
        field.register(registry)
"""


def fields_of(families, family, most):
    """The module of an author who knows the three senders' headers."""
    layouts = [families.layout_of(family, sender) for sender in range(3)]
    lists, fields = "", "FIELDS = [\n"
    for column in families.columns_of(family)[:most]:
        headers = list(dict.fromkeys(layout.headers[column.name].lower() for layout in layouts if column.name in layout.order))
        if not headers:
            continue
        checks = ["required"] if "r" in column.flags and all(column.name in layout.order for layout in layouts) else []
        if column.reader in ("money", "number") and "s" not in column.flags:
            checks.append("not_negative")
        if column.kind == "cat":
            words = [word for layout in layouts for word in families.CHOICES[column.arg][layout.language]]
            lists += f"\ndef known_{column.name}(field_name):\n    return one_of(field_name, {list(dict.fromkeys(words))!r}, case_sensitive=False)\n\n"
            checks.append(f"known_{column.name}")
        more = ", unique=True" if "u" in column.flags else ""
        more += ", by_values=True" if column.reader in ("email", "phone") else ""
        more += ", required=True" if "required" in checks else ""
        checks = [check for check in checks if check != "required"]
        more += f", checks=[{', '.join(checks)}]" if checks else ""
        label = column.name.replace("_", " ").capitalize()
        fields += f"    Field({column.name!r}, {label!r}, headers={headers!r}, read={column.reader}{more}),\n"
    return HEAD + lists + "\n" + fields + "]\n" + TAIL


class Place:
    """A folder in which the command is called."""

    def __init__(self, ade, folder):
        self.ade, self.folder = ade, folder
        self.environment = {**os.environ, "ADE_DATA_DIR": str(folder / "data"), "NO_COLOR": "1"}

    def call(self, *arguments):
        return subprocess.run([self.ade, *map(str, arguments)], cwd=self.folder, env=self.environment, capture_output=True, text=True)


def configuration(place, families, family, number, given):
    """Write it, with a case for each sender; returns its folder."""
    rows = given.rows
    folder = place.folder / f"{family}{number}"
    shutil.rmtree(folder, ignore_errors=True)
    done = place.call("init", folder.name, "-q", "--template", given.template)
    assert done.returncode == 0, done.stderr
    (folder / "src/ade_config/columns/fields.py").write_text(fields_of(families, family, given.fields))
    shutil.rmtree(folder / "tests/cases", ignore_errors=True)
    for sender in range(3):
        layout = families.layout_of(family, sender)
        cells = families.cells_of(family, layout, families.rows_of(family, layout, 1)[:rows])
        families.write(folder / f"tests/cases/{'abc'[sender]}/input", layout, cells)
    place.call("test", folder.name, "--update")
    return folder


def unlike_truth(families, family, folder, given):
    """Cells of what comes out of the cases that are others than the truth, and how many there are."""
    cells, others = 0, []
    for sender in range(3):
        layout = families.layout_of(family, sender)
        truth = families.rows_of(family, layout, 1)[: given.rows]
        # What cannot be read is marked while the cells are made.
        families.cells_of(family, layout, truth)
        with open(folder / f"tests/cases/{'abc'[sender]}/expected.csv", newline="", encoding="utf-8") as file:
            found = list(csv.DictReader(file))
        if len(found) != len(truth):
            others.append(f"{family} {sender}: {len(found)} rows of {len(truth)}")
            continue
        for number, (row, true) in enumerate(zip(found, truth), 1):
            for column in families.columns_of(family)[: given.fields]:
                if column.name in layout.order:
                    cells += 1
                    want, got = true[column.name], row.get(column.name, "")
                    if not _is_same(column.reader, want, got) and not (want is False and not got and not layout.bool_words[1]):
                        others.append(f"{family} {sender} row {number} {column.name}: {want!r}, got {got!r}")
    return cells, others


def _is_same(reader, want, got):
    if want is None:
        return got == ""
    if isinstance(want, bool):
        return got.lower() == str(want).lower()
    if isinstance(want, (int, float)):
        return got != "" and re.fullmatch(r"-?[\d.]+(e-?\d+)?", got) is not None and abs(float(got) - want) < 1e-6
    if reader == "phone":
        return re.sub(r"\D", "", got)[-9:] == re.sub(r"\D", "", want)[-9:]
    if isinstance(want, dt.time):
        return got[:5] == want.strftime("%H:%M")
    return got[:10] == want.isoformat()[:10] if isinstance(want, dt.date) else got.strip() == want.strip()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ade")
    parser.add_argument("families")
    parser.add_argument("changes", type=int)
    parser.add_argument("seeds", type=int, nargs="+")
    parser.add_argument("--draw", default="")
    parser.add_argument("--only", default="")
    parser.add_argument("--rows", type=int, help="of each case, at most")
    parser.add_argument("--fields", type=int, help="that the author knows, at most")
    parser.add_argument("--template", default="default")
    parser.add_argument("--keep")
    given = parser.parse_args()
    sys.dont_write_bytecode = True
    sys.argv[1:] = ["", given.draw] if given.draw else []
    place = Place(os.path.abspath(given.ade), Path(given.keep or tempfile.mkdtemp()))
    place.folder.mkdir(exist_ok=True)
    tried, broken, cells, wrong = Counter(), Counter(), 0, 0
    for number, folder in enumerate(given.families.split(":")):
        sys.path.insert(0, folder)
        sys.modules.pop("families", None)
        families = importlib.import_module("families")
        for family in families.FAMILIES:
            if given.only and family not in given.only.split(","):
                continue
            configured = configuration(place, families, family, number, given)
            count, others = unlike_truth(families, family, configured, given)
            cells, wrong = cells + count, wrong + len(others)
            for other in others:
                print("unlike the truth:", other, flush=True)
            for seed in given.seeds:
                done = place.call("test", configured.name, "--fuzz", given.changes, "--seed", seed, "--json")
                assert done.returncode in (0, 1), (family, done.stdout, done.stderr)
                for case in json.loads(done.stdout)["cases"]:
                    if case["error"]:
                        print("nothing tried:", family, case["name"], case["error"], flush=True)
                    tried.update(case["tried"])
                    for one in case["broken"]:
                        broken[one["kind"]] += one["times"]
                        first = one["error"] or "; ".join(_words(difference) for difference in one["differences"][:3])
                        print(f"{family} {case['name']} seed {seed}: {one['kind']} ({one['times']} times), {one['change']}: {first}", flush=True)
    print(f"{wrong} of {cells} cells of the cases unlike the truth")
    for kind, count in sorted(tried.items()):
        print(f"{kind:16} {count:5} tried {broken[kind]:4} broken")
    print(f"{'all':16} {sum(tried.values()):5} tried {sum(broken.values()):4} broken")


def _words(one):
    return f"{one['what']} row {one['row']} {one['field']} {str(one['expected'])[:60]!r} -> {str(one['got'])[:60]!r}"


if __name__ == "__main__":
    main()
