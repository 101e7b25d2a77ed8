//! Words for a run's results that several commands use.

use ade::engine::RowCounts;
use ade::store::{FieldResult, FieldState};

use super::format::{plural, thousands};

/// Returns `154 rows`, or, if rows were quarantined, dropped or added, `154 rows read, 3 quarantined, 4 dropped, 147 written`.
/// `read` is used if the engine did not report how many were written.
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

/// Returns the names of the fields in one state, in the configuration's order.
pub fn fields_that_are(state: FieldState, fields: &[FieldResult]) -> Vec<&str> {
    let wanted = fields.iter().filter(|field| field.state() == state);
    wanted.map(|field| field.field.as_str()).collect()
}
