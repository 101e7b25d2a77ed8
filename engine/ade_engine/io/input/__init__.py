"""Input files.

- ``source``: opens and scans them in the background
- ``read_only_sheet``: workbooks of the ``.xlsx`` family as openpyxl's objects
- ``origin``: sheets of ``.csv`` and ``.xls`` files as openpyxl's objects
"""
