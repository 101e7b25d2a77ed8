//! What several commands say of a run's results.

use ade::run::results::RowCounts;
use ade::store::{FieldResult, FieldState};

use super::format::{plural, thousands};

/// `154 rows`, and where hooks dropped or added some `154 rows read, 4 dropped, 150 written`. `read`: where the engine did
/// not tell how many were written.
pub fn rows(read: u64, rows: Option<RowCounts>) -> String {
    let rows = rows.unwrap_or(RowCounts {
        read,
        written: read,
    });
    let (dropped, added) = (rows.dropped(), rows.added());
    let change = match (dropped, added) {
        (0, 0) => return plural(rows.read, "row"),
        (0, added) => format!("{} added", thousands(added)),
        (dropped, _) => format!("{} dropped", thousands(dropped)),
    };
    let written = thousands(rows.written);
    format!(
        "{} read, {change}, {written} written",
        plural(rows.read, "row")
    )
}

/// The names of the fields in one state, in the configuration's order.
pub fn fields_that_are(state: FieldState, fields: &[FieldResult]) -> Vec<&str> {
    let wanted = fields.iter().filter(|field| field.state() == state);
    wanted.map(|field| field.field.as_str()).collect()
}
