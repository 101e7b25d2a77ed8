//! Reads text, codes and names: cells as they are, without invisible characters.

use std::fmt::Write;
use std::sync::LazyLock;

use super::person::{self, NameDoubt};
use crate::cells::calendar::DAY_MICROSECONDS;
use crate::cells::text_form::push_date;
use crate::columns::view::ColumnValue;
use crate::fields::numbers::digits::{has_lost_digits, has_lost_digits_behind_letters};
use crate::words::cut::{are_digits, is_format};
use crate::words::data::{LISTS, WordList};

/// The smallest whole number that may have lost digits when a program turned it into a float.
pub const EXACT: f64 = 1e15;

/// Adds a cell as text, trimmed; returns `false` if nothing is left. A whole number has no decimals: 4711 is not "4711.0".
pub fn push_text(value: ColumnValue<'_>, out: &mut String) -> bool {
    let start = out.len();
    match shown(value) {
        ColumnValue::Null => {}
        ColumnValue::Text(text) => push_shown(trimmed(text), out),
        ColumnValue::Boolean(flag) => out.push_str(if flag { "true" } else { "false" }),
        ColumnValue::Integer(number) => out.push_str(itoa::Buffer::new().format(number)),
        ColumnValue::Unsigned(number) => out.push_str(itoa::Buffer::new().format(number)),
        ColumnValue::Float(number) if !number.is_finite() => {}
        ColumnValue::Float(number) if number.fract() == 0.0 && number.abs() < 1e18 => {
            out.push_str(itoa::Buffer::new().format(number as i64));
        }
        ColumnValue::Float(number) => out.push_str(ryu::Buffer::new().format_finite(number)),
        ColumnValue::Date(days) => push_date(days, out),
        ColumnValue::DateTime(microseconds) => {
            push_date(microseconds.div_euclid(DAY_MICROSECONDS), out);
            let time = microseconds.rem_euclid(DAY_MICROSECONDS);
            if time != 0 {
                out.push(' ');
                push_clock(time, 2, out);
            }
        }
        ColumnValue::Time(microseconds) => push_clock(microseconds, 2, out),
        ColumnValue::Duration(microseconds) => push_clock(microseconds, 1, out),
    }
    out.len() > start
}

/// Returns a number with the 15 digits that spreadsheet programs show: whoever typed 45711719.99999999 sees 45711720.
fn shown(value: ColumnValue<'_>) -> ColumnValue<'_> {
    match value {
        ColumnValue::Float(number) if number.is_finite() && number.fract() != 0.0 => {
            ColumnValue::Float(format!("{number:.14e}").parse().unwrap_or(number))
        }
        other => other,
    }
}

/// Adds a text with blanks in place of control characters, which are invisible and which no workbook can hold, and in place of
/// non-breaking blanks.
fn push_shown(text: &str, out: &mut String) {
    let is_blank = |c: char| {
        c < ' ' && !matches!(c, '\t' | '\n' | '\r')
            || matches!(c, '\u{a0}' | '\u{2007}' | '\u{202f}')
    };
    // The first bytes of these characters: most texts have none of them.
    let may_be = |byte: u8| byte < b' ' || matches!(byte, 0xc2 | 0xe2);
    if text.bytes().any(may_be) {
        out.extend(text.chars().map(|c| if is_blank(c) { ' ' } else { c }));
    } else {
        out.push_str(text);
    }
}

/// Returns the text without white space and invisible characters at its ends.
pub fn trimmed(text: &str) -> &str {
    let bytes = text.as_bytes();
    if let (Some(first), Some(last)) = (bytes.first(), bytes.last())
        && first.is_ascii_graphic()
        && last.is_ascii_graphic()
    {
        return text;
    }
    text.trim_matches(|c: char| c.is_whitespace() || is_format(c) || c.is_control())
}

/// Adds hours of at least `digits` digits, minutes and seconds; hours may exceed a day.
fn push_clock(microseconds: i64, digits: usize, out: &mut String) {
    if microseconds < 0 {
        out.push('-');
    }
    let seconds = microseconds.abs() / 1_000_000;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let _ = write!(out, "{hours:0digits$}:{minutes:02}");
    if seconds % 60 != 0 {
        let _ = write!(out, ":{:02}", seconds % 60);
    }
}

/// The reason why the code of a cell cannot be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCode {
    /// A program cut the number down to few digits.
    LostDigits,
    /// A program took the code for a date or a time: "3-1" became the third of January.
    Date,
    Boolean,
}

/// The minimum number of digits before the point in the longest number of a column that a program wrote as floats.
const DIGITS_OF_FLOATS: usize = 3;

/// Returns whether a program wrote the codes of a column as floats: "4711.0". In that case no text has other decimals, none
/// begins with a zero, and some text is longer than numbers of chapters and versions are.
pub fn are_floats(values: &[ColumnValue<'_>]) -> bool {
    let of_text =
        |value: &ColumnValue<'_>| matches!(value, ColumnValue::Text(text) if text.ends_with(".0"));
    if !values.iter().any(of_text) {
        return false;
    }
    let mut longest = 0;
    for value in values {
        match value {
            ColumnValue::Text(text) => {
                let Some((whole, decimals)) = trimmed(text).split_once('.') else {
                    continue;
                };
                if !are_digits(whole) || !are_digits(decimals) {
                    continue;
                }
                if decimals != "0" || whole.starts_with('0') {
                    return false;
                }
                longest = longest.max(whole.len());
            }
            ColumnValue::Float(_) if !matches!(shown(*value), ColumnValue::Float(number) if number.fract() == 0.0) =>
            {
                return false;
            }
            _ => {}
        }
    }
    longest >= DIGITS_OF_FLOATS
}

/// Adds a code: an id, an account, a postcode. Returns `Ok(false)` if nothing is left. `are_floats`: see [`are_floats`].
///
/// # Errors
/// A program turned the code into something else.
pub fn push_code(
    value: ColumnValue<'_>,
    are_floats: bool,
    out: &mut String,
) -> Result<bool, NoCode> {
    let value = shown(value);
    match value {
        ColumnValue::Float(number) if !number.is_finite() => return Ok(false),
        // A program that opened the file since then would have replaced the last digits by zeros.
        _ if value.number().is_some_and(|number| number.abs() >= EXACT) => {
            return Err(NoCode::LostDigits);
        }
        ColumnValue::Text(text)
            if has_lost_digits(text) || has_lost_digits_behind_letters(text) =>
        {
            return Err(NoCode::LostDigits);
        }
        ColumnValue::Date(_)
        | ColumnValue::DateTime(_)
        | ColumnValue::Time(_)
        | ColumnValue::Duration(_) => {
            return Err(NoCode::Date);
        }
        ColumnValue::Boolean(_) => return Err(NoCode::Boolean),
        ColumnValue::Text(text) if are_floats => {
            let text = trimmed(text);
            let whole = text.strip_suffix(".0").filter(|whole| are_digits(whole));
            return Ok(push_text(ColumnValue::Text(whole.unwrap_or(text)), out));
        }
        _ => {}
    }
    Ok(push_text(value, out))
}

/// The part of a person's name to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamePart {
    Full,
    First,
    Last,
}

/// Small words that belong to the last name behind them.
static PARTICLES: WordList = WordList::new(|| LISTS.words("particles"));

/// A set of words that is searched without points, blanks and upper case.
struct WordSet {
    words: Vec<&'static str>,
    /// The first letters of the words of each length, one bit each: most words of names have none of these.
    firsts: [u32; Self::MAX_LISTED_BYTES + 1],
}

impl WordSet {
    const MAX_LISTED_BYTES: usize = 16;

    fn listed(name: &str) -> Self {
        let words = LISTS.words(name);
        let mut firsts = [0; Self::MAX_LISTED_BYTES + 1];
        for word in words.iter().map(|word| word.as_bytes()) {
            firsts[word.len()] |= 1 << (word[0] & 31);
        }
        Self { words, firsts }
    }

    fn have(&self, text: &str) -> bool {
        let (mut plain, mut length) = ([0; Self::MAX_LISTED_BYTES], 0);
        for byte in text.bytes().filter(|byte| !matches!(byte, b'.' | b' ')) {
            let Some(place) = plain.get_mut(length) else {
                return false;
            };
            (*place, length) = (byte.to_ascii_lowercase(), length + 1);
        }
        let plain = &plain[..length];
        self.firsts[length] & 1 << (plain.first().copied().unwrap_or(0) & 31) != 0
            && self.words.iter().any(|word| word.as_bytes() == plain)
    }
}

/// Words that follow a name and belong to no part of it: "Ph.D.".
static SUFFIXES: LazyLock<WordSet> = LazyLock::new(|| WordSet::listed("suffixes"));
/// Suffixes that count only as they are written and behind two words or more: "Lee, M.A." has initials.
static SUFFIXES_AS_WRITTEN: WordList = WordList::new(|| LISTS.words("suffixes as written"));

/// Words that follow a company's name. Words of two letters are often initials, so the list has few of them.
static COMPANIES: LazyLock<WordSet> = LazyLock::new(|| WordSet::listed("companies"));
/// Words that follow a company's name and count only as they are written.
static COMPANIES_AS_WRITTEN: WordList = WordList::new(|| LISTS.words("companies as written"));
/// Words that precede a name and are no first name.
static TITLES: LazyLock<WordSet> = LazyLock::new(|| WordSet::listed("titles before names"));

/// Adds a person's name with single blanks; "Smith, Avery" becomes "Avery Smith". Returns `false` if nothing is left.
pub fn push_name(value: ColumnValue<'_>, part: NamePart, out: &mut String) -> bool {
    let made;
    let joined = match value {
        ColumnValue::Text(text) if is_spaced_plainly(text) => text,
        _ => {
            let mut whole = String::new();
            if !push_text(value, &mut whole) {
                return false;
            }
            made = whole
                .split(|c: char| c.is_whitespace() || is_format(c))
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
                .join(" ");
            made.as_str()
        }
    };
    // A remark in brackets is no last name: "Avery Smith (Sales)".
    let (name, remark) = if joined.ends_with(')')
        && let Some(at) = joined.rfind(" (")
    {
        (joined[..at].trim_end(), &joined[at..])
    } else {
        (joined, "")
    };
    let start = out.len();
    let mut parts = name.split(',').map(str::trim);
    let head = parts.next().unwrap_or_default();
    let (suffixes, others): (Vec<_>, Vec<_>) = parts.partition(|part| is_suffix(part, head));
    match others[..] {
        // "Acme, Inc." is no first and last name, and stays as it is; so does "Stein, von und zu".
        _ if others
            .iter()
            .any(|other| is_of_company(other) || are_particles(other))
            || !others.is_empty() && (head.contains('&') || is_of_company(head))
            || others.is_empty() && ends_as_company(head) =>
        {
            match part {
                NamePart::First => {}
                NamePart::Last => out.push_str(name),
                NamePart::Full => out.push_str(joined),
            }
        }
        [first] if !first.is_empty() || suffixes.is_empty() => {
            push_turned(head, first, &suffixes, part, out);
            if part == NamePart::Full {
                out.push_str(remark);
            }
        }
        _ if part == NamePart::Full => out.push_str(joined),
        _ => {
            let (_, untitled) = split_title(name);
            let (first, last) = split_name(untitled);
            let is_first = part == NamePart::First;
            out.push_str(if is_first { first } else { last });
        }
    }
    out.len() > start
}

/// Adds a person's name like [`push_name`], but by the facts about names; returns why a name was not split. A name that cannot
/// be split stays whole as the last name; a text that is no person's name has no parts.
pub fn push_person(value: ColumnValue<'_>, part: NamePart, out: &mut String) -> Option<NameDoubt> {
    if part == NamePart::Full {
        let is_there = push_name(value, part, out);
        return (is_there && person::is_no_person(out)).then_some(NameDoubt::NoPerson);
    }
    let mut whole = String::new();
    if !push_text(value, &mut whole) {
        return None;
    }
    whole.retain(|c| !is_format(c));
    let is_first = part == NamePart::First;
    match person::names(&whole) {
        Ok((first, last)) => out.push_str(if is_first { &first } else { &last }),
        Err(NameDoubt::Open) if !is_first => {
            push_name(value, NamePart::Full, out);
            return Some(NameDoubt::Open);
        }
        Err(doubt) => return Some(doubt),
    }
    None
}

/// Adds a name whose last name comes before its first name.
fn push_turned(head: &str, first: &str, suffixes: &[&str], part: NamePart, out: &mut String) {
    let start = out.len();
    let (title_of_last, last) = split_title(head);
    let (title, first) = split_title(first);
    // "Smith, Ann PhD", "Berg, Maria van der": the words behind the first name are no part of it.
    let (first, suffix) = split_behind(first, |word| is_suffix(word, ""));
    let (first, particles) = split_behind(first, is_particle);
    let pieces = match part {
        NamePart::First => [first, "", "", "", "", ""],
        NamePart::Last => ["", "", "", particles, last, suffix],
        NamePart::Full => [title_of_last, title, first, particles, last, suffix],
    };
    for piece in pieces.into_iter().filter(|piece| !piece.is_empty()) {
        if out.len() > start {
            out.push(' ');
        }
        out.push_str(piece);
    }
    if part != NamePart::First {
        for suffix in suffixes {
            out.push_str(", ");
            out.push_str(suffix);
        }
    }
}

/// Returns whether a text names a kind of company: "LLP", "S.p.A.", "GmbH & Co. KG".
fn is_company(text: &str) -> bool {
    COMPANIES.have(text) || COMPANIES_AS_WRITTEN.contains(&text)
}

/// Returns whether a part of a name between commas belongs to a company: "GmbH", "Karl GmbH", "Jones & Partners", "Books and
/// More".
fn is_of_company(text: &str) -> bool {
    let joins = |word: &str| matches!(word, "&" | "and" | "und" | "et" | "+");
    // "von und zu Stein" is one person.
    let joins_names = || {
        blank_behind(text).is_some() && text.split(' ').any(joins) && !text.contains("von und zu")
    };
    is_company(text) || ends_as_company(text) || joins_names()
}

/// Returns whether the last word names a kind of company: "Blom Ltd", but not "Marco Sa".
fn ends_as_company(text: &str) -> bool {
    blank_behind(text).is_some_and(|at| {
        let last = &text[at + 1..];
        let is_clear = || {
            last.len() > 3 || matches!(last, "Ltd" | "Inc" | "Plc" | "Llc") || !is_capitalized(last)
        };
        is_company(last) && !last.eq_ignore_ascii_case("co") && is_clear()
    })
}

/// Returns whether a word is written like a name: a capital letter, followed by small ones.
fn is_capitalized(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase) && letters.all(char::is_lowercase)
}

/// Returns the position of the last blank. In texts as short as names, a plain loop is faster than a search.
fn blank_behind(text: &str) -> Option<usize> {
    text.bytes().rposition(|byte| byte == b' ')
}

fn is_particle(word: &str) -> bool {
    PARTICLES.contains(&word)
}

fn are_particles(text: &str) -> bool {
    text.starts_with(char::is_lowercase) && text.split(' ').all(is_particle)
}

/// Splits a name from other words at its end; at least one word remains in the name.
fn split_behind(name: &str, is_other: impl Fn(&str) -> bool) -> (&str, &str) {
    let mut stop = name.len();
    while let Some(at) = blank_behind(&name[..stop])
        && is_other(&name[at + 1..stop])
    {
        stop = at;
    }
    (&name[..stop], name[stop..].trim_start())
}

/// Returns whether a text consists of visible ASCII and letters, with single blanks between its words.
fn is_spaced_plainly(text: &str) -> bool {
    if text.is_ascii() {
        let bytes = text.as_bytes();
        let is_double = |pair: &[u8]| pair == b"  ";
        return bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
            && !bytes.windows(2).any(is_double)
            && bytes.first().is_some_and(|byte| *byte != b' ')
            && bytes.last() != Some(&b' ');
    }
    let mut before = ' ';
    for c in text.chars() {
        if !c.is_ascii_graphic() && (c != ' ' || before == ' ') && !c.is_alphabetic() {
            return false;
        }
        before = c;
    }
    before != ' '
}

/// Returns whether a text behind a comma is a suffix, so that the name is in its usual order: "Avery Smith, Jr.". `head` is the
/// text before the first comma.
fn is_suffix(text: &str, head: &str) -> bool {
    // "Smith, V." has an initial, "Avery Smith, V" is the fifth.
    if text.trim_end_matches('.').len() == 1 && (text.ends_with('.') || !head.contains(' ')) {
        return false;
    }
    let mut words = text.split(' ').filter(|word| !word.is_empty()).peekable();
    let is_any = words.peek().is_some();
    let is_known = |word: &str| {
        SUFFIXES.have(word) || head.contains(' ') && SUFFIXES_AS_WRITTEN.contains(&word)
    };
    is_any && words.all(is_known) || text.eq_ignore_ascii_case("ph. d.")
}

/// Splits the titles before a name from the name; there are no titles if nothing would be left.
fn split_title(name: &str) -> (&str, &str) {
    let mut stop = 0;
    while let Some(length) = name[stop..].bytes().position(|byte| byte == b' ') {
        let word = &name[stop..stop + length];
        // "M. Smith" has an initial, "M. Jean Dupont" a title.
        let is_initial =
            word.trim_end_matches('.').len() == 1 && !name[stop + length + 1..].contains(' ');
        if !TITLES.have(word) || is_initial {
            break;
        }
        stop += length + 1;
    }
    // In "Smith, Dr." the title is the only word.
    if !name[stop..].contains(' ') && TITLES.have(&name[stop..]) && name.ends_with('.') {
        return (name, "");
    }
    (name[..stop].trim_end(), &name[stop..])
}

/// Splits a name in its usual order: the last word, with the small words before it, is the last name.
fn split_name(name: &str) -> (&str, &str) {
    let body = name.split_once(',').map_or(name, |(name, _)| name);
    let Some(mut at) = blank_behind(body) else {
        return ("", name);
    };
    let mut stop = body.len();
    while is_suffix(&body[at + 1..stop], body)
        && let Some(before) = blank_behind(&body[..at])
    {
        stop = at;
        at = before;
    }
    while let Some(before) = blank_behind(&body[..at]) {
        let word = &body[before + 1..at];
        if !is_particle(word) && !is_particle(&word.to_lowercase()) {
            break;
        }
        at = before;
    }
    (&name[..at], &name[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn names_are_parted() {
        for (name, first, last) in [
            ("Avery Smith", "Avery", "Smith"), ("  Smith ,  Avery  M. ", "Avery M.", "Smith"),
            ("Maria van der Berg", "Maria", "van der Berg"), ("Avery Smith, Jr.", "Avery", "Smith, Jr."),
            ("Avery Smith Jr.", "Avery", "Smith Jr."), ("Cher", "", "Cher"), ("Van Morrison", "Van", "Morrison"),
            ("Carlos de la Cruz", "Carlos", "de la Cruz"), ("Lee, Ann, PhD", "Ann", "Lee, PhD"),
            ("Lee, Ph.D., Ann", "Ann", "Lee, Ph.D."), ("Ann Lee, M.D., Ph.D.", "Ann", "Lee, M.D., Ph.D."),
            ("Ann Lee MD PhD", "Ann", "Lee MD PhD"), ("Smith, V.", "V.", "Smith"), ("Smith, J. R.", "J. R.", "Smith"),
            ("Ann Lee, Ph. D.", "Ann", "Lee, Ph. D."), ("Avery Smith, III", "Avery", "Smith, III"),
            ("Acme, Inc.", "", "Acme, Inc."), ("Weber & Co, GmbH", "", "Weber & Co, GmbH"),
            ("Avery Smith (Sales)", "Avery", "Smith"), ("Smith, Avery (Sales)", "Avery", "Smith"),
            ("Dr. Ann Lee", "Ann", "Lee"), ("Prof. Dr. Anna von Weber", "Anna", "von Weber"),
            ("Lee, Dr. Ann", "Ann", "Lee"), ("Lee, Mr.", "", "Lee"), ("Frau Weber", "", "Weber"),
            ("M. Jean Dupont", "Jean", "Dupont"), ("M. Smith", "M.", "Smith"), ("Herr, John", "John", "Herr"),
            ("Avery Mohr, M", "M", "Avery Mohr"), ("Ernst & Young, LLP", "", "Ernst & Young, LLP"),
            ("Rossi, S.p.A.", "", "Rossi, S.p.A."), ("Weber, GmbH & Co. KG", "", "Weber, GmbH & Co. KG"),
            ("Smith, Ann PhD", "Ann", "Smith PhD"), ("Ann Lee, M.Sc., MPH", "Ann", "Lee, M.Sc., MPH"),
            ("Ann Lee, M.A.", "Ann", "Lee, M.A."), ("Lee, M.A.", "M.A.", "Lee"),
            ("Karl von und zu Stein", "Karl", "von und zu Stein"), ("Berg, Maria van der", "Maria", "van der Berg"),
            ("Stein, von und zu", "", "Stein, von und zu"),
        ] {
            for (part, wanted) in [(NamePart::First, first), (NamePart::Last, last)] {
                let mut out = String::new();
                push_name(ColumnValue::Text(name), part, &mut out);
                assert_eq!(out, wanted, "{name}");
            }
        }
    }

    #[rustfmt::skip]
    #[test]
    fn full_names_keep_every_word() {
        for (name, full) in [
            ("Smith, Avery", "Avery Smith"), ("Lee, Ann, PhD", "Ann Lee, PhD"), ("Acme, Inc.", "Acme, Inc."),
            ("Smith, Avery (Sales)", "Avery Smith (Sales)"), ("Dr. Ann Lee", "Dr. Ann Lee"),
            ("Lee, Dr. Ann", "Dr. Ann Lee"), ("Dr. Lee, Ann", "Dr. Ann Lee"), ("Lee, Mr.", "Mr. Lee"),
            ("Avery  Smith, Jr.", "Avery Smith, Jr."), ("(Sales)", "(Sales)"),
        ] {
            let mut out = String::new();
            assert!(push_name(ColumnValue::Text(name), NamePart::Full, &mut out));
            assert_eq!(out, full, "{name}");
        }
    }

    #[test]
    fn codes_keep_their_zeros_and_say_what_was_lost() {
        let code = |value| {
            let mut out = String::new();
            push_code(value, false, &mut out).map(|_| out)
        };
        let lost = Err(NoCode::LostDigits);
        let is = |text: &str| Ok(text.to_owned());
        assert_eq!(code(ColumnValue::Text(" 00123 ")), is("00123"));
        assert_eq!(code(ColumnValue::Float(4711.0)), is("4711"));
        assert_eq!(code(ColumnValue::Float(45711719.99999999)), is("45711720"));
        assert_eq!(code(ColumnValue::Float(47.125)), is("47.125"));
        assert_eq!(code(ColumnValue::Text("9.78E+12")), lost);
        assert_eq!(code(ColumnValue::Text("CZ7,70101E+09")), lost);
        for whole in "CZ7E09 1E5 3E12 AB1.5 R1.2E3 E+12 K1.5E+3-X 1A2.5E+09".split(' ') {
            assert_eq!(code(ColumnValue::Text(whole)), is(whole));
        }
        assert_eq!(code(ColumnValue::Float(1.23e17)), lost);
        assert_eq!(code(ColumnValue::Float(f64::INFINITY)), is(""));
        assert_eq!(code(ColumnValue::Text("A\u{b}1\0")), is("A 1"));
        assert_eq!(code(ColumnValue::Text("\u{200b} ")), is(""));
        assert_eq!(code(ColumnValue::Date(20_000)), Err(NoCode::Date));
        assert_eq!(code(ColumnValue::Time(1)), Err(NoCode::Date));
        assert_eq!(code(ColumnValue::Boolean(true)), Err(NoCode::Boolean));
    }
}
