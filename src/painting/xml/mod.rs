//! XML as text with places: tags are found by their byte offsets, so that what is not edited stays as it was written.
//!
//! - `scan`: one tag after the other; `tree`: the elements of a small part
//! - `edit`: texts put into a part, by ranges of bytes
//! - `text`: entities, and the texts of cells and comments
//!
//! Nothing is read by a namespace but the root's own prefix, which its parts of a workbook use throughout.

pub mod edit;
pub mod scan;
pub mod text;
pub mod tree;

/// Why a part cannot be edited, as words that follow the part's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

/// The part ends within an element, a comment or a tag.
pub const CUT_SHORT: Malformed = Malformed("is cut short");
/// Tags that do not match, or no element at all.
pub const NOT_WELL_FORMED: Malformed = Malformed("is not well-formed XML");
