"""The shared state of a run's stages."""

from __future__ import annotations

import time
from logging import DEBUG, INFO

from ade_engine.extensions.invoke import explain
from ade_engine.infrastructure.policy import policy
from ade_engine.models.errors import AdeEngineError
from ade_engine.models.notices import WARNING, Notices, some_of
from ade_engine.models.table import column_letters
from ade_engine.pipeline.shared.not_written import UnwrittenLines
from ade_engine.pipeline.shared.row_numbers import columns_in_words, rows_in_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from ade_engine.extensions.registry import Registry, RegisteredFn
    from ade_engine.fields.surroundings import ColumnSource
    from ade_engine.infrastructure.observability.logger import RunLogger
    from ade_engine.infrastructure.settings import Settings
    from ade_engine.models.table import TableRegion
    from ade_engine.pipeline.shared.cells import ReshapedCells
    from ade_engine.pipeline.shared.collected import TableMessages

#: The maximum number of cells among the facts of a notice.
_MAX_CELLS = 100


class RunContext:
    """Settings, registry, logger, and the values that every callable of the run is offered.

    A context for a sheet or a table also knows its position.
    """

    sheet_name: str | None = None
    sheet_index: int
    #: The number of the table, from 0.
    table_index: int
    #: The position of the table in the sheet.
    region: TableRegion
    #: The row above the first line of a table on its side, whose rows are columns of the sheet.
    turned: int | None = None
    #: The sources of the fields' columns.
    sources: dict[str, ColumnSource] | None = None
    #: The cells of the values in a reshaped table.
    cells: ReshapedCells | None = None
    #: Fields whose values are not in the table's rows.
    facts: frozenset[str] = frozenset()
    #: Fields that cannot be read and stay unchanged.
    unread: frozenset[str] = frozenset()
    #: The letters of the sender's column whose callables are running.
    column: str | None = None
    #: In edition 2026: the hook that made the positions of the table's rows in the sheet unknown.
    rows_unknown: str | None = None

    def __init__(
        self,
        *,
        settings: Settings,
        registry: Registry,
        logger: RunLogger,
        metadata: dict[str, Any],
        package_folder: str | None,
        notices: Notices | None = None,
    ):
        self.settings = settings
        self.registry = registry
        self.logger = logger
        self.metadata = metadata
        self.package_folder = package_folder
        self.state: dict[str, Any] = {}
        #: The totals that are not the sums of a table's records: row and column, from 1, message, content of the cell.
        self.total_issues: list[tuple[int, int, str, Any]] = []
        #: In edition 2026: the messages about the cells of a table.
        self.collected: TableMessages | None = None
        #: In edition 2026: hooks' reports about the sheet, or the workbook, as beginnings of lines of the list.
        self.remarks: list[dict[str, Any]] = []
        #: Rules of issues that hooks have named by words that are not in the code: events leave them out.
        self.unnamed_rules: set[str] = set()
        self.notices = notices or Notices()
        #: The lines of the sheet that have no row in the output.
        self.not_written = UnwrittenLines()
        self.policy = policy()
        self.debug = logger.isEnabledFor(DEBUG)

    def values(self) -> dict[str, Any]:
        """Returns the values that every callable may take, for a stage to add its own."""
        return {
            "settings": self.settings,
            "metadata": self.metadata,
            "state": self.state,
            "input_file_name": self.metadata["input_file_name"],
            "logger": self.logger,
        }

    def for_sheet(self, sheet_name: str, sheet_index: int) -> RunContext:
        """Returns a context of the same run, with metadata of its own for one sheet."""
        metadata = {**self.metadata, "sheet_index": sheet_index}
        return self._inside(sheet_name=sheet_name, sheet_index=sheet_index, metadata=metadata, remarks=[], not_written=UnwrittenLines())

    def for_table(self, table_index: int, region: TableRegion, *, turned: int | None = None) -> RunContext:
        """Returns a context of the same sheet at one of its tables."""
        collected = None
        if self.settings.is_2026:
            from ade_engine.pipeline.shared.collected import TableMessages

            collected = TableMessages()
        return self._inside(table_index=table_index, region=region, turned=turned, total_issues=[], collected=collected)

    def _inside(self, **place: Any) -> RunContext:
        inside = object.__new__(RunContext)
        inside.__dict__.update(self.__dict__, **place)
        return inside

    def turned_at(self, row: int) -> RunContext:
        """Returns a context of the same sheet with a table on its side below that row."""
        return self._inside(turned=row)

    def rows_in_words(self, rows: list[list[int]]) -> str:
        """Returns ``rows 3, 7 to 9`` in the sheet's numbers; for a table on its side, columns."""
        return rows_in_words(rows) if self.turned is None else columns_in_words(rows)

    def rows_told(self, rows: list[list[int]]) -> dict[str, Any]:
        """Returns the same as facts of a notice: the first cells of columns."""
        if self.turned is None:
            return {"rows": rows}
        return {"cells": [self.cell_of(number, 1) for first, last in rows for number in range(first, last + 1)]}

    def cell_of(self, row: int, column: int) -> str:
        """Returns the sheet's name of a table's cell, ``C4``; both numbers count from 1."""
        return f"{column_letters(column)}{row}" if self.turned is None else f"{column_letters(row)}{self.turned + column}"

    def place_of(self, row: int, column: int) -> dict[str, Any]:
        """Returns the same as the beginning of a line of the list of issues."""
        line, letters = (row, column_letters(column)) if self.turned is None else (self.turned + column, column_letters(row))
        return {"row": line, "column": letters, "cell": self.cell_of(row, column), "table": self.table_index + 1}

    def notice(self, code: str, message: str, *, level: str = WARNING, **facts: Any) -> None:
        """Adds a notice about the sheet: see :meth:`Notices.add`."""
        self.notices.add(code, f"sheet {self.sheet_name!r}: {message}", level=level, sheet=self.sheet_name, **facts)

    def notice_controls(self, singular: str, several: str, cells: list[str]) -> None:
        """Reports cells with characters that no cell of a workbook can hold; ``singular``, ``several``: the words that introduce
        them.
        """
        if not cells:
            return
        hold = f"the {singular} {cells[0]} holds" if len(cells) == 1 else f"the {several} {some_of(cells)} hold"
        self.notice("control_characters", f"{hold} control characters, which are left out", count=len(cells), cells=cells[:_MAX_CELLS])

    def at_field(self, field: str | None) -> None:
        """Sets the field whose callables are called from now on; ``None`` if they belong to no single field."""
        source = (self.sources or {}).get(field)
        # The field of a table on its side is a row of the sheet.
        self.column = source.letters if source is not None and self.turned is None else None

    def _place(self) -> dict[str, Any]:
        """Returns the current sheet, table (from 1) and column, as far as they apply."""
        if self.sheet_name is None:
            return {}
        index = vars(self).get("table_index")
        place = {"sheet": self.sheet_name, "table": None if index is None else index + 1, "column": self.column}
        return {key: value for key, value in place.items() if value is not None}

    def fail(
        self,
        entry: RegisteredFn,
        role: str,
        subject: str,
        error: BaseException,
        error_class: type[AdeEngineError],
        **arguments: Any,
    ) -> NoReturn:
        """Ends the run with an error that names the callable and its position in the author's file."""
        failure = explain(entry, role, subject, error, self.package_folder)
        raised = error_class(failure.message, **arguments)
        raised.ade_location = {**failure.location, **self._place()}
        raise raised from error


class SheetProgress:
    """Sends ``engine.sheet.progress``: nothing for the first moments of a sheet, then at most ten events a second."""

    _QUIET_SECONDS = 0.2
    _INTERVAL_SECONDS = 0.1

    def __init__(self, context: RunContext):
        self._logger = context.logger
        self._enabled = context.logger.isEnabledFor(INFO)
        self._data = {"sheet_name": context.sheet_name, "sheet_index": context.sheet_index}
        self._next = time.monotonic() + self._QUIET_SECONDS

    def __call__(self, stage: str, rows: int, total_rows: int | None = None) -> None:
        """Sends the event. ``total_rows``: the final number of rows of the stage, as far as it is known."""
        if not self._enabled:
            return
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self._INTERVAL_SECONDS
            self._logger.event(
                "sheet.progress",
                message=f"{self._data['sheet_name']}: {stage}, {rows} rows",
                data={**self._data, "stage": stage, "rows": rows, "total_rows": total_rows},
            )
