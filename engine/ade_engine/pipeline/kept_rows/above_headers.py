"""What stands alone in a line above a header: the section of that table, or a value that is no part of its names.

Edition 2026. Rows count from 0 here.
"""

from __future__ import annotations

import re

from ade_engine.models.table import is_blank
from ade_engine.pipeline.finding.header_rows import TITLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.pipeline.finding.header_rows import RowSpan

#: A longer text is a note.
_LONGEST_SECTION = 80
#: So many blank rows may part a line from the header that it belongs to.
_MOST_BLANK = 1
#: So many lines, of so many texts each, name what a table is of.
_MOST_LINES, _MOST_TEXTS = 3, 3
_PERIOD = re.compile(
    r"(?:week|wk|cw|kw|woche|kalenderwoche|semaine|sem|semana|settimana|weeknr|tydzień|týden|týždeň|hét|uke|uge|vecka|viikko|hafta|неделя|тиждень)"
    r"[.:]?\s*\d{1,2}(?:\s*[/.-]?\s*\d{2,4})?|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}",
    re.IGNORECASE,
)
_PAGE = re.compile(r"\b(?:page|seite|página|pagina|pág|strona|strana|sivu|side|sida|oldal|лист|стр)\b|^\W*\d+\s*(?:/|of|von|de|di|van)\s*\d+\W*$|ページ|页", re.IGNORECASE)
_CONTINUED = re.compile(r"[\s,–-]*[([]?\b(?:continued|cont(?:inua(?:ción|zione|ção)|['’]?d)?\.?|fortsetzung|forts\.?|suite|vervolg|ciąg dalszy|c\.d\.)[)\]]?$", re.IGNORECASE)


def free_lone_values(spans: list[RowSpan], kinds: bytearray, scan: SheetScan) -> None:
    """Take a line of one cell that is a day, a week or a label with a colon out of the header below it: it names no column."""
    for span in spans:
        while span.header_rows > 1:
            cells = [cell for cell in scan.row(span.start) if not is_blank(cell)]
            text = str(cells[0]).strip() if len(cells) == 1 else ""
            is_value = bool(cells) and not isinstance(cells[0], (str, int, float)) or _PERIOD.fullmatch(text) or text.endswith(":")
            if not text or not is_value:
                break
            kinds[span.start] = TITLE
            span.start += 1
            span.header_rows -= 1


def name_sections(spans: list[RowSpan], scan: SheetScan) -> None:
    """Give each of several tables with the same header what stands in the lines above its own and differs from table to table: a person, a
    site, a week.

    A single table has a title there, which says nothing of one record against another.
    """
    by_header: dict[tuple[str, ...], list[tuple[RowSpan, int, list[list[str]]]]] = {}
    above = 0
    for span in spans:
        row = span.start - 1
        while row >= max(above, span.start - 1 - _MOST_BLANK) and scan.is_empty_row(row):
            row -= 1
        if span.header_rows and row >= above:
            header = tuple(sorted(str(cell).strip().casefold() for cell in scan.row(span.data_start - 1) if not is_blank(cell)))
            lines = _lines_above(scan, row, above, len(header))
            if lines:
                by_header.setdefault(header, []).append((span, row, lines))
        above = span.data_start
    for found in by_header.values():
        count = min(len(lines) for _, _, lines in found)
        texts = [[text for line in lines[:count][::-1] for text in line] for _, _, lines in found]
        if len(found) < 2 or len({len(one) for one in texts}) > 1:
            continue
        # What all have alike is a label, or a title.
        names = [" / ".join(text for at, text in enumerate(one) if any(other[at] != text for other in texts)) for one in texts]
        if not all(names):
            continue
        for (span, row, _), name in zip(found, names):
            span.section = _CONTINUED.sub("", name)
            before = spans.index(span) - 1
            if before >= 0:
                spans[before].stop = min(spans[before].stop, row - count + 1)


def _lines_above(scan: SheetScan, row: int, above: int, width: int) -> list[list[str]]:
    """The texts of the lines from a row upwards to a blank one, if they are few; else of the row itself, if it has one text.

    ``width``: a line of as many cells is a record.
    """
    lines, at = [], row
    while at >= above and not scan.is_empty_row(at):
        line = _texts_of(scan, at)
        if len(lines) == _MOST_LINES or not 0 < len(line) < min(width, _MOST_TEXTS + 1):
            # A record, or one line too many: at most the nearest one names something.
            first = (lines or [line])[0]
            return [first] if len(first) == 1 else []
        lines.append(line)
        at -= 1
    return lines


def _texts_of(scan: SheetScan, row: int) -> list[str]:
    """The texts of a line that name something; none where it has anything else. A merged range that was filled says one in each of its cells."""
    cells = dict.fromkeys(cell.strip() if isinstance(cell, str) else cell for cell in scan.row(row) if not is_blank(cell))
    texts = [cell for cell in cells if isinstance(cell, str) and len(cell) <= _LONGEST_SECTION and any(map(str.isalpha, cell))]
    is_other = len(texts) < len(cells) or any(map(_PAGE.search, texts)) or len(texts) == 1 and texts[0].endswith(":")
    return [] if is_other else texts
