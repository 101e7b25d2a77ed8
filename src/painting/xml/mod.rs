//! XML as text with places: tags are found by their byte offsets, so that what is not edited stays as it was written.
//!
//! - `scan`: one tag after the other; `tree`: the elements of a small part
//! - [`Edit`], [`apply`]: texts put into a part, by ranges of bytes
//! - `text`: entities, and the texts of cells and comments
//!
//! Nothing is read by a namespace but the root's own prefix, which its parts of a workbook use throughout.

pub mod scan;
pub mod text;
pub mod tree;

use std::ops::Range;

/// Why a part cannot be edited, as words that follow the part's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

/// The part ends within an element, a comment or a tag.
pub const CUT_SHORT: Malformed = Malformed("is cut short");
/// Tags that do not match, or no element at all.
pub const NOT_WELL_FORMED: Malformed = Malformed("is not well-formed XML");

/// One edit.
#[derive(Clone, Debug)]
pub struct Edit {
    range: Range<usize>,
    new: String,
}

impl Edit {
    /// Puts a text before a byte.
    pub fn insert(at: usize, new: impl Into<String>) -> Self {
        Self::replace(at..at, new)
    }

    /// Puts a text in the place of others.
    pub fn replace(range: Range<usize>, new: impl Into<String>) -> Self {
        Self {
            range,
            new: new.into(),
        }
    }

    /// Takes bytes away.
    pub fn remove(range: Range<usize>) -> Self {
        Self::replace(range, "")
    }
}

/// The part with its edits. Those that insert at the same byte keep their order.
///
/// # Errors
/// Two edits overlap: elements that a part must not have twice.
pub fn apply(text: &str, mut edits: Vec<Edit>) -> Result<String, Malformed> {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let more: usize = edits.iter().map(|edit| edit.new.len()).sum();
    let mut out = String::with_capacity(text.len() + more);
    let mut at = 0;
    for edit in edits {
        if edit.range.start < at {
            return Err(Malformed("has an element twice that it may have once"));
        }
        out.push_str(&text[at..edit.range.start]);
        out.push_str(&edit.new);
        at = edit.range.end;
    }
    out.push_str(&text[at..]);
    Ok(out)
}
