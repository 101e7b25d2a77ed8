"""The values that each kind of callable is offered.

Callables take any of these values by name, so no package has to import this module. It is for authors who write helpers over a
whole context, or want completion of the names: the fields of a class are the keyword names, and
``extensions.invoke.call_extension`` takes an instance wherever it takes a mapping.
"""

from __future__ import annotations

from typing import Union

from ade_engine.models.extension_outputs import ScorePatch as ScorePatch
from ade_engine.models.fields import FieldDef as FieldDef, HookName as HookName, RowKind as RowKind
from ade_engine.models.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.models import polars as pl
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from ade_engine.infrastructure.observability.logger import RunLogger
    from ade_engine.infrastructure.settings import Settings
    from ade_engine.models.column_profile import ColumnProfile
    from ade_engine.models.row_layout import RowLayout
    from ade_engine.models.table import TableRegion, TableResult


class ExtensionContext(Record, keyword_only=True):
    """The values that every callable may take."""

    settings: Settings
    metadata: dict[str, Any]
    state: dict[str, Any]
    input_file_name: str
    logger: RunLogger | None = None


class RowDetectorContext(ExtensionContext):
    """A row of a sheet: its number from 1, its raw cells, cut after the last value, and its layout."""

    row_index: int
    row_values: list[Any]
    sheet_name: str
    row_layout: RowLayout | None = None


class ColumnDetectorContext(ExtensionContext):
    """A column of a table, before any column was renamed."""

    table: pl.DataFrame
    column: pl.Series
    column_sample_non_empty_values: list[str]
    column_name: str
    column_index: int
    column_header_original: str
    field_name: str
    sheet_name: str
    table_region: TableRegion
    table_index: int
    column_profile: ColumnProfile | None = None

    @property
    def column_sample(self) -> list[str]:
        return self.column_sample_non_empty_values

    @property
    def header_text(self) -> str:
        return self.column_header_original


class _FieldContext(ExtensionContext):
    """The values about a field of a table."""

    field_name: str
    table: pl.DataFrame
    table_region: TableRegion
    table_index: int
    column_header: str = ""
    column_unit: str | None = None


class TransformContext(_FieldContext):
    """A field of a table, to be computed by an expression."""


class ValidateContext(_FieldContext):
    """A field of a table, to be checked by an expression."""


class WorkbookStartHookContext(ExtensionContext):
    """``on_workbook_start``: the input was opened."""

    source_workbook: Workbook


class SheetStartHookContext(ExtensionContext):
    """``on_sheet_start``: a sheet is about to be read."""

    source_sheet: Worksheet
    source_workbook: Workbook
    merged_ranges: list[str] = []
    report: Any = None


class TableMappedHookContext(ExtensionContext):
    """``on_table_mapped``: columns carry the names of their fields."""

    table: pl.DataFrame
    source_sheet: Worksheet
    source_workbook: Workbook
    source_region: TableRegion
    table_index: int
    merged_ranges: list[str] = []
    report: Any = None


class TableTransformedHookContext(TableMappedHookContext):
    """``on_table_transformed``: all transforms have run."""


class TableValidatedHookContext(TableMappedHookContext):
    """``on_table_validated``: the issue columns exist."""


class TableWrittenHookContext(ExtensionContext):
    """``on_table_written``: the table is on its output sheet."""

    write_table: pl.DataFrame
    output_sheet: Worksheet
    output_workbook: Workbook
    output_region: TableRegion
    table_index: int
    table_result: TableResult
    report: Any = None


class SheetEndHookContext(ExtensionContext):
    """``on_sheet_end``: all tables of the sheet are written."""

    output_sheet: Worksheet
    output_workbook: Workbook
    tables: list[TableResult]
    report: Any = None


class WorkbookBeforeSaveHookContext(ExtensionContext):
    """``on_workbook_before_save``: the output is complete and about to be saved."""

    output_workbook: Workbook
    report: Any = None


HookContext = Union[
    WorkbookStartHookContext,
    SheetStartHookContext,
    TableMappedHookContext,
    TableTransformedHookContext,
    TableValidatedHookContext,
    TableWrittenHookContext,
    SheetEndHookContext,
    WorkbookBeforeSaveHookContext,
]
