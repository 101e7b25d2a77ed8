"""Configurations that are inferred from samples whose truth is known: `tests/workshop` has the samples and the judge; `tests/sheets/inferred` has few at a time."""

import importlib
import sys
from pathlib import Path

import pytest

from ade_engine.inference.pairs import pairs
from ade_engine.inference.senders import pattern_of
from ade_engine.inference.shapes import facts_above
from ade_engine.inference.side import ComparableColumn


def workshop(name: str):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workshop"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.pop(0)


def test_what_is_inferred_reads_later_files_and_no_cell_of_any_sender_is_wrong(tmp_path: Path) -> None:
    workshop("families").main(tmp_path, "tests")
    total = workshop("judge").measure(tmp_path)

    def share(what: str) -> float:
        return total[f"{what}_right"] / sum(total[f"{what}_{key}"] for key in ("right", "wrong", "missing"))

    assert total["fields_right"] == total["fields"] and total["readers_right"] >= 0.95 * total["fields"]
    assert total["checks_wrong"] <= 2 and share("own") >= 0.995 and share("mended") >= 0.65
    assert share("answered") >= 0.85
    assert not sum(total[f"{what}_wrong"] for what in ("own", "as_it_is", "mended", "answered", "own_after"))


def test_eight_senders_with_two_tables_on_a_sheet_are_read_and_no_cell_is_wrong_without_a_word(tmp_path: Path) -> None:
    count = workshop("senders").measure(tmp_path, "tests")
    assert count["right"] >= 0.8 * (count["right"] + count["wrong"] + count["missing"])
    assert not count["silent"] and not count["more_rows"]


#: Names of files of a sender, those of others, and the pattern of the former.
PATTERNS = """
acme-2025-03.xlsx acme-2025-04.xlsx | | acme-*.xlsx
05_nord_jan.csv | 06_sued_jan.csv | *_nord_*.csv
sender01_2025.csv | sender02_2025.csv | sender01_*.csv
a1.csv | acme.csv | a[0-9]*.csv
1.csv | 2.csv | 1.csv
x[1].csv | y.csv | x[[][0-9]*].csv
"""


@pytest.mark.parametrize("line", PATTERNS.strip().splitlines())
def test_a_pattern_has_the_files_of_its_sender_alone(line: str) -> None:
    names, others, pattern = (part.split() for part in line.split("|"))
    assert [pattern_of(names, {*names, *others})] == pattern


def test_parts_of_sums_that_contradict_are_no_pair() -> None:
    small, large = [3.25, 4.5, 9.75, 2.5, 7.0, 8.25], [100.5, 80.25, 95.0, 60.0, 71.5, 99.0]
    known, new = ([ComparableColumn((header,), "money", column) for header, column in zip(headers.split(), (large, small, [*map(sum, zip(small, large))]))] for headers in ("Net VAT Gross", "Net Freight Zorp"))
    assert {(pair.known, pair.new) for pair in pairs(known, new) if pair.reason} <= {(0, 0), (2, 2)}


def test_records_with_times_above_a_second_table_are_no_form() -> None:
    rows = [["Day", "School", "At", "Cook"], ["1.3.", "Hillside", "11:50", "Rosa Weber"], ["2.3.", "Oak Park", "10:30", "Ivo Lang"], [], ["Date", "Site", "Time", "Chef"]]
    assert facts_above(rows, 4) == [] and facts_above([*rows[:1], ["Clerk:", "Rosa"], *rows[4:]], 2, (), 2) == []
    assert [list(one.made) for one in facts_above([["Clerk:", "Rosa", "At:", "11:50"], *rows[4:]], 1)] == [["At", "Clerk"]]
