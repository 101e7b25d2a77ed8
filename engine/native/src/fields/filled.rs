//! Which cells are filled, which a transform has emptied, and what a check says of each.

use std::ops::Range;

use super::lost::{Unread, lost};
use super::texts::text;
use crate::cells::parts::{in_parts, places};
use crate::cells::white_space::is_blank_text;
use crate::columns::column::ColumnBuilder;
use crate::columns::export::{Buffer, Column};
use crate::columns::types::Type;
use crate::columns::view::{SeriesView, Value};

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
