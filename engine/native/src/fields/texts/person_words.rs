//! Words of people's names, and of what is no person, folded; all that is known of a word is looked up at once.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::words::data::{LISTS, List};

/// First names that are hardly ever last names.
pub const GIVEN: u16 = 1;
/// Last names that are hardly ever first names.
pub const LAST: u16 = 2;
/// Last names that stand in front, in a language that writes names so: China, Korea, Vietnam, Japan.
pub const EAST: u16 = 4;
/// Last names of Hungary, where they stand in front.
pub const HUNGARIAN: u16 = 8;
/// Small words that belong to the last name behind them.
pub const PARTICLE: u16 = 16;
/// Those of Spain and Portugal, where another last name may stand before them.
pub const IBERIAN: u16 = 32;
/// What stands before a name and is no part of it.
pub const TITLE: u16 = 64;
/// Titles before a last name alone: "Mr Lee"; behind others a first name may stand alone: "Sir Elton".
pub const OF_LAST: u16 = 128;
/// What stands behind a name and is no part of it.
pub const SUFFIX: u16 = 256;
/// Words of companies, departments and places, which no person is called by.
pub const NO_PERSON: u16 = 512;
/// First names that many people have as a last name, too.
pub const BOTH: u16 = 1024;
/// Last names of Spanish and Portuguese, of which people have two.
pub const OF_TWO: u16 = 2048;

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
pub fn known(word: &str) -> u16 {
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
pub static NO_PEOPLE: List = List::new(|| LISTS.phrases("no people"));
