//! What goes into `run_fields`: one row for each field that the configuration defines.

use std::collections::HashSet;

use crate::engine::report::FieldFound;
use crate::store::FieldResult;

/// Returns the rows in the configuration's order. A field that is listed twice is recorded once: its name is the row's key. `computed`: see
/// [`derive`](super::derive).
pub fn derive(fields: &[FieldFound], computed: &[String]) -> Vec<FieldResult> {
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
