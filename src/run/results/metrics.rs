//! What goes into `run_metrics`: one number or word for each of its columns.

use serde_json::{Value, json};

use super::columns::all;
use crate::engine::report::Completed;

/// Returns the columns of `run_metrics` by name, in the table's order.
pub(super) fn derive(run: &Completed) -> Vec<(&'static str, Value)> {
    let findings = &run.evaluation.findings;
    let of_severity = |word: &str| {
        let found = findings.iter().filter(|finding| finding.severity == word);
        json!(found.count())
    };
    let (counts, validation) = (&run.counts, &run.validation);
    let issues = validation.issues_by_severity;
    let own: Vec<u64> = all(run)
        .filter(|(.., column)| column.is_own())
        .map(|(.., column)| column.non_empty_cells)
        .collect();
    let (own, filled) = (own.len() as u64, own.iter().sum());
    let less = |counted: Option<u64>, number: u64| {
        json!(counted.map(|counted| counted.saturating_sub(number)))
    };
    vec![
        ("evaluation_outcome", json!(run.evaluation.outcome)),
        ("evaluation_findings_total", json!(findings.len())),
        ("evaluation_findings_info", of_severity("info")),
        ("evaluation_findings_warning", of_severity("warning")),
        ("evaluation_findings_error", of_severity("error")),
        ("validation_issues_total", json!(validation.issues_total)),
        ("validation_issues_info", json!(issues.info)),
        ("validation_issues_warning", json!(issues.warning)),
        ("validation_issues_error", json!(issues.error)),
        ("validation_max_severity", json!(validation.max_severity)),
        ("workbook_count", json!(counts.workbooks)),
        ("sheet_count", json!(counts.sheets)),
        ("table_count", json!(counts.tables)),
        ("row_count_total", json!(counts.rows.total)),
        ("row_count_empty", json!(counts.rows.empty)),
        ("column_count_total", less(counts.columns.total, own)),
        ("column_count_empty", json!(counts.columns.empty)),
        ("column_count_mapped", json!(counts.columns.mapped)),
        ("column_count_unmapped", less(counts.columns.unmapped, own)),
        ("field_count_expected", json!(counts.fields.expected)),
        ("field_count_detected", json!(counts.fields.detected)),
        (
            "field_count_not_detected",
            json!(counts.fields.not_detected),
        ),
        ("cell_count_total", json!(counts.cells.total)),
        ("cell_count_non_empty", less(counts.cells.non_empty, filled)),
    ]
}
