//! Finds the positions of tables on a sheet, as a run does, and their texts.

use std::ops::RangeInclusive;

use ade_engine_native::sheet::header::Header;
use ade_engine_native::sheet::span::Span;

use crate::cells::WholeSheet;

/// The maximum number of rows of a table that are read.
const MAX_TABLE_ROWS: u64 = 4_001;
/// The maximum numbers of columns and of cells.
const MAX_TABLE_COLUMNS: u64 = 2_000;
const MAX_TABLE_CELLS: u64 = 1_000_000;
/// The maximum number of characters of a cell.
const MAX_CELL_CHARS: usize = 2_000;
/// The maximum number of header rows that are joined.
const MAX_HEADER_ROWS: u64 = 3;

/// The position of a table. Rows and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableBounds {
    pub header: RangeInclusive<u64>,
    pub last_row: u64,
    pub columns: RangeInclusive<u64>,
}

/// Returns the tables of a sheet, from top to bottom and from left to right.
pub fn find(sheet: &WholeSheet) -> Vec<TableBounds> {
    let tables = sheet.tables().into_iter();
    tables.filter_map(|table| place(sheet, &table)).collect()
}

/// Returns the position of a table, without blank columns at its sides; `None` if it has no record.
fn place(sheet: &WholeSheet, table: &Span) -> Option<TableBounds> {
    let (_, width) = sheet.size();
    let last_row = table.stop as u64;
    // Without a header row, the first record is used as the header.
    let header = table.start as u64 + 1..=table.data_start().max(table.start + 1) as u64;
    let is_filled =
        |column: &u64| (*header.start()..=last_row).any(|row| sheet.has_value(row, *column));
    let columns =
        table.columns.start as u64 + 1..=width.min(table.columns.end as u64).min(MAX_TABLE_COLUMNS);
    let mut filled = columns.filter(is_filled);
    let first = filled.next()?;
    let columns = first..=filled.next_back().unwrap_or(first);
    let header = *header.start()..=last_of_header(sheet, &header, &columns);
    (last_row > *header.end()).then_some(TableBounds {
        header,
        last_row,
        columns,
    })
}

/// Returns the last row of a header: the first row with a different name for each column. Further rows that look like a
/// header belong to a table whose rows should be columns.
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

/// Returns the texts of a table, with its header as one row.
pub fn texts(sheet: &WholeSheet, place: &TableBounds) -> Vec<Vec<String>> {
    let width = place.columns.end() - place.columns.start() + 1;
    let most = MAX_TABLE_ROWS.min(MAX_TABLE_CELLS / width.max(1)).max(2);
    let first = place.header.end() + 1;
    let rows = (first..=place.last_row).take(most as usize);
    let rows = rows.map(|row| row_of(sheet, place, row));
    std::iter::once(header(sheet, place)).chain(rows).collect()
}

/// Returns all texts of a sheet.
pub fn all_texts(sheet: &WholeSheet) -> Vec<Vec<String>> {
    let (rows, columns) = sheet.size();
    if rows == 0 || columns == 0 {
        return Vec::new();
    }
    let place = TableBounds {
        header: 1..=1,
        last_row: rows,
        columns: 1..=columns.min(MAX_TABLE_COLUMNS),
    };
    texts(sheet, &place)
}

fn text(sheet: &WholeSheet, row: u64, column: u64) -> String {
    sheet.cell(row, column, MAX_CELL_CHARS).text
}

/// Returns the texts of a row, in the table's columns.
fn row_of(sheet: &WholeSheet, place: &TableBounds, row: u64) -> Vec<String> {
    let columns = place.columns.clone();
    columns.map(|column| text(sheet, row, column)).collect()
}

/// Returns the names of the columns, as a run reads them.
fn header(sheet: &WholeSheet, place: &TableBounds) -> Vec<String> {
    let last = *place.header.end();
    let first = (*place.header.start()).max((last + 1).saturating_sub(MAX_HEADER_ROWS));
    let rows = (first..=last).map(|row| row_of(sheet, place, row));
    let read = Header::read(rows.collect(), true, &|_| false);
    read.columns.into_iter().map(|column| column.name).collect()
}
