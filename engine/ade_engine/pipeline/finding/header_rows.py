"""The kinds of rows, by which header rows and tables of a sheet are found. Rows count from 0.

1. Row detectors score each row. :mod:`ade_engine.pipeline.finding.row_detectors` calls those of authors; the engine's own are
   in :mod:`ade_engine.fields.headers` and use words, values, and looks, which the native module judges (``layout``).
2. :meth:`RowVerdicts.decide` chooses a row's kind by the sums of the scores. If all detectors are the engine's own, the native
module
   does the same (``fields/looks/rows.rs``).
3. The native module opens a table at each header row, and its passes decide where each begins and ends (``sheet``). 4. It also
reads one header for each column of a block of rows (``sheet/header.rs``).
"""

from __future__ import annotations

from ade_engine import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ade_engine.extensions.registry import RegisteredFn
    from ade_engine.io.scan.sheet_scan import SheetScan

    #: The scores of each author's detector, by row from 0, for the header rows and the runner-up, in a run that explains them.
    RowVotes = dict[int, list[tuple[RegisteredFn, dict[Any, float]]]]

#: The kinds of rows while tables are sought. Only headers and data make tables; settings act on the others.
OTHER, HEADER, DATA, TOTAL, GROUP, NOTE, TITLE, BALANCE, LINE, LONE, RULE, PREPARED = range(12)
#: The names of these kinds.
KIND_NAMES = _native.row_kinds()
#: Kinds beside header and data that detectors may return, and the kinds of their rows.
OTHER_KINDS = {"total": TOTAL, "group": GROUP, "note": NOTE, "title": TITLE}


class RowVerdicts:
    """The kinds of a sheet's rows, decided row by row."""

    def __init__(self) -> None:
        self.kinds = bytearray()
        self.header_scores: list[float] = []

    def decide(self, totals: dict[Any, float]) -> Any:
        """Decides the kind of the next row by the sum of the scores for each kind.

        Returns the kind with the highest sum, the first of several equals.
        """
        kinds = self.kinds
        self.header_scores.append(totals.get("header", 0.0))
        if not totals:
            kinds.append(OTHER)
            return "unknown"
        if len(totals) == 1:
            (kind,) = totals
        else:
            kind = max(totals, key=totals.__getitem__)
        kinds.append(HEADER if kind == "header" else DATA if kind == "data" else OTHER_KINDS.get(kind, OTHER))
        return kind


class RowKinds:
    """The kinds of a sheet's rows, and their scores by detectors."""

    def __init__(self, kinds: bytearray, header_scores: Sequence[float], heard: RowVotes | None = None):
        self.kinds = kinds
        #: The sum of each row's scores for a header; ``None`` without detectors.
        self.header_scores = header_scores
        self.heard: RowVotes = heard or {}


class RowSpan:
    """The rows of a table: a header block, and everything below it up to ``stop``. It never changes.

    ``scan``: the cells of the table's area, if they are not all of the sheet; ``turned_from``: the row of the sheet, from 0,
    that is the first column of a table on its side; ``cards``: the records in lines of the sheet that make up the table.
    """

    def __init__(
        self,
        found: _native.FoundSpan,
        verdict: RowKinds,
        scan: SheetScan | None = None,
        *,
        turned_from: int | None = None,
        cards: _native.FoundCards | None = None,
    ):
        self.start, self.header_rows, self.stop, self.first_column, self.stop_column, self.is_guessed, *facts = found
        #: The text above the header that applies to all records; the cells of the header, by row and column, that name no
        #: column; the cells with a sign for "as above", each with the row of its value, or ``None``; columns that are filled
        #: once for several records, and the rows in which they are blank.
        self.section, self.unnamed, self.signs, self.filled_once = facts
        #: The verdict on the rows of its area.
        self.verdict = verdict
        self.scan = scan
        #: The upright cells of a table that lay on its side.
        self.turned = None if turned_from is None else scan
        self.turned_from = turned_from or 0
        self.gathered = cards

    @property
    def data_start(self) -> int:
        """Returns the row below the header block."""
        return self.start + self.header_rows

    def __repr__(self) -> str:
        return f"RowSpan(start={self.start}, header_rows={self.header_rows}, stop={self.stop})"
