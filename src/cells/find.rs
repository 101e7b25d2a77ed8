//! Finds text in the cells of a sheet.

use ade_engine_native::cells::{CellTag, Sheet, SheetCell};
use serde::Serialize;
use serde_json::Value;

use super::window;

/// The maximum number of cells in one search; the next search continues where it ended.
const MAX_SEARCHED_CELLS: usize = 4_000_000;

/// The cells that contain a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CellMatches {
    /// Row and column of each cell, from 1, in the order of rows.
    pub cells: Vec<(u64, u64)>,
    /// The row and column at which a further search continues; `None`: the whole sheet was searched.
    pub next: Option<(u64, u64)>,
}

/// Returns the cells whose text contains `text`, ignoring case. The text of a cell is the one that a window shows.
pub fn find(sheet: &Sheet, text: &str, from: (u64, u64), most: usize) -> CellMatches {
    find_within(sheet, text, from, most, MAX_SEARCHED_CELLS)
}

fn find_within(
    sheet: &Sheet,
    text: &str,
    (first_row, first_column): (u64, u64),
    most: usize,
    mut cells_left: usize,
) -> CellMatches {
    let wanted = text.to_lowercase();
    let (rows, columns) = window::size(sheet);
    let mut cells = Vec::new();
    for row in first_row..=rows {
        let begin = if row == first_row { first_column } else { 1 };
        for column in begin..=columns {
            if cells.len() == most || cells_left == 0 {
                let next = Some((row, column));
                return CellMatches { cells, next };
            }
            cells_left -= 1;
            let cell = sheet.cell(row as usize - 1, column as usize - 1);
            if holds(cell, sheet, &wanted) {
                cells.push((row, column));
            }
        }
    }
    CellMatches { cells, next: None }
}

fn holds(cell: SheetCell, sheet: &Sheet, wanted: &str) -> bool {
    if cell.tag == CellTag::Text {
        let text = sheet.text(cell.as_text());
        return text.to_lowercase().contains(wanted);
    }
    match window::value_of(cell, sheet, usize::MAX).0 {
        Value::Null => false,
        Value::String(text) => text.to_lowercase().contains(wanted),
        other => other.to_string().contains(wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        window::tests::sheet(3, |builder| {
            vec![
                builder.text_cell("Straße 12"),
                builder.text_cell(""),
                builder.text_cell("ÄHRE"),
                SheetCell::integer(1202),
                SheetCell::boolean(true),
                SheetCell::date(19_782),
            ]
        })
    }

    #[test]
    fn text_is_found_in_cells_of_all_kinds_whatever_its_case() {
        let sheet = sheet();
        for (text, from, cells) in [
            ("ähr", (1, 1), &[(1, 3), (2, 3), (3, 3)][..]),
            ("STRASSE", (1, 1), &[]),
            ("straße", (1, 1), &[(1, 1), (2, 1), (3, 1)]),
            ("1202", (1, 1), &[(1, 4), (2, 4), (3, 4)]),
            ("true", (2, 6), &[(3, 5)]),
            ("2024-02-29", (1, 1), &[(1, 6), (2, 6), (3, 6)]),
            (
                "12",
                (1, 1),
                &[(1, 1), (1, 4), (2, 1), (2, 4), (3, 1), (3, 4)],
            ),
            ("12", (3, 2), &[(3, 4)]),
            ("12", (9, 1), &[]),
        ] {
            assert_eq!(find(&sheet, text, from, 100).cells, cells, "{text}");
        }
    }

    #[test]
    fn a_search_goes_on_where_the_one_before_ended() {
        let sheet = sheet();
        let whole = find(&sheet, "12", (1, 1), 100);
        assert_eq!((whole.cells.len(), whole.next), (6, None));
        for (most, cells_left) in [(1, 100), (4, 100), (100, 5)] {
            let (mut cells, mut from) = (Vec::new(), Some((1, 1)));
            while let Some(place) = from {
                let found = find_within(&sheet, "12", place, most, cells_left);
                assert!(found.cells.len() <= most);
                cells.extend(found.cells);
                from = found.next;
            }
            assert_eq!(cells, whole.cells);
        }
    }
}
