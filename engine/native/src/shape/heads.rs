//! Reads single headers: is a header a value itself, such as a year or a month, or the name of a field?

use crate::fields::series::HeaderSeries;
use crate::layout::kinds::{self, CellKind};
use crate::layout::words::said;
use crate::words::cut::{are_digits, fold};
use crate::words::data::{LISTS, WordList};
use crate::words::lexicon::MonthWord;

/// A kind of headers that are values rather than names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Series {
    Years,
    Months,
    Quarters,
    Weekdays,
    Dates,
    /// Numbers with the word of a period, such as "Week 12".
    Periods(String),
    Ordinals,
    Ranges,
    Numbers,
    Letters,
    Sizes,
    /// Texts in which a number, a letter or a month varies.
    Pattern(String),
}

/// The words for counted parts of a year.
static PERIODS: WordList = WordList::new(|| LISTS.words("parts of a year"));
static SIZES: WordList = WordList::new(|| LISTS.words("sizes"));

impl Series {
    /// Returns the series that a header may belong to.
    pub fn parse(header: &str) -> Option<Self> {
        let low = fold(header)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let tokens = tokens(&low);
        let words: Vec<&str> = tokens
            .iter()
            .filter(|token| is_word(token))
            .map(String::as_str)
            .collect();
        if low.is_empty() {
            None
        } else if HeaderSeries::Years.has(&low) {
            Some(Self::Years)
        } else if HeaderSeries::Months.has(header) {
            Some(Self::Months)
        } else if HeaderSeries::Quarters.has(&low) {
            Some(Self::Quarters)
        } else if HeaderSeries::Weekdays.has(header) {
            Some(Self::Weekdays)
        } else if kinds::kind_of(kinds::trim(header)) == CellKind::Date {
            Some(Self::Dates)
        } else if are_digits(low.trim_start_matches('#')) && low.len() < 10 {
            Some(Self::Numbers)
        } else if let [number, "st" | "nd" | "rd" | "th", rest @ ..] = &words[..]
            && are_digits(number)
            && rest.len() < 2
        {
            Some(Self::Ordinals)
        } else if kinds::is_range(&low.replace(' ', "")) {
            Some(Self::Ranges)
        } else if SIZES.contains(&low.as_str()) {
            Some(Self::Sizes)
        } else if low.len() == 1 && low.as_bytes()[0].is_ascii_lowercase() {
            Some(Self::Letters)
        } else {
            let pattern = pattern(&tokens)?;
            let is_period = words.iter().any(|word| PERIODS.contains(word));
            Some(if is_period {
                Self::Periods(pattern)
            } else {
                Self::Pattern(pattern)
            })
        }
    }

    /// Returns whether the headers are times.
    pub fn is_time(&self) -> bool {
        matches!(
            self,
            Self::Years
                | Self::Months
                | Self::Quarters
                | Self::Weekdays
                | Self::Dates
                | Self::Periods(_)
        )
    }

    /// Returns the plural noun for the series.
    pub fn plural(&self) -> &'static str {
        match self {
            Self::Years => "years",
            Self::Months => "months",
            Self::Quarters => "quarters",
            Self::Weekdays => "days of the week",
            Self::Dates => "dates",
            Self::Periods(_) => "periods",
            Self::Ordinals => "ordinals",
            Self::Ranges => "ranges",
            Self::Numbers => "numbers",
            Self::Letters => "single letters",
            Self::Sizes => "sizes",
            Self::Pattern(_) => "texts that differ in one part",
        }
    }
}

/// The words that mark adjacent amounts as different measures.
static MEASURES: WordList = WordList::new(|| LISTS.words("measures"));

/// Returns whether a word distinguishes measures, such as debit and credit.
pub fn is_measure(word: &str) -> bool {
    MEASURES.contains(&word)
}

/// Returns whether a header names a field, as "Unit price" does.
pub fn names_field(header: &str) -> bool {
    let low = header.to_lowercase();
    let mut words = low.split(|c: char| !c.is_alphanumeric());
    let has_measure = words.any(is_measure);
    (said(header).header || has_measure) && header.split_whitespace().count() <= 5
}

/// Returns whether a header is a total.
pub fn is_total(header: &str) -> bool {
    let low = header.to_lowercase();
    said(header).total || low.contains(['ø', '∑']) || ["ytd", "all", "change"].contains(&low.trim())
}

fn is_word(token: &str) -> bool {
    token.chars().next().is_some_and(char::is_alphanumeric)
}

/// Splits a text into runs of letters, runs of digits, and single other characters.
pub fn tokens(low: &str) -> Vec<String> {
    let class = |c: char| {
        if c.is_numeric() {
            1
        } else {
            2 * usize::from(c.is_alphabetic())
        }
    };
    let mut tokens: Vec<String> = Vec::new();
    let mut before = 0;
    for c in low.chars() {
        match tokens.last_mut() {
            Some(token) if class(c) == before && before > 0 => token.push(c),
            _ if c.is_whitespace() => {}
            _ => tokens.push(c.to_string()),
        }
        before = class(c);
    }
    tokens
}

fn is_year_token(token: &str) -> bool {
    kinds::year(token).is_some_and(|year| year < 2100)
}

fn is_month_name(token: &str) -> bool {
    token.chars().count() > 2 && MonthWord::parse(token).is_some()
}

/// Returns the mark of a token that varies in a series.
pub fn mark(token: &str) -> Option<&'static str> {
    let mut chars = token.chars();
    let first = chars.next()?;
    if is_year_token(token) {
        Some("<year>")
    } else if is_month_name(token) {
        Some("<month>")
    } else if first.is_numeric() {
        Some("<n>")
    } else {
        (first.is_alphabetic() && chars.next().is_none()).then_some("<letter>")
    }
}

/// Returns whether a text has a number, a month or a year, which can distinguish groups.
pub fn is_counted(text: &str) -> bool {
    let tokens = tokens(text);
    tokens
        .iter()
        .filter_map(|token| mark(token))
        .any(|mark| mark != "<letter>")
}

/// Returns the tokens with a mark in place of each varying one, or `None` if nothing varies.
pub fn pattern(tokens: &[String]) -> Option<String> {
    let marks: Vec<Option<&str>> = tokens.iter().map(|token| mark(token)).collect();
    marks.iter().any(Option::is_some).then(|| {
        let marked = tokens
            .iter()
            .zip(marks)
            .map(|(token, mark)| mark.unwrap_or(token));
        marked.collect::<Vec<_>>().join(" ")
    })
}
