//! Reads a time of day within a text: "14:30", "2:30 pm", "14.30 Uhr", "14h30", "T14:30:05.5+01:00".

use std::sync::LazyLock;

use crate::words::cut::{CutText, DIGITS, SPACE, TextToken, WORD};
use crate::words::data::{LISTS, WordList};
use crate::words::lexicon::is_clock;

const SECOND: i64 = 1_000_000;

/// The most hours by which a zone differs from Greenwich.
const MAX_ZONE_HOURS: u32 = 14;
/// The words that turn a single number into a time: the hour alone.
static HOUR_WORDS: WordList = WordList::new(|| LISTS.words("hour words"));

/// A half of the day, as a word names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    Morning,
    Afternoon,
    /// The hours around twelve: "中午".
    Noon,
    /// The hours before midnight: "晚上".
    Evening,
}

impl Half {
    /// Returns the hour of the day; none if this half has no such hour.
    fn hour(self, hour: u32) -> Option<u32> {
        let of_twelve = (1..=12).contains(&hour).then_some(hour % 12);
        match self {
            Self::Morning => of_twelve,
            Self::Afternoon => of_twelve.map(|hour| hour + 12),
            Self::Noon if hour == 11 => Some(11),
            Self::Noon => matches!(hour, 12 | 1 | 2).then_some(hour % 12 + 12),
            Self::Evening => (5..12).contains(&hour).then_some(hour + 12),
        }
    }
}

/// Words for the halves of the day in locales with a clock of twelve hours.
static HALVES: LazyLock<Vec<(&str, Half)>> = LazyLock::new(|| {
    let halves = [
        ("morning", Half::Morning),
        ("afternoon", Half::Afternoon),
        ("noon", Half::Noon),
        ("evening", Half::Evening),
    ];
    let words = |(name, half)| LISTS.words(name).into_iter().map(move |word| (word, half));
    halves.into_iter().flat_map(words).collect()
});

/// Returns the half of the day that the token at a position names, in one word or in letters with points ("p. m."), and the
/// position behind it and its point.
pub fn half_at(cut: &CutText, at: usize) -> Option<(Half, usize)> {
    let tokens = cut.tokens();
    let kind = |at: usize| tokens.get(at).map(|token| token.kind);
    if kind(at) != Some(WORD) {
        return None;
    }
    let first = cut.text(tokens[at]);
    let named = |second: &str| {
        let is_it = |word: &str| {
            word.len() == first.len() + second.len()
                && word.starts_with(first)
                && word.ends_with(second)
        };
        HALVES
            .iter()
            .find(|(word, _)| is_it(word))
            .map(|entry| entry.1)
    };
    let behind_point = |at: usize| at + usize::from(kind(at) == Some(b'.'));
    if kind(at + 1) == Some(b'.') {
        let next = at + 2 + usize::from(kind(at + 2) == Some(SPACE));
        if kind(next) == Some(WORD)
            && let Some(half) = named(cut.text(tokens[next]))
        {
            return Some((half, behind_point(next + 1)));
        }
    }
    named("").map(|half| (half, behind_point(at + 1)))
}

/// A time of day in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The position of the token behind the time and its zone.
    pub stop: usize,
    /// Microseconds since midnight; none if the digits are no time, such as 25:00, or several times, such as 9:00-17:00. A zone
    /// changes nothing.
    pub time: Option<i64>,
    /// Whether the half of the day is named before the time, as in "PM 2:30".
    pub has_half_before: bool,
}

/// Returns the time of day, with its zone, that begins at a token; none if no time begins there.
pub fn clock(cut: &CutText, start: usize) -> Option<Clock> {
    let tokens = cut.tokens();
    let mut stop = start;
    while let Some(token) = tokens.get(stop) {
        let belongs = match token.kind {
            DIGITS | b':' | b'.' | b',' | b'+' | b'-' => true,
            WORD => match half_at(cut, stop) {
                Some((_, behind)) => {
                    stop = behind;
                    continue;
                }
                None => is_clock(cut.text(*token)),
            },
            SPACE => {
                // "14 h 30"
                tokens.get(stop + 1).is_some_and(|next| next.kind != DIGITS)
                    || stop > start && parts_hours(cut, tokens[stop - 1])
            }
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
    if span.first()?.kind != DIGITS
        || !(is_iso || has(WORD) || has(b':') || is_short || start > 0 && is_pointed(cut, span))
    {
        return None;
    }
    for (at, pair) in span.windows(2).enumerate() {
        if pair[1].kind == DIGITS {
            let minutes = number(at + 1) < 60 && cut.text(pair[1]).len() == 2;
            let good = match pair[0].kind {
                b':' => minutes,
                WORD => parts_hours(cut, pair[0]) && minutes,
                SPACE => minutes,
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
    let half = half_before(cut, start);
    Some(Clock {
        stop,
        time: time_of(cut, start, stop, half),
        has_half_before: half.is_some(),
    })
}

/// Returns whether a word separates hours and minutes: "14h30", "14 Uhr 30".
fn parts_hours(cut: &CutText, token: TextToken) -> bool {
    token.kind == WORD && matches!(cut.text(token), "h" | "uhr")
}

/// Returns the half of the day that is named right before a time.
fn half_before(cut: &CutText, start: usize) -> Option<Half> {
    let before = &cut.tokens()[..start];
    let last = before.iter().rposition(|token| token.kind != SPACE)?;
    // A single letter may mean anything there, and so may letters with points.
    if before[last].kind != WORD || cut.text(before[last]).chars().nth(1).is_none() {
        return None;
    }
    half_at(cut, last).map(|(half, _)| half)
}

/// Returns whether a token is a mark that follows hours only: "2時".
fn is_mark_of_hours(cut: &CutText, token: Option<&TextToken>) -> bool {
    token.is_some_and(|token| token.kind == b':' && cut.text(*token) != ":")
}

/// Returns whether hours, minutes and seconds have points between them: "14.30.15". Numbers that can be a day and a month, such
/// as 5.12.25, are no time.
fn is_pointed(cut: &CutText, span: &[TextToken]) -> bool {
    let Some([hour, first, minute, second, rest]) = span.first_chunk::<5>() else {
        return false;
    };
    let is_sixtieth = |token: &TextToken| {
        token.kind == DIGITS && cut.text(*token).len() == 2 && cut.text(*token) < "60"
    };
    let has_fraction = span.get(5).is_some_and(|next| next.kind == b'.')
        && span.get(6).is_some_and(|next| next.kind == DIGITS);
    let is_month = ("01".."13").contains(&cut.text(*minute)) && cut.text(*hour) != "00";
    first.kind == b'.'
        && second.kind == b'.'
        && cut.text(*hour).len() <= 2
        && is_sixtieth(minute)
        && is_sixtieth(rest)
        && (has_fraction || !is_month)
}

fn time_of(cut: &CutText, start: usize, stop: usize, half_before: Option<Half>) -> Option<i64> {
    let tokens = cut.tokens();
    let span = &tokens[start..stop];
    let is_iso = start > 0 && cut.text(tokens[start - 1]) == "t";
    let (parts, count, mut at) = parts_of(cut, span)?;
    let mut fraction = 0;
    if count == 3
        && let [mark, digits, ..] = &span[at..]
        && matches!(mark.kind, b'.' | b',')
        && digits.kind == DIGITS
    {
        fraction = microseconds(cut.text(*digits))?;
        at += 2;
    }
    let words = span.iter().filter(|token| token.kind == WORD);
    let mut words = words.map(|token| cut.text(*token));
    if count == 1
        && !is_iso
        && half_before.is_none()
        && !words.any(|word| HOUR_WORDS.contains(&word))
        && !is_mark_of_hours(cut, span.get(1))
    {
        return None;
    }
    let half = rest_of_time(cut, start + at..stop, is_iso, count, half_before)?;
    let hour = match half {
        Some(half) => half.hour(parts[0])?,
        None => parts[0],
    };
    if hour > 23 || parts[1] > 59 || parts[2] > 59 {
        return None;
    }
    let seconds = i64::from(hour) * 3600 + i64::from(parts[1]) * 60 + i64::from(parts[2]);
    Some(seconds * SECOND + fraction)
}

/// Returns the decimals of a second as microseconds.
pub(super) fn microseconds(decimals: &str) -> Option<i64> {
    let digits = &decimals[..decimals.len().min(6)];
    Some(digits.parse::<i64>().ok()? * 10i64.pow(6 - digits.len() as u32))
}

/// Returns hours, minutes and seconds, the number of these that are present, and the position behind them.
fn parts_of(cut: &CutText, span: &[TextToken]) -> Option<([u32; 3], usize, usize)> {
    let first = cut.text(span[0]);
    let mut parts = [0u32; 3];
    if first.len() >= 4 {
        // ISO without colons: 1430, 143005.
        if !first.len().is_multiple_of(2) || first.len() > 6 {
            return None;
        }
        for (part, digits) in parts.iter_mut().zip(first.as_bytes().chunks(2)) {
            *part = u32::from(digits[0] - b'0') * 10 + u32::from(digits[1] - b'0');
        }
        return Some((parts, first.len() / 2, 1));
    }
    parts[0] = first.parse().ok()?;
    let (mut count, mut at, mut mark) = (1, 1, None);
    while count < 3
        && let Some((by, next)) = next_part(cut, span, at)
    {
        let text = cut.text(span[next]);
        let parts_by = match by {
            b'.' => text.len() == 2 && mark.is_none_or(|mark| mark == b'.'),
            _ => true,
        };
        if !parts_by {
            break;
        }
        parts[count] = text.parse().ok()?;
        count += 1;
        at = next + 1;
        mark = Some(by);
    }
    Some((parts, count, at))
}

/// Returns the mark behind a part of a time, and the position of the digits behind the mark.
fn next_part(cut: &CutText, span: &[TextToken], at: usize) -> Option<(u8, usize)> {
    let kind = |at: usize| span.get(at).map(|token| token.kind);
    if matches!(kind(at)?, b':' | b'.') {
        return (kind(at + 1)? == DIGITS).then_some((span[at].kind, at + 1));
    }
    let word = at + usize::from(kind(at)? == SPACE);
    if !parts_hours(cut, *span.get(word)?) {
        return None;
    }
    let digits = word + 1 + usize::from(kind(word + 1)? == SPACE);
    (kind(digits)? == DIGITS).then_some((WORD, digits))
}

/// Returns the half of the day if the text behind a time names one. None if that text belongs to no time, as in "9:00-17:00": a
/// time with an unread rest would be wrong.
fn rest_of_time(
    cut: &CutText,
    range: std::ops::Range<usize>,
    is_iso: bool,
    count: usize,
    mut half: Option<Half>,
) -> Option<Option<Half>> {
    let start = range.start;
    let rest = &cut.tokens()[range];
    let kind = |at: usize| rest.get(at).map(|token| token.kind);
    let mut may_have_offset = count == 3 || is_iso && count == 2;
    let mut at = 0;
    while at < rest.len() {
        match rest[at].kind {
            SPACE => {}
            // The point of an abbreviation, or the end of a sentence.
            b'.' | b',' if kind(at + 1) != Some(DIGITS) => {}
            b':' if is_mark_of_hours(cut, rest.get(at)) && kind(at + 1) != Some(DIGITS) => {}
            WORD => {
                let word = cut.text(rest[at]);
                if let Some((named, behind)) = half_at(cut, start + at) {
                    if half.is_some() {
                        return None;
                    }
                    half = Some(named);
                    at = behind - start;
                    continue;
                }
                may_have_offset |= matches!(word, "utc" | "gmt");
            }
            b'+' | b'-' if may_have_offset && kind(at + 1) == Some(DIGITS) => {
                may_have_offset = false;
                at = zone_at(cut, rest, at + 1)?;
                continue;
            }
            _ => return None,
        }
        at += 1;
    }
    Some(half)
}

/// Returns the position behind the offset of a zone whose digits begin at a position: "+01:00", "+0530", "+1". None if the
/// offset is larger than that of any zone.
fn zone_at(cut: &CutText, rest: &[TextToken], at: usize) -> Option<usize> {
    let digits = cut.text(rest[at]);
    let (hours, minutes, behind) = match (digits.len(), &rest[at + 1..]) {
        (4, _) => (&digits[..2], &digits[2..], at + 1),
        (..=2, [colon, minutes, ..]) if colon.kind == b':' && minutes.kind == DIGITS => {
            (digits, cut.text(*minutes), at + 3)
        }
        _ => (digits, "00", at + 1),
    };
    let is_zone = hours.len() <= 2
        && minutes.len() == 2
        && minutes < "60"
        && hours.parse::<u32>().ok()? <= MAX_ZONE_HOURS;
    is_zone.then_some(behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn times_as_people_write_them() {
        let mut cut = CutText::default();
        let minutes = |hour: i64, minute: i64| Some((hour * 60 + minute) * 60 * SECOND);
        for (text, wanted) in [
            ("14:30", minutes(14, 30)), ("2:30 pm", minutes(14, 30)), ("12:05 a.m.", minutes(0, 5)),
            ("14.30", minutes(14, 30)), ("14h30", minutes(14, 30)), ("9 Uhr", minutes(9, 0)),
            ("14:30:00+01:00", minutes(14, 30)), ("14:30:15.25", Some(52_215_250_000)), ("13:00 pm", None),
            ("14 h 30", minutes(14, 30)), ("14 Uhr 30", minutes(14, 30)),
            ("02.30.45.000000 PM", Some(52_245_000_000)), ("14:30:00 +0530", minutes(14, 30)),
            ("14:30 GMT+1", minutes(14, 30)), ("2:30 p. m.", minutes(14, 30)), ("2:05 μ.μ.", minutes(14, 5)),
            ("12:05 π.μ.", minutes(0, 5)), ("2:05 m.d.", minutes(14, 5)), ("2:05 p.d.", minutes(2, 5)),
            ("2:05 م", minutes(14, 5)), ("14時30分", minutes(14, 30)),
        ] {
            assert!(cut.cut(text));
            let found = clock(&cut, 0).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(found.time, wanted, "{text}");
        }
        // Words for the half of the day before the time.
        for (text, wanted) in [
            ("오후 2:05", minutes(14, 5)), ("오전 12:05", minutes(0, 5)), ("下午2:05", minutes(14, 5)),
            ("中午12:05", minutes(12, 5)), ("中午11:30", minutes(11, 30)), ("凌晨12:05", minutes(0, 5)),
            ("晚上9:05", minutes(21, 5)), ("晚上12:05", None), ("午後2時5分", None), ("午後2時05分", minutes(14, 5)),
            ("午後2時", minutes(14, 0)), ("下午14:05", None),
        ] {
            let value = crate::columns::view::ColumnValue::Text(text);
            let found = super::super::moment::time(value, false, &mut cut);
            assert_eq!(found, wanted, "{text}");
        }
        // Two times are no time.
        for text in [
            "09:00-17:00", "09:00 - 17:00", "9 am-5 pm", "8am-4pm", "10-2pm", "09:00:00-17:00:00",
            "09:00:00-12:00:00", "2 pm am", "14:30,5", "5 m",
        ] {
            assert!(cut.cut(text));
            let is_time = clock(&cut, 0)
                .is_some_and(|found| found.time.is_some() && found.stop == cut.tokens().len());
            assert!(!is_time, "{text}");
        }
        for text in ["12", "7.5", "25:00", "1.2.3", "3/4"] {
            assert!(cut.cut(text));
            assert!(
                clock(&cut, 0).is_none_or(|found| found.stop < cut.tokens().len()),
                "{text}"
            );
        }
    }
}
