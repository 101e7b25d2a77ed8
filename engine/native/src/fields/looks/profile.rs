//! Profiles a column, for detectors that find columns by their values.
//!
//! Kinds of values are counted in all cells. Patterns, distinct values and lengths are those of at most [`MAX_PROFILE_CELLS`] filled
//! cells, taken evenly from the whole column, so that the time for a column is bounded. Nothing is random.

use foldhash::{HashMap, HashSet};

use crate::columns::view::ColumnValue;
use crate::fields::dates::date::{self, Dates};
use crate::fields::is_filled;
use crate::fields::numbers::number::{self, NumberColumn};
use crate::fields::reading::ColumnContext;
use crate::fields::texts::checksum::is_iban;
use crate::fields::texts::email::push_email;
use crate::fields::texts::phone;
use crate::fields::texts::text::{push_text, trimmed};
use crate::fields::texts::truth::{Initials, truth};
use crate::words::cut::{self, CutText, DIGITS};
use crate::words::lexicon::MonthWord;

/// The maximum number of filled cells that are looked at closely.
pub const MAX_PROFILE_CELLS: usize = 1000;
/// The maximum number of bytes in a code.
const MAX_CODE_BYTES: usize = 40;

/// Counts and sizes of a column's values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    pub rows: usize,
    /// The number of cells with a value.
    pub filled: usize,
    /// The filled cells by type.
    pub texts: usize,
    pub numbers: usize,
    pub dates: usize,
    pub times: usize,
    pub durations: usize,
    pub booleans: usize,
    /// The filled cells that were looked at closely; the following fields count these.
    pub looked_at: usize,
    /// Cells by their content, whatever their type. A cell has one of these patterns, or none.
    pub emails: usize,
    pub phones: usize,
    pub ibans: usize,
    pub days: usize,
    pub amounts: usize,
    pub codes: usize,
    pub flags: usize,
    /// Phones with a plus before their country.
    pub with_plus: usize,
    /// Amounts with a currency.
    pub with_currency: usize,
    /// Amounts with at most two decimals.
    pub with_cents: usize,
    /// Those of these amounts with two decimals: the text "12.00", and the number 12.25.
    pub with_hundredths: usize,
    pub distinct: usize,
    /// Cells of the most frequent shape: letters, digits and marks in the same order.
    pub same_shape: usize,
    /// The number of characters in the shortest cell, in the longest cell, and in all cells.
    pub shortest: usize,
    pub longest: usize,
    pub characters: usize,
    /// The smallest and the largest amount, and the sum of all amounts.
    pub smallest: Option<f64>,
    pub largest: Option<f64>,
    pub sum: f64,
}

impl Profile {
    /// Returns the profile of a column.
    pub fn from_values(values: &[ColumnValue<'_>]) -> Self {
        Self::looking_at(values, true).0
    }

    /// Returns the types and the patterns of some cells, except for codes and account numbers. Nothing else is looked at, which
    /// saves half of the time.
    pub fn of_patterns(values: &[ColumnValue<'_>]) -> Self {
        Self::with_readings(values).0
    }

    /// Returns the same as [`Self::of_patterns`] for at most [`MAX_PROFILE_CELLS`] values, and how these are read as dates and as
    /// numbers.
    pub(super) fn with_readings(values: &[ColumnValue<'_>]) -> (Self, ProfileReadings) {
        Self::looking_at(values, false)
    }

    fn looking_at(values: &[ColumnValue<'_>], closely: bool) -> (Self, ProfileReadings) {
        let mut this = Self {
            rows: values.len(),
            ..Self::default()
        };
        for value in values {
            if !is_filled(*value) {
                continue;
            }
            this.filled += 1;
            *match value {
                ColumnValue::Null => continue,
                ColumnValue::Text(_) => &mut this.texts,
                ColumnValue::Integer(_) | ColumnValue::Unsigned(_) | ColumnValue::Float(_) => {
                    &mut this.numbers
                }
                ColumnValue::Date(_) | ColumnValue::DateTime(_) => &mut this.dates,
                ColumnValue::Time(_) => &mut this.times,
                ColumnValue::Duration(_) => &mut this.durations,
                ColumnValue::Boolean(_) => &mut this.booleans,
            } += 1;
        }
        let readings = this.look_at(&taken(values, this.filled, MAX_PROFILE_CELLS), closely);
        (this, readings)
    }

    fn look_at(&mut self, values: &[ColumnValue<'_>], closely: bool) -> ProfileReadings {
        self.looked_at = values.len();
        let readings = ProfileReadings::from_values(values);
        let initials = Initials::from_values(values, None);
        let mut cut = CutText::default();
        let mut text = String::new();
        let mut shape = String::new();
        let mut shapes: HashMap<String, usize> = HashMap::default();
        let mut known: HashSet<String> = HashSet::default();
        for (row, &value) in values.iter().enumerate() {
            text.clear();
            push_text(value, &mut text);
            if closely {
                let length = text.chars().count();
                self.shortest = if row == 0 {
                    length
                } else {
                    self.shortest.min(length)
                };
                self.longest = self.longest.max(length);
                self.characters += length;
                shape.clear();
                push_shape(&text, &mut shape);
                match shapes.get_mut(&shape) {
                    Some(count) => *count += 1,
                    None => {
                        shapes.insert(shape.clone(), 1);
                    }
                }
            }
            let written = matches!(value, ColumnValue::Text(_)).then_some(text.as_str());
            let is_cut = written.is_some_and(|text| has_digit(text) && cut.cut(text));
            if written.is_some_and(is_email) {
                self.emails += 1;
            } else if readings.is_day(row) {
                self.days += 1;
            } else if is_cut && is_phone(&text, &cut, readings.number(row).is_some()) {
                self.phones += 1;
                self.with_plus += usize::from(trimmed(&text).starts_with('+'));
            } else if let Some(number) = readings.number(row) {
                self.add_amount(number, written, readings.has_currency(row));
            } else if matches!(value, ColumnValue::Boolean(_))
                || written.is_some() && truth(value, None, initials, &mut cut).is_some()
            {
                self.flags += 1;
            } else if closely && is_cut && is_code(&text, &cut) {
                self.codes += 1;
            } else if closely && written.is_some_and(is_iban) {
                self.ibans += 1;
            }
            if closely && !known.contains(&text) {
                known.insert(text.clone());
            }
        }
        self.distinct = known.len();
        self.same_shape = shapes.into_values().max().unwrap_or(0);
        readings
    }

    fn add_amount(&mut self, number: f64, written: Option<&str>, has_currency: bool) {
        self.amounts += 1;
        self.with_currency += usize::from(has_currency);
        let is_in = |steps: f64| ((number * steps).round() - number * steps).abs() < 1e-6;
        let has_cents = is_in(100.0);
        let has_hundredths = has_cents && (!is_in(10.0) || written.is_some_and(has_two_decimals));
        self.with_cents += usize::from(has_cents);
        self.with_hundredths += usize::from(has_hundredths);
        self.smallest = Some(self.smallest.map_or(number, |known| known.min(number)));
        self.largest = Some(self.largest.map_or(number, |known| known.max(number)));
        self.sum += number;
    }
}

/// Returns the number of filled cells that are looked at closely and are one of `known`, and the number that are looked at.
/// Case, accents and blanks at the ends do not count.
pub fn likeness(values: &[ColumnValue<'_>], known: &[String]) -> (usize, usize) {
    let known: HashSet<String> = known.iter().map(|text| cut::fold(text.trim())).collect();
    let filled = values.iter().filter(|value| is_filled(**value)).count();
    let values = taken(values, filled, MAX_PROFILE_CELLS);
    let mut text = String::new();
    let mut alike = 0;
    for &value in &values {
        text.clear();
        push_text(value, &mut text);
        alike += usize::from(known.contains(&cut::fold(text.trim())));
    }
    (alike, values.len())
}

/// Returns the filled cells that are looked at closely: all, or `most` of them at even distances.
pub(super) fn taken<'a>(
    values: &[ColumnValue<'a>],
    filled: usize,
    most: usize,
) -> Vec<ColumnValue<'a>> {
    let most = filled.min(most);
    let mut taken = Vec::with_capacity(most);
    for (number, value) in values.iter().filter(|value| is_filled(**value)).enumerate() {
        // The first cell at or behind each of the even distances.
        if taken.len() < most && number >= taken.len() * filled / most {
            taken.push(*value);
        }
    }
    taken
}

/// The cells as dates and as numbers, if some of them may be one. The readers judge the column as a whole, so they refuse
/// columns in which only some cells happen to look like dates.
pub(super) struct ProfileReadings {
    pub dates: Option<Dates>,
    pub numbers: Option<NumberColumn>,
}

impl ProfileReadings {
    fn from_values(values: &[ColumnValue<'_>]) -> Self {
        let is_neither = |value: &ColumnValue<'_>| match value {
            ColumnValue::Text(text) => is_of_letters(text) || text.is_ascii() && is_email(text),
            _ => false,
        };
        let mut this = Self {
            dates: None,
            numbers: None,
        };
        if !values.iter().all(is_neither) {
            this.dates = Some(date::read(values, &ColumnContext::default()));
        }
        // If all cells are dates, they are not read as numbers.
        if this.dates.is_some() && !(0..values.len()).all(|row| this.is_day(row)) {
            this.numbers = Some(number::read(values, &ColumnContext::default()));
        }
        this
    }

    fn is_day(&self, row: usize) -> bool {
        let dates = self.dates.as_ref();
        dates.is_some_and(|dates| dates.values[row].is_some())
    }

    fn number(&self, row: usize) -> Option<f64> {
        self.numbers.as_ref()?.values[row]
    }

    fn has_currency(&self, row: usize) -> bool {
        let numbers = self.numbers.as_ref();
        numbers.is_some_and(|numbers| numbers.currencies.get(row).is_some_and(|at| *at > 0))
    }
}

/// Returns whether a text has no digit and no sign that means a number in some script.
fn is_of_letters(text: &str) -> bool {
    // From U+0590 on there are scripts that write numbers in letters.
    !has_digit(text) && (text.is_ascii() || text.chars().all(|c| c < '\u{590}'))
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
        || !text.is_ascii() && text.chars().any(char::is_numeric)
}

fn is_email(text: &str) -> bool {
    text.as_bytes().contains(&b'@') && push_email(text, &mut String::new())
}

/// Adds a text with letters as one `A`, digits as one `9`, and marks as they are.
fn push_shape(text: &str, out: &mut String) {
    for c in text.chars() {
        let sign = if c.is_alphabetic() {
            'A'
        } else if c.is_numeric() {
            '9'
        } else {
            c
        };
        if !out.ends_with(sign) || !matches!(sign, 'A' | '9') {
            out.push(sign);
        }
    }
}

/// Returns the runs of digits in a text that was cut.
fn runs(cut: &CutText) -> Vec<&str> {
    let digits = cut.tokens().iter().filter(|token| token.kind == DIGITS);
    digits.map(|token| cut.text(*token)).collect()
}

/// Returns whether a text is written like a phone number: with a plus or brackets, or in parts. Digits alone may mean anything,
/// and so may the parts of a postcode, of a book's number, or of an order number with a year.
fn is_phone(text: &str, cut: &CutText, is_number: bool) -> bool {
    let mut found = String::new();
    if phone::push_plain_phone(text, &mut found) {
        return true;
    }
    let runs = runs(cut);
    let lengths: Vec<usize> = runs.iter().map(|run| run.len()).collect();
    let digits: usize = lengths.iter().sum();
    if digits < 9 || phone::push_phone(cut, false, false, &mut found).is_err() {
        return false;
    }
    if text.starts_with(['+', '(']) || text.starts_with("00") && lengths.len() > 1 {
        return true;
    }
    let is_other = matches!(lengths.as_slice(), [_] | [3, 2, 4] | [5, 4] | [2, 7])
        || digits == 13 && (runs[0].starts_with("978") || runs[0].starts_with("979"))
        || lengths[0] == 4 && (runs[0].starts_with("19") || runs[0].starts_with("20"));
    !is_number && !is_other
}

/// Returns whether a text is written like an id: letters with digits ("B1000", "M-2021-10001"), or digits with leading zeros.
fn is_code(text: &str, cut: &CutText) -> bool {
    let text = trimmed(text);
    let is_of_code = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | '#' | '.');
    if text.len() > MAX_CODE_BYTES || !text.chars().all(is_of_code) || is_iban(text) {
        return false;
    }
    let runs = runs(cut);
    if runs.is_empty() {
        return false;
    }
    let digits: usize = runs.iter().map(|run| run.len()).sum();
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty())
        .map(cut::fold)
        .collect();
    if words.is_empty() {
        // "2024-0017", but no version, and no range such as "18-24".
        let has_zeros = runs.iter().any(|run| run.len() > 1 && run.starts_with('0'));
        return has_zeros && !text.contains(['.', '/']);
    }
    // "Q3-2025", "FY25", "Jan-20": periods.
    let is_period = |word: &String| {
        matches!(word.as_str(), "q" | "h" | "w" | "kw" | "fy" | "cy" | "t") && digits <= 6
            || word.len() >= 3 && MonthWord::parse(word).is_some()
    };
    // "3rd", "5kg": a number and its unit.
    let is_measure = text.starts_with(|c: char| c.is_ascii_digit())
        && words.len() == 1
        && runs.len() == 1
        && words[0].len() <= 4
        && digits <= 4;
    !words.iter().any(is_period) && !is_measure
}

/// Returns whether two digits follow the last mark of an amount: "1,309.50", "12,00 €".
fn has_two_decimals(text: &str) -> bool {
    let is_of_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
    let Some(last) = text.rfind(|c: char| c.is_ascii_digit()) else {
        return false;
    };
    let digits = text[..=last].rsplit(|c| !is_of_number(c)).next();
    digits.is_some_and(|digits| {
        let behind = digits.rfind(['.', ',']).map(|at| digits.len() - at - 1);
        behind == Some(2)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(texts: &[&str]) -> Profile {
        let values: Vec<_> = texts.iter().map(|text| ColumnValue::Text(text)).collect();
        Profile::from_values(&values)
    }

    #[rustfmt::skip]
    #[test]
    fn each_cell_has_one_pattern() {
        let found = profile(&[
            "a@b.co", "c@d.example", "", "  ", "(555) 123-4567", "+49 30 1234567", "M-2021-10001", "yes",
            "remarks of some length",
        ]);
        assert_eq!((found.rows, found.filled, found.texts), (9, 7, 7));
        assert_eq!((found.emails, found.phones), (2, 2));
        assert_eq!((found.codes, found.flags), (1, 1));
        assert_eq!((found.days, found.amounts, found.distinct), (0, 0, 7));
        assert_eq!((found.shortest, found.longest), (3, 22));
    }

    #[test]
    fn phones_are_no_other_numbers_in_parts() {
        let phones = "555-123-4567, +1 555 123 4567, (0151) 1234567, 06 12 34 56 78, 020 7946 0958, +15551234567";
        for phone in phones.split(", ") {
            assert_eq!(profile(&[phone]).phones, 1, "{phone}");
        }
        let others = "5551234567, 123-45-6789, 12345-6789, 978-3-16-148410-0, 2024-0001-33, 123 456 789, 1.234.567.890, \
            2025-01-31, 192.168.1.100";
        for other in others.split(", ") {
            assert_eq!(profile(&[other]).phones, 0, "{other}");
        }
    }

    #[test]
    fn codes_are_no_words_periods_or_measures() {
        let codes = "B1000, OPS-700000, 00123, 2024-0017, 3f2a-99b1, A/17#2";
        for code in codes.split(", ") {
            assert_eq!(profile(&[code]).codes, 1, "{code}");
        }
        let others = "Local 101, Q3-2025, FY25, Jan-20, 3rd, 5kg, 18-24, 1.2.3, Smith, 4711, DE89370400440532013000";
        for other in others.split(", ") {
            assert_eq!(profile(&[other]).codes, 0, "{other}");
        }
    }

    #[test]
    fn amounts_tell_their_currency_and_their_cents() {
        let found = profile(&["1.309,50 €", "12,00 €", "7,25 €"]);
        assert_eq!(
            (found.amounts, found.with_currency, found.with_cents),
            (3, 3, 3)
        );
        let values = [1408.75, 1512.0, 1368.5].map(ColumnValue::Float);
        let found = Profile::from_values(&values);
        assert_eq!((found.with_cents, found.with_hundredths), (3, 1));
        assert_eq!(
            (found.smallest, found.largest),
            (Some(1368.5), Some(1512.0))
        );
        let found = Profile::from_values(&[0.187, 0.194].map(ColumnValue::Float));
        assert_eq!(found.with_cents, 0);
    }

    #[test]
    fn long_columns_are_looked_at_evenly() {
        let texts: Vec<String> = (0..50_000).map(|n| format!("A{n:05}")).collect();
        let mut values: Vec<_> = texts.iter().map(|text| ColumnValue::Text(text)).collect();
        values.extend([ColumnValue::Null; 7]);
        let found = Profile::from_values(&values);
        assert_eq!((found.rows, found.filled), (50_007, 50_000));
        assert_eq!(
            (found.looked_at, found.codes),
            (MAX_PROFILE_CELLS, MAX_PROFILE_CELLS)
        );
        assert_eq!(
            (found.distinct, found.same_shape),
            (MAX_PROFILE_CELLS, MAX_PROFILE_CELLS)
        );
        let half: Vec<_> = (0..4000)
            .map(|n| ColumnValue::Text(if n < 2000 { "x@y.org" } else { "none" }))
            .collect();
        assert_eq!(Profile::from_values(&half).emails, MAX_PROFILE_CELLS / 2);
    }

    #[rustfmt::skip]
    #[test]
    fn known_values_are_compared_without_case_and_accents() {
        let values = [
            ColumnValue::Text(" Café"), ColumnValue::Text("TEA "), ColumnValue::Text("milk"), ColumnValue::Null,
        ];
        let known = ["cafe".to_owned(), "Tea".to_owned()];
        assert_eq!(likeness(&values, &known), (2, 3));
    }
}
