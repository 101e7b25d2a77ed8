"""How many issues a run has, by severity for its report, and by rule with their cells for its record.

Counts go into events, which are stored and read by people who may not read the input: so no message, no value and no key goes
along, and no rule or field that is not written in code.
"""

from __future__ import annotations

import polars as pl

from ade_engine.io.limits import MOST_ISSUES
from ade_engine.models.issues import by_severity, types_of_list

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

#: Of the keys of a line, and of what is counted. Within a version keys are only added.
SCHEMA_VERSION = 1
#: So many ranges are told of one rule on one sheet, of all of them, and so many rules of a run.
_RANGES_OF_ONE, _RANGES, _MOST_RULES = 200, 5_000, 2_000
#: The rule of issues that a hook names by a word that stands in no code.
_OF_HOOK = "<hook>"
_GROUP = ["sheet", "field", "rule", "severity"]


def told(
    lines: pl.DataFrame | None, rows_with_errors: int, unnamed: Collection[str], fields: Collection[str], *, rows_quarantined: int = 0
) -> dict[str, Any]:
    """What an event tells of the list of a run. ``unnamed``: the rules that stand in no code; ``fields``: those that may be named."""
    if lines is None:
        lines = pl.DataFrame(schema=types_of_list())
    listed = min(lines.height, MOST_ISSUES)
    return {
        "issues": _by_rule(lines, unnamed, fields) if lines.height else [],
        "issue_list": {
            "schema_version": SCHEMA_VERSION,
            "count": listed,
            "unlisted": lines.height - listed,
            "rows_with_errors": rows_with_errors,
            "rows_quarantined": rows_quarantined,
            "by_severity": by_severity(lines.get_column("severity").to_list()),
        },
    }


def _by_rule(lines: pl.DataFrame, unnamed: Collection[str], fields: Collection[str]) -> list[dict[str, Any]]:
    """For each rule on a sheet how many issues there are, and the ranges of their cells."""
    is_known = pl.col("field").is_in([*fields])
    # The name of a column that a hook has made is a rule's, too.
    is_named = ~pl.col("rule").is_in([*unnamed]) & (is_known | pl.col("field").is_null())
    lines = lines.select(
        "sheet",
        pl.when(is_known).then("field").alias("field"),
        pl.when(is_named).then("rule").otherwise(pl.lit(_OF_HOOK)).alias("rule"),
        *("severity", "row", "column", "cell"),
    )
    groups = lines.group_by(_GROUP, maintain_order=True).agg(pl.len().alias("count"), pl.col("cell").count().alias("placed"))
    ranges = _ranges(lines)
    left, found = _RANGES, []
    for group in groups.head(_MOST_RULES).iter_rows(named=True):
        own = ranges.get(tuple(group[name] for name in _GROUP), [])[: min(_RANGES_OF_ONE, left)]
        left -= len(own)
        told_cells = sum(cells for _, cells in own)
        found.append(
            {
                **{name: group[name] for name in ("rule", "field", "severity", "sheet", "count")},
                "cells": [text for text, _ in own],
                "more": group["placed"] - told_cells,
            }
        )
    return found


def _ranges(lines: pl.DataFrame) -> dict[tuple[str | None, ...], list[tuple[str, int]]]:
    """The cells of each group as ranges down a column, and how many cells each has."""
    cells = lines.filter(pl.col("cell").is_not_null()).unique([*_GROUP, "column", "row"], maintain_order=True)
    where = [*_GROUP, "column"]
    cells = cells.sort(*_GROUP, pl.col("column").str.len_bytes(), "column", "row", nulls_last=True)
    is_next = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in where) & (pl.col("row") == pl.col("row").shift(1) + 1)
    stretches = cells.with_columns((~is_next.fill_null(False)).cum_sum().alias("stretch"))
    first_and_last = stretches.group_by("stretch", maintain_order=True).agg(
        *(pl.col(name).first() for name in _GROUP), pl.col("cell").first(), pl.col("cell").last().alias("last"), pl.len().alias("cells")
    )
    # Of each group no more are told.
    first_and_last = first_and_last.group_by(_GROUP, maintain_order=True).head(_RANGES_OF_ONE)
    found: dict[tuple[str | None, ...], list[tuple[str, int]]] = {}
    for row in first_and_last.iter_rows(named=True):
        text = row["cell"] if row["cells"] == 1 else f"{row['cell']}:{row['last']}"
        found.setdefault(tuple(row[name] for name in _GROUP), []).append((text, row["cells"]))
    return found
