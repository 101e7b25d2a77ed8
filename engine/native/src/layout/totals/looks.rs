//! Interprets the texts of a table's rows: the columns that records fill, words for totals, and blank cells beside them.

use std::ops::Range;

use foldhash::{HashMap, HashSet};

use super::read::{AmountColumn, AmountKind, NONE};
use super::words::{self, TotalWord, WordPosition};
use crate::cells::parts::share_tasks;
use crate::cells::{CellTag, Sheet};
use crate::layout::kinds::{CellKind, kind_of};

/// The bits that a sum needs: `NEED_WORD` with a word alone and blank keys, `NEED_ALONE` with such a word in a table of one
/// key, `NEED_WITHIN` with a word among others, `NEED_BLANK` with blank keys, `NEED_NOTHING` without these, and `NEED_FULL`
/// beside the texts of a record. Up to `DOUBTFUL_ABOVE_FULL` bits more, the last is doubtful.
pub const NEED_WORD: f64 = -3.0;
pub const NEED_ALONE: f64 = 1.0;
/// For "North total" with the other keys blank, or, if there are no other keys, with a blank in a column that most rows fill.
pub const NEED_BESIDE: f64 = 0.0;
pub const NEED_WITHIN: f64 = 7.0;
pub const NEED_BLANK: f64 = 10.0;
pub const NEED_NOTHING: f64 = 18.0;
pub const NEED_FULL: f64 = 36.0;
/// For a last row without any text.
pub const NEED_LAST: f64 = 4.0;
pub const DOUBTFUL_ABOVE_FULL: f64 = 15.0;
/// The maximum number of columns that are examined.
pub const MAX_TABLE_COLUMNS: usize = 128;
/// The maximum number of rows that are examined to find the keys.
const MAX_SAMPLE_ROWS: usize = 400;
/// The maximum number of texts of a row that are searched for a word.
const TEXTS: usize = 5;
/// The maximum numbers of rows and of columns that are searched for running balances.
const STEPS: usize = 40;
const COLUMNS_OF_STEPS: usize = 10;
/// The minimum number of rows with a day to conclude that records have one.
const MIN_ROWS_WITH_DAY: usize = 3;
/// The minimum number of texts in a column to conclude that equal texts (other than days) identify no record.
const MIN_ALIKE_TEXTS: usize = 3;
/// Signs that mark sums.
const STARS: [char; 6] = ['*', '>', '»', '→', '►', '▶'];
/// The maximum number of rows without a day at the ends that may be no records.
const MAX_ROWS_WITHOUT_DAY: usize = 4;

/// A table, read column by column.
pub struct TotalsTable<'s> {
    sheet: &'s Sheet,
    first_row: usize,
    first_column: usize,
    pub columns: Vec<AmountColumn>,
    /// The examined rows, which are filled and no notes; from 0 at the table's first row.
    pub live: Vec<usize>,
}

impl<'s> TotalsTable<'s> {
    /// Reads a table. `is_note` marks the rows that are notes or titles; `comma` means a decimal comma.
    pub fn read(
        sheet: &'s Sheet,
        rows: Range<usize>,
        columns: Range<usize>,
        is_note: &[bool],
        comma: bool,
    ) -> Self {
        let count = rows.len();
        let read = |column| AmountColumn::read(sheet, column, rows.clone(), comma);
        let read: Vec<AmountColumn> = share_tasks(columns.clone().collect(), count, read);
        let mut is_filled = vec![0_u8; count];
        for column in &read {
            for (seen, kind) in is_filled.iter_mut().zip(&column.kinds) {
                *seen |= match kind {
                    AmountKind::Blank => 0,
                    AmountKind::Text => 1,
                    AmountKind::Number => 2,
                };
            }
        }
        let is_live = |&row: &usize| {
            is_filled[row] > 1 || is_filled[row] == 1 && !is_note.get(row).copied().unwrap_or(false)
        };
        Self {
            sheet,
            first_row: rows.start,
            first_column: columns.start,
            live: (0..count).filter(is_live).collect(),
            columns: read,
        }
    }

    pub fn kind(&self, row: usize, column: usize) -> AmountKind {
        self.columns[column].kinds[row]
    }

    pub fn value(&self, row: usize, column: usize) -> i64 {
        self.columns[column].values[row]
    }

    /// Returns the number of rows, examined or not.
    pub fn height(&self) -> usize {
        self.columns.first().map_or(0, |column| column.kinds.len())
    }

    pub fn is_filled(&self, row: usize) -> bool {
        let mut kinds = self.columns.iter().map(|column| column.kinds[row]);
        kinds.any(|kind| kind != AmountKind::Blank)
    }

    /// Returns the text of a cell, or `None` if it is a day or similar.
    pub fn text(&self, row: usize, column: usize) -> Option<&'s str> {
        let cell = self
            .sheet
            .cell(self.first_row + row, self.first_column + column);
        (cell.tag == CellTag::Text).then(|| self.sheet.text(cell.as_text()))
    }

    fn is_blank_beside(&self, row: usize, column: usize, label: Option<&str>) -> bool {
        match self.kind(row, column) {
            AmountKind::Blank => true,
            AmountKind::Number => false,
            // A filled merged label has the same text in each of its cells.
            AmountKind::Text => label.is_some() && self.text(row, column) == label,
        }
    }

    /// Interprets the texts of a sample of the live rows.
    pub fn some_looks(&self) -> HashMap<usize, LabelFacts> {
        let some = Self::some(&self.live).into_iter();
        some.map(|row| (row, LabelFacts::from_row(self, row)))
            .collect()
    }

    /// Returns at most about [`MAX_SAMPLE_ROWS`] of some rows, at even distances.
    fn some(rows: &[usize]) -> Vec<usize> {
        rows.iter()
            .copied()
            .step_by((rows.len() / MAX_SAMPLE_ROWS).max(1))
            .collect()
    }

    /// Returns the key columns (texts, days and counts that records fill), and the columns that most rows fill. `looks` is a
    /// sample of rows.
    pub fn keys(&self, looks: &HashMap<usize, LabelFacts>) -> (Vec<usize>, Vec<usize>) {
        let some = Self::some(&self.live);
        let records: Vec<usize> = some
            .iter()
            .copied()
            .filter(|row| looks[row].how != Some(WordPosition::Alone) && !looks[row].is_starred)
            .collect();
        let records = if records.is_empty() { some } else { records };
        let is_key = |&column: &usize| self.is_key(column, &records);
        let is_usual = |&column: &usize| {
            let filled = records
                .iter()
                .filter(|&&row| self.kind(row, column) != AmountKind::Blank)
                .count();
            filled * 10 > records.len() * 7
        };
        let all = 0..self.columns.len();
        (
            all.clone().filter(is_key).collect(),
            all.filter(is_usual).collect(),
        )
    }

    fn is_key(&self, column: usize, records: &[usize]) -> bool {
        let filled: Vec<usize> = records
            .iter()
            .copied()
            .filter(|&row| self.kind(row, column) != AmountKind::Blank)
            .collect();
        if filled.is_empty() || filled.len() * 2 < records.len() {
            return false;
        }
        let numbers = filled.iter().map(|&row| self.value(row, column));
        let numbers: Vec<i64> = numbers.filter(|&value| value != NONE).collect();
        let texts = filled.len() - numbers.len();
        if texts * 2 > filled.len() {
            if column == 0 {
                return true;
            }
            let written = filled.iter().filter_map(|&row| self.text(row, column));
            let distinct: HashSet<&str> = written.clone().collect();
            // Days are keys. A text that is the same in nearly all rows, such as a currency, identifies no record.
            let days = texts.saturating_sub(written.count());
            let is_other =
                distinct.len() > 1 || texts < MIN_ALIKE_TEXTS || self.is_day(filled[0], column);
            return days * 2 > texts || is_other && distinct.len() * 8 > filled.len();
        }
        let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else {
            return false;
        };
        // Account numbers have the same length.
        let digits = |number: &i64| number.checked_ilog10();
        let are_accounts = column == 0 && digits(first).is_some() && digits(first) == digits(last);
        numbers.len() > 3
            && numbers.is_sorted_by(|a, b| a < b)
            && (last - first < 3 * numbers.len() as i64 || are_accounts)
    }

    /// Returns whether a cell has a day, as a date or in a text.
    fn is_day(&self, row: usize, column: usize) -> bool {
        self.kind(row, column) == AmountKind::Text
            && self
                .text(row, column)
                .is_none_or(|text| kind_of(text) == CellKind::Date)
    }

    /// Returns the range of live rows that have a day, by index, if all have one except a few at the ends; otherwise all.
    pub fn with_day(&self, keys: &[usize]) -> Range<usize> {
        let count = self.live.len();
        let with_day = |&column: &usize| {
            let is_blank = |&row: &&usize| self.kind(*row, column) == AmountKind::Blank;
            let head = self.live.iter().take_while(is_blank).count();
            let tail = self.live[head..].iter().rev().take_while(is_blank).count();
            let others = head..count - tail;
            let are_few = (1..=MAX_ROWS_WITHOUT_DAY).contains(&(head + tail));
            let mut rows = self.live[others.clone()].iter();
            (are_few
                && others.len() >= MIN_ROWS_WITH_DAY
                && rows.all(|&row| self.is_day(row, column)))
            .then_some(others)
        };
        keys.iter().find_map(with_day).unwrap_or(0..count)
    }

    /// Returns the columns of running balances, each with the columns that are added and subtracted: its steps are their
    /// amounts.
    pub fn running(&self, keys: &[usize]) -> Vec<(usize, usize, Option<usize>)> {
        let rows: Vec<usize> = self.live.iter().copied().take(STEPS).collect();
        let number = |row: usize, column: usize| {
            let value = self.value(row, column);
            (value != NONE).then(|| value as f64 * self.columns[column].unit)
        };
        let share = |column: usize| {
            rows.iter()
                .filter(|&&row| self.value(row, column) != NONE)
                .count()
        };
        let filled: Vec<usize> = (0..self.columns.len())
            .filter(|column| !keys.contains(column) && share(*column) > 0)
            .take(COLUMNS_OF_STEPS)
            .collect();
        let mut found = Vec::new();
        for &balance in filled
            .iter()
            .filter(|&&column| share(column) * 2 >= rows.len())
        {
            let steps = [false, true]
                .map(|is_reverse| steps_of(&rows, is_reverse, |row| number(row, balance)));
            if steps.iter().all(Vec::is_empty) {
                continue;
            }
            let others = || {
                filled
                    .iter()
                    .copied()
                    .filter(move |&column| column != balance)
            };
            let pairs = others().flat_map(|plus| {
                let minus = others().filter(move |&minus| minus != plus).map(Some);
                std::iter::once(None)
                    .chain(minus)
                    .map(move |minus| (plus, minus))
            });
            for (plus, minus) in pairs {
                let amount = |row: usize| {
                    number(row, plus).unwrap_or(0.0)
                        - minus.and_then(|minus| number(row, minus)).unwrap_or(0.0)
                };
                if steps.iter().any(|steps| are_amounts(steps, amount)) {
                    found.push((balance, plus, minus));
                    break;
                }
            }
        }
        found
    }
}

/// Returns the steps of a balance, each with the row that makes it, or none if fewer than three differ. The newest row may be
/// first.
fn steps_of(
    rows: &[usize],
    is_reverse: bool,
    balance: impl Fn(usize) -> Option<f64>,
) -> Vec<(usize, f64)> {
    let mut steps = Vec::new();
    for pair in rows.windows(2) {
        let (from, to) = if is_reverse {
            (pair[1], pair[0])
        } else {
            (pair[0], pair[1])
        };
        if let (Some(before), Some(after)) = (balance(from), balance(to))
            && before != after
        {
            steps.push((to, after - before));
        }
    }
    let mut different: Vec<u64> = steps.iter().map(|(_, step)| step.to_bits()).collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < 3 {
        steps.clear();
    }
    steps
}

/// Returns whether at least 85 percent of the steps are the amounts of their rows.
fn are_amounts(steps: &[(usize, f64)], amount: impl Fn(usize) -> f64) -> bool {
    let most = steps.len() * 15 / 100;
    let misses = steps
        .iter()
        .filter(|&&(row, step)| (step - amount(row)).abs() >= 0.005)
        .take(most + 1);
    !steps.is_empty() && misses.count() <= most
}

/// The interpretation of a row's texts.
#[derive(Debug, Clone, Copy, Default)]
pub struct LabelFacts {
    /// The column of the label.
    pub at: Option<usize>,
    pub word: Option<TotalWord>,
    pub how: Option<WordPosition>,
    /// The share of the other keys that are blank, or `None` if there are no other keys.
    pub blank: Option<f64>,
    /// True if all keys are filled, and there are several.
    pub is_full: bool,
    /// True if no key is filled.
    pub is_bare: bool,
    /// True if there is no other key, and a column that most records fill is blank: quantity and price are blank in a total.
    pub is_short: bool,
    /// True if only stars mark the row as a total.
    pub is_starred: bool,
    /// The bits that a sum needs.
    pub need: f64,
}

impl LabelFacts {
    /// Interprets the first texts of a row.
    pub fn from_row(table: &TotalsTable<'_>, row: usize) -> Self {
        let texts = (0..table.columns.len())
            .filter(|&column| table.kind(row, column) == AmountKind::Text)
            .take(TEXTS);
        let mut look = Self::default();
        for column in texts {
            let is_first = look.at.is_none();
            if is_first {
                look.at = Some(column);
            }
            let Some((word, how)) = table.text(row, column).and_then(words::said) else {
                continue;
            };
            // "Wholesale", "Total"
            if is_first || how == WordPosition::Alone {
                (look.at, look.word, look.how) = (Some(column), Some(word), Some(how));
            }
            if how == WordPosition::Alone {
                break;
            }
        }
        let is_starred = |column: usize| {
            let text = table.text(row, column).unwrap_or_default();
            let first = text.chars().next().filter(|first| STARS.contains(first));
            first.is_some_and(|first| text.chars().all(|sign| sign == first))
        };
        let has_stars = || {
            look.label(table, row).is_some_and(|label| {
                let is_bold = label.len() > 4 && label.starts_with("**") && label.ends_with("**");
                is_bold || label.ends_with(" *") || label.ends_with(" **")
            })
        };
        // Stars in a cell of their own, or beside the label, mark a sum.
        if look.word.is_none() && ((0..table.columns.len()).any(is_starred) || has_stars()) {
            (look.word, look.how) = (Some(TotalWord::Total), Some(WordPosition::Weak));
            look.is_starred = true;
        }
        look
    }

    /// Returns the look of a certain record: nothing is blank beside its label.
    pub fn of_record() -> Self {
        Self {
            blank: Some(0.0),
            is_full: true,
            need: NEED_FULL,
            ..Self::default()
        }
    }

    /// Adapts the look to the last row: numbers without any text are rarely a record.
    pub fn end(&mut self, keys: &[usize]) {
        if self.at.is_none() && self.is_bare && !keys.is_empty() {
            self.need = self.need.min(NEED_LAST);
        }
    }

    /// Returns whether the word is one for totals or subtotals.
    pub fn names_total(&self) -> bool {
        matches!(self.word, Some(TotalWord::Total | TotalWord::Subtotal))
    }

    pub fn is_alone(&self) -> bool {
        self.how == Some(WordPosition::Alone)
    }

    /// Returns the text of the label.
    pub fn label<'s>(&self, table: &TotalsTable<'s>, row: usize) -> Option<&'s str> {
        table.text(row, self.at?)
    }

    pub fn is_all_blank(&self) -> bool {
        self.blank == Some(1.0)
    }

    /// Returns whether all other keys are blank, or there are none.
    pub fn has_no_keys(&self) -> bool {
        self.blank.is_none_or(|share| share == 1.0)
    }

    /// Examines the cells beside the label, and sets the bits that a sum needs.
    pub fn look_beside(
        mut self,
        table: &TotalsTable<'_>,
        row: usize,
        keys: &[usize],
        usual: &[usize],
    ) -> Self {
        let label = self.label(table, row);
        let others = || keys.iter().filter(|&&column| Some(column) != self.at);
        let count = others().count();
        let blank = others()
            .filter(|&&column| table.is_blank_beside(row, column, label))
            .count();
        self.blank = (count > 0).then(|| blank as f64 / count as f64);
        self.is_full = self.blank == Some(0.0) && keys.len() > 1;
        let bare = |column: usize| table.kind(row, column) == AmountKind::Blank;
        self.is_bare = if keys.is_empty() {
            table.columns.is_empty() || bare(0)
        } else {
            keys.iter().all(|&column| bare(column))
        };
        if self.how == Some(WordPosition::Weak) && !self.is_all_blank() {
            (self.word, self.how) = (None, None);
        }
        self.is_short = count == 0 && usual.iter().any(|&column| bare(column));
        let some_blank = self.blank.is_some_and(|share| share > 0.0);
        self.need = match (self.is_full, self.names_total()) {
            (true, _) => NEED_FULL,
            (false, true) if self.is_alone() && (some_blank || self.is_short) => NEED_WORD,
            (false, true) if self.is_alone() => NEED_ALONE,
            (false, true) if self.is_all_blank() || self.is_short => NEED_BESIDE,
            (false, true) => NEED_WITHIN,
            (false, false)
                if some_blank || self.is_short || self.at.is_none() && !keys.is_empty() =>
            {
                NEED_BLANK
            }
            (false, false) => NEED_NOTHING,
        };
        self
    }

    /// Returns whether only days are beside the label: "1 May", "Opening balance".
    pub fn stands_beside_days(&self, table: &TotalsTable<'_>, row: usize, keys: &[usize]) -> bool {
        keys.iter()
            .filter(|&&column| Some(column) != self.at)
            .all(|&column| {
                table.kind(row, column) == AmountKind::Blank || table.is_day(row, column)
            })
    }
}
