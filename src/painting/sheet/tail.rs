//! What stands behind the cells: merged areas are read, and the drawing of comments is named.

use super::outline::Outline;
use crate::base::places::Area;
use crate::painting::xml::scan::Scanner;
use crate::painting::xml::{CUT_SHORT, Malformed};

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

/// Reads it.
pub fn read(outline: &Outline<'_>) -> Result<Tail, Malformed> {
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
