//! Recognises units in headers: `EUR`, `kg`, `[m²]`, `in %`, `EUR '000`, and patterns of dates, `dd.mm.yyyy`.

use std::sync::LazyLock;

use foldhash::HashSet;

use crate::cells::white_space::is_python_space;
use crate::words::cut::{digit, is_currency_sign};
use crate::words::data::{LISTS, WordList};
use crate::words::lexicon::is_code_of_header;

/// The maximum number of characters of a unit.
const MAX_CHARS: usize = 24;
/// The words of units, in small letters without signs around them.
static UNITS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| LISTS.words("parts of units").into_iter().collect());
/// The words that are names of columns if they are alone and without brackets.
static NAMES: WordList = WordList::new(|| LISTS.words("units that are names"));
/// The signs that units may contain.
const SIGNS: &str = "%‰°¹⁻/()[]{}*·.,'’-–# ";
const QUOTES: [char; 2] = ['\'', '’'];

/// The role of a word within a unit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum UnitPart {
    Unit,
    /// A word that may also be a column's name.
    Name,
    /// The zeros of thousands.
    Zeros,
    Number,
}

/// Returns whether a text of a header is only a unit.
pub fn is_unit(text: &str) -> bool {
    let text = text.trim_matches(is_python_space);
    if text.is_empty() || text.chars().count() > MAX_CHARS {
        return false;
    }
    let has_brackets = without_brackets(text).len() < text.len();
    let inner = without_brackets(text).replace('²', "2").replace('³', "3");
    let small = inner.to_lowercase();
    if is_pattern_of_dates(&small) {
        return true;
    }
    let (words, signs) = words_and_signs(&inner);
    if !signs
        .iter()
        .all(|sign| SIGNS.contains(*sign) || is_currency_sign(*sign))
    {
        return false;
    }
    let parts: Option<Vec<UnitPart>> = words.iter().map(|word| part_of(word)).collect();
    let Some(parts) = parts else {
        return false;
    };
    let is_sign = |sign: &char| matches!(sign, '%' | '‰' | '°') || is_currency_sign(*sign);
    if parts.contains(&UnitPart::Unit) || signs.iter().any(is_sign) {
        true
    } else if small == "c" || small == "f" {
        // Degrees have their own sign; this is a footnote mark.
        false
    } else if parts.contains(&UnitPart::Name) {
        // "(h)" and "per day" are units, "Hours" and "Day 1" are not.
        has_brackets || words.len() > 1 && !parts.contains(&UnitPart::Number)
    } else {
        has_brackets && parts.contains(&UnitPart::Zeros) || inner.starts_with(QUOTES)
    }
}

/// Returns a text without brackets around all of it.
pub fn without_brackets(text: &str) -> &str {
    let mut text = text.trim_matches(is_python_space);
    while let Some(inner) = within(text) {
        text = inner.trim_matches(is_python_space);
    }
    text
}

fn within(text: &str) -> Option<&str> {
    let pairs = [('(', ')'), ('[', ']'), ('{', '}')];
    pairs
        .into_iter()
        .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close))
}

/// Returns whether a text in small letters is a pattern for dates or times.
fn is_pattern_of_dates(text: &str) -> bool {
    let is_of = |part: &str, letters: &str, least: usize, most: usize| {
        (least..=most).contains(&part.len()) && part.chars().all(|c| letters.contains(c))
    };
    if let Some(sign) = text.chars().find(|c| "./ -".contains(*c)) {
        let parts: Vec<&str> = text.split(sign).collect();
        let &[first, second, third] = parts.as_slice() else {
            return false;
        };
        return is_of(second, "m", 1, 4)
            && (is_of(first, "djtm", 1, 4) && is_of(third, "jya", 2, 4)
                || is_of(first, "jya", 2, 4) && is_of(third, "djt", 1, 4));
    }
    let parts: Vec<&str> = text.split(':').collect();
    let letters = ["h", "m", "s"].iter().zip(&parts);
    (2..=3).contains(&parts.len()) && { letters }.all(|(letter, part)| is_of(part, letter, 1, 2))
}

/// Returns the words of a unit, including numbers and zeros, and the signs between them.
fn words_and_signs(text: &str) -> (Vec<String>, Vec<char>) {
    let chars: Vec<char> = text.chars().collect();
    let is_letter = |c: char| c.is_alphanumeric() && !is_digit(c);
    let ends_at = |at: usize| {
        chars
            .get(at)
            .is_none_or(|c| !c.is_alphanumeric() && *c != '_')
    };
    let run = |at: usize, is_in: &dyn Fn(char) -> bool| {
        chars[at..].iter().take_while(|c| is_in(**c)).count()
    };
    let (mut words, mut signs, mut at) = (Vec::new(), Vec::new(), 0);
    while let Some(&c) = chars.get(at) {
        let mut stop = at + run(at, &is_letter);
        if stop > at {
            let has_power = matches!(chars.get(stop), Some('2' | '3')) && ends_at(stop + 1);
            stop += usize::from(has_power);
        } else {
            let zeros = at + usize::from(QUOTES.contains(&c));
            if chars[zeros..].starts_with(&['0'; 3]) {
                let quote = chars.get(zeros + 3).is_some_and(|c| QUOTES.contains(c));
                let plural = zeros + 3 + usize::from(quote);
                if chars.get(plural) == Some(&'s') && ends_at(plural + 1) {
                    stop = plural + 1;
                } else if ends_at(zeros + 3) {
                    stop = zeros + 3;
                }
            }
            if stop == at {
                stop += run(at, &is_digit);
            }
        }
        if stop == at {
            signs.push(c);
            at += 1;
        } else {
            words.push(chars[at..stop].iter().collect());
            at = stop;
        }
    }
    (words, signs)
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || digit(c).is_some()
}

fn part_of(word: &str) -> Option<UnitPart> {
    if word == "Min" {
        // This is the minimum, beside "Max".
        return None;
    }
    let small = word.to_lowercase();
    let small = small.trim_matches(QUOTES);
    let single = small.strip_suffix('s').unwrap_or(small);
    let digits = single.trim_end_matches(QUOTES);
    if !digits.is_empty() && digits.chars().all(is_digit) {
        let are_zeros = matches!(digits, "000" | "000000" | "1000" | "1000000");
        return Some(if are_zeros {
            UnitPart::Zeros
        } else {
            UnitPart::Number
        });
    }
    let known = [small, single]
        .into_iter()
        .find(|word| UNITS.contains(word));
    match known {
        Some(word) if NAMES.contains(&word) => Some(UnitPart::Name),
        Some(_) => Some(UnitPart::Unit),
        None => is_code_of_header(&word.to_uppercase(), true).then_some(UnitPart::Unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn units_are_told_from_names() {
        for text in ["EUR", "[m²]", "in %", "EUR '000", "(000s)", "dd.mm.yyyy", "hh:mm", "(h)", "per day", "€/kg", "kWh/m2", "'000"] {
            assert!(is_unit(text), "{text}");
        }
        for text in ["", "Hours", "Day 1", "Min", "c", "(F)", "Net", "12", "2024", "km per gallon of fuel and more", "Name (kg)"] {
            assert!(!is_unit(text), "{text}");
        }
        assert_eq!(without_brackets(" ([ kg ]) "), "kg");
        assert_eq!(without_brackets("(a) b"), "(a) b");
    }
}
