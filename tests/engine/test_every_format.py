"""Random grids of cells in every format, through every way that a run and `ade init --from` go: none ends as a fault of the engine's own.

What people's files have is in them: control characters, blank rows and columns, headers that repeat, sheets of one cell, formulas without a
value, cells of several types in a column. A seed always makes the same file; a failure names it.
"""

import datetime as dt
import json
import shutil
from random import Random

import openpyxl
import polars as pl
import pytest

from conftest import declared, everything, steps, write_files, write_package
from every_format import FORMATS, Formula, Sheet
from package_check import check_package
from test_sheets import tomllib

SEEDS = 4500 if everything() else 48
PORTION = 24
SEEDS_OF_SAMPLES = 1200 if everything() else 10

#: Names that the template's fields have, and others.
HEADERS = "First name|Surname|E-mail|Start date|Hours|Pay|Member ID|Phone|Notes|Ref|Blorb|Zed|2023|Jan|Feb|Mar|Total||Qty\x07| ".split("|")
WORDS = "Ada|Blom|x|n/a|-|Total|Sum|1.234,5|12|003|=1+1|#N/A|12/05/2024|2024-05-12|3:40|a@b.org|'|0| ||Zoë\u00a0K|€ 5|1,5".split("|") + ["y" * 300]
CONTROLS = [*map(chr, range(0x20)), "\x7f", "\ufffe", "\u200b"]
VALUES = {
    "text": lambda random: random.choice(WORDS),
    "name": lambda random: f"{random.choice(WORDS[:3])} {random.choice('KLM')}.",
    "number": lambda random: random.choice([0, 1, 7, -3, 2.5, 1e6, 1e-9, 2**60, 44_927, random.randrange(1000)]),
    "date": lambda random: dt.datetime(2024, random.randrange(1, 13), random.randrange(1, 29), random.choice([0, 0, 11]), random.choice([0, 30])),
    "time": lambda random: dt.time(random.randrange(24), random.randrange(60)),
    "duration": lambda random: dt.timedelta(minutes=random.randrange(-2400, 3600)),
    "truth": lambda random: random.random() < 0.5,
    "error": lambda random: random.choice(["#N/A", "#DIV/0!", "#REF!"]),
    "formula": lambda random: Formula(),
    "nothing": lambda random: None,
}


def table_of(random: Random) -> list[list]:
    """Labels above a header, the header, records, and rows below them."""
    width, height = random.choice([1, 2, 3, 5, 8]), random.choice([0, 1, 2, 3, 6, 14])
    kinds = [random.choice([*VALUES]) for _ in range(width)]
    header = [random.choice(HEADERS) for _ in range(width)]
    rows = [header[:] for _ in range(random.choice([0, 1, 1, 1, 2]))]
    for _ in range(height):
        rows.append([VALUES[kind if random.random() < 0.85 else random.choice([*VALUES])](random) for kind in kinds])
    if random.random() < 0.3:
        rows.append([random.choice(["Total", "Sum", "Summe"]), *(random.choice([None, 10, 99.5]) for _ in header[1:])])
    return rows


def change(rows: list[list], random: Random) -> None:
    """Do one thing that people, and programs, do to a sheet."""
    at = random.randrange(len(rows) + 1)
    width = max(map(len, rows), default=1) or 1
    what = random.randrange(12)
    if what == 0:
        rows[at:at] = [[] for _ in range(random.choice([1, 1, 2, 3]))]
    elif what == 1:
        column = random.randrange(width + 1)
        for row in rows:
            row.insert(min(column, len(row)), None)
    elif what == 2:
        rows.insert(at, [random.choice(["North", "South", "* note", "Region\x07 A", "Table 1: pay"])])
    elif what == 3 and rows:
        # A header that repeats, with labels above, and perhaps a blank row between.
        header = rows[0][:]
        for place in (0, at):
            rows[place:place] = [[random.choice(["Catch", "Gull", "Tern", None]) for _ in header], *([[]] if random.random() < 0.6 else []), *([header[:]] if place else [])]
    elif what == 4 and rows:
        rows += [[], *([cell for cell in row] for row in rows[: random.randrange(1, 5)])]
    elif what == 5 and rows:
        other = table_of(random)
        for place, row in enumerate(rows):
            row += [None, *(other[place] if place < len(other) else [])]
    elif what == 6 and rows:
        longest = max(map(len, rows))
        whole = [row + [None] * (longest - len(row)) for row in rows]
        rows[:] = [list(column) for column in zip(*whole)] or [[]]
    elif what == 7:
        rows[:] = [[f"{random.choice(HEADERS)}:", VALUES[random.choice([*VALUES])](random)] for _ in range(random.randrange(1, 9))]
    elif what == 8 and rows:
        rows[:] = [[] for _ in range(random.randrange(3))] + [[None] * random.randrange(4) + [random.choice([*WORDS, 5, "x\x0by", Formula()])]]
    elif what == 9:
        rows.insert(0, ["-" * 5] * width)
    else:
        for _ in range(random.randrange(1, 6)):
            row = random.choice(rows) if rows else []
            if row:
                place = random.randrange(len(row))
                text = row[place] if isinstance(row[place], str) else random.choice(WORDS)
                cut = random.randrange(len(text) + 1)
                row[place] = text[:cut] + random.choice(CONTROLS) + text[cut:]


def sheets_of(random: Random) -> list[Sheet]:
    sheets = []
    for number in range(random.choice([1, 1, 1, 2, 3])):
        rows = table_of(random) if random.random() < 0.95 else []
        for _ in range(random.choice([0, 1, 1, 2, 3, 5])):
            change(rows, random)
        sheets.append(Sheet(random.choice(["Pay", "März", "a'b", "2024"]) + str(number), rows))
    return sheets


def write_seed(seed: int, folder) -> tuple[object, Random]:
    """Returns the file of a seed, and the source of the random choices after it."""
    random = Random(seed)
    name = [*FORMATS][seed % len(FORMATS)]
    ending, write = FORMATS[name]
    path = folder / f"in-{seed}.{ending}"
    write(path, sheets_of(random))
    return path, random


#: Settings that lead other ways.
WAYS = [tomllib.loads(line.replace("; ", "\n")) for line in """

output_style = "plain"
also_write = "csv+parquet"; quarantine = "sheet"
also_write = "jsonl"; quarantine = "file"; all_fields = true
group_rows = "keep"; skip_total_rows = false; drop_blank_rows = false; notes_sheet = true
group_rows = "drop"; stop_at_blank_rows = 2; escape_formulas = false
merge_tables_in_sheet = true; remove_unmapped_columns = true
line_records = true; issue_columns = false; fill_merged_numbers = true
skip_sheets_without_fields = true; balance_rows = "keep"; sort_tables_by_mapping_ratio = true
""".split("\n")]  # fmt: skip

#: Fields of tables that are not one record a row.
RESHAPED = declared("""
    Field("site", "Site", headers=["region", "catch", "first name"], read=text, fill_down=True),
    Field("note", "Note", headers=["notes", "ref"], read=text, split=[",", ";"]),
    Field("month", "Month", part_of=MONTHS.header),
    Field("amount", "Amount", part_of=MONTHS.value, read=number, checks=[range_of]),
    Field("part", "Part", beside=[section, sheet_name], read=text),
    Field("sent", "Sent", beside=label("Start date"), read=date),
    Field("length", "Length", headers=["hours"], read=duration, required=True),
    Field("pay", "Pay", headers=["pay", "total"], read=money, unique="warning", by_values=True),
""", """
MONTHS = Stack("months")

def range_of(field_name):
    return range(field_name, least=0, most=80)
""")


@pytest.fixture
def packages(tmp_path, template):
    def changed(name: str, files: dict[str, str]):
        return write_files(shutil.copytree(template, tmp_path / name), {f"src/ade_config/{file}": text for file, text in files.items()})

    # Hooks that touch the output, and that move and drop rows.
    touching = changed("touching", steps(on_sheet_end="output_sheet.insert_rows(1); output_sheet['A1'] = 'made'"))
    moving = changed("moving", steps(on_table_mapped="return table.reverse().filter(table[table.columns[0]].reverse().is_not_null())"))
    reshaping = changed("reshaping", {"columns/fields.py": RESHAPED})
    older = write_package(tmp_path / "older", {}, fields=("surname", "pay"))
    return [template, template, reshaping, reshaping, touching, moving, older]


def fault_of(outcome, path, *, may_not_merge: bool) -> str | None:
    """Returns the fault of the end of a run, or of the files that it left."""
    error = outcome.result.error
    if error is not None:
        allowed = ("input_error", *(("pipeline_error",) if may_not_merge else ()))
        return None if error.code.value in allowed else f"{error.code.value}: {error.message}"
    for made in outcome.output.parent.iterdir():
        if made.suffix == ".xlsx":
            faults = check_package(made)
            if faults:
                return f"{made.name}: {faults[0]}"
            openpyxl.load_workbook(made)
        elif made.suffix in (".ndjson", ".jsonl"):
            [json.loads(line) for line in made.read_text("utf-8").splitlines()]
        elif made.suffix == ".json":
            json.loads(made.read_text("utf-8"))
        elif made.suffix == ".parquet":
            pl.read_parquet(made)
    return None


@pytest.mark.parametrize("start", range(0, SEEDS, PORTION))
def test_no_file_ends_a_run_as_a_fault_of_the_engine(run_by_ade, packages, tmp_path, start):
    for seed in range(start, start + PORTION):
        path, random = write_seed(seed, tmp_path)
        package, settings = random.choice(packages), random.choice(WAYS)
        if package is packages[-1]:
            settings = {}
        outcome = run_by_ade(package, path, settings=settings, output_dir=tmp_path / f"out-{seed}")
        fault = fault_of(outcome, path, may_not_merge="merge_tables_in_sheet" in settings)
        assert fault is None, f"seed {seed}, {path.name}, {package.name}, {settings}: {fault}"
        shutil.rmtree(tmp_path / f"out-{seed}", ignore_errors=True)


def test_no_sample_ends_as_a_fault_of_the_engine(template, tmp_path, monkeypatch):
    from ade_engine.cli.app import app

    monkeypatch.setenv("ADE_ENGINE_RUN", "1")
    bare = write_package(tmp_path / "bare", {"columns/none.py": "def register(registry):\n    pass\n", "/settings.toml": 'edition = "2026"\n'}, rows=None)
    for seed in range(0, SEEDS_OF_SAMPLES * 7, 7):
        path, random = write_seed(seed, tmp_path)
        made, asked = tmp_path / "made", tmp_path / "list.json"
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
        asked.write_text(json.dumps({"samples": [{"name": path.name, "input": str(path)}], "fields": None, "answers": []}))
        assert app(["infer", "fields", "--list", str(asked), "--output-dir", str(made), "--config-package", str(bare)]) == 0
        error = json.loads((made / "result.json").read_text("utf-8"))["error"]
        assert error is None or error["code"] != "unknown_error", f"seed {seed}, {path.name}: {error}"
