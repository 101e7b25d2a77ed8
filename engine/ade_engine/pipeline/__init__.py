"""Sheets to rows, rows to tables, tables to fields.

They use polars by :mod:`ade_engine.models.polars`, which imports it where it has to be.
"""
