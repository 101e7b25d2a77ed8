"""Hooks that change each table after its cells are read."""

import polars as pl


def site_of_sheet(table, source_sheet):
    """If no cell has the site, the title of the sheet is the site."""
    return table.with_columns(pl.col("site").fill_null(source_sheet.title))


def once(table):
    """Keeps only the first row of each id in a table. The run reports the dropped rows."""
    return table.filter(pl.col("member_id").is_null() | pl.col("member_id").is_first_distinct())


def register(registry):
    registry.register_hook(site_of_sheet, hook="on_table_transformed", priority=20)
    registry.register_hook(once, hook="on_table_transformed", priority=10)
