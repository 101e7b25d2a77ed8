//! How many rows there were, and what became of them: hooks may drop rows and add some, and those with errors may be quarantined.

use serde::Serialize;
use utoipa::ToSchema;

use super::completed::TableFound;

/// The rows of a run or of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct RowCounts {
    /// Data rows of the source.
    pub read: u64,
    /// Rows of the workbook that was written, without headers, and without those that are quarantined.
    pub written: u64,
    /// Rows with errors that stand in a place of their own.
    pub quarantined: u64,
}

impl RowCounts {
    /// Returns the counts of a run: data rows of the source, rows of the result, and those of these that are quarantined.
    pub fn new(read: u64, evaluated: u64, quarantined: u64) -> Self {
        // Any engine may have sent it.
        let quarantined = quarantined.min(evaluated);
        Self {
            read,
            written: evaluated - quarantined,
            quarantined,
        }
    }

    /// Returns the rows of a table; nothing where the engine does not tell them.
    pub fn from_table(table: &TableFound) -> Option<Self> {
        let evaluated = table.validation.rows_evaluated?;
        Some(Self::new(table.rows_read()?, evaluated, 0))
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
