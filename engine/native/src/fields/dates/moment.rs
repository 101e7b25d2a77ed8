//! Reads times of day and durations: single cells, and columns of times.

use super::clock::{clock, half_at, microseconds};
use super::said::ZONES_DIFFER;
use super::zone::Zones;
use crate::cells::calendar::DAY_MICROSECONDS;
use crate::columns::view::ColumnValue;
use crate::fields::reading::{ColumnReading, DecisionBasis};
use crate::words::cut::{CutText, DIGITS, SPACE, TextToken, WORD, are_digits};
use crate::words::data::{LISTS, WordList};
use crate::words::tables::UNITS_OF_TIME;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Words before a time of day, folded: "at 14:30", "kl. 14.30", "à 14h30".
static BEFORE_TIMES: WordList = WordList::new(|| LISTS.words("before times"));
/// Words between the parts of a duration: "1 hour and 30 minutes".
static AND: WordList = WordList::new(|| LISTS.words("and"));

/// Reads a column of times of day. Returns a reading only if the column is doubtful.
pub fn times(
    values: &[ColumnValue<'_>],
    serials: bool,
) -> (Vec<Option<i64>>, Option<ColumnReading>) {
    let mut cut = CutText::default();
    let mut found: Vec<Option<i64>> = values
        .iter()
        .map(|value| time(*value, serials, &mut cut))
        .collect();
    let (mut zones, mut hundredths) = (Zones::default(), Hundredths::default());
    for (row, value) in values.iter().enumerate() {
        if let ColumnValue::Text(text) = value {
            hundredths.add(text, row);
            if found[row].is_some() {
                zones.add(text, row, false);
            }
        }
    }
    if hundredths.are_sure {
        // 7.25 beside 7.75: these are hours in decimals, and none of them is a time.
        for row in hundredths.rows.iter() {
            found[*row] = None;
        }
    }
    let doubt = match (zones.differ_at, hundredths.first_quarter()) {
        (Some(row), _) => Some((row, ZONES_DIFFER)),
        (None, Some(row)) => Some((
            row,
            "the values may be hours with decimals: all are full, half or quarter hours",
        )),
        (None, None) => None,
    };
    let reading = doubt.map(|(row, why)| doubtful(values, row, why));
    (found, reading)
}

/// Cells such as "7.25", which mean a quarter past seven in decimals, or 25 minutes past seven.
#[derive(Default)]
struct Hundredths {
    rows: Vec<usize>,
    /// The first row with a half or a quarter in decimals.
    quarter: Option<usize>,
    /// Whether some cells are minutes but no quarters in decimals: "7.15".
    has_minutes: bool,
    /// Whether some cells can only be decimals: "7.75", "7.5".
    are_sure: bool,
}

impl Hundredths {
    fn add(&mut self, text: &str, row: usize) {
        let Some((hour, part)) = text.trim().split_once('.') else {
            return;
        };
        if !matches!(hour.len(), 1 | 2) || !are_digits(hour) || !are_digits(part) {
            return;
        }
        if part.len() != 2 || part > "59" {
            self.are_sure = true;
            return;
        }
        self.rows.push(row);
        match part {
            "25" | "50" => self.quarter = self.quarter.or(Some(row)),
            "00" => {}
            _ => self.has_minutes = true,
        }
    }

    /// Returns the first half or quarter if all cells may be decimals and nothing shows that they are.
    fn first_quarter(&self) -> Option<usize> {
        self.quarter.filter(|_| !self.are_sure && !self.has_minutes)
    }
}

/// Returns the time of a cell in microseconds since midnight. A date-time gives its time of day; with `serials`, a number of a
/// spreadsheet is a fraction of a day.
pub fn time(value: ColumnValue<'_>, serials: bool, cut: &mut CutText) -> Option<i64> {
    match value {
        ColumnValue::Time(microseconds) => Some(microseconds),
        ColumnValue::DateTime(microseconds) => Some(microseconds.rem_euclid(DAY_MICROSECONDS)),
        ColumnValue::Duration(microseconds) => (0..DAY_MICROSECONDS)
            .contains(&microseconds)
            .then_some(microseconds),
        ColumnValue::Float(number) if serials && (0.0..1.0).contains(&number) => {
            Some(((number * 86_400.0).round() as i64).min(86_399) * SECOND)
        }
        ColumnValue::Text(text) if cut.cut(text) => {
            // "PM 2:30", "오후 2:30"
            let start = match (behind_words(cut), half_at(cut, 0)) {
                (0, Some((_, 1))) => 1 + usize::from(cut.tokens().get(1)?.kind == SPACE),
                (start, _) => start,
            };
            let found = clock(cut, start)?;
            (found.stop == cut.tokens().len()).then_some(found.time)?
        }
        _ => None,
    }
}

/// Returns the position behind the words before a time of day.
fn behind_words(cut: &CutText) -> usize {
    let tokens = cut.tokens();
    let kind = |at: usize| tokens.get(at).map(|token| token.kind);
    let mut at = 0;
    while kind(at) == Some(WORD) && BEFORE_TIMES.contains(&cut.text(tokens[at])) {
        at += 1;
        at += usize::from(kind(at) == Some(b'.'));
        at += usize::from(kind(at) == Some(SPACE));
    }
    at
}

/// Returns the duration of a cell in microseconds: "38:30", "1:30:00", "1h 30m", "90 min", "2 days 4 h", "PT1H30M". A plain
/// number counts `unit` microseconds; without a unit it is no duration.
pub fn duration(value: ColumnValue<'_>, unit: Option<i64>, cut: &mut CutText) -> Option<i64> {
    let of_number = |number: f64| {
        let unit = unit?;
        let microseconds = number * unit as f64;
        (microseconds.abs() < 9e18).then_some(microseconds.round() as i64)
    };
    match value {
        ColumnValue::Duration(microseconds) | ColumnValue::Time(microseconds) => Some(microseconds),
        ColumnValue::Text(text) if cut.cut(text) => text_duration(cut, unit),
        _ => of_number(value.number().filter(|number| number.is_finite())?),
    }
}

/// Turns texts that were read as hours and minutes into minutes and seconds: "4:10" below "(mm:ss)". Typed cells keep their
/// values and are doubtful: a person who types 4:10 into a sheet gets four hours.
pub fn take_for_minutes(
    values: &[ColumnValue<'_>],
    spans: &mut [Option<i64>],
) -> Option<ColumnReading> {
    let mut typed = None;
    for (row, (value, span)) in values.iter().zip(spans).enumerate() {
        let Some(span) = span else { continue };
        match value {
            ColumnValue::Text(text) if text.bytes().filter(|byte| *byte == b':').count() == 1 => {
                *span /= 60;
            }
            ColumnValue::Time(_) | ColumnValue::Duration(_)
                if *span >= HOUR && *span % MINUTE == 0 =>
            {
                typed = typed.or(Some(row));
            }
            _ => {}
        }
    }
    let why = "typed cells count hours and minutes, but the header says minutes and seconds";
    typed.map(|row| doubtful(values, row, why))
}

/// Returns the reading of a column whose cells stay as they are and are doubtful from a row on.
fn doubtful(values: &[ColumnValue<'_>], row: usize, why: &str) -> ColumnReading {
    ColumnReading {
        read_as: "as they are",
        decided: DecisionBasis::Weak,
        cells: values
            .iter()
            .filter(|value| **value != ColumnValue::Null)
            .count(),
        first_open: Some(row),
        why: vec![why.to_owned()],
        ..ColumnReading::default()
    }
}

fn text_duration(cut: &CutText, unit: Option<i64>) -> Option<i64> {
    let tokens = cut.tokens();
    let (sign, tokens) = match tokens {
        [minus, rest @ ..] if minus.kind == b'-' => (-1, rest),
        _ => (1, tokens),
    };
    let is_parted_by_colons = matches!(tokens, [first, colon, second, ..]
        if (first.kind, colon.kind, second.kind) == (DIGITS, b':', DIGITS));
    let total = match tokens.get(3).map(|token| token.kind) {
        None | Some(b':') if is_parted_by_colons => clock_duration(cut, tokens),
        _ if tokens.first()?.kind == WORD => iso_duration(cut, tokens),
        _ => measured_duration(cut, tokens, unit, sign < 0),
    };
    total.map(|total| sign * total)
}

/// Reads "PT1H30M", "P1DT2H", "P2W" (ISO 8601). Years and months have no fixed length.
fn iso_duration(cut: &CutText, tokens: &[TextToken]) -> Option<i64> {
    let mut is_time = match cut.text(tokens[0]) {
        "p" => false,
        "pt" => true,
        _ => return None,
    };
    let mut sum = Sum::default();
    let mut at = 1;
    while at < tokens.len() {
        let (amount, behind) = amount_at(cut, tokens, at)?;
        let word = cut.text(*tokens.get(behind).filter(|token| token.kind == WORD)?);
        at = behind + 1;
        let name = word.strip_suffix('t').filter(|_| !is_time).unwrap_or(word);
        let size = match name {
            "w" if !is_time => 7 * DAY,
            "d" if !is_time => DAY,
            "h" if is_time => HOUR,
            "m" if is_time => MINUTE,
            "s" if is_time => SECOND,
            _ => return None,
        };
        sum.add(amount, size)?;
        is_time |= name.len() < word.len();
    }
    (sum.smallest < i64::MAX).then_some(sum.total)
}

/// The sum of the parts of a duration, which go from large to small.
struct Sum {
    total: i64,
    smallest: i64,
}

impl Default for Sum {
    fn default() -> Self {
        Self {
            total: 0,
            smallest: i64::MAX,
        }
    }
}

impl Sum {
    fn add(&mut self, amount: f64, size: i64) -> Option<()> {
        let part = amount * size as f64;
        // Nobody writes "30 min 2 h".
        if size >= self.smallest || part.abs() > 9e17 {
            return None;
        }
        self.smallest = size;
        self.total = self.total.checked_add(part.round() as i64)?;
        Some(())
    }
}

/// Reads "38:30" (hours and minutes), "1:30:00", "0:00:12.5".
fn clock_duration(cut: &CutText, tokens: &[TextToken]) -> Option<i64> {
    let (seconds, fraction) = match tokens {
        [_, _, _] => (0, 0),
        [_, _, _, _, seconds, rest @ ..] if seconds.kind == DIGITS => {
            let fraction = match rest {
                [] => 0,
                [mark, digits] if matches!(mark.kind, b'.' | b',') && digits.kind == DIGITS => {
                    microseconds(cut.text(*digits))?
                }
                _ => return None,
            };
            (sixtieth(cut.text(*seconds))?, fraction)
        }
        _ => return None,
    };
    let (hours, minutes) = (number(cut, tokens[0])?, sixtieth(cut.text(tokens[2]))?);
    Some(hours * HOUR + minutes * MINUTE + seconds * SECOND + fraction)
}

/// Reads amounts with their units, from large to small: "1h 30m", "90 min", "2 days, 9:07:00". Only a plain number gets the
/// `unit` that the author names.
fn measured_duration(
    cut: &CutText,
    tokens: &[TextToken],
    unit: Option<i64>,
    is_negative: bool,
) -> Option<i64> {
    let kind = |at: usize| tokens.get(at).map(|token| token.kind);
    let mut sum = Sum::default();
    let mut at = 0;
    // "30 m" alone can be a length.
    let (mut has_bare_m, mut is_clear) = (false, false);
    while at < tokens.len() {
        if sum.smallest < i64::MAX && sum.smallest >= DAY && kind(at + 1) == Some(b':') {
            // In "-1 day, 23:59:00" the time is added, but only programs know that.
            let time = clock_duration(cut, &tokens[at..]).filter(|time| *time < DAY)?;
            return (!is_negative).then_some(sum.total + time);
        }
        let (amount, behind) = amount_at(cut, tokens, at)?;
        let is_last = behind == tokens.len();
        let is_glued = kind(behind) == Some(WORD) && behind == at + 1;
        let digits = cut.text(tokens[at]);
        at = behind;
        while kind(at) == Some(SPACE) {
            at += 1;
        }
        let size = match kind(at) {
            Some(WORD) => {
                let word = cut.text(tokens[at]);
                at += 1;
                let size = unit_named(word)?;
                has_bare_m |= word == "m" && !is_glued;
                is_clear |= matches!(size, HOUR | SECOND);
                size
            }
            // "2時間": the mark of hours is no colon.
            Some(b':') if cut.text(tokens[at]) != ":" => {
                at += 1 + usize::from(kind(at + 1) == Some(WORD));
                HOUR
            }
            None if sum.smallest == i64::MAX => unit?,
            // "1h30"
            None if is_last && sum.smallest == HOUR && digits.len() == 2 && amount < 60.0 => MINUTE,
            _ => return None,
        };
        sum.add(amount, size)?;
        while matches!(kind(at), Some(SPACE | b',' | b'.')) {
            at += 1;
        }
        if kind(at) == Some(WORD) && AND.contains(&cut.text(tokens[at])) {
            at += 1 + usize::from(kind(at + 1) == Some(SPACE));
            // Something has to follow.
            kind(at)?;
        }
    }
    (!has_bare_m || is_clear).then_some(sum.total)
}

/// Returns the amount that begins at a token, and the position behind it.
fn amount_at(cut: &CutText, tokens: &[TextToken], at: usize) -> Option<(f64, usize)> {
    let whole = tokens[at];
    if whole.kind != DIGITS {
        return None;
    }
    let amount = number(cut, whole)? as f64;
    match &tokens[at + 1..] {
        [mark, part, ..] if matches!(mark.kind, b'.' | b',') && part.kind == DIGITS => {
            let (whole, part) = (cut.text(whole), cut.text(*part));
            // "1,500 min" can be a minute and a half, or 25 hours.
            if part.len() == 3 && whole.len() <= 3 && !whole.starts_with('0') {
                return None;
            }
            Some((format!("{whole}.{part}").parse().ok()?, at + 3))
        }
        _ => Some((amount, at + 1)),
    }
}

fn number(cut: &CutText, token: TextToken) -> Option<i64> {
    let number = cut.text(token).parse::<i64>().ok();
    number.filter(|number| *number < 1_000_000_000)
}

fn sixtieth(digits: &str) -> Option<i64> {
    let number: i64 = digits.parse().ok()?;
    (digits.len() == 2 && number < 60).then_some(number)
}

/// Returns the microseconds of a unit of time by its name.
pub fn unit_named(word: &str) -> Option<i64> {
    let named = |word: &str| {
        let at = UNITS_OF_TIME.binary_search_by_key(&word, |(name, _)| name);
        at.ok().map(|at| UNITS_OF_TIME[at].1)
    };
    let unit = match word {
        "w" | "d" | "h" | "m" | "s" => word,
        "hr" | "hrs" => "h",
        "min" | "mins" => "m",
        "secs" => "s",
        _ => named(word)?,
    };
    Some(match unit {
        "w" => 7 * DAY,
        "d" => DAY,
        "h" => HOUR,
        "m" => MINUTE,
        _ => SECOND,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn durations() {
        let mut cut = CutText::default();
        let mut minutes = |text: &str, unit| {
            duration(ColumnValue::Text(text), unit, &mut cut).map(|found| found / MINUTE)
        };
        assert_eq!(minutes("38:30", None), Some(2310));
        assert_eq!(minutes("1:30:00", None), Some(90));
        assert_eq!(minutes("-0:15", None), Some(-15));
        assert_eq!(minutes("1h 30m", None), Some(90));
        assert_eq!(minutes("1h30", None), Some(90));
        assert_eq!(minutes("90m", None), Some(90));
        assert_eq!(minutes("PT1H30M", None), Some(90));
        assert_eq!(minutes("P1DT2H", None), Some(26 * 60));
        assert_eq!(minutes("P2W", None), Some(14 * 24 * 60));
        assert_eq!(minutes("2 days, 9:07:00", None), Some((48 + 9) * 60 + 7));
        assert_eq!(minutes("1 hour and 30 minutes", None), Some(90));
        assert_eq!(minutes("3 weeks", None), Some(21 * 24 * 60));
        assert_eq!(minutes("2 godziny 15 minut", None), Some(135));
        assert_eq!(minutes("2時間30分", None), Some(150));
        assert_eq!(minutes("90 min.", None), Some(90));
        assert_eq!(minutes("2 days, 4 hours", None), Some(52 * 60));
        assert_eq!(minutes("1,5 Std", None), Some(90));
        assert_eq!(minutes("7.5", Some(HOUR)), Some(450));
        assert_eq!(minutes("0.250 h", None), Some(15));
        assert_eq!(minutes("5m 30s", None), Some(5));
        for text in [
            "", "7.5", "abc", "30 min 2 h", "1:75", "5 kg", "1,500 min", "1.500 min", "2,000 hours", "30 m",
            "2 d 30 m", "-1 day, 23:59:00", "2 days, 25:00:00", "P1M", "P", "PT", "P1H", "1h60", "1h5", "1 hour and",
            "2 год",
        ] {
            assert_eq!(minutes(text, None), None, "{text}");
        }
    }
}
