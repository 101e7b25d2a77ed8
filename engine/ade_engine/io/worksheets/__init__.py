"""openpyxl worksheets that hold whole tables without a cell for each value.

- ``worksheet``: the workbook and worksheet classes, over the ``cells`` by row and column
- ``rows``: whole rows as they came; ``bands``: where in a sheet these stand; ``fresh_cells``: making cells of them
- ``save`` with ``valid``: writing them, as valid files
"""
