//! What one cell holds, by its text alone.

use super::scan::Scan;
use super::words;

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    Number = 0,
    Percent = 1,
    Money = 2,
    Date = 3,
    Time = 4,
    YesNo = 5,
    Link = 6,
    /// Letters and digits in one word.
    Code = 7,
    /// A few words.
    Words = 8,
    Sentence = 9,
    /// Nothing, or a sign that stands for nothing.
    Missing = 10,
}

impl Kind {
    /// How many kinds of values there are.
    pub const COUNT: usize = 10;

    pub fn is_number(self) -> bool {
        matches!(self, Self::Number | Self::Percent | Self::Money)
    }

    pub fn is_text(self) -> bool {
        matches!(self, Self::Code | Self::Words | Self::Sentence)
    }
}

/// How alike two kinds are: money is a number, and a sentence is text as words are.
pub fn likeness(one: usize, other: usize) -> f64 {
    match (one.min(other), one.max(other)) {
        (a, b) if a == b => 1.0,
        (0, 1) | (5, 8) => 0.4,
        (0, 2) | (7, 8) => 0.5,
        (8, 9) => 0.6,
        (0, 7) => 0.2,
        (3, 4) => 0.3,
        (3, 8) => 0.1,
        _ => 0.0,
    }
}

/// What a cell was read as.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    pub kind: Kind,
    pub number: Option<f64>,
}

impl Reading {
    /// Reads a trimmed text, given in small letters too.
    pub fn of(text: &str, low: &str) -> Self {
        let plain = |kind| Self { kind, number: None };
        if words::is_missing(low) {
            return plain(Kind::Missing);
        }
        let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
        if has_digit && text.len() <= 160 && text.chars().count() <= 40 {
            if let Some((kind, number)) = amount(low) {
                let number = Some(number);
                return Self { kind, number };
            }
            if is_time(low) {
                return plain(Kind::Time);
            }
            if is_date(low) {
                return plain(Kind::Date);
            }
        }
        plain(kind_of_text(text, low, has_digit))
    }
}

fn kind_of_text(text: &str, low: &str, has_digit: bool) -> Kind {
    if words::is_yes_or_no(low) {
        return Kind::YesNo;
    }
    if is_link(low) {
        return Kind::Link;
    }
    let count = text.split_whitespace().take(5).count();
    if count == 1 && has_digit && text.chars().any(char::is_alphabetic) {
        return Kind::Code;
    }
    let is_short = text.len() <= 48 || text.len() <= 192 && text.chars().count() <= 48;
    if count <= 4 && is_short {
        Kind::Words
    } else {
        Kind::Sentence
    }
}

fn is_link(low: &str) -> bool {
    if low.starts_with("http:") || low.starts_with("https:") || low.starts_with("www.") {
        return true;
    }
    let Some((name, host)) = low.split_once('@') else {
        return false;
    };
    let is_name = |c: char| c.is_alphanumeric() || "_.+-".contains(c);
    let host = host.split_once('.').map_or("", |(host, _)| host);
    let is_host = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    !name.is_empty() && name.chars().all(is_name) && !host.is_empty() && host.chars().all(is_host)
}

/// A number with what may stand around it: brackets, a per cent sign, a currency, signs of notes.
fn amount(low: &str) -> Option<(Kind, f64)> {
    let mut bare = low.to_owned();
    if let Some(inner) = low
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'))
    {
        bare = format!("-{inner}");
    }
    let mut kind = Kind::Number;
    if bare.contains('%') {
        kind = Kind::Percent;
        bare = bare.replace('%', "").trim().to_owned();
    } else if let Some(without) = without_currency(&bare) {
        kind = Kind::Money;
        bare = without;
    }
    let bare = bare.trim_start_matches(|c: char| "#~*<>≈ ".contains(c));
    let bare = bare.trim_end_matches(|c: char| "*† ".contains(c));
    is_figure(bare)
        .then(|| value_of(bare))
        .flatten()
        .map(|value| (kind, value))
}

/// The text without its currency and the word that multiplies it; nothing where it has no currency.
fn without_currency(text: &str) -> Option<String> {
    let is_sign = |c: char| "$€£¥₹".contains(c);
    let mut left = text.replace(is_sign, "");
    let named = words::words_of(&left).find(|word| words::is_currency(word));
    let at = named.map(|word| (word.as_ptr() as usize - left.as_ptr() as usize, word.len()));
    if let Some((at, length)) = at {
        let dot = usize::from(left[at + length..].starts_with('.'));
        left.replace_range(at..at + length + dot, "");
    } else if left.len() == text.len() {
        return None;
    }
    let left = left.trim();
    let short = left.strip_suffix('.').unwrap_or(left);
    let scaled = words::scales()
        .iter()
        .find_map(|scale| short.strip_suffix(scale));
    Some(scaled.map_or(left, str::trim_end).to_owned())
}

/// Whether these are digits with signs that numbers have among them.
fn is_figure(text: &str) -> bool {
    let body = text.strip_prefix(['-', '+', '−', '–']).unwrap_or(text);
    let body = without_power(body);
    let mut chars = body.chars();
    match chars.next() {
        Some(first) if first.is_ascii_digit() => {
            chars.all(|c| c.is_ascii_digit() || ",.'’ \u{a0}".contains(c))
        }
        Some('.' | ',') => body.len() > 1 && chars.all(|c| c.is_ascii_digit()),
        _ => false,
    }
}

/// The text without a power of ten at its end, such as e-5.
fn without_power(text: &str) -> &str {
    let Some((body, power)) = text.rsplit_once('e') else {
        return text;
    };
    let digits = power.strip_prefix(['-', '+']).unwrap_or(power);
    let is_power = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_power { body } else { text }
}

fn value_of(text: &str) -> Option<f64> {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '−' | '–' => clean.push('-'),
            '\'' | '’' | ' ' | '\u{a0}' => {}
            other => clean.push(other),
        }
    }
    let commas = clean.matches(',').count();
    match (clean.rfind(','), clean.rfind('.')) {
        (Some(comma), Some(point)) if point > comma => clean = clean.replace(',', ""),
        (Some(_), Some(_)) => clean = clean.replace('.', "").replace(',', "."),
        (Some(_), None) if commas > 1 || has_thousands(&clean) => clean = clean.replace(',', ""),
        (Some(_), None) => clean = clean.replace(',', "."),
        // 31.5.24 is a date.
        (None, Some(_)) if clean.matches('.').count() > 1 => {
            let grouped = clean.replace('.', ",");
            if !has_thousands(&grouped) {
                return None;
            }
            clean = clean.replace('.', "");
        }
        _ => {}
    }
    clean.parse().ok().filter(|value: &f64| value.is_finite())
}

/// Whether commas stand before each three digits.
pub fn has_thousands(text: &str) -> bool {
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = body.split(',');
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let first = parts.next().unwrap_or_default();
    let mut rest = parts.peekable();
    (1..=3).contains(&first.len())
        && is_digits(first)
        && rest.peek().is_some()
        && rest.all(|part| part.len() == 3 && is_digits(part))
}

/// A time of a day, or a span of two.
fn is_time(low: &str) -> bool {
    let mut scan = Scan::new(low);
    if scan.digits(1, 2).is_none() {
        return false;
    }
    let mut has_minutes = false;
    for _ in 0..2 {
        let mut ahead = scan;
        if ahead.sign(":.") && ahead.digits(2, 2).is_some() {
            scan = ahead;
            has_minutes = true;
        }
    }
    scan.skip(" ");
    let has_half = scan.one_of(&["a.m.", "p.m.", "a.m", "p.m", "am.", "pm.", "am", "pm"]);
    scan.skip(" ");
    if scan.at_end() {
        // "12.50" is a number, which was looked for before.
        return has_minutes || has_half;
    }
    has_minutes && scan.sign("-–") && {
        scan.skip(" ");
        scan.digits(1, 2).is_some() && scan.sign(":.") && scan.digits(2, 2).is_some()
    }
}

/// A date, with a time behind it or without.
pub fn is_date(low: &str) -> bool {
    let mut scan = Scan::new(low);
    skip_weekday(&mut scan);
    [date_in_digits, date_by_day, date_by_month]
        .iter()
        .any(|read| {
            let mut ahead = scan;
            read(&mut ahead) && ends_date(ahead)
        })
}

fn skip_weekday(scan: &mut Scan<'_>) {
    let letters: String = scan
        .rest()
        .chars()
        .take_while(|c| c.is_alphabetic())
        .collect();
    if words::is_day(&letters) {
        scan.one_of(&[&letters]);
        scan.skip("., ");
    }
}

/// 2024-05-31, 31.5.24, 5/31/2024
fn date_in_digits(scan: &mut Scan<'_>) -> bool {
    let mut part = |most| {
        let is_there = scan.digits(1, most).is_some();
        scan.skip(" ");
        is_there.then(|| scan.sign("-/.")).inspect(|_| {
            scan.skip(" ");
        })
    };
    part(4) == Some(true) && part(2) == Some(true) && scan.digits(1, 4).is_some()
}

/// 31 May, 31. Mai 2024
fn date_by_day(scan: &mut Scan<'_>) -> bool {
    if scan.digits(1, 2).is_none() {
        return false;
    }
    scan.one_of(&["st", "nd", "rd", "th"]);
    scan.skip("- ./");
    if scan.month().is_none() {
        return false;
    }
    let mut ahead = *scan;
    ahead.skip("- .,/'");
    if ahead.digits(2, 4).is_some() {
        *scan = ahead;
    } else {
        scan.sign(".");
    }
    true
}

/// May 31, May 31st, 2024, May 2024
fn date_by_month(scan: &mut Scan<'_>) -> bool {
    if scan.month().is_none() {
        return false;
    }
    scan.skip("- .,");
    if scan.digits(4, 4).is_some() {
        return true;
    }
    if scan.digits(1, 2).is_none() {
        return false;
    }
    scan.one_of(&["st", "nd", "rd", "th"]);
    let mut ahead = *scan;
    if ahead.skip(" ,") {
        ahead.sign("'");
        if ahead.digits(2, 4).is_some_and(|digits| !digits.is_empty())
            && !ahead.rest().starts_with([':', '.'])
        {
            *scan = ahead;
        }
    }
    true
}

/// Whether a date ends here, or a time or a remark in brackets follows.
fn ends_date(mut scan: Scan<'_>) -> bool {
    let mut ahead = scan;
    if ahead.skip("t ")
        && ahead.digits(1, 2).is_some()
        && ahead.sign(":.")
        && ahead.digits(2, 2).is_some()
    {
        return true;
    }
    scan.skip(" ");
    scan.at_end() || scan.rest().starts_with('(') && scan.rest().ends_with(')')
}

/// The outline of a text: runs of digits are one digit, runs of letters one letter. "C1.1, C2" is like "B3.4, A9".
pub fn outline(text: &str) -> u64 {
    let mut hash = Hash::new();
    let (mut before, mut words, mut is_spaced) = (' ', 0, false);
    for c in text.chars().take(60) {
        if c.is_alphabetic() {
            if before == 'a' {
                continue;
            }
            // Words in a row are as two words.
            words = if is_spaced { words + 1 } else { 1 };
            if words <= 2 {
                hash.add(if is_spaced {
                    u32::from('b')
                } else {
                    u32::from('a')
                });
            }
            (before, is_spaced) = ('a', false);
        } else if c.is_whitespace() {
            is_spaced = words > 0;
            before = ' ';
        } else {
            let class = if c.is_numeric() { '9' } else { c };
            if is_spaced {
                hash.add(u32::from(' '));
            }
            if !(class == '9' && before == '9') {
                hash.add(u32::from(class));
            }
            (before, words, is_spaced) = (class, 0, false);
        }
    }
    hash.end()
}

/// A small hash that is the same on all machines.
pub struct Hash(u64);

impl Hash {
    pub fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub fn add(&mut self, value: u32) {
        self.0 = (self.0 ^ u64::from(value)).wrapping_mul(0x0100_0000_01b3);
    }

    pub fn end(&self) -> u64 {
        let mixed = self.0 ^ (self.0 >> 29);
        mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (mixed >> 32)
    }

    /// Of a text in small letters.
    pub fn of(low: &str) -> u64 {
        let mut hash = Self::new();
        low.chars().for_each(|c| hash.add(u32::from(c)));
        hash.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Kind {
        Reading::of(text, &text.to_lowercase()).kind
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let number = |text: &str| Reading::of(text, &text.to_lowercase()).number;
        assert_eq!(number("1,250.50"), Some(1250.5));
        assert_eq!(number("1.250,50"), Some(1250.5));
        assert_eq!(number("(300)"), Some(-300.0));
        assert_eq!(number("12 %"), Some(12.0));
        assert_eq!(number("$ 1.5 million"), Some(1.5));
        assert_eq!(number("80 EUR"), Some(80.0));
        assert_eq!(kind("80 EUR"), Kind::Money);
    }

    #[rustfmt::skip]
    #[test]
    fn dates_and_times_are_told_from_numbers_and_words() {
        for date in [
            "2024-05-31", "31.5.24", "31 May 2024", "May 31, 2024", "Mon, 3 Jun", "2024-05-31 12:30",
        ] {
            assert_eq!(kind(date), Kind::Date, "{date}");
        }
        assert_eq!(kind("12:30 pm"), Kind::Time);
        assert_eq!(kind("Market 12"), Kind::Words);
        assert_eq!(kind("AB12"), Kind::Code);
        assert_eq!(kind("ann@example.org"), Kind::Link);
    }

    #[test]
    fn outlines_forget_which_letters_and_digits() {
        assert_eq!(outline("C1.1, C2"), outline("B3.4, A9"));
        assert_ne!(outline("C1"), outline("C"));
    }
}
