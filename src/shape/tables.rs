//! Where tables stand on a sheet: from a header row to the last row of data, and between empty columns.

use std::ops::RangeInclusive;

use ade_engine_native::layout::State;

use crate::cells::WholeSheet;

/// So many rows of a table are looked at.
const MOST_ROWS: u64 = 4_001;
/// So many columns, and cells.
const MOST_COLUMNS: u64 = 2_000;
const MOST_CELLS: u64 = 1_000_000;
/// So many characters of a cell.
const MOST_TEXT: usize = 2_000;
/// So many rows of a header are joined.
const MOST_HEADER_ROWS: u64 = 3;

/// A table's place. Rows and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub header: RangeInclusive<u64>,
    pub last_row: u64,
    pub columns: RangeInclusive<u64>,
}

/// The tables of a sheet, from top to bottom and from left to right.
pub fn find(sheet: &WholeSheet) -> Vec<Place> {
    let blocks = blocks(&sheet.states());
    blocks
        .iter()
        .flat_map(|block| side_by_side(sheet, block))
        .collect()
}

/// Rows that belong together: those of a header, and the last one with data.
struct Block {
    header: RangeInclusive<u64>,
    last_row: Option<u64>,
}

/// Rows by what they look like. A header row behind data begins another table if a blank row is above it; what stands behind
/// the last data are totals and notes. The first row of data is the header where no row looks like one.
fn blocks(states: &[Option<State>]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut before = 0;
    let filled = states
        .iter()
        .zip(1..)
        .filter_map(|(state, row)| Some((row, (*state)?)));
    for (row, state) in filled {
        let is_apart = row > before + 1;
        before = row;
        match (blocks.last_mut(), state) {
            (Some(block), State::Header) if block.last_row.is_none() => {
                let first = if is_apart { row } else { *block.header.start() };
                block.header = first..=row;
            }
            (Some(block), State::Header) if !is_apart => block.last_row = Some(row),
            (_, State::Header) => blocks.push(Block {
                header: row..=row,
                last_row: None,
            }),
            (Some(block), State::Data) => block.last_row = Some(row),
            (None, State::Data | State::Group) => blocks.push(Block {
                header: row..=row,
                last_row: None,
            }),
            _ => {}
        }
    }
    blocks
}

/// The tables of a block: its columns between those that are empty, if what is on both sides could be a table.
fn side_by_side(sheet: &WholeSheet, block: &Block) -> Vec<Place> {
    let Some(last_row) = block.last_row else {
        return Vec::new();
    };
    let (_, width) = sheet.size();
    let first_row = *block.header.start();
    let is_filled = |column: u64| (first_row..=last_row).any(|row| sheet.has_value(row, column));
    let filled: Vec<u64> = (1..=width.min(MOST_COLUMNS))
        .filter(|&column| is_filled(column))
        .collect();
    let parts: Vec<&[u64]> = filled.chunk_by(|a, b| a + 1 == *b).collect();
    let place = |columns: &[u64]| {
        let columns = *columns.first()?..=*columns.last()?;
        Some(Place {
            header: first_row..=last_of_header(sheet, &block.header, &columns),
            last_row,
            columns,
        })
    };
    if parts.iter().all(|part| part.len() > 1) {
        parts.into_iter().filter_map(place).collect()
    } else {
        place(&filled).into_iter().collect()
    }
}

/// The last row of a header: the first one that has another name for each column. What looks like a header below it are the first
/// rows of a table whose rows should be columns.
fn last_of_header(
    sheet: &WholeSheet,
    header: &RangeInclusive<u64>,
    columns: &RangeInclusive<u64>,
) -> u64 {
    let names_all = |row: &u64| {
        let mut names: Vec<String> = columns
            .clone()
            .map(|column| text(sheet, *row, column))
            .collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        names.len() == count && names.iter().all(|name| !name.is_empty())
    };
    header.clone().find(names_all).unwrap_or(*header.end())
}

/// The texts of a table, its header as one row.
pub fn texts(sheet: &WholeSheet, place: &Place) -> Vec<Vec<String>> {
    let width = place.columns.end() - place.columns.start() + 1;
    let most = MOST_ROWS.min(MOST_CELLS / width.max(1)).max(2);
    let first = place.header.end() + 1;
    let row = |row: u64| {
        place
            .columns
            .clone()
            .map(|column| text(sheet, row, column))
            .collect()
    };
    let rows = (first..=place.last_row).take(most as usize).map(row);
    std::iter::once(header(sheet, place)).chain(rows).collect()
}

/// All texts of a sheet.
pub fn all_texts(sheet: &WholeSheet) -> Vec<Vec<String>> {
    let (rows, columns) = sheet.size();
    if rows == 0 || columns == 0 {
        return Vec::new();
    }
    let place = Place {
        header: 1..=1,
        last_row: rows,
        columns: 1..=columns.min(MOST_COLUMNS),
    };
    texts(sheet, &place)
}

fn text(sheet: &WholeSheet, row: u64, column: u64) -> String {
    sheet.cell(row, column, MOST_TEXT).text
}

/// The header as one row. Upper rows are filled to the right, and stand in front of the lower ones; one that says the same of
/// all columns is a title.
fn header(sheet: &WholeSheet, place: &Place) -> Vec<String> {
    let last = *place.header.end();
    let first = (*place.header.start()).max((last + 1).saturating_sub(MOST_HEADER_ROWS));
    let columns = place.columns.clone();
    let mut joined: Vec<String> = columns
        .clone()
        .map(|column| text(sheet, last, column))
        .collect();
    for row in (first..last).rev() {
        let mut above = String::new();
        let mut upper: Vec<String> = Vec::with_capacity(joined.len());
        for column in columns.clone() {
            let own = text(sheet, row, column);
            above = if own.is_empty() { above } else { own };
            upper.push(above.clone());
        }
        let mut different: Vec<&String> = upper.iter().filter(|text| !text.is_empty()).collect();
        different.dedup();
        if different.len() < 2 {
            continue;
        }
        for (name, upper) in joined.iter_mut().zip(upper) {
            if *name != upper {
                *name = format!("{upper} {name}").trim().to_owned();
            }
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(letters: &str) -> Vec<(u64, u64, Option<u64>)> {
        let state = |letter| match letter {
            'T' => Some(State::Title),
            'H' => Some(State::Header),
            'G' => Some(State::Group),
            'D' => Some(State::Data),
            'S' => Some(State::Total),
            'N' => Some(State::Note),
            _ => None,
        };
        let states: Vec<Option<State>> = letters.chars().map(state).collect();
        let place = |block: &Block| (*block.header.start(), *block.header.end(), block.last_row);
        blocks(&states).iter().map(place).collect()
    }

    #[test]
    fn a_table_reaches_from_its_header_to_its_last_data() {
        for (letters, wanted) in [
            ("T HDDDS N", &[(3, 3, Some(6))][..]),
            ("HHDGDD", &[(1, 2, Some(6))]),
            // A header behind a blank row begins another table.
            ("HDD HDD", &[(1, 1, Some(3)), (5, 5, Some(7))]),
            ("HDDHDD", &[(1, 1, Some(6))]),
            // Without a header the first row is one.
            ("DDD", &[(1, 1, Some(3))]),
        ] {
            assert_eq!(rows(letters), wanted, "{letters}");
        }
    }
}
