"""Workbooks of the ``.xlsx`` family as openpyxl itself opens them: read-only and with cached formula values."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def open_package(path: str) -> Any:
    """A workbook of the ``.xlsx`` family as openpyxl reads it."""
    from openpyxl import load_workbook
    from openpyxl.reader.excel import SUPPORTED_FORMATS

    # openpyxl goes by names, but not where it is given an open file.
    is_known = path.lower().endswith(SUPPORTED_FORMATS)
    try:
        return load_workbook(path if is_known else open(path, "rb"), read_only=True, data_only=True)
    except ValueError:
        repaired = _repair_font_families(path)
        if repaired is None:
            raise
        return load_workbook(repaired, read_only=True, data_only=True)


def _repair_font_families(path: str) -> Any:
    """A copy of the workbook in memory whose fonts have families that openpyxl accepts, at most 14.

    ``None`` when that is not what is wrong with it.
    """
    import io
    import re
    import zipfile

    def clamp(match: re.Match[bytes]) -> bytes:
        return match[0] if int(match[2]) <= 14 else match[1] + b"2" + match[3]

    copy = io.BytesIO()
    with zipfile.ZipFile(path) as original, zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as target:
        if "xl/styles.xml" not in original.namelist():
            return None
        styles = original.read("xl/styles.xml")
        repaired = re.sub(rb"""(<(?:\w+:)?family\s[^>]*?\bval\s*=\s*["'])(\d+)(["'])""", clamp, styles)
        if repaired == styles:
            return None
        for item in original.infolist():
            target.writestr(item.filename, repaired if item.filename == "xl/styles.xml" else original.read(item))
    copy.seek(0)
    return copy
