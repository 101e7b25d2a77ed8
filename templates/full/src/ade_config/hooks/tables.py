"""What happens to each table once its cells have been read."""

import polars as pl


def site_of_sheet(table, source_sheet):
    """Where no cell says it, the title of the sheet is the site."""
    return table.with_columns(pl.col("site").fill_null(source_sheet.title))


def once(table):
    """Somebody who is listed twice in a table, with the same id, is kept once. The run says which rows were dropped."""
    return table.filter(pl.col("member_id").is_null() | pl.col("member_id").is_first_distinct())


def register(registry):
    registry.register_hook(site_of_sheet, hook="on_table_transformed", priority=20)
    registry.register_hook(once, hook="on_table_transformed", priority=10)
