//! The issues of a run: problems of the sender's cells, rows, columns and sheets, with the rule and the severity.
//!
//! The engine writes them to `output/<stem>_issues.ndjson`, one line each, sorted like the sheets;
//! docs/reference/issues.schema.json describes a line. [`Issue`] is one line, [`IssueReader`] reads the lines, and [`IssueFilter`] filters
//! them. All code that shows, paints or counts issues reads this list.
//!
//! # Promises
//! A list is never held in memory as a whole, except a short list without its values while windows of it are shown. Code of the
//! configuration may have written anything to the file, so a line that is no issue is skipped and counted, and a link is no
//! list.

mod list;
mod page;
mod sender;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::places::place_in_words;
pub use ade_engine_native::account::issues::SCHEMA_VERSION;
pub use ade_engine_native::account::severity::Severity;
pub use list::{IssueReader, ListError};
pub use page::{CellIssue, IssueSlice, IssueWindow, ListedIssueCounts, PlacedIssue};
pub use sender::Language;

/// A problem of a cell, a row, a column or a sheet of the sender. Rows and tables count from 1. A key is null if it does not
/// apply or is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Issue {
    /// The sender's sheet. Empty if the issue belongs to the workbook.
    pub sheet: String,
    /// The sender's cell, such as `B7`.
    pub cell: Option<String>,
    /// The severity of the issue.
    pub severity: Severity,
    /// The name of the field.
    pub field: Option<String>,
    /// The name of the field in the header of the output.
    pub label: Option<String>,
    /// The rule that found the issue, such as `start_date.is_date`.
    pub rule: String,
    /// The problem, without the value.
    pub message: String,
    /// The value in the sender's cell. Empty if the cell is empty.
    pub value: Option<String>,
    /// The value in the output. Empty if the cell of the output is empty.
    pub written: Option<String>,
    /// The key of the row, if the configuration names a key.
    pub key: Option<String>,
    /// The cell of the output.
    pub output: Option<String>,
    /// The number of the sender's row.
    pub row: Option<u32>,
    /// The letters of the sender's column.
    pub column: Option<String>,
    /// The sheet of the output.
    pub output_sheet: Option<String>,
    /// The number of the table in the sheet.
    pub table: Option<u32>,
}

impl Issue {
    /// Returns the position of the issue for people: `North!E9`, `North!row 9`, `North!column E`, `North`, `the workbook`.
    pub fn place(&self) -> String {
        let (cell, column) = (self.cell.as_deref(), self.column.as_deref());
        match place_in_words(&self.sheet, cell, self.row.map(u64::from), column) {
            nowhere if nowhere.is_empty() => "the workbook".to_owned(),
            place => place,
        }
    }

    /// Returns the field's label, otherwise its name. Empty if the issue belongs to no field.
    pub fn whose(&self) -> &str {
        let name = self.label.as_deref().or(self.field.as_deref());
        name.unwrap_or_default()
    }
}

/// A filter of issues: an issue must match one name of each list that is not empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IssueFilter {
    /// Names or labels of fields.
    pub fields: Vec<String>,
    /// Names of rules, `hours.up_to_80`, or only the part after the field, `up_to_80`.
    pub rules: Vec<String>,
    /// Severities that issues may have.
    pub severities: Vec<Severity>,
    /// The names of the sender's sheets.
    pub sheets: Vec<String>,
}

impl IssueFilter {
    /// Returns whether an issue matches the filter.
    pub fn takes(&self, issue: &Issue) -> bool {
        let among = |names: &[String], fits: &dyn Fn(&str) -> bool| {
            names.is_empty() || names.iter().any(|name| fits(name))
        };
        let is = |given: &Option<String>, name: &str| given.as_deref() == Some(name);
        among(&self.fields, &|name| {
            is(&issue.field, name) || is(&issue.label, name)
        }) && among(&self.rules, &|name| {
            issue.rule == name
                || issue
                    .rule
                    .split_once('.')
                    .is_some_and(|(_, rule)| rule == name)
        }) && among(&self.sheets, &|name| issue.sheet == name)
            && (self.severities.is_empty() || self.severities.contains(&issue.severity))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issue() -> Issue {
        serde_json::from_str(
            r#"{"sheet": "North", "cell": "E9", "severity": "error", "field": "start_date", "label": "Start date", "rule": "start_date.is_date",
                "message": "not a date", "value": "soon", "written": "", "output": "E6", "row": 9, "column": "E", "output_sheet": "North", "table": 1}"#,
        )
        .unwrap()
    }

    #[test]
    fn a_place_is_said_as_far_as_it_is_known() {
        let mut found = issue();
        assert_eq!(found.place(), "North!E9");
        found.cell = None;
        assert_eq!(found.place(), "North!row 9");
        found.row = None;
        assert_eq!(found.place(), "North!column E");
        found.column = None;
        assert_eq!(found.place(), "North");
        found.sheet.clear();
        assert_eq!(found.place(), "the workbook");
    }

    #[test]
    fn of_each_list_one_name_has_to_fit() {
        let found = issue();
        for (wanted, taken) in [
            ("|||", true),
            ("start_date|||", true),
            ("Start date|||", true),
            ("hours|||", false),
            ("|start_date.is_date||", true),
            ("|hours,is_date||", true),
            ("|date||", false),
            ("||warning|", false),
            ("||error|North", true),
            ("start_date|||South", false),
        ] {
            let mut lists = wanted.split('|').map(|names| {
                let names = names.split(',').filter(|name| !name.is_empty());
                names.map(str::to_owned).collect::<Vec<_>>()
            });
            let mut next = || lists.next().unwrap();
            let (fields, rules, severities, sheets) = (next(), next(), next(), next());
            let severities = serde_json::from_value(serde_json::json!(severities)).unwrap();
            let wanted = IssueFilter {
                fields,
                rules,
                severities,
                sheets,
            };
            assert_eq!(wanted.takes(&found), taken, "{wanted:?}");
        }
    }
}
