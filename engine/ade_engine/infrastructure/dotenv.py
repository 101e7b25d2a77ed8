"""Reading a ``.env`` file: ``NAME=value`` lines, comments, quotes, and ``${NAME}`` for earlier variables."""

from __future__ import annotations

import os
import re

_LINE = re.compile(
    r"""
    ^[^\S\n]*(?:export[^\S\n]+)?
    (?P<name>'[^'\n]+'|[^=\#\s]+)
    [^\S\n]*=[^\S\n]*
    (?:
        '(?P<single>(?:[^'\\]|\\.)*)'[^\S\n]*(?:\#[^\n]*)?$
      | "(?P<double>(?:[^"\\]|\\.)*)"[^\S\n]*(?:\#[^\n]*)?$
      | (?P<bare>[^\n]*)$
    )
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_REFERENCE = re.compile(r"\$\{(?P<name>[^}:]*)(?::-(?P<default>[^}]*))?\}")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "b": "\b", "a": "\a", "v": "\v"}


def parse_dotenv(text: str) -> dict[str, str]:
    """Returns the file's variables in order; lines that assign nothing are skipped."""
    values: dict[str, str] = {}

    def resolve(match: re.Match) -> str:
        name = match["name"]
        if name in os.environ:
            return os.environ[name]
        return values.get(name, match["default"] or "")

    for match in _LINE.finditer(text.replace("\r\n", "\n").replace("\r", "\n")):
        if match["single"] is not None:
            value = re.sub(r"\\([\\'])", r"\1", match["single"])
        elif match["double"] is not None:
            value = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1] if m[1] in "\\\"'" else m[0]), match["double"])
            value = _REFERENCE.sub(resolve, value)
        else:
            # A comment starts at white space followed by a hash.
            value = _REFERENCE.sub(resolve, re.sub(r"(^|\s+)#.*", "", match["bare"]).strip())
        values[match["name"].strip("'")] = value
    return values
