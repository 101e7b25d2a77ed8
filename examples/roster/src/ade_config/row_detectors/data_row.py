"""Which rows are data."""


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
    registry.register_row_detector(has_values, row_kind="data", priority=10)
