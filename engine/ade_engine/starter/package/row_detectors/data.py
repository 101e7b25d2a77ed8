"""A data row holds numbers, dates or addresses among its values."""


def has_values(*, row_values, **_):
    filled = [value for value in row_values if value not in (None, "")]
    if len(filled) < 2:
        return None
    if any(not isinstance(value, str) or "@" in value for value in filled):
        return {"data": 1.0}
    return None


def register(registry):
    registry.register_row_detector(has_values, row_kind="data", priority=10)
