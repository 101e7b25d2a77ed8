"""Reading inputs and writing outputs: thin Python over the native module.

- ``source``: opens and scans input files of every format
- ``output``: writes the normalized workbook
- ``limits``: what a worksheet can hold
- ``stand_in``: what hooks get until they touch a workbook or worksheet, and that then becomes openpyxl's
  - ``openpyxl_source``, ``read_only_sheet``: the input as openpyxl's objects
  - ``lazy_sheet`` over ``lazy_cells`` over ``bands`` and ``lazy_rows``: worksheets that hold whole tables without a cell
    for each value
  - ``openpyxl_save`` with ``openpyxl_valid``: writing them, as valid files
"""
