"""Issues name the sender's own cell, whatever hooks do to the rows."""

import random

import openpyxl
import pytest
from conftest import everything, plugin

FIRST = ("Ann", "Bo", "Cy", "Di", "Ed", "Flo", "Gil", "Hal")
LAST = ("Hall", "Kim", "Lee", "Moore", "Nash", "Ott", "Pike", "Quinn")
#: What is put into a cell, by its header, and the rule that finds it.
BROKEN = {
    "E-mail": ("no address", "email.value_lost"),
    "Hire Date": ("soon", "start_date.value_lost"),
    "Hours": (112, "hours.up_to_80"),
    "Gross Wages": ("ask", "pay.value_lost"),
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
    "adds a row": 'pl.concat([pl.DataFrame({"member_id": ["M-9999"], "first_name": ["Ivy"], "last_name": ["Reed"], "email": ["ivy@example.org"]}), table], how="diagonal")',
    "trims and fills": 'table.with_columns(pl.col("first_name", "last_name").str.strip_chars().str.to_uppercase().fill_null("-"))',
    "maps": 'table.with_columns(pl.col("last_name").replace({"Hall": "Kim", "Ott": "Nash"}))',
}


#: What hooks do that leaves nobody knowing which row is which, or which cell.
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


STAGES = ("on_table_mapped", "on_table_transformed", "on_table_validated")


def at_stages(hooks):
    """Each hook at each stage; by default each at one of them, in turn."""
    cases = [(hook, stage) for hook in hooks for stage in STAGES]
    return cases if everything() else [(hook, STAGES[at % 3]) for at, hook in enumerate(hooks)]


#: What transforms do to a column, beside the readers of its field.
TRANSFORMS = {
    "backwards": "pl.col({0!r}).reverse()",
    "sorted": "pl.col({0!r}).sort()",
    "one down": "pl.col({0!r}).shift(1)",
    "shuffled": "pl.col({0!r}).shuffle(seed=3)",
    "another column": "pl.col({1!r})",
    "one of a group": 'pl.col({0!r}).first().over("last_name")',
}


@pytest.fixture
def issues(succeed, template):
    """Runs the template with a hook on random sheets with a broken cell each: the list, what it should have, and the run."""

    def call(hook, stage, random_, more=""):
        moves = plugin(stage, f"return {hook}", "*, table, **_")
        (template / "src/ade_config/hooks/moves.py").write_text(moves + more)
        sheets, wanted = {}, {}
        for title in ("North", "South"):
            rows, header, count = sheet(random_)
            row = header + 1 + random_.randrange(count)
            name = random_.choice([*BROKEN])
            column = rows[header].index(name)
            rows[row][column], rule = BROKEN[name]
            sheets[title] = rows
            wanted[title] = (f"{'ABCDEFGH'[column]}{row + 1}", rule, str(rows[row][column]))
        outcome = succeed(template, sheets, settings={"issue_list": True})
        return outcome.issues, wanted, outcome

    return call


def none_is_wrong(found, wanted):
    for one in found:
        assert one["cell"] is None or (one["cell"], one["rule"]) == wanted[one["sheet"]][:2], one


@pytest.mark.parametrize("hook, stage", at_stages(HOOKS))
def test_an_issue_names_the_cell_that_was_broken(issues, hook, stage):
    random_ = random.Random(f"{hook} {stage}")
    found, wanted, outcome = issues(HOOKS[hook], stage, random_)
    assert {one["sheet"]: (one["cell"], one["rule"], one["value"]) for one in found} == wanted and len(found) == 2
    output = openpyxl.load_workbook(outcome.output)
    for one in found:
        # The value stands in the output where the list says.
        written = output[one["output_sheet"]][one["output"]].value
        assert one["written"] == ("" if written is None else str(written))


@pytest.mark.parametrize("hook, stage", at_stages(HOSTILE))
def test_no_issue_names_a_wrong_cell(issues, hook, stage):
    none_is_wrong(*issues(HOSTILE[hook], stage, random.Random(f"{hook} {stage}"))[:2])


@pytest.mark.parametrize("priority", (50, -50))
@pytest.mark.parametrize("work", TRANSFORMS)
def test_no_issue_names_a_wrong_cell_behind_a_transform(issues, work, priority):
    random_ = random.Random(f"{work} {priority}")
    fields = {"email": "first_name", "hours": "hours", "start_date": "last_name", "pay": "pay"}
    expressions = [TRANSFORMS[work].format(field, other) for field, other in fields.items()]
    more = "".join(
        f"    registry.register_column_transform(lambda **_: {expression}, field={field!r}, priority={priority})\n"
        for field, expression in zip(fields, expressions)
    )
    for _ in range(3):
        none_is_wrong(*issues("None", "on_table_mapped", random_, more)[:2])
