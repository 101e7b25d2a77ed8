//! The separators between several values in one cell.

/// A sign or a word that separates two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueSeparator {
    Comma,
    Semicolon,
    Bar,
    Slash,
    Line,
    And,
    Plus,
}

impl ValueSeparator {
    pub const ALL: [Self; 7] = [
        Self::Comma,
        Self::Semicolon,
        Self::Bar,
        Self::Slash,
        Self::Line,
        Self::And,
        Self::Plus,
    ];

    /// Returns the plural noun for the separator.
    pub fn words(self) -> &'static str {
        match self {
            Self::Comma => "commas",
            Self::Semicolon => "semicolons",
            Self::Bar => "bars",
            Self::Slash => "slashes",
            Self::Line => "line breaks",
            Self::And => "“&” or “and”",
            Self::Plus => "“+”",
        }
    }

    /// Returns the separator as it is written between two values.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Comma => ",",
            Self::Semicolon => ";",
            Self::Bar => "|",
            Self::Slash => "/",
            Self::Line => "\n",
            Self::And => " & ",
            Self::Plus => " + ",
        }
    }

    pub fn is_in(self, text: &str) -> bool {
        let has_sign = text.contains(self.sign());
        match self {
            // The slashes of a link separate nothing.
            Self::Slash => has_sign && !text.contains("://"),
            Self::And => has_sign || text.contains(" and "),
            _ => has_sign,
        }
    }

    /// Returns the values between the separators. Commas in numbers and slashes in dates and fractions separate nothing.
    pub fn split(self, text: &str) -> Vec<&str> {
        let parts: Vec<&str> = match self {
            Self::Comma => cut(text, ',', |_, after| !begins_thousands(after)),
            Self::Slash => cut(text, '/', |before, after| {
                !before.ends_with(is_digit) || !after.starts_with(is_digit)
            }),
            Self::And => text
                .split(self.sign())
                .flat_map(|part| part.split(" and "))
                .collect(),
            _ => text.split(self.sign()).collect(),
        };
        parts
            .into_iter()
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect()
    }
}

pub fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn begins_thousands(after: &str) -> bool {
    after.bytes().take_while(u8::is_ascii_digit).count() == 3
}

fn cut(text: &str, mark: char, parts: impl Fn(&str, &str) -> bool) -> Vec<&str> {
    let (mut found, mut start) = (Vec::new(), 0);
    for (at, _) in text.match_indices(mark) {
        if parts(&text[..at], &text[at + 1..]) {
            found.push(&text[start..at]);
            start = at + 1;
        }
    }
    found.push(&text[start..]);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_in_numbers_dates_and_links_part_nothing() {
        assert_eq!(ValueSeparator::Comma.split("1,250"), ["1,250"]);
        assert_eq!(ValueSeparator::Comma.split("red, green"), ["red", "green"]);
        assert_eq!(ValueSeparator::Slash.split("24/7"), ["24/7"]);
        assert!(!ValueSeparator::Slash.is_in("See https://example.org/list"));
        assert_eq!(ValueSeparator::Slash.split("tea/coffee"), ["tea", "coffee"]);
    }
}
