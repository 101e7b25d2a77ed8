//! Fills a sheet row by row, and decides where rows and the scan end.
//!
//! Rows may come in any order, and so may the cells of a row; a later cell replaces an earlier one. The cells of finished rows
//! are stored by `grouping`.

use std::sync::Arc;

use super::cell::{CellTag, SheetCell};
use super::filling;
use super::findings::{ScanFindings, SeparatedTextFacts};
use super::group::GROUP_ROWS;
use super::grouping::{PendingCell, RowGroups};
use super::merged::MergedRange;
use super::serial_date::Epoch;
use super::sheet::{DeclaredExtent, ScanFacts, Sheet};
use super::text::{TextArena, TextReference};
use super::zeros::{ZeroCells, ZeroFormat};
use crate::error::{Result, SourceError};

/// The maximum number of rows: more than any worksheet may have, yet few enough to iterate over.
pub const MAX_SHEET_ROWS: usize = 1 << 24;
/// The maximum number of columns: up to the column `ZZZ`.
pub const MAX_SHEET_COLUMNS: usize = 18_278;

/// The maximum numbers of cells and of bytes of text in a sheet; a larger sheet is refused.
const MAX_SHEET_CELLS: usize = 200_000_000;
const MAX_SHEET_TEXT_BYTES: usize = 1 << 30;

/// The limits of a scan, and its options for the values that it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanLimits {
    /// The length of the run of empty rows that ends the scan.
    pub empty_rows: Option<usize>,
    /// The length of the run of empty cells behind a value that ends a row.
    pub empty_columns: Option<usize>,
    /// The number of rows after which the scan ends.
    pub rows: Option<usize>,
    /// The maximum number of bytes for the cells and the text of the sheet; a larger sheet is refused. Without it, the reader's
    /// own limits hold.
    pub bytes: Option<usize>,
    /// Whether text of no length counts as a value, so that a row does not end before it.
    pub keep_blank_text: bool,
    /// Whether each cell of a merged range gets the value of the first cell.
    pub fill_merged: bool,
    /// Whether numbers fill their ranges, too: an amount in a range of three records is not three amounts.
    pub fill_numbers: bool,
    /// Whether columns without a value of their own get those of ranges, too.
    pub fill_spacers: bool,
}

impl ScanLimits {
    /// A scan without limits.
    pub const NONE: Self = Self {
        empty_rows: None,
        empty_columns: None,
        rows: None,
        bytes: None,
        keep_blank_text: false,
        fill_merged: false,
        fill_numbers: true,
        fill_spacers: true,
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

/// Whether the scan continues after a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanStep {
    Yes,
    /// A limit was reached, such as the run of empty rows: the scan ends.
    No,
}

/// The maximum number of rows behind the end of a scan that are searched for a value; rows that the file leaves out do not
/// count.
const MAX_ROWS_BELOW_END: usize = 10_000;

/// Builds a [`Sheet`] row by row.
#[derive(Default)]
pub struct SheetBuilder {
    title: String,
    limits: ScanLimits,
    groups: RowGroups,
    own_text: TextArena,
    shared_text: Arc<TextArena>,
    /// The cells of the row that is being read.
    row_cells: Vec<(u32, SheetCell)>,
    row_in_order: bool,
    late: Vec<(u32, PendingCell)>,
    cells_seen: usize,
    rows_seen: usize,
    empty_run: usize,
    width: usize,
    stopped: bool,
    /// The number of rows searched since the scan ended, and the first of them with a value.
    looked_at: usize,
    row_below: Option<usize>,
    findings: ScanFindings,
    zeros: ZeroCells,
    from_1904: bool,
}

impl SheetBuilder {
    /// Starts an empty sheet; `shared_text` holds the shared strings of its workbook.
    pub fn new(title: &str, limits: ScanLimits, shared_text: Arc<TextArena>) -> Self {
        Self {
            title: title.to_owned(),
            limits,
            shared_text,
            row_in_order: true,
            ..Self::default()
        }
    }

    /// Sets the day that the workbook counts from.
    pub fn set_epoch(&mut self, epoch: Epoch) {
        self.from_1904 = epoch == Epoch::Mac1904;
    }

    /// Sets the workbook's formats that show leading zeros; cells refer to them by their numbers.
    pub fn set_zeros(&mut self, formats: Arc<[ZeroFormat]>) {
        self.zeros.set_formats(formats);
    }

    /// Notes that a number is shown with leading zeros, by the format with that number; its row and column count from 0.
    pub fn note_zeros(&mut self, row: usize, column: usize, format: u16) {
        self.zeros.note(row, column, format);
    }

    /// Returns the limits of the scan.
    pub fn limits(&self) -> ScanLimits {
        self.limits
    }

    /// Notes a formula that was saved without a value; its row and column count from 0.
    pub fn note_formula_without_value(&mut self, row: usize, column: usize) {
        if self.stopped {
            return;
        }
        self.findings.formulas_without_value.note(row, column);
    }

    /// Notes a row that spreadsheet programs do not show; it counts from 0.
    pub fn note_hidden_row(&mut self, row: usize) {
        if self.stopped {
            return;
        }
        self.findings.hidden_rows.note(row);
    }

    /// Returns the facts that the scan found beside the cells.
    pub fn findings(&mut self) -> &mut ScanFindings {
        &mut self.findings
    }

    /// Returns the findings about the records of separated text.
    pub fn separated(&mut self) -> &mut SeparatedTextFacts {
        &mut self.findings.separated
    }

    /// Adds a merged range, unless it is a single cell.
    pub fn merge(&mut self, range: MergedRange) {
        if self.limits.bytes.is_some_and(|most| self.bytes() > most) {
            self.findings.merged_unknown = true;
        } else if !range.is_one_cell() {
            self.findings.merged.push(range);
        }
    }

    /// Merges a cell with further rows and columns, as far as sheets reach.
    pub fn merge_further(&mut self, (row, column): (usize, usize), (down, across): (usize, usize)) {
        let place = |row: usize, column: usize| {
            let (row, column) = (row.min(MAX_SHEET_ROWS), column.min(MAX_SHEET_COLUMNS));
            (row as u32, column as u32)
        };
        if down > 0 || across > 0 {
            let (first_row, first_column) = place(row, column);
            let (last_row, last_column) =
                place(row.saturating_add(down), column.saturating_add(across));
            self.merge(MergedRange {
                first_row,
                first_column,
                last_row,
                last_column,
            });
        }
    }

    /// Notes that the scan ended before it reached all merged ranges.
    pub fn leave_merged_unknown(&mut self) {
        self.findings.merged_unknown = true;
    }

    /// Returns the bytes that cells, text and merged ranges take so far.
    fn bytes(&self) -> usize {
        let late = self.late.len() * size_of::<(u32, PendingCell)>();
        let merged = self.findings.merged.len() * size_of::<MergedRange>();
        let formulas = self.findings.formulas_without_value.bytes();
        self.groups.bytes() + late + merged + formulas + self.zeros.bytes() + self.own_text.len()
    }

    /// Returns the number of rows read so far.
    pub fn rows_seen(&self) -> usize {
        self.rows_seen
    }

    /// Stores a text of this sheet and returns its cell.
    pub fn text_cell(&mut self, text: &str) -> SheetCell {
        if text.is_empty() {
            SheetCell::EMPTY_TEXT
        } else {
            SheetCell::text(self.own_text.push_deduplicated(text))
        }
    }

    /// Stores a text of this sheet.
    pub fn store_text(&mut self, text: &str) -> TextReference {
        self.own_text.push_deduplicated(text)
    }

    /// Returns a cell for a whole number of more than 64 bits, by its decimal digits.
    pub fn big_integer(&mut self, digits: &str) -> SheetCell {
        SheetCell {
            tag: CellTag::BigInteger,
            bits: self.store_text(digits).bits(),
        }
    }

    /// Adds a cell to the current row, which is row number `row`. If the cell is a number, it is shown in the format with the
    /// number `zeros`.
    pub fn push_shown(&mut self, row: usize, column: usize, cell: SheetCell, zeros: Option<u16>) {
        if let Some(format) = zeros.filter(|_| cell.tag.is_number()) {
            self.note_zeros(row, column, format);
        }
        self.push(column, cell);
    }

    /// Adds a cell to the row that is being read; an empty cell only overwrites an earlier one.
    #[inline]
    pub fn push(&mut self, column: usize, cell: SheetCell) {
        let column = column as u32;
        match self.row_cells.last() {
            Some(&(last, _)) if last >= column => self.row_in_order = false,
            None if cell.tag == CellTag::Empty => return,
            Some(_) if cell.tag == CellTag::Empty && self.row_in_order => return,
            _ => {}
        }
        self.row_cells.push((column, cell));
    }

    /// Ends the row that was being read: row number `row`, counted from 0.
    ///
    /// # Errors
    /// If the sheet has more rows, cells or text than the limits of reading.
    pub fn end_row(&mut self, row: usize) -> Result<ScanStep> {
        if self.stopped {
            return Ok(self.look_below(row));
        }
        if let Some(limit) = self.limits.rows
            && row >= limit
        {
            // A later row exists, so rows before it that the file leaves out are empty.
            self.rows_seen = self.rows_seen.max(limit);
            self.row_cells.clear();
            return Ok(ScanStep::No);
        }
        if row >= MAX_SHEET_ROWS {
            return Err(SourceError::BeyondLimits {
                sheet: self.title.clone(),
                reason: format!(
                    "row {} is beyond the limit of {MAX_SHEET_ROWS} rows; split the sheet",
                    row + 1
                ),
            });
        }
        self.cells_seen += self.row_cells.len();
        if self.cells_seen > MAX_SHEET_CELLS || self.own_text.len() > MAX_SHEET_TEXT_BYTES {
            return Err(SourceError::BeyondLimits {
                sheet: self.title.clone(),
                reason: format!(
                    "it holds more than {MAX_SHEET_CELLS} cells, or more than 1 GiB of text; split the sheet"
                ),
            });
        }
        if let Some(most) = self.limits.bytes
            && self.bytes() > most
        {
            let what = format!("sheet {:?}", self.title);
            return Err(SourceError::beyond_memory(&what, most));
        }
        if !self.row_in_order {
            self.sort_row();
        }
        if row < self.rows_seen {
            // A row that was read before, or skipped, is kept until the end of the sheet.
            let in_group = (row % GROUP_ROWS) as u16;
            let cells = self.row_cells.drain(..);
            self.late
                .extend(cells.map(|cell| (row as u32, PendingCell::new(in_group, cell))));
            return Ok(ScanStep::Yes);
        }
        // Rows that the file leaves out are empty.
        if self.count_empty_rows(row - self.rows_seen) == ScanStep::No {
            return Ok(self.look_below(row));
        }
        let width = self.trim_row();
        if width == 0 {
            self.row_cells.clear();
            self.count_empty_rows(1);
            return Ok(ScanStep::Yes);
        }
        self.empty_run = 0;
        self.rows_seen = row + 1;
        self.width = self.width.max(width);
        self.groups.store_row(row, width, &mut self.row_cells);
        Ok(ScanStep::Yes)
    }

    /// Returns whether the scan has ended and rows are skipped until one of them has a value; that row is reported, and none of
    /// them is read.
    pub fn is_looking_below(&self) -> bool {
        self.stopped
    }

    /// Skips a row behind the end of the scan.
    fn look_below(&mut self, row: usize) -> ScanStep {
        let has_value = |(_, cell): &(u32, SheetCell)| !cell.tag.counts_as_empty();
        if self.row_below.is_none() && row >= self.rows_seen && self.row_cells.iter().any(has_value)
        {
            self.row_below = Some(row);
        }
        self.row_cells.clear();
        self.row_in_order = true;
        self.looked_at += 1;
        let is_over = self.limits.rows.is_some_and(|limit| row >= limit);
        match self.row_below.is_some() || is_over || self.looked_at >= MAX_ROWS_BELOW_END {
            true => ScanStep::No,
            false => ScanStep::Yes,
        }
    }

    /// Adds `count` rows without cells.
    fn count_empty_rows(&mut self, count: usize) -> ScanStep {
        if let Some(limit) = self.limits.empty_rows
            && self.empty_run + count >= limit
        {
            // The last row of the run does not count.
            self.rows_seen += limit.saturating_sub(self.empty_run + 1);
            self.stopped = true;
            return ScanStep::No;
        }
        self.empty_run += count;
        self.rows_seen += count;
        ScanStep::Yes
    }

    /// Sorts a row's cells by column; of several cells in a column, the last one stays.
    fn sort_row(&mut self) {
        self.row_cells.sort_by_key(|&(column, _)| column);
        let mut kept: Vec<(u32, SheetCell)> = Vec::with_capacity(self.row_cells.len());
        for &cell in &self.row_cells {
            match kept.last_mut() {
                Some(last) if last.0 == cell.0 => *last = cell,
                _ => kept.push(cell),
            }
        }
        kept.retain(|(_, cell)| cell.tag != CellTag::Empty);
        self.row_cells = kept;
        self.row_in_order = true;
    }

    /// Cuts the row where the limits end it, and returns the number of its columns.
    fn trim_row(&mut self) -> usize {
        let mut width = 0;
        let mut kept = 0;
        for (index, &(column, cell)) in self.row_cells.iter().enumerate() {
            let is_blank_text = cell.tag == CellTag::EmptyText && self.limits.keep_blank_text;
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

    /// Adds the cells that came out of order to the stored cells, and cuts their rows again.
    fn merge_late_cells(&mut self) {
        let mut late = std::mem::take(&mut self.late);
        late.sort_by_key(|&(row, _)| row);
        for rows in late
            .chunk_by(|cell, other| cell.0 as usize / GROUP_ROWS == other.0 as usize / GROUP_ROWS)
        {
            let group_index = rows[0].0 as usize / GROUP_ROWS;
            let mut cells = self.groups.reopen(group_index);
            cells.extend(rows.iter().map(|&(_, pending)| pending));
            // The sort is stable, so of several cells at one position the last one stays.
            cells.sort_by_key(|pending| pending.row);
            for row_cells in cells.chunk_by(|cell, other| cell.row == other.row) {
                let row = group_index * GROUP_ROWS + usize::from(row_cells[0].row);
                self.row_cells.clear();
                self.row_cells
                    .extend(row_cells.iter().map(PendingCell::cell));
                self.sort_row();
                let width = self.trim_row();
                self.width = self.width.max(width);
                self.groups.store_row(row, width, &mut self.row_cells);
            }
        }
    }

    /// Ends the sheet of a file that states no extent at its last row with a value, counted from 1; 0 if there is none.
    pub fn finish_rows(self, last_row: usize) -> Sheet {
        self.finish((last_row > 0).then(|| DeclaredExtent::of_rows(last_row)))
    }

    /// Ends the sheet. `declared` is the extent that the file states.
    pub fn finish(mut self, declared: Option<DeclaredExtent>) -> Sheet {
        self.merge_late_cells();
        self.own_text.finish();
        let truncated_rows = if self.stopped {
            declared
                .map_or(0, |declared| declared.last_row)
                .saturating_sub(self.rows_seen)
        } else {
            0
        };
        self.findings.merged.sort_unstable();
        self.findings.merged.dedup();
        self.zeros.finish();
        let mut sheet = Sheet {
            groups: self.groups.finish(),
            findings: self.findings,
            facts: ScanFacts {
                rows_emitted: self.rows_seen,
                stopped_early: self.stopped,
                truncated_rows,
                row_below: self.row_below,
                width: self.width,
                from_1904: self.from_1904,
            },
            declared,
            zeros: self.zeros,
            own_text: Arc::new(self.own_text),
            shared_text: self.shared_text,
        };
        if self.limits.fill_merged {
            let limits = self.limits;
            filling::fill(
                &mut sheet,
                self.cells_seen,
                limits.fill_numbers,
                limits.fill_spacers,
            );
        }
        sheet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(rows: &[(usize, &[(usize, i64)])], limits: ScanLimits) -> Sheet {
        let mut builder = SheetBuilder::new("Sheet", limits, Arc::new(TextArena::new()));
        for (row, cells) in rows {
            for &(column, value) in *cells {
                builder.push(column, SheetCell::integer(value));
            }
            if builder.end_row(*row).unwrap() == ScanStep::No {
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
            .map(|cell| (cell.tag != CellTag::Empty).then(|| cell.as_integer()))
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
        let mut builder = SheetBuilder::new("Sheet", ScanLimits::NONE, Arc::new(TextArena::new()));
        for group in 0..64 {
            builder.push(18_000, SheetCell::integer(1));
            builder.end_row(group * GROUP_ROWS + 1023).unwrap();
        }
        let sheet = builder.finish(None);
        assert!(sheet.heap_bytes() < 64 * 16);
        assert_eq!(sheet.cell(1023, 18_000), SheetCell::integer(1));
    }
}
