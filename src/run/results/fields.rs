//! What goes into `run_fields`: one row for each field that the configuration defines.

use serde_json::Value;

use super::payload::{list, number, text};
use crate::store::FieldResult;

/// Returns the rows in the configuration's order. A field that is listed twice is recorded once: its name is the row's key.
pub(super) fn derive(payload: &Value, computed: &[String]) -> Vec<FieldResult> {
    let mut seen = std::collections::HashSet::new();
    list(payload, "/fields")
        .iter()
        .filter_map(|field| {
            let name = text(field, "/field")?;
            let detected = field.get("detected").and_then(Value::as_bool);
            let detected = detected.unwrap_or(false);
            Some(FieldResult {
                label: text(field, "/label"),
                detected,
                computed: !detected && computed.contains(&name),
                field: name,
                best_mapping_score: field.get("best_mapping_score").and_then(Value::as_f64),
                valid_cells: number(field, "/valid_cells"),
                occurrences_tables: number(field, "/occurrences/tables").unwrap_or(0),
                occurrences_columns: number(field, "/occurrences/columns").unwrap_or(0),
            })
        })
        .filter(|field| seen.insert(field.field.clone()))
        .collect()
}
