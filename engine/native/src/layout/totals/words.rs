//! Words for totals, charges and balances, read from `words/lists.txt`, which has a line for each language.

use std::sync::LazyLock;

use foldhash::{HashMap, HashSet};

use crate::words::data::{LISTS, WordList};

/// The meaning of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TotalWord {
    Balance,
    Subtotal,
    Average,
    Total,
    Discount,
    Charge,
}

/// The position of a word in its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordPosition {
    /// Beside words that go with it, or alone: "Total (EUR)".
    Alone,
    /// Beside other words: "Total Energies".
    Beside,
    /// Beside other words, and often with another meaning: "All other".
    Weak,
}

/// Beginnings of labels for parts of a total.
static PARTS: WordList = WordList::new(|| LISTS.phrases("parts of totals"));

/// The maximum number of characters of a label; longer texts are sentences.
const MAX_TOTAL_LABEL_CHARS: usize = 60;

/// The phrases by their first word, the phrases of scripts without blanks, and the words that may accompany them.
struct PhraseIndex {
    phrases: HashMap<&'static str, Vec<Phrase>>,
    /// For each pair of first letters, the lengths of the first words that begin with it, one bit each.
    beginnings: Vec<u64>,
    unspaced: Vec<(TotalWord, &'static str)>,
    weak: HashSet<&'static str>,
    beside: HashSet<&'static str>,
    bare: HashSet<&'static str>,
    invoices: HashSet<&'static str>,
}

struct Phrase {
    word: TotalWord,
    words: Vec<&'static str>,
    is_weak: bool,
}

/// Returns the words of each language, with the kinds of words in sequence.
fn languages() -> impl Iterator<Item = &'static str> {
    let lines = LISTS.lines("totals");
    lines.filter_map(|line| Some(line.split_once(": ")?.1))
}

static KNOWN: LazyLock<PhraseIndex> = LazyLock::new(PhraseIndex::made);

impl PhraseIndex {
    fn made() -> Self {
        let set = |name| LISTS.phrases(name).into_iter().collect();
        let mut known = Self {
            phrases: HashMap::default(),
            beginnings: vec![0; 32 * 32],
            unspaced: Vec::new(),
            weak: set("weak"),
            beside: set("beside totals"),
            bare: set("bare balances"),
            invoices: set("invoices"),
        };
        let kinds = [
            TotalWord::Total,
            TotalWord::Subtotal,
            TotalWord::Charge,
            TotalWord::Discount,
            TotalWord::Balance,
        ];
        for words in languages() {
            for (word, phrases) in kinds.into_iter().zip(words.split(" | ")) {
                let phrases = phrases.split(", ");
                phrases.for_each(|phrase| known.add(word, phrase));
            }
        }
        let averages = LISTS.phrases("averages").into_iter();
        averages.for_each(|phrase| known.add(TotalWord::Average, phrase));
        for phrases in known.phrases.values_mut() {
            // Longest first, then by kind.
            phrases.sort_by_key(|phrase| (std::cmp::Reverse(phrase.words.len()), phrase.word));
        }
        known
            .unspaced
            .sort_by_key(|(word, phrase)| (std::cmp::Reverse(phrase.len()), *word));
        known
    }

    fn add(&mut self, word: TotalWord, phrase: &'static str) {
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

    /// Returns whether a text may contain a phrase. Most names cannot, and are rejected here without being split into words.
    fn may_have_phrase(&self, text: &str) -> bool {
        let mut letters = text.as_bytes().split(|byte| !byte.is_ascii_alphabetic());
        let is_plain = |byte: u8| byte.is_ascii() && !matches!(byte, b'%' | b'.');
        !text.bytes().all(is_plain)
            || letters.any(|word| {
                let (at, length) = beginning(word);
                self.beginnings[at] & length != 0
            })
    }

    /// Returns the longest phrase at the start of some words.
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

/// Returns a word's first two letters as one number below 32 × 32, regardless of case, and the bit of its length.
fn beginning(word: &[u8]) -> (usize, u64) {
    let letter = |at: usize| usize::from(word.get(at).copied().unwrap_or(0) & 31);
    (letter(0) * 32 + letter(1), 1 << word.len().min(63))
}

/// Returns whether a letter is of a script without blanks between words: Thai, Chinese, Japanese, Korean.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{e7f}' | '\u{3040}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// Returns the words of a label in small letters, without digits and signs.
fn words_of(text: &str) -> String {
    let mut flat = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '%' {
            flat.push_str(" % ");
        } else if c.is_alphabetic() || is_unspaced(c) || is_vowel_sign(c) {
            // The small letter of a capital I with a dot has an additional dot.
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

/// Returns whether a label begins with an account number, not a year: "1200 Opening balance" is one of many accounts.
fn begins_with_account(text: &str) -> bool {
    let digits = text
        .trim_start()
        .split(|c: char| !c.is_ascii_digit())
        .next();
    let digits = digits.unwrap_or_default();
    digits.len() > 2 && !(digits.len() == 4 && ("1900".."2100").contains(&digits))
}

/// Returns whether a label of balances has digits that are not a day: "Saldo 2024", "Balance Q1". Days are 31.12.2024 or 31
/// December 2024.
fn has_plain_number(text: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    let with_digits: Vec<&str> = text
        .split_whitespace()
        .filter(|word| word.contains(is_digit))
        .collect();
    let number = |word: &str| word.trim_matches(['.', ',']).parse::<u32>().ok();
    let is_day = match with_digits[..] {
        [word] => {
            word.split(['.', '-', '/'])
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

/// Returns whether a label only says that it is a balance, and not opening, closing or carried forward.
pub fn is_bare_balance(text: &str) -> bool {
    let known = &*KNOWN;
    let flat = words_of(text);
    if flat.chars().any(is_unspaced) {
        return known.bare.contains(flat.trim());
    }
    let words: Vec<&str> = flat.split_ascii_whitespace().collect();
    (0..words.len())
        .filter_map(|at| known.phrase_at(&words[at..]))
        .filter(|phrase| phrase.word == TotalWord::Balance)
        .all(|phrase| known.is_bare(phrase))
}

/// Returns whether a label begins like those of parts of a total.
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

/// Returns whether a character is a sign of Devanagari that is not a letter by itself.
fn is_vowel_sign(c: char) -> bool {
    matches!(c, '\u{93a}'..='\u{94d}' | '\u{200c}')
}

/// Returns the meaning of a label, and the position of its word.
pub fn said(text: &str) -> Option<(TotalWord, WordPosition)> {
    if text.len() > 4 * MAX_TOTAL_LABEL_CHARS
        || text.chars().take(MAX_TOTAL_LABEL_CHARS + 1).count() > MAX_TOTAL_LABEL_CHARS
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
            (
                *word,
                if is_alone {
                    WordPosition::Alone
                } else {
                    WordPosition::Beside
                },
            )
        });
    }
    let words: Vec<&str> = flat.split_ascii_whitespace().collect();
    let has_account = begins_with_account(text);
    let mut best: Option<(TotalWord, WordPosition)> = None;
    for at in 0..words.len() {
        let Some(phrase) = known.phrase_at(&words[at..]) else {
            continue;
        };
        let is_of_invoice =
            || has_plain_number(text) || words.iter().any(|word| known.invoices.contains(word));
        if phrase.word == TotalWord::Balance && known.is_bare(phrase) && is_of_invoice() {
            continue;
        }
        let behind = at + phrase.words.len();
        let is_known = |word: &&str| {
            known.goes_with(word)
                || known
                    .phrases
                    .get(word)
                    .is_some_and(|phrases| phrases.iter().any(|phrase| phrase.words.len() == 1))
        };
        let is_alone = !has_account && words[..at].iter().chain(&words[behind..]).all(is_known);
        let how = match (is_alone, phrase.is_weak) {
            (true, _) => WordPosition::Alone,
            (false, false) => WordPosition::Beside,
            (false, true) if at == 0 || behind == words.len() => WordPosition::Weak,
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
                    Some(WordPosition::Alone),
                    "{phrase}"
                );
            }
        }
    }

    #[rustfmt::skip]
    #[test]
    fn labels_say_what_they_are() {
        for (text, wanted) in [
            ("Grand Total (EUR)", Some((TotalWord::Total, WordPosition::Alone))), ("SUMME", Some((TotalWord::Total, WordPosition::Alone))),
            ("VAT 20%", Some((TotalWord::Charge, WordPosition::Alone))), ("Amount due", Some((TotalWord::Total, WordPosition::Alone))),
            ("Sub-total", Some((TotalWord::Subtotal, WordPosition::Alone))), ("Sous-total", Some((TotalWord::Subtotal, WordPosition::Alone))),
            ("Balance brought forward", Some((TotalWord::Balance, WordPosition::Alone))),
            ("Übertrag von Seite 3", Some((TotalWord::Balance, WordPosition::Alone))),
            ("Discount 2%", Some((TotalWord::Discount, WordPosition::Alone))), ("GENEL TOPLAM", Some((TotalWord::Total, WordPosition::Alone))),
            ("İNDİRİM", Some((TotalWord::Discount, WordPosition::Alone))), ("סה\"כ", Some((TotalWord::Total, WordPosition::Alone))),
            ("合計", Some((TotalWord::Total, WordPosition::Alone))), ("Total North", Some((TotalWord::Total, WordPosition::Beside))),
            ("Less common goods", Some((TotalWord::Discount, WordPosition::Weak))),
            ("1200 Opening balance", Some((TotalWord::Balance, WordPosition::Beside))),
            ("2024 Total", Some((TotalWord::Total, WordPosition::Alone))),
            ("Saldo per 31.12.2024", Some((TotalWord::Balance, WordPosition::Alone))),
            ("Balance 31 March 2024", Some((TotalWord::Balance, WordPosition::Alone))), ("Balance invoice 12", None),
            ("Saldo Rechnung", None), ("Saldo 2024", None), ("Saldo Q1", None),
            ("Saldo iniziale 2024", Some((TotalWord::Balance, WordPosition::Alone))), ("Miller", None), ("Totally fine", None),
        ] {
            assert_eq!(said(text), wanted, "{text}");
        }
    }
}
