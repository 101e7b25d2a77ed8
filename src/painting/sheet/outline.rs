//! Where the cells of a worksheet begin and end.

use memchr::memmem;

use crate::painting::xml::scan::{Scanner, Tag, TagKind};
use crate::painting::xml::{CUT_SHORT, Malformed, NOT_WELL_FORMED};

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
