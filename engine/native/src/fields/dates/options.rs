//! What is asked of a column of dates.

use crate::fields::column::reading::{Hints, Order, StatedBy};

/// What an author or a setting says about a column of dates.
#[derive(Clone, Copy, Debug, Default)]
pub struct DateOptions<'a> {
    /// The order where nothing decides.
    pub order: Option<Order>,
    pub stated_by: StatedBy,
    /// Numbers are spreadsheet serials.
    pub serials: bool,
    /// Keep the time of day.
    pub with_time: bool,
    pub header: &'a str,
    /// The day of the run: dates of birth lie not behind it.
    pub today: Option<i64>,
    /// The workbook counts serials from 1904.
    pub from_1904: bool,
    pub hints: Hints,
    /// As since edition 2026: see [`super::day::Day::is_strict`].
    pub is_strict: bool,
}
