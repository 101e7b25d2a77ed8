//! The part of a sheet before the cells: its selection, its dimension and its columns.

use std::io::Read;

use memchr::memmem;

use crate::base::places::{Area, CellPosition};
use crate::painting::measures::Measures;
use crate::painting::xml::scan::Scanner;
use crate::painting::xml::{Edit, MalformedXml, apply};

/// The maximum number of bytes before the cells of a sheet: 16,384 columns take 2 MB.
const MAX_HEAD_BYTES: usize = 32 << 20;

/// Returns the head with its edits. `cells`: the painted cells.
///
/// Input goes into all selected sheets at once, so only the list may be selected (`tabSelected`, ECMA-376 part 1, 18.3.1.87).
/// The dimension grows if a new cell is outside of it.
pub fn patched<'c>(
    head: &str,
    cells: impl Iterator<Item = &'c CellPosition>,
    measures: &mut Measures,
) -> Result<String, MalformedXml> {
    let mut edits = unselected(head)?;
    let cells: Vec<&CellPosition> = cells.collect();
    let mut scanner = Scanner::new(head, 0);
    while let Some(tag) = scanner.tag()? {
        if !tag.opens() {
            continue;
        }
        measures.note(&tag);
        let declared = match tag.local() {
            "dimension" => tag.value("ref").and_then(|name| Area::named(&name)),
            _ => None,
        };
        let Some(declared) = declared else { continue };
        let needed = cells.iter().fold(declared, |area, cell| area.with(**cell));
        if needed != declared {
            let tag_with = tag.with("ref", Some(&needed.to_string()));
            edits.push(Edit::replace(tag.start..tag.end, tag_with));
        }
    }
    apply(head, edits)
}

/// Returns the edits that clear the selection.
fn unselected(head: &str) -> Result<Vec<Edit>, MalformedXml> {
    let (mut edits, mut scanner) = (Vec::new(), Scanner::new(head, 0));
    while let Some(tag) = scanner.tag()? {
        if tag.opens() && tag.local() == "sheetView" && tag.is_true("tabSelected") {
            edits.push(Edit::replace(
                tag.start..tag.end,
                tag.with("tabSelected", None),
            ));
        }
    }
    Ok(edits)
}

/// Returns the length of the head of a sheet that is not painted, and the head without its selection. `None` if the sheet is
/// not selected, or its head is so unusual that it is left alone.
///
/// Reads only up to the cells; chart and dialog sheets, which have no cells, are read whole.
pub fn selected(part: &mut impl Read) -> std::io::Result<Option<(usize, String)>> {
    let mut bytes = Vec::new();
    let mut piece = vec![0; 1 << 16];
    let end = loop {
        let count = part.read(&mut piece)?;
        let from = bytes.len().saturating_sub(16);
        bytes.extend_from_slice(&piece[..count]);
        if let Some(at) = memmem::find(&bytes[from..], b"sheetData") {
            // The tag begins before its name: with `<`, and possibly a prefix.
            let start = bytes[..from + at].iter().rposition(|byte| *byte == b'<');
            break start.unwrap_or(bytes.len());
        }
        if count == 0 || bytes.len() > MAX_HEAD_BYTES {
            break bytes.len();
        }
    };
    let Ok(head) = std::str::from_utf8(&bytes[..end]) else {
        return Ok(None);
    };
    let edits = unselected(head).unwrap_or_default();
    if edits.is_empty() {
        return Ok(None);
    }
    let new = apply(head, edits).ok();
    Ok(new.map(|new| (end, new)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dimension_grows_where_a_new_cell_lies_outside_of_it() {
        let head = "<worksheet><dimension ref='B2:C3'/><cols><col min='2' max='3' width='10' style='4'/></cols>";
        let mut measures = Measures::default();
        let cell = CellPosition::named("D1").unwrap();
        let new = patched(head, [cell].iter(), &mut measures).unwrap();
        assert_eq!(new, head.replace("'B2:C3'", "\"B1:D3\""));
        assert_eq!(
            (measures.format(3), measures.format(4), measures.width(2)),
            (4, 0, 70)
        );
        assert_eq!(patched(head, [].iter(), &mut measures).unwrap(), head);
    }
}
