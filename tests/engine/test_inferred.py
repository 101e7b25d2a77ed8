"""Configurations that are inferred from samples whose truth is known: `tests/workshop` has the samples and the judge.

`ADE_WORKSHOP` names a folder with another `families.py`, which is measured as well.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from ade_engine.inference.inferred import InferredField, infer, label_of, slug
from ade_engine.inference.kinds import kind_of
from ade_engine.inference.pairs import Side, pairs
from ade_engine.inference.samples import Column, Sample, Table
from ade_engine.inference.written import fields_module

WORKSHOP = Path(__file__).resolve().parents[1] / "workshop"
FAMILIES = [WORKSHOP / "families.py", *(Path(folder) / "families.py" for folder in [os.environ.get("ADE_WORKSHOP")] if folder)]


def judge():
    spec = importlib.util.spec_from_file_location("judge", WORKSHOP / "judge.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("families", FAMILIES, ids=lambda path: path.parent.name)
def test_what_is_inferred_reads_later_files_and_no_cell_of_any_sender_is_wrong(families: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, families, tmp_path, "tests"], check=True)
    total = judge().measure(tmp_path)

    def share(what: str) -> float:
        return total[f"{what}_right"] / sum(total[f"{what}_{key}"] for key in ("right", "wrong", "missing"))

    assert total["fields_right"] == total["fields"]
    assert total["readers_right"] >= 0.95 * total["fields"]
    assert total["checks_wrong"] <= 2
    assert share("own") >= 0.995
    assert share("mended") >= 0.65
    assert share("answered") >= 0.85
    assert not sum(total[f"{what}_wrong"] for what in ("own", "as_it_is", "mended", "answered", "own_after"))


def sample(name: str, **columns: list) -> Sample:
    """A sample whose headers are those of a table; "_" stands for a blank."""
    made = []
    for place, (header, values) in enumerate(columns.items()):
        header = header.replace("_", " ")
        filled = sum(value is not None for value in values)
        made.append(Column(name, header, place, kind_of(header, pl.Series(values)), len(values), filled))
    return Sample(name, Path(name), [Table(name, "S", made, len(made[0].kind.values))], [], [])


def fields(*samples: Sample) -> dict[str, InferredField]:
    return {one.name: one for one in infer(samples).fields}


@pytest.mark.parametrize(
    ("header", "values", "reader"),
    [
        ("Reading", ["41233", "52931", "46120"] * 4, "number"),
        ("Customer no", ["41233", "52931", "46120"] * 4, "code"),
        ("Odd word", ["41,233", "52,931", "46,120"] * 4, "number"),
        ("Odd word", ["4012345678901", "4098765432109", "4011111111111"] * 4, "code"),
        ("Discount", [0.1, 0.25, 0.5] * 4, "number"),
        ("Start", ["08:15", "09:30", "17:05"] * 4, "time"),
        ("Hours", ["08:15", "09:30", "7:05"] * 4, "duration"),
        ("Taken", ["2025-03-01 08:15", "2025-03-02 09:00", "2025-03-02 17:45"] * 4, "date_time"),
        ("Supplier", ["Acme Ltd", "Globex Corp", "Blue Sky"] * 4, "text"),
        ("Driver", ["Ann Lee", "Bo Ek", "Cy Ray"] * 4, "person_name"),
        ("Paid", ["x", None, "x"] * 4, "boolean"),
    ],
)
def test_values_and_headers_say_how_a_column_is_read(header: str, values: list, reader: str) -> None:
    assert kind_of(header, pl.Series(values)).reader == reader


def test_checks_are_those_that_all_samples_pass() -> None:
    march = sample("march", Order=[f"A-{n}17" for n in range(20)], Status=["open", "sent"] * 10, Net=[n * 1.25 for n in range(20)])
    april = sample("april", Order=[f"B-{n}17" for n in range(20)], Status=["open", None] * 10, Net=[n - 3.5 for n in range(20)])
    assert fields(march)["order"].checks == ["required", "unique"]
    assert fields(march)["status"].checks == ["required", "one_of"]
    assert fields(march)["net"].checks == ["required", "not_negative"]
    both = fields(march, april)
    assert both["order"].checks == ["required", "unique"] and both["status"].checks == [] and both["net"].checks == ["required"]


def test_only_one_id_names_the_records_and_it_is_not_the_customers() -> None:
    ids = {"Customer_no": [f"C-{n}33" for n in range(20)], "Order_no": [f"O-{n}17" for n in range(20)]}
    found = fields(sample("a", **ids))
    assert "unique" not in found["customer_no"].checks and found["order_no"].is_key


def test_a_part_of_a_sum_is_the_same_if_another_part_is_and_no_part_contradicts() -> None:
    def sides(*headers: str) -> list[Side]:
        small, large = [3.25, 4.5, 9.75, 2.5, 7.0, 8.25], [100.5, 80.25, 95.0, 60.0, 71.5, 99.0]
        values = [large, small, [a + b for a, b in zip(small, large)]]
        return [Side((header,), "money", column) for header, column in zip(headers, values)]

    found = pairs(sides("Kaltmiete", "Nebenkosten", "Warmmiete"), sides("Monthly rent", "Quux", "Zorp"))
    assert {(pair.known, pair.new) for pair in found if pair.reason} == {(0, 0), (1, 1), (2, 2)}
    freight = pairs(sides("Net", "VAT", "Gross"), sides("Net", "Freight", "Zorp"))
    assert {(pair.known, pair.new) for pair in freight if pair.reason} <= {(0, 0), (2, 2)}


def test_names_are_identifiers_and_texts_of_senders_are_literals() -> None:
    assert [slug(header) for header in ("Net (EUR)", "2024", "Größe", "Inv #", "Имя", "orderDate")] == [
        "net", "column_2024", "grosse", "inv_no", "", "order_date",
    ]  # fmt: skip
    assert label_of("INVOICE NO:") == "Invoice no"
    odd = ['say "no"', "back\\slash", "two\nlines"] * 8
    one = sample('a"\n.csv', **{'He said "x"\\': odd, "Имя": ["п", "в"] * 12, "class": odd})
    text = fields_module(infer([one]), [one])
    values = {ast.literal_eval(node) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert {'say "no"', "back\\slash", "two\nlines", 'He said "x"\\'} <= values
