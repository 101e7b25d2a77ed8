//! A time of day within a text: "14:30", "2:30 pm", "14.30 Uhr", "14h30", "T14:30:05.5+01:00".

use super::cut::{Cut, DIGITS, SPACE, WORD};
use super::words::is_clock;

const SECOND: i64 = 1_000_000;

/// A time of day that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The token behind it and its zone.
    pub stop: usize,
    /// Microseconds since midnight; none where the digits say no time, such as 25:00. A zone changes nothing.
    pub time: Option<i64>,
}

/// The time of day and its zone that begin at a token; none where no time begins there.
pub fn clock(cut: &Cut, start: usize) -> Option<Clock> {
    let tokens = cut.tokens();
    let mut stop = start;
    while let Some(token) = tokens.get(stop) {
        let belongs = match token.kind {
            DIGITS | b':' | b'.' | b',' | b'+' | b'-' => true,
            WORD => is_clock(cut.text(*token)),
            SPACE => tokens.get(stop + 1).is_some_and(|next| next.kind != DIGITS),
            _ => false,
        };
        if !belongs {
            break;
        }
        stop += 1;
    }
    let span = &tokens[start..stop];
    let number = |at: usize| cut.text(span[at]).parse::<u32>().unwrap_or(u32::MAX);
    let is_iso = start > 0 && cut.text(tokens[start - 1]) == "t";
    let has = |kind| span.iter().any(|token| token.kind == kind);
    let is_short = span.len() == 3
        && span[1].kind == b'.'
        && span[2].kind == DIGITS
        && cut.text(span[2]).len() == 2;
    if span.first()?.kind != DIGITS || !(is_iso || has(WORD) || has(b':') || is_short) {
        return None;
    }
    for (at, pair) in span.windows(2).enumerate() {
        if pair[1].kind == DIGITS {
            let minutes = number(at + 1) < 60 && cut.text(pair[1]).len() == 2;
            let good = match pair[0].kind {
                b':' => minutes,
                WORD => cut.text(pair[0]) == "h" && minutes,
                b'.' | b',' | b'+' | b'-' => true,
                _ => false,
            };
            if !good {
                return None;
            }
        }
    }
    if !is_iso && number(0) > 24 {
        return None;
    }
    Some(Clock {
        stop,
        time: time_of(cut, start, stop),
    })
}

fn time_of(cut: &Cut, start: usize, stop: usize) -> Option<i64> {
    let span = &cut.tokens()[start..stop];
    let first = cut.text(span[0]);
    let mut parts = [0u32; 3];
    let mut fraction = 0;
    let mut at = 1;
    if first.len() >= 4 {
        // ISO without colons: 1430, 143005.
        if !first.len().is_multiple_of(2) || first.len() > 6 {
            return None;
        }
        for (part, digits) in parts.iter_mut().zip(first.as_bytes().chunks(2)) {
            *part = u32::from(digits[0] - b'0') * 10 + u32::from(digits[1] - b'0');
        }
    } else {
        parts[0] = first.parse().ok()?;
        let mut count = 1;
        while count < 3 && at + 1 < span.len() && span[at + 1].kind == DIGITS {
            let text = cut.text(span[at + 1]);
            let parts_by = match span[at].kind {
                b':' => true,
                b'.' => text.len() == 2 && count < 2,
                WORD => cut.text(span[at]) == "h",
                _ => false,
            };
            if !parts_by {
                break;
            }
            parts[count] = text.parse().ok()?;
            count += 1;
            at += 2;
        }
        if count == 3
            && at + 1 < span.len()
            && matches!(span[at].kind, b'.' | b',')
            && span[at + 1].kind == DIGITS
        {
            let digits = cut.text(span[at + 1]);
            let digits = &digits[..digits.len().min(6)];
            fraction = digits.parse::<i64>().ok()? * 10i64.pow(6 - digits.len() as u32);
        }
    }
    let mut hour = parts[0];
    let words = span[at..]
        .iter()
        .filter(|token| token.kind == WORD)
        .map(|token| cut.text(*token));
    for word in words {
        match word {
            "pm" | "p" if (1..=12).contains(&hour) => hour = hour % 12 + 12,
            "am" | "a" if (1..=12).contains(&hour) => hour %= 12,
            "pm" | "p" | "am" | "a" => return None,
            _ => {}
        }
    }
    if hour > 23 || parts[1] > 59 || parts[2] > 59 {
        return None;
    }
    let seconds = i64::from(hour) * 3600 + i64::from(parts[1]) * 60 + i64::from(parts[2]);
    Some(seconds * SECOND + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_write_them() {
        let minutes = |hour: i64, minute: i64| Some((hour * 60 + minute) * 60 * SECOND);
        for (text, wanted) in [
            ("14:30", minutes(14, 30)),
            ("2:30 pm", minutes(14, 30)),
            ("12:05 a.m.", minutes(0, 5)),
            ("14.30", minutes(14, 30)),
            ("14h30", minutes(14, 30)),
            ("9 Uhr", minutes(9, 0)),
            ("14:30:00+01:00", minutes(14, 30)),
            ("14:30:15.25", Some(52_215_250_000)),
            ("13:00 pm", None),
        ] {
            let mut cut = Cut::default();
            assert!(cut.cut(text));
            let found = clock(&cut, 0).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(found.time, wanted, "{text}");
        }
        let mut cut = Cut::default();
        for text in ["12", "7.5", "25:00", "1.2.3", "3/4"] {
            assert!(cut.cut(text));
            assert!(
                clock(&cut, 0).is_none_or(|found| found.stop < cut.tokens().len()),
                "{text}"
            );
        }
    }
}
