//! Edits of a part: ranges of its bytes and what stands there instead.

use std::ops::Range;

use super::Malformed;

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
