//! A group of rows as a sheet stores it: each column that has a value is a chunk, dense or sparse.

use super::cell::{CellTag, SheetCell};

/// The number of rows in a group.
pub const GROUP_ROWS: usize = 1024;

/// Returns whether a column with `count` cells in a group of `rows` rows is stored dense.
pub(super) fn is_dense(count: usize, rows: usize) -> bool {
    count * 6 >= rows
}

/// One column's cells within a group.
#[derive(Debug)]
pub(super) enum Chunk {
    /// Every row from the group's first one on; rows beyond the end are empty.
    Dense { tags: Box<[u8]>, bits: Box<[u64]> },
    /// Only rows that have a cell, in order.
    Sparse {
        rows: Box<[u16]>,
        tags: Box<[u8]>,
        bits: Box<[u64]>,
    },
}

impl Chunk {
    /// Returns the chunk of cells, which are in order of rows, in a group of `rows` rows: dense if enough rows have a cell.
    pub(super) fn of_cells(cells: &[(u16, SheetCell)], rows: usize) -> Self {
        if is_dense(cells.len(), rows) {
            let mut tags = vec![0; rows];
            let mut bits = vec![0; rows];
            for (row, cell) in cells {
                tags[usize::from(*row)] = cell.tag as u8;
                bits[usize::from(*row)] = cell.bits;
            }
            Self::Dense {
                tags: tags.into(),
                bits: bits.into(),
            }
        } else {
            Self::Sparse {
                rows: cells.iter().map(|(row, _)| *row).collect(),
                tags: cells.iter().map(|(_, cell)| cell.tag as u8).collect(),
                bits: cells.iter().map(|(_, cell)| cell.bits).collect(),
            }
        }
    }

    /// Returns the cells that are not [`CellTag::Empty`], in order of rows.
    pub(super) fn cells(&self) -> Vec<(u16, SheetCell)> {
        match self {
            Self::Dense { tags, bits } => (0..)
                .zip(tags.iter().zip(bits))
                .map(|(row, (&tag, &bits))| (row, SheetCell::stored(tag, bits)))
                .filter(|(_, cell)| cell.tag != CellTag::Empty)
                .collect(),
            Self::Sparse { rows, tags, bits } => rows
                .iter()
                .zip(tags.iter().zip(bits))
                .map(|(&row, (&tag, &bits))| (row, SheetCell::stored(tag, bits)))
                .collect(),
        }
    }

    /// Returns the bytes that the cells take.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Dense { tags, .. } => tags.len() * 9,
            Self::Sparse { rows, .. } => rows.len() * 11,
        }
    }

    pub(super) fn cell(&self, row: usize) -> SheetCell {
        match self {
            Self::Dense { tags, bits } => match (tags.get(row), bits.get(row)) {
                (Some(&tag), Some(&bits)) => SheetCell::stored(tag, bits),
                _ => SheetCell::EMPTY,
            },
            Self::Sparse { rows, tags, bits } => match rows.binary_search(&(row as u16)) {
                Ok(found) => SheetCell::stored(tags[found], bits[found]),
                Err(_) => SheetCell::EMPTY,
            },
        }
    }
}

/// A group of up to [`GROUP_ROWS`] rows.
#[derive(Debug, Default)]
pub(super) struct RowGroup {
    /// Columns that have a cell, in order.
    pub(super) columns: Vec<(u32, Chunk)>,
    /// For each row, the number of its cells up to the last one with a value; missing rows have no cells.
    pub(super) widths: Vec<u16>,
}

impl RowGroup {
    pub(super) fn chunk(&self, column: usize) -> Option<&Chunk> {
        // In an ordinary sheet, column n is the n-th column that has a value.
        if let Some((number, chunk)) = self.columns.get(column)
            && *number as usize == column
        {
            return Some(chunk);
        }
        let found = self
            .columns
            .binary_search_by_key(&(column as u32), |(number, _)| *number)
            .ok()?;
        Some(&self.columns[found].1)
    }
}
