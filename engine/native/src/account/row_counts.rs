//! The numbers of rows read, written, quarantined, dropped and added. Hooks may drop and add rows, and rows with errors may be
//! quarantined.

use serde::Serialize;
use utoipa::ToSchema;

use super::completed::TableFound;

/// The numbers of rows of a run or of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct RowCounts {
    /// The number of data rows in the source.
    pub read: u64,
    /// The number of rows of the written workbook, without headers and without quarantined rows.
    pub written: u64,
    /// The number of rows with errors that were moved to quarantine.
    pub quarantined: u64,
}

impl RowCounts {
    /// Returns the counts of a run: `read` data rows of the source, `evaluated` rows of the result, `quarantined` of which are
    /// quarantined.
    pub fn new(read: u64, evaluated: u64, quarantined: u64) -> Self {
        // Other engines may send a larger number.
        let quarantined = quarantined.min(evaluated);
        Self {
            read,
            written: evaluated - quarantined,
            quarantined,
        }
    }

    /// Returns the counts of a table, or `None` if the engine does not report them.
    pub fn from_table(table: &TableFound) -> Option<Self> {
        let evaluated = table.validation.rows_evaluated?;
        Some(Self::new(table.rows_read()?, evaluated, 0))
    }

    /// Returns the number of rows of the result, including quarantined rows.
    pub fn evaluated(self) -> u64 {
        self.written + self.quarantined
    }

    /// Returns the number of rows that were read and are not in the result.
    pub fn dropped(self) -> u64 {
        self.read.saturating_sub(self.evaluated())
    }

    /// Returns the number of rows of the result that were not read.
    pub fn added(self) -> u64 {
        self.evaluated().saturating_sub(self.read)
    }
}
