//! Merged ranges: their positions, and their references.

use super::column_letters::{column_name, column_of};

/// A merged range; rows and columns count from 0, and both ends belong to it.
///
/// Ranges are ordered by their first cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MergedRange {
    pub first_row: u32,
    pub first_column: u32,
    pub last_row: u32,
    pub last_column: u32,
}

impl MergedRange {
    /// Returns the range between two corners, each a row and a column, in any order; none for a single cell.
    pub fn between(corner: (u32, u32), other: (u32, u32)) -> Option<Self> {
        let range = Self {
            first_row: corner.0.min(other.0),
            first_column: corner.1.min(other.1),
            last_row: corner.0.max(other.0),
            last_column: corner.1.max(other.1),
        };
        (!range.is_one_cell()).then_some(range)
    }

    /// Returns whether the range is a single cell, with which nothing is merged.
    pub fn is_one_cell(&self) -> bool {
        self.first_row == self.last_row && self.first_column == self.last_column
    }

    /// Returns the range that a reference such as `A2:C5` names; none if it names no range, or a single cell.
    pub fn of_reference(reference: &str) -> Option<Self> {
        let (corner, other) = reference.trim().split_once(':')?;
        Self::between(place_of(corner)?, place_of(other)?)
    }

    /// Returns the reference of the range.
    pub fn reference(&self) -> String {
        format!(
            "{}{}:{}{}",
            column_name(self.first_column as usize),
            self.first_row + 1,
            column_name(self.last_column as usize),
            self.last_row + 1
        )
    }

    /// Returns whether the two ranges have a cell in common.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.first_row <= other.last_row
            && other.first_row <= self.last_row
            && self.first_column <= other.last_column
            && other.first_column <= self.last_column
    }
}

/// Returns row and column of the cell that a reference such as `$B$7` names.
fn place_of(reference: &str) -> Option<(u32, u32)> {
    let reference = reference.replace('$', "");
    let digits = reference.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
    let letters = &reference[..reference.len() - digits.len()];
    // Three letters are enough for every column, nine digits for every row.
    if letters.len() > 3 || digits.len() > 9 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let column = column_of(letters.as_bytes())?;
    let row: u32 = digits.parse().ok()?;
    Some((row.checked_sub(1)?, column as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn references_are_read_and_written() {
        for (reference, expected) in [
            ("A2:A5", Some("A2:A5")), ("$B$2:d4", Some("B2:D4")), ("C5:A2", Some("A2:C5")), ("A5:C2", Some("A2:C5")),
            ("A1:XFD1048576", Some("A1:XFD1048576")), (" A1:B1 ", Some("A1:B1")), ("A1:A1", None), ("A1", None),
            ("", None), (":", None), ("A:B", None), ("1:2", None), ("A0:B2", None), ("A1:B-2", None),
            ("A1:B+2", None), ("A1:AAAA2", None), ("A1:B99999999999999999999", None), ("A1:B2:C3", None),
            ("é1:ü2", None),
        ] {
            let found = MergedRange::of_reference(reference).map(|range| range.reference());
            assert_eq!(found.as_deref(), expected, "{reference:?}");
        }
    }
}
