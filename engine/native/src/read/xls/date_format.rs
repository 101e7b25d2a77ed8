//! Finds the number formats of an old workbook that turn a number into a date, by xlrd's rules.

/// Returns whether a built-in number format is for dates, including those of East Asian and Thai versions.
pub fn is_built_in_date(key: u16) -> bool {
    matches!(key, 14..=22 | 27..=36 | 45..=47 | 50..=58 | 71..=81)
}

/// Returns whether a number format is for dates, by xlrd's rule: without literals and brackets it has more date letters than
/// digit placeholders.
pub fn is_date_format(code: &str) -> bool {
    let mut reduced = String::new();
    let mut characters = code.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => {
                characters.by_ref().find(|&character| character == '"');
            }
            '\\' | '_' | '*' => {
                characters.next();
            }
            '$' | '-' | '+' | '/' | '(' | ')' | ':' | ' ' => {}
            _ => reduced.push(character),
        }
    }
    let mut plain = String::new();
    let mut rest = reduced.as_str();
    while let Some(open) = rest.find('[') {
        let Some(close) = rest[open..].find(']') else {
            break;
        };
        plain.push_str(&rest[..open]);
        rest = &rest[open + close + 1..];
    }
    plain.push_str(rest);
    if matches!(
        plain.as_str(),
        "0.00E+00" | "##0.0E+0" | "General" | "GENERAL" | "general" | "@"
    ) {
        return false;
    }
    let count = |letters: &str| {
        plain
            .chars()
            .filter(|&character| letters.contains(character))
            .count()
    };
    count("ymdhsYMDHS") > count("0#?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn date_formats_are_recognised_by_letters_and_digits() {
        for (code, is_date) in [
            ("yyyy-mm-dd", true), ("m/d/yy h:mm", true), ("[h]:mm:ss", true), ("[$-409]d-mmm-yy;@", true),
            ("0.00", false), ("General", false), ("0.00E+00", false), ("#,##0 \"days\"", false), ("0\\d", false),
            ("[Red]0.00", false), ("mm:ss.0", true), ("@", false),
        ] {
            assert_eq!(is_date_format(code), is_date, "{code}");
        }
    }
}
