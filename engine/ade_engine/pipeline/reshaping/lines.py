"""Records whose values stand below one another, each beside its label, as in address blocks and on cards.

A label that comes again begins the next record; where one comes twice in a row, records lie beside one another as well. Rows and columns count from 0 here, but for the cells that are told.
"""

from __future__ import annotations

from ade_engine import _native
from ade_engine.fields.headers import simplify
from ade_engine.io.scan.sheet_scan import SheetScan
from ade_engine.models.notices import INFO
from ade_engine.models.table import TableRegion, ends_with_colon, is_blank
from ade_engine.pipeline.finding.header_rows import DATA, HEADER, RowSpan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.pipeline.shared.context import RunContext

#: A longer text is no label.
_LONGEST_LABEL = 40
#: So many labels have to be those of fields, and so many records there have to be; more where nobody asks for them.
_LEAST_KNOWN, _LEAST_RECORDS, _LEAST_UNASKED = 2, 2, 3


class Lines:
    """Records that were found in lines: as a table, and where its cells stand in the sheet."""

    __slots__ = ("scan", "region", "first_rows", "cells", "count")

    def __init__(self, records: list[dict[str, tuple[Any, int, int]]], labels: dict[str, str]):
        rows = [[record[label][0] if label in record else None for label in labels] for record in records]
        #: The records below a header of the labels.
        self.scan = SheetScan(_native.scan_of_rows("records", [[*labels.values()], *rows], None, None, 0, []))
        #: The row of the sheet in which each record begins, from 1.
        self.first_rows = [min(row for _, row, _ in record.values()) + 1 for record in records]
        #: The row and the column of each value, from 1, by column; 0 where a record has none.
        self.cells = [[(record[label][1] + 1, record[label][2] + 1) if label in record else (0, 0) for record in records] for label in labels]
        places = [place for record in records for place in record.values()]
        columns = [column for _, _, column in places]
        last = max(row for _, row, _ in places) + 1
        self.region = TableRegion(min(self.first_rows), 1, last, max(columns) + 1)
        self.count = len(records)

    def span(self) -> RowSpan:
        """The records as a table."""
        span = RowSpan(0, 1, self.count + 1)
        span.scan, span.gathered = self.scan, self
        span.kinds = bytearray([HEADER, *[DATA] * self.count])
        return span


def find_lines(context: RunContext, scan: SheetScan, words: dict[str, str]) -> Lines | None:
    """The records of a sheet, if most of its lines are labels with their values, and the labels come again. Without ``line_records`` all
    lines have to be.
    """
    is_wanted = bool(context.settings.line_records)
    labels: dict[str, str] = {}
    lines: list[list[tuple[str, tuple[Any, int, int]]]] = []
    others = 0
    for row, cells in enumerate(scan.rows(0, scan.rows_emitted)):
        pairs = _pairs(row, cells, words)
        for label, _ in pairs:
            labels.setdefault(simplify(label), label)
        if pairs:
            lines.append([(simplify(label), value) for label, value in pairs])
        else:
            filled = sum(not is_blank(cell) for cell in cells)
            # A title may stand above the first.
            others += filled > 0 and (filled > 1 or bool(lines))
            if others and not is_wanted:
                return None
    # Beside one another each record has its labels in a column of its own.
    are_beside = any(len({label for label, _ in pairs}) < len(pairs) for pairs in lines)
    records: list[dict[str, tuple[Any, int, int]]] = []
    open_at: dict[int, dict[str, tuple[Any, int, int]]] = {}
    for pairs in lines:
        for label, value in pairs:
            column = value[2] if are_beside else 0
            if label in open_at.setdefault(column, {}) or not open_at[column]:
                open_at[column] = {}
                records.append(open_at[column])
            open_at[column][label] = value
    least = _LEAST_RECORDS if is_wanted else _LEAST_UNASKED
    if len(records) < least or sum(label in words for label in labels) < _LEAST_KNOWN or others * 2 > sum(map(len, records)):
        return None
    found = Lines(records, labels)
    context.notice(
        "records_in_lines",
        f"{found.count} records stand in lines, each value beside its label ({', '.join(map(repr, list(labels.values())[:4]))}"
        f"{', …' if len(labels) > 4 else ''}), in {found.region.a1}{' (`line_records = true`)' if is_wanted else ''}",
        level=INFO,
        count=found.count,
        rows=[[found.region.min_row, found.region.max_row]],
    )
    return found


def _pairs(row: int, cells: list[Any], words: dict[str, str]) -> list[tuple[str, tuple[Any, int, int]]]:
    """The labels of a row with their values; nothing where it begins otherwise. A label without a value has an empty one."""
    filled = [(column, cell) for column, cell in enumerate(cells) if not is_blank(cell)]
    pairs: list[tuple[str, tuple[Any, int, int]]] = []
    at = 0
    while at < len(filled):
        column, cell = filled[at]
        label, behind = _label(cell, words)
        if label is None and not at and len(filled) > 1 and ends_with_colon(filled[1][1]):
            # The title of a card stands beside its first label.
            at += 1
            continue
        if label is None:
            return pairs
        at += 1
        if behind:
            pairs.append((label, (behind, row, column)))
        elif at < len(filled) and _label(filled[at][1], words)[0] is None:
            pairs.append((label, (filled[at][1], row, filled[at][0])))
            at += 1
        else:
            pairs.append((label, (None, row, column + 1)))
    return pairs


def _label(cell: Any, words: dict[str, str]) -> tuple[str | None, str]:
    """The label in a cell, and what stands behind its colon."""
    if not isinstance(cell, str):
        return None, ""
    label, colon, behind = (part.strip() for part in cell.replace("：", ":").partition(":"))
    is_label = 0 < len(label) <= _LONGEST_LABEL and label[0].isalpha() and (simplify(label) in words or colon and not behind)
    return (label, behind) if is_label else (None, "")
