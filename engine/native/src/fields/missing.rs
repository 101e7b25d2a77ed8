//! Finds words that people write if there is no value: "n/a", "k. A.", "brak".

use std::sync::LazyLock;

use foldhash::HashSet;

use super::outcome::ReaderKind;
use super::texts::text::trimmed;
use super::texts::truth;
use crate::cells::parts::places;
use crate::columns::view::ColumnValue;
use crate::words::cut::fold;
use crate::words::data::LISTS;

/// The maximum number of bytes in one of these words.
const MAX_WORD_BYTES: usize = 40;

/// The words, and what excludes most cells before the words are looked up.
struct MissingWords {
    /// The folded words without blanks and points. None of them is a yes or a no in some language.
    words: HashSet<&'static str>,
    /// For the length and the first byte of each ASCII word, the last bytes, one bit each: most cells begin or end differently.
    ends: Vec<[u64; 64]>,
    /// The same for all words, whatever their lengths.
    any_ends: [u64; 64],
    /// The first letters of all words, for texts outside of ASCII.
    letters: HashSet<char>,
}

static WORDS: LazyLock<MissingWords> = LazyLock::new(|| {
    let words: HashSet<&str> = LISTS.words("missing").into_iter().collect();
    let mut ends = vec![[0; 64]; MAX_WORD_BYTES + 1];
    let mut any_ends = [0; 64];
    for word in words.iter().map(|word| word.as_bytes()) {
        let (first, last) = (usize::from(word[0] & 63), 1 << (word[word.len() - 1] & 63));
        any_ends[first] |= last;
        if word.is_ascii() {
            ends[word.len()][first] |= last;
        }
    }
    let letters = words
        .iter()
        .filter_map(|word| word.chars().next())
        .collect();
    MissingWords {
        words,
        ends,
        any_ends,
        letters,
    }
});

impl MissingWords {
    /// Returns the plain form of a text that is one of the words, or that consists of points and blanks only.
    fn have(&self, text: &str) -> Option<String> {
        // Folding turns a control character into a blank.
        let is_left_out = |byte: &u8| matches!(byte, 0..=b' ' | b'.' | 0x7f);
        if let [first, .., last] = *text.as_bytes()
            && first.is_ascii_alphanumeric()
            && last.is_ascii_alphanumeric()
            && self.any_ends[usize::from(first.to_ascii_lowercase() & 63)]
                & 1 << (last.to_ascii_lowercase() & 63)
                == 0
        {
            return None;
        }
        if text.is_ascii() {
            let mut bytes = text.bytes().filter(|byte| !is_left_out(byte));
            let Some(first) = bytes.next() else {
                let is_nothing = text.bytes().all(|byte| matches!(byte, b' ' | b'.'));
                return is_nothing.then(String::new);
            };
            let (length, last) = bytes.fold((1, first), |(length, _), byte| (length + 1, byte));
            let [first, last] = [first, last].map(|byte| byte.to_ascii_lowercase() & 63);
            if self.ends[length][usize::from(first)] & 1 << last == 0 {
                return None;
            }
        } else {
            let first = text.chars().next()?;
            let first = match first.is_ascii_alphanumeric() {
                true => Some(first.to_ascii_lowercase()),
                false => fold(text.get(..first.len_utf8())?).chars().next(),
            };
            if first.is_some_and(|first| !self.letters.contains(&first)) {
                return None;
            }
        }
        let plain: String = fold(text)
            .chars()
            .filter(|c| !matches!(c, ' ' | '.'))
            .collect();
        (plain.is_empty() || self.words.contains(plain.as_str())).then_some(plain)
    }
}

/// Returns whether a cell states that it has no value. `own` are the author's words for this, folded; `as_known`: whether the
/// words above count, too.
fn is_missing(text: &str, kind: &ReaderKind, own: &[String], as_known: bool) -> bool {
    let text = trimmed(text);
    // No known word is longer.
    if text.is_empty() || text.len() > MAX_WORD_BYTES && own.is_empty() {
        return false;
    }
    if !own.is_empty() && own.contains(&fold(text)) {
        return true;
    }
    let may_be = as_known && !text.as_bytes()[0].is_ascii_digit() && text.len() <= MAX_WORD_BYTES;
    let is_known = || {
        // "Tom" is a name, and so is "Bos".
        let is_name = |plain: &str| {
            matches!(kind, ReaderKind::Name(_))
                && plain.chars().all(char::is_alphabetic)
                && !plain.is_empty()
        };
        WORDS.have(text).is_some_and(|plain| !is_name(&plain))
    };
    // Texts and codes stay as they are.
    may_be && !matches!(kind, ReaderKind::Text | ReaderKind::Code) && is_known()
}

/// Returns the cells without those that state that there is no value, and the number of these; `None` if there are none.
pub fn without<'v>(
    values: &[ColumnValue<'v>],
    kind: &ReaderKind,
    own: &[String],
    as_known: bool,
) -> Option<(Vec<ColumnValue<'v>>, usize)> {
    // "無" means no.
    let is_flag = |value: &ColumnValue<'_>| {
        matches!(kind, ReaderKind::Boolean { .. }) && truth::more_truth(*value, false).is_some()
    };
    let is_it = |value: &ColumnValue<'_>| matches!(value, ColumnValue::Text(text) if is_missing(text, kind, own, as_known) && !is_flag(value));
    let found = places(values.len(), |row| is_it(&values[row]));
    if found.is_empty() {
        return None;
    }
    let mut kept = values.to_vec();
    for row in &found {
        kept[*row] = ColumnValue::Null;
    }
    Some((kept, found.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn words_for_no_value_are_told_from_values() {
        let is = |text: &str, kind: &ReaderKind| is_missing(text, kind, &[], true);
        let number = ReaderKind::Number { units: Vec::new() };
        for text in [
            "n/a", "N.A.", " k. A. ", "n.d.", "brak danych", "—", "–", "#N/A", "(leer)", "н/д", "нет данных", "なし",
            "Não disponível", "s/d", "...", "没有", "no\ndata", "keine\tAngabe", "brak\r\ndanych",
        ] {
            assert!(is(text, &number), "{text}");
        }
        for text in [
            "", "5", "no", "nein", "0", "tbd", "soon", "1/2", "x", "nie", "ne", "a\nb", "\u{1}",
        ] {
            assert!(!is(text, &number), "{text}");
        }
        assert!(!is("n/a", &ReaderKind::Text) && !is("NA", &ReaderKind::Code));
        assert!(is_missing(
            "offen",
            &ReaderKind::Code,
            &["offen".to_owned()],
            true
        ));
        assert!(!is_missing("n/a", &number, &["offen".to_owned()], false));
    }
}
