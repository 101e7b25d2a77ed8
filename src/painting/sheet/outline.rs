//! Finds the boundaries of a worksheet's cells, and reads what follows them: the merged areas and the drawing of comments.

use memchr::memmem;

use crate::base::places::Area;
use crate::painting::xml::scan::{Scanner, TagKind, XmlTag};
use crate::painting::xml::{CUT_SHORT, MalformedXml, NOT_WELL_FORMED};

/// The children of a worksheet that come after its `legacyDrawing` (CT_Worksheet, ECMA-376 part 1, 18.3.1.99).
/// `AlternateContent` wraps some of them, and also some that come before.
const BEHIND: [&str; 9] = [
    "legacyDrawingHF",
    "drawingHF",
    "picture",
    "oleObjects",
    "controls",
    "webPublishItems",
    "tableParts",
    "extLst",
    "AlternateContent",
];

/// The facts given after the cells.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// The merged areas of the sheet.
    pub merged: Vec<Area>,
    /// The relationship to the drawing of comments.
    pub legacy: Option<String>,
}

/// The boundaries of the three sections of a worksheet.
#[derive(Debug)]
pub struct Outline<'a> {
    /// The whole text of the part.
    pub text: &'a str,
    /// The first tag of the part.
    pub root: XmlTag<'a>,
    /// The tag that begins the cells.
    pub data: XmlTag<'a>,
    /// The start byte of the tag that ends the cells; for `<sheetData/>`, the byte after the tag.
    pub rows_end: usize,
    /// The byte after the tag that ends the cells.
    pub tail: usize,
    /// Whether the cells contain neither XML comments nor CDATA, so that everything that looks like a tag is one.
    pub is_plain: bool,
}

impl<'a> Outline<'a> {
    /// Finds the sections of a worksheet.
    ///
    /// # Errors
    /// The part has no cells, or is cut short.
    pub fn parse(text: &'a str) -> Result<Self, MalformedXml> {
        let mut scanner = Scanner::new(text, 0);
        let root = scanner.tag()?.ok_or(NOT_WELL_FORMED)?;
        let mut depth = 0;
        let data = loop {
            let tag = scanner.tag()?.ok_or(MalformedXml("has no cells"))?;
            if depth == 0 && tag.opens() && tag.local() == "sheetData" {
                break tag;
            }
            match tag.kind {
                TagKind::Start => depth += 1,
                TagKind::End if depth == 0 => return Err(MalformedXml("has no cells")),
                TagKind::End => depth -= 1,
                TagKind::Empty => {}
            }
        };
        let (rows_end, tail, is_plain) = match data.kind {
            TagKind::Empty => (data.end, data.end, true),
            _ => end_of_data(text, &data)?,
        };
        Ok(Self {
            text,
            root,
            data,
            rows_end,
            tail,
            is_plain,
        })
    }

    /// Returns the prefix of the sheet's elements, with its colon.
    pub fn prefix(&self) -> &'a str {
        self.root.prefix()
    }

    /// Returns the children of the root after the cells, each with the byte after its end. Fails unless the root ends properly.
    pub fn tail_children(&self) -> Result<Vec<(XmlTag<'a>, usize)>, MalformedXml> {
        let mut scanner = Scanner::new(self.text, self.tail);
        let mut children = Vec::new();
        loop {
            let tag = scanner.tag()?.ok_or(CUT_SHORT)?;
            if !tag.opens() {
                let is_root = tag.name == self.root.name;
                return if is_root {
                    Ok(children)
                } else {
                    Err(NOT_WELL_FORMED)
                };
            }
            scanner.leave(&tag)?;
            children.push((tag, scanner.at));
        }
    }
}

/// Finds the end of the cells: start and end of the end tag, and whether the cells are plain.
fn end_of_data(text: &str, data: &XmlTag<'_>) -> Result<(usize, usize, bool), MalformedXml> {
    let needle = format!("</{}", data.name);
    let rest = &text.as_bytes()[data.end..];
    let end = memmem::find(rest, needle.as_bytes()).ok_or(CUT_SHORT)?;
    if memmem::find(&rest[..end], b"<!").is_none() {
        let tag = Scanner::new(text, data.end + end).tag()?.ok_or(CUT_SHORT)?;
        return Ok((tag.start, tag.end, true));
    }
    let mut scanner = Scanner::new(text, data.end);
    loop {
        let tag = scanner.tag()?.ok_or(CUT_SHORT)?;
        if tag.kind == TagKind::End && tag.name == data.name {
            return Ok((tag.start, tag.end, false));
        }
    }
}

/// Reads the facts given after the cells.
pub fn tail_of(outline: &Outline<'_>) -> Result<Tail, MalformedXml> {
    let mut tail = Tail::default();
    for (tag, end) in outline.tail_children()? {
        match tag.local() {
            "legacyDrawing" => tail.legacy = tag.prefixed_value("id").map(String::from),
            "mergeCells" => {
                let mut scanner = Scanner::new(&outline.text[..end], tag.end);
                while let Some(inner) = scanner.tag()? {
                    let area = inner.value("ref").and_then(|name| Area::named(&name));
                    tail.merged
                        .extend(area.filter(|_| inner.local() == "mergeCell"));
                }
            }
            _ => {}
        }
    }
    Ok(tail)
}

/// Returns everything after the cells, with the element `legacyDrawing` at the position that the order of children requires.
pub fn with_drawing(outline: &Outline<'_>, element: Option<&str>) -> Result<String, MalformedXml> {
    let tail = outline.text.get(outline.tail..).ok_or(CUT_SHORT)?;
    let Some(element) = element else {
        return Ok(tail.to_owned());
    };
    let children = outline.tail_children()?;
    let before = children
        .iter()
        .rfind(|(tag, _)| !BEHIND.contains(&tag.local()));
    let at = before.map_or(0, |(_, end)| end - outline.tail);
    Ok(format!("{}{element}{}", &tail[..at], &tail[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drawing_goes_where_the_order_wants_it() {
        for (tail, expected) in [
            ("", "^"),
            (
                "<pageMargins/><tableParts><tablePart/></tableParts>",
                "<pageMargins/>^<tableParts><tablePart/></tableParts>",
            ),
            (
                "<mc:AlternateContent><drawing/></mc:AlternateContent><drawing/><legacyDrawingHF/><extLst/>",
                "<mc:AlternateContent><drawing/></mc:AlternateContent><drawing/>^<legacyDrawingHF/><extLst/>",
            ),
            (
                "<mc:AlternateContent><controls/></mc:AlternateContent>",
                "^<mc:AlternateContent><controls/></mc:AlternateContent>",
            ),
        ] {
            let text = format!("<worksheet><sheetData/>{tail}</worksheet>");
            let outline = Outline::parse(&text).unwrap();
            let new = with_drawing(&outline, Some("^")).unwrap();
            assert_eq!(new, format!("{expected}</worksheet>"));
        }
    }
}
