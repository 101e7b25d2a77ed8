"""How a header row is recognised, and with it the tables of a sheet, is decided here. Rows count from 0.

1. Row detectors score each row: those of authors are called by :mod:`ade_engine.pipeline.finding.row_detectors`, the engine's own are
   in :mod:`ade_engine.fields.headers`; they go by words, by values, and by looks, which the native module judges (``layout``).
2. :meth:`RowVerdicts.decide` chooses a row's kind by the sums of the scores, and remembers the row with the highest header
   score. Where all detectors are the engine's own, the native module does the same (``fields/looks/rows.rs``).
3. :func:`find_tables` opens a table at each header row. Header rows that follow each other directly are one block,
   unless ``merge_stacked_headers`` is off. Where detectors found data but no header, or nothing at all, it guesses.
   Where a user has said where the header is, :func:`chosen_tables` does it instead.
4. With ``headerless_tables`` :mod:`ade_engine.pipeline.kept_rows.headerless` doubts the choice: a guessed row, or one that is a
   header by its looks alone, may be a record.
5. :func:`joined_headers` makes one header for each column of a block of several rows.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ade_engine.extensions.registry import RegisteredFn
    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.models.sheet_choice import SheetChoice

#: What a row counts as when tables are sought. Only headers and data make tables; settings act on the others.
OTHER, HEADER, DATA, TOTAL, GROUP, NOTE, TITLE, BALANCE, LINE, LONE = range(10)
#: What each of them is called.
KIND_NAMES = ("other", "header", "data", "total", "group", "note", "title", "balance", "line", "lone text")
#: Kinds beside header and data that detectors may give, and what rows of them are.
OTHER_KINDS = {"total": TOTAL, "group": GROUP, "note": NOTE, "title": TITLE}


class RowVerdicts:
    """The kinds of a sheet's rows, decided row by row, and the row with the highest header score."""

    __slots__ = ("kinds", "best_header_row", "_best_total")

    def __init__(self) -> None:
        self.kinds = bytearray()
        #: ``None`` as long as no row has a positive header total.
        self.best_header_row: int | None = None
        self._best_total = 0.0

    def decide(self, totals: dict[Any, float]) -> Any:
        """Decide the kind of the next row by the sum of the scores for each kind.

        Returns the kind with the highest sum, the first of several equals.
        """
        kinds = self.kinds
        if not totals:
            kinds.append(OTHER)
            return "unknown"
        if len(totals) == 1:
            (kind,) = totals
        else:
            kind = max(totals, key=totals.__getitem__)
        if "header" in totals and totals["header"] > self._best_total:
            self._best_total = totals["header"]
            self.best_header_row = len(kinds)
        kinds.append(HEADER if kind == "header" else DATA if kind == "data" else OTHER_KINDS.get(kind, OTHER))
        return kind


class RowKinds:
    """The kinds of a sheet's rows, and the row with the highest header score."""

    __slots__ = ("kinds", "best_header_row", "changed_rows", "heard")

    def __init__(self, kinds: bytearray, best_header_row: int | None, changed_rows: dict[int, list[Any]] | None = None):
        self.kinds = kinds
        #: Rows that detectors have changed in place, by number from 0: the table is made of them as they are now.
        self.changed_rows = changed_rows or {}
        #: Counted from 0; ``None`` when no row has a positive header total.
        self.best_header_row = best_header_row
        #: In a run that tells it, of the rows that detectors of authors made headers and of the next best one: what each detector
        #: said, by number from 0.
        self.heard: dict[int, list[tuple[RegisteredFn, dict[Any, float]]]] = {}


class RowSpan:
    """The rows of a table: a header block, and everything below it up to ``stop``."""

    __slots__ = ("start", "header_rows", "stop", "is_guessed", "first_column", "stop_column", "scan", "kinds", "turned", "turned_from", "verdict", "section", "heads", "gathered")

    def __init__(self, start: int, header_rows: int, stop: int, *, is_guessed: bool = False):
        self.start = start
        #: 0 where the table has no header row.
        self.header_rows = header_rows
        #: Whether no detector took the header row for one.
        self.is_guessed = is_guessed
        self.stop = stop
        #: Where the table lies when tables beside one another were separated; the whole width otherwise.
        self.first_column = 0
        self.stop_column: int | None = None
        #: The cells among which it was found, and the kinds of their rows, where these are not all of the sheet.
        self.scan: SheetScan | None = None
        self.kinds: bytearray | None = None
        #: The cells of a table that lay on its side, on its feet.
        self.turned: SheetScan | None = None
        #: The row of the sheet, from 0, that is the first column of such a table.
        self.turned_from = 0
        #: What stands alone above the header and is of all its records.
        self.section: str | None = None
        #: Of rows of the sheet the cells of the section heads above them: row and column, all from 1; where somebody asks for them.
        self.heads: dict[int, tuple[int, int]] = {}
        #: The records that stand in lines of the sheet, of which the table was made.
        self.gathered: Any = None
        #: The verdict on the rows among which it was found.
        self.verdict: RowKinds | None = None

    @property
    def data_start(self) -> int:
        """The row below the header block."""
        return self.start + self.header_rows

    def as_native(self) -> tuple[int, int, int, int, int | None, bool]:
        """The table for the native module."""
        return self.start, self.header_rows, self.stop, self.first_column, self.stop_column, self.is_guessed

    @classmethod
    def from_native(cls, span: tuple[int, int, int, int, int | None, bool]) -> RowSpan:
        start, header_rows, stop, first_column, stop_column, is_guessed = span
        made = cls(start, header_rows, stop, is_guessed=is_guessed)
        made.first_column, made.stop_column = first_column, stop_column
        return made

    def __repr__(self) -> str:
        return f"RowSpan(start={self.start}, header_rows={self.header_rows}, stop={self.stop})"


def find_tables(
    verdict: RowKinds, is_empty_row: Callable[[int], bool], *, merge_stacked_headers: bool
) -> list[RowSpan]:
    """The tables of a sheet, top to bottom. A sheet with any value has at least one."""
    kinds = verdict.kinds
    count = len(kinds)
    tables: list[RowSpan] = []
    current: RowSpan | None = None
    inferred = False
    row = 0
    next_header = kinds.find(HEADER)
    while row < count:
        if next_header != -1 and next_header < row:
            next_header = kinds.find(HEADER, row)
        # A data row can only open a table as long as the open one has no data.
        next_data = kinds.find(DATA, row, next_header if next_header != -1 else count)
        if next_data != -1:
            if current is None:
                # A data row without a header uses the row above as the header, or itself where that row is empty.
                # In the sheet's first row it opens no table.
                if next_data > 0:
                    start = next_data if is_empty_row(next_data - 1) else next_data - 1
                    current = RowSpan(start, 1, count, is_guessed=True)
                    inferred = True
                row = next_data + 1
                if current is None:
                    continue
            data_seen = True
        else:
            data_seen = False
        if next_header == -1:
            break
        row = next_header
        if current is None or inferred:
            # A detected header replaces a guessed table, which is dropped.
            current = RowSpan(row, 1, count)
            inferred = False
        elif merge_stacked_headers and not data_seen and row == current.data_start:
            current.header_rows += 1
        else:
            current.stop = row
            tables.append(current)
            current = RowSpan(row, 1, count)
        row += 1
    if current is not None:
        tables.append(current)
    if not tables:
        start = verdict.best_header_row
        if start is None:
            start = next((row for row in range(count) if not is_empty_row(row)), None)
        if start is not None:
            tables.append(RowSpan(start, 1, count, is_guessed=True))
    return tables


def chosen_tables(
    choice: SheetChoice, verdict: RowKinds, is_empty_row: Callable[[int], bool], *, merge_stacked_headers: bool
) -> list[RowSpan]:
    """The tables of a sheet of which a user has said where its header or its tables are."""
    count = len(verdict.kinds)
    first, first_column, last, last_column = choice.area or (1, 1, count, None)
    last = min(last, count)
    if choice.header_rows == ():
        rows = [row for row in range(first - 1, last) if not is_empty_row(row)]
        start = next((row for row in rows if verdict.kinds[row] not in (NOTE, TITLE)), rows[0] if rows else None)
        found = [] if start is None else [RowSpan(start, 0, last)]
    elif choice.header_rows is not None:
        start, stop = choice.header_rows
        found = [RowSpan(start - 1, stop - start + 1, last)] if stop <= last else []
    else:
        best = verdict.best_header_row
        best = best - first + 1 if best is not None and first <= best + 1 <= last else None
        within = RowKinds(verdict.kinds[first - 1 : last], best)
        found = find_tables(
            within, lambda row: is_empty_row(row + first - 1), merge_stacked_headers=merge_stacked_headers
        )
        for span in found:
            span.start += first - 1
            span.stop += first - 1
    for span in found:
        span.first_column, span.stop_column = first_column - 1, last_column
    return found


def is_guessed(verdict: RowKinds) -> bool:
    """Whether :func:`find_tables` has nothing to go by: no header row, and no data row that could follow one."""
    return verdict.kinds.find(HEADER) == -1 and verdict.kinds.find(DATA, 1) == -1


def spread_labels(rows: list[list[Any]]) -> list[list[Any]]:
    """A header block in which a label that stands over several columns stands over each of them.

    "2024" above "Net" and "Gross" is the year of both, also where nobody merged its cells. A label spreads to the right, over
    blank cells that have a text below, up to the next label of its row or of a row above it; and only where a text stands
    below the label itself, for the name of a single column may stand in any row of the block.
    """
    width = max(map(len, rows), default=0)
    spread = [[*row, *[None] * (width - len(row))] for row in rows]

    def is_filled(row: int, column: int) -> bool:
        value = rows[row][column] if column < len(rows[row]) else None
        return value is not None and bool(str(value).strip())

    for number in range(len(rows) - 1):
        label = None
        for column in range(width):
            has_text_below = any(is_filled(below, column) for below in range(number + 1, len(rows)))
            if is_filled(number, column):
                label = spread[number][column] if has_text_below else None
            elif not has_text_below or any(is_filled(above, column) for above in range(number)):
                label = None
            elif label is not None:
                spread[number][column] = label
    return spread


def joined_headers(rows: list[list[Any]], *, spread: bool = False) -> list[Any]:
    """One header for each column of a header block: the raw cell of a single row, else the rows' texts joined.

    A text that repeats in a column counts once, in whatever case. With ``spread`` labels stand over each of their columns. A column
    that is blank in all rows has no header.
    """
    if len(rows) == 1:
        return list(rows[0])
    if spread:
        rows = spread_labels(rows)
    joined: list[Any] = []
    for column in range(max(map(len, rows), default=0)):
        pieces: dict[str, str] = {}
        for row in rows:
            value = row[column] if column < len(row) else None
            piece = "" if value is None else " ".join(str(value).split())
            if piece:
                pieces.setdefault(piece.casefold(), piece)
        joined.append(" ".join(pieces.values()) or None)
    return joined
