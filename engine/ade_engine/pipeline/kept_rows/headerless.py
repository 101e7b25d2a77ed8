"""Tables without a header row: with ``headerless_tables`` their first record stays a record. Rows count from 0 here.

The native module finds them (``sheet/records.rs``); notices here tell what is uncertain.
"""

from __future__ import annotations

from ade_engine import _native
from ade_engine.fields.units import is_unit
from ade_engine.models.notices import INFO, WARNING
from ade_engine.pipeline.finding.header_rows import GROUP, KIND_NAMES, RowSpan
from ade_engine.pipeline.finding.row_detectors import native_words
from ade_engine.pipeline.shared.not_written import OUTSIDE
from ade_engine.pipeline.shared.row_numbers import rows_in_words, stretches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.pipeline.shared.context import RunContext

#: The kinds of rows in words.
_TAKEN_FOR = ("something else", "a header", "a record", "a total", "a section head", "a note", "a title")
#: The number of reasons that a notice has at most.
_MOST_REASONS = 3
#: The reasons for which a header row is doubtful, other than its looks.
_DOUBTS = {
    "doubt: address": "it has an e-mail address or a phone number",
    "doubt: nothing below": "no row stands below it",
    "doubt: texts below names": "below a row of names, with texts alone",
}
#: The reasons for which records are doubtful.
_KEPT = {
    "kept: part of the header": "looks like a part of the header, and has values",
    "kept: other header": "may be the header of another table",
}


def keep_records(
    context: RunContext, spans: list[RowSpan], kinds: bytearray, scan: SheetScan, first: int = 0
) -> list[RowSpan]:
    """The tables of a sheet, with the records that were taken for its header row and those above the first header row.

    ``first``: where the user's range begins.
    """
    words = native_words(context.registry)
    given = [span.as_native() for span in spans]
    kinds[:], found, told = _native.keep_records(
        scan.as_native(), scan.layout(), kinds, given, words, bool(context.settings.rows_by_context), first, is_unit
    )
    for what, rows, number, kind in told:
        _tell(context, scan, what, rows, number, kind)
    return [RowSpan.from_native(span) for span in found]


def _tell(context: RunContext, scan: SheetScan, what: str, rows: list[int], number: float, kind: int) -> None:
    """One notice of some rows."""
    numbers = stretches([row + 1 for row in rows])
    named, count = rows_in_words(numbers), len(rows)
    if what in ("no header", "no header above"):
        row, looks = rows[0], scan.layouts()[rows[0]]
        why = f" ({'; '.join(looks.reasons[:_MOST_REASONS])})" if looks.state == "data" else ""
        above = "above the header row stand records" if what == "no header above" else "no header row was found"
        context.notice(
            "no_header_row",
            f"{above}{':' if what == 'no header above' else ';'} row {row + 1} looks like a record{why}. So columns were "
            f"recognised by their values. If row {row + 1} is the header, set `header_rows = [{row + 1}]`",
            rows=numbers,
        )
    elif what in _KEPT:
        kept = f"{named} {_KEPT[what]}; kept as {'a record' if count == 1 else 'records'}"
        context.notice("doubtful_rows", kept, count=count, rows=numbers)
    elif what == "below":
        context.notice(
            "doubtful_header_row",
            f"{named}, right below the header, may belong to it (looks {round(number * 100)}% like a header); taken for "
            f"{_TAKEN_FOR[kind]}. If it belongs to the header, set `header_rows`",
            # A section head is not lost: it stands beside its rows.
            level=INFO if kind == GROUP else WARNING,
            rows=numbers,
        )
    elif what == "left out":
        context.notice(
            "rows_left_out",
            f"{count} {'row' if count == 1 else 'rows'} above the header row left out ({named})",
            level=INFO,
            count=count,
            rows=numbers,
            reason=OUTSIDE,
        )
    elif what == "on its side":
        context.notice(
            "table_on_its_side",
            f"the names of {round(number)} fields stand below one another, in rows {rows[0] + 1} to {rows[-1] + 1}: each "
            "column seems to be a record. All rows were kept as they are, and no row is the header",
            rows=numbers,
        )
    else:
        context.notice(
            "doubtful_header_row",
            f"{named} taken for the header, but that is not certain ({_DOUBTS.get(what) or _by_looks(scan, rows)}). If a record is among "
            "them, say which rows are the header: `header_rows = [1]`, or `[]` where the sheet has none",
            rows=numbers,
        )


def _by_looks(scan: SheetScan, rows: list[int]) -> str:
    """Say what the looks of the likeliest of some header rows make doubtful."""
    looks = scan.layouts()[max(rows, key=lambda row: scan.layouts()[row]["header"])]
    if looks.state == "header":
        return f"it looks only {round(looks['header'] * 100)}% like a header"
    what = dict(zip(KIND_NAMES, _TAKEN_FOR)).get(looks.state, looks.state)
    return f"it looks more like {what}: {'; '.join(looks.reasons[:_MOST_REASONS])}"
