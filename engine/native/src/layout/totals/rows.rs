//! The rows of a table in which totals are searched, and the verdicts on rows.

use foldhash::HashMap;

use super::looks::{LabelFacts, NEED_NOTHING, NEED_WITHIN, TotalsTable};
use super::read::{self, NONE};
use super::sums::Items;
use super::words::TotalWord;
use crate::cells::parts::flags;

/// The maximum number of rows of a table whose records are examined one by one; in longer tables they are added together.
const MAX_SINGLE_ROWS: usize = 500;
/// The number of rows that count as an end of the table.
pub const EDGE: usize = 3;

/// The verdict on a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Record,
    /// A total, a subtotal, an average, or an amount that is added to a total to make another one.
    Total,
    /// An opening, closing or carried-forward balance.
    Balance,
    Doubtful(DoubtfulTotalReason),
}

/// The reason why a row may be a total, although it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum DoubtfulTotalReason {
    HasTexts = 0,
    Twice = 1,
    NoSum = 2,
    AtTheEnd = 3,
    Amounts = 4,
    Charge = 5,
    NoMean = 6,
    BelowTotal = 7,
    NoDay = 8,
    PartOfRecord = 9,
    NoCount = 10,
}

/// A table with the known facts about its rows.
pub struct TotalsRows<'s> {
    pub table: TotalsTable<'s>,
    pub keys: Vec<usize>,
    /// The columns of amounts in the table.
    pub amounts: Vec<usize>,
    pub running: Vec<(usize, usize, Option<usize>)>,
    pub items: Items,
    /// The first and last index of each item in the live rows.
    pub places: Vec<(usize, usize)>,
    /// The looks of items; those of several rows have the look of a record.
    pub looks: Vec<LabelFacts>,
}

impl<'s> TotalsRows<'s> {
    pub fn new(table: TotalsTable<'s>) -> Self {
        let looks = table.some_looks();
        let (keys, usual) = table.keys(&looks);
        let running = table.running(&keys);
        let is_running = |column: usize| running.iter().any(|&(balance, ..)| balance == column);
        let amounts: Vec<usize> = (0..table.columns.len())
            .filter(|&column| {
                table.columns[column].numbers > 0 && !keys.contains(&column) && !is_running(column)
            })
            .collect();
        let mut rows = Self {
            items: Items {
                width: amounts.len(),
                steps: amounts
                    .iter()
                    .map(|&column| table.columns[column].step)
                    .collect(),
                ..Items::default()
            },
            places: Vec::new(),
            looks: Vec::new(),
            table,
            keys,
            amounts,
            running,
        };
        rows.fill(&usual, &looks);
        rows
    }

    /// Makes items of the live rows.
    fn fill(&mut self, usual: &[usize], known: &HashMap<usize, LabelFacts>) {
        let count = self.table.live.len();
        let is_long = count > MAX_SINGLE_ROWS;
        let is_inside = |place: usize| is_long && place >= EDGE && place + EDGE < count;
        let is_record = |place| is_inside(place) && self.is_record(self.table.live[place]);
        let (is_record, begins) = (flags(count, is_record), flags(count, |at| self.begins(at)));
        let mut is_open = false;
        for place in 0..count {
            let row = self.table.live[place];
            let mut look = if is_record[place] {
                LabelFacts::of_record()
            } else {
                let said = known.get(&row).copied();
                let said = said.unwrap_or_else(|| LabelFacts::from_row(&self.table, row));
                said.look_beside(&self.table, row, &self.keys, usual)
            };
            if place + 1 == count {
                look.end(&self.keys);
            }
            let begins = begins[place];
            let is_plain = is_inside(place) && look.need >= NEED_NOTHING;
            if is_plain && is_open && !begins {
                self.add(row);
                if let Some(last) = self.places.last_mut() {
                    last.1 = place;
                }
                continue;
            }
            is_open = is_plain;
            self.push(place, look, begins, is_plain);
        }
    }

    /// Returns whether a row within a long table is certainly a record: all keys are filled, or most of them and there is no
    /// word for totals.
    fn is_record(&self, row: usize) -> bool {
        let is_filled = |&&key: &&usize| self.table.kind(row, key) != read::AmountKind::Blank;
        let filled = self.keys.iter().filter(is_filled).count();
        filled > 1
            && (filled == self.keys.len()
                || filled * 3 > self.keys.len() * 2
                    && LabelFacts::from_row(&self.table, row).word.is_none())
    }

    /// Returns whether a section begins at a live row: the row has no numbers, or is below a blank row.
    fn begins(&self, place: usize) -> bool {
        let row = self.table.live[place];
        let is_below_blank = place > 0 && self.table.live[place - 1] + 1 < row;
        let mut columns = self.table.columns.iter();
        is_below_blank || columns.all(|column| column.values[row] == NONE)
    }

    fn push(&mut self, place: usize, look: LabelFacts, begins: bool, is_plain: bool) {
        let row = self.table.live[place];
        let is_off = look.word == Some(TotalWord::Discount) && look.has_no_keys();
        for &column in &self.amounts {
            let value = self.table.value(row, column);
            // A discount is subtracted, with or without a minus sign.
            let value = if is_off && value != NONE {
                -value.abs()
            } else {
                value
            };
            self.items.values.push(value);
            self.items
                .terms
                .push(u32::from(value != NONE && value != 0));
            self.items.filled.push(u32::from(value != NONE));
        }
        self.items.begins.push(begins);
        self.items
            .needs
            .push(if is_plain { f64::INFINITY } else { look.need });
        self.items.takes_one.push(look.need <= NEED_WITHIN);
        self.items.has_word.push(look.names_total());
        self.items.is_blank.push(look.is_all_blank());
        self.places.push((place, place));
        self.looks.push(look);
    }

    /// Adds a row to the last item.
    fn add(&mut self, row: usize) {
        let start = self.items.values.len() - self.amounts.len();
        for (at, &column) in self.amounts.iter().enumerate() {
            let value = self.table.value(row, column);
            if value == NONE {
                continue;
            }
            let sum = &mut self.items.values[start + at];
            *sum = if *sum == NONE {
                value
            } else {
                sum.saturating_add(value)
            };
            self.items.terms[start + at] += u32::from(value != 0);
            self.items.filled[start + at] += 1;
        }
    }

    /// Returns the first row of an item, from 0 at the table's first row.
    pub fn row(&self, item: usize) -> usize {
        self.table.live[self.places[item].0]
    }

    pub fn last_row(&self, item: usize) -> usize {
        self.table.live[self.places[item].1]
    }

    /// Returns a number of an item as it is written, not in units.
    pub fn written(&self, at: usize, units: i128) -> f64 {
        units as f64 * self.table.columns[self.amounts[at]].unit
    }
}
