//! Serial numbers of spreadsheets and what they mean, with exactly the arithmetic of Python's `datetime`.
//!
//! Rounding matters here: a time that is off by a millisecond is another value to a configuration. So the formulas
//! are those that openpyxl and xlrd use, step by step in the same floating-point order.

use crate::store::Cell;

pub const DAY_MICROSECONDS: i64 = 86_400_000_000;
/// 1899-12-30 and 1904-01-01 in days since 1970-01-01.
const EPOCH_1900: i64 = -25_569;
const EPOCH_1904: i64 = -24_107;
/// 0001-01-01 and 9999-12-31, the limits of Python's dates.
const FIRST_DAY: i64 = -719_162;
const LAST_DAY: i64 = 2_932_896;

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

/// Half-to-even rounding, as Python's `round` does it.
fn round_half_even(value: f64) -> f64 {
    value.round_ties_even()
}

/// A serial number as a date-time, or as a time where it is below 1, the way openpyxl reads it. `None` where the
/// result is beyond what Python can hold.
pub fn from_serial(value: f64, epoch: Epoch) -> Option<Cell> {
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
        return Some(Cell::time(milliseconds * 1000));
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
        .then(|| Cell::date_time(microseconds))
}

/// A serial number as an elapsed time, rounded to milliseconds. `None` where Python could not hold it; what only
/// exceeds 64 bits of microseconds, some 290,000 years, stays a number.
pub fn duration_from_serial(value: f64) -> Option<Cell> {
    const HELD_DAYS: f64 = (i64::MAX / DAY_MICROSECONDS) as f64;
    if !value.is_finite() || value.abs() >= 1e9 {
        return None;
    }
    if value.abs() >= HELD_DAYS {
        return Some(Cell::float(value));
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
    Some(Cell::duration(microseconds))
}

/// A serial number of an old `.xls` as a date-time, the way xlrd reads it: below 1 on the day the epoch starts.
pub fn from_legacy_serial(value: f64, epoch: Epoch) -> Option<Cell> {
    if !value.is_finite() || value.abs() > 1e12 {
        return None;
    }
    let start = match epoch {
        Epoch::Mac1904 => EPOCH_1904,
        // Before the leap day that never was, days are one off.
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
        .then(|| Cell::date_time(microseconds))
}

/// Text of a cell of type `d`: a date, a time, a date-time, or a duration as strict OOXML writes them. Like
/// openpyxl, what follows a valid start is passed over.
pub fn from_iso8601(text: &str) -> Option<Cell> {
    let bytes = text.as_bytes();
    let date = parse_date(bytes);
    let mut rest = if date.is_some() { &bytes[10..] } else { bytes };
    if rest.first() == Some(&b'T') {
        rest = &rest[1..];
    }
    let time = parse_time(rest);
    match (date, time) {
        (Some((year, month, day)), time) => {
            let days = days_from_civil(year, month, day)?;
            match time {
                None => Some(Cell::date(days)),
                Some(time) => Some(Cell::date_time(days * DAY_MICROSECONDS + time?)),
            }
        }
        (None, Some(time)) => Some(Cell::time(time?)),
        (None, None) => parse_duration(text),
    }
}

fn digits(bytes: &[u8]) -> Option<i64> {
    if bytes.is_empty() || !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    bytes.iter().try_fold(0i64, |number, digit| {
        number.checked_mul(10)?.checked_add(i64::from(digit - b'0'))
    })
}

fn parse_date(bytes: &[u8]) -> Option<(i64, i64, i64)> {
    let date = bytes.get(..10)?;
    if date[4] != b'-' || date[7] != b'-' {
        return None;
    }
    Some((
        digits(&date[..4])?,
        digits(&date[5..7])?,
        digits(&date[8..])?,
    ))
}

/// The outer value tells whether there is a time, the inner one its microseconds if it exists.
fn parse_time(bytes: &[u8]) -> Option<Option<i64>> {
    let (hour, minute) = (digits(bytes.get(..2)?)?, digits(bytes.get(3..5)?)?);
    if bytes[2] != b':' {
        return None;
    }
    let mut second = 0;
    let mut fraction = 0;
    if bytes.get(5) == Some(&b':')
        && let Some(value) = bytes.get(6..8).and_then(digits)
    {
        second = value;
        if bytes.get(8) == Some(&b'.') {
            let count = bytes[9..]
                .iter()
                .take(3)
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            if count > 0 {
                let text = std::str::from_utf8(&bytes[8..9 + count]).ok()?;
                fraction = (text.parse::<f64>().ok()? * 1_000_000.0) as i64;
            }
        }
    }
    let exists = hour < 24 && minute < 60 && second < 60;
    Some(exists.then_some(((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction))
}

/// `PT1H2M3.5S` and its parts.
fn parse_duration(text: &str) -> Option<Cell> {
    let mut rest = text.strip_prefix("PT")?;
    let mut microseconds = 0f64;
    let mut any = false;
    for (unit, seconds) in [('H', 3600.0), ('M', 60.0), ('S', 1.0)] {
        let end = rest
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(rest.len());
        let mut number_end = end;
        if unit == 'S' && end > 0 && rest[end..].starts_with('.') {
            let count = rest[end + 1..]
                .bytes()
                .take(3)
                .take_while(u8::is_ascii_digit)
                .count();
            if count > 0 {
                number_end = end + 1 + count;
            }
        }
        if end == 0 || !rest[number_end..].starts_with(unit) {
            continue;
        }
        microseconds += rest[..number_end].parse::<f64>().ok()? * seconds * 1e6;
        rest = &rest[number_end + 1..];
        any = true;
    }
    (any && microseconds < 86_400e6 * 1e9)
        .then(|| Cell::duration(round_half_even(microseconds) as i64))
}

/// Days since 1970 of a day of the proleptic Gregorian calendar, if there is such a day.
pub fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    const DAYS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = DAYS.get(usize::try_from(month - 1).ok()?)? + i64::from(is_leap && month == 2);
    if !(1..=9999).contains(&year) || !(1..=length).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year
            - 719_468,
    )
}

/// Year, month and day of a day since 1970.
pub fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u32;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    } as u32;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Tag;

    #[test]
    fn days_and_dates_agree() {
        for days in (FIRST_DAY..=LAST_DAY).step_by(97) {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(
                days_from_civil(year, i64::from(month), i64::from(day)),
                Some(days)
            );
        }
        assert_eq!(days_from_civil(2023, 2, 29), None);
        assert_eq!(civil_from_days(EPOCH_1900), (1899, 12, 30));
    }

    #[test]
    fn serials_become_dates_and_times() {
        let noon = |days: i64| {
            Some(Cell::date_time(
                days * DAY_MICROSECONDS + DAY_MICROSECONDS / 2,
            ))
        };
        assert_eq!(
            from_serial(45_000.5, Epoch::Windows1900),
            noon(EPOCH_1900 + 45_000)
        );
        assert_eq!(from_serial(1.5, Epoch::Windows1900), noon(EPOCH_1900 + 2));
        assert_eq!(from_serial(1.5, Epoch::Mac1904), noon(EPOCH_1904 + 1));
        assert_eq!(
            from_serial(0.25, Epoch::Windows1900),
            Some(Cell::time(21_600_000_000))
        );
        // So close to a day that it rounds up to one.
        assert_eq!(
            from_serial(0.999_999_999_999, Epoch::Mac1904).unwrap().tag,
            Tag::DateTime
        );
        assert_eq!(from_serial(2_958_466.0, Epoch::Windows1900), None);
        assert_eq!(from_serial(f64::INFINITY, Epoch::Windows1900), None);
        assert_eq!(
            duration_from_serial(1.25),
            Some(Cell::duration(DAY_MICROSECONDS * 5 / 4))
        );
        assert_eq!(
            from_legacy_serial(0.5, Epoch::Windows1900),
            noon(EPOCH_1900 + 1)
        );
        assert_eq!(from_legacy_serial(0.5, Epoch::Mac1904), noon(EPOCH_1904));
    }

    #[test]
    fn iso_text_is_read() {
        let day = days_from_civil(2024, 2, 29).unwrap();
        assert_eq!(from_iso8601("2024-02-29"), Some(Cell::date(day)));
        assert_eq!(
            from_iso8601("2024-02-29T01:02:03.5Z"),
            Some(Cell::date_time(day * DAY_MICROSECONDS + 3_723_500_000))
        );
        assert_eq!(from_iso8601("01:02"), Some(Cell::time(3_720_000_000)));
        assert_eq!(
            from_iso8601("PT1H2M3.5S"),
            Some(Cell::duration(3_723_500_000))
        );
        for wrong in ["2024-02-30", "25:00", "", "T", "PT", "hello"] {
            assert_eq!(from_iso8601(wrong), None, "{wrong}");
        }
    }
}
