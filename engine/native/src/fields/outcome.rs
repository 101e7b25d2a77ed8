//! The kinds that columns are read as, and the outcome: filled cells, and cells that came out empty.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::reading::ColumnReading;
use super::texts::country::Country;
use super::texts::text::{self, NamePart};
use crate::cells::parts::{in_parts, places};
use crate::cells::white_space::is_blank_text;
use crate::columns::column::ColumnBuilder;
use crate::columns::export::{Buffer, OwnedColumn};
use crate::columns::types::Type;
use crate::columns::view::{ColumnValue, SeriesView};

/// The kind of values that a column is read as.
#[derive(Clone, Debug, PartialEq)]
pub enum ReaderKind {
    Text,
    Code,
    Name(NamePart),
    Email,
    Phone {
        /// The country in which numbers without a country are dialled.
        country: Option<Country>,
    },
    Iban,
    Boolean {
        /// The author's own words for yes and for no, folded.
        yes: Vec<String>,
        no: Vec<String>,
    },
    Number {
        /// Units that may follow a number and are left out, folded.
        units: Vec<String>,
    },
    /// The currencies of a column of numbers, as ISO codes; a sign that several currencies share stays as it is.
    Currency,
    Date {
        serials: bool,
    },
    DateTime {
        serials: bool,
    },
    Time {
        serials: bool,
    },
    Duration {
        /// The number of microseconds that a plain number counts.
        unit: Option<i64>,
    },
}

impl ReaderKind {
    /// Returns the noun for messages such as "not a date".
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Code => "a code",
            Self::Name(_) => "a name",
            Self::Email => "an e-mail address",
            Self::Phone { .. } => "a phone number",
            Self::Iban => "an IBAN",
            Self::Boolean { .. } => "yes or no",
            Self::Number { .. } => "a number",
            Self::Currency => "a currency",
            Self::Date { .. } => "a date",
            Self::DateTime { .. } => "a date and time",
            Self::Time { .. } => "a time of day",
            Self::Duration { .. } => "a duration",
        }
    }
}

/// A column that was read, and its unread cells.
pub struct ColumnOutcome {
    pub column: OwnedColumn,
    /// The rows of filled cells that came out empty, in order.
    pub unread: UnreadRows,
    /// The number of cells that state that they have no value.
    pub missing: usize,
    /// The number of codes that a program had cut down to few digits.
    pub lost_digits: usize,
    /// How the column was read; none for kinds whose text is not interpreted.
    pub reading: Option<ColumnReading>,
}

/// Returns the column of the values that were found, and the cells in which no value was found.
pub(super) fn finish<T: Copy>(
    values: &[ColumnValue<'_>],
    kind: &ReaderKind,
    found: &[Option<T>],
    of: Type,
    value: fn(T) -> ColumnValue<'static>,
) -> ColumnOutcome {
    let is_read = |row: usize| found[row].is_some();
    let unread = unread_cells(values, is_read, |_| format!("not {}", kind.noun()));
    outcome(ColumnBuilder::build(of, found, value), unread, None)
}

pub(super) fn outcome(
    column: OwnedColumn,
    unread: UnreadRows,
    reading: Option<ColumnReading>,
) -> ColumnOutcome {
    ColumnOutcome {
        column,
        unread,
        missing: 0,
        lost_digits: 0,
        reading,
    }
}

pub(super) fn reason(contradicts: bool, way: &str, kind: &ReaderKind) -> String {
    if contradicts {
        format!("not {way}")
    } else {
        format!("not {}", kind.noun())
    }
}

pub(super) fn unread_cells(
    values: &[ColumnValue<'_>],
    is_read: impl Fn(usize) -> bool,
    why: impl Fn(usize) -> String,
) -> UnreadRows {
    let cells = values.iter().copied().enumerate();
    let unread = cells.filter(|(row, value)| !is_read(*row) && is_filled(*value));
    unread
        .map(|(row, value)| (row, lost(why(row), value)))
        .collect()
}

/// Rows of cells that could not be read, and the lost values.
pub type UnreadRows = Vec<(usize, LostValue)>;

/// The value of a cell that came out empty, and the reason.
#[derive(Clone, Debug, PartialEq)]
pub struct LostValue {
    /// The reason in words, without the value.
    pub why: Cow<'static, str>,
    /// The beginning of the value.
    pub value: String,
    /// The rule of the issue, which follows the name of its field.
    pub rule: &'static str,
}

/// The rule for a value that no reader of the field's kind can read.
pub const VALUE_LOST: &str = "value_lost";
/// The rule for a code or a phone number that a program cut down to the digits of a number.
pub const DIGITS_LOST: &str = "digits_lost";
/// The rule for a day before 1900, which no workbook can hold.
pub const BEFORE_1900: &str = "date_out_of_range";

impl fmt::Display for LostValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: \"{}\"", self.why, self.value)
    }
}

/// Returns the value of a cell that came out empty, with the reason.
pub(super) fn lost(why: impl Into<Cow<'static, str>>, value: ColumnValue<'_>) -> LostValue {
    const MAX_SHOWN_CHARS: usize = 80;
    let mut text = String::new();
    text::push_text(value, &mut text);
    let shown: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_SHOWN_CHARS)
        .collect();
    let more = if text.chars().nth(MAX_SHOWN_CHARS).is_some() {
        "…"
    } else {
        ""
    };
    LostValue {
        why: why.into(),
        value: format!("{shown}{more}"),
        rule: VALUE_LOST,
    }
}

/// Returns whether a cell has a value.
pub fn is_filled(value: ColumnValue<'_>) -> bool {
    match value {
        ColumnValue::Null => false,
        ColumnValue::Text(text) => !text::trimmed(text).is_empty(),
        ColumnValue::Float(number) => number.is_finite(),
        _ => true,
    }
}

/// Returns whether reports count a cell as filled: text needs a character that Python's `str.strip` keeps.
fn counts_as_filled(value: ColumnValue<'_>) -> bool {
    match value {
        ColumnValue::Null => false,
        ColumnValue::Text(text) => !is_blank_text(text),
        _ => true,
    }
}

/// Returns a column of booleans without nulls.
pub fn flags(values: &[bool]) -> OwnedColumn {
    ColumnBuilder::build(
        Type::Boolean,
        &values.iter().copied().map(Some).collect::<Vec<_>>(),
        ColumnValue::Boolean,
    )
}

/// Returns a column of whole numbers without nulls.
pub fn whole_numbers(values: Vec<i32>) -> OwnedColumn {
    OwnedColumn {
        format: "i",
        rows: values.len(),
        null_count: 0,
        validity: None,
        buffers: vec![Buffer::Halves(values)],
    }
}

/// Returns the cells that are filled before and empty after; both columns have the same rows.
pub fn emptied(before: &SeriesView<'_>, after: &SeriesView<'_>) -> UnreadRows {
    let rows = before.rows().min(after.rows());
    let is_emptied = |row: usize| after.value(row).is_null() && is_filled(before.value(row));
    let emptied = places(rows, is_emptied).into_iter();
    emptied
        .map(|row| (row, lost("left empty", before.value(row))))
        .collect()
}

/// Counts the cells that are filled before and empty in the column that was made of them.
pub fn count_emptied(before: &SeriesView<'_>, after: &OwnedColumn) -> usize {
    let Some(bits) = &after.validity else {
        return 0;
    };
    let is_empty = |row: usize| bits[row / 8] & (1 << (row % 8)) == 0;
    count_rows(before.rows().min(after.rows), |row| {
        is_empty(row) && is_filled(before.value(row))
    })
}

/// Counts the cells of a column that reports count as filled.
pub fn count_filled(values: &SeriesView<'_>) -> usize {
    count_rows(values.rows(), |row| counts_as_filled(values.value(row)))
}

fn count_rows(rows: usize, counts: impl Fn(usize) -> bool + Sync) -> usize {
    let count = |part: Range<usize>| part.filter(|row| counts(*row)).count();
    in_parts(rows, count).into_iter().sum()
}

pub(super) fn each<T>(
    values: &[ColumnValue<'_>],
    mut read: impl FnMut(ColumnValue<'_>) -> Option<T>,
) -> Vec<Option<T>> {
    values.iter().map(|value| read(*value)).collect()
}
