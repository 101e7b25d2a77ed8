//! Derives the rows to record from the engine's completed payload.
//!
//! There is one function per table: `metrics` (`run_metrics`), [`fields_of`] (`run_fields`), `columns` (`run_table_columns`).
//! The payload itself is kept too, with the engine's notices, so that the rows can be derived again if the rules change.
//! Values that the payload lacks are null or absent in the rows; nothing here fails. `src/store/results.rs` records the rows.

pub mod annotated;
pub mod demands;
pub mod issues;
pub mod layout;
pub mod output;
pub mod reading;
pub mod senders;

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::engine::report::{
    ClosingReport, ColumnFound, FieldFound, SheetFound, TableFound, WorkbookFound, completed,
};
use crate::engine::{RunNotices, RunReport};
use crate::store::{
    ColumnResult, FieldResult, FieldState, RunMetrics, RunRecord, RunResults, Store, StoreError,
};

/// Derives the rows of `run_metrics`, `run_fields` and `run_table_columns`. `computed`: the fields without a column that a
/// hook or a transform filled; the payload does not distinguish them from missing fields. `noticed` is recorded with the
/// payload.
pub fn derive(payload: &Value, computed: &[String], noticed: &RunNotices) -> RunResults {
    let run = completed(payload);
    RunResults {
        metrics: metrics(&run),
        fields: fields_of(&run.fields, computed),
        columns: columns(&run),
        payload: noticed.recorded_with(payload),
    }
}

/// Returns the figures in the record of a run. `fields`: its rows of `run_fields`.
pub fn metrics_of(run: &ClosingReport, fields: &[FieldResult]) -> RunMetrics {
    let metrics = metrics(run);
    let number = |name: &str| {
        let found = metrics.iter().find(|(known, _)| *known == name);
        found.and_then(|(_, value)| value.as_u64()).unwrap_or(0)
    };
    RunMetrics {
        sheets: number("sheet_count"),
        tables: number("table_count"),
        rows: number("row_count_total"),
        columns: number("column_count_total"),
        mapped_fields: number("field_count_detected"),
        unmapped_columns: number("column_count_unmapped"),
        issues: number("validation_issues_total"),
        errors: number("validation_issues_error"),
        warnings: number("validation_issues_warning"),
        infos: number("validation_issues_info"),
        expected_fields: number("field_count_expected"),
        missing_fields: missing(fields),
    }
}

/// Returns the names of the fields that have no value.
fn missing(fields: &[FieldResult]) -> Vec<String> {
    let missing = fields
        .iter()
        .filter(|field| field.state() == FieldState::Missing);
    missing.map(|field| field.field.clone()).collect()
}

/// Returns the recorded findings of a run; empty if it recorded nothing.
///
/// # Errors
/// The record cannot be read.
pub fn report_of(store: &Store, run: &RunRecord) -> Result<RunReport, StoreError> {
    let recorded = store.run_payload(&run.id)?;
    Ok(RunReport::recorded(&recorded.unwrap_or_default()))
}

/// Returns the rows of `run_fields`, one for each field that the configuration defines, in the configuration's order. A field
/// that is listed twice is recorded once: its name is the row's key. `computed`: see [`derive`].
pub fn fields_of(fields: &[FieldFound], computed: &[String]) -> Vec<FieldResult> {
    let mut seen = HashSet::new();
    let fields = fields.iter().filter(|found| seen.insert(&found.field));
    let result = |found: &FieldFound| FieldResult {
        field: found.field.clone(),
        label: found.label.clone(),
        detected: found.detected,
        computed: !found.detected && computed.contains(&found.field),
        best_mapping_score: found.best_mapping_score,
        valid_cells: found.valid_cells,
        occurrences_tables: found.occurrences.tables,
        occurrences_columns: found.occurrences.columns,
    };
    fields.map(result).collect()
}

/// A column with its workbook, sheet and table.
type PayloadColumn<'a> = (
    &'a WorkbookFound,
    &'a SheetFound,
    &'a TableFound,
    &'a ColumnFound,
);

/// Returns the rows of `run_table_columns`, one for each source column of each table, in the order of the workbooks. A
/// position that is listed twice is recorded once: it is the row's key.
fn columns(run: &ClosingReport) -> Vec<ColumnResult> {
    let mut seen = HashSet::new();
    let position = |(workbook, sheet, table, column): &PayloadColumn<'_>| {
        (workbook.index(), sheet.index(), table.index(), column.index)
    };
    all_columns(run)
        .filter(|column| !column.3.is_own() && seen.insert(position(column)))
        .map(result)
        .collect()
}

/// Returns all columns, including the engine's own.
fn all_columns(run: &ClosingReport) -> impl Iterator<Item = PayloadColumn<'_>> {
    let sheets = run
        .workbooks
        .iter()
        .flat_map(|book| book.sheets.iter().map(move |sheet| (book, sheet)));
    let tables =
        sheets.flat_map(|(book, sheet)| sheet.tables.iter().map(move |table| (book, sheet, table)));
    tables.flat_map(|(book, sheet, table)| {
        let columns = table.structure.columns.iter();
        columns.map(move |column| (book, sheet, table, column))
    })
}

fn result((workbook, sheet, table, column): PayloadColumn<'_>) -> ColumnResult {
    let (header, mapping) = (column.header.clone(), column.mapping.clone());
    // The table of the database accepts these two words.
    let status = if mapping.is_mapped() {
        "mapped"
    } else {
        "unmapped"
    };
    ColumnResult {
        workbook_index: workbook.index(),
        sheet_index: sheet.index(),
        table_index: table.index(),
        column_index: column.index,
        workbook_name: workbook.name().to_owned(),
        sheet_name: sheet.name().to_owned(),
        header_raw: header.raw,
        header_normalized: header.normalized,
        non_empty_cells: column.non_empty_cells,
        valid_cells: column.valid_cells,
        mapping_status: status.to_owned(),
        mapped_field: mapping.field,
        mapping_score: mapping.score,
        mapping_method: mapping.method,
        unmapped_reason: mapping.unmapped_reason,
    }
}

/// Returns the columns of `run_metrics` by name, in the table's order.
fn metrics(run: &ClosingReport) -> Vec<(&'static str, Value)> {
    let findings = &run.evaluation.findings;
    let of_severity = |word: &str| {
        let found = findings.iter().filter(|finding| finding.severity == word);
        json!(found.count())
    };
    let (counts, validation) = (&run.counts, &run.validation);
    let issues = validation.issues_by_severity;
    let own: Vec<u64> = all_columns(run)
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_number_finds_its_column() {
        let payload = r#"{
            "evaluation": {"outcome": "partial", "findings": [{"severity": "warning"}, {"severity": "error"}]},
            "counts": {"workbooks": 1, "sheets": 1, "tables": 1, "rows": {"total": 3, "empty": 0},
                       "columns": {"total": 2, "empty": 0, "mapped": 1, "unmapped": 1}, "fields": {"expected": 2, "detected": 1, "not_detected": 1},
                       "cells": {"total": 6, "non_empty": 5}},
            "validation": {"issues_total": 4, "issues_by_severity": {"warning": 4}, "max_severity": "warning"},
            "fields": [{"field": "a", "label": "A", "detected": true, "best_mapping_score": 0.5, "valid_cells": 2, "occurrences": {"tables": 1, "columns": 1}}, {"field": "b"}, {"field": "c"}],
            "workbooks": [{"locator": {"workbook": {"index": 0, "name": "x.xlsx"}}, "sheets": [{"locator": {"sheet": {"index": 2, "name": "S"}},
                "tables": [{"locator": {"table": {"index": 1}}, "structure": {"columns": [
                    {"index": 0, "header": {"raw": "A", "normalized": "a"}, "non_empty_cells": 3, "valid_cells": 3,
                     "mapping": {"status": "mapped", "field": "a", "score": 1.0, "method": "classifier", "unmapped_reason": null}},
                    {"index": 1, "header": {"raw": null, "normalized": null}, "non_empty_cells": 2, "valid_cells": null,
                     "mapping": {"status": "unmapped", "field": null, "score": null, "method": null, "unmapped_reason": "no_signal"}}]}}]}]}]}"#;
        let payload = serde_json::from_str(payload).unwrap();
        let results = derive(&payload, &["b".to_owned()], &RunNotices::default());
        for (name, wanted) in [
            ("evaluation_findings_total", 2),
            ("evaluation_findings_error", 1),
            ("validation_issues_warning", 4),
            ("validation_issues_error", 0),
            ("cell_count_non_empty", 5),
        ] {
            let metric = results.metrics.iter().find(|(known, _)| *known == name);
            assert_eq!(metric.unwrap().1, wanted, "{name}");
        }
        assert_eq!(results.fields[0].label.as_deref(), Some("A"));
        let states: Vec<FieldState> = results.fields.iter().map(FieldResult::state).collect();
        assert_eq!(
            states,
            [FieldState::Found, FieldState::Computed, FieldState::Missing]
        );
        let column = &results.columns[1];
        assert_eq!((column.sheet_index, column.table_index), (2, 1));
        assert_eq!(column.unmapped_reason.as_deref(), Some("no_signal"));
    }

    #[test]
    fn an_empty_payload_derives_without_a_panic() {
        let results = derive(&json!({}), &[], &RunNotices::default());
        assert!(results.fields.is_empty() && results.columns.is_empty());
    }
}
