"""How many changes of a layout `ade drift` names rightly, and how often it is wrong about files without any.

    measure.py ADE FAMILIES [DRAW]

ADE is the command; FAMILIES a folder with `families.py` and `changes.py`, which write tables of made-up senders month by month and change
their layouts. For each sender month 1 is run, month 2 is compared with it as it is, and with four changes, one at a time.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

#: What is said of each kind of change.
SAYS = {
    "renamed": "column_renamed", "moved": "column_moved", "new column": "column_new", "dropped": "column_gone",
    "sheet renamed": "sheet_renamed", "date form": ("date_order", "date_shape"), "decimal mark": "decimal_mark",
    "title added": "header_row", "totals moved": ("totals", "header_row"),
}


def main(ade, families_folder, draw=""):
    # The folder may not be written.
    sys.dont_write_bytecode = True
    sys.path.insert(0, families_folder)
    sys.argv[1:] = ["", draw] if draw else []
    import changes
    import families

    place = Path(tempfile.mkdtemp())
    environment = {**os.environ, "ADE_DATA_DIR": str(place / "data"), "NO_COLOR": "1"}

    def call(*arguments):
        done = subprocess.run([ade, *map(str, arguments)], cwd=place, env=environment, capture_output=True, text=True)
        if "drift" in arguments and done.returncode < 2:
            return json.loads(done.stdout)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)

    call("init", "plain")
    tried = named = unchanged = alarms = more = 0
    kinds = list(changes.CHANGES)
    for family in families.FAMILIES:
        for sender in range(3):
            layout, rng = families.layout_of(family, sender), random.Random(f"{family}{sender}{draw}")

            def write(month, layout):
                rows = families.rows_of(family, layout, month)
                return families.write(place / f"{family}_{'abc'[sender]}_{month}", layout, families.cells_of(family, layout, rows))

            call("run", "plain", write(1, layout))
            for month in (2, 3):
                found = call("drift", write(month, layout), "-c", "plain", "--json")["differences"]
                unchanged, alarms = unchanged + 1, alarms + bool(found)
                for one in found:
                    print("alarm", family, sender, one["message"])
            rng.shuffle(kinds)
            possible = [(what, changed) for what in kinds if (changed := changes.change(rng, family, layout, what)) is not None]
            # A file without decimals has no other decimal mark, and one without dates no other dates.
            same = cells_of(families, family, layout)
            of_cells = ("decimal mark", "date form")
            possible = [one for one in possible if one[0] not in of_cells or cells_of(families, family, one[1]) != same]
            for what, changed in possible[:4]:
                found = call("drift", write(2, changed), "-c", "plain", "--json")["differences"]
                said = [one["code"] for one in found]
                wanted = SAYS[what] if isinstance(SAYS[what], tuple) else (SAYS[what],)
                is_named = any(code in wanted for code in said)
                others = [one["message"] for one in found if one["code"] not in wanted]
                tried, named, more = tried + 1, named + is_named, more + bool(others)
                if not is_named or others:
                    print("named" if is_named else "missed", family, sender, what, [one["message"] for one in found])
    print(f"changed: {named} of {tried} named, {more} with more said; unchanged: {alarms} false alarms in {unchanged}")


def cells_of(families, family, layout):
    return families.cells_of(family, layout, families.rows_of(family, layout, 2))


if __name__ == "__main__":
    main(*sys.argv[1:])
