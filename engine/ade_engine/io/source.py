"""Input files: opened and scanned by the native module in the background, seen from Python.

Nothing here imports openpyxl or polars before they are needed: :func:`open_source` is called before either is there,
so that reading overlaps their import.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ade_engine import _native
from ade_engine.io.proxy import OpenpyxlProxy, WorkbookProxy

#: The input file cannot be read; the message says what is wrong with it. Bytes that are not in the encoding of a text
#: file are a ``UnicodeDecodeError`` instead, and a file name that makes no sheet title is a ``ValueError``.
SourceError = _native.SourceError

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
    """A worksheet of the input: its title, its place among the worksheets, and how it is shown."""

    __slots__ = ("title", "state", "index")

    def __init__(self, title: str, state: str, index: int):
        self.title = title
        #: ``visible``, ``hidden`` or ``veryHidden``.
        self.state = state
        self.index = index

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
        self._workbook: SourceWorkbookProxy | None = None
        self._worksheets: dict[int, SourceSheetProxy] = {}

    def load(self) -> None:
        """Wait for the workbook's structure; raises what is wrong with the file."""
        if self._sheets is None:
            sheets, active = self._native.load()
            self._sheets = [SourceSheet(title, state, index) for index, (title, state) in enumerate(sheets)]
            self._active = None if active is None else self._sheets[active]

    @property
    def sheets(self) -> list[SourceSheet]:
        """The worksheets in workbook order; chart sheets are not among them."""
        self.load()
        return list(self._sheets or ())

    @property
    def sheet_count(self) -> int:
        """How many worksheets the file has."""
        self.load()
        return len(self._sheets or ())

    @property
    def active(self) -> SourceSheet | None:
        """The sheet that was active when the file was saved; ``None`` if that is no worksheet."""
        self.load()
        return self._active

    @property
    def format(self) -> str:
        """``csv``, ``xls``, or ``xlsx`` for the whole family."""
        extension = self.path[-4:].lower()
        return {".csv": "csv", ".xls": "xls"}.get(extension, "xlsx")

    @property
    def workbook(self) -> Any:
        """The workbook as openpyxl has it; opened when it is first touched."""
        if self._workbook is None:
            self._workbook = SourceWorkbookProxy(self)
        return self._workbook

    def worksheet(self, sheet: SourceSheet) -> Any:
        """A worksheet as openpyxl has it; opened when it is first touched."""
        proxy = self._worksheets.get(sheet.index)
        if proxy is None:
            proxy = self._worksheets[sheet.index] = SourceSheetProxy(self, sheet)
        return proxy

    def prefetch(
        self, sheets: Sequence[SourceSheet], *, max_empty_rows_run: int | None, max_empty_cols_run: int | None
    ) -> None:
        """Say which sheets will be scanned, in order: each is then read while the one before is worked on."""
        self._native.prefetch([sheet.index for sheet in sheets], max_empty_rows_run, max_empty_cols_run)

    def scan(
        self,
        sheet: SourceSheet,
        *,
        max_empty_rows_run: int | None,
        max_empty_cols_run: int | None,
        on_progress: Callable[[int], object] | None = None,
    ) -> SheetScan:
        """Read a sheet's cells. ``None`` means no limit; ``on_progress(rows)`` is called at most ten times a second."""
        scan = self._native.scan(sheet.index, max_empty_rows_run, max_empty_cols_run, on_progress)
        return SheetScan(scan)

    @property
    def all_titles(self) -> list[str]:
        """The titles of all sheets in workbook order, chart sheets included."""
        return self._native.all_titles()

    def peek(self, sheet: SourceSheet, rows: int | None) -> SheetScan:
        """The first rows of a sheet, or all of them, without limits and beside whatever is read in the background."""
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


class SourceWorkbookProxy(WorkbookProxy):
    """``source_workbook``: openpyxl's workbook of the input, opened when more than its sheets is touched."""

    __slots__ = ("_ade_source",)

    def __init__(self, source: Source):
        object.__setattr__(self, "_ade_source", source)
        super().__init__()

    def _make(self) -> Any:
        from ade_engine.io.openpyxl_source import open_workbook

        source = self._ade_source
        workbook = open_workbook(source)
        for worksheet, sheet in zip(workbook.worksheets, source.sheets):
            if source.format == "xlsx":
                # The sheet's proxy reads natively; what openpyxl gives out is told apart from it.
                self._ade_sheets[id(worksheet)] = source.worksheet(sheet)
            else:
                self._adopt(worksheet, source.worksheet(sheet))
        return workbook

    def _class(self) -> type:
        from openpyxl.workbook.workbook import Workbook

        return Workbook

    @property
    def _ade_has_worksheets_only(self) -> bool:
        """Whether the sheets are known without openpyxl: chart sheets are its business."""
        return self._ade_source.sheet_count == len(self._ade_source.all_titles)

    def __getattr__(self, name: str) -> Any:
        source = self._ade_source
        if name == "sheetnames":
            return source.all_titles
        if self._ade_real is None and name in ("worksheets", "active") and self._ade_has_worksheets_only:
            if name == "worksheets":
                return [source.worksheet(sheet) for sheet in source.sheets]
            return None if source.active is None else source.worksheet(source.active)
        return super().__getattr__(name)

    def __getitem__(self, key: Any) -> Any:
        source = self._ade_source
        sheet = next((sheet for sheet in source.sheets if sheet.title == key), None)
        if sheet is not None:
            return source.worksheet(sheet)
        if self._ade_has_worksheets_only:
            raise KeyError(f"Worksheet {key} does not exist.")
        return super().__getitem__(key)

    def __iter__(self) -> Any:
        return iter(self.worksheets)

    def __contains__(self, key: Any) -> bool:
        return key in self._ade_source.all_titles


class SourceSheetProxy(OpenpyxlProxy):
    """``source_sheet``: openpyxl's worksheet of the input, made when it is first touched."""

    __slots__ = ("_ade_source", "_ade_sheet")

    _facts = ("title", "sheet_state")
    _lasting_facts = ("parent",)

    def __init__(self, source: Source, sheet: SourceSheet):
        object.__setattr__(self, "_ade_source", source)
        object.__setattr__(self, "_ade_sheet", sheet)
        super().__init__()

    def _fact(self, name: str) -> Any:
        if name == "parent":
            return self._ade_source.workbook
        return self._ade_sheet.title if name == "title" else self._ade_sheet.state

    def _make(self) -> Any:
        if self._ade_source.format == "xlsx":
            from ade_engine.io.read_only_sheet import NativeReadOnlyWorksheet

            return NativeReadOnlyWorksheet(self._ade_source, self._ade_sheet)
        self._ade_source.workbook._ade_open()
        # Building the workbook has told this sheet, too.
        return self._ade_real

    def _class(self) -> type:
        if self._ade_source.format == "xlsx":
            from openpyxl.worksheet._read_only import ReadOnlyWorksheet

            return ReadOnlyWorksheet
        from openpyxl.worksheet.worksheet import Worksheet

        return Worksheet
