//! A streaming XML reader for the parts of a workbook.
//!
//! It returns start tags, end tags and text, checks that tags match, and recognises names in the requested namespaces, whatever
//! prefix a file uses for them. It keeps only the current token of a part in memory. It skips document types, and never expands
//! entities that a file defines.
//!
//! `encoding` converts a part to UTF-8, `reader` finds the tokens, `text` resolves entities, and `namespaces` resolves
//! prefixes.

mod encoding;
mod namespaces;
mod reader;
mod text;

pub use encoding::DecodedPart;
pub use namespaces::{CONTENT_TYPES, OPEN_DOCUMENT, RELATIONSHIPS, SPREADSHEET, SPREADSHEET_2003};
pub use reader::{Event, XmlReader};
pub use text::{attribute_text, entity, local_part};

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::error::Result;

    /// Returns the events of a part in short: `+name`, `-name`, `'text'`; names of other namespaces in brackets.
    fn events(xml: &[u8]) -> Result<String> {
        // A reader that returns one byte at a time tests every boundary.
        struct Drip<'a>(&'a [u8]);
        impl Read for Drip<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                let count = self.0.len().min(buffer.len()).min(1);
                buffer[..count].copy_from_slice(&self.0[..count]);
                self.0 = &self.0[count..];
                Ok(count)
            }
        }
        let mut reader = XmlReader::new(Drip(xml), "part", SPREADSHEET);
        let mut out = String::new();
        loop {
            let event = reader.advance()?;
            let mut named = |sign: char, own: bool| {
                let name = String::from_utf8_lossy(reader.local_name());
                out += &match own {
                    true => format!("{sign}{name} "),
                    false => format!("{sign}[{name}] "),
                };
            };
            match event {
                Event::Start { own } => {
                    named('+', own);
                    for (name, value) in reader.attributes() {
                        if !name.starts_with(b"xmlns") {
                            let name = String::from_utf8_lossy(name);
                            out += &format!("{name}={} ", attribute_text(value));
                        }
                    }
                }
                Event::End { own } => named('-', own),
                Event::Text => {
                    let mut text = String::new();
                    reader.append_text(&mut text)?;
                    out += &format!("'{text}' ");
                }
                Event::Done => return Ok(out.trim_end().to_owned()),
            }
        }
    }

    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

    #[test]
    fn prefixes_do_not_matter_but_namespaces_do() {
        let xml = format!(
            "<?xml version='1.0'?><!-- a > b --><x:a xmlns:x='{MAIN}' xmlns='other'><b k='1>2' l = \"&lt;&#65;\"/>\
             <x:c>t&amp;&#x41;\r\nu</x:c><d xmlns='{MAIN}'><![CDATA[<&>]]></d><e/></x:a>\n"
        );
        assert_eq!(
            events(xml.as_bytes()).unwrap(),
            "+a +[b] k=1>2 l=<A -[b] +c 't&A\nu' -c +d '<&>' -d +[e] -[e] -a"
        );
    }

    #[rustfmt::skip]
    #[test]
    fn an_element_is_left_without_looking_at_it() {
        let inside = "<b>".repeat(100_000);
        for (xml, most, expected) in [
            (format!("<a><x:d>{inside}&nope;</x:d><e/></a>"), usize::MAX, Some("-x:d +e -e -a")),
            (format!("<a><x:d>{inside}</x:d><e/></a>"), 1000, None), (format!("<a><x:d>{inside}"), usize::MAX, None),
            ("<a><d></d ><e/></a>".to_owned(), usize::MAX, Some("-d +e -e -a")),
            ("<a><d/><e/></a>".to_owned(), usize::MAX, Some("-d +e -e -a")),
        ] {
            let mut reader = XmlReader::new(xml.as_bytes(), "part", SPREADSHEET);
            reader.advance().unwrap();
            reader.advance().unwrap();
            let found = reader.skip_to_end_tag(most, || Ok(())).unwrap();
            assert_eq!(found, expected.is_some());
            let Some(expected) = expected else { continue };
            let mut events = Vec::new();
            loop {
                let sign = match reader.advance().unwrap() {
                    Event::Start { .. } => '+',
                    Event::End { .. } => '-',
                    Event::Text => continue,
                    Event::Done => break,
                };
                let name = String::from_utf8_lossy(reader.raw_text()).into_owned();
                events.push(format!("{sign}{name}"));
            }
            assert_eq!(events.join(" "), expected);
        }
    }

    #[rustfmt::skip]
    #[test]
    fn damage_is_noticed() {
        for xml in [
            "", "<a>", "<a></b>", "<a/><b/>", "<a", "<a>&nbsp;</a>", "x", "<a>\u{ff}</a", "<>", "<a b='</a>",
            "<a <b/></a>", "<a><b</a>", "< a/>",
        ] {
            assert!(events(xml.as_bytes()).is_err(), "{xml}");
        }
        assert!(events(b"<a>\xff</a>").is_err());
    }

    #[test]
    fn other_encodings_are_read() {
        let utf16: Vec<u8> = "\u{feff}<a>é</a>"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(events(&utf16).unwrap(), "+[a] 'é' -[a]");
        assert_eq!(
            events(b"<?xml version='1.0' encoding='iso-8859-1'?><a>\xe9</a>").unwrap(),
            "+[a] 'é' -[a]"
        );
        assert_eq!(
            events("\u{feff}<!DOCTYPE a [<!ENTITY b '>'>]><a>é</a>".as_bytes()).unwrap(),
            "+[a] 'é' -[a]"
        );
    }
}
