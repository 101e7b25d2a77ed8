//! The words of languages and currencies that readers know, from `tables.txt`, which `tools/tables/generate.py` writes from the
//! CLDR.
//!
//! Each table is read on first use.

use std::sync::LazyLock;

use super::data::CLDR;

/// The languages that use a word, one bit each.
pub type Languages = u128;

/// The bits of the languages in which the month may come first: English and Spanish (of the Americas).
pub static MONTH_FIRST_LANGUAGES: LazyLock<Languages> =
    LazyLock::new(|| section("month first").map(bit_of).sum());

/// The bits of languages that also write months in Roman numerals; Hungarian, Polish and Romanian are some of them.
pub static ROMAN_LANGUAGES: LazyLock<Languages> =
    LazyLock::new(|| ["hu", "pl", "ro"].into_iter().map(bit_of).sum());

/// Folded names of months: word, month, languages. Sorted; a word with two meanings has two rows.
pub static MONTHS: LazyLock<Vec<(&str, u8, Languages)>> = LazyLock::new(|| words("months"));

/// Folded names of weekdays: word, weekday from Monday = 0, languages. Sorted.
pub static WEEKDAYS: LazyLock<Vec<(&str, u8, Languages)>> = LazyLock::new(|| words("weekdays"));

/// Folded words in dates that have no meaning of their own. Sorted.
pub static FILLERS: LazyLock<Vec<&str>> = LazyLock::new(|| section("fillers").collect());

/// Folded signs and codes of currencies, each with its ISO code (empty if several currencies share the sign), and the decimal
/// marks of the countries that use it (1 point, 2 comma). Sorted.
pub static CURRENCIES: LazyLock<Vec<(&str, &str, u8)>> = LazyLock::new(|| {
    let row = |piece: &'static str| {
        let (sign, of) = sides(piece)?;
        let code = of.trim_end_matches(['.', ',']);
        let marks = u8::from(of.contains('.')) + 2 * u8::from(of.contains(','));
        Some((sign, code, marks))
    };
    section("currencies").filter_map(row).collect()
});

/// Folded words for units of time, each with the letter of its unit: w, d, h, m, s. Sorted.
pub static UNITS_OF_TIME: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let line = |line: &'static str| {
        let (unit, words) = line.split_once(' ')?;
        Some(words.split(' ').map(move |word| (word, unit)))
    };
    let mut words: Vec<_> = CLDR.lines("durations").filter_map(line).flatten().collect();
    words.sort_unstable();
    words
});

/// Small letters that fold to other letters. Sorted.
pub static FOLDS: LazyLock<Vec<(char, &str)>> = LazyLock::new(|| {
    let rows = section("folds").filter_map(sides);
    let mut folds: Vec<_> = rows
        .flat_map(|(to, letters)| letters.chars().map(move |letter| (letter, to)))
        .collect();
    folds.sort_unstable();
    folds
});

/// The digit zero of each script but ASCII; its nine other digits follow. Sorted.
pub static ZEROS: LazyLock<Vec<u32>> =
    LazyLock::new(|| section("zeros").filter_map(point).collect());

/// Ranges of marks that belong to words: first, last, and whether folding drops them. Sorted.
pub static MARKS: LazyLock<Vec<(u32, u32, bool)>> = LazyLock::new(|| {
    let row = |piece: &str| {
        let (first, last) = piece.trim_end_matches('+').split_once('-')?;
        Some((point(first)?, point(last)?, !piece.ends_with('+')))
    };
    section("marks").filter_map(row).collect()
});

/// Returns the pieces of a table.
fn section(name: &str) -> impl Iterator<Item = &'static str> + use<> {
    CLDR.words(name).into_iter()
}

/// Splits a piece into the text before `=`, in which `_` is a blank, and the text behind it.
fn sides(piece: &'static str) -> Option<(&'static str, &'static str)> {
    let (before, behind) = piece.rsplit_once('=')?;
    if before.contains('_') {
        return Some((before.replace('_', " ").leak(), behind));
    }
    Some((before, behind))
}

/// Reads a table of words: each line has languages, and words of all these languages with their numbers.
fn words(name: &str) -> Vec<(&'static str, u8, Languages)> {
    let tags: Vec<&str> = section("languages").collect();
    let mut found = Vec::new();
    for line in CLDR.lines(name) {
        let mut pieces = line.split(' ');
        let among = pieces.next().unwrap_or_default().split(',');
        let languages = among.map(|tag| bit(tag, &tags)).sum();
        found.extend(pieces.map(|piece| {
            let word = piece.trim_start_matches(|c: char| c.is_ascii_digit());
            let number = piece[..piece.len() - word.len()]
                .parse()
                .unwrap_or_default();
            (word, number, languages)
        }));
    }
    found.sort_unstable();
    found
}

/// Returns the bit of a language among all languages, which are sorted.
fn bit(tag: &str, tags: &[&str]) -> Languages {
    tags.binary_search(&tag).map_or(0, |at| 1 << at)
}

fn bit_of(tag: &str) -> Languages {
    bit(tag, &section("languages").collect::<Vec<_>>())
}

fn point(piece: &str) -> Option<u32> {
    u32::from_str_radix(piece, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_read_whole_and_sorted() {
        assert_eq!(MONTH_FIRST_LANGUAGES.count_ones(), 2);
        assert_eq!((MONTHS.len(), WEEKDAYS.len()), (1404, 964));
        assert_eq!((FILLERS.len(), CURRENCIES.len()), (241, 1589));
        assert_eq!((FOLDS.len(), ZEROS.len(), MARKS.len()), (551, 65, 212));
        assert!(
            MONTHS
                .iter()
                .all(|row| !row.0.is_empty() && (1..=12).contains(&row.1) && row.2 != 0)
        );
        assert!(
            WEEKDAYS
                .iter()
                .all(|row| !row.0.is_empty() && row.1 < 7 && row.2 != 0)
        );
        assert_eq!(UNITS_OF_TIME.len(), 343);
        assert!(MONTHS.is_sorted() && WEEKDAYS.is_sorted() && FILLERS.is_sorted());
        assert!(
            CURRENCIES.is_sorted() && FOLDS.is_sorted() && ZEROS.is_sorted() && MARKS.is_sorted()
        );
    }

    #[test]
    fn rows_mean_what_they_say() {
        let month = |word| {
            MONTHS
                .iter()
                .filter(move |row| row.0 == word)
                .map(|row| row.1)
        };
        assert_eq!(month("december").collect::<Vec<_>>(), [12]);
        let of = |sign| {
            CURRENCIES
                .iter()
                .find(|row| row.0 == sign)
                .map(|row| (row.1, row.2))
        };
        assert_eq!(of("$"), Some(("", 3)));
        assert_eq!(of("eur"), Some(("EUR", 3)));
        assert!(FOLDS.contains(&('ß', "ss")) && ZEROS.contains(&0x660));
        assert!(MARKS.contains(&(0x300, 0x34e, true)) && MARKS.contains(&(0x34f, 0x34f, false)));
    }
}
