"""The requested look of an output table, and the resulting look of its sheet."""

from __future__ import annotations

from ade_engine import _native
from ade_engine.models import polars as pl
from ade_engine.models.record import Record
from ade_engine.models.table import column_letters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Kinds of columns, by the native module's numbers.
FIELD, MOMENT_FIELD, OTHER, SEVERITY, ISSUES, SOURCE_ROW = range(6)


class LookColumn:
    """A column of a table that is written with a look.

    ``source`` is the frame's column; ``None`` for columns that are made from the issues. ``is_closed``: it is in a group of
    columns that a reader has to open. It is not a record: a table has one for each column, and a record takes several times as
    long to create.
    """

    __slots__ = ("kind", "source", "header", "width", "format", "is_closed")

    def __init__(
        self,
        kind: int,
        source: str | None,
        header: str,
        width: float | None = None,
        format: str | None = None,
        is_closed: bool = False,
    ):
        self.kind = kind
        self.source = source
        self.header = header
        self.width = width
        self.format = format
        self.is_closed = is_closed


class IssueColumns:
    """The position of a field's issues: its label, and the frame's columns with the field's values, with its issues and with
    their severities. Without ``severity`` all are warnings.
    """

    __slots__ = ("label", "field", "issue", "severity")

    def __init__(self, label: str, field: str, issue: str, severity: str | None = None):
        self.label = label
        self.field = field
        self.issue = issue
        self.severity = severity


class TableLook(Record):
    """The columns of a table, in order, and its issues. ``has_filter``: its header gets arrows to filter by."""

    columns: list[LookColumn]
    issues: list[IssueColumns]
    has_filter: bool

    @property
    def width(self) -> int:
        """Returns the number of written columns."""
        return len(self.columns)

    def sources(self) -> list[str]:
        """Returns the frame's columns that the table is made from."""
        names = [column.source for column in self.columns if column.source is not None]
        names += [issues.issue for issues in self.issues]
        names += [issues.severity for issues in self.issues if issues.severity is not None]
        return list(dict.fromkeys(names))

    def native(self, frame: Any, escape_formulas: bool) -> Any:
        """Returns the look of a native frame of these sources."""
        place = {name: number for number, name in enumerate(self.sources())}
        written = {column.source: number for number, column in enumerate(self.columns)}
        return _native.StyledFrame(
            frame,
            [
                _native.StyledColumn(
                    column.kind,
                    source=None if column.source is None else place[column.source],
                    header=column.header,
                    width=column.width,
                    format=column.format,
                )
                for column in self.columns
            ],
            [
                (
                    issues.label,
                    place[issues.issue],
                    written.get(issues.field),
                    None if issues.severity is None else place[issues.severity],
                )
                for issues in self.issues
            ],
            escape_formulas,
        )

    def write_table(self, frame: pl.DataFrame, styled: Any) -> pl.DataFrame:
        """Returns the table as it is written."""
        made: dict[int, list[str | None]] = {}
        if any(column.kind in (SEVERITY, ISSUES) for column in self.columns):
            made[SEVERITY], made[ISSUES] = styled.issues()
        return pl.DataFrame(
            [
                pl.Series(column.header, made[column.kind], dtype=pl.String)
                if column.source is None
                else frame.get_column(column.source).alias(column.header)
                for column in self.columns
            ]
        )


class SheetLook(Record):
    """The look of a sheet apart from its cells: it follows from its tables, one after the other."""

    widths: list[float] = []
    #: Which columns are closed: those that are so in every table.
    is_closed: list[bool] = []
    #: The number of rows that stay in view; ``None`` before the first table.
    frozen_rows: int | None = None
    filter: str | None = None

    def add(self, look: TableLook, widths: list[float], header_row: int, last_row: int) -> range:
        """Adds a table with its header in this row of the sheet; returns its columns."""
        for number, (column, width) in enumerate(zip(look.columns, widths)):
            if number == len(self.widths):
                self.widths.append(width)
                self.is_closed.append(column.is_closed)
            else:
                self.widths[number] = max(self.widths[number], width)
                self.is_closed[number] = self.is_closed[number] and column.is_closed
        if self.frozen_rows is None:
            self.frozen_rows = header_row
            if look.has_filter:
                self.filter = f"A{header_row}:{column_letters(len(widths))}{last_row}"
        return range(len(widths))
