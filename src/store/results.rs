//! The results of runs: metrics, fields and columns, derived from the engine's completed payload by `src/run/results/`. They are
//! recorded with a run's end ([`Ending`](super::Ending)), and read here.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// The results of a run, derived from the engine's completed payload.
#[derive(Clone, Debug, Default)]
pub struct RunResults {
    /// Columns of `run_metrics` by name.
    pub metrics: Vec<(&'static str, Value)>,
    /// Rows of `run_fields`.
    pub fields: Vec<FieldResult>,
    /// Rows of `run_table_columns`.
    pub columns: Vec<ColumnResult>,
    /// The payload, with what the engine noticed as `notices` and `readings`.
    pub payload: String,
}

/// The figures of a run's summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Metrics)]
pub struct RunMetrics {
    /// Sheets processed.
    pub sheets: u64,
    /// Tables found.
    pub tables: u64,
    /// Source data rows.
    pub rows: u64,
    /// Source columns.
    pub columns: u64,
    /// Fields found.
    pub mapped_fields: u64,
    /// Columns that were mapped to no field.
    pub unmapped_columns: u64,
    /// Issues, of all severities.
    pub issues: u64,
    /// Those that are errors.
    pub errors: u64,
    /// Those that are warnings.
    pub warnings: u64,
    /// Those that are infos, which ask for nothing.
    pub infos: u64,
    /// Fields that the configuration defines.
    pub expected_fields: u64,
    /// Those that no column was found for and nothing filled, in the configuration's order.
    pub missing_fields: Vec<String>,
}

impl RunMetrics {
    /// Issues that ask for attention: errors and warnings.
    pub fn faults(&self) -> u64 {
        self.issues.saturating_sub(self.infos)
    }
}

/// The result of one field.
#[derive(Clone, Debug, Serialize)]
pub struct FieldResult {
    /// Its name.
    pub field: String,
    /// Its label.
    pub label: Option<String>,
    /// Whether a column was found for it, or a hook derived it from one.
    pub detected: bool,
    /// Whether a hook or a transform filled it although no column was found for it.
    pub computed: bool,
    /// The best score that a column had for it.
    pub best_mapping_score: Option<f64>,
    /// Cells with a value and without an issue.
    pub valid_cells: Option<u64>,
    /// In how many tables it was found.
    pub occurrences_tables: u64,
    /// In how many columns it was found.
    pub occurrences_columns: u64,
}

/// What became of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldState {
    /// A column was found for it, or a hook derived it from one.
    Found,
    /// No column was found; a hook or a transform filled it.
    Computed,
    /// It has no value.
    Missing,
}

impl FieldResult {
    /// What became of it.
    pub fn state(&self) -> FieldState {
        match (self.detected, self.computed) {
            (true, _) => FieldState::Found,
            (false, true) => FieldState::Computed,
            (false, false) => FieldState::Missing,
        }
    }
}

/// The result of one source column.
#[derive(Clone, Debug, Serialize)]
pub struct ColumnResult {
    /// The workbook's position, from 0.
    pub workbook_index: u64,
    /// The sheet's position in the workbook, from 0.
    pub sheet_index: u64,
    /// The table's position on the sheet, from 0.
    pub table_index: u64,
    /// The column's position in the table, from 0.
    pub column_index: u64,
    /// The input's name.
    pub workbook_name: String,
    /// The sheet's title.
    pub sheet_name: String,
    /// The header as it is in the sheet.
    pub header_raw: Option<String>,
    /// The header, normalized.
    pub header_normalized: Option<String>,
    /// Cells with a value.
    pub non_empty_cells: u64,
    /// Cells with a value and without an issue; mapped columns only.
    pub valid_cells: Option<u64>,
    /// `mapped` or `unmapped`.
    pub mapping_status: String,
    /// The field.
    pub mapped_field: Option<String>,
    /// Its score.
    pub mapping_score: Option<f64>,
    /// How it was mapped.
    pub mapping_method: Option<String>,
    /// Why it was not mapped.
    pub unmapped_reason: Option<String>,
}
