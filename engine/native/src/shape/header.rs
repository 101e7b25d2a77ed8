//! What one header says: whether it is a value itself, such as a year or a month, or the name of a field.

use super::reading::is_date;
use super::scan::Scan;
use super::words;

/// What a header is when it is a value rather than a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Year,
    Month,
    Quarter,
    Weekday,
    Date,
    /// A number with the word of a period, such as "Week 12".
    Period,
    Ordinal,
    Range,
    Integer,
    Letter,
    Size,
}

impl Class {
    pub fn is_time(self) -> bool {
        matches!(
            self,
            Self::Year | Self::Month | Self::Quarter | Self::Weekday | Self::Date | Self::Period
        )
    }

    /// What several of them are called.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Year => "years",
            Self::Month => "months",
            Self::Quarter => "quarters",
            Self::Weekday => "days of the week",
            Self::Date => "dates",
            Self::Period => "periods",
            Self::Ordinal => "ordinals",
            Self::Range => "ranges",
            Self::Integer => "numbers",
            Self::Letter => "single letters",
            Self::Size => "sizes",
        }
    }
}

/// What varies in a header with other words around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Year,
    Month,
    Number,
    Letter,
}

impl Part {
    fn of(token: &str) -> Option<Self> {
        if words::is_year(token) {
            return Some(Self::Year);
        }
        if words::month(token).is_some() {
            return Some(Self::Month);
        }
        let mut chars = token.chars();
        let first = chars.next()?;
        if first.is_numeric() {
            return Some(Self::Number);
        }
        (first.is_alphabetic() && chars.next().is_none()).then_some(Self::Letter)
    }

    fn mark(self) -> &'static str {
        match self {
            Self::Year => "<year>",
            Self::Month => "<month>",
            Self::Number => "<n>",
            Self::Letter => "<letter>",
        }
    }
}

/// A header, read.
#[derive(Clone, Debug)]
pub struct Header {
    /// In small letters, without the number of a repeated header.
    pub low: String,
    /// The number that tells a repeated header from the first one: "Name.1".
    pub twin: Option<String>,
    pub tokens: Vec<String>,
    /// What each token is, where it is one of the parts that vary in a series.
    pub parts: Vec<Option<Part>>,
    pub class: Option<Class>,
    /// The tokens with a mark in place of what varies; nothing where nothing does.
    pub pattern: Option<String>,
    /// Whether it is a total.
    pub is_total: bool,
    /// Whether it has a word that names a field.
    pub is_field: bool,
}

impl Header {
    pub fn of(text: &str) -> Self {
        let clean = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let low = clean.to_lowercase();
        let low = if is_made_up(&low) { String::new() } else { low };
        let (low, twin) = match split_twin(&low) {
            Some((name, number)) => (name.to_owned(), Some(number.to_owned())),
            None => (low, None),
        };
        let tokens = tokens_of(&low);
        let parts: Vec<Option<Part>> = tokens.iter().map(|token| Part::of(token)).collect();
        let varies = parts.iter().any(Option::is_some);
        let class = class_of(&low).or_else(|| {
            let is_period = varies && tokens.iter().any(|token| words::is_period(token));
            is_period.then_some(Class::Period)
        });
        let named: Vec<&String> = tokens
            .iter()
            .filter(|token| token.chars().all(char::is_alphabetic))
            .collect();
        let is_total = low.contains(['ø', '∑']) || words::words_of(&low).any(words::is_total);
        Self {
            pattern: varies.then(|| pattern_of(&tokens, &parts)),
            is_field: named.len() <= 5 && named.iter().any(|word| words::is_field(word)),
            is_total,
            class,
            parts,
            tokens,
            twin,
            low,
        }
    }

    /// Whether it is a value rather than a name.
    pub fn is_value(&self) -> bool {
        self.class.is_some()
    }

    /// Whether it is a time, or has one in it.
    pub fn is_timed(&self) -> bool {
        let has_time = |part: &Option<Part>| matches!(part, Some(Part::Year | Part::Month));
        self.class.is_some_and(Class::is_time) || self.parts.iter().any(has_time)
    }

    /// Whether it names a field and is no value.
    pub fn names_field(&self) -> bool {
        self.is_field && !self.is_value()
    }
}

/// What libraries write in place of a header that is not there: "Unnamed: 3".
fn is_made_up(low: &str) -> bool {
    let Some(rest) = low.strip_prefix("unnamed: ") else {
        return false;
    };
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.is_empty() || rest.starts_with("_level_")
}

fn split_twin(low: &str) -> Option<(&str, &str)> {
    let (name, number) = low.rsplit_once('.')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = name.chars().next_back().is_some_and(|c| !c.is_numeric());
    (is_number && is_name).then_some((name, number))
}

/// Runs of letters, numbers with their fraction, and each other sign for itself.
fn tokens_of(low: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = low;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_numeric() {
            number_length(rest)
        } else if first.is_alphabetic() {
            rest.find(|c: char| !c.is_alphabetic())
                .unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        if !first.is_whitespace() {
            tokens.push(rest[..length].to_owned());
        }
        rest = &rest[length..];
    }
    tokens
}

fn number_length(text: &str) -> usize {
    let digits = |text: &str| text.find(|c: char| !c.is_numeric()).unwrap_or(text.len());
    let whole = digits(text);
    let fraction = text[whole..].strip_prefix('.').map_or(0, digits);
    if fraction > 0 {
        whole + 1 + fraction
    } else {
        whole
    }
}

fn pattern_of(tokens: &[String], parts: &[Option<Part>]) -> String {
    let marks = tokens.iter().zip(parts).map(|(token, part)| match part {
        Some(part) => part.mark(),
        None => token,
    });
    marks.collect::<Vec<_>>().join(" ")
}

/// The class of a header that is a value as a whole.
fn class_of(low: &str) -> Option<Class> {
    if low.is_empty() || low.len() > 60 {
        return None;
    }
    type Reads = fn(&str) -> bool;
    const CLASSES: [(Class, Reads); 9] = [
        (Class::Year, is_year),
        (Class::Month, is_month),
        (Class::Quarter, is_quarter),
        (Class::Ordinal, is_ordinal),
        (Class::Range, is_range),
        (Class::Integer, is_integer),
        (Class::Letter, is_letter),
        (Class::Weekday, is_weekday),
        (Class::Size, words::is_size),
    ];
    let found = CLASSES.iter().find(|(_, reads)| reads(low));
    let class = found.map(|(class, _)| *class);
    if matches!(class, None | Some(Class::Range)) && is_date_header(low) {
        return Some(Class::Date);
    }
    class.filter(|class| *class != Class::Integer || low.len() <= 9)
}

fn is_weekday(low: &str) -> bool {
    words::is_day(low.trim_end_matches('.'))
}

fn is_date_header(low: &str) -> bool {
    low.bytes().any(|byte| byte.is_ascii_digit()) && low.len() <= 40 && is_date(low)
}

/// 2024, FY 2024, 2024/25
fn is_year(low: &str) -> bool {
    let mut scan = Scan::new(low);
    scan.one_of(&["fy", "cy", "ay", "gj"]);
    scan.skip(" ");
    scan.sign("'");
    let Some(year) = scan.year() else {
        return false;
    };
    let mut ahead = scan;
    ahead.sign(" ");
    if ahead.sign("/-") {
        ahead.sign(" ");
        let second = ahead.year().or_else(|| ahead.digits(2, 2));
        if second.is_some_and(|second| ends_span(year, second)) {
            scan = ahead;
        }
    }
    scan.skip(" ");
    scan.sign("aefpb");
    scan.sign("*");
    scan.at_end()
}

/// Whether a span of years may end so: 2024/25, but 2024-01 is a month.
fn ends_span(year: &str, second: &str) -> bool {
    let number = |text: &str| text.parse::<u16>().unwrap_or(0);
    let is_next = (number(year) + 1) % 100 == number(second) % 100;
    second.len() == 4 || is_next || !(1..=12).contains(&number(second))
}

/// Jan, Jan 2024, 2024-01, 01/2024
fn is_month(low: &str) -> bool {
    let in_year = |scan: &mut Scan<'_>| {
        let digits = scan
            .digits(1, 2)
            .and_then(|digits| digits.parse::<u8>().ok());
        digits.is_some_and(|month| (1..=12).contains(&month))
    };
    let by_name = |mut scan: Scan<'_>| {
        if scan.month().is_none() {
            return false;
        }
        scan.sign(".");
        if scan.at_end() {
            return true;
        }
        scan.skip("- /.'");
        scan.short_year() && scan.at_end()
    };
    let by_year = |mut scan: Scan<'_>| {
        scan.year().is_some() && scan.sign("- /.") && {
            let mut named = scan;
            named.month().is_some() && named.at_end() || in_year(&mut scan) && scan.at_end()
        }
    };
    let by_number = |mut scan: Scan<'_>| {
        in_year(&mut scan) && scan.sign("-/.") && scan.year().is_some() && scan.at_end()
    };
    let in_characters = |mut scan: Scan<'_>| {
        let mut ahead = scan;
        if ahead.digits(2, 4).is_some() && ahead.sign("年") {
            scan = ahead;
        }
        in_year(&mut scan) && scan.sign("月") && scan.at_end()
    };
    let scan = Scan::new(low);
    by_name(scan) || by_year(scan) || by_number(scan) || in_characters(scan)
}

/// Q1, 1Q, 1. Quartal, H2 2024, 2024-Q1
fn is_quarter(low: &str) -> bool {
    const SHORT: &[&str] = &["q1", "q2", "q3", "q4", "h1", "h2", "1q", "2q", "3q", "4q"];
    let mut scan = Scan::new(low);
    let mut behind = scan;
    if behind.year().is_some() {
        behind.skip("- /");
        if behind.one_of(&SHORT[..6]) && behind.at_end() {
            return true;
        }
    }
    if !scan.one_of(SHORT) {
        if !scan.one_of(&["1", "2", "3", "4"]) {
            return false;
        }
        scan.sign(".");
        scan.sign(" ");
        if !scan.one_of(&["quartal", "quarter", "qtr"]) {
            return false;
        }
    }
    if scan.at_end() {
        return true;
    }
    scan.skip("- /'");
    let is_year = scan.short_year();
    if scan.sign("/-") {
        return is_year && scan.digits(1, 4).is_some() && scan.at_end();
    }
    is_year && scan.at_end()
}

fn is_ordinal(low: &str) -> bool {
    let mut scan = Scan::new(low);
    scan.digits(1, 9).is_some() && scan.one_of(&["st", "nd", "rd", "th"]) && scan.at_end()
}

/// <10, 10-20, 10+, 25 %
fn is_range(low: &str) -> bool {
    let mut scan = Scan::new(low);
    if scan.skip("<>≥≤=") {
        scan.skip(" ");
        scan.sign("$€£");
        return scan.figure() && {
            scan.sign("%");
            scan.at_end()
        };
    }
    scan.sign("$€£");
    if !scan.figure() {
        return false;
    }
    scan.skip(" ");
    let mut alone = scan;
    if alone.sign("+%") && alone.at_end() {
        return true;
    }
    if !(scan.sign("-–") || scan.one_of(&["to", "bis"])) {
        return false;
    }
    scan.skip(" <>≥≤");
    scan.sign("$€£");
    scan.figure() && {
        scan.sign("%");
        scan.at_end()
    }
}

fn is_integer(low: &str) -> bool {
    let text = low.strip_prefix('#').unwrap_or(low);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    is_digits(whole) && is_digits(fraction)
}

fn is_letter(low: &str) -> bool {
    low.len() == 1 && low.as_bytes()[0].is_ascii_lowercase()
}

/// The share of words that two headers have in common at their beginnings and ends.
pub fn in_common(one: &[String], other: &[String]) -> f64 {
    let limit = one.len().min(other.len());
    let front = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let ends = one.iter().rev().zip(other.iter().rev()).take(limit - front);
    let back = ends.take_while(|(a, b)| a == b).count();
    let is_word = |token: &&String| token.chars().next().is_some_and(char::is_alphanumeric);
    let words = |tokens: &[String]| tokens.iter().filter(is_word).count();
    let same = words(&one[..front]) + words(&one[one.len() - back..]);
    same as f64 / words(one).max(words(other)).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(text: &str) -> Option<Class> {
        Header::of(text).class
    }

    #[rustfmt::skip]
    #[test]
    fn headers_that_are_values_have_a_class() {
        let cases = [
            ("2024", Class::Year), ("FY 2024", Class::Year), ("2024/25", Class::Year), ("Jan", Class::Month),
            ("März 24", Class::Month), ("2024-01", Class::Month), ("Q3", Class::Quarter), ("2024 Q1", Class::Quarter),
            ("3rd", Class::Ordinal), ("10-20", Class::Range), ("> 65", Class::Range), ("12", Class::Integer),
            ("Mon", Class::Weekday), ("31.05.2024", Class::Date), ("Week 12", Class::Period), ("XL", Class::Size),
        ];
        for (text, expected) in cases {
            assert_eq!(class(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn names_of_fields_are_no_values() {
        for text in ["Customer", "Invoice number", "Unit price", "Marketing"] {
            assert_eq!(class(text), None, "{text}");
        }
        assert!(Header::of("Unit price").names_field());
        assert!(!Header::of("Lakeside").names_field());
    }

    #[test]
    fn what_varies_is_marked() {
        let header = Header::of("Speaker 1 Name");
        assert_eq!(header.pattern.as_deref(), Some("speaker <n> name"));
        assert_eq!(Header::of("Phone.1").twin.as_deref(), Some("1"));
    }

    #[test]
    fn words_in_common_are_those_at_both_ends() {
        let tokens = |text| Header::of(text).tokens;
        assert!(
            (in_common(&tokens("sales plan net"), &tokens("sales actual net")) - 2.0 / 3.0).abs()
                < 1e-9
        );
    }
}
