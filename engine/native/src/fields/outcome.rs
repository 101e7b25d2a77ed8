//! What stands around a column that is read, and what comes out of it.

use super::column::reading::{Hints, Order, Reading, StatedBy};
use super::filled::is_filled;
use super::kind::Kind;
use super::lost::{Unread, lost};
use crate::columns::export::Column;
use crate::columns::view::Value;

/// What stands around a column.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings<'a> {
    pub header: &'a str,
    /// The unit or currency that the header names.
    pub unit: Option<&'a str>,
    /// The setting, or the field's own.
    pub order: Option<Order>,
    pub decimal: Option<u8>,
    /// Which of the two has stated them.
    pub stated_by: StatedBy,
    pub hints: Hints,
    /// The day of the run, in days since 1970: people are born before.
    pub today: Option<i64>,
    /// The workbook counts days from 1904.
    pub from_1904: bool,
    /// The currencies that number formats show, with their rows.
    pub currencies: &'a [(usize, &'a str)],
    /// The power of ten that the header says numbers count in: thousands, cents.
    pub shift: i32,
    /// The header says that two numbers with a colon are minutes and seconds.
    pub minutes_first: bool,
    /// Read as since edition 2026: what is doubtful is said or left empty.
    pub is_strict: bool,
    /// The author's words for "no value", folded.
    pub missing: &'a [String],
}

/// A column that was read.
pub struct Outcome {
    pub column: Column,
    /// The rows whose cells were filled and are empty now, from above.
    pub unread: Unread,
    /// Cells that say that they have no value.
    pub missing: usize,
    /// Codes that a program had cut down to few digits.
    pub lost_digits: usize,
    /// Kinds whose text was interpreted have one.
    pub reading: Option<Reading>,
}

pub(super) fn finish(
    values: &[Value<'_>],
    kind: &Kind,
    column: Column,
    is_read: impl Fn(usize) -> bool,
) -> Outcome {
    let unread = unread_cells(values, is_read, |_| format!("not {}", kind.noun()));
    outcome(column, unread, None)
}

pub(super) fn outcome(column: Column, unread: Unread, reading: Option<Reading>) -> Outcome {
    Outcome {
        column,
        unread,
        missing: 0,
        lost_digits: 0,
        reading,
    }
}

pub(super) fn reason(contradicts: bool, way: &str, kind: &Kind) -> String {
    if contradicts {
        format!("not {way}")
    } else {
        format!("not {}", kind.noun())
    }
}

pub(super) fn unread_cells(
    values: &[Value<'_>],
    is_read: impl Fn(usize) -> bool,
    why: impl Fn(usize) -> String,
) -> Unread {
    let mut unread = Unread::new();
    for (row, value) in values.iter().enumerate() {
        if !is_read(row) && is_filled(*value) {
            unread.push((row, lost(why(row), *value)));
        }
    }
    unread
}
