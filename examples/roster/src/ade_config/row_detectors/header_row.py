"""Which rows are headers."""

from ade_config.headers import KNOWN, simplify


def has_known_headers(row_values):
    """Two or more known header words make a header row; each adds to the score, so that a fuller header wins.

    ``row_values`` are the cells of one row, as they stand in the sheet. This is called for every row of every sheet, so
    the cheap question comes first: a row with a number in it is not a header.
    """
    hits = 0
    for value in row_values:
        if value is None:
            continue
        if type(value) is not str:
            return None
        if simplify(value) in KNOWN:
            hits += 1
    return {"header": 0.5 * hits} if hits >= 2 else None


def register(registry):
    registry.register_row_detector(has_known_headers, row_kind="header", priority=20)
