//! From the engine's completed payload to the rows that are recorded. The payload itself is kept too, so that these can
//! be derived again when the rules change.

use serde_json::{Value, json};

use crate::store::{ColumnResult, FieldResult, Results};

/// Derives the rows of `run_metrics`, `run_fields` and `run_table_columns`.
pub fn derive(payload: &Value) -> Results {
    Results {
        metrics: metrics(payload),
        fields: fields(payload),
        columns: columns(payload),
        payload: payload.to_string(),
    }
}

fn metrics(payload: &Value) -> Vec<(&'static str, Value)> {
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
        ("column_count_total", at("/counts/columns/total")),
        ("column_count_empty", at("/counts/columns/empty")),
        ("column_count_mapped", at("/counts/columns/mapped")),
        ("column_count_unmapped", at("/counts/columns/unmapped")),
        ("field_count_expected", at("/counts/fields/expected")),
        ("field_count_detected", at("/counts/fields/detected")),
        (
            "field_count_not_detected",
            at("/counts/fields/not_detected"),
        ),
        ("cell_count_total", at("/counts/cells/total")),
        ("cell_count_non_empty", at("/counts/cells/non_empty")),
    ]
}

fn fields(payload: &Value) -> Vec<FieldResult> {
    let mut seen = std::collections::HashSet::new();
    list(payload, "/fields")
        .iter()
        .filter_map(|field| {
            Some(FieldResult {
                field: text(field, "/field")?,
                label: text(field, "/label"),
                detected: field
                    .get("detected")
                    .and_then(Value::as_bool)
                    .unwrap_or(false),
                best_mapping_score: field.get("best_mapping_score").and_then(Value::as_f64),
                valid_cells: number(field, "/valid_cells"),
                occurrences_tables: number(field, "/occurrences/tables").unwrap_or(0),
                occurrences_columns: number(field, "/occurrences/columns").unwrap_or(0),
            })
        })
        .filter(|field| seen.insert(field.field.clone()))
        .collect()
}

fn columns(payload: &Value) -> Vec<ColumnResult> {
    let mut columns = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for workbook in list(payload, "/workbooks") {
        for sheet in list(workbook, "/sheets") {
            for table in list(sheet, "/tables") {
                for column in list(table, "/structure/columns") {
                    let result = ColumnResult {
                        workbook_index: number(workbook, "/locator/workbook/index").unwrap_or(0),
                        sheet_index: number(sheet, "/locator/sheet/index").unwrap_or(0),
                        table_index: number(table, "/locator/table/index").unwrap_or(0),
                        column_index: number(column, "/index").unwrap_or(0),
                        workbook_name: text(workbook, "/locator/workbook/name").unwrap_or_default(),
                        sheet_name: text(sheet, "/locator/sheet/name").unwrap_or_default(),
                        header_raw: text(column, "/header/raw"),
                        header_normalized: text(column, "/header/normalized"),
                        non_empty_cells: number(column, "/non_empty_cells").unwrap_or(0),
                        valid_cells: number(column, "/valid_cells"),
                        mapping_status: text(column, "/mapping/status")
                            .filter(|status| status == "mapped")
                            .unwrap_or_else(|| "unmapped".to_owned()),
                        mapped_field: text(column, "/mapping/field"),
                        mapping_score: column.pointer("/mapping/score").and_then(Value::as_f64),
                        mapping_method: text(column, "/mapping/method"),
                        unmapped_reason: text(column, "/mapping/unmapped_reason"),
                    };
                    if seen.insert((
                        result.workbook_index,
                        result.sheet_index,
                        result.table_index,
                        result.column_index,
                    )) {
                        columns.push(result);
                    }
                }
            }
        }
    }
    columns
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .map(str::to_owned)
}

fn number(value: &Value, pointer: &str) -> Option<u64> {
    value.pointer(pointer).and_then(Value::as_u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_finds_its_column() {
        let payload = json!({
            "evaluation": {"outcome": "partial", "findings": [{"severity": "warning"}, {"severity": "error"}]},
            "counts": {"workbooks": 1, "sheets": 1, "tables": 1, "rows": {"total": 3, "empty": 0},
                       "columns": {"total": 2, "empty": 0, "mapped": 1, "unmapped": 1}, "fields": {"expected": 2, "detected": 1, "not_detected": 1},
                       "cells": {"total": 6, "non_empty": 5}},
            "validation": {"issues_total": 4, "issues_by_severity": {"warning": 4}, "max_severity": "warning"},
            "fields": [{"field": "a", "label": "A", "detected": true, "best_mapping_score": 0.5, "valid_cells": 2, "occurrences": {"tables": 1, "columns": 1}}],
            "workbooks": [{"locator": {"workbook": {"index": 0, "name": "x.xlsx"}}, "sheets": [{"locator": {"sheet": {"index": 2, "name": "S"}},
                "tables": [{"locator": {"table": {"index": 1}}, "structure": {"columns": [
                    {"index": 0, "header": {"raw": "A", "normalized": "a"}, "non_empty_cells": 3, "valid_cells": 3,
                     "mapping": {"status": "mapped", "field": "a", "score": 1.0, "method": "classifier", "unmapped_reason": null}},
                    {"index": 1, "header": {"raw": null, "normalized": null}, "non_empty_cells": 2, "valid_cells": null,
                     "mapping": {"status": "unmapped", "field": null, "score": null, "method": null, "unmapped_reason": "no_signal"}}]}}]}]}]
        });
        let results = derive(&payload);
        let metric = |name| {
            results
                .metrics
                .iter()
                .find(|(known, _)| *known == name)
                .unwrap()
                .1
                .clone()
        };
        assert_eq!(metric("evaluation_findings_total"), 2);
        assert_eq!(metric("evaluation_findings_error"), 1);
        assert_eq!(metric("validation_issues_warning"), 4);
        assert_eq!(metric("validation_issues_error"), 0);
        assert_eq!(metric("cell_count_non_empty"), 5);
        assert_eq!(results.fields[0].label.as_deref(), Some("A"));
        assert_eq!(
            (
                results.columns[1].sheet_index,
                results.columns[1].table_index,
                results.columns[1].unmapped_reason.as_deref()
            ),
            (2, 1, Some("no_signal"))
        );
    }

    #[test]
    fn an_empty_payload_derives_without_a_panic() {
        let results = derive(&json!({}));
        assert!(results.fields.is_empty() && results.columns.is_empty());
    }
}
