//! Words that identify titles, headers, totals and notes in the languages of our users' workbooks (`words/lists.txt`).

use std::sync::LazyLock;

use foldhash::HashMap;

use super::kinds::is_space;
use crate::words::data::{LISTS, WordList};

/// Beginnings of notes, in small letters. A blank at the end is part of the word.
static NOTES: WordList = WordList::new(|| LISTS.phrases("notes"));
/// Beginnings of titles, in small letters.
static TITLES: WordList = WordList::new(|| LISTS.phrases("titles"));
/// Words that identify a row of totals.
static TOTALS: WordList = WordList::new(|| LISTS.words("words of totals"));
/// Units as headers write them.
static UNITS: WordList = WordList::new(|| LISTS.words("units"));
/// Words that are common in headers.
static HEADERS: WordList = WordList::new(|| LISTS.words("words of headers"));

fn begins_with_one(text: &str, known: &[&str]) -> bool {
    // The longest entry has 16 characters: a text's beginning is enough.
    let start: String = text.chars().take(20).flat_map(char::to_lowercase).collect();
    known.iter().any(|word| match word.strip_suffix('_') {
        Some(word) => start
            .strip_prefix(word)
            .is_some_and(|rest| rest.starts_with(' ')),
        None => start.starts_with(word),
    })
}

/// Returns whether a line gives the source of the table or explains something in it.
pub fn is_note(text: &str) -> bool {
    if begins_with_one(text, &NOTES) {
        return true;
    }
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return false;
    };
    if "*†‡§¹²³⁴⁵⁶".contains(first) {
        return true;
    }
    // "1 Includes", "\2 See", "1) Of which"
    let bare = text.strip_prefix('\\').unwrap_or(text);
    let after = bare.trim_start_matches(|c: char| c.is_ascii_digit());
    if (1..=2).contains(&(bare.len() - after.len())) {
        let mut rest = after.chars();
        if rest
            .next()
            .is_some_and(|c| is_space(c) || matches!(c, '\\' | '.' | ')' | ':' | '/'))
        {
            let word = rest.as_str().trim_start_matches(is_space);
            return word.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '(' | '"'));
        }
        return false;
    }
    // "(a) Of which", "a) Of which"
    let open = text.strip_prefix('(').unwrap_or(text);
    let mut marks = open.chars();
    if marks
        .next()
        .is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        && marks.next() == Some(')')
        && marks.next().is_some_and(is_space)
    {
        return true;
    }
    // "NA = not available", "- represents zero"
    text.split_once([' ', '=']).is_some_and(|(sign, _)| {
        let rest = text[sign.len()..].trim_start_matches(is_space);
        let mut marks = ["=", "represents", "Represents"].into_iter();
        sign.chars().count() <= 3 && marks.any(|mark| rest.starts_with(mark))
    })
}

/// Returns whether a line reads like the title of a table: "Table 4.", "2.1 Sales", "List of suppliers".
pub fn is_title(text: &str) -> bool {
    if begins_with_one(text, &TITLES) || text.starts_with('[') {
        return true;
    }
    let number = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let numbered = &text[..text.len() - number.len()];
    numbered.contains('.')
        && numbered.starts_with(|c: char| c.is_ascii_digit())
        && number
            .trim_start_matches(is_space)
            .starts_with(char::is_uppercase)
}

/// Facts about the words of a text: whether it has words of totals, of units or of headers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WordFacts {
    pub total: bool,
    pub unit: bool,
    pub header: bool,
}

/// The facts about each known word.
static KNOWN: LazyLock<HashMap<&str, WordFacts>> = LazyLock::new(|| {
    let mut known: HashMap<&str, WordFacts> = HashMap::default();
    let mut note = |list: &WordList, says: fn(&mut WordFacts)| {
        for &word in &**list {
            says(known.entry(word).or_default());
        }
    };
    note(&TOTALS, |facts| facts.total = true);
    note(&UNITS, |facts| facts.unit = true);
    note(&HEADERS, |facts| facts.header = true);
    known
});

/// Returns the facts about the words of a text. A long text has none, because it contains words of every sort.
pub fn said(text: &str) -> WordFacts {
    let mut found = WordFacts::default();
    if text.chars().take(61).count() > 60 {
        return found;
    }
    let is_short = text.chars().take(41).count() <= 40;
    found.unit = is_short && text.contains(['%', '$', '€', '£']);
    let mut word = String::new();
    let mut was_small = false;
    for c in text.chars().chain([' ']) {
        let begins_word = was_small && c.is_uppercase();
        if (!c.is_alphabetic() || begins_word) && !word.is_empty() {
            let singular = word
                .strip_suffix('s')
                .and_then(|singular| KNOWN.get(singular));
            for facts in KNOWN.get(word.as_str()).into_iter().chain(singular) {
                found.total |= facts.total;
                found.unit |= is_short && facts.unit;
                found.header |= is_short && facts.header;
            }
            word.clear();
        }
        if c.is_alphabetic() {
            word.extend(c.to_lowercase());
        }
        was_small = c.is_lowercase();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_of_small_letters() {
        for list in [&TOTALS, &UNITS, &HEADERS, &NOTES, &TITLES] {
            assert!(list.iter().all(|word| *word == word.to_lowercase()));
        }
    }

    #[rustfmt::skip]
    #[test]
    fn notes_are_told_from_names() {
        for text in [
            "Source: agency", "1 Includes others.", "\\2 See text", "(a) Of which", "* estimated", "NA = not known",
            "Quelle: Amt",
        ] {
            assert!(is_note(text), "{text}");
        }
        for text in [
            "Name", "12 345", "A", "Department of Justice", "(continued)", "é",
        ] {
            assert!(!is_note(text), "{text}");
        }
    }

    #[test]
    fn words_are_known_in_any_spelling() {
        assert!(said("InvoiceNumber").header && said("due dates").header);
        assert!(said("Grand Total").total && !said("Totally").total);
        assert!(said("Net (EUR)").unit && said("in %").unit);
        assert_eq!(said("Marketing"), WordFacts::default());
        assert!(is_title("Table 3. Sales") && is_title("2.1 Sales") && !is_title("2004 sales"));
    }
}
