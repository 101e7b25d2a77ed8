//! How many rows were read, and what became of them: hooks may drop rows and add some, and those with errors may be quarantined.

use serde::Serialize;
use serde_json::Value;

use super::payload::number;

/// The rows of a run or of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RowCounts {
    /// Data rows of the source.
    pub read: u64,
    /// Rows of the workbook that was written, without headers, and without those that are quarantined.
    pub written: u64,
    /// Rows with errors that stand in a place of their own.
    pub quarantined: u64,
}

impl RowCounts {
    /// The rows of one scope of the engine's completed payload. `None`: it does not tell them. How many are quarantined is
    /// told of whole runs, in what was recorded with the payload.
    pub fn of(scope: &Value) -> Option<Self> {
        let evaluated = number(scope, "/validation/rows_evaluated")?;
        let quarantined = number(scope, "/issue_list/rows_quarantined").unwrap_or(0);
        // Any engine may have sent it.
        let quarantined = quarantined.min(evaluated);
        Some(Self {
            read: number(scope, "/counts/rows/total")?,
            written: evaluated - quarantined,
            quarantined,
        })
    }

    /// Rows of the result, in whichever place they are.
    pub fn evaluated(self) -> u64 {
        self.written + self.quarantined
    }

    /// Rows that were read and are nowhere in the result.
    pub fn dropped(self) -> u64 {
        self.read.saturating_sub(self.evaluated())
    }

    /// Rows of the result that were not read.
    pub fn added(self) -> u64 {
        self.evaluated().saturating_sub(self.read)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_missing_was_dropped_and_what_is_new_was_added() {
        let rows = |read: u64, evaluated: u64| {
            let scope = json!({"counts": {"rows": {"total": read}}, "validation": {"rows_evaluated": evaluated}});
            let rows = RowCounts::of(&scope).unwrap();
            (rows.dropped(), rows.added())
        };
        assert_eq!(rows(154, 150), (4, 0));
        assert_eq!(rows(2, 3), (0, 1));
        assert_eq!(rows(2, 2), (0, 0));
        assert_eq!(RowCounts::of(&json!({"counts": {}})), None);
    }

    #[test]
    fn what_is_quarantined_is_neither_written_nor_dropped() {
        let rows = |quarantined: u64| {
            let scope = json!({"counts": {"rows": {"total": 9}}, "validation": {"rows_evaluated": 8},
                "issue_list": {"rows_quarantined": quarantined}});
            let rows = RowCounts::of(&scope).unwrap();
            (rows.written, rows.quarantined, rows.dropped())
        };
        assert_eq!(rows(3), (5, 3, 1));
        assert_eq!(rows(u64::MAX), (0, 8, 1));
    }
}
