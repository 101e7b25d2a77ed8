"""Which rows are headers, and which are data."""

from ade_config.columns.invoices import FIELDS
from ade_engine.fields.headers import known_headers

KNOWN = {word for field in FIELDS for word in field.words}


def has_known_headers(row_values):
    """Two or more known header words make a header row; each adds to the score, so that a fuller header wins.

    ``row_values`` are the cells of one row, as they stand in the sheet.
    """
    hits = known_headers(row_values, KNOWN)
    return {"header": 0.5 * hits} if hits >= 2 else None


def has_values(row_values):
    """Three filled cells or more look like data, with half the weight of one known header word.

    Titles, notes and section names seldom fill more than one cell; they get no score and only occupy their row.
    """
    filled = 0
    for value in row_values:
        if value is not None and value != "":
            filled += 1
            if filled == 3:
                return {"data": 0.25}
    return None


def register(registry):
    registry.register_row_detector(has_known_headers, row_kind="header", priority=20)
    registry.register_row_detector(has_values, row_kind="data", priority=10)
