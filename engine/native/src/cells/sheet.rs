//! The sheet store, which holds a sheet's cells.
//!
//! Rows are kept in groups of `GROUP_ROWS`; within a group each column that has a value is a chunk: dense (a tag and 64 bits
//! for each row) if enough rows have a cell, else a sorted list. So a sheet costs about nine bytes for each cell, and its text,
//! whatever it looks like. A file that names distant cells cannot make it cost more than a small multiple of the file's own
//! size. Text is in two [`TextArena`]s: the workbook's shared strings and the sheet's own text.
//!
//! [`super::builder`] fills a sheet; Python's rows and polars' columns are views of the result.

use std::ops::Range;
use std::sync::Arc;

use super::cell::{CellTag, SheetCell};
use super::findings::{ScanFindings, SeparatedTextFacts};
use super::group::{Chunk, GROUP_ROWS, RowGroup};
use super::merged::MergedRange;
use super::parts::in_parts;
use super::text::{TextArena, TextReference};
use super::white_space::is_blank_text;
use super::zeros::ZeroCells;

/// The facts that a scan finds about the extent of a sheet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScanFacts {
    /// The number of rows in the sheet, empty ones included.
    pub rows_emitted: usize,
    /// Whether a long run of empty rows ended the scan.
    pub stopped_early: bool,
    /// The number of declared rows that were left out because the scan ended.
    pub truncated_rows: usize,
    /// The first row behind the end of the scan that has a value, from 0, as far as the scan looked.
    pub row_below: Option<usize>,
    /// The number of cells in the widest row.
    pub width: usize,
    /// Whether the workbook counts days from 1904.
    pub from_1904: bool,
}

/// The extent that a file states for a sheet; rows and columns count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeclaredExtent {
    pub first_row: usize,
    pub first_column: usize,
    pub last_row: usize,
    pub last_column: usize,
}

impl DeclaredExtent {
    /// Returns an extent of `rows` rows in one column.
    pub fn of_rows(rows: usize) -> Self {
        Self {
            first_row: 1,
            first_column: 1,
            last_row: rows,
            last_column: 1,
        }
    }
}

/// A sheet's cells, and the findings about them.
#[derive(Debug, Default)]
pub struct Sheet {
    pub(super) groups: Vec<Option<Box<RowGroup>>>,
    pub(super) facts: ScanFacts,
    pub(super) findings: ScanFindings,
    pub(super) declared: Option<DeclaredExtent>,
    pub(super) zeros: ZeroCells,
    pub(super) own_text: Arc<TextArena>,
    pub(super) shared_text: Arc<TextArena>,
}

impl Sheet {
    /// Returns the facts about the extent of the sheet.
    pub fn facts(&self) -> ScanFacts {
        self.facts
    }

    /// Returns the facts that the scan found beside the cells.
    pub fn findings(&self) -> &ScanFindings {
        &self.findings
    }

    /// Returns the findings about the records of separated text.
    pub fn separated(&mut self) -> &mut SeparatedTextFacts {
        &mut self.findings.separated
    }

    /// Returns the cells whose numbers are shown with leading zeros.
    pub fn zeros(&self) -> &ZeroCells {
        &self.zeros
    }

    /// Returns the number of merged ranges that hide values within some rows, and the first of these ranges; `blocks` holds the
    /// first row of each block and the row behind its last. A range hides values if its first cell has a value: the other cells
    /// are read as empty.
    pub fn hiding_ranges(&self, blocks: &[(usize, usize)]) -> (usize, Option<MergedRange>) {
        let mut blocks = blocks.to_vec();
        blocks.sort_unstable();
        blocks.dedup_by(|later, earlier| {
            let goes_on = later.0 <= earlier.1;
            if goes_on {
                earlier.1 = earlier.1.max(later.1);
            }
            goes_on
        });
        let mut hiding = self.findings.merged.iter().filter(|range| {
            let next = blocks.partition_point(|block| block.1 <= range.first_row as usize);
            let is_within = blocks
                .get(next)
                .is_some_and(|block| block.0 <= range.last_row as usize);
            let first = self.cell(range.first_row as usize, range.first_column as usize);
            is_within && !first.tag.counts_as_empty()
        });
        let first = hiding.next().copied();
        (usize::from(first.is_some()) + hiding.count(), first)
    }

    /// Returns the extent that the file states for the sheet.
    pub fn declared(&self) -> Option<DeclaredExtent> {
        self.declared
    }

    /// Returns the arena of the sheet's own text or, if `shared`, of the workbook's.
    pub fn arena(&self, shared: bool) -> &Arc<TextArena> {
        if shared {
            &self.shared_text
        } else {
            &self.own_text
        }
    }

    /// Returns the text that a cell refers to.
    pub fn text(&self, reference: TextReference) -> &str {
        self.arena(reference.is_shared()).text(reference)
    }

    /// Returns the number of cells of a row up to the last one with a value.
    pub fn row_width(&self, row: usize) -> usize {
        self.groups
            .get(row / GROUP_ROWS)
            .and_then(Option::as_ref)
            .and_then(|group| group.widths.get(row % GROUP_ROWS))
            .map_or(0, |&width| width as usize)
    }

    /// Returns one cell; a cell that does not exist is empty.
    pub fn cell(&self, row: usize, column: usize) -> SheetCell {
        if column >= self.row_width(row) {
            return SheetCell::EMPTY;
        }
        self.groups[row / GROUP_ROWS]
            .as_ref()
            .and_then(|group| group.chunk(column))
            .map_or(SheetCell::EMPTY, |chunk| chunk.cell(row % GROUP_ROWS))
    }

    /// Fills `row_cells` with a row, up to its last value.
    pub fn read_row(&self, row: usize, row_cells: &mut Vec<SheetCell>) {
        row_cells.clear();
        let width = self.row_width(row);
        if width == 0 {
            return;
        }
        let Some(group) = self.groups[row / GROUP_ROWS].as_ref() else {
            return;
        };
        row_cells.resize(width, SheetCell::EMPTY);
        for (column, chunk) in &group.columns {
            let column = *column as usize;
            if column >= width {
                break;
            }
            row_cells[column] = chunk.cell(row % GROUP_ROWS);
        }
    }

    /// Calls `visit` with the cells of one column from `start` to before `stop`, in order.
    pub fn visit_column(
        &self,
        column: usize,
        start: usize,
        stop: usize,
        mut visit: impl FnMut(SheetCell),
    ) {
        let mut row = start;
        while row < stop {
            let group_index = row / GROUP_ROWS;
            let first = group_index * GROUP_ROWS;
            let end = stop.min(first + GROUP_ROWS);
            let chunk = self
                .groups
                .get(group_index)
                .and_then(Option::as_ref)
                .and_then(|group| group.chunk(column));
            match chunk {
                None => (row..end).for_each(|_| visit(SheetCell::EMPTY)),
                Some(Chunk::Dense { tags, bits }) => {
                    let known = tags.len().min(bits.len());
                    let (from, to) = ((row - first).min(known), (end - first).min(known));
                    for (&tag, &bits) in tags[from..to].iter().zip(&bits[from..to]) {
                        visit(SheetCell::stored(tag, bits));
                    }
                    (to - from..end - row).for_each(|_| visit(SheetCell::EMPTY));
                }
                Some(Chunk::Sparse { rows, tags, bits }) => {
                    let mut next = rows.partition_point(|&at| (at as usize) < row - first);
                    for at in row - first..end - first {
                        if rows.get(next).is_some_and(|&found| found as usize == at) {
                            visit(SheetCell::stored(tags[next], bits[next]));
                            next += 1;
                        } else {
                            visit(SheetCell::EMPTY);
                        }
                    }
                }
            }
            row = end;
        }
    }

    /// Returns the kinds of cells in a column from `start` to before `stop`, and the first kind that is not [`CellTag::Empty`].
    pub fn column_kinds(&self, column: usize, start: usize, stop: usize) -> ColumnKinds {
        let mut kinds = ColumnKinds::default();
        self.visit_column(column, start, stop, |cell| {
            kinds.seen |= 1 << (cell.tag as u16);
            if kinds.first == CellTag::Empty {
                kinds.first = cell.tag;
            }
        });
        kinds
    }

    /// Returns whether a cell is blank: without a value, or with text of white space only.
    pub fn is_blank(&self, cell: SheetCell) -> bool {
        match cell.tag {
            CellTag::Empty | CellTag::EmptyText => true,
            CellTag::Text => is_blank_text(self.text(cell.as_text())),
            _ => false,
        }
    }

    /// Returns the number of non-blank cells in each of the first `width` columns from `start` to before `stop`, and the number
    /// of rows in which all of these cells are blank.
    pub fn count_cells(&self, start: usize, stop: usize, width: usize) -> (Vec<usize>, usize) {
        let count_part = |part: Range<usize>| {
            let mut filled = vec![false; part.len()];
            let mut counts = vec![0; width];
            for (column, count) in counts.iter_mut().enumerate() {
                let mut row = 0;
                self.visit_column(column, start + part.start, start + part.end, |cell| {
                    if !self.is_blank(cell) {
                        *count += 1;
                        filled[row] = true;
                    }
                    row += 1;
                });
            }
            (counts, filled.iter().filter(|&&any| !any).count())
        };
        let parts = in_parts(stop.saturating_sub(start), count_part);
        parts.into_iter().fold(
            (vec![0; width], 0),
            |(mut counts, blank), (more, further)| {
                counts
                    .iter_mut()
                    .zip(more)
                    .for_each(|(count, more)| *count += more);
                (counts, blank + further)
            },
        )
    }

    /// Returns the bytes that the cells, the merged ranges and the sheet's own text take.
    pub fn heap_bytes(&self) -> usize {
        let cells: usize = self
            .groups
            .iter()
            .flatten()
            .flat_map(|group| &group.columns)
            .map(|(_, chunk)| chunk.bytes())
            .sum();
        let merged = self.findings.merged.len() * size_of::<MergedRange>();
        cells + merged + self.zeros.bytes() + self.own_text.len()
    }
}

/// The kinds of cells in a range of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnKinds {
    /// The kind of the first cell that has a value; [`CellTag::Empty`] if no cell has one.
    pub first: CellTag,
    seen: u16,
}

impl Default for ColumnKinds {
    fn default() -> Self {
        Self {
            first: CellTag::Empty,
            seen: 0,
        }
    }
}

impl ColumnKinds {
    /// Returns whether some cell is of this kind.
    pub fn has(self, tag: CellTag) -> bool {
        self.seen & (1 << (tag as u16)) != 0
    }

    /// Returns whether every cell that has a value is of one of these kinds.
    pub fn only(self, tags: &[CellTag]) -> bool {
        let allowed = tags
            .iter()
            .fold(1u16 << (CellTag::Empty as u16), |all, &tag| {
                all | 1 << (tag as u16)
            });
        self.seen & !allowed == 0
    }
}
