//! Times of day and durations.

use super::clock::{clock, half_at};
use crate::cells::calendar::DAY_MICROSECONDS;
use crate::columns::view::Value;
use crate::fields::words::cut::{Cut, DIGITS, SPACE, WORD};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// The microseconds since midnight that a cell says. Of a date-time the time of day; a number of spreadsheets is a part of
/// a day, where `serials` are meant.
pub fn time(value: Value<'_>, serials: bool, cut: &mut Cut) -> Option<i64> {
    match value {
        Value::Time(microseconds) => Some(microseconds),
        Value::DateTime(microseconds) => Some(microseconds.rem_euclid(DAY_MICROSECONDS)),
        Value::Duration(microseconds) => (0..DAY_MICROSECONDS)
            .contains(&microseconds)
            .then_some(microseconds),
        Value::Float(number) if serials && (0.0..1.0).contains(&number) => {
            Some(((number * 86_400.0).round() as i64).min(86_399) * SECOND)
        }
        Value::Text(text) if cut.cut(text) => {
            // "PM 2:30", "오후 2:30"
            let start = match half_at(cut, 0) {
                Some((_, 1)) => 1 + usize::from(cut.tokens().get(1)?.kind == SPACE),
                _ => 0,
            };
            let found = clock(cut, start)?;
            (found.stop == cut.tokens().len()).then_some(found.time)?
        }
        _ => None,
    }
}

/// The microseconds that a cell says as a duration: "38:30", "1:30:00", "1h 30m", "90 min", "2 days 4 h". A number counts
/// `unit` microseconds, where one is given.
pub fn duration(value: Value<'_>, unit: Option<i64>, cut: &mut Cut) -> Option<i64> {
    let of_number = |number: f64| {
        let unit = unit?;
        let microseconds = number * unit as f64;
        (microseconds.abs() < 9e18).then_some(microseconds.round() as i64)
    };
    match value {
        Value::Duration(microseconds) | Value::Time(microseconds) => Some(microseconds),
        Value::Integer(number) => of_number(number as f64),
        Value::Unsigned(number) => of_number(number as f64),
        Value::Float(number) if number.is_finite() => of_number(number),
        Value::Text(text) if cut.cut(text) => text_duration(cut, unit),
        _ => None,
    }
}

fn text_duration(cut: &Cut, unit: Option<i64>) -> Option<i64> {
    let mut tokens = cut.tokens();
    let is_negative = tokens[0].kind == b'-';
    if is_negative {
        tokens = &tokens[1..];
    }
    let number = |at: usize| {
        cut.text(tokens[at])
            .parse::<i64>()
            .ok()
            .filter(|number| *number < 1_000_000_000)
    };
    let mut total: i64 = 0;
    let kinds: Vec<u8> = tokens.iter().map(|token| token.kind).collect();
    match kinds.as_slice() {
        [DIGITS, b':', DIGITS] => {
            total = number(0)? * HOUR + sixtieth(cut.text(tokens[2]))? * MINUTE
        }
        [DIGITS, b':', DIGITS, b':', DIGITS, rest @ ..] => {
            total = number(0)? * HOUR
                + sixtieth(cut.text(tokens[2]))? * MINUTE
                + sixtieth(cut.text(tokens[4]))? * SECOND;
            match rest {
                [] => {}
                [b'.' | b',', DIGITS] => {
                    let digits = cut.text(tokens[6]);
                    let digits = &digits[..digits.len().min(6)];
                    total += digits.parse::<i64>().ok()? * 10i64.pow(6 - digits.len() as u32);
                }
                _ => return None,
            }
        }
        _ => {
            let mut at = 0;
            let mut smallest = i64::MAX;
            let mut found = false;
            // "30 m" alone can be a length.
            let (mut has_bare_m, mut is_clear) = (false, false);
            while at < tokens.len() {
                if tokens[at].kind != DIGITS {
                    return None;
                }
                let mut amount = number(at)? as f64;
                at += 1;
                if at + 1 < tokens.len()
                    && matches!(tokens[at].kind, b'.' | b',')
                    && tokens[at + 1].kind == DIGITS
                {
                    let (whole, part) = (cut.text(tokens[at - 1]), cut.text(tokens[at + 1]));
                    // "1,500 min" can be a minute and a half, and 25 hours.
                    if part.len() == 3 && whole.len() <= 3 && !whole.starts_with('0') {
                        return None;
                    }
                    amount = format!("{whole}.{part}").parse().ok()?;
                    at += 2;
                }
                while at < tokens.len() && tokens[at].kind == SPACE {
                    at += 1;
                }
                let size = match tokens.get(at) {
                    Some(token) if token.kind == WORD => {
                        at += 1;
                        let word = cut.text(*token);
                        let size = unit_of(word)?;
                        has_bare_m |= word == "m";
                        is_clear |= matches!(size, HOUR | SECOND);
                        size
                    }
                    None if !found => unit?,
                    _ => return None,
                };
                // "30 min 2 h" is no way to write.
                if size >= smallest {
                    return None;
                }
                smallest = size;
                found = true;
                let part = amount * size as f64;
                if part.abs() > 9e17 {
                    return None;
                }
                total = total.checked_add(part.round() as i64)?;
                while at < tokens.len() && matches!(tokens[at].kind, SPACE | b',' | b'.') {
                    at += 1;
                }
            }
            if has_bare_m && !is_clear {
                return None;
            }
        }
    }
    Some(if is_negative { -total } else { total })
}

fn sixtieth(digits: &str) -> Option<i64> {
    let number: i64 = digits.parse().ok()?;
    (digits.len() == 2 && number < 60).then_some(number)
}

fn unit_of(word: &str) -> Option<i64> {
    Some(match word {
        "d" | "day" | "days" | "tag" | "tage" | "jour" | "jours" | "dia" | "dias" => 24 * HOUR,
        "h" | "hr" | "hrs" | "hour" | "hours" | "std" | "stunde" | "stunden" | "heure"
        | "heures" | "hora" | "horas" => HOUR,
        "m" | "min" | "mins" | "minute" | "minutes" | "minuten" | "minuto" | "minutos" => MINUTE,
        "s" | "sec" | "secs" | "second" | "seconds" | "sek" | "sekunden" | "seconde"
        | "secondes" => SECOND,
        _ => return None,
    })
}

/// The microseconds of a unit by its name, for numbers without one.
pub fn unit_named(name: &str) -> Option<i64> {
    unit_of(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let mut cut = Cut::default();
        let mut minutes = |text: &str, unit| {
            duration(Value::Text(text), unit, &mut cut).map(|found| found / MINUTE)
        };
        assert_eq!(minutes("38:30", None), Some(2310));
        assert_eq!(minutes("1:30:00", None), Some(90));
        assert_eq!(minutes("-0:15", None), Some(-15));
        assert_eq!(minutes("1h 30m", None), Some(90));
        assert_eq!(minutes("1h30", None), None);
        assert_eq!(minutes("90 min.", None), Some(90));
        assert_eq!(minutes("2 days, 4 hours", None), Some(52 * 60));
        assert_eq!(minutes("1,5 Std", None), Some(90));
        assert_eq!(minutes("7.5", Some(HOUR)), Some(450));
        assert_eq!(minutes("0.250 h", None), Some(15));
        assert_eq!(minutes("5m 30s", None), Some(5));
        for text in [
            "",
            "7.5",
            "abc",
            "30 min 2 h",
            "1:75",
            "5 kg",
            "1,500 min",
            "1.500 min",
            "2,000 hours",
            "30 m",
            "2 d 30 m",
        ] {
            assert_eq!(minutes(text, None), None, "{text}");
        }
    }
}
