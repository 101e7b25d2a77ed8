"""The cells of a sheet: ``sheet_scan`` as they were read, or with rows that were changed since,
``worksheet_scan`` from an openpyxl worksheet; ``merged`` lists merged ranges; ``series`` makes polars columns of Python values.
"""
