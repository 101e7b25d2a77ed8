//! Finds the end of a table: above the form of the next table, at blank rows if the settings say so, and above its notes, which
//! are the rows of texts below its last record that fill few of its columns. Small tables among the notes become tables.

use std::ops::Range;

use foldhash::HashSet;

use super::columns::is_small_table;
use super::{KeptRowReason, SheetNotice, SheetRowView, SheetView, Span};
use crate::layout::RowKind;

/// The maximum number of texts in a row of a form, and of rows of a form above a table.
const MAX_FORM_TEXTS: usize = 4;
const MAX_FORM_ROWS: usize = 200;
/// The number of first rows that determine the width of a table without a header row.
const MAX_FIRST_ROWS: usize = 20;
/// The maximum number of characters of a footnote mark in a cell of its own, and the minimum of its text.
const MAX_MARK_CHARS: usize = 2;
const MIN_REMARK_CHARS: usize = 12;

impl SheetView<'_> {
    /// Ends tables above the form of the next one: at the first row with a label that some field asks for.
    pub(super) fn end_above_forms(&mut self) {
        let Some(is_label) = self.is_label else {
            return;
        };
        let texts = |row: usize| self.rows.texts(row).len();
        for at in 1..self.spans.len() {
            let following = self.spans[at].start;
            let span = &mut self.spans[at - 1];
            let first = span.data_start();
            let mut found = None;
            for row in (first.max(following.saturating_sub(MAX_FORM_ROWS))..following).rev() {
                if is_label(row) {
                    found = Some(row);
                } else if texts(row) > MAX_FORM_TEXTS {
                    break;
                }
            }
            if let Some(mut row) = found {
                // The title of a form is above its first label.
                while row > first && texts(row - 1) == 1 {
                    row -= 1;
                }
                span.stop = span.stop.min(row);
            }
        }
    }

    /// Ends tables above their notes, and at blank rows if the settings say so.
    pub(super) fn end_tables(&mut self) {
        let (is_2026, blank_rows) = (self.settings.is_2026, self.settings.blank_rows);
        if !is_2026 && blank_rows == 0 {
            return;
        }
        let mut left_out = Vec::new();
        if is_2026 {
            self.join_strays();
        }
        for mut span in std::mem::take(&mut self.spans) {
            let before = span.stop;
            if blank_rows > 0 {
                span.stop = first_gap(self.rows, &span, blank_rows);
            }
            let mut rows: Vec<usize> = (span.stop..before).collect();
            let mut small = Vec::new();
            if is_2026 {
                let end = span.stop;
                span.stop = self.first_note(&span);
                let kept = below_records(self.rows, &span, end);
                if kept > span.stop {
                    let notes = (span.stop..kept).collect();
                    self.told
                        .push(SheetNotice::Kept(notes, KeptRowReason::Note));
                    span.stop = kept;
                }
                small = small_tables(self.rows, span.stop..end);
                let is_in_small =
                    |row: &usize| small.iter().any(|one| (one.start..one.stop).contains(row));
                rows = (span.stop..end)
                    .filter(|row| !is_in_small(row))
                    .chain(rows)
                    .collect();
            }
            left_out.extend(rows.into_iter().filter(|&row| !self.rows.is_empty(row)));
            self.spans.push(span);
            self.spans.extend(small);
        }
        if !left_out.is_empty() {
            let records = self.spans.iter().map(Span::data);
            let kept = records
                .flat_map(|among| self.rows.filled_rows(among))
                .count();
            let are_more = left_out.len() > kept;
            self.told
                .push(SheetNotice::LeftOutBelow(left_out, are_more));
        }
    }

    /// Joins a later table that has one name and at most one record to the table above: it is a remark beside the notes.
    fn join_strays(&mut self) {
        let mut found: Vec<Span> = Vec::new();
        for span in std::mem::take(&mut self.spans) {
            let records = self.rows.filled_rows(span.data());
            let records: Vec<usize> = records.collect();
            let mut rows = [span.start].into_iter().chain(records.iter().copied());
            let is_stray = span.header_rows > 0
                && records.len() < 2
                && rows.all(|row| self.rows.texts_within(row, &span.columns).len() == 1);
            match found.last_mut() {
                Some(above) if is_stray => {
                    self.kinds[span.start..span.stop].fill(RowKind::Note);
                    above.stop = span.stop;
                }
                _ => found.push(span),
            }
        }
        self.spans = found;
    }

    /// Returns the row below a table's last row that is no note, or the table's end if it has no notes there.
    fn first_note(&self, span: &Span) -> usize {
        let names = count_names(self.rows, span);
        let end = self.first_footnote(span, names);
        let (mut stop, mut has_notes) = (end, end < span.stop);
        for row in (span.data_start()..end).rev() {
            if !self.rows.is_empty(row) {
                let kind = self.kinds[row];
                if ![RowKind::Note, RowKind::Title, RowKind::Group].contains(&kind)
                    || !is_thin(self.rows, span, row, names)
                {
                    break;
                }
                has_notes |= kind != RowKind::Group;
            }
            stop = row;
        }
        if has_notes { stop } else { span.stop }
    }

    /// Returns the first of the rows at the end of a table that explain marks of its cells: `1` beside a text, below cells that
    /// end with `(1)` or with a sign. The notes may have a header of their own.
    fn first_footnote(&self, span: &Span, names: usize) -> usize {
        let pair = |row: usize| -> Option<(String, String)> {
            let cells = self.rows.filled_within(row, &span.columns);
            let texts: Vec<String> = cells.map(|column| self.rows.text_at(row, column)).collect();
            <[String; 2]>::try_from(texts).ok().map(Into::into)
        };
        let mut marks: Vec<String> = Vec::new();
        let mut first = span.stop;
        for row in span.data().rev() {
            if self.rows.is_empty(row) {
                continue;
            }
            let is_source = || {
                let texts = self.rows.texts_within(row, &span.columns);
                texts.len() == 1 && self.kinds[row] == RowKind::Note
            };
            match pair(row) {
                None if marks.is_empty() && is_source() => {}
                Some((mark, text))
                    if mark.chars().count() <= MAX_MARK_CHARS && !is_value(&text) =>
                {
                    marks.push(mark.trim_matches(['(', ')']).to_owned());
                    first = row;
                }
                _ => break,
            }
        }
        if marks.is_empty() || names <= 2 {
            return span.stop;
        }
        let has = |text: &str, mark: &String| {
            let is_sign = !mark.contains(char::is_alphanumeric);
            text.ends_with(&format!("{mark})"))
                || is_sign && text.len() > mark.len() && text.ends_with(mark.as_str())
        };
        let is_marked = |row: usize| {
            let texts = self.rows.texts_within(row, &span.columns).into_iter();
            let mut ends = texts.map(|(_, text)| text);
            ends.any(|text| marks.iter().any(|mark| has(&text, mark)))
        };
        // Marks in cells of their own must all be explained.
        let stands_alone = |mark: &String| {
            let texts = |row: usize| self.rows.texts_within(row, &span.columns);
            (span.data_start()..first)
                .flat_map(texts)
                .any(|(column, text)| column > span.columns.start && text == *mark)
        };
        let are_alone = || marks.len() > 1 && marks.iter().all(stands_alone);
        if !(span.data_start()..first).any(is_marked) && !are_alone() {
            return span.stop;
        }
        let above = self.rows.filled_rows(span.data_start()..first).next_back();
        let is_header = |row: &usize| {
            pair(*row).is_some_and(|(first, other)| !is_value(&first) && !is_value(&other))
                && !is_marked(*row)
        };
        above.filter(is_header).unwrap_or(first)
    }
}

/// Returns whether a text begins with a digit, as values do.
fn is_value(text: &str) -> bool {
    text.starts_with(|c: char| c.is_numeric() || c == '-')
}

/// Returns the row at which a table has `blank_rows` blank rows below a filled one, or the table's end.
fn first_gap(rows: SheetRowView<'_>, span: &Span, blank_rows: usize) -> usize {
    let (mut run, mut has_data) = (0, false);
    for row in span.data() {
        if !rows.is_empty(row) {
            (run, has_data) = (0, true);
        } else if has_data {
            run += 1;
            if run == blank_rows {
                return row + 1 - run;
            }
        }
    }
    span.stop
}

/// Returns the row below the last of the rows under a table that look like notes, but are records of text.
///
/// They follow the table without a blank row. Most notes begin in the first column; records also begin under a name further
/// right. If no record would be left, all of these rows stay.
fn below_records(rows: SheetRowView<'_>, span: &Span, end: usize) -> usize {
    let header = span.header();
    let named: HashSet<usize> = header
        .flat_map(|row| rows.filled_within(row, &span.columns))
        .collect();
    let first = named.iter().min();
    let (mut found, mut row) = (span.stop, span.stop);
    while row < end && !rows.is_empty(row) {
        let filled = span.columns.start..usize::MAX;
        let columns: Vec<usize> = rows.filled_within(row, &filled).collect();
        let begins_list = |&column: &usize| rows.text_at(row, column).ends_with(':');
        if columns.first().is_none_or(begins_list) {
            // "Sources:" and the indented lines below it are notes.
            break;
        }
        let is_named = columns.iter().all(|column| named.contains(column));
        // Below such a record, a row of several cells under names is also a record.
        let is_next =
            found > span.stop && columns.len() > 1 && !is_marked(rows, row, &(0..usize::MAX));
        row += 1;
        if is_named && (Some(&columns[0]) > first || is_next) {
            found = row;
        }
    }
    if found == span.data_start() && found < row {
        row
    } else {
        found
    }
}

/// Returns the tables of a few cells among the notes below a table: between blank rows, with names above values in the same
/// columns.
fn small_tables(rows: SheetRowView<'_>, among: Range<usize>) -> Vec<Span> {
    let mut tables = Vec::new();
    let mut row = among.start;
    while row < among.end {
        let first = row;
        while row < among.end && !rows.is_empty(row) {
            row += 1;
        }
        // Rows that follow the table directly belong to its notes.
        if row > first + 1
            && first > among.start
            && is_small_table(rows, first..row, &(0..usize::MAX))
        {
            tables.push(Span::new(first, 1, row));
        }
        row += usize::from(row == first);
    }
    tables
}

/// Returns the number of columns that a table's header names; without a header row, the number that its fullest record fills.
pub fn count_names(rows: SheetRowView<'_>, span: &Span) -> usize {
    let texts = |row: usize| rows.texts_within(row, &span.columns);
    if span.header_rows > 0 {
        let header = span.header().flat_map(texts);
        return header.map(|(_, text)| text).collect::<HashSet<_>>().len();
    }
    let first = span.start..span.stop.min(span.start + MAX_FIRST_ROWS);
    first.map(|row| texts(row).len()).max().unwrap_or(0)
}

/// Returns whether a row has few values compared with the table's header. Full rows are never left out for their looks.
pub fn is_thin(rows: SheetRowView<'_>, span: &Span, row: usize, names: usize) -> bool {
    names > 2 && is_marked(rows, row, &span.columns)
        || rows.texts_within(row, &span.columns).len() * 2 <= names
}

/// Returns whether a row is a footnote with its mark in a cell of its own.
fn is_marked(rows: SheetRowView<'_>, row: usize, columns: &Range<usize>) -> bool {
    let filled = rows
        .filled_within(row, columns)
        .map(|column| rows.cell(row, column));
    let lengths: Vec<usize> = filled
        .map(|cell| rows.text(cell).chars().count())
        .take(3)
        .collect();
    matches!(lengths[..], [mark, text] if mark <= MAX_MARK_CHARS && text >= MIN_REMARK_CHARS)
}
