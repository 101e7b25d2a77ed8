"""How many changes of layout change what comes out of the tables of made-up senders, by kind.

    changes.py ADE CHANGES SEED... [--draw DRAW]

ADE is the command. Each family of `tests/workshop` gets a configuration from the first month of its first sender, and
`ade test --fuzz` tries changes of that file's layout; DRAW is another draw of layouts and values.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

FAMILIES = Path(__file__).resolve().parents[2] / "tests/workshop/families.py"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("ade")
    parser.add_argument("changes", type=int)
    parser.add_argument("seeds", type=int, nargs="+")
    parser.add_argument("--draw", default="")
    given = parser.parse_args()
    place = Path(tempfile.mkdtemp())
    environment = {**os.environ, "ADE_DATA_DIR": str(place / "data"), "NO_COLOR": "1"}

    def call(*arguments):
        command = [os.path.abspath(given.ade), *map(str, arguments)]
        done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True)
        assert done.returncode in (0, 1), (arguments, done.stdout, done.stderr)
        return done.stdout

    subprocess.run([sys.executable, FAMILIES, place / "files", given.draw], check=True)
    tried, broken = Counter(), Counter()
    for folder in sorted(path for path in (place / "files").iterdir() if path.is_dir()):
        call("init", folder.name, "-q", "--from", *folder.glob("a1.*"))
        for seed in given.seeds:
            words = ["test", folder.name, "--fuzz", given.changes, "--seed", seed, "--json"]
            for case in json.loads(call(*words))["cases"]:
                tried.update(case["tried"])
                for one in case["broken"]:
                    broken[one["kind"]] += one["times"]
                    print(f"{folder.name} seed {seed}: {one['kind']} ({one['times']} times), {one['change']}", flush=True)
    for kind, count in [*sorted(tried.items()), ("all", tried.total())]:
        print(f"{kind:16} {count:5} tried {broken.total() if kind == 'all' else broken[kind]:4} broken")


if __name__ == "__main__":
    main()
