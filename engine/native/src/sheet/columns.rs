//! Interprets blank columns within a table: a spacer, the gap between two tables, or a gap between the table and a note.
//!
//! Tables beside one another have two keys, or the right table continues the left one. A table with a spacer has one key, and
//! its rows have values on both sides. Columns that end above the rest may be a table, a legend, or values that only the first
//! records have: they stay in the table, and are reported.

use std::ops::Range;
use std::sync::Arc;

use foldhash::HashSet;

use super::rows::{is_plain_number, trim};
use super::view::Area;
use super::{FieldWords, SheetNotice, SheetRowView, SheetView, Span};
use crate::cells::{CellTag, SheetCell};
use crate::columns::view::ColumnValue;
use crate::fields::looks::profile::Profile;
use crate::fields::looks::rows::simplify;

/// The number of first rows of a table that are searched for gaps.
const MAX_FIRST_ROWS: usize = 200;
/// The minimum number of rows by which tables beside one another end apart, and the minimum share of filled cells.
const MIN_UNEVEN_ROWS: usize = 2;
const MIN_FULL: f64 = 0.8;
/// The maximum number of texts of a note beside a table, and the minimum number of words of each.
const MAX_NOTES: usize = 2;
const MIN_NOTE_WORDS: usize = 3;
/// The maximum number of cells of a column that are examined to find out whether it is a key.
const MAX_KEY_CELLS: usize = 1000;

impl SheetView<'_> {
    /// Divides the sheet into areas if tables are beside one another, or beside notes; each area is treated as a sheet. Returns
    /// whether there are any.
    pub(super) fn find_areas(&mut self) -> bool {
        let mut areas = Vec::new();
        let (mut above, mut is_parted) = (0, false);
        for span in &self.spans {
            let Areas {
                tables,
                notes,
                doubts,
            } = areas_of(self.rows, self.words, span);
            if !notes.is_empty() {
                self.told.push(SheetNotice::NotesBeside(notes));
            }
            let doubts = doubts.into_iter();
            self.told.extend(
                doubts.map(|(columns, ends_above)| SheetNotice::DoubtBeside(columns, ends_above)),
            );
            if tables.len() > 1 {
                self.told.push(SheetNotice::TablesBeside(tables.clone()));
            }
            is_parted |= !tables.is_empty();
            let whole = 0..self.rows.sheet.facts().width;
            let tables = if tables.is_empty() {
                vec![whole]
            } else {
                tables
            };
            let header = span.data_start().saturating_sub(1);
            areas.extend(
                tables
                    .into_iter()
                    .map(|columns| (above..span.stop, columns, header)),
            );
            above = span.stop;
        }
        if is_parted {
            let areas = areas.into_iter().map(|(rows, columns, header)| Area {
                grid: Arc::new(self.grid.area(&rows, &columns)),
                columns: Some(columns),
                header,
            });
            self.areas.extend(areas);
            self.spans.clear();
        }
        is_parted
    }

    /// Keeps tables within the columns of the area in which they were found.
    pub(super) fn keep_within(&mut self) {
        let Some(columns) = &self.settings.columns else {
            return;
        };
        for span in &mut self.spans {
            span.stop = last_filled_row(self.rows, span, columns);
            span.columns = columns.clone();
        }
    }

    /// Separates tables beside one another that have at least one entirely blank column between them. A block without any
    /// header text is no table: it stays with the block to its left, including the gap.
    pub(super) fn split_at_blank_columns(&mut self) {
        let sheet = self.rows.sheet;
        let count = |rows: Range<usize>| {
            sheet
                .count_cells(rows.start, rows.end, sheet.facts().width)
                .0
        };
        for span in std::mem::take(&mut self.spans) {
            let header = count(span.header());
            let mut tables: Vec<Range<usize>> = Vec::new();
            let mut before = None;
            for (column, _) in count(span.start..span.stop)
                .iter()
                .enumerate()
                .filter(|(_, filled)| **filled > 0)
            {
                match tables.last_mut() {
                    Some(table) if before == column.checked_sub(1) => table.end = column + 1,
                    _ => tables.push(column..column + 1),
                }
                before = Some(column);
            }
            tables.dedup_by(|block, left| {
                let is_unnamed = header[block.clone()].iter().all(|&names| names == 0);
                if is_unnamed {
                    left.end = block.end;
                }
                is_unnamed
            });
            // A table that a user has defined stays whole.
            if tables.len() < 2 || span.columns.end < usize::MAX {
                self.spans.push(span);
                continue;
            }
            self.spans.extend(tables.into_iter().map(|columns| Span {
                columns: columns.clone(),
                ..Span::new(
                    span.start,
                    span.header_rows,
                    last_filled_row(self.rows, &span, &columns),
                )
            }));
        }
    }
}

/// The tables in a stretch of rows, from left to right, and their neighbours.
#[derive(Debug, Default)]
struct Areas {
    /// The columns of each table; empty if the stretch is one table without notes.
    tables: Vec<Range<usize>>,
    /// The row and the column of each note beside the tables.
    notes: Vec<(usize, usize)>,
    /// Columns that may not belong to their table, and whether they end above it.
    doubts: Vec<(Range<usize>, bool)>,
}

/// Finds the tables beside one another in a stretch of rows.
fn areas_of(rows: SheetRowView<'_>, words: &FieldWords, span: &Span) -> Areas {
    let mut blocks = blocks_of(rows, span);
    let mut areas = Areas::default();
    if blocks.len() < 2 {
        return areas;
    }
    while blocks.len() > 1
        && let Some(note) = blocks.pop_if(|block| block.is_note(words))
    {
        for column in note.columns {
            let is_filled = |row: &usize| !rows.is_blank(*row, column);
            let filled = (span.start..span.stop).filter(is_filled);
            areas.notes.extend(filled.map(|row| (row, column)));
        }
    }
    let has_notes = !areas.notes.is_empty();
    let mut blocks = blocks.into_iter();
    let mut tables: Vec<Vec<ColumnBlock<'_>>> = vec![blocks.by_ref().take(1).collect()];
    for block in blocks {
        let left = tables.last_mut().expect("the first block is a table");
        if are_tables(left, &block, words) {
            tables.push(vec![block]);
            continue;
        }
        if let Some(ends_above) = doubt(left, &block) {
            areas.doubts.push((block.columns.clone(), ends_above));
        }
        left.push(block);
    }
    if tables.len() > 1 || has_notes {
        let columns = |table: &Vec<ColumnBlock<'_>>| {
            table[0].columns.start..table[table.len() - 1].columns.end
        };
        areas.tables = tables.iter().map(columns).collect();
    }
    areas
}

/// Returns the row below the last one of a table in which some columns have a value. Blank rows there belong to a longer
/// neighbour.
fn last_filled_row(rows: SheetRowView<'_>, span: &Span, columns: &Range<usize>) -> usize {
    let mut filled = span.data().rev();
    let last = filled.find(|&row| rows.filled_within(row, columns).next().is_some());
    last.map_or(span.data_start(), |row| row + 1)
}

/// Returns whether the first of some rows has names above values in the same columns.
pub(super) fn is_small_table(
    rows: SheetRowView<'_>,
    among: Range<usize>,
    columns: &Range<usize>,
) -> bool {
    let sheet = rows.sheet;
    let names: Vec<usize> = rows.filled_within(among.start, columns).collect();
    let is_name = |&column: &usize| rows.is_name(sheet.cell(among.start, column));
    if names.len() < 2 || !names.iter().all(is_name) {
        return false;
    }
    let below = among.start + 1..among.end;
    let mut cells = below
        .clone()
        .flat_map(|row| rows.filled_within(row, columns));
    if !cells.all(|column| names.contains(&column)) {
        return false;
    }
    let mut has_values = false;
    for &column in &names {
        let texts: Vec<String> = below
            .clone()
            .map(|row| sheet.cell(row, column))
            .filter(|&cell| !sheet.is_blank(cell))
            .map(|cell| rows.text(cell))
            .collect();
        let name = rows.text_at(among.start, column);
        let named = Profile::of_patterns(&[ColumnValue::Text(&name)]);
        // Lines of a name and a value each are no table: the first of them also has a value.
        if texts.is_empty() || named.amounts + named.days + named.emails + named.phones > 0 {
            return false;
        }
        let values: Vec<ColumnValue<'_>> =
            texts.iter().map(|text| ColumnValue::Text(text)).collect();
        let looks = Profile::of_patterns(&values);
        has_values |= looks.amounts + looks.days == looks.filled;
    }
    has_values
}

/// The columns of a table without a blank column between them.
struct ColumnBlock<'s> {
    rows: SheetRowView<'s>,
    columns: Range<usize>,
    data_start: usize,
    /// The row below its last one with a value.
    end: usize,
    /// The names in the last header row, in its columns.
    names: Vec<String>,
    /// The name of its first column.
    key: String,
    /// The number of cells with a value below the header.
    filled: usize,
}

fn blocks_of<'s>(rows: SheetRowView<'s>, span: &Span) -> Vec<ColumnBlock<'s>> {
    let sheet = rows.sheet;
    let width = sheet.facts().width;
    let (some, _) = sheet.count_cells(
        span.start,
        span.stop.min(span.start + MAX_FIRST_ROWS),
        width,
    );
    let first = some.iter().position(|&count| count > 0).unwrap_or(width);
    let is_whole = some[first..].iter().all(|&count| count > 0);
    if span.columns.end < usize::MAX || span.header_rows == 0 || is_whole {
        return Vec::new();
    }
    let (whole, _) = sheet.count_cells(span.start, span.stop, width);
    let (below, _) = sheet.count_cells(span.data_start(), span.stop, width);
    let mut found = Vec::new();
    let mut start = 0;
    for stretch in whole.chunk_by(|a, b| (*a > 0) == (*b > 0)) {
        let columns = start..start + stretch.len();
        start = columns.end;
        if stretch[0] == 0 {
            continue;
        }
        let header = span.data_start() - 1;
        let named: Vec<usize> = rows.filled_within(header, &columns).collect();
        let names: Vec<String> = named
            .iter()
            .map(|&column| simplify(&rows.text_at(header, column)))
            .collect();
        let key = named.first().filter(|&&column| column == columns.start);
        found.push(ColumnBlock {
            rows,
            data_start: span.data_start(),
            end: last_filled_row(rows, span, &columns),
            key: key.map_or_else(String::new, |_| names[0].clone()),
            names,
            filled: below[columns.clone()].iter().sum(),
            columns,
        });
    }
    found
}

impl ColumnBlock<'_> {
    fn height(&self) -> usize {
        self.end - self.data_start
    }

    fn values(&self, column: usize) -> Vec<SheetCell> {
        let sheet = self.rows.sheet;
        let last = self.end.min(self.data_start + MAX_KEY_CELLS);
        let cells = (self.data_start..last).map(|row| sheet.cell(row, column));
        cells.filter(|&cell| !sheet.is_blank(cell)).collect()
    }

    fn texts_of_first(&self) -> Vec<String> {
        let cells = self.values(self.columns.start).into_iter();
        cells.map(|cell| self.rows.text(cell)).collect()
    }

    /// Returns whether its first column has a different text or day in each row.
    fn has_key(&self) -> bool {
        let cells = self.values(self.columns.start);
        let is_amount = |cell: &SheetCell| match cell.tag {
            CellTag::Integer | CellTag::Float | CellTag::BigInteger => true,
            CellTag::Text => is_plain_number(trim(self.rows.sheet.text(cell.as_text()))),
            _ => false,
        };
        let different: HashSet<String> = cells.iter().map(|&cell| self.rows.text(cell)).collect();
        cells.len() > 1
            && cells.len() == self.height().min(MAX_KEY_CELLS)
            && different.len() == cells.len()
            && !cells.iter().any(is_amount)
    }

    fn is_full(&self) -> bool {
        self.filled as f64 >= MIN_FULL * (self.height() * self.columns.len()) as f64
    }

    /// Returns whether names are above values here, in rows of the table to the left.
    fn starts_lower(&self) -> bool {
        let stop = self.end.min(self.data_start + MAX_FIRST_ROWS);
        let is_filled = |row: usize| self.rows.filled_within(row, &self.columns).next().is_some();
        let Some(first) = (self.data_start..stop).find(|&row| is_filled(row)) else {
            return false;
        };
        stop > first + 1
            && (first..stop).all(is_filled)
            && is_small_table(self.rows, first..stop, &self.columns)
    }

    /// Returns whether a block beside a table is a note: one or two texts of several words, beside the header only, or without
    /// a name. Shorter texts are values, and so are addresses and texts that occur twice.
    fn is_note(&self, words: &FieldWords) -> bool {
        if self.names.iter().any(|name| words.contains_key(name)) || self.columns.len() != 1 {
            return false;
        }
        let cells = self.values(self.columns.start);
        let texts = self.texts_of_first();
        let is_small = if self.names.is_empty() {
            texts.len() <= MAX_NOTES && cells.iter().all(|cell| cell.tag == CellTag::Text)
        } else {
            texts.is_empty()
        };
        let said = if self.names.is_empty() {
            &texts
        } else {
            &self.names
        };
        let is_text = |text: &String| {
            !text.contains('@') && text.split_whitespace().count() >= MIN_NOTE_WORDS
        };
        let different: HashSet<&String> = said.iter().collect();
        is_small && said.iter().all(is_text) && different.len() == said.len()
    }
}

/// Returns whether a block is a table beside the table that the blocks to its left make.
fn are_tables(left: &[ColumnBlock<'_>], block: &ColumnBlock<'_>, words: &FieldWords) -> bool {
    if block.names.is_empty() {
        return block.starts_lower();
    }
    let names: Vec<&String> = left.iter().flat_map(|neighbour| &neighbour.names).collect();
    if block.names.len() < 2 || names.len() < 2 {
        return false;
    }
    let end = left
        .iter()
        .map(|neighbour| neighbour.end)
        .max()
        .unwrap_or(0);
    if !block.key.is_empty() && block.key == left[0].key {
        // A list of the same columns continues beside itself, or each table has rows of its own. A key that is printed twice,
        // for people who read wide tables, belongs to one table.
        let goes_on = block.names.iter().eq(names) || block.end != end;
        return goes_on && block.texts_of_first() != left[0].texts_of_first();
    }
    let mut all = left.iter().chain([block]);
    if !all.all(ColumnBlock::is_full) || !left[0].has_key() || !block.has_key() {
        return false;
    }
    // If a table ends above, only its words identify it as one: amounts still to be paid have no day of payment.
    let cells = block.values(block.columns.start);
    let is_named = words.contains_key(&left[0].key)
        && words.contains_key(&block.key)
        && cells.iter().all(|cell| cell.tag == CellTag::Text);
    block.end >= end + MIN_UNEVEN_ROWS || is_named && block.end + MIN_UNEVEN_ROWS <= end
}

/// If a block has a key of its own and so may not belong to its table, returns whether it ends above the table.
fn doubt(left: &[ColumnBlock<'_>], block: &ColumnBlock<'_>) -> Option<bool> {
    if !left[0].has_key() || !block.has_key() || !block.is_full() {
        return None;
    }
    let end = left
        .iter()
        .map(|neighbour| neighbour.end)
        .max()
        .unwrap_or(0);
    let ends_above = block.end + MIN_UNEVEN_ROWS <= end;
    // A block without names is a legend if it has two columns.
    let is_legend = ends_above && (!block.names.is_empty() || block.columns.len() > 1);
    let are_named = left[0].names.len() > 1 && block.names.len() > 1;
    (is_legend || are_named).then_some(ends_above)
}
