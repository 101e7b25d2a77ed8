//! The package around a workbook (ECMA-376 part 2): a zip archive of parts that refer to each other by relationships.
//!
//! - `archive`: the sender's archive, and its copy
//! - `relationships`: the parts that a part refers to; `content_types`: the kind of each part

pub mod archive;
pub mod content_types;
pub mod relationships;

use super::refusal::{PartContext, Trouble};
use super::xml::tree::{self, Element};
use super::xml::{Edit, apply};

/// Returns the text of a part without some elements of its root, and with others added at its end. `None` if nothing changes.
fn patched(
    text: &str,
    part: &str,
    is_dropped: impl Fn(&&Element<'_>) -> bool,
    added: &str,
) -> Result<Option<String>, Trouble> {
    let root = tree::parse(text).in_part(part)?;
    let gone = root.children.iter().filter(is_dropped);
    let mut edits: Vec<Edit> = gone.map(|child| Edit::remove(child.span())).collect();
    if !added.is_empty() {
        edits.push(root.append(added));
    }
    if edits.is_empty() {
        return Ok(None);
    }
    apply(text, edits).in_part(part).map(Some)
}
