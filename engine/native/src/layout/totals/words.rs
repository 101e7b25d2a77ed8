//! Words for totals, charges and balances, which stand in `words/lists.txt`: a line for each language.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::words::data::{LISTS, List};

/// What a label names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    Balance,
    Subtotal,
    Average,
    Total,
    Discount,
    Charge,
}

/// How a word stands in its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// With nothing but words that go with it: "Total (EUR)".
    Alone,
    /// Beside others: "Total Energies".
    Beside,
    /// Beside others, and it often means something else: "All other".
    Weak,
}

/// The words that parts of a total begin with.
static PARTS: List = List::new(|| LISTS.phrases("parts of totals"));

/// A longer label is a sentence.
const MOST_CHARACTERS: usize = 60;

/// The phrases by their first word, those of scripts without blanks, and what goes with them.
struct Known {
    phrases: HashMap<&'static str, Vec<Phrase>>,
    /// By two letters that a phrase begins with: a bit for each length of its first word.
    beginnings: Vec<u64>,
    unspaced: Vec<(Word, &'static str)>,
    weak: HashSet<&'static str>,
    beside: HashSet<&'static str>,
    bare: HashSet<&'static str>,
    invoices: HashSet<&'static str>,
}

struct Phrase {
    word: Word,
    words: Vec<&'static str>,
    is_weak: bool,
}

/// Returns the words of each language, one kind of word behind the other.
fn languages() -> impl Iterator<Item = &'static str> {
    let lines = LISTS.lines("totals");
    lines.filter_map(|line| Some(line.split_once(": ")?.1))
}

static KNOWN: LazyLock<Known> = LazyLock::new(Known::made);

impl Known {
    fn made() -> Self {
        let set = |name| LISTS.phrases(name).into_iter().collect();
        let mut known = Self {
            phrases: HashMap::new(),
            beginnings: vec![0; 32 * 32],
            unspaced: Vec::new(),
            weak: set("weak"),
            beside: set("beside totals"),
            bare: set("bare balances"),
            invoices: set("invoices"),
        };
        let kinds = [
            Word::Total,
            Word::Subtotal,
            Word::Charge,
            Word::Discount,
            Word::Balance,
        ];
        for words in languages() {
            for (word, phrases) in kinds.into_iter().zip(words.split(" | ")) {
                let phrases = phrases.split(", ");
                phrases.for_each(|phrase| known.add(word, phrase));
            }
        }
        let averages = LISTS.phrases("averages").into_iter();
        averages.for_each(|phrase| known.add(Word::Average, phrase));
        for phrases in known.phrases.values_mut() {
            // The longest first, then by kind.
            phrases.sort_by_key(|phrase| (std::cmp::Reverse(phrase.words.len()), phrase.word));
        }
        known
            .unspaced
            .sort_by_key(|(word, phrase)| (std::cmp::Reverse(phrase.len()), *word));
        known
    }

    fn add(&mut self, word: Word, phrase: &'static str) {
        if phrase.chars().any(is_unspaced) {
            self.unspaced.push((word, phrase));
            return;
        }
        let words: Vec<&'static str> = phrase.split(' ').collect();
        let is_weak = self.weak.contains(phrase);
        let (at, length) = beginning(words[0].as_bytes());
        self.beginnings[at] |= length;
        let phrases = self.phrases.entry(words[0]).or_default();
        if phrases.iter().all(|other| other.words != words) {
            phrases.push(Phrase {
                word,
                words,
                is_weak,
            });
        }
    }

    /// Whether a text may have a phrase; most names have none, and are told without being cut into words.
    fn may_have_phrase(&self, text: &str) -> bool {
        let mut letters = text.as_bytes().split(|byte| !byte.is_ascii_alphabetic());
        let is_plain = |byte: u8| byte.is_ascii() && !matches!(byte, b'%' | b'.');
        !text.bytes().all(is_plain)
            || letters.any(|word| {
                let (at, length) = beginning(word);
                self.beginnings[at] & length != 0
            })
    }

    /// The longest phrase that some words begin with.
    fn phrase_at(&self, words: &[&str]) -> Option<&Phrase> {
        let phrases = self.phrases.get(*words.first()?)?;
        phrases
            .iter()
            .find(|phrase| words.starts_with(&phrase.words))
    }

    fn is_bare(&self, phrase: &Phrase) -> bool {
        phrase.words.len() == 1 && self.bare.contains(phrase.words[0])
    }

    fn goes_with(&self, word: &str) -> bool {
        self.beside.contains(word)
    }
}

/// A word's two first letters as one number below 32 × 32, in small letters or large, and the bit of its length.
fn beginning(word: &[u8]) -> (usize, u64) {
    let letter = |at: usize| usize::from(word.get(at).copied().unwrap_or(0) & 31);
    (letter(0) * 32 + letter(1), 1 << word.len().min(63))
}

/// Thai, Chinese, Japanese, Korean: words follow each other without blanks.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{e7f}' | '\u{3040}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// The words of a label in small letters; digits and signs go.
fn words_of(text: &str) -> String {
    let mut flat = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '%' {
            flat.push_str(" % ");
        } else if c.is_alphabetic() || is_unspaced(c) || is_vowel_sign(c) {
            // A capital I with a dot has a dot more in small letters.
            flat.extend(c.to_lowercase().filter(|&small| small != '\u{307}'));
        } else if c == '.'
            && chars.peek().is_some_and(|next| next.is_alphabetic())
            && flat.chars().next_back().is_some_and(char::is_alphabetic)
        {
            // "m.v.a." is one word.
            if !flat.ends_with(' ')
                && flat
                    .rsplit(' ')
                    .next()
                    .is_some_and(|last| last.chars().count() > 3)
            {
                flat.push(' ');
            }
        } else if !flat.ends_with(' ') {
            flat.push(' ');
        }
    }
    flat
}

/// Whether a label begins with the number of an account, which is not a year: "1200 Opening balance" is one of many accounts.
fn begins_with_account(text: &str) -> bool {
    let digits = text
        .trim_start()
        .split(|c: char| !c.is_ascii_digit())
        .next();
    let digits = digits.unwrap_or_default();
    digits.len() > 2 && !(digits.len() == 4 && ("1900".."2100").contains(&digits))
}

/// Whether digits beside a balance are no day: "Saldo 2024", "Balance Q1". A day is 31.12.2024, or 31 December 2024.
fn has_plain_number(text: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    let with_digits: Vec<&str> = text
        .split_whitespace()
        .filter(|word| word.contains(is_digit))
        .collect();
    let number = |word: &str| word.trim_matches(['.', ',']).parse::<u32>().ok();
    let is_day = match with_digits[..] {
        [one] => {
            one.split(['.', '-', '/'])
                .filter(|part| part.contains(is_digit))
                .count()
                == 3
        }
        [day, year] => {
            number(day).is_some_and(|day| (1..=31).contains(&day))
                && number(year).is_some_and(|year| (1900..2100).contains(&year))
        }
        _ => false,
    };
    !with_digits.is_empty() && !is_day
}

/// Whether a label of balances says no more than that: no opening, closing or carried forward.
pub fn is_bare_balance(text: &str) -> bool {
    let known = &*KNOWN;
    let flat = words_of(text);
    if flat.chars().any(is_unspaced) {
        return known.bare.contains(flat.trim());
    }
    let words: Vec<&str> = flat.split_ascii_whitespace().collect();
    (0..words.len())
        .filter_map(|at| known.phrase_at(&words[at..]))
        .filter(|phrase| phrase.word == Word::Balance)
        .all(|phrase| known.is_bare(phrase))
}

/// Returns whether a label begins as those of parts do.
pub fn is_part(text: &str) -> bool {
    begins_with(words_of(text).trim_start(), &PARTS)
}

/// Returns whether a text begins with one of these phrases, as whole words.
pub fn begins_with(text: &str, phrases: &[&str]) -> bool {
    let mut behind = phrases
        .iter()
        .filter_map(|phrase| text.strip_prefix(phrase));
    behind.any(|rest| !rest.starts_with(char::is_alphanumeric))
}

/// Signs of Devanagari that are no letters of their own.
fn is_vowel_sign(c: char) -> bool {
    matches!(c, '\u{93a}'..='\u{94d}' | '\u{200c}')
}

/// What a label names, and how the word stands in it.
pub fn said(text: &str) -> Option<(Word, How)> {
    if text.len() > 4 * MOST_CHARACTERS
        || text.chars().take(MOST_CHARACTERS + 1).count() > MOST_CHARACTERS
    {
        return None;
    }
    let known = &*KNOWN;
    if !known.may_have_phrase(text) {
        return None;
    }
    let flat = words_of(text);
    if flat.chars().any(is_unspaced) {
        let joined: String = flat.chars().filter(|&c| c != ' ').collect();
        let mut phrases = known.unspaced.iter();
        let found =
            phrases.find(|(_, phrase)| joined.starts_with(phrase) || joined.ends_with(phrase));
        return found.map(|(word, phrase)| {
            let rest = joined.replacen(phrase, "", 1);
            let is_alone =
                rest.is_empty() || known.unspaced.iter().any(|(_, other)| rest == *other);
            (*word, if is_alone { How::Alone } else { How::Beside })
        });
    }
    let words: Vec<&str> = flat.split_ascii_whitespace().collect();
    let has_account = begins_with_account(text);
    let mut best: Option<(Word, How)> = None;
    for at in 0..words.len() {
        let Some(phrase) = known.phrase_at(&words[at..]) else {
            continue;
        };
        let is_of_invoice =
            || has_plain_number(text) || words.iter().any(|word| known.invoices.contains(word));
        if phrase.word == Word::Balance && known.is_bare(phrase) && is_of_invoice() {
            continue;
        }
        let behind = at + phrase.words.len();
        let is_known = |word: &&str| {
            known.goes_with(word)
                || known
                    .phrases
                    .get(word)
                    .is_some_and(|phrases| phrases.iter().any(|one| one.words.len() == 1))
        };
        let is_alone = !has_account && words[..at].iter().chain(&words[behind..]).all(is_known);
        let how = match (is_alone, phrase.is_weak) {
            (true, _) => How::Alone,
            (false, false) => How::Beside,
            (false, true) if at == 0 || behind == words.len() => How::Weak,
            (false, true) => continue,
        };
        let is_better =
            best.is_none_or(|(word, before)| (how as u8, phrase.word) < (before as u8, word));
        if is_better {
            best = Some((phrase.word, how));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_forty_languages() {
        assert_eq!(languages().count(), 40);
        assert!(LISTS.lines("totals").is_sorted());
        for words in languages() {
            assert_eq!(words.split(" | ").count(), 5, "{words}");
            for phrase in words.split(" | ").flat_map(|phrases| phrases.split(", ")) {
                assert_eq!(words_of(phrase), phrase, "{phrase}");
                assert_eq!(
                    said(phrase).map(|(_, how)| how),
                    Some(How::Alone),
                    "{phrase}"
                );
            }
        }
    }

    #[rustfmt::skip]
    #[test]
    fn labels_say_what_they_are() {
        for (text, wanted) in [
            ("Grand Total (EUR)", Some((Word::Total, How::Alone))), ("SUMME", Some((Word::Total, How::Alone))),
            ("VAT 20%", Some((Word::Charge, How::Alone))), ("Amount due", Some((Word::Total, How::Alone))),
            ("Sub-total", Some((Word::Subtotal, How::Alone))), ("Sous-total", Some((Word::Subtotal, How::Alone))),
            ("Balance brought forward", Some((Word::Balance, How::Alone))),
            ("Übertrag von Seite 3", Some((Word::Balance, How::Alone))),
            ("Discount 2%", Some((Word::Discount, How::Alone))), ("GENEL TOPLAM", Some((Word::Total, How::Alone))),
            ("İNDİRİM", Some((Word::Discount, How::Alone))), ("סה\"כ", Some((Word::Total, How::Alone))),
            ("合計", Some((Word::Total, How::Alone))), ("Total North", Some((Word::Total, How::Beside))),
            ("Less common goods", Some((Word::Discount, How::Weak))),
            ("1200 Opening balance", Some((Word::Balance, How::Beside))),
            ("2024 Total", Some((Word::Total, How::Alone))),
            ("Saldo per 31.12.2024", Some((Word::Balance, How::Alone))),
            ("Balance 31 March 2024", Some((Word::Balance, How::Alone))), ("Balance invoice 12", None),
            ("Saldo Rechnung", None), ("Saldo 2024", None), ("Saldo Q1", None),
            ("Saldo iniziale 2024", Some((Word::Balance, How::Alone))), ("Miller", None), ("Totally fine", None),
        ] {
            assert_eq!(said(text), wanted, "{text}");
        }
    }
}
