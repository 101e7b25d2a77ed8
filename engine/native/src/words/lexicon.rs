//! Looking words up: names of months and weekdays, fillers, currencies. All words are folded ([`super::cut`]).

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::data::{LISTS, List};
use super::tables::{CURRENCIES, FILLERS, Languages, MONTHS, ROMAN_LANGUAGES, WEEKDAYS};

/// What follows a day in some languages: "31st", "1er".
static ORDINALS: List = List::new(|| LISTS.words("ordinals"));
/// Words of a time of day and of its zone.
static CLOCK: List = List::new(|| LISTS.words("clock"));
/// The months as numbers of Rome: "31.XII.2025".
static ROMAN: List = List::new(|| LISTS.words("roman months"));
/// An abbreviated month has at least as many letters.
const SHORTEST_PREFIX: usize = 3;

/// The months that a word may mean, and in which languages; no month: the word is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MonthWord {
    /// Languages by month, from January at 0.
    by_month: [Languages; 12],
}

impl MonthWord {
    /// What a word means. A beginning of names ("Decem") means what the names mean: where they are several months of one
    /// language, as for "cerv", it keeps them all, and that language cannot tell.
    pub fn of(word: &str) -> Option<Self> {
        let mut found = Self::default();
        let start = MONTHS.partition_point(|(name, ..)| *name < word);
        let exact = MONTHS[start..]
            .iter()
            .take_while(|(name, ..)| *name == word);
        let mut any = false;
        for (_, month, languages) in exact {
            found.add(*month, *languages);
            any = true;
        }
        if let Some(month) = ROMAN.iter().position(|name| *name == word) {
            found.add(month as u8 + 1, *ROMAN_LANGUAGES);
            any = true;
        }
        if !any && word.chars().count() >= SHORTEST_PREFIX {
            let longer = MONTHS[start..].iter();
            for (_, month, languages) in longer.take_while(|(name, ..)| name.starts_with(word)) {
                found.by_month[usize::from(*month) - 1] |= languages;
                any = true;
            }
        }
        any.then_some(found)
    }

    /// A language has one month for a whole name.
    fn add(&mut self, month: u8, languages: Languages) {
        for other in &mut self.by_month {
            *other &= !languages;
        }
        self.by_month[usize::from(month) - 1] |= languages;
    }

    /// All languages that know the word.
    pub fn languages(&self) -> Languages {
        self.by_month.iter().fold(0, |all, one| all | one)
    }

    /// The month that the word means in these languages, or where they do not know it in all; none where they differ.
    pub fn month(&self, among: Languages) -> Option<u8> {
        let known = self.languages();
        let languages = if known & among == 0 { known } else { among };
        let mut months = (1..=12).filter(|month| self.by_month[month - 1] & languages != 0);
        match (months.next(), months.next()) {
            (Some(month), None) => Some(month as u8),
            _ => None,
        }
    }
}

/// The weekdays that a word may mean (a bit each, Monday first) and the languages that know it.
fn weekday(word: &str) -> Option<(u8, Languages)> {
    let start = WEEKDAYS.partition_point(|(name, ..)| *name < word);
    let same = WEEKDAYS[start..]
        .iter()
        .take_while(|(name, ..)| *name == word);
    let mut found = (0, 0);
    for (_, day, languages) in same {
        found.0 |= 1 << day;
        found.1 |= languages;
    }
    (found.0 != 0).then_some(found)
}

/// Returns whether a word is the name of a weekday in some language.
pub fn is_weekday(word: &str) -> bool {
    weekday(word).is_some()
}

/// What is known of a word in a date.
#[derive(Clone, Debug)]
pub struct Word {
    pub(super) text: String,
    pub month: Option<MonthWord>,
    /// Weekdays that it may mean, a bit each from Monday, and the languages that know it; 0: none.
    pub weekdays: u8,
    pub weekday_languages: Languages,
    /// It says nothing: "of", "de".
    pub is_filler: bool,
    /// It makes a number an ordinal.
    pub is_ordinal: bool,
    pub is_clock: bool,
}

impl Word {
    fn of(text: &str) -> Self {
        let (weekdays, weekday_languages) = weekday(text).unwrap_or_default();
        Self {
            text: text.to_owned(),
            month: MonthWord::of(text),
            weekdays,
            weekday_languages,
            is_filler: FILLERS.binary_search(&text).is_ok(),
            is_ordinal: ORDINALS.contains(&text),
            is_clock: is_clock(text),
        }
    }
}

/// Words that were looked up: a column repeats few.
pub struct Lexicon {
    slots: Vec<Option<Box<Word>>>,
}

impl Default for Lexicon {
    fn default() -> Self {
        Self {
            slots: vec![None; Self::SLOTS],
        }
    }
}

impl Lexicon {
    const SLOTS: usize = 256;

    /// Lends the words that this thread has looked up.
    pub fn lent<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        thread_local! {
            static KNOWN: RefCell<Lexicon> = RefCell::default();
        }
        KNOWN.with_borrow_mut(work)
    }

    /// What is known of a word.
    pub fn word(&mut self, text: &str) -> &Word {
        let hash = text.bytes().fold(text.len(), |hash, byte| {
            hash.wrapping_mul(31).wrapping_add(byte.into())
        });
        let slot = &mut self.slots[hash % Self::SLOTS];
        if slot.as_ref().is_none_or(|known| known.text != text) {
            *slot = None;
        }
        slot.get_or_insert_with(|| Box::new(Word::of(text)))
    }
}

/// Whether a word is a month as a number of Rome.
pub fn is_roman(word: &str) -> bool {
    ROMAN.contains(&word)
}

/// Whether a word belongs to a time of day.
pub fn is_clock(word: &str) -> bool {
    CLOCK.contains(&word)
}

/// The position of a currency's sign or code in the table.
pub fn currency(word: &str) -> Option<usize> {
    CURRENCIES
        .binary_search_by_key(&word, |(name, ..)| name)
        .ok()
}

/// How far a cell with a currency's sign is believed to be an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    Sure,
    /// Only beside a number that is written as money is.
    WithMoney,
    /// Only where the currency is known otherwise.
    Never,
}

/// Codes that people also write in small letters, and that are no word and no unit.
static SMALL_CODES: List = List::new(|| LISTS.words("small codes"));
/// Codes of today, or of yesterday, that no country's own format shows. All others without a format are obsolete.
static CODES_IN_USE: List = List::new(|| LISTS.words("codes in use"));
/// Codes that are words or units too.
const CODES_THAT_ARE_WORDS: &[&str] = &["all", "cup", "kgs", "pen", "top"];
/// More of them, in headers of capitals alone.
const CODES_THAT_ARE_WORDS_OF_HEADERS: &[&str] = &["mad", "try"];
/// Signs that are units or words when they are written in another way: the sign folded, and as its country writes it.
static SIGNS_BY_CASE: LazyLock<HashMap<String, &str>> = LazyLock::new(|| {
    let signs = LISTS.words("signs by case").into_iter();
    signs.map(|sign| (sign.to_lowercase(), sign)).collect()
});
/// Those among them that are hardly anything else when they are written so.
const SURE_BY_CASE: &[&str] = &["ft", "rm"];

/// How far a sign is believed, by its position in the table and its letters as the cell has them: "25 km" is no amount of
/// money, "12,50 KM" is one.
pub fn trust(position: usize, written: &str) -> Trust {
    let (name, code, marks) = CURRENCIES[position];
    if name.len() == 3 && name.eq_ignore_ascii_case(code) {
        let is_sure = SMALL_CODES.contains(&name)
            || written.chars().all(char::is_uppercase)
                && is_in_use(name, marks)
                && !CODES_THAT_ARE_WORDS.contains(&name);
        return if is_sure { Trust::Sure } else { Trust::Never };
    }
    match SIGNS_BY_CASE.get(name) {
        Some(usual) if *usual != written => Trust::Never,
        Some(_) if !SURE_BY_CASE.contains(&name) => Trust::WithMoney,
        _ => Trust::Sure,
    }
}

fn is_in_use(code: &str, marks: u8) -> bool {
    marks != 0 || CODES_IN_USE.contains(&code)
}

/// Whether three letters at the end of a header, in capitals, are the code of a currency in use. `among_capitals`: the header
/// has no small letters, so that the three may as well be a word: "ITEMS ON TOP".
pub fn is_code_of_header(written: &str, among_capitals: bool) -> bool {
    let name = written.to_ascii_lowercase();
    let Some((_, code, marks)) = currency(&name).map(|at| CURRENCIES[at]) else {
        return false;
    };
    let is_word = || {
        CODES_THAT_ARE_WORDS.contains(&name.as_str())
            || CODES_THAT_ARE_WORDS_OF_HEADERS.contains(&name.as_str())
    };
    code == written && is_in_use(&name, marks) && !(among_capitals && is_word())
}

/// The ISO code of a currency by its position; none where several currencies share the sign.
pub fn currency_code(position: usize) -> Option<&'static str> {
    let code = CURRENCIES[position].1;
    (!code.is_empty()).then_some(code)
}

/// The codes of a column's currencies.
pub struct Codes {
    /// Signs that several currencies share, with the only one of them that the column names.
    shared: Vec<(usize, &'static str)>,
}

impl Codes {
    /// The ISO code of a currency by its position; a sign that several currencies share, and of which the column does not
    /// say which one it is, stays as it is.
    pub fn code(&self, position: usize) -> &'static str {
        let shared = || {
            self.shared
                .iter()
                .find(|(sign, _)| *sign == position)
                .map(|(_, code)| *code)
        };
        currency_code(position)
            .or_else(shared)
            .unwrap_or(CURRENCIES[position].0)
    }
}

/// The codes of the currencies that a column names, by their positions. Beside "US$" and "USD" a "$" is one too.
pub fn codes_of(positions: impl Iterator<Item = usize>) -> Codes {
    let mut named: Vec<usize> = Vec::new();
    for position in positions {
        if !named.contains(&position) {
            named.push(position);
        }
    }
    let mut shared = Vec::new();
    for &sign in named.iter().filter(|sign| currency_code(**sign).is_none()) {
        let mut codes: Vec<&'static str> =
            named.iter().filter_map(|at| currency_code(*at)).collect();
        codes.sort_unstable();
        codes.dedup();
        // The sign is a part of the country's own: "us$".
        let has_sign = |code: &str| {
            CURRENCIES.iter().any(|(name, of, _)| {
                *of == code
                    && name.len() > CURRENCIES[sign].0.len()
                    && name.ends_with(CURRENCIES[sign].0)
            })
        };
        if let [only] = codes[..]
            && has_sign(only)
        {
            shared.push((sign, only));
        }
    }
    Codes { shared }
}

/// The decimal marks of the countries that use a currency: 1 point, 2 comma.
pub fn currency_marks(position: usize) -> u8 {
    CURRENCIES[position].2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_of_several_months_are_none() {
        let month = |word: &str, beside: &str| {
            let among = MonthWord::of(beside).map_or(0, |month| month.languages());
            MonthWord::of(word).and_then(|month| month.month(among))
        };
        for (word, beside) in [("cer", "listopadu"), ("cerv", "listopadu"), ("cer", "x")] {
            assert_eq!(
                month(word, &crate::words::cut::fold(beside)),
                None,
                "{word}"
            );
        }
        assert_eq!(month("juil", "fevrier"), Some(7));
        assert_eq!(month("juin", "fevrier"), Some(6));
        assert_eq!(month("decem", ""), Some(12));
        assert_eq!(month("sept", ""), Some(9));
    }
}
