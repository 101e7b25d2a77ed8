//! Cells and ranges by their names.

use crate::base::places::cell_named;
pub(super) use crate::base::places::{column_named, letters};

/// A cell; rows and columns count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub row: u64,
    pub column: u64,
}

impl Cell {
    /// The cell of a name such as `D8`.
    pub fn named(name: &str) -> Option<Self> {
        let (row, column) = cell_named(name)?;
        Some(Self { row, column })
    }

    /// Its name.
    pub fn name(self) -> String {
        format!("{}{}", letters(self.column), self.row)
    }
}

/// A range of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub first: Cell,
    pub last: Cell,
}

impl Area {
    /// The range of a name such as `A6:G30`, or of a single cell.
    pub fn named(name: &str) -> Option<Self> {
        let (first, last) = name.split_once(':').unwrap_or((name, name));
        let (first, last) = (Cell::named(first)?, Cell::named(last)?);
        (first.row <= last.row && first.column <= last.column).then_some(Self { first, last })
    }

    /// Whether a row goes through it.
    pub fn has_row(&self, row: u64) -> bool {
        (self.first.row..=self.last.row).contains(&row)
    }

    /// Whether a column goes through it.
    pub fn has_column(&self, column: u64) -> bool {
        (self.first.column..=self.last.column).contains(&column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_and_ranges_have_names() {
        let cell = Cell::named("ab12").unwrap();
        assert_eq!(
            (cell.row, cell.column, cell.name()),
            (12, 28, "AB12".to_owned())
        );
        let area = Area::named("B2:C5").unwrap();
        assert!(area.has_row(2) && area.has_row(5) && !area.has_row(6));
        assert!(area.has_column(3) && !area.has_column(1));
        assert!(Area::named("C5:B2").is_none() && Area::named("B2:").is_none());
        assert_eq!(Area::named("B2").unwrap().last, Cell::named("B2").unwrap());
    }
}
