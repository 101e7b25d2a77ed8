//! Cells and areas by their names.

use std::fmt;

use crate::base::places;

/// The rows of a sheet.
pub const MOST_ROWS: u32 = places::MOST_ROWS as u32;
/// The columns of a sheet.
pub const MOST_COLUMNS: u32 = places::MOST_COLUMNS as u32;

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
        let (row, column) = places::cell_named(name)?;
        Self::new(u32::try_from(row).ok()?, u32::try_from(column).ok()?)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", column_name(self.column), self.row)
    }
}

/// `AB` is column 28.
pub fn column_named(name: &str) -> Option<u32> {
    u32::try_from(places::column_named(name)?).ok()
}

/// Column 28 is `AB`.
pub fn column_name(column: u32) -> String {
    places::letters(column.into())
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
    fn areas_have_names() {
        assert_eq!(Area::named("D9:B2").unwrap().to_string(), "B2:D9");
        assert_eq!(Area::named("B2").unwrap().to_string(), "B2");
    }
}
