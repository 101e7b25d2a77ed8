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
    """Give each of several tables with the same header the text that stands alone above its own: a person, a site, a week.

    A single table has a title there, which says nothing of one record against another.
    """
    by_header: dict[tuple[str, ...], list[tuple[RowSpan, int, str]]] = {}
    above = 0
    for span in spans:
        row = span.start - 1
        while row >= max(above, span.start - 1 - _MOST_BLANK) and scan.is_empty_row(row):
            row -= 1
        text = _lone_text(scan, row) if span.header_rows and row >= above else None
        if text is not None:
            header = tuple(str(cell).strip().casefold() for cell in scan.row(span.data_start - 1) if not is_blank(cell))
            by_header.setdefault(header, []).append((span, row, text))
        above = span.data_start
    for found in by_header.values():
        names = {_CONTINUED.sub("", text) for _, _, text in found}
        if len(found) < 2 or len(names) < 2 and len({text for _, _, text in found}) < 2:
            continue
        for span, row, text in found:
            span.section = _CONTINUED.sub("", text)
            before = spans.index(span) - 1
            if before >= 0:
                spans[before].stop = min(spans[before].stop, row)


def _lone_text(scan: SheetScan, row: int) -> str | None:
    """The one text of a line; a merged range that was filled says it in each of its cells."""
    texts = dict.fromkeys(cell.strip() if isinstance(cell, str) else cell for cell in scan.row(row) if not is_blank(cell))
    (text,) = texts if len(texts) == 1 else (None,)
    if not isinstance(text, str) or len(text) > _LONGEST_SECTION or text.endswith(":") or not any(map(str.isalpha, text)):
        return None
    return None if _PAGE.search(text) else text
