//! From the engine's completed payload to the rows that are recorded.
//!
//! One file for each table: `metrics` (`run_metrics`), `fields` (`run_fields`), `columns` (`run_table_columns`). The payload
//! itself is kept too, with what the engine noticed, so that the rows can be derived again when the rules change. Whatever the payload lacks is null or
//! absent in the rows; nothing here fails. `src/store/results.rs` records them.

pub mod annotated;
mod columns;
pub mod demands;
mod fields;
pub mod issues;
pub mod layout;
mod metrics;
pub mod output;
pub mod reading;
pub mod senders;

use serde_json::Value;

pub use self::fields::derive as fields_of;

use crate::engine::report::{Completed, completed};
use crate::engine::{Noticed, RunReport};
use crate::store::{FieldResult, FieldState, RunMetrics, RunRecord, RunResults, Store, StoreError};

/// Derives the rows of `run_metrics`, `run_fields` and `run_table_columns`. `computed`: the fields that no column was found
/// for, and that a hook or a transform filled; the payload does not tell them from those that are missing. What was
/// `noticed` is recorded with the payload.
pub fn derive(payload: &Value, computed: &[String], noticed: &Noticed) -> RunResults {
    let run = completed(payload);
    RunResults {
        metrics: metrics::derive(&run),
        fields: fields_of(&run.fields, computed),
        columns: columns::derive(&run),
        payload: noticed.recorded_with(payload),
    }
}

/// The figures of a summary, those that a record of a run has. `fields`: its rows of `run_fields`.
pub fn metrics_of(run: &Completed, fields: &[FieldResult]) -> RunMetrics {
    let metrics = metrics::derive(run);
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

/// The names of the fields that have no value.
fn missing(fields: &[FieldResult]) -> Vec<String> {
    let missing = fields
        .iter()
        .filter(|field| field.state() == FieldState::Missing);
    missing.map(|field| field.field.clone()).collect()
}

/// What a run has recorded of what it found; empty where it has recorded nothing.
///
/// # Errors
/// The record cannot be read.
pub fn report_of(store: &Store, run: &RunRecord) -> Result<RunReport, StoreError> {
    let recorded = store.run_payload(&run.id)?;
    Ok(RunReport::recorded(&recorded.unwrap_or_default()))
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
        let results = derive(&payload, &["b".to_owned()], &Noticed::default());
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
        let results = derive(&json!({}), &[], &Noticed::default());
        assert!(results.fields.is_empty() && results.columns.is_empty());
    }
}
