//! Cells and ranges by their names.

use ade_engine_native::cells::column_letters::{column_name, column_of};

/// A sheet has at most so many rows and columns.
const MOST_ROWS: u64 = 1_048_576;
const MOST_COLUMNS: u64 = 16_384;

/// A cell; rows and columns count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub row: u64,
    pub column: u64,
}

impl Cell {
    /// The cell of a name such as `D8`.
    pub fn named(name: &str) -> Option<Self> {
        let digits = name.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
        let column = column_named(&name[..name.len() - digits.len()])?;
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let row = digits.parse().ok().filter(|_| is_number)?;
        (1..=MOST_ROWS)
            .contains(&row)
            .then_some(Self { row, column })
    }

    /// Its name.
    pub fn name(self) -> String {
        format!("{}{}", letters(self.column), self.row)
    }
}

/// The column of letters such as `AB`, from 1.
pub(super) fn column_named(letters: &str) -> Option<u64> {
    let is_one = !letters.is_empty() && letters.bytes().all(|byte| byte.is_ascii_alphabetic());
    let column = column_of(letters.as_bytes()).filter(|_| is_one)? as u64 + 1;
    (column <= MOST_COLUMNS).then_some(column)
}

/// The letters of a column, from 1.
pub(super) fn letters(column: u64) -> String {
    column_name(usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX))
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
        for none in [
            "", "A", "7", "A0", "A1B", "XFE1", "A1048577", "Ä1", "A+1", "A 1",
        ] {
            assert_eq!(Cell::named(none), None, "{none}");
        }
        let area = Area::named("B2:C5").unwrap();
        assert!(area.has_row(2) && area.has_row(5) && !area.has_row(6));
        assert!(area.has_column(3) && !area.has_column(1));
        assert!(Area::named("C5:B2").is_none() && Area::named("B2:").is_none());
        assert_eq!(Area::named("B2").unwrap().last, Cell::named("B2").unwrap());
    }
}
