//! The boxes of comments: shapes of a VML drawing, which all programs that show comments read beside the comments' texts
//! (ECMA-376 part 4, 19.4; transitional).
//!
//! VML from old programs need not be XML (`<br>`, attributes without quotes), so the needed bytes are searched for, and the
//! rest stays as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use memchr::memmem;

use super::comments::CommentOutcome;
use super::measures::Measures;
use super::refusal::Trouble;
use crate::base::places::{CellPosition, MAX_SHEET_COLUMNS, MAX_SHEET_ROWS};

/// The number of shape ids in a block. A drawing lists its blocks in its `idmap`.
const BLOCK: usize = 1024;
const WIDTH: u64 = 260;
const HEIGHT: u64 = 74;
/// The height that each line beyond the third adds, in pixels.
const LINE: u64 = 16;

/// A drawing without shapes.
pub const EMPTY: &[u8] = b"<xml xmlns:v=\"urn:schemas-microsoft-com:vml\" \
    xmlns:o=\"urn:schemas-microsoft-com:office:office\" xmlns:x=\"urn:schemas-microsoft-com:office:excel\"></xml>";
/// The namespaces that our shapes use, by prefix.
const NAMESPACES: [(&str, &str); 3] = [
    ("v", "urn:schemas-microsoft-com:vml"),
    ("o", "urn:schemas-microsoft-com:office:office"),
    ("x", "urn:schemas-microsoft-com:office:excel"),
];

/// Returns the blocks of shape ids that a drawing declares.
pub fn blocks(drawing: &[u8]) -> BTreeSet<usize> {
    let list = attribute_after(drawing, b"idmap", b"data=").map(|range| &drawing[range]);
    let list = list.map(String::from_utf8_lossy).unwrap_or_default();
    list.split(',')
        .filter_map(|number| number.trim().parse().ok())
        .collect()
}

/// The boxes to put into a drawing.
pub struct Boxes<'a> {
    /// The outcomes of patching the comments.
    pub outcomes: &'a BTreeMap<CellPosition, CommentOutcome>,
    /// The texts of the comments.
    pub texts: &'a BTreeMap<CellPosition, String>,
    /// The heights and widths of the sheet.
    pub measures: &'a Measures,
}

impl Boxes<'_> {
    /// Returns the drawing with a box for each comment. `taken`: the blocks of shape ids in use in the workbook.
    ///
    /// # Errors
    /// The drawing has no end.
    pub fn put_into(
        &self,
        drawing: &[u8],
        part: &str,
        taken: &mut BTreeSet<usize>,
    ) -> Result<Vec<u8>, Trouble> {
        let damaged = || Trouble::part(part, "is damaged");
        let root = root_tag(drawing).ok_or_else(damaged)?;
        let end = last_root_end(drawing).ok_or_else(damaged)?;
        let there = shapes(drawing);
        let mut edits: Vec<(Range<usize>, Vec<u8>)> = Vec::new();
        for (cell, shape) in &there {
            if let Some(CommentOutcome::Grew(lines)) = self.outcomes.get(cell) {
                edits.extend(self.larger_anchor(drawing, shape, *lines));
            }
        }
        let fresh: Vec<CellPosition> = self
            .outcomes
            .keys()
            .copied()
            .filter(|cell| !there.contains_key(cell))
            .collect();
        if !fresh.is_empty() {
            let declared = declarations(&String::from_utf8_lossy(&drawing[root]));
            let own = free_blocks(fresh.len(), taken);
            let mut new = String::new();
            match attribute_after(drawing, b"idmap", b"data=") {
                Some(range) => {
                    let comma = if range.is_empty() { "" } else { "," };
                    let more = format!("{comma}{}", listed(&own));
                    edits.push((range.end..range.end, more.into_bytes()));
                }
                None => new.push_str(&format!(
                    "<o:shapelayout{declared} v:ext=\"edit\"><o:idmap v:ext=\"edit\" data=\"{}\"/></o:shapelayout>",
                    listed(&own)
                )),
            }
            if !has_comment_type(drawing) {
                new.push_str(&comment_type(&declared));
            }
            for (index, &cell) in fresh.iter().enumerate() {
                let number = own[index / (BLOCK - 1)] * BLOCK + index % (BLOCK - 1) + 1;
                new.push_str(&self.shape(cell, number, index + 1, &declared));
            }
            edits.push((end..end, new.into_bytes()));
        }
        edits.sort_by_key(|(range, _)| range.start);
        let mut out = Vec::with_capacity(
            drawing.len() + edits.iter().map(|(_, new)| new.len()).sum::<usize>(),
        );
        let mut at = 0;
        for (range, new) in edits {
            out.extend_from_slice(&drawing[at..range.start]);
            out.extend_from_slice(&new);
            at = range.end;
        }
        out.extend_from_slice(&drawing[at..]);
        Ok(out)
    }

    /// Returns the edit that makes a box longer by moving its bottom row. Nothing else of the anchor changes.
    fn larger_anchor(
        &self,
        drawing: &[u8],
        shape: &Range<usize>,
        lines: usize,
    ) -> Option<(Range<usize>, Vec<u8>)> {
        let anchor = text_of(drawing, shape, "Anchor")?;
        let text = std::str::from_utf8(&drawing[anchor.clone()]).ok()?;
        let mut numbers: Vec<String> = text.split(',').map(str::to_owned).collect();
        let bottom: u64 = numbers.get(6)?.trim().parse().ok()?;
        let pixels = LINE * u64::try_from(lines).ok()?;
        let rows = pixels.div_ceil(self.measures.default_height().max(1));
        numbers[6] = format!(" {}", bottom.saturating_add(rows).min(MAX_SHEET_ROWS - 1));
        (numbers.len() == 8).then(|| (anchor, numbers.join(",").into_bytes()))
    }

    fn shape(&self, cell: CellPosition, number: usize, z: usize, declared: &str) -> String {
        let lines = self
            .texts
            .get(&cell)
            .map_or(0, |text| text.lines().count() as u64);
        let height = HEIGHT + LINE * lines.saturating_sub(3);
        let anchor = self.anchor(cell, height);
        let (row, column) = (cell.row - 1, cell.column - 1);
        format!(
            "<v:shape{declared} id=\"_x0000_s{number}\" type=\"#_x0000_t202\" \
             style=\"position:absolute;margin-left:60pt;margin-top:1.5pt;width:{WIDTH}px;height:{height}px;z-index:{z};\
             visibility:hidden\" fillcolor=\"#ffffe1\" o:insetmode=\"auto\"><v:fill color2=\"#ffffe1\"/><v:shadow on=\"t\" \
             color=\"black\" obscured=\"t\"/><v:path o:connecttype=\"none\"/><v:textbox \
             style=\"mso-direction-alt:auto\"><div style=\"text-align:left\"></div></v:textbox><x:ClientData \
             ObjectType=\"Note\"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{anchor}</x:Anchor><x:AutoFill>False\
             </x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
        )
    }

    /// Returns the anchor beside the cell: left column and offset, top row and offset, then right and bottom; all counted from
    /// 0 and within the sheet.
    fn anchor(&self, cell: CellPosition, height: u64) -> String {
        let (row, column) = (cell.row - 1, cell.column - 1);
        let left = (column + 1).min(MAX_SHEET_COLUMNS - 6);
        let top = row.saturating_sub(1).min(MAX_SHEET_ROWS - 14);
        let top_offset = if row == 0 { 2 } else { 10 };
        let width_of = |column| self.measures.width(column + 1);
        let height_of = |row| self.measures.height(row + 1);
        let (right, right_offset) = across(left, 15 + WIDTH, MAX_SHEET_COLUMNS - 1, width_of);
        let (bottom, bottom_offset) =
            across(top, top_offset + height, MAX_SHEET_ROWS - 1, height_of);
        format!(
            "{left}, 15, {top}, {top_offset}, {right}, {right_offset}, {bottom}, {bottom_offset}"
        )
    }
}

/// Returns the row or column, and the offset in it, that is `pixels` away from the edge of `first`.
fn across(first: u64, pixels: u64, last: u64, size_of: impl Fn(u64) -> u64) -> (u64, u64) {
    let (mut at, mut rest) = (first, pixels);
    while at < last && rest >= size_of(at) {
        rest -= size_of(at);
        at += 1;
    }
    (at, rest)
}

/// Reserves unused blocks for this number of shapes.
fn free_blocks(shapes: usize, taken: &mut BTreeSet<usize>) -> Vec<usize> {
    let needed = shapes.div_ceil(BLOCK - 1);
    let free: Vec<usize> = (1..)
        .filter(|block| !taken.contains(block))
        .take(needed)
        .collect();
    taken.extend(&free);
    free
}

fn listed(blocks: &[usize]) -> String {
    let numbers: Vec<String> = blocks.iter().map(usize::to_string).collect();
    numbers.join(",")
}

/// Returns the declarations that our elements need because the drawing's root lacks them.
fn declarations(root: &str) -> String {
    let missing = NAMESPACES.iter().filter(|(prefix, namespace)| {
        let plain = root.replace('\'', "\"");
        !plain.contains(&format!("xmlns:{prefix}=\"{namespace}\""))
    });
    missing
        .map(|(prefix, namespace)| format!(" xmlns:{prefix}=\"{namespace}\""))
        .collect()
}

fn comment_type(declared: &str) -> String {
    format!(
        "<v:shapetype{declared} id=\"_x0000_t202\" coordsize=\"21600,21600\" o:spt=\"202\" \
         path=\"m,l,21600r21600,l21600,xe\"><v:stroke joinstyle=\"miter\"/><v:path gradientshapeok=\"t\" \
         o:connecttype=\"rect\"/></v:shapetype>"
    )
}

fn has_comment_type(drawing: &[u8]) -> bool {
    memmem::find_iter(drawing, b"shapetype").any(|at| {
        let tag = drawing[at..]
            .split(|byte| *byte == b'>')
            .next()
            .unwrap_or_default();
        memmem::find(tag, b"id=\"_x0000_t202\"")
            .or_else(|| memmem::find(tag, b"id='_x0000_t202'"))
            .is_some()
    })
}

/// Finds the tag `<xml …>` with any prefix.
fn root_tag(drawing: &[u8]) -> Option<Range<usize>> {
    let at = named_tags(drawing, b"xml", b"<").next()?;
    let length = drawing[at..].iter().position(|byte| *byte == b'>')?;
    Some(at..at + length + 1)
}

/// Finds the last `</xml>`.
fn last_root_end(drawing: &[u8]) -> Option<usize> {
    named_tags(drawing, b"xml", b"</").last()
}

/// Returns the starts of tags with a local name and any prefix. `open` is `<` or `</`.
fn named_tags<'a>(
    bytes: &'a [u8],
    local: &'a [u8],
    open: &'a [u8],
) -> impl Iterator<Item = usize> + 'a {
    memmem::find_iter(bytes, open).filter(move |&at| {
        let rest = &bytes[at + open.len()..];
        let is_name =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':');
        let length = rest.iter().take_while(|byte| is_name(byte)).count();
        let name = &rest[..length];
        let name = name
            .iter()
            .rposition(|byte| *byte == b':')
            .map_or(name, |colon| &name[colon + 1..]);
        name == local
    })
}

/// Returns the shapes of comments by their cells.
fn shapes(drawing: &[u8]) -> BTreeMap<CellPosition, Range<usize>> {
    let mut ends = named_tags(drawing, b"shape", b"</").peekable();
    let mut found = BTreeMap::new();
    for start in named_tags(drawing, b"shape", b"<") {
        while ends.next_if(|end| *end < start).is_some() {}
        let Some(&end) = ends.peek() else { break };
        let shape = start..end;
        let number = |name| -> Option<u64> {
            let text = text_of(drawing, &shape, name)?;
            std::str::from_utf8(&drawing[text])
                .ok()?
                .trim()
                .parse()
                .ok()
        };
        let is_note = [&b"ObjectType=\"Note\""[..], b"ObjectType='Note'"]
            .iter()
            .any(|words| memmem::find(&drawing[shape.clone()], words).is_some());
        let place = number("Row").zip(number("Column")).filter(|_| is_note);
        let cell = place.and_then(|(row, column)| {
            CellPosition::new(row.checked_add(1)?, column.checked_add(1)?)
        });
        found.extend(cell.map(|cell| (cell, shape)));
    }
    found
}

/// Returns the text of the first element with this name within a shape.
fn text_of(drawing: &[u8], shape: &Range<usize>, local: &str) -> Option<Range<usize>> {
    let bytes = &drawing[shape.clone()];
    let at = named_tags(bytes, local.as_bytes(), b"<").next()?;
    let start = at + bytes[at..].iter().position(|byte| *byte == b'>')? + 1;
    let length = bytes[start..].iter().position(|byte| *byte == b'<')?;
    Some(shape.start + start..shape.start + start + length)
}

/// Returns the value of an attribute of the first element whose name ends with `element`.
fn attribute_after(bytes: &[u8], element: &[u8], attribute: &[u8]) -> Option<Range<usize>> {
    let at = memmem::find(bytes, element)?;
    let length = bytes[at..].iter().position(|byte| *byte == b'>')?;
    let tag = &bytes[at..at + length];
    let open = at + memmem::find(tag, attribute)? + attribute.len();
    let quote = *bytes
        .get(open)
        .filter(|byte| matches!(byte, b'"' | b'\''))?;
    let length = bytes[open + 1..].iter().position(|byte| *byte == quote)?;
    Some(open + 1..open + 1 + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_grows_where_its_comment_grew() {
        let put = |drawing: &[u8], outcome| {
            let boxes = Boxes {
                outcomes: &[(CellPosition::named("B2").unwrap(), outcome)].into(),
                texts: &BTreeMap::new(),
                measures: &Measures::default(),
            };
            let put = boxes.put_into(drawing, "v", &mut blocks(drawing));
            String::from_utf8(put.unwrap()).unwrap()
        };
        let once = put(EMPTY, CommentOutcome::Stands);
        let grown = put(once.as_bytes(), CommentOutcome::Grew(5));
        assert_eq!(
            grown,
            once.replace("2, 15, 0, 10, 6, 19, 4, 4", "2, 15, 0, 10, 6, 19, 8, 4")
        );
        assert_ne!(grown, once);
    }
}
