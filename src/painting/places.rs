//! Cells and areas by their names.

use std::fmt;

/// The rows of a sheet (ECMA-376 part 1, 18.3.1.73 leaves the number to programs; this is that of all of them).
pub const MOST_ROWS: u32 = 1_048_576;
/// The columns of a sheet.
pub const MOST_COLUMNS: u32 = 16_384;

/// A cell, counted from 1; ordered by row, then by column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// From 1 on.
    pub row: u32,
    /// From 1 on.
    pub column: u32,
}

impl Cell {
    /// A cell of a sheet; `None` where a sheet has none.
    pub fn new(row: u32, column: u32) -> Option<Self> {
        let is_there = (1..=MOST_ROWS).contains(&row) && (1..=MOST_COLUMNS).contains(&column);
        is_there.then_some(Self { row, column })
    }

    /// `B7` or `$B$7`.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.strip_prefix('$').unwrap_or(name);
        let digits = name.find(|letter: char| !letter.is_ascii_alphabetic())?;
        let column = column_named(&name[..digits])?;
        let row = &name[digits..];
        let row = row.strip_prefix('$').unwrap_or(row);
        if !row.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Self::new(row.parse().ok()?, column)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", column_name(self.column), self.row)
    }
}

/// `AB` is column 28.
pub fn column_named(name: &str) -> Option<u32> {
    if name.is_empty() || name.len() > 3 {
        return None;
    }
    let mut column = 0;
    for letter in name.bytes() {
        if !letter.is_ascii_alphabetic() {
            return None;
        }
        column = column * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1;
    }
    (column <= MOST_COLUMNS).then_some(column)
}

/// Column 28 is `AB`.
pub fn column_name(mut column: u32) -> String {
    let mut letters = Vec::new();
    while column > 0 {
        column -= 1;
        letters.push(char::from(b'A' + (column % 26) as u8));
        column /= 26;
    }
    letters.iter().rev().collect()
}

/// A range of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Top left.
    pub first: Cell,
    /// Bottom right.
    pub last: Cell,
}

impl Area {
    /// `B2:D9`, or one cell.
    pub fn named(name: &str) -> Option<Self> {
        let (one, other) = name.split_once(':').unwrap_or((name, name));
        let (one, other) = (Cell::named(one)?, Cell::named(other)?);
        let pick = |choose: fn(u32, u32) -> u32| Cell {
            row: choose(one.row, other.row),
            column: choose(one.column, other.column),
        };
        Some(Self {
            first: pick(u32::min),
            last: pick(u32::max),
        })
    }

    /// Whether a cell lies in it.
    pub fn holds(&self, cell: Cell) -> bool {
        (self.first.row..=self.last.row).contains(&cell.row)
            && (self.first.column..=self.last.column).contains(&cell.column)
    }

    /// The same, large enough for a cell.
    #[must_use]
    pub fn with(self, cell: Cell) -> Self {
        Self {
            first: Cell {
                row: self.first.row.min(cell.row),
                column: self.first.column.min(cell.column),
            },
            last: Cell {
                row: self.last.row.max(cell.row),
                column: self.last.column.max(cell.column),
            },
        }
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}:{}", self.first, self.last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_the_same_cells() {
        for (name, row, column) in [
            ("A1", 1, 1),
            ("AB28", 28, 28),
            ("XFD1048576", MOST_ROWS, MOST_COLUMNS),
        ] {
            let cell = Cell::named(name).unwrap();
            assert_eq!((cell.row, cell.column), (row, column));
            assert_eq!(cell.to_string(), name);
        }
        assert_eq!(Cell::named("$c$3"), Cell::new(3, 3));
        for none in [
            "", "A", "7", "A0", "XFE1", "A1048577", "AAAA1", "A1B", "A+1", "é1",
        ] {
            assert_eq!(Cell::named(none), None, "{none}");
        }
        assert_eq!(Area::named("D9:B2").unwrap().to_string(), "B2:D9");
        assert_eq!(Area::named("B2").unwrap().to_string(), "B2");
    }
}
