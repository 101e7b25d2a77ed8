//! Handles tables without a header row, whose first record stays a record. A row that was guessed to be the header may be the
//! first record; its looks, the words of fields, and values that no header has decide this. Uncertain decisions are reported,
//! so no row is lost silently.

use std::collections::BTreeMap;
use std::ops::Range;

use foldhash::HashSet;

use super::rows::{MAX_COMPARED_ROWS, MIN_RECORD_CELLS, ValueKind, is_period};
use super::units::is_unit;
use super::{HeaderDoubtReason, KeptRowReason, SheetNotice, SheetView, Span};
use crate::cells::{CellTag, SheetCell};
use crate::layout::{RowKind, RowState};

/// A header row with a lower likelihood is reported as doubtful.
const SURE: f64 = 0.75;
/// A row among records with a higher likelihood of being a header is reported.
const MIN_HEADER: f64 = 0.2;
/// A row right below the header with a higher likelihood of belonging to it is reported.
const MIN_LAST: f64 = 0.25;
/// The number of rows that are examined at both ends of a stretch above the header row.
const MAX_ABOVE_ROWS: usize = 100;
/// The maximum number of rows of one cell above a header that are its titles.
const MAX_TITLES: usize = 3;

impl SheetView<'_> {
    /// Moves the beginning of tables to their first records if these were taken for a header row or are above it.
    pub(super) fn keep_records(&mut self) {
        let first = self.settings.first_row();
        let mut spans = std::mem::take(&mut self.spans);
        let Some(span) = spans.first_mut() else {
            return;
        };
        if span.is_guessed {
            self.judge_guess(span, first, false);
        }
        let above = self.above(&spans[0], first);
        let mut coming: Vec<Span> = above.into_iter().chain(spans).rev().collect();
        while let Some(mut span) = coming.pop() {
            let mut below = None;
            if self.is_on_its_side(&span) {
                // The row that was taken for the header is the first line of names and values.
                span.header_rows = 0;
            } else if span.header_rows > 0 && !span.is_guessed {
                let freed = self.free_first_records(&mut span);
                below = self.doubt(&mut span);
                self.report_row_below(&span, freed);
            }
            self.report_other_headers(&span);
            coming.extend(below);
            self.spans.push(span);
        }
    }

    /// Returns the filled cells of a row. A filled merged range has the same text in each of its cells, and counts once.
    fn distinct_cells(&self, row: usize) -> Vec<SheetCell> {
        let texts = self.rows.texts(row).into_iter();
        texts
            .map(|(column, _)| self.rows.cell(row, column))
            .collect()
    }

    fn is_word(&self, cell: SheetCell) -> bool {
        self.rows.field_of(cell, self.words).is_some()
    }

    fn has_known_word(&self, row: usize) -> bool {
        self.distinct_cells(row)
            .into_iter()
            .any(|cell| self.is_word(cell))
    }

    fn value_kinds(&self, row: usize) -> HashSet<ValueKind> {
        let cells = self.distinct_cells(row).into_iter();
        cells.filter_map(|cell| self.rows.kind(cell)).collect()
    }

    /// Returns whether a row has a value that no header has: an address, a number that is no year, a day.
    pub(super) fn has_values(&self, row: usize) -> bool {
        self.distinct_cells(row)
            .into_iter()
            .any(|cell| self.rows.kind(cell).is_some())
    }

    fn state(&self, row: usize) -> Option<RowState> {
        self.looks.row(row).map(|looks| looks.state)
    }

    /// Returns the likelihood of a header by the looks of a row.
    fn header_likelihood(&self, row: usize) -> f64 {
        let looks = self.looks.row(row);
        looks.map_or(0.0, |looks| looks.likelihoods[RowState::Header as usize])
    }

    /// Returns whether a row that was guessed to be the header is a record.
    fn is_record(&self, row: usize) -> bool {
        let state = self.state(row);
        if state == Some(RowState::Header)
            || self.has_known_word(row)
            || self.rows.likeness_below(row) < 0
        {
            return false;
        }
        let is_data = matches!(state, Some(RowState::Data | RowState::Total))
            && [RowKind::Data, RowKind::Total].contains(&self.kinds[row]);
        is_data || self.has_values(row)
    }

    /// Moves the beginning of a table with a guessed header row to its first record, or reports doubts.
    fn judge_guess(&mut self, span: &mut Span, first: usize, is_above: bool) {
        let row = span.start;
        let width = self.distinct_cells(row).len();
        let is_followed = row + 1 < span.stop && self.kinds[row + 1] == RowKind::Data;
        let is_thin = is_followed && width * 2 <= self.distinct_cells(row + 1).len();
        if self.is_record(row) {
            span.header_rows = 0;
        } else if is_thin && !self.has_known_word(row) {
            if self.rows.likeness_below(row + 1) < 0 {
                // This is a title above names over values.
                span.start += 1;
                self.told.push(SheetNotice::Doubt(
                    vec![span.start],
                    HeaderDoubtReason::Looks,
                ));
                return;
            }
            // A title or a section head is above the first record.
            span.header_rows = 0;
            span.start += usize::from(self.kinds[row] != RowKind::Group);
        } else if is_followed {
            self.told
                .push(SheetNotice::Doubt(vec![row], HeaderDoubtReason::Looks));
            return;
        } else if let Some(record) = self.lone_record(span, first) {
            (span.start, span.header_rows) = (record, 0);
        } else {
            // Another notice reports that no table was found. Rows above the one that was taken are kept if they are as full.
            let mut above = first..row;
            let as_full = above.find(|&other| self.distinct_cells(other).len() >= width.max(2));
            span.start = as_full.unwrap_or(row);
            return;
        }
        let mut records = span.start..span.stop;
        let record = records.find(|&row| self.kinds[row] != RowKind::Group);
        let record = record.unwrap_or(span.start);
        self.told.push(SheetNotice::NoHeader(record, is_above));
    }

    /// Returns the only record of a sheet that has little else, such as a title: a full row with values.
    fn lone_record(&self, span: &Span, first: usize) -> Option<usize> {
        let is_full = |row: usize| self.distinct_cells(row).len() >= MIN_RECORD_CELLS;
        if is_full(span.start) {
            return None;
        }
        let mut rows = first..span.stop.min(self.kinds.len());
        rows.find(|&row| is_full(row))
            .filter(|&row| self.is_record(row))
    }

    /// Returns tables of the records above the first header row. Reports lines of names and values there, and other rows that
    /// are lost.
    fn above(&mut self, span: &Span, first: usize) -> Vec<Span> {
        let last = span.data_start().saturating_sub(1).max(span.start);
        let names = self.distinct_cells(last).len();
        let mut tables: Vec<Span> = Vec::new();
        let mut left_out: Vec<usize> = Vec::new();
        for block in self.blocks(first..span.start) {
            let ends = if block.len() > 2 * MAX_ABOVE_ROWS {
                let (head, foot) = (block.start + MAX_ABOVE_ROWS, block.end - MAX_ABOVE_ROWS);
                [block.start..head, foot..block.end]
            } else {
                [block.clone(), 0..0]
            };
            let widths: BTreeMap<usize, usize> = ends
                .into_iter()
                .flatten()
                .map(|row| (row, self.distinct_cells(row).len()))
                .collect();
            let is_record = |row: usize| {
                !self.is_labelled(row)
                    && (self.kinds[row] == RowKind::Data && widths[&row] > 1
                        || self.is_like(row, span.data_start()))
            };
            let records: Vec<usize> = widths
                .keys()
                .copied()
                .filter(|&row| is_record(row))
                .collect();
            let widest = records.iter().map(|row| widths[row]).max().unwrap_or(0);
            // Two lines of two cells are names and values. So is a line with two such pairs beside each other.
            let is_wide = widest >= MIN_RECORD_CELLS && widest * 2 > names;
            let are_many = is_wide || records.len() >= MIN_RECORD_CELLS;
            if records.len() * 2 <= widths.len() || !are_many {
                // A title is one cell in a row of its own, and so are a few rows below it.
                let is_more = |(&row, &width): (&usize, &usize)| {
                    width > 1 || self.kinds[row] == RowKind::Data
                };
                if widths.len() > MAX_TITLES || widths.iter().any(is_more) {
                    left_out.extend(widths.keys());
                }
            } else if let Some(table) = tables.last_mut()
                && left_out.is_empty()
            {
                // There may be blank rows within a table.
                table.stop = block.end;
            } else {
                let mut begin = records[0];
                while begin > block.start
                    && (self.kinds[begin - 1] == RowKind::Group || begin == records[0])
                {
                    begin -= 1;
                }
                tables.push(Span::guessed(begin, block.end));
            }
        }
        for table in &mut tables {
            self.judge_guess(table, table.start, true);
        }
        if !left_out.is_empty() {
            self.told.push(SheetNotice::LeftOutAbove(left_out));
        }
        tables
    }

    /// Returns whether a row begins with a label that ends with a colon.
    fn is_labelled(&self, row: usize) -> bool {
        let first = self.rows.texts(row).into_iter().next();
        first.is_some_and(|(_, text)| text.ends_with(':'))
    }

    /// Returns the stretches of rows without a blank row between them.
    fn blocks(&self, rows: Range<usize>) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for row in self.rows.filled_rows(rows) {
            match found.last_mut() {
                Some(block) if block.end == row => block.end = row + 1,
                _ => found.push(row..row + 1),
            }
        }
        found
    }

    /// Returns whether two rows have the same kinds of cells in their columns, with values among them.
    pub(super) fn is_like(&self, row: usize, other: usize) -> bool {
        if other >= self.kinds.len() {
            return false;
        }
        let sheet = self.rows.sheet;
        let (mut count, mut same) = (0, 0);
        for column in self.rows.filled(row) {
            let below = sheet.cell(other, column);
            if !sheet.is_blank(below) {
                let kinds = [sheet.cell(row, column), below].map(|cell| self.rows.kind(cell));
                count += 1;
                same += usize::from(kinds[0] == kinds[1]);
            }
        }
        same >= MIN_RECORD_CELLS && same * 5 >= count * 4
    }

    /// Keeps the records of a header block that was recognised by its looks, and reports doubts. Returns the table whose header
    /// was part of the block, below such a record.
    fn doubt(&mut self, span: &mut Span) -> Option<Span> {
        let rows: Vec<usize> = span
            .header()
            .filter(|&row| self.kinds[row] == RowKind::Header && !self.rows.is_empty(row))
            .collect();
        let (&top, &last) = (rows.first()?, rows.last()?);
        if rows
            .iter()
            .any(|&row| self.state(row) != Some(RowState::Header))
        {
            // A detector that knows more than the looks took it for the header.
            return None;
        }
        let is_weak = |row: usize| self.header_likelihood(row) < SURE;
        let is_address = |kind: &ValueKind| matches!(kind, ValueKind::Email | ValueKind::Phone);
        let unknown: Vec<usize> = rows
            .iter()
            .copied()
            .filter(|&row| !self.has_known_word(row) && self.rows.likeness_below(row) >= 0)
            .collect();
        for &row in &unknown {
            let kinds = self.value_kinds(row);
            let is_doubtful = !kinds.is_empty() && is_weak(row);
            if row > span.start && (kinds.iter().any(is_address) || kinds.len() > 1 || is_doubtful)
            {
                self.told
                    .push(SheetNotice::Kept(vec![row], KeptRowReason::PartOfHeader));
                let stop = span.data_start();
                span.header_rows = row - span.start;
                let mut below = rows.iter().copied();
                let below = below.find(|&other| other > row && self.rows.is_empty(other - 1))?;
                let mut other = span.clone();
                (other.start, other.header_rows) = (below, stop - below);
                span.stop = below;
                return Some(other);
            }
            if row == span.start && kinds.len() > 1 && (span.header_rows == 1 || is_doubtful) {
                // A lone record below a title looks more like a header than like anything else.
                span.header_rows = 0;
                self.told.push(SheetNotice::NoHeader(row, false));
                return None;
            }
        }
        let addressed = rows
            .iter()
            .copied()
            .find(|&row| self.value_kinds(row).iter().any(is_address));
        let mut below = span.data();
        let is_apart = !below.is_empty() && self.rows.is_empty(below.start);
        let weak: Vec<usize> = rows
            .iter()
            .copied()
            .filter(|&row| is_weak(row) && !self.has_known_word(row))
            .collect();
        let (doubtful, why) = if let Some(row) = addressed {
            (vec![row], HeaderDoubtReason::Address)
        } else if weak == rows && (rows == unknown || is_apart) {
            (rows, HeaderDoubtReason::Looks)
        } else if weak.contains(&last) && unknown.contains(&last) {
            let both = weak.into_iter().filter(|row| unknown.contains(row));
            (both.collect(), HeaderDoubtReason::Looks)
        } else if weak.contains(&top) {
            (vec![top], HeaderDoubtReason::Looks)
        } else if rows == unknown
            && self.distinct_cells(last).len() > 1
            && below.all(|row| self.rows.is_empty(row))
        {
            (rows, HeaderDoubtReason::NothingBelow)
        } else {
            return None;
        };
        self.told.push(SheetNotice::Doubt(doubtful, why));
        None
    }

    /// Turns the rows of a header block below names of fields into records, unless a word, unit or gap contradicts. Returns how
    /// many. Below one known name, rows are records if they are as full as the row of names. Otherwise, and below unknown
    /// names, they are reported.
    fn free_first_records(&mut self, span: &mut Span) -> usize {
        let sheet = self.rows.sheet;
        let said = span.unnamed.iter().map(|(row, _)| row + 1).max();
        let others = said.unwrap_or(span.start + 1)..span.data_start();
        let names: Vec<usize> = self.rows.filled(span.start).collect();
        let different: HashSet<String> = names
            .iter()
            .map(|&column| self.rows.text_at(span.start, column))
            .collect();
        let (false, Some(&key)) = (others.is_empty(), names.first()) else {
            return 0;
        };
        if different.len() < names.len().max(2) {
            return 0;
        }
        let begins_small = |row: usize| {
            let text = self.rows.as_text(sheet.cell(row, key));
            text.is_some_and(|text| text.starts_with(char::is_lowercase))
        };
        let counts = |cell: SheetCell| {
            let text = self.rows.text(cell);
            let digits: String = text.chars().take_while(|c| !c.is_alphabetic()).collect();
            let behind = text[digits.len()..].starts_with(char::is_alphabetic);
            // "1000 EUR" is a unit.
            let is_power = digits
                .chars()
                .all(|c| !c.is_numeric() || matches!(c, '0' | '1'));
            behind && !is_power && digits.starts_with(char::is_numeric)
        };
        let known = self
            .rows
            .count_fields(&self.distinct_cells(span.start), self.words);
        let is_lower = span.data_start() < span.stop && begins_small(span.data_start());
        let (mut is_full, mut has_units) = (true, false);
        for row in others.clone() {
            let filled: Vec<usize> = self.rows.filled(row).collect();
            let is_word = |&column: &usize| self.is_word(sheet.cell(row, column));
            if filled.first() != Some(&key)
                || filled.len() < 2
                || !filled.iter().all(|column| names.contains(column))
                || filled.iter().any(is_word)
            {
                return 0;
            }
            is_full &= filled.len() == names.len();
            // Below names of fields only, "24 jars" is a value.
            if known == names.len() && filled.iter().any(|&column| counts(sheet.cell(row, column)))
            {
                continue;
            }
            let is_unit = |&&column: &&usize| self.says_more(sheet.cell(row, column));
            let units = filled[1..].iter().filter(is_unit).count();
            if begins_small(row) && !is_lower || units * 2 >= filled.len() {
                return 0;
            }
            has_units |= units > 0;
        }
        if has_units || known < 2 && !(known > 0 && is_full) {
            if known > 0 || is_full {
                let doubt =
                    SheetNotice::Doubt(others.collect(), HeaderDoubtReason::TextsBelowNames);
                self.told.push(doubt);
            }
            return 0;
        }
        span.header_rows = others.start - span.start;
        self.kinds[others.clone()].fill(RowKind::Data);
        others.len()
    }

    /// Returns whether a cell adds to the name above it: a unit, a remark in brackets, a period.
    fn says_more(&self, cell: SheetCell) -> bool {
        let text = self.rows.text(cell);
        text.starts_with(['(', '['])
            || !text.starts_with('-') && is_unit(&format!("({text})"))
            || is_period(&text, cell.tag == CellTag::Text)
    }

    /// Reports the first row below a header that may be part of it, or the rows that were removed from it.
    fn report_row_below(&mut self, span: &Span, freed: usize) {
        let mut below = span.data();
        let row = below.find(|&row| !self.rows.is_empty(row) && self.kinds[row] != RowKind::Rule);
        if let Some(row) = row
            && span.header_rows > 0
            && self.kinds[row] != RowKind::Header
        {
            let likely = self.header_likelihood(row);
            if freed > 0 || likely >= MIN_LAST {
                let rows = row..row + freed.max(1);
                self.told
                    .push(SheetNotice::Below(rows, likely, self.kinds[row]));
            }
        }
    }

    /// Reports the rows of a table that look somewhat like the header of another table, but were kept as records.
    fn report_other_headers(&mut self, span: &Span) {
        let among = span.data_start() + 1..span.stop.saturating_sub(1);
        let looked_at = self.looks.looked_at(among);
        let is_header = |row: usize| {
            let kind = self.kinds[row];
            let is_like = kind == RowKind::Data
                && (self.header_likelihood(row) >= MIN_HEADER || self.rows.is_empty(row - 1))
                && self.distinct_cells(row).len() > 1
                && !self.has_values(row)
                && self.rows.likeness_below(row) < 0;
            let may_be = [RowKind::Data, RowKind::Note, RowKind::Title].contains(&kind);
            is_like || self.settings.is_explained() && may_be && self.is_other_header(span, row)
        };
        let found: Vec<usize> = looked_at.filter(|&row| is_header(row)).collect();
        if !found.is_empty() {
            self.told
                .push(SheetNotice::Kept(found, KeptRowReason::OtherHeader));
        }
    }

    /// Returns whether a row of names below a blank row is above texts only, or above texts in a column of values: nothing
    /// distinguishes such a header from a record.
    fn is_other_header(&self, span: &Span, row: usize) -> bool {
        if !self.rows.begins_block(row)
            || !self.rows.are_names(row)
            || self.kinds[row + 1] == RowKind::Header
        {
            return false;
        }
        let sheet = self.rows.sheet;
        let far = (row + MAX_COMPARED_ROWS).min(self.kinds.len());
        let stop = self.blocks(row..far)[0].end;
        let above = span.data_start().max(row.saturating_sub(MAX_COMPARED_ROWS))..row;
        let named: Vec<usize> = self.rows.filled(row).collect();
        let column = |rows: Range<usize>, column: usize| -> Vec<SheetCell> {
            let cells = rows.map(|row| sheet.cell(row, column));
            cells.filter(|&cell| !sheet.is_blank(cell)).collect()
        };
        let columns: Vec<(SheetCell, Vec<SheetCell>, Vec<SheetCell>)> = named
            .iter()
            .map(|&at| {
                (
                    sheet.cell(row, at),
                    column(above.clone(), at),
                    column(row + 1..stop, at),
                )
            })
            .collect();
        let own = self.rows.all_texts(row);
        let mut others = above.clone().chain(row + 1..stop);
        let recurs = others.any(|other| {
            let says_same =
                |&at: &usize| self.rows.text_at(other, at) == self.rows.text_at(row, at);
            named.iter().any(says_same) && self.rows.all_texts(other) != own
        });
        if recurs || columns.iter().any(|column| self.is_in_shape(column)) {
            // A text that recurs in its column, or has the shape of the names there, belongs to a record.
            return false;
        }
        if !(row + 1..stop).any(|row| self.has_values(row)) {
            let is_left_out = self.kinds[row] != RowKind::Data
                && named.len() * 2 <= self.distinct_cells(span.start).len();
            return !is_left_out;
        }
        columns.iter().any(|(_, over, under)| {
            let has_kind = |cell: &&SheetCell| self.rows.kind(**cell).is_some();
            let values = over.iter().filter(has_kind).count();
            over.len() > 1
                && values * 10 >= over.len() * 9
                && !under.is_empty()
                && !under.iter().any(|cell| has_kind(&cell))
        })
    }

    /// Returns whether a text of several words has the capitalisation of all cells above and below it: a small or a capital
    /// letter first in each word.
    fn is_in_shape(
        &self,
        (name, above, below): &(SheetCell, Vec<SheetCell>, Vec<SheetCell>),
    ) -> bool {
        let shape = |cell: &SheetCell| -> Vec<bool> {
            let text = self.rows.text(*cell);
            let words = text.split_whitespace();
            words
                .map(|word| word.starts_with(char::is_uppercase))
                .collect()
        };
        let own = shape(name);
        let mut others = above.iter().chain(below);
        own.len() > 1
            && !above.is_empty()
            && !below.is_empty()
            && others.all(|cell| shape(cell) == own)
    }

    /// Returns whether the names of fields are below each other in the first column, instead of beside each other, and reports
    /// this.
    fn is_on_its_side(&mut self, span: &Span) -> bool {
        let mut header = span.header();
        if header.any(|row| self.rows.names_columns(row, self.words)) {
            return false;
        }
        let rows = span.start..span.stop.min(span.start + MAX_COMPARED_ROWS);
        let first: Vec<SheetCell> = rows
            .clone()
            .filter_map(|row| Some(self.rows.cell(row, self.rows.filled(row).next()?)))
            .collect();
        let below = self.rows.count_fields(&first, self.words);
        let words = first.iter().filter(|cell| self.is_word(**cell)).count();
        if below < 2 || !self.is_word(first[0]) || words * 2 < first.len() {
            return false;
        }
        self.told.push(SheetNotice::OnItsSide(below, rows, false));
        true
    }
}
