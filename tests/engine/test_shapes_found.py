"""Tables that are not one record a row, as `ade init --from` and `ade fix` find them: what is written, and that each cell that comes out is
what stands in the cell of the file that the run names for it.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from pathlib import Path

import openpyxl
import pytest
from conftest import write_workbook
from test_inferred import workshop

from ade_engine.cli.common import load_settings
from ade_engine.inference.declaring import is_declaration
from ade_engine.inference.suggest import edits, suggest

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"]
SITES = ["North", "South", "East", "West", "Harbour", "Airport", "Old town", "Station"]
PEOPLE = ["Ann Lee", "Bo Ek", "Cy Ray", "Di Orr", "Ed Poe", "Flo Kay", "Gus Fry", "Hal Moe", "Ida Nye", "Jo Fox", "Kim Day", "Lou Hay"]
some = random.Random(7)


def amounts(count: int) -> list[float]:
    return [round(some.uniform(100, 2000), 2) for _ in range(count)]


def crosstab():
    rows = [[site, f"C{some.randint(10, 99)}", *(own := amounts(6)), round(sum(own), 2)] for site in SITES]
    return [["Budget 2025"], [], ["Site", "Cost centre", *MONTHS, "Total"], *rows, ["Total", None, *(round(sum(row[at] for row in rows), 2) for at in range(2, 9))]]


def filled():
    return [["Site", "Team", "People", "Cost"], *([site if not at else None, f"Team {at + 1}", some.randint(3, 30), *amounts(1)] for site in SITES[:5] for at in range(4))]


def departments():
    sections = [["Sales"], ["Stores"], ["Office"]]
    return [["Name", "Staff no", "Pay"], *(row for at, head in enumerate(sections) for row in [head, *([name, str(1000 + some.randint(0, 999)), *amounts(1)] for name in PEOPLE[4 * at : 4 * at + 4])])]


def skills():
    return [["Name", "Skills", "Since"], *([name, ", ".join(some.sample(["Excel", "SQL", "Rust", "Python", "French"], some.randint(1, 3))), some.randint(2010, 2024)] for name in PEOPLE)]


def blocks():
    return [row for at, name in enumerate(PEOPLE[:8]) for row in [["Name", name], ["Street", f"{some.choice(['High', 'Mill'])} St {at + 1}"], ["City", some.choice(["Bern", "Lyon"])], ["Phone", f"030 {some.randint(100000, 999999)}"], []]]


def form(customer: str, day: int, count: int):
    articles = [[f"A-{some.randint(100, 999)}", some.randint(1, 90), *amounts(1)] for _ in range(count)]
    return [["Order"], ["Customer:", customer], ["Order date:", dt.datetime(2025, 3, day)], [], ["Article", "Quantity", "Price"], *articles]


PLANNED = [f"{month} 2025 {what}" for month in MONTHS for what in ("Plan", "Actual")]
UPPER = ["", *(cell for month in MONTHS[:4] for cell in (f"{month} 2025", None))]
#: The sheets, whether a person has to agree, what is written, and how many records come out.
TWELVE = {
    "crosstab": ({"Budget": crosstab()}, False, ['MONTHS = Stack("months")', "read=month, part_of=MONTHS.header", "part_of=MONTHS.value"], 48),
    "plan": ({"Plan": [["Site", *PLANNED], *([site, *amounts(12)] for site in SITES)]}, False, ['MONTHS = Stack("months", values={"plan": ["Plan"], "actual": ["Actual"]})', 'part_of=MONTHS["actual"]'], 48),
    "header": ({"Plan": [UPPER, ["Site", *["Plan", "Actual"] * 4], *([site, *amounts(8)] for site in SITES)]}, False, ['part_of=MONTHS["plan"]', 'part_of=MONTHS["actual"]'], 32),
    "prices": ({"Prices": [["Article", "Name", "Acme", "Birch Ltd", "Cedar", "Delta"], *([f"A-{100 + at}", f"Part {'ABCDEFGHIJ'[at]}", *amounts(4)] for at in range(10))]}, True, ['Stack(["Acme", "Birch Ltd", "Cedar", "Delta"])'], 40),
    "hours": ({"Hours": [["Name", "Mon", "Tue", "Wed", "Thu", "Fri"], *([name, *(some.choice([4, 6, 7.5, 8]) for _ in range(5))] for name in PEOPLE)]}, False, ['Stack("weekdays")'], 60),
    "filled": ({"Staff": filled()}, True, ["fill_down=True"], 20),
    "departments": ({"Pay": departments()}, False, ["beside=section"], 12),
    "skills": ({"Skills": skills()}, True, ['split=","'], None),
    "blocks": ({"Members": blocks()}, False, ["line_records = true"], 8),
    "form": ({"Order": form("Acme Ltd", 14, 8)}, False, ['beside=label("Customer")', 'beside=label("Order date")'], 8),
    "forms": ({"Orders": [*form("Acme Ltd", 14, 6), [], *form("Birch Ltd", 20, 5)]}, False, ['beside=label("Customer")'], 11),
    "sheets": ({town: [["Name", "Hours", "Pay"], *([name, some.randint(20, 40), *amounts(1)] for name in some.sample(PEOPLE, 6))] for town in ("Bern", "Lyon", "Oslo")}, False, ["beside=sheet_name"], 18),
}


def in_full(numbers, count: int) -> list[int]:
    """A list of the row map, number by number."""
    return [numbers] * count if isinstance(numbers, int) else [one for first, last in numbers for one in (range(first, last + 1) if first <= last else range(first, last - 1, -1))]


def astray(outcome, file: Path, labels: dict[str, str]) -> list:
    """The cells of the output that are not what stands in the cell of the file that the run names for them."""
    source, output, wrong = openpyxl.load_workbook(file), outcome.book, []
    told = json.loads(outcome.output.with_name(f"{file.stem}_rows.json").read_text("utf-8"))["tables"]
    for table, structure in zip(told, (one["structure"] for one in outcome.tables), strict=True):
        sheet, rows = output[table["output_sheet"]], in_full(table["rows"], 0)
        first = openpyxl.utils.cell.range_boundaries(structure["region"]["a1"])[0]
        columns = {column["mapping"]["field"]: first + column["index"] for column in structure["columns"] if column["mapping"]["field"]}
        own = {one["field"]: one for one in table.get("cells", ())}
        heads = [cell.value for cell in sheet[table["first_row"] - 1]]
        for field, label in labels.items():
            at = {key: in_full(own.get(field, {}).get(key, default), len(rows)) for key, default in (("rows", None), ("columns", columns.get(field, 0)), ("parts", 0)) if own.get(field, {}).get(key, default) is not None}
            for number, row in enumerate(rows):
                got = sheet.cell(table["first_row"] + number, heads.index(label) + 1).value
                row, column, part = at["rows"][number] if "rows" in at else row, at["columns"][number], at["parts"][number]
                want = source[table["sheet"]].cell(row, column).value if row and column else table["sheet"]
                want = want.split(", ")[part - 1] if part else want
                is_same = want == got or str(want).replace(" ", "") == str(got).replace(" ", "") or isinstance(got, dt.datetime) and str(want)[:3] == f"{got:%b}"
                wrong += [] if is_same else [(field, row, column, want, got)]
    return wrong


@pytest.mark.parametrize("name", TWELVE)
def test_what_a_file_is_gets_written_and_each_cell_knows_where_it_stood(name, tmp_path, succeed):
    sheets, is_asked, lines, count = TWELVE[name]
    file = write_workbook(tmp_path / f"{name}.xlsx", sheets)
    result = workshop("judge").configure(tmp_path / "asked", [file])
    config = tmp_path / "asked"
    if is_asked:
        (asked,) = [one for one in result["questions"] if one["kind"] == "shape"]
        assert len(asked["values"]) == 3
        text = (config / "src/ade_config/columns/fields.py").read_text("utf-8")
        assert "\n# Perhaps" in text and not any(line in row for line in lines for row in text.splitlines() if row[:1] != "#")
        config = tmp_path / "config"
        result = workshop("judge").configure(config, [file], answers=[asked["offers"][0]["answer"] | {"yes": True}])
    text = (config / "src/ade_config/columns/fields.py").read_text("utf-8") + (config / "settings.toml").read_text("utf-8")
    code = "\n".join(row for row in text.splitlines() if not row.startswith("#"))
    assert [line for line in lines if line not in code] == []
    outcome = succeed(config, file)
    labels = {one["name"]: one["label"] for one in result["fields"]}
    assert astray(outcome, file, labels) == []
    assert count is None or sum(len(in_full(one["rows"], 0)) for one in json.loads(outcome.output.with_name(f"{name}_rows.json").read_text("utf-8"))["tables"]) == count
    assert not [one for one in outcome.issues if one["severity"] == "error"] if list(outcome.output.parent.glob("*issues*")) else True


AUTHOR = '''from ade_engine.fields import Field, code, date, money, month, text

FIELDS = [
    Field("site", "Site", read=text),
    Field("cost_centre", "Cost centre", read=code),
    Field("amount", "Amount", read=money),  # net
    Field("article", "Article", read=code),
    Field("customer", "Customer", read=text),
]


def register(registry):
    for field in FIELDS:
        field.register(registry)
'''


@pytest.mark.parametrize(
    "name, field, said, added",
    [
        ("crosstab", "month+amount", 'Stack("months")', ['MONTHS = Stack("months")', "read=money, part_of=MONTHS.value),  # net", 'Field("month", "Month", read=month, part_of=MONTHS.header),', "import Stack"]),
        ("filled", "site", "fill_down=True", ["read=text, fill_down=True)"]),
        ("form", "customer", 'beside=label("Customer")', ['read=text, beside=label("Customer"))', "import label"]),
    ],
)
def test_fix_says_what_to_write_of_a_runs_tables_and_writes_it(name, field, said, added, tmp_path, template, succeed):
    file = write_workbook(tmp_path / f"{name}.xlsx", TWELVE[name][0])
    module = template / "src/ade_config/columns/fields.py"
    for other in module.parent.glob("*.py"):
        other.unlink()
    module.write_text(AUTHOR)
    settings, package = load_settings({**workshop("judge").NO_OPTIONS, "set": ["remove_unmapped_columns=false", "issue_columns=false", "also_write=parquet"], "config_package": str(template)}, file.name)
    (tmp_path / "made").mkdir()
    found = suggest({"root": str(template), "input": str(file)}, settings, package, tmp_path / "made")
    (one,) = [one for one in found["suggestions"] if is_declaration(one["header"])]
    assert (one["field"], one["header"], one["reason"] is not None) == (field, said, name != "filled")
    # Neither the total beside months nor a guess is a field's that stands elsewhere.
    assert not [other for other in found["suggestions"] if other is not one and other["field"] in field.split("+")]
    (edit,) = edits(template, [(field, said)], tmp_path / "made")["edits"]
    text = (tmp_path / "made" / edit["new"]).read_text()
    assert [line for line in added if line not in text] == []
    module.write_text(text)
    assert astray(succeed(template, file), file, {one: one.capitalize() for one in field.split("+")}) == []
