"""What settings make of rows that are neither header nor data: notes, totals, section heads, blank rows.

Their kinds come from row detectors. Without these settings such rows belong to the table they follow, as data. Each row
that is left out is named in a notice. Rows count from 0 here.
"""

from __future__ import annotations

import re

import polars as pl

from ade_engine.fields.readers import names_total, profile
from ade_engine.models.notices import INFO
from ade_engine.models.row_layout import SheetRows
from ade_engine.models.table import is_blank
from ade_engine.pipeline.columns import with_series
from ade_engine.pipeline.header_rows import DATA, GROUP, NOTE, TITLE, TOTAL, RowSpan
from ade_engine.pipeline.provenance import rows_in_words, stretches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.models.notices import Notices
    from ade_engine.pipeline.context import RunContext

#: The header of the column that `group_rows = "column"` adds.
SECTION = "Section"
#: A longer text is no name of a column.
_LONGEST_NAME = 40
#: So many rows above a total are added up; without a word for totals at least so many.
_MOST_ADDED, _LEAST_ADDED = 5_000, 3
#: A total's label has fewer words than this, unless the total stands at an end.
_LEAST_WORDS = 3
#: A number as .csv files write it.
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?|-?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
#: So many records say which columns have texts.
_MOST_LOOKED_AT = 200
#: So many rows say how wide a table without a header row is.
_FIRST_RECORDS = 20
#: What remarks begin with.
_MARKS = ("*", "†", "‡", "§")


def end_tables(context: RunContext, sheet_name: str, spans: list[RowSpan], kinds: bytearray, scan: SheetScan) -> None:
    """Let tables end above their notes, and at blank rows, where the settings say so."""
    notes, blank_rows = context.settings.end_tables_at_notes, context.settings.stop_at_blank_rows
    if not notes and not blank_rows:
        return
    left_out: list[int] = []
    for span in list(spans):
        before = span.stop
        if blank_rows:
            span.stop = _first_gap(span, scan.is_empty_row, blank_rows)
        rows = {*range(span.stop, before)}
        if notes:
            end, span.stop = span.stop, _above_notes(span, kinds, scan)
            rows.update(range(span.stop, end))
            at = spans.index(span) + 1
            spans[at:at] = small = _small_tables(span.stop, end, scan)
            rows.difference_update(row for one in small for row in range(one.start, one.stop))
        left_out += (row for row in sorted(rows) if not scan.is_empty_row(row))
    _notice(context.notices, sheet_name, "below the end of a table", left_out)


def _first_gap(span: RowSpan, is_empty_row: Callable[[int], bool], blank_rows: int) -> int:
    """Where a table has so many blank rows below a filled one; its end otherwise."""
    run, has_data = 0, False
    for row in range(span.data_start, span.stop):
        if not is_empty_row(row):
            run, has_data = 0, True
        elif has_data:
            run += 1
            if run == blank_rows:
                return row + 1 - run
    return span.stop


def _above_notes(span: RowSpan, kinds: bytearray, scan: SheetScan) -> int:
    """Below the table's last row that is no note; its end where it has no notes there."""
    stop, has_notes = span.stop, False
    names = _names(scan, span)
    while stop > span.data_start:
        row = stop - 1
        if not scan.is_empty_row(row):
            if kinds[row] not in (NOTE, TITLE, GROUP) or not _is_thin(scan, span, row, names):
                break
            has_notes |= kinds[row] != GROUP
        stop = row
    return stop if has_notes else span.stop


def _small_tables(start: int, stop: int, scan: SheetScan) -> list[RowSpan]:
    """The tables of a few cells among the notes below a table: between blank rows, names above values in the same columns."""
    tables = []
    row = start
    while row < stop:
        if scan.is_empty_row(row):
            row += 1
            continue
        first = row
        while row < stop and not scan.is_empty_row(row):
            row += 1
        # What follows the table directly belongs to its notes.
        if row - first > 1 and first > start and _is_small_table([scan.row(one) for one in range(first, row)]):
            tables.append(RowSpan(first, 1, row))
    return tables


def _is_small_table(rows: list[list[Any]]) -> bool:
    names = {column: cell for column, cell in enumerate(rows[0]) if not is_blank(cell)}
    if len(names) < 2 or not all(isinstance(cell, str) and len(cell) <= _LONGEST_NAME for cell in names.values()):
        return False
    values = {column: [] for column in names}
    for row in rows[1:]:
        for column, cell in enumerate(row):
            if not is_blank(cell):
                if column not in values:
                    return False
                values[column].append(str(cell))
    if not all(map(len, values.values())):
        return False
    # Lines of a name and a value each are no table: the first of them has a value, too.
    looks = [(profile(pl.Series([names[column]])), profile(pl.Series(cells))) for column, cells in values.items()]
    has_values = [below["patterns"]["number"] + below["patterns"]["date"] == below["filled"] for _, below in looks]
    is_named = not any(above["patterns"][what] for above, _ in looks for what in ("number", "date", "email", "phone"))
    return is_named and any(has_values)


def _texts(scan: SheetScan, span: RowSpan, rows: range) -> int:
    """Different values in some rows of a table. A merged range that was filled says the same in each of its cells."""
    cells = (cell for row in rows for cell in scan.row(row)[span.first_column : span.stop_column])
    return len({str(cell).strip() for cell in cells if not is_blank(cell)})


def _names(scan: SheetScan, span: RowSpan) -> int:
    """How many columns a table's header names; without a header row, how many its fullest record fills."""
    if span.header_rows:
        return _texts(scan, span, range(span.start, span.data_start))
    first = range(span.start, min(span.stop, span.start + _FIRST_RECORDS))
    return max((_texts(scan, span, range(row, row + 1)) for row in first), default=0)


def _is_named(cells: list[Any]) -> bool:
    """Whether a row has texts alone, or a year: a section head is no number and no day."""
    filled = [cell for cell in cells if not is_blank(cell)]
    return all(
        isinstance(cell, str) and _amount(cell) is None or _amount(cell) is not None and 1900 <= (_amount(cell) or 0) <= 2100
        for cell in filled
    )


def _is_thin(scan: SheetScan, span: RowSpan, row: int, names: int) -> bool:
    """Whether a row has few values beside the table's header: a full row is never left out for its looks."""
    return _texts(scan, span, range(row, row + 1)) * 2 <= names


def leave_out_rows(
    context: RunContext, sheet_name: str, table: pl.DataFrame, span: RowSpan, kinds: bytearray, scan: SheetScan
) -> pl.DataFrame:
    """The table without the rows that settings leave out, and with a column for its section heads if they say so.

    The table has to have a row for each row of the span below its header.
    """
    settings = context.settings
    inside = kinds[span.data_start : span.stop]
    if settings.group_rows != "keep" and GROUP in inside:
        names = _names(scan, span)
        for at, kind in enumerate(inside):
            row = span.data_start + at
            if kind == GROUP and not (_is_thin(scan, span, row, names) and _is_named(scan.row(row)[span.first_column : span.stop_column])):
                inside[at] = DATA
    if settings.skip_total_rows:
        kept = _correct_totals(span, inside, scan)
        if kept:
            numbers = stretches([row + 1 for row in kept])
            context.notices.add(
                "doubtful_rows",
                f"sheet {sheet_name!r}: {rows_in_words(numbers)} may be totals; kept as records, for the numbers do not add up",
                sheet=sheet_name,
                count=len(kept),
                rows=numbers,
            )
    unwanted = []
    if settings.skip_total_rows and TOTAL in inside:
        unwanted.append((TOTAL, "of totals"))
    if settings.group_rows != "keep" and GROUP in inside:
        unwanted.append((GROUP, "with section heads"))
    if not unwanted or table.height != len(inside):
        return table
    if settings.group_rows == "column" and GROUP in inside:
        sections = _sections(table, span, inside, scan)
        if any(head is not None for head, kind in zip(sections, inside) if kind != GROUP):
            table = with_series(table, [sections])
    for kind, what in unwanted:
        rows = [span.data_start + at for at, one in enumerate(inside) if one == kind]
        _notice(context.notices, sheet_name, what, rows)
    gone = {kind for kind, _ in unwanted}
    return table.filter(pl.Series([one not in gone for one in inside], dtype=pl.Boolean))


def _correct_totals(span: RowSpan, inside: bytearray, scan: SheetScan) -> list[int]:
    """What the texts beside its label say of a row: a record has them ("Total Energies", "Smith"), and a total has none.

    In tables without another column of texts the sums say it, and so they do of rows without a word of totals. Returns the rows
    that look like totals and are taken for records, because their numbers say so.
    """
    kept: list[int] = []

    def cells_of(at: int) -> list[Any]:
        return scan.row(span.data_start + at)[span.first_column : span.stop_column]

    def label_of(cells: list[Any]) -> int | None:
        """The first filled cell that is no number, if it is a text with a word of totals."""
        filled = ((column, cell) for column, cell in enumerate(cells) if not is_blank(cell))
        column, cell = next(((column, cell) for column, cell in filled if _amount(cell) is None), (0, None))
        return column if isinstance(cell, str) and names_total(cell) else None

    # Of rows that look alike, layout recognition has looked at one: a record among many like it is none of these.
    layouts = SheetRows(scan.layout())
    near = {number - span.data_start for number, _ in layouts.looked_at}
    near.update(at for at, kind in enumerate(inside) if kind == TOTAL)
    _find_bare_sums(inside, sorted(near), cells_of)
    for at in near:
        if 0 <= at < len(inside) and inside[at] == TOTAL and layouts[span.data_start + at].state == "total":
            cells = cells_of(at)
            has_word = any(isinstance(cell, str) and names_total(cell) for cell in cells)
            if not has_word and not _adds_up(cells, None, [cells_of(one) for one in _records(inside, at, -1)]):
                # Nothing but its looks says that it is one.
                inside[at] = DATA
                kept.append(span.data_start + at)
    doubtful = [
        (at, label)
        for at in sorted(near)
        if 0 <= at < len(inside) and inside[at] in (DATA, TOTAL) and (label := label_of(cells_of(at))) is not None
    ]
    if not doubtful:
        return kept
    doubted = {at for at, _ in doubtful}
    others = [at for at, kind in enumerate(inside) if kind == DATA and at not in doubted]
    columns = _text_columns([cells_of(at) for at in others[:: max(1, len(others) // _MOST_LOOKED_AT)]])
    for at, label in doubtful:
        beside = columns - {label}
        cells = cells_of(at)
        # A merged label that was filled says the same in each of its cells.
        said = [column for column in beside if column < len(cells) and not is_blank(cells[column]) and cells[column] != cells[label]]
        if not beside:
            # Of numbers alone, what they add up to says it.
            above = [cells_of(one) for one in _records(inside, at, -1)]
            if _adds_up(cells, label, above):
                inside[at] = TOTAL
            elif inside[at] == TOTAL and _is_among_records(inside, at, cells[label], cells_of):
                below = [cells_of(one) for one in _records(inside, at, 1)]
                if not _adds_up(cells, label, below) and not _is_largest(cells, above + below):
                    inside[at] = DATA
                    kept.append(span.data_start + at)
            continue
        if len(said) == len(beside):
            inside[at] = DATA
        elif not said and any(not is_blank(cell) for column, cell in enumerate(cells) if column != label):
            inside[at] = TOTAL
    return kept


def _find_bare_sums(inside: bytearray, near: list[int], cells_of: Callable[[int], list[Any]]) -> None:
    """Sums that stand below a column without a word: no text beside them, and they add up."""
    for at in near:
        if not 0 <= at < len(inside) or inside[at] != DATA:
            continue
        cells = cells_of(at)
        if at + 1 < len(inside) and inside[at + 1] == DATA and any(not is_blank(cell) for cell in cells_of(at + 1)):
            # A record follows directly.
            continue
        above = [cells_of(one) for one in _records(inside, at, -1)]
        has_labels = sum(any(isinstance(cell, str) and _amount(cell) is None for cell in row) for row in above) * 2 > len(above)
        if len(above) >= _LEAST_ADDED and has_labels and _adds_up(cells, None, above):
            inside[at] = TOTAL


def _amount(cell: Any) -> float | None:
    """The number in a cell; texts have one as .csv files write them."""
    if isinstance(cell, str):
        text = cell.strip()
        return float(text.replace(",", "")) if _NUMBER.fullmatch(text) else None
    return None if isinstance(cell, bool) or not isinstance(cell, (int, float)) else float(cell)


def _records(inside: bytearray, at: int, step: int) -> list[int]:
    """The records between a row and the next total above (``step`` -1) or below (1); to the table's end where there is none."""
    found = []
    end = max(-1, at - 1 - _MOST_ADDED) if step < 0 else min(len(inside), at + 1 + _MOST_ADDED)
    for one in range(at + step, end, step):
        if inside[one] == TOTAL:
            break
        if inside[one] == DATA:
            found.append(one)
    return found


def _is_among_records(inside: bytearray, at: int, label: str, cells_of: Callable[[int], list[Any]]) -> bool:
    """Whether a record follows a row directly whose label says more than that it is a total: "Total station theodolite"."""
    follows = at + 1 < len(inside) and inside[at + 1] == DATA and any(not is_blank(cell) for cell in cells_of(at + 1))
    return follows and len(label.split()) >= _LEAST_WORDS


def _adds_up(cells: list[Any], label: int | None, above: list[list[Any]]) -> bool:
    """Whether the numbers of a row are the sums of those above it, in all of its columns of numbers."""
    if len(above) < 2:
        return False
    checked = 0
    for column, cell in enumerate(cells):
        if column == label or is_blank(cell):
            continue
        said = _amount(cell)
        others = [amount for row in above if column < len(row) and (amount := _amount(row[column])) is not None]
        if said is None or len(others) < 2 or not any(others):
            return False
        if abs(sum(others) - said) > max(1e-6 * abs(said), 0.005 * len(others) + 1e-9):
            return False
        checked += 1
    return checked > 0


def _is_largest(cells: list[Any], others: list[list[Any]]) -> bool:
    """Whether the numbers of a row are larger than those of the records, in more than half of its columns."""
    larger = smaller = 0
    for column, cell in enumerate(cells):
        said = _amount(cell)
        amounts = [amount for row in others if column < len(row) and (amount := _amount(row[column])) is not None]
        if said is not None and amounts:
            if said >= max(amounts):
                larger += 1
            else:
                smaller += 1
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


def _sections(table: pl.DataFrame, span: RowSpan, inside: bytearray, scan: SheetScan) -> pl.Series:
    """For each row the section head above it."""
    name, number = SECTION, 1
    while name in table.columns:
        number += 1
        name = f"{SECTION}__{number}"
    heads: list[str | None] = []
    head: str | None = None
    for at, kind in enumerate(inside):
        if kind == GROUP:
            cells = scan.row(span.data_start + at)[span.first_column : span.stop_column]
            # A merged head that was filled says the same in each of its cells.
            texts = dict.fromkeys(str(cell).strip() for cell in cells if not is_blank(cell))
            text = " ".join(texts)
            # A remark between two rows looks like a section head, and names nothing.
            head = head if text.startswith(_MARKS) else text or None
        heads.append(head)
    return pl.Series(name, heads, dtype=pl.String)


def _notice(notices: Notices, sheet_name: str, what: str, rows: list[int]) -> None:
    """Name rows that were left out."""
    if not rows:
        return
    numbers = stretches([row + 1 for row in rows])
    count = len(rows)
    plural = "row" if count == 1 else "rows"
    notices.add(
        "rows_left_out",
        f"sheet {sheet_name!r}: {count} {plural} {what} left out ({rows_in_words(numbers)})",
        level=INFO,
        sheet=sheet_name,
        count=count,
        rows=numbers,
    )
