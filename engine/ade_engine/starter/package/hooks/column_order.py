"""The fields first, in the order in which they were registered; then whatever else the table has."""


def fields_first(*, table, **_):
    first = [name for name in ("full_name", "email") if name in table.columns]
    return table.select(first + [name for name in table.columns if name not in first])


def register(registry):
    registry.register_hook(fields_first, hook="on_table_validated", priority=10)
