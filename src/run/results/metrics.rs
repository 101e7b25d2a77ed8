//! What goes into `run_metrics`: one number or word for each of its columns, found at a place in the payload.

use serde_json::{Value, json};

use super::columns;
use super::payload::list;

/// Returns the columns of `run_metrics` by name, in the table's order.
pub(super) fn derive(payload: &Value) -> Vec<(&'static str, Value)> {
    let at = |pointer: &str| payload.pointer(pointer).cloned().unwrap_or(Value::Null);
    let findings = list(payload, "/evaluation/findings");
    let of_severity = |severity: &str| {
        json!(
            findings
                .iter()
                .filter(|finding| finding.get("severity").and_then(Value::as_str) == Some(severity))
                .count()
        )
    };
    let issues = |severity: &str| {
        payload
            .pointer(&format!("/validation/issues_by_severity/{severity}"))
            .cloned()
            .unwrap_or_else(|| json!(0))
    };
    let (own, filled) = columns::own(payload);
    let less = |pointer: &str, number: u64| match payload.pointer(pointer).and_then(Value::as_u64) {
        Some(counted) => json!(counted.saturating_sub(number)),
        None => at(pointer),
    };
    vec![
        ("evaluation_outcome", at("/evaluation/outcome")),
        ("evaluation_findings_total", json!(findings.len())),
        ("evaluation_findings_info", of_severity("info")),
        ("evaluation_findings_warning", of_severity("warning")),
        ("evaluation_findings_error", of_severity("error")),
        ("validation_issues_total", at("/validation/issues_total")),
        ("validation_issues_info", issues("info")),
        ("validation_issues_warning", issues("warning")),
        ("validation_issues_error", issues("error")),
        ("validation_max_severity", at("/validation/max_severity")),
        ("workbook_count", at("/counts/workbooks")),
        ("sheet_count", at("/counts/sheets")),
        ("table_count", at("/counts/tables")),
        ("row_count_total", at("/counts/rows/total")),
        ("row_count_empty", at("/counts/rows/empty")),
        ("column_count_total", less("/counts/columns/total", own)),
        ("column_count_empty", at("/counts/columns/empty")),
        ("column_count_mapped", at("/counts/columns/mapped")),
        (
            "column_count_unmapped",
            less("/counts/columns/unmapped", own),
        ),
        ("field_count_expected", at("/counts/fields/expected")),
        ("field_count_detected", at("/counts/fields/detected")),
        (
            "field_count_not_detected",
            at("/counts/fields/not_detected"),
        ),
        ("cell_count_total", at("/counts/cells/total")),
        (
            "cell_count_non_empty",
            less("/counts/cells/non_empty", filled),
        ),
    ]
}
