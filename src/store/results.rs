//! The results of runs: metrics, fields and columns. `src/run/results/` derives them from the engine's completed payload; they
//! are recorded with a run's end ([`Ending`](super::Ending)).

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// The results of a run, derived from the engine's completed payload.
#[derive(Clone, Debug, Default)]
pub struct RunResults {
    /// The columns of `run_metrics` by name.
    pub metrics: Vec<(&'static str, Value)>,
    /// The rows of `run_fields`.
    pub fields: Vec<FieldResult>,
    /// The rows of `run_table_columns`.
    pub columns: Vec<ColumnResult>,
    /// The payload, with the engine's notices as `notices` and `readings`.
    pub payload: String,
}

/// The figures of a run's summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Metrics)]
pub struct RunMetrics {
    /// The number of processed sheets.
    pub sheets: u64,
    /// The number of tables found.
    pub tables: u64,
    /// The number of source data rows.
    pub rows: u64,
    /// The number of source columns.
    pub columns: u64,
    /// The number of fields found.
    pub mapped_fields: u64,
    /// Columns that were mapped to no field.
    pub unmapped_columns: u64,
    /// The number of issues of all severities.
    pub issues: u64,
    /// The number of issues that are errors.
    pub errors: u64,
    /// The number of issues that are warnings.
    pub warnings: u64,
    /// The number of issues that are infos, which need no action.
    pub infos: u64,
    /// Fields that the configuration defines.
    pub expected_fields: u64,
    /// The fields for which no column was found and that nothing filled, in the configuration's order.
    pub missing_fields: Vec<String>,
}

impl RunMetrics {
    /// Returns the number of issues that need attention: errors and warnings.
    pub fn faults(&self) -> u64 {
        self.issues.saturating_sub(self.infos)
    }
}

/// The result of one field.
#[derive(Clone, Debug, Serialize)]
pub struct FieldResult {
    /// The name of the field.
    pub field: String,
    /// The label of the field.
    pub label: Option<String>,
    /// Whether a column was found for the field, or a hook derived it from a column.
    pub detected: bool,
    /// Whether a hook or a transform filled the field although no column was found for it.
    pub computed: bool,
    /// The best score that a column had for the field.
    pub best_mapping_score: Option<f64>,
    /// The number of cells with a value and without an issue.
    pub valid_cells: Option<u64>,
    /// The number of tables in which the field was found.
    pub occurrences_tables: u64,
    /// The number of columns in which the field was found.
    pub occurrences_columns: u64,
}

/// The outcome for a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldState {
    /// A column was found for the field, or a hook derived it from a column.
    Found,
    /// No column was found; a hook or a transform filled the field.
    Computed,
    /// The field has no value.
    Missing,
}

impl FieldResult {
    /// Returns the outcome for the field.
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
    /// The file name of the input.
    pub workbook_name: String,
    /// The title of the sheet.
    pub sheet_name: String,
    /// The header as it is in the sheet.
    pub header_raw: Option<String>,
    /// The normalized text of the header.
    pub header_normalized: Option<String>,
    /// The number of cells with a value.
    pub non_empty_cells: u64,
    /// The number of cells with a value and without an issue; only for mapped columns.
    pub valid_cells: Option<u64>,
    /// Either `mapped` or `unmapped`.
    pub mapping_status: String,
    /// The field that the column was mapped to.
    pub mapped_field: Option<String>,
    /// The score of the mapping.
    pub mapping_score: Option<f64>,
    /// The method of the mapping.
    pub mapping_method: Option<String>,
    /// The reason why the column was not mapped.
    pub unmapped_reason: Option<String>,
}
