#!/usr/bin/env python3
"""Measures stacking, compared to polars' `unpivot` of the same frame: 300,000 rows with twelve months become 3,600,000.

    stacking.py ade|unpivot numbers|texts

Amounts are numbers, or texts as a file of text has them. Prints the seconds, and by how many MiB the process grew beyond what it held with the frame. The engine's is in the order of the sheet's
rows and knows the cell of each value; polars' is in the order of columns and knows none.
"""

import random
import sys
from pathlib import Path
from time import perf_counter
from types import SimpleNamespace

import polars as pl

ROWS = 300_000
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
SEED = 65


def frame(amounts_are: str) -> pl.DataFrame:
    chosen = random.Random(SEED)
    few = [round(chosen.uniform(10, 9_000), 2) for _ in range(10_007)]
    dtype = {"numbers": pl.Float64, "texts": pl.String}[amounts_are]
    amounts = pl.Series(few).cast(dtype).gather(pl.int_range(ROWS * 12, eager=True) % len(few))
    sites = pl.int_range(ROWS, eager=True).cast(pl.String)
    months = [amounts.slice(at * ROWS, ROWS).alias(month) for at, month in enumerate(MONTHS)]
    return pl.DataFrame([("site " + sites).alias("Site"), ("K" + sites).alias("Account"), *months]).rechunk()


def by_polars(table: pl.DataFrame):
    return lambda: table.unpivot(on=MONTHS, index=["Site", "Account"])


def by_the_engine(table: pl.DataFrame):
    from ade_engine.fields import Stack
    from ade_engine.fields.stacks import StackKey
    from ade_engine.fields.surroundings import ROW
    from ade_engine.pipeline.reshaping.columns import StackedColumns
    from ade_engine.pipeline.reshaping.stacked import stack
    from ade_engine.pipeline.shared.cells import ReshapedCells

    declared = Stack("months")
    header, value = declared.header, declared.value
    table = table.with_columns(pl.int_range(2, ROWS + 2, dtype=pl.UInt32).alias(ROW))
    indices = [*range(2, 14)]
    keys = [StackKey(month, 1, index + 1) for month, index in zip(MONTHS, indices)]
    found = StackedColumns(declared, "months", keys, {value.name: indices}, [])
    context = SimpleNamespace(
        registry=SimpleNamespace(reshapes=SimpleNamespace(stacked={"month": header, "amount": value})),
        settings=SimpleNamespace(is_2026=True),
        notice=lambda *_, **__: None,
        table_index=0,
    )
    source = SimpleNamespace(
        names=table.columns,
        columns=[SimpleNamespace(header=name, unit=None) for name in table.columns],
        region=SimpleNamespace(min_col=1, data_first_row=2),
        rows_without_value=lambda index: [],
        mixed_cells=lambda index: None,
        from_1904=False,
    )

    def stacked():
        cells = ReshapedCells(table)
        result = stack(context, table, source, found, [], cells, {})
        return cells.settle(result.table), cells

    return stacked


def memory(name: str) -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024


def main() -> None:
    run = {"ade": by_the_engine, "unpivot": by_polars}[sys.argv[1]](frame(sys.argv[2]))
    # Resets the recorded maximum.
    Path("/proc/self/clear_refs").write_text("5")
    before, started = memory("VmRSS"), perf_counter()
    made = run()
    took = perf_counter() - started
    table = made[0] if isinstance(made, tuple) else made
    assert table.height == ROWS * 12, table.height
    print(f"{took:.4f} {memory('VmHWM') - before:.0f}")


if __name__ == "__main__":
    main()
