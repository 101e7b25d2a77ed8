"""Hooks report issues of rows, whatever other hooks do to them; single messages are in
`tests/sheets/issues/reported_by_hooks.toml`.
"""

import random

import pytest
from conftest import declared, everything

PACKAGE = declared('Field("no", headers=["no"], read=text, key=True, label="Number"), Field("hours", headers=["hours"], read=number)')

MOVES = [
    'return table.filter(pl.col("hours").cast(pl.Float64) > 20)',
    'return table.sort("hours")',
    "return table.reverse()",
    "return table.sample(fraction=0.7, shuffle=True, seed=3)",
    "return pl.concat([table, table.head(3)])",
    'return table.with_columns(pl.col("hours").cast(pl.Float64) + 1)',
    'return table.select("no", "hours", "^__ade_(issue|has).*$")',
    'return table.with_columns(pl.col("^__ade_row$").shift(1))',
    'return table.group_by("hours", maintain_order=True).first()',
    'return pl.concat([table, pl.DataFrame({"no": ["new"], "hours": [1]}, schema={name: table.schema[name] for name in ("no", "hours")})], how="diagonal")',
]


@pytest.mark.parametrize("seed", range(20 if everything() else 8))
def test_no_row_is_named_that_was_not_meant(succeed, template, seed):
    chance = random.Random(seed)
    rows = [[f"{n}", chance.randrange(80)] for n in range(1, 31)]
    meant = {f"{chance.randrange(1, 31)}" for _ in range(8)}
    stages = {"on_table_mapped": [], "on_table_validated": []}
    for _ in range(3):
        stages[chance.choice([*stages])].append(chance.choice(MOVES))
    stages[chance.choice([*stages])].insert(0, f'report("meant", rows=pl.col("no").cast(pl.String).is_in({sorted(meant)}))')
    (template / "src/ade_config/columns/fields.py").write_text(PACKAGE)
    hooks = "import polars as pl\n\ndef register(registry):\n"
    for stage, bodies in stages.items():
        for number, body in enumerate(bodies):
            hooks += f"    def own(*, table, report):\n        {body}\n    registry.register_hook(own, hook={stage!r}, priority={-number})\n"
    (template / "src/ade_config/hooks/own.py").write_text(hooks)
    outcome = succeed(template, {"A": [["No", "Hours"], *rows]})
    found = [line["row"] for line in outcome.issues if line["message"] == "meant"]
    named = {rows[row - 2][0] for row in found if row is not None}
    assert named <= meant
    if None not in found:
        # The list has the issue of each written row for which it was meant.
        header, *written = outcome.rows("A")
        assert named == meant & {row[header.index("Number")] for row in written}
    listed = outcome.noticed["issue_list"]
    assert outcome.completed["validation"]["issues_total"] == listed["count"] == len(outcome.issues) == sum(one["count"] for one in outcome.noticed["issues"])
