//! Opens tables: each header row begins a table, which reaches to the next header row. Adjacent header rows are one block.
//!
//! If detectors found data but no header, or nothing at all, the header is guessed. If a user has named the header, it is used.

use std::ops::Range;

use super::{SheetRowView, SheetView, Span, UserChoice};
use crate::layout::RowKind;

impl SheetView<'_> {
    /// Opens the tables of the sheet, from top to bottom. A sheet with any value has at least one.
    pub(super) fn open_tables(&mut self) {
        let is_merged = self.settings.merge_stacked_headers;
        let all = 0..self.kinds.len();
        self.spans = match &self.settings.choice {
            None => tables_within(self.rows, &self.kinds, all, self.best_header, is_merged),
            Some(choice) => self.chosen_tables(choice),
        };
    }

    /// Returns the tables of a sheet whose header or tables a user has named.
    fn chosen_tables(&self, choice: &UserChoice) -> Vec<Span> {
        let count = self.kinds.len();
        let (rows, columns) = choice.area.clone().unwrap_or((0..count, 0..usize::MAX));
        let last = rows.end.min(count);
        let rows = rows.start.min(last)..last;
        let mut found = match &choice.header_rows {
            Some(header) if header.is_empty() => {
                let mut filled = self.rows.filled_rows(rows);
                let is_record =
                    |row: &usize| ![RowKind::Note, RowKind::Title].contains(&self.kinds[*row]);
                let start = filled.clone().find(is_record).or_else(|| filled.next());
                start
                    .map(|start| Span::new(start, 0, last))
                    .into_iter()
                    .collect()
            }
            Some(header) if header.end > last => Vec::new(),
            Some(header) => vec![Span::new(header.start, header.len(), last)],
            None => {
                let best = self.best_header.filter(|row| rows.contains(row));
                let is_merged = self.settings.merge_stacked_headers;
                tables_within(self.rows, &self.kinds, rows, best, is_merged)
            }
        };
        for span in &mut found {
            span.columns = columns.clone();
        }
        found
    }
}

/// Returns the tables among some rows. `best` is the row with the highest header score.
fn tables_within(
    rows: SheetRowView<'_>,
    kinds: &[RowKind],
    among: Range<usize>,
    best: Option<usize>,
    merge_stacked_headers: bool,
) -> Vec<Span> {
    let mut tables: Vec<Span> = Vec::new();
    for row in among.clone() {
        match (kinds[row], tables.last_mut()) {
            (RowKind::Data, None) if row > among.start => {
                // A record without a header uses the row above as its header, or itself if that row is blank.
                let start = row - usize::from(!rows.is_empty(row - 1));
                tables.push(Span::guessed(start, among.end));
            }
            (RowKind::Header, Some(open)) if open.is_guessed => {
                *open = Span::new(row, 1, among.end);
            }
            (RowKind::Header, Some(open)) if merge_stacked_headers && row == open.data_start() => {
                open.header_rows += 1;
            }
            (RowKind::Header, open) => {
                if let Some(open) = open {
                    open.stop = row;
                }
                tables.push(Span::new(row, 1, among.end));
            }
            _ => {}
        }
    }
    if tables.is_empty() {
        let first = || rows.filled_rows(among.clone()).next();
        tables.extend(best.or_else(first).map(|row| Span::guessed(row, among.end)));
    }
    tables
}
