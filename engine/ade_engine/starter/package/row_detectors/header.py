"""A header row holds words, and several of them."""


def mostly_words(*, row_values, **_):
    filled = [value for value in row_values if value not in (None, "")]
    if len(filled) < 2:
        return None
    words = sum(isinstance(value, str) and "@" not in value for value in filled)
    return {"header": 0.8 * words / len(filled)}


def register(registry):
    registry.register_row_detector(mostly_words, row_kind="header", priority=10)
