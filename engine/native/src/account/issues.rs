//! How many issues a run has: of each rule, and in all. No message, no value and no key is among it.

use serde::{Deserialize, Serialize};

use super::severity::Severity;

/// The version of the lines of the list of issues; within a version keys are only added.
pub const SCHEMA_VERSION: u32 = 1;

/// How many issues there are of a rule on a sheet.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RuleCount {
    /// The rule.
    pub rule: String,
    /// The field.
    #[serde(default)]
    pub field: Option<String>,
    /// How much they matter.
    pub severity: Severity,
    /// The sender's sheet.
    pub sheet: String,
    /// How many they are.
    pub count: u64,
    /// Ranges of the sender's cells, the first ones.
    pub cells: Vec<String>,
    /// How many cells are not among them.
    #[serde(default)]
    pub more: u64,
}

/// How long the list of issues is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct IssueTotals {
    /// The version of its lines.
    pub schema_version: u32,
    /// All issues.
    pub count: u64,
    /// Those that are not in it.
    pub unlisted: u64,
    /// The rows of the result with an error.
    pub rows_with_errors: u64,
    /// Those of them that stand in a place of their own.
    #[serde(default)]
    pub rows_quarantined: u64,
    /// How many of each severity.
    pub by_severity: BySeverity,
}

/// How many issues of each severity there are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct BySeverity {
    /// Errors.
    pub error: u64,
    /// Warnings.
    pub warning: u64,
    /// Infos.
    pub info: u64,
}
