//! Reads the shared strings of a workbook, and the text of rich and phonetic strings in general.

use std::borrow::Cow;
use std::io::Read;

use crate::cells::{SheetCell, TextArena};
use crate::error::{Result, SourceError};
use crate::read::xml::{Event, SPREADSHEET, XmlReader};

/// The maximum number of strings, and the maximum size of their text.
const MAXIMUM_STRINGS: usize = 200_000_000;
const MAX_SHEET_TEXT_BYTES: usize = 1 << 30;

/// The shared strings: their text, and the cell for each string.
#[derive(Debug, Default)]
pub struct SharedStrings {
    pub text: TextArena,
    cells: Vec<SheetCell>,
}

impl SharedStrings {
    /// Returns the cell for the string with this index.
    #[inline]
    pub fn cell(&self, index: usize) -> Option<SheetCell> {
        self.cells.get(index).copied()
    }

    /// Returns the number of strings.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Returns whether there are no strings.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Returns the number of bytes that the cells of the strings take, without their text.
    pub fn cell_bytes(&self) -> usize {
        self.cells.len() * size_of::<SheetCell>()
    }

    /// Reads the part. `most_bytes` limits the memory for the strings.
    ///
    /// # Errors
    /// If the part cannot be unpacked or parsed, or contains more text than can be read.
    pub fn read(
        source: impl Read,
        part: &str,
        most_bytes: Option<usize>,
        as_shown: bool,
    ) -> Result<Self> {
        let mut reader = XmlReader::new(source, part, SPREADSHEET);
        let mut strings = Self::default();
        let mut item = RichText::default();
        while let Some(own) = reader.next_start(0)? {
            if !own || reader.local_name() != b"si" {
                continue;
            }
            item.read(&mut reader)?;
            let text = item.text();
            // The escape `_x005F_` of Excel is undone like in openpyxl: only here, and only this one.
            let text = if as_shown {
                shown(text)
            } else if memchr::memmem::find(text.as_bytes(), b"x005F_").is_some() {
                Cow::Owned(text.replace("x005F_", ""))
            } else {
                Cow::Borrowed(text)
            };
            strings.push(&text, part, most_bytes)?;
        }
        strings.finish();
        Ok(strings)
    }

    /// Adds a string to the end.
    ///
    /// # Errors
    /// If there is more text than can be read, or the strings take more memory than `most_bytes`.
    #[inline]
    pub fn push(&mut self, text: &str, part: &str, most_bytes: Option<usize>) -> Result<()> {
        let cell = SheetCell::shared_text(text, &mut self.text);
        self.cells.push(cell);
        if self.cells.len() > MAXIMUM_STRINGS || self.text.len() > MAX_SHEET_TEXT_BYTES {
            return Err(SourceError::part(
                part,
                "it holds more text than can be read",
            ));
        }
        match most_bytes {
            Some(bytes) if self.cell_bytes() + self.text.len() > bytes => Err(
                SourceError::beyond_memory("the text of the workbook", bytes),
            ),
            _ => Ok(()),
        }
    }

    /// Ends the list of strings and frees spare memory.
    pub fn finish(&mut self) {
        self.text.finish();
        self.cells.shrink_to_fit();
    }
}

/// Returns whether a text may contain characters escaped as `_x000D_` (ECMA-376, part 1, 22.9.2.19).
#[inline]
pub fn has_escapes(text: &[u8]) -> bool {
    memchr::memchr_iter(b'_', text).any(|at| text.get(at + 1) == Some(&b'x'))
}

/// Returns the text as shown: escaped characters are resolved, each kind of line break becomes one line feed, and control
/// characters, which show nothing, are removed.
pub fn shown(text: &str) -> Cow<'_, str> {
    if !has_escapes(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let code = rest
            .get(at + 2..at + 6)
            .filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let code = code.filter(|_| rest.as_bytes().get(at + 6) == Some(&b'_'));
        let Some(code) = code.and_then(|code| u32::from_str_radix(code, 16).ok()) else {
            shown.push_str(&rest[..at + 2]);
            rest = &rest[at + 2..];
            continue;
        };
        shown.push_str(&rest[..at]);
        rest = &rest[at + 7..];
        match char::from_u32(code) {
            Some('\r') if rest.starts_with('\n') => {}
            Some('\r') => shown.push('\n'),
            Some(character) if character >= ' ' || matches!(character, '\t' | '\n') => {
                shown.push(character)
            }
            _ => {}
        }
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

/// Collects the text of an `si` or `is` element: its plain text, then that of its runs. Omits phonetic hints.
#[derive(Debug, Default)]
pub struct RichText {
    text: String,
    runs: String,
    run: String,
}

impl RichText {
    /// Returns the text that was collected.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads the element whose start tag was just read, up to its end tag.
    ///
    /// # Errors
    /// If the part cannot be unpacked or parsed, or contains more text than can be read.
    pub fn read<R: Read>(&mut self, reader: &mut XmlReader<R>) -> Result<()> {
        self.text.clear();
        self.runs.clear();
        let depth = reader.depth();
        let mut in_run = false;
        loop {
            match reader.advance()? {
                Event::Start { .. } => match (reader.depth() - depth, reader.local_name()) {
                    (1, b"t") => {
                        // If there are several plain texts, the last one counts.
                        self.text.clear();
                        reader.element_text(&mut self.text)?;
                    }
                    (1, b"r") => {
                        in_run = true;
                        self.run.clear();
                    }
                    (2, b"t") if in_run => {
                        self.run.clear();
                        reader.element_text(&mut self.run)?;
                    }
                    (1, _) => reader.skip_element()?,
                    _ => {}
                },
                Event::End { .. } if reader.depth() < depth => break,
                Event::End { .. } if reader.depth() == depth && in_run => {
                    self.runs.push_str(&self.run);
                    in_run = false;
                }
                Event::Done => break,
                _ => {}
            }
        }
        self.text.push_str(&self.runs);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_rich_and_phonetic_strings_are_read() {
        let xml = r#"<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
            <si><t xml:space="preserve"> a </t></si><si><t/></si><si/>
            <si><r><rPr><b/></rPr><t>one</t></r><r><t> two</t></r><rPh sb="0" eb="1"><t>no</t></rPh></si>
            <si><t>_x005F_x0041_ _x000D_</t></si></sst>"#;
        let strings = SharedStrings::read(xml.as_bytes(), "strings", None, false).unwrap();
        let texts: Vec<&str> = (0..strings.len())
            .map(|index| match strings.cell(index).unwrap() {
                SheetCell::EMPTY_TEXT => "",
                cell => strings.text.text(cell.as_text()),
            })
            .collect();
        assert_eq!(texts, [" a ", "", "", "one two", "_x0041_ _x000D_"]);
        assert!(strings.cell(5).is_none());
    }

    #[rustfmt::skip]
    #[test]
    fn escaped_characters_are_shown_as_themselves() {
        for (text, shown) in [
            ("Order_x000D_\nNo", "Order\nNo"), ("Qty_x000D_", "Qty\n"), ("a_x005F_x0041_b", "a_x0041_b"),
            ("_x0041__x0042_", "AB"), ("x_x00_y_xyz", "x_x00_y_xyz"), ("bell_x0007_", "bell"), ("_xD83D_", ""),
        ] {
            assert!(has_escapes(text.as_bytes()));
            assert_eq!(super::shown(text), shown, "{text}");
        }
        assert!(!has_escapes(b"snake_case"));
    }
}
