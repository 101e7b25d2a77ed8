//! Where the cells of a worksheet begin and end, and what stands behind them: merged areas are read, and the drawing of comments is named.

use memchr::memmem;

use crate::base::places::Area;
use crate::painting::xml::scan::{Scanner, Tag, TagKind};
use crate::painting::xml::{CUT_SHORT, Malformed, NOT_WELL_FORMED};

/// The children of a worksheet that stand behind its `legacyDrawing` (CT_Worksheet, ECMA-376 part 1, 18.3.1.99).
/// `AlternateContent` wraps some of them, and also what stands before.
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

/// What is said behind the cells.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// Merged areas.
    pub merged: Vec<Area>,
    /// The relationship to the drawing of comments.
    pub legacy: Option<String>,
}

/// The three stretches of a worksheet.
#[derive(Debug)]
pub struct Outline<'a> {
    /// All of it.
    pub text: &'a str,
    /// Its first tag.
    pub root: Tag<'a>,
    /// The tag that begins the cells.
    pub data: Tag<'a>,
    /// The byte of the tag that ends them; of `<sheetData/>`, that behind it.
    pub rows_end: usize,
    /// The byte where what follows the cells begins.
    pub tail: usize,
    /// Among the cells there are neither XML comments nor CDATA: what looks like a tag there is one.
    pub is_plain: bool,
}

impl<'a> Outline<'a> {
    /// Finds them.
    ///
    /// # Errors
    /// The part has no cells, or is cut short.
    pub fn of(text: &'a str) -> Result<Self, Malformed> {
        let mut scanner = Scanner::new(text, 0);
        let root = scanner.tag()?.ok_or(NOT_WELL_FORMED)?;
        let mut depth = 0;
        let data = loop {
            let tag = scanner.tag()?.ok_or(Malformed("has no cells"))?;
            if depth == 0 && tag.opens() && tag.local() == "sheetData" {
                break tag;
            }
            match tag.kind {
                TagKind::Start => depth += 1,
                TagKind::End if depth == 0 => return Err(Malformed("has no cells")),
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

    /// The prefix of the sheet's elements, with its colon.
    pub fn prefix(&self) -> &'a str {
        self.root.prefix()
    }

    /// The children of the root behind the cells, each with the byte behind its end. The last item is the root's own end.
    pub fn tail_children(&self) -> Result<Vec<(Tag<'a>, usize)>, Malformed> {
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

/// Where the cells end: the start and the end of the tag, and whether they are plain.
fn end_of_data(text: &str, data: &Tag<'_>) -> Result<(usize, usize, bool), Malformed> {
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

/// Reads what is said behind the cells.
pub fn tail_of(outline: &Outline<'_>) -> Result<Tail, Malformed> {
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

/// All from the end of the cells on, with an element `legacyDrawing` in the place that the order of children gives it.
pub fn with_drawing(outline: &Outline<'_>, element: Option<&str>) -> Result<String, Malformed> {
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
            let outline = Outline::of(&text).unwrap();
            let new = with_drawing(&outline, Some("^")).unwrap();
            assert_eq!(new, format!("{expected}</worksheet>"));
        }
    }
}
