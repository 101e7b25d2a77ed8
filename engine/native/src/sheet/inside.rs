//! Recognises the rows of a table that are no records: section heads, totals and balances, notes.
//!
//! A row is left out only if it certainly is no record: a head is a name in a thin row, a total adds up and does not continue
//! the records, a note is between blank rows. All other rows are records.

use foldhash::{HashMap, HashSet};

use super::ends::{count_names, is_thin};
use super::pivots::find_pivot;
use super::rows::{YEARS, amount_of, is_digit, trim};
use super::{Heads, SheetRowView, SheetSettings, Span};
use crate::cells::parts::{flags, places};
use crate::cells::white_space::is_control;
use crate::cells::{CellTag, SheetCell};
use crate::fields::looks::rows::simplify;
use crate::layout::totals::{self, TotalCheck, Verdict};
use crate::layout::{RowKind, RowState, SheetLayout};

/// The characters that remarks begin with.
const MARKS: [char; 4] = ['*', '†', '‡', '§'];
/// The minimum number of columns that all records fill, and prepared rows leave blank.
const MIN_BLANK_BESIDE: usize = 2;
/// The minimum number of equal rows that count as copied down.
const MIN_ALIKE: usize = 3;
/// The minimum number of dots of a place to be filled in by hand, and the maximum number of such places in a row.
const MIN_DOTS: usize = 4;
const MAX_PLACES: usize = 2;
/// The maximum number of letters in front of the number of a record.
const MAX_LETTERS: usize = 4;

/// The rows below the header of a table, counted from 0 at the first one.
pub struct TableBody<'s> {
    rows: SheetRowView<'s>,
    span: &'s Span,
    pub kinds: Vec<RowKind>,
    /// The number of first rows that are names alone above values. They may be section heads, but are kept as records.
    pub lone_names: usize,
    /// Rows that may be totals, each with the number of the reason.
    pub doubtful: Vec<(usize, u8)>,
    pub checks: Vec<TotalCheck>,
    /// The names of the groups of a pivot, by their rows.
    groups: HashMap<usize, String>,
}

impl<'s> TableBody<'s> {
    /// Decides the kinds of the rows of a table, starting from known kinds.
    pub fn new(
        rows: SheetRowView<'s>,
        span: &'s Span,
        looks: &SheetLayout,
        kinds: Vec<RowKind>,
        settings: &SheetSettings,
    ) -> Self {
        let mut inside = Self {
            rows,
            span,
            kinds,
            lone_names: 0,
            doubtful: Vec::new(),
            checks: Vec::new(),
            groups: HashMap::default(),
        };
        if settings.heads != Heads::Keep {
            inside.keep_heads_that_name();
        }
        if settings.is_2026 {
            inside.keep_lone_names();
            if settings.heads != Heads::Keep {
                inside.mark_numbered_heads();
            }
            inside.mark_prepared();
        }
        let may_be_pivot =
            settings.is_2026 && settings.heads == Heads::ToColumn && settings.leave_out_totals;
        let groups = may_be_pivot
            .then(|| find_pivot(rows, span, &mut inside.kinds))
            .flatten();
        match groups {
            Some(groups) => inside.groups = groups,
            None if settings.leave_out_totals => inside.find_totals(looks, settings),
            None => {}
        }
        if settings.is_2026 {
            if settings.leave_out_totals {
                inside.mark_repeated_heads();
            }
            inside.find_notes();
        }
        inside
    }

    fn row(&self, at: usize) -> usize {
        self.span.data_start() + at
    }

    fn is_blank(&self, at: usize) -> bool {
        at >= self.kinds.len() || self.rows.is_empty(self.row(at))
    }

    /// Returns the cells of a row that are not blank, with their columns.
    fn filled(&self, at: usize) -> impl Iterator<Item = (usize, SheetCell)> {
        let row = self.row(at);
        let columns = self.rows.filled_within(row, &self.span.columns);
        columns.map(move |column| (column, self.rows.cell(row, column)))
    }

    fn is_thin(&self, at: usize, names: usize) -> bool {
        is_thin(self.rows, self.span, self.row(at), names)
    }

    /// Keeps section heads only if they fill few columns, with texts or a year alone.
    fn keep_heads_that_name(&mut self) {
        if !self.kinds.contains(&RowKind::Group) {
            return;
        }
        let names = count_names(self.rows, self.span);
        let is_name = |(_, cell): (usize, SheetCell)| match amount_of(self.rows, cell) {
            // A section head may be a year.
            Some(amount) => {
                f64::from(*YEARS.start()) <= amount && amount <= f64::from(*YEARS.end())
            }
            None => cell.tag == CellTag::Text,
        };
        for at in 0..self.kinds.len() {
            if self.kinds[at] == RowKind::Group
                && !(self.is_thin(at, names) && self.filled(at).all(is_name))
            {
                self.kinds[at] = RowKind::Data;
            }
        }
    }

    /// Turns names alone in the first rows into records if they are above values of the same column.
    fn keep_lone_names(&mut self) {
        let is_head = |kind: &&RowKind| **kind == RowKind::Group;
        let stop = self.kinds.iter().take_while(is_head).count();
        let is_among = self.kinds[stop..].contains(&RowKind::Group);
        if stop == 0 || is_among || self.is_blank(stop) {
            return;
        }
        let first = |at: usize| self.rows.filled(self.row(at)).next();
        let Some(column) = first(0) else {
            return;
        };
        let has_value = |at: usize| {
            self.kinds[at] != RowKind::Data
                || self.is_blank(at)
                || !self.rows.is_blank(self.row(at), column)
        };
        if (1..stop).all(|at| first(at) == Some(column)) && (stop..self.kinds.len()).all(has_value)
        {
            self.kinds[..stop].fill(RowKind::Data);
            self.lone_names = stop;
        }
    }

    /// Turns thin rows of texts into section heads if their number begins those of the rows below: A above A.1 or A1, 3 or 3.0
    /// above 3.1.
    fn mark_numbered_heads(&mut self) {
        let texts = |at: usize| -> Vec<String> {
            let cells = self.filled(at);
            cells.map(|(_, cell)| self.rows.text(cell)).collect()
        };
        let is_pair = |at: usize| {
            let mut columns = self.filled(at);
            columns.nth(1).is_some() && columns.next().is_none()
        };
        let is_head = |at: usize| {
            if self.kinds[at] != RowKind::Data || !is_pair(at) {
                return false;
            }
            let own = texts(at);
            let below = (at + 1..self.kinds.len()).find(|&at| !self.is_blank(at));
            let is_part = |number: &String| {
                let bare = own[0].trim_end_matches('.');
                let bare = bare.strip_suffix(".0").unwrap_or(bare);
                let is_letter = bare.len() < 3 && bare.chars().all(char::is_alphabetic);
                let rest = number.strip_prefix(bare).filter(|_| *number != own[0]);
                rest.is_some_and(|rest| {
                    rest.starts_with(['.', '-']) && rest.chars().any(is_digit)
                        || is_letter && rest.starts_with(is_digit)
                })
            };
            !own[1].starts_with(is_digit)
                && below.is_some_and(|below| texts(below).first().is_some_and(is_part))
                && self.is_thin(at, count_names(self.rows, self.span))
        };
        for at in places(self.kinds.len(), is_head) {
            self.kinds[at] = RowKind::Group;
        }
    }

    /// Turns rows that repeat a section head, or the name in it, beside a number into totals, as in a summary below all
    /// sections. A lone text above them is its title.
    fn mark_repeated_heads(&mut self) {
        let cells = |at: usize| -> Vec<(usize, String)> {
            let cells = self.filled(at);
            cells
                .map(|(column, cell)| (column, self.rows.text(cell)))
                .collect()
        };
        let heads: Vec<Vec<(usize, String)>> = self
            .places(RowKind::Group)
            .map(cells)
            .filter(|cells| cells.len() == 2)
            .collect();
        let repeats = |at: &usize| {
            let own = cells(*at);
            let is_named = |head: &Vec<(usize, String)>| {
                let says_same = |(column, text): &&(usize, String)| {
                    let mut cells = head.iter();
                    cells.any(|(at, head)| at == column && simplify(head) == simplify(text))
                };
                let (same, others): (Vec<_>, Vec<_>) = own.iter().partition(says_same);
                let is_number = |(column, _): &&(usize, String)| {
                    let cell = self.rows.cell(self.row(*at), *column);
                    amount_of(self.rows, cell).is_some()
                };
                same.iter().any(|(column, _)| *column == head[1].0)
                    && !others.is_empty()
                    && others.iter().all(is_number)
            };
            [RowKind::Data, RowKind::Total].contains(&self.kinds[*at]) && heads.iter().any(is_named)
        };
        if heads.len() < 2 {
            return;
        }
        let found: Vec<usize> = (0..self.kinds.len()).filter(repeats).collect();
        if found.len() < 2 {
            return;
        }
        let title = found[0].checked_sub(1);
        let title =
            title.filter(|&at| self.kinds[at] == RowKind::Data && self.filled(at).count() == 1);
        self.doubtful.retain(|(at, _)| !found.contains(at));
        for at in found.into_iter().chain(title) {
            self.kinds[at] = RowKind::Total;
        }
    }

    /// Returns whether a row has dots in place of a sum to be written by hand, and at most one text beside them.
    fn is_to_be_filled_in(&self, at: usize) -> bool {
        // Most rows have more cells.
        if self.filled(at).nth(MAX_PLACES + 1).is_some() {
            return false;
        }
        let texts = self.filled(at).map(|(_, cell)| self.rows.text(cell));
        let is_place = |text: &String| {
            let dots = text.chars().filter(|c| matches!(c, '.' | '_' | '…'));
            dots.count() >= MIN_DOTS && !text.contains(char::is_alphanumeric)
        };
        let (places, others): (Vec<String>, Vec<String>) = texts.partition(is_place);
        !places.is_empty() && others.len() < 2
    }

    /// Returns whether two rows have the same cells.
    fn are_alike(&self, row: usize, other: usize) -> bool {
        let sheet = self.rows.sheet;
        let width = |at: usize| sheet.row_width(self.row(at)).min(self.span.columns.end);
        let is_same = |column: usize| {
            let (cell, other) = (
                sheet.cell(self.row(row), column),
                sheet.cell(self.row(other), column),
            );
            cell.tag == other.tag
                && match cell.tag {
                    CellTag::Text => sheet.text(cell.as_text()) == sheet.text(other.as_text()),
                    _ => cell.bits == other.bits,
                }
        };
        width(row) == width(other) && (self.span.columns.start..width(row)).all(is_same)
    }

    /// Marks rows that were prepared for further records: they have zeros of formulas beside the number of the row or alone,
    /// places for sums, or equal cells in several rows, and nothing in several columns that all records fill.
    fn mark_prepared(&mut self) {
        let stop = (0..self.kinds.len()).rev().find(|&at| !self.is_blank(at));
        let stop = stop.map_or(0, |last| last + 1);
        let is_counted = |at: usize| {
            let number = |at: usize| {
                let cell = self.rows.cell(self.row(at), self.span.columns.start);
                amount_of(self.rows, cell)
            };
            let own = number(at);
            own.is_some()
                && (at > 0 && number(at - 1) == own.map(|own| own - 1.0)
                    || number(at + 1) == own.map(|own| own + 1.0))
        };
        // A unit or a balance that was copied down is equal in several rows.
        let rows: Vec<usize> = (0..stop).collect();
        let mut is_copied = vec![false; stop];
        let is_alike = flags(stop, |at| self.are_alike(at, at + 1));
        for alike in rows.chunk_by(|&at, _| is_alike[at]) {
            let is_filled = alike.len() >= MIN_ALIKE && !self.is_blank(alike[0]);
            is_copied[alike[0]..alike[0] + alike.len()].fill(is_filled);
        }
        let is_prepared = flags(stop, |at| {
            let start = self.span.columns.start;
            let mut zeros = 0;
            if self.kinds[at] == RowKind::Data && (is_copied[at] || self.is_to_be_filled_in(at)) {
                return true;
            }
            let mut others = self.filled(at).filter(|(column, cell)| {
                let is_zero = shows_zero(self.rows, *cell);
                zeros += usize::from(is_zero);
                !is_zero && *column != start
            });
            self.kinds[at] == RowKind::Data && others.next().is_none() && zeros > 0 && {
                let first = self.rows.cell(self.row(at), start);
                self.rows.sheet.is_blank(first) || shows_zero(self.rows, first) || is_counted(at)
            }
        });
        if !is_prepared.contains(&true) {
            return;
        }
        let columns = |at: usize| self.filled(at).map(|(column, _)| column).collect();
        let records = (0..stop).filter(|&at| {
            self.kinds[at] == RowKind::Data && !self.is_blank(at) && !is_prepared[at]
        });
        let filled = records
            .map(columns)
            .reduce(|all: HashSet<usize>, own| &all & &own)
            .unwrap_or_default();
        let is_bare = |at: usize| (&filled - &columns(at)).len() >= MIN_BLANK_BESIDE;
        let (mut start, mut prepared) = (0, Vec::new());
        for part in is_prepared.chunk_by(|a, b| a == b) {
            let rows = start..start + part.len();
            start = rows.end;
            if part[0] && (part.len() > 1 || rows.end == stop) && rows.clone().all(is_bare) {
                prepared.push(rows);
            }
        }
        for rows in prepared {
            self.kinds[rows].fill(RowKind::Prepared);
        }
    }

    /// Marks totals and balances, and keeps the doubtful rows and the checks that fail.
    fn find_totals(&mut self, looks: &SheetLayout, settings: &SheetSettings) {
        let (sheet, span) = (self.rows.sheet, self.span);
        let columns = if span.columns.end < usize::MAX {
            span.columns.clone()
        } else {
            let stop = span.stop.min(sheet.facts().rows_emitted);
            let widest = (span.start..stop).map(|row| sheet.row_width(row)).max();
            span.columns.start..widest.unwrap_or(0)
        };
        let is_note =
            |kind: &RowKind| matches!(kind, RowKind::Note | RowKind::Title | RowKind::Header);
        let notes: Vec<bool> = self.kinds.iter().map(is_note).collect();
        let found = totals::find(sheet, span.data(), columns, &notes);
        for at in 0..self.kinds.len() {
            // A row that an author's own detector calls a total is a total.
            let by_looks = looks
                .row(self.row(at))
                .is_some_and(|looks| looks.state == RowState::Total);
            if self.kinds[at] == RowKind::Total && by_looks {
                self.kinds[at] = RowKind::Data;
            }
        }
        for (at, verdict) in found.rows {
            let verdict = match verdict {
                // A row with only a day and an amount is a record, even if it adds up.
                Verdict::Total if settings.is_2026 && self.goes_on(at) => {
                    Verdict::Doubtful(totals::DoubtfulTotalReason::HasTexts)
                }
                other => other,
            };
            let kind = &mut self.kinds[at];
            match verdict {
                Verdict::Doubtful(doubt) => {
                    if matches!(kind, RowKind::Data | RowKind::Total) {
                        self.doubtful.push((at, doubt as u8));
                    }
                }
                _ if *kind == RowKind::Header => {}
                Verdict::Total => *kind = RowKind::Total,
                Verdict::Balance if settings.leave_out_balances => *kind = RowKind::Balance,
                Verdict::Balance | Verdict::Record => *kind = RowKind::Data,
            }
        }
        self.checks = found.checks;
    }

    /// Returns whether a row begins like the rows around it, with the next day or number: totals begin with a word, or with
    /// nothing.
    fn goes_on(&self, at: usize) -> bool {
        let first = |at: usize| self.rows.cell(self.row(at), self.span.columns.start);
        let own = first(at);
        let above = (0..at).rev().find(|&at| !self.is_blank(at)).map(first);
        let below = (at + 1..self.kinds.len())
            .find(|&at| !self.is_blank(at))
            .map(first);
        let is_day = |cell: SheetCell| matches!(cell.tag, CellTag::Date | CellTag::DateTime);
        let shape = |cell: SheetCell| shape_of(self.rows.as_text(cell)?);
        match own.tag {
            CellTag::Date | CellTag::DateTime => above.is_some_and(is_day),
            CellTag::Integer | CellTag::BigInteger => {
                let number = |cell: SheetCell| match cell.tag {
                    CellTag::Text => None,
                    _ => amount_of(self.rows, cell),
                };
                above.and_then(number) == number(own).map(|own| own - 1.0)
            }
            _ => {
                let own_shape = shape(own);
                own_shape.is_some()
                    && above.is_some_and(|above| {
                        own_shape == shape(above)
                            && self.rows.as_text(own) != self.rows.as_text(above)
                    })
                    && below.is_none_or(|below| {
                        below.tag == CellTag::Empty || shape(below) == own_shape
                    })
            }
        }
    }

    /// Keeps notes and titles only if they are between blank rows and fill a part of the columns; the others become records.
    fn find_notes(&mut self) {
        let is_note = |kind: RowKind| matches!(kind, RowKind::Note | RowKind::Title);
        if !self.kinds.iter().any(|&kind| is_note(kind)) {
            return;
        }
        let names = count_names(self.rows, self.span);
        let is_record = |&kind: &RowKind| kind == RowKind::Data;
        // Below the last record, the rules for the end of tables apply.
        let stop = self
            .kinds
            .iter()
            .rposition(is_record)
            .map_or(0, |last| last + 1);
        for kind in self.kinds[stop..].iter_mut().filter(|kind| is_note(**kind)) {
            *kind = RowKind::Data;
        }
        let mut at = 0;
        while at < stop {
            let first = at;
            while at < stop && is_note(self.kinds[at]) && self.is_thin(at, names) {
                at += 1;
            }
            let is_apart = (first == 0 || self.is_blank(first - 1)) && self.is_blank(at);
            self.kinds[first..at].fill(if is_apart {
                RowKind::Note
            } else {
                RowKind::Data
            });
            if at == first {
                if is_note(self.kinds[at]) {
                    self.kinds[at] = RowKind::Data;
                }
                at += 1;
            }
        }
    }

    /// Returns the section head above each row.
    pub fn sections(&self) -> Vec<Option<String>> {
        let mut head = None;
        let mut name = |(at, kind): (usize, &RowKind)| {
            if let Some(group) = self.groups.get(&at) {
                head = Some(group.clone());
            } else if *kind == RowKind::Group {
                // A filled merged head has the same text in each of its cells.
                let texts = self
                    .rows
                    .texts_within(self.row(at), &self.span.columns)
                    .into_iter();
                let texts: Vec<String> = texts.map(|(_, text)| text).collect();
                let text: String = texts
                    .join(" ")
                    .chars()
                    .filter(|c| !is_control(*c))
                    .collect();
                // A remark between two rows looks like a section head, but names nothing.
                if !text.starts_with(MARKS) {
                    head = (!text.is_empty()).then_some(text);
                }
            }
            head.clone()
        };
        self.kinds.iter().enumerate().map(&mut name).collect()
    }

    /// Returns the first cell of each section head, by row and column of the sheet, that contains characters no cell of a
    /// workbook can hold.
    pub fn controlled_heads(&self) -> Vec<(usize, usize)> {
        let controlled = |at: usize| {
            let is_controlled =
                |(_, cell): &(usize, SheetCell)| self.rows.text(*cell).contains(is_control);
            let (column, _) = self.filled(at).find(is_controlled)?;
            Some((self.row(at), column))
        };
        let heads = self
            .places(RowKind::Group)
            .filter(|at| !self.groups.contains_key(at));
        heads.filter_map(controlled).collect()
    }

    /// Returns, for each row with a section head above it, the row, the row of the head, and the column of the head's first
    /// cell.
    pub fn cells_of_heads(&self) -> Vec<(usize, usize, usize)> {
        let mut head = None;
        let mut found = Vec::new();
        for (at, kind) in self.kinds.iter().enumerate() {
            if *kind != RowKind::Group {
                found.extend(head.map(|(row, column)| (self.row(at), row, column)));
            } else if let Some((column, cell)) = self.filled(at).next()
                && !self.rows.text(cell).starts_with(MARKS)
            {
                head = Some((self.row(at), column));
            }
        }
        found
    }

    /// Returns the texts of the lines below records, and the names of these above all of them.
    pub fn lines(&self) -> FurtherLines {
        let mut lines = FurtherLines::default();
        let mut record = None;
        let mut number = 1;
        for (at, kind) in self.kinds.iter().enumerate() {
            if *kind != RowKind::Line {
                (record, number) = (Some(at), 1);
                continue;
            }
            number += 1;
            for (column, cell) in self.filled(at) {
                let column = column - self.span.columns.start;
                let text = self.rows.untrimmed(cell);
                match record {
                    None => {
                        let bare: String = text.chars().filter(|c| !is_control(*c)).collect();
                        lines.names.push((column, trim(&bare).to_owned()));
                    }
                    Some(record) => lines.texts.push((number, column, record, text)),
                }
            }
        }
        lines
    }

    fn places(&self, kind: RowKind) -> impl Iterator<Item = usize> {
        let places = self.kinds.iter().enumerate();
        places
            .filter(move |(_, found)| **found == kind)
            .map(|(at, _)| at)
    }
}

/// The texts of further lines of records. Columns count from 0 at the table's first one.
#[derive(Debug, Default)]
pub struct FurtherLines {
    /// The columns that have a name for further lines.
    pub names: Vec<(usize, String)>,
    /// The number of the line, from 2; the column; the index of the record; the text.
    pub texts: Vec<(usize, usize, usize, String)>,
}

/// Returns whether a cell shows a zero, with or without a currency.
fn shows_zero(rows: SheetRowView<'_>, cell: SheetCell) -> bool {
    match cell.tag {
        CellTag::Integer => cell.as_integer() == 0,
        CellTag::Float => cell.as_float() == 0.0,
        CellTag::Text => {
            let text = rows.sheet.text(cell.as_text());
            let mut digits = text.chars().filter(|c| c.is_alphanumeric()).peekable();
            digits.peek().is_some() && digits.all(|digit| digit == '0')
        }
        _ => false,
    }
}

/// Returns the pattern of a day or of a record's number without its digits: `A-9` for A-17. Returns `None` for other texts.
fn shape_of(text: &str) -> Option<String> {
    let text = trim(text);
    let letters = text.chars().take_while(|c| c.is_alphabetic()).count();
    let bare = text.trim_start_matches(char::is_alphabetic);
    let body = bare.strip_prefix(['-', '/', '.', '#']).unwrap_or(bare);
    let is_number = |part: &str| !part.is_empty() && part.chars().all(is_digit);
    if letters > MAX_LETTERS || !body.split(['-', '/', '.']).all(is_number) {
        return None;
    }
    let mut shape = String::new();
    for c in text.chars().map(|c| if is_digit(c) { '9' } else { c }) {
        if c != '9' || !shape.ends_with('9') {
            shape.push(c);
        }
    }
    Some(shape)
}
