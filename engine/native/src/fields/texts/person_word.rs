//! A word of a name: what is known of it, folded, and what its letters and its ending say. All that is known of a word is looked up at once.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::words::cut::fold;
use crate::words::data::{LISTS, List};

/// First names that are hardly ever last names.
pub(super) const GIVEN: u16 = 1;
/// Last names that are hardly ever first names.
pub(super) const LAST: u16 = 2;
/// Last names that stand in front, in a language that writes names so: China, Korea, Vietnam, Japan.
pub(super) const EAST: u16 = 4;
/// Last names of Hungary, where they stand in front.
pub(super) const HUNGARIAN: u16 = 8;
/// Small words that belong to the last name behind them.
pub(super) const PARTICLE: u16 = 16;
/// Those of Spain and Portugal, where another last name may stand before them.
pub(super) const IBERIAN: u16 = 32;
/// What stands before a name and is no part of it.
pub(super) const TITLE: u16 = 64;
/// Titles before a last name alone: "Mr Lee"; behind others a first name may stand alone: "Sir Elton".
pub(super) const OF_LAST: u16 = 128;
/// What stands behind a name and is no part of it.
pub(super) const SUFFIX: u16 = 256;
/// Words of companies, departments and places, which no person is called by.
pub(super) const NO_PERSON: u16 = 512;
/// First names that many people have as a last name, too.
pub(super) const BOTH: u16 = 1024;
/// Last names of Spanish and Portuguese, of which people have two.
pub(super) const OF_TWO: u16 = 2048;

/// The names of these kinds in the list.
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

/// What is known of a folded word, as bits.
pub(super) fn known(word: &str) -> u16 {
    WORDS.get(word).copied().unwrap_or(0)
}

static WORDS: LazyLock<HashMap<&str, u16>> = LazyLock::new(|| {
    let mut words = HashMap::new();
    for line in LISTS.lines("names of people") {
        let (kinds, names) = line.split_once(": ").unwrap_or_default();
        let bits = KINDS
            .iter()
            .filter(|(kind, _)| kinds.split('+').any(|one| one == *kind));
        let bits = bits.fold(0, |bits, (_, bit)| bits | bit);
        for word in names.split(' ') {
            *words.entry(word).or_default() |= bits;
        }
    }
    words
});

/// Two words, each of which may be a name, that are none together; folded.
pub(super) static NO_PEOPLE: List = List::new(|| LISTS.phrases("no people"));

/// A word that has its particle within: "d'Estaing".
pub(super) const OWN_PARTICLE: u16 = 1 << 15;
/// Endings of a father's name in Russian or Ukrainian.
static PATRONYMICS: List = List::new(|| LISTS.words("patronymics"));
/// Endings of last names of Russian, Ukrainian, Bulgarian, Greek and their neighbours.
static LAST_ENDINGS: List = List::new(|| LISTS.words("endings of last names"));
/// What syllables of Chinese, Korean and Vietnamese begin with and end with.
static STARTS: List = List::new(|| LISTS.words("starts of syllables"));
static ENDS: List = List::new(|| LISTS.words("ends of syllables"));

/// A word of a name.
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) folded: String,
    pub(super) known: u16,
}

impl<'a> Word<'a> {
    pub(super) fn of(text: &'a str) -> Self {
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

    /// Whether it is written in capitals as last names are, and is no pair of initials: "DUPONT", "McDONALD", "LI".
    pub(super) fn is_in_capitals(&self) -> bool {
        let body = ["Mc", "Mac", "O'", "O’", "d'", "D'", "De", "Le", "La", "Di"];
        let rest = body.iter().find_map(|one| self.text.strip_prefix(one));
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

    /// A father's name in Russian or Ukrainian.
    pub(super) fn is_patronymic(&self) -> bool {
        self.folded.chars().count() > 5 && self.ends_with_one(&PATRONYMICS)
    }

    fn ends_with_one(&self, endings: &[&str]) -> bool {
        endings.iter().any(|end| self.folded.ends_with(end))
    }

    /// Whether its end is that of last names of Russian, Ukrainian, Bulgarian or Greek.
    pub(super) fn ends_as_last(&self) -> bool {
        // "McCartney"
        let is_son = |start: &str| {
            self.text
                .strip_prefix(start)
                .is_some_and(|rest| rest.starts_with(char::is_uppercase))
        };
        !self.is(GIVEN)
            && (["Mc", "Mac", "O'", "O’"].into_iter().any(is_son)
                || self.folded.chars().count() > 4 && self.ends_with_one(&LAST_ENDINGS))
    }

    /// Whether it may be a first name of China, Korea or Vietnam: one or two of their short syllables.
    pub(super) fn is_eastern(&self) -> bool {
        let parts: Vec<&str> = self.folded.split('-').collect();
        parts.len() <= 2
            && parts
                .iter()
                .all(|part| syllables(part).is_some_and(|count| count <= 2))
    }

    /// Whether it may be a first name of Japan: open syllables.
    pub(super) fn is_japanese(&self) -> bool {
        let is_vowel = |c: &char| "aiueo".contains(*c);
        self.folded
            .chars()
            .all(|c| c.is_ascii_lowercase() && !"lqvx".contains(c))
            && self.folded.ends_with(|c: char| is_vowel(&c) || c == 'n')
            && self.folded.as_bytes().windows(2).all(|pair| {
                let [one, two] = [pair[0], pair[1]].map(char::from);
                let is_start = matches!((one, two), ('s' | 'c', 'h') | ('t', 's'));
                is_vowel(&one)
                    || is_vowel(&two)
                    || is_start
                    || one == 'n'
                    || two == 'y'
                    || one == two
            })
    }
}

/// A word folded; most are of plain letters.
pub(super) fn folded(word: &str) -> String {
    if word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        word.to_ascii_lowercase()
    } else {
        fold(word)
    }
}

/// How many syllables as those of Chinese, Korean and Vietnamese a word has: consonants, vowels, and one of a few ends.
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

/// Whether a text is nothing but plain words in the letters of names, none of which is one of companies: most cells are, and need no
/// second look.
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

/// Whether a letter is one of Chinese, Japanese or Korean.
pub(super) fn is_of_asia(c: char) -> bool {
    is_han(c) || is_kana(c) || is_hangul(c)
}
