"""How many changes of a layout `ade drift` names rightly, and how often it is wrong about files without any.

    measure.py ADE FAMILIES [DRAW]

ADE is the command; FAMILIES one or more folders, joined by ":", in which `families.py` and `changes.py` are found first, which write tables
of made-up senders month by month and change their layouts. For each sender month 1 is run, months 2 and 3 are compared with it as they are,
and month 2 with four changes, one at a time, and then with two of them at once.
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
    sys.path[:0] = families_folder.split(":")
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
    tried = named = unchanged = alarms = more = twice = both = 0
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
            # Neither is a header another one in capitals.
            lower = [header.lower() for header in layout.headers.values()]
            possible = [one for one in possible if one[0] != "renamed" or [header.lower() for header in one[1].headers.values()] != lower]
            for what, changed in possible[:4]:
                is_named, others, said = told(call("drift", write(2, changed), "-c", "plain", "--json")["differences"], [what])
                tried, named, more = tried + 1, named + is_named, more + bool(others)
                if not is_named or others:
                    print("named" if is_named else "missed", family, sender, what, said)
            for (first, changed), (second, _) in [possible[:2], possible[2:4]]:
                again = changes.change(rng, family, changed, second)
                is_renamed = again is None or second != "renamed" or len({str(one.headers).lower() for one in (changed, again)}) == 2
                if again is None or not is_renamed or (second in of_cells and cells_of(families, family, again) == cells_of(families, family, changed)):
                    continue
                is_named, others, said = told(call("drift", write(2, again), "-c", "plain", "--json")["differences"], [first, second])
                twice, both = twice + 1, both + is_named
                if not is_named or others:
                    print("both named" if is_named else "not both", family, sender, first, "and", second, said)
    print(f"changed: {named} of {tried} named, {more} with more said; unchanged: {alarms} false alarms in {unchanged}")
    print(f"two changes at once: both named in {both} of {twice}")


def told(found, changes):
    """Whether each change is named, whether something else is said, and what is said."""
    codes = [one["code"] for one in found]
    wanted = [SAYS[what] if isinstance(SAYS[what], tuple) else (SAYS[what],) for what in changes]
    is_named = all(any(code in each for code in codes) for each in wanted)
    return is_named, any(all(code not in each for each in wanted) for code in codes), [one["message"] for one in found]


def cells_of(families, family, layout):
    return families.cells_of(family, layout, families.rows_of(family, layout, 2))


if __name__ == "__main__":
    main(*sys.argv[1:])
