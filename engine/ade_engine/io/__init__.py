"""Reading inputs and writing outputs: thin Python over the native module.

``source`` opens and scans input files of every format, ``output`` writes the normalized workbook, ``proxy`` stands in
for openpyxl's objects until somebody touches them.
"""
