"""openpyxl worksheets that hold whole tables without a cell for each value.

- ``worksheet``: the workbook and worksheet classes, over the ``cells`` by row and column, with blocks of whole rows
- ``rows``: whole rows as they were appended; ``fresh_cells``: making cells of them
- ``save`` with ``valid``: writing them, as valid files
"""
