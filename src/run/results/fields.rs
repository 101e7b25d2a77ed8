//! What goes into `run_fields`: one row for each field that the configuration defines.

use serde_json::Value;

use super::payload::{list, number, text};
use crate::store::FieldResult;

/// Returns the rows in the configuration's order. A field that is listed twice is recorded once: its name is the row's key.
pub(super) fn derive(payload: &Value) -> Vec<FieldResult> {
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
