//! Reads and writes serial numbers, in which spreadsheets store dates, times and durations.
//!
//! Rounding matters here: a time that is off by a millisecond is another value to a configuration. So the formulas are those of
//! openpyxl and xlrd, step by step in the same floating-point order.

use super::calendar::{DAY_MICROSECONDS, FIRST_DAY, LAST_DAY};
use super::cell::SheetCell;

/// The days 1899-12-30 and 1904-01-01, since 1970-01-01.
const EPOCH_1900: i64 = -25_569;
const EPOCH_1904: i64 = -24_107;

/// The day that a workbook counts from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Epoch {
    #[default]
    Windows1900,
    Mac1904,
}

impl Epoch {
    fn day(self) -> i64 {
        match self {
            Self::Windows1900 => EPOCH_1900,
            Self::Mac1904 => EPOCH_1904,
        }
    }
}

/// Rounds half to even, like Python's `round`.
fn round_half_even(value: f64) -> f64 {
    value.round_ties_even()
}

/// Returns the date-time of a serial number or, below 1, the time, as openpyxl reads it. `None` if the result is beyond what
/// Python can hold.
pub fn from_serial(value: f64, epoch: Epoch) -> Option<SheetCell> {
    if !value.is_finite() || value.abs() > 1e12 {
        return None;
    }
    // Python's divmod(value, 1).
    let mut fraction = value - value.trunc();
    let mut day = value - fraction;
    if fraction < 0.0 {
        fraction += 1.0;
        day -= 1.0;
    }
    let mut day = day.round() as i64;
    let milliseconds = round_half_even(fraction * 86_400.0 * 1000.0) as i64;
    if (0.0..1.0).contains(&value) && milliseconds < 86_400_000 {
        return Some(SheetCell::time(milliseconds * 1000));
    }
    if value > 0.0 && value < 60.0 && epoch == Epoch::Windows1900 {
        day += 1;
    }
    let day = epoch.day() + day;
    // The day itself must exist, and so must the sum.
    let microseconds = day
        .checked_mul(DAY_MICROSECONDS)?
        .checked_add(milliseconds * 1000)?;
    let in_range = |microseconds: i64| {
        (FIRST_DAY..=LAST_DAY).contains(&microseconds.div_euclid(DAY_MICROSECONDS))
    };
    ((FIRST_DAY..=LAST_DAY).contains(&day) && in_range(microseconds))
        .then(|| SheetCell::date_time(microseconds))
}

/// Returns the elapsed time of a serial number, rounded to milliseconds. `None` if Python could not hold it; a value that only
/// exceeds 64 bits of microseconds, some 290,000 years, stays a number.
pub fn duration_from_serial(value: f64) -> Option<SheetCell> {
    const HELD_DAYS: f64 = (i64::MAX / DAY_MICROSECONDS) as f64;
    if !value.is_finite() || value.abs() >= 1e9 {
        return None;
    }
    if value.abs() >= HELD_DAYS {
        return Some(SheetCell::float(value));
    }
    // timedelta(days=value)
    let whole = value.trunc();
    let scaled = (value - whole) * DAY_MICROSECONDS as f64;
    let mut microseconds = whole as i64 * DAY_MICROSECONDS + scaled.trunc() as i64;
    let left_over = scaled - scaled.trunc();
    if left_over != 0.0 {
        let mut rounded = left_over.round();
        if (rounded - left_over).abs() == 0.5 {
            let odd = (microseconds & 1) as f64;
            rounded = 2.0 * ((left_over + odd) * 0.5).round() - odd;
        }
        microseconds += rounded as i64;
    }
    let in_second = microseconds.rem_euclid(1_000_000);
    if in_second != 0 {
        let seconds = (microseconds as f64 / 1e6).floor() as i64;
        microseconds =
            seconds * 1_000_000 + round_half_even(in_second as f64 / 1000.0) as i64 * 1000;
    }
    Some(SheetCell::duration(microseconds))
}

/// Returns the date-time of a serial number in an old `.xls`, as xlrd reads it: below 1, it is on the day on which the epoch
/// starts.
pub fn from_legacy_serial(value: f64, epoch: Epoch) -> Option<SheetCell> {
    if !value.is_finite() || value.abs() > 1e12 {
        return None;
    }
    let start = match epoch {
        Epoch::Mac1904 => EPOCH_1904,
        // Before 1900-02-29, a day that serial numbers count although it did not exist, days are one off.
        Epoch::Windows1900 if value < 60.0 => EPOCH_1900 + 1,
        Epoch::Windows1900 => EPOCH_1900,
    };
    let days = value.trunc();
    let milliseconds = round_half_even((value - days) * 86_400_000.0) as i64;
    let microseconds = (start + days as i64)
        .checked_mul(DAY_MICROSECONDS)?
        .checked_add(milliseconds * 1000)?;
    (FIRST_DAY..=LAST_DAY)
        .contains(&microseconds.div_euclid(DAY_MICROSECONDS))
        .then(|| SheetCell::date_time(microseconds))
}

/// Returns the serial number of a date, given in days since 1970. Up to 1900-02-29, a day that serial numbers count although it
/// did not exist, the numbers are one less.
pub fn serial_of_date(days: i64) -> f64 {
    let serial = days - EPOCH_1900;
    let counted = if (1..=60).contains(&serial) {
        serial - 1
    } else {
        serial
    };
    counted as f64
}

/// Returns the serial number of a date-time, given in microseconds since 1970.
pub fn serial_of_date_time(microseconds: i64) -> f64 {
    serial_of_date(microseconds.div_euclid(DAY_MICROSECONDS))
        + serial_of_time(microseconds.rem_euclid(DAY_MICROSECONDS))
}

/// Returns the serial number of a time of day, given in microseconds: a fraction, computed as in openpyxl.
pub fn serial_of_time(microseconds: i64) -> f64 {
    let seconds = microseconds.div_euclid(1_000_000) as f64;
    (seconds + microseconds.rem_euclid(1_000_000) as f64 / 1e6) / 86_400.0
}

/// Returns the serial number of an elapsed time, given in microseconds.
pub fn serial_of_duration(microseconds: i64) -> f64 {
    microseconds as f64 / 1e6 / 86_400.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::CellTag;

    #[rustfmt::skip]
    #[test]
    fn serials_become_dates_and_times() {
        let noon = |days: i64| {
            Some(SheetCell::date_time(
                days * DAY_MICROSECONDS + DAY_MICROSECONDS / 2,
            ))
        };
        use Epoch::{Mac1904, Windows1900};
        for (serial, epoch, wanted) in [
            (45_000.5, Windows1900, noon(EPOCH_1900 + 45_000)), (1.5, Windows1900, noon(EPOCH_1900 + 2)),
            (1.5, Mac1904, noon(EPOCH_1904 + 1)), (0.25, Windows1900, Some(SheetCell::time(21_600_000_000))),
            (2_958_466.0, Windows1900, None), (f64::INFINITY, Windows1900, None),
        ] {
            assert_eq!(from_serial(serial, epoch), wanted, "{serial}");
        }
        // This is so close to a day that it rounds up to one.
        let rounded = from_serial(0.999_999_999_999, Mac1904).unwrap();
        assert_eq!(rounded.tag, CellTag::DateTime);
        assert_eq!(
            duration_from_serial(1.25),
            Some(SheetCell::duration(DAY_MICROSECONDS * 5 / 4))
        );
        let legacy = |epoch| from_legacy_serial(0.5, epoch);
        assert_eq!(legacy(Windows1900), noon(EPOCH_1900 + 1));
        assert_eq!(legacy(Mac1904), noon(EPOCH_1904));
    }

    #[test]
    fn dates_are_written_without_the_day_that_did_not_exist() {
        assert_eq!(serial_of_date(EPOCH_1900 + 1), 0.0);
        assert_eq!(serial_of_date(EPOCH_1900 + 60), 59.0);
        assert_eq!(serial_of_date(EPOCH_1900 + 61), 61.0);
        assert_eq!(serial_of_time(DAY_MICROSECONDS / 2), 0.5);
        assert_eq!(
            serial_of_date_time((EPOCH_1900 + 45_000) * DAY_MICROSECONDS + DAY_MICROSECONDS / 4),
            45_000.25
        );
        assert_eq!(serial_of_duration(DAY_MICROSECONDS * 5 / 4), 1.25);
    }
}
