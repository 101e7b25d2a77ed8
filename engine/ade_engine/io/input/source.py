"""Input files: opened and scanned by the native module in the background, for use from Python.

Nothing here imports openpyxl or polars before they are needed: :func:`open_source` is called before they are imported, so that
reading overlaps their import.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ade_engine import _native
from ade_engine.io.scan.sheet_scan import SheetScan, in_order
from ade_engine.io.stand_in import StandIn, become, is_stand_in, opening, set_facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: The input file cannot be read; the message contains the reason. Bytes that are not in the encoding of a text file are a
#: ``UnicodeDecodeError`` instead, with an ``ade_hint`` if the file is a workbook.
SourceError = _native.SourceError

#: The limits for scanning a sheet ahead, unless the caller gives others.
_USUAL_ROWS_RUN = 1000
_USUAL_COLS_RUN = 500
#: The number of rows that are read to find out whether a sheet has values.
_ROWS_OF_A_LOOK = 64


def open_source(
    path: str,
    *,
    csv_encoding: str = "utf-8",
    csv_delimiter: str = ",",
    max_empty_rows_run: int | None = _USUAL_ROWS_RUN,
    max_empty_cols_run: int | None = _USUAL_COLS_RUN,
    fill_merged: int = 0,
    scan_ahead: bool = True,
    as_shown: bool = False,
) -> Source:
    """Starts reading a file and returns at once; :meth:`Source.load` raises its errors.

    The first visible sheet is scanned ahead, with the given limits, because it will probably be needed; for other limits or
    another sheet that scan is discarded. ``scan_ahead=False`` leaves it out. With ``fill_merged`` each cell of a merged range
    has the value of its first cell. ``as_shown``: cells of workbooks have the values that spreadsheet programs show, and not
    those of the older engine.
    """
    return Source(path, csv_encoding, csv_delimiter, max_empty_rows_run, max_empty_cols_run, fill_merged, scan_ahead, as_shown)


class SourceSheet:
    """A worksheet of the input, or one that a hook added to it."""

    __slots__ = ("_title", "_state", "index", "is_own_list", "worksheet", "origin")

    def __init__(self, title: str, state: str, index: int | None, *, is_own_list: bool = False):
        self._title = title
        self._state = state
        #: Whether it is the list of issues that ``ade annotate`` has put into a copy of a workbook.
        self.is_own_list = is_own_list
        #: The position among the worksheets of the file; ``None`` if a hook added the sheet.
        self.index = index
        #: The openpyxl worksheet, or its stand-in.
        self.worksheet: Any = None
        #: The original content of a worksheet that hooks can change.
        self.origin: Any = None

    @property
    def title(self) -> str:
        """Returns the title, as hooks left it."""
        return self._title if is_stand_in(self.worksheet) else self.worksheet.title

    @property
    def state(self) -> str:
        """Returns ``visible``, ``hidden`` or ``veryHidden``, as hooks left it."""
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
        fill_merged: int,
        scan_ahead: bool,
        as_shown: bool,
    ):
        self.path = str(path)
        self._native = _native.Source(
            self.path, csv_encoding, csv_delimiter, scan_ahead, max_empty_rows_run, max_empty_cols_run, fill_merged, as_shown
        )
        self._sheets: list[SourceSheet] | None = None
        self._active: SourceSheet | None = None
        self._workbook: Any = None
        self._openpyxl_sheets: list[Any] = []

    def load(self) -> None:
        """Waits for the workbook's structure; raises the errors of the file."""
        if self._sheets is None:
            sheets, active = self._native.load()
            self._workbook = SourceWorkbook(self)
            self._sheets = [
                SourceSheet(title, state, index, is_own_list=is_own_list) for index, (title, state, is_own_list) in enumerate(sheets)
            ]
            for sheet in self._sheets:
                sheet.worksheet = SourceWorksheet(self, sheet)
            self._active = None if active is None else self._sheets[active]

    @property
    def sheets(self) -> list[SourceSheet]:
        """Returns the worksheets of the file in its order, without chart sheets."""
        self.load()
        return list(self._sheets or ())

    @property
    def sheet_count(self) -> int:
        """Returns the number of sheets in the file, chart sheets included."""
        return len(self.all_titles)

    @property
    def active(self) -> SourceSheet | None:
        """Returns the sheet that was active when the file was saved; ``None`` if that is not a worksheet."""
        self.load()
        return self._active

    def sheets_now(self) -> tuple[list[SourceSheet], SourceSheet | None]:
        """Returns the worksheets in order, and the active one, as hooks left the workbook."""
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
    def kind(self) -> str:
        """Returns the kind of the content, whatever the file's name: ``xlsx`` for that family, ``xlsb``, ``xls``, ``ods``,
        ``csv``, ``xml``, ``html``, ``mht``.
        """
        return self._native.kind()

    @property
    def format(self) -> str:
        """Returns ``csv``, ``xlsx`` for that family, and ``xls`` for all workbooks that openpyxl cannot open."""
        return self.kind if self.kind in ("csv", "xlsx") else "xls"

    @property
    def workbook(self) -> Any:
        """Returns the openpyxl workbook, or its stand-in."""
        self.load()
        return self._workbook

    def openpyxl_sheet(self, sheet: SourceSheet) -> Any:
        """Returns a worksheet of the ``.xlsx`` family as openpyxl itself reads it."""
        self.open()
        return self._openpyxl_sheets[sheet.index]

    def open(self) -> None:
        """Opens the workbook with openpyxl. Its worksheets are the objects that hooks already have."""
        with opening():
            if is_stand_in(self._workbook):
                self._open()

    def _open(self) -> None:
        if self.format == "xlsx":
            from openpyxl.worksheet._read_only import ReadOnlyWorksheet

            from ade_engine.io.input.read_only_sheet import open_package

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
            from ade_engine.io.worksheets.worksheet import LazyWorkbook

            become(self._workbook, LazyWorkbook)
            LazyWorkbook.__init__(self._workbook)
            self._workbook._sheets = [sheet.worksheet for sheet in self.sheets]
            if self._active is not None:
                self._workbook._active_sheet_index = self._active.index

    def open_sheet(self, sheet: SourceSheet) -> None:
        """Turns a worksheet into openpyxl's."""
        worksheet, title, state = sheet.worksheet, sheet.title, sheet.state
        if self.format == "xlsx":
            from ade_engine.io.input.read_only_sheet import NativeReadOnlyWorksheet

            become(worksheet, NativeReadOnlyWorksheet)
            NativeReadOnlyWorksheet.__init__(
                worksheet,
                parent=self._workbook,
                title=title,
                state=state,
                peek=lambda rows: self.peek(sheet, rows),
                openpyxl_sheet=lambda: self.openpyxl_sheet(sheet),
            )
            return
        from ade_engine.io.input.origin import WorksheetOrigin
        from ade_engine.io.worksheets.worksheet import LazyWorksheet

        self.open()
        become(worksheet, LazyWorksheet)
        worksheet._WorkbookChild__title = "Sheet"
        LazyWorksheet.__init__(worksheet, self._workbook, "Sheet")
        # Set unchecked: titles of old workbooks may repeat in another case, or be too long for openpyxl, and a CSV file may
        # have a name that is no valid title.
        worksheet._WorkbookChild__title = title
        sheet.origin = WorksheetOrigin(worksheet, self.peek(sheet, None), self.merged_ranges(sheet), state)

    def prefetch(
        self,
        sheets: Sequence[SourceSheet],
        *,
        max_empty_rows_run: int | None,
        max_empty_cols_run: int | None,
        fill_merged: int = 0,
    ) -> None:
        """Sets which sheets will be scanned, in order: each is then read while the one before is processed."""
        indices = [sheet.index for sheet in sheets if sheet.index is not None]
        self._native.prefetch(indices, max_empty_rows_run, max_empty_cols_run, fill_merged)

    def scan(
        self,
        sheet: SourceSheet,
        *,
        max_empty_rows_run: int | None,
        max_empty_cols_run: int | None,
        fill_merged: int = 0,
        on_progress: Callable[[int], object] | None = None,
    ) -> SheetScan:
        """Reads a sheet's cells, as hooks left them. ``None`` means no limit; ``on_progress(rows)`` is called at most ten times
        a second.
        """
        if sheet.index is None or sheet.origin is not None and not sheet.origin.is_unchanged(sheet.worksheet):
            from ade_engine.io.scan.worksheet_scan import scan_of_worksheet

            return scan_of_worksheet(sheet.worksheet, max_empty_rows_run, max_empty_cols_run, fill_merged)
        scan = self._native.scan(sheet.index, max_empty_rows_run, max_empty_cols_run, fill_merged, on_progress)
        return SheetScan(scan)

    @property
    def all_titles(self) -> list[str]:
        """Returns the titles of all sheets in workbook order, chart sheets included."""
        return self._native.all_titles()

    def peek(self, sheet: SourceSheet, rows: int | None) -> SheetScan:
        """Returns the first rows of a sheet, or all of them, without limits and independently of reading in the background.

        Empty text counts as a value here.
        """
        return SheetScan(self._native.peek(sheet.index, rows))

    def merged_ranges(self, sheet: SourceSheet) -> list[tuple[int, int, int, int]]:
        """Returns the merged ranges of a sheet in the file: first row, last row, first column, last column, from 1."""
        return self._native.merged_ranges(sheet.index)

    def merged_ranges_now(self, sheet: SourceSheet) -> list[tuple[int, int, int, int]]:
        """Returns the merged ranges of a sheet as hooks left it, in order of their first cells, without single cells."""
        if sheet.index is None or sheet.origin is not None:
            from ade_engine.io.scan.worksheet_scan import merged_ranges_of

            return merged_ranges_of(sheet.worksheet)
        return in_order(self.merged_ranges(sheet))

    def has_values(self, sheet: SourceSheet) -> bool:
        """Returns whether the first rows of a sheet have a value."""
        if sheet.index is None:
            return True
        try:
            scan = self.peek(sheet, _ROWS_OF_A_LOOK)
        except SourceError:
            return True
        return scan.width > 0 or scan.rows_emitted >= _ROWS_OF_A_LOOK

    def detected(self) -> _native.DetectedCsvFormat | None:
        """Returns how a ``.csv`` file is read if the settings leave that to detection."""
        return self._native.detected()


class SourceWorkbook(StandIn):
    """``source_workbook`` until a hook uses more of it than its sheets."""

    def __init__(self, source: Source):
        set_facts(self, _ade_source=source)

    def _ade_real_class(self) -> type:
        from openpyxl.workbook.workbook import Workbook

        return Workbook

    def _ade_open(self) -> None:
        self._ade_source.open()

    @property
    def _ade_has_worksheets_only(self) -> bool:
        """Returns whether the sheets are known without openpyxl: only openpyxl knows chart sheets."""
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
    """``source_sheet`` until a hook uses it."""

    def __init__(self, source: Source, sheet: SourceSheet):
        set_facts(self, _ade_source=source, _ade_sheet=sheet)

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
