//! Reads booleans: yes and no as people write them.

use std::sync::LazyLock;

use crate::columns::view::ColumnValue;
use crate::words::cut::{CutText, fold};
use crate::words::data::{LISTS, WordList};

/// Words for yes, folded, with those that spreadsheet programs show in their languages.
static YES: WordList = WordList::new(|| LISTS.words("yes"));
/// Words for no, folded, with those that spreadsheet programs show.
static NO: WordList = WordList::new(|| LISTS.words("no"));

/// Further words and signs for yes, folded or as they are written.
static MORE_YES: WordList = WordList::new(|| LISTS.words("more for yes"));
/// Further words and signs for no.
static MORE_NO: WordList = WordList::new(|| LISTS.words("more for no"));
/// In Japan a circle is yes and a cross is no; alone, and elsewhere, they may mean anything.
const CIRCLES: [&str; 2] = ["○", "◯"];
const CROSSES: [&str; 3] = ["×", "✕", "✖"];

/// Initials of yes and no in some language. A single one may mean anything: "F" is female, "N" north.
static INITIALS: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let pairs = LISTS.words("initials").into_iter();
    let pair = |word: &str| Some((word.chars().next()?, word.chars().next_back()?));
    pairs.filter_map(pair).collect()
});

/// The meaning of single letters in a column: none, unless all of them are the initials of one language's yes and no.
#[derive(Clone, Copy, Debug, Default)]
pub struct Initials {
    yes: [Option<char>; 2],
    no: Option<char>,
}

impl Initials {
    /// Returns the initials of a column; letters that are the author's `own` words do not count.
    pub fn from_values(values: &[ColumnValue<'_>], own: Option<(&[String], &[String])>) -> Self {
        let mut seen: [Option<char>; 3] = [None; 3];
        for value in values {
            let Some(letter) = single_letter(*value) else {
                continue;
            };
            let mut bytes = [0; 4];
            let text: &str = letter.encode_utf8(&mut bytes);
            let is_own = own.is_some_and(|(yes, no)| yes.iter().chain(no).any(|word| word == text));
            if letter == 'x' || is_own || seen.contains(&Some(letter)) {
                continue;
            }
            match seen.iter_mut().find(|place| place.is_none()) {
                Some(place) => *place = Some(letter),
                None => return Self::default(),
            }
        }
        let has = |letter: char| seen.contains(&Some(letter));
        let all_among = |known: &[char]| seen.iter().flatten().all(|letter| known.contains(letter));
        // These letters hardly mean anything else.
        if all_among(&['y', 'j', 'n']) {
            return Self {
                yes: [Some('y'), Some('j')],
                no: Some('n'),
            };
        }
        let is_whole = |(yes, no): &&(char, char)| has(*yes) && has(*no) && all_among(&[*yes, *no]);
        match INITIALS.iter().find(is_whole) {
            Some((yes, no)) => Self {
                yes: [Some(*yes), None],
                no: Some(*no),
            },
            None => Self::default(),
        }
    }

    fn says(self, letter: char) -> Option<bool> {
        match letter {
            _ if self.yes.contains(&Some(letter)) => Some(true),
            _ if self.no == Some(letter) => Some(false),
            _ => None,
        }
    }
}

/// Returns the only letter of a cell, in lower case.
fn single_letter(value: ColumnValue<'_>) -> Option<char> {
    let ColumnValue::Text(text) = value else {
        return None;
    };
    match text.as_bytes() {
        [letter] if letter.is_ascii_alphabetic() => {
            return Some(char::from(letter.to_ascii_lowercase()));
        }
        [first, second, ..] if first.is_ascii_alphanumeric() && second.is_ascii_alphanumeric() => {
            return None;
        }
        bytes if bytes.len() > 4 => return None,
        _ => {}
    }
    let mut letters = text
        .trim()
        .trim_end_matches('.')
        .chars()
        .flat_map(char::to_lowercase);
    let letter = letters.next().filter(|c| c.is_alphabetic())?;
    letters.next().is_none().then_some(letter)
}

/// Returns the boolean of a cell. `own` are the author's words, folded: those for yes, and those for no.
pub fn truth(
    value: ColumnValue<'_>,
    own: Option<(&[String], &[String])>,
    initials: Initials,
    cut: &mut CutText,
) -> Option<bool> {
    match value {
        ColumnValue::Boolean(flag) => Some(flag),
        ColumnValue::Integer(0) | ColumnValue::Unsigned(0) => Some(false),
        ColumnValue::Integer(1) | ColumnValue::Unsigned(1) => Some(true),
        ColumnValue::Float(0.0) => Some(false),
        ColumnValue::Float(1.0) => Some(true),
        ColumnValue::Text(text) => {
            if !cut.cut(text) {
                return None;
            }
            let word = cut.folded();
            if let Some((yes, no)) = own {
                // The author's words are folded, and cutting turns some of their letters into marks of dates.
                let folded = fold(text.trim());
                let says =
                    |words: &[String]| words.iter().any(|known| *known == folded || known == word);
                if says(yes) || says(no) {
                    return Some(says(yes));
                }
            }
            // A variation selector makes a sign an emoji.
            let word = word.trim_end_matches(['.', '\u{fe0e}', '\u{fe0f}']);
            if YES.contains(&word) {
                Some(true)
            } else if word.len() < 3
                && let Some(letter) = word.chars().next()
                && word.len() == letter.len_utf8()
                && letter.is_alphabetic()
            {
                initials.says(letter)
            } else {
                NO.contains(&word).then_some(false)
            }
        }
        _ => None,
    }
}

/// Returns whether a column has circles and crosses, but no sign that would make a circle the empty one.
pub fn has_circles(values: &[ColumnValue<'_>]) -> bool {
    let has = |signs: &[&str]| {
        let is_one = |value: &ColumnValue<'_>| matches!(value, ColumnValue::Text(text) if signs.contains(&text.trim()));
        values.iter().any(is_one)
    };
    has(&CIRCLES) && has(&CROSSES) && !has(&["●"])
}

/// Returns the boolean of a cell in further words and signs; `circles`: see [`has_circles`].
pub fn more_truth(value: ColumnValue<'_>, circles: bool) -> Option<bool> {
    let ColumnValue::Text(text) = value else {
        return None;
    };
    let word = text.trim().trim_end_matches(['.', '\u{fe0e}', '\u{fe0f}']);
    if CIRCLES.contains(&word) || CROSSES.contains(&word) {
        return circles.then_some(CIRCLES.contains(&word));
    }
    let is_one = !word.is_empty() && word.len() < 24;
    let says =
        |known: &[&str]| is_one && (known.contains(&word) || known.contains(&fold(word).as_str()));
    says(&MORE_YES)
        .then_some(true)
        .or_else(|| says(&MORE_NO).then_some(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_and_no_in_signs_and_languages() {
        let mut cut = CutText::default();
        let mut says = |text| truth(ColumnValue::Text(text), None, Initials::default(), &mut cut);
        for yes in [
            "✅", "✔️", "✔", "☑️", "да", "Da", "Ναι", "是", "はい", "1.0", "YES.",
        ] {
            assert_eq!(says(yes), Some(true), "{yes}");
        }
        for no in "❌ ✗ ☐ нет Не nu Όχι 否 いいえ 0.0 No".split(' ') {
            assert_eq!(says(no), Some(false), "{no}");
        }
        for neither in ["", "2.0", "1.00.", "maybe", "？"] {
            assert_eq!(says(neither), None, "{neither}");
        }
    }
    #[test]
    fn signs_of_japan_are_read_beside_each_other() {
        let says = |texts: &[&str]| -> Vec<Option<bool>> {
            let values: Vec<_> = texts.iter().map(|text| ColumnValue::Text(text)).collect();
            let circles = has_circles(&values);
            values
                .iter()
                .map(|value| more_truth(*value, circles))
                .collect()
        };
        let (yes, no) = (Some(true), Some(false));
        assert_eq!(says(&["○", "×", "◯"]), [yes, no, yes]);
        assert_eq!(says(&["○", "×", "●"]), [None, None, yes]);
        assert_eq!(says(&["×"]), [None]);
        assert_eq!(
            says(&["так", "Ні", "예", "無", "taip", "maybe"]),
            [yes, no, yes, no, yes, None]
        );
    }

    #[test]
    fn initials_are_read_where_both_are_known() {
        let mut cut = CutText::default();
        let mut says = |texts: &[&str]| -> Vec<Option<bool>> {
            let values: Vec<_> = texts.iter().map(|text| ColumnValue::Text(text)).collect();
            let initials = Initials::from_values(&values, None);
            values
                .iter()
                .map(|value| truth(*value, None, initials, &mut cut))
                .collect()
        };
        let (yes, no) = (Some(true), Some(false));
        assert_eq!(says(&["V", "F"]), [yes, no]);
        assert_eq!(says(&["s", "N.", "no"]), [yes, no, no]);
        assert_eq!(says(&["Y", "y", "x"]), [yes, yes, yes]);
        assert_eq!(says(&["Д", "Н"]), [yes, no]);
        assert_eq!(says(&["N", "J"]), [no, yes]);
        assert_eq!(says(&["F", "F", "yes"]), [None, None, yes]);
        assert_eq!(says(&["F", "M"]), [None, None]);
        assert_eq!(says(&["N", "S", "E", "W"]), [None; 4]);
        assert_eq!(says(&["V", "N"]), [None, None]);
    }
}
