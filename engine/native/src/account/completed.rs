//! The closing report of a run: the data of the event `engine.run.completed`, which docs/reference/events.md describes.
//!
//! Other engines and the code of a configuration may send it too. If a key is missing, its value is unknown.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// The closing report of a run.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct ClosingReport {
    /// The version of the report format.
    pub schema_version: u64,
    pub scope: String,
    pub execution: ExecutionReport,
    pub evaluation: Evaluation,
    pub counts: ReportCounts,
    pub validation: Validation,
    /// The fields that the configuration defines.
    pub fields: Vec<FieldFound>,
    pub outputs: Option<Outputs>,
    /// The workbooks that were read: always one.
    pub workbooks: Vec<WorkbookFound>,
}

/// The times of a run, and how it ended.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct ExecutionReport {
    /// The status: `succeeded` or `failed`.
    pub status: String,
    pub started_at: String,
    pub completed_at: String,
    pub duration_ms: u64,
    pub failure: Option<ExecutionFailure>,
}

/// The reason why a run failed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct ExecutionFailure {
    pub stage: String,
    pub code: String,
    pub message: String,
}

/// The outcome of a run, with its reasons.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Evaluation {
    /// The outcome: `success`, `partial`, `failure` or `unknown`.
    pub outcome: Option<String>,
    /// The reasons for the outcome.
    pub findings: Vec<RunFinding>,
}

/// One reason for the outcome of a run.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct RunFinding {
    /// The kind, such as `fields_not_detected`.
    pub code: String,
    /// The severity: `error`, `warning` or `info`.
    pub severity: String,
    /// The message, a whole sentence.
    pub message: String,
    pub count: Option<u64>,
    pub meta: Option<BTreeMap<String, String>>,
}

/// The issues of a run or of a part of it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Validation {
    /// The number of rows checked: those of the result.
    pub rows_evaluated: Option<u64>,
    pub issues_total: Option<u64>,
    pub issues_by_severity: IssueCounts,
    /// The worst severity among the issues.
    pub max_severity: Option<String>,
}

/// The number of issues of each severity. Severities without issues are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct IssueCounts {
    #[serde(skip_serializing_if = "is_none")]
    pub error: u64,
    #[serde(skip_serializing_if = "is_none")]
    pub warning: u64,
    #[serde(skip_serializing_if = "is_none")]
    pub info: u64,
}

/// Returns whether the count is 0.
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// The numbers of sheets, tables, rows and the like in a run or in a part of it. A count that the part does not have is `None`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct ReportCounts {
    pub workbooks: Option<u64>,
    pub sheets: Option<u64>,
    pub tables: Option<u64>,
    /// The number of data rows.
    pub rows: KindCounts,
    pub columns: KindCounts,
    pub fields: KindCounts,
    pub cells: KindCounts,
}

/// The counts of one kind of thing. Each kind uses only some of them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct KindCounts {
    /// The number of all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// The number without a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty: Option<u64>,
    /// The number with a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub non_empty: Option<u64>,
    /// The number of columns mapped to a field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapped: Option<u64>,
    /// The number of columns mapped to no field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unmapped: Option<u64>,
    /// The number that the configuration defines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<u64>,
    /// The number of fields that have a column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detected: Option<u64>,
    /// The number of fields that have no column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_detected: Option<u64>,
}

/// A field of the configuration, and where it was found.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct FieldFound {
    /// The name of the field.
    pub field: String,
    /// The header of its column in the output.
    #[serde(default)]
    pub label: Option<String>,
    /// True if a column was found for the field, or the field was derived from one.
    #[serde(default)]
    pub detected: bool,
    #[serde(default)]
    pub derived: bool,
    /// The number of its cells that have a value and no issue.
    #[serde(default)]
    pub valid_cells: Option<u64>,
    /// The best score among its columns.
    #[serde(default)]
    pub best_mapping_score: Option<f64>,
    #[serde(default)]
    pub source_headers: Vec<String>,
    #[serde(default)]
    pub occurrences: Occurrences,
}

/// The number of tables and columns that have the field.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Occurrences {
    pub tables: u64,
    pub columns: u64,
}

/// The position of a thing: its workbook, sheet and table, each counted from 0.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Locator {
    pub workbook: Position,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<Position>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<Position>,
}

/// The index of a thing among those of its kind, and its name if it has one.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Position {
    pub index: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The report on one workbook.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct WorkbookFound {
    pub scope: String,
    pub locator: Locator,
    pub counts: ReportCounts,
    pub validation: Validation,
    pub fields: Vec<FieldFound>,
    /// The sheets of the workbook that were read.
    pub sheets: Vec<SheetFound>,
}

/// The report on one sheet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct SheetFound {
    pub scope: String,
    pub locator: Locator,
    pub counts: ReportCounts,
    pub validation: Validation,
    pub fields: Vec<FieldFound>,
    /// Figures about reading the sheet; `None` if the run ended earlier.
    pub scan: Option<ScanFound>,
    pub is_active_sheet: bool,
    pub tables: Vec<TableFound>,
}

/// Figures about reading a sheet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct ScanFound {
    pub rows_emitted: Option<u64>,
    pub stopped_early: bool,
    pub truncated_rows: u64,
}

/// The report on one table. Merged tables count as one table.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct TableFound {
    pub scope: String,
    pub locator: Locator,
    pub counts: ReportCounts,
    pub validation: Validation,
    pub fields: Vec<FieldFound>,
    /// The position of the parts of the table.
    pub structure: Structure,
    pub outputs: Option<Outputs>,
}

/// The files that were written.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Outputs {
    pub normalized: Option<NormalizedOutput>,
}

/// The workbook that was written, and the position of a table in it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct NormalizedOutput {
    pub path: Option<String>,
    pub sheet_name: Option<String>,
    pub range_a1: Option<String>,
}

/// The positions of the parts of a table.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Structure {
    pub region: RegionFound,
    pub header: SheetRowSpan,
    /// The data rows of the table.
    pub data: SheetRowSpan,
    /// The columns of the table, including the engine's own.
    pub columns: Vec<ColumnFound>,
}

/// The cells of a table, header rows included.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct RegionFound {
    pub a1: Option<String>,
}

/// A range of rows of the sheet, counted from 1.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct SheetRowSpan {
    pub row_start: Option<u64>,
    pub row_count: Option<u64>,
    /// True if the position of the rows is assumed rather than found. Data rows do not have this key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inferred: Option<bool>,
}

/// The report on one column of a table.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct ColumnFound {
    /// The index of the column in the table, from 0.
    pub index: u64,
    pub header: HeaderFound,
    /// The number of its cells with a value.
    pub non_empty_cells: u64,
    /// The number of cells with a value and without an issue.
    pub valid_cells: Option<u64>,
    /// The mapping of the column to a field.
    pub mapping: MappingFound,
}

/// The header of a column.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct HeaderFound {
    /// The header as it is in the file.
    pub raw: Option<String>,
    /// The header in the form that is compared.
    pub normalized: Option<String>,
}

/// The field that a column was mapped to, or the reason why there is none.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct MappingFound {
    /// The status: `mapped` or `unmapped`.
    pub status: Option<String>,
    /// The field of the column.
    pub field: Option<String>,
    /// The score of that field.
    pub score: Option<f64>,
    /// The method that found the field.
    pub method: Option<String>,
    /// The fields with the best scores.
    pub candidates: Vec<Candidate>,
    /// The reason why the column has no field.
    pub unmapped_reason: Option<String>,
}

/// A field that a column may belong to.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Candidate {
    pub field: String,
    pub score: f64,
}

impl ClosingReport {
    /// Returns the sheets that were read.
    pub fn sheets(&self) -> impl Iterator<Item = &SheetFound> {
        self.workbooks.iter().flat_map(|workbook| &workbook.sheets)
    }
}

impl WorkbookFound {
    /// Returns the index of this workbook, from 0.
    pub fn index(&self) -> u64 {
        self.locator.workbook.index
    }

    /// Returns the name of its file.
    pub fn name(&self) -> &str {
        self.locator.workbook.name.as_deref().unwrap_or_default()
    }
}

impl SheetFound {
    /// Returns the index of the sheet in the workbook, from 0.
    pub fn index(&self) -> u64 {
        self.locator.sheet.as_ref().map_or(0, |sheet| sheet.index)
    }

    /// Returns the title of the sheet.
    pub fn name(&self) -> &str {
        let sheet = self.locator.sheet.as_ref();
        sheet
            .and_then(|sheet| sheet.name.as_deref())
            .unwrap_or_default()
    }

    /// Returns the number of rows that were read from the sheet.
    pub fn rows_read(&self) -> Option<u64> {
        self.scan.as_ref()?.rows_emitted
    }
}

impl TableFound {
    /// Returns the index of the table on its sheet, from 0.
    pub fn index(&self) -> u64 {
        self.locator.table.as_ref().map_or(0, |table| table.index)
    }

    /// Returns the range of the table, including header rows, or `None` for merged tables.
    pub fn region(&self) -> Option<&str> {
        self.structure.region.a1.as_deref()
    }

    /// Returns the range in the output.
    pub fn written(&self) -> Option<&str> {
        let normalized = self.outputs.as_ref()?.normalized.as_ref()?;
        normalized.range_a1.as_deref()
    }

    /// Returns the number of data rows that were read.
    pub fn rows_read(&self) -> Option<u64> {
        self.counts.rows.total
    }
}

impl SheetRowSpan {
    /// Returns the rows, or `None` if there are none or they are unknown.
    pub fn rows(&self) -> Option<RangeInclusive<u64>> {
        let first = self.row_start.filter(|&first| first > 0)?;
        let count = self.row_count.filter(|&count| count > 0)?;
        Some(first..=first.checked_add(count - 1)?)
    }
}

impl ColumnFound {
    /// Returns whether the engine made this column. The frame of merged tables holds its diagnostics columns, and the report
    /// must count them among the source columns. Readers would take them for columns of the sender.
    pub fn is_own(&self) -> bool {
        const RESERVED: &str = "__ade_";
        let header = self.header.raw.as_deref();
        header.is_some_and(|header| header.starts_with(RESERVED)) && !self.mapping.is_mapped()
    }
}

impl MappingFound {
    /// Returns whether the column has a field; false if nothing is known about the column.
    pub fn is_mapped(&self) -> bool {
        self.status.as_deref() == Some("mapped")
    }
}
