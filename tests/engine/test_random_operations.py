"""Random sequences of what hooks may do to the output, beside the same done to openpyxl's own workbook.

What the objects say on the way and what is saved must be the same, and the file that is saved must be valid, also
where openpyxl's is not. ``ADE_TEST_SEQUENCES`` says how many sequences are tried; each failure prints the shortest
sequence that was found to show it. ``python test_random_operations.py 5000`` tries many and tells which kinds of
differences there are.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import openpyxl
import pytest

from describing import described, differences
from operations import EngineWritten, Generator, Outcome, Written, kind_of, program, reduced, run
from package_check import check_package

#: Sequences of each of the two kinds below.
SEQUENCES = int(os.environ.get("ADE_TEST_SEQUENCES", "240"))
PORTION = 12
PORTIONS = range(0, SEQUENCES, PORTION)


def steps_of(seed: int, *, risky: bool) -> tuple[list[tuple[int, str]], bool]:
    """The sequence of a seed, and whether its formulas are kept as text."""
    generator = Generator(seed)
    return generator.sequence(risky=risky), seed % 7 == 3


def complaint(outcome: Outcome, *, risky: bool) -> str | None:
    """What is wrong, in a line; ``None`` when nothing is."""
    faults = outcome.faults if risky else outcome.new_faults
    return next(iter((*outcome.differences, *faults)), None)


def kind_of_complaint(text: str) -> str:
    """What a complaint is about, less the places and values that it names."""
    if text.startswith("after "):
        return text.split(":", 1)[0].split("(")[0][:60] + "…" + text.rsplit(" for sheet", 1)[0][-12:]
    return kind_of(text) if ".xml" in text else text.split(" of ")[0].split(":")[0]


def show(seed: int, folder: Path, *, risky: bool, sides=(EngineWritten, Written)) -> tuple[str, str, int] | None:
    """Kind and text of what is wrong with a seed's sequence, reduced; and the number of its steps."""
    steps, escaped = steps_of(seed, risky=risky)
    first = complaint(run(steps, folder, sides, escape_formulas=escaped), risky=risky)
    if first is None:
        return None

    def still_wrong(candidate):
        text = complaint(run(candidate, folder, sides, escape_formulas=escaped), risky=risky)
        return text is not None and text.startswith("after ") == first.startswith("after ")

    steps = reduced(steps, still_wrong)
    text = complaint(run(steps, folder, sides, escape_formulas=escaped), risky=risky) or first
    return kind_of_complaint(text), f"seed {seed}{', formulas kept as text' if escaped else ''}: {text}\n{program(steps)}", len(steps)


@pytest.mark.parametrize("start", PORTIONS)
def test_random_sequences_leave_what_openpyxl_leaves(tmp_path, start, record_property):
    tried = 0
    for seed in range(start, start + PORTION):
        steps, escaped = steps_of(seed, risky=False)
        outcome = run(steps, tmp_path, (EngineWritten, Written), escape_formulas=escaped)
        tried += outcome.steps
        assert complaint(outcome, risky=False) is None, show(seed, tmp_path, risky=False)[1]
    record_property("operations", tried)


@pytest.mark.parametrize("start", PORTIONS)
def test_files_are_valid_even_where_those_of_openpyxl_are_not(tmp_path, start, record_property):
    tried = 0
    for seed in range(1_000_000 + start, 1_000_000 + start + PORTION):
        steps, escaped = steps_of(seed, risky=True)
        outcome = run(steps, tmp_path, (EngineWritten, Written), escape_formulas=escaped)
        tried += outcome.steps
        assert complaint(outcome, risky=True) is None, show(seed, tmp_path, risky=True)[1]
    record_property("operations", tried)


def test_openpyxl_is_equal_to_itself(tmp_path):
    """The comparison says nothing about what is the same, and knows each kind of fault that openpyxl writes."""
    for seed in range(2_000_000, 2_000_030):
        steps, escaped = steps_of(seed, risky=seed % 2 == 0)
        outcome = run(steps, tmp_path, (Written, Written), escape_formulas=escaped)
        assert outcome.differences == [], program(steps)
        unknown = [fault for fault in outcome.faults if kind_of(fault) == fault]
        assert unknown == [], program(steps)


def main(count: int) -> None:
    """Try many sequences on all processors, and print what differs by kind."""
    from concurrent.futures import ProcessPoolExecutor

    plain = "--openpyxl" in sys.argv
    seeds = [(seed, risky, plain) for seed in range(count) for risky in (False, True)]
    kinds: Counter[str] = Counter()
    shortest: dict[str, tuple[int, str]] = {}
    with ProcessPoolExecutor() as pool:
        for found in pool.map(_one, seeds, chunksize=8):
            kinds["operations tried"] += found[1]
            if found[0] is not None:
                kind, text, length = found[0]
                kinds[kind] += 1
                if kind not in shortest or length < shortest[kind][0]:
                    shortest[kind] = length, text
    for kind, number in kinds.most_common():
        print(f"{number:7}  {kind}")
    for kind, (_, text) in shortest.items():
        print(f"\n== {kind}\n{text}")


def _one(argument: tuple[int, bool, bool]) -> tuple[tuple[str, str, int] | None, int]:
    seed, risky, plain = argument
    with tempfile.TemporaryDirectory() as folder:
        steps = steps_of(seed, risky=risky)[0]
        return show(seed, Path(folder), risky=risky, sides=(Written, Written) if plain else (EngineWritten, Written)), len(steps)


if __name__ == "__main__":
    main(int(sys.argv[1]))
