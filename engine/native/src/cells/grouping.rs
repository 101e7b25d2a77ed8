//! Sorts the cells of rows into the columns of a group.
//!
//! Rows nearly always ascend, so no stored group has to be searched: the cells of the current group are collected in one list
//! and sorted into columns when the group is complete.

use super::cell::{CellTag, SheetCell};
use super::group::{Chunk, GROUP_ROWS, RowGroup, is_dense};

/// A cell that waits for its group to be stored; its row counts within the group.
#[derive(Clone, Copy)]
pub(super) struct PendingCell {
    pub(super) column: u32,
    pub(super) row: u16,
    tag: CellTag,
    bits: u64,
}

impl PendingCell {
    /// Returns a cell of the row `row` of its group.
    pub(super) fn new(row: u16, (column, cell): (u32, SheetCell)) -> Self {
        Self {
            column,
            row,
            tag: cell.tag,
            bits: cell.bits,
        }
    }

    /// Returns the column and the cell.
    pub(super) fn cell(&self) -> (u32, SheetCell) {
        (
            self.column,
            SheetCell {
                tag: self.tag,
                bits: self.bits,
            },
        )
    }
}

/// A column's cells, to be stored as a chunk.
enum ChunkBuilder {
    Dense { tags: Vec<u8>, bits: Vec<u64> },
    Sparse(Vec<PendingCell>),
}

impl ChunkBuilder {
    /// Starts a column that has `count` cells in a group of `rows` rows: dense if enough rows have a cell.
    fn new(count: usize, rows: usize) -> Self {
        if is_dense(count, rows) {
            Self::Dense {
                tags: vec![0; rows],
                bits: vec![0; rows],
            }
        } else {
            Self::Sparse(Vec::with_capacity(count))
        }
    }

    #[inline]
    fn push(&mut self, pending: &PendingCell) {
        match self {
            Self::Dense { tags, bits } => {
                tags[pending.row as usize] = pending.tag as u8;
                bits[pending.row as usize] = pending.bits;
            }
            Self::Sparse(cells) => cells.push(*pending),
        }
    }

    fn into_chunk(self) -> Chunk {
        match self {
            Self::Dense { tags, bits } => Chunk::Dense {
                tags: tags.into(),
                bits: bits.into(),
            },
            Self::Sparse(mut cells) => {
                cells.sort_by_key(|pending| pending.row);
                Chunk::Sparse {
                    rows: cells.iter().map(|pending| pending.row).collect(),
                    tags: cells.iter().map(|pending| pending.tag as u8).collect(),
                    bits: cells.iter().map(|pending| pending.bits).collect(),
                }
            }
        }
    }
}

/// The groups of a sheet that is being built.
#[derive(Default)]
pub(super) struct RowGroups {
    stored: Vec<Option<Box<RowGroup>>>,
    /// The bytes of the stored cells.
    stored_bytes: usize,
    /// The group that is being filled: its number, its cells, and the width of each of its rows.
    current: usize,
    pending: Vec<PendingCell>,
    widths: Vec<u16>,
    counts: Vec<u32>,
}

impl RowGroups {
    /// Adds the cells of a row of the sheet, and takes them out of `cells`.
    pub(super) fn store_row(
        &mut self,
        row: usize,
        width: usize,
        cells: &mut Vec<(u32, SheetCell)>,
    ) {
        let group_index = row / GROUP_ROWS;
        if group_index != self.current {
            self.flush();
            self.current = group_index;
        }
        let row = row % GROUP_ROWS;
        if self.widths.len() <= row {
            self.widths.resize(row + 1, 0);
        }
        self.widths[row] = width as u16;
        self.pending.extend(
            cells
                .drain(..)
                .map(|cell| PendingCell::new(row as u16, cell)),
        );
    }

    /// Returns the bytes of the cells that were added. The cells of a group that is filled again count twice.
    pub(super) fn bytes(&self) -> usize {
        self.stored_bytes + self.pending.len() * size_of::<PendingCell>()
    }

    /// Takes the cells out of a stored group, sorted by columns, so that it can be filled again.
    pub(super) fn reopen(&mut self, group_index: usize) -> Vec<PendingCell> {
        self.flush();
        self.current = group_index;
        self.take(group_index)
    }

    /// Returns all groups, when no more rows follow.
    pub(super) fn finish(mut self) -> Vec<Option<Box<RowGroup>>> {
        self.flush();
        self.stored
    }

    /// Removes a stored group, and returns its cells.
    fn take(&mut self, group_index: usize) -> Vec<PendingCell> {
        let Some(group) = self.stored.get_mut(group_index).and_then(Option::take) else {
            return Vec::new();
        };
        let mut cells = Vec::new();
        for (column, chunk) in &group.columns {
            let stored = chunk.cells().into_iter();
            cells.extend(stored.map(|(row, cell)| PendingCell::new(row, (*column, cell))));
        }
        cells
    }

    /// Sorts the cells of the current group into columns and stores it, unless it has no cell.
    fn flush(&mut self) {
        if self.pending.is_empty() {
            self.widths.clear();
            return;
        }
        let rows = self.widths.len();
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

        let mut filling: Vec<ChunkBuilder> = present
            .iter()
            .map(|&column| ChunkBuilder::new(self.counts[column as usize] as usize, rows))
            .collect();
        // From here on `counts` holds the position of each column in `present`.
        for (index, &column) in present.iter().enumerate() {
            self.counts[column as usize] = index as u32;
        }
        for pending in &self.pending {
            filling[self.counts[pending.column as usize] as usize].push(pending);
        }
        for &column in &present {
            self.counts[column as usize] = 0;
        }
        let columns: Vec<(u32, Chunk)> = present
            .iter()
            .zip(filling)
            .map(|(&column, filling)| (column, filling.into_chunk()))
            .collect();
        let chunks = columns.iter().map(|(_, chunk)| chunk.bytes());
        self.stored_bytes += chunks.sum::<usize>();
        if self.stored.len() <= self.current {
            self.stored.resize_with(self.current + 1, || None);
        }
        let widths = std::mem::take(&mut self.widths);
        self.stored[self.current] = Some(Box::new(RowGroup { columns, widths }));
        self.pending.clear();
    }
}
