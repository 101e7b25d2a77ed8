"""Sheets to rows, rows to tables, tables to fields.

Modules here may import polars; what starts the engine may not.
"""
