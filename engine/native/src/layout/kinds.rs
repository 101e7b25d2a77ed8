//! The kind of content that a person sees in a cell, by its text alone: a number, a period, a date, words.
//!
//! This is more forgiving than the readers of [`crate::fields`]. It converts nothing, and "12r" or "(0.3)" are part of a column
//! of numbers even if a reader cannot read them.

use crate::words::cut::are_digits;
use crate::words::data::{LISTS, WordList};

/// Texts that replace a missing value, in small letters without points, slashes and blanks.
static STAND_INS: WordList = WordList::new(|| LISTS.words("stand-ins"));

/// The kind of content of a cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CellKind {
    #[default]
    Blank = 0,
    Number = 1,
    /// A year, quarter or month. Columns of figures often have such names.
    Period = 2,
    Date = 3,
    /// A sign that replaces a missing value: "n/a", "-", "(x)".
    Stand = 4,
    /// Letters and digits together: codes, addresses, sentences with numbers.
    Mixed = 5,
    Words = 6,
}

impl CellKind {
    pub const COUNT: usize = 7;

    /// Returns whether the meaning of the cell depends on its text.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Mixed | Self::Words)
    }

    /// Returns whether the cell has a value rather than a name.
    pub fn is_value(self) -> bool {
        matches!(self, Self::Number | Self::Date | Self::Stand)
    }
}

/// Returns whether a character is white space or looks like it.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}' | '\u{1c}'..='\u{1f}')
}

/// Returns the text without white space around it.
pub fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Returns the kind of a trimmed text.
pub fn kind_of(text: &str) -> CellKind {
    if text.is_empty() {
        return CellKind::Blank;
    }
    let length = text.chars().take(48).count();
    if !text.chars().any(|c| c.is_ascii_digit()) {
        return if length <= 6 && is_stand_in(text) {
            CellKind::Stand
        } else if length <= 14 && begins_with_month(text) && is_period(text) {
            CellKind::Period
        } else {
            CellKind::Words
        };
    }
    if is_multiplier(text) {
        return CellKind::Words;
    }
    let inner = text.strip_prefix('(').and_then(|t| t.strip_suffix(')'));
    if year(inner.unwrap_or(text)).is_some() {
        return CellKind::Period;
    }
    if length <= 28 && is_date(text) {
        return CellKind::Date;
    }
    if length <= 24 {
        if is_number(text) {
            return CellKind::Number;
        }
        if is_period(text) || text.contains('(') && leading_year(text).is_some() {
            return CellKind::Period;
        }
        let bare = without_marks(text);
        if !bare.is_empty() && bare.len() < text.len() {
            if year(bare).is_some() {
                return CellKind::Period;
            }
            if is_number(bare) {
                return CellKind::Number;
            }
            if is_period(bare) {
                return CellKind::Period;
            }
        }
    }
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    if length <= 40 && letters <= 2 && digits > 2 * letters && !text.contains('=') {
        // Ranges, measurements with their errors, telephone numbers.
        return CellKind::Number;
    }
    CellKind::Mixed
}

/// Returns whether a text is the unit of a column and not a value: "(1,000)", "(000s)".
fn is_multiplier(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) else {
        return false;
    };
    let inner = trim(inner).trim_start_matches(['$', '€', '£', ' ']);
    let zeros = inner.trim_end_matches('s').trim_end_matches(['\'', '’']);
    matches!(inner, "1,000" | "1,000,000" | "1.000" | "1000" | "1 000")
        || !zeros.is_empty() && zeros.bytes().all(|b| b == b'0')
}

fn is_year_number(number: u32) -> bool {
    (1800..=2100).contains(&number)
}

/// Returns the year if the text is nothing else: "2004" or "2004.0".
pub fn year(text: &str) -> Option<u32> {
    let digits = text.strip_suffix(".0").unwrap_or(text);
    if digits.len() != 4 || !are_digits(digits) {
        return None;
    }
    digits.parse().ok().filter(|&number| is_year_number(number))
}

/// Returns the year at the beginning of a short text: "2004", "2004 (1,000)", "2004-05", but not "2004.5" or "20045".
pub fn leading_year(text: &str) -> Option<u32> {
    if let Some(year) = year(text) {
        return Some(year);
    }
    let number: u32 = text
        .get(..4)
        .filter(|digits| are_digits(digits))?
        .parse()
        .ok()?;
    let next = text[4..].chars().next()?;
    let fits = is_space(next) || matches!(next, ',' | '(' | '/' | '\\' | '*' | '-' | '–');
    (fits && is_year_number(number) && text.chars().take(36).count() < 36).then_some(number)
}

/// Returns whether a text is a number: "-1,234.50", "(12 %)", "$ 3.4", "1.2e-5".
pub fn is_number(text: &str) -> bool {
    let mut rest = text;
    if let Some(inner) = rest.strip_prefix('(') {
        rest = inner.strip_suffix(')').unwrap_or(inner);
    }
    rest = trim(rest.trim_start_matches(['-', '+', '−', '–']));
    for sign in ["US$", "CA$", "$", "€", "£", "¥"] {
        if let Some(after) = rest.strip_prefix(sign) {
            rest = trim(after).trim_start_matches(['-', '+', '−', '–']);
            break;
        }
    }
    rest = rest.trim_end_matches(['€', '%', ' ', '\u{a0}', '\u{202f}']);
    rest = trim(rest);
    let bytes: Vec<char> = rest.chars().collect();
    let run = |from: usize| {
        bytes[from.min(bytes.len())..]
            .iter()
            .take_while(|c| c.is_ascii_digit())
            .count()
    };
    let whole = run(0);
    let mut at = whole;
    let mut digits = whole;
    if (1..=3).contains(&whole) {
        while bytes.get(at).is_some_and(|c| {
            matches!(
                c,
                ' ' | ',' | '.' | '\'' | '’' | '\u{a0}' | '\u{202f}' | '\u{2009}'
            )
        }) && run(at + 1) == 3
        {
            at += 4;
            digits += 3;
        }
    }
    if bytes.get(at).is_some_and(|c| matches!(c, '.' | ',')) && run(at + 1) > 0 {
        digits += run(at + 1);
        at += 1 + run(at + 1);
    }
    if digits == 0 {
        return false;
    }
    if bytes.get(at).is_some_and(|c| matches!(c, 'e' | 'E')) {
        let signed = usize::from(bytes.get(at + 1).is_some_and(|c| matches!(c, '+' | '-')));
        if run(at + 1 + signed) > 0 {
            at += 1 + signed + run(at + 1 + signed);
        }
    }
    at == bytes.len()
}

/// Returns whether a text is a range of values: "20-49", "<20", "250+", "1 to 5". Ranges are names of columns as often as
/// values.
pub fn is_range(text: &str) -> bool {
    // Most numbers are plain.
    if text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return false;
    }
    let rest = text.trim_start_matches(['<', '>', '≤', '≥', '=']);
    let number = |part: &str| {
        let digits: String = trim(part)
            .chars()
            .filter(|c| !matches!(c, ',' | '.' | ' '))
            .collect();
        digits.parse::<u32>().ok()
    };
    if rest.len() < text.len() {
        return number(rest).is_some();
    }
    if let Some(least) = text.strip_suffix('+') {
        return number(least).is_some();
    }
    let ends = ["-", "–", " to ", " bis "]
        .iter()
        .find_map(|sign| text.split_once(sign));
    ends.is_some_and(|(from, to)| {
        number(from)
            .zip(number(to))
            .is_some_and(|(from, to)| from < to)
    })
}

/// Returns a text without footnote marks at its end: "1,204 (2)", "Total*", "5.1\3".
pub fn without_marks(text: &str) -> &str {
    let mut rest = text;
    loop {
        let before = rest.len();
        let is_mark = |c: char| "*†‡§¹²³⁴⁵⁶⁷⁸⁹".contains(c);
        rest = rest.trim_end_matches(is_space).trim_end_matches(is_mark);
        let digits = rest.trim_end_matches(|c: char| c.is_ascii_digit());
        if digits.len() < rest.len()
            && let Some(bare) = digits.strip_suffix('\\')
        {
            rest = bare;
        }
        if let Some(inner) = rest.strip_suffix(')') {
            let bare = inner.trim_end_matches(|c: char| c.is_ascii_digit());
            if inner.len() - bare.len() <= 1 {
                rest = bare.strip_suffix('(').unwrap_or(bare);
            }
        }
        let mut ending = rest.chars().rev();
        if ending.next().is_some_and(|c| c.is_ascii_lowercase())
            && ending.next().is_some_and(is_space)
        {
            rest = &rest[..rest.len() - 1];
        }
        if rest.len() == before {
            return rest;
        }
    }
}

/// A piece of a short text: digits, letters or one sign.
#[derive(Debug, Clone, Copy, PartialEq)]
enum TextPiece<'t> {
    /// Digits: their count and their value.
    Digits(usize, u32),
    Letters(&'t str),
    Other(char),
}

fn pieces(text: &str) -> Vec<TextPiece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_digit() {
            rest.find(|c: char| !c.is_ascii_digit())
        } else if first.is_alphabetic() {
            rest.find(|c: char| !c.is_alphabetic())
        } else {
            Some(first.len_utf8())
        }
        .unwrap_or(rest.len());
        let (piece, after) = rest.split_at(length);
        found.push(if first.is_ascii_digit() {
            TextPiece::Digits(length, piece.parse().unwrap_or(u32::MAX))
        } else if first.is_alphabetic() {
            TextPiece::Letters(piece)
        } else if is_space(first) {
            TextPiece::Other(' ')
        } else {
            TextPiece::Other(first)
        });
        rest = after;
    }
    found
}

static MONTHS: WordList = WordList::new(|| LISTS.words("english months"));

/// Returns whether a word is an English month, in full or abbreviated. (Headers in other languages are rarely months alone.)
fn is_month(word: &str) -> bool {
    let length = word.len();
    (3..=9).contains(&length)
        && MONTHS.iter().any(|month| {
            (length <= 4 || length == month.len())
                && month
                    .get(..length)
                    .is_some_and(|begin| begin.eq_ignore_ascii_case(word))
        })
}

/// Returns whether the first word is a month. A period without digits always begins with one.
fn begins_with_month(text: &str) -> bool {
    let stop = text.find(|c: char| !c.is_alphabetic());
    is_month(&text[..stop.unwrap_or(text.len())])
}

fn is_date(text: &str) -> bool {
    use TextPiece::{Digits, Letters, Other};
    let is_dash = |c: char| matches!(c, '/' | '.' | '-');
    match pieces(text).as_slice() {
        [
            Digits(4, _),
            Other(a),
            Digits(1 | 2, _),
            Other(b),
            Digits(1 | 2, _),
            rest @ ..,
        ] => is_dash(*a) && a == b && is_clock_behind(rest),
        [
            Digits(1 | 2, _),
            Other(a),
            Digits(1 | 2, _),
            Other(b),
            Digits(2 | 4, _),
            rest @ ..,
        ] if is_dash(*a) => a == b && is_clock_behind(rest),
        [
            Digits(1 | 2, _),
            Other(' ' | '-'),
            Letters(month),
            Other(' ' | '-'),
            Digits(2 | 4, _),
            rest @ ..,
        ] => is_month(month) && is_clock_behind(rest),
        [
            Letters(month),
            Other(' '),
            Digits(1 | 2, _),
            Other(','),
            Other(' '),
            Digits(4, _),
        ] => is_month(month),
        other => is_clock(other),
    }
}

/// Returns whether only a time of day follows, or nothing.
fn is_clock_behind(rest: &[TextPiece<'_>]) -> bool {
    use TextPiece::{Letters, Other};
    match rest {
        [] => true,
        [Other(' ') | Letters("T"), rest @ ..] => is_clock(rest),
        _ => false,
    }
}

/// Returns whether the pieces are a time of day: "14:30", "2:30:15 pm", "14:30:15.25Z".
fn is_clock(pieces: &[TextPiece<'_>]) -> bool {
    use TextPiece::{Digits, Letters, Other};
    let [Digits(1 | 2, _), Other(':'), Digits(2, _), rest @ ..] = pieces else {
        return false;
    };
    let rest = match rest {
        [
            Other(':'),
            Digits(2, _),
            Other('.' | ','),
            Digits(..),
            rest @ ..,
        ]
        | [Other(':'), Digits(2, _), rest @ ..] => rest,
        _ => rest,
    };
    match rest {
        [] => true,
        [Letters(half)] | [Other(' '), Letters(half)] => is_one_of(half, &["am", "pm", "z"]),
        _ => false,
    }
}

/// Returns whether a text is a period: "2004-05", "Q1 2004", "Jan-Mar", "March 2004", "FY 2004", "2004 II".
fn is_period(text: &str) -> bool {
    use TextPiece::{Digits, Letters, Other};
    match pieces(text).as_slice() {
        [Digits(4, year), rest @ ..] if is_year_number(*year) => makes_period_of_year(rest),
        [Letters(word), Digits(1, 1..=4), rest @ ..]
        | [Digits(1, 1..=4), Letters(word), rest @ ..]
            if is_q(word) =>
        {
            is_year_behind(rest)
        }
        // "1st quarter"
        [
            Digits(1, 1..=4),
            Letters(ending),
            Other(' '),
            Letters(word),
            ..,
        ] => ["st", "nd", "rd", "th"].contains(ending) && is_one_of(word, &["quarter", "qtr"]),
        [Letters(word), rest @ ..] if is_one_of(word, &["fy", "cy"]) => matches!(
            rest,
            [Digits(4 | 2, _)]
                | [Other(' ' | '\''), Digits(4 | 2, _)]
                | [Other(' '), Other('\''), Digits(4 | 2, _)]
        ),
        [Letters(month), rest @ ..] if is_month(month) => {
            let rest = without_point(rest);
            let rest = match rest {
                [Other(a), Letters(other), rest @ ..] if is_span(*a) && is_month(other) => rest,
                [Other(' '), Other(a), Other(' '), Letters(other), rest @ ..]
                    if is_span(*a) && is_month(other) =>
                {
                    rest
                }
                _ => rest,
            };
            is_year_behind(without_point(rest))
        }
        _ => false,
    }
}

/// Returns whether the pieces make a period of the year before them: another year, a part of the year, a footnote mark.
fn makes_period_of_year(rest: &[TextPiece<'_>]) -> bool {
    use TextPiece::{Digits, Letters, Other};
    match rest {
        [Other(a), Digits(2 | 4, _)] => is_span(*a),
        [Other(a), Other(b), Digits(2 | 4, _)] => {
            (is_span(*a) || *a == ' ') && (is_span(*b) || *b == ' ')
        }
        [Other(' '), Other(a), Other(' '), Digits(2 | 4, _)] => is_span(*a),
        [Other('/' | ' '), Digits(1, 1..=4)] | [Other('*')] => true,
        [Letters(mark)] | [Other(' '), Letters(mark)] if mark.chars().count() == 1 => true,
        [Other(' ' | '/' | '-'), rest @ ..] | rest => is_part_of_year(rest),
    }
}

/// Returns whether the pieces are a part of a year: "Q1", "1Q", "II", "Jan", "Jan.".
fn is_part_of_year(pieces: &[TextPiece<'_>]) -> bool {
    use TextPiece::{Digits, Letters, Other};
    match pieces {
        [Letters(word), Digits(1, 1..=4)] | [Digits(1, 1..=4), Letters(word)] => is_q(word),
        [Letters(word)] => is_one_of(word, &["i", "ii", "iii", "iv"]) || is_month(word),
        [Letters(word), Other('.')] => is_month(word),
        _ => false,
    }
}

/// Returns whether only a year follows, or nothing: "2004", "/04", " '04".
fn is_year_behind(rest: &[TextPiece<'_>]) -> bool {
    use TextPiece::{Digits, Other};
    match rest {
        // "Jan07"
        [] | [Digits(2, _)] => true,
        [Digits(4, number)] => is_year_number(*number),
        [Other(' ' | '/' | '-' | ',' | '\''), rest @ ..] => matches!(
            rest,
            [Digits(4 | 2, _)] | [Other(' ' | '\''), Digits(4 | 2, _)]
        ),
        _ => false,
    }
}

fn without_point<'p>(pieces: &'p [TextPiece<'p>]) -> &'p [TextPiece<'p>] {
    match pieces {
        [TextPiece::Other('.'), rest @ ..] => rest,
        _ => pieces,
    }
}

fn is_q(word: &str) -> bool {
    word.eq_ignore_ascii_case("q")
}

fn is_one_of(word: &str, known: &[&str]) -> bool {
    known.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Returns whether a sign can separate the start and end of a period.
fn is_span(sign: char) -> bool {
    matches!(sign, '-' | '–' | '/')
}

/// Returns whether a text is a stand-in for a missing value: "n/a", "–", "(x)", "nil".
fn is_stand_in(text: &str) -> bool {
    let inner = text
        .trim_start_matches(['(', '['])
        .trim_end_matches([')', ']']);
    if inner.is_empty() {
        return false;
    }
    if inner.chars().all(|c| "-–—.·*…#".contains(c)) {
        return true;
    }
    let plain: String = inner
        .chars()
        .filter(|c| !matches!(c, '.' | '/' | ' '))
        .flat_map(char::to_lowercase)
        .collect();
    STAND_INS.contains(&plain.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn cells_are_what_people_say() {
        use CellKind::{Blank, Date, Mixed, Number, Period, Stand, Words};
        for (text, kind) in [
            ("", Blank), ("12", Number), ("-1,234.50", Number), ("(12.5%)", Number), ("US$ 3", Number),
            ("1 234 567", Number), ("1.234,56 €", Number), ("1.2e-05", Number), ("76.3±1.2", Number),
            ("120r", Number), ("1,204 (2)", Number), ("(555) 123-4567", Number), ("2004", Period), ("2004.0", Period),
            ("2004-05", Period), ("2004 (1,000)", Period), ("2004 p", Period), ("2004/II", Period),
            ("(2004)", Period), ("(1,204)", Number), ("Jan07", Period), ("Jan 7th", Mixed), ("Q1 2004", Period),
            ("1st quarter", Period), ("Jan", Period), ("Jan.-Mar. 2004", Period), ("March 2004", Period),
            ("FY '04", Period), ("2024-03-01", Date), ("2024-03-01 08:05:00", Date), ("31.12.2024", Date),
            ("1-Mar-24", Date), ("8:05 pm", Date), ("Mar 1, 2024", Date), ("n/a", Stand), ("(x)", Stand),
            ("--", Stand), ("(1,000)", Words), ("(000s)", Words), ("(2005 = 100)", Mixed), ("SKU-0012", Mixed),
            ("12 Main Street", Mixed), ("Marketing", Words), ("Net (EUR)", Words),
        ] {
            assert_eq!(kind_of(text), kind, "{text:?}");
        }
    }

    #[test]
    fn years_lead_only_where_they_are_years() {
        assert_eq!(leading_year("2004, revised"), Some(2004));
        assert_eq!(leading_year("20045"), None);
        assert_eq!(leading_year("2004.5"), None);
        assert_eq!(leading_year("1204 items"), None);
        assert_eq!(leading_year("200é"), None);
    }

    #[rustfmt::skip]
    #[test]
    fn ranges_are_told_from_numbers() {
        for text in [
            "20-49", "<20", "250+", "1 to 5", "1,000–4,999", "> 5", "≥65",
        ] {
            assert!(is_range(text), "{text}");
        }
        for text in [
            "20", "-49", "9-3", "1-2-2004", "a-b", "+", "<", "<LOD", "to 5", "",
        ] {
            assert!(!is_range(text), "{text}");
        }
    }

    #[rustfmt::skip]
    #[test]
    fn marks_of_footnotes_go() {
        for (text, bare) in [
            ("1,204 (2)", "1,204 "), ("Total*", "Total"), ("5.1\\3", "5.1"), ("7 a", "7"), ("é)", "é"),
        ] {
            assert_eq!(trim(without_marks(text)), trim(bare));
        }
    }
}
