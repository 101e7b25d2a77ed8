"""Reading inputs and writing outputs: thin Python over the native module.

- ``input/``: opens and scans input files of every format, and shows them to hooks as openpyxl's objects
- ``output/``: collects and writes the normalized workbook
- ``scan/``: the cells of a sheet that was read
- ``worksheets/``: openpyxl worksheets that hold whole tables without a cell for each value, and how they are saved
- ``stand_in``: what hooks get until they touch a workbook or worksheet, and that then becomes openpyxl's
- ``limits``: what a worksheet can hold
"""
