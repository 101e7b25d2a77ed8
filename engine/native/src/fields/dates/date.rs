//! Reads a column of dates.
//!
//! Each cell is cut once. It has a few possible days, one for each order of day, month and year. Cells that are written alike
//! (with the same mark, the month's name and a year of four digits at the same positions) form a group, which has one order.
//! The order that explains the most cells of a group is taken. If several orders explain equally many, rules strike out the
//! unlikely ones (`rules`); if several are left, the setting chooses. Cells that the order cannot explain stay empty.
//!
//! The method, its rules and their sequence were measured on the date formats of the CLDR's locales.

use super::by_group::{DateColumn, TypedDates, in_range};
use super::day::MADE_IN;
use super::groups::{DateCells, eight_digits};
use super::orders::{ORDERS, name_of};
use super::rules::names_birth;
use super::short_years;
use crate::cells::calendar::{DAY_MICROSECONDS, civil_from_days, days_from_civil};
use crate::columns::view::ColumnValue;
use crate::fields::reading::{ColumnContext, ColumnReading, DecisionBasis, Order, are_few};

/// The days that serial numbers of spreadsheets count from: 1899-12-30 and 1904-01-01.
const SERIAL_EPOCH: i64 = -25_569;
const SERIAL_EPOCH_1904: i64 = -24_107;
/// Serial numbers from 1900-03-01 (before it, programs disagree) to 9999-12-31.
const SERIALS: std::ops::Range<f64> = 61.0..2_958_466.0;

/// The dates of a column, and how they were read.
pub struct Dates {
    /// Days since 1970, or microseconds with a time of day; none if a cell is no date.
    pub values: Vec<Option<i64>>,
    pub reading: ColumnReading,
    /// The order of numbers that cells show by themselves, if all groups that show an order agree.
    pub shown: Option<Order>,
}

impl Dates {
    /// Returns the order that the cells of the column show by themselves, for the columns beside it.
    pub fn shown_order(&self) -> Option<Order> {
        let reading = &self.reading;
        let is_mixed =
            !reading.contradict.is_empty() && !are_few(reading.contradict.len(), reading.certain);
        let shown = match reading.decided {
            _ if is_mixed => None,
            DecisionBasis::Cells => self.shown,
            DecisionBasis::Evidence => ORDERS
                .into_iter()
                .find(|order| name_of(*order) == reading.read_as),
            _ => None,
        };
        shown.filter(|order| matches!(order, Order::DayFirst | Order::MonthFirst))
    }

    /// Empties the dates of birth after the day of the run, and returns their rows.
    pub fn take_births_to_come(&mut self, options: &ColumnContext<'_>) -> Vec<usize> {
        let Some(today) = options.today.filter(|_| names_birth(options.header)) else {
            return Vec::new();
        };
        let first = (today + 1) * per_day(options);
        let mut rows = Vec::new();
        for (row, value) in self.values.iter_mut().enumerate() {
            if value.take_if(|value| *value >= first).is_some() {
                rows.push(row);
            }
        }
        rows
    }

    /// Marks years of two digits that may be of the other century as doubtful.
    pub fn doubt_short_years(&mut self, values: &[ColumnValue<'_>], options: &ColumnContext<'_>) {
        if names_birth(options.header) {
            return;
        }
        let days = |row: usize| self.values[row].map(|value| value.div_euclid(per_day(options)));
        let found = short_years::doubts(values, days, options.header, options.today);
        let why = "two-digit years may be in another century".to_owned();
        self.reading.doubt(values.len(), &found, why);
    }
}

/// Returns the length of a day in the units of the values.
fn per_day(options: &ColumnContext<'_>) -> i64 {
    match options.with_time {
        true => DAY_MICROSECONDS,
        false => 1,
    }
}

/// Reads a column of dates.
pub fn read(values: &[ColumnValue<'_>], options: &ColumnContext<'_>) -> Dates {
    let mut found = vec![None; values.len()];
    let mut typed = TypedDates::default();
    for (row, value) in values.iter().enumerate() {
        if let Some(days) = typed_day(*value, options) {
            if matches!(value, ColumnValue::Date(_) | ColumnValue::DateTime(_)) {
                let (_, _, day) = civil_from_days(days.div_euclid(DAY_MICROSECONDS));
                typed.cells += 1;
                typed.latest_in_month = typed.latest_in_month.max(day);
            }
            found[row] = in_range(days, options.with_time);
        }
    }
    let mut reading = ColumnReading::default();
    let mut shown = None;
    let is_text = |value: &ColumnValue<'_>| {
        matches!(value, ColumnValue::Text(_)) || !options.serials && eight_digits(*value).is_some()
    };
    if values.iter().any(is_text) {
        let cells = DateCells::cut(
            values,
            options.with_time,
            latest(options),
            options.is_strict,
        );
        (reading, shown) = DateColumn::new(&cells, values, options, &mut found).read(typed);
    }
    Dates {
        values: found,
        reading,
        shown,
    }
}

/// Returns the microseconds since 1970 of a cell that holds a typed date or, with `serials`, a serial number.
fn typed_day(value: ColumnValue<'_>, options: &ColumnContext<'_>) -> Option<i64> {
    let serials = options.serials;
    let serial = |number: f64| {
        (serials && SERIALS.contains(&number)).then(|| {
            let seconds = (number * 86_400.0).round() as i64;
            let epoch = match options.from_1904 {
                true => SERIAL_EPOCH_1904,
                false => SERIAL_EPOCH,
            };
            epoch * DAY_MICROSECONDS + seconds * 1_000_000
        })
    };
    match value {
        ColumnValue::Date(days) => Some(days * DAY_MICROSECONDS),
        ColumnValue::DateTime(microseconds) => Some(microseconds),
        ColumnValue::Text(text) if serials => {
            let text = text.trim();
            let is_number = (2..=16).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            is_number.then(|| serial(text.parse().ok()?))?
        }
        _ => serial(value.number()?),
    }
}

/// Returns the last day that a year of two digits may mean.
fn latest(options: &ColumnContext<'_>) -> i64 {
    match names_birth(options.header) {
        // Outside of a run, the last day of the year in which this engine was made.
        true => options
            .today
            .unwrap_or_else(|| days_from_civil(MADE_IN, 12, 31).unwrap_or(i64::MAX)),
        false => i64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_texts(cells: &[&str], header: &str) -> (Vec<Option<String>>, ColumnReading) {
        let values: Vec<ColumnValue<'_>> =
            cells.iter().map(|cell| ColumnValue::Text(cell)).collect();
        let options = ColumnContext {
            header,
            ..ColumnContext::default()
        };
        let dates = read(&values, &options);
        let shown = |days: i64| {
            let (year, month, day) = civil_from_days(days);
            format!("{year:04}-{month:02}-{day:02}")
        };
        let values = dates.values.iter().map(|value| value.map(shown));
        (values.collect(), dates.reading)
    }

    fn first(cell: &str) -> Option<String> {
        read_texts(&[cell], "").0[0].clone()
    }

    #[test]
    fn years_to_come_are_no_days() {
        assert_eq!(first("15.03.29").as_deref(), Some("2029-03-15"));
        let (values, _) = read_texts(&["15.03.27", "20.06.28", "01.09.29"], "");
        assert_eq!(values[1].as_deref(), Some("2028-06-20"));
        let (values, reading) = read_texts(&["12/05/31"], "");
        assert_eq!(values[0].as_deref(), Some("2031-05-12"));
        assert_eq!(reading.decided, DecisionBasis::Setting);
        // Between hyphens either order is usual: the likelier one is taken and flagged.
        for cell in ["12-05-31", "25-01-31"] {
            let (_, reading) = read_texts(&[cell], "");
            assert_eq!(reading.decided, DecisionBasis::Weak, "{cell}");
            assert_eq!(reading.first_open, Some(0), "{cell}");
        }
    }

    #[test]
    fn many_first_days_of_months_are_no_years() {
        let cells: Vec<String> = (0..24)
            .map(|at| format!("01.{:02}.{}", at * 7 % 12 + 1, 27 + at % 4))
            .collect();
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        let (values, _) = read_texts(&cells, "");
        assert_eq!(values[0].as_deref(), Some("2027-01-01"));
    }

    #[rustfmt::skip]
    #[test]
    fn placeholders_say_nothing() {
        for placeholder in [
            "00.00.0000", "0000-00-00", "0000-00-00 00:00:00", "00000000", "31.12.9999", "12/31/9999", "9999-12-31",
            "99991231",
        ] {
            let cells = [
                placeholder, placeholder, placeholder, "31.01.2025", "20250105",
            ];
            let (values, reading) = read_texts(&cells, "");
            assert_eq!(values[..3], [None, None, None], "{placeholder}");
            assert_eq!(values[3].as_deref(), Some("2025-01-31"), "{placeholder}");
            assert_eq!(values[4].as_deref(), Some("2025-01-05"), "{placeholder}");
            assert!(reading.contradict.is_empty(), "{placeholder}");
        }
        // A placeholder does not decide about the cells beside it either.
        let (_, reading) = read_texts(&["12/31/9999", "01/02/2025"], "");
        assert_eq!(reading.decided, DecisionBasis::Setting);
    }
}
