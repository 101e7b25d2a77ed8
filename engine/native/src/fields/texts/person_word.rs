//! A word of a name: the facts about the folded word, its letters and its ending. All facts about a word are looked up at once.

use std::sync::LazyLock;

use foldhash::HashMap;

use crate::words::cut::fold;
use crate::words::data::{LISTS, WordList};

/// First names that are hardly ever last names.
pub(super) const GIVEN: u16 = 1;
/// Last names that are hardly ever first names.
pub(super) const LAST: u16 = 2;
/// Last names that come first in languages of China, Korea, Vietnam and Japan.
pub(super) const EAST: u16 = 4;
/// Last names of Hungary, which come first there.
pub(super) const HUNGARIAN: u16 = 8;
/// Small words that belong to the last name behind them.
pub(super) const PARTICLE: u16 = 16;
/// Particles of Spain and Portugal, which may follow another last name.
pub(super) const IBERIAN: u16 = 32;
/// Titles, which precede a name and are no part of it.
pub(super) const TITLE: u16 = 64;
/// Titles before a last name alone: "Mr Lee". Other titles may precede a first name alone: "Sir Elton".
pub(super) const OF_LAST: u16 = 128;
/// Suffixes, which follow a name and are no part of it.
pub(super) const SUFFIX: u16 = 256;
/// Words of companies, departments and places, which are no names of people.
pub(super) const NO_PERSON: u16 = 512;
/// First names that are also the last name of many people.
pub(super) const BOTH: u16 = 1024;
/// Spanish and Portuguese last names, of which people have two.
pub(super) const OF_TWO: u16 = 2048;

/// The kinds of words, by their names in the list.
const KINDS: [(&str, u16); 12] = [
    ("given", GIVEN),
    ("last", LAST),
    ("east", EAST),
    ("hungarian", HUNGARIAN),
    ("particle", PARTICLE),
    ("iberian", IBERIAN),
    ("title", TITLE),
    ("of-last", OF_LAST),
    ("suffix", SUFFIX),
    ("no-person", NO_PERSON),
    ("both", BOTH),
    ("of-two", OF_TWO),
];

/// Returns the facts about a folded word, as bits.
pub(super) fn known(word: &str) -> u16 {
    WORDS.get(word).copied().unwrap_or(0)
}

static WORDS: LazyLock<HashMap<&str, u16>> = LazyLock::new(|| {
    let mut words = HashMap::default();
    for line in LISTS.lines("names of people") {
        let (kinds, names) = line.split_once(": ").unwrap_or_default();
        let bits = KINDS
            .iter()
            .filter(|(kind, _)| kinds.split('+').any(|name| name == *kind));
        let bits = bits.fold(0, |bits, (_, bit)| bits | bit);
        for word in names.split(' ') {
            *words.entry(word).or_default() |= bits;
        }
    }
    words
});

/// Pairs of folded words that are no person's name, although each word may be a name.
pub(super) static NO_PEOPLE: WordList = WordList::new(|| LISTS.phrases("no people"));

/// A word that includes its particle: "d'Estaing".
pub(super) const OWN_PARTICLE: u16 = 1 << 15;
/// Endings of Russian and Ukrainian patronymics.
static PATRONYMICS: WordList = WordList::new(|| LISTS.words("patronymics"));
/// Endings of Russian, Ukrainian, Bulgarian, Greek and related last names.
static LAST_ENDINGS: WordList = WordList::new(|| LISTS.words("endings of last names"));
/// The beginnings and endings of Chinese, Korean and Vietnamese syllables.
static STARTS: WordList = WordList::new(|| LISTS.words("starts of syllables"));
static ENDS: WordList = WordList::new(|| LISTS.words("ends of syllables"));

/// A word of a name.
pub(super) struct NameWord<'a> {
    pub(super) text: &'a str,
    pub(super) folded: String,
    pub(super) known: u16,
}

impl<'a> NameWord<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let folded = folded(text.trim_matches([',', '.']));
        // "Giscard d'Estaing"
        let particle = if text.starts_with("d'") || text.starts_with("d’") {
            OWN_PARTICLE
        } else {
            0
        };
        let known = known(&folded) | particle;
        Self {
            text,
            folded,
            known,
        }
    }

    pub(super) fn is(&self, bits: u16) -> bool {
        self.known & bits != 0
    }

    pub(super) fn is_initial(&self) -> bool {
        let letters = self.text.chars().filter(|c| c.is_alphabetic());
        self.text.ends_with('.') && letters.count() <= 2
            || self.text.chars().count() == 1 && !self.text.starts_with(is_han)
    }

    /// Returns whether the word is written in capitals, as last names are, and is no pair of initials: "DUPONT", "McDONALD",
    /// "LI".
    pub(super) fn is_in_capitals(&self) -> bool {
        let body = ["Mc", "Mac", "O'", "O’", "d'", "D'", "De", "Le", "La", "Di"];
        let rest = body.iter().find_map(|start| self.text.strip_prefix(start));
        let rest = rest
            .filter(|rest| rest.chars().count() > 2)
            .unwrap_or(self.text);
        let letters = rest.chars().filter(|c| c.is_alphabetic());
        let count = letters.clone().count();
        let is_upper =
            letters.clone().any(char::is_uppercase) && !letters.clone().any(char::is_lowercase);
        is_upper
            && (count > 2 || count == 2 && self.is(EAST | PARTICLE))
            && !self.text.ends_with('.')
    }

    /// Returns whether the word is a Russian or Ukrainian patronymic.
    pub(super) fn is_patronymic(&self) -> bool {
        self.folded.chars().count() > 5 && self.ends_with_one(&PATRONYMICS)
    }

    fn ends_with_one(&self, endings: &[&str]) -> bool {
        endings.iter().any(|end| self.folded.ends_with(end))
    }

    /// Returns whether the word ends like a Russian, Ukrainian, Bulgarian or Greek last name, or begins like "McCartney".
    pub(super) fn ends_as_last(&self) -> bool {
        let is_son = |start: &str| {
            self.text
                .strip_prefix(start)
                .is_some_and(|rest| rest.starts_with(char::is_uppercase))
        };
        !self.is(GIVEN)
            && (["Mc", "Mac", "O'", "O’"].into_iter().any(is_son)
                || self.folded.chars().count() > 4 && self.ends_with_one(&LAST_ENDINGS))
    }

    /// Returns whether the word may be a Chinese, Korean or Vietnamese first name: it consists of short syllables of these
    /// languages.
    pub(super) fn is_eastern(&self) -> bool {
        let parts: Vec<&str> = self.folded.split('-').collect();
        parts.len() <= 2
            && parts
                .iter()
                .all(|part| syllables(part).is_some_and(|count| count <= 2))
    }

    /// Returns whether the word may be a Japanese first name: it has open syllables.
    pub(super) fn is_japanese(&self) -> bool {
        let is_vowel = |c: &char| "aiueo".contains(*c);
        self.folded
            .chars()
            .all(|c| c.is_ascii_lowercase() && !"lqvx".contains(c))
            && self.folded.ends_with(|c: char| is_vowel(&c) || c == 'n')
            && self.folded.as_bytes().windows(2).all(|pair| {
                let [first, two] = [pair[0], pair[1]].map(char::from);
                let is_start = matches!((first, two), ('s' | 'c', 'h') | ('t', 's'));
                is_vowel(&first)
                    || is_vowel(&two)
                    || is_start
                    || first == 'n'
                    || two == 'y'
                    || first == two
            })
    }
}

/// Folds a word; most words have plain letters.
pub(super) fn folded(word: &str) -> String {
    if word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        word.to_ascii_lowercase()
    } else {
        fold(word)
    }
}

/// Returns the number of Chinese, Korean or Vietnamese syllables that a word consists of: consonants, vowels, and one of a few
/// endings. None if it does not.
pub(super) fn syllables(word: &str) -> Option<usize> {
    const VOWELS: &str = "aeiouy";
    if word.is_empty() {
        return Some(0);
    }
    for start in STARTS.iter().chain([&""]) {
        let Some(rest) = word.strip_prefix(start) else {
            continue;
        };
        let vowels = rest
            .bytes()
            .take_while(|byte| VOWELS.contains(char::from(*byte)))
            .count();
        if vowels == 0 || vowels > 4 {
            continue;
        }
        for end in ENDS.iter().chain([&""]) {
            if let Some(behind) = rest[vowels..].strip_prefix(end)
                && let Some(more) = syllables(behind)
            {
                return Some(more + 1);
            }
        }
    }
    None
}

/// Returns whether a text consists of plain words in letters of names, none of them a word of companies. Most cells do, and
/// need no second check.
pub(super) fn is_plain(text: &str) -> bool {
    let (mut word, mut length, mut has_small) = ([0; 24], 0, false);
    for &byte in text.as_bytes().iter().chain(b" ") {
        match byte {
            b' ' | b',' if length == 0 => continue,
            b' ' | b',' => {
                let folded = std::str::from_utf8(&word[..length]).unwrap_or_default();
                if !has_small || known(folded) & NO_PERSON != 0 {
                    return false;
                }
                (length, has_small) = (0, false);
                continue;
            }
            b'A'..=b'Z' => {}
            b'a'..=b'z' | b'-' | b'\'' if length > 0 => has_small |= byte.is_ascii_lowercase(),
            _ => return false,
        }
        if length == word.len() {
            return false;
        }
        word[length] = byte.to_ascii_lowercase();
        length += 1;
    }
    !text.is_empty()
}

pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '々')
}

pub(super) fn is_kana(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}')
}

pub(super) fn is_hangul(c: char) -> bool {
    matches!(c, '\u{ac00}'..='\u{d7a3}')
}

/// Returns whether a letter is Chinese, Japanese or Korean.
pub(super) fn is_of_asia(c: char) -> bool {
    is_han(c) || is_kana(c) || is_hangul(c)
}
