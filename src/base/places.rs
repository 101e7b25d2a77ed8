//! Converts cells, areas and columns from and to their names. Rows and columns count from 1.

use std::fmt;

use ade_engine_native::cells::column_letters::{column_name, column_of};

/// The maximum number of rows of a sheet (ECMA-376 part 1, 18.3.1.73 leaves it to programs; all use this number).
pub const MAX_SHEET_ROWS: u64 = 1_048_576;
/// The maximum number of columns of a sheet.
pub const MAX_SHEET_COLUMNS: u64 = 16_384;

/// A cell. Cells are ordered by row, then by column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellPosition {
    /// The row number, from 1.
    pub row: u64,
    /// The column number, from 1.
    pub column: u64,
}

impl CellPosition {
    /// Returns a cell of a sheet; `None` if a sheet has no such cell.
    pub fn new(row: u64, column: u64) -> Option<Self> {
        let is_there =
            (1..=MAX_SHEET_ROWS).contains(&row) && (1..=MAX_SHEET_COLUMNS).contains(&column);
        is_there.then_some(Self { row, column })
    }

    /// Parses `B7` or `$B$7`; `None` if a sheet has no such cell.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.strip_prefix('$').unwrap_or(name);
        let (letters, row) =
            name.split_at(name.find(|letter: char| !letter.is_ascii_alphabetic())?);
        let row = row.strip_prefix('$').unwrap_or(row);
        let is_number = row.bytes().all(|byte| byte.is_ascii_digit());
        let row = row.parse().ok().filter(|_| is_number)?;
        Self::new(row, column_named(letters)?)
    }
}

impl fmt::Display for CellPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", letters(self.column), self.row)
    }
}

/// A rectangular range of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// The top left cell.
    pub first: CellPosition,
    /// The bottom right cell.
    pub last: CellPosition,
}

impl Area {
    /// Parses `B2:D9` or the name of a single cell.
    pub fn named(name: &str) -> Option<Self> {
        let (first, other) = name.split_once(':').unwrap_or((name, name));
        let area = Self::from_cell(CellPosition::named(first)?);
        Some(area.with(CellPosition::named(other)?))
    }

    fn from_cell(cell: CellPosition) -> Self {
        Self {
            first: cell,
            last: cell,
        }
    }

    /// Returns whether the area contains a cell.
    pub fn holds(&self, cell: CellPosition) -> bool {
        self.has_row(cell.row) && self.has_column(cell.column)
    }

    /// Returns whether the area includes a row.
    pub fn has_row(&self, row: u64) -> bool {
        (self.first.row..=self.last.row).contains(&row)
    }

    /// Returns whether the area includes a column.
    pub fn has_column(&self, column: u64) -> bool {
        (self.first.column..=self.last.column).contains(&column)
    }

    /// Returns the area, extended to include a cell.
    #[must_use]
    pub fn with(self, cell: CellPosition) -> Self {
        Self {
            first: CellPosition {
                row: self.first.row.min(cell.row),
                column: self.first.column.min(cell.column),
            },
            last: CellPosition {
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

/// Returns the column with letters such as `AB`.
pub fn column_named(letters: &str) -> Option<u64> {
    let are_letters = letters.bytes().all(|letter| letter.is_ascii_alphabetic());
    let column = column_of(letters.as_bytes()).filter(|_| are_letters)? as u64 + 1;
    (column <= MAX_SHEET_COLUMNS).then_some(column)
}

/// Returns `North!D8`, `North!row 8`, `North!column D`, or only the sheet.
pub fn place_in_words(
    sheet: &str,
    cell: Option<&str>,
    row: Option<u64>,
    column: Option<&str>,
) -> String {
    match (cell, row, column) {
        (Some(cell), ..) => format!("{sheet}!{cell}"),
        (None, Some(row), _) => format!("{sheet}!row {row}"),
        (None, None, Some(column)) => format!("{sheet}!column {column}"),
        (None, None, None) => sheet.to_owned(),
    }
}

/// Returns the letters of a column.
pub fn letters(column: u64) -> String {
    column_name(usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX - 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::few_cases;

    proptest! {
        #![proptest_config(few_cases())]

        #[test]
        fn cells_and_areas_come_back_from_their_names(
            row in 1..=MAX_SHEET_ROWS,
            column in 1..=MAX_SHEET_COLUMNS,
            rows in 0..9_u64,
        ) {
            let first = CellPosition { row, column };
            let name = first.to_string();
            prop_assert_eq!(CellPosition::named(&name), Some(first));
            prop_assert_eq!(CellPosition::named(&format!("${}${row}", letters(column).to_lowercase())), Some(first));
            prop_assert_eq!(Area::named(&name).unwrap().to_string(), name.clone());
            let last = CellPosition { row: (row + rows).min(MAX_SHEET_ROWS), column: MAX_SHEET_COLUMNS };
            let [area, turned] = [format!("{name}:{last}"), format!("{last}:{name}")].map(|name| Area::named(&name).unwrap());
            prop_assert_eq!((area.first, area.last), (first, last));
            prop_assert_eq!(turned, area);
            prop_assert!(area.has_row(last.row) && !area.has_row(last.row + 1));
            prop_assert!(area.has_column(column) && !area.has_column(column - 1));
        }
    }

    #[test]
    fn what_no_sheet_has_is_no_cell() {
        assert_eq!(CellPosition::new(28, 28).unwrap().to_string(), "AB28");
        for none in [
            "", "A", "7", "A0", "XFE1", "A1048577", "AAAA1", "A1B", "A+1", "A 1", "é1", "B2:",
        ] {
            assert_eq!(
                (CellPosition::named(none), Area::named(none)),
                (None, None),
                "{none}"
            );
        }
    }
}
