//! The number of issues of a run: of each rule, and in total. It contains no message, value or key.

use serde::{Deserialize, Serialize};

use super::severity::Severity;

/// The format version of the lines in the list of issues. Within a version, keys are only added.
pub const SCHEMA_VERSION: u32 = 1;

/// The number of issues of one rule on one sheet.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RuleCount {
    /// The name of the rule.
    pub rule: String,
    /// The field that has the issues.
    #[serde(default)]
    pub field: Option<String>,
    /// The severity of the issues.
    pub severity: Severity,
    /// The name of the sender's sheet.
    pub sheet: String,
    /// The number of these issues.
    pub count: u64,
    /// The first ranges of the sender's cells with these issues.
    pub cells: Vec<String>,
    /// The number of cells that `cells` leaves out.
    #[serde(default)]
    pub more: u64,
}

/// The totals of the list of issues.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct IssueTotals {
    /// The format version of its lines.
    pub schema_version: u32,
    /// The number of issues in the list.
    pub count: u64,
    /// The number of issues that the list leaves out.
    pub unlisted: u64,
    /// The number of rows of the result with an error.
    pub rows_with_errors: u64,
    /// The number of those rows that were moved to quarantine.
    #[serde(default)]
    pub rows_quarantined: u64,
    /// The number of issues of each severity.
    pub by_severity: SeverityCounts,
}

/// The number of issues of each severity.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct SeverityCounts {
    /// The number of errors.
    pub error: u64,
    /// The number of warnings.
    pub warning: u64,
    /// The number of infos.
    pub info: u64,
}
