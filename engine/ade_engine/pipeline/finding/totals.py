"""Totals among the rows of a table, told by what stands beside a word for totals, and by what the numbers add up to.

Rows count here from 0 at the first row below a table's header.
"""

from __future__ import annotations

import re

import polars as pl

from ade_engine.fields.readers import names_total, profile
from ade_engine.models.table import is_blank
from ade_engine.pipeline.finding.header_rows import DATA, TOTAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.pipeline.finding.header_rows import RowSpan

#: So many records say which columns have texts.
_MOST_LOOKED_AT = 200
#: So many rows above a total are added up, and so many for all rows of a table together.
_MOST_ADDED, _MOST_ADDED_IN_ALL = 5_000, 50_000
#: Without a word for totals at least so many are added up.
_LEAST_ADDED = 3
#: A total's label has fewer words than this, unless the total stands at an end.
_LEAST_WORDS = 3
#: A number as .csv files write it.
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?|-?\d{1,3}(?:,\d{3})+(?:\.\d+)?")


def correct_totals(span: RowSpan, inside: bytearray, scan: SheetScan) -> list[int]:
    """What the texts beside its label say of a row: a record has them ("Total Energies", "Smith"), and a total has none.

    In tables without another column of texts the sums say it, and so they do of rows without a word of totals. ``inside`` has
    the kinds of the table's rows, and is changed. Returns the rows of the sheet, from 0, that look like totals and are taken for
    records, because their numbers say so.
    """
    rows = _Rows(span, inside, scan)
    layouts = scan.layouts()
    # Of rows that look alike, layout recognition has looked at one: a record among many like it is none of these.
    near = {number - span.data_start for number, _ in layouts.looked_at}
    near.update(at for at, kind in enumerate(inside) if kind == TOTAL)
    found = sorted(at for at in near if 0 <= at < len(inside) and inside[at] in (DATA, TOTAL))
    kept = []
    for at in found:
        if inside[at] == DATA and rows.is_bare_sum(at):
            inside[at] = TOTAL
        elif inside[at] == TOTAL and layouts[span.data_start + at].state == "total" and not rows.has_word(at):
            if not _adds_up(rows.cells(at), None, rows.records(at, -1)):
                # Nothing but its looks says that it is one.
                inside[at] = DATA
                kept.append(at)
    doubtful = [(at, label) for at in found if (label := _label(rows.cells(at))) is not None]
    if doubtful:
        doubted = {at for at, _ in doubtful}
        others = [at for at, kind in enumerate(inside) if kind == DATA and at not in doubted]
        columns = _text_columns([rows.cells(at) for at in others[:: max(1, len(others) // _MOST_LOOKED_AT)]])
        kept += [at for at, label in doubtful if _correct(rows, at, label, columns - {label})]
    return sorted(span.data_start + at for at in kept)


class _Rows:
    """The rows of a table, of which only so many are added up."""

    def __init__(self, span: RowSpan, inside: bytearray, scan: SheetScan):
        self.inside = inside
        self._span = span
        self._scan = scan
        self._left = _MOST_ADDED_IN_ALL

    def cells(self, at: int) -> list[Any]:
        span = self._span
        return self._scan.row(span.data_start + at)[span.first_column : span.stop_column]

    def has_word(self, at: int) -> bool:
        return any(isinstance(cell, str) and names_total(cell) for cell in self.cells(at))

    def is_followed(self, at: int) -> bool:
        """Whether a record follows directly."""
        below = at + 1
        return below < len(self.inside) and self.inside[below] == DATA and any(not is_blank(cell) for cell in self.cells(below))

    def records(self, at: int, step: int) -> list[list[Any]]:
        """The records between a row and the next total above (``step`` -1) or below (1), or the table's end; none of them
        where too many rows would be added up.
        """
        found = []
        stop = -1 if step < 0 else len(self.inside)
        for one in range(at + step, stop, step):
            if self.inside[one] == TOTAL:
                break
            if self.inside[one] == DATA:
                found.append(one)
                if len(found) > min(_MOST_ADDED, self._left):
                    return []
        self._left -= len(found)
        return [self.cells(one) for one in found]

    def is_bare_sum(self, at: int) -> bool:
        """Whether a row is the sum of the rows above without a word, and without the texts that they have."""
        filled = [cell for cell in self.cells(at) if not is_blank(cell)]
        if not filled or any(amount_of(cell) is None for cell in filled) or self.is_followed(at):
            return False
        above = self.records(at, -1)
        texts = sum(any(isinstance(cell, str) and not is_blank(cell) and amount_of(cell) is None for cell in row) for row in above)
        return len(above) >= _LEAST_ADDED and texts * 2 > len(above) and _adds_up(self.cells(at), None, above)


def _label(cells: list[Any]) -> int | None:
    """The column of the first filled cell that is no number, if it is a text with a word of totals."""
    for column, cell in enumerate(cells):
        if not is_blank(cell) and amount_of(cell) is None:
            return column if isinstance(cell, str) and names_total(cell) else None
    return None


def _correct(rows: _Rows, at: int, label: int, beside: set[int]) -> bool:
    """Decide about a row with a word for totals, by the columns of texts ``beside`` the word. Whether it looks like a total,
    and is a record by its numbers.
    """
    inside, cells = rows.inside, rows.cells(at)
    if beside:
        # A merged label that was filled says the same in each of its cells.
        said = [column for column in beside if column < len(cells) and not is_blank(cells[column]) and cells[column] != cells[label]]
        if len(said) == len(beside):
            inside[at] = DATA
        elif not said and any(not is_blank(cell) for column, cell in enumerate(cells) if column != label):
            inside[at] = TOTAL
        return False
    above = rows.records(at, -1)
    if _adds_up(cells, label, above):
        inside[at] = TOTAL
        return False
    # The label of a total among records says little more than that: "Total station theodolite" may be an item.
    if inside[at] != TOTAL or not rows.is_followed(at) or len(cells[label].split()) < _LEAST_WORDS:
        return False
    below = rows.records(at, 1)
    if not above + below or _adds_up(cells, label, below) or _is_largest(cells, above + below):
        return False
    inside[at] = DATA
    return True


def amount_of(cell: Any) -> float | None:
    """The number in a cell; texts have one as .csv files write them."""
    if isinstance(cell, str):
        text = cell.strip()
        return float(text.replace(",", "")) if _NUMBER.fullmatch(text) else None
    return None if isinstance(cell, bool) or not isinstance(cell, (int, float)) else float(cell)


def _adds_up(cells: list[Any], label: int | None, above: list[list[Any]]) -> bool:
    """Whether the numbers of a row are the sums of those above it, in all of its columns."""
    checked = 0
    for column, cell in enumerate(cells):
        if column == label or is_blank(cell):
            continue
        said = amount_of(cell)
        others = [amount for row in above if column < len(row) and (amount := amount_of(row[column])) is not None]
        if said is None or len(others) < 2 or not any(others):
            return False
        # Rounded to cents each.
        if abs(sum(others) - said) > max(1e-6 * abs(said), 0.005 * len(others)):
            return False
        checked += 1
    return checked > 0


def _is_largest(cells: list[Any], others: list[list[Any]]) -> bool:
    """Whether the numbers of a row are larger than those of the records, in more than half of its columns."""
    larger = smaller = 0
    for column, cell in enumerate(cells):
        said = amount_of(cell)
        amounts = [amount for row in others if column < len(row) and (amount := amount_of(row[column])) is not None]
        if said is not None and amounts:
            larger, smaller = (larger + 1, smaller) if said >= max(amounts) else (larger, smaller + 1)
    return larger > smaller


def _text_columns(rows: list[list[Any]]) -> set[int]:
    """The columns in which most rows have a text that is no number and no date."""
    found = set()
    for column in range(max(map(len, rows), default=0)):
        texts = [row[column] for row in rows if column < len(row) and isinstance(row[column], str) and not is_blank(row[column])]
        if texts and len(texts) * 2 > len(rows):
            patterns = profile(pl.Series(texts))["patterns"]
            if (patterns["number"] + patterns["date"]) * 2 < len(texts):
                found.add(column)
    return found
