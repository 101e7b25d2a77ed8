#!/usr/bin/env python3
"""Learns the weights of the layout pass, and writes ``src/layout/weights.txt``.

    python3 -m venv v && v/bin/pip install numpy scipy polars
    PYTHONPATH=engine v/bin/python tools/layout/train.py --corpora ../shared/recognition
    ... --folds 5 --no-write      cross-validation by file, without writing

The features are those of the engine's own native module (``engine/ade_engine/_native``, built before): there is one
program that computes them. Development only: nothing of this runs in a build. The same corpora, seeds and features make
the same file.
"""

from __future__ import annotations

import argparse
import collections
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
import scipy.sparse
from chain import COUNT, STATES, Chain, learn
from corpus import CORPORA, STATE_OF_ROLE, Labelled, judge, read, seen
from variations import variations

from ade_engine import _native

TARGET = Path(__file__).resolve().parents[2] / "engine/native/src/layout" / "weights.txt"
#: The features of rows with a word for totals.
TOTAL_WORDS = {
    number
    for number, words in enumerate(_native.layout_feature_names())
    if words in ("a word for totals", "a word for totals further right")
}
HEADER, GROUP, DATA, TOTAL = (STATES.index(name) for name in ("header", "group", "data", "total"))


def state_of(role: str | None, features: list[int]) -> int:
    """Returns the state to learn for a row. A total without a word for it is data: nobody wants it dropped by its looks."""
    if role == "derived" and not TOTAL_WORDS.intersection(features):
        return DATA
    return STATE_OF_ROLE.get(role, -1)


def matrix(features: list, columns: dict[int, int]) -> scipy.sparse.csr_matrix:
    """Rows by features, of those features that are learned."""
    places = [(row, columns[one]) for row, found in enumerate(features) for one in found if one in columns]
    rows, cols = zip(*places) if places else ((), ())
    return scipy.sparse.csr_matrix((np.ones(len(rows)), (rows, cols)), shape=(len(features), len(columns)))


class Model:
    """A chain over some of the engine's features."""

    def __init__(self, chain: Chain, columns: dict[int, int]):
        self.chain, self.columns = chain, columns

    def states(self, looked_at) -> dict[int, int]:
        """The state of each row that is looked at, by its number from 0."""
        scores = np.asarray(matrix(looked_at.features, self.columns) @ self.chain.weights)
        states = self.chain.likeliest(scores, np.array(looked_at.after_blank))
        return dict(zip(looked_at.numbers, states))


def train(sheets: list[Labelled], options, cache: dict) -> Model:
    """A model of these sheets and their variations."""

    def look(sheet: Labelled):
        if sheet.name not in cache or not sheet.judged:
            cache[sheet.name] = seen(sheet.rows)
        return cache[sheet.name]

    made = [variation for seed in options.seeds for variation in variations(sheets, seed)]
    examples = [(sheet, look(sheet), 1.0) for sheet in sheets]
    examples += [(sheet, look(sheet), options.weight / len(options.seeds)) for sheet in made]
    frequent = collections.Counter(
        feature for _, looked_at, _ in examples for feature in set().union(*looked_at.features)
    )
    columns = {feature: at for at, feature in enumerate(sorted(f for f, count in frequent.items() if count >= 6))}
    rows = []
    for sheet, looked_at, _ in examples:
        states = [state_of(sheet.roles[number], found) for number, found in zip(looked_at.numbers, looked_at.features)]
        rows.append((matrix(looked_at.features, columns), np.array(states), np.array(looked_at.after_blank)))
    chain = learn(rows, len(columns), l1=options.l1, l2=options.l2, importance=[weight for *_, weight in examples])
    chain.weights[np.abs(chain.weights) < 0.01] = 0.0
    return Model(chain, columns)


def tables_of(states: dict[int, int], recognise, *, end_at_notes: bool) -> list:
    """Returns tables as the engine finds them: consecutive header rows, with the rows between them, open one."""
    numbers = sorted(states)
    kinds = bridged([states[number] for number in numbers])
    starts = [at for at, kind in enumerate(kinds) if kind == HEADER and (at == 0 or kinds[at - 1] != HEADER)]
    found = []
    for at, start in enumerate(starts):
        stop = start
        while stop < len(kinds) and kinds[stop] == HEADER:
            stop += 1
        end = starts[at + 1] if at + 1 < len(starts) else len(kinds)
        if end_at_notes:
            while end > stop and kinds[end - 1] not in (DATA, TOTAL):
                end -= 1
        last = numbers[end - 1] + 1
        header = frozenset(range(numbers[start] + 1, numbers[stop - 1] + 2))
        found.append(recognise.Table(numbers[start] + 1, last, header, range(max(header) + 1, last + 1)))
    if not found:
        first, last = numbers[0] + 1, numbers[-1] + 1
        found.append(recognise.Table(first, last, frozenset([first]), range(first + 1, last + 1)))
    return found


def bridged(kinds: list[int]) -> list[int]:
    """A section head or title between two header rows of one block belongs to the block."""
    kinds, last = list(kinds), None
    for at, kind in enumerate(kinds):
        if kind == HEADER:
            if last is not None and at - last <= 3:
                kinds[last:at] = [HEADER] * (at - last)
            last = at
        elif kind in (DATA, TOTAL):
            last = None
    return kinds


def cross_validate(corpora: dict[str, list[Labelled]], options, cache: dict) -> None:
    """Learn from four fifths of the files, judge the rest, five times over."""
    recognise = judge(options.corpora)
    files = sorted({sheet.file for sheets in corpora.values() for sheet in sheets})
    fold_of = {file: at % options.folds for at, file in enumerate(files)}
    found: dict[str, dict[int, int]] = {}
    for fold in range(options.folds):
        started = time.monotonic()
        model = train([s for sheets in corpora.values() for s in sheets if fold_of[s.file] != fold], options, cache)
        for sheet in (s for sheets in corpora.values() for s in sheets if fold_of[s.file] == fold):
            if sheet.name not in cache:
                cache[sheet.name] = seen(sheet.rows)
            found[sheet.name] = model.states(cache[sheet.name])
        weights = np.abs(model.chain.weights)
        print(
            f"fold {fold}: {np.count_nonzero(weights)} weights of {np.count_nonzero(weights.max(1))} features, "
            f"{time.monotonic() - started:.0f} s",
            flush=True,
        )
    for name, sheets in corpora.items():
        for end_at_notes in (False, True):
            figures = [
                recognise.measure(s.judged, tables_of(found[s.name], recognise, end_at_notes=end_at_notes)) for s in sheets
            ]
            print(name, "tables end at their notes:" if end_at_notes else "tables end at the next:")
            for key in ("header_exact", "header_f1", "table_count", "several_count", "table_rows", "data_kept", "not_data_taken"):
                told = [one[key] for one in figures if one[key] is not None]
                print(f"  {statistics.mean(told) * 100 if told else float('nan'):5.1f} %  {recognise.FIGURES[key]} ({len(told)})")
        if options.show:
            for sheet in sheets:
                figure = recognise.measure(sheet.judged, tables_of(found[sheet.name], recognise, end_at_notes=True))
                if figure["header_exact"] == 0.0:
                    show(sheet, found[sheet.name])


def show(sheet: Labelled, states: dict[int, int]) -> None:
    """Print the rows that are classified wrongly."""
    print("---", sheet.name)
    for number, state in sorted(states.items()):
        role = STATE_OF_ROLE.get(sheet.roles[number])
        if state != role and HEADER in (state, role):
            told = STATES[role] if role is not None else "-"
            for near in range(number - 2, number + 3):
                if 0 <= near < len(sheet.rows):
                    mark = ">" if near == number else " "
                    print(f" {mark}{near + 1:4} {told + ' as ' + STATES[state] if near == number else '':18}", "|".join(c[:14] for c in sheet.rows[near])[:150])


def write(model: Model, options, sheets: int) -> None:
    """Write the generated file."""
    names = _native.layout_feature_names()

    def row(values) -> str:
        return " ".join(f"{value + 0.0:.2f}" for value in values)

    chain = model.chain
    sections = [
        ("sources: what was learned from", [f"{sheets} sheets (SAUS and Troy, Strudel 765570b), variations by the seeds {options.seeds}, l1 {options.l1}, l2 {options.l2}"]),
        ("start: the first row", [row(chain.start)]),
        ("end: the last row", [row(chain.end)]),
        ("steps: from each state to the next", map(row, chain.steps[0])),
        ("steps over blanks: the same, with a blank row between", map(row, chain.steps[1])),
        (
            "features: what a row has, in the words of traits.rs",
            [f"{row(chain.weights[at])} {names[feature]}" for feature, at in sorted(model.columns.items()) if np.any(chain.weights[at])],
        ),
    ]
    head = f"Written by tools/layout/train.py; do not edit. Each number is for a state of a row: {', '.join(STATES)}.\n"
    TARGET.write_text(head + "".join(f"\n# {name}\n" + "".join(f"{line}\n" for line in lines) for name, lines in sections), encoding="utf-8")
    print(f"{TARGET.name}: {np.count_nonzero(chain.weights)} weights, {TARGET.stat().st_size} bytes")


def main() -> None:
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("--corpora", type=Path, required=True, help="folder with recognise.py and the corpora")
    parse.add_argument("--folds", type=int, default=0, help="cross-validate first")
    parse.add_argument("--seeds", type=int, nargs="+", default=[7, 8, 9, 10], help="of the variations")
    parse.add_argument("--l1", type=float, default=0.7)
    parse.add_argument("--l2", type=float, default=0.3)
    parse.add_argument("--weight", type=float, default=0.5, help="of all variations, beside the sheets themselves")
    parse.add_argument("--no-write", action="store_true")
    parse.add_argument("--show", action="store_true", help="print the rows that cross-validation got wrong")
    options = parse.parse_args()
    corpora = {name: read(options.corpora, name) for name in CORPORA}
    cache: dict = {}
    if options.folds:
        cross_validate(corpora, options, cache)
    if not options.no_write:
        sheets = [sheet for found in corpora.values() for sheet in found]
        write(train(sheets, options, cache), options, len(sheets))


if __name__ == "__main__":
    main()
