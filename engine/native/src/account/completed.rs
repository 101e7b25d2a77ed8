//! The closing report of a run: the data of the event `engine.run.completed`, which docs/reference/events.md describes.
//!
//! Any engine may have sent it, and code of a configuration may have written it: a key that is not there is one of which nothing is known.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// The closing report.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Completed {
    /// The version of this report.
    pub schema_version: u64,
    pub scope: String,
    pub execution: Execution,
    pub evaluation: Evaluation,
    pub counts: Counts,
    pub validation: Validation,
    /// The fields that the configuration defines.
    pub fields: Vec<FieldFound>,
    pub outputs: Option<Outputs>,
    /// The workbooks that were read: one.
    pub workbooks: Vec<WorkbookFound>,
}

/// When the run was, and how it ended.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Execution {
    /// `succeeded` or `failed`.
    pub status: String,
    pub started_at: String,
    pub completed_at: String,
    pub duration_ms: u64,
    pub failure: Option<ExecutionFailure>,
}

/// Why a run failed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct ExecutionFailure {
    pub stage: String,
    pub code: String,
    pub message: String,
}

/// How a run went.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Evaluation {
    /// `success`, `partial`, `failure` or `unknown`.
    pub outcome: Option<String>,
    /// The reasons for it.
    pub findings: Vec<Finding>,
}

/// One thing that is worth a word.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Finding {
    /// Its kind, such as `fields_not_detected`.
    pub code: String,
    /// `error`, `warning` or `info`.
    pub severity: String,
    /// A sentence.
    pub message: String,
    pub count: Option<u64>,
    pub meta: Option<BTreeMap<String, String>>,
}

/// The issues of a run or of a part of it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Validation {
    /// The rows that were looked at: those of the result.
    pub rows_evaluated: Option<u64>,
    pub issues_total: Option<u64>,
    pub issues_by_severity: IssueCounts,
    /// The worst of them.
    pub max_severity: Option<String>,
}

/// The number of issues of each severity, without those that there are none of.
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

/// Returns whether there are none.
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// The number of things in a run or in a part of it; of what a part does not count, none.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Counts {
    pub workbooks: Option<u64>,
    pub sheets: Option<u64>,
    pub tables: Option<u64>,
    /// Data rows.
    pub rows: Number,
    pub columns: Number,
    pub fields: Number,
    pub cells: Number,
}

/// The number of things of one kind; not each kind has all of them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Number {
    /// All of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Without a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty: Option<u64>,
    /// With a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub non_empty: Option<u64>,
    /// That went to a field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapped: Option<u64>,
    /// That went to none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unmapped: Option<u64>,
    /// That the configuration defines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<u64>,
    /// For which there is a column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detected: Option<u64>,
    /// For which there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_detected: Option<u64>,
}

/// A field of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct FieldFound {
    /// Its name.
    pub field: String,
    /// The header of its column in the output.
    #[serde(default)]
    pub label: Option<String>,
    /// Whether a column was found for it, or it was derived from one.
    #[serde(default)]
    pub detected: bool,
    #[serde(default)]
    pub derived: bool,
    /// The number of its cells with a value and without an issue.
    #[serde(default)]
    pub valid_cells: Option<u64>,
    /// The best score of its columns.
    #[serde(default)]
    pub best_mapping_score: Option<f64>,
    #[serde(default)]
    pub source_headers: Vec<String>,
    #[serde(default)]
    pub occurrences: Occurrences,
}

/// The number of tables and columns in which a field is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Occurrences {
    pub tables: u64,
    pub columns: u64,
}

/// The position of a thing: its workbook, its sheet and its table, each from 0.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Locator {
    pub workbook: Position,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<Position>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<Position>,
}

/// The place of a thing among those of its kind, and its name where it has one.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Position {
    pub index: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A workbook.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct WorkbookFound {
    pub scope: String,
    pub locator: Locator,
    pub counts: Counts,
    pub validation: Validation,
    pub fields: Vec<FieldFound>,
    /// Its sheets that were read.
    pub sheets: Vec<SheetFound>,
}

/// A sheet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct SheetFound {
    pub scope: String,
    pub locator: Locator,
    pub counts: Counts,
    pub validation: Validation,
    pub fields: Vec<FieldFound>,
    /// Figures of its reading; nothing where the run ended before.
    pub scan: Option<ScanFound>,
    pub is_active_sheet: bool,
    pub tables: Vec<TableFound>,
}

/// Figures of the reading of a sheet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct ScanFound {
    pub rows_emitted: Option<u64>,
    pub stopped_early: bool,
    pub truncated_rows: u64,
}

/// A table; tables that were merged are one.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct TableFound {
    pub scope: String,
    pub locator: Locator,
    pub counts: Counts,
    pub validation: Validation,
    pub fields: Vec<FieldFound>,
    /// The position of its parts.
    pub structure: Structure,
    pub outputs: Option<Outputs>,
}

/// The files that were written.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Outputs {
    pub normalized: Option<Normalized>,
}

/// The workbook that was written, and where a table is in it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Normalized {
    pub path: Option<String>,
    pub sheet_name: Option<String>,
    pub range_a1: Option<String>,
}

/// Where the parts of a table lie.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Structure {
    pub region: RegionFound,
    pub header: Stretch,
    /// Its rows of data.
    pub data: Stretch,
    /// Its columns, the engine's own among them.
    pub columns: Vec<ColumnFound>,
}

/// The cells of a table, header rows included.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct RegionFound {
    pub a1: Option<String>,
}

/// A stretch of rows of the sheet, from 1.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Stretch {
    pub row_start: Option<u64>,
    pub row_count: Option<u64>,
    /// Whether the rows were not found; data rows have no such key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inferred: Option<bool>,
}

/// A column of a table.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct ColumnFound {
    /// Its position in the table, from 0.
    pub index: u64,
    pub header: HeaderFound,
    /// The number of its cells with a value.
    pub non_empty_cells: u64,
    /// The number of those without an issue.
    pub valid_cells: Option<u64>,
    /// What became of it.
    pub mapping: MappingFound,
}

/// The header of a column.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct HeaderFound {
    /// As it was written.
    pub raw: Option<String>,
    /// As it is compared.
    pub normalized: Option<String>,
}

/// What became of a column.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct MappingFound {
    /// `mapped` or `unmapped`.
    pub status: Option<String>,
    /// Its field.
    pub field: Option<String>,
    /// The score of that field.
    pub score: Option<f64>,
    /// What gave it.
    pub method: Option<String>,
    /// The fields with the best scores.
    pub candidates: Vec<Candidate>,
    /// Why it has no field.
    pub unmapped_reason: Option<String>,
}

/// A field that a column may have.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Candidate {
    pub field: String,
    pub score: f64,
}

impl Completed {
    /// Returns the sheets that were read.
    pub fn sheets(&self) -> impl Iterator<Item = &SheetFound> {
        self.workbooks.iter().flat_map(|workbook| &workbook.sheets)
    }
}

impl WorkbookFound {
    /// Returns its place among the workbooks, from 0.
    pub fn index(&self) -> u64 {
        self.locator.workbook.index
    }

    /// Returns the name of its file.
    pub fn name(&self) -> &str {
        self.locator.workbook.name.as_deref().unwrap_or_default()
    }
}

impl SheetFound {
    /// Returns its place among the sheets, from 0.
    pub fn index(&self) -> u64 {
        self.locator.sheet.as_ref().map_or(0, |sheet| sheet.index)
    }

    /// Returns its title.
    pub fn name(&self) -> &str {
        let sheet = self.locator.sheet.as_ref();
        sheet
            .and_then(|sheet| sheet.name.as_deref())
            .unwrap_or_default()
    }

    /// Returns the number of its rows that were read.
    pub fn rows_read(&self) -> Option<u64> {
        self.scan.as_ref()?.rows_emitted
    }
}

impl TableFound {
    /// Returns its place among the sheet's tables, from 0.
    pub fn index(&self) -> u64 {
        self.locator.table.as_ref().map_or(0, |table| table.index)
    }

    /// Returns where it lies, header rows included; of merged tables nothing.
    pub fn region(&self) -> Option<&str> {
        self.structure.region.a1.as_deref()
    }

    /// Returns where it was written.
    pub fn written(&self) -> Option<&str> {
        let normalized = self.outputs.as_ref()?.normalized.as_ref()?;
        normalized.range_a1.as_deref()
    }

    /// Returns the number of its data rows that were read.
    pub fn rows_read(&self) -> Option<u64> {
        self.counts.rows.total
    }
}

impl Stretch {
    /// Returns the rows; nothing where there are none, or it is not known.
    pub fn rows(&self) -> Option<RangeInclusive<u64>> {
        let first = self.row_start.filter(|&first| first > 0)?;
        let count = self.row_count.filter(|&count| count > 0)?;
        Some(first..=first.checked_add(count - 1)?)
    }
}

impl ColumnFound {
    /// Returns whether it is the engine's own: the frame of merged tables holds its diagnostics, and its report counts them among the
    /// source columns, as the contract says. People would take them for the sender's.
    pub fn is_own(&self) -> bool {
        const RESERVED: &str = "__ade_";
        let header = self.header.raw.as_deref();
        header.is_some_and(|header| header.starts_with(RESERVED)) && !self.mapping.is_mapped()
    }
}

impl MappingFound {
    /// Returns whether it has a field; a column of which nothing is known has none.
    pub fn is_mapped(&self) -> bool {
        self.status.as_deref() == Some("mapped")
    }
}
