"""Sums that are carried from page to page: a row "Carried forward ... 51" is no record."""


def is_carried(row_values):
    """A detector scores the kinds that a row may be. The scores of all detectors are added, including the engine's own."""
    texts = [value.casefold() for value in row_values if isinstance(value, str)]
    return {"total": 5.0} if any(text.strip().startswith(("carried", "brought")) for text in texts) else None


def register(registry):
    registry.register_row_detector(is_carried, row_kind="total", priority=10)
