//! Interprets rows of texts alone between the records of a table: further lines of the records above them, section heads, and
//! texts that may be either.
//!
//! 0. [`SheetView::mark_rules`]: lines drawn with signs have no meaning.
//! 1. [`free_first_head`]: a section head that was taken for part of the header is a head if others are in its column below.
//! 2. [`find_lines`]: if each record has as many rows below it, these are further lines of it. A row that is alone among them,
//!    and no section head, belongs to nothing.

use std::collections::BTreeSet;

use foldhash::HashSet;

use super::rows::{has_digit, is_digit, is_number_or_day, trim};
use super::{FieldWords, KeptRowReason, SheetNotice, SheetRowView, SheetView, Span};
use crate::cells::parts::places;
use crate::cells::{CellTag, SheetCell};
use crate::fields::looks::rows::simplify;
use crate::layout::RowKind;

/// The number of rows of a table that are examined to find out whether its records may have further lines.
const MAX_LOOKED_AT_ROWS: usize = 60;
/// The minimum number of records that make a pattern, and the maximum number of lines below the first line of a record.
const MIN_RECORDS: usize = 3;
const MAX_LINES: usize = 4;
/// The maximum number of words of an item.
const MAX_ITEM_WORDS: usize = 2;
/// The maximum number of words of a name, and of rows of a table that may have nothing else.
const MAX_NAME_WORDS: usize = 3;
const MAX_NAMED_ROWS: usize = 2;

/// The signs that lines are drawn with, and the minimum number of them in a cell.
const SIGNS: &str = "-–—=_*~#+.·─═";
const MIN_SIGNS: usize = 3;

impl SheetView<'_> {
    /// Marks the rows of tables that are lines drawn with signs.
    pub(super) fn mark_rules(&mut self) {
        for span in &mut self.spans {
            let (first, stop) = (span.start + 1, span.stop.min(self.kinds.len()));
            let rows = self.rows;
            let rules = places(stop.saturating_sub(first), |at| rows.is_rule(first + at));
            for row in rules.into_iter().map(|at| first + at) {
                self.kinds[row] = RowKind::Rule;
                if row + 1 == span.data_start() {
                    span.header_rows -= 1;
                } else if row < span.data_start() {
                    span.leave_unnamed(row, rows);
                }
            }
        }
    }

    /// Frees the first section heads of tables from the headers.
    pub(super) fn free_first_heads(&mut self) {
        for span in &mut self.spans {
            free_first_head(self.rows, &mut self.kinds, span);
        }
    }

    /// Marks further lines of records, and lone texts. A record that has only its name filled stays a record.
    pub(super) fn find_lines(&mut self) {
        let mut named = Vec::new();
        for span in &mut self.spans {
            named.extend(find_lines(self.rows, &mut self.kinds, span, self.words));
        }
        if !named.is_empty() {
            self.told
                .push(SheetNotice::Kept(named, KeptRowReason::NameAlone));
        }
    }
}

/// Frees the first section head of a table that was taken for part of the header.
fn free_first_head(rows: SheetRowView<'_>, kinds: &mut [RowKind], span: &mut Span) {
    if span.header_rows < 2 {
        return;
    }
    let row = span.data_start() - 1;
    let table = LinesTable::new(rows, span);
    let own = table.columns(row);
    let above: BTreeSet<usize> = table.texts(row - 1).map(|(column, _)| column).collect();
    let &[column] = own.as_slice() else {
        return;
    };
    if above.len() < MIN_RECORDS || !above.contains(&column) {
        return;
    }
    let mut below = span.data_start() + 1..span.stop;
    if below.any(|other| table.columns(other) == own) && table.columns(span.data_start()) != own {
        span.header_rows -= 1;
        kinds[row] = RowKind::Group;
    }
}

/// Marks the further lines of a table's records, and lone texts of unknown meaning. Returns the records that have only a name,
/// and stay records.
fn find_lines(
    rows: SheetRowView<'_>,
    kinds: &mut [RowKind],
    span: &mut Span,
    words: &FieldWords,
) -> Vec<usize> {
    if span.header_rows == 0 || span.is_guessed {
        return Vec::new();
    }
    let table = LinesTable::new(rows, span);
    let start = span.data_start();
    let has_heads = kinds[start..span.stop].contains(&RowKind::Group);
    let mut first = start..span.stop.min(start + MAX_LOOKED_AT_ROWS);
    if !has_heads && !first.any(|row| table.is_line(row)) {
        return Vec::new();
    }
    let mut parts = table.parts(kinds);
    let named = table.named_records(&parts, words);
    for &row in &named {
        kinds[row] = RowKind::Data;
    }
    if named.is_empty() && table.judge(kinds, &mut parts) {
        // The second row of the header names the second lines.
        span.header_rows -= 1;
        kinds[span.data_start()] = RowKind::Line;
    }
    named
}

/// The rows of a table: records, each with the lines directly below it, and lines of texts between them.
struct Parts {
    /// The row above the first record that is no record itself.
    head: Option<usize>,
    records: Vec<(usize, Vec<usize>)>,
    lines: Vec<usize>,
}

struct LinesTable<'s> {
    rows: SheetRowView<'s>,
    span: Span,
    /// The columns that the header names.
    names: BTreeSet<usize>,
    /// The columns of the second row of a two-row header, if it names fewer than the first.
    second_names: Vec<usize>,
}

impl<'s> LinesTable<'s> {
    fn new(rows: SheetRowView<'s>, span: &Span) -> Self {
        let mut table = Self {
            rows,
            span: span.clone(),
            names: BTreeSet::new(),
            second_names: Vec::new(),
        };
        let named: Vec<Vec<usize>> = span
            .header()
            .map(|row| table.texts(row).map(|(column, _)| column).collect())
            .collect();
        table.names = named.iter().flatten().copied().collect();
        if let [above, below] = named.as_slice()
            && below.len() < above.len()
            && below.iter().all(|column| above.contains(column))
        {
            table.second_names.clone_from(below);
        }
        table
    }

    fn texts(&self, row: usize) -> impl Iterator<Item = (usize, String)> {
        self.rows.texts_within(row, &self.span.columns).into_iter()
    }

    /// Returns the columns of a row's texts, or none if it has a value. A filled merged text counts once.
    fn columns(&self, row: usize) -> Vec<usize> {
        let mut columns = Vec::new();
        let mut texts = HashSet::default();
        for column in self.rows.filled_within(row, &self.span.columns) {
            let text = self.rows.as_text(self.rows.cell(row, column));
            let Some(text) = text.filter(|text| !is_number_or_day(text)) else {
                return Vec::new();
            };
            texts.insert(text);
            columns.push(column);
        }
        if texts.len() == 1 {
            columns.truncate(1);
        }
        columns
    }

    /// Returns whether a row is no record: it has texts only, in at most half of the named columns or where the second row of
    /// the header names.
    fn is_line(&self, row: usize) -> bool {
        let columns = self.columns(row);
        !columns.is_empty()
            && columns.iter().all(|column| self.names.contains(column))
            && (columns.len() * 2 <= self.names.len() || columns == self.second_names)
    }

    fn is_second(&self, columns: &[usize]) -> bool {
        !self.second_names.is_empty() && columns == self.second_names
    }

    fn has_key(&self, columns: &[usize]) -> bool {
        self.names.first().is_some_and(|key| columns.contains(key))
    }

    fn parts(&self, kinds: &[RowKind]) -> Parts {
        let mut parts = Parts {
            head: None,
            records: Vec::new(),
            lines: Vec::new(),
        };
        let mut is_apart = false;
        let rows = kinds.iter().enumerate().take(self.span.stop);
        for (row, &kind) in rows.skip(self.span.data_start()) {
            if self.rows.is_empty(row) {
                is_apart = true;
                continue;
            }
            if kind == RowKind::Rule {
                continue;
            }
            if kind == RowKind::Total || !self.is_line(row) {
                parts.records.push((row, Vec::new()));
            } else if let Some((_, below)) = parts.records.last_mut() {
                if !is_apart {
                    below.push(row);
                }
                if !is_apart || kind == RowKind::Group {
                    parts.lines.push(row);
                }
            } else {
                parts.head = Some(row);
            }
            is_apart = false;
        }
        parts
    }

    /// Returns the rows, at most two, that have only a name in the first column, as the records above and below have. Section
    /// heads, in contrast, begin a table, follow a blank row, or have some records each.
    fn named_records(&self, parts: &Parts, words: &FieldWords) -> Vec<usize> {
        let Parts {
            head,
            records,
            lines,
        } = parts;
        let (Some(&key), Some(&last), Some(&(last_record, _))) =
            (self.names.first(), lines.last(), records.last())
        else {
            return Vec::new();
        };
        if head.is_some()
            || lines.len() > MAX_NAMED_ROWS
            || records.len() < MAX_NAMED_ROWS
            || last_record < last
            || lines.iter().any(|&row| self.columns(row) != [key])
        {
            return Vec::new();
        }
        let mut header = self.span.header().flat_map(|row| self.texts(row));
        if !header.any(|(column, text)| column == key && words.contains_key(&simplify(&text))) {
            return Vec::new();
        }
        let key_of = |row: usize| self.rows.text_at(row, key);
        let own: Vec<String> = records
            .iter()
            .map(|(row, _)| key_of(*row))
            .filter(|text| !text.is_empty())
            .collect();
        let have_digits = own.iter().filter(|text| has_digit(text)).count() * 2 > own.len();
        let names: Vec<String> = lines.iter().map(|&row| key_of(row)).collect();
        let is_named = |name: &String| is_name(name) && has_digit(name) == have_digits;
        let are_names = own.iter().filter(|text| is_name(text)).count() * 2 > own.len();
        let is_apart = lines.iter().any(|&row| self.rows.is_empty(row - 1));
        let ends = lines[1..].iter().copied().chain([self.span.stop]);
        let mut below = lines.iter().zip(ends).map(|(&line, end)| {
            let is_below = |(row, _): &&(usize, Vec<usize>)| (line..end).contains(row);
            records.iter().filter(is_below).count()
        });
        let are_heads = lines.len() > 1 && below.all(|count| count > 1);
        let is_known = names.iter().any(|name| own.contains(name));
        if are_names && names.iter().all(is_named) && !is_apart && !are_heads && !is_known {
            lines.clone()
        } else {
            Vec::new()
        }
    }

    /// Marks lines, section heads and lone texts. Returns whether the second row of the header is also a line.
    fn judge(&self, kinds: &mut [RowKind], parts: &mut Parts) -> bool {
        let lines_or_head = match parts.head {
            Some(head) => vec![head],
            None => parts.lines.clone(),
        };
        let heads: HashSet<Vec<usize>> = lines_or_head
            .into_iter()
            .filter(|&row| kinds[row] == RowKind::Group)
            .map(|row| self.columns(row))
            .collect();
        for &row in &parts.lines {
            // A lone text in the position of a head is a head.
            let columns = self.columns(row);
            if kinds[row] == RowKind::Data
                && columns.len() == 1
                && heads.contains(&columns)
                && (parts.head.is_some() || self.has_key(&columns))
            {
                kinds[row] = RowKind::Group;
            }
        }
        if parts.head.is_some() || parts.lines.is_empty() || parts.records.len() < MIN_RECORDS {
            return false;
        }
        if self.are_items(&parts.records) {
            for &row in &parts.lines {
                if !self.has_key(&self.columns(row)) {
                    kinds[row] = RowKind::Data;
                }
            }
            return false;
        }
        let mut names_lines = false;
        if self.are_lines(kinds, parts, &mut names_lines) {
            for &row in parts.records.iter().flat_map(|(_, below)| below) {
                kinds[row] = RowKind::Line;
            }
            return names_lines;
        }
        let records = parts.records.iter().map(|(row, _)| *row);
        let last = records
            .filter(|&row| kinds[row] == RowKind::Data)
            .max()
            .unwrap_or(0);
        // A section head is below a blank row and directly above its records.
        let is_alone = |&row: &usize| {
            let is_text = [RowKind::Group, RowKind::Note, RowKind::Title].contains(&kinds[row]);
            row < last
                && !self.rows.is_empty(row - 1)
                && (is_text || self.is_remark(row, &parts.records))
        };
        let alone: Vec<usize> = parts.lines.iter().copied().filter(is_alone).collect();
        if alone.len() == 1 || alone.len() * MIN_RECORDS > parts.records.len() {
            for row in alone {
                kinds[row] = RowKind::LoneText;
            }
        }
        false
    }

    /// Returns whether a lone text is among keys with digits, and has none.
    fn is_remark(&self, row: usize, records: &[(usize, Vec<usize>)]) -> bool {
        let Some(&key) = self.names.first() else {
            return false;
        };
        let is_numbered = |row: usize| has_digit(&self.rows.text_at(row, key));
        let mut first = records.iter().take(MAX_LOOKED_AT_ROWS);
        self.columns(row) == [key]
            && !is_numbered(row)
            && first.all(|(record, _)| is_numbered(*record))
    }

    /// Returns whether the lines below records are items like those of the records: a word or two each, below blank keys.
    fn are_items(&self, records: &[(usize, Vec<usize>)]) -> bool {
        let pairs: Vec<(usize, usize)> = records
            .iter()
            .flat_map(|(row, lines)| lines.iter().map(|line| (*row, *line)))
            .filter(|(_, line)| !self.has_key(&self.columns(*line)))
            .collect();
        if pairs
            .iter()
            .any(|(_, line)| self.is_second(&self.columns(*line)))
        {
            return false;
        }
        let is_like = |&&(row, line): &&(usize, usize)| {
            self.texts(line).all(|(column, text)| {
                let own = self.rows.cell(row, column);
                // A blank cell is neutral.
                is_item(&text)
                    && column < self.rows.sheet.row_width(row)
                    && (own.tag == CellTag::Empty || is_item(&self.rows.text(own)))
            })
        };
        pairs.len() > 1 && pairs.iter().filter(is_like).count() * 2 > pairs.len()
    }

    /// Returns whether the lines belong to the records above them. Notes that close the table are removed.
    fn are_lines(&self, kinds: &[RowKind], parts: &mut Parts, names_lines: &mut bool) -> bool {
        let Parts { records, lines, .. } = parts;
        let Some((_, last)) = records.last_mut() else {
            return false;
        };
        while let Some(&row) = last.last()
            && !self.is_alike(row, lines)
        {
            last.pop();
            lines.retain(|&line| line != row);
        }
        let counts: Vec<usize> = records.iter().map(|(_, below)| below.len()).collect();
        let sum: usize = counts.iter().sum();
        let (&last, others) = counts.split_last().expect("there are records");
        if counts.iter().any(|&count| count > MAX_LINES) || sum < 2 || lines.len() != sum {
            return false;
        }
        let columns: HashSet<Vec<usize>> = lines.iter().map(|&row| self.columns(row)).collect();
        let has_blank_key = columns.iter().all(|filled| !self.has_key(filled));
        let usual = counts[0];
        if usual > 0
            && others.iter().all(|&count| count == usual)
            && (last >= usual || has_blank_key)
        {
            // Each record has as many lines below it.
            let are_lines = columns.len() <= usual || has_blank_key;
            if are_lines {
                *names_lines =
                    columns.len() == 1 && columns.iter().all(|filled| self.is_second(filled));
                if let Some((_, below)) = records.last_mut() {
                    below.truncate(usual);
                }
            }
            return are_lines;
        }
        if others.iter().filter(|&&count| count > 0).count() < 2
            || columns.iter().any(|filled| self.is_second(filled))
        {
            return false;
        }
        let heads = lines.iter().filter(|&&row| kinds[row] == RowKind::Group);
        if has_blank_key && heads.count() * 2 < lines.len() {
            // The key is blank, and the texts are below those of the record.
            return true;
        }
        // A table does not end with a section head, and a section has records.
        last > 0
            && columns.iter().all(|filled| filled.len() == 1)
            && lines.len() * MIN_RECORDS > records.len()
    }

    /// Returns whether the last line of a table is short enough to be a line like the others: notes are longer.
    fn is_alike(&self, row: usize, lines: &[usize]) -> bool {
        let others = lines.iter().filter(|&&line| line != row);
        let longest = others.map(|&line| self.length(line)).max().unwrap_or(0);
        self.length(row) * 2 <= longest * 3
    }

    fn length(&self, row: usize) -> usize {
        let lengths = self.texts(row).map(|(_, text)| text.chars().count());
        lengths.max().unwrap_or(0)
    }
}

/// Returns whether a text is a word or two, without digits and signs.
fn is_item(text: &str) -> bool {
    let text = text.replace('-', " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    (1..=MAX_ITEM_WORDS).contains(&words.len())
        && words
            .iter()
            .all(|word| word.chars().all(char::is_alphabetic))
}

/// Returns whether a text may be the name of a person or a thing: a few words that begin with a capital letter or a digit.
fn is_name(text: &str) -> bool {
    let text = trim(text);
    let first = text.chars().next();
    (1..=MAX_NAME_WORDS).contains(&text.split_whitespace().count())
        && first.is_some_and(|c| c.is_uppercase() || is_digit(c))
        && !text.ends_with(['.', ':'])
}

impl SheetRowView<'_> {
    /// Returns whether a row is a line drawn with characters.
    pub(super) fn is_rule(self, row: usize) -> bool {
        let mut cells = self
            .filled(row)
            .map(|column| self.sheet.cell(row, column))
            .peekable();
        cells.peek().is_some() && cells.all(|cell| is_rule(self, cell))
    }
}

/// Returns whether a cell has only one sign, several times, with or without blanks between.
fn is_rule(rows: SheetRowView<'_>, cell: SheetCell) -> bool {
    let Some(text) = rows.as_text(cell).map(trim) else {
        return false;
    };
    let mut signs = text.chars().filter(|&sign| sign != ' ');
    let Some(first) = signs.next().filter(|&sign| SIGNS.contains(sign)) else {
        return false;
    };
    signs.clone().count() + 1 >= MIN_SIGNS && signs.all(|sign| sign == first)
}
