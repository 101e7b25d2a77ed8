//! What columns are read as, what stands around one, and what comes out: cells that are filled, and those that came out empty.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::reading::Reading;
use super::texts::country::Country;
use super::texts::text::{self, NamePart};
use crate::cells::parts::{in_parts, places};
use crate::cells::white_space::is_blank_text;
use crate::columns::column::ColumnBuilder;
use crate::columns::export::{Buffer, Column};
use crate::columns::types::Type;
use crate::columns::view::{SeriesView, Value};

/// What a column is read as.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Text,
    Code,
    Name(NamePart),
    Email,
    Phone {
        /// Where numbers without a country are dialled.
        country: Option<Country>,
    },
    Iban,
    Boolean {
        /// The author's own words for yes and for no, folded.
        yes: Vec<String>,
        no: Vec<String>,
    },
    Number {
        /// What may stand behind a number and is left out, folded.
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
        /// Microseconds that a plain number counts.
        unit: Option<i64>,
    },
}

impl Kind {
    /// What an unread cell is not.
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

/// The column of what was found in each cell, and the cells in which nothing was.
pub(super) fn finish<T: Copy>(
    values: &[Value<'_>],
    kind: &Kind,
    found: &[Option<T>],
    of: Type,
    value: fn(T) -> Value<'static>,
) -> Outcome {
    let is_read = |row: usize| found[row].is_some();
    let unread = unread_cells(values, is_read, |_| format!("not {}", kind.noun()));
    outcome(ColumnBuilder::of(of, found, value), unread, None)
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
    let cells = values.iter().copied().enumerate();
    let unread = cells.filter(|(row, value)| !is_read(*row) && is_filled(*value));
    unread
        .map(|(row, value)| (row, lost(why(row), value)))
        .collect()
}

/// Rows of cells that could not be read, and why.
pub type Unread = Vec<(usize, Lost)>;

/// Why a cell came out empty, and what stood there.
#[derive(Clone, Debug, PartialEq)]
pub struct Lost {
    /// In words, without the value.
    pub why: Cow<'static, str>,
    /// The beginning of what stood there.
    pub value: String,
    /// The rule of the issue, behind its field's name.
    pub rule: &'static str,
}

/// No reader of the field's kind knows the value.
pub const VALUE_LOST: &str = "value_lost";
/// A program has cut a code or a phone number down to the digits of a number.
pub const DIGITS_LOST: &str = "digits_lost";
/// A day before 1900, which no workbook can hold.
pub const BEFORE_1900: &str = "date_out_of_range";

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: \"{}\"", self.why, self.value)
    }
}

/// Why a cell is empty, and what stood there.
pub(super) fn lost(why: impl Into<Cow<'static, str>>, value: Value<'_>) -> Lost {
    const LONGEST: usize = 80;
    let mut text = String::new();
    text::push_text(value, &mut text);
    let shown: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST)
        .collect();
    let more = if text.chars().nth(LONGEST).is_some() {
        "…"
    } else {
        ""
    };
    Lost {
        why: why.into(),
        value: format!("{shown}{more}"),
        rule: VALUE_LOST,
    }
}

/// Whether something stands in a cell.
pub fn is_filled(value: Value<'_>) -> bool {
    match value {
        Value::Null => false,
        Value::Text(text) => !text::trimmed(text).is_empty(),
        Value::Float(number) => number.is_finite(),
        _ => true,
    }
}

/// Whether reports count a cell as filled: text with a character that Python's `str.strip` leaves.
fn counts_as_filled(value: Value<'_>) -> bool {
    match value {
        Value::Null => false,
        Value::Text(text) => !is_blank_text(text),
        _ => true,
    }
}

/// A column of booleans without nulls.
pub fn flags(values: &[bool]) -> Column {
    ColumnBuilder::of(
        Type::Boolean,
        &values.iter().copied().map(Some).collect::<Vec<_>>(),
        Value::Boolean,
    )
}

/// A column of whole numbers without nulls.
pub fn whole_numbers(values: Vec<i32>) -> Column {
    Column {
        format: "i",
        rows: values.len(),
        null_count: 0,
        validity: None,
        buffers: vec![Buffer::Halves(values)],
    }
}

/// The cells that were filled before and are empty after; the rows of both are the same.
pub fn emptied(before: &SeriesView<'_>, after: &SeriesView<'_>) -> Unread {
    let rows = before.rows().min(after.rows());
    let is_emptied = |row: usize| after.value(row).is_null() && is_filled(before.value(row));
    let emptied = places(rows, is_emptied).into_iter();
    emptied
        .map(|row| (row, lost("left empty", before.value(row))))
        .collect()
}

/// How many cells are filled before and empty in the column that was made of them.
pub fn count_emptied(before: &SeriesView<'_>, after: &Column) -> usize {
    let Some(bits) = &after.validity else {
        return 0;
    };
    let is_empty = |row: usize| bits[row / 8] & (1 << (row % 8)) == 0;
    count_rows(before.rows().min(after.rows), |row| {
        is_empty(row) && is_filled(before.value(row))
    })
}

/// How many cells of a column reports count as filled.
pub fn count_filled(values: &SeriesView<'_>) -> usize {
    count_rows(values.rows(), |row| counts_as_filled(values.value(row)))
}

fn count_rows(rows: usize, counts: impl Fn(usize) -> bool + Sync) -> usize {
    let count = |part: Range<usize>| part.filter(|row| counts(*row)).count();
    in_parts(rows, count).into_iter().sum()
}

pub(super) fn each<T>(
    values: &[Value<'_>],
    mut read: impl FnMut(Value<'_>) -> Option<T>,
) -> Vec<Option<T>> {
    values.iter().map(|value| read(*value)).collect()
}
