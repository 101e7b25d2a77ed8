//! Formats numbers, times and names for people.

use std::path::Path;
use std::time::Duration;

use ade::base::clock::Timestamp;
pub use ade::base::counted::{bytes, duration, first, plural, thousands};
pub use ade::base::json::merged;
use ade::issues::Language;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use console::measure_text_width;

/// Formats a span of time like [`duration`].
pub fn span(span: Duration) -> String {
    duration(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}

/// Splits a text at `=` into two parts, neither of them blank. `example`: what should be typed.
pub fn pair(text: &str, example: &str) -> Result<(String, String), String> {
    let (one, other) = text.split_once('=').unwrap_or_default();
    match (one.trim(), other.trim()) {
        ("", _) | (_, "") => Err(format!("it should be {example}")),
        (one, other) => Ok((one.to_owned(), other.to_owned())),
    }
}

/// Parses the code of a sender's language, such as `de`.
pub fn languages() -> impl TypedValueParser<Value = Language> {
    let codes = PossibleValuesParser::new(Language::ALL.map(Language::code));
    codes.map(|code| Language::parse(&code).unwrap_or_default())
}

/// Returns the time since `then`: `just now`, `5 min ago`, `3 h ago`, `12 d ago`.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    match now.since(then) / 1000 {
        0..10 => "just now".to_owned(),
        seconds @ 10..60 => format!("{seconds} s ago"),
        seconds @ 60..3600 => format!("{} min ago", seconds / 60),
        seconds @ 3600..172_800 => format!("{} h ago", seconds / 3600),
        seconds => format!("{} d ago", seconds / 86_400),
    }
}

/// Breaks a text between words into lines of at most `room` columns; a longer word gets its own line. Without a room it is one
/// line. Control characters and line ends become spaces.
pub fn broken(text: &str, room: Option<usize>) -> Vec<String> {
    /// Below this width, breaking does not make a text easier to read.
    const MIN_LINE_CHARS: usize = 20;
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let words = words.filter(|word| !word.is_empty());
    let room = room.map_or(usize::MAX, |room| room.max(MIN_LINE_CHARS));
    let mut lines = vec![String::new()];
    let mut taken = 0;
    for word in words {
        let needed = measure_text_width(word);
        if taken > 0 && taken + 1 + needed > room {
            lines.push(String::new());
            taken = 0;
        }
        let line = lines.last_mut().expect("there is a line");
        if taken > 0 {
            line.push(' ');
            taken += 1;
        }
        line.push_str(word);
        taken += needed;
    }
    lines
}

/// Breaks the lines of a text that are too long for this width between words; the next lines are indented by `further` more
/// columns. A word that fits on no line, such as a long path, is not broken. Colours are kept.
pub fn fitted(text: &str, width: Option<usize>, further: usize) -> String {
    let Some(width) = width else {
        return text.to_owned();
    };
    let lines = text.lines().map(|line| fitted_line(line, width, further));
    lines.collect::<Vec<String>>().join("\n")
}

fn fitted_line(line: &str, width: usize, further: usize) -> String {
    /// Below this width, breaking does not make a text easier to read.
    const MIN_LINE_CHARS: usize = 20;
    let width = width.max(MIN_LINE_CHARS);
    if measure_text_width(line) <= width {
        return line.to_owned();
    }
    let words = line.trim_start_matches(' ');
    let indent = line.len() - words.len();
    let mut fitted = " ".repeat(indent);
    let mut taken = indent;
    for (number, word) in words.split(' ').enumerate() {
        let needed = measure_text_width(word);
        if number > 0 {
            let fits_below = indent + further + needed <= width;
            if taken + 1 + needed > width && (fits_below || taken > width) {
                fitted.truncate(fitted.trim_end().len());
                fitted.push('\n');
                fitted.push_str(&" ".repeat(indent + further));
                taken = indent + further;
            } else {
                fitted.push(' ');
                taken += 1;
            }
        }
        fitted.push_str(word);
        taken += needed;
    }
    fitted
}

/// Returns a path as a user would type it in a folder.
pub fn typed_in<'a>(folder: &Path, path: &'a Path) -> &'a Path {
    match path.strip_prefix(folder) {
        Ok(below) if !below.as_os_str().is_empty() => below,
        _ => path,
    }
}

/// Returns the sentence about fields that found no column.
pub fn not_found(fields: &str) -> String {
    format!("not found: {fields}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_broken_to_fit_and_stay_whole_without_a_room() {
        let text = "one two three\nfour five\u{1b}[31m six";
        assert_eq!(broken(text, None), ["one two three four five [31m six"]);
        let narrow = |text| broken(text, Some(20));
        assert_eq!(narrow(text), ["one two three four", "five [31m six"]);
        let path = "/a/very/long/path/that/does/not/fit";
        let around = format!("a {path} b");
        assert_eq!(broken(&around, Some(20)), ["a", path, "b"]);
        assert_eq!(narrow(""), [""]);
    }

    #[test]
    fn a_line_that_does_not_fit_goes_on_below_between_words() {
        let text = "  one two three four five six\nshort";
        assert_eq!(fitted(text, None, 2), text);
        assert_eq!(
            fitted(text, Some(20), 2),
            "  one two three four\n    five six\nshort"
        );
        let painted = "\u{1b}[31merror:\u{1b}[0m twelve letters";
        assert_eq!(fitted(painted, Some(21), 2), painted);
        let long = "see /a/very/long/path/that/does/not/fit now";
        assert_eq!(
            fitted(long, Some(20), 4),
            "see /a/very/long/path/that/does/not/fit\n    now"
        );
    }

    #[test]
    fn paths_are_relative_below_the_folder_and_whole_elsewhere() {
        let typed = |path| typed_in(Path::new("/work/here"), Path::new(path)).to_owned();
        assert_eq!(typed("/work/here/data/x"), Path::new("data/x"));
        for whole in ["/work/here", "/work/hereabouts/x", "/work", "/home/me/x"] {
            assert_eq!(typed(whole), Path::new(whole));
        }
    }

    #[test]
    fn numbers_read_well() {
        let numbers = [thousands(0), thousands(999), thousands(1_234_567)];
        assert_eq!(numbers, ["0", "999", "1,234,567"]);
        assert_eq!([plural(1, "row"), plural(2, "row")], ["1 row", "2 rows"]);
        assert_eq!([bytes(13_436), bytes(12)], ["13.1 KiB", "12 B"]);
        let times = [duration(412), duration(3_240), duration(245_000)];
        assert_eq!(times, ["412 ms", "3.2 s", "4 min 5 s"]);
    }
}
