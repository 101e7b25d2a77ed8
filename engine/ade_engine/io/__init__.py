"""Reading inputs and writing outputs: thin Python over the native module.

- ``input/``: opens and scans input files of every format, and shows them to hooks as openpyxl's objects
- ``output/``: collects and writes the normalized workbook
- ``scan/``: the cells of a sheet that was read
- ``worksheets/``: openpyxl worksheets that hold whole tables without a cell for each value, and how they are saved
- ``stand_in``: placeholders for workbooks and worksheets, which become openpyxl's objects when a hook uses them
- ``limits``: the limits of a worksheet
"""
