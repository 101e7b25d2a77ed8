//! Finds one tag after another. Comments, CDATA and processing instructions are skipped, as is a `>` in quotes.

use std::borrow::Cow;
use std::ops::Range;
use std::str::FromStr;

use memchr::{memchr, memchr3, memmem};

use super::text::unescaped;
use super::{CUT_SHORT, MalformedXml, NOT_WELL_FORMED};

/// The kind of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagKind {
    /// A start tag: `<a>`.
    Start,
    /// An empty element: `<a/>`.
    Empty,
    /// An end tag: `</a>`.
    End,
}

/// A tag in the text of a part.
#[derive(Clone, Copy, Debug)]
pub struct XmlTag<'a> {
    /// The kind of the tag.
    pub kind: TagKind,
    /// The byte of its `<`.
    pub start: usize,
    /// The byte after its `>`.
    pub end: usize,
    /// The whole text of the tag.
    pub text: &'a str,
    /// The name, including a prefix.
    pub name: &'a str,
}

/// An attribute of a tag.
#[derive(Clone, Debug)]
pub struct Attribute<'a> {
    /// The name, including a prefix.
    pub name: &'a str,
    /// The value as written, with entities.
    raw: &'a str,
    /// The range from its name to its closing quote, within the tag.
    pub span: Range<usize>,
}

impl<'a> Attribute<'a> {
    /// Returns the value with entities resolved.
    pub fn value(&self) -> Cow<'a, str> {
        unescaped(self.raw)
    }
}

impl<'a> XmlTag<'a> {
    /// Returns the name without its prefix.
    pub fn local(&self) -> &'a str {
        match self.name.rfind(':') {
            Some(colon) => &self.name[colon + 1..],
            None => self.name,
        }
    }

    /// Returns the prefix with its colon. Empty if there is none.
    pub fn prefix(&self) -> &'a str {
        &self.name[..self.name.len() - self.local().len()]
    }

    /// Returns whether an element begins here.
    pub fn opens(&self) -> bool {
        self.kind != TagKind::End
    }

    /// Returns the attributes in order. Reading stops at a damaged one.
    pub fn attributes(&self) -> TagAttributes<'a> {
        let start = if self.opens() { 1 } else { 2 };
        TagAttributes {
            text: self.text,
            at: start + self.name.len(),
        }
    }

    /// Returns the value of an attribute by its whole name.
    pub fn value(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut attributes = self.attributes();
        attributes
            .find(|found| found.name == name)
            .map(|found| found.value())
    }

    /// Returns the value of a prefixed attribute by its local name: `id` finds `r:id`.
    pub fn prefixed_value(&self, local: &str) -> Option<Cow<'a, str>> {
        let mut attributes = self.attributes();
        let found = attributes.find(|found| {
            found
                .name
                .split_once(':')
                .is_some_and(|(prefix, rest)| prefix != "xmlns" && rest == local)
        });
        found.map(|found| found.value())
    }

    /// Returns the value of an attribute as a number.
    pub fn number<N: FromStr>(&self, name: &str) -> Option<N> {
        self.value(name)?.trim().parse().ok()
    }

    /// Returns whether an attribute is true: `1` or `true` (xsd:boolean).
    pub fn is_true(&self, name: &str) -> bool {
        matches!(self.value(name).as_deref(), Some("1" | "true"))
    }

    /// Returns the tag with an attribute set to an escaped value, or removed. Its other bytes stay.
    pub fn with(&self, name: &str, value: Option<&str>) -> String {
        with_attribute(self.text, name, value)
    }
}

/// Returns a tag's text with an attribute set, or removed if `value` is `None`.
pub fn with_attribute(tag: &str, name: &str, value: Option<&str>) -> String {
    let name_end = tag
        .find(|letter: char| letter.is_ascii_whitespace() || letter == '/' || letter == '>')
        .unwrap_or(tag.len());
    let mut attributes = TagAttributes {
        text: tag,
        at: name_end,
    };
    let found = attributes.find(|found| found.name == name);
    match (found, value) {
        (Some(found), Some(value)) => {
            let (before, after) = (&tag[..found.span.start], &tag[found.span.end..]);
            format!("{before}{name}=\"{value}\"{after}")
        }
        (Some(found), None) => {
            let before = tag[..found.span.start].trim_end();
            format!("{before}{}", &tag[found.span.end..])
        }
        (None, Some(value)) => {
            let inner = tag.trim_end_matches('>').trim_end_matches('/').trim_end();
            let close = if tag.ends_with("/>") { "/>" } else { ">" };
            format!("{inner} {name}=\"{value}\"{close}")
        }
        (None, None) => tag.to_owned(),
    }
}

/// The iterator of [`XmlTag::attributes`].
pub struct TagAttributes<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for TagAttributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        let rest = &self.text[self.at..];
        let start = self.at + rest.len() - rest.trim_ascii_start().len();
        let equals = start + self.text[start..].find('=')?;
        let name = self.text[start..equals].trim_ascii_end();
        let after = &self.text[equals + 1..];
        let open = equals + 1 + after.len() - after.trim_ascii_start().len();
        let quote = *self.text.as_bytes().get(open)?;
        if quote != b'"' && quote != b'\'' {
            return None;
        }
        let length = memchr(quote, &self.text.as_bytes()[open + 1..])?;
        let close = open + 1 + length;
        self.at = close + 1;
        Some(Attribute {
            name,
            raw: &self.text[open + 1..close],
            span: start..close + 1,
        })
    }
}

/// A position in a part, from which the next tag is searched.
#[derive(Clone, Debug)]
pub struct Scanner<'a> {
    text: &'a str,
    /// The byte after the last tag found.
    pub at: usize,
}

impl<'a> Scanner<'a> {
    /// Begins at a byte.
    pub fn new(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }

    /// Returns the next tag. `None` at the end of the text.
    pub fn tag(&mut self) -> Result<Option<XmlTag<'a>>, MalformedXml> {
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let Some(open) = memchr(b'<', rest) else {
                self.at = self.text.len();
                return Ok(None);
            };
            self.at += open;
            let rest = &rest[open..];
            let skipped: &[u8] = match rest.get(1) {
                Some(b'!') if rest.starts_with(b"<!--") => b"-->",
                Some(b'!') if rest.starts_with(b"<![CDATA[") => b"]]>",
                // A document type is not allowed in a package (ECMA-376 part 2, "XML Usage").
                Some(b'!') => return Err(MalformedXml("has a document type")),
                Some(b'?') => b"?>",
                _ => return self.found().map(Some),
            };
            let end = memmem::find(rest, skipped).ok_or(CUT_SHORT)?;
            self.at += end + skipped.len();
        }
    }

    /// Reads the tag that begins at the current byte.
    fn found(&mut self) -> Result<XmlTag<'a>, MalformedXml> {
        let start = self.at;
        let end = end_of_tag(self.text.as_bytes(), start).ok_or(CUT_SHORT)?;
        let text = &self.text[start..end];
        let (kind, inner) = match text.as_bytes() {
            [b'<', b'/', ..] => (TagKind::End, &text[2..text.len() - 1]),
            [.., b'/', b'>'] => (TagKind::Empty, &text[1..text.len() - 2]),
            _ => (TagKind::Start, &text[1..text.len() - 1]),
        };
        let length = inner
            .find(|letter: char| letter.is_ascii_whitespace())
            .unwrap_or(inner.len());
        if length == 0 {
            return Err(NOT_WELL_FORMED);
        }
        self.at = end;
        Ok(XmlTag {
            kind,
            start,
            end,
            text,
            name: &inner[..length],
        })
    }

    /// Moves to the end of the element that a tag has opened.
    pub fn leave(&mut self, tag: &XmlTag<'_>) -> Result<(), MalformedXml> {
        let mut depth = usize::from(tag.kind == TagKind::Start);
        while depth > 0 {
            match self.tag()?.ok_or(CUT_SHORT)?.kind {
                TagKind::Start => depth += 1,
                TagKind::End => depth -= 1,
                TagKind::Empty => {}
            }
        }
        Ok(())
    }
}

/// Returns the byte after the `>` of a tag, ignoring any within quotes.
fn end_of_tag(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        let found = at + memchr3(b'>', b'"', b'\'', &bytes[at..])?;
        if bytes[found] == b'>' {
            return Some(found + 1);
        }
        at = found + 1 + memchr(bytes[found], &bytes[found + 1..])? + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Result<String, MalformedXml> {
        let mut scanner = Scanner::new(text, 0);
        let mut out = String::new();
        while let Some(tag) = scanner.tag()? {
            let sign = match tag.kind {
                TagKind::Start => "+",
                TagKind::Empty => "=",
                TagKind::End => "-",
            };
            out += &format!("{sign}{} ", tag.name);
        }
        Ok(out)
    }

    #[test]
    fn what_only_looks_like_a_tag_is_none() {
        let text = "<?xml v='<a>'?><!-- <b> --><x:c d='>' e=\"/>\"><![CDATA[</x:c>]]><f /></x:c >";
        assert_eq!(names(text).unwrap(), "+x:c =f -x:c ");
        assert!(names("<!DOCTYPE a><a/>").is_err());
        assert!(names("<a b='").is_err());
        assert!(names("<a><!-- ").is_err());
        assert!(names("<>").is_err());
    }

    #[test]
    fn attributes_are_found_by_name_and_changed_alone() {
        let tag = |text| Scanner::new(text, 0).tag().unwrap().unwrap();
        let cell = tag("<c r = 'A1'  s=\"4\" t='a&amp;b'/>");
        assert_eq!(cell.value("r").as_deref(), Some("A1"));
        assert_eq!(cell.value("t").as_deref(), Some("a&b"));
        assert_eq!(cell.number::<u32>("s"), Some(4));
        assert_eq!(
            cell.with("s", Some("9")),
            "<c r = 'A1'  s=\"9\" t='a&amp;b'/>"
        );
        assert_eq!(cell.with("s", None), "<c r = 'A1' t='a&amp;b'/>");
        assert_eq!(tag("<c/>").with("s", Some("1")), "<c s=\"1\"/>");
        assert_eq!(tag("<c>").with("s", Some("1")), "<c s=\"1\">");
        assert_eq!(tag("<c>").with("s", None), "<c>");
        let sheet = tag("<sheet xmlns:id='no' r:id='rId4' id='7'/>");
        assert_eq!(sheet.prefixed_value("id").as_deref(), Some("rId4"));
    }
}
