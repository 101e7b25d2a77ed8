"""What a worksheet can hold, by the file format and by openpyxl."""

LAST_ROW = 1_048_576
LAST_COLUMN = 16_384
#: The longest text of a cell, in characters.
LONGEST_TEXT = 32_767
