//! Recognizes headers that are values themselves: months, quarters, years, weeks, dates, days of the week, numbers.
//!
//! Names of months and of days are those that readers of dates know, in some forty languages.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use regex::Regex;

use super::dates::date;
use super::reading::ColumnContext;
use crate::cells::calendar::{civil_from_days, days_from_civil};
use crate::columns::view::ColumnValue;
use crate::words::cut::{are_digits, fold};
use crate::words::data::LISTS;

const YEAR: &str = "(?:(?:19|20|21)[0-9]{2})";
/// The years that a header may name.
const YEARS: RangeInclusive<u32> = 1900..=2199;
/// The maximum number of characters in a header of a series.
const MAX_CHARS: usize = 40;
/// The maximum number of characters in a header that is taken for one of a series unasked, and in the name of a month.
const MAX_CHARS_AT_SIGHT: usize = 20;
const MAX_NAME_CHARS: usize = 12;
/// The characters that may surround the name of a month.
const AROUND_NAMES: &str = "0123456789 -/.,'’";

/// A series of times or numbers that headers form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderSeries {
    Months,
    Quarters,
    Years,
    Weeks,
    Dates,
    Weekdays,
    Numbers,
}

impl HeaderSeries {
    /// All series, with their names in configurations.
    const NAMES: [(Self, &str); 7] = [
        (Self::Months, "months"),
        (Self::Quarters, "quarters"),
        (Self::Years, "years"),
        (Self::Weeks, "weeks"),
        (Self::Dates, "dates"),
        (Self::Weekdays, "weekdays"),
        (Self::Numbers, "numbers"),
    ];

    pub fn parse(name: &str) -> Option<Self> {
        let mut all = Self::NAMES.into_iter();
        all.find(|(_, known)| *known == name)
            .map(|(series, _)| series)
    }

    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].1
    }

    /// Returns whether a header belongs to the series.
    pub fn has(self, header: &str) -> bool {
        if header.is_empty() || header.chars().count() > MAX_CHARS {
            return false;
        }
        match self {
            Self::Months => is_month(header),
            Self::Quarters => QUARTER.is_match(&fold(header)),
            Self::Years => YEAR_ALONE.is_match(&fold(header)),
            Self::Weeks => WEEK.is_match(&fold(header)),
            Self::Dates => {
                header.contains(char::is_numeric)
                    && !NUMBER.is_match(header)
                    && !MONTH_IN_DIGITS.is_match(header)
                    && is_date(header)
            }
            Self::Weekdays => is_weekday(header),
            Self::Numbers => NUMBER.is_match(header),
        }
    }

    /// Returns whether a header that is a date belongs to the series: a date at the edge of a month or year names that month or
    /// year.
    pub fn has_day(self, year: i64, month: i64, day: i64) -> bool {
        let days = days_from_civil(year, month, day);
        let is_last = days.is_some_and(|days| civil_from_days(days + 1).2 == 1);
        match self {
            Self::Dates => true,
            Self::Months => day == 1 || is_last,
            Self::Years => matches!((month, day), (1, 1) | (12, 31)),
            _ => false,
        }
    }

    /// Returns whether a header of the series contains a year. The two digits of KW 12 are the week.
    pub fn has_year(self, header: &str) -> bool {
        let stands_alone = |(before, after): (Option<char>, Option<char>)| {
            let is_digit = |c: Option<char>| c.is_some_and(char::is_numeric);
            !is_digit(before) && !is_digit(after)
        };
        years(header).any(|(_, around)| stands_alone(around))
            || self != Self::Weeks && SHORT_YEAR.is_match(header)
    }
}

fn whole(pattern: &str) -> Regex {
    Regex::new(&format!("^(?:{pattern})$")).expect("patterns of this file are right")
}

/// Returns the words for quarters.
pub fn quarter_words() -> Vec<&'static str> {
    LISTS.words("quarters")
}

/// Returns the words for weeks.
pub fn week_words() -> Vec<&'static str> {
    let short = LISTS.words("short weeks");
    LISTS.words("weeks").into_iter().chain(short).collect()
}

static NUMBER: LazyLock<Regex> = LazyLock::new(|| whole(r"#?\s*\d{1,9}(?:[.,]\d+)?"));
static MONTH_IN_DIGITS: LazyLock<Regex> = LazyLock::new(|| {
    let month = "(?:0?[1-9]|1[0-2])";
    whole(&format!(
        r"{YEAR}\s*[-/.]\s*{month}|{month}\s*[-/.]\s*{YEAR}|(?:\d{{2,4}}\s*年\s*)?{month}\s*[月월]"
    ))
});
static MONTH_AND_YEAR: LazyLock<Regex> = LazyLock::new(|| {
    whole(&format!(
        r"(?P<name>\D+?)(?:[\s\-/.,'’]*(?:{YEAR}|\d\d))?|{YEAR}[\s\-/.,]*(?P<after>\D+)"
    ))
});
/// The name of a month or a day.
static NAME: LazyLock<Regex> = LazyLock::new(|| whole(r"[^\W\d_]{2,15}\.?"));
static QUARTER: LazyLock<Regex> = LazyLock::new(|| {
    let (word, number) = (quarter_words().join("|"), "(?:[1-4]|iv|i{1,3})");
    whole(&format!(
        r"(?:{YEAR}\s*[-/ .]?\s*)?(?:(?:{word})\.?\s*{number}|{number}(?:st|nd|rd|th|er|e|o|º|\.)?\s*(?:{word})\.?)(?:\s*(?:of |de |[-/ '’.])?\s*(?:{YEAR}|\d\d))?"
    ))
});
static YEAR_ALONE: LazyLock<Regex> = LazyLock::new(|| {
    whole(&format!(
        r"(?:(?:fy|gj|cy|ay|year|jahr|an|ano|anno|rok)\s*'?)?{YEAR}(?:\s*[-/]\s*(?:{YEAR}|\d\d))?\s*(?:年|г\.?|년)?\s*[aefpb*]?"
    ))
});
static WEEK: LazyLock<Regex> = LazyLock::new(|| {
    let word = week_words().join("|");
    whole(&format!(
        r"(?:(?:{word})\.?\s*(?:[1-9]|[0-4]\d|5[0-3])(?:\s*(?:,|of |[-/ .])\s*{YEAR})?|{YEAR}\s*[-/ .]?\s*(?:{word})\.?\s*\d{{1,2}})"
    ))
});
static DAY_AND_DATE: LazyLock<Regex> = LazyLock::new(|| {
    whole(r"(?P<day>[^\W\d_]{2,15})\.?(?:[\s,]+\d{1,2}[./-]\d{1,2}(?:[./-](?:\d{2,4})?)?)?")
});
static SHORT_YEAR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"['’]\d\d(?:\D|$)|[\s\-/.]\d\d$|\d{2,4}年").expect("the pattern is right")
});

/// Returns whether the strict reader of dates reads a text.
fn is_date(text: &str) -> bool {
    are_dates(std::iter::once(text)) == [true]
}

/// Returns which texts of a column the strict reader of dates reads.
fn are_dates<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<bool> {
    let options = ColumnContext {
        is_strict: true,
        ..ColumnContext::default()
    };
    let values: Vec<ColumnValue<'_>> = texts.map(ColumnValue::Text).collect();
    let read = date::read(&values, &options).values;
    read.iter().map(Option::is_some).collect()
}

fn is_month(header: &str) -> bool {
    if MONTH_IN_DIGITS.is_match(header) {
        return true;
    }
    let found = MONTH_AND_YEAR.captures(header);
    let name = found.and_then(|found| Some(found.name("name").or(found.name("after"))?.as_str()));
    let name = name.unwrap_or_default();
    let name = name.trim_matches([' ', '-', '/', '.', ',', '\'', '’']);
    NAME.is_match(name) && is_date(&format!("1 {name} 2024"))
}

/// Returns whether a header is a weekday. The reader checks the weekday of a date, so one of seven days in a row has to match.
fn is_weekday(header: &str) -> bool {
    DAY_AND_DATE.captures(header).is_some_and(|found| {
        let name = &found["day"];
        (1..=7).any(|day| is_date(&format!("{name} {day} Jan 2024")))
    })
}

/// Returns the years in a text, each with the characters before and behind it.
fn years(text: &str) -> impl Iterator<Item = (u32, (Option<char>, Option<char>))> {
    let starts = text.char_indices().filter_map(|(at, _)| {
        let digits = text.get(at..at + 4).filter(|digits| are_digits(digits))?;
        let year = digits.parse().ok().filter(|year| YEARS.contains(year))?;
        Some((at, year))
    });
    starts.map(|(at, year)| {
        let around = (
            text[..at].chars().next_back(),
            text[at + 4..].chars().next(),
        );
        (year, around)
    })
}

/// Returns the years in a text that are not parts of numbers or dates.
pub fn years_in(text: &str) -> Vec<u32> {
    let is_part =
        |c: Option<char>, signs: &str| c.is_some_and(|c| c.is_numeric() || signs.contains(c));
    let alone = years(text)
        .filter(|(_, (before, after))| !is_part(*before, ".,/-") && !is_part(*after, ".,"));
    alone.map(|(year, _)| year).collect()
}

/// Returns the series of each header, if it is clear without a question: months, quarters or years. Names are looked up if at
/// least `min` adjacent headers may belong to a series.
pub fn series_among(headers: &[String], min: usize) -> Vec<Option<HeaderSeries>> {
    let found: Vec<HeaderGuess<'_>> = headers
        .iter()
        .map(|header| HeaderGuess::from_header(header))
        .collect();
    let stretches = found.split(|guess| matches!(guess, HeaderGuess::Nothing));
    let longest = stretches.map(<[_]>::len).max().unwrap_or(0);
    let days = found.iter().filter_map(|guess| match guess {
        HeaderGuess::Name(name) => Some(format!("1 {name} 2024")),
        _ => None,
    });
    let days: Vec<String> = days.collect();
    let mut are_months = match days.len() > 1 && longest >= min {
        true => are_dates(days.iter().map(String::as_str)),
        false => Vec::new(),
    }
    .into_iter();
    let series = found.into_iter().map(|guess| match guess {
        HeaderGuess::Series(series) => Some(series),
        HeaderGuess::Name(_) => are_months.next()?.then_some(HeaderSeries::Months),
        HeaderGuess::Nothing => None,
    });
    series.collect()
}

/// The guess about a header before its words are looked up.
enum HeaderGuess<'h> {
    Series(HeaderSeries),
    /// A word that may be a month.
    Name(&'h str),
    Nothing,
}

impl<'h> HeaderGuess<'h> {
    fn from_header(header: &'h str) -> Self {
        if header.is_empty() || header.chars().count() > MAX_CHARS_AT_SIGHT {
            return Self::Nothing;
        }
        let name = header.trim_matches(|c| AROUND_NAMES.contains(c));
        let digits = header.chars().filter(|c| c.is_numeric()).count();
        let series = match name {
            "" if digits == header.chars().count() => {
                let year: Option<u32> = header.parse().ok();
                (digits == 4 && year.is_some_and(|year| YEARS.contains(&year)))
                    .then_some(HeaderSeries::Years)
            }
            "" => is_month_and_year(header).then_some(HeaderSeries::Months),
            // Q1, 1Q25, Q1 2025, 2025-Q1
            "Q" | "q" => {
                let behind = header
                    .split_once(['Q', 'q'])
                    .map_or("", |(_, behind)| behind);
                let beside = if behind.is_empty() { header } else { behind };
                let is_quarter =
                    beside.starts_with(['1', '2', '3', '4']) && [1, 3, 5].contains(&digits);
                is_quarter.then_some(HeaderSeries::Quarters)
            }
            _ => {
                let is_word = name.chars().all(char::is_alphabetic)
                    && (2..=MAX_NAME_CHARS).contains(&name.chars().count());
                return match is_word && [0, 2, 4].contains(&digits) {
                    true => Self::Name(name),
                    false => Self::Nothing,
                };
            }
        };
        series.map_or(Self::Nothing, Self::Series)
    }
}

/// Returns whether a text without letters is a month with its year: 2024-01 or 01/2024.
fn is_month_and_year(header: &str) -> bool {
    let Some((first, second)) = header.split_once(['/', '.', '-']) else {
        return false;
    };
    let (year, month) = if first.len() < second.len() {
        (second, first)
    } else {
        (first, second)
    };
    year.len() == 4
        && (1..=2).contains(&month.len())
        && are_digits(year)
        && are_digits(month)
        && year.parse().is_ok_and(|year| YEARS.contains(&year))
        && month
            .parse()
            .is_ok_and(|month: u32| (1..=12).contains(&month))
}

#[cfg(test)]
mod tests {
    use super::HeaderSeries;

    #[test]
    fn headers_are_parts_of_a_series_in_several_writings() {
        for (series, members, others) in [
            (
                "quarters",
                ["Q3 2024", "q1", "2024 Q2", "Q4/24"].as_slice(),
                ["Q5 2024", "Question 1", "Quantity"].as_slice(),
            ),
            (
                "months",
                &["Jan", "March 2024", "2024-05", "Juni 24"],
                &["Janet", "13/2024", "Marching"],
            ),
            ("years", &["2024", "FY 2024"], &["1234", "20245"]),
        ] {
            let series = HeaderSeries::parse(series).unwrap();
            for (headers, wanted) in [(members, true), (others, false)] {
                for header in headers {
                    assert_eq!(series.has(header), wanted, "{header}");
                }
            }
        }
    }
}
