"""The first row with two texts or more is the header; what follows is data."""


def kind_of(row_values, row_index, sheet_name, state):
    filled = [value for value in row_values if value not in (None, "")]
    if len(filled) < 2:
        return None
    header_of = state.setdefault("header_row", {})
    first = header_of.setdefault(sheet_name, row_index)
    return {"header": 1.0} if row_index == first else {"data": 1.0}


def register(registry):
    registry.register_row_detector(kind_of, row_kind="header", priority=10)
