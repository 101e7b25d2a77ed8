"""A scan whose rows were changed: the same properties, with the rows as they are now.

Row detectors may change the list that they are given, and hooks may put values into a source sheet that no file can
hold. Both are rare and happen with small sheets, so this code is not optimized.
"""

from __future__ import annotations

from ade_engine.io.scan.series import series_of_values
from ade_engine.models.table import is_blank

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.io.scan.sheet_scan import SheetScan


class ChangedScan:
    """Has the methods of a :class:`SheetScan`, over rows in Python."""

    def __init__(self, scan: SheetScan, changed: dict[int, list[Any]]):
        self._rows = scan.rows(0, scan.rows_emitted)
        for number, row in changed.items():
            self._rows[number] = row
        self.rows_emitted = scan.rows_emitted
        self.stopped_early = scan.stopped_early
        self.truncated_rows = scan.truncated_rows
        self.width = self.widest(0, self.rows_emitted)
        self.formulas_without_value = scan.formulas_without_value
        self.merged_ranges = scan.merged_ranges
        self.hiding_ranges = scan.hiding_ranges
        self.filled_ranges = scan.filled_ranges
        self.filled_numbers = scan.filled_numbers
        # What rows look like does not hang on values that no file can hold.
        self.layout, self.layouts = scan.layout, scan.layouts

    def rows(self, start: int, stop: int) -> list[list[Any]]:
        return [row[:] for row in self._rows[start:stop]]

    def row(self, number: int) -> list[Any]:
        return self._rows[number][:]

    def is_empty_row(self, number: int) -> bool:
        return all(value is None or value == "" for value in self._rows[number])

    def widest(self, start: int, stop: int) -> int:
        return max(map(len, self._rows[start:stop]), default=0)

    def values(self, column: int, start: int, stop: int) -> list[Any]:
        return [row[column] if column < len(row) else None for row in self._rows[start:stop]]

    def series(self, name: str, column: int, start: int, stop: int) -> Any:
        return series_of_values(name, self.values(column, start, stop))

    def cell_counts(self, start: int, stop: int, width: int) -> tuple[list[int], int]:
        filled = [0] * width
        blank_rows = 0
        for row in self._rows[start:stop]:
            columns = [at for at, value in enumerate(row[:width]) if not is_blank(value)]
            blank_rows += not columns
            for at in columns:
                filled[at] += 1
        return filled, blank_rows
