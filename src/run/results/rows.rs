//! How many rows were read, and how many were written: hooks may drop rows, and add some.

use serde::Serialize;
use serde_json::Value;

use super::payload::number;

/// The rows of a run or of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RowCounts {
    /// Data rows of the source.
    pub read: u64,
    /// Rows of the workbook that was written, without headers.
    pub written: u64,
}

impl RowCounts {
    /// The rows of one scope of the engine's completed payload. `None`: it does not tell them.
    pub fn of(scope: &Value) -> Option<Self> {
        Some(Self {
            read: number(scope, "/counts/rows/total")?,
            written: number(scope, "/validation/rows_evaluated")?,
        })
    }

    /// Rows that were read and not written.
    pub fn dropped(self) -> u64 {
        self.read.saturating_sub(self.written)
    }

    /// Rows that were written and not read.
    pub fn added(self) -> u64 {
        self.written.saturating_sub(self.read)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_missing_was_dropped_and_what_is_new_was_added() {
        let rows = |read: u64, written: u64| {
            let scope = json!({"counts": {"rows": {"total": read}}, "validation": {"rows_evaluated": written}});
            let rows = RowCounts::of(&scope).unwrap();
            (rows.dropped(), rows.added())
        };
        assert_eq!(rows(154, 150), (4, 0));
        assert_eq!(rows(2, 3), (0, 1));
        assert_eq!(rows(2, 2), (0, 0));
        assert_eq!(RowCounts::of(&json!({"counts": {}})), None);
    }
}
