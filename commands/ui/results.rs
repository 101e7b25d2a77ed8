//! What several commands say of a run's results.

use ade::engine::RowCounts;
use ade::store::{FieldResult, FieldState};

use super::format::{plural, thousands};

/// `154 rows`, and where some were quarantined, or hooks dropped or added some, `154 rows read, 3 quarantined, 4 dropped,
/// 147 written`. `read`: where the engine did not tell how many were written.
pub fn rows(read: u64, rows: Option<RowCounts>) -> String {
    let rows = rows.unwrap_or(RowCounts {
        read,
        written: read,
        quarantined: 0,
    });
    let changes = [
        (rows.quarantined, "quarantined"),
        (rows.dropped(), "dropped"),
        (rows.added(), "added"),
    ];
    let changes = changes.iter().filter(|(count, _)| *count > 0);
    let changes: Vec<String> = changes
        .map(|(count, word)| format!("{} {word}", thousands(*count)))
        .collect();
    if changes.is_empty() {
        return plural(rows.read, "row");
    }
    format!(
        "{} read, {}, {} written",
        plural(rows.read, "row"),
        changes.join(", "),
        thousands(rows.written)
    )
}

/// The names of the fields in one state, in the configuration's order.
pub fn fields_that_are(state: FieldState, fields: &[FieldResult]) -> Vec<&str> {
    let wanted = fields.iter().filter(|field| field.state() == state);
    wanted.map(|field| field.field.as_str()).collect()
}
