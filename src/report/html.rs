//! Pieces of HTML, dates and sentences for people, and the only code that writes a page.
//!
//! # Promises
//! Templates escape markup in texts. [`HtmlPage::add`] shows characters that would change how other text is shown (controls,
//! those that turn the direction of writing, invisible ones) as their code points. So nothing from a file, a configuration or
//! an engine ever becomes markup. The unescaped parts of templates are fixed when `ade` is compiled.

use std::borrow::Cow;
use std::io::{BufWriter, Write};
use std::path::Path;

use maud::{Markup, Render, html};

use crate::base::clock::Timestamp;
use crate::base::counted::thousands;
use crate::base::files::FileError;
use crate::issues::Severity;

/// A page that is written one part at a time, because a large one would not fit into memory.
pub struct HtmlPage<'w> {
    out: BufWriter<&'w mut dyn Write>,
    name: &'w Path,
}

impl<'w> HtmlPage<'w> {
    /// Begins a page. Errors call it `name`.
    pub fn new(out: &'w mut dyn Write, name: &'w Path) -> Self {
        let out = BufWriter::new(out);
        Self { out, name }
    }

    /// Writes a part of the page.
    ///
    /// # Errors
    /// The part cannot be written.
    pub fn add(&mut self, markup: &Markup) -> Result<(), FileError> {
        let mut write = |part: &str| match part.char_indices().next_back() {
            Some((at, letter)) if is_unsafe(letter) => {
                write!(self.out, "{}[U+{:04X}]", &part[..at], letter as u32)
            }
            _ => self.out.write_all(part.as_bytes()),
        };
        let mut parts = markup.0.split_inclusive(is_unsafe);
        let written = parts.try_for_each(&mut write);
        written.map_err(FileError::on("write", self.name))
    }

    /// Ends the page and flushes it.
    ///
    /// # Errors
    /// The page cannot be written.
    pub fn finish(mut self) -> Result<(), FileError> {
        let written = self.out.flush();
        written.map_err(FileError::on("write", self.name))
    }
}

/// Isolates a value in a sentence, so that its direction of writing does not affect the text around it.
pub fn value(text: impl Render) -> Markup {
    html! { bdi { (text) } }
}

/// Returns the first `most` characters of a text, with an ellipsis if it is longer.
pub fn clipped(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()).into(),
        None => text.into(),
    }
}

/// Formats words in monospace.
pub fn code(text: &str) -> Markup {
    html! { code { (clipped(text, 200)) } }
}

/// Returns the CSS class of a severity.
pub fn class_of(severity: Severity) -> &'static str {
    &severity.word()[..1]
}

/// Returns the beginning of a value, with its length if that is greater.
pub fn clipped_value(text: &str, most: usize, letters: usize) -> Markup {
    html! {
        (value(clipped(text, most)))
        @if letters > most { " " span class="dim sans" { "(" (thousands(letters as u64)) " characters)" } }
    }
}

/// Shows a severity as a shape and a word.
pub fn severity_mark(severity: Severity) -> Markup {
    let word = ["Error", "Warning", "Info"][severity as usize];
    html! { span class={ "sev " (class_of(severity)) } { (word) } }
}

/// Builds a table from its classes, its caption, and its columns, each with its classes. `rows` are bodies of the table.
pub fn table(class: &str, caption: &str, columns: &[(impl Render, &str)], rows: &Markup) -> Markup {
    html! {
        table class=(class) {
            caption class="sr" { (caption) }
            thead {
                tr {
                    @for (title, class) in columns {
                        th scope="col" class=[(!class.is_empty()).then_some(class)] { (title) }
                    }
                }
            }
            (rows)
        }
    }
}

/// Returns whether a character is shown as its code point: controls, characters that turn the direction of writing or join
/// lines differently, invisible ones, and noncharacters. Line ends and tabs are blanks in HTML.
fn is_unsafe(letter: char) -> bool {
    let is_control = letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    let point = letter as u32;
    is_control
        || matches!(
            point,
            0x00AD
                | 0x061C
                | 0x180E
                | 0x200B
                | 0x200E..=0x200F
                | 0x2028..=0x202E
                | 0x2060..=0x206F
                | 0xFEFF
                | 0xFFF9..=0xFFFB
                | 0xFDD0..=0xFDEF
                | 0xE0000..=0xE007F
        )
        || point & 0xFFFE == 0xFFFE
}

/// Formats an instant in Coordinated Universal Time: `21 November 2026, 23:39`.
pub fn day(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    at.to_zoned(jiff::tz::TimeZone::UTC)
        .strftime("%-d %B %Y, %H:%M")
        .to_string()
}

/// Replaces the paths of this machine in a sentence by file names: pages are mailed to others.
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

    fn written(markup: &Markup) -> String {
        let mut bytes = Vec::new();
        let mut page = HtmlPage::new(&mut bytes, Path::new("page.html"));
        page.add(markup).unwrap();
        page.finish().unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn no_text_becomes_markup() {
        for (text, wanted) in [
            (
                "<b onclick='x'>&amp;\"",
                "&lt;b onclick='x'&gt;&amp;amp;&quot;",
            ),
            ("a\u{0}b\u{1b}[2J", "a[U+0000]b[U+001B][2J"),
            (
                "\u{202e}evil\u{2066}\u{200b}",
                "[U+202E]evil[U+2066][U+200B]",
            ),
            (
                "\u{85}\u{7f}\u{feff}\u{e0041}\u{ffff}",
                "[U+0085][U+007F][U+FEFF][U+E0041][U+FFFF]",
            ),
            ("two\nlines\tand\r\n", "two\nlines\tand\r\n"),
            ("日本 é שלום 👩‍🚀", "日本 é שלום 👩‍🚀"),
        ] {
            assert_eq!(written(&html! { (text) }), wanted);
            let attribute = html! { p title=(text) {} };
            assert_eq!(written(&attribute), format!("<p title=\"{wanted}\"></p>"));
        }
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        for (text, wanted) in [("ééé", "ééé"), ("éé é", "éé…"), ("<<<<", "<<<…")] {
            assert_eq!(clipped(text, 3), wanted);
        }
    }

    #[test]
    fn a_full_disk_is_told_at_the_end() {
        let mut full: &mut [u8] = &mut [];
        let mut page = HtmlPage::new(&mut full, Path::new("page.html"));
        page.add(&html! { "a" br; }).unwrap();
        assert!(page.finish().is_err());
    }

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
