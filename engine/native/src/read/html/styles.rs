//! The number formats of a page: those of its classes and of single cells.

use super::entities::decoded;
use super::tags::HtmlTag;
use crate::read::formats::{Formats, NumberDisplay};

const PROPERTY: &str = "mso-number-format";

/// Adds the classes of a style sheet that have a number format.
pub fn read_classes(sheet: &str, formats: &mut Formats) {
    for rule in sheet.split('}') {
        let Some((selectors, declarations)) = rule.split_once('{') else {
            continue;
        };
        if let Some(code) = format_in(declarations) {
            // The comment hides the style sheet from old browsers.
            let selectors = selectors.trim_start().trim_start_matches("<!--");
            for selector in selectors.split(',') {
                if let Some((element, class)) = selector.trim().rsplit_once('.')
                    && !element.contains(char::is_whitespace)
                {
                    formats.add(class.trim(), &code);
                }
            }
        }
    }
}

/// Returns the format of a cell by its attributes `style`, `sdnum` (a language, the language of the format, and the format) and
/// `class`.
pub fn look_of(
    style: Option<&str>,
    sdnum: Option<&str>,
    class: Option<&str>,
    formats: &mut Formats,
) -> NumberDisplay {
    let own = style.and_then(|style| format_in(&decoded(style)));
    let other = || Some(decoded(sdnum?).splitn(3, ';').nth(2)?.to_owned());
    match own.or_else(other) {
        Some(code) => formats.look_of(&code),
        None => {
            let classes = class.unwrap_or_default().split_ascii_whitespace();
            let mut looks = classes.map(|class| formats.get(class));
            looks.next_back().unwrap_or_default()
        }
    }
}

/// Returns whether the style of a tag hides it.
pub fn is_hidden(tag: &HtmlTag<'_>) -> bool {
    let squeezed = |style: &str| style.to_ascii_lowercase().replace(' ', "");
    tag.attribute("style")
        .is_some_and(|style| squeezed(style).contains("display:none"))
}

/// Returns the number format among CSS declarations.
fn format_in(declarations: &str) -> Option<String> {
    let at = declarations.find(PROPERTY)?;
    let value = declarations[at + PROPERTY.len()..]
        .trim_start()
        .strip_prefix(':')?
        .trim_start();
    let quote = value
        .chars()
        .next()
        .filter(|letter| matches!(letter, '"' | '\''));
    let mut letters = value[quote.map_or(0, char::len_utf8)..].chars();
    let mut code = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                // A character is written as four digits, or as itself.
                let rest = letters.as_str();
                let sign = rest
                    .get(..4)
                    .and_then(|digits| u32::from_str_radix(digits, 16).ok());
                match sign.and_then(char::from_u32) {
                    Some(sign) => {
                        code.push(sign);
                        letters = rest[4..].chars();
                    }
                    None => code.extend(letters.next()),
                }
            }
            _ if Some(letter) == quote => break,
            ';' if quote.is_none() => break,
            _ => code.push(letter),
        }
    }
    Some(code.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read() {
        for (style, code) in [
            (r#"mso-number-format:"\@";color:red"#, "@"),
            (r#"mso-number-format:"\#\,\#\#0\.00""#, "#,##0.00"),
            (r"mso-number-format: 'Short Date'", "Short Date"),
            (r"mso-number-format:\@; x:y", "@"),
            (r#"mso-number-format:"0\0022 kg\0022""#, "0\" kg\""),
        ] {
            assert_eq!(format_in(style).as_deref(), Some(code), "{style}");
        }
        let mut formats = Formats::default();
        read_classes(
            "<!-- td {x:y}\n.xl65\n {mso-number-format:00000;} .a .b{mso-number-format:00} -->",
            &mut formats,
        );
        assert_eq!(formats.get("xl65").zeros, Some(0));
        assert_eq!(formats.get("b").zeros, None);
    }
}
