"""What a worksheet can hold, by the file format and by openpyxl; and how long a list of issues gets."""

import re

LAST_ROW = 1_048_576
LAST_COLUMN = 16_384
#: The longest text of a cell, in characters.
LONGEST_TEXT = 32_767
#: What no text of a cell can hold, as a pattern.
CONTROL_CHARACTERS = "[\x00-\x08\x0b\x0c\x0e-\x1f]"
#: So many lines has a list of issues; further ones are counted.
MOST_ISSUES = 1_000_000


def has_control_character(text: str) -> bool:
    """Whether no cell can hold a text as it is."""
    return not text.isprintable() and re.search(CONTROL_CHARACTERS, text) is not None
