//! Finds cells that stand for the value above them: ditto signs, and columns that are filled once for several records.

use std::ops::Range;
use std::sync::LazyLock;

use foldhash::{HashMap, HashSet};

use super::rows::{SheetRowView, trim};
use super::span::{DittoCells, Span};
use super::view::SheetView;
use crate::cells::{CellTag, SheetCell};
use crate::layout::RowKind;
use crate::words::data::{LISTS, WordList};

/// Signs and words that mean "as above".
static DITTO: WordList = WordList::new(|| LISTS.phrases("ditto"));
/// The lengths of signs by their first byte, one bit each. This rules out most texts quickly.
static LENGTHS: LazyLock<[u32; 256]> = LazyLock::new(|| {
    let mut lengths = [0; 256];
    for sign in &*DITTO {
        let (first, length) = beginning(sign);
        lengths[first] |= length;
    }
    lengths
});
/// A German word for "as above" that is also an abbreviated day of the week.
const DONNERSTAG: &str = "do.";
/// Words of a subtotal within a text.
static TOTALS: WordList = WordList::new(|| LISTS.words("subtotals"));
/// The maximum number of bytes of a sign; longer texts are none.
const MAX_SIGN_BYTES: u64 = 24;
/// The number of rows around a cell that are searched for days of the week.
const MAX_DAYS: usize = 4;
/// The maximum number of rows of a table that are examined to find out whether it has signs.
const MAX_LOOKED_AT_ROWS: usize = 100;
/// The minimum number of adjacent columns that are blank in the same rows.
const MIN_TOGETHER: usize = 2;

impl SheetView<'_> {
    /// Finds the cells of all tables that stand for values above them.
    pub(super) fn find_values_above(&mut self) {
        if self.grid.turned_from().is_none() {
            for span in &mut self.spans {
                span.above = as_above(self.rows, &self.kinds, span);
            }
        }
    }
}

/// Finds the cells of one table that stand for values above them.
fn as_above(rows: SheetRowView<'_>, kinds: &[RowKind], span: &Span) -> DittoCells {
    let first = span.data_start();
    let near = first..span.stop.min(first + MAX_LOOKED_AT_ROWS);
    let table = DittoTable { rows, kinds, span };
    let shown = table.signs(near.clone());
    let signs = if shown.is_empty() {
        shown
    } else {
        table.signs(first..span.stop)
    };
    DittoCells {
        signs,
        filled_once: table.filled_once(near),
    }
}

/// Returns the first byte of a text, in small letters, and the bit of its length.
fn beginning(text: &str) -> (usize, u32) {
    let first = text.bytes().next().unwrap_or_default();
    (
        usize::from(first.to_ascii_lowercase()),
        1 << text.len().min(31),
    )
}

struct DittoTable<'s> {
    rows: SheetRowView<'s>,
    kinds: &'s [RowKind],
    span: &'s Span,
}

impl DittoTable<'_> {
    fn is_blank(&self, row: usize, column: usize) -> bool {
        self.rows.is_blank(row, column)
    }

    fn text(&self, row: usize, column: usize) -> String {
        self.rows.text_at(row, column)
    }

    /// Returns whether a cell has the same text as the cell in the row above.
    fn says_as_above(&self, row: usize, column: usize) -> bool {
        let rows = self.rows;
        let (own, above) = (rows.cell(row, column), rows.cell(row - 1, column));
        match (rows.as_text(own), rows.as_text(above)) {
            (Some(own), Some(above)) => own == above,
            _ => own.tag == above.tag && rows.text(own) == rows.text(above),
        }
    }

    fn is_sign(&self, cell: SheetCell) -> bool {
        if cell.tag != CellTag::Text || cell.as_text().length() > MAX_SIGN_BYTES {
            return false;
        }
        let text = trim(self.rows.sheet.text(cell.as_text()));
        let (first, length) = beginning(text);
        let is_same =
            |sign: &&str| text == *sign || !sign.contains('.') && text.eq_ignore_ascii_case(sign);
        LENGTHS[first] & length != 0 && DITTO.iter().any(is_same)
    }

    /// Returns whether other short words with a full stop are near a cell, as days of the week are.
    fn is_among_days(&self, row: usize, column: usize) -> bool {
        let near = row.saturating_sub(MAX_DAYS)..(row + MAX_DAYS).min(self.span.stop);
        near.map(|row| self.text(row, column).to_lowercase())
            .any(|text| text != DONNERSTAG && text.ends_with('.') && text.chars().count() == 3)
    }

    fn signs(&self, among: Range<usize>) -> Vec<(usize, usize, Option<usize>)> {
        let sheet = self.rows.sheet;
        let mut found = Vec::new();
        for row in among {
            for column in self.span.columns.start..sheet.row_width(row).min(self.span.columns.end) {
                if !self.is_sign(sheet.cell(row, column))
                    || self.text(row, column).eq_ignore_ascii_case(DONNERSTAG)
                        && self.is_among_days(row, column)
                {
                    continue;
                }
                // A sign that is alone in its row is a line of signs.
                if self
                    .rows
                    .filled_within(row, &self.span.columns)
                    .nth(1)
                    .is_none()
                {
                    break;
                }
                let above = (self.span.data_start()..row).rev();
                let mut filled = above.filter(|&above| !self.is_blank(above, column));
                let nearest = filled.clone().next();
                let above = filled.find(|&above| !self.is_sign(sheet.cell(above, column)));
                let says_something = |above: usize| {
                    let text = self.text(above, column);
                    text.chars().any(char::is_alphanumeric)
                };
                // Arrows below other arrows, or an up arrow below nothing, describe a change. An equals sign there means that
                // two things are equal.
                let own = self.text(row, column);
                let is_other = nearest.is_some_and(|nearest| self.text(nearest, column) != own)
                    || ["=", "↑", "⇑"].contains(&own.as_str());
                if above.map_or(!is_other, says_something) {
                    found.push((row, column, above));
                }
            }
        }
        // A capitalised word may be a name, and an equals sign a value, if no other sign is in its column.
        let mut counts: HashMap<usize, usize> = HashMap::default();
        for &(_, column, _) in &found {
            *counts.entry(column).or_default() += 1;
        }
        for (row, column, above) in &mut found {
            let may_be_value = |c: char| c.is_uppercase() || c == '=';
            if counts[column] == 1 && self.text(*row, *column).starts_with(may_be_value) {
                *above = None;
            }
        }
        found
    }

    /// Returns the first column if it names each of several records once. Otherwise returns columns that are blank together,
    /// below the first row of a number or name that another column has in each row.
    fn filled_once(&self, among: Range<usize>) -> (Vec<usize>, Vec<usize>) {
        let start = self.span.columns.start;
        let none = (Vec::new(), Vec::new());
        let says_same = |row: usize| row > among.start && self.says_as_above(row, start);
        // In most tables the first cell differs in each row.
        if !among
            .clone()
            .any(|row| self.is_blank(row, start) || says_same(row))
        {
            return none;
        }
        let is_total = |row: usize| {
            let label = self.rows.filled_within(row, &self.span.columns).next();
            let mut columns = label.into_iter().chain(start..start + 2);
            self.kinds.get(row) == Some(&RowKind::Total)
                || columns.any(|column| {
                    let text = self.text(row, column).to_lowercase();
                    TOTALS.iter().any(|word| text.contains(word))
                })
        };
        let records: Vec<usize> = among
            .filter(|&row| {
                self.rows
                    .filled_within(row, &self.span.columns)
                    .nth(1)
                    .is_some()
            })
            .filter(|&row| !is_total(row))
            .collect();
        let Some(&first) = records.first() else {
            return none;
        };
        let widest = records
            .iter()
            .map(|&row| self.rows.sheet.row_width(row))
            .max();
        let columns = start..widest.unwrap_or(0).min(self.span.columns.end);
        let blank = |column: usize| -> Vec<usize> {
            let rows = records.iter().copied();
            rows.filter(|&row| self.is_blank(row, column)).collect()
        };
        let below = blank(start);
        if !below.is_empty() {
            let heads: Vec<SheetCell> = records
                .iter()
                .filter(|row| !below.contains(row))
                .map(|&row| self.rows.cell(row, start))
                .collect();
            // Names that recur are no heads.
            let different: HashSet<String> =
                heads.iter().map(|&head| self.rows.text(head)).collect();
            let is_head = |head: &SheetCell| {
                matches!(head.tag, CellTag::Text | CellTag::Date | CellTag::DateTime)
            };
            let are_full = |&row: &usize| {
                (start + 1..start + 3)
                    .all(|column| columns.end <= column || !self.is_blank(row, column))
            };
            let is_once = heads.len() > 1
                && different.len() == heads.len()
                && below.len() * 2 >= records.len()
                && !below.contains(&first)
                && heads.iter().all(is_head)
                && records.iter().all(are_full);
            if is_once {
                return (vec![start], below);
            }
            // In the lines of an order, only the first line has the columns that identify the order, with its number first.
            let rest = columns.clone().filter(|&column| blank(column).is_empty());
            let mut behind = records.iter().filter(|&row| *row > below[0]);
            let are_lines = heads.len() > 1
                && different.len() == heads.len()
                && below.len() >= MIN_TOGETHER
                && behind.any(|row| !below.contains(row))
                && !below.contains(&first)
                && below
                    .iter()
                    .all(|&row| self.kinds.get(row) == Some(&RowKind::Data))
                && rest.count() >= MIN_TOGETHER;
            if !are_lines {
                return none;
            }
            let together = columns.take_while(|&column| blank(column) == below);
            let together: Vec<usize> = together.collect();
            return match together.len() >= MIN_TOGETHER {
                true => (together, below),
                false => none,
            };
        }
        let repeats: Vec<usize> = records
            .windows(2)
            .filter(|pair| self.text(pair[0], start) == self.text(pair[1], start))
            .map(|pair| pair[1])
            .collect();
        let together: Vec<usize> = columns.filter(|&column| blank(column) == repeats).collect();
        if repeats.is_empty() || together.len() < MIN_TOGETHER {
            return none;
        }
        (together, repeats)
    }
}
