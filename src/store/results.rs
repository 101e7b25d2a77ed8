//! What runs found: metrics, fields and columns, derived from the engine's completed payload by `src/run/results/`. They are
//! recorded with a run's end ([`Ending`](super::Ending)), and read here.

use serde::Serialize;
use serde_json::Value;

use super::Result;

/// What a run found, derived from the engine's completed payload.
#[derive(Clone, Debug, Default)]
pub struct RunResults {
    /// Columns of `run_metrics` by name.
    pub metrics: Vec<(&'static str, Value)>,
    /// Rows of `run_fields`.
    pub fields: Vec<FieldResult>,
    /// Rows of `run_table_columns`.
    pub columns: Vec<ColumnResult>,
    /// The payload as it came.
    pub payload: String,
}

/// The numbers that a person asks for first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    /// Columns that no field claimed.
    pub unmapped_columns: u64,
    /// Validation findings.
    pub issues: u64,
    /// Fields that the configuration defines.
    #[serde(skip)]
    pub expected_fields: u64,
}

/// What became of one field.
#[derive(Clone, Debug, Serialize)]
pub struct FieldResult {
    /// Its name.
    pub field: String,
    /// Its label.
    pub label: Option<String>,
    /// Whether a column or a hook supplied it.
    pub detected: bool,
    /// The best score that a column had for it.
    pub best_mapping_score: Option<f64>,
    /// Cells that are filled and without an issue.
    pub valid_cells: Option<u64>,
    /// In how many tables it was found.
    pub occurrences_tables: u64,
    /// In how many columns it was found.
    pub occurrences_columns: u64,
}

/// What became of one source column.
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
    /// The header as it stands in the sheet.
    pub header_raw: Option<String>,
    /// The header as a word.
    pub header_normalized: Option<String>,
    /// Cells with a value.
    pub non_empty_cells: u64,
    /// Cells that are filled and without an issue; mapped columns only.
    pub valid_cells: Option<u64>,
    /// `mapped` or `unmapped`.
    pub mapping_status: String,
    /// The field.
    pub mapped_field: Option<String>,
    /// Its score.
    pub mapping_score: Option<f64>,
    /// How it was mapped.
    pub mapping_method: Option<String>,
    /// Why it was not.
    pub unmapped_reason: Option<String>,
}

/// What ended runs found.
pub trait Results {
    /// What a run found of each field, in the configuration's order.
    ///
    /// # Errors
    /// The database can't serve.
    fn run_fields(&self, run: &str) -> Result<Vec<FieldResult>>;

    /// What became of each source column, in order.
    ///
    /// # Errors
    /// The database can't serve.
    fn run_columns(&self, run: &str) -> Result<Vec<ColumnResult>>;

    /// The engine's completed payload as it came. `None`: there is no such run, or it has none.
    ///
    /// # Errors
    /// The database can't serve.
    fn run_payload(&self, run: &str) -> Result<Option<String>>;
}
