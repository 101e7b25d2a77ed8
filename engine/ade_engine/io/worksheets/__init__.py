"""openpyxl worksheets that hold tables of the output, or sheets of the input.

- ``made``: openpyxl's objects, made of stand-ins; ``filled``: whole rows as cells, and whether they still
  stand where they were put; ``openpyxl_looks``: their looks
- ``save`` with ``valid``: writing workbooks, as valid files
"""
