"""Issues name the sender's own cell, whatever hooks do to the rows.

`ADE_ISSUE_EDITS=500` in the environment tries so many edits; by itself the test takes forty.
"""

from __future__ import annotations

import json
import os
import random

import pytest

EDITS = int(os.environ.get("ADE_ISSUE_EDITS", "40"))
FIRST = ("Ann", "Bo", "Cy", "Di", "Ed", "Flo", "Gil", "Hal")
LAST = ("Hall", "Kim", "Lee", "Moore", "Nash", "Ott", "Pike", "Quinn")
#: What is put into a cell, by its header, and the rule that finds it.
BROKEN = {
    "E-mail": ("no address", "email.value_lost"),
    "Hire Date": ("soon", "start_date.value_lost"),
    "Hours": (112, "hours.up_to_80"),
    "Gross Wages": ("n/a", "pay.value_lost"),
}
#: What hooks do to a table, at the stage that is given.
HOOKS = {
    "nothing": "table",
    "sorts": 'table.sort("last_name", "first_name", descending=True)',
    "filters": 'table.filter(pl.col("first_name") != "Zoe")',
    "reverses": "table.reverse()",
    "selects a part and sorts": 'table.sort("first_name").slice(0, table.height)',
    "doubles and takes back": 'pl.concat([table, table.head(3)]).unique("__ade_row", maintain_order=True)',
    "joins": 'table.join(pl.DataFrame({"first_name": ["Ann", "Bo"], "Team": ["A", "B"]}), on="first_name", how="left")',
    "shuffles": "table.sample(fraction=1.0, shuffle=True, seed=7)",
    "goes through Python": "pl.DataFrame(table.to_dicts(), schema=table.schema)",
}


def person(random_, number):
    first, last = random_.choice(FIRST), random_.choice(LAST)
    day = f"2021-{random_.randint(1, 12):02}-{random_.randint(1, 28):02}"
    return [f"M-{number:04}", first, last, f"{first}.{number}@example.org".lower(), day, random_.randint(10, 60), random_.randint(400, 900) + 0.25]


def sheet(random_):
    """Rows of a sheet, with its header's row from 0, the first record, and how many records there are."""
    header = ["Member ID", "First Name", "Last Name", "E-mail", "Hire Date", "Hours", "Gross Wages"]
    above = [["Crew of the yard"], []] if random_.random() < 0.5 else []
    left = [None] * random_.choice((0, 0, 1))
    records = [person(random_, number) for number in range(random_.randint(8, 20))]
    order = [header.index(name) for name in random_.sample(header, len(header))] if random_.random() < 0.5 else range(len(header))
    rows = [*above, *(left + [row[at] for at in order] for row in [header, *records])]
    return rows, len(above), len(records)


def letters(column):
    return "ABCDEFGHIJKLMN"[column]


@pytest.mark.parametrize("stage", ["on_table_mapped", "on_table_transformed", "on_table_validated"])
@pytest.mark.parametrize("hook", HOOKS)
def test_an_issue_names_the_cell_that_was_broken(run, template, tmp_path, monkeypatch, hook, stage):
    (template / "src/ade_config/hooks").mkdir(exist_ok=True)
    (template / "src/ade_config/hooks/moves.py").write_text(
        f"import polars as pl\n\ndef moves(*, table, **_):\n    return {HOOKS[hook]}\n\n"
        f'def register(registry):\n    registry.register_hook(moves, hook="{stage}", priority=1)\n'
    )
    random_ = random.Random(f"{hook} {stage}")
    cases = len(HOOKS) * 3
    for _ in range(max(1, EDITS // cases)):
        sheets, wanted = {}, {}
        for title in ("North", "South"):
            rows, header, count = sheet(random_)
            row = header + 1 + random_.randrange(count)
            name = random_.choice([*BROKEN])
            column = rows[header].index(name)
            rows[row][column], rule = BROKEN[name]
            sheets[title] = rows
            wanted[title] = (f"{letters(column)}{row + 1}", rule, str(rows[row][column]))
        monkeypatch.setenv("ADE_ENGINE_RUN", "1")
        outcome = run(template, sheets, settings={"issue_list": True})
        assert outcome.result.error is None, outcome.result.error
        path = outcome.output.with_name(f"{outcome.output.stem.removesuffix('_normalized')}_issues.ndjson")
        found = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        assert {one["sheet"]: (one["cell"], one["rule"], one["value"]) for one in found} == wanted and len(found) == 2
        for one in found:
            # The value stands in the output where the list says.
            import openpyxl

            written = openpyxl.load_workbook(outcome.output)[one["output_sheet"]][one["output"]].value
            assert one["written"] == ("" if written is None else str(written))
