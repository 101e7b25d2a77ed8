"""Fields, kinds of rows, and stages of hooks."""

from __future__ import annotations

from enum import Enum

from ade_engine.models.record import Record


class FieldDef(Record):
    """A field of the normalized output.

    Only ``name`` matters for finding and computing it. ``label`` and ``dtype`` are for readers of reports; with ``output_style
    = "table"`` the label is the header, ``width`` the width of the column in characters, and ``format`` its number format:
    ``"money"``, ``"percent"``, or a spreadsheet's format (``"0.000"``).

    ``required`` asks for the field and for a value in each row, ``unique`` for a different value in each row of a table, and in
    edition 2026 in all tables of a sheet. Both are ``True``, which makes each breach an error, or the severity of a breach.
    ``unique`` can also be the names of several fields that are different together: ``("sample_id", "analyte")``. The values of
    fields with ``key`` name the row in lists of issues. ``description`` is for people who read reports.
    """

    #: The file, line and function where its author created it, if it is registered elsewhere.
    __slots__ = ("ade_place",)

    name: str
    label: str | None = None
    dtype: str | None = None
    meta: dict = {}
    width: float | None = None
    format: str | None = None
    required: bool | str = False
    key: bool = False
    unique: bool | str | tuple[str, ...] = False
    description: str | None = None

    _by_name_only = ("width", "format", "required", "key", "unique", "description")


class RowKind(str, Enum):
    """The kinds of rows that the engine itself acts on. Row detectors may score any other kind as well."""

    HEADER = "header"
    DATA = "data"
    UNKNOWN = "unknown"


class HookName(str, Enum):
    """The stages at which hooks run, in the order of a run."""

    ON_WORKBOOK_START = "on_workbook_start"
    ON_SHEET_START = "on_sheet_start"
    ON_TABLE_MAPPED = "on_table_mapped"
    ON_TABLE_TRANSFORMED = "on_table_transformed"
    ON_TABLE_VALIDATED = "on_table_validated"
    ON_TABLE_WRITTEN = "on_table_written"
    ON_SHEET_END = "on_sheet_end"
    ON_WORKBOOK_BEFORE_SAVE = "on_workbook_before_save"
