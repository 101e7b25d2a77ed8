//! Text, codes and names: cells as they stand, without what nobody can see.

use std::fmt::Write;

use super::amount::{has_lost_digits, has_lost_digits_behind_letters};
use super::cut::is_format;
use crate::cells::calendar::{DAY_MICROSECONDS, civil_from_days};
use crate::columns::view::Value;

/// Whole numbers from here on may have lost digits when a program made a float of them.
const EXACT: f64 = 1e15;

/// Adds a cell as text, trimmed; `false` where nothing is left. A whole number has no decimals: 4711 is not "4711.0".
pub fn push_text(value: Value<'_>, out: &mut String) -> bool {
    let start = out.len();
    match value {
        Value::Null => {}
        Value::Text(text) => push_shown(trimmed(text), out),
        Value::Boolean(flag) => out.push_str(if flag { "true" } else { "false" }),
        Value::Integer(number) => out.push_str(itoa::Buffer::new().format(number)),
        Value::Unsigned(number) => out.push_str(itoa::Buffer::new().format(number)),
        Value::Float(number) if !number.is_finite() => {}
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 1e18 => {
            out.push_str(itoa::Buffer::new().format(number as i64));
        }
        Value::Float(number) => out.push_str(ryu::Buffer::new().format_finite(number)),
        Value::Date(days) => push_day(days, out),
        Value::DateTime(microseconds) => {
            push_day(microseconds.div_euclid(DAY_MICROSECONDS), out);
            let time = microseconds.rem_euclid(DAY_MICROSECONDS);
            if time != 0 {
                out.push(' ');
                push_clock(time, out);
            }
        }
        Value::Time(microseconds) | Value::Duration(microseconds) => push_clock(microseconds, out),
    }
    out.len() > start
}

/// Adds a text with blanks for control characters, which show nothing and which no workbook can hold.
fn push_shown(text: &str, out: &mut String) {
    let is_refused = |c: char| c < ' ' && !matches!(c, '\t' | '\n' | '\r');
    if text.contains(is_refused) {
        out.extend(text.chars().map(|c| if is_refused(c) { ' ' } else { c }));
    } else {
        out.push_str(text);
    }
}

/// The text without white space and invisible characters at its ends.
pub fn trimmed(text: &str) -> &str {
    let bytes = text.as_bytes();
    if let (Some(first), Some(last)) = (bytes.first(), bytes.last())
        && first.is_ascii_graphic()
        && last.is_ascii_graphic()
    {
        return text;
    }
    text.trim_matches(|c: char| c.is_whitespace() || is_format(c) || c.is_control())
}

fn push_day(days: i64, out: &mut String) {
    let (year, month, day) = civil_from_days(days);
    let _ = write!(out, "{year:04}-{month:02}-{day:02}");
}

/// Hours, minutes and seconds; hours may be more than a day has.
fn push_clock(microseconds: i64, out: &mut String) {
    if microseconds < 0 {
        out.push('-');
    }
    let seconds = microseconds.abs() / 1_000_000;
    let _ = write!(out, "{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
    if seconds % 60 != 0 {
        let _ = write!(out, ":{:02}", seconds % 60);
    }
}

/// Why nobody can know the code that a cell had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCode {
    /// A program has cut the number down to few digits.
    LostDigits,
    /// A program took the code for a date or a time: "3-1" is the third of January since.
    Date,
    Boolean,
}

/// Adds a code: an id, an account, a postcode. `Ok(false)` where nothing is left.
///
/// # Errors
/// A program has made something else of the code.
pub fn push_code(value: Value<'_>, out: &mut String) -> Result<bool, NoCode> {
    match value {
        Value::Float(number) if !number.is_finite() => return Ok(false),
        Value::Float(number) if number.abs() >= EXACT => return Err(NoCode::LostDigits),
        Value::Text(text) if has_lost_digits(text) || has_lost_digits_behind_letters(text) => {
            return Err(NoCode::LostDigits);
        }
        Value::Date(_) | Value::DateTime(_) | Value::Time(_) | Value::Duration(_) => {
            return Err(NoCode::Date);
        }
        Value::Boolean(_) => return Err(NoCode::Boolean),
        _ => {}
    }
    Ok(push_text(value, out))
}

/// Which part of a person's name is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamePart {
    Full,
    First,
    Last,
}

/// Small words that belong to the last name behind them.
const PARTICLES: &[&str] = &[
    "van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "das", "du", "la", "le",
    "ter", "ten", "zu", "zum", "zur", "af", "av", "al", "el", "bin", "ibn", "y",
];

/// Adds a person's name with single blanks; "Smith, Avery" becomes "Avery Smith". `false` where nothing is left.
pub fn push_name(value: Value<'_>, part: NamePart, out: &mut String) -> bool {
    let mut whole = String::new();
    if !push_text(value, &mut whole) {
        return false;
    }
    let joined = whole
        .split(|c: char| c.is_whitespace() || is_format(c))
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let (first, last) = match joined.split_once(',') {
        Some((last, first)) if !first.contains(',') && !is_suffix(first) => {
            (first.trim(), last.trim())
        }
        _ => split_name(&joined),
    };
    let start = out.len();
    match part {
        NamePart::First => out.push_str(first),
        NamePart::Last => out.push_str(last),
        NamePart::Full if first.is_empty() || last.is_empty() => {
            out.push_str(first);
            out.push_str(last);
        }
        NamePart::Full => {
            out.push_str(first);
            out.push(' ');
            out.push_str(last);
        }
    }
    out.len() > start
}

/// What stands behind a comma and turns no name round: "Avery Smith, Jr."
fn is_suffix(text: &str) -> bool {
    let text = text.trim().trim_end_matches('.').to_ascii_lowercase();
    matches!(
        text.as_str(),
        "jr" | "sr" | "ii" | "iii" | "iv" | "phd" | "md" | "esq"
    )
}

/// First and last name of a name in its usual order: the last word is the last name, with the small words before it.
fn split_name(name: &str) -> (&str, &str) {
    let body = name.split_once(',').map_or(name, |(name, _)| name);
    let Some(mut at) = body.rfind(' ') else {
        return ("", name);
    };
    if is_suffix(&body[at..])
        && let Some(before) = body[..at].rfind(' ')
    {
        at = before;
    }
    while let Some(before) = body[..at].rfind(' ') {
        let word = &body[before + 1..at];
        if !PARTICLES.contains(&word) && !PARTICLES.contains(&word.to_lowercase().as_str()) {
            break;
        }
        at = before;
    }
    (&name[..at], &name[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parted() {
        for (name, first, last) in [
            ("Avery Smith", "Avery", "Smith"),
            ("  Smith ,  Avery  M. ", "Avery M.", "Smith"),
            ("Maria van der Berg", "Maria", "van der Berg"),
            ("Avery Smith, Jr.", "Avery", "Smith, Jr."),
            ("Avery Smith Jr.", "Avery", "Smith Jr."),
            ("Cher", "", "Cher"),
            ("Van Morrison", "Van", "Morrison"),
            ("Carlos de la Cruz", "Carlos", "de la Cruz"),
        ] {
            for (part, wanted) in [(NamePart::First, first), (NamePart::Last, last)] {
                let mut out = String::new();
                push_name(Value::Text(name), part, &mut out);
                assert_eq!(out, wanted, "{name}");
            }
        }
    }

    #[test]
    fn codes_keep_their_zeros_and_say_what_was_lost() {
        let code = |value| {
            let mut out = String::new();
            push_code(value, &mut out).map(|_| out)
        };
        let lost = Err(NoCode::LostDigits);
        let is = |text: &str| Ok(text.to_owned());
        assert_eq!(code(Value::Text(" 00123 ")), is("00123"));
        assert_eq!(code(Value::Float(4711.0)), is("4711"));
        assert_eq!(code(Value::Text("9.78E+12")), lost);
        assert_eq!(code(Value::Text("CZ7,70101E+09")), lost);
        for whole in [
            "CZ7E09",
            "1E5",
            "3E12",
            "AB1.5",
            "R1.2E3",
            "E+12",
            "K1.5E+3-X",
            "1A2.5E+09",
        ] {
            assert_eq!(code(Value::Text(whole)), is(whole));
        }
        assert_eq!(code(Value::Float(1.23e17)), lost);
        assert_eq!(code(Value::Float(f64::INFINITY)), is(""));
        assert_eq!(code(Value::Text("A\u{b}1\0")), is("A 1"));
        assert_eq!(code(Value::Text("\u{200b} ")), is(""));
        assert_eq!(code(Value::Date(20_000)), Err(NoCode::Date));
        assert_eq!(code(Value::Time(1)), Err(NoCode::Date));
        assert_eq!(code(Value::Boolean(true)), Err(NoCode::Boolean));
    }
}
