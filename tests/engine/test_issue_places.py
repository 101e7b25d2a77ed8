"""Issues and the row map name the sender's own cells and rows, whatever hooks do to the rows of random sheets."""

import json
import random

import pytest
from conftest import everything, plugin

FIRST = "Ann Bo Cy Di Ed Flo Gil Hal".split()
LAST = "Hall Kim Lee Moore Nash Ott Pike Quinn".split()
STAGES = ("on_table_mapped", "on_table_transformed", "on_table_validated")
#: The broken value of a cell, by its header, and the rule that finds it.
BROKEN = {
    "E-mail": ("no address", "email.value_lost"),
    "Hire Date": ("soon", "start_date.value_lost"),
    "Hours": (112, "hours.up_to_80"),
    "Gross Wages": ("ask", "pay.value_lost"),
}
#: Changes of hooks to a table, at the given stage.
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
    "adds a row": 'pl.concat([pl.DataFrame({"member_id": ["M-9999"], "first_name": ["Ivy"], "last_name": ["Reed"], "email": ["ivy@example.org"]}), table], how="diagonal")',
    "trims and fills": 'table.with_columns(pl.col("first_name", "last_name").str.strip_chars().str.to_uppercase().fill_null("-"))',
    "maps": 'table.with_columns(pl.col("last_name").replace({"Hall": "Kim", "Ott": "Nash"}))',
}


#: Changes of hooks after which nobody can know which row is which, or which cell.
HOSTILE = {
    "counts double": "table.with_columns(pl.selectors.numeric() * 2)",
    "adds one": 'table.with_columns(pl.col("__ade_row") + 1)',
    "sorts each column": "pl.DataFrame({name: table.get_column(name).sort() for name in table.columns})",
    "makes groups": 'table.group_by("last_name", maintain_order=True).agg(pl.all().max())',
    "sums up": 'table.group_by("first_name", maintain_order=True).agg(pl.selectors.numeric().sum(), pl.selectors.string().first())',
    "drops a number": 'table.drop("__ade_row").reverse()',
    "selects and sorts": 'table.select(pl.exclude("^__ade_.*$")).sort("last_name")',
    "shifts a column": 'table.with_columns(pl.col("email", "hours", "start_date", "pay").shift(1))',
    "reverses a column": 'table.with_columns(pl.col("email", "hours", "start_date", "pay").reverse())',
    "moves rows and values": 'table.reverse().with_columns(pl.col("email", "hours", "start_date", "pay").shift(2))',
    "renames fields into each other": 'table.rename({"email": "first_name", "first_name": "email"})',
    "renames fields in a circle": 'table.rename({"hours": "pay", "pay": "email", "email": "start_date", "start_date": "hours"})',
    "copies fields": 'table.with_columns(email=pl.col("start_date"), hours=pl.col("pay"), pay=pl.col("hours"))',
    "sorts all but the numbers of rows": 'table.with_columns(pl.exclude("^__ade.*$").sort_by("last_name", "first_name"))',
    "gathers all backwards": 'table.with_columns(pl.exclude("^__ade.*$").gather(range(table.height)[::-1]))',
    "one of a group": 'table.with_columns(pl.col("email", "hours", "start_date", "pay").last().over("last_name"))',
    "sorts within groups": 'table.with_columns(pl.col("email", "hours", "start_date", "pay").reverse().over("first_name"))',
    "fills downwards": 'table.with_columns(pl.col("email", "hours", "start_date", "pay").shift(1).backward_fill())',
    "in place": '(table.replace_column(table.get_column_index("email"), table["email"].reverse()), None)[1]',
    "by Python": 'table.with_columns(pl.Series(name, table[name].to_list()[1:] + [None], dtype=table.schema[name]) for name in ("email", "hours", "start_date", "pay"))',
    "groups and explodes": 'table.group_by("last_name").agg(pl.exclude("hours"), pl.col("hours").reverse()).explode(pl.exclude("last_name"))',
    "joins with itself": 'table.join(table.select("last_name", x="email"), on="last_name").with_columns(email=pl.col("x"))',
    "makes a new table": "pl.DataFrame({name: table.get_column(name).reverse() for name in table.columns if name[0] != '_'})",
}
#: Changes of transforms to a column, in addition to the readers of its field.
TRANSFORMS = {
    "backwards": "pl.col({0!r}).reverse()",
    "sorted": "pl.col({0!r}).sort()",
    "one down": "pl.col({0!r}).shift(1)",
    "shuffled": "pl.col({0!r}).shuffle(seed=3)",
    "another column": "pl.col({1!r})",
    "one of a group": 'pl.col({0!r}).first().over("last_name")',
}


def sheet(chance):
    """Returns the rows of a sheet, and the position of its header, from 0."""
    header = ["Member ID", "First Name", "Last Name", "E-mail", "Hire Date", "Hours", "Gross Wages"]
    rows = [header]
    for number in range(chance.randint(8, 20)):
        first, day = chance.choice(FIRST), f"2021-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        rows.append([f"M-{number:04}", first, chance.choice(LAST), f"{first}.{number}@example.org".lower(), day, chance.randint(10, 60), chance.randint(400, 900) + 0.25])
    order = chance.sample(range(7), 7) if chance.random() < 0.5 else range(7)
    above, left = [["Crew of the yard"], []] if chance.random() < 0.5 else [], [None] * chance.choice((0, 0, 1))
    return [*above, *(left + [row[at] for at in order] for row in rows)], len(above)


def at_stages(hooks):
    """Each hook at each stage; by default each at one of them, in turn."""
    cases = [(hook, stage) for hook in hooks for stage in STAGES]
    return cases if everything() else [(hook, STAGES[at % 3]) for at, hook in enumerate(hooks)]


@pytest.fixture
def moved(succeed, template):
    """Runs the template with a hook on random sheets with a broken cell each: the run, its sheets, and the cells that issues should name."""

    def call(hook, stage, chance, more=""):
        moves = plugin(stage, f"return {hook}", "*, table, **_")
        (template / "src/ade_config/hooks/moves.py").write_text(moves + more)
        sheets, wanted = {}, {}
        for title in ("North", "South"):
            rows, header = sheet(chance)
            row, name = chance.randrange(header + 1, len(rows)), chance.choice([*BROKEN])
            at = rows[header].index(name)
            rows[row][at], rule = BROKEN[name]
            sheets[title], wanted[title] = rows, (f"{'ABCDEFGH'[at]}{row + 1}", rule, str(rows[row][at]))
        return succeed(template, sheets), sheets, wanted

    return call


def none_is_wrong(outcome, wanted):
    for issue in outcome.issues:
        assert issue["cell"] is None or (issue["cell"], issue["rule"]) == wanted[issue["sheet"]][:2], issue


def rows_of(tables):
    """The numbers of the sender's rows."""
    return [row for table in tables for first, last in table["rows"] for row in range(first, last + (1 if first <= last else -1), 1 if first <= last else -1)]


def map_holds(outcome, sheets, unknown=()):
    """Each row of the output has the key of the line that the map names, and the map has each line once."""
    (path,) = outcome.output.parent.glob("*_rows.json")
    content, book = json.loads(path.read_text("utf-8")), outcome.book
    for title, rows in sheets.items():
        (table,) = [one for one in content["tables"] if one["sheet"] == title]
        lines = [row for one in content["not_written"] if one["sheet"] == title for row in range(one["first"], one["last"] + 1)]
        assert lines == sorted({*lines})
        if table["unknown"] in unknown:
            assert table["rows"] == []
            continue
        assert table["unknown"] is None
        shown = book[table["output_sheet"]].iter_rows(min_row=table["first_row"], values_only=True)
        for row, values in zip(rows_of([table]), shown):
            there = {value for value in rows[row - 1] if str(value).startswith("M-")} if row else set()
            assert there <= {*values} and bool(there) == bool(row), (row, values)
        written = {*rows_of([table])} - {0}
        assert not written & {*lines} and written | {*lines} == {*range(1, len(rows) + 1)}


@pytest.mark.parametrize("hook, stage", at_stages(HOOKS))
def test_an_issue_names_the_cell_that_was_broken_and_each_row_its_line(moved, hook, stage):
    outcome, sheets, wanted = moved(HOOKS[hook], stage, random.Random(f"{hook} {stage}"))
    assert {issue["sheet"]: (issue["cell"], issue["rule"], issue["value"]) for issue in outcome.issues} == wanted and len(outcome.issues) == 2
    for issue in outcome.issues:
        # The value is at the position in the output that the list names.
        written = outcome.book[issue["output_sheet"]][issue["output"]].value
        assert issue["written"] == ("" if written is None else str(written))
    map_holds(outcome, sheets)


@pytest.mark.parametrize("hook, stage", at_stages(HOSTILE))
def test_no_issue_names_a_wrong_cell_and_no_row_a_wrong_line(moved, hook, stage):
    outcome, sheets, wanted = moved(HOSTILE[hook], stage, random.Random(f"{hook} {stage}"))
    none_is_wrong(outcome, wanted)
    if "column" not in hook or "each" in hook:
        map_holds(outcome, sheets, ["ade_config.hooks.moves.fn"])


@pytest.mark.parametrize("priority", (50, -50))
@pytest.mark.parametrize("work", TRANSFORMS)
def test_no_issue_names_a_wrong_cell_behind_a_transform(moved, work, priority):
    chance = random.Random(f"{work} {priority}")
    fields = {"email": "first_name", "hours": "hours", "start_date": "last_name", "pay": "pay"}
    line = "    registry.register_column_transform(lambda **_: {}, field={!r}, priority={})\n"
    more = "".join(line.format(TRANSFORMS[work].format(*pair), pair[0], priority) for pair in fields.items())
    for _ in range(3):
        outcome, _, wanted = moved("None", "on_table_mapped", chance, more)
        none_is_wrong(outcome, wanted)
