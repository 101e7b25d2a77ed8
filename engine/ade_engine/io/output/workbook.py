"""The normalized workbook: collected as frames, written natively unless a hook touches it.

Frames are kept unchanged (the native module reads them in polars' memory) until the workbook is saved. A hook that touches
``output_sheet`` or ``output_workbook`` turns it into a real openpyxl workbook, by replaying all appends so far; from then on
openpyxl holds it. Either way the values follow openpyxl's rules.
"""

from __future__ import annotations

import itertools
import os

from ade_engine import _native
from ade_engine._native import IssueList
from ade_engine.io.limits import LAST_COLUMN, LAST_ROW, MAX_ISSUES
from ade_engine.io.output.appended_table import AppendedTable
from ade_engine.io.output.look import SheetLook
from ade_engine.io.output.own_list import OwnList
from ade_engine.io.stand_in import StandIn, become, is_stand_in, opening, set_facts
from ade_engine.models.errors import OutputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from ade_engine.models import polars as pl

    from ade_engine.io.output.look import TableLook
    from ade_engine.io.output.typed_cells import TypedCells
    from ade_engine._native import TableIssues
    from ade_engine.io.worksheets.openpyxl_looks import OpenpyxlStyles

_ILLEGAL_IN_TITLES = frozenset("\\*?:/[]")
_MAX_TITLE_CHARS = 31


def legal_title(title: str, taken: Iterable[str]) -> str:
    """Returns the title, or the closest one that spreadsheet programs accept.

    Characters that no title may have become ``_``, and so do apostrophes at the ends; titles longer than 31 characters are cut.
    A title that had to be changed differs from those that are ``taken``, ignoring case.
    """
    legal = "".join("_" if character in _ILLEGAL_IN_TITLES or character < " " else character for character in title)
    if legal.startswith("'"):
        legal = f"_{legal[1:]}"
    if legal.endswith("'"):
        legal = f"{legal[:-1]}_"
    legal = _cut(legal, _MAX_TITLE_CHARS) or "Sheet"
    if legal == title:
        return title
    others = {other.casefold() for other in taken}
    base, number = legal, 1
    while legal.casefold() in others:
        number += 1
        legal = f"{_cut(base, _MAX_TITLE_CHARS - len(f'_{number}'))}_{number}"
    return legal


def _cut(text: str, length: int) -> str:
    """Returns the beginning of a text: spreadsheet programs count the units of UTF-16."""
    while len(text.encode("utf-16-le", "surrogatepass")) > 2 * length:
        text = text[:-1]
    return text


class WorkbookOutput:
    """A workbook that is being written.

    With ``escape_formulas``, text that starts with ``=`` stays text. ``is_2026``: sheets are printed landscape and one page
    wide, the header of a sheet with one table on each page, and texts lose the control characters that no cell can hold.
    """

    def __init__(self, *, escape_formulas: bool = False, is_2026: bool = False):
        self._escape_formulas = escape_formulas
        self._is_2026 = is_2026
        self._sheets: list[Any] = []
        #: The tables of each sheet before openpyxl held it, and the rows that they take.
        self._tables: list[list[AppendedTable]] = []
        self._rows: list[int] = []
        #: The known look of each sheet, once openpyxl holds it.
        self._sheet_looks: dict[int, SheetLook] = {}
        self._looks: Any = None
        #: The sheets that openpyxl holds and that are set up for printing.
        self._printed: set[int] = set()
        #: The lines of the list of issues; ``None`` if none is wanted.
        self._issues: list[tuple[TableIssues, AppendedTable | None]] = []
        self._listed: IssueList | None = None
        #: All tables that were appended.
        self._placed: list[AppendedTable] = []
        self._workbook = OutputWorkbook(self)

    @property
    def workbook(self) -> Any:
        """Returns the openpyxl workbook, or its stand-in."""
        return self._workbook

    @property
    def is_touched(self) -> bool:
        """Returns whether openpyxl holds the workbook."""
        return not is_stand_in(self._workbook)

    def add_sheet(self, title: str) -> Any:
        """Adds a sheet at the end; returns the openpyxl worksheet, or its stand-in.

        A title that a workbook cannot have (a file may be called ``report[1].csv``) is changed to a valid one.
        """
        title = legal_title(title, self._workbook.sheetnames)
        if any(sheet.title.lower() == title.lower() for sheet in self._sheets):
            # openpyxl changes the title.
            self.open()
        if self.is_touched:
            sheet = self._workbook.create_sheet(title)
        else:
            sheet = OutputSheet(self, title)
        self._sheets.append(sheet)
        self._tables.append([])
        self._rows.append(0)
        return sheet

    def append_table(
        self, sheet: Any, frame: pl.DataFrame, *, gap: bool, look: TableLook | None = None, typed: TypedCells | None = None
    ) -> AppendedTable:
        """Appends a header row and the frame's rows at the sheet's own end, after a blank row if there is a gap.

        ``look`` has the written columns of the frame and their looks; without one the frame is written unchanged. ``typed`` has
        the cells that are written as in the sender's sheet. Raises openpyxl's errors: ``IllegalCharacterError`` for control
        characters, ``ValueError`` for values that no cell can hold. Raises :class:`OutputError` for more rows or columns than a
        worksheet has.
        """
        number = next(number for number, known in enumerate(self._sheets) if known is sheet)
        last_row = sheet._current_row if self.is_touched else self._rows[number]
        width = frame.width if look is None else look.width
        height = last_row + gap + 1 + frame.height
        if height > LAST_ROW:
            raise OutputError(
                f"sheet {sheet.title!r} would get {height} rows, and a worksheet has {LAST_ROW} rows; "
                "split the input into several files"
            )
        if width > LAST_COLUMN:
            raise OutputError(
                f"sheet {sheet.title!r} would get {width} columns, those of fields and issues among them, and a worksheet has "
                f"{LAST_COLUMN} columns; leave out the columns without a field (remove_unmapped_columns = true in "
                'settings.toml), or give the columns that you need ([sheets."NAME"] range, ade run --range)'
            )
        table = AppendedTable(frame, gap, look, self._escape_formulas, typed, self._is_2026)
        self._placed.append(table)
        table.sheet, table.title, table.header_row = sheet, sheet.title, last_row + table.gap + 1
        if table.frame is None:
            self.open()
        if self.is_touched:
            self._append(sheet, table)
        else:
            self._tables[number].append(table)
            self._rows[number] += len(table)
        return table

    def free_title(self, title: str) -> str:
        """Returns the title of a sheet of the engine's own, with a number if it is taken."""
        taken = {known.casefold() for known in self._workbook.sheetnames}
        names = (title if number == 1 else f"{title} {number}" for number in itertools.count(1))
        return next(name for name in names if name.casefold() not in taken)

    def add_list(self, title: str, lines: OwnList) -> None:
        """Adds a list of the engine's own as the last sheet; if the title is taken, it gets a number."""
        sheet = self.add_sheet(self.free_title(title))
        if self.is_touched:
            lines.append_to(sheet, self._looks_there())
        else:
            self._tables[-1].append(lines)
            self._rows[-1] += len(lines)

    def stands(self, table: AppendedTable, *, with_columns: bool = True) -> bool:
        """Returns whether a table is where it was put; ``with_columns``: its columns, too, and not just its rows. Hooks may
        have moved it.
        """
        if not self.is_touched:
            return True
        from ade_engine.io.worksheets.places import stands

        is_there = any(sheet is table.sheet for sheet in self._workbook.worksheets)
        return is_there and stands(table.sheet, table.header_row + 1, table.rows, with_columns=with_columns)

    def is_as_written(self, table: AppendedTable) -> bool:
        """Returns whether hooks have left a table as it was appended, and added no rows to its sheet."""
        if not self.is_touched:
            return True
        from ade_engine.io.worksheets.places import is_as_written

        if not any(sheet is table.sheet for sheet in self._workbook.worksheets):
            return False
        if table.frame is None:
            # Only openpyxl knows the values in its cells.
            return self.stands(table)
        last = max(one.header_row + one.height for one in self._placed if one.sheet is table.sheet)
        return table.sheet.max_row <= last and is_as_written(table.sheet, table.header_row + 1, table.rows)

    def moved(self) -> list[str]:
        """Returns the original titles of the sheets on which hooks have moved the engine's tables."""
        return list(dict.fromkeys(table.title for table in self._placed if not self.stands(table)))

    def add_issues(self, lines: TableIssues, table: AppendedTable | None = None) -> dict[str, int]:
        """Adds lines to the list of issues; ``table``: the table with their cells of the output. Returns their number by
        severity.
        """
        self._issues.append((lines, table))
        self._listed = None
        return lines.by_severity()

    @property
    def issues(self) -> IssueList | None:
        """Returns the list of issues; ``None`` if none is wanted."""
        # Hooks that have touched the workbook may have moved the cells of the lines.
        if self._issues and (self._listed is None or self.is_touched):
            is_touched = self.is_touched
            self._listed = IssueList(
                [
                    (lines, 0, True, None) if table is None else (lines, table.height, self.stands(table), table.sheet.title if is_touched else None)
                    for lines, table in self._issues
                ]
            )
        return self._listed

    def save(self, path: str, beside_it: Mapping[str, Callable[[str], None]] | None = None) -> None:
        """Writes the file: first under a temporary name beside its path, forced to disk, then moved there. A failure leaves
        nothing behind.

        ``beside_it``: the functions that write each further file of the output. These exist before the workbook does.
        """
        # If the path is a link, its target is replaced.
        path = os.path.realpath(path)
        folder = os.path.dirname(path)
        beside = os.path.join(folder, f".ade-{os.getpid()}-{id(self):x}.part")
        # The workbook comes last.
        parts = {final: f"{beside[:-5]}-{number}.part" for number, final in enumerate(beside_it or {})}
        try:
            for final, part in parts.items():
                beside_it[final](part)
            self.write(beside)
            _native.force_to_disk([*parts.values(), beside])
            for final, part in parts.items():
                os.replace(part, final)
            os.replace(beside, path)
        except BaseException:
            for name in (beside, *parts.values()):
                try:
                    os.unlink(name)
                except OSError:
                    pass
            raise
        _sync_folder(folder)

    def check_time_zones(self) -> None:
        """Raises the errors of writing for moments with a time zone that no workbook can hold."""
        for table in self._placed:
            table.check_time_zones()

    def write_issues(self, path: str) -> None:
        """Writes the list of issues."""
        (self.issues or IssueList([])).write(path, MAX_ISSUES)

    def write(self, path: str) -> None:
        """Writes the workbook directly to the path."""
        if self.is_touched:
            self._workbook.save(path)
            return
        if not self._sheets:
            # The same message as openpyxl's: a workbook cannot be without sheets.
            raise IndexError("At least one sheet must be visible")
        writer = _native.Writer(path, self._escape_formulas)
        try:
            for sheet, tables, rows in zip(self._sheets, self._tables, self._rows):
                if tables and isinstance(tables[0], OwnList):
                    tables[0].write(writer, sheet.title)
                    continue
                width = max((table.width for table in tables), default=0)
                look = _look_of(tables)
                writer.start_sheet(
                    sheet.title,
                    (rows, width),
                    list(zip(look.widths, look.is_closed)),
                    look.frozen_rows or 0,
                    look.filter,
                    _printed_row(tables) if self._is_2026 else None,
                )
                for table in tables:
                    table.check_time_zones()
                    if table.styled is None:
                        writer.append(table.frame, table.gap)
                    else:
                        writer.append_styled(table.styled, table.gap)
            writer.finish()
        finally:
            writer.abandon()

    def open(self) -> None:
        """Turns the workbook into openpyxl's: all appends so far are repeated on its worksheets."""
        with opening():
            if not self.is_touched:
                self._open()

    def _open(self) -> None:
        from ade_engine.io.worksheets.worksheet import LazyWorkbook, LazyWorksheet

        become(self._workbook, LazyWorkbook)
        LazyWorkbook.__init__(self._workbook, escape_formulas=self._escape_formulas)
        for sheet, tables in zip(self._sheets, self._tables):
            title = sheet.title
            become(sheet, LazyWorksheet)
            LazyWorksheet.__init__(sheet, self._workbook, title)
            self._workbook._add_sheet(sheet)
            for table in tables:
                if isinstance(table, OwnList):
                    table.append_to(sheet, self._looks_there())
                else:
                    self._append(sheet, table)
            tables.clear()

    def _append(self, worksheet: Any, table: AppendedTable) -> None:
        from ade_engine.io.worksheets.rows import FrameRows

        frame, typed = table.written
        # Time zones fail when openpyxl writes them, so openpyxl must.
        native = None if table.has_time_zones else table.native_of(frame, typed)
        if typed is not None:
            frame = typed.put_into(frame)
        table.rows = rows = FrameRows(frame, native, self._escape_formulas)
        if table.styled is not None:
            self._looks_there().style_rows(worksheet, rows, table.styled)
        worksheet._ade_append_table(
            list(frame.columns),
            rows,
            gap=table.gap,
            escape_formulas=self._escape_formulas,
            at_once=table.frame is None,
        )
        if table.styled is not None:
            self._style(worksheet, table)
        if self._is_2026:
            self._set_up_print(worksheet, worksheet._current_row - table.height)

    def _set_up_print(self, worksheet: Any, header_row: int) -> None:
        """Sets up printing of a sheet as for one that openpyxl never held; a second table's header is not the first one's."""
        from ade_engine.io.worksheets.openpyxl_looks import set_up_print

        is_first = id(worksheet) not in self._printed
        self._printed.add(id(worksheet))
        set_up_print(worksheet, header_row if is_first else 0, is_first=is_first)

    def _looks_there(self) -> OpenpyxlStyles:
        if self._looks is None:
            from ade_engine.io.worksheets.openpyxl_looks import OpenpyxlStyles

            self._looks = OpenpyxlStyles()
        return self._looks

    def _style(self, worksheet: Any, table: AppendedTable) -> None:
        """Gives the header of the most recent table, and its sheet, their look."""
        from ade_engine.io.worksheets.openpyxl_looks import style_sheet

        last_row = worksheet._current_row
        header_row = last_row - table.height
        self._looks_there().style_header(worksheet, header_row, table.styled)
        known = self._sheet_looks.setdefault(id(worksheet), SheetLook())
        style_sheet(worksheet, known, table.look, table.styled.widths, header_row, last_row)


def _printed_row(tables: list[AppendedTable]) -> int:
    """Returns the header row that is printed on each page of a sheet with these tables; 0 for none."""
    return 1 + tables[0].gap if len(tables) == 1 else 0


def _look_of(tables: list[AppendedTable]) -> SheetLook:
    """Returns the look of a sheet with these tables."""
    look = SheetLook()
    row = 0
    for table in tables:
        header_row = row + table.gap + 1
        row += len(table)
        if table.styled is not None:
            look.add(table.look, table.styled.widths, header_row, row)
    return look


class OutputWorkbook(StandIn):
    """``output_workbook`` until a hook uses it."""

    def __init__(self, output: WorkbookOutput):
        set_facts(self, _ade_output=output)

    def _ade_real_class(self) -> type:
        from openpyxl.workbook.workbook import Workbook

        return Workbook

    def _ade_open(self) -> None:
        self._ade_output.open()

    @property
    def sheetnames(self) -> list[str]:
        return [sheet.title for sheet in self._ade_output._sheets]


class OutputSheet(StandIn):
    """``output_sheet`` until a hook uses it."""

    def __init__(self, output: WorkbookOutput, title: str):
        set_facts(self, _ade_output=output, _ade_title=title)

    def _ade_real_class(self) -> type:
        from openpyxl.worksheet.worksheet import Worksheet

        return Worksheet

    def _ade_open(self) -> None:
        self._ade_output.open()

    @property
    def title(self) -> str:
        return self._ade_title

    @property
    def sheet_state(self) -> str:
        return "visible"

    @property
    def parent(self) -> Any:
        return self._ade_output.workbook


def _sync_folder(folder: str) -> None:
    """Makes a rename durable, if the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
