"""The documentation is correct: its examples run, its tables are complete."""

import datetime as dt
import doctest
import json
import re
from pathlib import Path

import polars as pl
import pytest
from conftest import declared

from ade_engine import fields
from ade_engine.fields.headers import score, simplify
from ade_engine.models import ENGINE_EVENT_SCHEMAS, HookName

DOCS = Path(__file__).resolve().parents[2] / "docs"


CONFIGURATION, FIELDS, FUNCTIONS, HOOKS, ISSUES, ENGINE, EVENTS, COLUMNS, ROWS, ENGINE_1_9 = (
    (DOCS / f"{name}.md").read_text(encoding="utf-8")
    for name in """reference/configuration reference/fields reference/functions reference/hooks reference/issues reference/engine reference/events
        explanation/columns explanation/rows explanation/engine-1.9""".split()
)


@pytest.fixture
def example(tmp_path):
    """The files of the example of functions, as it names them."""
    folder = tmp_path / "my-config"
    for name, text in re.findall(r'```\w+ title="(\S+)"\n(.*?)```', FUNCTIONS, re.DOTALL):
        path = tmp_path / name if name == "input.csv" else folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_the_example_of_functions_makes_the_output_it_shows(run, example, tmp_path):
    outcome = run(example, tmp_path / "input.csv")
    assert outcome.result.error is None, outcome.result.error
    table = re.search(r"<!-- output: (\S+) -->\n((?:\|.*\n)+)", FUNCTIONS)
    shown = [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2].splitlines()]
    del shown[1]
    written = [["" if value is None else str(value) for value in row] for row in outcome.rows()]
    assert written == shown and outcome.output.name == table[1]
    issues = re.search(r"<!-- issues: (\d+) -->", FUNCTIONS)
    assert outcome.completed["validation"]["issues_total"] == int(issues[1])
    assert outcome.completed["evaluation"]["outcome"] == "success"


def test_the_manifest_of_the_example_does_what_it_says(run, example, tmp_path):
    (text,) = re.findall(r"<!-- manifest: manifest.toml -->\n```toml\n(.*?)```", FUNCTIONS, re.DOTALL)
    (example / "manifest.toml").write_text(text, encoding="utf-8")
    assert run(example, tmp_path / "input.csv").rows()[0] == ["Customer", "order_id", "amount", "email"]


def test_every_python_example_compiles():
    pages = (CONFIGURATION, FIELDS, FUNCTIONS, HOOKS, ISSUES, ENGINE, COLUMNS, ROWS)
    examples = re.findall(r'```python(?: title="\S+")?\n(.*?)```', "".join(pages), re.DOTALL)
    assert len(examples) > 16
    for text in examples:
        compile(text, "example", "exec")


def test_sessions_say_what_python_says():
    """Runs the examples one after the other, as a reader would type them."""
    sessions = re.findall(r"```pycon\n(.*?)```", FIELDS, re.DOTALL)
    assert len(sessions) > 4
    test = doctest.DocTestParser().get_doctest("".join(sessions), {}, "fields.md", "fields.md", 0)
    said: list[str] = []
    doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    assert not said, "".join(said)


#: The spelling of values in the tables.
SPELT = {"duration": lambda value: f"{value // dt.timedelta(hours=1)}:{value // dt.timedelta(minutes=1) % 60:02}", "number": lambda value: f"{value:.15g}"}
TABLES = re.findall(r"<!-- reads: (\w+) -->\n\|.*\n\|[-|]+\n((?:\|.*\n)+)", FIELDS)


@pytest.mark.parametrize("kind, rows", TABLES, ids=[kind for kind, _ in TABLES])
def test_cells_of_the_tables_are_read_as_they_say(kind, rows):
    reader = getattr(fields, kind)
    for row in rows.splitlines():
        cells, wanted = row.strip("|").split(" | ")
        texts = re.findall("`([^`]*)`", cells)
        assert texts, row
        for text in texts:
            value = pl.DataFrame({"x": [text]}).select(reader("x")).item()
            shown = "empty" if value is None else SPELT.get(kind, str)(value)
            # The text after a colon, a semicolon or a comma is an explanation.
            assert shown == re.split(r"[:;,] ", wanted.strip())[0], (text, shown)


def test_the_page_of_fields_names_all_that_fields_offers():
    for name in (*fields.__all__, score.__name__, simplify.__name__):
        assert re.search(rf"\b{name}\(" if name != "section" else "`section`", FIELDS), name
    for setting in ("date_order", "decimal_mark"):
        assert f"| `{setting}` |" in FIELDS


def test_the_hook_of_issues_reports_what_it_says(run, template):
    (text,) = re.findall(r"```python\n(import polars[^`]*report\([^`]*)```", ISSUES)
    reads = {"order_id": "text", "customer": "text", "paid": "date", "due": "date", "amount": "number"}
    fields = ", ".join(f'Field("{name}", read={read})' for name, read in reads.items())
    (template / "src/ade_config/columns/fields.py").write_text(declared(fields))
    (template / "src/ade_config/hooks/orders.py").write_text(text)
    rows = [["Order id", "Customer", "Paid", "Due", "Amount"], ["A-1", "Ann", "2024-05-06", "2024-05-07", 0]]
    outcome = run(template, [*rows, ["A-2", "Bo", "2024-05-09", "2024-05-07", 0], ["A-1", "Ann", "2024-05-09", "2024-05-07", 0]])
    assert outcome.result.error is None, outcome.result.error
    lines = outcome.output.with_name("input_issues.ndjson").read_text("utf-8").splitlines()
    found = [(line["cell"], line["row"], line["rule"], line["severity"]) for line in map(json.loads, lines)]
    assert found == [
        (None, None, "check_orders", "warning"), (None, 2, "check_orders", "error"),
        ("C2", 2, "paid.too_early", "warning"), (None, 4, "check_orders", "error"),
    ]


def test_every_rule_of_the_engine_is_described():
    code = "".join(path.read_text("utf-8") for path in Path(fields.__file__).parents[1].joinpath("pipeline").rglob("*.py"))
    described = re.findall(r"^\| `(\w+)` \| (?:error|warning|info) \|", ISSUES, re.MULTILINE)
    assert len(described) == 13
    for rule in described:
        assert re.search(rf'["}}.]{rule}"', code), rule


def test_every_stage_is_described():
    for stage in HookName:
        assert f"| `{stage.value}` |" in HOOKS


def test_every_event_is_described():
    rows = re.findall(r"^\| `(engine\.[a-z_.]+)` \|.*\| (.*) \|$", EVENTS, re.MULTILINE)
    described = {name: re.findall(r"`([a-z_]+)`", keys) for name, keys in rows}
    reserved = set(ENGINE_EVENT_SCHEMAS) - set(described)
    assert set(described) <= set(ENGINE_EVENT_SCHEMAS)
    for name in reserved:
        assert f"`{name}`" in ENGINE_1_9 + ENGINE, name
    assert len(reserved) < 10
    for name, keys in described.items():
        if (schema := ENGINE_EVENT_SCHEMAS[name]) is not None:
            assert keys == list(schema), name
