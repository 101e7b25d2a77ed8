//! Looks up words: names of months and weekdays, fillers, currencies. All words are folded ([`super::cut`]).

use std::cell::RefCell;
use std::sync::LazyLock;

use foldhash::HashMap;

use super::data::{LISTS, WordList};
use super::tables::{CURRENCIES, FILLERS, Languages, MONTHS, ROMAN_LANGUAGES, WEEKDAYS};

/// The endings of a day's number in some languages: "31st", "1er".
static ORDINALS: WordList = WordList::new(|| LISTS.words("ordinals"));
/// Words of a time of day and of its zone.
static CLOCK: WordList = WordList::new(|| LISTS.words("clock"));
/// The months in Roman numerals: "31.XII.2025".
static ROMAN: WordList = WordList::new(|| LISTS.words("roman months"));
/// The minimum number of letters in an abbreviated month.
const MIN_PREFIX_CHARS: usize = 3;

/// The months that a word may mean, each with the languages in which it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MonthWord {
    /// The languages by month, from January at 0.
    by_month: [Languages; 12],
}

impl MonthWord {
    /// Returns the months that a word means; none if it means no month. The beginning of names ("Decem") means the same as the
    /// names. If these are several months of one language, as for "cerv", it keeps them all, and that language cannot decide.
    pub fn parse(word: &str) -> Option<Self> {
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
        if !any && word.chars().count() >= MIN_PREFIX_CHARS {
            let longer = MONTHS[start..].iter();
            for (_, month, languages) in longer.take_while(|(name, ..)| name.starts_with(word)) {
                found.by_month[usize::from(*month) - 1] |= languages;
                any = true;
            }
        }
        any.then_some(found)
    }

    /// Adds the month of a whole name; each language has one month for it.
    fn add(&mut self, month: u8, languages: Languages) {
        for other in &mut self.by_month {
            *other &= !languages;
        }
        self.by_month[usize::from(month) - 1] |= languages;
    }

    /// Returns all languages that know the word.
    pub fn languages(&self) -> Languages {
        self.by_month
            .iter()
            .fold(0, |all, languages| all | languages)
    }

    /// Returns the month that the word means in these languages or, if they do not know it, in all languages; none if the
    /// months differ.
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

/// Returns the weekdays that a word may mean (one bit each, Monday first) and the languages that know it.
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

/// The facts about a word in a date.
#[derive(Clone, Debug)]
pub struct DateWord {
    pub(super) text: String,
    pub month: Option<MonthWord>,
    /// The weekdays that it may mean, one bit each from Monday, and the languages that know it; 0 for none.
    pub weekdays: u8,
    pub weekday_languages: Languages,
    /// Whether it has no meaning of its own: "of", "de".
    pub is_filler: bool,
    /// Whether it makes a number an ordinal.
    pub is_ordinal: bool,
    pub is_clock: bool,
}

impl DateWord {
    fn new(text: &str) -> Self {
        let (weekdays, weekday_languages) = weekday(text).unwrap_or_default();
        Self {
            text: text.to_owned(),
            month: MonthWord::parse(text),
            weekdays,
            weekday_languages,
            is_filler: FILLERS.binary_search(&text).is_ok(),
            is_ordinal: ORDINALS.contains(&text),
            is_clock: is_clock(text),
        }
    }
}

/// A cache of words that were looked up: a column repeats few words.
pub struct Lexicon {
    slots: Vec<Option<Box<DateWord>>>,
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

    /// Returns the facts about a word.
    pub fn word(&mut self, text: &str) -> &DateWord {
        let hash = text.bytes().fold(text.len(), |hash, byte| {
            hash.wrapping_mul(31).wrapping_add(byte.into())
        });
        let slot = &mut self.slots[hash % Self::SLOTS];
        if slot.as_ref().is_none_or(|known| known.text != text) {
            *slot = None;
        }
        slot.get_or_insert_with(|| Box::new(DateWord::new(text)))
    }
}

/// Returns whether a word is a month in Roman numerals.
pub fn is_roman(word: &str) -> bool {
    ROMAN.contains(&word)
}

/// Returns whether a word belongs to a time of day.
pub fn is_clock(word: &str) -> bool {
    CLOCK.contains(&word)
}

/// Returns the position of a currency's sign or code in the table.
pub fn currency(word: &str) -> Option<usize> {
    CURRENCIES
        .binary_search_by_key(&word, |(name, ..)| name)
        .ok()
}

/// The trust that a cell with a currency's sign is an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CurrencyTrust {
    Sure,
    /// Only beside a number that is written like money.
    WithMoney,
    /// Only if the currency is known otherwise.
    Never,
}

/// Codes that people also write in small letters, and that are no words and no units.
static SMALL_CODES: WordList = WordList::new(|| LISTS.words("small codes"));
/// Codes of current or recent currencies that no country's own format shows. All other codes without a format are obsolete.
static CODES_IN_USE: WordList = WordList::new(|| LISTS.words("codes in use"));
/// Codes that are also words or units.
const CODES_THAT_ARE_WORDS: &[&str] = &["all", "cup", "kgs", "pen", "top"];
/// More of these codes, in headers of capitals only.
const CODES_THAT_ARE_WORDS_OF_HEADERS: &[&str] = &["mad", "try"];
/// Signs that are units or words in another spelling: the folded sign, and the sign as its country writes it.
static SIGNS_BY_CASE: LazyLock<HashMap<String, &str>> = LazyLock::new(|| {
    let signs = LISTS.words("signs by case").into_iter();
    signs.map(|sign| (sign.to_lowercase(), sign)).collect()
});
/// Those of these signs that hardly mean anything else in their country's spelling.
const SURE_BY_CASE: &[&str] = &["ft", "rm"];

/// Returns the trust in a sign, by its position in the table and its letters as the cell has them: "25 km" is no amount of
/// money, "12,50 KM" is.
pub fn trust(position: usize, written: &str) -> CurrencyTrust {
    let (name, code, marks) = CURRENCIES[position];
    if name.len() == 3 && name.eq_ignore_ascii_case(code) {
        let is_sure = SMALL_CODES.contains(&name)
            || written.chars().all(char::is_uppercase)
                && is_in_use(name, marks)
                && !CODES_THAT_ARE_WORDS.contains(&name);
        return if is_sure {
            CurrencyTrust::Sure
        } else {
            CurrencyTrust::Never
        };
    }
    match SIGNS_BY_CASE.get(name) {
        Some(usual) if *usual != written => CurrencyTrust::Never,
        Some(_) if !SURE_BY_CASE.contains(&name) => CurrencyTrust::WithMoney,
        _ => CurrencyTrust::Sure,
    }
}

fn is_in_use(code: &str, marks: u8) -> bool {
    marks != 0 || CODES_IN_USE.contains(&code)
}

/// Returns whether three capital letters at the end of a header are the code of a currency in use. `among_capitals`: the header
/// has no small letters, so the three may also be a word: "ITEMS ON TOP".
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

/// Returns the ISO code of a currency by its position; none if several currencies share the sign.
pub fn currency_code(position: usize) -> Option<&'static str> {
    let code = CURRENCIES[position].1;
    (!code.is_empty()).then_some(code)
}

/// The codes of a column's currencies.
pub struct Codes {
    /// Signs that several currencies share, each with the only one of these currencies that the column names.
    shared: Vec<(usize, &'static str)>,
}

impl Codes {
    /// Returns the ISO code of a currency by its position. A sign that several currencies share stays as it is, unless the
    /// column shows which currency is meant.
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

/// Returns the codes of the currencies that a column names, by their positions. Beside "US$" and "USD", a "$" means the same
/// currency.
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
        // The currency has a sign of its own that ends with this sign: "us$".
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

/// Returns the decimal marks of the countries that use a currency: 1 for a point, 2 for a comma.
pub fn currency_marks(position: usize) -> u8 {
    CURRENCIES[position].2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_of_several_months_are_none() {
        let month = |word: &str, beside: &str| {
            let among = MonthWord::parse(beside).map_or(0, |month| month.languages());
            MonthWord::parse(word).and_then(|month| month.month(among))
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
