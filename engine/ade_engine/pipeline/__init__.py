"""Sheets to rows, rows to tables, tables to fields.

Modules here may import polars; modules that are imported when the engine starts may not.
"""
