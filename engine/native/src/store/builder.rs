//! Filling a sheet, row by row, under the contract's rules on where rows and scanning end.
//!
//! Rows may come in any order and so may the cells of a row; a later cell takes the place of an earlier one. As long
//! as rows ascend, which is nearly always, nothing is looked up again: cells of the current group are collected in one
//! list and sorted into columns when the group is left.

use std::sync::Arc;

use super::{
    Cell, Chunk, DeclaredExtent, GROUP_ROWS, Group, ScanFacts, Sheet, Tag, TextArena, TextReference,
};
use crate::error::{Result, SourceError};

/// More rows than any worksheet may have, yet few enough to count through.
pub const MAXIMUM_ROWS: usize = 1 << 24;
/// The column `ZZZ`.
pub const MAXIMUM_COLUMNS: usize = 18_278;

/// A sheet of more cells or text than this is an attack, or needs another tool.
const MAXIMUM_CELLS: usize = 200_000_000;
const MAXIMUM_TEXT_BYTES: usize = 1 << 30;

/// How far a scan looks for further values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanLimits {
    /// The run of empty rows that ends the scan.
    pub empty_rows: Option<usize>,
    /// The run of empty cells after a value that ends a row.
    pub empty_columns: Option<usize>,
    /// The number of rows after which nothing more is wanted.
    pub rows: Option<usize>,
    /// Whether text of no length counts as a value, so that rows end behind it.
    pub keep_blank_text: bool,
}

impl ScanLimits {
    /// Everything that there is.
    pub const NONE: Self = Self {
        empty_rows: None,
        empty_columns: None,
        rows: None,
        keep_blank_text: false,
    };
}

impl Default for ScanLimits {
    fn default() -> Self {
        Self {
            empty_rows: Some(1000),
            empty_columns: Some(500),
            ..Self::NONE
        }
    }
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continue {
    Yes,
    /// The run of empty rows was reached: nothing more is wanted.
    No,
}

#[derive(Clone, Copy)]
struct Pending {
    column: u32,
    row: u16,
    tag: Tag,
    bits: u64,
}

/// Builds one [`Sheet`].
pub struct SheetBuilder {
    title: String,
    limits: ScanLimits,
    groups: Vec<Option<Box<Group>>>,
    own_text: TextArena,
    shared_text: Arc<TextArena>,
    /// The cells of the row that is being read.
    row_cells: Vec<(u32, Cell)>,
    row_in_order: bool,
    group_index: usize,
    pending: Vec<Pending>,
    pending_widths: Vec<u16>,
    counts: Vec<u32>,
    late: Vec<(u32, Pending)>,
    cells_seen: usize,
    rows_seen: usize,
    empty_run: usize,
    width: usize,
    stopped: bool,
}

impl SheetBuilder {
    pub fn new(title: &str, limits: ScanLimits, shared_text: Arc<TextArena>) -> Self {
        Self {
            title: title.to_owned(),
            limits,
            groups: Vec::new(),
            own_text: TextArena::new(),
            shared_text,
            row_cells: Vec::new(),
            row_in_order: true,
            group_index: 0,
            pending: Vec::new(),
            pending_widths: Vec::new(),
            counts: Vec::new(),
            late: Vec::new(),
            cells_seen: 0,
            rows_seen: 0,
            empty_run: 0,
            width: 0,
            stopped: false,
        }
    }

    /// How many rows were read so far.
    pub fn rows_seen(&self) -> usize {
        self.rows_seen
    }

    /// Stores a text of this sheet and gives its cell.
    pub fn text_cell(&mut self, text: &str) -> Cell {
        if text.is_empty() {
            Cell::EMPTY_TEXT
        } else {
            Cell::text(self.own_text.push_deduplicated(text))
        }
    }

    /// Stores a text of this sheet.
    pub fn store_text(&mut self, text: &str) -> TextReference {
        self.own_text.push_deduplicated(text)
    }

    /// Adds a cell to the row that is being read; empty ones only overwrite.
    #[inline]
    pub fn push(&mut self, column: usize, cell: Cell) {
        let column = column as u32;
        match self.row_cells.last() {
            Some(&(last, _)) if last >= column => self.row_in_order = false,
            None if cell.tag == Tag::Empty => return,
            Some(_) if cell.tag == Tag::Empty && self.row_in_order => return,
            _ => {}
        }
        self.row_cells.push((column, cell));
    }

    /// Ends the row that was being read: row number `row`, counted from 0.
    pub fn end_row(&mut self, row: usize) -> Result<Continue> {
        if self.stopped {
            self.row_cells.clear();
            return Ok(Continue::No);
        }
        if let Some(limit) = self.limits.rows
            && row >= limit
        {
            // There are rows beyond, so all those before are empty ones where the file leaves them out.
            self.rows_seen = self.rows_seen.max(limit);
            self.row_cells.clear();
            return Ok(Continue::No);
        }
        if row >= MAXIMUM_ROWS {
            return Err(SourceError::BeyondLimits {
                sheet: self.title.clone(),
                reason: format!(
                    "row {} is beyond what is read here ({MAXIMUM_ROWS} rows)",
                    row + 1
                ),
            });
        }
        self.cells_seen += self.row_cells.len();
        if self.cells_seen > MAXIMUM_CELLS || self.own_text.len() > MAXIMUM_TEXT_BYTES {
            return Err(SourceError::BeyondLimits {
                sheet: self.title.clone(),
                reason: format!(
                    "it holds more than {MAXIMUM_CELLS} cells, or more than 1 GiB of text"
                ),
            });
        }
        if !self.row_in_order {
            self.sort_row();
        }
        if row < self.rows_seen {
            // A row that was read before, or passed over: it waits for the end of the sheet.
            let in_group = (row % GROUP_ROWS) as u16;
            self.late
                .extend(self.row_cells.drain(..).map(|(column, cell)| {
                    (
                        row as u32,
                        Pending {
                            column,
                            row: in_group,
                            tag: cell.tag,
                            bits: cell.bits,
                        },
                    )
                }));
            return Ok(Continue::Yes);
        }
        // Rows that the file leaves out are empty ones.
        if self.count_empty_rows(row - self.rows_seen) == Continue::No {
            self.row_cells.clear();
            return Ok(Continue::No);
        }
        let width = self.trim_row();
        if width == 0 {
            self.row_cells.clear();
            return Ok(self.count_empty_rows(1));
        }
        self.empty_run = 0;
        self.rows_seen = row + 1;
        self.store_row(row, width);
        Ok(Continue::Yes)
    }

    /// Adds that many rows without cells.
    fn count_empty_rows(&mut self, count: usize) -> Continue {
        if let Some(limit) = self.limits.empty_rows
            && self.empty_run + count >= limit
        {
            // The last row of the run is not handed on.
            self.rows_seen += limit.saturating_sub(self.empty_run + 1);
            self.stopped = true;
            return Continue::No;
        }
        self.empty_run += count;
        self.rows_seen += count;
        Continue::Yes
    }

    /// Puts a row's cells in order of columns; of several for one column the last one stays.
    fn sort_row(&mut self) {
        self.row_cells.sort_by_key(|&(column, _)| column);
        let mut kept: Vec<(u32, Cell)> = Vec::with_capacity(self.row_cells.len());
        for &cell in &self.row_cells {
            match kept.last_mut() {
                Some(last) if last.0 == cell.0 => *last = cell,
                _ => kept.push(cell),
            }
        }
        kept.retain(|(_, cell)| cell.tag != Tag::Empty);
        self.row_cells = kept;
        self.row_in_order = true;
    }

    /// Cuts the row where the contract ends it, and gives the number of its columns.
    fn trim_row(&mut self) -> usize {
        let mut width = 0;
        let mut kept = 0;
        for (index, &(column, cell)) in self.row_cells.iter().enumerate() {
            let is_blank_text = cell.tag == Tag::EmptyText && self.limits.keep_blank_text;
            if cell.tag.counts_as_empty() && !is_blank_text {
                continue;
            }
            let column = column as usize;
            if width > 0
                && self
                    .limits
                    .empty_columns
                    .is_some_and(|limit| column - width >= limit)
            {
                break;
            }
            width = column + 1;
            kept = index + 1;
        }
        self.row_cells.truncate(kept);
        width
    }

    fn store_row(&mut self, row: usize, width: usize) {
        let group_index = row / GROUP_ROWS;
        if group_index != self.group_index {
            self.flush_group();
            self.group_index = group_index;
        }
        let row = row % GROUP_ROWS;
        if self.pending_widths.len() <= row {
            self.pending_widths.resize(row + 1, 0);
        }
        self.pending_widths[row] = width as u16;
        self.width = self.width.max(width);
        self.pending
            .extend(self.row_cells.drain(..).map(|(column, cell)| Pending {
                column,
                row: row as u16,
                tag: cell.tag,
                bits: cell.bits,
            }));
    }

    /// Joins the cells that came late to those that are there, and cuts their rows anew.
    fn merge_late_cells(&mut self) {
        let mut late = std::mem::take(&mut self.late);
        late.sort_by_key(|&(row, _)| row);
        for rows in
            late.chunk_by(|one, other| one.0 as usize / GROUP_ROWS == other.0 as usize / GROUP_ROWS)
        {
            let group_index = rows[0].0 as usize / GROUP_ROWS;
            let mut cells = self.take_group(group_index);
            cells.extend(rows.iter().map(|&(_, pending)| pending));
            // The sort is stable, so of several cells for one place the last one stays.
            cells.sort_by_key(|pending| pending.row);
            self.group_index = group_index;
            let mut widths = vec![0; usize::from(cells.last().map_or(0, |last| last.row)) + 1];
            for row_cells in cells.chunk_by(|one, other| one.row == other.row) {
                let row = row_cells[0].row;
                self.row_cells.clear();
                self.row_cells.extend(row_cells.iter().map(|cell| {
                    (
                        cell.column,
                        Cell {
                            tag: cell.tag,
                            bits: cell.bits,
                        },
                    )
                }));
                self.sort_row();
                let width = self.trim_row();
                self.width = self.width.max(width);
                widths[usize::from(row)] = width as u16;
                self.pending
                    .extend(self.row_cells.drain(..).map(|(column, cell)| Pending {
                        column,
                        row,
                        tag: cell.tag,
                        bits: cell.bits,
                    }));
            }
            self.pending_widths = widths;
            self.flush_group();
        }
    }

    /// Takes a group that was stored apart again.
    fn take_group(&mut self, group_index: usize) -> Vec<Pending> {
        let Some(group) = self.groups.get_mut(group_index).and_then(Option::take) else {
            return Vec::new();
        };
        let mut cells = Vec::new();
        for (column, chunk) in &group.columns {
            for row in 0..GROUP_ROWS {
                let cell = chunk.cell(row);
                if cell.tag != Tag::Empty {
                    cells.push(Pending {
                        column: *column,
                        row: row as u16,
                        tag: cell.tag,
                        bits: cell.bits,
                    });
                }
            }
        }
        cells
    }

    /// Sorts the cells of the current group into columns.
    fn flush_group(&mut self) {
        if self.pending.is_empty() {
            self.pending_widths.clear();
            return;
        }
        let rows = self.pending_widths.len();
        let mut present: Vec<u32> = Vec::new();
        for pending in &self.pending {
            let column = pending.column as usize;
            if self.counts.len() <= column {
                self.counts.resize(column + 1, 0);
            }
            if self.counts[column] == 0 {
                present.push(pending.column);
            }
            self.counts[column] += 1;
        }
        present.sort_unstable();

        enum Filling {
            Dense { tags: Vec<u8>, bits: Vec<u64> },
            Sparse(Vec<Pending>),
        }
        let mut filling: Vec<Filling> = present
            .iter()
            .map(|&column| {
                let count = self.counts[column as usize] as usize;
                if count * 6 >= rows {
                    Filling::Dense {
                        tags: vec![0; rows],
                        bits: vec![0; rows],
                    }
                } else {
                    Filling::Sparse(Vec::with_capacity(count))
                }
            })
            .collect();
        // From here on `counts` says where a column is in `present`.
        for (index, &column) in present.iter().enumerate() {
            self.counts[column as usize] = index as u32;
        }
        for pending in &self.pending {
            match &mut filling[self.counts[pending.column as usize] as usize] {
                Filling::Dense { tags, bits } => {
                    tags[pending.row as usize] = pending.tag as u8;
                    bits[pending.row as usize] = pending.bits;
                }
                Filling::Sparse(cells) => cells.push(*pending),
            }
        }
        for &column in &present {
            self.counts[column as usize] = 0;
        }
        let columns = present
            .iter()
            .zip(filling)
            .map(|(&column, filling)| {
                let chunk = match filling {
                    Filling::Dense { tags, bits } => Chunk::Dense {
                        tags: tags.into(),
                        bits: bits.into(),
                    },
                    Filling::Sparse(mut cells) => {
                        cells.sort_by_key(|pending| pending.row);
                        Chunk::Sparse {
                            rows: cells.iter().map(|pending| pending.row).collect(),
                            tags: cells.iter().map(|pending| pending.tag as u8).collect(),
                            bits: cells.iter().map(|pending| pending.bits).collect(),
                        }
                    }
                };
                (column, chunk)
            })
            .collect();
        if self.groups.len() <= self.group_index {
            self.groups.resize_with(self.group_index + 1, || None);
        }
        let widths = std::mem::take(&mut self.pending_widths);
        self.groups[self.group_index] = Some(Box::new(Group { columns, widths }));
        self.pending.clear();
    }

    /// Ends the sheet. `declared` is the extent that the file says it has.
    pub fn finish(mut self, declared: Option<DeclaredExtent>) -> Sheet {
        self.flush_group();
        self.merge_late_cells();
        self.own_text.finish();
        let truncated_rows = if self.stopped {
            declared
                .map_or(0, |declared| declared.last_row)
                .saturating_sub(self.rows_seen)
        } else {
            0
        };
        Sheet {
            groups: self.groups,
            facts: ScanFacts {
                rows_emitted: self.rows_seen,
                stopped_early: self.stopped,
                truncated_rows,
                width: self.width,
            },
            declared,
            own_text: Arc::new(self.own_text),
            shared_text: self.shared_text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(rows: &[(usize, &[(usize, i64)])], limits: ScanLimits) -> Sheet {
        let mut builder = SheetBuilder::new("Sheet", limits, Arc::new(TextArena::new()));
        for (row, cells) in rows {
            for &(column, value) in *cells {
                builder.push(column, Cell::integer(value));
            }
            if builder.end_row(*row).unwrap() == Continue::No {
                break;
            }
        }
        builder.finish(Some(DeclaredExtent::of_rows(5000)))
    }

    fn row(sheet: &Sheet, number: usize) -> Vec<Option<i64>> {
        let mut cells = Vec::new();
        sheet.read_row(number, &mut cells);
        cells
            .iter()
            .map(|cell| (cell.tag != Tag::Empty).then(|| cell.as_integer()))
            .collect()
    }

    #[test]
    fn rows_and_cells_may_come_in_any_order() {
        let sheet = build(
            &[
                (2, &[(3, 1), (0, 2), (3, 5)]),
                (0, &[(1, 7)]),
                (3000, &[(0, 9)]),
                (2, &[(1, 8)]),
            ],
            ScanLimits::NONE,
        );
        assert_eq!(row(&sheet, 0), [None, Some(7)]);
        assert_eq!(row(&sheet, 1), []);
        assert_eq!(row(&sheet, 2), [Some(2), Some(8), None, Some(5)]);
        assert_eq!(row(&sheet, 3000), [Some(9)]);
        assert_eq!(sheet.facts().rows_emitted, 3001);
        assert_eq!(sheet.facts().width, 4);
    }

    #[test]
    fn a_run_of_empty_rows_ends_the_scan_without_its_last_row() {
        let limits = ScanLimits {
            empty_rows: Some(3),
            ..ScanLimits::NONE
        };
        let sheet = build(&[(0, &[(0, 1)]), (3, &[(0, 2)]), (7, &[(0, 3)])], limits);
        assert_eq!(
            sheet.facts(),
            ScanFacts {
                rows_emitted: 6,
                stopped_early: true,
                truncated_rows: 4994,
                width: 1
            }
        );
    }

    #[test]
    fn a_run_of_empty_cells_after_a_value_ends_the_row() {
        let limits = ScanLimits {
            empty_columns: Some(3),
            ..ScanLimits::NONE
        };
        let sheet = build(&[(0, &[(9, 1), (12, 2), (16, 3)])], limits);
        assert_eq!(sheet.row_width(0), 13);
    }

    #[test]
    fn a_far_off_cell_costs_little() {
        let rows: Vec<(usize, Vec<(usize, i64)>)> = (0..64)
            .map(|group| (group * GROUP_ROWS + 1023, vec![(18_000, 1)]))
            .collect();
        let mut builder = SheetBuilder::new("Sheet", ScanLimits::NONE, Arc::new(TextArena::new()));
        for (row, cells) in rows {
            builder.push(cells[0].0, Cell::integer(cells[0].1));
            builder.end_row(row).unwrap();
        }
        let sheet = builder.finish(None);
        assert!(sheet.heap_bytes() < 64 * 16);
        assert_eq!(sheet.cell(1023, 18_000), Cell::integer(1));
    }
}
