//! Measures a column: the displayed length of its values, and the number format that shows them in full.

use std::borrow::Cow;

use super::styles::GENERAL;
use crate::cells::calendar::DAY_MICROSECONDS;
use crate::columns::view::{ColumnValue, ColumnView};

/// The number of rows whose lengths are measured.
pub const MEASURED_ROWS: usize = 10_000;
const MAX_DECIMALS: usize = 4;
/// The maximum measured length; longer texts count as this long, because no column becomes as wide.
const MAX_LENGTH_CHARS: usize = 60;
const MIN_WIDTH_CHARS: f64 = 8.0;
const MAX_WIDTH_CHARS: f64 = 48.0;
/// The number of characters of a number that the format General shows.
const GENERAL_DIGITS: usize = 11;
const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;

/// The class of the values in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Class {
    /// No values at all.
    #[default]
    None,
    Text,
    Boolean,
    Whole,
    Number,
    Date,
    DateTime,
    Time,
    Duration,
    /// Values of several classes.
    Several,
}

impl Class {
    /// Returns the class of a value.
    pub fn from_value(value: ColumnValue<'_>) -> Self {
        match value {
            ColumnValue::Null => Self::None,
            ColumnValue::Text(_) => Self::Text,
            ColumnValue::Boolean(_) => Self::Boolean,
            ColumnValue::Integer(_) | ColumnValue::Unsigned(_) => Self::Whole,
            ColumnValue::Float(_) => Self::Number,
            ColumnValue::Date(_) => Self::Date,
            ColumnValue::DateTime(_) => Self::DateTime,
            ColumnValue::Time(_) => Self::Time,
            ColumnValue::Duration(_) => Self::Duration,
        }
    }

    /// Returns whether the values are aligned right in their cells.
    pub fn is_figure(self) -> bool {
        !matches!(
            self,
            Self::None | Self::Text | Self::Boolean | Self::Several
        )
    }

    fn is_number(self) -> bool {
        matches!(self, Self::Whole | Self::Number)
    }

    fn is_moment(self) -> bool {
        self.is_figure() && !self.is_number()
    }
}

/// Returns whether a value shows nothing.
#[inline]
pub fn is_blank(value: ColumnValue<'_>) -> bool {
    match value {
        ColumnValue::Null => true,
        ColumnValue::Text(text) => text.is_empty(),
        ColumnValue::Float(value) => !value.is_finite(),
        _ => false,
    }
}

/// Returns whether a text becomes a formula if formulas are not escaped.
#[inline]
pub fn is_formula(text: &str) -> bool {
    text.len() > 1 && text.as_bytes()[0] == b'='
}

/// The measurements of a column so far.
pub struct Measure {
    pub class: Class,
    /// The number of values of each length: of text, and of the part of a number before its decimals.
    lengths: [u32; MAX_LENGTH_CHARS + 1],
    /// The number of values of each length, for numbers in the format General.
    general: [u32; MAX_LENGTH_CHARS + 1],
    decimals: usize,
    has_seconds: bool,
    has_clock: bool,
    longest_hours: i64,
    seen: usize,
    /// The measurements by class, if the column may have values of several classes.
    classes: Vec<Measure>,
}

impl Default for Measure {
    fn default() -> Self {
        Self {
            class: Class::None,
            lengths: [0; MAX_LENGTH_CHARS + 1],
            general: [0; MAX_LENGTH_CHARS + 1],
            decimals: 0,
            has_seconds: false,
            has_clock: false,
            longest_hours: 0,
            seen: 0,
            classes: Vec::new(),
        }
    }
}

impl Measure {
    /// Measures a batch of the column. After the measured rows, only values that determine the format count.
    pub fn add(&mut self, column: &ColumnView<'_>, rows: usize, escapes_formulas: bool) {
        if column.is_typed() {
            return self.add_typed(column, rows, escapes_formulas);
        }
        for row in 0..rows {
            if self.seen >= MEASURED_ROWS && self.knows_format() {
                return;
            }
            self.seen += 1;
            self.take(column.value(row), escapes_formulas);
        }
    }

    /// Measures a batch of a column whose values may be of several classes.
    fn add_typed(&mut self, column: &ColumnView<'_>, rows: usize, escapes_formulas: bool) {
        for value in (0..rows).map(|row| column.value(row)) {
            self.seen += 1;
            if is_blank(value) {
                continue;
            }
            let class = Class::from_value(value);
            let known = self
                .classes
                .iter()
                .position(|measure| measure.class == class);
            let place = known.unwrap_or_else(|| {
                self.classes.push(Self::default());
                self.classes.len() - 1
            });
            self.classes[place].seen = self.seen;
            self.classes[place].take(value, escapes_formulas);
        }
        self.class = match self.classes.as_slice() {
            [] => Class::None,
            [measure] => measure.class,
            _ => Class::Several,
        };
    }

    #[inline(always)]
    fn take(&mut self, value: ColumnValue<'_>, escapes_formulas: bool) {
        if is_blank(value) {
            return;
        }
        self.class = Class::from_value(value);
        match value {
            ColumnValue::DateTime(moment) => {
                self.has_clock |= moment.rem_euclid(DAY_MICROSECONDS) != 0;
                self.has_seconds |= moment.rem_euclid(60 * SECOND) != 0;
            }
            ColumnValue::Time(moment) => self.has_seconds |= moment.rem_euclid(60 * SECOND) != 0,
            ColumnValue::Duration(span) => {
                self.has_seconds |= span.rem_euclid(60 * SECOND) != 0;
                self.longest_hours = self.longest_hours.max((span / HOUR).saturating_abs());
            }
            _ if self.seen > MEASURED_ROWS => {}
            ColumnValue::Text(text) if escapes_formulas || !is_formula(text) => {
                self.lengths[shown_length(text)] += 1;
            }
            ColumnValue::Boolean(value) => self.lengths[if value { 4 } else { 5 }] += 1,
            ColumnValue::Integer(value) => {
                self.add_whole(value.unsigned_abs(), value < 0);
            }
            ColumnValue::Unsigned(value) => self.add_whole(value, false),
            ColumnValue::Float(value) => self.add_float(value),
            _ => {}
        }
    }

    /// Measures the length of a text that is in no column.
    pub fn add_length(&mut self, length: usize) {
        self.class = Class::Text;
        self.lengths[length.min(MAX_LENGTH_CHARS)] += 1;
    }

    /// Returns whether further rows cannot change the format.
    fn knows_format(&self) -> bool {
        match self.class {
            Class::None => false,
            Class::DateTime | Class::Time | Class::Duration => self.has_seconds,
            _ => true,
        }
    }

    fn add_whole(&mut self, value: u64, is_negative: bool) {
        let digits = value.checked_ilog10().unwrap_or(0) as usize + 1;
        let sign = usize::from(is_negative);
        self.lengths[(digits + (digits - 1) / 3 + sign).min(MAX_LENGTH_CHARS)] += 1;
        self.general[(digits + sign).min(GENERAL_DIGITS)] += 1;
    }

    fn add_float(&mut self, value: f64) {
        // Beyond 64 bits the length does not matter, because the column already has the maximum width.
        let digits = (value.abs() as u64).checked_ilog10().unwrap_or(0) as usize + 1;
        let sign = usize::from(value < 0.0);
        self.lengths[(digits + (digits - 1) / 3 + sign).min(MAX_LENGTH_CHARS)] += 1;
        let own = decimals_of(value);
        self.decimals = self.decimals.max(own.min(MAX_DECIMALS));
        let general = digits + sign + if own > 0 { own + 1 } else { 0 };
        self.general[general.min(GENERAL_DIGITS)] += 1;
    }

    /// Returns the measurements by class if the column has several classes.
    pub fn several(&self) -> &[Self] {
        match self.class {
            Class::Several => &self.classes,
            _ => &[],
        }
    }

    /// Returns the number format for the column's type, or `wanted` if given. `is_general` is for columns without a field:
    /// their numbers stay as they are. With `keeps_clock`, date-times show their time even if it is midnight.
    pub fn format(
        &self,
        wanted: Option<&str>,
        is_general: bool,
        keeps_clock: bool,
    ) -> Cow<'static, str> {
        if let Some(wanted) = wanted {
            return Cow::Owned(
                match wanted {
                    "money" => "#,##0.00",
                    "percent" => "0.0%",
                    other => other,
                }
                .to_owned(),
            );
        }
        if let [measure] = self.classes.as_slice() {
            return measure.format(None, is_general, keeps_clock);
        }
        Cow::Borrowed(match self.class {
            Class::Date => "yyyy-mm-dd",
            Class::DateTime if self.has_seconds => "yyyy-mm-dd hh:mm:ss",
            Class::DateTime if self.has_clock || keeps_clock => "yyyy-mm-dd hh:mm",
            Class::DateTime => "yyyy-mm-dd",
            Class::Time if self.has_seconds => "hh:mm:ss",
            Class::Time => "hh:mm",
            Class::Duration if self.has_seconds => "[h]:mm:ss",
            Class::Duration => "[h]:mm",
            _ if is_general => GENERAL,
            Class::Whole => "#,##0",
            Class::Number => {
                ["#,##0", "#,##0.0", "#,##0.00", "#,##0.000", "#,##0.0000"][self.decimals]
            }
            Class::Text => "@",
            Class::Boolean | Class::None | Class::Several => GENERAL,
        })
    }

    /// Returns the width that fully shows the header with the filter arrow, and most values.
    pub fn width(&self, header: &str, format: &str) -> f64 {
        if !self.classes.is_empty() {
            let widths = self.classes.iter();
            return widths
                .map(|measure| measure.width(header, &measure.format(None, true, false)))
                .fold(MIN_WIDTH_CHARS, f64::max);
        }
        let shown = if self.class.is_moment() {
            self.moment_length(format)
        } else if self.class.is_number() && format == GENERAL {
            percentile(&self.general)
        } else if self.class.is_number() {
            percentile(&self.lengths) + length_beside_digits(format)
        } else {
            percentile(&self.lengths)
        };
        let shown = if shown == 0 { 0 } else { shown + 2 };
        ((shown_length(header) + 4).max(shown) as f64).clamp(MIN_WIDTH_CHARS, MAX_WIDTH_CHARS)
    }

    fn moment_length(&self, format: &str) -> usize {
        let more_hours = if format.starts_with("[h]") {
            self.longest_hours.checked_ilog10().unwrap_or(0) as usize
        } else {
            0
        };
        (format.chars().count() + more_hours).min(MAX_LENGTH_CHARS)
    }
}

/// Returns the 95th percentile of lengths, given the count of each length.
fn percentile(counts: &[u32]) -> usize {
    let all: usize = counts.iter().map(|&count| count as usize).sum();
    let wanted = all.saturating_sub(1) * 95 / 100;
    let mut passed = 0;
    for (length, &count) in counts.iter().enumerate() {
        passed += count as usize;
        if passed > wanted {
            return length;
        }
    }
    0
}

/// Returns the number of characters that a format adds to the digits before the point.
fn length_beside_digits(format: &str) -> usize {
    let positive = format.split(';').next().unwrap_or_default();
    let decimals = positive.split_once('.').map_or(0, |(_, behind)| {
        1 + behind
            .bytes()
            .take_while(|byte| matches!(byte, b'0' | b'#' | b'?'))
            .count()
    });
    let others = positive
        .chars()
        .filter(|character| {
            !matches!(
                character,
                '0' | '#' | '?' | ',' | '.' | '"' | '\\' | '_' | '*'
            )
        })
        .count();
    // A percentage has two more digits before the point than its number.
    decimals + others + usize::from(positive.contains('%'))
}

/// Returns the number of decimals of a number, up to one more than are shown. Ignores floating-point errors behind the last
/// decimal.
fn decimals_of(value: f64) -> usize {
    let mut scaled = value.abs();
    for decimals in 0..=MAX_DECIMALS {
        // Larger numbers have no decimals. Rounding through an integer takes a fraction of the time.
        if scaled >= (1_u64 << 53) as f64 {
            return decimals;
        }
        let rounded = (scaled + 0.5) as i64 as f64;
        if (scaled - rounded).abs() <= scaled * 8.0 * f64::EPSILON {
            return decimals;
        }
        scaled *= 10.0;
    }
    MAX_DECIMALS + 1
}

/// Returns the width of a text in characters, up to the maximum measured length.
pub fn shown_length(text: &str) -> usize {
    let head = &text.as_bytes()[..text.len().min(MAX_LENGTH_CHARS)];
    if head.is_ascii() {
        return head.len();
    }
    let mut length = 0;
    for character in text.chars() {
        length += if is_wide(character) { 2 } else { 1 };
        if length >= MAX_LENGTH_CHARS {
            return MAX_LENGTH_CHARS;
        }
    }
    length
}

/// Returns whether a character is as wide as two digits, as those of East Asia are.
fn is_wide(character: char) -> bool {
    matches!(u32::from(character),
        0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F | 0xFF00..=0xFF60
        | 0x1F300..=0x1FAFF | 0x20000..=0x3FFFD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn decimals_are_those_that_a_number_was_written_with() {
        for (value, decimals) in [
            (0.0, 0), (-3.0, 0), (1.5, 1), (-0.25, 2), (1_069.500_000_000_000_2, 1), (0.1 + 0.2, 1),
            (123_456_789.123, 3), (0.0001, 4), (1.0 / 3.0, 5), (1e300, 0),
        ] {
            assert_eq!(decimals_of(value), decimals, "{value}");
        }
    }

    #[test]
    fn the_percentile_is_that_of_the_sorted_lengths() {
        let mut counts = [0; MAX_LENGTH_CHARS + 1];
        assert_eq!(percentile(&counts), 0);
        counts[3] = 19;
        counts[40] = 1;
        assert_eq!(percentile(&counts), 3);
        counts[40] = 2;
        assert_eq!(percentile(&counts), 40);
    }

    #[rustfmt::skip]
    #[test]
    fn formats_are_as_long_as_what_they_show() {
        for (format, length) in [
            ("#,##0", 0), ("#,##0.00", 3), ("0.0%", 4), ("\"€\" #,##0.00;[Red]-0", 5),
        ] {
            assert_eq!(length_beside_digits(format), length, "{format}");
        }
        assert_eq!(shown_length("Müller"), 6);
        assert_eq!(shown_length("漢字"), 4);
        assert_eq!(shown_length(&"é".repeat(500)), MAX_LENGTH_CHARS);
    }
}
