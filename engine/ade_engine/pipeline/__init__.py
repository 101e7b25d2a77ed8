"""Sheets to rows, rows to tables, tables to fields.

These modules use polars through :mod:`ade_engine.models.polars`, which imports it on first use.
"""
