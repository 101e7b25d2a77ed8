//! Writes HTML. It is the only place of the report that writes text, so that nothing of a file, of a configuration or of an
//! engine ever becomes markup.
//!
//! # Promises
//! Markup is known when `ade` is compiled: [`Html::mark`] takes nothing else. [`Html::text`] writes any text: what is markup in
//! it is escaped, and what would change how other text is shown (control characters, those that turn the direction of writing,
//! invisible ones) is written as its code point.

use std::io::{self, Write};

use crate::base::counted::thousands;

/// A page that is being written. An error of the disk is kept, and told by [`Html::finish`].
pub struct Html<'w> {
    out: &'w mut dyn Write,
    failed: Option<io::Error>,
}

impl<'w> Html<'w> {
    /// Begins a page.
    pub fn new(out: &'w mut dyn Write) -> Self {
        Self { out, failed: None }
    }

    /// Writes markup.
    pub fn mark(&mut self, markup: &'static str) -> &mut Self {
        self.write(markup);
        self
    }

    /// Writes text, between tags or in the quotes of an attribute.
    pub fn text(&mut self, text: &str) -> &mut Self {
        let mut shown = 0;
        for (at, letter) in text.char_indices() {
            let instead = match letter {
                '&' => Some("&amp;"),
                '<' => Some("&lt;"),
                '>' => Some("&gt;"),
                '"' => Some("&quot;"),
                '\'' => Some("&#39;"),
                _ => None,
            };
            if instead.is_none() && !is_unsafe(letter) {
                continue;
            }
            self.write(&text[shown..at]);
            shown = at + letter.len_utf8();
            match instead {
                Some(entity) => self.write(entity),
                None => self.write(&format!("[U+{:04X}]", letter as u32)),
            }
        }
        self.write(&text[shown..]);
        self
    }

    /// Writes a value in a sentence: its direction of writing does not reach beyond it.
    pub fn value(&mut self, text: &str) -> &mut Self {
        self.mark("<bdi>").text(text).mark("</bdi>")
    }

    /// Writes the beginning of a text, and an ellipsis where it is longer.
    pub fn clipped(&mut self, text: &str, most: usize) -> &mut Self {
        match text.char_indices().nth(most) {
            Some((end, _)) => self.text(text[..end].trim_end()).mark("…"),
            None => self.text(text),
        }
    }

    /// Writes a count, `12,003`.
    pub fn count(&mut self, number: u64) -> &mut Self {
        self.text(&thousands(number))
    }

    /// Writes a number as it is, for names and attributes.
    pub fn number(&mut self, number: u64) -> &mut Self {
        self.text(&number.to_string())
    }

    /// Writes words in monospace.
    pub fn code(&mut self, text: &str) -> &mut Self {
        self.mark("<code>").clipped(text, 200).mark("</code>")
    }

    /// Writes markup, where a condition holds.
    pub fn mark_if(&mut self, holds: bool, markup: &'static str) -> &mut Self {
        if holds {
            self.write(markup);
        }
        self
    }

    /// Ends the page.
    ///
    /// # Errors
    /// Something could not be written.
    pub fn finish(self) -> io::Result<()> {
        match self.failed {
            Some(error) => Err(error),
            None => self.out.flush(),
        }
    }

    fn write(&mut self, text: &str) {
        if self.failed.is_none()
            && let Err(error) = self.out.write_all(text.as_bytes())
        {
            self.failed = Some(error);
        }
    }
}

/// Whether a character is shown as its code point: controls, those that turn the direction of writing or join lines otherwise,
/// invisible ones, and those that are no characters. Line ends and tabs are blanks in HTML.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Html<'_>)) -> String {
        let mut bytes = Vec::new();
        let mut html = Html::new(&mut bytes);
        write(&mut html);
        html.finish().unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn no_text_becomes_markup() {
        for (text, wanted) in [
            (
                "<b onclick='x'>&amp;\"",
                "&lt;b onclick=&#39;x&#39;&gt;&amp;amp;&quot;",
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
            assert_eq!(
                written(|html| {
                    html.text(text);
                }),
                wanted
            );
        }
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let cut = |text: &str| {
            written(|html| {
                html.clipped(text, 3);
            })
        };
        for (text, wanted) in [("ééé", "ééé"), ("éé é", "éé…"), ("<<<<", "&lt;&lt;&lt;…")]
        {
            assert_eq!(cut(text), wanted);
        }
    }

    #[test]
    fn a_full_disk_is_told_at_the_end() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from_raw_os_error(libc::ENOSPC))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut full = Full;
        let mut html = Html::new(&mut full);
        html.text("a").mark("<br>");
        assert!(html.finish().is_err());
    }
}
