//! Reads the cells of a table as whole multiples of their column's unit, so that sums are exact.

use crate::cells::white_space::is_blank_text;
use crate::cells::{CellTag, Sheet, SheetCell};
use crate::words::cut::are_digits;
use crate::words::data::{LISTS, WordList};

/// The value of a cell without a number.
pub const NONE: i64 = i64::MIN;
/// Larger numbers are ids, not amounts.
const MAX_AMOUNT: f64 = 9e15;
/// The maximum number of decimals; more come from calculations.
const MAX_DECIMALS: u8 = 6;
const POWERS: [i64; 7] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];
/// The maximum number of rows that are read to find the decimal mark.
const ROWS_FOR_MARK: usize = 300;
/// After this number of texts that are no numbers, the other texts of a column are not read.
const TEXTS_WITHOUT_NUMBER: usize = 200;
/// The maximum number of bytes of a text that may be a mark, in columns whose texts are not read.
const MAX_MARK_BYTES: u64 = 8;
/// The units of columns whose numbers are all rounded, the largest first.
const ROUNDED: [i64; 4] = [1_000, 100, 10, 5];
/// The minimum number of numbers that show that a column is rounded.
const MIN_ROUNDED_NUMBERS: usize = 5;
static CURRENCIES: WordList = WordList::new(|| LISTS.words("signs of currencies"));

/// The kind of a cell, for adding up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AmountKind {
    #[default]
    Blank,
    Number,
    /// A text, a day or a code.
    Text,
}

/// A column of a table, for adding up.
#[derive(Debug, Default)]
pub struct AmountColumn {
    pub kinds: Vec<AmountKind>,
    /// Each value in units, or [`NONE`].
    pub values: Vec<i64>,
    /// The value of one unit: 0.01, or 1000 if all numbers are rounded to thousands.
    pub unit: f64,
    pub decimals: u8,
    /// The largest common step in units: prices of 19.90, 39.80 and 59.70 are 1, 2 and 3 steps, and add up by chance.
    pub step: i64,
    pub numbers: usize,
}

/// Returns whether most texts of the table use a decimal comma, or `None` if no text shows it.
pub fn has_commas(
    sheet: &Sheet,
    rows: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
) -> Option<bool> {
    let stop = rows.end.min(rows.start + ROWS_FOR_MARK);
    let mut lead = 0_i64;
    for column in columns {
        sheet.visit_column(column, rows.start, stop, |cell| {
            if cell.tag == CellTag::Text {
                lead += shows_mark(sheet.text(cell.as_text()));
            }
        });
    }
    (lead != 0).then_some(lead > 0)
}

/// Returns 1 if a text shows a decimal comma, -1 if it shows a decimal point or commas between thousands, and 0 otherwise.
fn shows_mark(text: &str) -> i64 {
    let text = text.trim_matches(|c: char| !c.is_ascii_digit());
    if text.len() > 24
        || !text
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b' ' | b'\''))
    {
        return 0;
    }
    let Some(last) = text.rfind([',', '.']) else {
        return 0;
    };
    let (mark, behind) = (text.as_bytes()[last], text.len() - last - 1);
    let other = text.contains(if mark == b',' { '.' } else { ',' });
    let is_decimal = text.bytes().filter(|&b| b == mark).count() == 1 && (other || behind != 3);
    let is_repeated = text.bytes().filter(|&b| b == mark).count() > 1;
    match (mark, is_decimal, is_repeated) {
        (b',', true, _) | (b'.', _, true) => 1,
        (b'.', true, _) | (b',', _, true) => -1,
        _ => 0,
    }
}

impl AmountColumn {
    /// Reads a column of some rows.
    pub fn read(sheet: &Sheet, column: usize, rows: std::ops::Range<usize>, comma: bool) -> Self {
        let count = rows.len();
        let mut found = Self {
            kinds: Vec::with_capacity(count),
            values: Vec::with_capacity(count),
            ..Self::default()
        };
        let mut decimals: Vec<u8> = Vec::with_capacity(count);
        let mut texts = 0;
        sheet.visit_column(column, rows.start, rows.end, |cell| {
            let (kind, number) = take(sheet, cell, comma, texts < TEXTS_WITHOUT_NUMBER);
            let (value, places) = number.unwrap_or((NONE, 0));
            match kind {
                AmountKind::Text => texts += 1,
                AmountKind::Number if cell.tag == CellTag::Text => texts = 0,
                _ => {}
            }
            found.kinds.push(kind);
            found.values.push(value);
            decimals.push(places);
            found.numbers += usize::from(kind == AmountKind::Number);
        });
        found.scale(&decimals);
        found
    }

    /// Converts the numbers to multiples of one unit.
    fn scale(&mut self, decimals: &[u8]) {
        self.decimals = decimals.iter().copied().max().unwrap_or(0);
        self.step = 1;
        self.unit = 1.0 / POWERS[usize::from(self.decimals)] as f64;
        if self.numbers == 0 {
            return;
        }
        if self.decimals > 0 {
            for (value, &places) in self.values.iter_mut().zip(decimals) {
                if *value != NONE && places < self.decimals {
                    *value = value.saturating_mul(POWERS[usize::from(self.decimals - places)]);
                }
            }
        }
        let mut step = 0;
        for &value in self.values.iter().filter(|&&value| value != NONE) {
            step = divisor(step, value.saturating_abs());
            if step == 1 {
                break;
            }
        }
        self.step = step.max(1);
        let rounded = ROUNDED.into_iter().find(|unit| self.step % unit == 0);
        if let Some(unit) =
            rounded.filter(|_| self.decimals == 0 && self.numbers >= MIN_ROUNDED_NUMBERS)
        {
            for value in self.values.iter_mut().filter(|value| **value != NONE) {
                *value /= unit;
            }
            self.unit = unit as f64;
            self.step /= unit;
        }
    }
}

fn divisor(mut a: i64, mut b: i64) -> i64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Returns the kind of a cell, and its number with its decimals. Reads texts only if `are_read`.
fn take(
    sheet: &Sheet,
    cell: SheetCell,
    comma: bool,
    are_read: bool,
) -> (AmountKind, Option<(i64, u8)>) {
    let number = match cell.tag {
        CellTag::Empty | CellTag::EmptyText => return (AmountKind::Blank, None),
        CellTag::Integer => whole(cell.as_integer()),
        CellTag::Float => of_float(cell.as_float()),
        CellTag::Duration => of_float(cell.as_integer() as f64 / 1e6),
        CellTag::Text if !are_read && cell.as_text().length() > MAX_MARK_BYTES => None,
        CellTag::Text => {
            let text = sheet.text(cell.as_text());
            let number = are_read.then(|| number_of(text, comma)).flatten();
            if number.is_none() && is_mark(text) {
                return (AmountKind::Blank, None);
            }
            number
        }
        _ => None,
    };
    let kind = if number.is_some() {
        AmountKind::Number
    } else {
        AmountKind::Text
    };
    (kind, number)
}

/// Returns whether a text is blank, or a dash that means nothing.
fn is_mark(text: &str) -> bool {
    let first = text.as_bytes().first().copied().unwrap_or(b' ');
    !first.is_ascii_alphanumeric()
        && (is_blank_text(text) || !text.chars().any(char::is_alphanumeric))
}

fn whole(value: i64) -> Option<(i64, u8)> {
    ((value.unsigned_abs() as f64) < MAX_AMOUNT).then_some((value, 0))
}

/// Returns a float as an integer and its number of decimals.
fn of_float(value: f64) -> Option<(i64, u8)> {
    let least = 1e-9 * value.abs().max(1.0);
    // Most numbers have cents.
    let scaled = value * 100.0;
    let near = (scaled + 0.5_f64.copysign(scaled)) as i64;
    if scaled.abs() < MAX_AMOUNT && (near as f64 - scaled).abs() < least && near % 10 != 0 {
        return Some((near, 2));
    }
    for places in 0..=MAX_DECIMALS {
        let power = POWERS[usize::from(places)] as f64;
        let scaled = value * power;
        if scaled.is_nan() || scaled.abs() >= MAX_AMOUNT {
            return None;
        }
        let near = (scaled + 0.5_f64.copysign(scaled)) as i64;
        if places == MAX_DECIMALS || (near as f64 - scaled).abs() < least * power {
            return Some((near, places));
        }
    }
    None
}

/// Returns the number in a text and its number of decimals: "-1,234.50", "(12,5) €", "1 200-".
pub fn number_of(text: &str, comma: bool) -> Option<(i64, u8)> {
    if let Some(number) = plain_number(text.as_bytes(), if comma { b',' } else { b'.' }) {
        return Some(number);
    }
    let first = *text.as_bytes().first()?;
    // A currency has two letters or three.
    let is_letter = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_alphabetic);
    if text.len() > 40 || first.is_ascii_alphabetic() && (!is_letter(1) || is_letter(3)) {
        return None;
    }
    if !text.is_ascii()
        && text
            .chars()
            .any(|c| matches!(c, '٠'..='٩' | '۰'..='۹' | '０'..='９' | '٫' | '٬'))
    {
        let plain: String = text.chars().map(plain_digit).collect();
        return number_of(&plain, comma);
    }
    let (text, is_negative) = without_signs(text)?;
    let (value, places) = digits_of(text, comma)?;
    Some((if is_negative { -value } else { value }, places))
}

/// Returns the number of a text that is digits with marks between thousands and a decimal mark, as most cells are:
/// "-$1,234.50".
fn plain_number(text: &[u8], decimal: u8) -> Option<(i64, u8)> {
    let unsigned = text.strip_prefix(b"-").unwrap_or(text);
    let digits = unsigned.strip_prefix(b"$").unwrap_or(unsigned);
    let is_code = digits.len() > 1 && digits[0] == b'0' && digits[1] != decimal;
    if digits.len() > 16 || is_code {
        return None;
    }
    let thousands = if decimal == b'.' { b',' } else { b'.' };
    let (mut value, mut run, mut groups, mut is_decimal) = (0_i64, 0_u8, 0, false);
    for &byte in digits {
        let is_group = if groups == 0 {
            (1..=3).contains(&run)
        } else {
            run == 3
        };
        match byte {
            b'0'..=b'9' => (value, run) = (value * 10 + i64::from(byte - b'0'), run + 1),
            _ if is_decimal => return None,
            _ if byte == decimal && run > 0 && (groups == 0 || is_group) => {
                (is_decimal, run) = (true, 0);
            }
            _ if byte == thousands && is_group => (groups, run) = (groups + 1, 0),
            _ => return None,
        }
    }
    let mut places = if is_decimal { run } else { 0 };
    if run == 0 || places > MAX_DECIMALS || groups > 0 && !is_decimal && run != 3 {
        return None;
    }
    while places > 0 && value % 10 == 0 {
        (value, places) = (value / 10, places - 1);
    }
    let value = if unsigned.len() < text.len() {
        -value
    } else {
        value
    };
    ((value as f64).abs() < MAX_AMOUNT).then_some((value, places))
}

fn plain_digit(c: char) -> char {
    let digit = |first: char| char::from(b'0' + (c as u32 - first as u32) as u8);
    match c {
        '٠'..='٩' => digit('٠'),
        '۰'..='۹' => digit('۰'),
        '０'..='９' => digit('０'),
        '٫' => '.',
        '٬' => ',',
        _ => c,
    }
}

/// Removes brackets, signs, currencies, percent signs and a footnote mark. Returns the rest, and whether the number is
/// negative.
fn without_signs(text: &str) -> Option<(&str, bool)> {
    // Bold in plain text.
    let bold = text.trim().strip_prefix("**");
    let bold = bold.and_then(|text| text.strip_suffix("**"));
    let mut text = bold.unwrap_or(text).trim();
    if let Some((before, mark)) = text.rsplit_once('\\')
        && are_digits(mark)
    {
        text = before.trim_end();
    }
    let mut is_negative = false;
    if let Some(inner) = text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'))
    {
        (text, is_negative) = (inner.trim(), true);
    }
    // A sign may be before and one after a currency, and a currency before and one after the digits.
    for _ in 0..2 {
        if let Some(rest) = text.strip_prefix(['-', '\u{2212}', '\u{2013}']) {
            (text, is_negative) = (rest.trim_start(), true);
        }
        text = text.strip_prefix('+').unwrap_or(text);
        if let Some(rest) = text.strip_suffix(['-', '\u{2212}']) {
            (text, is_negative) = (rest, true);
        }
        if text.starts_with(|c: char| c.is_ascii_digit())
            && text.ends_with(|c: char| c.is_ascii_digit())
        {
            break;
        }
        let bare = text.trim_matches(|c: char| {
            c.is_whitespace() || matches!(c, '$' | '€' | '£' | '¥' | '₹' | '₽' | '₴' | '₺')
        });
        text = bare.strip_suffix('%').unwrap_or(bare).trim_end();
        text = without_code(text)?;
    }
    (!text.is_empty()).then_some((text, is_negative))
}

/// Removes the code of a currency; returns `None` if there are other letters.
fn without_code(text: &str) -> Option<&str> {
    let mut text = text;
    if text.starts_with(char::is_alphabetic) {
        let stop = text.find(|c: char| !c.is_alphabetic())?;
        CURRENCIES.binary_search(&&text[..stop]).ok()?;
        text = text[stop..].trim_start();
    }
    if text.ends_with(char::is_alphabetic) {
        let start = text.trim_end_matches(char::is_alphabetic).len();
        CURRENCIES.binary_search(&&text[start..]).ok()?;
        text = text[..start].trim_end();
    }
    Some(text)
}

/// Reads the number that digits with marks between them stand for; returns it with its number of decimals.
fn digits_of(text: &str, comma: bool) -> Option<(i64, u8)> {
    let (mut value, mut digits, mut run) = (0_i64, 0_usize, 0_usize);
    // The last mark, the number of marks, and the number of digits before the first mark.
    let (mut last, mut marks, mut same, mut first_run) = ('\0', 0, true, 0);
    let mut bad_group = false;
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            (value, digits, run) = (
                value.checked_mul(10)?.checked_add(i64::from(digit))?,
                digits + 1,
                run + 1,
            );
            continue;
        }
        if !matches!(
            c,
            '.' | ',' | ' ' | '\'' | '’' | '\u{a0}' | '\u{202f}' | '\u{2009}'
        ) || run == 0
        {
            return None;
        }
        if marks == 0 {
            first_run = run;
        } else {
            bad_group |= run != 3;
            same &= c == last;
        }
        (last, run, marks) = (c, 0, marks + 1);
    }
    if run == 0 || value as f64 >= MAX_AMOUNT {
        return None;
    }
    if marks == 0 {
        let is_code = digits > 1 && text.starts_with('0');
        return (!is_code).then_some((value, 0));
    }
    bad_group |= marks > 1 && first_run > 3;
    let decimal = if comma { ',' } else { '.' };
    let is_decimal = matches!(last, '.' | ',')
        && (marks == 1 || !same)
        && (last == decimal || run != 3 || first_run > 3);
    if bad_group || (!is_decimal && (run != 3 || first_run > 3 || !same && marks > 1)) {
        return None;
    }
    if !is_decimal {
        return Some((value, 0));
    }
    let mut places = run;
    while places > 0 && (value % 10 == 0 || places > usize::from(MAX_DECIMALS)) {
        (value, places) = (value / 10, places - 1);
    }
    Some((value, places as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn numbers_are_read_as_they_are_written() {
        for (text, comma, wanted) in [
            ("1234", false, Some((1234, 0))), ("1,234.50", false, Some((12345, 1))),
            ("1.234,56", true, Some((123_456, 2))), ("(12.25)", false, Some((-1225, 2))),
            ("€ 1 200,00-", true, Some((-1200, 0))), ("-$19.90", false, Some((-199, 1))),
            ("1 250 CZK", true, Some((1250, 0))), ("19,90", false, Some((199, 1))), ("1.250", true, Some((1250, 0))),
            ("12 %", false, Some((12, 0))), ("43 \\2", false, Some((43, 0))), ("١٢٫٥", false, Some((125, 1))),
            ("00421", false, None), ("31.01.2024", false, None), ("2024-01-31", false, None),
            ("TVA 25 %", false, None), ("12 34", false, None), ("K-17", false, None),
        ] {
            assert_eq!(number_of(text, comma), wanted, "{text}");
        }
        assert!(CURRENCIES.is_sorted());
        assert_eq!(of_float(1309.5), Some((13095, 1)));
        assert_eq!(of_float(0.1 + 0.2), Some((3, 1)));
        assert_eq!(of_float(f64::NAN), None);
    }
}
