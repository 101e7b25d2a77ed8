//! Conditional formats that fill cells (ECMA-376 part 1, 18.3.1.18, and their extension of 2009). A fill of such a format
//! covers that of a mark.

use std::collections::{BTreeMap, BTreeSet};

use super::outline::Outline;
use crate::base::places::{Area, CellPosition};
use crate::painting::xml::MalformedXml;
use crate::painting::xml::scan::{Scanner, TagKind, XmlTag};
use crate::painting::xml::text::unescaped;

/// Returns the number of these cells in the range of a conditional format with a fill. `fills`: which of the workbook's
/// differential formats have a fill.
pub fn covered<T>(
    outline: &Outline<'_>,
    cells: &BTreeMap<CellPosition, T>,
    fills: &[bool],
) -> Result<usize, MalformedXml> {
    let areas = filled_areas(outline, fills)?;
    let mut covered = BTreeSet::new();
    for (first, last) in areas {
        let area = Area { first, last };
        let rows = cells.range(first..=last).map(|(cell, _)| *cell);
        covered.extend(rows.filter(|cell| area.holds(*cell)));
        if covered.len() == cells.len() {
            break;
        }
    }
    Ok(covered.len())
}

/// Returns the ranges of conditional formats with a fill, without duplicates.
fn filled_areas(
    outline: &Outline<'_>,
    fills: &[bool],
) -> Result<BTreeSet<(CellPosition, CellPosition)>, MalformedXml> {
    let mut scanner = Scanner::new(outline.text, outline.tail);
    let mut found = BTreeSet::new();
    let (mut ranges, mut has_fill) = (String::new(), false);
    while let Some(tag) = scanner.tag()? {
        match (tag.local(), tag.kind) {
            ("conditionalFormatting", TagKind::Start) => {
                ranges = tag.value("sqref").unwrap_or_default().into_owned();
                has_fill = false;
            }
            // The extension has its range in an element of its own.
            ("sqref", TagKind::Start) => ranges = text_behind(outline.text, &tag),
            ("conditionalFormatting", TagKind::End) if has_fill => {
                let areas = ranges.split_ascii_whitespace().filter_map(Area::named);
                found.extend(areas.map(|area| (area.first, area.last)));
            }
            ("conditionalFormatting", TagKind::End) => {}
            ("cfRule", kind) if kind != TagKind::End => {
                let format = tag.number::<usize>("dxfId");
                has_fill |= format.is_some_and(|format| fills.get(format) == Some(&true));
            }
            ("colorScale" | "dataBar" | "fill", TagKind::Start) => has_fill = true,
            _ => {}
        }
    }
    Ok(found)
}

fn text_behind(text: &str, tag: &XmlTag<'_>) -> String {
    let rest = &text[tag.end..];
    let end = rest.find('<').unwrap_or(rest.len());
    unescaped(&rest[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_under_a_format_with_a_fill_are_counted_once() {
        let text = "<worksheet><sheetData/><conditionalFormatting sqref='A1:A9 C3'><cfRule dxfId='1'/></conditionalFormatting>\
            <conditionalFormatting sqref='A1:A9'><cfRule dxfId='1'/><cfRule dxfId='0'/></conditionalFormatting>\
            <conditionalFormatting sqref='E1:E9'><cfRule dxfId='0'/><cfRule dxfId='7'/><cfRule><iconSet/></cfRule></conditionalFormatting>\
            <conditionalFormatting sqref='G1'><cfRule><colorScale></colorScale></cfRule></conditionalFormatting>\
            <extLst><ext><x14:conditionalFormattings><x14:conditionalFormatting><x14:cfRule><x14:dxf><fill></fill></x14:dxf></x14:cfRule>\
            <xm:sqref>H2:H3</xm:sqref></x14:conditionalFormatting></x14:conditionalFormattings></ext></extLst></worksheet>";
        let outline = Outline::parse(text).unwrap();
        let covered_of = |names: &[&str]| {
            let cells = names
                .iter()
                .map(|name| (CellPosition::named(name).unwrap(), ()));
            covered(&outline, &cells.collect(), &[false, true]).unwrap()
        };
        for under in ["A1", "A9", "C3", "G1", "H3"] {
            assert_eq!(covered_of(&[under, "Z9"]), 1, "{under}");
        }
        for beside in ["A10", "B3", "E4", "H4"] {
            assert_eq!(covered_of(&[beside]), 0, "{beside}");
        }
        assert_eq!(covered_of(&["A1", "A2", "B2", "C3", "H2"]), 4);
    }
}
