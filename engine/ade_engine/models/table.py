"""Tables: the position of a table on a sheet, its columns, and their mapping."""

from __future__ import annotations

from functools import lru_cache

from ade_engine.models.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from ade_engine.models import polars as pl

#: Signs for "as above".
DITTO = frozenset(('"', "''", "”", "“", "„", "〃", "-\"-", "- \" -", "do.", "Do.", "ditto", "Ditto", "dto.", "Dto.", "idem", "Idem", "同上", "wie oben", "siehe oben", "s.o.", "s. o.", "as above", "same as above", "comme ci-dessus"))


class TableRegion(Record, frozen=True):
    """A block of cells, header rows included. Rows and columns count from 1, and both ends belong to the block."""

    min_row: int
    min_col: int
    max_row: int
    max_col: int
    header_row_count: int = 1
    _least_header_rows = 1

    def __post_init__(self):
        if self.min_row < 1 or self.min_col < 1:
            raise ValueError(f"a region starts in row 1, column 1 or later: {self!r}")
        if self.max_row < self.min_row or self.max_col < self.min_col:
            raise ValueError(f"a region ends where it starts or later: {self!r}")
        if not self._least_header_rows <= self.header_row_count <= self.height:
            raise ValueError(f"a region has at least one header row, and no more of them than rows: {self!r}")

    @property
    def a1(self) -> str:
        """Returns the block in spreadsheet notation: ``A3:E12``, or ``A3`` for one cell."""
        first = f"{column_letters(self.min_col)}{self.min_row}"
        last = f"{column_letters(self.max_col)}{self.max_row}"
        return first if first == last else f"{first}:{last}"

    @property
    def cell_range(self):
        """Returns the block as openpyxl's ``CellRange``."""
        from openpyxl.worksheet.cell_range import CellRange

        return CellRange(min_col=self.min_col, min_row=self.min_row, max_col=self.max_col, max_row=self.max_row)

    @property
    def width(self) -> int:
        """Returns the number of columns of the region."""
        return self.max_col - self.min_col + 1

    @property
    def height(self) -> int:
        """Returns the number of rows, header rows included."""
        return self.max_row - self.min_row + 1

    @property
    def header_row(self) -> int:
        """Returns the first header row; without one the first row."""
        return self.min_row

    @property
    def data_first_row(self) -> int:
        """Returns the row below the header, even if the region ends above it."""
        return self.min_row + self.header_row_count

    @property
    def data_min_row(self) -> int:
        """Returns the first data row, never below the region."""
        return min(self.data_first_row, self.max_row)

    @property
    def has_data_rows(self) -> bool:
        """Returns whether there is a row below the header."""
        return self.data_first_row <= self.max_row

    @property
    def data_row_count(self) -> int:
        """Returns the number of rows below the header."""
        return max(0, self.max_row - self.data_first_row + 1)

    def iter_values(self, ws, values_only: bool = True) -> Iterator[tuple[Any, ...]]:
        """Yields the region's rows on a worksheet."""
        return ws.iter_rows(
            min_row=self.min_row,
            max_row=self.max_row,
            min_col=self.min_col,
            max_col=self.max_col,
            values_only=values_only,
        )


class HeaderlessRegion(TableRegion):
    """The position of a table without a header row, which new packages have: ``header_row_count`` is 0, and all rows are data.
    """

    _least_header_rows = 0


def region_of(min_row: int, min_col: int, max_row: int, max_col: int, header_row_count: int) -> TableRegion:
    """Returns the region of a table that was found, with or without header rows."""
    kind = TableRegion if header_row_count else HeaderlessRegion
    return kind(min_row, min_col, max_row, max_col, header_row_count)


@lru_cache(maxsize=1024)
def column_letters(number: int) -> str:
    """Returns the spreadsheet's name of a column: 1 is ``A``, 27 is ``AA``."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """Returns the number of a column by its letters: 1 for ``A``, 27 for ``AA``."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number


#: Headers that stand for no header, as people and programs write them.
_NO_HEADERS = {"", "n/a", "na", "none", "null"}


def is_no_header(text: str) -> bool:
    """Returns whether a header means nothing: it is empty, or stands for an empty one."""
    lower = text.lower()
    return lower in _NO_HEADERS or lower.startswith("unnamed")


def is_blank(value: Any) -> bool:
    """Returns whether reports count a cell as blank: no value, or text without a visible character."""
    return value is None or (isinstance(value, str) and not value.strip())


def ends_with_colon(value: Any) -> bool:
    """Returns whether a cell is a text with a colon at its end, as labels are."""
    return isinstance(value, str) and value.rstrip().endswith(":")


class _LazyValues:
    """The ``values`` of a column: a list, or a function without parameters that is called for it once."""

    @property
    def values(self) -> list[Any]:
        values = self.__dict__["values"]
        if callable(values):
            values = self.__dict__["values"] = values()
        return values

    @values.setter
    def values(self, values: Any) -> None:
        self.__dict__["values"] = values

    def __getstate__(self) -> dict[str, Any]:
        # A function cannot be copied or pickled; its result can.
        return {**self.__dict__, "values": self.values}


class SourceColumn(_LazyValues, Record):
    """One column of a table as it was read. The values are read on first access."""

    index: int
    header: Any
    values: Sequence[Any]
    #: The footnote marks that were taken off the header, such as ``¹`` or ``(a)``; empty if it has none. Like the next two it
    #: is no field of the record, whose fields older packages know.
    footnote = ""
    #: The header with its footnote marks and units, if some were taken off.
    header_as_written = None
    #: The unit in a separate row below the header's text, such as ``EUR``; empty if there is none.
    unit = ""

    @property
    def is_empty(self) -> bool:
        """Returns whether neither the header nor any data cell has something to show."""
        return is_blank(self.header) and all(is_blank(value) for value in self.values)


class MappedColumn(_LazyValues, Record):
    """A source column that was mapped to a field."""

    field_name: str
    source_index: int
    header: Any
    values: Sequence[Any]
    score: float | None = None


class DerivedMapping(Record):
    """A field that was made from a source column: by a hook, or because it is a part of the column's content."""

    field_name: str
    source_header: str
    source_index: int | None = None
    score: float | None = None


class TableResult(Record):
    """All known facts about a table: the frame, its origin, the mapped fields, and its position in the output."""

    sheet_name: str
    table: pl.DataFrame
    source_region: TableRegion
    source_columns: list[SourceColumn] = []
    table_index: int = 0
    sheet_index: int = 0
    mapped_columns: list[MappedColumn] = []
    derived_mappings: list[DerivedMapping] = []
    unmapped_columns: list[SourceColumn] = []
    column_scores: Mapping[int, Mapping[str, float]] = {}
    duplicate_unmapped_indices: set[int] = set()
    row_count: int = 0
    output_region: TableRegion | None = None
    output_sheet_name: str | None = None
    #: The field with the values of each stacked column, by the column's index. Not a field of the record, whose fields older
    #: packages know.
    stacked = {}

    def mapping_lookup(self) -> dict[str, int | None]:
        """Returns the index of the source column by field, including the fields that were derived from one."""
        lookup: dict[str, int | None] = {column.field_name: column.source_index for column in self.mapped_columns}
        for derived in self.derived_mappings:
            lookup.setdefault(derived.field_name, derived.source_index)
        return lookup
