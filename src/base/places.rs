//! Cells and columns by their names. Rows and columns count from 1.

use ade_engine_native::cells::column_letters::{column_name, column_of};

/// The rows of a sheet (ECMA-376 part 1, 18.3.1.73 leaves the number to programs; this is that of all of them).
pub const MOST_ROWS: u64 = 1_048_576;
/// The columns of a sheet.
pub const MOST_COLUMNS: u64 = 16_384;

/// Row and column of a cell such as `B7` or `$B$7`; `None` where a sheet has none.
pub fn cell_named(name: &str) -> Option<(u64, u64)> {
    let name = name.strip_prefix('$').unwrap_or(name);
    let (letters, row) = name.split_at(name.find(|letter: char| !letter.is_ascii_alphabetic())?);
    let row = row.strip_prefix('$').unwrap_or(row);
    let is_number = row.bytes().all(|byte| byte.is_ascii_digit());
    let row = row.parse().ok().filter(|_| is_number)?;
    let column = column_named(letters)?;
    (1..=MOST_ROWS).contains(&row).then_some((row, column))
}

/// The column of letters such as `AB`.
pub fn column_named(letters: &str) -> Option<u64> {
    let are_letters = letters.bytes().all(|letter| letter.is_ascii_alphabetic());
    let column = column_of(letters.as_bytes()).filter(|_| are_letters)? as u64 + 1;
    (column <= MOST_COLUMNS).then_some(column)
}

/// The letters of a column.
pub fn letters(column: u64) -> String {
    column_name(usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX - 1))
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
            assert_eq!(cell_named(name), Some((row, column)));
            assert_eq!(format!("{}{row}", letters(column)), name);
        }
        assert_eq!(
            (cell_named("$c$3"), cell_named("ab12")),
            (Some((3, 3)), Some((12, 28)))
        );
        for none in [
            "", "A", "7", "A0", "XFE1", "A1048577", "AAAA1", "A1B", "A+1", "A 1", "é1",
        ] {
            assert_eq!(cell_named(none), None, "{none}");
        }
    }
}
