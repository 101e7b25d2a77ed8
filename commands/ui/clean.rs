//! Makes text safe for a terminal. Names of files and sheets, header cells and the output of a configuration's code may contain
//! characters that move the cursor, set colours or titles, or reverse the order of letters. All output goes through [`clean`],
//! which replaces such a character by its number. In JSON the result means the same.
//!
//! Colours of `ade` itself carry a random [`mark`], which tells them from colours in a text.

use std::borrow::Cow;
use std::fmt::{Display, Write};
use std::hash::BuildHasher;
use std::sync::LazyLock;

/// Returns the mark that only this program's own colours contain.
fn mark() -> &'static str {
    static MARK: LazyLock<String> = LazyLock::new(|| {
        let random = std::hash::RandomState::new().hash_one("");
        // The terminal library treats a longer number in a colour as text.
        let groups = (0..5).map(|group| (random >> (12 * group) & 0xfff).to_string());
        format!(";{}m", groups.collect::<Vec<_>>().join(";"))
    });
    &MARK
}

/// Colours a text, with colours by number (ECMA-48, 8.3.117).
pub fn painted(colors: &[u8], text: impl Display) -> String {
    let mark = mark();
    let mut painted = String::new();
    for color in colors {
        let _ = write!(painted, "\x1b[{color}{mark}");
    }
    let _ = write!(painted, "{text}\x1b[0{mark}");
    painted
}

/// Makes a text safe for a terminal: keeps line ends, tabs and [`painted`] colours, and replaces all other control characters.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(controls) {
        return text.into();
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(controls) {
        cleaned.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((color, after)) = own_color(rest) {
            let _ = write!(cleaned, "\x1b[{color}m");
            rest = after;
            continue;
        }
        let mut letters = rest.chars();
        let letter = letters.next().map_or(0, u32::from);
        let _ = write!(cleaned, "\\u{letter:04x}");
        rest = letters.as_str();
    }
    cleaned.push_str(rest);
    cleaned.into()
}

/// Returns the number of this program's own colour at the beginning of a text, and the rest of the text.
fn own_color(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix("\x1b[")?;
    let (color, after) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit())?);
    Some((color, after.strip_prefix(mark())?))
}

/// Returns whether a character controls a terminal (ECMA-48) or the order of the letters around it (Unicode Standard Annex 9).
fn controls(letter: char) -> bool {
    match letter {
        '\n' | '\t' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' => true,
        _ => letter.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_controls_a_terminal_is_shown_and_own_colours_stay() {
        let name = "a\x1b[31m\u{9b}2J\r\u{202e}\u{7f}.csv";
        let shown = "a\\u001b[31m\\u009b2J\\u000d\\u202e\\u007f.csv";
        assert_eq!(clean(name), shown);
        let line = format!("{} {name}\n\tend", painted(&[31, 1], name));
        let expected = format!("\x1b[31m\x1b[1m{shown}\x1b[0m {shown}\n\tend");
        assert_eq!(clean(&line), expected);
        assert_eq!(console::measure_text_width(&painted(&[31, 1], "✗ two")), 5);
        let json = serde_json::json!({ "name": name });
        let printed = clean(&json.to_string()).into_owned();
        assert!(!printed.contains(controls), "{printed}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&printed).unwrap(),
            json
        );
    }
}
