"""The cells of a sheet: ``sheet_scan`` as they were read, or with rows that were changed since, ``worksheet_scan`` from an
openpyxl worksheet.
"""
