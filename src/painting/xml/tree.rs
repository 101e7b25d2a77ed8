//! The elements of a small part, with their start and end bytes.

use std::borrow::Cow;
use std::ops::Range;

use super::scan::{Scanner, TagKind, XmlTag};
use super::text::unescaped;
use super::{CUT_SHORT, Edit, MalformedXml, NOT_WELL_FORMED};

/// The maximum depth of elements: no part of a workbook nests deeper.
const MAX_ELEMENT_DEPTH: usize = 256;

/// An element of a part.
#[derive(Debug)]
pub struct Element<'a> {
    /// The start tag of the element.
    pub tag: XmlTag<'a>,
    /// The byte of its end tag; for an empty element, the byte after it.
    pub inner_end: usize,
    /// The byte after the element.
    pub end: usize,
    /// The elements directly within it.
    pub children: Vec<Element<'a>>,
}

/// Parses the root of a part.
///
/// # Errors
/// The tags do not match, or the part is cut short.
pub fn parse(text: &str) -> Result<Element<'_>, MalformedXml> {
    let mut scanner = Scanner::new(text, 0);
    let mut open: Vec<Element<'_>> = Vec::new();
    let mut root = None;
    while let Some(tag) = scanner.tag()? {
        let done = match tag.kind {
            TagKind::Start | TagKind::Empty => {
                let element = Element {
                    tag,
                    inner_end: tag.end,
                    end: tag.end,
                    children: Vec::new(),
                };
                if root.is_some() || open.len() == MAX_ELEMENT_DEPTH {
                    return Err(NOT_WELL_FORMED);
                }
                if tag.kind == TagKind::Start {
                    open.push(element);
                    continue;
                }
                element
            }
            TagKind::End => {
                let mut element = open.pop().ok_or(NOT_WELL_FORMED)?;
                if element.tag.name != tag.name {
                    return Err(NOT_WELL_FORMED);
                }
                (element.inner_end, element.end) = (tag.start, tag.end);
                element
            }
        };
        match open.last_mut() {
            Some(parent) => parent.children.push(done),
            None => root = Some(done),
        }
    }
    if open.is_empty() {
        root.ok_or(NOT_WELL_FORMED)
    } else {
        Err(CUT_SHORT)
    }
}

impl<'a> Element<'a> {
    /// Returns the name without its prefix.
    pub fn local(&self) -> &'a str {
        self.tag.local()
    }

    /// Returns the children with a local name, in any prefix.
    pub fn all<'s>(&'s self, local: &'s str) -> impl Iterator<Item = &'s Element<'a>> {
        self.children
            .iter()
            .filter(move |child| child.local() == local)
    }

    /// Returns the first child with a local name.
    pub fn child(&self, local: &str) -> Option<&Element<'a>> {
        self.children.iter().find(|child| child.local() == local)
    }

    /// Returns the range of bytes of the element.
    pub fn span(&self) -> Range<usize> {
        self.tag.start..self.end
    }

    /// Returns the text between its tags.
    pub fn inner<'t>(&self, text: &'t str) -> &'t str {
        &text[self.tag.end..self.inner_end]
    }

    /// Returns its text with entities resolved.
    pub fn words<'t>(&self, text: &'t str) -> Cow<'t, str> {
        unescaped(self.inner(text))
    }

    /// Returns the edit that appends text inside the element. An empty element is opened.
    pub fn append(&self, new: &str) -> Edit {
        if self.tag.kind != TagKind::Empty {
            return Edit::insert(self.inner_end, new);
        }
        let inside = self.tag.text.trim_end_matches("/>").trim_end();
        let name = self.tag.name;
        Edit::replace(self.span(), format!("{inside}>{new}</{name}>"))
    }

    /// Returns the edit that sets an attribute, or removes it if `value` is `None`.
    pub fn set(&self, name: &str, value: Option<&str>) -> Edit {
        Edit::replace(self.tag.start..self.tag.end, self.tag.with(name, value))
    }

    /// Returns the prefix that is bound to a namespace at this element, with its colon. The default namespace is ignored,
    /// because attributes cannot use it.
    pub fn prefix_of(&self, namespace: &str) -> Option<String> {
        let mut attributes = self.tag.attributes();
        attributes.find_map(|found| {
            let prefix = found.name.strip_prefix("xmlns:")?;
            (found.value() == namespace).then(|| format!("{prefix}:"))
        })
    }

    /// Returns the namespace of this element, if it is declared on it.
    pub fn namespace(&self) -> Option<Cow<'a, str>> {
        match self.tag.prefix().strip_suffix(':') {
            Some(prefix) => self.tag.value(&format!("xmlns:{prefix}")),
            None => self.tag.value("xmlns"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::apply;
    use super::*;

    #[test]
    fn elements_know_their_places() {
        let text = "<a><b/><!-- c --><x:b d='1'>t&amp;</x:b></a>";
        let root = parse(text).unwrap();
        assert_eq!(root.all("b").count(), 2);
        let second = root.all("b").nth(1).unwrap();
        assert_eq!(&text[second.span()], "<x:b d='1'>t&amp;</x:b>");
        assert_eq!(second.words(text), "t&");
        let edits = vec![
            root.children[0].append("<e/>"),
            root.append("<f/>"),
            second.set("d", None),
        ];
        assert_eq!(
            apply(text, edits).unwrap(),
            "<a><b><e/></b><!-- c --><x:b>t&amp;</x:b><f/></a>"
        );
    }

    #[test]
    fn damage_is_an_error() {
        for text in ["", "<a>", "<a></b>", "<a/><b/>", "</a>", "text"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"<a>".repeat(1_000_000)).is_err());
    }
}
