"""Input files: opened and scanned by the native module in the background, seen from Python.

Nothing here imports openpyxl or polars before they are needed: :func:`open_source` is called before either is there,
so that reading overlaps their import.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from ade_engine import _native
from ade_engine.io.stand_in import StandIn, become, is_stand_in, opening, tell

#: The input file cannot be read; the message says what is wrong with it. Bytes that are not in the encoding of a text
#: file are a ``UnicodeDecodeError`` instead, and a file name that makes no sheet title is a ``ValueError``.
SourceError = _native.SourceError

_TYPES_OF_FILES = frozenset((type(None), str, bool, int, float, dt.datetime, dt.date, dt.time, dt.timedelta))
#: The limits that a sheet is scanned with ahead of being asked for, unless told otherwise.
_USUAL_ROWS_RUN = 1000
_USUAL_COLS_RUN = 500


def open_source(
    path: str,
    *,
    csv_encoding: str = "utf-8",
    csv_delimiter: str = ",",
    max_empty_rows_run: int | None = _USUAL_ROWS_RUN,
    max_empty_cols_run: int | None = _USUAL_COLS_RUN,
    scan_ahead: bool = True,
) -> Source:
    """Start reading a file and return at once; what is wrong with it shows in :meth:`Source.load`.

    The first visible sheet is scanned ahead, with the given limits, on the guess that it will be wanted; a scan with
    other limits, or of another sheet, costs the guess but is right. ``scan_ahead=False`` leaves it out.
    """
    return Source(path, csv_encoding, csv_delimiter, max_empty_rows_run, max_empty_cols_run, scan_ahead)


class SourceSheet:
    """A worksheet of the input, or one that a hook added to it."""

    __slots__ = ("_title", "_state", "index", "worksheet", "origin")

    def __init__(self, title: str, state: str, index: int | None):
        self._title = title
        self._state = state
        #: Its place among the worksheets of the file; ``None`` where a hook made it.
        self.index = index
        #: The openpyxl worksheet, or what becomes it when it is touched.
        self.worksheet: Any = None
        #: For a worksheet that hooks can change, what it was before.
        self.origin: Any = None

    @property
    def title(self) -> str:
        """Its title, as hooks left it."""
        return self._title if is_stand_in(self.worksheet) else self.worksheet.title

    @property
    def state(self) -> str:
        """``visible``, ``hidden`` or ``veryHidden``, as hooks left it."""
        return self._state if is_stand_in(self.worksheet) else self.worksheet.sheet_state

    def __repr__(self) -> str:
        return f"<SourceSheet {self.title!r}, {self.state}>"


class Source:
    """An input file that is being read."""

    def __init__(
        self,
        path: str,
        csv_encoding: str,
        csv_delimiter: str,
        max_empty_rows_run: int | None,
        max_empty_cols_run: int | None,
        scan_ahead: bool,
    ):
        self.path = str(path)
        self._native = _native.Source(
            self.path, csv_encoding, csv_delimiter, scan_ahead, max_empty_rows_run, max_empty_cols_run
        )
        self._sheets: list[SourceSheet] | None = None
        self._active: SourceSheet | None = None
        self._workbook: Any = None
        self._openpyxl_sheets: list[Any] = []

    def load(self) -> None:
        """Wait for the workbook's structure; raises what is wrong with the file."""
        if self._sheets is None:
            sheets, active = self._native.load()
            self._workbook = SourceWorkbook(self)
            self._sheets = [SourceSheet(title, state, index) for index, (title, state) in enumerate(sheets)]
            for sheet in self._sheets:
                sheet.worksheet = SourceWorksheet(self, sheet)
            self._active = None if active is None else self._sheets[active]

    @property
    def sheets(self) -> list[SourceSheet]:
        """The worksheets of the file in its order; chart sheets are not among them."""
        self.load()
        return list(self._sheets or ())

    @property
    def sheet_count(self) -> int:
        """How many sheets the file has, chart sheets included."""
        return len(self.all_titles)

    @property
    def active(self) -> SourceSheet | None:
        """The sheet that was active when the file was saved; ``None`` if that is no worksheet."""
        self.load()
        return self._active

    def sheets_now(self) -> tuple[list[SourceSheet], SourceSheet | None]:
        """The worksheets in order, and the active one, as hooks left the workbook."""
        sheets = self.sheets
        if is_stand_in(self._workbook):
            return sheets, self._active
        known = {id(sheet.worksheet): sheet for sheet in sheets}
        now = []
        for worksheet in self._workbook.worksheets:
            sheet = known.get(id(worksheet))
            if sheet is None:
                sheet = SourceSheet(worksheet.title, worksheet.sheet_state, None)
                sheet.worksheet = worksheet
            now.append(sheet)
        active = self._workbook.active
        return now, next((sheet for sheet in now if sheet.worksheet is active), None)

    @property
    def format(self) -> str:
        """``csv``, ``xls``, or ``xlsx`` for the whole family."""
        extension = self.path[-4:].lower()
        return {".csv": "csv", ".xls": "xls"}.get(extension, "xlsx")

    @property
    def workbook(self) -> Any:
        """The openpyxl workbook, or what becomes it when it is touched."""
        self.load()
        return self._workbook

    def worksheet(self, sheet: SourceSheet) -> Any:
        """The openpyxl worksheet of a sheet, or what becomes it when it is touched."""
        return sheet.worksheet

    def openpyxl_sheet(self, sheet: SourceSheet) -> Any:
        """A worksheet of the ``.xlsx`` family as openpyxl itself reads it."""
        self.open()
        return self._openpyxl_sheets[sheet.index]

    def open(self) -> None:
        """Let openpyxl have the workbook. Its worksheets are those that hooks have seen."""
        with opening():
            if is_stand_in(self._workbook):
                self._open()

    def _open(self) -> None:
        if self.format == "xlsx":
            from openpyxl.worksheet._read_only import ReadOnlyWorksheet

            from ade_engine.io.openpyxl_source import open_package

            opened = open_package(self.path)
            self._openpyxl_sheets = [sheet for sheet in opened._sheets if isinstance(sheet, ReadOnlyWorksheet)]
            ours = {id(theirs): sheet.worksheet for theirs, sheet in zip(self._openpyxl_sheets, self.sheets)}
            become(self._workbook, type(opened))
            self._workbook.__dict__.update(opened.__dict__)
            self._workbook._sheets = [ours.get(id(sheet), sheet) for sheet in opened._sheets]
            for sheet in opened._sheets:
                if id(sheet) not in ours:
                    sheet._parent = self._workbook
        else:
            from ade_engine.io.lazy_sheet import LazyWorkbook

            become(self._workbook, LazyWorkbook)
            LazyWorkbook.__init__(self._workbook)
            self._workbook._sheets = [sheet.worksheet for sheet in self.sheets]
            if self._active is not None:
                self._workbook._active_sheet_index = self._active.index

    def open_sheet(self, sheet: SourceSheet) -> None:
        """Let a worksheet become openpyxl's."""
        worksheet, title, state = sheet.worksheet, sheet.title, sheet.state
        if self.format == "xlsx":
            from ade_engine.io.read_only_sheet import NativeReadOnlyWorksheet

            become(worksheet, NativeReadOnlyWorksheet)
            NativeReadOnlyWorksheet.__init__(worksheet, self, sheet, title, state)
            return
        from ade_engine.io.lazy_sheet import LazyWorksheet
        from ade_engine.io.openpyxl_source import Origin

        self.open()
        become(worksheet, LazyWorksheet)
        # Set as it is: titles of old workbooks may repeat in another case, or be longer than openpyxl likes.
        worksheet._WorkbookChild__title = title
        LazyWorksheet.__init__(worksheet, self._workbook, title)
        sheet.origin = Origin(worksheet, self, sheet, state)

    def prefetch(
        self, sheets: Sequence[SourceSheet], *, max_empty_rows_run: int | None, max_empty_cols_run: int | None
    ) -> None:
        """Say which sheets will be scanned, in order: each is then read while the one before is worked on."""
        indices = [sheet.index for sheet in sheets if sheet.index is not None]
        self._native.prefetch(indices, max_empty_rows_run, max_empty_cols_run)

    def scan(
        self,
        sheet: SourceSheet,
        *,
        max_empty_rows_run: int | None,
        max_empty_cols_run: int | None,
        on_progress: Callable[[int], object] | None = None,
    ) -> SheetScan:
        """Read a sheet's cells, as hooks left them. ``None`` means no limit; ``on_progress(rows)`` is called at most ten
        times a second.
        """
        if sheet.index is None or sheet.origin is not None and not sheet.origin.is_unchanged(sheet.worksheet):
            return _scan_of_worksheet(sheet.worksheet, max_empty_rows_run, max_empty_cols_run)
        scan = self._native.scan(sheet.index, max_empty_rows_run, max_empty_cols_run, on_progress)
        return SheetScan(scan)

    @property
    def all_titles(self) -> list[str]:
        """The titles of all sheets in workbook order, chart sheets included."""
        return self._native.all_titles()

    def peek(self, sheet: SourceSheet, rows: int | None) -> SheetScan:
        """The first rows of a sheet, or all of them, without limits and beside whatever is read in the background.

        Text of no length counts as a value here.
        """
        return SheetScan(self._native.peek(sheet.index, rows))

    def merged_ranges(self, sheet: SourceSheet) -> list[tuple[int, int, int, int]]:
        """Merged ranges as (first row, last row, first column, last column), from 1; known for ``.xls`` alone."""
        return self._native.merged_ranges(sheet.index)


class SheetScan:
    """The cells of a sheet.

    Row numbers count from 0 and include empty rows. Rows end with their last value; cells are plain Python values:
    ``int`` or ``float`` as the file has it, ``str`` (errors too), ``bool``, ``datetime``, ``date``, ``time``,
    ``timedelta`` or ``None``.
    """

    __slots__ = ("_native", "rows_emitted", "stopped_early", "truncated_rows", "width")

    def __init__(self, native: Any):
        self._native = native
        #: Rows up to the last one, or up to where scanning stopped.
        self.rows_emitted: int
        #: Whether a long run of empty rows ended the scan.
        self.stopped_early: bool
        #: Declared rows that were left out by that.
        self.truncated_rows: int
        #: Cells of the widest row.
        self.width: int
        self.rows_emitted, self.stopped_early, self.truncated_rows, self.width = native.facts()

    def rows(self, start: int, stop: int) -> list[list[Any]]:
        """Rows from ``start`` to before ``stop``; an empty row is an empty list."""
        return self._native.rows(start, stop)

    def row(self, number: int) -> list[Any]:
        """One row."""
        return self._native.row(number)

    def details(self, start: int, stop: int) -> list[list[int]]:
        """What a peek at a workbook of the ``.xlsx`` family knows of each cell of some rows beside its value.

        -1 where the file has no cell, else eight times its number in the list of styles plus its data type: 0 to 6
        for ``n``, ``s``, ``b``, ``d``, ``e``, ``str``, ``inlineStr``. Rows end with their last cell; one that the file
        has without a cell is ``[-2]``.
        """
        return self._native.details(start, stop)

    def is_empty_row(self, number: int) -> bool:
        """Whether a row has no value."""
        return self._native.is_empty_row(number)

    def widest(self, start: int, stop: int) -> int:
        """Cells of the widest row from ``start`` to before ``stop``."""
        return self._native.widest(start, stop)

    def values(self, column: int, start: int, stop: int) -> list[Any]:
        """The raw cells of a column."""
        return self._native.values(column, start, stop)

    def series(self, name: str, column: int, start: int, stop: int) -> Any:
        """A column as a polars ``Series``.

        Type and values are those of ``polars.Series(name, values, strict=False)``; where polars refuses the mixture
        every value becomes text, date-times in ISO form and others by ``str``. Floats among text look as polars 1.36
        prints them (``1e20``), whatever version is installed.
        """
        import polars as pl

        all_null, built = self._native.column(name, column, start, stop)
        if built is not None:
            series = pl.Series(name, built)
            # The name travels with the column, but a null byte in it does not.
            return series if series.name == name else series.rename(name)
        if all_null:
            length = max(0, stop - start)
            return pl.Series(name, [None], dtype=pl.Null).new_from_index(0, length) if length else pl.Series(name, [])
        return series_of_values(name, self.values(column, start, stop))

    def cell_counts(self, start: int, stop: int, width: int) -> tuple[list[int], int]:
        """Cells that are not blank for each of the first ``width`` columns, and rows in which all of these are."""
        return self._native.cell_counts(start, stop, width)

    @property
    def declared(self) -> tuple[int, int, int, int] | None:
        """The extent that a workbook says the sheet has: first column and row, last column and row, from 1."""
        return self._native.declared()

    def free(self) -> None:
        """Give the memory back. Nothing can be read afterwards; series that were made live on."""
        self._native.free()


def _scan_of_worksheet(worksheet: Any, max_empty_rows_run: int | None, max_empty_cols_run: int | None) -> Any:
    """A scan of the rows of an openpyxl worksheet."""
    rows = [list(row) for row in worksheet.iter_rows(values_only=True)]
    scan = SheetScan(_native.scan_of_rows(worksheet.title, rows, max_empty_rows_run, max_empty_cols_run))
    # The native module has text in place of values that no file can hold.
    others = {
        number: row[: len(scan.row(number))]
        for number, row in enumerate(rows[: scan.rows_emitted])
        if any(type(value) not in _TYPES_OF_FILES for value in row)
    }
    if not others:
        return scan
    from ade_engine.io.changed_scan import ChangedScan

    return ChangedScan(scan, others)


def series_of_values(name: str, values: list[Any]) -> Any:
    """What the contract makes of a column of Python values."""
    import polars as pl

    try:
        return pl.Series(name, values, strict=False)
    except Exception:
        # Polars has no type for this mixture, and says so with different exceptions.
        return pl.Series(name, [None if value is None else _as_text(value) for value in values], dtype=pl.String)


def _as_text(value: Any) -> str:
    from datetime import datetime

    return value.isoformat() if isinstance(value, datetime) else str(value)


class SourceWorkbook(StandIn):
    """``source_workbook`` while nobody has touched more of it than its sheets."""

    def __init__(self, source: Source):
        tell(self, _ade_source=source)

    def _ade_real_class(self) -> type:
        from openpyxl.workbook.workbook import Workbook

        return Workbook

    def _ade_open(self) -> None:
        self._ade_source.open()

    @property
    def _ade_has_worksheets_only(self) -> bool:
        """Whether the sheets are known without openpyxl: chart sheets are its business."""
        return self._ade_source.sheet_count == len(self._ade_source.sheets)

    @property
    def sheetnames(self) -> list[str]:
        if not self._ade_has_worksheets_only:
            return self._ade_source.all_titles
        return [sheet.title for sheet in self._ade_source.sheets]

    @property
    def worksheets(self) -> list[Any]:
        return [sheet.worksheet for sheet in self._ade_source.sheets]

    @property
    def active(self) -> Any:
        if not self._ade_has_worksheets_only:
            self._ade_become()
            return self.active
        active = self._ade_source.active
        return None if active is None else active.worksheet

    def __getitem__(self, key: Any) -> Any:
        sheet = next((sheet for sheet in self._ade_source.sheets if sheet.title == key), None)
        if sheet is not None:
            return sheet.worksheet
        if self._ade_has_worksheets_only:
            raise KeyError(f"Worksheet {key} does not exist.")
        self._ade_become()
        return self[key]

    def __iter__(self) -> Any:
        return iter(self.worksheets)

    def __contains__(self, key: Any) -> bool:
        return key in self.sheetnames


class SourceWorksheet(StandIn):
    """``source_sheet`` while nobody has touched it."""

    def __init__(self, source: Source, sheet: SourceSheet):
        tell(self, _ade_source=source, _ade_sheet=sheet)

    def _ade_real_class(self) -> type:
        if self._ade_source.format == "xlsx":
            from openpyxl.worksheet._read_only import ReadOnlyWorksheet

            return ReadOnlyWorksheet
        from openpyxl.worksheet.worksheet import Worksheet

        return Worksheet

    def _ade_open(self) -> None:
        self._ade_source.open_sheet(self._ade_sheet)

    @property
    def title(self) -> str:
        return self._ade_sheet.title

    @property
    def sheet_state(self) -> str:
        return self._ade_sheet.state

    @property
    def parent(self) -> Any:
        return self._ade_source.workbook
