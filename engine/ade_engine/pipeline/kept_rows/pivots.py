"""Compact pivots: each group begins with a name and the sums of what stands below it, and the last row has the sums of all.

Read as records, such sums would count twice. Only what adds up as a whole is taken for one: every row belongs to a group, and the sums
of the outermost groups are in the last row.
"""

from __future__ import annotations

from ade_engine.models.table import amount_of, is_blank
from ade_engine.pipeline.finding.header_rows import DATA, GROUP, TOTAL, RowSpan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.io.scan.sheet_scan import SheetScan

#: A group has at most so many rows, and groups stand in so many others.
_MOST_ROWS, _MOST_LEVELS = 500, 4
#: What does not add up after so many steps is none.
_MOST_STEPS = 20_000


class _Rows:
    """The rows of a table that are a name and numbers, as far as they were asked for."""

    def __init__(self, span: RowSpan, inside: bytearray, scan: SheetScan):
        self._span, self._inside, self._scan = span, inside, scan
        self.places: list[int] = []
        self.names: list[str] = []
        self.numbers: list[list[float]] = []
        self.known: dict[int, tuple[int, list[tuple[int, bool]]]] = {}
        self.steps = 0

    def has(self, number: int) -> bool:
        """Whether there is such a row."""
        while len(self.places) <= number:
            at = self.places[-1] + 1 if self.places else 0
            while at < len(self._inside) and self._scan.is_empty_row(self._span.data_start + at):
                at += 1
            if at >= len(self._inside) or self._inside[at] not in (DATA, TOTAL, GROUP):
                return False
            cells = self._scan.row(self._span.data_start + at)[self._span.first_column : self._span.stop_column]
            amounts = [amount for cell in cells[1:] if (amount := amount_of(cell)) is not None]
            is_other = len(amounts) + 1 != len(cells) or not amounts or is_blank(cells[0])
            if is_other or self.numbers and len(amounts) != len(self.numbers[0]):
                return False
            self.places.append(at)
            self.names.append(str(cells[0]).strip())
            self.numbers.append(amounts)
        return True

    def is_last(self, number: int) -> bool:
        """Whether nothing stands below a row."""
        return all(self._scan.is_empty_row(self._span.data_start + at) for at in range(self.places[number] + 1, len(self._inside)))

    def group(self, head: int, level: int = 1) -> int:
        """The row behind the group that begins with a row; 0 where this is none."""
        if head not in self.known and self.has(head):
            # Names have no sums of their own within themselves.
            self.known[head] = (0, [])
            nothing = [0.0] * len(self.numbers[head])
            self.known[head] = self._members(head, head + 1, nothing, level)
        return self.known.get(head, (0, []))[0]

    def _members(self, head: int, at: int, sums: list[float], level: int) -> tuple[int, list[tuple[int, bool]]]:
        """The row behind those that add up to a head, and which of them are heads themselves."""
        wanted, leaves = self.numbers[head], []
        while True:
            self.steps += 1
            if at > head + 1 and are_equal(sums, wanted):
                return at, leaves
            is_too_much = any(one > other + 0.005 for one, other in zip(sums, wanted)) and min(map(min, self.numbers[head:at])) >= 0
            if self.steps > _MOST_STEPS or at - head > _MOST_ROWS or is_too_much or not self.has(at):
                return 0, []
            sums = [one + other for one, other in zip(sums, self.numbers[at])]
            stop = self.group(at, level + 1) if level < _MOST_LEVELS else 0
            if stop:
                found, members = self._members(head, stop, sums, level)
                if found:
                    return found, [*leaves, (at, True), *members]
            leaves.append((at, False))
            at += 1


def are_equal(left: list[float], right: list[float]) -> bool:
    """Whether sums agree to the cent."""
    return all(abs(one - other) < 0.005 for one, other in zip(left, right))


def find_pivot(span: RowSpan, inside: bytearray, scan: SheetScan) -> dict[int, str] | None:
    """The names of groups by their rows, with those of the groups around them, and marks these and the last row; ``None``: it is no pivot."""
    rows, heads, at = _Rows(span, inside, scan), [], 0
    while stop := rows.group(at):
        heads.append(at)
        at = stop
    if len(heads) < 2 or at - len(heads) < len(heads) + 1 or not rows.has(at) or not rows.is_last(at):
        return None
    if not are_equal(rows.numbers[at], [sum(rows.numbers[head][column] for head in heads) for column in range(len(rows.numbers[at]))]):
        return None
    names: dict[int, str] = {}

    def take(head: int, around: str) -> None:
        names[rows.places[head]] = name = f"{around} / {rows.names[head]}" if around else rows.names[head]
        for member, is_head in rows.known[head][1]:
            if is_head:
                take(member, name)

    for head in heads:
        take(head, "")
    for place in rows.places:
        inside[place] = GROUP if place in names else DATA
    inside[rows.places[at]] = TOTAL
    return names
