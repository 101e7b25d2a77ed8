//! Finds the unit or currency that a header itself names: `Net (EUR)`, `Weight [kg]`, `Betrag €`, `Total, USD`, `VAT %`.
//!
//! Nothing is guessed: the unit is in brackets at the end, or the header ends with `%` or with a currency's sign or code.

use crate::words::cut::is_currency_sign;
use crate::words::lexicon::is_code_of_header;

/// The maximum number of characters in a unit.
const MAX_CHARS: usize = 12;
/// The number of letters in a currency's code, and the maximum in a country's before a sign: "US$".
const CODE_CHARS: usize = 3;

/// Returns the unit or currency as the header writes it; none if it names none.
pub fn header_unit(header: &str) -> Option<String> {
    let header = header.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(word) = in_brackets(&header) {
        let is_sign = |c: char| c.is_alphabetic() || "%‰°".contains(c) || is_currency_sign(c);
        let is_unit = word.chars().count() <= MAX_CHARS && word.chars().any(is_sign);
        let is_rate = ends_with_rate(word) && !word.contains(is_sign_of_name);
        return (is_unit && !is_rate).then(|| word.to_owned());
    }
    let last = header.chars().next_back()?;
    if matches!(last, '%' | '‰') {
        // "VAT 19%" names a rate: its cells are amounts.
        return (!ends_with_rate(&header)).then(|| last.to_string());
    }
    let before = &header[..header.len() - last.len_utf8()];
    let prefix = before.rsplit([' ', ',', '/']).next().unwrap_or_default();
    if is_currency_sign(last) {
        // "US$" is a currency of its own; "Price$" is a price in "$".
        let is_country = (1..=CODE_CHARS).contains(&prefix.len()) && are_capitals(prefix);
        return Some(if is_country {
            format!("{prefix}{last}")
        } else {
            last.to_string()
        });
    }
    let code = header.get(header.len().checked_sub(CODE_CHARS)?..)?;
    // One sign separates the code from the name, with or without blanks around it.
    let name = header[..header.len() - CODE_CHARS].trim_end();
    let bare = name.strip_suffix([',', '/']).map_or(name, str::trim_end);
    let is_parted = bare.len() < header.len() - CODE_CHARS;
    let is_name = bare
        .chars()
        .next_back()
        .is_some_and(|c| ![' ', ',', '/'].contains(&c));
    let among_capitals = !bare.chars().any(char::is_lowercase);
    (are_capitals(code) && is_parted && is_name && is_code_of_header(code, among_capitals))
        .then(|| code.to_owned())
}

/// Returns the single word in brackets at the end of a header, without "in" before it: "Net (in EUR)".
fn in_brackets(header: &str) -> Option<&str> {
    let open = match header.chars().next_back()? {
        ')' => '(',
        ']' => '[',
        _ => return None,
    };
    let inside = &header[header.rfind(open)? + 1..header.len() - 1];
    let word = inside.strip_prefix("in ").unwrap_or(inside);
    let is_word = !word.is_empty() && !word.contains([' ', '(', ')', '[', ']']);
    is_word.then_some(word)
}

/// Returns whether a character never occurs in a percentage.
fn is_sign_of_name(c: char) -> bool {
    !c.is_ascii_digit() && !".,%‰".contains(c)
}

/// Returns whether a text ends with a percentage.
fn ends_with_rate(text: &str) -> bool {
    let number = text.strip_suffix(['%', '‰']).map(str::trim_end);
    number.is_some_and(|number| number.ends_with(|c: char| c.is_ascii_digit()))
}

fn are_capitals(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_uppercase())
}
