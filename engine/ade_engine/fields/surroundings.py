"""The surroundings of a column while a table is transformed: settings, headers, other columns, the cells it came from.

The pipeline sets the surroundings of one table at a time; readers use them, and note there what they found. Outside of a run
there are none, and readers use their column alone.
"""

from __future__ import annotations

import threading
from operator import itemgetter

from ade_engine import _native
from ade_engine.infrastructure.policy import day_of_run
from ade_engine.models import polars as pl
from ade_engine.models.table import column_letters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ade_engine.fields.measures import Measure

#: The maximum number of rows of other columns that give hints.
_ROWS_FOR_HINTS = 5_000
#: Kinds that are read as the sheet displays them.
_SHOWN_AS_THEY_ARE = frozenset(("code", "text", "phone"))
#: Kinds for which the currency in a number's format counts.
_SHOWN_WITH_CURRENCY = frozenset(("number", "currency"))
_KINDS_IN_WORDS = {"date": "dates", "date_time": "dates", "number": "numbers", "phone": "phone numbers"}
_KINDS_IN_WORDS |= {"person_name": "names"}
_KINDS_IN_WORDS |= {"time": "times", "duration": "durations"}


class ColumnSurroundings:
    """The surroundings of the columns of one table."""

    def __init__(self, settings: Any, table: pl.DataFrame, sources: dict[str, ColumnSource]):
        self.settings = settings
        #: The arguments of each column's reader; the day of the run counts from 1970.
        self.arguments = {
            "order": settings.date_order,
            "decimal": settings.decimal_mark,
            "today": day_of_run(),
            "is_strict": settings.is_2026,
            "missing": list(settings.na),
        }
        #: The table before its transforms.
        self.table = table
        self.height = table.height
        #: The source of each field's column.
        self.sources = sources
        #: The field whose transforms run at the moment.
        self.field: str | None = None
        #: The readings of columns, by field and by the name of the column.
        self.readings: dict[tuple[str, str], dict[str, Any]] = {}
        #: Callables that return, by the message of a cell, why it came out empty, in words without the value, and the rule of
        #: the issue.
        self.said: list[Callable[[], dict[str, tuple[str, str]]]] = []
        #: The messages of each reader for cells that came out empty, by field and by the name of the column.
        self.unread: dict[tuple[str, str], list[pl.Series | None]] = {}
        #: The messages of a reader that has one for each cell that came out empty, by field and by the name of the column.
        self.exact: dict[tuple[str, str], pl.Series | None] = {}
        #: The messages for cells of a field's own column that no reader of a transform could read, by field. A value that is
        #: put in their place does not make them readable.
        self.hidden: dict[str, pl.Series] = {}
        #: The fields whose own column was read for them, perhaps with other columns.
        self.read_own: set[str] = set()
        # The unsettled notes of readers, each with the reader's number.
        self._noted: list[tuple[int, tuple[Any, ...]]] = []
        # The messages of each reader of the field's own column in the transform that runs at the moment.
        self._of_transform: list[pl.Series | None] = []
        #: The measures in the headers, by field and by the name of the column.
        self.measures: dict[tuple[str, str], Measure] = {}
        #: The number of codes that have lost digits, by field and by the name of the column.
        self.lost_digits: dict[tuple[str, str], int] = {}
        #: The kinds that fields' own columns were read as, and what was read.
        self.read_as: dict[str, tuple[str, pl.Series | None]] = {}
        #: The number of cells that say that they have no value, by field and by the name of the column.
        self.missing: dict[tuple[str, str], int] = {}
        # The number of each row in its sheet, if it is known.
        rows = table.get_column(ROW) if ROW in table.columns else None
        self._rows = rows if rows is not None and rows.dtype.is_integer() else None
        self._shown: dict[str, tuple[str | None, str | None, bool]] = {}

    def hints(self, name: str) -> tuple[str | None, str | None]:
        """Returns the order of dates and the decimal mark that the table's other columns show, if they agree; else those that
        the same column of the sheet shows in other tables.
        """
        orders, of_fields, of_money = set(), set(), set()
        for other in self.table.columns:
            if other != name and not other.startswith("__ade_"):
                order, decimal, is_money = self._shown_by(other)
                orders.add(order)
                # An outline number, a version or a coordinate is no evidence for amounts; a field is, and so is money.
                if other in self.sources or not self.sources:
                    of_fields.add(decimal)
                elif is_money:
                    of_money.add(decimal)
        source = self.sources.get(name)
        found = []
        for which, known in enumerate((orders - {None}, of_fields - {None} or of_money - {None})):
            if not known and source is not None:
                known = {source.shown_by_sheet()[which]}
            found.append(known.pop() if len(known) == 1 else None)
        return found[0], found[1]

    def _shown_by(self, name: str) -> tuple[str | None, str | None, bool]:
        if name not in self._shown:
            series = self.table.get_column(name)
            if series.dtype == pl.String:
                series = series.head(_ROWS_FOR_HINTS)
                self._shown[name] = _native.shown_by(series, self.header(name), self._mixed_cells(name, series))
            else:
                self._shown[name] = (None, None, False)
        return self._shown[name]

    def header(self, name: str) -> str:
        """Returns the header of a field's column. The name of any other column is its header."""
        source = self.sources.get(name)
        return name if source is None else source.header

    def is_of_other_field(self, name: str) -> bool:
        """Returns whether a column that is read for the current field is another field's, which may have been transformed."""
        return self.settings.is_2026 and self.field not in (None, name)

    def as_written(self, name: str) -> pl.Series | None:
        """Returns a column as it was before all transforms; ``None`` if it had no value, so that a transform has made it."""
        column = self.table.get_column(name) if name in self.table.columns else None
        return None if column is None or column.null_count() == len(column) else column

    def said_of(self, name: str, series: pl.Series, kind: str) -> tuple[str, str | None, tuple[Any, int, pl.Series] | None, bool]:
        """Returns the known facts about a column to read: its header, the unit or currency in the header, the cells that it was
        made of, and whether its workbook counts days from 1904.

        The cells are included if they say more than the column and each row's cell is known: cells of several types, and for
        kinds whose digits are no number, cells that the sheet shows with leading zeros.
        """
        source = self.sources.get(name)
        if source is None:
            return name, None, None, False
        origin = None if self._rows is None else self._origin(source, name, series, kind)
        return source.header, source.unit, origin, source.from_1904

    def _origin(self, source: ColumnSource, name: str, series: pl.Series, kind: str) -> tuple[Any, int, pl.Series] | None:
        cells = source.mixed_cells()
        if cells is None and (kind in _SHOWN_AS_THEY_ARE or kind in _SHOWN_WITH_CURRENCY):
            cells = source.padded_cells()
        rows = None if cells is None else self._rows_of(name)
        return None if rows is None or len(rows) != len(series) else (*cells, rows)

    def without_value(self, name: str) -> pl.Series | None:
        """Returns which cells of a field's column are formulas that were saved without a value, if each row's cell is known.

        The cells of a part are those of the column that it was split from.
        """
        if not getattr(self.sources, "may_lack_values", True):
            return None
        source = self.sources.get(name) or getattr(self.sources, "of_parts", {}).get(name)
        numbers = [] if source is None else source.rows_without_value()
        rows = self._rows_of(name) if numbers and name in self.table.columns else None
        if rows is None:
            return None
        without = {*numbers}
        found = [row in without and value is None for row, value in zip(rows.to_list(), self.table.get_column(name).to_list())]
        return pl.Series(found, dtype=pl.Boolean) if any(found) else None

    def note_lost(self, field: str, name: str, said: pl.Series) -> None:
        """Notes the cells of a column without a field that were lost for a field; ``said``: their messages."""
        source = self.sources.of_no_field.get(name)
        if source is not None and self._rows is not None:
            rows = self._rows.filter(said.is_not_null())
            known = self.sources.lost.setdefault(field, {})
            known.update({row: known.get(row, source) for row in rows.to_list()})

    def _mixed_cells(self, name: str, series: pl.Series) -> tuple[Any, int, pl.Series] | None:
        """Returns the cells of the first rows of any column of mixed cells."""
        source = self.sources.get(name) or getattr(self.sources, "of_no_field", {}).get(name)
        if source is None or self._rows is None:
            return None
        cells = source.mixed_cells()
        return None if cells is None else (*cells, self._rows_of(name).head(len(series)))

    def _rows_of(self, name: str) -> pl.Series | None:
        """Returns the row of each cell of a column. In a reshaped table it may differ from the record's row."""
        cells = getattr(self.sources, "cells", None)
        return self._rows if cells is None or self._rows is None else cells.read_rows(name, self._rows)

    def note(
        self,
        number: int,
        name: str,
        kind: str,
        reading: dict[str, Any] | None,
        unread: pl.Series | None,
        is_own: bool,
        is_exact: bool = True,
        lost: int = 0,
        missing: int = 0,
        measure: Measure | None = None,
        values: pl.Series | None = None,
    ) -> None:
        """Notes how the reader with this number has read a column for the current field.

        ``is_own``: all cells of the table's column were read. ``is_exact``: no cell came out empty without a message. ``lost``:
        the number of codes that have lost digits. ``missing``: the number of cells that say that they have no value. ``values``: what was
        read.
        """
        self._noted.append((number, (self.field or name, name, kind, reading, unread, is_own, is_exact, lost, missing, measure, values)))

    def settle(self) -> None:
        """Keeps the notes of readers in the order in which the author created them, because polars calls them in any order."""
        noted, self._noted = sorted(self._noted, key=itemgetter(0)), []
        for _, (field, name, kind, reading, unread, is_own, is_exact, lost, missing, measure, values) in noted:
            if is_own and name == field:
                self.read_own.add(field)
                self._of_transform.append(unread)
            if is_exact:
                self.exact[field, name] = unread
            self.unread.setdefault((field, name), []).append(unread)
            if lost:
                self.lost_digits[field, name] = lost
            if missing and is_own:
                self.missing[field, name] = missing
            if measure is not None:
                self.measures[field, name] = measure
            if is_own and name == field:
                self.read_as[field] = kind, values
            if reading is not None and reading["cells"]:
                self.readings[field, name] = {**reading, "kind": kind, "message": sentence(kind, reading)}

    def begin_transform(self) -> None:
        """Drops the notes of readers that the engine itself has called, to see a value as its text."""
        self._noted = []

    def end_transform(self, field: str) -> None:
        """Keeps which cells no reader of the finished transform could read. A cell that one of them can read is not lost."""
        self.settle()
        found, self._of_transform = self._of_transform, []
        if not found or any(unread is None for unread in found):
            return
        hidden = unread_by_all(found)
        if field in self.hidden:
            hidden = pl.select(pl.coalesce(self.hidden[field], hidden)).to_series()
        self.hidden[field] = hidden


class ColumnSources(dict):
    """The sources of a table's columns: fields by their names, other columns by their own."""

    def __init__(self, of_no_field: dict[str, ColumnSource]):
        super().__init__()
        self.of_no_field = of_no_field
        #: The columns that were split into parts, by the parts' fields. Readers of the parts do not see them.
        self.of_parts: dict[str, ColumnSource] = {}
        #: The columns without a field in which a value of a field made of several columns was lost, by fields and rows.
        self.lost: dict[str, dict[int, ColumnSource]] = {}
        #: Readers of parts with remarks about the names that they split, by the parts' fields.
        self.doubtful_parts: dict[str, Any] = {}
        #: The cells of the values, if the table was reshaped: ``pipeline.shared.cells``.
        self.cells: Any = None
        #: Whether a cell of the sheet may be a formula that was saved without a value.
        self.may_lack_values = True
        #: Sums and differences from checks, as the registry has them.
        self.relations: list[tuple[str, tuple[str, ...], tuple[int, ...]]] = []
        #: Returns the cells of a column of the sheet, from 1, in the rows that are totals of the table.
        self.totals: Callable[[int], list[Any]] | None = None


#: The reserved column with each row's number in the source sheet.
ROW = "__ade_row"
#: The reserved column, in edition 2026, of numbers that are computed from these, to prove that a row's number is genuine.
ROW_CHECK = "__ade_row_check"


def _no_cells() -> None:
    return None


class ColumnSource:
    """The origin of a field's column. Without the callables for its cells readers cannot go back to these.

    It is not a record: a table has one for each column, and a record takes several times as long to create.
    """

    __slots__ = ("header", "unit", "number", "letters", "mixed_cells", "padded_cells", "shown_by_sheet", "rows_without_value", "from_1904", "mark_of_totals")

    def __init__(
        self,
        header: str,
        unit: str | None,
        number: int,
        shown_by_sheet: Callable[[], tuple[str | None, str | None]],
        from_1904: bool,
        *,
        mixed_cells: Callable[[], tuple[Any, int] | None] = _no_cells,
        padded_cells: Callable[[], tuple[Any, int] | None] = _no_cells,
        rows_without_value: Callable[[], list[int]] = list,
    ):
        self.header = header
        #: The unit or currency that the header names.
        self.unit = unit
        #: The column of the sheet, from 1, and its letters.
        self.number = number
        self.letters = column_letters(number)
        #: Returns the scan and the column in it, if cells of several types have become text.
        self.mixed_cells = mixed_cells
        #: The same for numbers that the sheet shows with leading zeros.
        self.padded_cells = padded_cells
        #: Returns the hints of the sheet's whole column.
        self.shown_by_sheet = shown_by_sheet
        #: Returns the sheet's rows in which the column has a formula that was saved without a value.
        self.rows_without_value = rows_without_value
        #: Whether the workbook counts days from 1904.
        self.from_1904 = from_1904
        #: The decimal mark under which the rows of stacked columns add up to the totals beside these.
        self.mark_of_totals: str | None = None


def unread_by_all(found: list[pl.Series]) -> pl.Series:
    """Returns the first message of each cell that has one from every reader."""
    if len(found) == 1:
        return found[0]
    in_all = pl.all_horizontal(unread.is_not_null() for unread in found)
    return pl.select(pl.when(in_all).then(found[0])).to_series()


def sentence(kind: str, reading: dict[str, Any]) -> str:
    """Returns how a column was read, in words and without values: ``dates day-first: 14 of 40 cells can be read in this way
    only``.
    """
    words = _KINDS_IN_WORDS.get(kind, kind)
    why = "; ".join(reading["why"])
    if reading["decided_by"] == "refused":
        # Cells of numbers or dates are read without regard to text.
        typed = reading["read_as"]
        return f"{typed}; its texts were not read: {why}" if typed else f"not read as {words}: {why}"
    if words == "dates":
        return f"{words} {why}"
    if kind in ("phone", "time", "duration", "person_name"):
        return f"{words}: {why}"
    if reading["read_as"] in ("whole numbers", "typed numbers"):
        return f"{reading['read_as']}: {why}"
    return f"{words} with {reading['read_as']}: {why}"


def told_as(message: str) -> str:
    """Returns a :func:`sentence` for use behind the name of its column: ``read as dates day-first: …``."""
    return message if message.startswith("not read ") else f"read as {message}"


_of_thread = threading.local()


def is_strict() -> bool:
    """Returns whether values are read as since edition 2026, which reports doubtful values or leaves them empty. Outside of
    runs they are, too.
    """
    return getattr(_of_thread, "edition", "2026") != "1.9"


def enter_run(edition: str | None) -> None:
    """Sets the edition for all values that this thread reads from now on; ``None`` ends the run."""
    _of_thread.edition = edition or "2026"


def current() -> ColumnSurroundings | None:
    """Returns the surroundings of the table that this thread transforms at the moment."""
    return getattr(_of_thread, "surroundings", None)


def enter(surroundings: ColumnSurroundings | None) -> None:
    """Sets the surroundings for the readers that this thread creates from now on; ``None`` ends them."""
    _of_thread.surroundings = surroundings
