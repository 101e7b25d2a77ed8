"""The limits of a worksheet, by the file format and by openpyxl, and of a list of issues."""

import re

LAST_ROW = 1_048_576
LAST_COLUMN = 16_384
#: The maximum length of a cell's text, in characters.
MAX_TEXT_CHARS = 32_767
#: A pattern of the characters that no cell can hold.
CONTROL_CHARACTERS = "[\x00-\x08\x0b\x0c\x0e-\x1f]"
#: The maximum number of lines in a list of issues; further ones are only counted.
MAX_ISSUES = 1_000_000


def has_control_character(text: str) -> bool:
    """Returns whether a text has characters that no cell can hold."""
    return not text.isprintable() and re.search(CONTROL_CHARACTERS, text) is not None
