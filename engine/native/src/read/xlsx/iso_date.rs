//! Parses dates and times in text, which cells of type `d` contain.

use crate::cells::calendar::days_from_civil;
use crate::cells::{DAY_MICROSECONDS, SheetCell};

/// Parses the text of a cell of type `d`: a date, a time, a date-time, or a duration in the form of strict OOXML. Like
/// openpyxl, it ignores anything after a valid start.
pub fn from_iso8601(text: &str) -> Option<SheetCell> {
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
                None => Some(SheetCell::date(days)),
                Some(time) => Some(SheetCell::date_time(days * DAY_MICROSECONDS + time?)),
            }
        }
        (None, Some(time)) => Some(SheetCell::time(time?)),
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

/// Parses a time. The outer value is `None` if there is no time, the inner value if the time does not exist; otherwise it is in
/// microseconds.
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

/// Parses a duration: `PT1H2M3.5S` or a part of it.
fn parse_duration(text: &str) -> Option<SheetCell> {
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
        .then(|| SheetCell::duration(microseconds.round_ties_even() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_text_is_read() {
        let day = days_from_civil(2024, 2, 29).unwrap();
        assert_eq!(from_iso8601("2024-02-29"), Some(SheetCell::date(day)));
        assert_eq!(
            from_iso8601("2024-02-29T01:02:03.5Z"),
            Some(SheetCell::date_time(day * DAY_MICROSECONDS + 3_723_500_000))
        );
        assert_eq!(from_iso8601("01:02"), Some(SheetCell::time(3_720_000_000)));
        assert_eq!(
            from_iso8601("PT1H2M3.5S"),
            Some(SheetCell::duration(3_723_500_000))
        );
        for wrong in ["2024-02-30", "25:00", "", "T", "PT", "hello"] {
            assert_eq!(from_iso8601(wrong), None, "{wrong}");
        }
    }
}
