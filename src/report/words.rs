//! Days and sentences for people.

use crate::base::clock::Timestamp;

/// `21 November 2026, 23:39`, in Coordinated Universal Time.
pub fn day(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    at.to_zoned(jiff::tz::TimeZone::UTC)
        .strftime("%-d %B %Y, %H:%M")
        .to_string()
}

/// A sentence in which paths of this machine are names of files: a page is mailed to others.
pub fn without_paths(text: &str) -> String {
    let mut words = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('/') {
        let before = rest[..at].chars().next_back();
        let begins =
            before.is_none_or(|letter| letter.is_whitespace() || "'\"`([=".contains(letter));
        let end = |letter: char| letter.is_whitespace() || "'\"`)],;".contains(letter);
        let path = &rest[at..];
        let path = &path[..path.find(end).unwrap_or(path.len())];
        let name = path
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default();
        words.push_str(&rest[..at]);
        words.push_str(if begins && path[1..].contains('/') {
            name
        } else {
            path
        });
        rest = &rest[at + path.len()..];
    }
    words.push_str(rest);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_names() {
        for (text, wanted) in [
            (
                "cannot read '/home/ann/crew/a b.xlsx'",
                "cannot read 'a b.xlsx'",
            ),
            (
                "error in /srv/x/fields.py:3 (see /srv/x)",
                "error in fields.py:3 (see x)",
            ),
            (
                "12/24 m/s and https://example.org/a",
                "12/24 m/s and https://example.org/a",
            ),
            ("/ and /a", "/ and /a"),
            ("", ""),
        ] {
            assert_eq!(without_paths(text), wanted);
        }
    }

    #[test]
    fn a_day_is_said_with_its_time() {
        assert_eq!(day(Timestamp(1_795_304_340_000)), "21 November 2026, 23:39");
    }
}
