//! XML as text with positions: tags are found by their byte offsets, so that text without edits stays unchanged.
//!
//! - `scan`: one tag after another; `tree`: the elements of a small part
//! - [`Edit`], [`apply`]: replace ranges of bytes in a part
//! - `text`: entities, and the texts of cells and comments
//!
//! The only namespace prefix that matters is the root's own, which the parts of a workbook use throughout.

pub mod scan;
pub mod text;
pub mod tree;

use std::ops::Range;

/// The reason why a part cannot be edited, as words that follow the part's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedXml(pub &'static str);

/// The part ends within an element, a comment or a tag.
pub const CUT_SHORT: MalformedXml = MalformedXml("is cut short");
/// The tags do not match, or there is no element at all.
pub const NOT_WELL_FORMED: MalformedXml = MalformedXml("is not well-formed XML");

/// A replacement of a range of bytes.
#[derive(Clone, Debug)]
pub struct Edit {
    range: Range<usize>,
    new: String,
}

impl Edit {
    /// Inserts a text before a byte.
    pub fn insert(at: usize, new: impl Into<String>) -> Self {
        Self::replace(at..at, new)
    }

    /// Replaces a range of bytes.
    pub fn replace(range: Range<usize>, new: impl Into<String>) -> Self {
        Self {
            range,
            new: new.into(),
        }
    }

    /// Removes a range of bytes.
    pub fn remove(range: Range<usize>) -> Self {
        Self::replace(range, "")
    }
}

/// Applies edits to a part. Insertions at the same byte keep their order.
///
/// # Errors
/// Two edits overlap: the part repeats an element that may occur only once.
pub fn apply(text: &str, mut edits: Vec<Edit>) -> Result<String, MalformedXml> {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let more: usize = edits.iter().map(|edit| edit.new.len()).sum();
    let mut out = String::with_capacity(text.len() + more);
    let mut at = 0;
    for edit in edits {
        if edit.range.start < at {
            return Err(MalformedXml("has an element twice that it may have once"));
        }
        out.push_str(&text[at..edit.range.start]);
        out.push_str(&edit.new);
        at = edit.range.end;
    }
    out.push_str(&text[at..]);
    Ok(out)
}
